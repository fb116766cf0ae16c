//! Users V2.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::users_v2_api::*;
use incident_io::models::{UserWithRolesV2, UsersListResultV2, UsersUpdatePagingProviderPayloadV2};

use super::NO_ID;
use crate::support::{Key, Server, absent, invalid, lacking, text, word};

async fn show(key: &Key, id: &str) -> Result<UserWithRolesV2, Error<impl Debug>> {
    users_v2_show(key, UsersV2ShowParams::new(id)).await.map(|shown| *shown.user)
}

async fn list(key: &Key, params: UsersV2ListParams) -> Result<UsersListResultV2, Error<impl Debug>> {
    users_v2_list(key, params).await
}

async fn names(key: &Key, params: UsersV2ListParams) -> Vec<String> {
    list(key, params).await.unwrap().users.into_iter().map(|user| user.name).collect()
}

async fn choose_provider(key: &Key, id: &str, provider: &str) -> Result<(), Error<impl Debug>> {
    let choice = UsersUpdatePagingProviderPayloadV2::new(word(provider));
    users_v2_update_paging_provider(key, UsersV2UpdatePagingProviderParams::new(id, choice)).await
}

async fn provider(key: &Key, id: &str) -> Option<String> {
    let shown = users_v2_show_paging_provider(key, UsersV2ShowPagingProviderParams::new(id)).await.unwrap();
    shown.preferred_escalation_provider.as_ref().map(text)
}

fn all() -> UsersV2ListParams {
    UsersV2ListParams::new()
}

#[tokio::test]
async fn a_user_is_shown_with_role_and_seats() {
    let server = Server::start();
    let root = server.root();
    for (role, seat) in [("owner", "full_access"), ("responder", "full_access"), ("viewer", "viewer_only")] {
        let id = server.add_user_as("Ada Lovelace", &format!("Ada.{role}@example.com"), role);
        let ada = show(&root, &id).await.unwrap();
        assert_eq!((ada.id.as_str(), ada.name.as_str(), ada.is_active), (id.as_str(), "Ada Lovelace", true));
        assert_eq!(ada.email.as_deref(), Some(format!("Ada.{role}@example.com").as_str()));
        assert_eq!((text(&ada.role).as_str(), ada.base_role.slug.as_str()), (role, role));
        assert_eq!((text(&ada.seats.on_call).as_str(), text(&ada.seats.response).as_str()), (seat, seat));
        assert!(list(&root, all()).await.unwrap().users.contains(&ada));
    }
    absent(show(&root, NO_ID).await);
}

#[tokio::test]
async fn users_come_oldest_first_in_pages_and_are_found_by_address_in_any_case() {
    let server = Server::start();
    let root = server.root();
    server.add_user("Ada", "Ada@Example.com");
    let bob = server.add_user("Bob", "bob@example.com");
    server.add_user("Cleo", "cleo@example.com");
    let page = list(&root, all().set_page_size(2)).await.unwrap();
    assert_eq!((page.users.len(), page.pagination_meta.after.as_ref()), (2, Some(&bob)));
    assert_eq!(names(&root, all().set_page_size(2).set_after(bob)).await, ["Cleo"]);
    assert_eq!(names(&root, all()).await, ["Ada", "Bob", "Cleo"]);
    assert_eq!(names(&root, all().set_email("aDA@example.COM")).await, ["Ada"]);
    assert!(names(&root, all().set_email("nobody@example.com")).await.is_empty());
    assert!(names(&root, all().set_slack_user_id("U0")).await.is_empty());
    invalid(list(&root, all().set_page_size(10_001)).await, "invalid_value", "page_size");
}

#[tokio::test]
async fn a_deactivated_user_is_listed_only_when_asked_for() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    server.add_user("Bob", "bob@example.com");
    server.command(&["users", "deactivate", &ada]);
    assert_eq!(names(&root, all()).await, ["Bob"]);
    assert_eq!(names(&root, all().set_include_inactive(false)).await, ["Bob"]);
    assert_eq!(names(&root, all().set_include_inactive(true)).await, ["Ada", "Bob"]);
    let gone = show(&root, &ada).await.unwrap();
    assert_eq!((gone.is_active, text(&gone.seats.on_call).as_str()), (false, "none"));
}

#[tokio::test]
async fn a_user_can_be_notified_by_e_mail_and_has_no_rules_yet() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    let methods = UsersV2ListNotificationMethodsParams::new(&ada);
    let methods = users_v2_list_notification_methods(&root, methods).await.unwrap().notification_methods;
    let [by_email] = &methods[..] else { panic!("{methods:?}") };
    assert_eq!((text(&by_email.method_type).as_str(), by_email.address.as_str()), ("email", "ada@example.com"));
    assert!(by_email.is_usable && by_email.phone_details.is_none());

    let rules = UsersV2ListNotificationRulesParams::new(&ada);
    assert_eq!(users_v2_list_notification_rules(&root, rules).await.unwrap().notification_rules, []);
    absent(users_v2_list_notification_methods(&root, UsersV2ListNotificationMethodsParams::new(NO_ID)).await);
    absent(users_v2_list_notification_rules(&root, UsersV2ListNotificationRulesParams::new(NO_ID)).await);
}

#[tokio::test]
async fn a_user_who_responds_is_paged_by_us_until_another_provider_is_chosen() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    let vic = server.add_user_as("Vic", "vic@example.com", "viewer");
    assert_eq!(provider(&root, &ada).await.as_deref(), Some("native"));
    assert_eq!(provider(&root, &vic).await, None);
    for chosen in ["pagerduty", "opsgenie", "splunk_on_call", "native"] {
        choose_provider(&root, &ada, chosen).await.unwrap();
        assert_eq!(provider(&root, &ada).await.as_deref(), Some(chosen));
    }
    invalid(choose_provider(&root, &ada, "a_town_crier").await, "invalid_value", "preferred_escalation_provider");
    absent(choose_provider(&root, NO_ID, "native").await);
    absent(users_v2_show_paging_provider(&root, UsersV2ShowPagingProviderParams::new(NO_ID)).await);
    let viewer = server.key_with(&["viewer"]).await;
    lacking(choose_provider(&viewer, &ada, "native").await, "users.preferred_paging_provider.edit");
}
