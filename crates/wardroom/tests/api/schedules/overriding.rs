//! Who is on call instead, and what becomes of the overrides that were there before.

use testkit::{Value, json};

use super::{Crew, OVERRIDES, placed, shifts};
use crate::support::{assert_invalid, text, texts, with};

fn spans(overrides: &[Value]) -> Vec<String> {
    shifts(&json!(overrides))
}

#[test]
fn an_override_replaces_whoever_would_be_on_call_until_its_end() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let cover = crew.overriding(&id, crew.cleo, "12:00", "15:00");
    let entries = crew.entries(&id, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z");
    let expected =
        ["Ada 03-02T09:00 to 03-02T12:00", "Cleo 03-02T12:00 to 03-02T15:00", "Ada 03-02T15:00 to 03-03T09:00"];
    assert_eq!(shifts(&entries["final"]), expected);
    assert_eq!(shifts(&entries["scheduled"]), ["Ada 03-02T09:00 to 03-03T09:00"]);
    assert_eq!(shifts(&entries["overrides"]), expected[1..2]);
    assert_eq!(entries["overrides"][0]["entry_id"], cover);
    assert_eq!(entries["final"][1]["entry_id"], cover);
    assert_eq!(shifts(&crew.show(&id)["next_shifts"]), expected[1..2]);
    for (hours, expected) in [(3, expected[1]), (2, expected[1]), (1, expected[2])] {
        crew.hours_pass(hours);
        assert_eq!(crew.on_call(&id), [expected]);
    }
}

#[test]
fn an_override_cuts_those_of_its_layer_whose_remainders_have_new_ids() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let long = crew.overriding(&id, crew.bob, "10:00", "16:00");
    let touching = crew.overriding(&id, crew.ada, "16:00", "17:00");
    let inner = crew.overriding(&id, crew.cleo, "12:00", "14:00");
    let found = crew.overrides(&id);
    let expected = [
        "Bob 03-02T10:00 to 03-02T12:00",
        "Cleo 03-02T12:00 to 03-02T14:00",
        "Bob 03-02T14:00 to 03-02T16:00",
        "Ada 03-02T16:00 to 03-02T17:00",
    ];
    assert_eq!(spans(&found), expected);
    assert_eq!(crew.first_day(&id)[1..5], expected);
    let ids = texts(&json!(found), "/id");
    assert_eq!((&ids[1], &ids[3]), (&inner, &touching), "what is not cut stays what it is");
    assert!(ids[0] != long && ids[2] != long && ids[0] != ids[2]);
    crew.admin.get(&format!("{OVERRIDES}/{long}")).expect(404);
    crew.admin.put(&format!("{OVERRIDES}/{long}"), placed(crew.bob, "10:00", "16:00")).expect(404);

    let whole = crew.overriding(&id, crew.ada, "11:00", "16:30");
    let found = crew.overrides(&id);
    let expected =
        ["Bob 03-02T10:00 to 03-02T11:00", "Ada 03-02T11:00 to 03-02T16:30", "Ada 03-02T16:30 to 03-02T17:00"];
    assert_eq!((spans(&found), text(&found[1], "/id")), (expected.map(Into::into).into(), whole));
}

#[test]
fn layers_keep_their_overrides_apart() {
    let crew = Crew::start();
    let other = "01KJPW9ZG000000000000000BB";
    let layers = json!([{"id": super::LAYER, "name": "First"}, {"id": other, "name": "Second"}]);
    let id = crew.schedule(json!({"config": {"rotations": [crew.rotation(json!({"layers": layers}))]}}));
    let first = crew.overriding(&id, crew.cleo, "10:00", "12:00");
    let on_second = with(crew.cover(&id, crew.cleo, "10:00", "12:00"), json!({"layer_id": other}));
    let second = text(&crew.admin.post(OVERRIDES, on_second).expect(201), "/override/id");
    for (filter, expected) in [
        (format!("layer_id={}", super::LAYER), vec![first.clone()]),
        (format!("layer_id={other}"), vec![second.clone()]),
        (format!("rotation_id={}", super::ROTATION), vec![first, second]),
        ("rotation_id=01KJPW9ZG000000000000000CC".into(), vec![]),
    ] {
        let page = crew.admin.get(&format!("{OVERRIDES}?schedule_id={id}&{filter}")).expect(200);
        let mut found = texts(&page["overrides"], "/id");
        found.sort();
        assert_eq!(
            found,
            {
                let mut expected = expected;
                expected.sort();
                expected
            },
            "{filter}"
        );
    }
    crew.hours_pass(1);
    assert_eq!(crew.on_call(&id), ["Cleo 03-02T10:00 to 03-02T12:00"; 2]);
}

