//! Times, as people write and read them.

use std::str::FromStr;

use base::World;
use connect::schedules::timestamp;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned, civil};

/// A time that somebody asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A moment, the same everywhere.
    Moment(Timestamp),
    /// What the clock of the schedule shows. Where it shows it twice, the first time; where never, as
    /// much later as the clock is put forward.
    Clock(civil::DateTime),
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let moment = text.parse().map(Self::Moment);
        let clock = || text.parse().map(Self::Clock);
        moment.or_else(|_| clock()).map_err(|_| "a time is 2026-03-29T02:30:00Z, or 2026-03-29 02:30")
    }
}

impl When {
    /// The moment that this is in `zone`.
    pub fn moment(self, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
        match self {
            Self::Moment(moment) => Ok(moment),
            Self::Clock(clock) => zone.to_timestamp(clock),
        }
    }
}

/// The current moment.
pub fn now() -> Timestamp {
    timestamp(World::system().now())
}

/// A time that is near `at`: `Mon 30 Nov 09:00 GMT`; with its year where that is another one.
pub fn time(moment: Timestamp, at: Timestamp, zone: &TimeZone) -> String {
    let (moment, at) = (moment.to_zoned(zone.clone()), at.to_zoned(zone.clone()));
    if moment.year() == at.year() { written(&moment, "%a %-d %b %H:%M %Z") } else { full(&moment) }
}

/// A time with its year: `Mon 30 Nov 2026 09:00 GMT`.
pub fn full(moment: &Zoned) -> String {
    written(moment, "%a %-d %b %Y %H:%M %Z")
}

fn written(moment: &Zoned, form: &str) -> String {
    moment.strftime(form).to_string()
}

/// How long it is, in its two largest units: `3 h 20 min`.
pub fn how_long(duration: SignedDuration) -> String {
    let minutes = duration.as_mins().max(0);
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let days_in_words = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".into(),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (1..14, 1.., _) => format!("{days_in_words} {hours} h"),
        _ => days_in_words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> TimeZone {
        ::oncall::rota::zone("Europe/London").unwrap()
    }

    #[test]
    fn a_time_is_a_moment_or_what_the_schedules_clock_shows() {
        for (text, moment) in [
            ("2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z"),
            ("2026-07-01T09:00+02:00", "2026-07-01T07:00:00Z"),
            ("2026-07-01 09:00", "2026-07-01T08:00:00Z"),
            ("2026-07-01T09:00", "2026-07-01T08:00:00Z"),
            ("2026-03-29 01:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25 01:30", "2026-10-25T00:30:00Z"),
        ] {
            let read: When = text.parse().unwrap();
            assert_eq!(read.moment(&london()).unwrap().to_string(), moment, "{text}");
        }
        assert!("tomorrow".parse::<When>().is_err());
    }

    #[test]
    fn a_time_is_told_by_the_clock_of_the_schedule() {
        let at = "2026-06-01T00:00:00Z".parse().unwrap();
        let told = |text: &str| time(text.parse().unwrap(), at, &london());
        assert_eq!(told("2026-11-30T09:00:00Z"), "Mon 30 Nov 09:00 GMT");
        assert_eq!(told("2026-06-02T09:00:00Z"), "Tue 2 Jun 10:00 BST");
        assert_eq!(told("2027-01-04T09:00:00Z"), "Mon 4 Jan 2027 09:00 GMT");
    }

    #[test]
    fn how_long_something_takes_is_told_in_its_two_largest_units() {
        for (minutes, told) in [
            (0, "less than a minute"),
            (59, "59 min"),
            (60, "1 h"),
            (200, "3 h 20 min"),
            (1440, "1 day"),
            (1500, "1 day 1 h"),
            (3000, "2 days 2 h"),
            (1440 * 20 + 70, "20 days"),
        ] {
            assert_eq!(how_long(SignedDuration::from_mins(minutes)), told);
        }
    }
}
