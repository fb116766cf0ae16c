//! The rota again, slow and obvious: from handover to handover since the anchor, and moment by moment.

use base::{AnyId, Id, Time};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use oncall::rota::{
    IntervalType, Layer, Override, Reason, Rotation, Schedule, SchedulingMode, Version, WorkingInterval,
};

use crate::moment;

/// What one layer does at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    pub rotation: Id<Rotation>,
    pub layer: Id<Layer>,
    pub user: AnyId,
    pub reason: Reason,
    /// The number of the turn.
    pub turn: Option<usize>,
}

/// The turns of every version until some moment.
pub struct Model<'a> {
    schedule: &'a Schedule,
    overrides: &'a [Override],
    turns: Vec<Vec<Vec<Turn>>>,
}

struct Turn {
    start: Timestamp,
    end: Timestamp,
    user: usize,
}

impl<'a> Model<'a> {
    pub fn new(schedule: &'a Schedule, overrides: &'a [Override], until: Time) -> Self {
        let versions = |rotation: &Rotation| {
            rotation.versions.iter().map(|version| turns(version, &schedule.zone, moment(until))).collect()
        };
        Self { schedule, overrides, turns: schedule.rotations.iter().map(versions).collect() }
    }

    /// Who is on call at `time`, overrides apart.
    pub fn scheduled(&self, time: Time) -> Vec<Duty> {
        self.layers().filter_map(|(rotation, layer)| self.turn(rotation, layer, time)).collect()
    }

    /// Who is on call at `time`.
    pub fn on_call(&self, time: Time) -> Vec<Duty> {
        let duty = |(index, layer): (usize, Id<Layer>)| {
            let rotation = self.schedule.rotations[index].id;
            let covers = |cover: &&Override| {
                cover.rotation == rotation && cover.layer == layer && cover.start_at <= time && time < cover.end_at
            };
            match self.overrides.iter().rfind(covers) {
                None => self.turn(index, layer, time),
                Some(Override { id, user, .. }) => {
                    Some(Duty { rotation, layer, user: *user, reason: Reason::Override(*id), turn: None })
                }
            }
        };
        self.layers().filter_map(duty).collect()
    }

    fn layers(&self) -> impl Iterator<Item = (usize, Id<Layer>)> {
        self.schedule.rotations.iter().enumerate().flat_map(|(index, rotation)| {
            let mut layers: Vec<Id<Layer>> = Vec::new();
            for layer in rotation.versions.iter().flat_map(|version| &version.layers) {
                if !layers.contains(layer) {
                    layers.push(*layer);
                }
            }
            layers.into_iter().map(move |layer| (index, layer))
        })
    }

    fn turn(&self, index: usize, layer: Id<Layer>, time: Time) -> Option<Duty> {
        let rotation = &self.schedule.rotations[index];
        let applies = |version: &Version| version.effective_from.is_none_or(|from| from <= time);
        let number = rotation.versions.iter().rposition(applies)?;
        let version = &rotation.versions[number];
        let place = version.layers.iter().position(|candidate| *candidate == layer)?;
        let now = moment(time);
        let turn = self.turns[index][number].iter().position(|turn| turn.start <= now && now < turn.end)?;
        let reason = Reason::Turn { effective_from: version.effective_from };
        let user = version.users[(self.turns[index][number][turn].user + place) % version.users.len()];
        let duty = Duty { rotation: rotation.id, layer, user, reason, turn: Some(turn) };
        works(&version.working_intervals, &self.schedule.zone, now).then_some(duty)
    }
}

/// One turn after the other, from the anchor on.
fn turns(version: &Version, zone: &TimeZone, until: Timestamp) -> Vec<Turn> {
    let mut turns = Vec::new();
    let (Some(_), Some(_)) = (version.users.first(), version.handovers.first()) else { return turns };
    let on_the_clock = stays_on_the_clock(version);
    let mut start = moment(version.handover_start_at);
    let mut shown = zone.to_datetime(start);
    let mut user = 0;
    while start <= until {
        let handover = version.handovers[turns.len() % version.handovers.len()];
        let interval = i64::from(handover.interval.max(1));
        let end = if on_the_clock {
            shown = match handover.interval_type {
                IntervalType::Hourly => shown + interval.hours(),
                IntervalType::Daily => shown + interval.days(),
                IntervalType::Weekly => shown + interval.weeks(),
            };
            first(zone, shown).max(start)
        } else {
            start + interval.hours()
        };
        turns.push(Turn { start, end, user });
        start = end;
        user += 1;
        if begins_a_round(turns.len(), version) {
            user += 1;
        }
        user %= version.users.len();
    }
    turns
}

fn hours(version: &Version) -> Vec<u32> {
    let hours = version.handovers.iter().map(|handover| {
        let unit = match handover.interval_type {
            IntervalType::Hourly => 1,
            IntervalType::Daily => 24,
            IntervalType::Weekly => 168,
        };
        unit * handover.interval.max(1)
    });
    hours.collect()
}

fn stays_on_the_clock(version: &Version) -> bool {
    let cycle: u32 = hours(version).iter().sum();
    let hourly = version.handovers.iter().all(|handover| handover.interval_type == IntervalType::Hourly);
    !hourly || 24 % cycle == 0 || cycle.is_multiple_of(24)
}

/// Whether everyone comes back to the length that they began with, in a fair rotation where that
/// happens before everyone has had every length.
fn begins_a_round(turn: usize, version: &Version) -> bool {
    let (users, lengths) = (version.users.len(), hours(version));
    let repeats = |period: usize| (period..lengths.len()).all(|i| lengths[i] == lengths[i % period]);
    let dividing = (1..=lengths.len()).filter(|period| lengths.len() % period == 0);
    let period = dividing.filter(|period| repeats(*period)).min().unwrap();
    let round = (1..).find(|turn| turn % users == 0 && turn % period == 0).unwrap();
    version.scheduling_mode == SchedulingMode::Fair && round < users * period && turn.is_multiple_of(round)
}

/// Whether `now` is in any of `intervals`.
pub fn works(intervals: &[WorkingInterval], zone: &TimeZone, now: Timestamp) -> bool {
    let today = zone.to_datetime(now).date();
    let days = || (-2..=1).map(|days| today + days.days());
    let in_one = |interval: &WorkingInterval| {
        days().filter(|day| i64::from(day.weekday().to_monday_zero_offset()) == interval.weekday as i64).any(|day| {
            let last_day = if interval.end_time <= interval.start_time { day + 1.day() } else { day };
            first(zone, day.to_datetime(interval.start_time)) <= now
                && now < first(zone, last_day.to_datetime(interval.end_time))
        })
    };
    intervals.is_empty() || intervals.iter().any(in_one)
}

/// When the clock shows `shown` for the first time; just after the gap, if it skips that.
pub fn first(zone: &TimeZone, shown: DateTime) -> Timestamp {
    let moment = zone.to_ambiguous_timestamp(shown).compatible().unwrap();
    if zone.to_datetime(moment) == shown {
        return moment;
    }
    let mut minute = Timestamp::from_second(moment.as_second().div_euclid(60) * 60).unwrap();
    while zone.to_datetime(minute - 1.minute()) > shown {
        minute -= 1.minute();
    }
    minute
}
