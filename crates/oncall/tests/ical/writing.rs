//! What a written feed looks like.

use oncall::ical::{Event, Feed, read};

use crate::{event, feed, lines, the_zone, time, written};

/// The times that a text tells by the clock of its zone.
fn local_times(text: &str) -> Vec<String> {
    lines(text).into_iter().filter(|line| line.starts_with("DTSTART;") || line.starts_with("DTEND;")).collect()
}

#[test]
fn a_feed_is_a_published_calendar_with_its_time_zone() {
    let shift = Event {
        description: "Primary, layer 1".to_owned(),
        url: Some("https://wardroom.example/schedules/1".to_owned()),
        ..event("01HZ@wardroom", "2024-03-30T09:00Z", "2024-03-31T08:00Z")
    };
    let expected = "BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Wardroom//On-call schedules//EN
METHOD:PUBLISH
X-WR-CALNAME:Primary
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:STANDARD
DTSTART:20231029T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
TZNAME:GMT
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20240331T010000
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
TZNAME:BST
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:01HZ@wardroom
DTSTAMP:20240101T000000Z
DTSTART;TZID=Europe/London:20240330T090000
DTEND;TZID=Europe/London:20240331T090000
SUMMARY:On call: 01HZ@wardroom
DESCRIPTION:Primary\\, layer 1
URL:https://wardroom.example/schedules/1
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
";
    assert_eq!(written(&feed("Europe/London", vec![shift])), expected.replace('\n', "\r\n"));
}

#[test]
fn a_feed_without_events_is_a_calendar() {
    let text = written(&feed("Europe/London", Vec::new()));
    assert!(!text.contains("VTIMEZONE") && !text.contains("VEVENT"));
    assert_eq!(read(&text, &the_zone("UTC"), time("2000-01-01T00:00Z")..time("2100-01-01T00:00Z")), Ok(Vec::new()));
}

#[test]
fn utc_needs_no_description_of_its_clock() {
    for zone in ["UTC", "Etc/UTC", "Etc/GMT", "No/Such_Zone"] {
        let text = written(&feed(zone, vec![event("a", "2024-03-30T09:00Z", "2024-03-31T08:00Z")]));
        assert!(!text.contains("VTIMEZONE") && !text.contains("TZID"), "{zone}");
        assert!(text.contains("\r\nDTSTART:20240330T090000Z\r\nDTEND:20240331T080000Z\r\n"), "{zone}");
    }
}

#[test]
fn the_name_of_a_zone_is_written_as_the_zone_data_have_it() {
    let text = written(&feed("europe/london", vec![event("a", "2024-03-30T09:00Z", "2024-03-31T08:00Z")]));
    assert!(text.contains("TZID:Europe/London\r\n") && text.contains("DTSTART;TZID=Europe/London:"));
}

#[test]
fn an_event_in_an_hour_that_comes_twice_is_written_in_utc() {
    let inside = event("inside", "2024-10-27T01:30Z", "2024-10-27T09:00Z");
    let until = event("until", "2024-10-26T09:00Z", "2024-10-27T01:30Z");
    let around = event("around", "2024-10-26T09:00Z", "2024-10-27T09:00Z");
    let text = written(&feed("Europe/London", vec![inside, until, around]));
    assert!(text.contains("DTSTART:20241027T013000Z\r\nDTEND:20241027T090000Z\r\n"));
    assert!(text.contains("DTSTART:20241026T090000Z\r\nDTEND:20241027T013000Z\r\n"));
    let local = ["DTSTART;TZID=Europe/London:20241026T100000", "DTEND;TZID=Europe/London:20241027T090000"];
    assert_eq!(local_times(&text), local);
}

#[test]
fn lines_are_folded_at_75_octets_and_never_inside_a_character() {
    for start in 0..4 {
        let name = "x".repeat(start) + &"é漢🧭".repeat(40);
        let text = written(&Feed { name: name.clone(), ..feed("UTC", Vec::new()) });
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
        assert!(text.split("\r\n").any(|line| line.len() >= 72));
        assert!(lines(&text).contains(&format!("X-WR-CALNAME:{name}")));
    }
}

#[test]
fn no_text_gets_out_of_its_line() {
    let hostile = "a\r\nSTATUS:CANCELLED\nb\rc\u{0}\u{7}; d, e\\n";
    let shift = Event {
        uid: hostile.to_owned(),
        summary: hostile.to_owned(),
        url: Some("https://x/\r\nEND:VEVENT".to_owned()),
        ..event("a", "2024-03-30T09:00Z", "2024-03-31T08:00Z")
    };
    let lines = lines(&written(&feed("UTC", vec![shift])));
    let said = "a\\nSTATUS:CANCELLED\\nb\\nc\\; d\\, e\\\\n";
    assert!(lines.contains(&format!("SUMMARY:{said}")) && lines.contains(&format!("UID:{said}")), "{lines:#?}");
    assert!(lines.contains(&"URL:https://x/END:VEVENT".to_owned()));
    assert_eq!(lines.iter().filter(|line| line.starts_with("STATUS")).count(), 0);
}

#[test]
fn times_are_in_whole_seconds_and_no_event_is_empty() {
    let first = Event {
        start: time("2024-05-01T09:00Z"),
        end: "2024-05-01T10:00:00.9Z".parse().unwrap(),
        ..event("a", "2024-05-01T09:00Z", "2024-05-01T09:00Z")
    };
    let next = Event { start: first.end, end: "2024-05-01T10:00:00.95Z".parse().unwrap(), ..first.clone() };
    let text = written(&feed("UTC", vec![first, next]));
    assert!(text.contains("DTSTART:20240501T090000Z\r\nDTEND:20240501T100000Z\r\n"));
    assert!(text.contains("DTSTART:20240501T100000Z\r\nDTEND:20240501T100001Z\r\n"));
}
