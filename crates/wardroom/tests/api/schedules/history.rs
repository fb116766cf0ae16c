//! Whoever was on call was on call, whatever a schedule says now; and what it would say.

use base::{Clock, Time};
use testkit::{Value, json};

use super::{Crew, at, plain, shifts, users};
use crate::support::{assert_invalid, text, with};

impl Crew {
    /// What has been so far; what goes on has no end yet.
    #[track_caller]
    fn past(&self, schedule: &str, now: &str) -> Value {
        let mut entries = self.entries(schedule, "2026-02-01T00:00:00Z", now);
        for list in entries.as_object_mut().unwrap().values_mut() {
            for shift in list.as_array_mut().unwrap() {
                let end = text(shift, "/end_at").min(now.to_owned());
                shift["end_at"] = json!(end);
            }
        }
        entries
    }

    /// The moment so many hours from now.
    fn hours_from_now(&self, hours: i64) -> String {
        let moment = self.app.clock.now().microseconds() + hours * 3_600_000_000;
        Time::from_microseconds(moment).unwrap().to_string()
    }
}

#[test]
fn a_change_leaves_the_past_as_it_was() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.overriding(&id, crew.cleo, "12:00", "15:00");
    let rotations = |changes| json!({"config": {"rotations": [crew.rotation(changes)]}});
    let changes = [
        rotations(json!({"users": users(&[crew.cleo, crew.ada, crew.bob])})),
        json!({"timezone": "Asia/Tokyo"}),
        rotations(json!({"handover_start_at": "2026-02-01T00:00:00Z"})),
        rotations(json!({"handovers": [{"interval": 7, "interval_type": "hourly"}]})),
        json!({"config": {"rotations": [crew.rotation(json!({"id": null}))]}}),
        json!({"config": {"rotations": []}}),
        json!({"name": "Renamed"}),
    ];
    crew.hours_pass(5);
    for (round, change) in changes.iter().enumerate() {
        let now = format!("2026-03-{:02}T14:00:00.000000Z", 2 + round);
        let before = crew.past(&id, &now);
        assert!(!before["final"].as_array().unwrap().is_empty());
        crew.update(&id, change.clone());
        assert_eq!(crew.past(&id, &now), before, "{change}");
        crew.hours_pass(24);
        let earlier: Vec<_> = shifts(&crew.past(&id, &now)["final"]);
        assert_eq!(earlier, shifts(&before["final"]), "a day after {change}");
    }
}

#[test]
fn a_change_holds_from_now_on() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.hours_pass(3);
    let only_cleo = crew.rotation(json!({"users": users(&[crew.cleo])}));
    let changed = crew.update(&id, json!({"config": {"rotations": [only_cleo]}}));
    let expected = ["Ada 03-02T09:00 to 03-02T12:00", "Cleo 03-02T12:00 to 03-03T09:00"];
    assert_eq!(crew.first_day(&id), expected);
    assert_eq!(shifts(&changed["current_shifts"]), expected[1..]);

    crew.update(&id, json!({"config": {"rotations": []}}));
    crew.update(&id, json!({}));
    assert_eq!(crew.first_day(&id), ["Ada 03-02T09:00 to 03-03T09:00"], "what applied for no time never did");
}

#[test]
fn what_does_not_decide_who_is_on_call_does_not_cut_a_shift() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.hours_pass(3);
    let whole = crew.entries(&id, "2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z");
    let other = crew.rotation(json!({"id": null, "layers": [{"name": "Other"}], "users": users(&[crew.cleo])}));
    crew.update(&id, json!({"config": {"rotations": [crew.rotation(json!({"name": "Renamed"})), other]}}));
    crew.hours_pass(1);
    crew.update(&id, json!({}));
    crew.hours_pass(1);
    let later = crew.entries(&id, "2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z")["scheduled"].take();
    let of_others = |shift: &&Value| shift["rotation_id"] != super::ROTATION;
    let others: Vec<_> = later.as_array().unwrap().iter().filter(of_others).cloned().collect();
    assert_eq!(shifts(&json!(others)), ["Cleo 03-02T12:00 to 03-02T13:00"], "it was there for an hour");
    let changed = crew.update(&id, json!({"name": "Renamed", "annotations": {"tool": "x"}}));
    assert_eq!((&changed["name"], &changed["annotations"]), (&json!("Renamed"), &json!({"tool": "x"})));
    let mut seen = crew.entries(&id, "2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z");
    for list in ["scheduled", "final"] {
        seen[list].as_array_mut().unwrap().retain(|shift| !others.contains(shift));
    }
    assert_eq!(seen, whole);
}

