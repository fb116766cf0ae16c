//! The hub against the real server, over HTTP: what each product's requirements promise.

mod connections;
mod hyphen;
mod nexla;
mod rules;
mod support;
