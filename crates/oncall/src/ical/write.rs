//! From a feed to its text.

use std::ops::Range;

use base::Time;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::lines::{Text, escaped};
use super::values::basic;
use super::{Event, Feed, zones};

/// Who wrote a calendar (RFC 5545, 3.7.3).
const PRODUCT: &str = "-//Wardroom//On-call schedules//EN";
/// How often to fetch a feed anew, as a DURATION.
const REFRESH: &str = "PT1H";

/// A feed as the text of an iCalendar object that is published (RFC 5545, 3.4; RFC 5546, 3.2.1), written
/// at `now`.
///
/// Times are told by the feed's time zone, with a `VTIMEZONE` that says what its clock does from
/// the beginning of the first event to the end of the last. An event that begins or ends in an hour
/// that the clock shows twice is written in UTC: of such an hour local time can only mean the first
/// (RFC 5545, 3.3.5), and programs differ in which they take.
pub fn write(feed: &Feed, now: Time) -> String {
    let zone = crate::rota::zone(&feed.zone).filter(|zone| !zones::is_utc(zone));
    let zone = zone.as_ref().map(|zone| (zone, zone.iana_name().unwrap_or(&feed.zone)));
    let mut text = Text::default();
    text.add("BEGIN", "VCALENDAR");
    text.add("VERSION", "2.0");
    text.add("PRODID", PRODUCT);
    text.add("METHOD", "PUBLISH");
    text.add("X-WR-CALNAME", &escaped(&feed.name));
    text.add("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    text.add("X-PUBLISHED-TTL", REFRESH);
    if let Some((zone, name)) = zone
        && let Some(span) = span(&feed.events, zone)
    {
        zones::describe(&mut text, zone, name, span);
    }
    for event in &feed.events {
        describe(&mut text, event, zone, now);
    }
    text.add("END", "VCALENDAR");
    text.finish()
}

fn describe(text: &mut Text, event: &Event, zone: Option<(&TimeZone, &str)>, now: Time) {
    text.add("BEGIN", "VEVENT");
    text.add("UID", &escaped(&event.uid));
    text.add("DTSTAMP", &utc(second(now)));
    match zone.and_then(|(zone, name)| Some((local(event, zone)?, name))) {
        Some((shown, name)) => {
            text.add(&format!("DTSTART;TZID={name}"), &basic(shown.start));
            text.add(&format!("DTEND;TZID={name}"), &basic(shown.end));
        }
        None => {
            let times = times(event);
            text.add("DTSTART", &utc(times.start));
            text.add("DTEND", &utc(times.end));
        }
    }
    text.add("SUMMARY", &escaped(&event.summary));
    if !event.description.is_empty() {
        text.add("DESCRIPTION", &escaped(&event.description));
    }
    if let Some(url) = &event.url {
        text.add("URL", url);
    }
    text.add("TRANSP", "TRANSPARENT");
    text.add("END", "VEVENT");
}

/// From the beginning of the first event that is told by the clock of `zone` to the end of the last.
fn span(events: &[Event], zone: &TimeZone) -> Option<Range<Timestamp>> {
    let local = || events.iter().filter(|event| local(event, zone).is_some()).map(times);
    Some(local().map(|times| times.start).min()?..local().map(|times| times.end).max()?)
}

/// What the clock shows when an event begins and ends, unless it shows one of these twice.
fn local(event: &Event, zone: &TimeZone) -> Option<Range<DateTime>> {
    let shown = |time| Some(zone.to_datetime(time)).filter(|shown| !zone.to_ambiguous_timestamp(*shown).is_ambiguous());
    let times = times(event);
    Some(shown(times.start)?..shown(times.end)?)
}

/// When an event begins and ends, in whole seconds: RFC 5545 knows no others (3.3.12), and no event that
/// ends as it begins (3.8.2.2).
fn times(event: &Event) -> Range<Timestamp> {
    let start = second(event.start);
    start..second(event.end).max(second_after(start))
}

fn second(time: Time) -> Timestamp {
    Timestamp::from_second(time.microseconds().div_euclid(1_000_000)).unwrap_or_default()
}

fn second_after(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second() + 1).unwrap_or(time)
}

fn utc(time: Timestamp) -> String {
    basic(Offset::UTC.to_datetime(time)) + "Z"
}
