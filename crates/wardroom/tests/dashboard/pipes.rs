//! Pipes, made and run in a browser without scripts.

use connect::nexla::engine::Directory;
use people::users::BaseRole;
use tempfile::TempDir;
use testkit::{App, Browser, Shown, json};

use crate::support::{app_in, declare, signed_in};

const NEW: &str = "/integrations/pipes/new";
const WRITING: &str = "/integrations/pipes/new?kind=write";

/// A server with a connection for pipes and a directory for their files, and its owner's browser.
struct Site {
    app: App,
    owner: Browser,
    directory: TempDir,
}

impl Site {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Directory(directory.path().into());
        let app = app_in(|world| world.with(place));
        let owner = signed_in(&app, "Olga", BaseRole::Owner);
        let token = app.token(&["viewer", "incident_creator"]);
        let connection = json!({"product": "nexla", "name": "acme", "api_key": token, "base_url": app.address});
        app.admin().post("/hub/v1/connections", json!({"connection": connection})).expect(202);
        app.run_jobs();
        Self { app, owner, directory }
    }

    /// Sends a form for a pipe with these fields of its definition.
    fn send(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        self.owner.get(path).expect(200);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (format!("definition.{name}"), *value)).collect();
        self.owner.submit(path, &fields.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>())
    }

    /// Makes a pipe that reads incidents into a file, with these fields besides; where it is.
    fn reading(&self, fields: &[(&str, &str)]) -> String {
        let usual = [
            ("name", "incidents"),
            ("connection", "acme"),
            ("source.template", "incidents"),
            ("source.mode", "full"),
            ("output.format", "jsonl"),
            ("output.file", "incidents.jsonl"),
        ];
        self.send(NEW, &[&usual[..], fields].concat()).leads_to().to_owned()
    }

    fn act(&self, pipe: &str, what: &str, fields: &[(&str, &str)]) -> Shown {
        self.owner.get(pipe).expect(200);
        self.owner.submit(&format!("{pipe}/{what}"), fields)
    }

    /// What the API says that a pipe does.
    fn definition(&self, pipe: &str) -> testkit::Value {
        let path = pipe.replace("/integrations/", "/hub/v1/");
        self.app.admin().get(&path).expect(200)["pipe"]["definition"].take()
    }
}

#[test]
fn a_pipe_is_made_and_run_and_its_page_says_how_it_went() {
    let site = Site::start();
    assert!(site.owner.get("/integrations/pipes").expect(200).says("No pipe so far"));
    assert!(site.owner.get("/integrations").says("href=\"/integrations/pipes\""));
    declare(&site.owner, "Checkout is down");
    let pipe = site.reading(&[("schedule", "*/15 * * * *")]);
    assert!(site.owner.get(&pipe).expect(200).says("It has not run yet"));
    assert_eq!(site.act(&pipe, "run", &[]).leads_to(), pipe);
    site.app.run_jobs();
    let page = site.owner.get(&pipe).expect(200);
    assert!(page.says(">succeeded<") && page.says("1 read · 1 written"), "{}", page.text);
    let list = site.owner.get("/integrations/pipes").expect(200);
    assert!(list.says(&pipe) && list.says(">succeeded<") && list.says("Reads incidents into incidents.jsonl"));
    let rows = std::fs::read_to_string(site.directory.path().join("incidents.jsonl")).unwrap();
    assert!(rows.contains("Checkout is down"));
}

#[test]
fn a_run_that_went_wrong_says_why_in_plain_words() {
    let site = Site::start();
    let fields = [
        ("name", "load"),
        ("connection", "acme"),
        ("input.format", "jsonl"),
        ("input.file", "nowhere.jsonl"),
        ("destination.template", "create_incidents"),
    ];
    let pipe = site.send(WRITING, &fields).leads_to().to_owned();
    site.act(&pipe, "run", &[]).leads_to();
    site.app.run_jobs();
    let page = site.owner.get(&pipe).expect(200);
    assert!(page.says("nowhere.jsonl: No such file"), "{}", page.text);
    assert!(page.says(">interrupted<") && page.says("Go on with it"));
}

