//! What the API promises, tried over HTTP on the whole server.

mod acme;
mod api_keys;
mod audit;
mod catalog;
mod gate;
mod incidents;
mod limits;
mod schedules;
mod settings;
mod support;
mod users;
mod walk;
mod work;
