//! Custom Fields V1 and V2.

#![expect(deprecated, reason = "old clients still call the first version")]

use std::fmt::Debug;
use std::slice::from_ref;

use incident_io::apis::Error;
use incident_io::apis::custom_fields_v1_api::*;
use incident_io::apis::custom_fields_v2_api::*;
use incident_io::models::{
    CustomFieldEntryPayloadV2, CustomFieldV1, CustomFieldV2, CustomFieldValuePayloadV2,
    CustomFieldsCreatePayloadV1 as NewV1, CustomFieldsCreatePayloadV2 as New, CustomFieldsUpdatePayloadV1 as ChangeV1,
    CustomFieldsUpdatePayloadV2 as Change,
};

use super::{as_it_is_now, declare, incident};
use crate::support::{Key, Server, absent, invalid, text, word};

/// What fields can hold.
const TYPES: [&str; 5] = ["single_select", "multi_select", "text", "link", "numeric"];

/// A field that holds a text.
fn new(name: &str) -> New {
    New::new("", word("text"), name)
}

/// The same for the first version of the API, asked for at every opportunity.
fn new_v1(name: &str) -> NewV1 {
    NewV1::new("", word("text"), name, true, true, true)
}

pub(super) async fn create(key: &Key, new: New) -> Result<CustomFieldV2, Error<impl Debug>> {
    custom_fields_v2_create(key, CustomFieldsV2CreateParams::new(new)).await.map(|made| *made.custom_field)
}

async fn show(key: &Key, id: &str) -> Result<CustomFieldV2, Error<impl Debug>> {
    custom_fields_v2_show(key, CustomFieldsV2ShowParams::new(id)).await.map(|shown| *shown.custom_field)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<CustomFieldV2, Error<impl Debug>> {
    custom_fields_v2_update(key, CustomFieldsV2UpdateParams::new(id, change)).await.map(|field| *field.custom_field)
}

pub(super) async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    custom_fields_v2_delete(key, CustomFieldsV2DeleteParams::new(id)).await
}

async fn list(key: &Key) -> Vec<CustomFieldV2> {
    custom_fields_v2_list(key, CustomFieldsV2ListParams::new()).await.unwrap().custom_fields
}

async fn create_v1(key: &Key, new: NewV1) -> Result<CustomFieldV1, Error<impl Debug>> {
    custom_fields_v1_create(key, CustomFieldsV1CreateParams::new(new)).await.map(|made| *made.custom_field)
}

pub(super) async fn show_v1(key: &Key, id: &str) -> Result<CustomFieldV1, Error<impl Debug>> {
    custom_fields_v1_show(key, CustomFieldsV1ShowParams::new(id)).await.map(|shown| *shown.custom_field)
}

async fn update_v1(key: &Key, id: &str, change: ChangeV1) -> Result<CustomFieldV1, Error<impl Debug>> {
    custom_fields_v1_update(key, CustomFieldsV1UpdateParams::new(id, change)).await.map(|field| *field.custom_field)
}

async fn delete_v1(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    custom_fields_v1_delete(key, CustomFieldsV1DeleteParams::new(id)).await
}

async fn list_v1(key: &Key) -> Vec<CustomFieldV1> {
    custom_fields_v1_list(key, CustomFieldsV1ListParams::new()).await.unwrap().custom_fields
}

/// What the second version of the API shows of a field.
fn in_v2(field: &CustomFieldV1) -> CustomFieldV2 {
    serde_json::from_value(serde_json::to_value(field).unwrap()).unwrap()
}

#[tokio::test]
async fn a_field_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    for field_type in TYPES {
        let made = create(&root, New::new("Which *one*?", word(field_type), field_type)).await.unwrap();
        assert_eq!((made.name.as_str(), made.description.as_str()), (field_type, "Which *one*?"));
        assert_eq!(text(&made.field_type), field_type);
        assert_eq!(show(&root, &made.id).await.unwrap(), made);
        assert_eq!(list(&root).await, from_ref(&made));

        let changed = update(&root, &made.id, Change::new("", "Changed")).await.unwrap();
        let expected = made.clone().set_name("Changed").set_description("").set_updated_at(changed.updated_at);
        assert_eq!(changed, expected);
        assert!(changed.updated_at > made.updated_at);
        assert_eq!(show(&root, &made.id).await.unwrap(), changed);

        delete(&root, &made.id).await.unwrap();
        absent(show(&root, &made.id).await);
        absent(delete(&root, &made.id).await);
        absent(update(&root, &made.id, Change::new("", "Gone")).await);
    }
    assert_eq!(list(&root).await, []);
}

