//! Nexla: pipes between the API and files or tables.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use base::{Id, World};
use connect::client::{ApiPath, Client as Api, Patience};
use connect::connector::{Connector, Context};
use connect::nexla::Nexla;
use connect::nexla::engine::{AT_ONCE, Directory, Engine, Options};
use connect::nexla::files::Reach;
use connect::nexla::pipe::{Definition, Pipe};
use connect::nexla::{Run, State};
use store::outside::Table;
use store::{Location, Who};
use tempfile::TempDir;
use testkit::{Alerts, App, Client, Fault, Proxy, RetryAfter, Value, json, postgres_or_skip};
use web::Egress;

use crate::support::CONNECTIONS;

/// A server, the hub's data, and a directory for files.
struct Site {
    app: App,
    admin: Client,
    api: Api,
    directory: TempDir,
}

impl Site {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Directory(directory.path().into());
        let outside: Box<dyn FnOnce(World) -> World> = Box::new(|world| world.with(place));
        let app = App::with(wardroom::features, testkit::Options { outside: Some(outside), ..Default::default() });
        let admin = app.admin();
        let roles: Vec<_> = people::roles::ROLES.iter().map(|role| role.name).collect();
        let token = app.token(&roles);
        let api = api(&app.address, &token, app.store.world());
        let connection = json!({"product": "nexla", "name": "acme", "api_key": token, "base_url": app.address});
        admin.post(CONNECTIONS, json!({"connection": connection})).expect(202);
        app.run_jobs();
        Self { app, admin, api, directory }
    }

    /// The same, asked at another address or with another key.
    fn at(mut self, address: &str, roles: &[&str]) -> Self {
        self.api = api(address, &self.app.token(roles), self.app.store.world());
        self
    }

    /// Keeps a pipe named `name` that is defined by these fields.
    fn pipe(&self, name: &str, definition: Value) -> Id<Pipe> {
        let mut whole = json!({"name": name, "connection": "acme"});
        whole.as_object_mut().unwrap().extend(definition.as_object().unwrap().clone());
        let definition = Definition::read(&whole, Reach::Within).unwrap_or_else(|error| panic!("{error}"));
        self.app.write(move |cx| Pipe::put(cx, definition.clone())).id
    }

    fn engine(&self) -> Engine<'_> {
        Engine { store: &self.app.store, api: self.api.clone(), directory: self.directory.path().into() }
    }

    fn run_while(&self, pipe: Id<Pipe>, may_go_on: &mut dyn FnMut(&Run) -> bool) -> Run {
        self.engine().run(pipe, Options::default(), may_go_on).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Runs a pipe to its end.
    #[track_caller]
    fn run(&self, pipe: Id<Pipe>) -> Run {
        let run = self.run_while(pipe, &mut |_| true);
        assert_eq!((run.state, &run.error), (State::Succeeded, &None));
        run
    }

    /// Runs a pipe in as many runs as it takes to come to its end with so many chunks each.
    fn run_in_slices(&self, pipe: Id<Pipe>, chunks: usize) -> (Run, usize) {
        for slices in 1.. {
            let mut left = chunks;
            let run = self.run_while(pipe, &mut |_| {
                left -= 1;
                left > 0
            });
            if run.state != State::Interrupted {
                return (run, slices);
            }
        }
        unreachable!("a pipe comes to its end")
    }

    /// Runs a pipe until its process dies after so many chunks.
    fn die_after(&self, pipe: Id<Pipe>, chunks: usize) {
        let mut left = chunks;
        let mut die = |_: &Run| {
            left -= 1;
            assert!(left > 0, "a process that dies");
            true
        };
        let died = catch_unwind(AssertUnwindSafe(|| self.run_while(pipe, &mut die)));
        assert!(died.is_err());
        // Nobody renews its lease.
        self.app.clock.advance(Duration::from_secs(60));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The rows of a file of JSON Lines.
    fn rows(&self, name: &str) -> Vec<Value> {
        self.text(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The IDs in a file of JSON Lines, each there once.
    #[track_caller]
    fn ids(&self, name: &str) -> BTreeSet<String> {
        let ids: Vec<_> = self.rows(name).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        let once: BTreeSet<_> = ids.iter().cloned().collect();
        assert_eq!(once.len(), ids.len(), "{name} holds a row twice");
        once
    }

    fn write(&self, name: &str, rows: &[Value]) {
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        std::fs::write(self.path(name), lines).unwrap();
    }

    fn severity(&self) -> String {
        self.admin.get("/v1/severities").expect(200)["severities"][0]["id"].as_str().unwrap().to_owned()
    }

    fn declare(&self, count: usize) {
        let severity = self.severity();
        for n in 0..count {
            self.app.clock.advance(Duration::from_secs(1));
            let key = format!("{n}-{:?}", self.app.store.world().now());
            let body = json!({"idempotency_key": key, "visibility": "public", "severity_id": severity, "name": key});
            self.admin.post("/v2/incidents", body).expect(200);
        }
    }

    /// A catalog type with so many entries.
    fn catalog(&self, entries: usize) -> String {
        let new = json!({"name": "Thing", "description": "", "type_name": "Custom[\"Thing\"]"});
        let body = self.admin.post("/v3/catalog_types", new).expect(201);
        let id = body["catalog_type"]["id"].as_str().unwrap().to_owned();
        for n in 0..entries {
            let entry = json!({"catalog_type_id": id, "name": format!("Thing {n}"), "attribute_values": {}});
            self.admin.post("/v3/catalog_entries", entry).expect(201);
        }
        id
    }

    /// The names of all incidents.
    fn incidents(&self) -> Vec<String> {
        let body = self.admin.get("/v2/incidents?page_size=500").expect(200);
        body["incidents"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    }
}

fn api(address: &str, token: &str, world: &World) -> Api {
    let egress = Egress::allowing(["127.0.0.0/8".parse().unwrap()]);
    let api = Api::new(address.parse().unwrap(), token.into(), world.clone(), &egress, AT_ONCE);
    api.patient(Patience::WORK)
}

fn read_pages(template: &str, mode: &str, size: usize) -> Value {
    json!({"template": template, "mode": mode, "query": {"page_size": size.to_string()}})
}

fn outcomes(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

/// What may happen to one request in five.
const FAULTS: [Fault; 6] = [
    Fault::LostAnswer,
    Fault::Status(503),
    Fault::Limited(RetryAfter::Seconds(1)),
    Fault::Truncated,
    Fault::AfterStatus(502),
    Fault::Garbled,
];

#[test]
fn nx_3_every_request_carries_the_key() {
    let site = Site::start();
    let proxy = Proxy::to(&site.app.address);
    let site = site.at(proxy.url(), &["viewer"]);
    Nexla.connect(&site.api).unwrap();
    site.declare(5);
    let source = read_pages("incidents", "full", 2);
    site.run(site.pipe("a", json!({"source": source, "output": {"format": "jsonl", "file": "a.jsonl"}})));
    let requests = proxy.requests();
    assert!(requests.len() > 3);
    assert!(requests.iter().all(|seen| seen.headers["authorization"].starts_with("Bearer inc_")));
}

#[test]
fn nx_11_each_template_reads_every_row_across_pages_once() {
    let site = Site::start();
    let alerts = Alerts::before(&site.app.address, 130);
    let site = site.at(&alerts.address, Nexla.product().roles);
    site.declare(12);
    let type_id = site.catalog(12);
    for n in 0..12 {
        site.app.team(&format!("Team {n}"));
        site.app.user(&format!("User {n}"));
        let schedule = json!({"schedule": {"name": format!("Schedule {n}"), "timezone": "UTC"}});
        site.admin.post("/v2/schedules", schedule).expect(201);
        let incident = site.admin.get("/v2/incidents?page_size=1").expect(200)["incidents"][0]["id"].clone();
        site.admin.post("/v2/actions", json!({"incident_id": incident, "description": format!("Do {n}")})).expect(201);
        site.admin.post("/v2/follow_ups", json!({"incident_id": incident, "title": format!("Do {n}")})).expect(201);
    }
    for (template, path, size) in [
        ("incidents", "/v2/incidents", Some(5)),
        ("alerts", "/v2/alerts?page_size=50", Some(50)),
        ("schedules", "/v2/schedules", Some(5)),
        ("actions", "/v2/actions", None),
        ("follow_ups", "/v2/follow_ups", None),
        ("teams", "/v3/teams", Some(5)),
        ("users", "/v2/users", Some(5)),
        ("catalog_entries", "/v3/catalog_entries?page_size=50", Some(5)),
    ] {
        let mut source = json!({"template": template, "query": {}});
        let mut path: ApiPath = path.parse().unwrap();
        if let Some(size) = size {
            source["query"]["page_size"] = size.to_string().into();
        }
        if template == "catalog_entries" {
            source["query"]["catalog_type_id"] = type_id.clone().into();
            path = path.with("catalog_type_id", &type_id);
        }
        let file = format!("{template}.jsonl");
        let run = site.run(site.pipe(template, json!({"source": source, "output": {"format": "jsonl", "file": file}})));
        let all: Vec<Value> = site.api.all(path, template).unwrap();
        let ids: BTreeSet<_> = all.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(site.ids(&file), ids, "{template}");
        assert_eq!(run.counts.written, ids.len() as u64, "{template}");
        assert!(ids.len() >= 12, "{template}: {}", ids.len());
    }
    let any = json!({"template": "list", "path": "/v1/severities"});
    site.run(site.pipe("any", json!({"source": any, "output": {"format": "jsonl", "file": "any.jsonl"}})));
    assert_eq!(site.ids("any.jsonl").len(), 3);
}

/// A server that answers whatever it is asked with this body.
fn saying(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()); // whoever asked may be gone
        }
    });
    address
}

#[test]
fn nx_11_a_list_in_one_piece_may_be_longer_than_what_a_statement_takes() {
    let rows: Vec<_> = (0..40_000).map(|n| json!({"id": format!("{n}")})).collect();
    let address = saying(json!({"things": rows}).to_string());
    let site = Site::start().at(&address, &["viewer"]);
    let source = json!({"template": "list", "path": "/v1/things", "mode": "incremental"});
    let pipe = site.pipe("things", json!({"source": source, "output": {"format": "jsonl", "file": "things.jsonl"}}));
    assert_eq!(site.run(pipe).counts.written, 40_000);
    assert_eq!(site.run(pipe).counts.skipped, 40_000);
    assert_eq!(site.ids("things.jsonl").len(), 40_000);
}

#[test]
fn nx_11_a_sample_shows_the_first_rows_and_keeps_nothing() {
    let site = Site::start();
    site.declare(9);
    let actions = Nexla.actions();
    let sample = actions.iter().find(|action| action.name == "sample").unwrap();
    let context = Context { api: &site.api, config: &Value::Null, store: &site.app.store };
    let rows = |rows: usize| {
        let input = json!({"source": {"template": "incidents", "query": {"page_size": "2"}}, "rows": rows});
        sample.perform(&context, &input).unwrap()["rows"].as_array().unwrap().len()
    };
    assert_eq!([rows(1), rows(3), rows(50)], [1, 3, 9]);
    let wrong = json!({"source": {"template": "alerts", "query": {"page_size": "500"}}});
    let refused = sample.perform(&context, &wrong).unwrap_err();
    assert_eq!(refused.problems[0].pointer, "source.query.page_size");
    for table in ["hub_pipes", "hub_pipe_runs", "hub_pipe_rows"] {
        let sql: &str = Box::leak(format!("select 'row' from {table}").into_boxed_str());
        assert!(site.app.texts(sql).is_empty());
    }
    assert_eq!(std::fs::read_dir(site.directory.path()).unwrap().count(), 0);
}

#[test]
fn nx_11_an_incremental_run_writes_what_is_new_or_has_changed_and_nothing_else() {
    let site = Site::start();
    site.declare(7);
    let source = read_pages("incidents", "incremental", 3);
    let pipe = site.pipe("new", json!({"source": source, "output": {"format": "jsonl", "file": "new.jsonl"}}));
    assert_eq!(site.run(pipe).counts.written, 7);
    assert_eq!(site.run(pipe).counts.written, 0);
    site.declare(2);
    let changed = site.rows("new.jsonl")[4]["id"].as_str().unwrap().to_owned();
    let edit = json!({"incident": {"name": "Renamed"}, "notify_incident_channel": false});
    site.admin.post(&format!("/v2/incidents/{changed}/actions/edit"), edit).expect(200);
    assert_eq!(site.run(pipe).counts.written, 3);
    let rows = site.rows("new.jsonl");
    assert_eq!(rows.len(), 10);
    let versions: Vec<_> = rows.iter().filter(|row| row["id"] == changed.as_str()).collect();
    assert_eq!((versions.len(), &versions[1]["name"]), (2, &json!("Renamed")));
}

#[test]
fn nx_11_a_full_run_replaces_the_file_in_one_go_once_it_is_complete() {
    let site = Site::start();
    site.declare(5);
    let source = read_pages("incidents", "full", 2);
    let pipe = site.pipe("all", json!({"source": source, "output": {"format": "jsonl", "file": "all.jsonl"}}));
    site.run(pipe);
    let before = site.ids("all.jsonl");
    site.declare(1);
    let run = site.run_while(pipe, &mut |_| false);
    assert_eq!(run.state, State::Interrupted);
    assert_eq!(site.ids("all.jsonl"), before, "half of a file is no file");
    site.run(pipe);
    assert_eq!(site.ids("all.jsonl").len(), 6);
    assert!(!site.path("all.jsonl.part").exists());
}

#[test]
fn nx_14_a_run_that_dies_is_gone_on_with_and_every_row_is_there_once() {
    let site = Site::start();
    site.declare(23);
    for (mode, format) in [("full", "jsonl"), ("incremental", "jsonl"), ("full", "csv"), ("incremental", "csv")] {
        let file = format!("{mode}.{format}");
        let source = read_pages("incidents", mode, 2);
        let pipe = site.pipe(&file, json!({"source": source, "output": {"format": format, "file": file}}));
        for chunks in [1, 3, 2] {
            site.die_after(pipe, chunks);
            // What was written and never committed.
            let written = site.path(&if mode == "full" { format!("{file}.part") } else { file.clone() });
            let mut bytes = std::fs::read(&written).unwrap();
            bytes.extend(b"{\"id\": \"half a r");
            std::fs::write(&written, bytes).unwrap();
        }
        let run = site.run(pipe);
        assert_eq!((run.counts.read, run.counts.written), (23, 23), "{file}");
        if format == "jsonl" {
            assert_eq!(site.ids(&file).len(), 23);
        } else {
            let mut reader = csv::Reader::from_path(site.path(&file)).unwrap();
            let at = reader.headers().unwrap().iter().position(|name| name == "id").unwrap();
            let ids: Vec<_> = reader.records().map(|row| row.unwrap()[at].to_owned()).collect();
            assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (23, 23), "{file}");
        }
    }
}

