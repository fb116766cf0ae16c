//! Time zones: described in `VTIMEZONE`s from the zone data, and read from them (RFC 5545, 3.6.5).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use base::Time;
use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone, TimeZoneOffsetInfo};
use jiff::{SignedDuration, Timestamp};

use super::lines::{Component, Text, escaped, shortened};
use super::repeat::{self, Effort};
use super::values::{Moment, basic};

/// Whether the clock of `zone` has always shown UTC.
pub fn is_utc(zone: &TimeZone) -> bool {
    zone.following(Timestamp::MIN).next().is_none() && zone.to_offset(Timestamp::UNIX_EPOCH) == Offset::UTC
}

/// Adds the `VTIMEZONE` that says what the clock of `zone`, under `name`, shows from the start of `span`
/// to its end: what was in force at the start, and every change since.
pub fn describe(text: &mut Text, zone: &TimeZone, name: &str, span: Range<Timestamp>) {
    text.add("BEGIN", "VTIMEZONE");
    text.add("TZID", name);
    let start = span.start.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(span.start);
    match zone.preceding(start).next() {
        Some(change) => describe_change(text, zone, change.timestamp()),
        None => describe_always(text, zone, span.start),
    }
    for change in zone.following(span.start).take_while(|change| change.timestamp() <= span.end) {
        describe_change(text, zone, change.timestamp());
    }
    text.add("END", "VTIMEZONE");
}

/// What the clock shows from `change` on. When that is, is told by the clock as it was before.
fn describe_change(text: &mut Text, zone: &TimeZone, change: Timestamp) {
    let last = change.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(change);
    let (before, after) = (zone.to_offset_info(last), zone.to_offset_info(change));
    let kind = if is_ahead(&before, &after) { "DAYLIGHT" } else { "STANDARD" };
    describe_offset(text, kind, before.offset().to_datetime(change), before.offset(), &after);
}

/// What the clock shows at `start`, where it never showed anything else before.
fn describe_always(text: &mut Text, zone: &TimeZone, start: Timestamp) {
    let info = zone.to_offset_info(start);
    let onset = date(1970, 1, 1).at(0, 0, 0, 0).min(info.offset().to_datetime(start));
    describe_offset(text, "STANDARD", onset, info.offset(), &info);
}

fn describe_offset(text: &mut Text, kind: &str, onset: DateTime, before: Offset, after: &TimeZoneOffsetInfo<'_>) {
    text.add("BEGIN", kind);
    text.add("DTSTART", &basic(onset));
    text.add("TZOFFSETFROM", &offset_text(before));
    text.add("TZOFFSETTO", &offset_text(after.offset()));
    text.add("TZNAME", &escaped(after.abbreviation()));
    text.add("END", kind);
}

/// Whether `after` is daylight saving time. Where the zone data have winter time as the exception, with
/// a negative saving (Ireland, Morocco), it is still the time ahead that calendars know as daylight.
fn is_ahead(before: &TimeZoneOffsetInfo<'_>, after: &TimeZoneOffsetInfo<'_>) -> bool {
    match after.offset().cmp(&before.offset()) {
        Ordering::Greater if before.dst() != after.dst() => true,
        Ordering::Less if before.dst() != after.dst() => false,
        _ => after.dst().is_dst(),
    }
}

/// The text form of a UTC-OFFSET (RFC 5545, 3.3.14): `+0100`, or `-001526` where there are seconds.
fn offset_text(offset: Offset) -> String {
    let sign = if offset.is_negative() { '-' } else { '+' };
    let seconds = offset.seconds().abs();
    let text = format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 == 0 { text } else { format!("{text}{:02}", seconds % 60) }
}

fn offset_told(text: &str) -> Option<Offset> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-'])?;
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize| digits.get(from..from + 2).map_or(Some(0), |part| part.parse::<i32>().ok());
    let seconds = number(0)? * 3600 + number(2)? * 60 + number(4)?;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

/// A clock that a calendar tells times by.
#[derive(Clone, Debug)]
pub enum Zone<'a> {
    /// From the zone data.
    Known(TimeZone),
    /// From the calendar's own description of it.
    Described(&'a [Change]),
}

