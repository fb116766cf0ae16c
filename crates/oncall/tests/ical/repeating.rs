//! Events that come again.

use crate::{calendar, found, problem, times_in_2024};

/// The starts in 2024 of an event of an hour, in London.
fn starts(first: &str, more: &str) -> Vec<String> {
    let event = format!("UID:a\nDTSTART;TZID=Europe/London:{first}\nDURATION:PT1H\n{more}");
    times_in_2024(&[&event]).iter().map(|times| times.split('/').next().unwrap().to_owned()).collect()
}

#[test]
fn an_event_comes_again_at_the_same_time_on_the_clock() {
    let expected = ["2024-03-24T09:00Z", "2024-03-31T08:00Z", "2024-04-07T08:00Z"];
    assert_eq!(starts("20240324T090000", "RRULE:FREQ=WEEKLY;COUNT=3"), expected);
    let expected = ["2024-10-20T08:00Z", "2024-10-27T09:00Z", "2024-11-03T09:00Z"];
    assert_eq!(starts("20241020T090000", "RRULE:FREQ=WEEKLY;COUNT=3"), expected);
    let skipped_and_twice = ["2024-03-30T01:30Z", "2024-03-31T01:30Z", "2024-04-01T00:30Z"];
    assert_eq!(starts("20240330T013000", "RRULE:FREQ=DAILY;COUNT=3"), skipped_and_twice);
}

#[test]
fn until_is_the_last_moment_or_the_last_day() {
    let expected = ["2024-06-01T08:00Z", "2024-06-02T08:00Z"];
    for until in ["20240602T080000Z", "20240602T090000", "20240602", "20240603T075959Z"] {
        assert_eq!(starts("20240601T090000", &format!("RRULE:FREQ=DAILY;UNTIL={until}")), expected, "{until}");
    }
    assert_eq!(starts("20240601T090000", "RRULE:UNTIL=20240602T075959Z;FREQ=DAILY").len(), 1);
    assert_eq!(starts("20240601T090000", "RRULE:FREQ=DAILY;UNTIL=20200101").len(), 1);
}

#[test]
fn an_event_that_began_long_ago_is_found_in_the_window() {
    let event =
        "UID:a\nDTSTART;TZID=Europe/London:19950102T090000\nDURATION:P1D\nRRULE:FREQ=WEEKLY;BYDAY=MO;INTERVAL=2";
    let found = found(&calendar(&[event]), "2024-07-09T00:00Z", "2024-07-22T07:59Z").unwrap();
    let starts: Vec<_> = found.iter().map(|found| crate::minute(found.start)).collect();
    assert_eq!(starts, ["2024-07-08T08:00Z"]);
}

#[test]
fn the_first_start_is_one_of_them_whatever_the_rule_says() {
    let expected = ["2024-05-01T08:00Z", "2024-05-03T08:00Z"];
    assert_eq!(starts("20240501T090000", "RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=2"), expected);
}

