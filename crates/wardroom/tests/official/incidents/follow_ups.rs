//! Follow-ups V2 and V3.

#![expect(deprecated, reason = "old clients still call the second version")]

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::follow_ups_v2_api::*;
use incident_io::apis::follow_ups_v3_api::*;
pub(super) use incident_io::models::FollowUpsCreatePayloadV3 as New;
use incident_io::models::{
    FollowUpV2, FollowUpV3, FollowUpsConnectExternalIssuePayloadV2, FollowUpsConnectExternalIssuePayloadV3 as Issue,
    FollowUpsCreateFromLinkPayloadV3, FollowUpsCreatePayloadV2, FollowUpsListResultV3, FollowUpsUpdatePayloadV2,
    FollowUpsUpdatePayloadV3 as Change,
};

use super::{Edit, NO_ID, create as declare_as, declare, edit, give, new as an_incident, recast, role};
use crate::support::{Key, Server, absent, filter, invalid, lacking, text, word};

pub(super) async fn create(key: &Key, new: New) -> Result<FollowUpV3, Error<impl Debug>> {
    follow_ups_v3_create(key, FollowUpsV3CreateParams::new(new)).await.map(|made| *made.follow_up)
}

async fn create_from_link(key: &Key, incident: &str, url: &str) -> Result<FollowUpV3, Error<impl Debug>> {
    let params = FollowUpsV3CreateFromLinkParams::new(FollowUpsCreateFromLinkPayloadV3::new(incident, url));
    follow_ups_v3_create_from_link(key, params).await.map(|made| *made.follow_up)
}

async fn connect(key: &Key, id: &str, issue: Issue) -> Result<FollowUpV3, Error<impl Debug>> {
    let params = FollowUpsV3ConnectExternalIssueParams::new(id, issue);
    follow_ups_v3_connect_external_issue(key, params).await.map(|connected| *connected.follow_up)
}

