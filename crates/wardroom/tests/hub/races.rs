//! What comes between: two who change one connection, workers who are lost, answers that no database takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use connect::runs::{self, Run, State};
use serde_json::{Value, json};
use testkit::Fault;

use crate::direct::server_of;
use crate::support::{ATOMICWORK, CONNECTIONS, HYPHEN, Hub};

fn run(hub: &Hub, begun: &Value) -> Value {
    hub.admin.get(&format!("/hub/v1/runs/{}", begun["run"]["id"].as_str().unwrap())).body["run"].clone()
}

#[test]
fn of_two_who_change_a_connection_at_once_one_is_told_so_and_its_key_stays() {
    let hub = Hub::start();
    let path = hub.connect("atomicwork", ATOMICWORK);
    let fields = json!({"name": "work", "api_key": hub.app.token(ATOMICWORK), "base_url": hub.api.url()});
    let rekey = hub.admin.put(&path, json!({"connection": fields})).expect(202);
    let rename = hub.admin.put(&path, json!({"connection": {"name": "renamed"}})).expect(202);
    hub.app.run_jobs();
    assert_eq!(run(&hub, &rekey)["state"], "succeeded");
    let told = run(&hub, &rename);
    assert_eq!((&told["state"], &told["error"]["code"]), (&json!("failed"), &json!("not_sent")));
    assert_eq!(hub.secrets(), 1);
    assert_eq!(hub.act(&path, "test", json!({}))["state"], "succeeded");
    assert_eq!(hub.connections()[0]["name"], "work");
}

#[test]
fn a_connection_that_is_gone_does_not_come_back() {
    let hub = Hub::start();
    let path = hub.connect("atomicwork", ATOMICWORK);
    let fields = json!({"name": "work", "api_key": hub.app.token(ATOMICWORK), "base_url": hub.api.url()});
    let update = hub.admin.put(&path, json!({"connection": fields})).expect(202);
    hub.admin.delete(&path).expect(204);
    hub.app.run_jobs();
    assert_eq!(run(&hub, &update)["error"]["message"], "the connection is gone");
    assert!(hub.connections().is_empty());
    assert_eq!(hub.secrets(), 0);
}

#[test]
fn of_two_connections_with_one_name_the_second_is_refused_and_leaves_nothing() {
    let hub = Hub::start();
    let token = hub.app.token(ATOMICWORK);
    let fields = json!({"product": "atomicwork", "name": "work", "api_key": token, "base_url": hub.api.url()});
    let begun = [(); 2].map(|()| hub.admin.post(CONNECTIONS, json!({"connection": fields})).expect(202));
    hub.app.run_jobs();
    let states = begun.each_ref().map(|begun| run(&hub, begun)["state"].as_str().unwrap().to_owned());
    assert_eq!(states, ["succeeded", "failed"]);
    assert_eq!((hub.connections().len(), hub.secrets()), (1, 1));
}

#[test]
fn a_key_that_is_null_is_none_so_a_lost_worker_makes_no_second_incident() {
    let hub = Hub::start();
    let path = hub.connect("atomicwork", ATOMICWORK);
    let severity = hub.admin.get("/v1/severities").expect(200)["severities"][0]["id"].take();
    let input = json!({"name": "x", "severity_id": severity, "idempotency_key": null});
    hub.output(&path, "create_incident", input);
    let sent = hub.api.requests().into_iter().rfind(|seen| seen.method == "POST").unwrap();
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    assert!(body["idempotency_key"].as_str().unwrap().starts_with("wardroom-"), "{body}");
}

#[test]
fn an_answer_that_no_database_takes_as_it_is_ends_a_run_all_the_same() {
    let hub = Hub::start();
    let path = hub.connect("atomicwork", ATOMICWORK);
    // The answer of /docs is a page; that of a script is larger than is kept.
    for api_path in ["/docs", "/docs/swagger-ui-bundle.js"] {
        let told = hub.act(&path, "call_api", json!({"method": "GET", "path": api_path}));
        assert_eq!(told["state"], "succeeded", "{told:#}");
    }
    let told = hub.act(&path, "call_api", json!({"method": "GET", "path": "/docs/swagger-ui-bundle.js"}));
    assert!(told["output"]["omitted"].is_string(), "{:?}", told["output"].as_object().map(|output| output.keys()));
    let wrong =
        hub.admin.post(&format!("{path}/actions/call_api"), json!({"input": {"method": "GET", "path": "//evil"}}));
    assert_eq!(wrong.problems(), [("invalid_value", "input.path")]);
}

