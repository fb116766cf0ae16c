//! From a text to the events of a window.

use std::collections::HashMap;
use std::ops::Range;

use base::Time;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::lines::{self, Component, Line, shortened};
use super::repeat::{self, Effort};
use super::values::{Length, Moment};
use super::zones::Zones;
use super::{Found, Problem};

/// How many occurrences of an event may be in a window.
const MOST: usize = 1000;

/// The events of the calendars in `text` that overlap `window`, whose end is not part of it, by start.
///
/// Days, and times that name no zone, are those of `floating` (RFC 5545, 3.3.4 and 3.3.5). A `TZID` is
/// an IANA name, or else the name of a `VTIMEZONE` in the calendar. Every occurrence of an event that
/// repeats is found for itself (3.8.5), and where a `RECURRENCE-ID` replaces one, that instead (3.8.4.4);
/// a `DTEND` makes all of them last equally long, a `DURATION` of days until the clock shows the same
/// again (3.8.5.3). Left out is what is cancelled (3.8.1.11), and what takes no time.
pub fn read(text: &str, floating: &TimeZone, window: Range<Time>) -> Result<Vec<Found>, Problem> {
    let effort = Effort::new();
    let mut found = Vec::new();
    for calendar in lines::calendars(text)?.iter().filter(|calendar| calendar.is("VCALENDAR")) {
        let zones = Zones::of(calendar, floating, last_reading(&window), &effort);
        let events = calendar.parts("VEVENT").map(|part| Event::of(part, &zones));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let replaced = replaced(&events);
        for event in &events {
            found.extend(event.found(&replaced, &window, &effort)?);
        }
    }
    found.sort_by(|a, b| (a.start, a.end, &a.uid).cmp(&(b.start, b.end, &b.uid)));
    Ok(found)
}

/// What no clock shows before the window ends.
fn last_reading(window: &Range<Time>) -> DateTime {
    let end = Timestamp::from_microsecond(window.end.microseconds()).unwrap_or_default();
    Offset::UTC.to_datetime(end).saturating_add(2.days())
}

/// The occurrences, by UID, that other components tell.
fn replaced<'a>(events: &'a [Event<'_>]) -> HashMap<&'a str, Vec<&'a Moment<'a>>> {
    let mut replaced: HashMap<_, Vec<_>> = HashMap::new();
    for event in events {
        if let Some(occurrence) = &event.replaces {
            replaced.entry(event.uid.as_str()).or_default().push(occurrence);
        }
    }
    replaced
}

/// A `VEVENT`.
struct Event<'a> {
    part: &'a Component,
    uid: String,
    /// The occurrence of the event with the same UID that this one stands for.
    replaces: Option<Moment<'a>>,
    /// When it is; never, if it is cancelled.
    when: Option<When<'a>>,
}

/// When an event is.
struct When<'a> {
    first: Moment<'a>,
    length: Length,
    /// What RDATE adds, with its own length if it tells one.
    more: Vec<(Moment<'a>, Length)>,
    except: Vec<Moment<'a>>,
}

impl<'a> Event<'a> {
    fn of(part: &'a Component, zones: &'a Zones) -> Result<Self, Problem> {
        Self::told(part, zones).map_err(|problem| of_event(part, &problem))
    }

    fn told(part: &'a Component, zones: &'a Zones) -> Result<Self, String> {
        let uid = part.text("UID").filter(|uid| !uid.is_empty()).ok_or("it has no UID")?;
        let line = part.line("RECURRENCE-ID");
        if line.is_some_and(|line| line.parameter("RANGE").is_some()) {
            return Err("it changes all later occurrences at once (RANGE), which can't be read".to_owned());
        }
        let replaces = line.map(|line| Moment::of(&line.value, line, zones)).transpose()?;
        let cancelled = part.line("STATUS").is_some_and(|line| line.value.trim().eq_ignore_ascii_case("CANCELLED"));
        let when = (!cancelled).then(|| When::told(part, zones)).transpose()?;
        Ok(Self { part, uid, replaces, when })
    }

    fn found(
        &self,
        replaced: &HashMap<&str, Vec<&Moment<'_>>>,
        window: &Range<Time>,
        effort: &Effort,
    ) -> Result<Vec<Found>, Problem> {
        let Some(when) = &self.when else { return Ok(Vec::new()) };
        let replaced = replaced.get(self.uid.as_str()).filter(|_| self.replaces.is_none());
        let replaced = replaced.map(Vec::as_slice).unwrap_or_default();
        let times = when.times(self.part, replaced, window, effort).map_err(|problem| of_event(self.part, &problem))?;
        let (summary, attendees) = (self.part.text("SUMMARY").unwrap_or_default(), attendees(self.part));
        let found = times.into_iter().map(|Range { start, end }| Found {
            uid: self.uid.clone(),
            summary: summary.clone(),
            attendees: attendees.clone(),
            start,
            end,
        });
        Ok(found.collect())
    }
}

