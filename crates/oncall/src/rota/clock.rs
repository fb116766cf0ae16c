//! The clock on the wall: what it shows at an instant, and when it first shows something.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneTransition};

/// A moment: microseconds since 1970 began in UTC.
pub type Instant = i64;

/// What a clock shows, date and time: microseconds since it showed the beginning of 1970.
pub type Reading = i64;

/// The first moment that there is in `jiff`.
const FIRST: Instant = -377_705_023_201_000_000;
/// The last moment that there is: in `jiff`, and so of [`Time`](base::Time).
pub const LAST: Instant = 253_402_207_200_000_000;

/// A day on the clock, which may take more or less time than this to pass.
pub const DAY: Reading = 24 * HOUR;
/// An hour on the clock.
pub const HOUR: Reading = 3_600_000_000;
/// A week on the clock.
pub const WEEK: Reading = 7 * DAY;

/// The clock of a time zone.
///
/// Its two functions are each other's inverse as far as that is possible: at any instant `t`,
/// `first(r) <= t` exactly if the clock has shown `r` or later by `t`.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    zone: &'a TimeZone,
    /// How far the clock is ahead of UTC from one instant to another: what most questions are about,
    /// and answered without a look at the zone's history. It starts a day after a change, when no
    /// reading comes a second time any more.
    steady: (Instant, i64, Instant),
}

impl<'a> Clock<'a> {
    /// The clock that counts hours as they pass.
    pub const UTC: Self = Self { zone: const { &TimeZone::UTC }, steady: (Instant::MIN, 0, Instant::MAX) };

    /// The clock of `zone`, which answers fastest about the time around `instant`.
    pub fn near(zone: &'a TimeZone, instant: Instant) -> Self {
        let at = |change: TimeZoneTransition| change.timestamp().as_microsecond();
        let since = zone.preceding(timestamp(instant + 1)).next().map_or(Instant::MIN, |change| at(change) + DAY);
        let until = zone.following(timestamp(instant)).next().map_or(Instant::MAX, at);
        Self { zone, steady: (since, micros(zone.to_offset(timestamp(instant))), until) }
    }

    /// What the clock shows at `instant`.
    pub fn reading(self, instant: Instant) -> Reading {
        instant + self.steady_offset(instant).unwrap_or_else(|| micros(self.zone.to_offset(timestamp(instant))))
    }

    /// The first instant at which the clock shows `reading` or later. So a time that comes twice
    /// is taken the first time, and one that is skipped just after the gap.
    pub fn first(self, reading: Reading) -> Instant {
        let (_, offset, _) = self.steady;
        let instant = reading.saturating_sub(offset);
        self.steady_offset(instant).map_or_else(|| self.first_of_all(reading), |_| instant)
    }

    fn steady_offset(self, instant: Instant) -> Option<i64> {
        let (since, offset, until) = self.steady;
        (since..until).contains(&instant).then_some(offset)
    }

    fn first_of_all(self, reading: Reading) -> Instant {
        let shown = Offset::UTC.to_datetime(timestamp(reading));
        match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => reading.saturating_sub(micros(offset)),
            AmbiguousOffset::Fold { before, .. } => reading - micros(before),
            AmbiguousOffset::Gap { after, .. } => self.end_of_gap(reading - micros(after), after),
        }
    }

    /// When the clock was put forward to `after`: the first such moment after `earlier`.
    fn end_of_gap(self, earlier: Instant, after: Offset) -> Instant {
        let change = self.zone.following(timestamp(earlier)).find(|change| change.offset() == after);
        change.map_or(earlier, |change| change.timestamp().as_microsecond())
    }
}

fn micros(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * 1_000_000
}

/// The nearest there is.
fn timestamp(instant: Instant) -> Timestamp {
    Timestamp::from_microsecond(instant.clamp(FIRST, LAST)).unwrap_or_default()
}
