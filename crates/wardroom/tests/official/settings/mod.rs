//! What an organisation sets up: who there is, and what its incidents are made of.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::incidents_v2_api::*;
use incident_io::models::{IncidentV2, IncidentsCreatePayloadV2};

use crate::support::{Key, Refusal, refused, word};

mod api_keys;
mod custom_field_options;
mod custom_fields;
mod ip_allowlist;
mod managed_resources;
mod roles;
mod severities;
mod statuses;
mod types_and_timestamps;
mod users;
mod utilities;

/// An ID that nothing has.
const NO_ID: &str = "01HZZZZZZZZZZZZZZZZZZZZZZZ";

/// A public incident of the least severity, to be declared.
async fn incident(key: &Key) -> IncidentsCreatePayloadV2 {
    let severity = severities::list(key).await.remove(0);
    IncidentsCreatePayloadV2::new("Once", word("public")).set_name("The till is down").set_severity_id(severity.id)
}

async fn declare(key: &Key, incident: IncidentsCreatePayloadV2) -> IncidentV2 {
    *incidents_v2_create(key, IncidentsV2CreateParams::new(incident)).await.unwrap().incident
}

async fn as_it_is_now(key: &Key, incident: &IncidentV2) -> IncidentV2 {
    *incidents_v2_show(key, IncidentsV2ShowParams::new(&incident.id)).await.unwrap().incident
}

/// It can't be deleted, because something needs it.
#[track_caller]
fn needed<T: Debug, E: Debug>(outcome: Result<T, Error<E>>) {
    assert_eq!(refused(outcome, 422).code(), "in_use");
}
