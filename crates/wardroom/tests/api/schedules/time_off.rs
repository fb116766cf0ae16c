//! Time off: which shifts it hits, and who may say so.

use base::Id;
use people::api_keys::Grant;
use people::users::User;
use testkit::{Value, json};

use super::{Crew, SCHEDULES, at, window};
use crate::support::{assert_invalid, assert_lacks, text, texts, with};

const TIME_OFF: &str = "/v1/time_off";

impl Crew {
    /// Somebody is away in March 2026: the path of that.
    #[track_caller]
    fn away(&self, user: Id<User>, from: &str, to: &str) -> String {
        let made = self.admin.post(TIME_OFF, off(user, from, to)).expect(201);
        format!("{TIME_OFF}/{}", text(&made, "/time_off/id"))
    }
}

/// A request for time off in March 2026, from one moment to another: `02T12:00`.
fn off(user: Id<User>, from: &str, to: &str) -> Value {
    let [start_at, end_at] = [from, to].map(|time| format!("2026-03-{time}:00Z"));
    json!({"time_off": {"user": {"id": user}, "start_at": start_at, "end_at": end_at}})
}

/// The starts of those entries that are marked: `03T09:00`.
#[track_caller]
fn marked(list: &Value) -> Vec<String> {
    let entries = list.as_array().unwrap_or_else(|| panic!("{list} is no list")).iter();
    let marked = entries.filter(|entry| entry.get("is_time_off").is_some_and(|mark| *mark == json!(true)));
    marked.map(|entry| text(entry, "/start_at")[8..16].to_owned()).collect()
}

#[test]
fn time_off_is_made_changed_and_deleted() {
    let crew = Crew::start();
    let asked = json!({"note": "In the mountains.", "user": {"email": null, "id": crew.ada}});
    let body = json!({"time_off": with(off(crew.ada, "02T12:00", "05T12:00")["time_off"].take(), asked)});
    let made = crew.admin.post(TIME_OFF, body.clone()).expect(201)["time_off"].take();
    let expected = json!({
        "id": made["id"], "user": made["user"], "note": "In the mountains.",
        "start_at": "2026-03-02T12:00:00.000000Z", "end_at": "2026-03-05T12:00:00.000000Z",
        "created_at": "2026-03-02T09:00:00.000000Z", "updated_at": "2026-03-02T09:00:00.000000Z",
    });
    assert_eq!((&made, text(&made, "/user/name").as_str()), (&expected, "Ada"));
    let path = format!("{TIME_OFF}/{}", text(&made, "/id"));
    let changed = crew.admin.put(&path, off(crew.ada, "03T12:00", "05T12:00")).expect(200)["time_off"].take();
    assert_eq!((text(&changed, "/start_at").as_str(), &changed["note"]), ("2026-03-03T12:00:00.000000Z", &json!("")));
    assert_eq!(crew.admin.get(&path).expect(200)["time_off"], changed);
    let others = crew.admin.put(&path, off(crew.bob, "03T12:00", "05T12:00"));
    assert_invalid(&others, &[("invalid_value", "time_off.user")]);
    for answer in [
        crew.admin.put(&path, off(crew.ada, "05T12:00", "05T12:00")),
        crew.admin.post(TIME_OFF, off(crew.ada, "05T12:00", "04T12:00")),
    ] {
        assert_invalid(&answer, &[("invalid_value", "time_off.end_at")]);
    }
    crew.admin.delete(&path).expect(204);
    for answer in [crew.admin.get(&path), crew.admin.put(&path, body), crew.admin.delete(&path)] {
        assert_eq!(answer.status, 404);
    }
}

