//! What the dashboard promises, tried over HTTP on the whole server, as a browser without scripts sees it.

mod incidents;
mod pages;
mod sign_in;
mod support;
