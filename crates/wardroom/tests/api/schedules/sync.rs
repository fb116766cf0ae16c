//! Other systems are told who is on call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use oncall::sync::{Mirror, Provider, Told};
use people::api_keys::Grant;
use testkit::{Options, Value, json};

use super::{Crew, LAYER, ROTATION, at};
use crate::support::{assert_invalid, text, texts, with};

const TARGETS: &str = "/v2/schedule_sync_targets";

/// Another system: what it has, how often it was told, and why it can't be told now.
#[derive(Default)]
struct Elsewhere {
    has: Mutex<BTreeMap<String, Value>>,
    told: Mutex<usize>,
    failure: Mutex<Option<String>>,
}

impl Provider for Elsewhere {
    fn put(&self, path: &[&str], document: &Value) -> Result<Told, String> {
        if let Some(failure) = self.failure.lock().unwrap().clone() {
            return Err(failure);
        }
        *self.told.lock().unwrap() += 1;
        self.has.lock().unwrap().insert(path.join("/"), document.clone());
        Ok(Told { users: [("ada@acme.example".to_owned(), "PADA".to_owned())].into() })
    }
}

/// A crew with another system beside it, and a schedule.
struct Site {
    crew: Crew,
    elsewhere: Arc<Elsewhere>,
    schedule: String,
}

impl Site {
    fn start() -> Self {
        let elsewhere = Arc::new(Elsewhere::default());
        let mirror = Mirror(elsewhere.clone());
        let outside = Box::new(|world: base::World| world.with(mirror));
        let crew = Crew::with(Options { outside: Some(outside), ..Options::default() });
        let schedule = crew.schedule(json!({}));
        Self { crew, elsewhere, schedule }
    }

    /// A group that is there; its ID.
    #[track_caller]
    fn target(&self, group: &str) -> String {
        let target = json!({"slack_user_group_id": group, "add_bot_to_group": false});
        let made = self.crew.admin.post(TARGETS, json!({"schedule_sync_target": target})).expect(201);
        text(&made, "/schedule_sync_target/id")
    }

    fn rules(&self) -> String {
        format!("{}/sync_rules", at(&self.schedule))
    }

    /// A rule, with these changes; its path.
    #[track_caller]
    fn rule(&self, target: &str, changes: Value) -> String {
        let rule = with(json!({"schedule_sync_target_id": target, "sync_type": "on_call"}), changes);
        let made = self.crew.admin.post(&self.rules(), json!({"schedule_sync_rule": rule})).expect(201);
        format!("{}/{}", self.rules(), text(&made, "/schedule_sync_rule/id"))
    }

    fn replicas(&self) -> String {
        format!("{}/replicas", at(&self.schedule))
    }

    /// What a replica of the schedule is asked for with.
    fn replica(&self, changes: Value) -> Value {
        let plain = json!({
            "replica_provider": "pagerduty", "replica_provider_id": "PSCHED", "replica_fallback_user_id": "PFALL",
            "sources": [{"rotation_id": ROTATION, "layer_id": LAYER}], "mirror_window_days": 2,
        });
        json!({"schedule_replica": with(plain, changes)})
    }

    /// What the other system has at a place.
    fn has(&self, place: &str) -> Value {
        self.crew.app.run_jobs();
        self.elsewhere.has.lock().unwrap().get(place).cloned().unwrap_or_default()
    }

    /// The members of a group there, by their names.
    fn members(&self, group: &str) -> Vec<String> {
        texts(&self.has(&format!("user-groups/{group}"))["members"], "/name")
    }

    fn told(&self) -> usize {
        self.crew.app.run_jobs();
        *self.elsewhere.told.lock().unwrap()
    }
}

#[test]
fn a_group_follows_who_is_on_call() {
    let site = Site::start();
    let target = site.target("S1");
    assert_eq!(site.members("S1"), [] as [&str; 0]);
    let rule = site.rule(&target, json!({}));
    assert_eq!(site.members("S1"), ["Ada"]);
    let told = site.told();
    site.crew.hours_pass(23);
    assert_eq!(site.told(), told, "it is told what is new to it, and nothing else");
    site.crew.hours_pass(1);
    assert_eq!(site.members("S1"), ["Bob"]);
    for (sync_type, members) in [("next_on_call", vec!["Ada"]), ("all_users", vec!["Ada", "Bob"])] {
        site.crew.admin.put(&rule, json!({"sync_type": sync_type})).expect(200);
        assert_eq!(site.members("S1"), members);
    }
    let permanent = json!({"sync_type": "on_call", "permanent_member_user_ids": [site.crew.cleo, site.crew.cleo]});
    let changed = site.crew.admin.put(&rule, permanent).expect(200)["schedule_sync_rule"].take();
    assert_eq!(changed["permanent_member_user_ids"], json!([site.crew.cleo]));
    assert_eq!(site.members("S1"), ["Bob", "Cleo"]);
    site.crew.admin.put(&rule, json!({"sync_type": "on_call"})).expect(200);
    assert_eq!(site.members("S1"), ["Bob", "Cleo"], "permanent members stay unless they are named");
    site.crew.admin.delete(&rule).expect(204);
    assert_eq!(site.members("S1"), [] as [&str; 0]);
    site.crew.admin.get(&rule).expect(404);
}

