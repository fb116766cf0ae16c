//! The hub: what other products do with the public API, done here, against this server or any other host that
//! has the same API.
//!
//! | module        | what it is                                                          |
//! |---------------|---------------------------------------------------------------------|
//! | `client`      | a careful client of the public API                                   |
//! | `connector`   | what a product does with it, as data                                 |
//! | `products`    | the products that connect                                            |
//! | `hyphen`      | Hyphen: teams, members and apps linked to the catalog                |
//! | `nexla`       | Nexla: pipes between the API and files or databases                  |
//! | `ravenna`     | Ravenna: whether somebody is on call                                 |
//! | `atomicwork`  | Atomicwork: incidents, and a call of anything else                   |
//! | `schedules`   | schedules and shifts, as the API has them                            |
//! | `connections` | a product, an API, and the key to it                                 |
//! | `runs`        | everything that was asked of an API, and what came of it             |
//! | `links`       | something elsewhere, and what it is here                             |
//! | `rules`       | a webhook comes in, actions go out                                   |
//! | `templates`   | how what is to be sent is made of what is there                      |
//! | `locks`       | taking turns                                                         |
//! | `own`         | this very server, for connections to itself                          |
//!
//! It knows no feature: it reaches the platform through the public API alone.

pub mod atomicwork;
pub mod client;
pub mod connections;
pub mod connector;
pub mod hyphen;
pub mod links;
mod locks;
pub mod nexla;
mod own;
pub mod products;
pub mod ravenna;
pub mod rules;
pub mod runs;
pub mod schedules;
mod templates;

use store::{Migration, Part};
use web::Feature;

pub use own::OwnServer;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[
            Migration { version: 120, name: "hub", sql: include_str!("../migrations/hub.sql") },
            Migration { version: 121, name: "pipes", sql: include_str!("../migrations/pipes.sql") },
        ],
        jobs: &[runs::JOB, runs::HOUSEKEEPING, nexla::JOB, nexla::SCHEDULES],
        ..Part::default()
    };
    let routes =
        [products::routes(), connections::routes(), runs::routes(), links::routes(), rules::routes(), nexla::routes()];
    Feature { part, routes: routes.into_iter().flatten().collect() }
}
