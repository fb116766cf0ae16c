//! Rules: a webhook comes in, actions go out.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::connections::connections;
use crate::page::{Page, Refused, Submitted, pages};

pages! {
    GET "/integrations/rules" => list;
    GET "/integrations/rules/new" => new_form;
    POST "/integrations/rules/new" => create;
    GET "/integrations/rules/{id}" => show;
    POST "/integrations/rules/{id}" => change;
    POST "/integrations/rules/{id}/delete" => delete;
}

/// What a new rule's steps look like.
const EXAMPLE: &str = r#"[
  {
    "name": "create",
    "connection": "the name of a connection",
    "action": "create_incident",
    "input": {"name": "{{ payload.title }}"}
  }
]"#;
const STEPS: &str = "rule.steps";

fn list(page: &Page) -> Result<View> {
    let answer = page.ask("Hub Rules V1#List", "", &page.query.with(&[("page_size", "50")]))?;
    let variables = json!({"rules": answer["rules"], "next": page.next(&answer), "first": page.first()});
    Ok(page.show("integrations/rules.html", variables))
}

/// What the form says of the rule.
fn body(page: &Page) -> Submitted<Json> {
    let mut body = page.form.given(&["rule.name", "rule.description", "rule.when", "rule.key"]);
    body["rule"]["is_paused"] = (page.form.text("rule.is_paused") == "true").into();
    let not_json = |error: serde_json::Error| Refused::field(STEPS, format!("are not JSON: {error}"));
    body["rule"]["steps"] = serde_json::from_str(page.form.text(STEPS)).map_err(not_json)?;
    Ok(body)
}

fn submit(page: &Page, operation: &str, id: &str) -> Result<Submitted<Json>> {
    let answer = match body(page) {
        Ok(body) => page.submit(operation, id, body)?,
        Err(refused) => Err(refused),
    };
    Ok(answer.map_err(|refused| refused.gathered(STEPS)))
}

fn new_form(page: &Page) -> Result<View> {
    page.require("hub.manage")?;
    new_with(page, &Refused::default())
}

fn new_with(page: &Page, refused: &Refused) -> Result<View> {
    let variables = json!({"connections": connections(page)?, "steps": EXAMPLE});
    Ok(page.form("integrations/rule.html", variables, refused))
}

fn create(page: &Page) -> Result<View> {
    match submit(page, "Hub Rules V1#Create", "")? {
        Ok(answer) => {
            let variables = json!({"rule": answer["rule"], "url": answer["url"]});
            // Whoever loads the page again sees the rules, and the address no more.
            Ok(page.show("integrations/rule_made.html", variables).with_header("hx-push-url", "/integrations/rules"))
        }
        Err(refused) => new_with(page, &refused),
    }
}

fn show(page: &Page) -> Result<View> {
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let rule = page.ask("Hub Rules V1#Show", page.segment(0), "")?["rule"].take();
    let mut steps = rule["steps"].clone();
    for step in steps.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        // What is shown as an ID is given as a name or an ID.
        if let Some(id) = step.remove("connection_id") {
            step.insert("connection".into(), id);
        }
    }
    let variables = json!({"rule": rule, "connections": connections(page)?, "steps": format!("{steps:#}")});
    Ok(page.form("integrations/rule.html", variables, refused))
}

fn change(page: &Page) -> Result<View> {
    match submit(page, "Hub Rules V1#Update", page.segment(0))? {
        Ok(_) => Ok(page.done("/integrations/rules", "The rule is changed; its address stays")),
        Err(refused) => with(page, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    page.call("Hub Rules V1#Destroy", page.segment(0), Json::Null)?;
    Ok(page.done("/integrations/rules", "The rule is deleted; its address answers no more"))
}
