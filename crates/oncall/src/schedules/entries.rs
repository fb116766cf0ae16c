//! Who is on call in a window.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use base::{Id, Result, Time};
use people::users::User;
use store::Cx;

use super::record::{Configuration, Schedule};
use crate::overrides;
use crate::rota::{self, Entries, Layer, Override, Shift};

/// How far ahead the next change of shift is looked for.
pub(super) const AHEAD: Duration = Duration::from_secs(60 * 86_400);

/// A schedule with its overrides, ready to be asked.
pub struct Calendar<'s> {
    /// What applied when, oldest first; the last one still does.
    eras: Vec<Era<'s>>,
    overrides: Vec<Override>,
}

struct Era<'s> {
    time: Range<Time>,
    configuration: &'s Configuration,
    /// The same for the rota, once it is asked for: most eras never are.
    rota: OnceCell<rota::Schedule>,
}

impl Era<'_> {
    fn rota(&self) -> &rota::Schedule {
        self.rota.get_or_init(|| self.configuration.rota())
    }
}

/// The calendar of `schedule`, with those of its overrides that matter from `from` on.
pub fn calendar<'s>(cx: &mut Cx<'_>, schedule: &'s Schedule, from: Time) -> Result<Calendar<'s>> {
    let mut calendar = Calendar { eras: Vec::new(), overrides: Vec::new() };
    let mut start = moment(FIRST);
    let past = schedule.past.iter().map(|(until, configuration)| (*until, configuration));
    for (until, configuration) in past.chain([(moment(LAST), &schedule.configuration)]) {
        // Several changes may be made at one moment: what applied for no time never did.
        if start < until {
            calendar.eras.push(Era { time: start..until, configuration, rota: OnceCell::new() });
            start = until;
        }
    }
    let going_on = calendar.entries(from..after(from)).scheduled;
    let first = going_on.iter().map(|shift| shift.start_at).min().unwrap_or(from);
    calendar.overrides = overrides::since(cx, schedule.id, first)?;
    Ok(calendar)
}

impl Calendar<'_> {
    /// Who is on call in `window`.
    pub fn entries(&self, window: Range<Time>) -> Entries {
        let mut all = Entries::default();
        for (index, era) in self.eras.iter().enumerate() {
            let part = era.time.start.max(window.start)..era.time.end.min(window.end);
            if part.start >= part.end {
                continue;
            }
            let found = rota::entries(era.rota(), &self.overrides, part);
            add(&mut all.scheduled, found.scheduled.into_iter().map(|shift| self.whole(index, &[], shift)));
            add(&mut all.overrides, found.overrides);
            add(&mut all.r#final, found.r#final.into_iter().map(|shift| self.whole(index, &self.overrides, shift)));
        }
        all
    }

    /// A shift of an era from its start, which may be in an era before, to its end, which may be in one
    /// after: a change of the schedule cuts only what it changes.
    fn whole(&self, era: usize, overrides: &[Override], mut shift: Shift) -> Shift {
        let goes_on = |era: &Era<'_>, at: Time, shift: &Shift| {
            let there = rota::on_call_at(era.rota(), overrides, at);
            there.into_iter().find(|other| other.is_same_turn(shift))
        };
        for (before, era) in self.eras[..era].iter().zip(&self.eras[1..]).rev() {
            if shift.start_at > era.time.start {
                break;
            }
            shift.start_at =
                goes_on(before, just_before(era.time.start), &shift).map_or(era.time.start, |other| other.start_at);
        }
        for (era, after) in self.eras[era..].iter().zip(&self.eras[era + 1..]) {
            if shift.end_at < era.time.end {
                break;
            }
            shift.end_at = goes_on(after, era.time.end, &shift).map_or(era.time.end, |other| other.end_at);
        }
        shift
    }

    /// Who is on call at `now`.
    pub fn on_call_at(&self, now: Time) -> Vec<Shift> {
        self.entries(now..after(now)).r#final
    }

    /// The people who are on call at `now`, in the order of their IDs.
    pub(super) fn users_at(&self, now: Time) -> Vec<Id<User>> {
        let users: BTreeSet<_> = self.on_call_at(now).iter().map(|shift| shift.user.cast()).collect();
        users.into_iter().collect()
    }

    /// Who is on call for a layer of a rotation throughout `window`, if that is one person.
    pub(crate) fn sole_user(&self, place: (Id<rota::Rotation>, Id<Layer>), window: Range<Time>) -> Option<Id<User>> {
        let mut covered = window.start;
        let mut user = None;
        for shift in self.entries(window.clone()).r#final {
            if (shift.rotation, shift.layer) != place {
                continue;
            }
            if shift.start_at > covered || user.is_some_and(|user| user != shift.user) {
                return None;
            }
            (covered, user) = (shift.end_at, Some(shift.user));
        }
        user.filter(|_| covered >= window.end).map(Id::cast)
    }

    /// Who is on call after the next change of shift.
    pub fn next_shifts(&self, now: Time) -> Vec<Shift> {
        self.next_of(|_| true, now)
    }

    /// Who is on call for a rotation after its next change of shift.
    pub(crate) fn next_shifts_of(&self, rotation: Id<rota::Rotation>, now: Time) -> Vec<Shift> {
        self.next_of(|shift| shift.rotation == rotation, now)
    }

    /// Those of the shifts that `counts` says which are on after their first change after `now`.
    fn next_of(&self, counts: impl Fn(&Shift) -> bool, now: Time) -> Vec<Shift> {
        let ahead = self.entries(now..now + AHEAD).r#final;
        let changes = ahead.iter().filter(|shift| counts(shift)).flat_map(|shift| [shift.start_at, shift.end_at]);
        let Some(change) = changes.filter(|moment| *moment > now).min() else { return Vec::new() };
        // It may be further ahead than was looked: the end of a long shift.
        let mut then = self.on_call_at(change);
        then.retain(counts);
        then
    }

    /// The moments in `window` at which a shift begins or ends.
    pub(super) fn changes(&self, window: Range<Time>) -> BTreeSet<Time> {
        let shifts = self.entries(window.clone()).r#final;
        let moments = shifts.iter().flat_map(|shift| [shift.start_at, shift.end_at]);
        moments.filter(|moment| window.contains(moment)).collect()
    }

    /// The first moment after `now` at which a shift begins or ends, as far as is looked ahead.
    pub(super) fn next_change(&self, now: Time) -> Option<Time> {
        self.changes(after(now)..now + AHEAD).first().copied()
    }
}

/// Adds those shifts that are not there yet.
fn add(shifts: &mut Vec<Shift>, more: impl IntoIterator<Item = Shift>) {
    let known = shifts.len();
    for shift in more {
        if !shifts[..known].contains(&shift) {
            shifts.push(shift);
        }
    }
}

/// The year 1 begins, in microseconds since 1970.
const FIRST: i64 = -62_135_596_800_000_000;
/// The year 9999, in microseconds since 1970.
const LAST: i64 = 253_370_764_800_000_000;

fn moment(microseconds: i64) -> Time {
    Time::from_microseconds(microseconds).expect("it is between the years 0 and 9999")
}

fn after(time: Time) -> Time {
    moment(time.microseconds() + 1)
}

fn just_before(time: Time) -> Time {
    moment(time.microseconds() - 1)
}
