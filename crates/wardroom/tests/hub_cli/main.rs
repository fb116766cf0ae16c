//! The commands that ask an API, as a person or a script runs them.

mod api;
mod completions;
mod connect;
mod incident;
mod pipe;
mod support;
