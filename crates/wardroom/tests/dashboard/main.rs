//! What the dashboard promises, tried over HTTP on the whole server, as a browser without scripts sees it.

mod catalog;
mod fields;
mod incidents;
mod integrations;
mod on_call;
mod openid;
mod pages;
mod people;
mod pipes;
mod scripts;
mod settings;
mod sign_in;
mod support;
