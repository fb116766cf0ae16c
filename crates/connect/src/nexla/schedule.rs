//! When a pipe runs by itself: a cron expression, by the clocks of a time zone.

use base::{Error, Result, Time};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A cron expression in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads an expression of five fields (`*/15 * * * *`, `@daily`) and the name of a time zone.
    ///
    /// # Errors
    /// Why it can't be read, with the field: `schedule` or `time_zone`.
    pub fn parse(cron: &str, zone: &str) -> Result<Self> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let problem = |error| Error::invalid("schedule", format!("is no cron expression of five fields: {error}"));
        let cron = parser.parse(cron).map_err(problem)?;
        let zone =
            TimeZone::get(zone).map_err(|_| Error::invalid("time_zone", format!("there is no time zone {zone}")))?;
        Ok(Self { cron, zone })
    }

    /// The next moment after `after`; `None` where there is none for years.
    pub fn next_run(&self, after: Time) -> Option<Time> {
        let after = Timestamp::from_microsecond(after.microseconds()).ok()?.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Time::from_microseconds(next.timestamp().as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, zone: &str, after: &str) -> String {
        Schedule::parse(cron, zone).unwrap().next_run(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn the_next_run_is_by_the_clocks_of_the_time_zone() {
        assert_eq!(next("*/15 * * * *", "UTC", "2026-03-02T09:00:00Z"), "2026-03-02T09:15:00.000000Z");
        assert_eq!(next("0 9 * * 1-5", "Europe/Berlin", "2026-03-27T12:00:00Z"), "2026-03-30T07:00:00.000000Z");
        assert_eq!(next("0 9 * * 1-5", "Europe/Berlin", "2026-03-26T12:00:00Z"), "2026-03-27T08:00:00.000000Z");
        assert_eq!(next("@daily", "America/New_York", "2026-07-01T12:00:00Z"), "2026-07-02T04:00:00.000000Z");
    }

    #[test]
    fn a_schedule_that_makes_no_sense_is_refused_with_its_field() {
        for (cron, zone, field) in [
            ("every day", "UTC", "schedule"),
            ("* * * * * *", "UTC", "schedule"),
            ("0 9 * * *", "Moon/Base", "time_zone"),
        ] {
            assert_eq!(Schedule::parse(cron, zone).unwrap_err().problems()[0].pointer, field, "{cron} {zone}");
        }
        let never = Schedule::parse("0 0 30 2 *", "UTC").unwrap();
        assert_eq!(never.next_run("2026-03-02T09:00:00Z".parse().unwrap()), None);
    }
}
