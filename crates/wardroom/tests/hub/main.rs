//! The hub against the real server, over HTTP: what each product's requirements promise.

mod atomicwork;
mod connections;
mod direct;
mod hyphen;
mod keys;
mod nexla;
mod races;
mod ravenna;
mod rules;
mod support;
