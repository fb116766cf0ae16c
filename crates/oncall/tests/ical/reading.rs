//! Calendars that others wrote.

use oncall::ical::{Found, read};

use crate::{calendar, found, problem, the_zone, time, times_in_2024};

#[test]
fn an_event_is_found_with_who_is_invited() {
    let event = r#"
UID:holiday-1@example.com
DTSTAMP:20240101T000000Z
DTSTART;TZID=America/New_York:20240701T090000
DTEND;TZID=America/New_York:20240702T090000
SUMMARY:Cover for Ada\, Bo\; and
  Cy\nline two \\o/
ORGANIZER;CN="Boss: the; one":MAILTO:Boss@Example.com
ATTENDEE;CN="Ada;x";ROLE=REQ-PARTICIPANT:mailto:Ada@Example.com
ATTENDEE;EMAIL=bo@example.com:urn:uuid:1234
ATTENDEE:mailto:ada@example.com
ATTENDEE:https://example.com/nobody@here
BEGIN:VALARM
ACTION:EMAIL
SUMMARY:not this
ATTENDEE:mailto:alarm@example.com
DURATION:PT5M
END:VALARM"#;
    let expected = Found {
        uid: "holiday-1@example.com".to_owned(),
        summary: "Cover for Ada, Bo; and Cy\nline two \\o/".to_owned(),
        attendees: ["ada@example.com", "bo@example.com", "boss@example.com"].map(str::to_owned).to_vec(),
        start: time("2024-07-01T13:00Z"),
        end: time("2024-07-02T13:00Z"),
    };
    assert_eq!(found(&calendar(&[event]), "2024-01-01T00:00Z", "2025-01-01T00:00Z"), Ok(vec![expected]));
}

#[test]
fn times_are_utc_or_of_a_zone_or_of_the_zone_that_was_given() {
    let utc = "UID:a\nDTSTART:20240701T090000Z\nDTEND:20240701T100000Z";
    let zoned = "UID:b\nDTSTART;TZID=\"Asia/Kolkata\":20240701T160000\nDTEND;TZID=Asia/Kolkata:20240701T170000";
    let floating = "UID:c\nDTSTART:20240701T130000\nDTEND:20240701T140000";
    let expected = [
        "2024-07-01T09:00Z/2024-07-01T10:00Z",
        "2024-07-01T10:30Z/2024-07-01T11:30Z",
        "2024-07-01T12:00Z/2024-07-01T13:00Z",
    ];
    assert_eq!(times_in_2024(&[floating, zoned, utc]), expected);
}

#[test]
fn days_are_from_midnight_to_midnight_across_a_change_of_the_clock() {
    let one = "UID:a\nDTSTART;VALUE=DATE:20240331";
    assert_eq!(times_in_2024(&[one]), ["2024-03-31T00:00Z/2024-03-31T23:00Z"]);
    let two = "UID:a\nDTSTART;VALUE=DATE:20240330\nDTEND;VALUE=DATE:20240401";
    assert_eq!(times_in_2024(&[two]), ["2024-03-30T00:00Z/2024-03-31T23:00Z"]);
    let none = "UID:a\nDTSTART;VALUE=DATE:20240330\nDTEND;VALUE=DATE:20240330";
    assert_eq!(times_in_2024(&[none]), ["2024-03-30T00:00Z/2024-03-31T00:00Z"]);
    let week = "UID:a\nDTSTART:20241025\nDURATION:P1W";
    assert_eq!(times_in_2024(&[week]), ["2024-10-24T23:00Z/2024-11-01T00:00Z"]);
}

#[test]
fn a_duration_of_days_goes_by_the_clock_and_one_of_hours_by_what_passes() {
    let start = "UID:a\nDTSTART;TZID=Europe/London:20240330T120000";
    let lasting = |duration: &str| times_in_2024(&[&format!("{start}\nDURATION:{duration}")]);
    assert_eq!(lasting("P1D"), ["2024-03-30T12:00Z/2024-03-31T11:00Z"]);
    assert_eq!(lasting("PT24H"), ["2024-03-30T12:00Z/2024-03-31T12:00Z"]);
    assert_eq!(lasting("+P1DT1H30M"), ["2024-03-30T12:00Z/2024-03-31T12:30Z"]);
    assert_eq!(lasting("P1W"), ["2024-03-30T12:00Z/2024-04-06T11:00Z"]);
}

#[test]
fn a_time_that_is_skipped_is_told_by_the_old_clock_and_one_that_comes_twice_is_the_first() {
    let from = |shown: &str| times_in_2024(&[&format!("UID:a\nDTSTART;TZID=Europe/London:{shown}\nDURATION:PT1H")]);
    assert_eq!(from("20240331T013000"), ["2024-03-31T01:30Z/2024-03-31T02:30Z"]);
    assert_eq!(from("20241027T013000"), ["2024-10-27T00:30Z/2024-10-27T01:30Z"]);
}

#[test]
fn only_what_overlaps_the_window_is_found_and_keeps_its_times() {
    let events = [
        "UID:before\nDTSTART:20240630T000000Z\nDTEND:20240701T000000Z",
        "UID:into\nDTSTART:20240630T000000Z\nDTEND:20240701T000001Z",
        "UID:instant\nDTSTART:20240701T120000Z",
        "UID:after\nDTSTART:20240702T000000Z\nDTEND:20240703T000000Z",
        "UID:out of\nDTSTART:20240701T235959Z\nDTEND:20240703T000000Z",
    ];
    let found = found(&calendar(&events), "2024-07-01T00:00Z", "2024-07-02T00:00Z").unwrap();
    assert_eq!(found.iter().map(|found| found.uid.as_str()).collect::<Vec<_>>(), ["into", "out of"]);
    assert_eq!((found[0].start, found[1].end), (time("2024-06-30T00:00Z"), time("2024-07-03T00:00Z")));
}

