//! One entry: what it has, what it points at, what points at it; making, changing and archiving it.

use base::{Error, Result};
use catalog::entries::Entry;
use serde_json::{Map, Value as Json, json};
use web::View;

use super::graph::{self, Neighbour};
use super::{BACKLINKS, pointing_at, text, type_of};
use crate::fields::{query, step};
use crate::page::{Page, Refused, pages};

pages! {
    GET "/catalog/{type}/new" => new_form;
    POST "/catalog/{type}/new" => create;
    GET "/catalog/entries/{id}" => show;
    GET "/catalog/entries/{id}/edit" => edit_form;
    POST "/catalog/entries/{id}/edit" => edit;
    POST "/catalog/entries/{id}/archive" => archive;
}

/// Up to so many entries are offered by name; of more, one is named by what finds it.
const CHOICES: i64 = 100;

fn show(page: &Page) -> Result<View> {
    let answer = page.ask("Catalog V2#ShowEntry", page.segment(0), "")?;
    let (entry, of) = (&answer["catalog_entry"], &answer["catalog_type"]);
    let id = id_of(page)?;
    let mut backlinks = page.look(move |cx| pointing_at(cx, id))?;
    let goes_on = backlinks.len() > BACKLINKS;
    backlinks.truncate(BACKLINKS);
    let attributes: Vec<_> = attributes(of).map(|attribute| shown(attribute, entry)).collect();
    let left: Vec<_> = backlinks.iter().map(neighbour).collect();
    let right = pointed_at(&attributes);
    let has_relations = !(left.is_empty() && right.is_empty());
    let name = entry["name"].as_str().unwrap_or_default();
    Ok(page.show(
        "catalog/entry.html",
        json!({
            "entry": entry, "type": of, "attributes": attributes, "backlinks": backlinks, "goes_on": goes_on,
            "picture": has_relations.then(|| graph::draw(name, &left, goes_on, &right)),
        }),
    ))
}

fn id_of(page: &Page) -> Result<base::Id<Entry>> {
    page.segment(0).parse().map_err(|_| Error::not_found())
}

fn attributes(of: &Json) -> impl Iterator<Item = &Json> {
    of["schema"]["attributes"].as_array().into_iter().flatten()
}

/// An attribute with the values that an entry has, as a list.
fn shown(attribute: &Json, entry: &Json) -> Json {
    let is_derived = matches!(attribute["mode"].as_str(), Some("backlink" | "path"));
    json!({"name": attribute["name"], "is_derived": is_derived, "values": values_of(entry, attribute)})
}

fn values_of<'e>(entry: &'e Json, attribute: &Json) -> Vec<&'e Json> {
    let binding = &entry["attribute_values"][attribute["id"].as_str().unwrap_or_default()];
    match &binding["array_value"] {
        Json::Array(values) => values.iter().collect(),
        _ => Some(&binding["value"]).into_iter().filter(|value| !value.is_null()).collect(),
    }
}

fn neighbour(backlink: &Json) -> Neighbour {
    Neighbour { id: text(&backlink["id"]), name: text(&backlink["name"]), attribute: text(&backlink["attribute"]) }
}

/// The entries that the attributes point at themselves: what is derived goes by way of others.
fn pointed_at(attributes: &[Json]) -> Vec<Neighbour> {
    let own = attributes.iter().filter(|attribute| attribute["is_derived"] == false);
    let related = own.flat_map(|attribute| {
        let values = attribute["values"].as_array().into_iter().flatten();
        values.filter(|value| value["catalog_entry"].is_object()).map(|value| Neighbour {
            id: text(&value["catalog_entry"]["catalog_entry_id"]),
            name: text(&value["catalog_entry"]["catalog_entry_name"]),
            attribute: text(&attribute["name"]),
        })
    });
    related.collect()
}

fn new_form(page: &Page) -> Result<View> {
    page.require("catalog_entries.create")?;
    form(page, &type_of(page)?, &Json::Null, &Refused::default())
}

fn edit_form(page: &Page) -> Result<View> {
    page.require("catalog_entries.edit")?;
    edit_with(page, &Refused::default())
}

