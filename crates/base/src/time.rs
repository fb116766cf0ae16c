//! Moments, as the platform stores and shows them.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC, to the microsecond. Its one text form is RFC 3339 of fixed width,
/// `2021-08-17T13:28:57.801578Z`, so that text sorts as time does, in a database too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

impl Time {
    /// The moment so many microseconds after 1970 began; `None` outside the years 0 to 9999.
    pub fn from_microseconds(microseconds: i64) -> Option<Self> {
        let moment = Timestamp::from_microsecond(microseconds).ok()?;
        (0..=9999).contains(&moment.to_zoned(TimeZone::UTC).year()).then_some(Self(moment))
    }

    /// Microseconds since 1970 began.
    pub fn microseconds(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Milliseconds since 1970 began, as an [`Id`](crate::Id) holds them; 0 for earlier moments.
    pub fn milliseconds(self) -> u64 {
        self.0.as_millisecond().try_into().unwrap_or(0)
    }

    /// Whole seconds since 1970 began.
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The day that it is in a time zone.
    pub fn date_in(self, zone: &TimeZone) -> Date {
        self.0.to_zoned(zone.clone()).date()
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.microseconds() - earlier.microseconds()).unwrap_or(0))
    }

    /// Reads a moment, or a date alone as its first instant in UTC.
    pub fn from_moment_or_date(text: &str) -> Result<Self, &'static str> {
        text.parse().or_else(|_| format!("{text}T00:00:00Z").parse())
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Ends at the last representable moment rather than overflow.
    fn add(self, duration: Duration) -> Self {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_microseconds(self.microseconds().saturating_add(microseconds)).unwrap_or(self)
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_microseconds(self.microseconds().saturating_sub(microseconds)).unwrap_or(self)
    }
}

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const REFUSAL: &str = "is not an RFC 3339 timestamp";
        // Clients written with chrono put a space before the offset: `2024-03-01 12:00:00 +00:00`, or `UTC`.
        let spaced = || {
            text.strip_suffix(" UTC")
                .map_or_else(|| text.replace(" +", "+").replace(" -", "-"), |time| format!("{time}Z"))
        };
        let moment: Timestamp = text.parse().or_else(|_| spaced().parse()).map_err(|_| REFUSAL)?;
        Self::from_microseconds(moment.as_microsecond()).ok_or(REFUSAL)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(27);
        PRINTER.print_timestamp(&self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_one_width_and_sorts_as_time() {
        let whole: Time = "2024-03-01T12:00:00Z".parse().unwrap();
        let fraction: Time = "2024-03-01T13:00:00.5+01:00".parse().unwrap();
        assert_eq!(whole.to_string(), "2024-03-01T12:00:00.000000Z");
        assert_eq!(fraction.to_string(), "2024-03-01T12:00:00.500000Z");
        assert!(whole < fraction && whole.to_string() < fraction.to_string());
        for spaced in ["2024-03-01 12:00:00 +00:00", "2024-03-01 12:00:00 UTC", "2024-03-01 04:00:00 -08:00"] {
            assert_eq!(spaced.parse(), Ok(whole));
        }
    }

    #[test]
    fn years_that_would_break_the_width_are_refused() {
        assert!("-000001-01-01T00:00:00Z".parse::<Time>().is_err());
        assert!("soon".parse::<Time>().is_err());
    }

    #[test]
    fn a_date_alone_is_its_first_instant() {
        assert_eq!(Time::from_moment_or_date("2024-12-02").unwrap().to_string(), "2024-12-02T00:00:00.000000Z");
    }

    #[test]
    fn arithmetic_stays_in_range() {
        let time: Time = "2024-03-01T12:00:00Z".parse().unwrap();
        assert_eq!((time + Duration::from_secs(60)).since(time), Duration::from_secs(60));
        assert_eq!(time.since(time + Duration::from_secs(60)), Duration::ZERO);
    }
}