#[tokio::test]
async fn both_versions_of_the_api_show_the_same_fields() {
    let server = Server::start();
    let root = server.root();
    let plain = create(&root, New::new("", word("single_select"), "Till")).await.unwrap();
    let shown = show_v1(&root, &plain.id).await.unwrap();
    assert_eq!(in_v2(&shown), plain);
    assert_eq!(text(&shown.required.unwrap()), "never");
    assert!(shown.show_before_creation && shown.show_before_update && shown.show_before_closure);

    let made = create_v1(&root, new_v1("Cause").set_required_v2(word("before_resolution"))).await.unwrap();
    let renamed = update(&root, &made.id, Change::new("What broke it", "Root cause")).await.unwrap();
    let shown = show_v1(&root, &made.id).await.unwrap();
    let expected = made.set_name("Root cause").set_description("What broke it").set_updated_at(renamed.updated_at);
    assert_eq!(shown, expected, "when it is asked for stays as it was");
    assert_eq!(in_v2(&shown), renamed);

    let change = ChangeV1::new("", "Cause", true, false, false);
    let changed = update_v1(&root, &shown.id, change).await.unwrap();
    assert_eq!(in_v2(&changed), show(&root, &shown.id).await.unwrap());
    assert_eq!(list_v1(&root).await.iter().map(in_v2).collect::<Vec<_>>(), list(&root).await);

    delete_v1(&root, &shown.id).await.unwrap();
    absent(show_v1(&root, &shown.id).await);
    absent(show(&root, &shown.id).await);
    absent(delete_v1(&root, &shown.id).await);
}

#[tokio::test]
async fn a_field_says_when_it_is_asked_for() {
    let server = Server::start();
    let root = server.root();
    let new = NewV1::new("", word("link"), "Dashboard", false, true, false);
    let made = create_v1(&root, new.set_required_v2(word("always")).set_show_in_announcement_post(true)).await.unwrap();
    assert_eq!((made.show_before_closure, made.show_before_creation, made.show_before_update), (false, true, false));
    assert_eq!(made.show_in_announcement_post, Some(true));
    assert_eq!(made.required_v2, Some(word("always")));
    assert_eq!(show_v1(&root, &made.id).await.unwrap(), made);

    let late = ChangeV1::new("", "Dashboard", true, false, true);
    let changed = update_v1(&root, &made.id, late.clone().set_required(word("before_closure"))).await.unwrap();
    assert_eq!(
        (changed.show_before_closure, changed.show_before_creation, changed.show_before_update),
        (true, false, true)
    );
    assert_eq!(changed.required_v2, Some(word("before_resolution")), "the same in newer words");
    assert_eq!(changed.required, Some(word("before_closure")));

    let always = update_v1(&root, &made.id, late.set_required_v2(word("always"))).await;
    invalid(always, "invalid_value", "show_before_creation");
    assert_eq!(show_v1(&root, &made.id).await.unwrap(), changed);
}

#[tokio::test]
async fn a_field_has_a_name_of_its_own_of_at_most_50_characters() {
    let server = Server::start();
    let root = server.root();
    create(&root, new("Taken")).await.unwrap();
    let own = create(&root, new(&"é".repeat(50))).await.unwrap();
    let too_long = "é".repeat(51);
    for (name, code) in [(" ", "is_required"), (too_long.as_str(), "invalid_value"), ("Taken", "invalid_value")] {
        invalid(create(&root, new(name)).await, code, "name");
        invalid(create_v1(&root, new_v1(name)).await, code, "name");
        invalid(update(&root, &own.id, Change::new("", name)).await, code, "name");
        invalid(update_v1(&root, &own.id, ChangeV1::new("", name, true, true, true)).await, code, "name");
    }
    update(&root, &own.id, Change::new("", &own.name)).await.unwrap();
    assert_eq!(list(&root).await.len(), 2);
}

#[tokio::test]
async fn a_field_holds_something_there_is() {
    let server = Server::start();
    let root = server.root();
    invalid(create(&root, New::new("", word("mood"), "Mood")).await, "invalid_value", "field_type");
    invalid(create(&root, new("Team").set_catalog_type_id("Team")).await, "invalid_value", "catalog_type_id");
    assert_eq!(list(&root).await, []);
}

#[tokio::test]
async fn no_incident_shows_a_field_that_has_been_deleted() {
    let server = Server::start();
    let root = server.root();
    let field = create(&root, new("Till")).await.unwrap();
    let value = CustomFieldValuePayloadV2::new().set_value_text("The left one");
    let entry = CustomFieldEntryPayloadV2::new(&field.id, vec![value]);
    let incident = declare(&root, incident(&root).await.set_custom_field_entries(vec![entry])).await;
    let [entry] = &incident.custom_field_entries[..] else { panic!("{:?}", incident.custom_field_entries) };
    assert_eq!((&entry.custom_field.id, entry.values[0].value_text.as_deref()), (&field.id, Some("The left one")));
    delete(&root, &field.id).await.unwrap();
    assert_eq!(as_it_is_now(&root, &incident).await.custom_field_entries, []);
}
