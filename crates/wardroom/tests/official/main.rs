//! The server as the platform's own client crate sees it: every promise here is tested over HTTP,
//! with the finished program, by the types that client was generated with.

mod catalog;
mod incidents;
mod schedules;
mod settings;
mod support;
