//! Overrides: who is on call instead, for a while.
//!
//! Overrides of one layer never overlap: a new one, or one that moves, cuts those that are there, and
//! what is left of them gets new IDs. What has passed of an override stays when it is deleted or moved:
//! whoever was on call was on call.

mod api;
mod record;

pub use record::{ScheduleOverride, since};

pub(crate) use api::routes;
pub(crate) use record::in_use;