#[test]
fn rules_of_several_schedules_share_a_group() {
    let site = Site::start();
    let target = site.target("S1");
    let rule = site.rule(&target, json!({}));
    let night = site.crew.rotation(json!({"id": "night", "users": super::users(&[site.crew.cleo])}));
    let rotations = json!([site.crew.rotation(json!({})), night]);
    let other = Site {
        schedule: site.crew.schedule(json!({"name": "Other", "config": {"rotations": rotations}})),
        elsewhere: site.elsewhere.clone(),
        crew: site.crew,
    };
    let second = other.rule(&target, json!({"rotation_id": "night", "sync_type": "on_call"}));
    assert_eq!(other.members("S1"), ["Ada", "Cleo"]);
    let shown = other.crew.admin.get(&format!("{TARGETS}/{target}")).expect(200)["schedule_sync_target"].take();
    assert_eq!(texts(&shown["linked_schedules"], "/name"), ["On call", "Other"]);
    assert_eq!(shown["last_synced_at"], "2026-03-02T09:00:00.000000Z");
    other.crew.admin.put(&second, json!({"sync_type": "all_users"})).expect(200);
    let first = other.crew.admin.get(&rule).expect(200)["schedule_sync_rule"].take();
    assert_eq!(first["sync_type"], "all_users", "a change is made to every rule of the group");
    assert_eq!(other.members("S1"), ["Ada", "Bob", "Cleo"]);

    let in_use = other.crew.admin.delete(&format!("{TARGETS}/{target}"));
    assert_invalid(&in_use, &[("in_use", "")]);
    other.crew.admin.delete(&at(&other.schedule)).expect(202);
    assert_eq!(other.members("S1"), ["Ada", "Bob"], "an archived schedule's rules go with it");
    other.crew.admin.delete(&rule).expect(204);
    other.crew.admin.delete(&format!("{TARGETS}/{target}")).expect(204);
    other.crew.admin.get(&format!("{TARGETS}/{target}")).expect(404);
}

#[test]
fn a_group_is_there_or_is_to_be_made() {
    let site = Site::start();
    let group = json!({"handle": "@on-call", "name": "On call", "description": "Whoever is on call"});
    let create = |target: Value| {
        let target = with(json!({"add_bot_to_group": true}), target);
        site.crew.admin.post(TARGETS, json!({"schedule_sync_target": target}))
    };
    let made = create(json!({"new_slack_user_group": group})).expect(201)["schedule_sync_target"].take();
    let id = text(&made, "/slack_user_group_id");
    assert!(id.starts_with('S') && id.len() == 11, "{id}");
    site.rule(&text(&made, "/id"), json!({}));
    assert_eq!(site.has(&format!("user-groups/{id}"))["new_group"]["handle"], "on-call");
    let pointer = "schedule_sync_target.slack_user_group_id";
    for target in [json!({}), json!({"slack_user_group_id": "S1", "new_slack_user_group": group})] {
        assert_invalid(&create(target), &[("invalid_value", pointer)]);
    }
    create(json!({"slack_user_group_id": "S1"})).expect(201);
    assert_invalid(&create(json!({"slack_user_group_id": "S1"})), &[("invalid_value", pointer)]);
    let listed = site.crew.admin.get(&format!("{TARGETS}?page_size=1")).expect(200);
    assert_eq!(texts(&listed["schedule_sync_targets"], "/id"), [text(&made, "/id")]);
    let path = format!("{TARGETS}/{}", text(&made, "/id"));
    let changed = site.crew.admin.put(&path, json!({"add_bot_to_group": false})).expect(200);
    assert_eq!(changed["schedule_sync_target"]["add_bot_to_group"], false);
    assert_eq!(site.has(&format!("user-groups/{id}"))["add_bot_to_group"], false);
}

