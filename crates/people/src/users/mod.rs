//! Users: the people of the organisation.
//!
//! A deactivated user is not listed unless asked for, can't be given anything new, and stays visible
//! wherever they left a trace. Their API keys go on working: keys belong to the organisation.
//!
//! `record.rs` is what is stored, `access.rs` what each role lets somebody do, `api.rs` what the API shows.

mod access;
mod api;
mod record;

pub(crate) use access::{prove_manages, prove_own_or_manages, prove_owned_still};
pub(crate) use api::routes;
pub use api::{UserBody, UserReference, active_users};
pub use record::{BaseRole, Directory, Provider, User, find_by_email};