#[test]
fn nx_14_a_run_that_dies_with_everything_written_has_only_its_end_left_to_make() {
    let site = Site::start();
    site.declare(6);
    let source = read_pages("incidents", "full", 2);
    let pipe = site.pipe("all", json!({"source": source, "output": {"format": "jsonl", "file": "all.jsonl"}}));
    site.die_after(pipe, 3);
    assert!(!site.path("all.jsonl").exists());
    let mut chunks = 0;
    let run = site.run_while(pipe, &mut |_| {
        chunks += 1;
        true
    });
    assert_eq!((run.state, run.counts.read, chunks), (State::Succeeded, 6, 0));
    assert_eq!(site.ids("all.jsonl").len(), 6);
}

#[test]
fn nx_14_with_one_request_in_five_failing_every_row_is_read_once() {
    let site = Site::start();
    let proxy = Proxy::with_clock(&site.app.address, site.app.clock.clone());
    let site = site.at(proxy.url(), &["viewer"]);
    site.declare(60);
    proxy.every(5, &FAULTS);
    let source = read_pages("incidents", "incremental", 2);
    let pipe = site.pipe("all", json!({"source": source, "output": {"format": "jsonl", "file": "all.jsonl"}}));
    let (run, slices) = site.run_in_slices(pipe, 7);
    assert_eq!((run.state, run.counts.written, slices), (State::Succeeded, 60, 5));
    assert_eq!(site.ids("all.jsonl").len(), 60);
}

