//! The incident itself.
//!
//! | file          | what it is                                                          |
//! |---------------|---------------------------------------------------------------------|
//! | `record.rs`   | what is stored, how it is written with its tallies and links           |
//! | `visibility.rs` | who may see which                                                    |
//! | `lifecycle.rs`| which status may follow which, and which timestamps that sets (pure)    |
//! | `fields.rs`   | values of custom fields: reading and showing                            |
//! | `change.rs`   | declaring and editing, for both versions of the API                     |
//! | `filter.rs`   | the filters of lists                                                    |
//! | `body.rs`     | what an incident shows                                                  |
//! | `api_v1.rs`, `api_v2.rs` | the operations                                               |
//!
//! What it guarantees: references count up without gaps; the same idempotency key is the same
//! incident, in parallel too; a timestamp is set the first time its status is reached; every change
//! of status, severity or summary is an incident update; who may not see an incident learns nothing
//! of it, not even that it exists.

mod api_v1;
mod api_v2;
mod body;
mod change;
mod fields;
mod filter;
mod lifecycle;
mod record;
mod visibility;

pub use change::{Declaration, Edit, RoleAssignmentPayload, TimestampValuePayload, declare, edit};
pub use fields::CustomFieldEntryPayload;
pub use record::{Incident, Mode, RoleAssignment, SlackPlace, Visibility};
pub use visibility::{IncidentRef, audited_as, find, named, visible, visible_in};

use web::Route;

pub(crate) fn routes() -> Vec<Route> {
    [api_v1::routes(), api_v2::routes()].into_iter().flatten().collect()
}
