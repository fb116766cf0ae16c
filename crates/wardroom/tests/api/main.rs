//! What the API promises, tried over HTTP on the whole server.

mod api_keys;
mod limits;
mod support;
mod walk;
