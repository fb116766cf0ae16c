//! Severities V1.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::severities_v1_api::*;
use incident_io::models::{SeveritiesCreatePayloadV1 as New, SeveritiesUpdatePayloadV1 as Change, SeverityV1};

use super::{declare, incident, needed};
use crate::support::{Key, Server, absent, invalid, lacking};

async fn create(key: &Key, new: New) -> Result<SeverityV1, Error<impl Debug>> {
    severities_v1_create(key, SeveritiesV1CreateParams::new(new)).await.map(|made| *made.severity)
}

async fn show(key: &Key, id: &str) -> Result<SeverityV1, Error<impl Debug>> {
    severities_v1_show(key, SeveritiesV1ShowParams::new(id)).await.map(|shown| *shown.severity)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<SeverityV1, Error<impl Debug>> {
    severities_v1_update(key, SeveritiesV1UpdateParams::new(id, change)).await.map(|changed| *changed.severity)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    severities_v1_delete(key, SeveritiesV1DeleteParams::new(id)).await
}

pub(super) async fn list(key: &Key) -> Vec<SeverityV1> {
    try_list(key).await.unwrap()
}

pub(super) async fn try_list(key: &Key) -> Result<Vec<SeverityV1>, Error<impl Debug>> {
    severities_v1_list(key, SeveritiesV1ListParams::new()).await.map(|listed| listed.severities)
}

async fn names(key: &Key) -> Vec<String> {
    list(key).await.into_iter().map(|severity| severity.name).collect()
}

#[tokio::test]
async fn a_severity_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let made = create(&root, New::new("  It *hurts*.\n", "Painful").set_rank(7)).await.unwrap();
    assert_eq!((made.name.as_str(), made.description.as_str(), made.rank), ("Painful", "  It *hurts*.\n", 7));
    assert_eq!(made.created_at, made.updated_at);
    assert_eq!(show(&root, &made.id).await.unwrap(), made);
    assert!(list(&root).await.contains(&made));

    let changed = update(&root, &made.id, Change::new("", "Dire")).await.unwrap();
    let expected = made.clone().set_name("Dire").set_description("").set_updated_at(changed.updated_at);
    assert_eq!(changed, expected, "without a rank it stays where it is");
    assert!(changed.updated_at > made.updated_at);
    assert_eq!(show(&root, &made.id).await.unwrap(), changed);

    delete(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(delete(&root, &made.id).await);
    absent(update(&root, &made.id, Change::new("", "Gone")).await);
    assert_eq!(names(&root).await, ["Minor", "Major", "Critical"]);
}

#[tokio::test]
async fn severities_are_listed_least_severe_first_and_a_new_one_is_the_most_severe() {
    let server = Server::start();
    let root = server.root();
    create(&root, New::new("", "Catastrophic")).await.unwrap();
    let trifle = create(&root, New::new("", "Trifle").set_rank(0)).await.unwrap();
    assert_eq!(names(&root).await, ["Trifle", "Minor", "Major", "Critical", "Catastrophic"]);
    update(&root, &trifle.id, Change::new("", "Not so trifling").set_rank(99)).await.unwrap();
    assert_eq!(names(&root).await, ["Minor", "Major", "Critical", "Catastrophic", "Not so trifling"]);
}

#[tokio::test]
async fn a_severity_has_a_name_of_at_most_50_characters() {
    let server = Server::start();
    let root = server.root();
    let minor = list(&root).await.remove(0);
    create(&root, New::new("", "é".repeat(50))).await.unwrap();
    for (name, code) in [("", "is_required"), (" \t", "is_required"), (&"é".repeat(51), "invalid_value")] {
        invalid(create(&root, New::new("", name)).await, code, "name");
        invalid(update(&root, &minor.id, Change::new("", name)).await, code, "name");
    }
    assert_eq!(show(&root, &minor.id).await.unwrap(), minor);
}

#[tokio::test]
async fn a_severity_that_an_incident_has_cannot_be_deleted() {
    let server = Server::start();
    let root = server.root();
    let minor = list(&root).await.remove(0);
    declare(&root, incident(&root).await.set_severity_id(&minor.id)).await;
    needed(delete(&root, &minor.id).await);
    assert_eq!(show(&root, &minor.id).await.unwrap(), minor);
}

#[tokio::test]
async fn who_only_looks_at_severities_changes_none() {
    let server = Server::start();
    let viewer = server.key_with(&["viewer"]).await;
    let before = list(&viewer).await;
    let scope = "organisation_settings.update";
    lacking(create(&viewer, New::new("", "Mine")).await, scope);
    lacking(update(&viewer, &before[0].id, Change::new("", "Mine")).await, scope);
    lacking(delete(&viewer, &before[0].id).await, scope);
    assert_eq!(list(&viewer).await, before);
}
