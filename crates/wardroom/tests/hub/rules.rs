//! A webhook in, actions out.

use serde_json::{Value, json};
use testkit::Fault;

use crate::support::{ATOMICWORK, Hub, RAVENNA};

/// What a delivery to the rule at `url` came to.
#[track_caller]
fn deliver(hub: &Hub, url: &str, payload: Value) -> Value {
    let path = url.strip_prefix("https://wardroom.example").unwrap();
    let begun = hub.app.stranger().post(path, payload);
    if begun.status == 200 {
        return begun.body["delivery"].clone();
    }
    let id = begun.expect(202)["delivery"]["run_id"].as_str().unwrap().to_owned();
    hub.app.run_jobs();
    hub.admin.get(&format!("/hub/v1/runs/{id}")).expect(200)["run"].take()
}

#[track_caller]
fn rule(hub: &Hub, rule: Value) -> String {
    let made = hub.admin.post("/hub/v1/rules", json!({"rule": rule})).expect(201);
    made["url"].as_str().unwrap().to_owned()
}

fn severity(hub: &Hub) -> Value {
    hub.admin.get("/v1/severities").expect(200)["severities"][0]["id"].take()
}

fn on_critical_alerts(hub: &Hub) -> Value {
    json!({
        "name": "Critical alerts are incidents",
        "when": "payload.alert.severity == 'critical'",
        "key": "{{ payload.alert.id }}",
        "steps": [{
            "name": "declare", "connection": "atomicwork", "action": "create_incident",
            "input": {"name": "{{ payload.alert.title }}", "visibility": "public", "summary": "From alert {{ payload.alert.id }}",
                "severity_id": severity(hub)},
        }],
    })
}

fn incidents(hub: &Hub) -> Vec<Value> {
    hub.admin.get("/v2/incidents").expect(200)["incidents"].as_array().unwrap().clone()
}

#[test]
fn aw_12_a_critical_alert_creates_an_incident_once() {
    let hub = Hub::start();
    hub.connect("atomicwork", ATOMICWORK);
    let url = rule(&hub, on_critical_alerts(&hub));
    let alert = |id: &str, severity: &str| json!({"alert": {"id": id, "title": "Disk full", "severity": severity}});
    let told = deliver(&hub, &url, alert("a1", "critical"));
    assert_eq!(told["state"], "succeeded", "{told:#}");
    assert_eq!(deliver(&hub, &url, alert("a1", "critical"))["state"], "succeeded", "the same alert again");
    assert_eq!(deliver(&hub, &url, alert("a2", "minor"))["steps"], json!([]));
    let incidents = incidents(&hub);
    assert_eq!(incidents.len(), 1);
    assert_eq!((&incidents[0]["name"], &incidents[0]["summary"]), (&json!("Disk full"), &json!("From alert a1")));

    // The answer is lost, and the job runs again: the key that is made of the alert makes it one incident.
    hub.api.next_for("POST /v2/incidents", Fault::LostAnswer);
    assert_eq!(deliver(&hub, &url, alert("a3", "critical"))["state"], "succeeded");
    assert_eq!(self::incidents(&hub).len(), 2);
    let sent = hub.api.requests().into_iter().filter(|seen| seen.method == "POST").map(|seen| seen.body);
    let keys: Vec<_> =
        sent.map(|body| serde_json::from_str::<Value>(&body).unwrap()["idempotency_key"].clone()).collect();
    assert!(keys[1].as_str().unwrap().ends_with(":declare:a3"), "{keys:?}");
    assert_eq!(keys[1], keys[2]);
}

