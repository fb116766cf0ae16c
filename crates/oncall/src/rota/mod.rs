//! The rota: who is on call, and when.
//!
//! A pure function of a [`Schedule`], the overrides of its layers and a window; it asks no clock
//! and reads nothing. What it guarantees:
//!
//! - a shift is the same whatever window it is looked at through: it keeps its true start and end,
//!   and so its [`fingerprint`](Shift::fingerprint);
//! - within a layer of the final shifts nobody is on call together with another;
//! - the answer costs the same however long ago a rotation began;
//! - any configuration has an answer: where nobody or no handover is configured, nobody is on call.
//!
//! The rules are those of the public API, where its schemas `ScheduleRotationV2`,
//! `ScheduleRotationHandoverV2`, `ScheduleRotationWorkingIntervalV2` and `ScheduleEntryV2` state them.
//! Where they are silent the rule is ours, and stated at what it is about: which hours keep to the
//! clock and what a change of it skips or repeats ([`Handover`]), what is fair ([`SchedulingMode`]),
//! and which override wins ([`Entries`]).
//!
//! | module      | what it is                                                  |
//! |-------------|-------------------------------------------------------------|
//! | `clock`     | what the clock on the wall shows when, across its changes    |
//! | `turns`     | when a rotation hands over, and whose turn it is             |
//! | `hours`     | the working hours of a week                                  |
//! | `overrides` | laying one shift over others                                |

mod clock;
mod hours;
mod overrides;
mod turns;

use std::ops::Range;
use std::time::Duration;

use base::{AnyId, Id, Time};
use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use sha2::{Digest, Sha256};

use clock::{Clock, Instant, LAST};
use hours::working_hours;
use turns::{Order, Turns};

/// What decides who is on call, overrides apart.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Whose clock handovers and working hours go by; see [`zone`].
    pub zone: TimeZone,
    /// The rotations, all of them on call at the same time.
    pub rotations: Vec<Rotation>,
}

/// People who take turns; what it says changes from version to version.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Which one.
    pub id: Id<Rotation>,
    /// In the order in which they take effect: each until the next one does.
    pub versions: Vec<Version>,
}

/// How a rotation works from some moment on.
#[derive(Clone, Debug)]
pub struct Version {
    /// From when on; the first version of a rotation has applied ever since.
    pub effective_from: Option<Time>,
    /// The anchor: the first user's first shift begins then, and before it nobody is on call.
    pub handover_start_at: Time,
    /// How long shifts are, in turn.
    pub handovers: Vec<Handover>,
    /// Who takes shifts, in order.
    pub users: Vec<AnyId>,
    /// One for each who is on call at once; each is one user further on than the layer before.
    pub layers: Vec<Id<Layer>>,
    /// In which order shifts of unequal length go round.
    pub scheduling_mode: SchedulingMode,
    /// When anybody is on call; always, if there are none.
    pub working_intervals: Vec<WorkingInterval>,
}

/// A place in a rotation that one person at a time is on call for. Only its ID matters here.
pub enum Layer {}

/// How long a shift lasts.
///
/// Handovers keep to the clock on the wall: one at 09:00 is at 09:00 on both sides of a change to
/// summer time. A time that is skipped by such a change is taken just after the gap, one that comes
/// twice the first time. Hours keep to the clock, too, where they come back to the same times of
/// day: where those of a cycle divide a day or make whole days, and beside a daily or weekly
/// handover. Any other hours are counted as they pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// How many hours, days or weeks; none counts as one.
    pub interval: u32,
    /// Which of these.
    pub interval_type: IntervalType,
}

base::words! {
    /// What intervals between handovers are counted in.
    pub enum IntervalType {
        /// In hours.
        Hourly = "hourly",
        /// In days.
        Daily = "daily",
        /// In weeks.
        Weekly = "weekly",
    }
}

base::words! {
    /// How shifts go round. It matters only where they are of unequal length.
    pub enum SchedulingMode {
        /// Everybody gets every length of shift equally often: where plain round robin would bring
        /// each user the same lengths again, every round starts one user further on. A round is the
        /// least common multiple of the number of users and the number of handovers until their
        /// lengths repeat; as many rounds as these two have as their greatest common divisor even out.
        Fair = "fair",
        /// Round robin.
        Sequential = "sequential",
    }
}

