//! Types: made, changed, and deleted with everything in them.

use base::{Error, Result};
use catalog::types::{Category, Color, Icon};
use serde_json::{Value as Json, json};
use web::View;

use super::{admitted, home, type_of};
use crate::page::{Page, Refused, pages};

pages! {
    GET "/catalog/types/new" => new_form;
    POST "/catalog/types/new" => create;
    GET "/catalog/types/{type}/edit" => edit_form;
    POST "/catalog/types/{type}/edit" => edit;
    GET "/catalog/types/{type}/delete" => delete_form;
    POST "/catalog/types/{type}/delete" => delete;
}

/// Words to choose from.
fn choices<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<Json> {
    words.into_iter().map(|word| json!({"id": word, "name": word.replace('-', " ")})).collect()
}

fn new_form(page: &Page) -> Result<View> {
    page.require("catalog_types.create")?;
    form(page, &Json::Null, &Refused::default())
}

fn edit_form(page: &Page) -> Result<View> {
    form(page, &admitted(page, "catalog_types.edit")?, &Refused::default())
}

/// The form for a type, or for a new one where `of` is null.
fn form(page: &Page, of: &Json, refused: &Refused) -> Result<View> {
    let variables = json!({
        "type": of, "teams": page.ask_all("Teams V3#List", &[], "teams")?,
        "icons": choices(Icon::ALL.iter().map(|icon| icon.as_str())),
        "colors": choices(Color::ALL.iter().map(|color| color.as_str())),
        "categories": choices(Category::ALL.iter().map(|category| category.as_str())),
    });
    Ok(page.form("catalog/type_form.html", variables, refused))
}

/// What the form says of a type; what tools noted down on it stays.
fn body(page: &Page, of: &Json) -> Json {
    let mut body = page.form.filled(&["icon", "color", "source_repo_url", "type_name"]);
    for name in ["name", "description"] {
        body[name] = page.form.text(name).into();
    }
    for name in ["ranked", "use_name_as_identifier"] {
        body[name] = (page.form.text(name) == "true").into();
    }
    for name in ["categories", "owning_team_ids"] {
        body[name] = page.form.all(name).collect();
    }
    body["annotations"] = of["annotations"].clone();
    body
}

fn create(page: &Page) -> Result<View> {
    match page.submit("Catalog V3#CreateType", "", body(page, &Json::Null))? {
        Ok(made) => {
            let of = &made["catalog_type"];
            let told = format!("{} is made: say now what each entry has", of["name"].as_str().unwrap_or_default());
            Ok(page.done(&format!("{}/attributes", home(of)), &told))
        }
        Err(refused) => form(page, &Json::Null, &refused),
    }
}

fn edit(page: &Page) -> Result<View> {
    let of = type_of(page)?;
    match page.submit("Catalog V3#UpdateType", page.segment(0), body(page, &of))? {
        Ok(_) => Ok(page.done(&home(&of), "The type is changed")),
        Err(refused) => form(page, &of, &refused),
    }
}

fn delete_form(page: &Page) -> Result<View> {
    delete_with(page, &admitted(page, "catalog_types.destroy")?, &Refused::default())
}

/// Asks whether the type is to go, and says what goes with it.
fn delete_with(page: &Page, of: &Json, refused: &Refused) -> Result<View> {
    let types = page.ask("Catalog V3#ListTypes", "", "")?;
    let others = types["catalog_types"].as_array().into_iter().flatten().filter(|other| other["id"] != of["id"]);
    let pointing = others.flat_map(|other| {
        let attributes = other["schema"]["attributes"].as_array().into_iter().flatten();
        let pointing = attributes.filter(|attribute| attribute["type"] == of["type_name"]);
        pointing.map(move |attribute| json!({"id": other["id"], "type": other["name"], "name": attribute["name"]}))
    });
    let pointing: Vec<_> = pointing.collect();
    let fields = page.ask_if_allowed("Custom Fields V2#List", "", "")?;
    let fields = fields["custom_fields"].as_array().into_iter().flatten();
    let choosing: Vec<_> = fields.filter(|field| field["catalog_type_id"] == of["id"]).collect();
    let variables = json!({"type": of, "pointing": pointing, "choosing": choosing});
    Ok(page.form("catalog/type_delete.html", variables, refused))
}

fn delete(page: &Page) -> Result<View> {
    let of = admitted(page, "catalog_types.destroy")?;
    let name = of["name"].as_str().unwrap_or_default();
    if page.form.text("name") != name {
        return delete_with(page, &of, &Refused::field("name", format!("is not {name}")));
    }
    match page.submit("Catalog V3#DestroyType", page.segment(0), Json::Null)? {
        Ok(_) => Ok(page.done("/catalog", &format!("{name} is deleted with all that was in it"))),
        Err(refused) if refused.whole.is_empty() => Err(Error::conflict(refused.told())),
        Err(refused) => delete_with(page, &of, &refused),
    }
}
