//! Overrides that come at once never overlap in the end.

use testkit::{Value, json};

use super::{Crew, OVERRIDES, placed};
use crate::acme::in_parallel;
use crate::support::text;

/// The time of day so many minutes after nine o'clock.
fn time(minutes: usize) -> String {
    format!("{:02}:{:02}", 9 + minutes / 60, minutes % 60)
}

/// The spans of overrides sorted by start, of which none overlaps another.
#[track_caller]
fn apart(overrides: &[Value]) -> Vec<(String, String)> {
    let span = |one: &Value| (text(one, "/start_at"), text(one, "/end_at"));
    let spans: Vec<_> = overrides.iter().map(span).collect();
    for (start, end) in &spans {
        assert!(start < end);
    }
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{pair:?} overlap");
    }
    spans
}

#[test]
fn of_twenty_overrides_made_at_once_none_overlaps_another_and_nothing_is_uncovered() {
    let crew = Crew::start();
    for _ in 0..3 {
        let id = crew.schedule(json!({}));
        let make = |n: usize| {
            let cover = crew.cover(&id, crew.cleo, &time(7 * n), &time(7 * n + 60));
            let admin = &crew.admin;
            move || admin.post(OVERRIDES, cover).status
        };
        assert_eq!(in_parallel((0..20).map(make)), [201; 20]);
        let spans = apart(&crew.overrides(&id));
        assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0), "{spans:?}");
        let (first, last) = (&spans[0].0, &spans.last().unwrap().1);
        assert_eq!((&first[11..16], &last[11..16]), ("09:00", time(19 * 7 + 60).as_str()));
    }
}

#[test]
fn overrides_that_are_made_moved_and_deleted_at_once_stay_apart() {
    let crew = Crew::start();
    for _ in 0..3 {
        let id = crew.schedule(json!({}));
        let there: Vec<_> =
            (0..10).map(|n| crew.overriding(&id, crew.cleo, &time(30 * n), &time(30 * n + 30))).collect();
        let act = |n: usize| {
            let path = format!("{OVERRIDES}/{}", there[n % 10]);
            let (crew, id) = (&crew, &id);
            move || match n % 3 {
                0 => crew.admin.put(&path, placed(crew.cleo, &time(100 + n), &time(160 + n))).status,
                1 => crew.admin.post(OVERRIDES, crew.cover(id, crew.bob, &time(90 + n), &time(130 + n))).status,
                _ => crew.admin.delete(&path).status,
            }
        };
        let statuses = in_parallel((0..20).map(act));
        // What another has cut or deleted is not there any more.
        let expected = |(n, status): (usize, &u16)| match n % 3 {
            0 => [200, 404].contains(status),
            1 => *status == 201,
            _ => *status == 204,
        };
        assert!(statuses.iter().enumerate().all(expected), "{statuses:?}");
        apart(&crew.overrides(&id));
    }
}

#[test]
fn of_changes_to_a_schedule_made_at_once_each_keeps_the_past() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.hours_pass(5);
    let before = crew.first_day(&id);
    let change = |n: usize| {
        let users = super::users(&[[crew.ada, crew.bob, crew.cleo][n % 3]]);
        let body = json!({"config": {"rotations": [crew.rotation(json!({"users": users}))]}});
        let (crew, id) = (&crew, &id);
        move || crew.admin.put(&super::at(id), json!({"schedule": crew.says(body)})).status
    };
    let statuses = in_parallel((0..9).map(change));
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    let after = crew.first_day(&id);
    // The last change decides from now on, and cuts Ada's shift unless it leaves it as it was.
    assert_eq!(before, ["Ada 03-02T09:00 to 03-03T09:00"]);
    assert!(after == before || after[0] == "Ada 03-02T09:00 to 03-02T14:00" && after.len() == 2, "{after:?}");
}
