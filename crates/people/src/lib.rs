//! People and programs, and what they may do: users and how they sign in, teams, API keys and roles, who may come in
//! from where, and which outside tool manages what.

pub mod api_keys;
pub mod custom_roles;
pub mod ip_allowlist;
pub mod managed_resources;
pub mod roles;
pub mod sign_in;
pub mod teams;
pub mod users;

mod gate;
mod wire;

pub use gate::{KeyGate, prove_admitted};
pub use wire::{ActorBody, ActorBodyV1, NamedBody};

use store::{Migration, Part};
use web::Feature;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[
            Migration { version: 10, name: "people", sql: include_str!("../migrations/people.sql") },
            Migration { version: 11, name: "sign_in", sql: include_str!("../migrations/sign_in.sql") },
            Migration { version: 12, name: "providers", sql: include_str!("../migrations/providers.sql") },
            Migration { version: 13, name: "user_names", sql: include_str!("../migrations/user_names.sql") },
        ],
        managed: &[api_keys::MANAGED],
        jobs: &[sign_in::HOUSEKEEPING],
        followers: &[sign_in::SESSIONS_FOLLOW_USERS],
        ..Part::default()
    };
    let routes = [api_keys::routes(), ip_allowlist::routes(), managed_resources::routes(), users::routes()];
    Feature { part, routes: routes.into_iter().flatten().collect() }
}
