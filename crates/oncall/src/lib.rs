//! On-call: whom to call, and when.
//!
//! | module      | what it is                                                            |
//! |-------------|-----------------------------------------------------------------------|
//! | `rota`      | from a schedule's configuration and its overrides to the shifts: pure   |
//! | `schedules` | what a schedule says, and who is on call by it                          |
//! | `overrides` | who is on call instead                                                |

pub mod overrides;
pub mod rota;
pub mod schedules;

use store::{Follower, Migration, Part};
use web::Feature;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[Migration { version: 40, name: "oncall", sql: include_str!("../migrations/oncall.sql") }],
        followers: &[Follower { kind: "schedule", follow: schedules::follow }],
        ..Part::default()
    };
    let routes = [schedules::routes(), overrides::routes()];
    Feature { part, routes: routes.into_iter().flatten().collect() }
}
