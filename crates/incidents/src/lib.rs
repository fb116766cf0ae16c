//! Incidents, and everything that describes them.
//!
//! | module       | what it is                                                                  |
//! |--------------|-----------------------------------------------------------------------------|
//! | `settings`   | what incidents are described with: severities, statuses, types, roles, custom fields, timestamps |
//! | `incident`   | the incident itself: declaring, editing, finding, showing                     |
//! | `updates`    | what people hear about it                                                     |
//! | `memberships`| who may see a private one                                                     |
//! | `attachments`, `relationships`, `postmortems`, `external_issues` | what hangs on it      |
//! | `actions`, `follow_ups` | what is to be done, now and after                                  |

pub mod actions;
pub mod attachments;
pub mod external_issues;
pub mod follow_ups;
pub mod incident;
pub mod memberships;
pub mod postmortems;
pub mod relationships;
pub mod settings;
pub mod updates;

mod work;

use store::{Follower, Migration, Part};
use web::Feature;

/// This feature.
pub fn feature() -> Feature {
    let part = Part {
        migrations: &[
            Migration { version: 20, name: "incidents", sql: include_str!("../migrations/incidents.sql") },
            Migration { version: 21, name: "incident_names", sql: include_str!("../migrations/incident_names.sql") },
            Migration { version: 22, name: "open_work", sql: include_str!("../migrations/open_work.sql") },
        ],
        followers: &[Follower { kind: "catalog_type", follow: settings::custom_fields::follow_catalog_type }],
        defaults: Some(settings::defaults),
        ..Part::default()
    };
    let routes = [
        settings::routes(),
        incident::routes(),
        updates::routes(),
        memberships::routes(),
        attachments::routes(),
        relationships::routes(),
        postmortems::routes(),
        external_issues::routes(),
        actions::routes(),
        follow_ups::routes(),
    ];
    Feature { part, routes: routes.into_iter().flatten().collect() }
}
