//! Settings and the incidents that they describe: what changes on one side shows on the other, and what
//! is in use never leaves a hole. What each setting by itself promises, the official client's tests try.

use std::time::Duration;

use testkit::{Options, Value, json};

use crate::acme::{Acme, in_parallel};
use crate::support::{assert_invalid, text, texts, with};

const STATUSES: &str = "/v1/incident_statuses";
const SEVERITIES: &str = "/v1/severities";
const OPTIONS: &str = "/v1/custom_field_options";

impl Acme {
    /// A new setting, of the kind that `path` ends with.
    #[track_caller]
    fn create(&self, path: &str, body: Value) -> Value {
        let made = self.admin.post(path, body).expect(201);
        made.as_object().unwrap().values().next().unwrap().clone()
    }

    /// A new live status' ID.
    #[track_caller]
    fn live_status(&self, name: &str) -> String {
        text(&self.create(STATUSES, json!({"category": "live", "name": name, "description": ""})), "/id")
    }

    #[track_caller]
    fn field(&self, name: &str, field_type: &str) -> String {
        let body = json!({"name": name, "description": "", "field_type": field_type});
        text(&self.create("/v2/custom_fields", body), "/id")
    }

    #[track_caller]
    fn option(&self, field: &str, value: &str) -> String {
        text(&self.create(OPTIONS, json!({"custom_field_id": field, "value": value})), "/id")
    }

    #[track_caller]
    fn shown(&self, incident: &str) -> Value {
        self.admin.get(&format!("/v2/incidents/{incident}")).expect(200)["incident"].take()
    }

    #[track_caller]
    fn found(&self, filter: &str) -> Vec<String> {
        texts(&self.admin.get(&format!("/v2/incidents?{filter}")).expect(200)["incidents"], "/reference")
    }
}

fn entry(field: &str, values: Value) -> Value {
    json!({"custom_field_entries": [{"custom_field_id": field, "values": values}]})
}

#[test]
fn incidents_show_a_setting_as_it_is_now() {
    let acme = Acme::start();
    let (severity, role) = (acme.severity("Minor"), acme.role("Incident Lead"));
    let team = acme.field("Team", "single_select");
    let platform = acme.option(&team, "Platform");
    let id = acme.incident(entry(&team, json!([{"value_option_id": platform}])));
    acme.app.clock.advance(Duration::from_secs(60));
    for (path, body) in [
        (format!("{SEVERITIES}/{severity}"), json!({"name": "Small", "description": "New"})),
        (format!("{STATUSES}/{}", acme.status("Investigating")), json!({"name": "Looking", "description": "New"})),
        (
            format!("/v1/incident_roles/{role}"),
            json!({"name": "Captain", "description": "New", "instructions": "", "shortform": ""}),
        ),
        (format!("/v2/custom_fields/{team}"), json!({"name": "Squad", "description": "New"})),
        (format!("{OPTIONS}/{platform}"), json!({"value": "Foundations", "sort_key": 1})),
    ] {
        acme.admin.put(&path, body).expect(200);
    }
    let shown = acme.shown(&id);
    assert_eq!((&shown["severity"]["name"], &shown["incident_status"]["name"]), (&json!("Small"), &json!("Looking")));
    assert_eq!(shown["incident_role_assignments"][0]["role"]["name"], "Captain");
    let field = &shown["custom_field_entries"][0];
    assert_eq!(
        (&field["custom_field"]["name"], &field["values"][0]["value_option"]["value"]),
        (&json!("Squad"), &json!("Foundations"))
    );
    for version in ["/v1", "/v2"] {
        assert_eq!(acme.setting(&format!("{version}/incident_roles"), "Captain")["id"], json!(role));
    }
}

#[test]
fn a_change_on_one_node_is_seen_on_another_at_once() {
    let mut acme = Acme::start();
    let other = acme.app.another(wardroom::features, Options::default());
    let elsewhere = acme.admin.at(&other);
    let minor = acme.severity("Minor");
    let id = acme.incident(json!({}));
    for (name, here, there) in [("Small", &acme.admin, &elsewhere), ("Tiny", &elsewhere, &acme.admin)] {
        here.put(&format!("{SEVERITIES}/{minor}"), json!({"name": name, "description": ""})).expect(200);
        let shown = there.get(&format!("/v2/incidents/{id}")).expect(200);
        assert_eq!(shown["incident"]["severity"]["name"], name);
    }
}

#[test]
fn severities_are_compared_by_the_ranks_they_have_now() {
    let acme = Acme::start();
    let (minor, major) = (acme.severity("Minor"), acme.severity("Major"));
    for severity in [&minor, &major] {
        acme.declare(json!({"severity_id": severity}));
    }
    let at_least_major = format!("severity[gte]={major}");
    assert_eq!(acme.found(&at_least_major), ["INC-2"]);
    let raised = json!({"name": "Minor", "description": "", "rank": 9});
    acme.admin.put(&format!("{SEVERITIES}/{minor}"), raised).expect(200);
    assert_eq!(acme.found(&at_least_major), ["INC-2", "INC-1"]);
}

