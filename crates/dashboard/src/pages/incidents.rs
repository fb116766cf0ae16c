//! Incidents: the list, and declaring one.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use crate::page::{Page, Refused, pages};

pages! {
    GET "/incidents" => list;
    GET "/incidents/new" => declare_form;
    POST "/incidents/new" => declare;
}

const CATEGORY: &str = "status_category[one_of]";
/// The list's tabs: what they are called, and the category of statuses they show.
const TABS: &[(&str, &str)] =
    &[("All", ""), ("Live", "live"), ("Triage", "triage"), ("Post-incident", "learning"), ("Closed", "closed")];

/// The address's query is the operation's own.
fn list(page: &Page) -> Result<View> {
    let operation = if page.query.get("q").is_some() { "Incidents#Search" } else { "Incidents V2#List" };
    let answer = page.ask(operation, "", &page.query.with(&[("page_size", "25")]))?;
    let tab = |(name, category): &(&str, &str)| {
        let address = page.query.with(&[(CATEGORY, category), ("after", "")]);
        json!({"name": name, "path": format!("/incidents?{address}"), "is_here": page.query.text(CATEGORY) == *category})
    };
    Ok(page.show(
        "incidents/list.html",
        json!({
            "tabs": TABS.iter().map(tab).collect::<Vec<_>>(), "category": page.query.get(CATEGORY),
            "incidents": answer["incidents"], "total": answer["pagination_meta"]["total_record_count"],
            "next": page.next(&answer), "first": page.first(),
            "severities": severities(page)?, "types": types(page)?,
            "is_filtered": page.query.names().any(|name| name != "after"),
            "is_narrowed": page.query.names().any(|name| !matches!(name, "after" | "q" | CATEGORY)),
        }),
    ))
}

fn declare_form(page: &Page) -> Result<View> {
    page.require("incidents.create")?;
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let key = page.desk.store.world().new_id::<()>();
    let variables = json!({"idempotency_key": key, "severities": severities(page)?, "types": types(page)?});
    Ok(page.form("incidents/declare.html", variables, refused))
}

fn declare(page: &Page) -> Result<View> {
    let fields = ["idempotency_key", "name", "summary", "severity_id", "incident_type_id", "visibility", "mode"];
    match page.submit("Incidents V2#Create", "", page.form.filled(&fields))? {
        Ok(answer) => {
            let incident = &answer["incident"];
            let told = format!("{} is declared", incident["reference"].as_str().unwrap_or_default());
            Ok(page.done(&format!("/incidents/{}", incident["id"].as_str().unwrap_or_default()), &told))
        }
        Err(refused) => with(page, &refused),
    }
}

/// The severities, for a choice.
pub fn severities(page: &Page) -> Result<Json> {
    Ok(page.ask_if_allowed("Severities V1#List", "", "")?["severities"].take())
}

fn types(page: &Page) -> Result<Json> {
    Ok(page.ask_if_allowed("Incident Types V1#List", "", "")?["incident_types"].take())
}