#[test]
fn a_rule_ends_at_the_step_that_failed_also_for_whoever_takes_it_over() {
    let hub = Hub::start();
    hub.connect("hyphen", HYPHEN);
    let link = |name: &str, team: &str| {
        json!({
            "name": name, "connection": "hyphen", "action": "permission_group",
            "input": {"entity_id": team, "entity_name": team},
        })
    };
    let made =
        hub.admin.post("/hub/v1/rules", json!({"rule": {"name": "x", "steps": [link("one", "a"), link("two", "b")]}}));
    let url = made.expect(201)["url"].as_str().unwrap().strip_prefix("https://wardroom.example").unwrap().to_owned();
    hub.api.always_for("POST /v3/catalog_entries", Fault::Status(422));
    let delivered = hub.app.stranger().post(&url, json!({})).expect(202);
    let id = delivered["delivery"]["run_id"].as_str().unwrap().to_owned();
    hub.app.run_jobs();
    // As if the worker had been lost between the step and the end of the run.
    let run_id = id.clone();
    hub.app.write(move |cx| {
        let mut run = cx.get::<Run>(run_id.parse().unwrap())?;
        (run.state, run.finished_at) = (State::Running, None);
        cx.advance(&mut run)
    });
    hub.api.heal();
    runs::perform(&hub.app.store, id.parse().unwrap()).unwrap();
    let told = hub.admin.get(&format!("/hub/v1/runs/{id}")).expect(200)["run"].take();
    assert_eq!(told["state"], "failed", "{told:#}");
    assert_eq!(told["output"]["steps"].as_array().unwrap().len(), 1, "the second step was never begun");
    assert!(hub.admin.get("/hub/v1/links").expect(200)["links"].as_array().unwrap().is_empty());

    hub.app.stranger().post(&url, json!({})).expect(202);
    hub.app.run_jobs();
    assert_eq!(
        hub.admin.get("/hub/v1/links").expect(200)["links"].as_array().unwrap().len(),
        2,
        "steps keep their links"
    );
}

#[test]
fn whoever_was_followed_by_another_worker_writes_nothing_down_any_more() {
    let hub = Hub::start();
    // A server that answers the second request, that of the first worker, once the test says so.
    let (say, heard) = mpsc::channel::<()>();
    let (asked, began) = mpsc::channel::<()>();
    let count = AtomicUsize::new(0);
    let address = server_of(move |_| {
        if count.fetch_add(1, Ordering::AcqRel) == 1 {
            asked.send(()).unwrap();
            heard.recv().unwrap();
        }
        ("200 OK", json!({"severities": []}).to_string())
    });
    let connection = json!({"product": "atomicwork", "name": "x", "api_key": "inc_key", "base_url": address});
    let run = hub.outcome(hub.admin.post(CONNECTIONS, json!({"connection": connection})));
    let path = format!("{CONNECTIONS}/{}", run["connection_id"].as_str().unwrap());
    let begun = hub.admin.post(&format!("{path}/actions/test"), json!({})).expect(202);
    let id: base::Id<Run> = begun["run"]["id"].as_str().unwrap().parse().unwrap();
    let store = hub.app.store.clone();
    let first = thread::spawn(move || runs::perform(&store, id));
    began.recv().unwrap();
    // Another worker takes the run up, as it does when a lease has run out.
    hub.app.write(move |cx| {
        let mut run = cx.get::<Run>(id)?;
        run.begun += 1;
        cx.advance(&mut run)
    });
    say.send(()).unwrap();
    assert!(first.join().unwrap().is_err(), "somebody else has it");
    assert_eq!(runs::perform(&hub.app.store, id).unwrap().state, State::Succeeded);
}