fn edit_with(page: &Page, refused: &Refused) -> Result<View> {
    let id = id_of(page)?;
    let version = page.look(move |cx| Ok(cx.get(id)?.version()))?;
    let mut answer = page.ask("Catalog V2#ShowEntry", page.segment(0), "")?;
    answer["catalog_entry"]["version"] = version.into();
    form(page, &answer["catalog_type"], &answer["catalog_entry"], refused)
}

/// The form for an entry, or for a new one where `entry` is null.
fn form(page: &Page, of: &Json, entry: &Json, refused: &Refused) -> Result<View> {
    if of["is_editable"] == false {
        let name = of["name"].as_str().unwrap_or_default();
        return Err(Error::forbidden(format!("Wardroom itself keeps the entries of {name}")));
    }
    let types = page.ask("Catalog V3#ListTypes", "", "")?;
    let editable = attributes(of).filter(|attribute| is_editable(attribute, entry));
    let fields = editable.map(|attribute| field(page, &types, attribute, entry)).collect::<Result<Vec<_>>>()?;
    let kept = attributes(of).filter(|attribute| !is_editable(attribute, entry)).map(|attribute| &attribute["name"]);
    let variables = json!({"type": of, "entry": entry, "fields": fields, "kept": kept.collect::<Vec<_>>()});
    Ok(page.form("catalog/edit.html", variables, refused))
}

/// Whether people set an attribute's values, and a form can hold them: of several values, each stands in a line.
fn is_editable(attribute: &Json, entry: &Json) -> bool {
    let is_by_hand = matches!(attribute["mode"].as_str(), None | Some("" | "manual" | "api" | "dashboard"));
    let has_lines = |value: &&Json| value["literal"].as_str().is_some_and(|text| text.contains('\n'));
    is_by_hand && !(attribute["array"] == true && values_of(entry, attribute).iter().any(has_lines))
}

/// What a form has to know of an attribute: how it is asked for, what it holds, and what can be chosen.
fn field(page: &Page, types: &Json, attribute: &Json, entry: &Json) -> Result<Json> {
    let held = values_of(entry, attribute);
    let literals: Vec<_> = held.iter().map(|value| &value["literal"]).collect();
    let options = options(page, types, &text(&attribute["type"]), &held)?;
    let kind = match (attribute["type"].as_str().unwrap_or_default(), attribute["array"] == true) {
        (_, true) if options.is_some() => "several",
        (_, false) if options.is_some() => "one",
        (_, true) => "lines",
        ("Bool", _) => "bool",
        ("Number", _) => "number",
        ("Text", _) => "text",
        _ => "line",
    };
    let points_to =
        types["catalog_types"].as_array().into_iter().flatten().find(|of| of["type_name"] == attribute["type"]);
    Ok(json!({
        "id": attribute["id"], "name": attribute["name"], "kind": kind, "held": literals, "options": options,
        "points_to": points_to.map(|of| &of["name"]),
    }))
}

/// The entries that an attribute can point at, if they are few. One that it holds already goes by the words that it is
/// held with, so that it stays as it is.
fn options(page: &Page, types: &Json, holds: &str, held: &[&Json]) -> Result<Option<Vec<Json>>> {
    let mut all = types["catalog_types"].as_array().into_iter().flatten();
    let Some(of) = all.find(|of| of["type_name"] == holds) else { return Ok(None) };
    if of["estimated_count"].as_i64().is_none_or(|count| count > CHOICES) {
        return Ok(None);
    }
    let asked = query(&[("catalog_type_id", &text(&of["id"])), ("page_size", "250")]);
    let answer = page.ask("Catalog V3#ListEntries", "", &asked)?;
    let is_of = |value: &Json, entry: &Json| value["catalog_entry"]["catalog_entry_id"] == entry["id"];
    let entries = answer["catalog_entries"].as_array().into_iter().flatten();
    let mut options: Vec<_> = entries
        .map(|entry| {
            let literal = held.iter().find(|value| is_of(value, entry)).map(|value| &value["literal"]);
            json!({"id": literal.unwrap_or(&entry["id"]), "name": entry["name"]})
        })
        .collect();
    for value in held {
        if options.iter().all(|option| option["id"] != value["literal"]) {
            let why = if value["catalog_entry"].is_object() { "archived" } else { "finds nothing yet" };
            options.push(json!({"id": value["literal"], "name": format!("{} ({why})", text(&value["label"]))}));
        }
    }
    Ok(Some(options))
}

