//! Who is on call, and when: by examples, by what has to hold for any schedule, and by comparison with
//! a slow model.

mod clock_changes;
mod examples;
mod model;
mod properties;
mod random;

use base::{AnyId, Id, Time};
use jiff::tz::TimeZone;
use oncall::rota::{
    Handover, IntervalType, Layer, Override, Rotation, SchedulingMode, Shift, Version, Weekday, WorkingInterval, zone,
};

fn id<T>(number: u128) -> Id<T> {
    Id::constant(number)
}

/// Users by their first letters.
fn user(name: &str) -> AnyId {
    id(name.bytes().next().unwrap().into())
}

fn name(user: AnyId) -> &'static str {
    let names = ["Ada", "Bo", "Cy", "Dee", "Eve"];
    names.into_iter().find(|name| self::user(name) == user).unwrap()
}

fn the_zone(name: &str) -> TimeZone {
    zone(name).unwrap_or_else(|| panic!("no zone {name}"))
}

/// The moment when the clock in `zone` shows `reading`, `2024-03-31 09:00`.
fn at(zone: &TimeZone, reading: &str) -> Time {
    let shown: jiff::civil::DateTime = reading.parse().unwrap();
    time(zone.to_ambiguous_timestamp(shown).unambiguous().unwrap())
}

fn time(moment: jiff::Timestamp) -> Time {
    Time::from_microseconds(moment.as_microsecond()).unwrap()
}

fn moment(time: Time) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(time.microseconds()).unwrap()
}

/// `Ada Sun 2024-03-31 09:00 +01 … Mon 2024-04-01 09:00 +01`
fn line(zone: &TimeZone, shift: &Shift) -> String {
    let show = |time| moment(time).to_zoned(zone.clone()).strftime("%a %F %R").to_string();
    format!("{} {} … {}", name(shift.user), show(shift.start_at), show(shift.end_at))
}

fn lines(zone: &TimeZone, shifts: &[Shift]) -> Vec<String> {
    shifts.iter().map(|shift| line(zone, shift)).collect()
}

fn every(interval: u32, interval_type: IntervalType) -> Handover {
    Handover { interval, interval_type }
}

fn working(weekday: Weekday, start: &str, end: &str) -> WorkingInterval {
    WorkingInterval { weekday, start_time: start.parse().unwrap(), end_time: end.parse().unwrap() }
}

/// Round robin of one layer, always on call.
fn version(handover_start_at: Time, handovers: &[Handover], users: &[&str]) -> Version {
    Version {
        effective_from: None,
        handover_start_at,
        handovers: handovers.to_vec(),
        users: users.iter().map(|name| user(name)).collect(),
        layers: vec![id(1)],
        scheduling_mode: SchedulingMode::Sequential,
        working_intervals: Vec::new(),
    }
}

fn rotation(versions: Vec<Version>) -> Rotation {
    Rotation { id: id(1), versions }
}

/// Of the first layer of the first rotation.
fn cover(number: u128, start_at: Time, end_at: Time, name: &str) -> Override {
    let (rotation, layer): (Id<Rotation>, Id<Layer>) = (id(1), id(1));
    Override { id: id(number), rotation, layer, start_at, end_at, user: user(name) }
}
