//! Importing entries: what would happen is shown before anything does.

use std::collections::{BTreeSet, HashMap};

use base::Result;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use web::View;

use super::admitted;
use super::plan::{self, Finds, Plan, Reference};
use crate::fields::query;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/catalog/{type}/import" => form;
    POST "/catalog/{type}/import" => import;
}

fn form(page: &Page) -> Result<View> {
    with(page, &importable(page)?, None, &Refused::default())
}

/// The type, if the visitor may import entries of it.
fn importable(page: &Page) -> Result<Json> {
    page.require("catalog_entries.create")?;
    admitted(page, "catalog_entries.edit")
}

fn with(page: &Page, of: &Json, plan: Option<&Plan>, refused: &Refused) -> Result<View> {
    let variables = json!({"type": of, "plan": plan, "fingerprint": plan.map(fingerprint), "at_most": plan::AT_MOST});
    Ok(page.form("catalog/import.html", variables, refused))
}

/// Tells one plan from another, so that what is done is what was shown.
fn fingerprint(plan: &Plan) -> String {
    hex::encode(Sha256::digest(json!(plan).to_string()))
}

/// Shows the plan; or carries it out, if it is the one that has been shown.
fn import(page: &Page) -> Result<View> {
    let of = importable(page)?;
    let plan = match planned(page, &of)? {
        Ok(plan) => plan,
        Err(problems) => return with(page, &of, None, &Refused::several(problems)),
    };
    match page.form.get("shown") {
        None => with(page, &of, Some(&plan), &Refused::default()),
        Some(shown) if shown != fingerprint(&plan) => {
            let refused = Refused::whole("The catalog has changed since you looked: this is what would happen now");
            with(page, &of, Some(&plan), &refused)
        }
        Some(_) => apply(page, &of, &plan),
    }
}

fn planned(page: &Page, of: &Json) -> Result<std::result::Result<Plan, Vec<String>>> {
    let attributes = of["schema"]["attributes"].as_array().cloned().unwrap_or_default();
    let wanted = match plan::read(page.form.raw("content"), &attributes) {
        Ok(wanted) => wanted,
        Err(problems) => return Ok(Err(problems)),
    };
    let asked = [("catalog_type_id", page.segment(0))];
    let known = page.ask_all("Catalog V3#ListEntries", &asked, "catalog_entries")?;
    Ok(plan::plan(&wanted, &known, &attributes, &finds(page, plan::references(&wanted, &attributes))?))
}

/// Looks up what references find.
fn finds(page: &Page, references: BTreeSet<Reference>) -> Result<Finds> {
    let types = page.ask("Catalog V3#ListTypes", "", "")?;
    let mut found = HashMap::new();
    for (holds, literal) in references {
        let mut all = types["catalog_types"].as_array().into_iter().flatten();
        let Some(of) = all.find(|of| of["type_name"] == holds).and_then(|of| of["id"].as_str()) else { continue };
        let asked = query(&[("catalog_type_id", of), ("page_size", "1"), ("identifier", &literal)]);
        let answer = page.ask("Catalog V3#ListEntries", "", &asked)?;
        let entry = &answer["catalog_entries"][0];
        if let (Some(id), Some(name)) = (entry["id"].as_str(), entry["name"].as_str()) {
            found.insert((holds, literal), (id.to_owned(), name.to_owned()));
        }
    }
    Ok(Finds(found))
}

/// Changes entries, all or none, and then makes the new ones. Where one is refused, a plan of what is left is shown.
fn apply(page: &Page, of: &Json, plan: &Plan) -> Result<View> {
    if !plan.updates.is_empty() {
        let entries: Vec<_> = plan.updates.iter().map(|update| &update.body).collect();
        let body = json!({"catalog_type_id": of["id"], "entries": entries, "update_attributes": plan.attributes});
        if let Err(refused) = page.submit("Catalog V3#BulkUpdateEntries", "", body)? {
            return with(
                page,
                of,
                Some(plan),
                &named(&refused, |index| plan.updates.get(index).map(|update| &*update.name)),
            );
        }
    }
    for create in &plan.creates {
        let mut body = create.body.clone();
        body["catalog_type_id"] = of["id"].clone();
        if let Err(refused) = page.submit("Catalog V3#CreateEntry", "", body)? {
            let left = planned(page, of)?.ok();
            return with(page, of, left.as_ref(), &of_new(&refused, &create.name));
        }
    }
    let told = format!("Imported: {} new, {} changed", plan.creates.len(), plan.updates.len());
    Ok(page.done(&format!("/catalog/{}", of["id"].as_str().unwrap_or_default()), &told))
}

/// What was wrong with a bulk update, by the names of its entries.
fn named<'p>(refused: &Refused, name: impl Fn(usize) -> Option<&'p str>) -> Refused {
    let told = refused.fields.iter().map(|(pointer, message)| {
        let index = pointer.strip_prefix("entries.").and_then(|rest| rest.split('.').next()?.parse().ok());
        index.and_then(&name).map_or_else(|| message.clone(), |name| format!("{name}: {message}"))
    });
    Refused::several(refused.whole.iter().cloned().chain(told).collect())
}

fn of_new(refused: &Refused, name: &str) -> Refused {
    let messages = refused.whole.iter().chain(refused.fields.values());
    let told =
        messages.map(|message| format!("{name} could not be made: {message}. Those before it are in the catalog."));
    Refused::several(told.collect())
}