#[test]
fn rules_of_months_and_years() {
    let last_friday = ["2024-05-31T08:00Z", "2024-06-28T08:00Z"];
    assert_eq!(starts("20240531T090000", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2"), last_friday);
    let last_workday = ["2024-05-31T08:00Z", "2024-06-28T08:00Z", "2024-07-31T08:00Z"];
    assert_eq!(starts("20240531T090000", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"), last_workday);
    assert_eq!(starts("20200229T090000", "RRULE:FREQ=YEARLY"), ["2024-02-29T09:00Z"]);
    assert_eq!(starts("20241227T090000", "rrule:freq=daily;wkst=su"), starts("20241227T090000", "RRULE:FREQ=DAILY"));
}

#[test]
fn days_come_again_as_days() {
    let event = "UID:a\nDTSTART;VALUE=DATE:20240330\nRRULE:FREQ=DAILY;UNTIL=20240401\nEXDATE;VALUE=DATE:20240331";
    assert_eq!(times_in_2024(&[event]), ["2024-03-30T00:00Z/2024-03-31T00:00Z", "2024-03-31T23:00Z/2024-04-01T23:00Z"]);
}

#[test]
fn dates_are_added_and_excepted() {
    let more = "RRULE:FREQ=DAILY;COUNT=3\nRDATE;TZID=Europe/London:20240610T120000,20240602T090000\nEXDATE:20240601T080000Z,20240609T080000Z";
    assert_eq!(starts("20240601T090000", more), ["2024-06-02T08:00Z", "2024-06-03T08:00Z", "2024-06-10T11:00Z"]);
    assert_eq!(
        starts("20240601T090000", "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20240602"),
        ["2024-06-01T08:00Z", "2024-06-03T08:00Z"]
    );
}

#[test]
fn added_periods_have_their_own_length() {
    let event = "UID:a\nDTSTART:20240601T090000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20240602T090000Z/PT2H,20240603T090000Z/20240603T120000Z";
    let expected = [
        "2024-06-01T09:00Z/2024-06-01T10:00Z",
        "2024-06-02T09:00Z/2024-06-02T11:00Z",
        "2024-06-03T09:00Z/2024-06-03T12:00Z",
    ];
    assert_eq!(times_in_2024(&[event]), expected);
}

#[test]
fn an_end_makes_all_occurrences_last_equally_long() {
    let event =
        |length: &str| format!("UID:a\nDTSTART;TZID=Europe/London:20240329T180000\n{length}\nRRULE:FREQ=DAILY;COUNT=2");
    let expected = ["2024-03-29T18:00Z/2024-03-30T18:00Z", "2024-03-30T18:00Z/2024-03-31T18:00Z"];
    assert_eq!(times_in_2024(&[&event("DTEND;TZID=Europe/London:20240330T180000")]), expected);
    let expected = ["2024-03-29T18:00Z/2024-03-30T18:00Z", "2024-03-30T18:00Z/2024-03-31T17:00Z"];
    assert_eq!(times_in_2024(&[&event("DURATION:P1D")]), expected);
}

#[test]
fn an_occurrence_may_be_moved_or_cancelled() {
    let daily = "UID:a\nDTSTART;TZID=Europe/London:20240601T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4";
    let moved = "UID:a\nRECURRENCE-ID;TZID=Europe/London:20240602T090000\nDTSTART:20240605T000000Z\nDURATION:PT1H";
    let cancelled = "UID:a\nRECURRENCE-ID:20240603T080000Z\nSTATUS:CANCELLED";
    let other = "UID:b\nRECURRENCE-ID:20240604T080000Z\nSTATUS:CANCELLED";
    let expected = [
        "2024-06-01T08:00Z/2024-06-01T09:00Z",
        "2024-06-04T08:00Z/2024-06-04T09:00Z",
        "2024-06-05T00:00Z/2024-06-05T01:00Z",
    ];
    assert_eq!(times_in_2024(&[moved, daily, cancelled, other]), expected);
}

#[test]
fn an_occurrence_that_is_moved_out_of_the_window_is_gone() {
    let daily = "UID:a\nDTSTART:20240601T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2";
    let moved = "UID:a\nRECURRENCE-ID:20240602T090000Z\nDTSTART:20260605T000000Z\nDURATION:PT1H";
    assert_eq!(times_in_2024(&[daily, moved]), ["2024-06-01T09:00Z/2024-06-01T10:00Z"]);
}

#[test]
fn what_repeats_too_often_or_oddly_is_refused_by_name() {
    let refused = |more: &str| problem(&format!("UID:a\nDTSTART:20240101T000000Z\nDURATION:PT1H\n{more}"));
    assert_eq!(
        refused("RRULE:FREQ=HOURLY"),
        "the event \"a\" on line 4: it comes more than 1000 times in the time asked about"
    );
    assert_eq!(
        refused("RRULE:FREQ=MINUTELY"),
        "the event \"a\" on line 4: it repeats minutely: more than once an hour is too often"
    );
    for rule in [
        "",
        "FREQ=NEVER",
        "FREQ=DAILY;BYDAY=é",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;COUNT=x",
        "INTERVAL=2",
        "FREQ=DAILY:X",
    ] {
        let expected =
            format!("the event \"a\" on line 4: its RRULE is not a rule of recurrence: {}", rule.to_ascii_uppercase());
        assert_eq!(refused(&format!("RRULE:{rule}")), expected);
    }
    assert_eq!(refused("EXRULE:FREQ=DAILY"), "the event \"a\" on line 4: it has an EXRULE, which can't be read");
    let range = refused("RECURRENCE-ID;RANGE=THISANDFUTURE:20240101T000000Z");
    assert_eq!(
        range,
        "the event \"a\" on line 4: it changes all later occurrences at once (RANGE), which can't be read"
    );
}

#[test]
fn a_calendar_can_ask_for_only_so_much() {
    let never = "UID:a\nDTSTART:20230101T000000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
    let events = vec![never; 20];
    assert_eq!(times_in_2024(&events), [""; 0]);
    let hourly = vec!["UID:a\nDTSTART:19000101T000000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY"; 3];
    let problem = found(&calendar(&hourly), "2024-01-01T00:00Z", "2024-01-02T00:00Z").unwrap_err();
    assert_eq!(problem.to_string(), "the event \"a\" on line 16: the calendar repeats too often to be read");
}
