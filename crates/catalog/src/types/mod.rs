//! What kinds of thing the catalog has, and which attributes each kind has.
//!
//! | file        | what it is                                                         |
//! |-------------|--------------------------------------------------------------------|
//! | `record.rs` | what is stored of a type; all types, in memory                       |
//! | `change.rs` | making, changing and deleting types                                  |
//! | `schema.rs` | changing a type's attributes                                         |
//! | `body.rs`   | what both versions of the API show and take                          |
//! | `api_v2.rs`, `api_v3.rs` | the operations                                          |

mod api_v2;
mod api_v3;
mod body;
mod change;
mod record;
mod schema;

pub use record::{Attribute, CatalogType, Category, Color, Icon, Mode, Schema, Types, primitive};

pub(crate) use body::{TypeBody, TypeBodyV2, TypeBodyV3, engine_resource_type};
pub(crate) use change::store;

use web::Route;

pub(crate) fn routes() -> Vec<Route> {
    [api_v2::routes(), api_v3::routes()].into_iter().flatten().collect()
}
