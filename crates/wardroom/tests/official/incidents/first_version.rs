//! Incidents V1: the incidents of the second version, in fewer words.

#![expect(deprecated, reason = "old clients still call the first version")]

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::incidents_v1_api::*;
use incident_io::models::{
    IncidentRoleAssignmentPayloadV1, IncidentV1, IncidentV2, IncidentsCreatePayloadV1 as NewV1, IncidentsListResultV1,
    UserReferencePayloadV1,
};

use super::{Edit, NO_ID, declare, edit, new, role, severity, show, status, updates};
use crate::support::{Key, Server, absent, invalid, lacking, text, word};

fn all() -> IncidentsV1ListParams {
    IncidentsV1ListParams::new()
}

async fn create_v1(key: &Key, new: NewV1) -> Result<IncidentV1, Error<impl Debug>> {
    incidents_v1_create(key, IncidentsV1CreateParams::new(new)).await.map(|made| *made.incident)
}

async fn show_v1(key: &Key, id: &str) -> Result<IncidentV1, Error<impl Debug>> {
    incidents_v1_show(key, IncidentsV1ShowParams::new(id)).await.map(|shown| *shown.incident)
}

async fn list_v1(key: &Key, params: IncidentsV1ListParams) -> Result<IncidentsListResultV1, Error<impl Debug>> {
    incidents_v1_list(key, params).await
}

/// Asserts that both versions show the same incident.
#[track_caller]
fn assert_alike(first: &IncidentV1, second: &IncidentV2) {
    let moments = |first: &IncidentV1| (first.created_at, first.updated_at);
    assert_eq!((&first.id, &first.reference, &first.name), (&second.id, &second.reference, &second.name));
    assert_eq!((&first.summary, &first.permalink), (&second.summary, &second.permalink));
    assert_eq!(moments(first), (second.created_at, second.updated_at));
    assert_eq!(text(&first.visibility), text(&second.visibility));
    let severities = (first.severity.as_ref().map(|one| &one.id), second.severity.as_ref().map(|one| &one.id));
    assert_eq!(severities.0, severities.1);
    let first_holders = first.incident_role_assignments.iter().map(|one| one.assignee.as_ref().map(|user| &user.id));
    let holders = second.incident_role_assignments.iter().map(|one| one.assignee.as_ref().map(|user| &user.id));
    assert!(first_holders.eq(holders));
    let timestamps = second.incident_timestamp_values.iter().flatten();
    let moments =
        timestamps.map(|one| (&one.incident_timestamp.name, one.value.as_ref().and_then(|value| value.value)));
    assert!(first.timestamps.iter().flatten().map(|one| (&one.name, one.last_occurred_at)).eq(moments));
}

#[tokio::test]
async fn an_incident_of_either_version_is_one_of_the_other() {
    let server = Server::start();
    let root = server.root();
    let ada = UserReferencePayloadV1::new().set_id(server.add_user("Ada", "ada@example.com"));
    let lead = IncidentRoleAssignmentPayloadV1::new(ada, role(&root, "Incident Lead").await);
    let declared = NewV1::new("Once", word("public"))
        .set_name("The till is down")
        .set_summary("Nobody can pay.")
        .set_severity_id(severity(&root, "Major").await)
        .set_status(word("fixing"))
        .set_mode(word("real"))
        .set_incident_role_assignments(vec![lead])
        .set_slack_team_id("T1");
    let incident = create_v1(&root, declared.clone()).await.unwrap();
    assert_eq!((incident.name.as_str(), incident.reference.as_str()), ("The till is down", "INC-1"));
    assert_eq!((text(&incident.status).as_str(), text(&incident.mode).as_str()), ("fixing", "real"));
    assert_eq!(incident.slack_team_id, "T1");
    assert_eq!(create_v1(&root, declared.set_name("Another")).await.unwrap(), incident);
    assert_eq!(show_v1(&root, &incident.id).await.unwrap(), incident);
    assert_alike(&incident, &show(&root, &incident.id).await.unwrap());

    let second = declare(&root, "The door is stuck").await;
    assert_alike(&show_v1(&root, "2").await.unwrap(), &second);
    let key_of_the_first_version = new(&root, "Once").await;
    assert_eq!(super::create(&root, key_of_the_first_version).await.unwrap().id, incident.id);
    for unknown in [NO_ID, "3"] {
        absent(show_v1(&root, unknown).await);
    }
}