#[test]
fn what_a_rule_names_has_to_be_there() {
    let site = Site::start();
    let nobody = "01KJPW9ZG0000000000000000Z";
    let rule = json!({
        "schedule_sync_target_id": nobody, "sync_type": "on_call", "rotation_id": "nothing",
        "permanent_member_user_ids": [site.crew.ada, nobody],
    });
    let refused = site.crew.admin.post(&site.rules(), json!({"schedule_sync_rule": rule}));
    let expected = ["rotation_id", "permanent_member_user_ids.1", "schedule_sync_target_id"];
    let expected = expected.map(|field| format!("schedule_sync_rule.{field}"));
    assert_invalid(&refused, &expected.each_ref().map(|pointer| ("invalid_value", pointer.as_str())));
}

#[test]
fn a_replica_shows_the_shifts_ahead() {
    let site = Site::start();
    let made = site.crew.admin.post(&site.replicas(), site.replica(json!({}))).expect(201)["schedule_replica"].take();
    assert_eq!((&made["mirror_window_days"], &made["last_synced_at"]), (&json!(2), &Value::Null));
    let shifts = || {
        let has = site.has("replicas/pagerduty/PSCHED");
        let short = |shift: &Value| format!("{} {}", text(shift, "/user/name"), &text(shift, "/start_at")[5..16]);
        has["shifts"].as_array().unwrap().iter().map(short).collect::<Vec<_>>()
    };
    assert_eq!(shifts(), ["Ada 03-02T09:00", "Bob 03-03T09:00"]);
    assert_eq!(site.has("replicas/pagerduty/PSCHED")["fallback_user_id"], "PFALL");
    site.crew.overriding(&site.schedule, site.crew.cleo, "12:00", "15:00");
    assert_eq!(shifts(), ["Ada 03-02T09:00", "Cleo 03-02T12:00", "Ada 03-02T15:00", "Bob 03-03T09:00"]);
    let path = format!("{}/{}", site.replicas(), text(&made, "/id"));
    let shown = site.crew.admin.get(&path).expect(200)["schedule_replica"].take();
    assert_eq!(shown["last_synced_at"], "2026-03-02T09:00:00.000000Z");
    let statuses = json!([{"user_id": site.crew.ada, "external_user_id": "PADA"}, {"user_id": site.crew.bob}]);
    assert_eq!(shown["user_statuses"], statuses);

    let in_use = site.crew.admin.delete(&at(&site.schedule));
    assert_invalid(&in_use, &[("in_use", "")]);
    let second = site.crew.admin.post(&site.replicas(), site.replica(json!({}))).expect(201);
    site.crew.admin.delete(&path).expect(204);
    assert_eq!(shifts().len(), 4, "another replica shows them there");
    let second = format!("{}/{}", site.replicas(), text(&second, "/schedule_replica/id"));
    site.crew.admin.delete(&second).expect(204);
    assert_eq!(shifts(), [] as [&str; 0]);
    assert_eq!(site.crew.admin.get(&site.replicas()).expect(200)["schedule_replicas"], json!([]));
    site.crew.admin.delete(&at(&site.schedule)).expect(202);
}

#[test]
fn what_a_replica_says_has_to_fit() {
    let site = Site::start();
    let wrong = json!({
        "replica_provider": "native", "replica_provider_id": "", "sources": [{"rotation_id": ROTATION, "layer_id": "x"}],
    });
    let expected =
        [("invalid_value", "replica_provider"), ("is_required", "replica_provider_id"), ("invalid_value", "sources.0")];
    let expected = expected.map(|(code, field)| (code, format!("schedule_replica.{field}")));
    let refused = site.crew.admin.post(&site.replicas(), site.replica(wrong));
    assert_invalid(&refused, &expected.each_ref().map(|(code, pointer)| (*code, pointer.as_str())));
    for (field, value) in [("sources", json!([])), ("mirror_window_days", json!(91))] {
        let refused = site.crew.admin.post(&site.replicas(), site.replica(json!({field: value})));
        assert_eq!(refused.status, 422, "{}", refused.text);
    }
}