#[test]
fn shifts_of_whoever_is_away_are_marked_in_every_answer() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let other = crew.schedule(json!({"name": "Other"}));
    let says = || json!({"schedule": crew.says(json!({}))});
    let marks = || {
        let shown = crew.show(&id);
        let mut entries = crew.admin.get(&window(&id, "2026-03-02T09:00:00Z", "2026-03-07T09:00:00Z")).expect(200);
        let preview = format!("{}/actions/preview_entries", at(&id));
        let mut preview = crew.admin.post(&preview, says()).expect(200);
        let listed = crew.admin.get(SCHEDULES).expect(200)["schedules"].take();
        let updated = crew.admin.put(&at(&other), says()).expect(200);
        [
            shown["current_shifts"].clone(),
            shown["next_shifts"].clone(),
            listed[0]["current_shifts"].clone(),
            listed[1]["next_shifts"].clone(),
            updated["schedule"]["current_shifts"].clone(),
            entries["schedule_entries"]["final"].take(),
            entries["schedule_entries"]["scheduled"].take(),
            preview["schedule_entries"]["final"].take(),
        ]
        .map(|list| marked(&list))
    };
    assert_eq!(marks(), [const { Vec::<String>::new() }; 8]);
    assert!(crew.show(&id)["current_shifts"][0].get("is_time_off").is_none(), "it is left out otherwise");
    let away = crew.away(crew.ada, "03T08:59", "05T09:00");
    let none: [&str; 0] = [];
    let all = ["02T09:00", "04T09:00"];
    assert_eq!(marks(), [&all[..1], &none, &all[..1], &none, &all[..1], &all, &all, &all]);
    crew.admin.put(&away, off(crew.ada, "03T09:00", "04T09:00")).expect(200);
    assert_eq!(marks(), [none; 8], "neither end touches a shift of hers");
    crew.away(crew.bob, "03T10:00", "03T11:00");
    let bobs = ["03T09:00"];
    assert_eq!(marks(), [&none[..], &bobs, &none, &bobs, &none, &bobs, &bobs, &bobs]);
}

