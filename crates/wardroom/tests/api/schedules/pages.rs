//! Long windows come in pages, which lose and repeat nothing.

use std::collections::BTreeSet;

use testkit::{Value, json};

use super::{Crew, window};
use crate::support::{assert_invalid, text, texts};

impl Crew {
    /// All entries of a window, page by page, and how many pages there were.
    #[track_caller]
    pub(super) fn all(&self, schedule: &str, from: &str, to: &str) -> (Value, usize) {
        let mut all = json!({"final": [], "overrides": [], "scheduled": []});
        let (mut path, mut pages) = (window(schedule, from, to), 0);
        loop {
            let page = self.admin.get(&path).expect(200);
            for (list, entries) in page["schedule_entries"].as_object().unwrap() {
                all[list].as_array_mut().unwrap().extend(entries.as_array().unwrap().iter().cloned());
            }
            pages += 1;
            assert!(pages < 100, "it goes on and on");
            if page["pagination_meta"].is_null() {
                return (all, pages);
            }
            let after = text(&page, "/pagination_meta/after");
            let url = text(&page, "/pagination_meta/after_url");
            path = url.strip_prefix("https://wardroom.example").expect("our own address").to_owned();
            let by_hand = self.admin.get(&window(schedule, &after, to)).expect(200);
            assert_eq!(self.admin.get(&path).expect(200), by_hand, "{path}");
        }
    }
}

/// Checks that nothing is there twice and that the entries of a layer follow on one another.
#[track_caller]
fn assert_unbroken(list: &Value, count: usize) {
    let entries = list.as_array().unwrap();
    assert_eq!(entries.len(), count);
    let fingerprints: BTreeSet<_> = texts(list, "/fingerprint").into_iter().collect();
    assert_eq!(fingerprints.len(), count, "nothing is there twice");
    for pair in entries.windows(2) {
        assert_eq!(pair[0]["end_at"], pair[1]["start_at"]);
    }
}

#[test]
fn hourly_handovers_over_months_come_in_pages() {
    let crew = Crew::start();
    let hourly = crew.rotation(json!({"handovers": [{"interval": 1, "interval_type": "hourly"}]}));
    let id = crew.schedule(json!({"config": {"rotations": [hourly]}}));
    crew.overriding(&id, crew.cleo, "10:00", "11:30");
    let (from, to) = ("2026-03-02T09:30:00Z", "2026-07-02T09:30:00Z");
    let (all, pages) = crew.all(&id, from, to);
    let hours = 122 * 24;
    assert_unbroken(&all["scheduled"], hours + 1);
    assert_unbroken(&all["final"], hours + 1);
    assert_eq!(all["overrides"].as_array().unwrap().len(), 1);
    assert!(pages > 10, "{pages}");
    for list in ["scheduled", "final"] {
        let list = all[list].as_array().unwrap();
        assert_eq!(text(&list[0], "/start_at")[..19], *"2026-03-02T09:00:00");
        assert_eq!(text(list.last().unwrap(), "/end_at")[..19], *"2026-07-02T10:00:00");
    }
}

#[test]
fn layers_that_begin_at_one_moment_are_all_there() {
    let crew = Crew::start();
    let layers: Vec<_> = (0..50).map(|n| json!({"name": format!("Layer {n}")})).collect();
    let rotation = |id| crew.rotation(json!({"id": id, "layers": layers}));
    let id = crew.schedule(json!({"config": {"rotations": [rotation("first"), rotation("second")]}}));
    let (all, pages) = crew.all(&id, "2026-03-02T09:00:00Z", "2026-03-12T09:00:00Z");
    assert!(pages > 1);
    let fingerprints: BTreeSet<_> = texts(&all["final"], "/fingerprint").into_iter().collect();
    assert_eq!((all["final"].as_array().unwrap().len(), fingerprints.len()), (1_000, 1_000));
}

