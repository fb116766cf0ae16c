//! Pipes: rows that go from the API into files and tables, and records that go from files to the API.

mod definition;

use base::{Error, Result};
use serde_json::{Value as Json, json};
use web::View;

use super::connections::connections;
use super::runs;
use crate::fields::step;
use crate::live::{self, Moved};
use crate::page::{Page, Refused, Submitted, pages};

pages! {
    GET "/integrations/pipes" => list;
    GET "/integrations/pipes/new" => new_form;
    POST "/integrations/pipes/new" => create;
    GET "/integrations/pipes/{id}" => show;
    GET "/live/integrations/pipes/{id}" => follow;
    GET "/integrations/pipes/{id}/edit" => edit_form;
    POST "/integrations/pipes/{id}/edit" => edit;
    POST "/integrations/pipes/{id}/run" => run;
    POST "/integrations/pipes/{id}/pause" => pause;
    POST "/integrations/pipes/{id}/preview" => preview;
    POST "/integrations/pipes/{id}/delete" => delete;
}

/// The action that reads the first rows of a source, and how many.
const SAMPLE: &str = "sample";
const ROWS: usize = 5;

fn list(page: &Page) -> Result<View> {
    let answer = page.ask("Hub Pipes V1#List", "", &page.query.with(&[("page_size", "50")]))?;
    let variables = json!({"pipes": answer["pipes"], "next": page.next(&answer), "first": page.first()});
    Ok(page.show("integrations/pipes.html", variables))
}

/// The pipe that the address names, with its connection: by the name that it has now.
fn pipe(page: &Page) -> Result<(Json, Json)> {
    let mut pipe = page.ask("Hub Pipes V1#Show", page.segment(0), "")?["pipe"].take();
    let id = pipe["connection_id"].as_str().unwrap_or_default();
    let connection = page.ask_if_allowed("Hub Connections V1#Show", id, "")?["connection"].take();
    if !connection.is_null() {
        pipe["definition"]["connection"] = connection["name"].clone();
    }
    Ok((pipe, connection))
}

fn home(id: &str) -> String {
    format!("/integrations/pipes/{}", step(id))
}

fn home_of(page: &Page) -> String {
    home(page.segment(0))
}

fn show(page: &Page) -> Result<View> {
    let (pipe, connection) = pipe(page)?;
    let is_running = pipe["last_run"]["state"] == "running";
    let variables = json!({
        "runs": page.ask("Hub Pipes V1#ListRuns", page.segment(0), "")?["runs"], "connection": connection,
        "can_preview": can_sample(page, &pipe["definition"], &connection)?,
        "texts": definition::texts(&pipe["definition"]), "is_running": is_running, "pipe": pipe,
    });
    let view = page.show("integrations/pipe.html", variables);
    // Whoever has no scripts sees it go on, too.
    Ok(if is_running { view.with_header("refresh", "3") } else { view })
}

fn follow(page: &Page) -> Result<View> {
    live::follow(page, Moved::ByJob, &[("Hub Pipes V1#Show", page.segment(0).to_owned(), String::new())])
}

fn new_form(page: &Page) -> Result<View> {
    page.require("hub.manage")?;
    new_with(page, &Refused::default())
}

fn new_with(page: &Page, refused: &Refused) -> Result<View> {
    form(page, &Json::Null, page.query.text("kind") == "write", refused)
}

fn edit_form(page: &Page) -> Result<View> {
    page.require("hub.manage")?;
    edit_with(page, &Refused::default())
}

fn edit_with(page: &Page, refused: &Refused) -> Result<View> {
    let (pipe, _) = pipe(page)?;
    form(page, &pipe, !pipe["definition"]["destination"].is_null(), refused)
}

/// The form for a pipe, or for a new one where `pipe` is null; one that writes sends records to the API.
fn form(page: &Page, pipe: &Json, is_writing: bool, refused: &Refused) -> Result<View> {
    let named = |options: &[(&str, &str)]| -> Json {
        options.iter().map(|(id, name)| json!({"id": id, "name": name})).collect()
    };
    let connections = connections(page)?;
    let connections = connections.as_array().into_iter().flatten();
    let connections: Vec<_> = connections
        .map(|connection| json!({"id": connection["name"], "name": connection["name"], "product": connection["product"]}))
        .collect();
    let variables = json!({
        "pipe": pipe, "definition": pipe["definition"], "texts": definition::texts(&pipe["definition"]),
        "is_writing": is_writing, "connections": connections, "sources": named(definition::SOURCES),
        "destinations": named(definition::DESTINATIONS),
    });
    Ok(page.form("integrations/pipe_form.html", variables, refused))
}

/// Has an operation take what the form says.
fn submit(page: &Page, operation: &str, id: &str) -> Result<Submitted<Json>> {
    let answer = match definition::read(&page.form) {
        Ok(body) => page.submit(operation, id, body)?,
        Err(refused) => Err(refused),
    };
    Ok(answer.map_err(definition::beside))
}

fn create(page: &Page) -> Result<View> {
    match submit(page, "Hub Pipes V1#Create", "")? {
        Ok(made) => {
            let id = made["pipe"]["id"].as_str().unwrap_or_default();
            Ok(page.done(&home(id), "The pipe is made: run it, or wait for its time"))
        }
        Err(refused) => new_with(page, &refused),
    }
}

fn edit(page: &Page) -> Result<View> {
    match submit(page, "Hub Pipes V1#Update", page.segment(0))? {
        Ok(_) => Ok(page.done(&home_of(page), "The pipe is changed")),
        Err(refused) => edit_with(page, &refused),
    }
}

fn run(page: &Page) -> Result<View> {
    let retry_unknown = page.form.text("retry_unknown") == "true";
    page.call("Hub Pipes V1#Run", page.segment(0), json!({"retry_unknown": retry_unknown}))?;
    Ok(page.done(&home_of(page), "It runs as soon as it is its turn; how it goes is shown here"))
}

/// Has the pipe run by itself no more for now, or again; all else stays.
fn pause(page: &Page) -> Result<View> {
    let (mut pipe, _) = pipe(page)?;
    let is_paused = page.form.text("paused") == "true";
    pipe["definition"]["paused"] = is_paused.into();
    page.call("Hub Pipes V1#Update", page.segment(0), json!({"definition": pipe["definition"]}))?;
    Ok(page.done(&home_of(page), if is_paused { "It runs by itself no more" } else { "It runs by itself again" }))
}

/// Whether the first rows that a pipe would read can be looked at.
fn can_sample(page: &Page, definition: &Json, connection: &Json) -> Result<bool> {
    let Some(product) = connection["product"].as_str().filter(|_| !definition["source"].is_null()) else {
        return Ok(false);
    };
    let product = super::product(page, product)?;
    let mut actions = product["actions"].as_array().into_iter().flatten();
    Ok(actions.any(|action| action["name"] == SAMPLE))
}

fn preview(page: &Page) -> Result<View> {
    let (pipe, _) = pipe(page)?;
    let id = pipe["connection_id"].as_str().unwrap_or_default();
    let input = json!({"source": pipe["definition"]["source"], "rows": ROWS});
    match page.submit_at("Hub Connections V1#Act", &[id, SAMPLE], json!({"input": input}))? {
        Ok(begun) => Ok(runs::watch(&begun)),
        Err(refused) => Err(Error::conflict(refused.told())),
    }
}

fn delete(page: &Page) -> Result<View> {
    page.call("Hub Pipes V1#Destroy", page.segment(0), Json::Null)?;
    Ok(page.done("/integrations/pipes", "The pipe is deleted; its files stay"))
}
