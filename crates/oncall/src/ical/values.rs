//! Dates, times and durations, as property values tell them (RFC 5545, 3.3).

use base::Time;
use jiff::civil::{self, DateTime};
use jiff::{Span, ToSpan};

use super::lines::Line;
use super::zones::{Zone, Zones};

/// The text form of a DATE-TIME in local time, `20240331T090000`.
pub fn basic(shown: DateTime) -> String {
    let (date, time) = (shown.date(), shown.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{:04}{:02}{:02}T{hour:02}{minute:02}{second:02}", date.year(), date.month(), date.day())
}

/// A moment as a calendar tells it: what the clock of a zone shows then.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// What the clock shows; the beginning of the day, if only a date is told.
    pub shown: DateTime,
    zone: Zone<'a>,
    /// Whether only a date is told.
    pub all_day: bool,
}

impl<'a> Moment<'a> {
    /// A DATE or DATE-TIME, in the zone that the parameters of `line` name (RFC 5545, 3.2.19).
    pub fn of(text: &str, line: &Line, zones: &'a Zones) -> Result<Self, String> {
        let zone = match line.parameter("TZID") {
            Some(name) if !text.ends_with(['Z', 'z']) => zones.get(name)?,
            _ => zones.floating(),
        };
        Self::told(text, zone).ok_or_else(|| format!("its {} is not a date or time that there is", line.name))
    }

    /// A DATE or DATE-TIME: told in UTC where it ends in `Z`, and otherwise in `zone`.
    pub fn told(text: &str, zone: Zone<'a>) -> Option<Self> {
        let text = text.trim();
        let (shown, zone) = match text.strip_suffix(['Z', 'z']) {
            Some(shown) => (shown, Zone::utc()),
            None => (text, zone),
        };
        let all_day = !shown.contains(['T', 't']);
        let shown = if all_day { date(shown)?.to_datetime(civil::Time::midnight()) } else { date_time(shown)? };
        let moment = Self { shown, zone, all_day };
        moment.time().map(|_| moment)
    }

    /// The same zone's clock, when it shows something else.
    pub fn at(&self, shown: DateTime) -> Self {
        Self { shown, ..self.clone() }
    }

    /// A DATE or DATE-TIME in the same zone, unless it is told in UTC.
    pub fn sibling(&self, text: &str) -> Option<Self> {
        Self::told(text, self.zone.clone())
    }

    /// When it is, if that is in the years that a [`Time`] can tell.
    pub fn time(&self) -> Option<Time> {
        self.zone.time(self.shown)
    }

    /// Whether it is no later than `other`; on the same day at the latest, if one of the two is a day.
    pub fn is_until(&self, other: &Self) -> bool {
        if self.all_day || other.all_day {
            self.shown.date() <= other.shown.date()
        } else {
            self.time() <= other.time()
        }
    }

    /// Whether it is the same moment as `other`, or the same day if one of the two is a day.
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_until(other) && other.is_until(self)
    }
}

/// `20240331`
fn date(text: &str) -> Option<civil::Date> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let narrow = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    has_digits(text, 8).then(|| civil::Date::new(number(0, 4)?, narrow(4)?, narrow(6)?).ok())?
}

/// `20240331T090000`; a leap second is taken for the second before it.
fn date_time(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_once(['T', 't'])?;
    let number = |from: usize| clock.get(from..from + 2)?.parse::<i8>().ok();
    let time = has_digits(clock, 6).then(|| civil::Time::new(number(0)?, number(2)?, number(4)?.min(59), 0).ok())??;
    Some(date(day)?.to_datetime(time))
}

fn has_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How long something takes: days on the clock, and then seconds as they pass (RFC 5545, 3.3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    days: i32,
    seconds: i64,
}

impl Length {
    pub const DAY: Self = Self { days: 1, seconds: 0 };

    /// A DURATION that does not go back in time.
    pub fn told(text: &str) -> Option<Self> {
        let text = text.trim();
        let span: Span = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
        let nominal = span.get_years() == 0 && span.get_months() == 0;
        let seconds = i64::from(span.get_hours()) * 3600 + span.get_minutes() * 60 + span.get_seconds();
        let length = Self { days: span.get_weeks() * 7 + span.get_days(), seconds };
        (text.trim_start_matches('+').starts_with(['P', 'p']) && nominal && !span.is_negative()).then_some(length)
    }

    /// From `start` to `end`: as many days, if both tell only a day, where an event that ends on the day it
    /// begins on has that day; and otherwise as many seconds as pass (RFC 5545, 3.8.5.3, on DTEND).
    pub fn between(start: &Moment<'_>, end: &Moment<'_>) -> Option<Self> {
        if start.all_day && end.all_day {
            let days = (end.shown.date() - start.shown.date()).get_days();
            return (days >= 0).then_some(Self { days: days.max(1), seconds: 0 });
        }
        let seconds = end.time()?.seconds() - start.time()?.seconds();
        (seconds >= 0).then_some(Self { days: 0, seconds })
    }

    /// When what begins at `start` ends, if that is in the years that a [`Time`] can tell.
    pub fn after(self, start: &Moment<'_>) -> Option<Time> {
        let shown = start.shown.checked_add(i64::from(self.days).days()).ok()?;
        let microseconds = start.at(shown).time()?.microseconds();
        Time::from_microseconds(microseconds.checked_add(self.seconds.checked_mul(1_000_000)?)?)
    }
}
