//! Rules: a webhook comes in, actions go out. What arrives is held against a condition; the steps of the rule then
//! run one after the other, each with what arrived and what the steps before it answered.
//!
//! | module    | what it is                                                              |
//! |-----------|-------------------------------------------------------------------------|
//! | `record`  | what is stored of one, and what is wrong with one                        |
//! | `follow`  | doing what one says, step by step                                        |
//! | `api`     | the operations, and the address that others send to                      |

mod api;
mod follow;
mod record;

pub(crate) use api::routes;
pub(crate) use follow::{Delivery, follow};
pub use record::{Rule, Step};
