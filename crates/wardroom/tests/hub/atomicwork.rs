//! Atomicwork.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use connect::atomicwork::Atomicwork;
use connect::client::Kind;
use connect::connector::Connector;
use testkit::{App, Client, Value, json};

use crate::direct::{Connected, client, client_of, client_of_one_that_says, client_with};

/// A server and a key with the roles that the product asks for, and no more.
struct Site {
    app: App,
    admin: Client,
}

impl Site {
    fn start() -> Self {
        let app = App::start(wardroom::features);
        let admin = app.admin();
        Self { app, admin }
    }

    fn connected(&self) -> Connected<'_> {
        let api = client(&self.app, Atomicwork.product().roles);
        Connected { product: &Atomicwork, app: &self.app, api }
    }

    /// The value of an option.
    #[track_caller]
    fn option(&self, list: &str, label: &str) -> String {
        let choices = self.connected().perform("list_options", json!({"list": list}));
        let found = choices.as_array().unwrap().iter().find(|choice| choice["label"] == label);
        found.unwrap_or_else(|| panic!("no {label} in {choices}"))["value"].as_str().unwrap().to_owned()
    }

    /// A minor incident, with these fields besides.
    #[track_caller]
    fn create(&self, fields: Value) -> Value {
        self.app.clock.advance(Duration::from_secs(1));
        self.connected().perform("create_incident", self.minor(fields))
    }

    fn minor(&self, mut fields: Value) -> Value {
        let severity = fields.as_object_mut().unwrap().entry("severity_id");
        severity.or_insert_with(|| self.option("severity", "Minor").into());
        fields
    }

    /// How many messages channels of incidents have been sent.
    fn messages(&self) -> usize {
        self.app.texts("select id from outbox where kind = 'incident.channel_message'").len()
    }

    /// The references that a list answers.
    #[track_caller]
    fn references(&self, input: Value) -> Vec<String> {
        references(&self.connected().perform("list_incidents", input))
    }
}

