//! Who is on call now and next.

use std::time::Duration;

use testkit::json;

use super::{Crew, SCHEDULES, plain, shifts, users};

#[test]
fn a_schedule_shows_who_is_on_call_now_and_next() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let (first, second) = ("Ada 03-02T09:00 to 03-03T09:00", "Bob 03-03T09:00 to 03-04T09:00");
    for path in [SCHEDULES, &format!("{SCHEDULES}?page_size=25")] {
        let listed = crew.admin.get(path).expect(200)["schedules"][0].take();
        assert_eq!(listed, crew.show(&id));
    }
    let shown = crew.show(&id);
    assert_eq!(
        (shifts(&shown["current_shifts"]), shifts(&shown["next_shifts"])),
        (vec![first.into()], vec![second.into()])
    );
    let large = crew.admin.get(&format!("{SCHEDULES}?page_size=26")).expect(200)["schedules"][0].take();
    assert!(large["next_shifts"].is_null(), "only on small pages");
    assert_eq!(large["current_shifts"], shown["current_shifts"]);

    crew.app.clock.advance(Duration::from_secs(86_399));
    assert_eq!(crew.on_call(&id), [first]);
    crew.app.clock.advance(Duration::from_secs(1));
    assert_eq!(crew.on_call(&id), [second], "the end is not part of a shift");
    assert_eq!(shifts(&crew.show(&id)["next_shifts"]), ["Ada 03-04T09:00 to 03-05T09:00"]);
}

#[test]
fn a_window_shows_whole_shifts_and_ends_before_its_end() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let of = |from, to| shifts(&crew.entries(&id, from, to)["final"]);
    let (first, second) = ("Ada 03-02T09:00 to 03-03T09:00", "Bob 03-03T09:00 to 03-04T09:00");
    assert_eq!(of("2026-03-02T12:00:00Z", "2026-03-03T09:00:00Z"), [first]);
    assert_eq!(of("2026-03-02T12:00:00Z", "2026-03-03T09:00:01Z"), [first, second]);
    assert_eq!(of("2026-03-03T09:00:00Z", "2026-03-03T09:00:01Z"), [second]);
    assert_eq!(of("2026-03-02T10:00:00%2B01:00", "2026-03-02T09:00:01Z"), [first]);
    assert_eq!(of("2026-02-28T00:00:00Z", "2026-03-02T09:00:00Z"), [] as [&str; 0], "before the first handover");
    let unbounded = crew.admin.get(&format!("/v2/schedule_entries?schedule_id={id}")).expect(200);
    let shown = unbounded["schedule_entries"]["final"].as_array().unwrap();
    assert_eq!(shown.len(), 29, "four weeks from now, unless somebody says otherwise, in whole shifts");
    assert!(unbounded["pagination_meta"].is_null());
}

#[test]
fn handovers_keep_to_the_clock_on_the_wall_when_it_changes() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let around = crew.entries(&id, "2026-03-27T12:00:00Z", "2026-03-31T00:00:00Z");
    let expected = [
        "Bob 03-27T09:00 to 03-28T09:00",
        "Ada 03-28T09:00 to 03-29T08:00",
        "Bob 03-29T08:00 to 03-30T08:00",
        "Ada 03-30T08:00 to 03-31T08:00",
    ];
    assert_eq!(
        (shifts(&around["final"]), shifts(&around["scheduled"])),
        (expected.map(Into::into).into(), expected.map(Into::into).into())
    );
    crew.hours_pass(27 * 24 - 2);
    assert_eq!(crew.on_call(&id), [expected[1]], "an hour before, by every clock");
    crew.hours_pass(1);
    assert_eq!(crew.on_call(&id), [expected[2]], "nine o'clock in London is eight in UTC");

    let elsewhere = crew.schedule(json!({"timezone": "UTC"}));
    assert_eq!(crew.on_call(&elsewhere), [expected[1].replace("29T08", "29T09")]);
}