#[test]
fn records_are_sent_as_the_form_says() {
    let site = Site::start();
    let severity = site.owner.get("/incidents/new").option("Minor").unwrap();
    std::fs::write(site.directory.path().join("old.csv"), "ticket,title\nT-1,Mast is broken\nT-2,\n").unwrap();
    let body = format!(r#"{{"name": "{{{{ row.title }}}}", "visibility": "public", "severity_id": "{severity}"}}"#);
    let fields = [
        ("name", "load"),
        ("connection", "acme"),
        ("input.format", "csv"),
        ("input.file", "old.csv"),
        ("input.key", "ticket"),
        ("destination.template", "create_incidents"),
        ("destination.body", &body),
    ];
    let pipe = site.send(WRITING, &fields).leads_to().to_owned();
    site.act(&pipe, "run", &[]).leads_to();
    site.app.run_jobs();
    let page = site.owner.get(&pipe).expect(200);
    assert!(page.says("2 read · 2 written"), "{}", page.text);
    assert!(site.owner.get("/incidents").says("Mast is broken"));
}

#[test]
fn what_is_wrong_with_a_pipe_stands_beside_its_field_and_what_was_typed_stays() {
    let site = Site::start();
    let fields = [
        ("name", "incidents"),
        ("connection", "acme"),
        ("source.template", "alerts"),
        ("source.query", "colour = red"),
        ("output.format", "jsonl"),
        ("output.file", "../outside"),
        ("schedule", "often"),
    ];
    let refused = site.send(NEW, &fields).expect(422);
    for field in ["source.query", "output.file", "schedule"] {
        assert!(refused.says(&format!("id=\"definition.{field}-error\"")), "{field}: {}", refused.text);
    }
    assert!(refused.says("colour: alerts has no such parameter") && refused.says("colour = red"));
    let refused = site.send(WRITING, &[("name", "load"), ("destination.body", "{")]).expect(422);
    assert!(refused.says("id=\"definition.destination.body-error\"") && refused.says("What is sent for each"));
}

#[test]
fn everything_that_a_pipe_can_read_or_do_is_offered() {
    let site = Site::start();
    let admin = site.app.admin();
    for (path, part, other) in [(NEW, "source", "output"), (WRITING, "destination", "input")] {
        let page = site.owner.get(path).expect(200);
        let other = json!({"format": "jsonl", "file": "a"}).as_object().map(|fields| (other, fields.clone())).unwrap();
        let mut definition = json!({"name": "a", "connection": "acme"});
        definition[part] = json!({"template": "nonsense"});
        definition[other.0] = other.1.into();
        let refused = admin.post("/hub/v1/pipes", json!({"definition": definition})).expect(422);
        let message = refused["errors"][0]["message"].as_str().unwrap().to_owned();
        let (_, names) = message.split_once("must be one of: ").unwrap_or_else(|| panic!("{message}"));
        for name in names.split(", ") {
            assert!(page.says(&format!("<option value=\"{name}\"")), "{name}");
        }
    }
}

#[test]
fn an_edit_begins_with_what_the_pipe_does_and_changes_it() {
    let site = Site::start();
    let pipe = site.reading(&[("source.query", "status_category[one_of] = live\r\nstatus_category[one_of] = triage")]);
    let edit = format!("{pipe}/edit");
    let form = site.owner.get(&edit).expect(200);
    assert!(form.says("status_category[one_of] = live\nstatus_category[one_of] = triage"), "{}", form.text);
    assert_eq!(site.definition(&pipe)["source"]["query"], json!({"status_category[one_of]": ["live", "triage"]}));
    let fields = [
        ("name", "all of them"),
        ("connection", "acme"),
        ("source.template", "incidents"),
        ("output.format", "csv"),
        ("output.file", "all.csv"),
        ("output.columns", "id\r\nseverity.name"),
        ("schedule", "0 9 * * *"),
        ("time_zone", "Europe/Berlin"),
    ];
    assert_eq!(site.send(&edit, &fields).leads_to(), pipe);
    let definition = site.definition(&pipe);
    assert_eq!(definition["output"], json!({"format": "csv", "file": "all.csv", "columns": ["id", "severity.name"]}));
    assert_eq!(definition["source"]["query"], json!({}), "what is left blank goes");
    assert!(site.owner.get(&pipe).says("<h1>all of them</h1>"));
}

#[test]
fn a_schedule_is_turned_off_and_on_and_a_pipe_is_deleted() {
    let site = Site::start();
    let pipe = site.reading(&[("schedule", "0 9 * * *")]);
    assert!(site.owner.get(&pipe).says("Next run"));
    site.act(&pipe, "pause", &[("paused", "true")]).leads_to();
    let page = site.owner.get(&pipe).expect(200);
    assert!(page.says(">paused<") && !page.says("Next run") && page.says("Turn it on"));
    assert!(site.owner.get(&format!("{pipe}/edit")).says("<option value=\"true\" selected>No: it waits"));
    site.act(&pipe, "pause", &[("paused", "false")]).leads_to();
    assert_eq!(site.definition(&pipe)["schedule"], "0 9 * * *", "all else stays");
    assert!(site.owner.get(&pipe).says("Next run"));
    assert_eq!(site.act(&pipe, "delete", &[]).leads_to(), "/integrations/pipes");
    site.owner.get(&pipe).expect(404);
}

#[test]
fn a_pipe_knows_its_connection_by_the_name_that_it_has_now() {
    let site = Site::start();
    let pipe = site.reading(&[("schedule", "0 9 * * *")]);
    let connections = site.app.admin().get("/hub/v1/connections").expect(200);
    let connection = format!("/hub/v1/connections/{}", connections["connections"][0]["id"].as_str().unwrap());
    site.app.admin().put(&connection, json!({"connection": {"name": "harbour"}})).expect(202);
    site.app.run_jobs();
    assert!(site.owner.get(&pipe).says(">harbour</a>"));
    assert!(site.owner.get(&format!("{pipe}/edit")).says("<option value=\"harbour\" selected>"));
    site.act(&pipe, "pause", &[("paused", "true")]).leads_to();
}

#[test]
fn the_first_rows_are_shown_and_nothing_is_kept() {
    let site = Site::start();
    declare(&site.owner, "Checkout is down");
    let pipe = site.reading(&[]);
    let run = site.act(&pipe, "preview", &[]).leads_to().to_owned();
    site.app.run_jobs();
    assert!(site.owner.get(&run).expect(200).says("Checkout is down"));
    assert!(!site.directory.path().join("incidents.jsonl").exists());
    assert!(site.owner.get(&pipe).says("It has not run yet"));
}

#[test]
fn without_a_connection_a_new_pipe_says_what_it_needs() {
    let app = app_in(|world| world);
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let page = owner.get(NEW).expect(200);
    assert!(page.says("A pipe needs a connection") && page.says("/integrations/nexla/connect"));
}

#[test]
fn responders_and_viewers_neither_see_pipes_nor_use_them() {
    let site = Site::start();
    let pipe = site.reading(&[("schedule", "0 9 * * *")]);
    for (name, role) in [("Rita", BaseRole::Responder), ("Vera", BaseRole::Viewer)] {
        let other = signed_in(&site.app, name, role);
        other.get(&pipe).expect(403);
        for what in ["run", "pause", "preview", "delete", "edit"] {
            other.submit(&format!("{pipe}/{what}"), &[("definition.name", "x")]).expect(403);
        }
    }
    assert_eq!(site.definition(&pipe)["name"], "incidents");
}