#[test]
fn rv_10_a_ticket_goes_where_the_answer_says() {
    let hub = Hub::start();
    hub.connect("ravenna", RAVENNA);
    hub.connect("atomicwork", ATOMICWORK);
    let [ada, _] = ["Ada", "Bob"].map(|name| hub.app.user(name));
    let rotation = json!({
        "id": "primary", "name": "Primary", "handover_start_at": "2026-01-05T09:00:00Z",
        "handovers": [{"interval": 1, "interval_type": "weekly"}], "layers": [{"id": "one", "name": "One"}],
        "users": [{"id": ada}],
    });
    let schedule = json!({"name": "Payments", "timezone": "UTC", "config": {"rotations": [rotation]}});
    let made = hub.admin.post("/v2/schedules", json!({"schedule": schedule})).expect(201);
    let id = made["schedule"]["id"].as_str().unwrap();
    let declare = |name: &str, when: &str, title: &str| {
        json!({
            "name": name, "when": when, "connection": "atomicwork", "action": "create_incident",
            "input": {"name": format!("{title}: {{{{ payload.title }}}}"), "visibility": "public", "severity_id": severity(&hub)},
        })
    };
    let url = rule(
        &hub,
        json!({
            "name": "Tickets",
            "steps": [
                {
                    "name": "check", "connection": "ravenna", "action": "validate_on_call",
                    "input": {"schedule": id, "email": "{{ payload.requester }}"},
                },
                declare("theirs", "steps.check.on_call", "For the engineer"),
                declare("others", "not steps.check.on_call", "For the desk"),
            ],
        }),
    );
    let ticket = |who: &str| json!({"requester": format!("{who}@acme.example"), "title": "It is slow"});
    deliver(&hub, &url, ticket("ada"));
    deliver(&hub, &url, ticket("bob"));
    let mut names: Vec<_> = incidents(&hub).iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["For the desk: It is slow", "For the engineer: It is slow"]);
    let unknown = deliver(&hub, &url, ticket("nobody"));
    assert_eq!(unknown["state"], "failed", "somebody whom nobody knows is no reason to guess");
    assert_eq!(unknown["output"]["steps"][0]["outcome"], "failed");
    assert_eq!(incidents(&hub).len(), 2);
}

#[test]
fn what_is_wrong_with_a_rule_is_told_all_at_once() {
    let hub = Hub::start();
    hub.connect("atomicwork", ATOMICWORK);
    let step = json!({"name": "a step", "connection": "atomicwork", "action": "get_incident", "when": "1 +", "input": {"idd": "{{ x"}});
    let wrong = json!({"name": " ", "when": "payload.", "key": "{{", "steps": [step]});
    let refused = hub.admin.post("/hub/v1/rules", json!({"rule": wrong}));
    let pointers: Vec<_> = refused.problems().iter().map(|(_, pointer)| pointer.to_string()).collect();
    assert_eq!(
        pointers,
        [
            "rule.name",
            "rule.when",
            "rule.key",
            "rule.steps.0.name",
            "rule.steps.0.when",
            "rule.steps.0.input.idd",
            "rule.steps.0.input.id",
            "rule.steps.0.input.idd"
        ]
    );
    let step = json!({"name": "one", "connection": "nobody", "action": "x"});
    let refused = hub.admin.post("/hub/v1/rules", json!({"rule": {"name": "x", "steps": [step]}}));
    assert_eq!(refused.problems(), [("invalid_value", "rule.steps.0.connection")]);
}

#[test]
fn a_rule_s_address_is_shown_once_and_a_paused_rule_leaves_things_alone() {
    let hub = Hub::start();
    hub.connect("atomicwork", ATOMICWORK);
    let made = hub.admin.post("/hub/v1/rules", json!({"rule": on_critical_alerts(&hub)})).expect(201);
    let (url, path) =
        (made["url"].as_str().unwrap(), format!("/hub/v1/rules/{}", made["rule"]["id"].as_str().unwrap()));
    let secret = url.rsplit('/').next().unwrap();
    assert!(!hub.admin.get(&path).expect(200).to_string().contains(secret));
    hub.app.stranger().post("/hub/v1/hooks/0123", json!({})).expect(404);
    let mut paused = on_critical_alerts(&hub);
    paused["is_paused"] = json!(true);
    hub.admin.put(&path, json!({"rule": paused})).expect(200);
    deliver(&hub, url, json!({"alert": {"id": "a1", "severity": "critical", "title": "x"}}));
    assert!(incidents(&hub).is_empty());
    hub.admin.put(&path, json!({"rule": on_critical_alerts(&hub)})).expect(200);
    let odd = deliver(&hub, url, json!({"something": "else"}));
    assert_eq!(odd["state"], "failed", "a condition that can't be held against what arrived is no silent no");
    hub.admin.delete(&path).expect(204);
    hub.app.stranger().post(url.strip_prefix("https://wardroom.example").unwrap(), json!({})).expect(404);
}