#[test]
fn a_shift_that_somebody_else_covers_is_not_hit() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.away(crew.ada, "02T12:00", "02T15:00");
    crew.overriding(&id, crew.cleo, "12:00", "15:00");
    let entries = crew.entries(&id, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z");
    assert_eq!((marked(&entries["final"]), marked(&entries["scheduled"])), (vec![], vec!["02T09:00".to_owned()]));
    crew.away(crew.cleo, "02T14:00", "02T15:00");
    let entries = crew.entries(&id, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z");
    assert_eq!(
        (marked(&entries["final"]), marked(&entries["overrides"])),
        (vec!["02T12:00".to_owned()], vec!["02T12:00".to_owned()])
    );
}

#[test]
fn the_shifts_that_time_off_hits_are_listed() {
    let crew = Crew::start();
    let rotations = json!([crew.rotation(json!({"users": super::users(&[crew.cleo])}))]);
    let [id, gone] = ["Ours", "Gone"].map(|name| crew.schedule(json!({"name": name})));
    crew.admin.delete(&at(&gone)).expect(202);
    let other = crew.schedule(json!({"name": "Other", "config": {"rotations": rotations}}));
    crew.overriding(&other, crew.ada, "22:00", "23:00");
    let away = crew.away(crew.ada, "02T12:00", "04T10:00");
    let shifts = |path: &str| crew.admin.get(&format!("{path}/shifts")).expect(200)["shifts"].take();
    let hit = shifts(&away);
    let entries: Value = hit.as_array().unwrap().iter().map(|one| one["entry"].clone()).collect();
    assert_eq!(marked(&entries), ["02T09:00", "02T22:00", "04T09:00"]);
    assert_eq!(texts(&hit, "/schedule_name"), ["Ours", "Other", "Ours"]);
    assert_eq!(texts(&hit, "/schedule_id"), [id.clone(), other, id.clone()]);
    let final_ = crew.entries(&id, "2026-03-02T12:00:00Z", "2026-03-04T10:00:00Z")["final"].take();
    assert_eq!(hit[0]["entry"], final_[0], "as it is shown elsewhere");

    crew.hours_pass(48);
    assert_eq!(texts(&shifts(&away), "/entry/start_at"), ["2026-03-04T09:00:00.000000Z"], "what is still ahead");
    crew.hours_pass(24);
    assert_eq!(shifts(&away), json!([]));
    let long = off(crew.ada, "02T12:00", "04T10:00")["time_off"].take();
    let long = json!({"time_off": with(long, json!({"end_at": "2036-03-02T09:00:00Z"}))});
    crew.admin.put(&away, long).expect(200);
    let starts = texts(&shifts(&away), "/entry/start_at");
    assert_eq!((starts.len(), &starts[45][..10]), (46, "2026-06-04"), "91 days ahead");
}

#[test]
fn time_off_is_found_by_user_and_window_in_pages() {
    let crew = Crew::start();
    let all = [
        crew.away(crew.ada, "02T12:00", "03T12:00"),
        crew.away(crew.bob, "03T12:00", "04T12:00"),
        crew.away(crew.ada, "06T12:00", "07T12:00"),
    ];
    let ids = all.each_ref().map(|path| path.rsplit('/').next().unwrap().to_owned());
    let mut sorted = ids.clone();
    sorted.sort();
    let listed = |query: &str| {
        let mut found = texts(&crew.admin.get(&format!("{TIME_OFF}?{query}")).expect(200)["time_off"], "/id");
        found.sort_by_key(|id| ids.iter().position(|known| known == id));
        found
    };
    assert_eq!(listed(""), ids);
    assert_eq!(listed(&format!("user_id={}", crew.ada)), [ids[0].clone(), ids[2].clone()]);
    assert_eq!(listed("from=2026-03-03T12:00:00Z"), ids[1..]);
    assert_eq!(listed("from=2026-03-03T11:59:00Z&to=2026-03-03T12:00:00Z"), ids[..1]);
    assert_eq!(listed("page_size=1"), sorted[..1]);
    assert_eq!(listed(&format!("page_size=1&after={}", sorted[0])), sorted[1..2]);
}

#[test]
fn people_without_the_scope_say_when_they_are_away_themselves() {
    let crew = Crew::start();
    let key = crew.app.client(&["viewer", "act_on_behalf_of_users"]);
    let [as_ada, as_bob] = [crew.ada, crew.bob].map(|user| key.with_header("X-Incident-User", &user.to_string()));
    let body = || off(crew.ada, "02T12:00", "03T12:00");
    for refused in [key.post(TIME_OFF, body()), as_bob.post(TIME_OFF, body())] {
        assert_lacks(&refused, "schedule_overrides.create");
    }
    let made = as_ada.post(TIME_OFF, body()).expect(201);
    let path = format!("{TIME_OFF}/{}", text(&made, "/time_off/id"));
    as_bob.get(&path).expect(200);
    for refused in [as_bob.put(&path, body()), as_bob.delete(&path)] {
        assert_lacks(&refused, "schedule_overrides.create");
    }
    as_ada.put(&path, body()).expect(200);
    as_ada.delete(&path).expect(204);
}

#[test]
fn a_team_s_key_sees_the_time_off_of_whoever_takes_its_shifts() {
    let crew = Crew::start();
    let team = crew.app.team("Payments");
    let theirs = crew.schedule(json!({"team_ids": [team], "name": "Theirs"}));
    crew.schedule(json!({"name": "Nobody's"}));
    let [adas, cleos] = [crew.ada, crew.cleo].map(|user| crew.away(user, "02T12:00", "03T12:00"));
    let grant = Grant { team_ids: vec![team], team_roles: vec!["schedules_editor".into()], ..Grant::default() };
    let key = crew.app.client_with(grant);
    let listed = key.get(TIME_OFF).expect(200)["time_off"].take();
    assert_eq!(texts(&listed, "/user/name"), ["Ada"]);
    key.get(&adas).expect(200);
    key.get(&cleos).expect(404);
    let shifts = key.get(&format!("{adas}/shifts")).expect(200)["shifts"].take();
    assert_eq!(texts(&shifts, "/schedule_id"), [theirs]);
    for refused in [key.post(TIME_OFF, off(crew.ada, "02T12:00", "03T12:00")), key.delete(&adas)] {
        assert_lacks(&refused, "schedule_overrides.create");
    }
}