#[test]
fn a_deleted_override_keeps_what_has_passed_and_deleting_it_again_changes_nothing() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let begun = crew.overriding(&id, crew.cleo, "10:00", "16:00");
    let ahead = crew.overriding(&id, crew.bob, "18:00", "20:00");
    crew.hours_pass(3);
    for _ in 0..2 {
        for cover in [&begun, &ahead] {
            let answer = crew.admin.delete(&format!("{OVERRIDES}/{cover}"));
            assert_eq!((answer.status, answer.text.as_str()), (204, ""));
            crew.admin.get(&format!("{OVERRIDES}/{cover}")).expect(404);
        }
        assert_eq!(spans(&crew.overrides(&id)), ["Cleo 03-02T10:00 to 03-02T12:00"]);
        let expected =
            ["Ada 03-02T09:00 to 03-02T10:00", "Cleo 03-02T10:00 to 03-02T12:00", "Ada 03-02T12:00 to 03-03T09:00"];
        assert_eq!(crew.first_day(&id), expected);
        assert_eq!(crew.on_call(&id), expected[2..]);
    }
    let over = text(&crew.overrides(&id)[0], "/id");
    crew.admin.delete(&format!("{OVERRIDES}/{over}")).expect(204);
    assert_eq!(spans(&crew.overrides(&id)), ["Cleo 03-02T10:00 to 03-02T12:00"], "all of it has passed");
}

#[test]
fn a_moved_override_keeps_what_has_passed() {
    let crew = Crew::start();
    let moves = [
        ("14:00", "18:00", vec!["Cleo 03-02T10:00 to 03-02T12:00", "Cleo 03-02T14:00 to 03-02T18:00"]),
        ("11:00", "13:00", vec!["Cleo 03-02T10:00 to 03-02T11:00", "Cleo 03-02T11:00 to 03-02T13:00"]),
        ("10:00", "11:00", vec!["Cleo 03-02T10:00 to 03-02T11:00", "Cleo 03-02T11:00 to 03-02T12:00"]),
        ("09:30", "13:00", vec!["Cleo 03-02T09:30 to 03-02T13:00"]),
        ("10:00", "13:00", vec!["Cleo 03-02T10:00 to 03-02T13:00"]),
        ("10:00", "18:00", vec!["Cleo 03-02T10:00 to 03-02T18:00"]),
    ];
    let begun: Vec<_> = moves
        .iter()
        .map(|_| {
            let id = crew.schedule(json!({}));
            let cover = crew.overriding(&id, crew.cleo, "10:00", "16:00");
            (id, cover)
        })
        .collect();
    crew.hours_pass(3);
    for ((from, to, expected), (id, cover)) in moves.iter().zip(&begun) {
        let moved = crew.admin.put(&format!("{OVERRIDES}/{cover}"), placed(crew.cleo, from, to)).expect(200);
        assert_eq!(text(&moved, "/override/id"), *cover);
        let shown = crew.admin.get(&format!("{OVERRIDES}/{cover}")).expect(200);
        assert_eq!(shown, moved);
        assert_eq!(spans(&crew.overrides(id)), *expected, "{from} to {to}");
        let of_cleo: Vec<_> = crew.first_day(id).into_iter().filter(|shift| shift.starts_with("Cleo")).collect();
        assert_eq!(of_cleo, *expected, "{from} to {to}");
    }
}

#[test]
fn an_override_that_moves_cuts_those_in_its_way() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let moving = crew.overriding(&id, crew.cleo, "10:00", "11:00");
    let in_the_way = crew.overriding(&id, crew.bob, "12:00", "16:00");
    crew.admin.put(&format!("{OVERRIDES}/{moving}"), placed(crew.cleo, "13:00", "14:00")).expect(200);
    let found = crew.overrides(&id);
    let expected =
        ["Bob 03-02T12:00 to 03-02T13:00", "Cleo 03-02T13:00 to 03-02T14:00", "Bob 03-02T14:00 to 03-02T16:00"];
    assert_eq!(spans(&found), expected, "nothing of it had passed");
    assert!(!texts(&json!(found), "/id").contains(&in_the_way));
}

