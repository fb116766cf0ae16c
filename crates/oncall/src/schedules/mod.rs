//! Schedules: what an organisation says about who is on call, and what follows from it.
//!
//! | file         | what it is                                                              |
//! |--------------|-------------------------------------------------------------------------|
//! | `record.rs`  | what is stored of a schedule, with what it said in the past               |
//! | `payload.rs` | what requests say of a schedule, and what is wrong with it                |
//! | `names.rs`   | what clients call rotations and layers                                    |
//! | `entries.rs` | who is on call in a window: past, present and future                      |
//! | `body.rs`    | what the API shows                                                        |
//! | `changes.rs` | changes of shift, told as they happen                                     |
//! | `shifts.rs`  | the shifts that somebody has, on all schedules                            |
//! | `api.rs`     | the operations; `api_v3.rs` those of the third version                    |
//!
//! What it guarantees: who was on call stays who was on call, however a schedule changes; a shift has
//! the same fingerprint in every answer.

mod api;
mod api_v3;
mod body;
mod changes;
mod entries;
mod names;
mod payload;
mod record;
mod shifts;

pub use entries::{Calendar, calendar};
pub(crate) use names::{Names, key};
pub use record::{Configuration, Rotation, Schedule, get};
pub(crate) use record::{hold_named, hold_owned, named, owned};

pub(crate) use api::{LONGEST_WINDOW, listed, of_listed};
pub(crate) use changes::{LOOK, LOOK_AGAIN, follow_override, follow_schedule};
pub(crate) use shifts::ShiftsBody;

use base::{AnyId, Result};
use catalog::mirrors::{Reflection, reflect};
use store::{Cx, Record};

/// The operations of both versions, and those of pages.
pub(crate) fn routes() -> Vec<web::Route> {
    [api::routes(), api_v3::routes(), shifts::routes()].into_iter().flatten().collect()
}

/// Refuses whoever may not change the schedule with this ID.
pub(crate) fn admit(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    owned(cx, id.cast()).map(drop)
}

/// Schedules that are not archived are reflected in the catalog.
pub(crate) fn mirror(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    let schedule = cx.find::<Schedule>(id.cast())?.filter(|schedule| schedule.archived_at.is_none());
    let reflection = schedule.map(|schedule| Reflection { name: schedule.name.clone(), ..Reflection::default() });
    reflect(cx, Schedule::KIND, id, reflection)
}