impl Zone<'_> {
    pub fn utc() -> Self {
        Self::Known(TimeZone::UTC)
    }

    /// When the clock shows `shown`: the first time, if it does so twice, and as if by the clock as it was
    /// before, if a change skips it (RFC 5545, 3.3.5).
    pub fn time(&self, shown: DateTime) -> Option<Time> {
        let timestamp = match self {
            Self::Known(zone) => zone.to_ambiguous_timestamp(shown).compatible().ok()?,
            Self::Described(changes) => offset_at(changes, shown)?.to_timestamp(shown).ok()?,
        };
        Time::from_microseconds(timestamp.as_microsecond())
    }
}

/// A change of a clock.
#[derive(Debug)]
pub struct Change {
    /// The first thing that the clock shows only after it.
    shown: DateTime,
    before: Offset,
    after: Offset,
}

fn offset_at(changes: &[Change], shown: DateTime) -> Option<Offset> {
    let past = changes.partition_point(|change| change.shown <= shown);
    match past.checked_sub(1) {
        Some(last) => changes.get(last).map(|change| change.after),
        None => changes.first().map(|change| change.before),
    }
}

/// The clocks that a calendar may name.
pub struct Zones {
    floating: TimeZone,
    described: HashMap<String, Result<Vec<Change>, String>>,
}

impl Zones {
    /// Those of `calendar`, where times that name no zone are told by the clock of `floating`; changes are
    /// known until a clock shows `end`.
    pub fn of(calendar: &Component, floating: &TimeZone, end: DateTime, effort: &Effort) -> Self {
        let described = calendar.parts("VTIMEZONE").filter_map(|zone| Some((zone.text("TZID")?, zone)));
        let described = described.map(|(name, zone)| (name, changes(zone, end, effort)));
        Self { floating: floating.clone(), described: described.collect() }
    }

    pub fn floating(&self) -> Zone<'_> {
        Zone::Known(self.floating.clone())
    }

    /// The zone data go before what the calendar says of a zone that has the same name.
    pub fn get(&self, name: &str) -> Result<Zone<'_>, String> {
        if let Some(zone) = crate::rota::zone(name) {
            return Ok(Zone::Known(zone));
        }
        let name_said = shortened(name);
        match self.described.get(name) {
            Some(Ok(changes)) => Ok(Zone::Described(changes)),
            Some(Err(problem)) => Err(format!("its time zone {name_said:?} can't be read: {problem}")),
            None => Err(format!("its time zone {name_said:?} is no IANA time zone, nor does the calendar describe it")),
        }
    }
}

/// What a `VTIMEZONE` says, in the order of time.
fn changes(zone: &Component, end: DateTime, effort: &Effort) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    for part in zone.parts("STANDARD").chain(zone.parts("DAYLIGHT")) {
        let offset =
            |name| part.line(name).and_then(|line| offset_told(&line.value)).ok_or(format!("it has no {name}"));
        let (before, after) = (offset("TZOFFSETFROM")?, offset("TZOFFSETTO")?);
        let clock = Zone::Known(TimeZone::fixed(before));
        let first = part.line("DTSTART").and_then(|line| Moment::told(&line.value, clock));
        let first = first.ok_or("it has no DTSTART")?;
        let forward = SignedDuration::from_secs(i64::from((after.seconds() - before.seconds()).max(0)));
        for onset in onsets(part, &first, end, effort)? {
            let Ok(shown) = onset.shown.checked_add(forward) else { continue };
            changes.push(Change { shown, before, after });
        }
    }
    changes.sort_by_key(|change| change.shown);
    if changes.is_empty() { Err("it has neither STANDARD nor DAYLIGHT".to_owned()) } else { Ok(changes) }
}

fn onsets<'a>(part: &Component, first: &Moment<'a>, end: DateTime, effort: &Effort) -> Result<Vec<Moment<'a>>, String> {
    let mut onsets = vec![first.clone()];
    for rule in part.lines("RRULE") {
        onsets.extend(repeat::starts(first, &rule.value, end, effort)?);
    }
    let more = part.lines("RDATE").flat_map(|line| line.value.split(','));
    onsets.extend(more.filter_map(|text| first.sibling(text)));
    Ok(onsets)
}
