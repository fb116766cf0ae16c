//! People and programs, and what they may do: users, teams, API keys and their roles, who may come in
//! from where, and which outside tool manages what.

pub mod api_keys;
pub mod ip_allowlist;
pub mod managed_resources;
pub mod roles;
pub mod teams;
pub mod users;

mod gate;
mod wire;

pub use gate::KeyGate;
pub use wire::{ActorBody, ActorBodyV1, NamedBody};

use store::{Migration, Part};
use web::Feature;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[Migration { version: 10, name: "people", sql: include_str!("../migrations/people.sql") }],
        managed: &[api_keys::MANAGED],
        ..Part::default()
    };
    let routes = [api_keys::routes(), ip_allowlist::routes(), managed_resources::routes(), users::routes()];
    Feature { part, routes: routes.into_iter().flatten().collect() }
}
