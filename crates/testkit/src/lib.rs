//! A Wardroom to test against: the real server over real HTTP, on a clock that only moves when it is
//! told to and with entropy that is counted, so that every run sees the same.
//!
//! Tests run on SQLite. With `WARDROOM_TEST_POSTGRES` set to the URL of a PostgreSQL server whose user
//! may create databases, the same tests run there, each on a database of its own.

mod alerts;
mod app;
mod browser;
mod client;
mod database;
mod golden;
mod http;
mod open_id;
mod program;
mod proxy;
mod world;

pub use alerts::Alerts;
pub use app::{App, Options, Pages};
pub use browser::{Browser, Shown};
pub use client::{Answer, Client};
pub use database::{Database, postgres_or_skip};
pub use golden::Goldens;
pub use open_id::{Flaw, OpenId, Person};
pub use program::{Program, Running, Said};
pub use proxy::{Fault, Proxy, RetryAfter, Seen};
pub use world::{CountedEntropy, FakeClock};

pub use serde_json::{Value, json};
