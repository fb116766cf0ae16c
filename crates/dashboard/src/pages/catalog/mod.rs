//! The catalog: its types, and the entries of a type.

mod attributes;
mod entry;
mod graph;
mod import;
mod plan;
mod types;

use std::sync::Arc;

use base::{Error, Id, Result};
use catalog::entries::{Backlink, Entry, backlinks, search};
use catalog::types::{CatalogType, Types};
use serde_json::{Value as Json, json};
use store::Cx;
use web::{PageRoute, View};

use crate::desk::Desk;
use crate::fields::step;
use crate::page::Page;

mod lists {
    use super::{entries, list};
    use crate::page::pages;

    pages! {
        GET "/catalog" => list;
        GET "/catalog/{type}" => entries;
    }
}

/// Every page of the catalog.
pub fn routes(desk: &Arc<Desk>) -> Vec<PageRoute> {
    [lists::routes, types::routes, attributes::routes, entry::routes, import::routes]
        .into_iter()
        .flat_map(|routes| routes(desk))
        .collect()
}

/// How many attributes have a column in the list of entries.
const COLUMNS: usize = 3;
/// How many entries a search shows.
const FOUND: usize = 25;
/// How many of the entries that point at one are shown.
pub const BACKLINKS: usize = 50;

fn list(page: &Page) -> Result<View> {
    let types = page.ask("Catalog V3#ListTypes", "", "")?["catalog_types"].take();
    Ok(page.show("catalog/types.html", json!({"types": types})))
}

fn entries(page: &Page) -> Result<View> {
    let asked = page.query.with(&[("catalog_type_id", page.segment(0)), ("page_size", "25")]);
    let answer = match page.query.get("containing") {
        Some(text) => found(page, text)?,
        None => page.ask("Catalog V3#ListEntries", "", &asked)?,
    };
    let attributes = answer["catalog_type"]["schema"]["attributes"].as_array();
    let columns: Vec<_> = attributes.into_iter().flatten().take(COLUMNS).collect();
    Ok(page.show(
        "catalog/entries.html",
        json!({
            "type": answer["catalog_type"], "entries": answer["catalog_entries"], "columns": columns,
            "total": answer["pagination_meta"]["total_record_count"],
            "next": page.next(&answer), "first": page.first(), "goes_on": answer["goes_on"],
        }),
    ))
}

/// The first entries that have this in what they are called, as the list of all would show them.
fn found(page: &Page, text: &str) -> Result<Json> {
    let (of, (entries, goes_on)) = (type_of(page)?, entries_with(page, page.segment(0), text)?);
    Ok(json!({"catalog_type": of, "catalog_entries": entries, "goes_on": goes_on}))
}

/// The first entries of a type that have this in what they are called, and whether there are more.
pub fn entries_with(page: &Page, of: &str, text: &str) -> Result<(Vec<Json>, bool)> {
    let (id, text): (Id<CatalogType>, _) = (of.parse().map_err(|_| Error::not_found())?, text.to_owned());
    page.require("catalog_entries.view")?;
    let look = move |cx: &mut Cx<'_>| {
        let of = cx.get(id)?;
        search(cx, &of, &text, FOUND + 1)
    };
    let found = page.look(look)?;
    let show = |id: &Id<Entry>| Ok(page.ask("Catalog V3#ShowEntry", &id.to_string(), "")?["catalog_entry"].take());
    let entries = found.iter().take(FOUND).map(show).collect::<Result<Vec<_>>>()?;
    Ok((entries, found.len() > FOUND))
}

/// A type.
pub fn type_with_id(page: &Page, id: &str) -> Result<Json> {
    Ok(page.ask("Catalog V3#ShowType", id, "")?["catalog_type"].take())
}

/// The type whose ID stands in the path.
fn type_of(page: &Page) -> Result<Json> {
    type_with_id(page, page.segment(0))
}

/// The same for whoever may do what takes this scope, unless Wardroom itself keeps the type.
fn admitted(page: &Page, scope: &str) -> Result<Json> {
    page.require(scope)?;
    let of = type_of(page)?;
    if of["is_editable"] == false {
        let name = of["name"].as_str().unwrap_or_default();
        return Err(Error::forbidden(format!("Wardroom itself keeps {name}")));
    }
    Ok(of)
}

/// A text of an answer; empty where there is none.
fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Where a type is.
fn home(of: &Json) -> String {
    format!("/catalog/{}", step(of["id"].as_str().unwrap_or_default()))
}

/// What points at an entry, for whoever has been shown it: at most [`BACKLINKS`] and one more, which says that there
/// are others.
pub fn pointing_at(cx: &mut Cx<'_>, entry: Id<Entry>) -> Result<Vec<Json>> {
    let types = cx.cached::<Types>()?;
    let found = backlinks(cx, entry, BACKLINKS + 1)?;
    let told = |Backlink { from, attribute }: &Backlink| {
        let name = types.get(from.catalog_type).map(|of| of.name.as_str());
        json!({"id": from.id, "name": from.name, "type": name, "attribute": attribute})
    };
    Ok(found.iter().map(told).collect())
}
