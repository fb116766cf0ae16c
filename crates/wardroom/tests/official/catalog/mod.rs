//! The catalog: types, their attributes, entries, and teams.

use std::collections::HashMap;
use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::catalog_v3_api::*;
use incident_io::models::{
    CatalogBulkUpdateEntriesPayloadV3, CatalogCreateEntryPayloadV3 as New, CatalogCreateTypePayloadV3 as NewType,
    CatalogEngineParamBindingPayloadV3 as Binding, CatalogEngineParamBindingValuePayloadV3 as Value,
    CatalogEntryEngineParamBindingV3, CatalogEntryV3, CatalogListEntriesResultV3,
    CatalogTypeAttributePathItemPayloadV3 as PathItem, CatalogTypeAttributePayloadV3, CatalogTypeV3,
    CatalogUpdateEntryPayloadV3 as Change, CatalogUpdateTypePayloadV3 as ChangeType,
    CatalogUpdateTypeSchemaPayloadV3 as Schema, PartialEntryPayloadV3 as Patch,
};

use crate::support::Key;

mod changing;
mod connecting;
mod entries;
mod fields;
mod finding;
mod links;
mod own_types;
mod schema;
mod second_version;
mod teams;
mod types;

/// An ID that nothing has.
const NO_ID: &str = "01HZZZZZZZZZZZZZZZZZZZZZZZ";

async fn create_type(key: &Key, new: NewType) -> Result<CatalogTypeV3, Error<impl Debug>> {
    catalog_v3_create_type(key, CatalogV3CreateTypeParams::new(new)).await.map(|made| *made.catalog_type)
}

async fn show_type(key: &Key, id: &str) -> Result<CatalogTypeV3, Error<impl Debug>> {
    catalog_v3_show_type(key, CatalogV3ShowTypeParams::new(id)).await.map(|shown| *shown.catalog_type)
}

async fn update_type(key: &Key, id: &str, change: ChangeType) -> Result<CatalogTypeV3, Error<impl Debug>> {
    catalog_v3_update_type(key, CatalogV3UpdateTypeParams::new(id, change)).await.map(|changed| *changed.catalog_type)
}

async fn delete_type(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    catalog_v3_destroy_type(key, CatalogV3DestroyTypeParams::new(id)).await
}

async fn types(key: &Key) -> Vec<CatalogTypeV3> {
    catalog_v3_list_types(key, CatalogV3ListTypesParams::new()).await.unwrap().catalog_types
}

/// The type that attributes call so.
async fn called(key: &Key, type_name: &str) -> CatalogTypeV3 {
    types(key).await.into_iter().find(|one| one.type_name == type_name).unwrap()
}

async fn update_schema(key: &Key, id: &str, schema: Schema) -> Result<CatalogTypeV3, Error<impl Debug>> {
    let params = CatalogV3UpdateTypeSchemaParams::new(id, schema);
    catalog_v3_update_type_schema(key, params).await.map(|changed| *changed.catalog_type)
}

/// An attribute whose ID is its name, in lower case.
fn attribute(name: &str, holds: &str, array: bool) -> CatalogTypeAttributePayloadV3 {
    CatalogTypeAttributePayloadV3::new(array, name, holds).set_id(name.to_lowercase())
}

/// A type of this name, with these attributes.
async fn type_with(key: &Key, name: &str, attributes: Vec<CatalogTypeAttributePayloadV3>) -> CatalogTypeV3 {
    let made = create_type(key, NewType::new("", name)).await.unwrap();
    update_schema(key, &made.id, Schema::new(attributes, 1)).await.unwrap()
}

async fn create(key: &Key, new: New) -> Result<CatalogEntryV3, Error<impl Debug>> {
    catalog_v3_create_entry(key, CatalogV3CreateEntryParams::new(new)).await.map(|made| *made.catalog_entry)
}

/// A new entry of a type that goes by this name, without values.
fn new(catalog_type: &CatalogTypeV3, name: &str) -> New {
    New::new(HashMap::new(), &catalog_type.id, name)
}

/// An entry by this name, without values.
async fn entry(key: &Key, catalog_type: &CatalogTypeV3, name: &str) -> CatalogEntryV3 {
    create(key, new(catalog_type, name)).await.unwrap()
}

