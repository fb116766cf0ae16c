//! The things in the catalog.
//!
//! | file         | what it is                                                              |
//! |--------------|-------------------------------------------------------------------------|
//! | `record.rs`  | what is stored of an entry, and how many there are                        |
//! | `values.rs`  | which values an entry has after a change (pure)                           |
//! | `change.rs`  | making, changing, archiving and reviving entries                          |
//! | `links.rs`   | what finds an entry, and what points at what                              |
//! | `derive.rs`  | values that are computed: paths and backlinks                             |
//! | `body.rs`    | what both versions of the API show                                        |
//! | `api_v2.rs`, `api_v3.rs` | the operations                                                |

mod api_v2;
mod api_v3;
mod body;
mod change;
mod derive;
mod links;
mod record;
mod values;

pub use change::{Draft, archive, create, reflect};
pub use links::{Backlink, Target, backlinks, find_named, search, targets};
pub use record::Entry;
pub use values::Given;

pub(crate) use change::update;
pub(crate) use links::{forget_slots, found_by, index_names, linked_from, pointed_at};
pub(crate) use record::{begin_tally, count, counts, hold_types};

use web::Route;

pub(crate) fn routes() -> Vec<Route> {
    [api_v2::routes(), api_v3::routes()].into_iter().flatten().collect()
}
