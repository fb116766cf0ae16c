//! The options of a custom field that has some of its own.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::lists::custom_field;
use crate::fields::query;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/settings/custom-fields/{field}/options/new" => new_form;
    POST "/settings/custom-fields/{field}/options/new" => create;
    GET "/settings/custom-fields/{field}/options/{id}" => edit_form;
    POST "/settings/custom-fields/{field}/options/{id}" => edit;
    POST "/settings/custom-fields/{field}/options/{id}/delete" => delete;
}

/// Whether a custom field has options that are its own, and not the catalog's.
pub fn has_its_own(field: &Json) -> bool {
    matches!(field["field_type"].as_str(), Some("single_select" | "multi_select")) && field["catalog_type_id"].is_null()
}

/// The options of a field.
pub fn of(page: &Page, field: &str) -> Result<Json> {
    let wanted = query(&[("custom_field_id", field), ("page_size", "250")]);
    Ok(page.ask("Custom Field Options V1#List", "", &wanted)?["custom_field_options"].take())
}

fn new_form(page: &Page) -> Result<View> {
    page.require("organisation_settings.update")?;
    with(page, Json::Null, &Refused::default())
}

fn with(page: &Page, option: Json, refused: &Refused) -> Result<View> {
    let field = page.ask("Custom Fields V2#Show", page.segment(0), "")?["custom_field"].take();
    let home = custom_field(page);
    Ok(page.form("settings/option.html", json!({"field": field, "option": option, "home": home}), refused))
}

fn body(page: &Page) -> Json {
    let mut body = json!({"value": page.form.text("value")});
    if let Some(key) = page.form.get("sort_key") {
        body["sort_key"] = key.parse::<i64>().map_or(json!(key), Json::from);
    }
    body
}

fn create(page: &Page) -> Result<View> {
    let mut body = body(page);
    body["custom_field_id"] = page.segment(0).into();
    match page.submit("Custom Field Options V1#Create", "", body)? {
        Ok(_) => Ok(page.done(&format!("{}#options", custom_field(page)), "The option is added")),
        Err(refused) => with(page, Json::Null, &refused),
    }
}

fn option(page: &Page) -> Result<Json> {
    Ok(page.ask("Custom Field Options V1#Show", page.segment(1), "")?["custom_field_option"].take())
}

fn edit_form(page: &Page) -> Result<View> {
    page.require("organisation_settings.update")?;
    with(page, option(page)?, &Refused::default())
}

fn edit(page: &Page) -> Result<View> {
    match page.submit("Custom Field Options V1#Update", page.segment(1), body(page))? {
        Ok(_) => Ok(page.done(&format!("{}#options", custom_field(page)), "The option is changed")),
        Err(refused) => with(page, option(page)?, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    page.call("Custom Field Options V1#Delete", page.segment(1), Json::Null)?;
    Ok(page.done(&format!("{}#options", custom_field(page)), "The option is deleted"))
}