#[test]
fn outside_of_working_hours_nobody_is_on_call() {
    let crew = Crew::start();
    let hours = |weekday| json!({"weekday": weekday, "start_time": "09:00", "end_time": "17:00"});
    let mondays_and_tuesdays = ["monday", "tuesday"].map(hours);
    let weekly = json!({
        "handovers": [{"interval": 1, "interval_type": "weekly"}],
        "working_intervals": mondays_and_tuesdays,
    });
    let id = create_with(&crew, weekly);
    assert_eq!(crew.on_call(&id), ["Ada 03-02T09:00 to 03-02T17:00"]);
    crew.hours_pass(8);
    assert_eq!(crew.on_call(&id), [] as [&str; 0]);
    assert_eq!(shifts(&crew.show(&id)["next_shifts"]), ["Ada 03-03T09:00 to 03-03T17:00"]);
    let spring = shifts(&crew.entries(&id, "2026-03-29T00:00:00Z", "2026-03-31T00:00:00Z")["final"]);
    assert_eq!(spring, ["Ada 03-30T08:00 to 03-30T16:00"], "hours keep to the clock on the wall, too");
}

fn create_with(crew: &Crew, changes: testkit::Value) -> String {
    crew.schedule(json!({"config": {"rotations": [crew.rotation(changes)]}}))
}

#[test]
fn of_two_layers_two_people_are_on_call_at_once() {
    let crew = Crew::start();
    let layers = json!([{"name": "First"}, {"name": "Second"}]);
    let id = create_with(&crew, json!({"layers": layers, "users": users(&[crew.ada, crew.bob, crew.cleo])}));
    assert_eq!(crew.on_call(&id), ["Ada 03-02T09:00 to 03-03T09:00", "Bob 03-02T09:00 to 03-03T09:00"]);
    let next = crew.show(&id)["next_shifts"].clone();
    assert_eq!(shifts(&next), ["Bob 03-03T09:00 to 03-04T09:00", "Cleo 03-03T09:00 to 03-04T09:00"]);
    assert_ne!(next[0]["fingerprint"], next[1]["fingerprint"]);
}

#[test]
fn a_later_version_of_a_rotation_takes_over_when_it_applies() {
    let crew = Crew::start();
    let later = crew.rotation(json!({"effective_from": "2026-03-03T12:00:00Z", "users": users(&[crew.cleo])}));
    let id = crew.schedule(json!({"config": {"rotations": [crew.rotation(json!({})), later]}}));
    let entries = crew.entries(&id, "2026-03-02T09:00:00Z", "2026-03-04T00:00:00Z");
    let expected =
        ["Ada 03-02T09:00 to 03-03T09:00", "Bob 03-03T09:00 to 03-03T12:00", "Cleo 03-03T12:00 to 03-04T09:00"];
    assert_eq!(shifts(&entries["final"]), expected);
    let of_one = |shift: &testkit::Value| shift["rotation_id"] == super::ROTATION;
    assert!(entries["final"].as_array().unwrap().iter().all(of_one));
}

#[test]
fn a_schedule_without_rotations_has_nobody_on_call() {
    let crew = Crew::start();
    let id = super::create(&crew.admin, plain(json!([])));
    let shown = crew.show(&id);
    assert_eq!((&shown["current_shifts"], &shown["next_shifts"]), (&json!([]), &json!([])));
    assert_eq!(shown["config"], json!({"rotations": []}));
    assert_eq!(crew.first_day(&id), [] as [&str; 0]);
}

#[test]
fn who_is_next_is_known_however_long_a_shift_is() {
    let crew = Crew::start();
    let id = create_with(&crew, json!({"handovers": [{"interval": 13, "interval_type": "weekly"}]}));
    assert_eq!(shifts(&crew.show(&id)["next_shifts"]), ["Bob 06-01T08:00 to 08-31T08:00"]);
}

#[test]
fn the_public_holidays_of_a_schedule_s_countries_stand_beside_its_shifts() {
    let crew = Crew::start();
    let holidays = |id: &str, from, to| {
        let mut answer = crew.admin.get(&super::window(id, from, to)).expect(200);
        answer["holidays"].take()
    };
    let plain = crew.schedule(json!({}));
    assert!(holidays(&plain, "2026-04-01T00:00:00Z", "2026-04-30T00:00:00Z").is_null());
    let id = crew.schedule(json!({"holidays_public_config": {"country_codes": ["GB", "DE"]}}));
    let good_friday = json!({"date": "2026-04-03", "name": "Good Friday", "country_code": "GB"});
    assert_eq!(holidays(&id, "2026-04-01T00:00:00Z", "2026-04-03T20:00:00Z")[1], good_friday);
    assert!(holidays(&id, "2026-04-01T00:00:00Z", "2026-04-02T23:00:00Z").is_null(), "midnight in London");
}
