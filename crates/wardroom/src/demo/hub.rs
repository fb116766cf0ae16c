//! Connects the products to this very server, once it serves, and has them do something.

use std::time::Duration;

use base::{Error, Result};
use serde_json::{Value, json};

use super::play::{Stage, text};
use super::story;

/// How long to look away from a run that is not over.
const LOOK: Duration = Duration::from_millis(10);
/// How often it is looked at.
const LOOKS: usize = 1_000;

/// Plays on: the hub's part of the story, by whoever owns the organisation. Blocks until every run is over.
pub fn connect(stage: &Stage) -> Result<()> {
    let [hyphen, ravenna, nexla, atomicwork] = story::CONNECTIONS.map(|(product, name, about)| {
        let wanted = json!({"product": product, "name": name, "description": about, "this_server": true});
        run(stage, "Hub Connections V1#Create", &[], json!({"connection": wanted}))
    });
    link(stage, &connection(&hyphen?))?;
    route(stage, &connection(&ravenna?))?;
    move_rows(stage, &connection(&nexla?))?;
    declare(stage, &connection(&atomicwork?))
}

/// Teams, people and services that the directory knows, linked to those of the catalog.
fn link(stage: &Stage, hyphen: &str) -> Result<()> {
    for (number, (team, _, _)) in story::ON_CALL.into_iter().enumerate() {
        let linked =
            json!({"entity_id": format!("team_{number}"), "entity_name": team, "team_entry_id": stage.teams[team]});
        act(stage, hyphen, "permission_group", linked)?;
    }
    for (number, (name, _)) in story::PEOPLE.into_iter().enumerate().take(4) {
        let linked =
            json!({"entity_id": format!("member_{number}"), "entity_name": name, "email": story::email_of(name)});
        act(stage, hyphen, "user", linked)?;
    }
    for (number, service) in story::SERVICES.iter().enumerate().take(5) {
        let linked = json!({
            "entity_id": format!("app_{number}"), "entity_name": service.name, "service_entry_id": stage.services[service.name],
        });
        act(stage, hyphen, "incident_management", linked)?;
    }
    act(stage, hyphen, "verify", json!({}))
}

/// Tickets that are held against who is on call.
fn route(stage: &Stage, ravenna: &str) -> Result<()> {
    for (name, team) in story::PEOPLE {
        let ticket = json!({"schedule": format!("{team} on call"), "email": story::email_of(name)});
        act(stage, ravenna, "validate_on_call", ticket)?;
    }
    Ok(())
}

/// Pipes that move what happened to where it is counted.
fn move_rows(stage: &Stage, nexla: &str) -> Result<()> {
    let pipes = [
        json!({
            "name": "Incidents by the quarter of an hour", "description": "For the reports on Monday.", "connection": nexla,
            "source": {"template": "incidents", "mode": "incremental"},
            "output": {"format": "table", "sqlite": "reporting.db", "table": "incidents"}, "schedule": "*/15 * * * *",
        }),
        json!({
            "name": "Follow-ups, every night", "description": "What we said we would do.", "connection": nexla,
            "source": {"template": "follow_ups", "mode": "full"}, "output": {"format": "csv", "file": "follow-ups.csv"},
            "schedule": "0 2 * * *", "time_zone": "Europe/London",
        }),
    ];
    for pipe in pipes {
        let pipe = stage.by(owner(), "Hub Pipes V1#Create", &[], json!({"definition": pipe}))?;
        stage.by(owner(), "Hub Pipes V1#Run", &[&text(&pipe["pipe"]["id"])], json!({}))?;
    }
    Ok(())
}

/// A rule that makes incidents of urgent tickets, and two tickets; and a look for an incident that isn't there.
fn declare(stage: &Stage, atomicwork: &str) -> Result<()> {
    let incident = json!({
        "name": "{{ payload.ticket.title }}", "summary": "{{ payload.ticket.text }}", "visibility": "public",
        "severity_id": stage.settings["Minor"],
    });
    let rule = json!({
        "name": "Urgent tickets are incidents", "description": "The service desk sends every new ticket here.",
        "when": "payload.ticket.urgency == 'high'", "key": "{{ payload.ticket.id }}",
        "steps": [{"name": "declare", "connection": atomicwork, "action": "create_incident", "input": incident}],
    });
    let made = stage.by(owner(), "Hub Rules V1#Create", &[], json!({"rule": rule}))?;
    let address = text(&made["url"]);
    let secret = address.rsplit('/').next().ok_or_else(Error::not_found)?;
    for (id, urgency, title, text) in story::TICKETS {
        let ticket = json!({"ticket": {"id": id, "urgency": urgency, "title": title, "text": text}});
        let delivery = stage.by(owner(), "Hub Rules V1#Deliver", &[secret], ticket)?;
        wait(stage, &delivery["delivery"]["run_id"])?;
    }
    act(stage, atomicwork, "list_incidents", json!({}))?;
    act(stage, atomicwork, "get_incident", json!({"id": "INC-4711"}))
}

fn owner() -> &'static str {
    let (name, _) = story::PEOPLE[0];
    name
}

fn connection(run: &Value) -> String {
    text(&run["connection_id"])
}

fn act(stage: &Stage, connection: &str, action: &str, input: Value) -> Result<()> {
    run(stage, "Hub Connections V1#Act", &[connection, action], json!({"input": input})).map(drop)
}

/// Begins a run, and waits until it is over: with its success, or not.
fn run(stage: &Stage, operation: &str, segments: &[&str], body: Value) -> Result<Value> {
    let begun = stage.by(owner(), operation, segments, body)?;
    wait(stage, &begun["run"]["id"])
}

fn wait(stage: &Stage, run: &Value) -> Result<Value> {
    for _ in 0..LOOKS {
        let mut shown = stage.by(owner(), "Hub Runs V1#Show", &[&text(run)], Value::Null)?;
        if shown["run"].get("finished_at").is_some() {
            return Ok(shown["run"].take());
        }
        stage.store.world().sleep(LOOK);
    }
    Err(Error::internal("a run of the hub does not end"))
}
