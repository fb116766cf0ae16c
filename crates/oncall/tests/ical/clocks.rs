//! How the clocks of time zones are described.

use oncall::ical::Event;

use crate::{ZONES, as_found, event, feed, found, lines, nameless, seconds, time, written};

/// The observances of the clock of `zone` between two moments: what kind, from when on, from which
/// offset to which, under which name.
fn observances(zone: &str, from: &str, until: &str) -> Vec<String> {
    let lines = lines(&written(&feed(zone, vec![event("a", from, until)])));
    let begins =
        (0..lines.len()).filter(|index| ["BEGIN:STANDARD", "BEGIN:DAYLIGHT"].contains(&lines[*index].as_str()));
    let observances = begins.map(|index| lines[index..index + 5].iter().map(|line| line.split_once(':').unwrap().1));
    observances.map(|values| values.collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn summer_time_may_be_half_an_hour_and_over_the_new_year() {
    let expected = [
        "STANDARD 20240407T020000 +1100 +1030 +1030",
        "DAYLIGHT 20241006T020000 +1030 +1100 +11",
        "STANDARD 20250406T020000 +1100 +1030 +1030",
    ];
    assert_eq!(observances("Australia/Lord_Howe", "2024-05-01T00:00Z", "2025-05-01T00:00Z"), expected);
}

#[test]
fn irish_winter_time_is_no_daylight_saving() {
    let expected = [
        "STANDARD 20231029T020000 +0100 +0000 GMT",
        "DAYLIGHT 20240331T010000 +0000 +0100 IST",
        "STANDARD 20241027T020000 +0100 +0000 GMT",
    ];
    assert_eq!(observances("Europe/Dublin", "2024-01-01T00:00Z", "2024-12-01T00:00Z"), expected);
}

#[test]
fn ramadan_puts_the_moroccan_clock_back() {
    let expected = [
        "DAYLIGHT 20230423T020000 +0000 +0100 +01",
        "STANDARD 20240310T030000 +0100 +0000 +00",
        "DAYLIGHT 20240414T020000 +0000 +0100 +01",
    ];
    assert_eq!(observances("Africa/Casablanca", "2024-01-01T00:00Z", "2024-12-01T00:00Z"), expected);
}

#[test]
fn a_zone_that_no_longer_changes_is_described_by_its_last_change() {
    let expected = ["STANDARD 19451015T000000 +0630 +0530 IST"];
    assert_eq!(observances("Asia/Kolkata", "2024-01-01T00:00Z", "2024-12-01T00:00Z"), expected);
}

#[test]
fn a_zone_that_never_changed_is_described_too() {
    let expected = ["STANDARD 19700101T000000 -0500 -0500 -05"];
    assert_eq!(observances("Etc/GMT+5", "2024-01-01T00:00Z", "2024-12-01T00:00Z"), expected);
    let before = ["STANDARD 19591231T190000 -0500 -0500 -05"];
    assert_eq!(observances("Etc/GMT+5", "1960-01-01T00:00Z", "1960-12-01T00:00Z"), before);
}

#[test]
fn offsets_have_seconds_where_the_zone_data_do() {
    let expected = ["STANDARD 18470101T000000 -000115 -000115 LMT", "STANDARD 18471201T000000 -000115 +0000 GMT"];
    assert_eq!(observances("Europe/London", "1847-01-01T00:01:15Z", "1848-01-01T00:00Z"), expected);
    let expected = ["STANDARD 18800802T000000 -002521 -002521 DMT", "DAYLIGHT 19160521T020000 -002521 +003439 IST"];
    let dublin = observances("Europe/Dublin", "1916-05-01T00:00Z", "1916-06-01T00:00Z");
    assert_eq!(dublin[0].split(' ').next_back(), expected[0].split(' ').next_back());
    assert_eq!(dublin[1], expected[1]);
}

#[test]
fn a_change_at_the_very_start_or_end_is_described() {
    let expected = ["DAYLIGHT 20240331T010000 +0000 +0100 BST", "STANDARD 20241027T020000 +0100 +0000 GMT"];
    let around = observances("Europe/London", "2024-03-31T01:00Z", "2024-10-27T02:00Z");
    assert_eq!(around, expected);
}

#[test]
fn whoever_goes_by_the_description_finds_the_same_times_as_whoever_knows_the_zone() {
    // The days around the changes of 2024 in all the zones.
    let days =
        ["2024-03-08/40", "2024-09-05/6", "2024-09-27/12", "2024-10-24/14"].map(|days| days.split_once('/').unwrap());
    let starts = days.iter().flat_map(|(day, count)| {
        let start = time(&format!("{day}T00:15Z")).seconds();
        (start..start + count.parse::<i64>().unwrap() * 86_400).step_by(3600)
    });
    let shifts = starts.map(|start| Event {
        start: seconds(start),
        end: seconds(start + 5400),
        ..event(&start.to_string(), "2024-01-01T00:00Z", "2024-01-01T00:00Z")
    });
    let shifts: Vec<Event> = shifts.collect();
    for zone in ZONES {
        let text = written(&feed(zone, shifts.clone()));
        for text in [nameless(&text, zone), text] {
            let found = found(&text, "2022-01-01T00:00Z", "2027-01-01T00:00Z").unwrap();
            assert!(found.into_iter().eq(shifts.iter().map(as_found)), "{zone}");
        }
    }
}