#[test]
fn a_status_cannot_go_while_an_incident_has_it_or_an_update_tells_of_it() {
    let acme = Acme::start();
    let (status, unused) = (acme.live_status("Escalating"), acme.live_status("Unused"));
    let delete = |status: &str| acme.admin.delete(&format!("{STATUSES}/{status}"));
    let id = acme.incident(json!({"incident_status_id": acme.status("Fixing")}));
    for to in [&status, &acme.status("Fixing")] {
        acme.edit(&id, json!({"incident_status_id": to})).expect(200);
        assert_invalid(&delete(&status), &[("in_use", "")]);
    }
    assert_eq!(texts(&json!(acme.updates(&id)), "/new_incident_status/name").len(), 2);
    delete(&unused).expect(202);
}

#[test]
fn a_severity_goes_when_no_incident_has_it_any_more_and_updates_bear_that() {
    let acme = Acme::start();
    let severity = text(&acme.create(SEVERITIES, json!({"name": "Odd", "description": ""})), "/id");
    let delete = || acme.admin.delete(&format!("{SEVERITIES}/{severity}"));
    let id = acme.incident(json!({"severity_id": severity, "summary": "Odd"}));
    acme.edit(&id, json!({"summary": "Very odd"})).expect(200);
    assert_invalid(&delete(), &[("in_use", "")]);
    acme.edit(&id, json!({"severity_id": acme.severity("Major")})).expect(200);
    delete().expect(202);
    assert_eq!(acme.updates(&id).len(), 2);
    assert_eq!(acme.shown(&id)["severity"]["name"], "Major");
}

#[test]
fn no_incident_is_declared_into_a_status_that_is_being_deleted() {
    let acme = Acme::start();
    for round in 0..10 {
        let status = acme.live_status(&format!("Brief {round}"));
        let declaration = acme.declaration(json!({"incident_status_id": status}));
        let declare: Box<dyn FnOnce() -> _ + Send> = Box::new(|| acme.admin.post("/v2/incidents", declaration).status);
        let delete = Box::new(|| acme.admin.delete(&format!("{STATUSES}/{status}")).status);
        let outcomes = in_parallel([declare, delete]);
        assert!([[200, 422], [422, 202]].contains(&outcomes[..].try_into().unwrap()), "{outcomes:?}");
    }
    acme.admin.get("/v2/incidents").expect(200);
}

#[test]
fn what_is_deleted_leaves_incidents_and_filters_alike() {
    let acme = Acme::start();
    let (ada, commander) =
        (acme.app.user("Ada"), json!({"name": "Scribe", "description": "Writes", "instructions": "", "shortform": ""}));
    let role = text(&acme.create("/v2/incident_roles", commander), "/id");
    let (team, site) = (acme.field("Team", "multi_select"), acme.field("Site", "text"));
    let options = ["Platform", "Payments"].map(|value| acme.option(&team, value));
    let entries = json!({
        "custom_field_entries": [
            {"custom_field_id": team, "values": [{"value_option_id": options[0]}]},
            {"custom_field_id": site, "values": [{"value_text": "Berlin"}]},
        ],
        "incident_role_assignments": [{"incident_role_id": role, "assignee": {"id": ada}}],
    });
    let id = acme.incident(entries);
    for path in
        [format!("{OPTIONS}/{}", options[0]), format!("/v1/custom_fields/{site}"), format!("/v1/incident_roles/{role}")]
    {
        acme.admin.delete(&path).expect(204);
    }
    let lead = json!({"incident_role_assignments": [{"incident_role_id": acme.role("Incident Lead"), "assignee": {"id": ada}}]});
    for edit in [json!({}), lead] {
        acme.edit(&id, edit).expect(200);
        let shown = acme.shown(&id);
        assert_eq!(shown["custom_field_entries"], json!([]));
        assert_eq!(texts(&shown["incident_role_assignments"], "/role/name"), ["Incident Lead", "Reporter"]);
        assert_eq!(acme.found(&format!("custom_field[{team}][is_set]=true")), Vec::<String>::new());
        assert_eq!(acme.found(&format!("custom_field[{team}][one_of]={}", options[0])), Vec::<String>::new());
    }
    let gone = format!("custom_field[{site}][is_set]=true");
    assert_invalid(&acme.admin.get(&format!("/v2/incidents?{gone}")), &[("invalid_value", "custom_field")]);
}

