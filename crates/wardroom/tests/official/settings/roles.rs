//! Incident Roles V1 and V2.

#![expect(deprecated, reason = "old clients still call the first version")]

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::incident_roles_v1_api::*;
use incident_io::apis::incident_roles_v2_api::*;
use incident_io::models::{
    IncidentRoleAssignmentPayloadV2, IncidentRoleV1, IncidentRoleV2, IncidentRolesCreatePayloadV1 as NewV1,
    IncidentRolesCreatePayloadV2 as New, IncidentRolesUpdatePayloadV1 as ChangeV1,
    IncidentRolesUpdatePayloadV2 as Change, IncidentV2, UserReferencePayloadV2,
};

use super::{as_it_is_now, declare, incident, needed};
use crate::support::{Key, Server, absent, invalid, text};

async fn create(key: &Key, new: New) -> Result<IncidentRoleV2, Error<impl Debug>> {
    incident_roles_v2_create(key, IncidentRolesV2CreateParams::new(new)).await.map(|made| *made.incident_role)
}

async fn show(key: &Key, id: &str) -> Result<IncidentRoleV2, Error<impl Debug>> {
    incident_roles_v2_show(key, IncidentRolesV2ShowParams::new(id)).await.map(|shown| *shown.incident_role)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<IncidentRoleV2, Error<impl Debug>> {
    incident_roles_v2_update(key, IncidentRolesV2UpdateParams::new(id, change)).await.map(|role| *role.incident_role)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    incident_roles_v2_delete(key, IncidentRolesV2DeleteParams::new(id)).await
}

async fn list(key: &Key) -> Vec<IncidentRoleV2> {
    incident_roles_v2_list(key, IncidentRolesV2ListParams::new()).await.unwrap().incident_roles
}

async fn create_v1(key: &Key, new: NewV1) -> Result<IncidentRoleV1, Error<impl Debug>> {
    incident_roles_v1_create(key, IncidentRolesV1CreateParams::new(new)).await.map(|made| *made.incident_role)
}

async fn show_v1(key: &Key, id: &str) -> Result<IncidentRoleV1, Error<impl Debug>> {
    incident_roles_v1_show(key, IncidentRolesV1ShowParams::new(id)).await.map(|shown| *shown.incident_role)
}

async fn update_v1(key: &Key, id: &str, change: ChangeV1) -> Result<IncidentRoleV1, Error<impl Debug>> {
    incident_roles_v1_update(key, IncidentRolesV1UpdateParams::new(id, change)).await.map(|role| *role.incident_role)
}

async fn delete_v1(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    incident_roles_v1_delete(key, IncidentRolesV1DeleteParams::new(id)).await
}

async fn list_v1(key: &Key) -> Vec<IncidentRoleV1> {
    incident_roles_v1_list(key, IncidentRolesV1ListParams::new()).await.unwrap().incident_roles
}

/// How the first version of the API shows a role.
fn in_v1(role: &IncidentRoleV2) -> IncidentRoleV1 {
    serde_json::from_value(serde_json::to_value(role).unwrap())
        .map(|role: IncidentRoleV1| role.set_required(false))
        .unwrap()
}

#[tokio::test]
async fn a_role_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let made = create(&root, New::new("Writes it down", "Write *everything* down", "Scribe", "scribe")).await.unwrap();
    assert_eq!((made.name.as_str(), made.shortform.as_str()), ("Scribe", "scribe"));
    assert_eq!((made.description.as_str(), made.instructions.as_str()), ("Writes it down", "Write *everything* down"));
    assert_eq!(text(&made.role_type), "custom");
    assert_eq!(show(&root, &made.id).await.unwrap(), made);
    assert!(list(&root).await.contains(&made));

    let changed = update(&root, &made.id, Change::new("Takes notes", "", "Notetaker", "")).await.unwrap();
    let expected =
        made.clone().set_description("Takes notes").set_instructions("").set_name("Notetaker").set_shortform("");
    assert_eq!(changed, expected.set_updated_at(changed.updated_at));
    assert!(changed.updated_at > made.updated_at);
    assert_eq!(show(&root, &made.id).await.unwrap(), changed);

    delete(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(delete(&root, &made.id).await);
    absent(update(&root, &made.id, Change::new("Gone", "", "Gone", "")).await);
}

#[tokio::test]
async fn both_versions_of_the_api_show_the_same_roles() {
    let server = Server::start();
    let root = server.root();
    let made = create_v1(&root, NewV1::new("Writes it down", "", "Scribe", true, "scribe")).await.unwrap();
    assert_eq!(made.required, Some(false), "no role is required any more");
    assert_eq!(in_v1(&show(&root, &made.id).await.unwrap()), made);

    let changed = update_v1(&root, &made.id, ChangeV1::new("Takes notes", "", "Notetaker", "")).await.unwrap();
    assert_eq!(in_v1(&show(&root, &made.id).await.unwrap()), changed);
    assert_eq!(show_v1(&root, &made.id).await.unwrap(), changed);
    assert_eq!(list_v1(&root).await, list(&root).await.iter().map(in_v1).collect::<Vec<_>>());

    delete_v1(&root, &made.id).await.unwrap();
    absent(show_v1(&root, &made.id).await);
    absent(show(&root, &made.id).await);
    absent(update_v1(&root, &made.id, ChangeV1::new("Gone", "", "Gone", "")).await);
}

#[tokio::test]
async fn every_organisation_has_a_lead_and_a_reporter() {
    let server = Server::start();
    let root = server.root();
    let roles = list(&root).await;
    let of_type = |wanted: &str| roles.iter().find(|role| text(&role.role_type) == wanted).unwrap();
    let (lead, reporter) = (of_type("lead"), of_type("reporter"));
    assert_eq!((reporter.shortform.as_str(), reporter.instructions.as_str()), ("", ""));
    for role in &roles {
        needed(delete(&root, &role.id).await);
        needed(delete_v1(&root, &role.id).await);
    }
    let commander = Change::new("Decides", "Decide", "Commander", "ic");
    let changed = update(&root, &lead.id, commander).await.unwrap();
    assert_eq!((changed.name.as_str(), text(&changed.role_type).as_str()), ("Commander", "lead"));
    assert_eq!(list(&root).await.len(), 2);
}

#[tokio::test]
async fn a_role_has_a_name_and_a_description() {
    let server = Server::start();
    let root = server.root();
    let lead = list(&root).await.remove(0);
    for (description, name, place) in [("", "Scribe", "description"), ("Writes", "", "name")] {
        invalid(create(&root, New::new(description, "", name, "")).await, "invalid_value", place);
        invalid(update(&root, &lead.id, Change::new(description, "", name, "")).await, "invalid_value", place);
        invalid(update_v1(&root, &lead.id, ChangeV1::new(description, "", name, "")).await, "invalid_value", place);
        invalid(create_v1(&root, NewV1::new(description, "", name, false, "")).await, "invalid_value", place);
    }
    assert_eq!(show(&root, &lead.id).await.unwrap(), lead);
}

#[tokio::test]
async fn nobody_holds_a_role_that_has_been_deleted() {
    let server = Server::start();
    let root = server.root();
    let ada = UserReferencePayloadV2::new().set_id(server.add_user("Ada", "ada@example.com"));
    let scribe = create(&root, New::new("Writes it down", "", "Scribe", "")).await.unwrap();
    let assignment = IncidentRoleAssignmentPayloadV2::new(&scribe.id).set_assignee(ada);
    let incident = declare(&root, incident(&root).await.set_incident_role_assignments(vec![assignment])).await;
    let has_a_scribe =
        |incident: &IncidentV2| incident.incident_role_assignments.iter().any(|a| a.role.id == scribe.id);
    assert!(has_a_scribe(&incident));
    delete(&root, &scribe.id).await.unwrap();
    assert!(!has_a_scribe(&as_it_is_now(&root, &incident).await));
}
