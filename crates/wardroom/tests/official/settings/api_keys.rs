//! API Keys V1.

use std::fmt::Debug;
use std::time::Duration;

use incident_io::apis::Error;
use incident_io::apis::api_keys_v1_api::*;
use incident_io::models::{
    ApiKeyV1, ApiKeysCreatePayloadV1 as New, ApiKeysCreateResultV1, ApiKeysListResultV1, ApiKeysRotatePayloadV1,
    ApiKeysRotateResultV1, ApiKeysUpdatePayloadV1 as Change,
};
use tokio::time::sleep;

use super::severities;
use crate::support::{Key, Refusal, Server, absent, invalid, lacking, refused, text, words};

fn new(name: &str, roles: &[&str]) -> New {
    New::new(name, words(roles), vec![], vec![])
}

fn change(name: &str, roles: &[&str]) -> Change {
    Change::new(name, words(roles), vec![], vec![])
}

async fn create(key: &Key, new: New) -> Result<ApiKeysCreateResultV1, Error<impl Debug>> {
    a_pi_keys_v1_create(key, APiKeysV1CreateParams::new(new)).await
}

async fn show(key: &Key, id: &str) -> Result<ApiKeyV1, Error<impl Debug>> {
    a_pi_keys_v1_show(key, APiKeysV1ShowParams::new(id)).await.map(|shown| *shown.api_key)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<ApiKeyV1, Error<impl Debug>> {
    a_pi_keys_v1_update(key, APiKeysV1UpdateParams::new(id, change)).await.map(|changed| *changed.api_key)
}

async fn rotate(key: &Key, id: &str, grace: i64) -> Result<ApiKeysRotateResultV1, Error<impl Debug>> {
    a_pi_keys_v1_rotate(key, APiKeysV1RotateParams::new(id, ApiKeysRotatePayloadV1::new(grace))).await
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    a_pi_keys_v1_delete(key, APiKeysV1DeleteParams::new(id)).await
}

async fn list(key: &Key, params: APiKeysV1ListParams) -> Result<ApiKeysListResultV1, Error<impl Debug>> {
    a_pi_keys_v1_list(key, params).await
}

/// A key that was made at the command line, once the server knows it.
async fn noticed(key: Key) -> Key {
    for _ in 0..50 {
        if severities::try_list(&key).await.is_ok() {
            return key;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("a key that was made at the command line is noticed within half a second")
}

fn roles(key: &ApiKeyV1) -> Vec<String> {
    key.roles.iter().map(|role| text(&role.name)).collect()
}

#[tokio::test]
async fn a_key_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let answer = create(&root, new("CI", &["viewer", "incident_creator"]).set_comments("For *builds*")).await.unwrap();
    let (made, client) = (*answer.api_key, server.key(&answer.token));
    assert_eq!((made.name.as_str(), made.comments.as_deref()), ("CI", Some("For *builds*")));
    assert_eq!(roles(&made), ["viewer", "incident_creator"]);
    assert!(made.team_ids.is_empty() && made.team_roles.is_empty() && made.last_used_at.is_none());
    assert!(made.creator.api_key.is_some(), "a key made it");
    assert_eq!(show(&root, &made.id).await.unwrap(), made);
    severities::try_list(&client).await.unwrap();

    let changed = update(&root, &made.id, change("Builds", &["incident_creator"])).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.comments.as_ref()), ("Builds", None));
    assert_eq!(roles(&changed), ["incident_creator"]);
    lacking(severities::try_list(&client).await, "severities.view");

    delete(&root, &made.id).await.unwrap();
    assert_eq!(refused(severities::try_list(&client).await, 401).code(), "access_token_invalid");
    absent(show(&root, &made.id).await);
    absent(delete(&root, &made.id).await);
    absent(update(&root, &made.id, change("Gone", &[])).await);
    absent(rotate(&root, &made.id, 0).await);
}

#[tokio::test]
async fn a_rotated_token_works_on_for_its_grace_period() {
    let server = Server::start();
    let root = server.root();
    let first = create(&root, new("CI", &["viewer"])).await.unwrap();
    let second = rotate(&root, &first.api_key.id, 60).await.unwrap();
    assert!(second.api_key.token_last_issued_at > first.api_key.token_last_issued_at);
    for token in [&first.token, &second.token] {
        severities::try_list(&server.key(token)).await.unwrap();
    }
    let third = rotate(&root, &first.api_key.id, 0).await.unwrap();
    severities::try_list(&server.key(&third.token)).await.unwrap();
    refused(severities::try_list(&server.key(&second.token)).await, 401);
    for grace in [-1, 61] {
        invalid(rotate(&root, &first.api_key.id, grace).await, "invalid_value", "grace_period_minutes");
    }
}

#[tokio::test]
async fn keys_are_listed_in_pages() {
    let server = Server::start();
    let root = server.root();
    let all = APiKeysV1ListParams::new;
    let bootstrap = list(&root, all()).await.unwrap().api_keys.remove(0);
    let second = create(&root, new("Second", &[])).await.unwrap().api_key.id;
    let third = create(&root, new("Third", &[])).await.unwrap().api_key.id;
    let page = list(&root, all().set_page_size(2)).await.unwrap();
    let ids: Vec<_> = page.api_keys.iter().map(|key| &key.id).collect();
    assert_eq!((ids, page.pagination_meta.after.as_ref()), (vec![&bootstrap.id, &second], Some(&second)));
    let rest = list(&root, all().set_page_size(2).set_after(second)).await.unwrap();
    assert_eq!((rest.api_keys.len(), &rest.api_keys[0].id, rest.pagination_meta.after), (1, &third, None));
    invalid(list(&root, all().set_page_size(251)).await, "invalid_value", "page_size");
}

#[tokio::test]
async fn a_key_gives_what_it_holds_and_never_the_management_of_keys() {
    let server = Server::start();
    let root = server.root();
    invalid(create(&root, new("Manager", &["api_keys_manage"])).await, "invalid_value", "role_names.0");
    invalid(create(&root, new("Odd", &["viewer", "unheard_of"])).await, "invalid_value", "role_names.1");
    invalid(create(&root, new("", &[])).await, "invalid_value", "name");
    invalid(create(&root, new(&"é".repeat(201), &[])).await, "invalid_value", "name");
    let nowhere = new("Nowhere", &[]).set_team_role_names(words(&["schedules_reader"]));
    invalid(create(&root, nowhere).await, "invalid_value", "team_ids");

    let manager = noticed(server.key(&server.add_key("Manager", &["api_keys_manage", "viewer"]))).await;
    invalid(create(&manager, new("Creator", &["incident_creator"])).await, "invalid_value", "role_names.0");
    create(&manager, new("Viewer", &["viewer"])).await.unwrap();
    lacking(create(&server.key_with(&["viewer"]).await, new("Mine", &["viewer"])).await, "api_keys.create");
}

#[tokio::test]
async fn a_key_cannot_change_itself() {
    let server = Server::start();
    let root = server.root();
    let own = list(&root, APiKeysV1ListParams::new()).await.unwrap().api_keys.remove(0);
    refused(update(&root, &own.id, change("Me", &["viewer"])).await, 403);
    assert_eq!(show(&root, &own.id).await.unwrap().name, own.name);
}