#[test]
fn a_preview_changes_nothing_and_shows_what_the_change_then_brings() {
    let crew = Crew::start();
    let rotations = |changes| json!({"config": {"rotations": [crew.rotation(changes)]}});
    for change in [
        json!({}),
        json!({"timezone": "America/New_York"}),
        rotations(json!({"users": users(&[crew.bob, crew.cleo])})),
        rotations(json!({"handovers": [{"interval": 5, "interval_type": "hourly"}]})),
        json!({"config": {"rotations": []}}),
    ] {
        let id = crew.schedule(json!({}));
        let cover = json!({"start_at": crew.hours_from_now(1), "end_at": crew.hours_from_now(60)});
        let cover = with(crew.cover(&id, crew.cleo, "12:00", "15:00"), cover);
        crew.admin.post(super::OVERRIDES, cover).expect(201);
        crew.hours_pass(4);
        let (from, to) = (crew.hours_from_now(-20), crew.hours_from_now(24 * 40));
        let before = (crew.show(&id), crew.entries(&id, &from, &to), crew.overrides(&id));
        let request =
            json!({"schedule": crew.says(change.clone()), "entry_window_start": from, "entry_window_end": to});
        let path = format!("{}/actions/preview_entries", at(&id));
        let preview = crew.admin.post(&path, request.clone()).expect(200)["schedule_entries"].take();
        let after = (crew.show(&id), crew.entries(&id, &from, &to), crew.overrides(&id));
        assert_eq!(before, after, "{change}");
        crew.update(&id, change.clone());
        assert_eq!(crew.entries(&id, &from, &to), preview, "{change}");
        assert_eq!(before.1 == preview, change == json!({}), "{change}");
    }
}

#[test]
fn a_preview_shows_four_weeks_and_at_most_ninety_one_days() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let path = format!("{}/actions/preview_entries", at(&id));
    let count = |window: Value| {
        let answer = crew.admin.post(&path, with(json!({"schedule": crew.says(json!({}))}), window)).expect(200);
        answer["schedule_entries"]["final"].as_array().unwrap().len()
    };
    assert_eq!(count(json!({})), 29, "whole shifts, at both ends");
    assert_eq!(count(json!({"entry_window_start": "2026-04-01T08:00:00Z"})), 28);
    assert_eq!(count(json!({"entry_window_end": "2027-03-02T09:00:00Z"})), 92, "the clock changes in between");
    let backwards = json!({"schedule": crew.says(json!({})), "entry_window_end": "2026-03-02T09:00:00Z"});
    assert_invalid(&crew.admin.post(&path, backwards), &[("invalid_value", "entry_window_end")]);
    let nowhere = json!({"schedule": plain(json!([{"name": "Empty"}]))});
    let problems = ["handover_start_at", "handovers"];
    let problems = problems.map(|field| ("is_required", format!("schedule.config.rotations.0.{field}")));
    let problems: Vec<_> = problems.iter().map(|(code, place)| (*code, place.as_str())).collect();
    assert_invalid(&crew.admin.post(&path, nowhere), &problems);
}

#[test]
fn a_preview_calls_new_rotations_what_the_request_calls_them() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let called = json!({"id": "nights", "layers": [{"id": "first", "name": "First"}]});
    let says = crew.says(json!({"config": {"rotations": [crew.rotation(called)]}}));
    let answer =
        crew.admin.post(&format!("{}/actions/preview_entries", at(&id)), json!({"schedule": says})).expect(200);
    let shift = &answer["schedule_entries"]["final"].as_array().unwrap().last().unwrap();
    assert_eq!((&shift["rotation_id"], &shift["layer_id"]), (&json!("nights"), &json!("first")));
}
