//! Cover requests: somebody asks others to take a shift of theirs, or part of it.
//!
//! | file        | what it is                                                    |
//! |-------------|---------------------------------------------------------------|
//! | `record.rs` | what is stored of a request                                   |
//! | `take.rs`   | what happens when somebody takes it                           |
//! | `api.rs`    | the operations                                                |
//!
//! Whoever takes a part of it gets an override for that part; what is left stays open. A request with a
//! shift in return is a swap: it is taken as a whole, and both overrides are made, or none. Nothing is
//! taken from anybody who is not on call any more, and nothing is taken twice.

mod api;
mod record;
mod take;

pub(crate) use api::routes;
pub use record::{CoverRequest, Slot, State, Taken};
