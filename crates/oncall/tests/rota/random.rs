//! Random schedules, the same in every run.

use std::ops::Range;
use std::time::Duration;

use base::Time;
use oncall::rota::{
    Handover, IntervalType, Override, Rotation, Schedule, SchedulingMode, Version, Weekday, WorkingInterval,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed};

use crate::{id, the_zone};

pub const ZONES: [&str; 7] = [
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Pacific/Apia",
];

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const MONTH: i64 = 30 * 86_400_000_000;

pub fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20_240_331), ..Config::default() }
}

/// A schedule, its overrides, and a window in which something happens.
#[derive(Clone, Debug)]
pub struct Case {
    pub schedule: Schedule,
    pub overrides: Vec<Override>,
    pub window: Range<Time>,
}

impl Case {
    /// So many parts of 1000 after the window's beginning.
    pub fn moment(&self, parts: u64) -> Time {
        let length = self.window.end.since(self.window.start);
        self.window.start + Duration::from_micros(length.as_micros() as u64 / 1000 * parts)
    }
}

/// Zones that change their clocks by an hour, half an hour or two hours, in either half of the
/// year, or once in a while; and those that don't.
fn zones() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => select(&ZONES[..]), 1 => select(&["Antarctica/Troll", "Asia/Kathmandu", "UTC"][..])]
}

pub fn times() -> impl Strategy<Value = Time> {
    // 2018 to 2039, to the quarter of an hour or to the microsecond.
    let quarter = (0..22 * 366 * 96_u64).prop_map(|quarter| quarter * HOUR / 4 * 1_000_000);
    let micros = prop_oneof![3 => quarter, 1 => 0..22 * 366 * DAY * 1_000_000];
    micros.prop_map(|micros| "2018-01-01T00:00:00Z".parse::<Time>().unwrap() + Duration::from_micros(micros))
}

pub fn handovers() -> impl Strategy<Value = Vec<Handover>> {
    let hourly = select(&[1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 36, 48][..]);
    let handover = prop_oneof![
        hourly.prop_map(|interval| Handover { interval, interval_type: IntervalType::Hourly }),
        (0..=6_u32).prop_map(|interval| Handover { interval, interval_type: IntervalType::Daily }),
        (1..=2_u32).prop_map(|interval| Handover { interval, interval_type: IntervalType::Weekly }),
    ];
    prop_oneof![3 => vec(handover.clone(), 1..=1), 3 => vec(handover, 2..=4), 1 => Just(Vec::new())]
}

fn working_intervals() -> impl Strategy<Value = Vec<WorkingInterval>> {
    let hour =
        (0..24_i8, select(&[0_i8, 0, 0, 30][..])).prop_map(|(hour, minute)| jiff::civil::time(hour, minute, 0, 0));
    let interval = (select(Weekday::ALL), hour.clone(), hour);
    let interval =
        interval.prop_map(|(weekday, start_time, end_time)| WorkingInterval { weekday, start_time, end_time });
    let days = (1..7_usize, 0..24_i8).prop_map(|(days, hour)| {
        let time = jiff::civil::time(hour, 0, 0, 0);
        let interval = |weekday: &Weekday| WorkingInterval { weekday: *weekday, start_time: time, end_time: time };
        Weekday::ALL.iter().take(days).map(interval).collect()
    });
    prop_oneof![4 => Just(Vec::new()), 4 => vec(interval, 1..6), 1 => days]
}

pub fn versions() -> impl Strategy<Value = Version> {
    let mode = select(SchedulingMode::ALL);
    let users = prop_oneof![1 => 0..1_u128, 20 => 1..8_u128];
    (times(), handovers(), users, 0..3_u128, 1..=3_u128, mode, working_intervals()).prop_map(
        |(handover_start_at, handovers, users, first, layers, scheduling_mode, working_intervals)| Version {
            effective_from: None,
            handover_start_at,
            handovers,
            users: (0..users).map(|number| id(100 + first + number)).collect(),
            layers: (0..layers).map(|number| id(10 + first + number)).collect(),
            scheduling_mode,
            working_intervals,
        },
    )
}

/// One to three versions, which take effect one after the other.
fn rotations() -> impl Strategy<Value = Vec<Version>> {
    (vec(versions(), 1..=3), vec(0..60 * DAY, 2)).prop_map(|(mut versions, waits)| {
        for i in 1..versions.len() {
            let before = versions[i - 1].effective_from.unwrap_or(versions[0].handover_start_at);
            versions[i].effective_from = Some(before + Duration::from_secs(waits[i - 1]));
        }
        versions
    })
}

/// Brings what happens years apart near `start`.
fn bring_near(versions: &mut [Version], start: Time) {
    let near = |time: Time| start + Duration::from_micros((time.microseconds() % MONTH) as u64);
    let first = versions[0].handover_start_at;
    for version in versions {
        version.handover_start_at = near(version.handover_start_at);
        version.effective_from = version.effective_from.map(|from| start + from.since(first));
    }
}

fn overrides() -> impl Strategy<Value = Vec<(u128, u128, u64, u64)>> {
    vec((1..=2_u128, 10..14_u128, 0..1000_u64, 0..300_u64), 0..5)
}

/// Cases whose windows begin up to `turns` shifts after the anchor and hold up to about twenty.
pub fn cases(turns: u32) -> impl Strategy<Value = Case> {
    let window = (0..turns, 1..20_u32, 0..1000_u32);
    let rotations = vec(rotations(), 1..=2);
    (zones(), times(), rotations, window, overrides()).prop_map(|(zone, start, mut rotations, window, overrides)| {
        rotations.iter_mut().for_each(|versions| bring_near(versions, start));
        let turn = rotations.iter().flatten().map(|version| average_turn(&version.handovers)).min().unwrap_or(DAY);
        let turn = Duration::from_secs(turn);
        let (begin, shifts, part) = window;
        let begin = start + turn * begin + turn * part / 1000;
        let mut case = Case {
            schedule: Schedule {
                zone: the_zone(zone),
                rotations: (1..)
                    .zip(rotations)
                    .map(|(number, versions)| Rotation { id: id(number), versions })
                    .collect(),
            },
            overrides: Vec::new(),
            window: begin..begin + turn * shifts,
        };
        let overrides = (1..).zip(overrides).map(|(number, (rotation, layer, start, length))| Override {
            id: id(number),
            rotation: id(rotation),
            layer: id(layer),
            start_at: case.moment(start),
            end_at: case.moment(start + length),
            user: id(200 + number),
        });
        case.overrides = overrides.collect();
        case
    })
}

/// In seconds.
fn average_turn(handovers: &[Handover]) -> u64 {
    let seconds = handovers.iter().map(|handover| {
        let unit = match handover.interval_type {
            IntervalType::Hourly => HOUR,
            IntervalType::Daily => DAY,
            IntervalType::Weekly => 7 * DAY,
        };
        unit * u64::from(handover.interval.max(1))
    });
    if handovers.is_empty() { DAY } else { seconds.sum::<u64>() / handovers.len() as u64 }
}