async fn show(key: &Key, id: &str) -> Result<FollowUpV3, Error<impl Debug>> {
    follow_ups_v3_show(key, FollowUpsV3ShowParams::new(id)).await.map(|shown| *shown.follow_up)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<FollowUpV3, Error<impl Debug>> {
    follow_ups_v3_update(key, FollowUpsV3UpdateParams::new(id, change)).await.map(|changed| *changed.follow_up)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    follow_ups_v3_delete(key, FollowUpsV3DeleteParams::new(id)).await
}

async fn list(key: &Key, params: FollowUpsV3ListParams) -> Result<FollowUpsListResultV3, Error<impl Debug>> {
    follow_ups_v3_list(key, params).await
}

async fn create_v2(key: &Key, new: New) -> Result<FollowUpV2, Error<impl Debug>> {
    let new: FollowUpsCreatePayloadV2 = recast(&new);
    follow_ups_v2_create(key, FollowUpsV2CreateParams::new(new)).await.map(|made| *made.follow_up)
}

async fn connect_v2(key: &Key, id: &str, issue: Issue) -> Result<FollowUpV2, Error<impl Debug>> {
    let issue: FollowUpsConnectExternalIssuePayloadV2 = recast(&issue);
    let params = FollowUpsV2ConnectExternalIssueParams::new(id, issue);
    follow_ups_v2_connect_external_issue(key, params).await.map(|connected| *connected.follow_up)
}

async fn show_v2(key: &Key, id: &str) -> Result<FollowUpV2, Error<impl Debug>> {
    follow_ups_v2_show(key, FollowUpsV2ShowParams::new(id)).await.map(|shown| *shown.follow_up)
}

async fn update_v2(key: &Key, id: &str, change: Change) -> Result<FollowUpV2, Error<impl Debug>> {
    let change: FollowUpsUpdatePayloadV2 = recast(&change);
    follow_ups_v2_update(key, FollowUpsV2UpdateParams::new(id, change)).await.map(|changed| *changed.follow_up)
}

async fn delete_v2(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    follow_ups_v2_delete(key, FollowUpsV2DeleteParams::new(id)).await
}

async fn list_v2(key: &Key, params: FollowUpsV2ListParams) -> Vec<FollowUpV2> {
    follow_ups_v2_list(key, params).await.unwrap().follow_ups
}

/// What a follow-up is to be changed to.
fn change(title: &str, status: &str) -> Change {
    Change::new(word(status), title)
}

/// An issue in a tracker.
fn issue(number: u8) -> Issue {
    Issue::new(word("github"), format!("https://github.com/acme/tills/issues/{number}"))
}

#[tokio::test]
async fn a_follow_up_is_made_shown_done_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    let incident = declare(&root, "The till is down").await.id;
    let new = New::new(&incident, "Buy a spare till")
        .set_description("A *cheap* one.")
        .set_assignee_id(&ada)
        .set_labels(vec!["tills".into(), "money".into()]);
    let made = create(&root, new).await.unwrap();
    assert_eq!((made.title.as_str(), made.description.as_deref()), ("Buy a spare till", Some("A *cheap* one.")));
    assert_eq!((&made.incident_id, &made.assignee.as_ref().unwrap().id), (&incident, &ada));
    assert_eq!((text(&made.status).as_str(), made.completed_at), ("outstanding", None));
    assert_eq!(made.labels, ["tills", "money"]);
    assert!(made.creator.api_key.is_some() && made.external_issue_reference.is_none());
    assert_eq!(show(&root, &made.id).await.unwrap(), made);

    let done = update(&root, &made.id, change("Buy two", "completed")).await.unwrap();
    let mut expected = made.clone().set_title("Buy two").set_status(word("completed")).set_labels(vec![]);
    (expected.description, expected.assignee) = (None, None);
    expected = expected.set_completed_at(done.updated_at).set_updated_at(done.updated_at);
    assert_eq!(done, expected, "what is not given is cleared");
    let open = update(&root, &made.id, change("Buy two", "outstanding")).await.unwrap();
    assert_eq!((text(&open.status).as_str(), open.completed_at), ("outstanding", None));
    assert_eq!(show(&root, &made.id).await.unwrap(), open);

    delete(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(delete(&root, &made.id).await);
    absent(update(&root, &made.id, change("Gone", "completed")).await);
    absent(connect(&root, &made.id, issue(1)).await);
    assert_eq!(list(&root, FollowUpsV3ListParams::new()).await.unwrap().follow_ups, []);
}

#[tokio::test]
async fn a_follow_up_of_either_version_is_one_of_the_other() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await.id;
    let made = create_v2(&root, New::new(&incident, "Buy a spare till")).await.unwrap();
    assert_eq!(show(&root, &made.id).await.unwrap(), recast(&made));
    let changed = update_v2(&root, &made.id, change("Buy two", "completed")).await.unwrap();
    assert_eq!(show_v2(&root, &made.id).await.unwrap(), changed);
    let connected = connect_v2(&root, &made.id, issue(1)).await.unwrap();
    assert_eq!(show(&root, &made.id).await.unwrap(), recast(&connected));
    let other = create(&root, New::new(&incident, "Sell the old one")).await.unwrap();
    assert_eq!(list_v2(&root, FollowUpsV2ListParams::new()).await, [connected, recast(&other)]);
    delete_v2(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(show_v2(&root, &made.id).await);
    absent(delete_v2(&root, &made.id).await);
    absent(update_v2(&root, &made.id, change("Gone", "completed")).await);
    absent(connect_v2(&root, &made.id, issue(2)).await);
}

#[tokio::test]
async fn follow_ups_come_oldest_first_in_pages_by_incident_by_mode_and_by_time() {
    let server = Server::start();
    let root = server.root();
    let till = declare(&root, "The till is down").await.id;
    let exercise = an_incident(&root, "Exercise").await.set_mode(word("test"));
    let exercise = declare_as(&root, exercise).await.unwrap().id;
    for (title, incident) in [("One", &till), ("Two", &till), ("Three", &till), ("Practise", &exercise)] {
        create(&root, New::new(incident, title)).await.unwrap();
    }
    let all = FollowUpsV3ListParams::new;
    let page = async |params| {
        let page = list(&root, params).await.unwrap();
        let titles: Vec<_> = page.follow_ups.into_iter().map(|follow_up| follow_up.title).collect();
        (titles.join(", "), page.pagination_meta.after)
    };
    let (titles, after) = page(all().set_page_size(2)).await;
    assert_eq!(titles, "One, Two");
    assert_eq!(page(all().set_page_size(2).set_after(after.unwrap())).await, ("Three".into(), None));
    for (params, expected) in [
        (all().set_incident_id(&till), "One, Two, Three"),
        (all().set_incident_id(&exercise), "Practise"),
        (all().set_incident_id(NO_ID), ""),
        (all().set_incident_mode("test"), "Practise"),
        (all().set_incident_id(&till).set_incident_mode("test"), ""),
        (all().set_assignee_team_id(NO_ID), ""),
        (all().set_created_at(filter("gte", &["2020-01-01"])), "One, Two, Three"),
        (all().set_updated_at(filter("lte", &["2020-01-01"])), ""),
    ] {
        assert_eq!(page(params).await.0, expected);
    }
    let (all_v2, count) = (FollowUpsV2ListParams::new, async |params| list_v2(&root, params).await.len());
    assert_eq!((count(all_v2()).await, count(all_v2().set_incident_mode("test")).await), (3, 1));
    assert_eq!(count(all_v2().set_incident_id(&exercise)).await, 1);
    assert_eq!(count(all_v2().set_assignee_team_id(NO_ID)).await, 0);
    invalid(list(&root, all().set_page_size(251)).await, "invalid_value", "page_size");
    invalid(list(&root, all().set_incident_mode("idle")).await, "invalid_value", "incident_mode");
    invalid(list(&root, all().set_created_at(filter("one_of", &["x"]))).await, "invalid_value", "created_at.one_of");
}

#[tokio::test]
async fn a_follow_up_is_told_all_that_is_wrong_with_it() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await.id;
    let follow_up = create(&root, New::new(&incident, "Buy a spare till")).await.unwrap();
    let wrong = New::new(&incident, " ")
        .set_assignee_id(NO_ID)
        .set_assignee_team_id(NO_ID)
        .set_follow_up_category_id(NO_ID)
        .set_follow_up_priority_option_id(NO_ID);
    let refusal = invalid(create(&root, wrong.clone()).await, "is_required", "title");
    let pointers: Vec<_> = refusal.errors.iter().map(|error| error.source.as_ref().unwrap().pointer.as_str()).collect();
    let places = ["assignee_id", "assignee_team_id", "follow_up_priority_option_id", "follow_up_category_id"];
    assert_eq!(pointers[1..], places);
    assert_eq!(invalid(create_v2(&root, wrong).await, "is_required", "title").errors, refusal.errors);
    invalid(update(&root, &follow_up.id, change(" ", "completed")).await, "is_required", "title");
    for status in ["deleted", "nearly_done"] {
        invalid(update(&root, &follow_up.id, change("Buy", status)).await, "invalid_value", "status");
        invalid(update_v2(&root, &follow_up.id, change("Buy", status)).await, "invalid_value", "status");
    }
    let unknown_issue = New::new(&incident, "Buy").set_external_issue_reference_id(NO_ID);
    invalid(create(&root, unknown_issue).await, "invalid_value", "external_issue_reference_id");
    absent(create(&root, New::new(NO_ID, "Buy")).await);
    let viewer = server.key_with(&["viewer"]).await;
    lacking(create(&viewer, New::new(&incident, "Buy")).await, "follow_ups.create");
    lacking(update(&viewer, &follow_up.id, change("Buy", "completed")).await, "follow_ups.update");
    lacking(delete(&viewer, &follow_up.id).await, "follow_ups.destroy");
    lacking(connect(&viewer, &follow_up.id, issue(1)).await, "follow_ups.connect_external_issue");
    assert_eq!(show(&viewer, &follow_up.id).await.unwrap(), follow_up);
}

