//! Custom Field Options V1.

use std::fmt::Debug;
use std::slice::from_ref;

use incident_io::apis::Error;
use incident_io::apis::custom_field_options_v1_api::*;
use incident_io::models::{
    CustomFieldEntryPayloadV2, CustomFieldOptionV1, CustomFieldOptionsCreatePayloadV1 as New,
    CustomFieldOptionsListResultV1, CustomFieldOptionsUpdatePayloadV1 as Change, CustomFieldValuePayloadV2,
    CustomFieldsCreatePayloadV2, IncidentV2,
};

use super::{NO_ID, as_it_is_now, custom_fields, declare, incident};
use crate::support::{Key, Server, absent, invalid, word};

async fn create(key: &Key, new: New) -> Result<CustomFieldOptionV1, Error<impl Debug>> {
    let params = CustomFieldOptionsV1CreateParams::new(new);
    custom_field_options_v1_create(key, params).await.map(|made| *made.custom_field_option)
}

async fn show(key: &Key, id: &str) -> Result<CustomFieldOptionV1, Error<impl Debug>> {
    let params = CustomFieldOptionsV1ShowParams::new(id);
    custom_field_options_v1_show(key, params).await.map(|shown| *shown.custom_field_option)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<CustomFieldOptionV1, Error<impl Debug>> {
    let params = CustomFieldOptionsV1UpdateParams::new(id, change);
    custom_field_options_v1_update(key, params).await.map(|changed| *changed.custom_field_option)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    custom_field_options_v1_delete(key, CustomFieldOptionsV1DeleteParams::new(id)).await
}

fn of(field: &str) -> CustomFieldOptionsV1ListParams {
    CustomFieldOptionsV1ListParams::new(field)
}

async fn list(
    key: &Key,
    params: CustomFieldOptionsV1ListParams,
) -> Result<CustomFieldOptionsListResultV1, Error<impl Debug>> {
    custom_field_options_v1_list(key, params).await
}

/// The ID of a new field of this type.
async fn field(key: &Key, field_type: &str) -> String {
    let new = CustomFieldsCreatePayloadV2::new("", word(field_type), field_type);
    custom_fields::create(key, new).await.unwrap().id
}

#[tokio::test]
async fn an_option_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let field = field(&root, "single_select").await;
    let made = create(&root, New::new(&field, "Left")).await.unwrap();
    assert_eq!((made.custom_field_id.as_str(), made.value.as_str(), made.sort_key), (field.as_str(), "Left", 1000));
    assert_eq!(show(&root, &made.id).await.unwrap(), made);
    assert_eq!(list(&root, of(&field)).await.unwrap().custom_field_options, from_ref(&made));

    let changed = update(&root, &made.id, Change::new(-5, "Right")).await.unwrap();
    assert_eq!(changed, made.clone().set_sort_key(-5).set_value("Right"));
    assert_eq!(show(&root, &made.id).await.unwrap(), changed);

    delete(&root, &made.id).await.unwrap();
    absent(show(&root, &made.id).await);
    absent(delete(&root, &made.id).await);
    absent(update(&root, &made.id, Change::new(1, "Gone")).await);
    assert_eq!(list(&root, of(&field)).await.unwrap().custom_field_options, []);
}

#[tokio::test]
async fn options_come_in_pages_and_a_field_shows_them_in_order() {
    let server = Server::start();
    let root = server.root();
    let (field, other) = (field(&root, "single_select").await, field(&root, "multi_select").await);
    let mut made = Vec::new();
    for (value, key) in [("c", 3), ("a", 1), ("b", 2)] {
        made.push(create(&root, New::new(&field, value).set_sort_key(key)).await.unwrap());
    }
    create(&root, New::new(&other, "a")).await.unwrap();

    let first = list(&root, of(&field).set_page_size(2)).await.unwrap();
    assert_eq!(first.custom_field_options, made[..2]);
    assert_eq!((first.pagination_meta.page_size, first.pagination_meta.after.as_ref()), (2, Some(&made[1].id)));
    let second = list(&root, of(&field).set_page_size(2).set_after(&made[1].id)).await.unwrap();
    assert_eq!((&second.custom_field_options[..], second.pagination_meta.after), (&made[2..], None));
    assert_eq!(list(&root, of(&field)).await.unwrap().pagination_meta.page_size, 25);
    invalid(list(&root, of(&field).set_page_size(251)).await, "invalid_value", "page_size");

    made.sort_by_key(|option| option.sort_key);
    assert_eq!(custom_fields::show_v1(&root, &field).await.unwrap().options, made);
}

#[tokio::test]
async fn only_fields_with_a_choice_have_options() {
    let server = Server::start();
    let root = server.root();
    for id in [&field(&root, "text").await, NO_ID, "nonsense"] {
        invalid(create(&root, New::new(id, "Left")).await, "invalid_value", "custom_field_id");
    }
    for id in [NO_ID, "nonsense"] {
        invalid(list(&root, of(id)).await, "invalid_value", "custom_field_id");
    }
}

#[tokio::test]
async fn options_of_a_field_differ_and_are_written_cleanly() {
    let server = Server::start();
    let root = server.root();
    let field = field(&root, "multi_select").await;
    create(&root, New::new(&field, "Left")).await.unwrap();
    let right = create(&root, New::new(&field, "Right")).await.unwrap();
    for value in ["", " ", "Left", " Middle", "Middle ", "Mid\tdle", "Mid\ndle"] {
        invalid(create(&root, New::new(&field, value)).await, "invalid_value", "value");
        invalid(update(&root, &right.id, Change::new(1, value)).await, "invalid_value", "value");
    }
    assert_eq!(show(&root, &right.id).await.unwrap(), right);
    update(&root, &right.id, Change::new(1, "Right")).await.unwrap();
}

#[tokio::test]
async fn what_is_deleted_can_be_chosen_no_longer() {
    let server = Server::start();
    let root = server.root();
    let field = field(&root, "multi_select").await;
    let left = create(&root, New::new(&field, "Left")).await.unwrap();
    let right = create(&root, New::new(&field, "Right")).await.unwrap();
    let choice = |option: &CustomFieldOptionV1| CustomFieldValuePayloadV2::new().set_value_option_id(&option.id);
    let entry = CustomFieldEntryPayloadV2::new(&field, vec![choice(&left), choice(&right)]);
    let incident = declare(&root, incident(&root).await.set_custom_field_entries(vec![entry])).await;
    let chosen = |incident: &IncidentV2| {
        let values = incident.custom_field_entries.iter().flat_map(|entry| &entry.values);
        values.map(|value| value.value_option.as_ref().unwrap().value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&incident), ["Left", "Right"]);
    delete(&root, &left.id).await.unwrap();
    assert_eq!(chosen(&as_it_is_now(&root, &incident).await), ["Right"]);
    custom_fields::delete(&root, &field).await.unwrap();
    absent(show(&root, &right.id).await);
}
