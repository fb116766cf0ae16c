//! The shifts that somebody has, on all schedules.

use std::collections::HashMap;
use std::ops::Range;

use base::{Error, Id, Result, Time};
use people::users::User;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Stored, containing, values};
use web::{Plain, Query};

use super::api::{LONGEST_WINDOW, listed};
use super::body::{EntryBody, People};
use super::entries::calendar;
use super::names::Names;
use super::record::Schedule;
use crate::rota::Shift;

web::routes! {
    /// List the shifts that a user has in a window of up to 91 days, on all schedules that the caller may see, the
    /// soonest first.
    GET "" "Schedules#ListShifts" "schedules.view", inside => list;
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ShiftsQuery {
    /// The first moment.
    from: Time,
    /// The first moment after it.
    to: Time,
    /// The user.
    user_id: String,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ShiftsQuery>) -> Result<Plain<ShiftsBody>> {
    let user = query.user_id.parse().map_err(|_| Error::invalid("user_id", "there is no such user"))?;
    ShiftsBody::of(cx, user, query.from..query.to.min(query.from + LONGEST_WINDOW)).map(Plain)
}

/// The shifts that somebody has.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TimeOffShifts")]
pub(crate) struct ShiftsBody {
    shifts: Vec<ShiftBody>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TimeOffShift")]
struct ShiftBody {
    entry: EntryBody,
    /// What its layer is called, unless the schedule has it no more; beyond the contract.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    layer_name: Option<String>,
    /// What its rotation is called, unless the schedule has it no more; beyond the contract.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_name: Option<String>,
    schedule_id: Id<Schedule>,
    schedule_name: String,
}

impl ShiftsBody {
    /// Those of a user in `window`, on all schedules that the caller may see, the soonest first.
    pub fn of(cx: &mut Cx<'_>, user: Id<User>, window: Range<Time>) -> Result<Self> {
        let schedules = if window.is_empty() { Vec::new() } else { naming(cx, user, &window)? };
        let mut shifts = Vec::new();
        for schedule in &schedules {
            let found = calendar(cx, schedule, window.start)?.entries(window.clone()).r#final;
            shifts.extend(found.into_iter().filter(|shift| shift.user == user.cast()).map(|shift| (schedule, shift)));
        }
        shifts.sort_by_key(|(_, shift)| shift.start_at);
        let people = People::of(cx, shifts.iter().map(|(_, shift)| shift))?;
        let names: HashMap<_, _> = schedules.iter().map(|schedule| (schedule.id, Names::of(schedule))).collect();
        let body = |(schedule, shift): &(&Stored<Schedule>, Shift)| {
            ShiftBody::of(schedule, shift, EntryBody::of(shift, &names[&schedule.id], &people))
        };
        Ok(Self { shifts: shifts.iter().map(body).collect() })
    }
}

impl ShiftBody {
    fn of(schedule: &Schedule, shift: &Shift, entry: EntryBody) -> Self {
        let mut rotations = schedule.configuration.rotations.iter().filter(|version| version.id == shift.rotation);
        let found =
            rotations.find_map(|version| Some((version, version.layers.iter().find(|own| own.id == shift.layer)?)));
        Self {
            entry,
            layer_name: found.map(|(_, layer)| layer.name.clone()),
            rotation_name: found.map(|(rotation, _)| rotation.name.clone()),
            schedule_id: schedule.id,
            schedule_name: schedule.name.clone(),
        }
    }
}

/// The schedules that the caller may see which name a user, or whose overrides in `window` do: nobody has shifts on
/// others.
fn naming(cx: &mut Cx<'_>, user: Id<User>, window: &Range<Time>) -> Result<Vec<Stored<Schedule>>> {
    let named = Condition::new("cast(body as text) like ?", values![containing(&user.to_string())]);
    let overrides = "user_id = ? and end_at > ? and start_at < ? and deleted_at is null";
    let overridden = Condition::new(overrides, values![user, window.start, window.end])
        .within("id in (select schedule_id from schedule_overrides where ", ")");
    let condition = listed(cx)?.and(Condition::any([named, overridden]));
    cx.list(condition, "id")
}
