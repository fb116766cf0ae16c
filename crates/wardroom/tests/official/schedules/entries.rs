//! Who is on call in a window.

use std::collections::BTreeSet;

use incident_io::models::ScheduleRotationWorkingIntervalCreatePayloadV2 as Hours;

use super::*;
use crate::support::invalid;

/// The pages of a window, each from the address that the one before gives; its cursor leads there too.
async fn pages(key: &Key, id: &str, from: &str, to: &str) -> Vec<Entries> {
    let asked = window(id, from, to);
    let mut current = page(key, asked.clone()).await.unwrap();
    let mut found = Vec::new();
    while let Some(meta) = current.pagination_meta {
        found.push(*current.schedule_entries);
        assert!(found.len() < 50, "it goes on and on");
        let token = key.bearer_access_token.as_ref().unwrap();
        let answer = key.client.get(&meta.after_url).bearer_auth(token).send().await.unwrap();
        current = answer.json().await.unwrap();
        assert_eq!(page(key, asked.clone().set_entry_window_start(meta.after)).await.unwrap(), current);
    }
    found.push(*current.schedule_entries);
    found
}

/// Checks that entries follow on one another, and that none is there twice.
fn assert_unbroken(entries: &[&ScheduleEntryV2]) {
    assert!(entries.windows(2).all(|pair| pair[0].end_at == pair[1].start_at));
    let prints: BTreeSet<_> = entries.iter().map(|entry| entry.fingerprint.as_ref().unwrap()).collect();
    assert_eq!(prints.len(), entries.len());
}