#[tokio::test]
async fn every_status_has_a_word_in_the_first_version() {
    let server = Server::start();
    let root = server.root();
    let minor = severity(&root, "Minor").await;
    for (said, name) in [
        ("triage", "Triage"),
        ("investigating", "Investigating"),
        ("fixing", "Fixing"),
        ("monitoring", "Monitoring"),
        ("closed", "Closed"),
        ("declined", "Declined"),
    ] {
        let new = NewV1::new(said, word("public")).set_severity_id(&minor).set_status(word(said));
        let incident = create_v1(&root, new).await.unwrap();
        assert_eq!(text(&incident.status), said);
        assert_eq!(show(&root, &incident.id).await.unwrap().incident_status.name, name);
    }
    let other = declare(&root, "The till is down").await;
    for (name, word) in [("Paused", "monitoring"), ("Documenting", "closed")] {
        let change = Edit::new().set_incident_status_id(status(&root, name).await);
        edit(&root, &other.id, change).await.unwrap();
        assert_eq!(text(&show_v1(&root, &other.id).await.unwrap().status), word);
    }
    assert_eq!(updates(&root, &other.id).await.len(), 2);
}

#[tokio::test]
async fn incidents_come_newest_first_in_pages_and_by_status() {
    let server = Server::start();
    let root = server.root();
    let minor = severity(&root, "Minor").await;
    for (name, status, mode) in [
        ("One", "investigating", "real"),
        ("Two", "closed", "real"),
        ("Three", "fixing", "real"),
        ("Exercise", "fixing", "test"),
    ] {
        let new = NewV1::new(name, word("public")).set_name(name).set_severity_id(&minor);
        create_v1(&root, new.set_status(word(status)).set_mode(word(mode))).await.unwrap();
    }
    let page = async |params| {
        let page = list_v1(&root, params).await.unwrap();
        let names: Vec<_> = page.incidents.into_iter().map(|incident| incident.name).collect();
        let meta = page.pagination_meta.unwrap();
        (names.join(", "), meta.total_record_count.unwrap(), meta.after)
    };
    let (names, total, after) = page(all().set_page_size(2)).await;
    assert_eq!((names.as_str(), total), ("Three, Two", 3));
    assert_eq!(page(all().set_page_size(2).set_after(after.unwrap())).await, ("One".into(), 3, None));
    assert_eq!(page(all().set_status(vec!["closed".into()])).await, ("Two".into(), 1, None));
    let open = vec!["investigating".into(), "fixing".into()];
    assert_eq!(page(all().set_status(open)).await, ("Three, One".into(), 2, None));
    invalid(list_v1(&root, all().set_status(vec!["paused".into()])).await, "invalid_value", "status");
    invalid(list_v1(&root, all().set_page_size(501)).await, "invalid_value", "page_size");
}

#[tokio::test]
async fn the_first_version_refuses_what_the_second_does() {
    let server = Server::start();
    let root = server.root();
    let new = NewV1::new("Once", word("public"));
    invalid(create_v1(&root, new.clone()).await, "is_required", "severity_id");
    invalid(create_v1(&root, new.clone().set_idempotency_key("")).await, "is_required", "idempotency_key");
    invalid(create_v1(&root, new.clone().set_severity_id(NO_ID)).await, "invalid_value", "severity_id");
    invalid(create_v1(&root, new.clone().set_status(word("paused"))).await, "invalid_value", "status");
    invalid(create_v1(&root, new.clone().set_mode(word("tutorial"))).await, "invalid_value", "mode");
    invalid(create_v1(&root, new.clone().set_visibility(word("half_open"))).await, "invalid_value", "visibility");
    lacking(create_v1(&server.key_with(&["viewer"]).await, new).await, "incidents.create");
    assert_eq!(list_v1(&root, all()).await.unwrap().incidents, []);
}
