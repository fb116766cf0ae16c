//! The catalog: the map of the organisation that everything else points at.
//!
//! | module     | what it is                                                                     |
//! |------------|--------------------------------------------------------------------------------|
//! | `types`    | what kinds of thing there are, and which attributes each has                     |
//! | `entries`  | the things: changing, finding and showing them, and the links between them       |
//! | `mirrors`  | the types that reflect what Wardroom keeps elsewhere: users, schedules …         |
//! | `teams`    | teams, which are the entries of one type, and their members                      |
//! | `resources`| what an attribute can hold                                                      |
//!
//! What it guarantees: both versions of the API show one store; an external ID is one entry's of its
//! type, archived or not, in parallel too; a change touches only the attributes that it names; what
//! is derived is computed when it is read, within bounds; a reflection changes in the same transaction
//! as what it reflects.

pub mod entries;
pub mod mirrors;
pub mod teams;
pub mod types;

mod resources;

use store::{Follower, Migration, Part};
use web::Feature;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[Migration { version: 15, name: "catalog", sql: include_str!("../migrations/catalog.sql") }],
        followers: &[Follower { kind: "user", follow: mirrors::follow_user }],
        upkeep: Some(mirrors::upkeep),
        ..Part::default()
    };
    let routes = [types::routes(), entries::routes(), resources::routes(), teams::routes()];
    Feature { part, routes: routes.into_iter().flatten().collect() }
}
