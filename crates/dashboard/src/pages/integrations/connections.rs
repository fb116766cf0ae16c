//! Connections: made, tested, used and forgotten. What asks another server is a run, whose page is shown next.

use base::{Error, Result};
use serde_json::{Map, Value as Json, json};
use web::View;

use super::{inputs, product, runs};
use crate::fields::{query, step};
use crate::page::{Page, Refused, Submitted, pages};

pages! {
    GET "/integrations/{product}/connect" => connect_form;
    POST "/integrations/{product}/connect" => connect;
    GET "/integrations/connections/{id}" => show;
    GET "/integrations/connections/{id}/edit" => edit_form;
    POST "/integrations/connections/{id}/edit" => edit;
    POST "/integrations/connections/{id}/test" => test;
    POST "/integrations/connections/{id}/disconnect" => disconnect;
    GET "/integrations/connections/{id}/actions/{action}" => action_form;
    POST "/integrations/connections/{id}/actions/{action}" => act;
    POST "/integrations/connections/{id}/links/{link}/forget" => forget_link;
}

/// What a form says of a connection: for this very server neither a key nor an address.
fn body(page: &Page) -> Json {
    let mut body = page.form.filled(&["connection.name", "connection.description"]);
    match page.form.text("where") {
        "this" => body["connection"]["this_server"] = true.into(),
        "host" => {
            body["connection"]["api_key"] = page.form.text("connection.api_key").into();
            if let Some(url) = page.form.get("connection.base_url") {
                body["connection"]["base_url"] = url.into();
            }
        }
        _ => {}
    }
    body
}

fn connect_form(page: &Page) -> Result<View> {
    page.require("hub.manage")?;
    connect_with(page, &Refused::default())
}

fn connect_with(page: &Page, refused: &Refused) -> Result<View> {
    let variables = json!({"product": product(page, page.segment(0))?, "back": product_home(page.segment(0))});
    Ok(page.form("integrations/connect.html", variables, refused))
}

fn product_home(id: &str) -> String {
    format!("/integrations/{}", step(id))
}

fn connect(page: &Page) -> Result<View> {
    let mut body = body(page);
    body["connection"]["product"] = page.segment(0).into();
    match page.submit("Hub Connections V1#Create", "", body)? {
        Ok(answer) => Ok(runs::watch(&answer)),
        Err(refused) => connect_with(page, &refused),
    }
}

/// All connections, for a choice.
pub fn connections(page: &Page) -> Result<Json> {
    Ok(page.ask("Hub Connections V1#List", "", "page_size=250")?["connections"].take())
}

fn connection(page: &Page) -> Result<Json> {
    Ok(page.ask("Hub Connections V1#Show", page.segment(0), "")?["connection"].take())
}

fn product_of(page: &Page, connection: &Json) -> Result<Json> {
    product(page, connection["product"].as_str().unwrap_or_default())
}

fn show(page: &Page) -> Result<View> {
    let connection = connection(page)?;
    let its = query(&[("connection_id", page.segment(0)), ("page_size", "10")]);
    let variables = json!({
        "product": product_of(page, &connection)?,
        "runs": page.ask("Hub Runs V1#List", "", &its)?["runs"],
        "links": page.ask("Hub Links V1#List", "", &its)?["links"],
        "connection": connection,
    });
    Ok(page.show("integrations/connection.html", variables))
}

fn home(page: &Page) -> String {
    format!("/integrations/connections/{}", step(page.segment(0)))
}

fn edit_form(page: &Page) -> Result<View> {
    page.require("hub.manage")?;
    edit_with(page, &Refused::default())
}

fn edit_with(page: &Page, refused: &Refused) -> Result<View> {
    let connection = connection(page)?;
    let variables = json!({"product": product_of(page, &connection)?, "connection": connection, "back": home(page)});
    Ok(page.form("integrations/connect.html", variables, refused))
}

fn edit(page: &Page) -> Result<View> {
    match page.submit("Hub Connections V1#Update", page.segment(0), body(page))? {
        Ok(answer) => Ok(runs::watch(&answer)),
        Err(refused) => edit_with(page, &refused),
    }
}

/// Begins a run.
fn begin(page: &Page, action: &str, input: Json) -> Result<Submitted<Json>> {
    page.submit_at("Hub Connections V1#Act", &[page.segment(0), action], json!({"input": input}))
}

fn test(page: &Page) -> Result<View> {
    match begin(page, "test", json!({}))? {
        Ok(answer) => Ok(runs::watch(&answer)),
        Err(refused) => Err(Error::conflict(refused.told())),
    }
}

fn disconnect(page: &Page) -> Result<View> {
    let connection = connection(page)?;
    page.call("Hub Connections V1#Destroy", page.segment(0), Json::Null)?;
    let product = product_home(connection["product"].as_str().unwrap_or_default());
    Ok(page.done(&product, "It is disconnected, and the key is forgotten"))
}

fn forget_link(page: &Page) -> Result<View> {
    page.call("Hub Links V1#Destroy", page.segment(1), Json::Null)?;
    Ok(page.done(&home(page), "The link is forgotten; what it linked stays on both sides"))
}

/// The action that the address names, with its schemas.
fn action(page: &Page, product: &Json) -> Result<Json> {
    let mut actions = product["actions"].as_array().into_iter().flatten();
    actions.find(|action| action["name"] == page.segment(1)).cloned().ok_or_else(Error::not_found)
}

fn action_form(page: &Page) -> Result<View> {
    page.require("hub.use")?;
    action_with(page, &Refused::default())
}

fn action_with(page: &Page, refused: &Refused) -> Result<View> {
    let connection = connection(page)?;
    let product = product_of(page, &connection)?;
    let action = action(page, &product)?;
    let options = options(page, &product, &action["inputs"])?;
    let inputs = inputs::of(&action["inputs"], &options);
    let variables = json!({"connection": connection, "product": product, "action": action, "inputs": inputs});
    Ok(page.form("integrations/action.html", variables, refused))
}

fn act(page: &Page) -> Result<View> {
    let product = product_of(page, &connection(page)?)?;
    let action = action(page, &product)?;
    let begun = match inputs::read(&action["inputs"], &page.form) {
        Ok(input) => begin(page, page.segment(1), input)?,
        Err(refused) => Err(refused),
    };
    match begun {
        Ok(answer) => Ok(runs::watch(&answer)),
        Err(refused) => action_with(page, &inputs::beside(refused, &action["inputs"])),
    }
}

/// The action that says what can be chosen from.
const LISTING: &str = "list_options";

/// What can be chosen from, for each list that an action's inputs name. Where nobody answers soon, an ID is typed.
fn options(page: &Page, product: &Json, schema: &Json) -> Result<Map<String, Json>> {
    let mut actions = product["actions"].as_array().into_iter().flatten();
    if !actions.any(|action| action["name"] == LISTING) {
        return Ok(Map::new());
    }
    let mut options = Map::new();
    for list in inputs::lists(schema) {
        let known = runs::latest(page, page.segment(0), LISTING, &json!({"list": list}))?;
        let run = match known {
            Some(run) => run,
            None => match begin(page, LISTING, json!({"list": list}))? {
                Ok(answer) => runs::awaited(page, answer["run"]["id"].as_str().unwrap_or_default())?,
                Err(_) => continue,
            },
        };
        let choice = |choice: &Json| json!({"id": choice["value"], "name": choice["label"]});
        if let Some(choices) = run["output"].as_array() {
            options.insert(list, choices.iter().map(choice).collect());
        }
    }
    Ok(options)
}
