//! Turns: when a rotation hands over, and whose turn it is. Turn 0 begins at the anchor. All of it
//! is arithmetic on the turn's number, so a rotation that began long ago costs nothing more.

use std::ops::Range;

use super::clock::{Clock, DAY, HOUR, Instant, Reading, WEEK};
use super::{Handover, IntervalType, SchedulingMode, Version};

/// When turns change.
pub struct Turns<'a> {
    clock: Clock<'a>,
    anchor: Instant,
    /// What the clock shows at the anchor.
    first: Reading,
    /// How far the clock gets from the start of a cycle to the end of each of its turns.
    ends: Vec<Reading>,
}

impl<'a> Turns<'a> {
    /// The turns of `version`; `None` if it never hands over.
    pub fn of(version: &Version, clock: Clock<'a>) -> Option<Self> {
        let handovers = &version.handovers;
        let clock = if keep_to_the_clock(handovers) { clock } else { Clock::UTC };
        let ends = handovers.iter().scan(0, |end: &mut Reading, handover| {
            *end = end.saturating_add(length(handover));
            Some(*end)
        });
        let anchor = version.handover_start_at.microseconds();
        let turns = Self { clock, anchor, first: clock.reading(anchor), ends: ends.collect() };
        (!turns.ends.is_empty()).then_some(turns)
    }

    /// The turns that overlap `part`, with their numbers; none begins before the anchor.
    pub fn during(&self, part: Range<Instant>) -> impl Iterator<Item = (i64, Range<Instant>)> {
        let first = self.no_later_than(part.start);
        let mut start = self.start(first);
        let turns = (first..).map(move |number| {
            let turn = start..self.start(number + 1);
            start = turn.end;
            (number, turn)
        });
        let ahead = turns.skip_while(move |(_, turn)| turn.end <= part.start);
        ahead.take_while(move |(_, turn)| turn.start < part.end)
    }

    /// The turn that the clock's reading at `instant` is in: a turn at `instant` or, as a clock put
    /// back shows less than it has shown before, soon before it.
    fn no_later_than(&self, instant: Instant) -> i64 {
        let passed = (self.clock.reading(instant) - self.first).max(0);
        let (cycle, rest) = (passed / self.cycle(), passed % self.cycle());
        let turn = self.ends.partition_point(|end| *end <= rest);
        cycle * self.per_cycle() + turn as i64
    }

    /// When turn `number` begins and the one before it ends.
    fn start(&self, number: i64) -> Instant {
        let (cycle, turn) = (number / self.per_cycle(), number % self.per_cycle());
        let begun = if turn == 0 { 0 } else { self.ends[turn as usize - 1] };
        let passed = cycle.saturating_mul(self.cycle()).saturating_add(begun);
        self.clock.first(self.first.saturating_add(passed)).max(self.anchor)
    }

    fn per_cycle(&self) -> i64 {
        self.ends.len() as i64
    }

    fn cycle(&self) -> Reading {
        self.ends[self.ends.len() - 1]
    }
}

/// Whether handovers stay at their times of day when the clock changes: where there is a daily or
/// weekly one, and where the hours of a cycle come back to the same times: they divide a day, or
/// make whole days. Any other hours (every 5, say) are counted as they pass.
fn keep_to_the_clock(handovers: &[Handover]) -> bool {
    let cycle = handovers.iter().map(length).fold(0, Reading::saturating_add);
    handovers.iter().any(|handover| handover.interval_type != IntervalType::Hourly)
        || cycle % DAY == 0
        || DAY % cycle.max(1) == 0
}

/// How long a turn lasts that ends with `handover`, at least one interval.
fn length(handover: &Handover) -> Reading {
    let unit = match handover.interval_type {
        IntervalType::Hourly => HOUR,
        IntervalType::Daily => DAY,
        IntervalType::Weekly => WEEK,
    };
    unit.saturating_mul(handover.interval.max(1).into())
}

/// Who has each turn.
pub struct Order {
    users: i64,
    /// After so many turns everyone moves up by one; `None` if nobody ever does.
    round: Option<i64>,
}

impl Order {
    /// The order of `version`; `None` if nobody is in it.
    ///
    /// Round robin, [`Sequential`](SchedulingMode::Sequential), gives everyone every length of turn
    /// equally often unless the number of users and the number of lengths have a common divisor:
    /// four users who take two days and five days in turn would keep the length that they have.
    /// [`Fair`](SchedulingMode::Fair) is round robin, too, but each round (in which everyone comes
    /// back to the length that they began with) starts one user further on.
    pub fn of(version: &Version) -> Option<Self> {
        let users = version.users.len() as i64;
        let lengths = period(&version.handovers) as i64;
        let shared = greatest_common_divisor(users, lengths);
        let moves_up = version.scheduling_mode == SchedulingMode::Fair && shared > 1;
        (users > 0).then(|| Self { users, round: moves_up.then_some(users * lengths / shared) })
    }

    /// The place in the list of whom turn `number` puts on call.
    pub fn place(&self, number: i64) -> usize {
        let rounds = self.round.map_or(0, |round| number / round);
        ((number + rounds) % self.users) as usize
    }
}

/// After how many handovers their lengths repeat.
fn period(handovers: &[Handover]) -> usize {
    let count = handovers.len();
    let shifted = |period: usize| (0..count).map(move |i| &handovers[(i + period) % count]).map(length);
    (1..count).find(|period| shifted(*period).eq(shifted(0))).unwrap_or(count)
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