#[tokio::test]
async fn the_shifts_that_overlap_a_window_are_shown_whole() {
    let crew = Crew::start();
    let id = crew.schedule(crew.turns()).await.id;
    let found = entries(&crew.root, &id, "2030-01-13T00:00:00Z", "2030-01-15T00:00:00Z").await;
    let expected = ["Ada 2030-01-07T09:00 to 2030-01-14T09:00", "Bob 2030-01-14T09:00 to 2030-01-21T09:00"];
    assert_eq!(shifts(&found.r#final), expected);
    assert_eq!((&found.scheduled, &found.overrides), (&found.r#final, &vec![]));
    for entry in &found.r#final {
        assert_eq!(entry.rotation_id.as_deref(), Some(ROTATION));
        assert!(entry.entry_id.is_some() && entry.fingerprint.is_some());
    }
    assert_eq!(entries(&crew.root, &id, MONDAY, NEXT_MONDAY).await.r#final, found.r#final[..1], "its end is no part");
}

#[tokio::test]
async fn without_a_window_the_next_weeks_are_shown() {
    let crew = Crew::start();
    let made = crew.schedule(weekly(&[&crew.ada])).await;
    let found = page(&crew.root, SchedulesV2ListScheduleEntriesParams::new(&made.id)).await.unwrap();
    let found: Vec<_> = found.schedule_entries.r#final.iter().collect();
    assert_eq!(found.len(), 5, "four weeks end in a fifth shift");
    assert_unbroken(&found);
    assert!(found[0].start_at <= made.created_at && found[4].end_at > made.created_at);
}

#[tokio::test]
async fn many_shifts_come_in_pages_that_lose_and_repeat_nothing() {
    let crew = Crew::start();
    let id = crew.schedule(crew.turns().set_handovers(vec![every(1, "hourly")])).await.id;
    let cover = crew.cover(&show(&crew.root, &id).await.unwrap(), &crew.bob, MONDAY, NEXT_MONDAY);
    schedules_v2_create_override(&crew.root, SchedulesV2CreateOverrideParams::new(cover)).await.unwrap();
    let found = pages(&crew.root, &id, "2030-01-01T00:30:00Z", "2030-02-01T00:00:00Z").await;
    assert!(found.len() > 2, "{}", found.len());
    let scheduled: Vec<_> = found.iter().flat_map(|page| &page.scheduled).collect();
    let r#final: Vec<_> = found.iter().flat_map(|page| &page.r#final).collect();
    assert_eq!(scheduled.len(), 31 * 24);
    assert_eq!(r#final.len(), 24 * 24 + 1, "one shift instead of a week's");
    assert_eq!(found.iter().map(|page| page.overrides.len()).sum::<usize>(), 1);
    assert_unbroken(&scheduled);
    assert_unbroken(&r#final);
    assert_eq!(text(&r#final[0].start_at), "2030-01-01T00:00:00Z");
    assert_eq!(text(&r#final.last().unwrap().end_at), "2030-02-01T00:00:00Z");
}

#[tokio::test]
async fn a_long_window_comes_in_pages_too() {
    let crew = Crew::start();
    let id = crew.schedule(crew.turns()).await.id;
    let found = pages(&crew.root, &id, MONDAY, "2031-01-06T09:00:00Z").await;
    let r#final: Vec<_> = found.iter().flat_map(|page| &page.r#final).collect();
    assert!(found.len() > 1);
    assert_eq!(r#final.len(), 52);
    assert_unbroken(&r#final);
}

#[tokio::test]
async fn a_window_runs_forwards() {
    let crew = Crew::start();
    let made = crew.schedule(crew.turns()).await;
    for end in [MONDAY, "2030-01-01T00:00:00Z"] {
        invalid(page(&crew.root, window(&made.id, MONDAY, end)).await, "invalid_value", "entry_window_end");
        let backwards = Preview::new(retold(&made));
        let backwards = backwards.set_entry_window_start(time(MONDAY)).set_entry_window_end(time(end));
        invalid(preview(&crew.root, &made.id, backwards).await, "invalid_value", "entry_window_end");
    }
    invalid(page(&crew.root, window(&made.id, "soon", MONDAY)).await, "invalid_value", "entry_window_start");
}

#[tokio::test]
async fn a_preview_shows_what_the_update_makes_and_changes_nothing() {
    let crew = Crew::start();
    let made = crew.schedule(crew.turns()).await;
    let cover = crew.cover(&made, &crew.ada, "2030-01-08T10:00:00Z", "2030-01-08T12:00:00Z");
    schedules_v2_create_override(&crew.root, SchedulesV2CreateOverrideParams::new(cover)).await.unwrap();
    let before = entries(&crew.root, &made.id, MONDAY, MONDAY_AFTER).await;
    let other = weekly(&[&crew.bob, &crew.ada]).set_handovers(vec![every(1, "daily"), every(36, "hourly")]);
    let change: Change = retold(&says(vec![other]).set_timezone("America/New_York"));
    let asked = Preview::new(change.clone());
    let asked = asked.set_entry_window_start(time(MONDAY)).set_entry_window_end(time(MONDAY_AFTER));
    let previewed = preview(&crew.root, &made.id, asked).await.unwrap();
    assert_ne!(previewed, before);
    assert_eq!(previewed.overrides, before.overrides);
    assert_eq!(show(&crew.root, &made.id).await.unwrap().config, made.config);
    assert_eq!(entries(&crew.root, &made.id, MONDAY, MONDAY_AFTER).await, before);
    update(&crew.root, &made.id, change).await.unwrap();
    assert_eq!(entries(&crew.root, &made.id, MONDAY, MONDAY_AFTER).await, previewed);
}

#[tokio::test]
async fn a_version_takes_over_when_it_takes_effect() {
    let crew = Crew::start();
    let versions = vec![weekly(&[&crew.ada]), weekly(&[&crew.bob]).set_effective_from(time(NEXT_MONDAY))];
    let id = create(&crew.root, says(versions)).await.unwrap().id;
    let found = entries(&crew.root, &id, MONDAY, MONDAY_AFTER).await.r#final;
    let expected = ["Ada 2030-01-07T09:00 to 2030-01-14T09:00", "Bob 2030-01-14T09:00 to 2030-01-21T09:00"];
    assert_eq!(shifts(&found), expected);
    assert!(found.iter().all(|entry| entry.rotation_id.as_deref() == Some(ROTATION)));
}

#[tokio::test]
async fn every_layer_has_somebody_on_call() {
    let crew = Crew::start();
    let layers = vec![layer(LAYER, "First"), layer("01KJPW9ZG000000000000000BB", "Second")];
    let id = crew.schedule(crew.turns().set_layers(layers)).await.id;
    let mut found = shifts(&entries(&crew.root, &id, MONDAY, NEXT_MONDAY).await.r#final);
    found.sort();
    assert_eq!(found, ["Ada", "Bob"].map(|name| format!("{name} 2030-01-07T09:00 to 2030-01-14T09:00")));
}

#[tokio::test]
async fn nobody_is_on_call_outside_working_hours() {
    let crew = Crew::start();
    let hours = |weekday, start: &str, end: &str| Hours::new(end, start, word(weekday));
    let hours = vec![hours("tuesday", "09:30", "17:00"), hours("wednesday", "22:00", "06:00")];
    let id = crew.schedule(crew.turns().set_working_intervals(hours)).await.id;
    let found = entries(&crew.root, &id, MONDAY, NEXT_MONDAY).await.r#final;
    let expected = ["Ada 2030-01-08T09:30 to 2030-01-08T17:00", "Ada 2030-01-09T22:00 to 2030-01-10T06:00"];
    assert_eq!(shifts(&found), expected);
}

#[tokio::test]
async fn unequal_shifts_go_round_in_turn_or_fairly() {
    let crew = Crew::start();
    for (mode, people) in [("sequential", ["Ada", "Bob", "Ada", "Bob"]), ("fair", ["Ada", "Bob", "Bob", "Ada"])] {
        let rotation = crew.turns().set_scheduling_mode(word(mode)).set_handover_start_at(time(MONDAY));
        let id = crew.schedule(rotation.set_handovers(vec![every(1, "daily"), every(2, "daily")])).await.id;
        let found = entries(&crew.root, &id, MONDAY, "2030-01-13T09:00:00Z").await.r#final;
        let days = ["07T09:00", "08T09:00", "10T09:00", "11T09:00", "13T09:00"];
        let expected: Vec<_> = people
            .iter()
            .zip(days.windows(2))
            .map(|(name, days)| format!("{name} 2030-01-{} to 2030-01-{}", days[0], days[1]))
            .collect();
        assert_eq!(shifts(&found), expected, "{mode}");
    }
}

#[tokio::test]
async fn handovers_keep_to_the_clock_on_the_wall() {
    let crew = Crew::start();
    let daily = crew.turns().set_handovers(vec![every(1, "daily")]).set_handover_start_at(time("2030-03-29T09:00:00Z"));
    let id = create(&crew.root, says(vec![daily]).set_timezone("Europe/London")).await.unwrap().id;
    let found = entries(&crew.root, &id, "2030-03-29T09:00:00Z", "2030-04-01T08:00:00Z").await.r#final;
    let expected = [
        "Ada 2030-03-29T09:00 to 2030-03-30T09:00",
        "Bob 2030-03-30T09:00 to 2030-03-31T08:00",
        "Ada 2030-03-31T08:00 to 2030-04-01T08:00",
    ];
    assert_eq!(shifts(&found), expected);
}
