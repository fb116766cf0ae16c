//! What an incident's custom fields hold: texts, links, numbers, and what is chosen from options or the catalog.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::{edit_incident, incident};
use crate::fields::query;
use crate::page::{Page, Refused, pages};
use crate::pages::catalog::{entries_with, type_with_id};

pages! {
    GET "/incidents/{id}/fields" => form;
    POST "/incidents/{id}/fields" => set;
}

/// Of more than this, what is chosen is searched for.
const CHOICES: usize = 50;

/// All custom fields.
pub fn all(page: &Page) -> Result<Vec<Json>> {
    let mut answer = page.ask_if_allowed("Custom Fields V2#List", "", "")?;
    Ok(answer["custom_fields"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

/// How a field's values are named in forms: as the operation calls them, and then the field's ID.
fn input_of(field: &Json) -> String {
    format!("{}.{}", value_name(field), text(&field["id"]))
}

/// What the operation calls a value of a field.
fn value_name(field: &Json) -> &'static str {
    match text(&field["field_type"]) {
        "text" => "value_text",
        "link" => "value_link",
        "numeric" => "value_numeric",
        _ if field["catalog_type_id"].is_null() => "value_option_id",
        _ => "value_catalog_entry_id",
    }
}

fn form(page: &Page) -> Result<View> {
    page.require("incidents.update_custom_fields")?;
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let incident = incident(page)?;
    let values = |field: &Json| {
        let mut entries = incident["custom_field_entries"].as_array().into_iter().flatten();
        let entry = entries.find(|entry| entry["custom_field"]["id"] == field["id"]);
        entry.and_then(|entry| entry["values"].as_array()).cloned().unwrap_or_default()
    };
    let fields = all(page)?.iter().map(|field| shown(page, field, &values(field))).collect::<Result<Vec<_>>>()?;
    Ok(page.form("incidents/fields.html", json!({"incident": incident, "fields": fields}), refused))
}

/// What a form has to know of a field that holds these values.
fn shown(page: &Page, field: &Json, values: &[Json]) -> Result<Json> {
    let kind = text(&field["field_type"]);
    let mut shown = json!({
        "id": field["id"], "input": input_of(field), "name": field["name"], "about": field["description"], "kind": kind,
    });
    if matches!(kind, "single_select" | "multi_select") {
        let held: Vec<_> = values.iter().map(choice).collect();
        let offer = offer(page, field)?;
        shown["options"] = with_chosen(page, field, &held, offer.choices)?.into();
        shown["held"] = held.iter().map(|choice| choice["id"].clone()).collect();
        (shown["is_searched"], shown["goes_on"]) = (offer.is_searched.into(), offer.goes_on.into());
    } else {
        shown["held"] = values.first().map(|value| value[value_name(field)].clone()).unwrap_or_default();
    }
    Ok(shown)
}

/// The option or the catalog entry that a value is.
fn choice(value: &Json) -> Json {
    match &value["value_option"] {
        Json::Null => named(&value["value_catalog_entry"]),
        option => named(option),
    }
}

/// An option or a catalog entry, for a choice.
fn named(of: &Json) -> Json {
    json!({"id": of["id"], "name": if of["value"].is_null() { &of["name"] } else { &of["value"] }})
}

/// What a form offers to choose from.
#[derive(Default)]
struct Offer {
    choices: Vec<Json>,
    /// Whether there is so much that it is searched.
    is_searched: bool,
    /// Whether more has been found than this.
    goes_on: bool,
}

/// Everything that can be chosen, where that isn't much; or else what has the text in its name that was searched for.
fn offer(page: &Page, field: &Json) -> Result<Offer> {
    let sought = page.form.get(&format!("search.{}", text(&field["id"]))).map(str::to_lowercase);
    match field["catalog_type_id"].as_str() {
        Some(of) => offer_entries(page, of, sought.as_deref()),
        None => offer_options(page, text(&field["id"]), sought.as_deref()),
    }
}

fn offer_options(page: &Page, field: &str, sought: Option<&str>) -> Result<Offer> {
    let wanted = [("custom_field_id", field)];
    let mut choices = page.ask_all("Custom Field Options V1#List", &wanted, "custom_field_options")?;
    let is_searched = choices.len() > CHOICES;
    if is_searched {
        choices.retain(|option| sought.is_some_and(|sought| text(&option["value"]).to_lowercase().contains(sought)));
    }
    let goes_on = choices.len() > CHOICES;
    choices.truncate(CHOICES);
    Ok(Offer { choices: choices.iter().map(named).collect(), is_searched, goes_on })
}

fn offer_entries(page: &Page, of: &str, sought: Option<&str>) -> Result<Offer> {
    let count = type_with_id(page, of)?["estimated_count"].as_u64().unwrap_or_default();
    if usize::try_from(count).is_ok_and(|count| count <= CHOICES) {
        let wanted = query(&[("catalog_type_id", of), ("page_size", "250")]);
        let answer = page.ask("Catalog V3#ListEntries", "", &wanted)?;
        let entries = answer["catalog_entries"].as_array().into_iter().flatten();
        return Ok(Offer { choices: entries.map(named).collect(), ..Offer::default() });
    }
    let Some(sought) = sought else { return Ok(Offer { is_searched: true, ..Offer::default() }) };
    let (entries, goes_on) = entries_with(page, of, sought)?;
    Ok(Offer { choices: entries.iter().map(named).collect(), is_searched: true, goes_on })
}

/// The choices, with what is held or has been chosen in the form: it stays though something else is searched for.
fn with_chosen(page: &Page, field: &Json, held: &[Json], choices: Vec<Json>) -> Result<Vec<Json>> {
    let (operation, name) = match value_name(field) {
        "value_option_id" => ("Custom Field Options V1#Show", "custom_field_option"),
        _ => ("Catalog V3#ShowEntry", "catalog_entry"),
    };
    let mut all = held.to_vec();
    for id in page.form.all(&input_of(field)) {
        if held.iter().chain(&choices).all(|choice| choice["id"] != id) {
            let found = page.ask_if_allowed(operation, id, "")?;
            all.extend(Some(named(&found[name])).filter(|choice| choice["id"].is_string()));
        }
    }
    let is_new = |choice: &Json| all.iter().all(|other| other["id"] != choice["id"]);
    let others: Vec<_> = choices.into_iter().filter(is_new).collect();
    all.extend(others);
    Ok(all)
}

fn set(page: &Page) -> Result<View> {
    page.require("incidents.update_custom_fields")?;
    let fields: Vec<_> = all(page)?.into_iter().filter(|field| page.form.has(&input_of(field))).collect();
    let entry = |field: &Json| {
        let values: Vec<_> = page.form.all(&input_of(field)).map(|value| json!({value_name(field): value})).collect();
        json!({"custom_field_id": field["id"], "values": values})
    };
    let entries: Vec<_> = fields.iter().map(entry).collect();
    let body = json!({"incident": {"custom_field_entries": entries}});
    edit_incident(page, body, "The fields are set", |page, refused| {
        let placed = fields.iter().enumerate();
        let refused = placed.fold(refused.clone(), |refused, (place, field)| {
            refused.moved(&format!("incident.custom_field_entries.{place}"), &input_of(field))
        });
        with(page, &refused)
    })
}
