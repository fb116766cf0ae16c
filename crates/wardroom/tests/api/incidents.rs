//! Incidents: how they are declared, told apart, moved along, told of, hidden and found.

use std::time::Duration;

use testkit::{Client, Value, json};

use crate::acme::{Acme, in_parallel};
use crate::support::{assert_invalid, assert_lacks, text, texts, with};

const REFERENCE: &str = "/reference";

fn references(by: &Client, query: &str) -> Vec<String> {
    texts(&by.get(&format!("/v2/incidents?{query}")).expect(200)["incidents"], REFERENCE)
}

// Declaring

#[test]
fn references_count_up_and_a_refused_declaration_leaves_no_gap() {
    let acme = Acme::start();
    assert_eq!(acme.declare(json!({}))["reference"], "INC-1");
    assert_invalid(&acme.try_declare(json!({"severity_id": "unknown"})), &[("invalid_value", "severity_id")]);
    assert_eq!(acme.declare(json!({}))["reference"], "INC-2");
}

#[test]
fn references_count_up_without_gaps_also_when_many_are_declared_at_once() {
    let acme = Acme::start();
    let declare_some = || {
        let sound = || text(&acme.try_declare(json!({})).expect(200), "/incident/reference");
        acme.try_declare(json!({"severity_id": "unknown"})).expect(422);
        (0..5).map(|_| sound()).collect::<Vec<_>>()
    };
    let mut numbers: Vec<i64> = in_parallel((0..8).map(|_| declare_some))
        .concat()
        .iter()
        .map(|reference| reference.strip_prefix("INC-").unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}

#[test]
fn counting_goes_on_after_a_number_that_was_brought_along() {
    let acme = Acme::start();
    let imported =
        |number: i64| json!({"mode": "retrospective", "retrospective_incident_options": {"external_id": number}});
    assert_eq!(acme.declare(imported(84))["reference"], "INC-84");
    assert_eq!(acme.declare(json!({}))["reference"], "INC-85");
    assert_eq!(acme.declare(imported(7))["reference"], "INC-7");
    assert_eq!(acme.declare(json!({}))["reference"], "INC-86");
    for taken in [84, 0, -1] {
        let problems = [("invalid_value", "retrospective_incident_options.external_id")];
        assert_invalid(&acme.try_declare(imported(taken)), &problems);
    }
}

#[test]
fn the_same_idempotency_key_is_the_same_incident_whatever_else_is_said() {
    let acme = Acme::start();
    let first = acme.declare(json!({"idempotency_key": "once", "name": "First"}));
    acme.edit(&text(&first, "/id"), json!({"name": "Renamed"})).expect(200);
    for path in ["/v2/incidents", "/v1/incidents"] {
        let again = acme.declaration(json!({"idempotency_key": "once", "name": "Second", "severity_id": "unknown"}));
        let answer = acme.admin.post(path, again).expect(200);
        assert_eq!(answer["incident"]["id"], first["id"]);
        assert_eq!(answer["incident"]["name"], "Renamed", "as it stands now");
    }
    assert_eq!(acme.declare(json!({}))["reference"], "INC-2");
}

#[test]
fn the_same_idempotency_key_is_the_same_incident_in_parallel_too() {
    let acme = Acme::start();
    let declare = |n: u32| {
        let acme = &acme;
        move || acme.try_declare(json!({"idempotency_key": "once", "name": format!("Try {n}")})).expect(200)
    };
    let answers = in_parallel((0..8).map(declare));
    let first = &answers[0]["incident"];
    assert!(answers.iter().all(|answer| answer["incident"] == *first));
    assert_eq!(references(&acme.admin, ""), ["INC-1"]);
    assert_eq!(acme.declare(json!({}))["reference"], "INC-2");
}

#[test]
fn a_refused_declaration_leaves_its_key_free() {
    let acme = Acme::start();
    let declare = |severity: &str| acme.try_declare(json!({"idempotency_key": "once", "severity_id": severity}));
    declare("unknown").expect(422);
    declare(&acme.severity("Major")).expect(200);
    assert_invalid(&acme.try_declare(json!({"idempotency_key": ""})), &[("is_required", "idempotency_key")]);
}

#[test]
fn an_incident_needs_a_severity_unless_it_is_not_known_to_be_one() {
    let acme = Acme::start();
    let declare =
        |status: &str| acme.try_declare(json!({"severity_id": null, "incident_status_id": acme.status(status)}));
    for needs in ["Investigating", "Paused", "Documenting", "Closed"] {
        assert_invalid(&declare(needs), &[("is_required", "severity_id")]);
    }
    for none in ["Triage", "Declined", "Merged", "Canceled"] {
        assert_eq!(declare(none).expect(200)["incident"].get("severity"), None, "{none}");
    }
    assert_invalid(&acme.try_declare(json!({"severity_id": null})), &[("is_required", "severity_id")]);
}

#[test]
fn accepting_an_incident_takes_a_severity() {
    let acme = Acme::start();
    let id = acme.incident(json!({"severity_id": null, "incident_status_id": acme.status("Triage")}));
    let accept = json!({"incident_status_id": acme.status("Investigating")});
    assert_invalid(&acme.edit(&id, accept.clone()), &[("is_required", "incident.severity_id")]);
    let accepted = acme.edit(&id, with(accept, json!({"severity_id": acme.severity("Major")}))).expect(200);
    assert_eq!(accepted["incident"]["severity"]["name"], "Major");
}

#[test]
fn what_is_wrong_with_a_declaration_is_told_all_at_once() {
    let acme = Acme::start();
    let answer = acme.try_declare(json!({
        "incident_type_id": "none", "incident_status_id": "none", "severity_id": "none",
        "custom_field_entries": [{"custom_field_id": "none", "values": []}],
        "incident_role_assignments": [{"incident_role_id": "none"}],
        "incident_timestamp_values": [{"incident_timestamp_id": "none"}],
    }));
    let pointers = [
        "incident_type_id",
        "incident_status_id",
        "severity_id",
        "custom_field_entries.0.custom_field_id",
        "incident_timestamp_values.0.incident_timestamp_id",
        "incident_role_assignments.0.incident_role_id",
    ];
    assert_invalid(&answer, &pointers.map(|pointer| ("invalid_value", pointer)));
}

// Moving along

#[test]
fn an_incident_moves_on_as_its_category_allows_and_what_is_over_stays_over() {
    let acme = Acme::start();
    let statuses = ["Triage", "Declined", "Merged", "Canceled", "Investigating", "Paused", "Documenting", "Closed"];
    let may_follow = |from: &str| match from {
        "Triage" => &["Declined", "Canceled", "Investigating", "Documenting", "Closed"][..],
        "Investigating" => &["Canceled", "Paused", "Documenting", "Closed"],
        "Paused" => &["Canceled", "Investigating", "Documenting", "Closed"],
        "Documenting" => &["Closed"],
        _ => &[],
    };
    let statuses = statuses.map(|name| (name, acme.status(name)));
    for (from, from_id) in &statuses {
        let fresh = || acme.incident(json!({"incident_status_id": from_id}));
        let mut incident = fresh();
        for (to, to_id) in &statuses {
            let answer = acme.edit(&incident, json!({"incident_status_id": to_id}));
            if from == to {
                answer.expect(200);
            } else if may_follow(from).contains(to) {
                assert_eq!(answer.expect(200)["incident"]["incident_status"]["name"], *to);
                incident = fresh();
            } else {
                assert_invalid(&answer, &[("invalid_value", "incident.incident_status_id")]);
            }
        }
    }
}

#[test]
fn within_a_category_an_incident_moves_freely() {
    let acme = Acme::start();
    let id = acme.incident(json!({}));
    for name in ["Monitoring", "Investigating", "Fixing"] {
        let moved = acme.edit(&id, json!({"incident_status_id": acme.status(name)})).expect(200);
        assert_eq!(moved["incident"]["incident_status"]["name"], name);
    }
}

/// When what happened, as far as it did: the time of day by the timestamp's name.
#[track_caller]
fn moments(incident: &Value) -> Value {
    let values = incident["incident_timestamp_values"].as_array().unwrap();
    assert_eq!(values.len(), 8, "every timestamp is there");
    let moment = |row: &Value| {
        let time = row.pointer("/value/value")?.as_str()?;
        Some((text(row, "/incident_timestamp/name"), json!(time[11..19])))
    };
    values.iter().filter_map(moment).collect()
}

#[test]
fn a_timestamp_is_set_the_first_time_its_status_is_reached() {
    let acme = Acme::start();
    let incident = acme.declare(json!({"severity_id": null, "incident_status_id": acme.status("Triage")}));
    assert_eq!(moments(&incident), json!({"Reported at": "09:00:01"}));
    let id = text(&incident, "/id");
    let moved = |name: &str| {
        acme.app.clock.advance(Duration::from_secs(60));
        let changes = json!({"incident_status_id": acme.status(name), "severity_id": acme.severity("Minor")});
        moments(&acme.edit(&id, changes).expect(200)["incident"])
    };
    let live = json!({"Reported at": "09:00:01", "Accepted at": "09:01:01"});
    assert_eq!(moved("Investigating"), live);
    assert_eq!(moved("Paused"), live);
    assert_eq!(moved("Fixing"), live, "it was accepted before");
    let over = with(live, json!({"Resolved at": "09:04:01"}));
    assert_eq!(moved("Documenting"), over);
    assert_eq!(moved("Reviewing"), over);
    assert_eq!(moved("Closed"), with(over, json!({"Closed at": "09:06:01"})));
}

#[test]
fn closing_an_incident_that_was_not_resolved_resolves_it() {
    let acme = Acme::start();
    let closed = moments(&acme.declare(json!({"incident_status_id": acme.status("Closed")})));
    let at = "09:00:01";
    assert_eq!(closed, json!({"Reported at": at, "Resolved at": at, "Closed at": at}));
}

#[test]
fn a_timestamp_that_people_set_stays_as_they_set_it_until_they_clear_it() {
    let acme = Acme::start();
    let resolved = |value: Value| json!([{"incident_timestamp_id": acme.timestamp("Resolved at"), "value": value}]);
    let values = resolved(json!("2026-03-01T23:30:00Z"));
    let incident = acme.declare(json!({"incident_timestamp_values": values}));
    let id = text(&incident, "/id");
    let over = acme.edit(&id, json!({"incident_status_id": acme.status("Documenting")})).expect(200);
    assert_eq!(moments(&over["incident"])["Resolved at"], "23:30:00");
    let cleared = acme.edit(&id, json!({"incident_timestamp_values": resolved(Value::Null)})).expect(200);
    assert_eq!(moments(&cleared["incident"]).get("Resolved at"), None);
}

// Telling

#[test]
fn every_change_of_status_severity_or_summary_is_an_update() {
    let acme = Acme::start();
    let (major, fixing) = (acme.severity("Major"), acme.status("Fixing"));
    let id = acme.incident(json!({"summary": "Slow"}));
    assert_eq!(acme.updates(&id), Vec::<Value>::new());
    for change in [
        json!({"incident_status_id": fixing}),
        json!({"severity_id": major}),
        json!({"summary": "Very slow"}),
        json!({"incident_status_id": acme.status("Closed"), "severity_id": acme.severity("Minor"), "summary": ""}),
    ] {
        acme.app.clock.advance(Duration::from_secs(1));
        acme.edit(&id, change).expect(200);
    }
    let updates = json!(acme.updates(&id));
    assert_eq!(texts(&updates, "/new_incident_status/name"), ["Closed", "Fixing", "Fixing", "Fixing"]);
    assert_eq!(texts(&updates, "/new_severity/name"), ["Minor", "Major", "Major", "Minor"]);
    assert_eq!(texts(&updates, "/updater/api_key/name"), ["Test"; 4]);
}

#[test]
fn what_changes_nothing_that_people_hear_of_is_no_update() {
    let acme = Acme::start();
    let incident = acme.declare(json!({"summary": "Slow"}));
    let id = text(&incident, "/id");
    let same = json!({
        "incident_status_id": acme.status("Investigating"), "severity_id": acme.severity("Minor"), "summary": "Slow",
    });
    acme.app.clock.advance(Duration::from_secs(1));
    assert_eq!(acme.edit(&id, same).expect(200)["incident"]["updated_at"], incident["updated_at"]);
    let renamed = acme.edit(&id, json!({"name": "Other"})).expect(200);
    assert_ne!(renamed["incident"]["updated_at"], incident["updated_at"]);
    acme.edit(&id, json!({"summary": "Fast", "severity_id": "unknown"})).expect(422);
    assert_eq!(acme.updates(&id), Vec::<Value>::new());
}

#[test]
fn an_update_moves_the_incident_and_the_same_key_is_the_same_update() {
    let acme = Acme::start();
    let id = acme.incident(json!({}));
    let tell = |changes: Value| {
        let plain = json!({"idempotency_key": "once", "incident_id": id, "message": "We know why."});
        acme.admin.post("/v2/incident_updates", with(plain, changes))
    };
    let told = tell(json!({"to_incident_status_id": acme.status("Fixing")})).expect(201);
    assert_eq!(told["incident_update"]["message"], "We know why.");
    let again = tell(json!({"message": "Other", "to_incident_status_id": acme.status("Closed")})).expect(201);
    assert_eq!(again, told);
    let shown = acme.admin.get(&format!("/v2/incidents/{id}")).expect(200);
    assert_eq!(shown["incident"]["incident_status"]["name"], "Fixing");
    tell(json!({"idempotency_key": "message alone"})).expect(201);
    assert_eq!(acme.updates(&id).len(), 2);

    let nothing = json!({"idempotency_key": "nothing", "message": null});
    assert_invalid(&tell(nothing), &[("is_required", "message")]);
    let back = json!({"idempotency_key": "back", "to_incident_status_id": acme.status("Triage")});
    assert_invalid(&tell(back), &[("invalid_value", "to_incident_status_id")]);
    assert_eq!(acme.updates(&id).len(), 2);
}

#[test]
fn an_edit_takes_a_scope_for_each_thing_that_it_changes() {
    let acme = Acme::start();
    let id = acme.incident(json!({}));
    let edit = |by: &Client, changes: Value| {
        by.post(
            &format!("/v2/incidents/{id}/actions/edit"),
            json!({"incident": changes, "notify_incident_channel": false}),
        )
    };
    let viewer = acme.app.client(&["viewer"]);
    edit(&viewer, json!({})).expect(200);
    for (change, scope) in [
        (json!({"name": "x"}), "incidents.update_name"),
        (json!({"summary": "x"}), "incidents.update_summary"),
        (json!({"severity_id": acme.severity("Major")}), "incidents.update_severity"),
        (json!({"incident_status_id": acme.status("Fixing")}), "incidents.update_status"),
        (json!({"custom_field_entries": []}), "incidents.update_custom_fields"),
        (json!({"incident_timestamp_values": []}), "incidents.update_timestamps"),
        (json!({"incident_role_assignments": []}), "incidents.update_role_assignments"),
        (json!({"call_url": "https://meet.example/1"}), "incident_calls.create"),
    ] {
        assert_lacks(&edit(&viewer, change.clone()), scope);
        edit(&acme.admin, change).expect(200);
    }
}

// Hiding

/// A private incident with something of each kind on it, and the paths of all that.
fn secret(acme: &Acme) -> (String, Vec<String>) {
    let id = acme.incident(json!({"name": "Secret", "visibility": "private"}));
    let add = |path: &str, what: &str, body: Value| {
        let added = acme.admin.post(path, with(body, json!({"incident_id": id}))).expect(201);
        format!("{path}/{}", text(&added, &format!("/{what}/id")))
    };
    let action = add("/v2/actions", "action", json!({"description": "Secret"}));
    let follow_up = add("/v2/follow_ups", "follow_up", json!({"title": "Secret"}));
    let link = json!({"resource": {"resource_type": "jira_issue", "external_id": "SECRET-1"}});
    let attachment = add("/v1/incident_attachments", "incident_attachment", link);
    let update = json!({"idempotency_key": "secret", "message": "Secret"});
    add("/v2/incident_updates", "incident_update", update);
    let as_v1 = |path: &str| path.replace("v2", "v1").replace("follow_ups", "actions");
    let as_v3 = |path: &str| path.replace("v2", "v3");
    let paths = vec![
        format!("/v2/incidents/{id}"),
        "/v2/incidents/1".into(),
        format!("/v1/incidents/{id}"),
        as_v1(&action),
        as_v3(&action),
        as_v1(&follow_up),
        as_v3(&follow_up),
        action,
        follow_up,
        attachment,
    ];
    (id, paths)
}

#[test]
fn a_private_incident_and_all_that_is_on_it_are_404_to_whoever_may_not_see_it() {
    let acme = Acme::start();
    let (id, paths) = secret(&acme);
    let outsider = acme.without("global_access");
    let issue = json!({"provider": "jira", "url": "https://acme.atlassian.net/browse/SECRET-2"});
    let body = json!({
        "description": "x", "title": "x", "status": "completed", "incident_id": id, "notify_incident_channel": false,
        "incident": {"name": "x"}, "idempotency_key": "x", "message": "x", "content": "x", "issue_template_id": "x", "resource": {"resource_type": "jira_issue", "external_id": "X-1"},
    });
    let body = with(body, issue);
    let mut tried = 0;
    for path in &paths {
        let in_full = [("GET", None), ("PUT", Some(body.to_string())), ("DELETE", None)];
        for (method, body) in in_full {
            let answer = outsider.send(method, path, body);
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
            tried += usize::from(answer.text.contains("not_found"));
        }
    }
    assert_eq!(tried, 18, "as many operations are there, and say so themselves");
    for path in [
        &format!("/v2/incidents/{id}/actions/edit"),
        "/v2/incidents/1/actions/edit",
        "/v2/incidents/1/actions/import_postmortem_document",
        "/v2/incidents/1/actions/connect_external_issue",
        "/v2/incident_updates",
        "/v2/actions",
        "/v3/actions",
        "/v2/follow_ups",
        "/v3/follow_ups",
        "/v3/follow_ups/actions/create_from_link",
        &format!("{}/actions/connect_external_issue", paths[8]),
        "/v1/incident_attachments",
    ] {
        let answer = outsider.post(path, body.clone());
        assert_eq!((answer.status, answer.problems()), (404, vec![("not_found", "")]), "{path}: {}", answer.text);
    }
    for path in ["/v2/incident_updates?", "/v1/incident_attachments?", "/v1/incident_relationships?"] {
        outsider.get(&format!("{path}incident_id={id}")).expect(404);
    }
    let again = with(acme.declaration(json!({})), json!({"idempotency_key": "declaration 0"}));
    outsider.post("/v2/incidents", again).expect(404);
    let untouched = acme.admin.get(&paths[0]).expect(200);
    assert_eq!(untouched["incident"]["name"], "Secret");
}

#[test]
fn lists_and_counts_pass_over_private_incidents() {
    let acme = Acme::start();
    let (id, _) = secret(&acme);
    let other = acme.declare(json!({"name": "Other"}));
    let ends = [&id, &text(&other, "/id")].map(|id| id.parse().unwrap());
    acme.app.write(move |cx| incidents::relationships::relate(cx, ends[0], ends[1]));
    let outsider = acme.without("global_access");
    let lists = [
        "/v1/incidents".to_owned(),
        "/v2/incidents".into(),
        "/v2/incidents?created_at[gte]=2026-03-02".into(),
        "/v2/incident_updates".into(),
        "/v1/incident_attachments?resource_type=jira_issue&external_id=SECRET-1".into(),
        format!("/v1/incident_relationships?incident_id={}", text(&other, "/id")),
        "/v1/actions".into(),
        "/v2/actions".into(),
        "/v3/actions".into(),
        "/v2/follow_ups".into(),
        "/v3/follow_ups".into(),
    ];
    for path in &lists {
        let (shown, all) = (outsider.get(path), acme.admin.get(path));
        shown.clone().expect(200);
        assert!(!shown.text.contains(&id) && !shown.text.contains("ecret"), "{path}: {}", shown.text);
        assert!(all.text.contains(&id), "{path}: {}", all.text);
        let total = |answer: &testkit::Answer| answer.body["pagination_meta"]["total_record_count"].clone();
        if path.contains("/incidents") {
            assert_eq!((total(&shown), total(&all)), (json!(1), json!(2)), "{path}");
        }
    }
    for path in ["/v1/actions", "/v2/actions", "/v3/actions", "/v2/follow_ups", "/v3/follow_ups"] {
        let answer = outsider.get(&format!("{path}?incident_id={id}"));
        assert!(answer.status == 200 && !answer.text.contains("ecret"), "{path}: {}", answer.text);
    }
}

#[test]
fn members_see_a_private_incident_for_as_long_as_they_are_members() {
    let acme = Acme::start();
    let (ada, bob) = (acme.app.user("Ada"), acme.app.user("Bob"));
    let assignments = json!([{"incident_role_id": acme.role("Incident Lead"), "assignee": {"id": bob}}]);
    let key = acme.without("global_access");
    let [as_ada, as_bob] = [ada, bob].map(|user| key.with_header("X-Incident-User", &user.to_string()));
    let declaration = json!({"visibility": "private", "incident_role_assignments": assignments});
    let declared = as_ada.post("/v2/incidents", acme.declaration(declaration)).expect(200);
    let id = text(&declared, "/incident/id");
    for (client, sees) in [(&as_ada, true), (&as_bob, true), (&key, false)] {
        let status = client.get(&format!("/v2/incidents/{id}")).status;
        assert_eq!((status, references(client, "").len()), if sees { (200, 1) } else { (404, 0) });
    }

    let eve = acme.app.user("Eve");
    let as_eve = key.with_header("X-Incident-User", &eve.to_string());
    as_eve.get(&format!("/v2/incidents/{id}")).expect(404);
    let lead = json!([{"incident_role_id": acme.role("Incident Lead"), "assignee": {"id": eve}}]);
    acme.edit(&id, json!({"incident_role_assignments": lead})).expect(200);
    as_eve.get(&format!("/v2/incidents/{id}")).expect(200);

    let membership = json!({"incident_id": id, "user_id": bob});
    let revoke = || acme.admin.post("/v1/incident_memberships/actions/revoke", membership.clone());
    let grant = || acme.admin.post("/v1/incident_memberships", membership.clone());
    for _ in 0..2 {
        revoke().expect(204);
        as_bob.get(&format!("/v2/incidents/{id}")).expect(404);
    }
    assert_eq!(grant().expect(201), grant().expect(201));
    as_bob.get(&format!("/v2/incidents/{id}")).expect(200);
    assert_lacks(
        &acme.without("incident_memberships_editor").post("/v1/incident_memberships", membership.clone()),
        "incident_memberships.grant",
    );
}

#[test]
fn only_private_incidents_have_members() {
    let acme = Acme::start();
    let membership = json!({"incident_id": acme.incident(json!({})), "user_id": acme.app.user("Ada")});
    let answer = acme.admin.post("/v1/incident_memberships", membership.clone());
    assert_invalid(&answer, &[("invalid_value", "incident_id")]);
    let nobody = with(membership, json!({"user_id": "nobody"}));
    assert_invalid(&acme.admin.post("/v1/incident_memberships", nobody), &[("invalid_value", "user_id")]);
}

// Finding

#[test]
fn an_incident_is_found_by_its_id_and_by_its_number() {
    let acme = Acme::start();
    let incident = acme.declare(json!({}));
    for version in ["v1", "v2"] {
        for name in [text(&incident, "/id"), "1".into()] {
            let shown = acme.admin.get(&format!("/{version}/incidents/{name}")).expect(200);
            assert_eq!(shown["incident"]["id"], incident["id"]);
        }
        for unknown in ["2", "INC-1", "0", "-1", "1.5", "99999999999999999999"] {
            acme.admin.get(&format!("/{version}/incidents/{unknown}")).expect(404);
        }
    }
}

#[test]
fn a_list_comes_in_pages_newest_first_unless_asked_otherwise() {
    let acme = Acme::start();
    for _ in 0..30 {
        acme.declare(json!({}));
    }
    let pages = |query: &str| {
        let (mut after, mut seen, mut sizes) = (String::new(), Vec::new(), Vec::new());
        loop {
            let page = acme.admin.get(&format!("/v2/incidents?{query}{after}")).expect(200);
            assert_eq!(page["pagination_meta"]["total_record_count"], 30);
            let shown = texts(&page["incidents"], REFERENCE);
            sizes.push(shown.len());
            seen.extend(shown);
            match page["pagination_meta"].get("after") {
                Some(id) => after = format!("&after={}", id.as_str().unwrap()),
                None => break,
            }
        }
        (sizes, seen)
    };
    let newest_first: Vec<_> = (1..=30).rev().map(|number| format!("INC-{number}")).collect();
    let oldest_first: Vec<_> = newest_first.iter().rev().cloned().collect();
    assert_eq!(pages(""), (vec![25, 5], newest_first.clone()));
    assert_eq!(pages("page_size=10"), (vec![10, 10, 10], newest_first));
    assert_eq!(pages("page_size=29&sort_by=created_at_oldest_first"), (vec![29, 1], oldest_first));
    assert_eq!(pages("page_size=500").0, [30]);
}

#[test]
fn a_page_starts_after_any_id_and_past_the_end_it_is_empty() {
    let acme = Acme::start();
    let first = text(&acme.declare(json!({})), "/id");
    acme.declare(json!({}));
    let page = acme.admin.get(&format!("/v2/incidents?after={first}")).expect(200);
    assert_eq!(page["incidents"], json!([]));
    assert_eq!(page["pagination_meta"], json!({"page_size": 25, "total_record_count": 2}));
    assert_eq!(references(&acme.admin, "after=7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), ["INC-2", "INC-1"]);
    for (query, field) in [
        ("page_size=0", "page_size"),
        ("page_size=501", "page_size"),
        ("page_size=many", "page_size"),
        ("after=INC-1", "after"),
        ("sort_by=name", "sort_by"),
    ] {
        assert_invalid(&acme.admin.get(&format!("/v2/incidents?{query}")), &[("invalid_value", field)]);
    }
}

#[test]
fn a_text_too_long_for_an_index_is_kept_and_found() {
    let acme = Acme::start();
    let body = json!({"name": "Notes", "description": "", "field_type": "text", "required": "never"});
    let field = text(&acme.admin.post("/v2/custom_fields", body).expect(201), "/custom_field/id");
    // Nothing that a database could make short.
    let notes: String = (0..200).map(|n: u64| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let value = json!([{"custom_field_id": field, "values": [{"value_text": notes}]}]);
    acme.declare(json!({"custom_field_entries": value}));
    acme.declare(json!({}));
    let shown = acme.admin.get("/v2/incidents/1").expect(200);
    assert_eq!(shown["incident"]["custom_field_entries"][0]["values"][0]["value_text"], notes);
    let found = acme.admin.get(&format!("/v2/incidents?custom_field[{field}][one_of]={notes}")).expect(200);
    assert_eq!(texts(&found["incidents"], "/reference"), ["INC-1"]);
}

#[test]
fn filters_find_what_they_say() {
    let acme = Acme::start();
    let ada = acme.app.user("Ada");
    let (lead, kind) = (acme.role("Incident Lead"), text(&acme.setting("/v1/incident_types", "Default"), "/id"));
    let field = |name: &str, field_type: &str| {
        let body = json!({"name": name, "description": "", "field_type": field_type});
        text(&acme.admin.post("/v2/custom_fields", body).expect(201), "/custom_field/id")
    };
    let (team, hosts) = (field("Team", "single_select"), field("Hosts", "numeric"));
    let option = json!({"custom_field_id": team, "value": "Platform"});
    let platform = text(&acme.admin.post("/v1/custom_field_options", option).expect(201), "/custom_field_option/id");
    let status = |name: &str| acme.status(name);
    let severity = |name: &str| acme.severity(name);
    for incident in [
        json!({"incident_role_assignments": [{"incident_role_id": lead, "assignee": {"id": ada}}]}),
        json!({"severity_id": severity("Critical"), "incident_status_id": status("Closed")}),
        json!({"severity_id": severity("Major"), "custom_field_entries": [
            {"custom_field_id": team, "values": [{"value_option_id": platform}]},
            {"custom_field_id": hosts, "values": [{"value_numeric": "12"}]},
        ]}),
        json!({"severity_id": null, "incident_status_id": status("Triage")}),
        json!({"mode": "test"}),
    ] {
        acme.declare(incident);
    }
    acme.app.clock.advance(Duration::from_secs(24 * 3600));
    acme.edit("1", json!({"name": "Renamed"})).expect(200);

    let (major, closed) = (severity("Major"), status("Closed"));
    for (query, found) in [
        (String::new(), "1 2 3 4"),
        (format!("status[one_of]={closed}"), "2"),
        (format!("status[one_of]={closed}&status[one_of]={}", status("Triage")), "2 4"),
        (format!("status[not_in]={closed}"), "1 3 4"),
        ("status_category[one_of]=active".into(), "1 3"),
        ("status_category[one_of]=live&status_category[one_of]=triage".into(), "1 3 4"),
        ("status_category[not_in]=active".into(), "2 4"),
        (format!("severity[one_of]={major}"), "3"),
        (format!("severity[gte]={major}"), "2 3"),
        (format!("severity[lte]={major}"), "1 3"),
        (format!("severity[not_in]={major}"), "1 2 4"),
        (format!("incident_type[one_of]={kind}"), "1 2 3 4"),
        (format!("incident_type[not_in]={kind}"), ""),
        (format!("incident_role[{lead}][one_of]={ada}"), "1"),
        (format!("incident_role[{lead}][is_blank]=true"), "2 3 4"),
        (format!("incident_role[{lead}][is_blank]=false"), "1"),
        (format!("custom_field[{team}][one_of]={platform}"), "3"),
        (format!("custom_field[{team}][not_in]={platform}"), "1 2 4"),
        (format!("custom_field[{team}][is_set]=true"), "3"),
        (format!("custom_field[{hosts}][gte]=9"), "3"),
        (format!("custom_field[{hosts}][lte]=9"), ""),
        ("created_at[gte]=2026-03-02T09:00:03Z".into(), "3 4"),
        ("created_at[lte]=2026-03-01".into(), ""),
        ("created_at[date_range]=2026-03-01~2026-03-02".into(), "1 2 3 4"),
        ("updated_at[gte]=2026-03-03".into(), "1"),
        ("mode[one_of]=test".into(), "5"),
        ("mode[one_of]=test&mode[one_of]=standard".into(), "1 2 3 4 5"),
        (format!("severity[one_of]={major}&status[one_of]={closed}"), ""),
        (format!("severity[one_of]={major}&status[one_of]={closed}&filter_mode=any"), "2 3"),
        (format!("status[one_of]={closed}&filter_mode=any&mode[one_of]=test"), ""),
    ] {
        let body = acme.admin.get(&format!("/v2/incidents?sort_by=created_at_oldest_first&{query}")).expect(200);
        let shown = texts(&body["incidents"], REFERENCE);
        let expected: Vec<_> = found.split_whitespace().map(|number| format!("INC-{number}")).collect();
        assert_eq!(shown, expected, "{query}");
        assert_eq!(body["pagination_meta"]["total_record_count"], expected.len(), "{query}");
    }
}

#[test]
fn a_filter_that_means_nothing_is_refused_and_named() {
    let acme = Acme::start();
    let lead = acme.role("Incident Lead");
    for (query, pointer) in [
        ("status[like]=x", "status.like"),
        ("status_category[like]=live", "status_category.like"),
        ("status_category[one_of]=sleepy", "status_category.one_of"),
        ("severity[gte]=high", "severity.gte"),
        ("severity[like]=high", "severity.like"),
        ("created_at[gte]=yesterday", "created_at.gte"),
        ("created_at[is]=2026-03-02", "created_at.is"),
        ("updated_at[date_range]=2026-03-02", "updated_at.date_range"),
        ("incident_type[gte]=x", "incident_type.gte"),
        ("mode[not_in]=test", "mode.not_in"),
        ("mode[one_of]=sleepy", "mode.one_of"),
        ("incident_role[captain][is_set]=true", "incident_role"),
        (&format!("incident_role[{lead}][is_set]=maybe"), &format!("incident_role.{lead}.is_set")),
        (&format!("incident_role[{lead}][gte]=x"), &format!("incident_role.{lead}.gte")),
        ("custom_field[team][is_set]=true", "custom_field"),
        ("filter_mode=some", "filter_mode"),
        ("status=live", "status"),
    ] {
        let answer = acme.admin.get(&format!("/v2/incidents?{query}"));
        assert_eq!(
            (answer.status, answer.problems()),
            (422, vec![("invalid_value", pointer)]),
            "{query}: {}",
            answer.text
        );
    }
}

#[test]
fn the_first_version_shows_the_same_incident_in_older_words() {
    let acme = Acme::start();
    let id = acme.incident(json!({"incident_status_id": acme.status("Documenting")}));
    acme.declare(json!({"incident_status_id": acme.status("Fixing")}));
    let listed = |status: &str| {
        texts(&acme.admin.get(&format!("/v1/incidents?status={status}")).expect(200)["incidents"], REFERENCE)
    };
    assert_eq!(acme.admin.get(&format!("/v1/incidents/{id}")).expect(200)["incident"]["status"], "closed");
    assert_eq!((listed("closed"), listed("fixing")), (vec!["INC-1".into()], vec!["INC-2".into()]));
    assert_eq!(listed("fixing&status=closed"), ["INC-2", "INC-1"]);
    assert_invalid(&acme.admin.get("/v1/incidents?status=sleepy"), &[("invalid_value", "status")]);
}
