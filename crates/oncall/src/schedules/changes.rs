//! Changes of shift, told as they happen.
//!
//! Each schedule has a row that says who was on call when it was last looked at. A job looks again
//! whenever the schedule or its overrides change, and at the next moment at which anybody's shift
//! begins or ends; it announces each change since, with its moment, also those that nobody saw
//! because no server ran. A job that comes in vain finds nothing to announce.

use std::time::Duration;

use base::{AnyId, Id, Result, Time};
use people::users::User;
use serde::{Deserialize, Serialize};
use store::{After, Cx, Event, Job, JobKind, Record, Store, Waits, Who, values};

use super::entries::{AHEAD, calendar};
use super::record::Schedule;
use crate::overrides::ScheduleOverride;
use crate::sync;

/// Looks who is on call for a schedule.
pub(crate) const LOOK: JobKind =
    JobKind { name: "schedules.look", run: look, attempts: 20, every: None, waits: Waits::Never };

/// Looks at every schedule whose look is overdue, whatever became of the job for it.
pub(crate) const LOOK_AGAIN: JobKind = JobKind {
    name: "schedules.look_again",
    run: look_again,
    attempts: 1,
    every: Some(Duration::from_secs(60)),
    waits: Waits::Never,
};

/// Somebody else is on call for a schedule.
#[derive(Debug, Serialize)]
struct ShiftChange {
    schedule: Id<Schedule>,
    at: Time,
    previous: Vec<Id<User>>,
    current: Vec<Id<User>>,
}

impl Event for ShiftChange {
    const KIND: &'static str = "schedule.shift_change";
}

#[derive(Deserialize, Serialize)]
struct Subject {
    schedule: Id<Schedule>,
}

/// A schedule was made.
#[derive(Debug, Serialize)]
struct Created {
    schedule: Id<Schedule>,
}

impl Event for Created {
    const KIND: &'static str = "schedule.created";
}

/// A schedule says something else.
#[derive(Debug, Serialize)]
struct Updated {
    schedule: Id<Schedule>,
}

impl Event for Updated {
    const KIND: &'static str = "schedule.updated";
}

/// A schedule was archived.
#[derive(Debug, Serialize)]
struct Deleted {
    schedule: Id<Schedule>,
}

impl Event for Deleted {
    const KIND: &'static str = "schedule.deleted";
}

/// Announces what became of the schedule with this ID, and has a job look at it as soon as this has committed.
pub(crate) fn follow_schedule(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    let changed = cx.get::<Schedule>(id.cast())?;
    let schedule = changed.id;
    match (changed.archived_at, changed.version()) {
        (Some(_), _) => cx.emit(&Deleted { schedule })?,
        (None, 1) => cx.emit(&Created { schedule })?,
        (None, _) => cx.emit(&Updated { schedule })?,
    }
    look_at(cx, schedule, cx.now())
}

/// The same for the schedule of the override with this ID.
pub(crate) fn follow_override(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    let changed = cx.get::<ScheduleOverride>(id.cast())?;
    look_at(cx, changed.schedule, cx.now())
}

fn look_at(cx: &mut Cx<'_>, schedule: Id<Schedule>, due: Time) -> Result<()> {
    cx.enqueue(LOOK.name, &Subject { schedule }, due)
}

fn look_again(store: &Store, _: &Job) -> Result<After> {
    let overdue = |cx: &mut Cx<'_>| {
        let sql = "select schedules.id from schedules left join schedules_seen on schedule_id = schedules.id \
                   where archived_at is null and (next is null or next < $1) order by schedules.id";
        let now = cx.now();
        let overdue = cx.rows(sql, &values![now - GRACE])?;
        overdue.iter().try_for_each(|row| look_at(cx, row.get(0)?, now))
    };
    store.write(Who::system(), overdue).wait()?;
    Ok(After::Done)
}

/// How long the job for a look may take before another is left.
const GRACE: Duration = Duration::from_secs(60);

fn look(store: &Store, job: &Job) -> Result<After> {
    let Subject { schedule } = serde_json::from_value(job.payload.clone()).map_err(base::Error::internal)?;
    store.write(Who::system(), move |cx| announce(cx, schedule)).wait()?;
    Ok(After::Done)
}

/// Who was on call when a schedule was last looked at.
struct Seen {
    users: Vec<Id<User>>,
    at: Time,
    next: Option<Time>,
}

/// Announces what has changed since a schedule was last looked at, and leaves a job for the next change.
fn announce(cx: &mut Cx<'_>, id: Id<Schedule>) -> Result<()> {
    cx.lock(Schedule::TABLE, id)?;
    let Some(schedule) = cx.find::<Schedule>(id)? else { return Ok(()) };
    if schedule.archived_at.is_some() {
        cx.run("delete from schedules_seen where schedule_id = $1", &values![id])?;
        return sync::touch(cx, id);
    }
    let seen = seen(cx, id)?.unwrap_or(Seen { users: Vec::new(), at: cx.now(), next: None });
    // The clocks of several nodes differ a little: time does not run backwards for that.
    let now = cx.now().max(seen.at);
    let calendar = calendar(cx, &schedule, seen.at)?;
    let mut known = seen.users.clone();
    for at in calendar.changes(seen.at..now).into_iter().chain([now]) {
        let current = calendar.users_at(at);
        if current != known {
            cx.emit(&ShiftChange { schedule: id, at, previous: known, current: current.clone() })?;
            known = current;
        }
    }
    // Where nothing is going to change, one look far ahead is enough, however often the schedule is edited.
    let next = match (calendar.next_change(now), seen.next) {
        (Some(change), _) => change,
        (None, Some(planned)) if planned > now => planned,
        (None, _) => now + AHEAD,
    };
    let sql = "insert into schedules_seen (schedule_id, users, at, next) values ($1, $2, $3, $4) \
               on conflict (schedule_id) do update set users = $2, at = $3, next = $4";
    let users = serde_json::to_string(&known).map_err(base::Error::internal)?;
    cx.run(sql, &values![id, users, now, next])?;
    if seen.next != Some(next) {
        look_at(cx, id, next)?;
    }
    sync::touch(cx, id)
}

fn seen(cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<Option<Seen>> {
    let row = cx.row("select users, at, next from schedules_seen where schedule_id = $1", &values![schedule])?;
    let read = |row: store::Row| {
        let users = serde_json::from_str(row.text(0)?).map_err(base::Error::internal)?;
        Ok(Seen { users, at: row.get(1)?, next: row.get(2)? })
    };
    row.map(read).transpose()
}