#[test]
fn what_an_override_says_has_to_fit_the_schedule() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let fine = || crew.cover(&id, crew.cleo, "12:00", "14:00");
    for (changes, place) in [
        (json!({"end_at": "2026-03-02T12:00:00Z"}), "end_at"),
        (json!({"rotation_id": id}), "rotation_id"),
        (json!({"layer_id": id}), "layer_id"),
        (json!({"user": {"id": id}}), "user.id"),
        (json!({"user": {"email": "nobody@acme.example"}}), "user.email"),
    ] {
        assert_invalid(&crew.admin.post(OVERRIDES, with(fine(), changes)), &[("invalid_value", place)]);
    }
    assert_invalid(
        &crew.admin.post(OVERRIDES, with(fine(), json!({"schedule_id": super::LAYER}))),
        &[("invalid_value", "schedule_id")],
    );
    let both = json!({"end_at": "2026-03-01T12:00:00Z", "rotation_id": "none", "user": {}});
    let answer = crew.admin.post(OVERRIDES, with(fine(), both));
    let problems = [("invalid_value", "end_at"), ("invalid_value", "rotation_id"), ("is_required", "user.id")];
    assert_invalid(&answer, &problems);
    assert!(crew.overrides(&id).is_empty());

    let cover = crew.overriding(&id, crew.cleo, "12:00", "14:00");
    let path = format!("{OVERRIDES}/{cover}");
    assert_invalid(&crew.admin.put(&path, placed(crew.bob, "12:00", "14:00")), &[("invalid_value", "user")]);
    assert_invalid(&crew.admin.put(&path, placed(crew.cleo, "14:00", "12:00")), &[("invalid_value", "end_at")]);
    assert_eq!(spans(&crew.overrides(&id)), ["Cleo 03-02T12:00 to 03-02T14:00"]);
}

#[test]
fn a_layer_that_nobody_names_stays_the_same_one() {
    let crew = Crew::start();
    let says = json!({"config": {"rotations": [crew.rotation(json!({"layers": null}))]}});
    let id = crew.schedule(says.clone());
    let layer = crew.show(&id)["config"]["rotations"][0]["layers"][0]["id"].take();
    let cover = with(crew.cover(&id, crew.cleo, "12:00", "15:00"), json!({"layer_id": layer}));
    crew.admin.post(OVERRIDES, cover).expect(201);
    let before = crew.first_day(&id);
    crew.hours_pass(1);
    crew.update(&id, says);
    assert_eq!(crew.first_day(&id), before);
}

#[test]
fn a_rotation_and_a_layer_are_called_what_the_client_calls_them() {
    let crew = Crew::start();
    let called = json!({"id": "rota-1", "layers": [{"id": "primary", "name": "Primary"}]});
    let id = crew.schedule(json!({"config": {"rotations": [crew.rotation(called)]}}));
    let shown = &crew.show(&id)["config"]["rotations"][0];
    assert_eq!((&shown["id"], &shown["layers"][0]["id"]), (&json!("rota-1"), &json!("primary")));
    let place = json!({"schedule_id": id, "rotation_id": "rota-1", "layer_id": "primary"});
    let cover = with(placed(crew.cleo, "12:00", "15:00"), place.clone());
    let made = crew.admin.post(OVERRIDES, cover).expect(201)["override"].take();
    for (field, expected) in place.as_object().unwrap() {
        assert_eq!(&made[field], expected);
    }
    let found = |query: &str| {
        let page = crew.admin.get(&format!("{OVERRIDES}?schedule_id={id}&{query}")).expect(200);
        page["overrides"].as_array().unwrap().len()
    };
    assert_eq!((found("rotation_id=rota-1&layer_id=primary"), found("layer_id=secondary")), (1, 0));
    let shift = crew.entries(&id, "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z")["final"][0].take();
    assert_eq!((&shift["rotation_id"], &shift["layer_id"]), (&json!("rota-1"), &json!("primary")));
    let unknown = crew.cover(&id, crew.cleo, "12:00", "15:00");
    assert_invalid(&crew.admin.post(OVERRIDES, unknown), &[("invalid_value", "rotation_id")]);
}

#[test]
fn alike_schedules_have_shifts_of_their_own() {
    let crew = Crew::start();
    let called = json!({"id": "primary", "layers": [{"id": "primary", "name": "Primary"}]});
    let says = json!({"config": {"rotations": [crew.rotation(called)]}});
    let [first, second] = [0, 1].map(|_| {
        let id = crew.schedule(says.clone());
        text(&crew.show(&id)["current_shifts"][0], "/fingerprint")
    });
    assert_ne!(first, second);
}