async fn show(key: &Key, id: &str) -> Result<CatalogEntryV3, Error<impl Debug>> {
    catalog_v3_show_entry(key, CatalogV3ShowEntryParams::new(id)).await.map(|shown| *shown.catalog_entry)
}

async fn expanded(key: &Key, id: &str, expand: bool) -> CatalogEntryV3 {
    let params = CatalogV3ShowEntryParams::new(id).set_expand(expand);
    *catalog_v3_show_entry(key, params).await.unwrap().catalog_entry
}

async fn update(key: &Key, id: &str, change: Change) -> Result<CatalogEntryV3, Error<impl Debug>> {
    catalog_v3_update_entry(key, CatalogV3UpdateEntryParams::new(id, change))
        .await
        .map(|changed| *changed.catalog_entry)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    catalog_v3_destroy_entry(key, CatalogV3DestroyEntryParams::new(id)).await
}

async fn update_many(
    key: &Key,
    catalog_type: &CatalogTypeV3,
    patches: Vec<Patch>,
    only: Option<&[&str]>,
) -> Result<(), Error<impl Debug>> {
    let mut payload = CatalogBulkUpdateEntriesPayloadV3::new(&catalog_type.id, patches);
    payload.update_attributes = only.map(strings);
    catalog_v3_bulk_update_entries(key, CatalogV3BulkUpdateEntriesParams::new(payload)).await
}

fn of(catalog_type: &CatalogTypeV3) -> CatalogV3ListEntriesParams {
    CatalogV3ListEntriesParams::new(&catalog_type.id, 250)
}

async fn list(key: &Key, params: CatalogV3ListEntriesParams) -> Result<CatalogListEntriesResultV3, Error<impl Debug>> {
    catalog_v3_list_entries(key, params).await
}

/// The names of the entries listed, in order.
async fn names(key: &Key, params: CatalogV3ListEntriesParams) -> Vec<String> {
    list(key, params).await.unwrap().catalog_entries.into_iter().map(|entry| entry.name).collect()
}

/// The names of the entries that `identifier` finds.
async fn found(key: &Key, catalog_type: &CatalogTypeV3, identifier: &str) -> Vec<String> {
    names(key, of(catalog_type).set_identifier(identifier)).await
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Gives an attribute one value.
fn one(literal: &str) -> Binding {
    Binding::new().set_value(Value::new().set_literal(literal))
}

/// Gives an attribute several values.
fn several(literals: &[&str]) -> Binding {
    Binding::new().set_array_value(literals.iter().map(|literal| Value::new().set_literal(*literal)).collect())
}

/// Values by attribute ID.
fn values<const N: usize>(given: [(&str, Binding); N]) -> HashMap<String, Binding> {
    given.into_iter().map(|(id, binding)| (id.to_owned(), binding)).collect()
}

/// What an entry has, by attribute ID and in its order, as written and as shown to people.
fn shown(entry: &CatalogEntryV3) -> Vec<(String, Vec<(String, String)>)> {
    let values = |binding: &CatalogEntryEngineParamBindingV3| {
        assert!(binding.value.is_none() || binding.array_value.is_none(), "one value, or several");
        let values = binding.array_value.iter().flatten().chain(binding.value.as_deref());
        values.map(|value| (value.literal.clone().unwrap(), value.label.clone())).collect()
    };
    let mut shown: Vec<_> = entry.attribute_values.iter().map(|(id, binding)| (id.clone(), values(binding))).collect();
    shown.sort();
    shown
}

/// The values that an entry has for an attribute.
fn held(entry: &CatalogEntryV3, attribute: &str) -> Vec<(String, String)> {
    let of_attribute = shown(entry).into_iter().filter(|(id, _)| id == attribute);
    of_attribute.flat_map(|(_, values)| values).collect()
}

/// The same, as they were written.
fn literals(entry: &CatalogEntryV3, attribute: &str) -> Vec<String> {
    held(entry, attribute).into_iter().map(|(literal, _)| literal).collect()
}

/// The same, as they are shown to people.
fn labels(entry: &CatalogEntryV3, attribute: &str) -> Vec<String> {
    held(entry, attribute).into_iter().map(|(_, label)| label).collect()
}
