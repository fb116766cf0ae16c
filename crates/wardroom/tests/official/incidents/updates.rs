//! Incident Updates V2.

use incident_io::apis::incident_updates_v2_api::*;

use super::{NO_ID, Told, at_once, declare, severity, show, status, tell, updates};
use crate::support::{Key, Server, absent, invalid, lacking};

/// The messages of a page, and where the next one begins.
async fn page(key: &Key, params: IncidentUpdatesV2ListParams) -> (Vec<String>, Option<String>) {
    let page = incident_updates_v2_list(key, params).await.unwrap();
    let messages = page.incident_updates.into_iter().map(|update| update.message.unwrap());
    (messages.collect(), page.pagination_meta.unwrap().after)
}

#[tokio::test]
async fn an_update_tells_people_and_moves_the_incident() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await;
    let said = tell(&root, Told::new("1", &incident.id).set_message("We *look* into it.")).await.unwrap();
    assert_eq!((said.message.as_deref(), &said.incident_id), (Some("We *look* into it."), &incident.id));
    assert_eq!((&said.new_incident_status, &said.new_severity), (&incident.incident_status, &incident.severity));
    assert!(said.updater.api_key.is_some());

    let (closed, major) = (status(&root, "Closed").await, severity(&root, "Major").await);
    let moved = Told::new("2", &incident.id).set_to_incident_status_id(&closed).set_to_severity_id(&major);
    let moved = tell(&root, moved).await.unwrap();
    let now = show(&root, &incident.id).await.unwrap();
    assert_eq!((&moved.message, now.incident_status.id.as_str()), (&None, closed.as_str()));
    assert_eq!((&moved.new_incident_status, &moved.new_severity), (&now.incident_status, &now.severity));
    assert_eq!(now.last_activity_at, moved.created_at);
    assert_eq!(updates(&root, &incident.id).await, [moved, said]);
}

#[tokio::test]
async fn updates_come_newest_first_in_pages_of_one_incident_or_of_all() {
    let server = Server::start();
    let root = server.root();
    let (till, door) = (declare(&root, "The till is down").await, declare(&root, "The door is stuck").await);
    for (key, incident) in [("one", &till), ("two", &door), ("three", &till), ("four", &till)] {
        tell(&root, Told::new(key, &incident.id).set_message(key)).await.unwrap();
    }
    let all = IncidentUpdatesV2ListParams::new;
    let (messages, after) = page(&root, all().set_page_size(3)).await;
    assert_eq!(messages, ["four", "three", "two"]);
    assert_eq!(page(&root, all().set_page_size(3).set_after(after.unwrap())).await, (vec!["one".into()], None));
    let (messages, after) = page(&root, all().set_incident_id(&till.id).set_page_size(2)).await;
    assert_eq!(messages, ["four", "three"]);
    assert_eq!(page(&root, all().set_incident_id(&till.id).set_after(after.unwrap())).await.0, ["one"]);
    invalid(incident_updates_v2_list(&root, all().set_page_size(251)).await, "invalid_value", "page_size");
    absent(incident_updates_v2_list(&root, all().set_incident_id(NO_ID)).await);
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_update_in_parallel_too() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await;
    let told = at_once(20, |number| {
        let told = Told::new("Once", &incident.id).set_message(format!("Try {number}"));
        let key = root.clone();
        async move { tell(&key, told).await.unwrap() }
    })
    .await;
    assert!(told.iter().all(|update| *update == told[0]));
    assert_eq!(updates(&root, &incident.id).await, told[..1]);
}

#[tokio::test]
async fn an_update_that_says_nothing_or_something_senseless_is_refused() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await;
    let told = Told::new("Once", &incident.id);
    let triage = status(&root, "Triage").await;
    invalid(tell(&root, told.clone()).await, "is_required", "message");
    invalid(tell(&root, told.clone().set_message("")).await, "is_required", "message");
    let unnamed = told.clone().set_idempotency_key("").set_message("Hello");
    invalid(tell(&root, unnamed).await, "is_required", "idempotency_key");
    for id in [NO_ID, &triage] {
        let backwards = told.clone().set_to_incident_status_id(id);
        invalid(tell(&root, backwards).await, "invalid_value", "to_incident_status_id");
    }
    invalid(tell(&root, told.clone().set_to_severity_id(NO_ID)).await, "invalid_value", "to_severity_id");
    absent(tell(&root, Told::new("Once", NO_ID).set_message("Hello")).await);
    let viewer = server.key_with(&["viewer"]).await;
    lacking(tell(&viewer, told.set_message("Hello")).await, "incident_updates.create");
    assert_eq!(updates(&root, &incident.id).await, []);
    assert_eq!(show(&root, &incident.id).await.unwrap(), incident);
}
