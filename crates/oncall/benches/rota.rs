//! How long the rota takes, on a schedule of ten rotations with fifty users each that began twenty
//! years ago: `cargo bench -p wardroom-oncall`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use base::{Id, Time};
use oncall::rota::{
    Handover, IntervalType, Override, Rotation, Schedule, SchedulingMode, Version, Weekday, WorkingInterval, entries,
    on_call_at, zone,
};

const DAY: Duration = Duration::from_secs(86_400);

fn main() {
    let weekly: &[_] = &[(1, IntervalType::Weekly)];
    let twelve_hours: &[_] = &[(12, IntervalType::Hourly)];
    let hourly: &[_] = &[(1, IntervalType::Hourly)];
    let uneven: &[_] = &[(5, IntervalType::Daily), (2, IntervalType::Daily)];
    let elapsed: &[_] = &[(5, IntervalType::Hourly)];
    for (name, handovers, office_hours) in [
        ("weekly", weekly, false),
        ("weekly in office hours", weekly, true),
        ("every 12 hours", twelve_hours, false),
        ("5 and 2 days in turn, fair", uneven, false),
        ("every 5 hours", elapsed, false),
        ("hourly in office hours", hourly, true),
        ("hourly", hourly, false),
    ] {
        let schedule = schedule(handovers, office_hours);
        let overrides = overrides();
        let now: Time = "2024-07-03T12:34:56Z".parse().unwrap();
        let in_a_year = now + DAY * 365;
        let shifts = entries(&schedule, &overrides, now..in_a_year).r#final.len();
        let now_takes = fastest(1000, || on_call_at(&schedule, &[], now).len());
        let with_overrides = fastest(1000, || on_call_at(&schedule, &overrides, now).len());
        let year_takes = fastest(3, || entries(&schedule, &overrides, now..in_a_year).r#final.len());
        println!("{name:<28} on call now {now_takes:>8.2?}, with {} overrides {with_overrides:>8.2?}", overrides.len());
        println!("{:<28} a year of {shifts} shifts {year_takes:>8.2?}", "");
    }
}

fn id<T>(number: u128) -> Id<T> {
    Id::constant(number)
}

fn schedule(handovers: &[(u32, IntervalType)], office_hours: bool) -> Schedule {
    let days = if office_hours { &Weekday::ALL[..5] } else { &[] };
    let interval = |weekday: &Weekday| WorkingInterval {
        weekday: *weekday,
        start_time: jiff::civil::time(9, 0, 0, 0),
        end_time: jiff::civil::time(17, 0, 0, 0),
    };
    let handovers = handovers
        .iter()
        .map(|(interval, interval_type)| Handover { interval: *interval, interval_type: *interval_type });
    let version = Version {
        effective_from: None,
        handover_start_at: "2004-07-01T09:00:00Z".parse().unwrap(),
        handovers: handovers.collect(),
        users: (0..50).map(id).collect(),
        layers: vec![id(1)],
        scheduling_mode: SchedulingMode::Fair,
        working_intervals: days.iter().map(interval).collect(),
    };
    let rotation = |number| Rotation { id: id(number), versions: vec![version.clone()] };
    Schedule { zone: zone("Europe/London").unwrap(), rotations: (0..10).map(rotation).collect() }
}

/// A day each, one a week for the first rotation.
fn overrides() -> Vec<Override> {
    let start: Time = "2024-07-03T00:00:00Z".parse().unwrap();
    let one = |week: u32| Override {
        id: id(week.into()),
        rotation: id(0),
        layer: id(1),
        start_at: start + DAY * 7 * week,
        end_at: start + DAY * 7 * week + DAY,
        user: id(99),
    };
    (0..50).map(one).collect()
}

/// The fastest of ten times `rounds` runs: what it takes when nothing else gets in the way.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn fastest(rounds: u32, run: impl Fn() -> usize) -> Duration {
    let times = (0..10).map(|_| {
        let start = Instant::now();
        (0..rounds).for_each(|_| {
            black_box(run());
        });
        start.elapsed() / rounds
    });
    times.min().unwrap_or_default()
}