#[test]
fn what_is_cancelled_is_left_out() {
    let event = "UID:a\nSTATUS:cancelled\nDTSTART:20240701T090000Z\nDTEND:20240701T100000Z";
    assert_eq!(times_in_2024(&[event]), [""; 0]);
}

#[test]
fn a_zone_of_the_calendars_own_is_read_from_its_description() {
    let zone = "BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT";
    let shown = [
        "20240115T120000",
        "20240331T023000",
        "20240331T030000",
        "20240701T120000",
        "20241027T023000",
        "20241027T030000",
    ];
    let events = shown.map(|shown| format!("UID:a\nDTSTART;TZID=W. Europe Standard Time:{shown}\nDURATION:PT1H"));
    let text = calendar(&events.each_ref().map(String::as_str)).replacen("BEGIN:VEVENT", zone, 1);
    let found = found(&text, "2024-01-01T00:00Z", "2025-01-01T00:00Z").unwrap();
    let expected = [
        "2024-01-15T11:00Z",
        "2024-03-31T01:00Z",
        "2024-03-31T01:30Z",
        "2024-07-01T10:00Z",
        "2024-10-27T00:30Z",
        "2024-10-27T02:00Z",
    ];
    assert_eq!(found.iter().map(|found| found.start).collect::<Vec<_>>(), expected.map(time));
}

#[test]
fn line_breaks_blank_lines_case_and_a_byte_order_mark_do_not_matter() {
    let text = "\u{feff}\n\nbegin:vcalendar\nBegin:vevent\n\nuid:a\ndtstart:20240701T09\n\t0000Z\r\nDURATION:PT1H\nend:VEVENT\nEND:VCALENDAR";
    assert_eq!(found(text, "2024-01-01T00:00Z", "2025-01-01T00:00Z").unwrap().len(), 1);
}

#[test]
fn what_is_not_a_calendar_is_refused_with_the_reason() {
    let refused = |text: &str| {
        read(text, &the_zone("UTC"), time("2024-01-01T00:00Z")..time("2025-01-01T00:00Z")).unwrap_err().to_string()
    };
    let no_calendar = "this is not a calendar: it does not begin with BEGIN:VCALENDAR";
    for text in ["", "\n", "<!DOCTYPE html>", "{}", "BEGIN:VCARD\nEND:VCARD", " BEGIN:VEVENT"] {
        assert_eq!(refused(text), no_calendar, "{text}");
    }
    assert_eq!(refused("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a"), "the VEVENT that line 2 begins has no end");
    assert_eq!(refused("BEGIN:VCALENDAR\nEND:VEVENT"), "line 2 ends what the lines before it did not begin");
    assert_eq!(
        refused("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR"),
        "line 3 ends what the lines before it did not begin"
    );
    assert_eq!(refused("BEGIN:VCALENDAR\nhello\nEND:VCALENDAR"), "line 2 is not of the form NAME:VALUE");
    let deep = "BEGIN:VCALENDAR\n".repeat(100_000);
    assert_eq!(refused(&deep), "line 17 begins too deep inside other components");
}

#[test]
fn an_event_that_makes_no_sense_is_refused_by_name() {
    assert_eq!(problem("UID:a@b\nSUMMARY:No start"), "the event \"a@b\" on line 4: it has no DTSTART");
    assert_eq!(problem("SUMMARY:Lunch\nDTSTART:20240101"), "the event \"Lunch\" on line 4: it has no UID");
    assert_eq!(problem("DTSTART:20240101"), "the event on line 4: it has no UID");
    let zone = problem("UID:a\nDTSTART;TZID=Mars/Olympus:20240101T000000");
    assert_eq!(
        zone,
        "the event \"a\" on line 4: its time zone \"Mars/Olympus\" is no IANA time zone, nor does the calendar describe it"
    );
    for start in ["20240230", "20240101T250000", "2024-01-01", "20240101T0000", "tomorrow", "", "Z", "９９９９"] {
        let expected = "the event \"a\" on line 4: its DTSTART is not a date or time that there is";
        assert_eq!(problem(&format!("UID:a\nDTSTART:{start}")), expected, "{start}");
    }
    let end = problem("UID:a\nDTSTART:20240102T000000Z\nDTEND:20240101T000000Z");
    assert_eq!(end, "the event \"a\" on line 4: it ends before it starts");
    for duration in ["-PT1H", "P1Y", "1 hour", "PT", ""] {
        let expected = "the event \"a\" on line 4: its DURATION is not one";
        assert_eq!(problem(&format!("UID:a\nDTSTART:20240102T000000Z\nDURATION:{duration}")), expected, "{duration}");
    }
}

#[test]
fn a_zone_that_is_described_badly_is_refused_by_name() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+01\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT";
    let text = calendar(&["UID:a\nDTSTART;TZID=Ours:20240101T000000"]).replacen("BEGIN:VEVENT", zone, 1);
    let problem = found(&text, "2024-01-01T00:00Z", "2025-01-01T00:00Z").unwrap_err();
    assert_eq!(
        problem.to_string(),
        "the event \"a\" on line 12: its time zone \"Ours\" can't be read: it has no TZOFFSETFROM"
    );
}
