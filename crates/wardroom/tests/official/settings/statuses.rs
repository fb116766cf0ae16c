//! Incident Statuses V1.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::incident_statuses_v1_api::*;
use incident_io::models::{
    IncidentStatusV1, IncidentStatusesCreatePayloadV1, IncidentStatusesUpdatePayloadV1 as Change,
};

use super::{declare, incident, needed};
use crate::support::{Key, Server, absent, invalid, text, word};

/// What statuses an organisation has to begin with.
const DEFAULTS: [&str; 11] = [
    "triage: Triage",
    "declined: Declined",
    "merged: Merged",
    "canceled: Canceled",
    "live: Investigating",
    "live: Fixing",
    "live: Monitoring",
    "learning: Documenting",
    "learning: Reviewing",
    "closed: Closed",
    "paused: Paused",
];

fn new(category: &str, name: &str) -> IncidentStatusesCreatePayloadV1 {
    IncidentStatusesCreatePayloadV1::new(word(category), "", name)
}

async fn create(key: &Key, new: IncidentStatusesCreatePayloadV1) -> Result<IncidentStatusV1, Error<impl Debug>> {
    incident_statuses_v1_create(key, IncidentStatusesV1CreateParams::new(new)).await.map(|made| *made.incident_status)
}

async fn show(key: &Key, id: &str) -> Result<IncidentStatusV1, Error<impl Debug>> {
    incident_statuses_v1_show(key, IncidentStatusesV1ShowParams::new(id)).await.map(|shown| *shown.incident_status)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<IncidentStatusV1, Error<impl Debug>> {
    let params = IncidentStatusesV1UpdateParams::new(id, change);
    incident_statuses_v1_update(key, params).await.map(|changed| *changed.incident_status)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    incident_statuses_v1_delete(key, IncidentStatusesV1DeleteParams::new(id)).await
}

async fn list(key: &Key) -> Vec<IncidentStatusV1> {
    incident_statuses_v1_list(key, IncidentStatusesV1ListParams::new()).await.unwrap().incident_statuses
}

/// Every status as `category: name`, in order.
async fn names(key: &Key) -> Vec<String> {
    list(key).await.iter().map(|status| format!("{}: {}", text(&status.category), status.name)).collect()
}

async fn named(key: &Key, name: &str) -> IncidentStatusV1 {
    list(key).await.into_iter().find(|status| status.name == name).unwrap()
}

#[tokio::test]
async fn a_status_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let made = create(&root, new("live", "Waiting").set_description("On *them*").set_rank(30)).await.unwrap();
    assert_eq!((made.name.as_str(), made.description.as_str(), made.rank), ("Waiting", "On *them*", 30));
    assert_eq!(text(&made.category), "live");
    assert_eq!(show(&root, &made.id).await.unwrap(), made);
    assert!(list(&root).await.contains(&made));

    let changed = update(&root, &made.id, Change::new("", "Blocked")).await.unwrap();
    let expected = made.clone().set_name("Blocked").set_description("").set_updated_at(changed.updated_at);
    assert_eq!(changed, expected, "without a rank it stays where it is");
    assert!(changed.updated_at > made.updated_at);
    assert_eq!(show(&root, &made.id).await.unwrap(), changed);

    delete(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(delete(&root, &made.id).await);
    absent(update(&root, &made.id, Change::new("", "Gone")).await);
    assert_eq!(names(&root).await, DEFAULTS);
}

#[tokio::test]
async fn statuses_are_listed_by_category_and_rank_and_a_new_one_is_the_last_of_its_category() {
    let server = Server::start();
    let root = server.root();
    let first = named(&root, "Investigating").await.rank;
    create(&root, new("live", "Handing over")).await.unwrap();
    create(&root, new("live", "Finding people").set_rank(first - 1)).await.unwrap();
    create(&root, new("closed", "Forgotten")).await.unwrap();
    let mut expected = DEFAULTS.to_vec();
    expected.insert(10, "closed: Forgotten");
    expected.insert(7, "live: Handing over");
    expected.insert(4, "live: Finding people");
    assert_eq!(names(&root).await, expected);
}

#[tokio::test]
async fn names_of_statuses_are_unique_and_ranks_within_a_category() {
    let server = Server::start();
    let root = server.root();
    let (fixing, reviewing) = (named(&root, "Fixing").await, named(&root, "Reviewing").await);
    invalid(create(&root, new("live", "")).await, "is_required", "name");
    let both = invalid(create(&root, new("live", "Reviewing").set_rank(fixing.rank)).await, "invalid_value", "name");
    assert_eq!(both.errors.len(), 2, "every problem is told at once");
    invalid(create(&root, new("live", "New").set_rank(fixing.rank)).await, "invalid_value", "rank");
    invalid(update(&root, &fixing.id, Change::new("", "Reviewing")).await, "invalid_value", "name");
    create(&root, new("live", "Elsewhere").set_rank(reviewing.rank)).await.unwrap();
    update(&root, &fixing.id, Change::new("", "Fixing").set_rank(fixing.rank)).await.unwrap();
}

#[tokio::test]
async fn only_live_learning_and_closed_statuses_are_the_organisations_own() {
    let server = Server::start();
    let root = server.root();
    for category in ["triage", "declined", "merged", "canceled", "paused", "unheard_of"] {
        invalid(create(&root, new(category, "New")).await, "invalid_value", "category");
    }
    for name in ["Triage", "Declined", "Merged", "Canceled", "Paused"] {
        let status = named(&root, name).await;
        invalid(update(&root, &status.id, Change::new("", "Mine")).await, "invalid_value", "category");
        invalid(delete(&root, &status.id).await, "invalid_value", "category");
    }
    assert_eq!(names(&root).await, DEFAULTS);
}

#[tokio::test]
async fn a_status_that_an_incident_has_or_that_is_the_last_of_its_category_cannot_be_deleted() {
    let server = Server::start();
    let root = server.root();
    let (monitoring, closed) = (named(&root, "Monitoring").await, named(&root, "Closed").await);
    declare(&root, incident(&root).await.set_incident_status_id(&monitoring.id)).await;
    needed(delete(&root, &monitoring.id).await);
    needed(delete(&root, &closed.id).await);
    create(&root, new("closed", "Done")).await.unwrap();
    delete(&root, &closed.id).await.unwrap();
}
