//! What holds for any feed, and for any text.

use oncall::ical::{Event, Found, read};
use proptest::prelude::*;
use proptest::sample::select;

use crate::{ZONES, as_found, calendar, feed, nameless, seconds, the_zone, time, written};

fn events() -> impl Strategy<Value = Vec<Event>> {
    let from = time("1900-01-01T00:00Z").seconds();
    let moments = (from..time("2100-01-01T00:00Z").seconds(), 1..2_000_000_i64);
    let event = ("[^\r\u{0}-\u{8}\u{b}-\u{1f}\u{7f}-\u{9f}]{0,120}", "\\PC{0,200}", moments);
    let events = prop::collection::vec(event, 0..6);
    events.prop_map(|events| {
        let events = events.into_iter().enumerate().map(|(index, (summary, description, (start, length)))| Event {
            uid: format!("{index}@wardroom"),
            summary,
            description,
            start: seconds(start),
            end: seconds(start + length),
            url: Some("https://wardroom.example".to_owned()),
        });
        events.collect()
    })
}

/// Lines that components are made of, though not often of these.
fn line() -> impl Strategy<Value = String> {
    let names = [
        "UID",
        "SUMMARY",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "STATUS",
        "RECURRENCE-ID",
        "ATTENDEE",
        "TZID",
        "TZOFFSETFROM",
        "TZOFFSETTO",
    ];
    let parameters = ["", "", "", ";TZID=Europe/London", ";TZID=Ours", ";VALUE=DATE", ";EMAIL=a@b", ";VALUE=PERIOD;X"];
    (select(names.to_vec()), select(parameters.to_vec()), value())
        .prop_map(|(name, parameters, value)| format!("{name}{parameters}:{value}"))
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["CANCELLED", "mailto:a@b", "Ours", "a", ""]).prop_map(str::to_owned),
        "[+-]?[0-9]{4,6}",
        moment(),
        (moment(), moment()).prop_map(|(from, to)| format!("{from}/{to}")),
        length(),
        (moment(), length()).prop_map(|(from, length)| format!("{from}/{length},{from}")),
        rule(),
        "\\PC{0,20}",
    ]
}

fn moment() -> &'static str {
    "[0-9]{4}(0[1-9]|1[0-2])[0-2][0-9](T[0-2][0-9][0-5][0-9][0-6][0-9]Z?)?"
}

fn length() -> &'static str {
    "[+-]?P[0-9]{0,12}[WDTHMSY]{0,2}[0-9]{0,4}[HMS]?"
}

/// Lines that may begin and end anything, or be none.
fn wild_line() -> impl Strategy<Value = String> {
    let starts = ["BEGIN:", "END:", "BEGIN", ";", "X;\"", "X;a=\"b\"c", "é", " ", "X:"];
    let names = ["VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "VALARM", "é", ""];
    (select(starts.to_vec()), select(names.to_vec())).prop_map(|(start, name)| format!("{start}{name}"))
}

fn numbers(from: i32, to: i32) -> impl Strategy<Value = String> {
    prop::collection::vec(from..=to, 1..4)
        .prop_map(|numbers| numbers.iter().map(i32::to_string).collect::<Vec<_>>().join(","))
}

/// Rules of recurrence, most of which the grammar allows.
fn rule() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        (0..70_000).prop_map(|interval| format!("INTERVAL={interval}")),
        (0..40).prop_map(|count| format!("COUNT={count}")),
        numbers(0, 13).prop_map(|list| format!("BYMONTH={list}")),
        numbers(-32, 32).prop_map(|list| format!("BYMONTHDAY={list}")),
        numbers(-367, 367).prop_map(|list| format!("BYYEARDAY={list}")),
        numbers(-54, 54).prop_map(|list| format!("BYWEEKNO={list}")),
        numbers(-367, 367).prop_map(|list| format!("BYSETPOS={list}")),
        numbers(0, 24).prop_map(|list| format!("BYHOUR={list}")),
        numbers(0, 61).prop_map(|list| format!("BYMINUTE={list}")),
        "BYDAY=([+-]?[0-9]{0,2}(MO|TU|WE|TH|FR|SA|SU),){0,2}[0-9A-Z]{0,4}",
        "WKST=(MO|SU|XX)",
        "UNTIL=20[0-9]{2}0[0-9][0-2][0-9](T000000Z?)?",
        "\\PC{0,8}",
    ];
    let frequencies = vec!["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "SECONDLY"];
    (select(frequencies), prop::collection::vec(part, 0..5))
        .prop_map(|(frequency, parts)| format!("FREQ={frequency};{}", parts.join(";")))
}

/// That reading comes to an end, and finds only what overlaps the window.
fn is_answered(text: &str, zone: &str) -> Result<(), TestCaseError> {
    let window = time("2024-01-01T00:00Z")..time("2024-06-01T00:00Z");
    for found in read(text, &the_zone(zone), window.clone()).unwrap_or_default() {
        prop_assert!(found.start < window.end && window.start < found.end && found.start < found.end, "{:?}", found);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_written_feed_reads_back_as_the_same_events(zone in select(ZONES.to_vec()), events in events()) {
        let text = written(&feed(zone, events.clone()));
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
        let mut expected: Vec<Found> = events.iter().map(as_found).collect();
        expected.sort_by_key(|found| (found.start, found.end));
        let all = time("0001-01-01T00:00Z")..time("9999-01-01T00:00Z");
        prop_assert_eq!(read(&text, &the_zone("Asia/Tokyo"), all.clone()), Ok(expected.clone()));
        prop_assert_eq!(read(&nameless(&text, zone), &the_zone("Asia/Tokyo"), all), Ok(expected));
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,200}", zone in select(ZONES.to_vec())) {
        is_answered(&text, zone)?;
        is_answered(&format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR"), zone)?;
    }

    #[test]
    fn any_lines_have_an_answer(lines in prop::collection::vec(prop_oneof![line(), wild_line()], 0..12)) {
        is_answered(&format!("BEGIN:VCALENDAR\n{}\nEND:VCALENDAR", lines.join("\r\n")), "UTC")?;
        is_answered(&calendar(&[&lines.join("\n")]), "UTC")?;
    }

    #[test]
    fn any_event_has_an_answer(start in moment(), lines in prop::collection::vec(line(), 0..6), zone in select(ZONES.to_vec())) {
        is_answered(&calendar(&[&format!("UID:a\nDTSTART:{start}\n{}", lines.join("\n"))]), zone)?;
    }

    #[test]
    fn any_zone_has_an_answer(start in moment(), lines in prop::collection::vec(line(), 0..6)) {
        let lines = format!("DTSTART:{start}\n{}\nTZOFFSETFROM:-0100\nTZOFFSETTO:+235959", lines.join("\n"));
        let zone = format!("BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\n{lines}\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT");
        let event = "UID:a\nDTSTART;TZID=Ours:20240101T000000\nDURATION:P1D\nRRULE:FREQ=DAILY";
        is_answered(&calendar(&[event]).replacen("BEGIN:VEVENT", &zone, 1), "UTC")?;
    }
}

proptest! {
    // Some rules take long to look for what never comes.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_rule_has_an_answer(rule in rule(), start in "(0000|0001|1601|1970|2023|9999)(0[1-9]|1[0-2])[0-2][0-9](T[0-2][0-9]0000Z?)?") {
        is_answered(&calendar(&[&format!("UID:a\nDTSTART:{start}\nDURATION:PT1H\nRRULE:{rule}")]), "Europe/London")?;
    }
}