#[test]
fn a_field_holds_what_its_type_says() {
    let acme = Acme::start();
    let fields =
        ["single_select", "multi_select", "text", "link", "numeric"].map(|kind| (kind, acme.field(kind, kind)));
    let of = |kind: &str| fields.iter().find(|(name, _)| *name == kind).unwrap().1.clone();
    let options = ["A", "B"].map(|value| acme.option(&of("single_select"), value));
    let several = ["C", "D"].map(|value| acme.option(&of("multi_select"), value));
    let id = acme.incident(json!({}));
    let set = |kind: &str, values: Value| acme.edit(&id, entry(&of(kind), values));
    for (kind, values) in [
        ("single_select", json!([{"value_option_id": options[1]}])),
        ("multi_select", json!([{"value_option_id": several[1]}, {"value_option_id": several[0]}])),
        ("text", json!([{"value_text": " *Two*\nlines "}])),
        ("link", json!([{"value_link": "https://acme.example/?a=b#c"}])),
        ("numeric", json!([{"value_numeric": "-1.50"}])),
    ] {
        let shown = set(kind, values.clone()).expect(200);
        let last = shown["incident"]["custom_field_entries"].as_array().unwrap().last().unwrap().clone();
        let as_given = |value: &Value| match value.get("value_option") {
            Some(option) => json!({"value_option_id": option["id"]}),
            None => value.clone(),
        };
        let given: Vec<_> = last["values"].as_array().unwrap().iter().map(as_given).collect();
        assert_eq!(json!(given), values, "{kind} comes back as it was given");
    }
    for (kind, values, code, place) in [
        ("single_select", json!([{"value_option_id": several[0]}]), "invalid_value", "values.0.value_option_id"),
        (
            "single_select",
            json!([{"value_option_id": options[0]}, {"value_option_id": options[1]}]),
            "invalid_value",
            "values",
        ),
        (
            "multi_select",
            json!([{"value_option_id": several[0]}, {"value_option_id": "none"}]),
            "invalid_value",
            "values.1.value_option_id",
        ),
        ("text", json!([{"value_numeric": "1"}]), "is_required", "values.0.value_text"),
        ("link", json!([{"value_link": "acme"}]), "invalid_value", "values.0.value_link"),
        ("numeric", json!([{"value_numeric": "many"}]), "invalid_value", "values.0.value_numeric"),
        ("numeric", json!([{"value_numeric": "inf"}]), "invalid_value", "values.0.value_numeric"),
    ] {
        let pointer = format!("incident.custom_field_entries.0.{place}");
        assert_invalid(&set(kind, values), &[(code, &pointer)]);
    }
    for (kind, nothing) in [("text", json!([])), ("link", json!([{"value_link": ""}]))] {
        set(kind, nothing).expect(200);
    }
    let left = texts(&acme.shown(&id)["custom_field_entries"], "/custom_field/name");
    assert_eq!(left, ["single_select", "multi_select", "numeric"]);
}

#[test]
fn a_role_has_one_holder_and_the_reporter_is_named_when_declaring_or_never() {
    let acme = Acme::start();
    let (ada, bob) = (acme.app.user("Ada"), acme.app.user("Bob"));
    let (lead, reporter) = (acme.role("Incident Lead"), acme.role("Reporter"));
    let give =
        |role: &str, to: Value| json!({"incident_role_assignments": [{"incident_role_id": role, "assignee": to}]});
    let id = acme.incident(give(&reporter, json!({"id": ada})));
    acme.edit(&id, give(&lead, json!({"id": ada}))).expect(200);
    acme.edit(&id, give(&lead, json!({"email": "BOB@acme.example"}))).expect(200);
    let holders = || {
        let shown = acme.shown(&id);
        let holder = |row: &Value| row.pointer("/assignee/id").cloned().unwrap_or_default();
        shown["incident_role_assignments"].as_array().unwrap().iter().map(holder).collect::<Vec<_>>()
    };
    assert_eq!(holders(), [json!(bob), json!(ada)]);
    acme.edit(&id, give(&lead, Value::Null)).expect(200);
    assert_eq!(holders(), [Value::Null, json!(ada)]);
    let role = "incident.incident_role_assignments.0.incident_role_id";
    assert_invalid(&acme.edit(&id, give(&reporter, json!({"id": bob}))), &[("invalid_value", role)]);
    let nobody = acme.edit(&id, give(&lead, json!({"id": "nobody"})));
    assert_eq!(nobody.status, 422, "{}", nobody.text);
    assert!(nobody.problems()[0].1.starts_with("incident.incident_role_assignments.0.assignee"), "{}", nobody.text);
}

#[test]
fn an_incident_is_of_the_default_type_unless_it_says_otherwise() {
    use incidents::settings::types::{CreateInTriage, IncidentType};
    let acme = Acme::start();
    let kind = acme.app.write(|cx| {
        let (id, now) = (cx.new_id(), cx.now());
        cx.insert(&IncidentType {
            create_in_triage: CreateInTriage::Always,
            created_at: now,
            description: String::new(),
            id,
            is_default: false,
            name: "Security".into(),
            private_incidents_only: true,
            updated_at: now,
        })?;
        Ok(id)
    });
    assert_eq!(acme.declare(json!({}))["incident_type"]["name"], "Default");
    let incident = acme.declare(with(json!({"incident_type_id": kind}), json!({"severity_id": null})));
    assert_eq!(incident["incident_type"]["name"], "Security");
    assert_eq!(incident["incident_status"]["category"], "triage", "incidents of this type always start there");
    assert_eq!(incident["visibility"], "private", "and are never public");
}
