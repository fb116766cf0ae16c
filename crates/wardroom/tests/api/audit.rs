//! The audit log: every change is in it, told of in one form, and nothing else is.

use std::collections::BTreeSet;
use std::time::Duration;

use base::Time;
use store::audit::{self, Entry};
use testkit::{Answer, Client, Value, json};
use web::{Method, Route, Settings};

use crate::acme::{Acme, in_parallel};
use crate::support::{filled, text, texts, with};

impl Acme {
    /// The whole audit log.
    fn log(&self) -> Vec<Entry> {
        let since: Time = "0001-01-01T00:00:00Z".parse().unwrap();
        self.app.write(move |cx| audit::entries(cx, since, None, 10_000))
    }

    /// What `work` answers, and the entries it left.
    fn watched<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<Entry>) {
        let before = self.log().len();
        let answer = work();
        (answer, self.log().split_off(before))
    }
}

fn actions(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

/// Calls operations by their names and notes which have been tried.
struct Trail {
    acme: Acme,
    routes: Vec<std::sync::Arc<Route>>,
    tried: BTreeSet<&'static str>,
}

impl Trail {
    /// Changes something, which leaves these entries; answers what the body shows.
    #[track_caller]
    fn leaves(&mut self, actions_left: &[&str], operation: &str, id: &str, body: Value) -> Value {
        let route = self.routes.iter().find(|route| route.operation == operation).expect("an operation");
        self.tried.insert(route.operation);
        let path = filled(route.path, id);
        let method = route.method.as_str().to_uppercase();
        self.acme.app.clock.advance(Duration::from_secs(1));
        let send = || self.acme.admin.send(&method, &path, Some(body.to_string()));
        let (answer, entries) = self.acme.watched(send);
        assert!(answer.status < 300, "{operation}: {}", answer.text);
        assert_eq!(actions(&entries), actions_left, "{operation}");
        for entry in &entries {
            assert_eq!((entry.actor.kind.as_str(), entry.actor.name.as_deref()), ("api_key", Some("Test")));
            assert_eq!((entry.context.location.as_str(), entry.version), ("127.0.0.1", 1));
            assert!(entry.context.user_agent.starts_with("ureq/"), "{}", entry.context.user_agent);
            let [target] = &entry.targets[..] else { panic!("{operation}: {:?}", entry.targets) };
            assert_eq!(entry.action.split('.').next(), Some(target.kind.as_str()));
        }
        answer.body.as_object().and_then(|body| body.values().next().cloned()).unwrap_or_default()
    }

    /// The ID of what is made by that.
    #[track_caller]
    fn made(&mut self, action: &str, operation: &str, body: Value) -> String {
        text(&self.leaves(&[action], operation, "", body), "/id")
    }
}

#[test]
fn every_operation_that_changes_something_says_so() {
    let acme = Acme::start();
    let routes = web::assemble(wardroom::features(), &Settings::default()).unwrap().routes;
    let mut trail = Trail { acme, routes, tried: BTreeSet::new() };
    settings_and_keys(&mut trail);
    incidents(&mut trail);
    doors(&mut trail);
    catalog(&mut trail);
    on_call(&mut trail);
    hub(&mut trail);
    let changing = trail.routes.iter().filter(|route| route.method != Method::GET).map(|route| route.operation);
    let untried: Vec<_> = changing.filter(|operation| !trail.tried.contains(operation)).collect();
    assert!(untried.is_empty(), "nobody has tried what these leave: {untried:?}");
}

/// What is made, changed and deleted, all in the same way.
fn settings_and_keys(trail: &mut Trail) {
    let named = json!({"name": "New", "description": "New"});
    let role = with(named.clone(), json!({"instructions": "", "shortform": "", "required": false}));
    let field = with(named.clone(), json!({"field_type": "single_select"}));
    let asked = json!({"show_before_closure": true, "show_before_creation": true, "show_before_update": true});
    for (tag, kind, body) in [
        ("Severities V1", "severity", named.clone()),
        ("Incident Statuses V1", "incident_status", with(named, json!({"category": "live"}))),
        ("Incident Roles V1", "incident_role", role.clone()),
        ("Incident Roles V2", "incident_role", role),
        ("Custom Fields V1", "custom_field", with(field.clone(), asked)),
        ("Custom Fields V2", "custom_field", field.clone()),
        ("API Keys V1", "api_key", json!({"name": "New", "role_names": [], "team_ids": [], "team_role_names": []})),
    ] {
        let id = trail.made(&format!("{kind}.created"), &format!("{tag}#Create"), body.clone());
        let renamed = with(body, json!({"name": "Renamed"}));
        trail.leaves(&[&format!("{kind}.updated")], &format!("{tag}#Update"), &id, renamed);
        if kind == "api_key" {
            let at_once = json!({"grace_period_minutes": 0});
            trail.leaves(&["api_key.rotated"], "API Keys V1#Rotate", &id, at_once);
            let note = json!({"resource_type": "api_key", "resource_id": id, "annotations": {}});
            trail.leaves(&["managed_resource.created"], "Managed Resources V2#CreateManagedResource", "", note.clone());
            trail.leaves(&["managed_resource.updated"], "Managed Resources V2#CreateManagedResource", "", note);
        }
        trail.leaves(&[&format!("{kind}.deleted")], &format!("{tag}#Delete"), &id, json!({}));
    }
    let field = trail.made("custom_field.created", "Custom Fields V2#Create", field);
    let option = json!({"custom_field_id": field, "value": "A", "sort_key": 1});
    let id = trail.made("custom_field_option.created", "Custom Field Options V1#Create", option.clone());
    trail.leaves(&["custom_field_option.updated"], "Custom Field Options V1#Update", &id, option);
    trail.leaves(&["custom_field_option.deleted"], "Custom Field Options V1#Delete", &id, json!({}));
}

/// Incidents, and what hangs on them.
fn incidents(trail: &mut Trail) {
    let [first, second] = [(); 2].map(|()| trail.acme.declaration(json!({})));
    let (minor, fixing) = (trail.acme.severity("Minor"), trail.acme.status("Fixing"));
    let incident = trail.made("incident.created", "Incidents V2#Create", first);
    trail.made("incident.created", "Incidents V1#Create", second);
    let edit = |changes: Value| json!({"incident": changes, "notify_incident_channel": true});
    let both = ["incident.updated", "incident_update.created"];
    trail.leaves(&both[..1], "Incidents V2#Edit", &incident, edit(json!({"name": "Renamed"})));
    trail.leaves(&both, "Incidents V2#Edit", &incident, edit(json!({"summary": "New"})));
    let on_it = |changes: Value| with(json!({"incident_id": incident}), changes);
    let update = json!({"idempotency_key": "1", "to_severity_id": minor, "to_incident_status_id": fixing});
    trail.leaves(&both, "Incident Updates V2#Create", "", on_it(update));
    let document = ["postmortem_document.created", "incident.updated"];
    let content = json!({"title": "Why", "content": "Because"});
    trail.leaves(&document, "Incidents V2#ImportPostmortemDocument", &incident, content);
    let issue = |number: u32| {
        let url = format!("https://acme.atlassian.net/browse/OPS-{number}");
        json!({"provider": "jira", "url": url, "issue_template_id": "x", "replace": true})
    };
    let linked = ["external_issue.created", "incident.updated"];
    trail.leaves(&linked, "Incidents V2#ConnectExternalIssue", &incident, issue(1));
    let relinked = ["external_issue.deleted", "external_issue.created", "incident.updated"];
    trail.leaves(&relinked, "Incidents V2#ConnectExternalIssue", &incident, issue(2));
    let link = json!({"resource": {"resource_type": "jira_issue", "external_id": "OPS-3"}});
    let id = trail.made("incident_attachment.created", "Incident Attachments V1#Create", on_it(link));
    trail.leaves(&["incident_attachment.deleted"], "Incident Attachments V1#Delete", &id, json!({}));
    for (number, version) in [(4, "V2"), (5, "V3")] {
        let (tag, body) = (format!("Actions {version}"), on_it(json!({"description": "x", "status": "completed"})));
        let id = trail.made("action.created", &format!("{tag}#Create"), body.clone());
        trail.leaves(&["action.updated"], &format!("{tag}#Update"), &id, body);
        trail.leaves(&["action.deleted"], &format!("{tag}#Delete"), &id, json!({}));
        let (tag, body) = (format!("Follow-ups {version}"), on_it(json!({"title": "x", "status": "completed"})));
        let id = trail.made("follow_up.created", &format!("{tag}#Create"), body.clone());
        trail.leaves(&["follow_up.updated"], &format!("{tag}#Update"), &id, body);
        let linked = ["external_issue.created", "follow_up.updated"];
        trail.leaves(&linked, &format!("{tag}#ConnectExternalIssue"), &id, issue(number));
        trail.leaves(&["external_issue.deleted", "follow_up.deleted"], &format!("{tag}#Delete"), &id, json!({}));
    }
    let made = ["external_issue.created", "follow_up.created"];
    trail.leaves(&made, "Follow-ups V3#CreateFromLink", "", on_it(issue(6)));
}

/// Who may see and enter.
fn doors(trail: &mut Trail) {
    let ada = trail.acme.app.user("Ada");
    let private = with(trail.acme.declaration(json!({})), json!({"visibility": "private"}));
    let private = trail.made("incident.created", "Incidents V2#Create", private);
    let membership = json!({"incident_id": private, "user_id": ada});
    let [granted, revoked] = ["granted", "revoked"].map(|verb| format!("private_incident_membership.{verb}"));
    trail.leaves(&[&granted], "Incident Memberships V1#Create", "", membership.clone());
    trail.leaves(&[&revoked], "Incident Memberships V1#Revoke", "", membership);
    let provider = json!({"preferred_escalation_provider": "pagerduty"});
    trail.leaves(&["user.updated"], "Users V2#UpdatePagingProvider", &ada.to_string(), provider);
    for (version, verb) in [(0, "created"), (1, "updated")] {
        let list = json!({"allowlist": [{"value": "127.0.0.1"}], "enabled": true, "version": version});
        trail.leaves(&[&format!("ip_allowlist.{verb}")], "IPAllowlists V1#UpdateIPAllowlist", "", list);
    }
}

/// Types of things, and the things.
fn catalog(trail: &mut Trail) {
    let named = json!({"name": "Service", "description": "What we run."});
    for version in ["V2", "V3"] {
        let call = |operation: &str| format!("Catalog {version}#{operation}");
        let catalog_type = trail.made("catalog_type.created", &call("CreateType"), named.clone());
        trail.leaves(&["catalog_type.updated"], &call("UpdateType"), &catalog_type, named.clone());
        let schema = json!({"version": 1, "attributes": [{"name": "Tier", "type": "Text", "array": false}]});
        trail.leaves(&["catalog_type.updated"], &call("UpdateTypeSchema"), &catalog_type, schema);
        let thing = json!({"catalog_type_id": catalog_type, "name": "Checkout", "attribute_values": {}});
        let entry = trail.made("catalog_entry.created", &call("CreateEntry"), thing.clone());
        trail.leaves(&["catalog_entry.updated"], &call("UpdateEntry"), &entry, with(thing, json!({"name": "Till"})));
        if version == "V3" {
            let entries = json!([{"entry_id": entry, "name": "Cart", "attribute_values": {}}]);
            let body = json!({"catalog_type_id": catalog_type, "entries": entries});
            trail.leaves(&["catalog_entry.updated"], &call("BulkUpdateEntries"), "", body);
        }
        trail.leaves(&["catalog_entry.archived"], &call("DestroyEntry"), &entry, json!({}));
        trail.leaves(&["catalog_type.deleted"], &call("DestroyType"), &catalog_type, json!({}));
    }
}

/// What the hub is asked for; what comes of it is told of in the same words, once it is known.
fn hub(trail: &mut Trail) {
    let token = trail.acme.app.token(&["catalog_editor", "catalog_viewer"]);
    let connection = json!({"product": "hyphen", "name": "Acme", "base_url": trail.acme.app.address, "api_key": token});
    let started = ["hub_run.started"];
    let run = trail.leaves(&started, "Hub Connections V1#Create", "", json!({"connection": connection}));
    let ((), entries) = trail.acme.watched(|| trail.acme.app.run_jobs());
    assert_eq!(actions(&entries), ["connection.connected"]);
    assert_eq!(entries[0].actor.name.as_deref(), Some("Test"), "who wanted it, though a job did it");
    let run = trail.acme.admin.get(&format!("/hub/v1/runs/{}", text(&run, "/id"))).expect(200);
    let id = text(&run, "/run/connection_id");
    trail.leaves(&started, "Hub Connections V1#Update", &id, json!({"connection": {"name": "Acme's"}}));
    let team = json!({"input": {"entity_id": "t1", "entity_name": "Platform"}});
    trail.leaves(&started, "Hub Connections V1#Act", &format!("{id}/permission_group"), team);
    trail.acme.app.run_jobs();
    let link = text(&trail.acme.admin.get("/hub/v1/links").expect(200), "/links/0/id");
    trail.leaves(&["hub_link.unlinked"], "Hub Links V1#Destroy", &link, json!({}));
    let step = json!({"name": "one", "connection": id, "action": "verify"});
    let rule = json!({"rule": {"name": "New", "steps": [step]}});
    let made = trail.made("hub_rule.created", "Hub Rules V1#Create", rule.clone());
    trail.leaves(&["hub_rule.updated"], "Hub Rules V1#Update", &made, rule.clone());
    trail.leaves(&["hub_rule.deleted"], "Hub Rules V1#Destroy", &made, json!({}));
    let (made, _) = trail.acme.watched(|| trail.acme.admin.post("/hub/v1/rules", rule).expect(201));
    let (_, secret) = made["url"].as_str().unwrap().rsplit_once('/').unwrap();
    let path = format!("/hub/v1/hooks/{secret}");
    let (_, entries) = trail.acme.watched(|| trail.acme.app.stranger().post(&path, json!({})).expect(202));
    assert_eq!(actions(&entries), started);
    trail.tried.insert("Hub Rules V1#Deliver");
    let pipe = |file: &str| {
        let (source, output) = (json!({"template": "teams"}), json!({"format": "jsonl", "file": file}));
        json!({"definition": {"name": "New", "connection": id, "source": source, "output": output}})
    };
    let made = trail.made("hub_pipe.created", "Hub Pipes V1#Create", pipe("a"));
    trail.leaves(&["hub_pipe.updated"], "Hub Pipes V1#Update", &made, pipe("b"));
    trail.leaves(&["hub_pipe.started"], "Hub Pipes V1#Run", &made, json!({}));
    trail.leaves(&["hub_pipe.deleted"], "Hub Pipes V1#Destroy", &made, json!({}));
    trail.leaves(&["connection.disconnected"], "Hub Connections V1#Destroy", &id, json!({}));
}

/// Schedules, and who is on call instead.
fn on_call(trail: &mut Trail) {
    let cleo = trail.acme.app.user("Cleo");
    let [rotation, layer] = ["01KJPW9ZG0000000000000000R", "01KJPW9ZG000000000000000AA"];
    let rotations = json!([{
        "id": rotation, "name": "Primary", "handover_start_at": "2026-03-02T09:00:00Z", "users": [{"id": cleo}],
        "handovers": [{"interval": 1, "interval_type": "daily"}], "layers": [{"id": layer, "name": "Primary"}],
    }]);
    let says = json!({"schedule": {"name": "On call", "timezone": "UTC", "config": {"rotations": rotations}}});
    let made = trail.leaves(&["schedule.created", "catalog_entry.created"], "Schedules V2#Create", "", says.clone());
    let schedule = text(&made, "/id");
    trail.leaves(&["schedule.updated"], "Schedules V2#Update", &schedule, says.clone());
    trail.leaves(&[], "Schedules V2#PreviewScheduleEntries", &schedule, says);
    let cover = |from: &str, to: &str| {
        let [start_at, end_at] = [from, to].map(|time| format!("2026-04-01T{time}:00Z"));
        json!({
            "schedule_id": schedule, "rotation_id": rotation, "layer_id": layer, "user": {"id": cleo},
            "start_at": start_at, "end_at": end_at,
        })
    };
    let [created, updated, deleted] = ["created", "updated", "deleted"].map(|verb| format!("schedule_override.{verb}"));
    trail.made(&created, "Schedules V2#CreateOverride", cover("09:00", "12:00"));
    let cut: &[&str] = &[&created, &created, &deleted, &created];
    let inner = trail.leaves(cut, "Schedules V2#CreateOverride", "", cover("10:00", "11:00"));
    let inner = text(&inner, "/id");
    trail.leaves(&[&updated], "Schedules V2#UpdateOverride", &inner, cover("10:00", "10:30"));
    trail.leaves(&[&deleted], "Schedules V2#DestroyOverride", &inner, json!({}));
    let target = json!({"schedule_sync_target": {"slack_user_group_id": "S1", "add_bot_to_group": false}});
    let target = trail.made("schedule_sync_target.created", "Schedule Sync Targets V2#Create", target);
    let bot = json!({"add_bot_to_group": true});
    trail.leaves(&["schedule_sync_target.updated"], "Schedule Sync Targets V2#Update", &target, bot);
    let rule = json!({"schedule_sync_rule": {"schedule_sync_target_id": target, "sync_type": "on_call"}});
    let [created, updated, deleted] =
        ["created", "updated", "deleted"].map(|verb| format!("schedule_sync_rule.{verb}"));
    let made = trail.leaves(&[&created], "Schedules V2#CreateScheduleSyncRule", &schedule, rule);
    let rule = format!("{schedule}/{}", text(&made, "/id"));
    let everybody = json!({"sync_type": "all_users"});
    trail.leaves(&[&updated], "Schedules V2#UpdateScheduleSyncRule", &rule, everybody);
    trail.leaves(&[&deleted], "Schedules V2#DestroyScheduleSyncRule", &rule, json!({}));
    trail.leaves(&["schedule_sync_target.deleted"], "Schedule Sync Targets V2#Destroy", &target, json!({}));
    let replica = json!({"schedule_replica": {
        "replica_provider": "opsgenie", "replica_provider_id": "x", "replica_fallback_user_id": "y",
        "sources": [{"rotation_id": rotation, "layer_id": layer}],
    }});
    let made = trail.leaves(&["schedule_replica.created"], "Schedules V2#CreateScheduleReplica", &schedule, replica);
    let replica = format!("{schedule}/{}", text(&made, "/id"));
    trail.leaves(&["schedule_replica.deleted"], "Schedules V2#DestroyScheduleReplica", &replica, json!({}));
    let about = json!({"schedule": {"name": "Other", "timezone": "UTC"}});
    let made = ["schedule.created", "catalog_entry.created"];
    let other = text(&trail.leaves(&made, "Schedules V3#Create", "", about.clone()), "/id");
    trail.leaves(&["schedule.updated"], "Schedules V3#Update", &other, about);
    let version =
        json!({"handover_start_at": "2026-03-02T09:00:00Z", "handovers": [{"interval": 1, "interval_type": "daily"}]});
    let named = json!({"rotation": {"id": "x", "name": "X", "versions": [version]}});
    trail.leaves(&["schedule.updated"], "Schedule Rotations V3#Create", &other, named.clone());
    let x = format!("{other}/x");
    trail.leaves(&["schedule.updated"], "Schedule Rotations V3#Update", &x, named);
    trail.leaves(&["schedule.updated"], "Schedule Rotations V3#Destroy", &x, json!({}));
    trail.leaves(&["schedule.deleted", "catalog_entry.archived"], "Schedules V3#Destroy", &other, json!({}));
    let feed = json!({"calendar_feed": {"schedule_id": schedule}});
    let feed = trail.made("calendar_feed.created", "Calendar Feeds V1#Create", feed);
    trail.leaves(&["calendar_feed.deleted"], "Calendar Feeds V1#Destroy", &feed, json!({}));
    let event = "BEGIN:VEVENT\nUID:1\nSUMMARY:Cleo\nDTSTART:20260601T090000Z\nDURATION:PT1H\nEND:VEVENT";
    let calendar = json!({"calendar_import": {
        "schedule_id": schedule, "rotation_id": rotation, "layer_id": layer, "end_at": "2026-07-01T00:00:00Z",
        "calendar": format!("BEGIN:VCALENDAR\n{event}\nEND:VCALENDAR"),
    }});
    trail.leaves(&["schedule_override.created"], "Calendar Imports V1#Create", "", calendar);
    let bob = trail.acme.app.user("Bob");
    let shift = with(cover("14:00", "18:00"), json!({"user": {"id": cleo}}));
    let asking = json!({"cover_request": shift});
    let asked = trail.made("cover_request.created", "Cover Requests V1#Create", asking);
    let middle = json!({"user": {"id": bob}, "start_at": "2026-04-01T15:00:00Z", "end_at": "2026-04-01T16:00:00Z"});
    let taken = ["schedule_override.created", "cover_request.taken", "cover_request.created"];
    trail.leaves(&taken, "Cover Requests V1#Take", &asked, middle);
    trail.leaves(&["cover_request.cancelled"], "Cover Requests V1#Cancel", &asked, json!({}));
    let away = json!({"time_off": cover("14:00", "18:00")});
    let time_off = trail.made("time_off.created", "Time Off V1#Create", away.clone());
    trail.leaves(&["time_off.updated"], "Time Off V1#Update", &time_off, away);
    trail.leaves(&["time_off.deleted"], "Time Off V1#Destroy", &time_off, json!({}));
    trail.leaves(&["schedule.deleted", "catalog_entry.archived"], "Schedules V2#Destroy", &schedule, json!({}));
}

#[test]
fn an_entry_says_who_did_what_to_what_and_when() {
    let acme = Acme::start();
    let ada = acme.app.user("Ada");
    let severity = json!({"name": "Blocker", "description": ""});
    let by_key = || acme.admin.post("/v1/severities", severity.clone()).expect(201);
    let (made, entries) = acme.watched(by_key);
    let entry = json!(entries[0]);
    let expected = json!({
        "id": entry["id"], "occurred_at": "2026-03-02T09:00:00.000000Z", "action": "severity.created", "version": 1,
        "actor": {"type": "api_key", "id": entry["actor"]["id"], "name": "Test"},
        "targets": [{"type": "severity", "id": made["severity"]["id"], "name": "Blocker"}],
        "context": {"location": "127.0.0.1", "user_agent": entry["context"]["user_agent"]},
    });
    assert_eq!(entry, expected);
    assert!(acme.app.texts("select id from api_keys").contains(&text(&entry, "/actor/id")));

    let as_ada = acme.admin.with_header("X-Incident-User", &ada.to_string());
    let path = format!("/v1/severities/{}", text(&made, "/severity/id"));
    let (_, entries) = acme.watched(|| as_ada.delete(&path).expect(202));
    assert_eq!(json!(entries[0].actor), json!({"type": "user", "id": ada, "name": "Ada"}));
    assert_eq!(entries[0].targets[0].name, "Blocker", "what it was called");

    let (team, entries) = acme.watched(|| acme.app.team("Platform"));
    assert_eq!(json!(entries[0].actor), json!({"type": "system"}));
    assert_eq!(entries[0].targets[0].id, team.cast());
}

#[test]
fn entries_come_in_the_order_in_which_things_happened() {
    let acme = Acme::start();
    let ((), entries) = acme.watched(|| {
        for _ in 0..5 {
            let id = text(&acme.try_declare(json!({})).expect(200), "/incident/id");
            acme.edit(&id, json!({"summary": "New"})).expect(200);
        }
    });
    let of_one = ["incident.created", "incident.updated", "incident_update.created"];
    assert_eq!(actions(&entries), of_one.repeat(5), "also within one moment");
}

#[test]
fn no_token_and_no_hash_of_one_is_in_it() {
    let acme = Acme::start();
    let request = json!({"name": "CI", "role_names": ["viewer"], "team_ids": [], "team_role_names": []});
    let made = acme.admin.post("/v1/api_keys", request.clone()).expect(201);
    let path = format!("/v1/api_keys/{}", text(&made, "/api_key/id"));
    let rotated = acme.admin.post(&format!("{path}/actions/rotate"), json!({"grace_period_minutes": 60})).expect(201);
    acme.admin.put(&path, request).expect(200);
    let hashes_of = |body: &String| texts(&serde_json::from_str::<Value>(body).unwrap()["tokens"], "/hash");
    let mut secrets: Vec<_> = acme.app.texts("select body from api_keys").iter().flat_map(hashes_of).collect();
    secrets.extend([text(&made, "/token"), text(&rotated, "/token"), "inc_".into()]);
    acme.admin.delete(&path).expect(204);
    let log = json!(acme.log()).to_string();
    assert!(secrets.len() == 6 && log.contains("api_key.rotated"));
    assert!(secrets.iter().all(|secret| !log.contains(secret.as_str())));
}

#[test]
fn what_is_refused_or_changes_nothing_leaves_no_entry() {
    let acme = Acme::start();
    let (viewer, id) = (acme.app.client(&["viewer"]), acme.incident(json!({"idempotency_key": "once"})));
    let severity = json!({"name": "New", "description": ""});
    let link = json!({"incident_id": id, "resource": {"resource_type": "jira_issue", "external_id": "OPS-1"}});
    acme.admin.post("/v1/incident_attachments", link.clone()).expect(201);
    let minor = format!("/v1/severities/{}", acme.severity("Minor"));
    let edit = |by: &Client, changes: Value| {
        let body = json!({"incident": changes, "notify_incident_channel": true});
        by.post(&format!("/v2/incidents/{id}/actions/edit"), body)
    };
    let stale = json!({"allowlist": [], "enabled": false, "version": 7});
    let attempts: [(u16, Box<dyn FnOnce() -> Answer>); 11] = [
        (401, Box::new(|| acme.app.stranger().post("/v1/severities", severity.clone()))),
        (403, Box::new(|| viewer.post("/v1/severities", severity.clone()))),
        (403, Box::new(|| edit(&viewer, json!({"name": "New"})))),
        (404, Box::new(|| acme.admin.delete("/v1/severities/01FCNDV6P870EA6S7TK1DSYDG0"))),
        (409, Box::new(|| acme.admin.put("/v1/ip_allowlists", stale))),
        (422, Box::new(|| acme.admin.delete(&minor))),
        (422, Box::new(|| edit(&acme.admin, json!({"summary": "New", "severity_id": "none"})))),
        (422, Box::new(|| acme.try_declare(json!({"severity_id": "none"})))),
        (200, Box::new(|| edit(&acme.admin, json!({"severity_id": acme.severity("Minor")})))),
        (200, Box::new(|| acme.try_declare(json!({"idempotency_key": "once"})))),
        (201, Box::new(|| acme.admin.post("/v1/incident_attachments", link.clone()))),
    ];
    for (status, attempt) in attempts {
        let (answer, entries) = acme.watched(attempt);
        assert_eq!((answer.status, actions(&entries)), (status, vec![]), "{}", answer.text);
    }
}

#[test]
fn of_changes_that_race_each_one_that_succeeded_is_there_once() {
    let acme = Acme::start();
    let id = acme.incident(json!({}));
    let tell = |n: usize| {
        let (acme, id) = (&acme, &id);
        move || acme.edit(id, json!({"summary": format!("Version {n}")})).status
    };
    let (statuses, entries) = acme.watched(|| in_parallel((0..8).map(tell)));
    let succeeded = statuses.iter().filter(|status| **status == 200).count();
    assert!(succeeded > 0 && statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).count();
    assert_eq!((of("incident.updated"), of("incident_update.created")), (succeeded, succeeded));
    assert_eq!(acme.updates(&id).len(), succeeded);
}