/// Hours of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingInterval {
    /// The day on which it starts.
    pub weekday: Weekday,
    /// When it starts.
    pub start_time: civil::Time,
    /// When it ends: the day after, unless this is later in the day than the start.
    pub end_time: civil::Time,
}

base::words! {
    /// The days of the week.
    pub enum Weekday {
        /// The first.
        Monday = "monday",
        /// The second.
        Tuesday = "tuesday",
        /// The third.
        Wednesday = "wednesday",
        /// The fourth.
        Thursday = "thursday",
        /// The fifth.
        Friday = "friday",
        /// The sixth.
        Saturday = "saturday",
        /// The seventh.
        Sunday = "sunday",
    }
}

/// Someone takes a layer for a while, whoever's turn it is, in and out of working hours.
#[derive(Clone, Debug)]
pub struct Override {
    /// Which one.
    pub id: Id<Override>,
    /// The rotation that it is in.
    pub rotation: Id<Rotation>,
    /// The layer of the rotation. An override of a layer that no version has counts for nothing.
    pub layer: Id<Layer>,
    /// The first moment.
    pub start_at: Time,
    /// The first moment after it.
    pub end_at: Time,
    /// Who is on call instead.
    pub user: AnyId,
}

/// Someone is on call for a layer, without a break and without a handover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The rotation.
    pub rotation: Id<Rotation>,
    /// The layer of the rotation.
    pub layer: Id<Layer>,
    /// What puts them on call.
    pub reason: Reason,
    /// The first moment.
    pub start_at: Time,
    /// The first moment after it.
    pub end_at: Time,
    /// Who is on call.
    pub user: AnyId,
}

/// What puts someone on call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is their turn, by the version of the rotation that took effect then.
    Turn {
        /// When the version took effect.
        effective_from: Option<Time>,
    },
    /// An override.
    Override(Id<Override>),
}

impl Shift {
    /// What identifies the shift: the same in every answer, as long as who is on call from when, and
    /// for what, stays the same.
    pub fn fingerprint(&self) -> AnyId {
        let text = format!("{} {} {} {}", self.rotation, self.layer, self.start_at, self.user);
        AnyId::of_digest(&Sha256::digest(text))
    }

    /// Whether this is the same person on call for the same place by the same reason as in `other`.
    pub fn is_same_turn(&self, other: &Self) -> bool {
        (self.rotation, self.layer, self.reason, self.user) == (other.rotation, other.layer, other.reason, other.user)
    }

    fn overlaps(&self, window: &Range<Time>) -> bool {
        self.start_at.max(window.start) < self.end_at.min(window.end)
    }
}

/// The shifts that overlap a window, each list by start, then in the order of rotations and layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// By the rotations alone.
    pub scheduled: Vec<Shift>,
    /// By the overrides alone, as they were asked for.
    pub overrides: Vec<Shift>,
    /// Who really is on call: what an override covers is cut out of what the rotations say, and of
    /// the overrides before it in the list.
    pub r#final: Vec<Shift>,
}

/// The time zone with an IANA name, from the database that is part of the program.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// Who is on call for `schedule` in `window`, whose end is not part of it.
pub fn entries(schedule: &Schedule, overrides: &[Override], window: Range<Time>) -> Entries {
    let mut entries = Entries::default();
    for (rotation, layer, scheduled) in layers(schedule, &window) {
        let covers = covers(overrides, rotation, layer);
        entries.overrides.extend(covers.clone().filter(|cover| cover.overlaps(&window)));
        entries.r#final.extend(overrides::applied(scheduled.clone(), covers, &window));
        entries.scheduled.extend(scheduled);
    }
    for list in [&mut entries.scheduled, &mut entries.overrides, &mut entries.r#final] {
        list.sort_by_key(|shift| shift.start_at);
    }
    entries
}

