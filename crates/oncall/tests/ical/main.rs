//! Calendars: written so that other programs understand them, and read whoever wrote them.

mod clients;
mod clocks;
mod properties;
mod reading;
mod repeating;
mod writing;

use base::Time;
use jiff::tz::TimeZone;
use oncall::ical::{Event, Feed, Found, Problem, read, write};
use oncall::rota::zone;

/// Zones whose clocks differ in what is hard about clocks: summer time north and south, of half an hour, of
/// a negative saving, moved by Ramadan, and none; offsets of half hours; a day that was skipped.
const ZONES: [&str; 12] = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Europe/Dublin",
    "America/Santiago",
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Etc/GMT+5",
    "UTC",
];

fn the_zone(name: &str) -> TimeZone {
    zone(name).unwrap_or_else(|| panic!("no zone {name}"))
}

/// The moment of an RFC 3339 text, perhaps without seconds: `2024-03-31T00:30Z`.
fn time(text: &str) -> Time {
    let moment: jiff::Timestamp = text.parse().unwrap();
    seconds(moment.as_second())
}

fn seconds(seconds: i64) -> Time {
    Time::from_microseconds(seconds * 1_000_000).unwrap()
}

fn event(uid: &str, start: &str, end: &str) -> Event {
    Event {
        uid: uid.to_owned(),
        summary: format!("On call: {uid}"),
        description: String::new(),
        start: time(start),
        end: time(end),
        url: None,
    }
}

fn feed(zone: &str, events: Vec<Event>) -> Feed {
    Feed { name: "Primary".to_owned(), zone: zone.to_owned(), events }
}

/// The text of a feed that is written at the beginning of 2024.
fn written(feed: &Feed) -> String {
    write(feed, time("2024-01-01T00:00Z"))
}

/// The text of a feed, but with a time zone that only the feed's own description of it says anything about.
fn nameless(text: &str, zone: &str) -> String {
    text.replace(&format!("TZID={zone}:"), "TZID=Ours:").replace(&format!("TZID:{zone}\r"), "TZID:Ours\r")
}

/// An event of a feed, as it is found in it.
fn as_found(event: &Event) -> Found {
    let (uid, summary) = (event.uid.clone(), event.summary.clone());
    Found { uid, summary, attendees: Vec::new(), start: event.start, end: event.end }
}

/// The lines of a text, as they were before they were folded.
fn lines(text: &str) -> Vec<String> {
    text.replace("\r\n ", "").lines().map(str::to_owned).collect()
}

/// A calendar with events, each given by its lines between `BEGIN:VEVENT` and `END:VEVENT`.
fn calendar(events: &[&str]) -> String {
    let events = events.iter().map(|event| format!("BEGIN:VEVENT\n{}\nEND:VEVENT\n", event.trim()));
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n{}END:VCALENDAR\n", events.collect::<String>())
        .replace('\n', "\r\n")
}

/// What is found from one moment to another, with days and floating times those of London.
fn found(text: &str, from: &str, until: &str) -> Result<Vec<Found>, Problem> {
    read(text, &the_zone("Europe/London"), time(from)..time(until))
}

/// When the events of 2024 are: start and end, `2024-03-31T09:00Z/2024-03-31T17:00Z`.
fn times_in_2024(events: &[&str]) -> Vec<String> {
    let found = found(&calendar(events), "2024-01-01T00:00Z", "2025-01-01T00:00Z").unwrap();
    found.iter().map(|found| format!("{}/{}", minute(found.start), minute(found.end))).collect()
}

fn minute(time: Time) -> String {
    format!("{}Z", &time.to_string()[..16])
}

/// Why an event can't be read.
fn problem(event: &str) -> String {
    found(&calendar(&[event]), "2024-01-01T00:00Z", "2025-01-01T00:00Z").unwrap_err().to_string()
}