impl<'a> When<'a> {
    fn told(part: &Component, zones: &'a Zones) -> Result<Self, String> {
        let first = part.line("DTSTART").ok_or("it has no DTSTART")?;
        let first = Moment::of(&first.value, first, zones)?;
        let length = length(part, &first, zones)?;
        if part.line("EXRULE").is_some() {
            return Err("it has an EXRULE, which can't be read".to_owned());
        }
        let more = values(part, "RDATE").map(|(line, text)| added(line, text, length, zones));
        let except = values(part, "EXDATE").map(|(line, text)| Moment::of(text, line, zones));
        Ok(Self { first, length, more: more.collect::<Result<_, _>>()?, except: except.collect::<Result<_, _>>()? })
    }

    /// When the occurrences are that overlap `window`.
    fn times(
        &self,
        part: &Component,
        replaced: &[&Moment<'_>],
        window: &Range<Time>,
        effort: &Effort,
    ) -> Result<Vec<Range<Time>>, String> {
        let mut times: Vec<Range<Time>> = Vec::new();
        for (start, length) in self.starts(part, window, effort)? {
            let Some(time) = start.time().zip(length.after(&start)).map(|(start, end)| start..end) else { continue };
            let mut excepted = self.except.iter().chain(replaced.iter().copied());
            if overlap(&time, window) && !excepted.any(|except| except.is_same(&start)) {
                times.push(time);
            }
        }
        times.sort_by_key(|time| time.start);
        times.dedup_by_key(|time| time.start);
        if times.len() > MOST {
            Err(format!("it comes more than {MOST} times in the time asked about"))
        } else {
            Ok(times)
        }
    }

    fn starts(
        &self,
        part: &Component,
        window: &Range<Time>,
        effort: &Effort,
    ) -> Result<Vec<(Moment<'a>, Length)>, String> {
        let mut starts = vec![(self.first.clone(), self.length)];
        for rule in part.lines("RRULE") {
            let again = repeat::starts(&self.first, &rule.value, last_reading(window), effort)?;
            starts.extend(again.into_iter().map(|start| (start, self.length)));
        }
        starts.extend(self.more.iter().cloned());
        Ok(starts)
    }
}

fn overlap(time: &Range<Time>, window: &Range<Time>) -> bool {
    time.start.max(window.start) < time.end.min(window.end)
}

/// How long an event is: a day or no time at all, if it does not say (RFC 5545, 3.6.1).
fn length(part: &Component, first: &Moment<'_>, zones: &Zones) -> Result<Length, String> {
    match (part.line("DTEND"), part.line("DURATION")) {
        (Some(end), _) => {
            Length::between(first, &Moment::of(&end.value, end, zones)?).ok_or("it ends before it starts".to_owned())
        }
        (None, Some(length)) => Length::told(&length.value).ok_or("its DURATION is not one".to_owned()),
        (None, None) if first.all_day => Ok(Length::DAY),
        (None, None) => Ok(Length::default()),
    }
}

/// The values of a property that lists them, in all its lines.
fn values<'a>(part: &'a Component, name: &'a str) -> impl Iterator<Item = (&'a Line, &'a str)> {
    part.lines(name).flat_map(|line| line.value.split(',').map(move |text| (line, text)))
}

/// A date or time of an RDATE, or a PERIOD from one to another or of a length (RFC 5545, 3.3.9).
fn added<'a>(line: &Line, text: &str, length: Length, zones: &'a Zones) -> Result<(Moment<'a>, Length), String> {
    let Some((start, end)) = text.split_once('/') else { return Ok((Moment::of(text, line, zones)?, length)) };
    let start = Moment::of(start, line, zones)?;
    let length = if end.trim_start().starts_with(['P', '+', '-']) {
        Length::told(end)
    } else {
        Length::between(&start, &Moment::of(end, line, zones)?)
    };
    Ok((start, length.ok_or("its RDATE has a period that is not one")?))
}

fn attendees(part: &Component) -> Vec<String> {
    let mut attendees = Vec::new();
    for address in part.lines("ATTENDEE").chain(part.lines("ORGANIZER")).filter_map(address) {
        if !attendees.contains(&address) {
            attendees.push(address);
        }
    }
    attendees
}

/// The e-mail address of a CAL-ADDRESS: what its `mailto:` or, if it is another URI, its EMAIL says
/// (RFC 5545, 3.3.3; RFC 7986, 6.2).
fn address(line: &Line) -> Option<String> {
    let value = line.value.trim().to_lowercase();
    let email = line.parameter("EMAIL").map(str::to_lowercase);
    let address = value.strip_prefix("mailto:").map(str::to_owned).or(email).unwrap_or(value);
    (address.contains('@') && !address.contains(['/', ':'])).then_some(address)
}

fn of_event(part: &Component, problem: &str) -> Problem {
    let name = part.text("UID").or_else(|| part.text("SUMMARY")).map(|name| format!(" {:?}", shortened(&name)));
    Problem::new(format!("the event{} on line {}: {problem}", name.unwrap_or_default(), part.number))
}