/// Who is on call for `schedule` at `instant`, in the order of rotations and layers.
pub fn on_call_at(schedule: &Schedule, overrides: &[Override], instant: Time) -> Vec<Shift> {
    let window = instant..instant + Duration::from_micros(1);
    let layers = layers(schedule, &window);
    let on_call = layers.flat_map(|(rotation, layer, scheduled)| {
        overrides::applied(scheduled, covers(overrides, rotation, layer), &window)
    });
    on_call.collect()
}

/// Every layer of every rotation, with those of its scheduled shifts that overlap `window`.
fn layers<'a>(
    schedule: &'a Schedule,
    window: &'a Range<Time>,
) -> impl Iterator<Item = (Id<Rotation>, Id<Layer>, Vec<Shift>)> + 'a {
    let clock = Clock::near(&schedule.zone, window.start.microseconds());
    schedule.rotations.iter().flat_map(move |rotation| {
        let layers = layers_of(rotation, clock, window).into_iter();
        layers.map(|(layer, shifts)| (rotation.id, layer, shifts))
    })
}

fn layers_of(rotation: &Rotation, clock: Clock<'_>, window: &Range<Time>) -> Vec<(Id<Layer>, Vec<Shift>)> {
    let mut layers: Vec<(Id<Layer>, Vec<Shift>)> = Vec::new();
    for (index, version) in rotation.versions.iter().enumerate() {
        let later = rotation.versions[index + 1..].iter().filter_map(|version| version.effective_from).min();
        let from = version.effective_from.map_or(Instant::MIN, Time::microseconds);
        let until = later.map_or(Instant::MAX, Time::microseconds);
        let turns = worked_turns(version, clock, from..until, window.start.microseconds()..window.end.microseconds());
        for (place, layer) in version.layers.iter().enumerate() {
            let known = layers.iter().position(|(known, _)| known == layer);
            let shifts = known.unwrap_or(layers.len());
            if known.is_none() {
                layers.push((*layer, Vec::new()));
            }
            layers[shifts].1.extend(turns.iter().map(|(user, turn)| Shift {
                rotation: rotation.id,
                layer: *layer,
                reason: Reason::Turn { effective_from: version.effective_from },
                start_at: time(turn.start),
                end_at: time(turn.end),
                user: version.users[(user + place) % version.users.len()],
            }));
        }
    }
    layers
}

/// The working hours of every turn that overlaps `window` while `version` `applies`, with the place
/// in the list of whose turn it is.
fn worked_turns(
    version: &Version,
    clock: Clock<'_>,
    applies: Range<Instant>,
    window: Range<Instant>,
) -> Vec<(usize, Range<Instant>)> {
    let part = common(&applies, &window);
    if part.is_empty() {
        return Vec::new();
    }
    let (Some(turns), Some(order)) = (Turns::of(version, clock), Order::of(version)) else { return Vec::new() };
    let hours = working_hours(&version.working_intervals, clock, &part);
    let worked = turns.during(part).flat_map(|(number, turn)| {
        let (user, turn) = (order.place(number), common(&turn, &applies));
        let begun = hours.partition_point(|hours| hours.end <= turn.start);
        let worked = hours[begun..].iter().map(move |hours| (user, common(&turn, hours)));
        worked.take_while(|(_, worked)| !worked.is_empty())
    });
    worked.collect()
}

/// The overrides of a layer, as shifts, in their order.
fn covers(overrides: &[Override], rotation: Id<Rotation>, layer: Id<Layer>) -> impl Iterator<Item = Shift> + Clone {
    let covers = overrides.iter().filter(move |cover| cover.rotation == rotation && cover.layer == layer);
    covers.filter(|cover| cover.start_at < cover.end_at).map(|cover| Shift {
        rotation: cover.rotation,
        layer: cover.layer,
        reason: Reason::Override(cover.id),
        start_at: cover.start_at,
        end_at: cover.end_at,
        user: cover.user,
    })
}

fn common(a: &Range<Instant>, b: &Range<Instant>) -> Range<Instant> {
    a.start.max(b.start)..a.end.min(b.end)
}

/// The moment, or the last one that can be written.
fn time(instant: Instant) -> Time {
    Time::from_microseconds(instant.min(LAST)).expect("no shift begins before its anchor or its version")
}
