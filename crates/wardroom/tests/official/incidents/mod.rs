//! Incidents, and the work that they leave.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::custom_fields_v2_api::*;
use incident_io::apis::incident_roles_v2_api::*;
use incident_io::apis::incident_statuses_v1_api::*;
use incident_io::apis::incident_updates_v2_api::*;
use incident_io::apis::incidents_v2_api::*;
use incident_io::apis::severities_v1_api::*;
use incident_io::models::{
    CustomFieldsCreatePayloadV2, IncidentEditPayloadV2 as Edit, IncidentRoleAssignmentPayloadV2, IncidentUpdateV2,
    IncidentUpdatesCreatePayloadV2 as Told, IncidentV2, IncidentsCreatePayloadV2 as New, IncidentsEditPayloadV2,
    UserReferencePayloadV2,
};
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use crate::support::{Key, word};

mod actions;
mod around;
mod first_version;
mod follow_ups;
mod lifecycle;
mod lists;
mod privacy;
mod updates;

/// An ID that nothing has.
const NO_ID: &str = "01HZZZZZZZZZZZZZZZZZZZZZZZ";

/// The ID of the severity of this name.
async fn severity(key: &Key, name: &str) -> String {
    let listed = severities_v1_list(key, SeveritiesV1ListParams::new()).await.unwrap().severities;
    listed.into_iter().find(|severity| severity.name == name).unwrap().id
}

/// The ID of the status of this name.
async fn status(key: &Key, name: &str) -> String {
    let listed = incident_statuses_v1_list(key, IncidentStatusesV1ListParams::new()).await.unwrap().incident_statuses;
    listed.into_iter().find(|status| status.name == name).unwrap().id
}

/// The ID of the role of this name.
async fn role(key: &Key, name: &str) -> String {
    let listed = incident_roles_v2_list(key, IncidentRolesV2ListParams::new()).await.unwrap().incident_roles;
    listed.into_iter().find(|role| role.name == name).unwrap().id
}

/// A public incident of the least severity, to be declared; its name is also its idempotency key.
async fn new(key: &Key, name: &str) -> New {
    New::new(name, word("public")).set_name(name).set_severity_id(severity(key, "Minor").await)
}

async fn create(key: &Key, new: New) -> Result<IncidentV2, Error<impl Debug>> {
    incidents_v2_create(key, IncidentsV2CreateParams::new(new)).await.map(|made| *made.incident)
}

async fn declare(key: &Key, name: &str) -> IncidentV2 {
    create(key, new(key, name).await).await.unwrap()
}

async fn show(key: &Key, id: &str) -> Result<IncidentV2, Error<impl Debug>> {
    incidents_v2_show(key, IncidentsV2ShowParams::new(id)).await.map(|shown| *shown.incident)
}

async fn edit(key: &Key, id: &str, edit: Edit) -> Result<IncidentV2, Error<impl Debug>> {
    let params = IncidentsV2EditParams::new(id, IncidentsEditPayloadV2::new(edit, true));
    incidents_v2_edit(key, params).await.map(|edited| *edited.incident)
}

async fn tell(key: &Key, told: Told) -> Result<IncidentUpdateV2, Error<impl Debug>> {
    incident_updates_v2_create(key, IncidentUpdatesV2CreateParams::new(told)).await.map(|made| *made.incident_update)
}

/// What was told of an incident, newest first.
async fn updates(key: &Key, incident: &str) -> Vec<IncidentUpdateV2> {
    let params = IncidentUpdatesV2ListParams::new().set_incident_id(incident);
    incident_updates_v2_list(key, params).await.unwrap().incident_updates
}

/// Gives a role to the user with this address.
fn give(role: &str, email: &str) -> Vec<IncidentRoleAssignmentPayloadV2> {
    let user = UserReferencePayloadV2::new().set_email(email);
    vec![IncidentRoleAssignmentPayloadV2::new(role).set_assignee(user)]
}

/// The ID of a new custom field that holds this: a `text`, say.
async fn field(key: &Key, holds: &str) -> String {
    let payload = CustomFieldsCreatePayloadV2::new("", word(holds), "Affected");
    custom_fields_v2_create(key, CustomFieldsV2CreateParams::new(payload)).await.unwrap().custom_field.id
}

/// What `count` attempts at once come to.
async fn at_once<T, F>(count: usize, attempt: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    (0..count).map(attempt).collect::<JoinSet<_>>().join_all().await
}

/// A key that acts for a user.
fn acting_for(key: &Key, user: &str) -> Key {
    let headers = HeaderMap::from_iter([("x-incident-user".parse().unwrap(), user.parse().unwrap())]);
    let mut acting = key.clone();
    acting.client = reqwest::Client::builder().default_headers(headers).build().unwrap();
    acting
}

/// The same answer, as another version of the API has it.
fn recast<T: DeserializeOwned>(shown: &impl Serialize) -> T {
    serde_json::from_value(serde_json::to_value(shown).unwrap()).unwrap()
}
