//! Who is on call in a window.

use std::ops::Range;
use std::time::Duration;

use base::{Result, Time};
use store::Cx;

use super::record::{Configuration, Schedule};
use crate::overrides;
use crate::rota::{self, Entries, Override, Shift};

/// How far ahead the next change of shift is looked for.
const AHEAD: Duration = Duration::from_secs(60 * 86_400);

/// A schedule with its overrides, ready to be asked.
pub struct Calendar {
    /// What applied when, oldest first; the last one still does.
    eras: Vec<(Range<Time>, rota::Schedule)>,
    overrides: Vec<Override>,
}

/// The calendar of `schedule`, with those of its overrides that matter from `from` on.
pub fn calendar(cx: &mut Cx<'_>, schedule: &Schedule, from: Time) -> Result<Calendar> {
    let overrides = overrides::since(cx, schedule.id, from)?;
    Ok(Calendar::of(&schedule.past, &schedule.configuration, overrides))
}

impl Calendar {
    /// The calendar that `configuration` makes, after what decided before it.
    pub fn of(past: &[(Time, Configuration)], configuration: &Configuration, overrides: Vec<Override>) -> Self {
        let mut eras = Vec::new();
        let mut start = FIRST;
        for (until, configuration) in past {
            eras.push((moment(start)..*until, configuration.rota()));
            start = until.microseconds();
        }
        eras.push((moment(start)..moment(LAST), configuration.rota()));
        Self { eras, overrides }
    }

    /// Who is on call in `window`.
    pub fn entries(&self, window: Range<Time>) -> Entries {
        let mut all = Entries::default();
        for (era, schedule) in &self.eras {
            let part = era.start.max(window.start)..era.end.min(window.end);
            if part.start >= part.end {
                continue;
            }
            let entries = rota::entries(schedule, &self.overrides, part);
            let within = |shift: Shift| Shift {
                start_at: shift.start_at.max(era.start),
                end_at: shift.end_at.min(era.end),
                ..shift
            };
            all.scheduled.extend(entries.scheduled.into_iter().map(within));
            all.r#final.extend(entries.r#final.into_iter().map(within));
            let unseen = |shift: &Shift| !all.overrides.contains(shift);
            let overrides: Vec<_> = entries.overrides.into_iter().filter(unseen).collect();
            all.overrides.extend(overrides);
        }
        all
    }

    /// Who is on call at `now`.
    pub fn on_call_at(&self, now: Time) -> Vec<Shift> {
        self.entries(now..now + Duration::from_micros(1)).r#final
    }

    /// Who is on call after the next change of shift.
    pub fn next_shifts(&self, now: Time) -> Vec<Shift> {
        let ahead = self.entries(now..now + AHEAD).r#final;
        let changes = ahead.iter().flat_map(|shift| [shift.start_at, shift.end_at]);
        let Some(change) = changes.filter(|moment| *moment > now).min() else { return Vec::new() };
        let then = ahead.into_iter().filter(|shift| shift.start_at <= change && change < shift.end_at);
        then.collect()
    }
}

/// The year 1 begins, in microseconds since 1970.
const FIRST: i64 = -62_135_596_800_000_000;
/// The year 9999, in microseconds since 1970.
const LAST: i64 = 253_370_764_800_000_000;

fn moment(microseconds: i64) -> Time {
    Time::from_microseconds(microseconds).expect("it is between the years 0 and 9999")
}
