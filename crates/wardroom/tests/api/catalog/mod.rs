//! The catalog: what its types and entries promise, in sequence and in parallel.

use testkit::{App, Client, Value, json};

use crate::support::{text, with};

mod derived;
mod mirrors;
mod model;
mod ownership;
mod races;
mod refusals;

const TYPES: &str = "/v3/catalog_types";
const ENTRIES: &str = "/v3/catalog_entries";

fn start() -> App {
    App::start(wardroom::features)
}

/// A type, as a test knows it.
#[derive(Clone)]
struct Kind {
    id: String,
    /// What attributes that point at it call it.
    type_name: String,
}

/// A new type with these fields and attributes.
fn kind_with(by: &Client, name: &str, fields: Value, attributes: Value) -> Kind {
    let request = with(json!({"name": name, "description": "Of a test."}), fields);
    let made = by.post(TYPES, request).expect(201)["catalog_type"].clone();
    let kind = Kind { id: text(&made, "/id"), type_name: text(&made, "/type_name") };
    reshape(by, &kind, attributes);
    kind
}

fn kind(by: &Client, name: &str, attributes: Value) -> Kind {
    kind_with(by, name, json!({}), attributes)
}

/// Gives a type these attributes, and no others.
fn reshape(by: &Client, kind: &Kind, attributes: Value) {
    let version = shape(by, kind)["version"].clone();
    let request = json!({"version": version, "attributes": attributes});
    by.post(&format!("{TYPES}/{}/actions/update_schema", kind.id), request).expect(200);
}

/// A type's attributes, and their version.
fn shape(by: &Client, kind: &Kind) -> Value {
    by.get(&format!("{TYPES}/{}", kind.id)).expect(200)["catalog_type"]["schema"].clone()
}

/// An attribute whose ID is its name.
fn attribute(name: &str, holds: &str) -> Value {
    json!({"id": name, "name": name, "type": holds, "array": false, "mode": "api"})
}

/// The same for several values.
fn array(name: &str, holds: &str) -> Value {
    with(attribute(name, holds), json!({"array": true}))
}

/// What is reached by going from attribute to attribute.
fn path(name: &str, holds: &str, steps: &[&str]) -> Value {
    let steps: Vec<_> = steps.iter().map(|step| json!({"attribute_id": step})).collect();
    with(array(name, holds), json!({"mode": "path", "path": steps}))
}

/// What points here through `pointing`.
fn backlink(name: &str, holds: &str, pointing: &str) -> Value {
    with(array(name, holds), json!({"mode": "backlink", "backlink_attribute": pointing}))
}

fn one(literal: &str) -> Value {
    json!({"value": {"literal": literal}})
}

fn several<T: AsRef<str>>(literals: &[T]) -> Value {
    let literals: Vec<_> = literals.iter().map(|literal| json!({"literal": literal.as_ref()})).collect();
    json!({"array_value": literals})
}

/// A request for an entry with these values.
fn request(kind: &Kind, name: &str, values: Value) -> Value {
    json!({"catalog_type_id": kind.id, "name": name, "external_id": name, "attribute_values": values})
}

/// A new entry whose external ID is its name: its ID.
#[track_caller]
fn entry(by: &Client, kind: &Kind, name: &str, values: Value) -> String {
    text(&by.post(ENTRIES, request(kind, name, values)).expect(201), "/catalog_entry/id")
}

fn at(id: &str) -> String {
    format!("{ENTRIES}/{id}")
}

/// An entry with everything that is derived.
#[track_caller]
fn whole(by: &Client, id: &str) -> Value {
    by.get(&format!("{}?expand=true", at(id))).expect(200)["catalog_entry"].clone()
}

/// The entries of a type that are in use.
#[track_caller]
fn listed(by: &Client, kind: &Kind) -> Vec<Value> {
    let page = by.get(&format!("{ENTRIES}?catalog_type_id={}&page_size=250", kind.id)).expect(200);
    page["catalog_entries"].as_array().expect("a list").clone()
}

/// The IDs of the entries of a type that `identifier` finds.
#[track_caller]
fn found(by: &Client, kind: &Kind, identifier: &str) -> Vec<String> {
    let path = format!("{ENTRIES}?catalog_type_id={}&page_size=250&identifier={identifier}", kind.id);
    crate::support::texts(&by.get(&path).expect(200)["catalog_entries"], "/id")
}

/// The labels that an entry shows for an attribute.
fn labels(entry: &Value, attribute: &str) -> Vec<String> {
    let values = &entry["attribute_values"][attribute];
    let several = values["array_value"].as_array().cloned().unwrap_or_default();
    let shown = several.iter().chain(values.get("value"));
    shown.map(|value| text(value, "/label")).collect()
}