#[test]
fn pages_end_also_where_nobody_said_when() {
    let crew = Crew::start();
    let hourly = crew.rotation(json!({"handovers": [{"interval": 1, "interval_type": "hourly"}]}));
    let id = crew.schedule(json!({"config": {"rotations": [hourly]}}));
    let mut path = format!("/v2/schedule_entries?schedule_id={id}");
    let mut count = 0;
    for _ in 0..10 {
        let page = crew.admin.get(&path).expect(200);
        count += page["schedule_entries"]["final"].as_array().unwrap().len();
        if page["pagination_meta"].is_null() {
            assert_eq!(count, 28 * 24);
            return;
        }
        let after = text(&page, "/pagination_meta/after").replace(' ', "%20");
        path = format!("/v2/schedule_entries?schedule_id={id}&entry_window_start={after}");
    }
    panic!("it goes on and on");
}

#[test]
fn a_schedule_is_of_a_size_that_can_be_shown() {
    let crew = Crew::start();
    let named = |count: usize| (0..count).map(|n| json!({"name": format!("{n}")})).collect::<Vec<_>>();
    let refused = |rotations: Value, pointer: &str| {
        let says = crew.says(json!({"config": {"rotations": rotations}}));
        let answer = crew.admin.post(super::SCHEDULES, json!({"schedule": says}));
        assert_invalid(&answer, &[("invalid_value", &format!("schedule.config.rotations{pointer}"))]);
    };
    refused(json!([crew.rotation(json!({"layers": named(51)}))]), ".0.layers");
    let fifty = |id| crew.rotation(json!({"id": id, "layers": named(50)}));
    refused(json!([fifty("a"), fifty("b"), fifty("c")]), "");
    let daily = json!({"interval": 1, "interval_type": "daily"});
    refused(json!([crew.rotation(json!({"handovers": vec![daily; 101]}))]), ".0.handovers");
    refused(json!(vec![crew.rotation(json!({})); 201]), "");
}

#[test]
fn pages_cross_changes_of_the_schedule_and_of_overrides() {
    let crew = Crew::start();
    let hourly = |interval| {
        let handovers = json!([{"interval": interval, "interval_type": "hourly"}]);
        json!({"config": {"rotations": [crew.rotation(json!({"handovers": handovers}))]}})
    };
    let id = crew.schedule(hourly(1));
    for interval in [2, 1, 3] {
        crew.hours_pass(400);
        crew.update(&id, hourly(interval));
    }
    let (from, to) = ("2026-03-02T09:00:00Z", "2026-09-02T09:00:00Z");
    let (all, pages) = crew.all(&id, from, to);
    assert!(pages > 4, "{pages}");
    let count = all["final"].as_array().unwrap().len();
    assert_unbroken(&all["final"], count);
    assert_eq!(all["final"], all["scheduled"]);
}

#[test]
fn a_window_of_years_with_few_shifts_comes_in_pages_too() {
    let crew = Crew::start();
    let weekly = crew.rotation(json!({"handovers": [{"interval": 26, "interval_type": "weekly"}]}));
    let id = crew.schedule(json!({"config": {"rotations": [weekly]}}));
    let (all, pages) = crew.all(&id, "2026-03-02T09:00:00Z", "2028-02-28T09:00:00Z");
    assert_unbroken(&all["final"], 4);
    assert!(pages > 4);
    let nobody = crew.schedule(json!({"config": {"rotations": []}}));
    let (all, _) = crew.all(&nobody, "2026-03-02T09:00:00Z", "2027-03-01T09:00:00Z");
    assert_eq!(all, json!({"final": [], "overrides": [], "scheduled": []}));
}

#[test]
fn a_window_runs_forwards() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let get = |from, to| crew.admin.get(&window(&id, from, to));
    let (early, late) = ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z");
    for (from, to, place) in [
        (late, early, "entry_window_end"),
        (late, late, "entry_window_end"),
        ("soon", late, "entry_window_start"),
        ("after:soon", late, "entry_window_start"),
        ("after:2026-03-02T10:00:00Z", early, "entry_window_end"),
    ] {
        assert_invalid(&get(from, to), &[("invalid_value", place)]);
    }
    assert_eq!(get(early, "soon").status, 422);
    crew.admin.get("/v2/schedule_entries").expect(422);
    for unknown in [super::LAYER, "none"] {
        crew.admin.get(&window(unknown, early, late)).expect(404);
    }
}