#[test]
fn nx_14_with_one_request_in_five_failing_every_record_is_written_once() {
    let site = Site::start();
    let proxy = Proxy::with_clock(&site.app.address, site.app.clock.clone());
    let site = site.at(proxy.url(), &["viewer", "incident_creator"]);
    let severity = site.severity();
    site.write("in.jsonl", &(0..150).map(|n| json!({"id": n, "title": format!("Incident {n}")})).collect::<Vec<_>>());
    proxy.every(5, &FAULTS);
    let body = json!({"name": "{{ row.title }}", "visibility": "public", "severity_id": severity});
    let pipe = site.pipe(
        "load",
        json!({
            "input": {"format": "jsonl", "file": "in.jsonl"},
            "destination": {"template": "create_incidents", "body": body},
        }),
    );
    site.die_after(pipe, 1);
    let run = site.run(pipe);
    assert_eq!((run.counts.read, run.counts.written, run.counts.failed), (150, 150, 0));
    let rows = site.rows("in.jsonl.outcomes.jsonl");
    assert_eq!(rows.iter().map(|row| row["line"].as_u64().unwrap()).collect::<Vec<_>>(), (1..=150).collect::<Vec<_>>());
    let names = site.incidents();
    assert_eq!((names.len(), names.iter().collect::<BTreeSet<_>>().len()), (150, 150));

    proxy.heal();
    proxy.forget();
    let again = site.run(pipe);
    assert_eq!((again.counts.skipped, again.counts.written), (150, 0));
    assert!(proxy.requests().is_empty(), "what is done isn't sent again");
    let row = &site.rows("in.jsonl.outcomes.jsonl")[7];
    assert_eq!((row["outcome"].as_str(), row["id"].as_str().map(str::len)), (Some("skipped"), Some(26)));
}