fn references(list: &Value) -> Vec<String> {
    let text = |incident: &Value| incident["reference"].as_str().unwrap().to_owned();
    list["incidents"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn aw_3_and_11_the_test_lists_severities_and_tells_in_known_words_what_is_wrong() {
    let app = App::start(wardroom::features);
    assert_eq!(Atomicwork.connect(&client(&app, &["viewer"])).unwrap(), json!({}));
    let tested = |api| Atomicwork.connect(&api).map_err(|trouble| (trouble.kind, trouble.message)).unwrap_err();
    let said = |kind, message: &str| (kind, message.to_owned());
    for blank in ["", " ", "\t"] {
        assert_eq!(tested(client_with(&app, blank)), said(Kind::NoKey, "No valid API key available"));
    }
    assert_eq!(tested(client_with(&app, "inc_wrong")), said(Kind::InvalidKey, "Invalid Incident.io API key"));
    let poor = said(Kind::MissingScope, "API key does not have permission to list severities");
    assert_eq!(tested(client(&app, &["incident_creator"])), poor);
    let failing = "Incident.io API may be experiencing issues: check its status page and retry later";
    for status in ["500 Internal Server Error", "503 Service Unavailable"] {
        assert_eq!(tested(client_of_one_that_says(status, "<html>")), said(Kind::Failing, failing));
    }
    let invalid = r#"{"errors": [{"code": "invalid_value", "message": "no", "source": {"pointer": "x"}}]}"#;
    assert_eq!(tested(client_of_one_that_says("422 Unprocessable Entity", invalid)), said(Kind::Invalid, "x: no"));
}

#[test]
fn aw_11_actions_tell_what_is_wrong_in_the_same_words() {
    let site = Site::start();
    let told = |api| {
        let connected = Connected { api, ..site.connected() };
        ["get_incident", "update_incident"].map(|action| connected.refuse(action, json!({"id": "1"})).0)
    };
    assert_eq!(told(client_with(&site.app, " ")), ["No valid API key available"; 2]);
    assert_eq!(told(client_with(&site.app, "inc_wrong")), ["Invalid Incident.io API key"; 2]);
    let [failing, _] = told(client_of_one_that_says("502 Bad Gateway", ""));
    assert!(failing.starts_with("Incident.io API may be experiencing issues"), "{failing}");
    let [poor, _] = told(client(&site.app, &["incident_creator"]));
    assert!(poor.contains("incidents.view"), "{poor}");
    assert_eq!(told(client(&site.app, Atomicwork.product().roles)), ["Resource not found"; 2]);
}

#[test]
fn aw_5_an_incident_is_created_with_everything_that_is_said() {
    let site = Site::start();
    let [severity, status, kind] = [("severity", "Major"), ("status", "Fixing"), ("type", "Default")]
        .map(|(list, label)| site.option(list, label));
    let created = site.create(json!({
        "idempotency_key": "k", "name": "Down", "summary": "All of it", "visibility": "private", "mode": "test",
        "severity_id": severity, "incident_status_id": status, "incident_type_id": kind,
    }));
    let shown = &site.admin.get(&format!("/v2/incidents/{}", created["id"].as_str().unwrap())).expect(200)["incident"];
    assert_eq!(&created, shown);
    let chosen = [&created["severity"]["id"], &created["incident_status"]["id"], &created["incident_type"]["id"]];
    assert_eq!(chosen, [&severity, &status, &kind]);
    assert_eq!([&created["name"], &created["summary"]], ["Down", "All of it"]);
    assert_eq!([&created["visibility"], &created["mode"]], ["private", "test"]);
    assert_eq!(site.create(json!({}))["visibility"], "public", "unless something else is said");
}

#[test]
fn aw_5_the_same_key_is_the_same_incident_also_twenty_times_at_once() {
    let site = Site::start();
    let connected = site.connected();
    let input = site.minor(json!({"idempotency_key": "once", "name": "Down"}));
    let ids: HashSet<String> = thread::scope(|scope| {
        let create = || connected.perform("create_incident", input.clone())["id"].as_str().unwrap().to_owned();
        let running: Vec<_> = (0..20).map(|_| scope.spawn(create)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(connected.perform("create_incident", input)["id"].as_str(), ids.iter().next().map(String::as_str));
    assert_eq!(site.references(json!({})), ["INC-1"]);
    site.create(json!({}));
    site.create(json!({}));
    assert_eq!(site.references(json!({})), ["INC-3", "INC-2", "INC-1"], "without a key each is another");
}

#[test]
fn aw_5_and_8_incidents_are_sent_again_when_a_server_fails_and_any_other_post_is_not() {
    let site = Site::start();
    let failing_first = || {
        let failed = AtomicBool::new(false);
        let api = client_of(move |_| match failed.swap(true, Ordering::AcqRel) {
            false => ("503 Service Unavailable", String::new()),
            true => ("200 OK", json!({"incident": {"reference": "INC-1"}}).to_string()),
        });
        Connected { api, ..site.connected() }
    };
    assert_eq!(failing_first().perform("create_incident", json!({}))["reference"], "INC-1");
    assert_eq!(failing_first().perform("update_incident", json!({"id": "1"}))["reference"], "INC-1");
    for (method, status) in [("GET", 200), ("PUT", 200), ("POST", 503), ("PATCH", 503)] {
        let called = failing_first().perform("call_api", json!({"method": method, "path": "/v1/x"}));
        assert_eq!(called["status"], status, "{method}");
    }
}

#[test]
fn aw_5_what_is_wrong_points_at_the_field() {
    let site = Site::start();
    let refuse = |input| site.connected().refuse("create_incident", input).1;
    assert_eq!(refuse(json!({"name": "Down"})), "severity_id");
    assert_eq!(refuse(site.minor(json!({"visibility": "secret"}))), "visibility");
    assert_eq!(refuse(site.minor(json!({"mode": "real"}))), "mode");
    assert_eq!(refuse(site.minor(json!({"incident_type_id": "x"}))), "incident_type_id");
    assert_eq!(refuse(site.minor(json!({"mode": "retrospective", "external_id": 0}))), "external_id");
    assert_eq!(site.references(json!({})), <[&str; 0]>::default());
}

#[test]
fn aw_6_a_retrospective_incident_is_announced_nowhere() {
    let site = Site::start();
    let incident = site.create(json!({
        "mode": "retrospective", "external_id": 84, "postmortem_document_url": "https://docs.example/84",
        "slack_channel_id": "C024BE91L", "incident_status_id": site.option("status", "Closed"),
    }));
    assert_eq!(incident["reference"], "INC-84");
    assert_eq!(incident["slack_channel_id"], "C024BE91L");
    assert_eq!(incident["postmortem_document_url"], "https://docs.example/84");
    assert_eq!(site.messages(), 0);
    site.create(json!({}));
    assert_eq!(site.messages(), 1, "but others are");
}

#[test]
fn aw_7_an_incident_is_looked_up_by_id_number_or_reference() {
    let site = Site::start();
    let created = site.create(json!({}));
    for id in [created["id"].as_str().unwrap(), "1", "INC-1"] {
        assert_eq!(site.connected().perform("get_incident", json!({"id": id})), created);
    }
    for unknown in ["2", "INC-2", "01HZZZZZZZZZZZZZZZZZZZZZZZ", "../incidents"] {
        let trouble = site.connected().try_do("get_incident", json!({"id": unknown})).unwrap_err();
        assert_eq!((trouble.kind, trouble.status), (Kind::NotFound, Some(404)), "{unknown}");
        assert_eq!(trouble.problems[0].code, "not_found");
    }
    assert_eq!(site.connected().refuse("get_incident", json!({"id": ""})).1, "id");
}

#[test]
fn aw_8_only_what_is_said_changes_and_the_channel_is_told_if_asked_for() {
    let site = Site::start();
    let before = site.create(json!({"name": "Down", "summary": "All of it"}));
    let messages = site.messages();
    let update = |fields: Value| {
        let mut input = fields;
        input["id"] = before["id"].clone();
        site.connected().perform("update_incident", input)
    };
    let after = update(json!({"name": "Slow", "severity_id": null}));
    let expected = [("name", &json!("Slow")), ("updated_at", &after["updated_at"])];
    let mut unchanged = before.clone();
    expected.into_iter().for_each(|(field, value)| unchanged[field] = value.clone());
    assert_eq!(after, unchanged);
    assert_eq!(site.messages(), messages);

    let (severity, status) = (site.option("severity", "Critical"), site.option("status", "Closed"));
    let told = update(json!({"severity_id": severity, "incident_status_id": status, "notify_incident_channel": true}));
    assert_eq!([&told["severity"]["id"], &told["incident_status"]["id"]], [&severity, &status]);
    assert_eq!((&told["name"], &told["summary"]), (&json!("Slow"), &json!("All of it")));
    assert_eq!(site.messages(), messages + 1);

    let back = json!({"id": before["id"], "incident_status_id": site.option("status", "Triage")});
    assert_eq!(site.connected().refuse("update_incident", back).1, "incident_status_id", "that is no way to go");
}

#[test]
fn aw_9_incidents_are_listed_page_by_page_or_all_at_once() {
    let site = Site::start();
    let newest_first: Vec<_> = (1..=7).rev().map(|number| format!("INC-{number}")).collect();
    (0..7).for_each(|_| drop(site.create(json!({}))));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = site.connected().perform("list_incidents", json!({"page_size": 3, "after": after}));
        seen.extend(references(&page));
        let meta = &page["pagination_meta"];
        assert_eq!((&meta["page_size"], &meta["total_record_count"]), (&json!(3), &json!(7)));
        after = meta.get("after").cloned();
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, newest_first);
    let all = site.connected().perform("list_incidents", json!({"page_size": 3, "all": true}));
    assert_eq!((references(&all), all["pagination_meta"].get("after")), (newest_first, None));
    assert_eq!(site.connected().refuse("list_incidents", json!({"page_size": 501})).1, "page_size");
}

#[test]
fn aw_9_filters_take_several_values() {
    let site = Site::start();
    let modes = ["standard", "retrospective", "test", "tutorial"];
    modes.iter().for_each(|mode| drop(site.create(json!({"mode": mode}))));
    site.create(json!({"incident_status_id": site.option("status", "Triage")}));
    site.create(json!({"incident_status_id": site.option("status", "Closed")}));
    site.create(json!({"severity_id": site.option("severity", "Critical")}));
    for (filter, found) in [
        (json!({}), &["INC-7", "INC-6", "INC-5", "INC-2", "INC-1"][..]),
        (json!({"mode": ["test", "tutorial"]}), &["INC-4", "INC-3"]),
        (json!({"status_category": ["triage", "closed"]}), &["INC-6", "INC-5"]),
        (json!({"status_category_not_in": ["triage", "closed"]}), &["INC-7", "INC-2", "INC-1"]),
        (json!({"severity_id": [site.option("severity", "Critical")]}), &["INC-7"]),
        (json!({"incident_status_id": [site.option("status", "Closed")]}), &["INC-6"]),
        (json!({"incident_type_id": [site.option("type", "Default")], "page_size": 1}), &["INC-7"]),
    ] {
        assert_eq!(site.references(filter.clone()), found, "{filter}");
    }
    let categories = ["triage", "live", "learning", "paused", "closed", "declined", "canceled", "merged"];
    assert_eq!(site.references(json!({"status_category": categories})).len(), 5);
    assert_eq!(site.connected().refuse("list_incidents", json!({"status_category": ["over"]})).1, "status_category.0");
}

#[test]
fn aw_10_any_call_is_answered_as_it_comes() {
    let site = Site::start();
    let call = |input| site.connected().perform("call_api", input);
    let found = call(json!({
        "method": "GET", "path": "/v2/incidents",
        "query": [{"name": "mode[one_of]", "value": "test"}, {"name": "mode[one_of]", "value": "standard"}],
    }));
    let direct = site.admin.get("/v2/incidents?mode[one_of]=test&mode[one_of]=standard");
    assert_eq!((&found["status"], &found["body"], &found["json"]), (&json!(200), &json!(direct.text), &direct.body));
    assert_eq!(found["headers"]["content-type"], "application/json");

    let declaration = json!({"idempotency_key": "k", "visibility": "public", "severity_id": "x"});
    let refused = call(json!({"method": "POST", "path": "/v2/incidents", "body": declaration}));
    assert_eq!(
        (&refused["status"], &refused["json"]["errors"][0]["source"]["pointer"]),
        (&json!(422), &json!("severity_id"))
    );
    let unrouted = call(json!({"method": "PATCH", "path": "/v2/incidents", "body": {}}));
    assert_eq!((&unrouted["status"], &unrouted["body"], unrouted.get("json")), (&json!(404), &json!(""), None));

    let page = Connected { api: client_of_one_that_says("502 Bad Gateway", "<html>"), ..site.connected() };
    let failing = page.perform("call_api", json!({"method": "POST", "path": "/v1/x"}));
    assert_eq!((&failing["status"], &failing["body"]), (&json!(502), &json!("<html>")));
    let text = Connected { api: client_of_one_that_says("200 OK", "BEGIN:VCALENDAR"), ..site.connected() };
    assert_eq!(text.perform("call_api", json!({"method": "GET", "path": "/x.ics"}))["body"], "BEGIN:VCALENDAR");
}

#[test]
fn aw_10_a_call_goes_to_the_api_alone_and_never_shows_the_key() {
    let site = Site::start();
    let refuse = |input| site.connected().refuse("call_api", input).1;
    for path in [
        "https://evil.example/v1/severities",
        "//evil.example/v1",
        "@evil.example/v1",
        "/v1/../../x",
        "/v1/%2e%2e/x",
        "/\\evil.example",
        "v1/severities",
        "",
    ] {
        assert_eq!(refuse(json!({"method": "GET", "path": path})), "path", "{path}");
    }
    for name in ["Authorization", "host", "Content-Length"] {
        let headers = json!([{"name": name, "value": "x"}]);
        assert_eq!(refuse(json!({"method": "GET", "path": "/v1/severities", "headers": headers})), "headers");
    }
    let echo = Connected { api: client_of_one_that_says("200 OK", "you are inc_key"), ..site.connected() };
    assert_eq!(echo.perform("call_api", json!({"method": "GET", "path": "/v1/x"}))["body"], "you are …");
}

#[test]
fn aw_13_fields_that_take_an_option_say_of_which_list() {
    let site = Site::start();
    let labels = |list| {
        let choices = site.connected().perform("list_options", json!({"list": list}));
        choices
            .as_array()
            .unwrap()
            .iter()
            .map(|choice| choice["label"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(labels("severity"), ["Minor", "Major", "Critical"]);
    assert!(labels("status").contains(&"Investigating".to_owned()));
    assert_eq!(labels("type"), ["Default"]);
    let options = |action: &str| {
        let actions = Atomicwork.actions();
        let inputs = (actions.iter().find(|one| one.name == action).unwrap().inputs)();
        ["severity_id", "incident_status_id", "incident_type_id"]
            .map(|field| inputs["properties"][field]["x-options"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(options("create_incident"), ["severity", "status", "type"]);
    assert_eq!(options("update_incident"), ["severity", "status", ""]);
    assert_eq!(options("list_incidents"), ["severity", "status", "type"]);
}
