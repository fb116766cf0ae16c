//! Time off: when people are away, and which of their shifts that hits.
//!
//! Time off changes nobody's shifts. It marks those that it hits wherever they are shown, and lists the
//! ones ahead, so that somebody can ask for cover.

mod api;
mod record;

pub(crate) use api::routes;
pub(crate) use record::Away;
pub use record::TimeOff;