#[test]
fn nx_12_incidents_are_declared_and_edited_and_entries_made_with_an_outcome_for_each_record() {
    let site = Site::start();
    let severity = site.severity();
    let rows = [json!({"id": "a", "title": "One"}), json!({"id": "b"}), json!({"id": "c", "title": "Two"})];
    site.write("in.jsonl", &rows);
    let body = json!({"name": "{{ row.title }}", "visibility": "public", "severity_id": severity});
    let input = json!({"format": "jsonl", "file": "in.jsonl"});
    let destination = json!({"template": "create_incidents", "body": body});
    let run = site.run(site.pipe("create", json!({"input": input, "destination": destination})));
    assert_eq!((run.counts.written, run.counts.failed), (2, 1));
    let told = site.rows("in.jsonl.outcomes.jsonl");
    assert_eq!(outcomes(&told), ["done", "failed", "done"]);
    assert_eq!((told[0]["status"].as_u64(), told[0]["key"].as_str()), (Some(200), Some("a")));
    assert!(told[1]["error"].as_str().unwrap().starts_with("body: "), "{told:?}");

    std::fs::write(site.path("edit.csv"), format!("id,name\n{},Renamed\nnobody,X\n", told[0]["id"].as_str().unwrap()))
        .unwrap();
    let body = json!({"incident": {"name": "{{ row.name }}"}, "notify_incident_channel": false});
    let edit = json!({
        "input": {"format": "csv", "file": "edit.csv", "outcomes": "edited.jsonl"},
        "destination": {"template": "edit_incidents", "body": body},
    });
    site.run(site.pipe("edit", edit));
    let told = site.rows("edited.jsonl");
    assert_eq!((outcomes(&told), told[1]["status"].as_u64()), (vec!["done", "failed"], Some(404)));
    assert_eq!(site.incidents().iter().filter(|name| *name == "Renamed").count(), 1);

    let type_id = site.catalog(0);
    site.write("entries.jsonl", &[json!({"sku": "x-1", "name": "X"}), json!({"sku": "x-2", "name": "Y"})]);
    let body = json!({"catalog_type_id": type_id, "name": "{{ row.name }}", "attribute_values": {}});
    let load = json!({
        "input": {"format": "jsonl", "file": "entries.jsonl", "key": "sku"},
        "destination": {"template": "catalog_entries", "body": body},
    });
    let load = site.pipe("entries", load);
    site.run(load);
    site.write("entries.jsonl", &[json!({"sku": "x-1", "name": "X"}), json!({"sku": "x-2", "name": "Z"})]);
    let run = site.run(load);
    assert_eq!((run.counts.written, run.counts.skipped), (1, 1));
    let list = site.admin.get(&format!("/v3/catalog_entries?catalog_type_id={type_id}&page_size=50")).expect(200);
    let names: BTreeSet<_> =
        list["catalog_entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["X", "Z"]));
}

#[test]
fn nx_12_alert_events_are_posted_under_keys_of_their_own() {
    let site = Site::start();
    let alerts = Alerts::before(&site.app.address, 0);
    let site = site.at(&alerts.address, &["viewer"]);
    site.write("in.jsonl", &[json!({"host": "a"}), json!({"host": "a"}), json!({"host": "b"})]);
    let body = json!({"title": "{{ row.host }} is down", "status": "firing"});
    let destination = json!({
        "template": "alert_events", "parameters": {"alert_source_config_id": "01FCNDV6P870EA6S7TK1DSYDG0"}, "body": body,
    });
    let pipe =
        site.pipe("alerts", json!({"input": {"format": "jsonl", "file": "in.jsonl"}, "destination": destination}));
    assert_eq!(site.run(pipe).counts.written, 3);
    assert_eq!(site.run(pipe).counts.skipped, 3);
    let events = alerts.events();
    let keys: BTreeSet<_> = events.iter().map(|event| event["deduplication_key"].as_str().unwrap()).collect();
    assert_eq!((events.len(), keys.len()), (3, 3));
    let told = site.rows("in.jsonl.outcomes.jsonl");
    assert_eq!(told[0]["status"], 202);
}

#[test]
fn nx_12_a_patch_of_incidents_surfaces_the_empty_404() {
    let site = Site::start();
    let proxy = Proxy::to(&site.app.address);
    let site = site.at(proxy.url(), &["viewer", "incident_creator", "incident_editor"]);
    site.write("in.jsonl", &[json!({"id": "a"})]);
    let destination = json!({"template": "call", "method": "PATCH", "path": "/v2/incidents"});
    site.run(site.pipe("patch", json!({"input": {"format": "jsonl", "file": "in.jsonl"}, "destination": destination})));
    let told = &site.rows("in.jsonl.outcomes.jsonl")[0];
    assert_eq!((told["outcome"].as_str(), told["status"].as_u64()), (Some("failed"), Some(404)));
    assert_eq!(told["error"], "HTTP 404");
    let sent = &proxy.requests()[0];
    assert_eq!((sent.method.as_str(), sent.headers["content-type"].as_str()), ("PATCH", "application/json"));
}

#[test]
fn nx_13_a_key_that_may_only_read_is_told_so_for_each_record() {
    let site = Site::start();
    let address = site.app.address.clone();
    let site = site.at(&address, &["viewer"]);
    site.declare(3);
    let source = json!({"template": "incidents"});
    site.run(site.pipe("read", json!({"source": source, "output": {"format": "jsonl", "file": "out.jsonl"}})));
    assert_eq!(site.rows("out.jsonl").len(), 3);
    site.write("in.jsonl", &(0..3).map(|n| json!({"id": n})).collect::<Vec<_>>());
    let destination = json!({"template": "create_incidents", "body": {"visibility": "public"}});
    let pipe = site.pipe("load", json!({"input": {"format": "jsonl", "file": "in.jsonl"}, "destination": destination}));
    assert_eq!(site.run(pipe).counts.failed, 3);
    for told in site.rows("in.jsonl.outcomes.jsonl") {
        assert_eq!((told["outcome"].as_str(), told["status"].as_u64()), (Some("failed"), Some(403)));
        assert!(told["error"].as_str().unwrap().contains("incidents.create"), "{told}");
    }
    assert_eq!(site.incidents().len(), 3);
}

#[test]
fn nx_14_what_cannot_be_sent_twice_and_got_no_answer_is_unknown_until_somebody_says_otherwise() {
    let site = Site::start();
    let proxy = Proxy::to(&site.app.address);
    let site = site.at(proxy.url(), &["viewer", "manage_settings"]);
    let named = |n: u64| json!({"id": n, "name": format!("Severity {n}")});
    site.write("in.jsonl", &(0..3).map(named).collect::<Vec<_>>());
    proxy.next_for("POST /v1/severities", Fault::LostAnswer);
    let body = json!({"name": "{{ row.name }}", "description": "x", "rank": "{{ 10 + row.id }}"});
    let destination = json!({"template": "call", "method": "POST", "path": "/v1/severities", "body": body});
    let pipe = site.pipe("call", json!({"input": {"format": "jsonl", "file": "in.jsonl"}, "destination": destination}));
    let run = site.run(pipe);
    assert_eq!((run.counts.written, run.counts.unknown), (2, 1));
    proxy.forget();
    let run = site.run(pipe);
    assert_eq!((run.counts.skipped, run.counts.unknown), (2, 1));
    assert!(proxy.requests().is_empty());
    assert_eq!(site.admin.get("/v1/severities").expect(200)["severities"].as_array().unwrap().len(), 6);

    let options = Options { retry_unknown: true, ..Options::default() };
    let run = site.engine().run(pipe, options, &mut |_| true).unwrap();
    assert_eq!((run.counts.skipped, run.counts.unknown, proxy.requests().len()), (2, 0, 1));
}

#[test]
fn a_pipe_runs_once_at_a_time_and_a_dead_run_is_nobodys_turn() {
    let site = Site::start();
    site.declare(5);
    let source = read_pages("incidents", "incremental", 2);
    let pipe = site.pipe("one", json!({"source": source, "output": {"format": "jsonl", "file": "one.jsonl"}}));
    let mut met = Vec::new();
    site.run_while(pipe, &mut |_| {
        met.push(site.engine().run(pipe, Options::default(), &mut |_| true).unwrap_err().is_busy());
        true
    });
    assert_eq!(met, [true, true, true]);
    site.declare(3);
    site.die_after(pipe, 1);
    let last = site.app.store.read(Who::system(), move |cx| Run::last(cx, pipe, 9)).wait().unwrap();
    assert_eq!(last.iter().map(|run| run.state).collect::<Vec<_>>(), [State::Interrupted, State::Succeeded]);
    site.run(pipe);
    assert_eq!(site.ids("one.jsonl").len(), 8);
}

#[test]
fn a_pipe_that_has_been_changed_begins_anew() {
    let site = Site::start();
    site.declare(5);
    let source = read_pages("incidents", "incremental", 2);
    let define = |file: &str| json!({"source": source, "output": {"format": "jsonl", "file": file}});
    let pipe = site.pipe("moved", define("a.jsonl"));
    site.run_while(pipe, &mut |_| false);
    site.pipe("moved", define("b.jsonl"));
    assert_eq!(site.run(pipe).counts.written, 5);
    assert_eq!(site.ids("b.jsonl").len(), 5);
}

/// The definition of a pipe that reads incidents into `out.jsonl`.
fn into_lines(mode: &str, size: usize) -> Value {
    json!({"source": read_pages("incidents", mode, size), "output": {"format": "jsonl", "file": "out.jsonl"}})
}

#[test]
fn nx_11_another_page_size_or_query_writes_no_row_again() {
    let site = Site::start();
    site.declare(5);
    let pipe = site.pipe("grown", into_lines("incremental", 2));
    assert_eq!(site.run(pipe).counts.written, 5);
    site.pipe("grown", into_lines("incremental", 3));
    assert_eq!(site.run(pipe).counts.written, 0);
    let mut other = into_lines("incremental", 3);
    other["source"]["query"]["status_category[one_of]"] = "triage".into();
    site.pipe("grown", other);
    site.run(pipe);
    site.declare(1);
    site.pipe("grown", into_lines("incremental", 2));
    assert_eq!(site.run(pipe).counts.written, 1);
    assert_eq!(site.ids("out.jsonl").len(), 6);
}

#[test]
fn nx_14_what_a_run_left_after_its_last_commit_is_cut_off_though_the_pipe_has_been_changed() {
    for left in ["{\"id\": \"half", "{\"id\": \"whole, and not kept\"}\n"] {
        let site = Site::start();
        site.declare(5);
        let pipe = site.pipe("torn", into_lines("incremental", 2));
        site.die_after(pipe, 1);
        let mut file = std::fs::OpenOptions::new().append(true).open(site.path("out.jsonl")).unwrap();
        file.write_all(left.as_bytes()).unwrap();
        site.pipe("torn", into_lines("incremental", 3));
        assert_eq!(site.run(pipe).counts.written, 3);
        assert_eq!(site.ids("out.jsonl").len(), 5);
    }
}

#[test]
fn nx_11_a_pipe_that_no_longer_replaces_its_file_begins_it_anew() {
    let site = Site::start();
    site.declare(5);
    let pipe = site.pipe("kept", into_lines("full", 2));
    site.run(pipe);
    site.pipe("kept", into_lines("incremental", 2));
    site.die_after(pipe, 1);
    assert_eq!(site.run(pipe).counts.written, 5);
    assert_eq!(site.ids("out.jsonl").len(), 5);
    site.pipe("kept", into_lines("full", 2));
    site.die_after(pipe, 1);
    site.pipe("kept", into_lines("incremental", 2));
    assert_eq!(site.run(pipe).counts.written, 5, "what was known went with the run that was given up");
    assert_eq!(site.ids("out.jsonl").len(), 5);
}

#[test]
fn nx_12_outcomes_never_overwrite_the_input_by_whatever_name() {
    let site = Site::start();
    site.write("in.jsonl", &[json!({"id": 1})]);
    let before = site.text("in.jsonl");
    std::os::unix::fs::symlink(site.path("in.jsonl"), site.path("link.jsonl")).unwrap();
    let input = json!({"format": "jsonl", "file": "in.jsonl", "outcomes": "link.jsonl"});
    let pipe = site.pipe("itself", json!({"input": input, "destination": {"template": "create_incidents"}}));
    let run = site.run_while(pipe, &mut |_| true);
    assert_eq!(run.state, State::Failed);
    assert!(run.error.as_ref().is_some_and(|error| error.contains("is the input itself")), "{:?}", run.error);
    assert_eq!(site.text("in.jsonl"), before);
}

#[test]
fn an_input_that_changes_while_it_is_sent_is_begun_anew() {
    let site = Site::start();
    let named = |n: u64| json!({"id": n, "name": format!("Incident {n}"), "visibility": "public", "severity_id": site.severity()});
    let rows: Vec<_> = (0..100).map(named).collect();
    site.write("in.jsonl", &rows);
    let destination = json!({"template": "create_incidents"});
    let pipe = site.pipe("load", json!({"input": {"format": "jsonl", "file": "in.jsonl"}, "destination": destination}));
    assert_eq!(site.run_while(pipe, &mut |_| false).state, State::Interrupted);
    site.write("in.jsonl", &rows[1..]);
    let run = site.run_while(pipe, &mut |_| true);
    assert_eq!(run.state, State::Failed);
    assert!(run.error.unwrap().contains("changed"));
    let run = site.run(pipe);
    assert_eq!((run.counts.read, run.counts.skipped), (99, 63));
    assert_eq!(site.incidents().len(), 100);
}

/// Runs a pipe into a table, has rows change and go, and looks at the table.
fn into_a_table(site: &Site, output: Value, location: &Location) {
    let type_id = site.catalog(7);
    let query = json!({"catalog_type_id": type_id, "page_size": "3"});
    let source = json!({"template": "catalog_entries", "query": query});
    let pipe = site.pipe("table", json!({"source": source, "output": output}));
    site.die_after(pipe, 2);
    assert_eq!(site.run(pipe).counts.written, 7);
    let open = || Table::open(location, "things", &["_run", "_row"]).unwrap();
    let mut table = open();
    let rows = table.rows("id").unwrap();
    assert_eq!(rows.len(), 7);
    assert!(table.columns().contains_key("name") && table.columns().contains_key("attribute_values"));
    let list = site.admin.get(&format!("/v3/catalog_entries?catalog_type_id={type_id}&page_size=50")).expect(200);
    let ids: Vec<_> =
        list["catalog_entries"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    site.admin.delete(&format!("/v3/catalog_entries/{}", ids[0])).expect(204);
    let named = json!({"name": "Renamed", "attribute_values": {}});
    site.admin.put(&format!("/v3/catalog_entries/{}", ids[1]), named).expect(200);
    site.run(pipe);
    let names = open().rows("name").unwrap();
    assert_eq!(names.len(), 6, "what is gone there is gone here");
    assert_eq!(names.iter().filter(|name| *name == "Renamed").count(), 1);
    let whole: Value = serde_json::from_str(&open().rows("_row").unwrap()[0]).unwrap();
    assert_eq!(whole["catalog_type_id"], type_id.as_str());
}

#[test]
fn rows_go_into_a_table_in_sqlite_by_their_ids() {
    let site = Site::start();
    let location = Location::Sqlite(site.path("warehouse.db"));
    into_a_table(&site, json!({"format": "table", "sqlite": "warehouse.db", "table": "things"}), &location);
}

#[test]
fn rows_go_into_a_table_in_postgres_by_their_ids() {
    if !postgres_or_skip("rows_go_into_a_table_in_postgres_by_their_ids") {
        return;
    }
    let site = Site::start();
    let database = testkit::Database::fresh();
    let Location::Postgres(url) = &database.location else { unreachable!("it was asked for") };
    std::fs::write(site.path("url"), url).unwrap();
    into_a_table(&site, json!({"format": "table", "url_file": "url", "table": "things"}), &database.location);
}

const PIPES: &str = "/hub/v1/pipes";

/// A pipe that reads teams, over HTTP.
fn of_teams(changes: Value) -> Value {
    let mut definition = json!({
        "name": "teams", "connection": "acme", "source": {"template": "teams"},
        "output": {"format": "jsonl", "file": "teams.jsonl"},
    });
    definition.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({"definition": definition})
}

#[test]
fn a_pipe_is_made_run_changed_and_removed_over_http() {
    let site = Site::start();
    site.app.team("Payments");
    let made = site.admin.post(PIPES, of_teams(json!({}))).expect(201);
    let path = format!("{PIPES}/{}", made["pipe"]["id"].as_str().unwrap());
    site.admin.post(&format!("{path}/actions/run"), json!({})).expect(202);
    site.app.run_jobs();
    assert_eq!(site.ids("teams.jsonl").len(), 1);
    let shown = site.admin.get(&path).expect(200)["pipe"].take();
    assert_eq!(
        (&shown["last_run"]["state"], &shown["last_run"]["counts"]["written"]),
        (&json!("succeeded"), &json!(1))
    );
    assert_eq!(site.admin.get(&format!("{path}/runs")).expect(200)["runs"], json!([shown["last_run"]]));

    site.admin.put(&path, of_teams(json!({"output": {"format": "csv", "file": "teams.csv"}}))).expect(200);
    site.admin.post(&format!("{path}/actions/run"), json!({})).expect(202);
    site.app.run_jobs();
    assert!(site.text("teams.csv").contains("Payments"));
    site.admin.delete(&path).expect(204);
    assert_eq!(site.admin.get(PIPES).expect(200)["pipes"], json!([]));
}

#[test]
fn over_http_no_pipe_reaches_a_file_outside_its_directory_and_what_is_wrong_is_told_with_its_field() {
    let site = Site::start();
    let postgres = |more: Value| {
        let mut output = json!({"format": "table", "table": "x"});
        output.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        output
    };
    for (changes, pointer) in [
        (json!({"output": {"format": "jsonl", "file": "/etc/x"}}), "definition.output.file"),
        (json!({"output": {"format": "jsonl", "file": "a/../../x"}}), "definition.output.file"),
        (json!({"output": postgres(json!({"url_file": "../secret.key"}))}), "definition.output.url_file"),
        (json!({"output": postgres(json!({"url_env": "WARDROOM_DATABASE_URL"}))}), "definition.output.url_env"),
        (json!({"source": {"template": "catalog_entries"}}), "definition.source.query.catalog_type_id"),
        (json!({"schedule": "sometimes"}), "definition.schedule"),
        (json!({"connection": "nobody"}), "definition.connection"),
    ] {
        let refused = site.admin.post(PIPES, of_teams(changes.clone()));
        assert_eq!((refused.status, refused.problems()[0].1), (422, pointer), "{changes}");
    }
    site.admin.post(PIPES, of_teams(json!({}))).expect(201);
    assert_eq!(site.admin.post(PIPES, of_teams(json!({}))).problems(), [("invalid_value", "definition.name")]);
}

#[test]
fn a_pipe_runs_by_itself_when_its_time_has_come_unless_it_is_paused() {
    let site = Site::start();
    site.app.team("Payments");
    let made = site.admin.post(PIPES, of_teams(json!({"schedule": "*/15 * * * *"}))).expect(201);
    assert_eq!(made["pipe"]["next_run_at"], "2026-03-02T09:15:00.000000Z");
    let path = format!("{PIPES}/{}", made["pipe"]["id"].as_str().unwrap());
    let runs = |minutes: u64| {
        site.app.clock.advance(Duration::from_secs(60 * minutes));
        // What a runner does when it starts.
        drop(store::Runner::start(&site.app.store).unwrap());
        site.app.run_jobs();
        site.admin.get(&format!("{path}/runs")).expect(200)["runs"].as_array().unwrap().len()
    };
    assert_eq!([runs(14), runs(2), runs(1), runs(40)], [0, 1, 1, 2]);
    assert_eq!(site.ids("teams.jsonl").len(), 1);
    site.admin.put(&path, of_teams(json!({"schedule": "*/15 * * * *", "paused": true}))).expect(200);
    assert_eq!(runs(60), 2);
}

#[test]
fn a_pipe_whose_connection_is_gone_says_so() {
    let site = Site::start();
    let made = site.admin.post(PIPES, of_teams(json!({}))).expect(201);
    let connection = made["pipe"]["connection_id"].as_str().unwrap().to_owned();
    let id: Id<Pipe> = made["pipe"]["id"].as_str().unwrap().parse().unwrap();
    site.admin.delete(&format!("{CONNECTIONS}/{connection}")).expect(204);
    let pipe = site.app.store.read(Who::system(), move |cx| cx.get(id)).wait().unwrap();
    let failure = Engine::of(&site.app.store, &pipe).err().unwrap();
    assert_eq!(failure.to_string(), "there is no connection acme any more");
}

#[cfg(feature = "parquet")]
#[test]
fn rows_go_into_parquet_once_the_run_is_at_its_end() {
    let site = Site::start();
    site.declare(5);
    for mode in ["full", "incremental"] {
        let source = read_pages("incidents", mode, 2);
        let pipe = site.pipe(mode, json!({"source": source, "output": {"format": "parquet", "file": mode}}));
        site.die_after(pipe, 2);
        assert!(!site.path(mode).exists());
        assert_eq!(site.run(pipe).counts.written, 5);
        let bytes = std::fs::read(site.path(mode)).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        let rows = format!("{mode}.rows.jsonl");
        match mode {
            "incremental" => assert_eq!(site.ids(&rows).len(), 5, "the next run adds to them"),
            _ => assert!(!site.path(&rows).exists(), "nobody needs them any more"),
        }
        assert_eq!(site.run(pipe).state, State::Succeeded);
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn where_parquet_is_not_built_in_it_is_said_how_to_build_it() {
    let parquet = of_teams(json!({"output": {"format": "parquet", "file": "x"}}))["definition"].take();
    let refused = Definition::read(&parquet, Reach::Within).unwrap_err();
    assert_eq!(refused.problems()[0].pointer, "output.format");
    assert!(refused.to_string().contains("--features parquet"), "{refused}");
}