#[tokio::test]
async fn a_follow_up_has_one_issue_and_an_issue_one_follow_up() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await.id;
    let one = create(&root, New::new(&incident, "Buy a spare till")).await.unwrap();
    let other = create(&root, New::new(&incident, "Sell the old one")).await.unwrap();
    let connected = connect(&root, &one.id, issue(1)).await.unwrap();
    let reference = connected.external_issue_reference.as_deref().unwrap();
    assert_eq!((reference.issue_name.as_str(), text(&reference.provider).as_str()), ("tills#1", "github"));
    assert_eq!(reference.issue_permalink, issue(1).url);
    assert_eq!(show(&root, &one.id).await.unwrap(), connected);

    invalid(connect(&root, &one.id, issue(2)).await, "invalid_value", "url");
    invalid(connect(&root, &other.id, issue(1)).await, "invalid_value", "url");
    invalid(connect(&root, &other.id, issue(2).set_url("tills#2")).await, "invalid_value", "url");
    invalid(connect(&root, &other.id, issue(2).set_provider(word("abacus"))).await, "invalid_value", "provider");
    absent(connect(&root, NO_ID, issue(2)).await);
    assert_eq!(show(&root, &other.id).await.unwrap(), other);

    delete(&root, &one.id).await.unwrap();
    connect(&root, &other.id, issue(1)).await.unwrap();
}

#[tokio::test]
async fn a_follow_up_made_from_an_issue_is_called_like_it_and_the_lead_has_it() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    let incident = declare(&root, "The till is down").await.id;
    let unled = create_from_link(&root, &incident, &issue(1).url).await.unwrap();
    assert_eq!((unled.title.as_str(), unled.assignee.as_ref()), ("tills#1", None));
    let reference = unled.external_issue_reference.as_deref().unwrap();
    assert_eq!((&reference.issue_permalink, text(&reference.provider).as_str()), (&issue(1).url, "github"));
    assert_eq!(show(&root, &unled.id).await.unwrap(), unled);

    let lead = role(&root, "Incident Lead").await;
    edit(&root, &incident, Edit::new().set_incident_role_assignments(give(&lead, "ada@example.com"))).await.unwrap();
    let led = create_from_link(&root, &incident, &issue(2).url).await.unwrap();
    assert_eq!(led.assignee.unwrap().id, ada);

    for url in [&issue(1).url, "https://example.com/issues/3", "tills#3"] {
        invalid(create_from_link(&root, &incident, url).await, "invalid_value", "url");
    }
    absent(create_from_link(&root, NO_ID, &issue(3).url).await);
    let viewer = server.key_with(&["viewer"]).await;
    lacking(create_from_link(&viewer, &incident, &issue(3).url).await, "follow_ups.create_from_link");
}
