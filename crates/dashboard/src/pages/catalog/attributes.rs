//! The attributes of a type: added, changed, put in another order and removed.
//!
//! The API takes them as a whole, with the version that somebody has seen: so nobody undoes what somebody else has done
//! in the meantime.

use base::{Error, Result};
use serde_json::{Value as Json, json};
use web::View;

use super::{admitted, home, type_of};
use crate::page::{Page, Refused, Submitted, pages};

pages! {
    GET "/catalog/{type}/attributes" => list;
    GET "/catalog/{type}/attributes/new" => new_form;
    POST "/catalog/{type}/attributes/new" => add;
    GET "/catalog/{type}/attributes/{attribute}" => edit_form;
    POST "/catalog/{type}/attributes/{attribute}" => change;
    POST "/catalog/{type}/attributes/{attribute}/move" => shift;
    POST "/catalog/{type}/attributes/{attribute}/remove" => remove;
}

const SCOPE: &str = "catalog_types.edit";
/// Who sets an attribute's values: the API's name, and people's.
const MODES: &[(&str, &str)] = &[
    ("dashboard", "People, here: what they set survives what programs sync"),
    ("api", "Programs, and people"),
    ("external", "Programs only"),
];

fn list(page: &Page) -> Result<View> {
    list_with(page, &Refused::default())
}

fn list_with(page: &Page, refused: &Refused) -> Result<View> {
    let variables = json!({"type": admitted(page, SCOPE)?, "holdable": holdable(page)?});
    Ok(page.form("catalog/attributes.html", variables, refused))
}

/// What an attribute can hold, for a choice.
fn holdable(page: &Page) -> Result<Vec<Json>> {
    let resources = page.ask("Catalog V3#ListResources", "", "")?;
    let resources = resources["resources"].as_array().into_iter().flatten();
    let choice = |of: &Json| match of["category"].as_str() {
        Some("primitive") => json!({"id": of["type"], "name": of["description"]}),
        _ => json!({"id": of["type"], "name": format!("An entry of {}", of["label"].as_str().unwrap_or_default())}),
    };
    Ok(resources.map(choice).collect())
}

fn attributes(of: &Json) -> Vec<Json> {
    of["schema"]["attributes"].as_array().cloned().unwrap_or_default()
}

/// Where the attribute that the address names stands among the others.
fn place(page: &Page, attributes: &[Json]) -> Result<usize> {
    attributes.iter().position(|attribute| attribute["id"] == page.segment(1)).ok_or_else(Error::not_found)
}

/// Has the type these attributes from now on. What is wrong is told beside the fields of the form: it shows the only
/// attribute that has changed, and two that don't go together may be told of at the other.
fn put(page: &Page, attributes: &[Json]) -> Result<Submitted<Json>> {
    let seen = page.form.text("version").parse::<i64>();
    let version = seen.map_err(|_| Error::invalid("version", "is not a number"))?;
    let body = json!({"version": version, "attributes": attributes});
    let answer = page.submit("Catalog V3#UpdateTypeSchema", page.segment(0), body)?;
    let places = (0..attributes.len()).flat_map(|place| ["name", "type", "array", "mode"].map(|name| (place, name)));
    Ok(answer.map_err(|refused| {
        places.fold(refused, |refused, (place, name)| refused.moved(&format!("attributes.{place}.{name}"), name))
    }))
}

fn new_form(page: &Page) -> Result<View> {
    form(page, &Json::Null, &Refused::default())
}

/// The form for an attribute, or for a new one where `attribute` is null.
fn form(page: &Page, attribute: &Json, refused: &Refused) -> Result<View> {
    let modes = MODES.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    let variables = json!({
        "type": admitted(page, SCOPE)?, "attribute": attribute,
        "holdable": with_held(holdable(page)?, &attribute["type"]), "modes": with_held(modes, &attribute["mode"]),
        "is_derived": matches!(attribute["mode"].as_str(), Some("path" | "backlink")),
    });
    Ok(page.form("catalog/attribute.html", variables, refused))
}

/// A choice in which what is there already can stay.
fn with_held(mut options: Vec<Json>, held: &Json) -> Vec<Json> {
    if let Some(held) = held.as_str()
        && options.iter().all(|option| option["id"] != held)
    {
        let name = if held.is_empty() { "Nobody has said" } else { held };
        options.push(json!({"id": held, "name": name}));
    }
    options
}

/// Writes what the form says into an attribute. What is derived keeps how it is derived.
fn fill(page: &Page, attribute: &mut Json) {
    for name in ["name", "type", "mode"] {
        if page.form.has(name) {
            attribute[name] = page.form.text(name).into();
        }
    }
    if let Some(array) = page.form.get("array") {
        attribute["array"] = (array == "true").into();
    }
}

fn add(page: &Page) -> Result<View> {
    let of = type_of(page)?;
    let mut attributes = attributes(&of);
    let mut attribute = json!({"name": "", "array": false});
    fill(page, &mut attribute);
    attributes.push(attribute);
    match put(page, &attributes)? {
        Ok(_) => Ok(page.done(&here(&of), "The attribute is added")),
        Err(refused) => form(page, &Json::Null, &refused),
    }
}

fn here(of: &Json) -> String {
    format!("{}/attributes", home(of))
}

fn edit_form(page: &Page) -> Result<View> {
    let attributes = attributes(&type_of(page)?);
    form(page, &attributes[place(page, &attributes)?], &Refused::default())
}

fn change(page: &Page) -> Result<View> {
    let of = type_of(page)?;
    let mut attributes = attributes(&of);
    let place = place(page, &attributes)?;
    let before = attributes[place].clone();
    fill(page, &mut attributes[place]);
    match put(page, &attributes)? {
        Ok(_) => Ok(page.done(&here(&of), "The attribute is changed")),
        Err(refused) => form(page, &before, &refused),
    }
}

/// Moves an attribute up or down by one place.
fn shift(page: &Page) -> Result<View> {
    let of = type_of(page)?;
    let mut attributes = attributes(&of);
    let from = place(page, &attributes)?;
    let to = if page.form.text("to") == "up" { from.saturating_sub(1) } else { (from + 1).min(attributes.len() - 1) };
    attributes.swap(from, to);
    match put(page, &attributes)? {
        Ok(_) => Ok(View::go_to(here(&of))),
        Err(refused) => list_with(page, &refused),
    }
}

fn remove(page: &Page) -> Result<View> {
    let of = type_of(page)?;
    let mut attributes = attributes(&of);
    attributes.remove(place(page, &attributes)?);
    match put(page, &attributes)? {
        Ok(_) => Ok(page.done(&here(&of), "The attribute is removed with its values")),
        Err(refused) => list_with(page, &refused),
    }
}