/// What the form says of an entry of this type, as operations take it, with the attributes that it asked for.
fn body(page: &Page, of: &Json, entry: &Json) -> Json {
    let lines = |name: &str| -> Vec<String> {
        page.form
            .all(name)
            .flat_map(str::lines)
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    let (mut values, mut asked) = (Map::new(), Vec::new());
    for attribute in attributes(of) {
        let (id, field) = (text(&attribute["id"]), format!("value.{}", text(&attribute["id"])));
        if page.form.under("value").all(|(given, _)| given != id) {
            continue;
        }
        if attribute["array"] == true {
            let literals: Vec<_> = lines(&field).into_iter().map(|literal| json!({"literal": literal})).collect();
            values.insert(id.clone(), json!({"array_value": literals}));
        } else if let Some(literal) = page.form.get(&field) {
            values.insert(id.clone(), json!({"value": {"literal": literal.replace("\r\n", "\n")}}));
        }
        asked.push(id);
    }
    let mut body = page.form.filled(&["external_id"]);
    body["name"] = page.form.text("name").into();
    body["aliases"] = json!(lines("aliases"));
    body["rank"] = match page.form.get("rank") {
        Some(rank) => rank.parse::<i64>().map_or_else(|_| rank.into(), Json::from),
        None => entry["rank"].as_i64().unwrap_or(0).into(),
    };
    body["attribute_values"] = values.into();
    body["update_attributes"] = json!(asked);
    body
}

/// What was wrong with values, beside the fields of their attributes.
fn beside_fields(of: &Json, refused: Refused) -> Refused {
    let ids = attributes(of).filter_map(|attribute| attribute["id"].as_str());
    ids.fold(refused, |refused, id| refused.moved(&format!("attribute_values.{id}"), id)).moved("aliases", "aliases")
}

fn home(id: &str) -> String {
    format!("/catalog/entries/{}", step(id))
}

fn create(page: &Page) -> Result<View> {
    let of = type_of(page)?;
    let refuse = |refused: Refused| form(page, &of, &Json::Null, &beside_fields(&of, refused));
    if let Some(external_id) = page.form.get("external_id")
        && has_external_id(page, external_id)?
    {
        return refuse(Refused::field("external_id", "another entry of the type has it"));
    }
    let mut body = body(page, &of, &Json::Null);
    body["catalog_type_id"] = of["id"].clone();
    match page.submit("Catalog V3#CreateEntry", "", body)? {
        Ok(made) => {
            let entry = &made["catalog_entry"];
            Ok(page.done(&home(&text(&entry["id"])), &format!("{} is in the catalog", text(&entry["name"]))))
        }
        Err(refused) => refuse(refused),
    }
}

/// Whether an entry of the type has this external ID. To the API, creating it once more is changing it; to somebody who
/// fills in a form for a new one, it is a mistake.
fn has_external_id(page: &Page, external_id: &str) -> Result<bool> {
    let asked = query(&[("catalog_type_id", page.segment(0)), ("page_size", "25"), ("identifier", external_id)]);
    let answer = page.ask("Catalog V3#ListEntries", "", &asked)?;
    let mut found = answer["catalog_entries"].as_array().into_iter().flatten();
    Ok(found.any(|entry| entry["external_id"] == external_id))
}

fn edit(page: &Page) -> Result<View> {
    let answer = page.ask("Catalog V2#ShowEntry", page.segment(0), "")?;
    let (of, entry) = (&answer["catalog_type"], &answer["catalog_entry"]);
    match page.submit_seen("Catalog V3#UpdateEntry", page.segment(0), body(page, of, entry))? {
        Ok(_) => Ok(page.done(&home(page.segment(0)), "The entry is changed")),
        Err(refused) => edit_with(page, &beside_fields(of, refused)),
    }
}

fn archive(page: &Page) -> Result<View> {
    let of = page.ask("Catalog V2#ShowEntry", page.segment(0), "")?["catalog_type"]["id"].take();
    page.call("Catalog V3#DestroyEntry", page.segment(0), Json::Null)?;
    Ok(page.done(&format!("/catalog/{}", text(&of)), "The entry is archived"))
}
