//! What is stored of an override, and how overrides of one layer share its time.

use std::ops::Range;

use base::{Id, Result, Time};
use people::users::User;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Stored, Value, values};

use crate::rota::{self, Layer};
use crate::schedules::Schedule;

/// An override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleOverride {
    /// Which one.
    pub id: Id<ScheduleOverride>,
    /// The schedule.
    pub schedule: Id<Schedule>,
    /// The rotation of the schedule.
    pub rotation: Id<rota::Rotation>,
    /// The layer of the rotation.
    pub layer: Id<Layer>,
    /// The first moment.
    pub start_at: Time,
    /// The first moment after it.
    pub end_at: Time,
    /// Who is on call.
    pub user: Id<User>,
    /// Since when it does not count.
    #[serde(default)]
    pub deleted_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for ScheduleOverride {
    const TABLE: &'static str = "schedule_overrides";
    const COLUMNS: &'static [&'static str] =
        &["schedule_id", "rotation_id", "layer_id", "start_at", "end_at", "deleted_at", "user_id"];
    const KIND: &'static str = "schedule_override";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} to {}", self.start_at, self.end_at)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.schedule, self.rotation, self.layer, self.start_at, self.end_at, self.deleted_at, self.user].into()
    }
}

/// Those of a schedule that end after `from`, as the rota takes them.
pub fn since(cx: &mut Cx<'_>, schedule: Id<Schedule>, from: Time) -> Result<Vec<rota::Override>> {
    let condition = in_use(schedule).and(Condition::new("end_at > ?", values![from]));
    let found = cx.list::<ScheduleOverride>(condition, "start_at, id")?;
    Ok(found.iter().map(|found| found.rota()).collect())
}

/// Those of a schedule that count.
pub(crate) fn in_use(schedule: Id<Schedule>) -> Condition {
    Condition::equal("schedule_id", schedule).and(Condition::new("deleted_at is null", []))
}

impl ScheduleOverride {
    fn rota(&self) -> rota::Override {
        rota::Override {
            id: self.id.cast(),
            rotation: self.rotation,
            layer: self.layer,
            start_at: self.start_at,
            end_at: self.end_at,
            user: self.user.cast(),
        }
    }

    /// Has `user` be on call for a layer of a rotation during `window`: an override, which takes its time from
    /// those that are there.
    pub(crate) fn add(
        cx: &mut Cx<'_>,
        schedule: Id<Schedule>,
        (rotation, layer): (Id<rota::Rotation>, Id<Layer>),
        window: Range<Time>,
        user: Id<User>,
    ) -> Result<Self> {
        cx.lock(Schedule::TABLE, schedule)?;
        let made = Self {
            id: cx.new_id(),
            schedule,
            rotation,
            layer,
            start_at: window.start,
            end_at: window.end,
            user,
            deleted_at: None,
            created_at: cx.now(),
            updated_at: cx.now(),
        };
        made.make_room(cx)?;
        cx.insert(&made)?;
        Ok(made)
    }

    /// Cuts the others of its layer out of the time that it takes.
    pub(super) fn make_room(&self, cx: &mut Cx<'_>) -> Result<()> {
        let others = Condition::all([
            in_use(self.schedule),
            Condition::equal("rotation_id", self.rotation),
            Condition::equal("layer_id", self.layer),
            Condition::new("id <> ? and start_at < ? and end_at > ?", values![self.id, self.end_at, self.start_at]),
        ]);
        for other in cx.list::<ScheduleOverride>(others, "start_at, id")? {
            for (start_at, end_at) in [(other.start_at, self.start_at), (self.end_at, other.end_at)] {
                rest(cx, &other, start_at, end_at)?;
            }
            retire(cx, other)?;
        }
        Ok(())
    }

    /// Keeps what has passed of `before`, for which this one no longer stands.
    pub(super) fn keep_past_of(cx: &mut Cx<'_>, before: &Self) -> Result<()> {
        let passed = before.end_at.min(cx.now());
        rest(cx, before, before.start_at, passed)
    }
}

/// What is left of `other` between two moments, as an override of its own.
fn rest(cx: &mut Cx<'_>, other: &ScheduleOverride, start_at: Time, end_at: Time) -> Result<()> {
    if start_at >= end_at {
        return Ok(());
    }
    cx.insert(&ScheduleOverride { id: cx.new_id(), start_at, end_at, updated_at: cx.now(), ..other.clone() })
}

/// Makes an override not count any more.
pub(super) fn retire(cx: &mut Cx<'_>, mut old: Stored<ScheduleOverride>) -> Result<()> {
    old.deleted_at = Some(cx.now());
    old.updated_at = cx.now();
    cx.save_as("deleted", &mut old)
}
