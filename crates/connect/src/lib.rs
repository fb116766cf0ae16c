//! The hub: what other products do with the public API, done here, against this server or any other host that
//! has the same API.
//!
//! | module    | what it is                                                              |
//! |-----------|-------------------------------------------------------------------------|
//! | `client`    | a careful client of the public API                                    |
//! | `connector` | what a product does with it, as data                                  |
//! | `locks`     | taking turns                                                          |

pub mod client;
pub mod connector;
mod locks;

use store::{Migration, Part};
use web::Feature;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[Migration { version: 120, name: "hub", sql: include_str!("../migrations/hub.sql") }],
        ..Part::default()
    };
    Feature { part, routes: Vec::new() }
}