#[test]
fn a_system_that_fails_is_told_again_and_says_so() {
    let site = Site::start();
    *site.elsewhere.failure.lock().unwrap() = Some("it is down".into());
    let made = site.crew.admin.post(&site.replicas(), site.replica(json!({}))).expect(201);
    let path = format!("{}/{}", site.replicas(), text(&made, "/schedule_replica/id"));
    let state = || {
        site.crew.app.run_jobs();
        let shown = site.crew.admin.get(&path).expect(200)["schedule_replica"].take();
        (shown["last_sync_error"].clone(), shown["last_synced_at"].clone())
    };
    assert_eq!(state(), (json!("it is down"), Value::Null));
    *site.elsewhere.failure.lock().unwrap() = None;
    site.crew.hours_pass(1);
    assert_eq!(state(), (Value::Null, json!("2026-03-02T10:00:00.000000Z")));

    let alone = Crew::start();
    let id = alone.schedule(json!({}));
    alone.admin.post(&format!("{}/replicas", at(&id)), site.replica(json!({}))).expect(201);
    alone.app.run_jobs();
    let shown = alone.admin.get(&format!("{}/replicas", at(&id))).expect(200)["schedule_replicas"][0].take();
    assert!(text(&shown, "/last_sync_error").contains("WARDROOM_MIRROR"));
}

#[test]
fn what_the_other_system_has_lost_or_missed_it_is_told_within_the_hour() {
    let site = Site::start();
    // A runner plants what recurs; the jobs themselves run when the test says so.
    drop(store::Runner::start(&site.crew.app.store).unwrap());
    let target = site.target("S1");
    let rule = site.rule(&target, json!({}));
    assert_eq!(site.members("S1"), ["Ada"]);
    site.elsewhere.has.lock().unwrap().clear();
    site.crew.hours_pass(1);
    assert_eq!(site.members("S1"), ["Ada"], "it was wiped");

    *site.elsewhere.failure.lock().unwrap() = Some("it is down".into());
    site.crew.admin.delete(&rule).expect(204);
    site.crew.admin.delete(&format!("{TARGETS}/{target}")).expect(204);
    for _ in 0..12 {
        site.crew.hours_pass(1);
        site.crew.app.run_jobs();
    }
    *site.elsewhere.failure.lock().unwrap() = None;
    site.crew.hours_pass(1);
    assert_eq!(site.members("S1"), [] as [&str; 0], "the end of the rule was missed");
}

#[test]
fn replicas_that_fill_one_schedule_elsewhere_fill_it_together() {
    let site = Site::start();
    let only_cleo = site.crew.rotation(json!({"users": super::users(&[site.crew.cleo])}));
    let second = site.crew.schedule(json!({"name": "Second", "config": {"rotations": [only_cleo]}}));
    let paths = [&site.schedule, &second].map(|schedule| format!("{}/replicas", at(schedule)));
    let ids = paths
        .each_ref()
        .map(|path| text(&site.crew.admin.post(path, site.replica(json!({}))).expect(201), "/schedule_replica/id"));
    let people = || {
        let mut people = texts(&site.has("replicas/pagerduty/PSCHED")["shifts"], "/user/name");
        people.sort();
        people.dedup();
        people
    };
    assert_eq!(people(), ["Ada", "Bob", "Cleo"]);
    site.crew.admin.delete(&format!("{}/{}", paths[1], ids[1])).expect(204);
    assert_eq!(people(), ["Ada", "Bob"]);
}

#[test]
fn a_team_s_key_links_its_own_schedules_alone() {
    let site = Site::start();
    let [ours, theirs] = ["Ours", "Theirs"].map(|name| site.crew.app.team(name));
    let grant = Grant { team_ids: vec![ours], team_roles: vec!["schedules_editor".into()], ..Grant::default() };
    let key = site.crew.app.client_with(grant);
    let [own, other] = [ours, theirs].map(|team| site.crew.schedule(json!({"team_ids": [team]})));
    let target = site.target("S1");
    let rule = json!({"schedule_sync_rule": {"schedule_sync_target_id": target, "sync_type": "on_call"}});
    key.post(&format!("{}/sync_rules", at(&own)), rule.clone()).expect(201);
    assert_eq!(key.post(&format!("{}/sync_rules", at(&other)), rule.clone()).status, 403);
    let path = format!("{}/sync_rules", at(&other));
    let theirs = site.crew.admin.post(&path, rule).expect(201);
    assert_eq!(key.get(&format!("{path}/{}", text(&theirs, "/schedule_sync_rule/id"))).status, 403);
    let target = format!("{TARGETS}/{target}");
    let seen = key.get(&target).expect(200)["schedule_sync_target"]["linked_schedules"].take();
    assert_eq!(texts(&seen, "/id"), [own], "another team's schedules are not told of");
    assert_eq!(key.put(&target, json!({"add_bot_to_group": true})).status, 403, "the group follows another team, too");
}
