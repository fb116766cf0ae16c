//! What the store promises, tried on the smallest record there can be.

mod bench;
mod cached;
mod jobs;
mod outbox;
mod unit_of_work;
mod vault;
