//! API keys: what programs call the API with.
//!
//! A key has account-level roles, which apply everywhere, and team-level roles, which apply to what
//! its teams own. Its token is shown once and kept only as a hash; rotating gives it a new one, and
//! the old one works on for a grace period. A key belongs to the organisation: it outlives whoever
//! made it.
//!
//! `record.rs` is what is stored and how a token is made, `rules.rs` who may give what to whom,
//! `api.rs` what the API shows.

mod api;
mod record;
mod rules;

pub(crate) use api::{MANAGED, routes};
pub(crate) use record::hash as hash_of;
pub use record::{ApiKey, Grant, Token, note_use};
pub use rules::API_LIMIT;
