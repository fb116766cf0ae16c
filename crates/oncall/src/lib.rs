//! On-call: whom to call, and when.
//!
//! | module      | what it is                                                            |
//! |-------------|-----------------------------------------------------------------------|
//! | `holidays`  | public holidays, by country: pure                                       |
//! | `ical`      | calendars in the iCalendar format, written and read: pure               |
//! | `rota`      | from a schedule's configuration and its overrides to the shifts: pure   |
//! | `schedules` | what a schedule says, and who is on call by it                          |
//! | `overrides` | who is on call instead                                                |
//! | `covers`    | asking others to take a shift, and swapping shifts                      |
//! | `time_off`  | when people are away, and which of their shifts that hits               |
//! | `feeds`     | calendars to subscribe to, and calendars that become overrides          |
//! | `sync`      | telling other systems who is on call                                    |

pub mod covers;
pub mod feeds;
pub mod holidays;
pub mod ical;
pub mod overrides;
pub mod rota;
pub mod schedules;
pub mod sync;
pub mod time_off;

use store::{Follower, ManagedKind, Migration, Part};
use web::Feature;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[
            Migration { version: 40, name: "oncall", sql: include_str!("../migrations/oncall.sql") },
            Migration { version: 41, name: "override_users", sql: include_str!("../migrations/override_users.sql") },
        ],
        jobs: &[schedules::LOOK, schedules::LOOK_AGAIN, sync::PUSH, sync::PUSH_ALL],
        managed: &[
            ManagedKind { resource_type: "schedule", scope: "schedules.update", admit: schedules::admit },
            sync::MANAGED_TARGET,
            sync::MANAGED_RULE,
        ],
        followers: &[
            Follower { kind: "schedule", follow: schedules::mirror },
            Follower { kind: "schedule", follow: schedules::follow_schedule },
            Follower { kind: "schedule_override", follow: schedules::follow_override },
            Follower { kind: "schedule_sync_target", follow: sync::follow_target },
            Follower { kind: "schedule_sync_rule", follow: sync::follow_rule },
            Follower { kind: "schedule_replica", follow: sync::follow_replica },
        ],
        ..Part::default()
    };
    let routes = [
        schedules::routes(),
        overrides::routes(),
        covers::routes(),
        time_off::routes(),
        sync::routes(),
        feeds::routes(),
    ];
    Feature { part, routes: routes.into_iter().flatten().collect() }
}
