//! What the API promises, tried over HTTP on the whole server.

mod walk;
