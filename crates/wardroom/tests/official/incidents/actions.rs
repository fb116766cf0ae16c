//! Actions V1, V2 and V3.

#![expect(deprecated, reason = "old clients still call the first and the second version")]

use std::fmt::Debug;
use std::slice::from_ref;

use incident_io::apis::Error;
use incident_io::apis::actions_v1_api::*;
use incident_io::apis::actions_v2_api::*;
use incident_io::apis::actions_v3_api::*;
use incident_io::models::{
    ActionV1, ActionV2, ActionV3, ActionsCreatePayloadV2, ActionsCreatePayloadV3 as New, ActionsListResultV3,
    ActionsUpdatePayloadV2, ActionsUpdatePayloadV3 as Change,
};

use super::{NO_ID, create as declare_as, declare, follow_ups, new as an_incident, recast};
use crate::support::{Key, Server, absent, filter, invalid, lacking, text, word};

async fn create(key: &Key, new: New) -> Result<ActionV3, Error<impl Debug>> {
    actions_v3_create(key, ActionsV3CreateParams::new(new)).await.map(|made| *made.action)
}

async fn show(key: &Key, id: &str) -> Result<ActionV3, Error<impl Debug>> {
    actions_v3_show(key, ActionsV3ShowParams::new(id)).await.map(|shown| *shown.action)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<ActionV3, Error<impl Debug>> {
    actions_v3_update(key, ActionsV3UpdateParams::new(id, change)).await.map(|changed| *changed.action)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    actions_v3_delete(key, ActionsV3DeleteParams::new(id)).await
}

async fn list(key: &Key, params: ActionsV3ListParams) -> Result<ActionsListResultV3, Error<impl Debug>> {
    actions_v3_list(key, params).await
}

async fn create_v2(key: &Key, new: New) -> Result<ActionV2, Error<impl Debug>> {
    let new: ActionsCreatePayloadV2 = recast(&new);
    actions_v2_create(key, ActionsV2CreateParams::new(new)).await.map(|made| *made.action)
}

async fn show_v2(key: &Key, id: &str) -> Result<ActionV2, Error<impl Debug>> {
    actions_v2_show(key, ActionsV2ShowParams::new(id)).await.map(|shown| *shown.action)
}

async fn update_v2(key: &Key, id: &str, change: Change) -> Result<ActionV2, Error<impl Debug>> {
    let change: ActionsUpdatePayloadV2 = recast(&change);
    actions_v2_update(key, ActionsV2UpdateParams::new(id, change)).await.map(|changed| *changed.action)
}

async fn delete_v2(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    actions_v2_delete(key, ActionsV2DeleteParams::new(id)).await
}

async fn list_v2(key: &Key, params: ActionsV2ListParams) -> Vec<ActionV2> {
    actions_v2_list(key, params).await.unwrap().actions
}

async fn show_v1(key: &Key, id: &str) -> Result<ActionV1, Error<impl Debug>> {
    actions_v1_show(key, ActionsV1ShowParams::new(id)).await.map(|shown| *shown.action)
}

async fn list_v1(key: &Key, params: ActionsV1ListParams) -> Vec<ActionV1> {
    actions_v1_list(key, params).await.unwrap().actions
}

/// What an action is to be changed to.
fn change(description: &str, status: &str) -> Change {
    Change::new(description, word(status))
}

#[tokio::test]
async fn an_action_is_made_shown_done_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    let incident = declare(&root, "The till is down").await.id;
    let made = create(&root, New::new("Call the *plumber*", &incident).set_assignee_id(&ada)).await.unwrap();
    assert_eq!((made.description.as_str(), &made.incident_id), ("Call the *plumber*", &incident));
    assert_eq!((text(&made.status).as_str(), made.completed_at), ("outstanding", None));
    assert_eq!(made.assignee.as_ref().unwrap().id, ada);
    assert!(made.creator.api_key.is_some());
    assert_eq!(show(&root, &made.id).await.unwrap(), made);

    let done = update(&root, &made.id, change("Call him again", "completed")).await.unwrap();
    assert_eq!((done.description.as_str(), text(&done.status).as_str()), ("Call him again", "completed"));
    assert_eq!(
        (&done.assignee, done.completed_at),
        (&None, Some(done.updated_at)),
        "nobody is named, so nobody has it"
    );
    let still = update(&root, &made.id, change("Call him again", "completed").set_assignee_id(&ada)).await.unwrap();
    assert_eq!(still.completed_at, done.completed_at);
    let dropped = update(&root, &made.id, change("Call him again", "not_doing")).await.unwrap();
    assert_eq!((text(&dropped.status).as_str(), dropped.completed_at), ("not_doing", None));
    assert_eq!(show(&root, &made.id).await.unwrap(), dropped);

    delete(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(delete(&root, &made.id).await);
    absent(update(&root, &made.id, change("Gone", "completed")).await);
    assert_eq!(list(&root, ActionsV3ListParams::new()).await.unwrap().actions, []);
}

#[tokio::test]
async fn an_action_of_either_version_is_one_of_the_other() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await.id;
    let made = create_v2(&root, New::new("Call the plumber", &incident)).await.unwrap();
    assert_eq!(show(&root, &made.id).await.unwrap(), recast(&made));
    let changed = update_v2(&root, &made.id, change("Call him again", "completed")).await.unwrap();
    assert_eq!(show_v2(&root, &made.id).await.unwrap(), changed);
    assert_eq!(show(&root, &made.id).await.unwrap(), recast(&changed));
    let other = create(&root, New::new("Mop up", &incident)).await.unwrap();
    assert_eq!(list_v2(&root, ActionsV2ListParams::new()).await, [changed, recast(&other)]);
    delete_v2(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(show_v2(&root, &made.id).await);
    absent(delete_v2(&root, &made.id).await);
    absent(update_v2(&root, &made.id, change("Gone", "completed")).await);
}

#[tokio::test]
async fn the_first_version_shows_actions_and_follow_ups_as_one_list() {
    let server = Server::start();
    let root = server.root();
    let (till, door) = (declare(&root, "The till is down").await.id, declare(&root, "The door is stuck").await.id);
    let action = create(&root, New::new("Call the plumber", &till)).await.unwrap();
    let follow_up = follow_ups::create(&root, follow_ups::New::new(&till, "Buy a spare till")).await.unwrap();
    create(&root, New::new("Push", &door)).await.unwrap();

    let of_till = ActionsV1ListParams::new().set_incident_id(&till);
    let listed = list_v1(&root, of_till.clone()).await;
    let [first, second] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((&first.id, first.description.as_deref()), (&action.id, Some("Call the plumber")));
    assert_eq!((&second.id, second.description.as_deref()), (&follow_up.id, Some("Buy a spare till")));
    assert_eq!((first.follow_up, second.follow_up), (false, true));
    assert_eq!((text(&first.status), first.updated_at), (text(&action.status), action.updated_at));
    for one in &listed {
        assert_eq!(show_v1(&root, &one.id).await.unwrap(), *one);
        assert_eq!(list_v1(&root, of_till.clone().set_is_follow_up(one.follow_up)).await, *from_ref(one));
    }
    assert_eq!(list_v1(&root, ActionsV1ListParams::new()).await.len(), 3);
    assert_eq!(list_v1(&root, ActionsV1ListParams::new().set_incident_mode("test")).await, []);
    absent(show_v1(&root, NO_ID).await);
}

#[tokio::test]
async fn actions_come_oldest_first_in_pages_by_incident_by_mode_and_by_time() {
    let server = Server::start();
    let root = server.root();
    let till = declare(&root, "The till is down").await.id;
    let exercise = an_incident(&root, "Exercise").await.set_mode(word("test"));
    let exercise = declare_as(&root, exercise).await.unwrap().id;
    for (description, incident) in [("One", &till), ("Two", &till), ("Three", &till), ("Practise", &exercise)] {
        create(&root, New::new(description, incident)).await.unwrap();
    }
    let all = ActionsV3ListParams::new;
    let page = async |params| {
        let page = list(&root, params).await.unwrap();
        let descriptions: Vec<_> = page.actions.into_iter().map(|action| action.description).collect();
        (descriptions.join(", "), page.pagination_meta.after)
    };
    let (descriptions, after) = page(all().set_page_size(2)).await;
    assert_eq!(descriptions, "One, Two");
    assert_eq!(page(all().set_page_size(2).set_after(after.unwrap())).await, ("Three".into(), None));
    for (params, expected) in [
        (all().set_incident_id(&till), "One, Two, Three"),
        (all().set_incident_id(&exercise), "Practise"),
        (all().set_incident_id(NO_ID), ""),
        (all().set_incident_mode("test"), "Practise"),
        (all().set_incident_id(&till).set_incident_mode("test"), ""),
        (all().set_created_at(filter("gte", &["2020-01-01"])), "One, Two, Three"),
        (all().set_updated_at(filter("lte", &["2020-01-01"])), ""),
    ] {
        assert_eq!(page(params).await.0, expected);
    }
    let (all_v2, count) = (ActionsV2ListParams::new, async |params| list_v2(&root, params).await.len());
    assert_eq!((count(all_v2()).await, count(all_v2().set_incident_mode("test")).await), (3, 1));
    assert_eq!(count(all_v2().set_incident_id(&exercise)).await, 1);
    invalid(list(&root, all().set_page_size(251)).await, "invalid_value", "page_size");
    invalid(list(&root, all().set_incident_mode("idle")).await, "invalid_value", "incident_mode");
    invalid(list(&root, all().set_created_at(filter("one_of", &["x"]))).await, "invalid_value", "created_at.one_of");
}

#[tokio::test]
async fn an_action_that_makes_no_sense_is_refused() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await.id;
    let action = create(&root, New::new("Call the plumber", &incident)).await.unwrap();
    invalid(create(&root, New::new(" ", &incident)).await, "is_required", "description");
    invalid(create(&root, New::new("Call", &incident).set_assignee_id(NO_ID)).await, "invalid_value", "assignee_id");
    absent(create(&root, New::new("Call", NO_ID)).await);
    invalid(update(&root, &action.id, change("", "completed")).await, "is_required", "description");
    for status in ["deleted", "nearly_done"] {
        invalid(update(&root, &action.id, change("Call", status)).await, "invalid_value", "status");
        invalid(update_v2(&root, &action.id, change("Call", status)).await, "invalid_value", "status");
    }
    let viewer = server.key_with(&["viewer"]).await;
    lacking(create(&viewer, New::new("Call", &incident)).await, "actions.create");
    lacking(update(&viewer, &action.id, change("Call", "completed")).await, "actions.update");
    lacking(delete(&viewer, &action.id).await, "actions.destroy");
    assert_eq!(show(&viewer, &action.id).await.unwrap(), action);
}
