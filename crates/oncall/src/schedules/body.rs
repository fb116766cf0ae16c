//! Schedules, as the API shows them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::{AnyId, Id, Result, Time};
use people::teams::Team;
use people::users::{Directory, UserBody};
use schemars::JsonSchema;
use serde::Serialize;
use store::Cx;
use web::{Rendered, Resource};

use super::entries::calendar;
use super::names::Names;
use super::record::{Hours, Rotation, Schedule};
use crate::rota::{self, Entries, IntervalType, Reason, SchedulingMode, Shift, Weekday};
use crate::time_off::Away;

/// The people whom shifts are shown with, and when they are away.
pub(crate) struct People {
    directory: Arc<Directory>,
    users: HashMap<AnyId, Rendered<UserBody>>,
    away: Away,
}

impl People {
    /// What there is to show of `shifts`.
    pub fn of<'s>(cx: &mut Cx<'_>, shifts: impl IntoIterator<Item = &'s Shift>) -> Result<Self> {
        let directory = cx.cached::<Directory>()?;
        let shifts: Vec<_> = shifts.into_iter().collect();
        let users: BTreeSet<_> = shifts.iter().map(|shift| shift.user).collect();
        let users = users.into_iter().filter_map(|user| Some((user, Rendered::new(directory.body(user.cast())?))));
        Ok(Self { users: users.collect(), directory, away: Away::during(cx, shifts)? })
    }
}

/// A shift.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleEntry")]
pub(crate) struct EntryBody {
    end_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_id: Option<AnyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<AnyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_id: Option<String>,
    start_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Rendered<UserBody>>,
    /// What puts this person on call; beyond the contract.
    #[schemars(skip)]
    #[serde(flatten)]
    reason: ReasonBody,
    /// Whether this person is away for some of it; beyond the contract.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_time_off: bool,
}

/// What puts somebody on call.
#[derive(Clone, Debug, Serialize)]
struct ReasonBody {
    layer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_id: Option<Id<rota::Override>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_effective_from: Option<Time>,
}

impl EntryBody {
    /// How a shift is shown.
    pub fn of(shift: &Shift, names: &Names, people: &People) -> Self {
        let (override_id, rotation_effective_from) = match shift.reason {
            Reason::Override(id) => (Some(id), None),
            Reason::Turn { effective_from } => (None, effective_from),
        };
        let fingerprint = shift.fingerprint();
        Self {
            end_at: shift.end_at,
            entry_id: Some(override_id.map_or(fingerprint, Id::cast)),
            fingerprint: Some(fingerprint),
            rotation_id: Some(names.get(shift.rotation)),
            start_at: shift.start_at,
            user: people.users.get(&shift.user).cloned(),
            reason: ReasonBody { layer_id: names.get(shift.layer), override_id, rotation_effective_from },
            is_time_off: people.away.hits(shift),
        }
    }

    /// How several are shown.
    pub fn all<'s>(shifts: impl IntoIterator<Item = &'s Shift>, names: &Names, people: &People) -> Vec<Self> {
        shifts.into_iter().map(|shift| Self::of(shift, names, people)).collect()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleEntries")]
pub(super) struct EntriesBody {
    r#final: Vec<EntryBody>,
    overrides: Vec<EntryBody>,
    scheduled: Vec<EntryBody>,
}

impl EntriesBody {
    /// How `entries` of a schedule are shown.
    pub fn of(cx: &mut Cx<'_>, entries: &Entries, schedule: &Schedule) -> Result<Self> {
        let lists = [&entries.r#final, &entries.overrides, &entries.scheduled];
        let (names, people) = (Names::of(schedule), People::of(cx, lists.into_iter().flatten())?);
        let [r#final, overrides, scheduled] = lists.map(|list| EntryBody::all(list, &names, &people));
        Ok(Self { r#final, overrides, scheduled })
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleHandover")]
struct HandoverBody {
    interval: i64,
    interval_type: IntervalType,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleLayer")]
struct LayerBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleHours")]
struct HoursBody {
    end_time: String,
    start_time: String,
    weekday: Weekday,
}

impl From<&Hours> for HoursBody {
    fn from(hours: &Hours) -> Self {
        Self { end_time: hours.end_time.clone(), start_time: hours.start_time.clone(), weekday: hours.weekday }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleRotation")]
struct RotationBody {
    id: String,
    name: String,
    #[serde(flatten)]
    version: VersionBody,
}

/// How a rotation works from some moment on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleRotationVersion")]
pub(super) struct VersionBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_from: Option<Time>,
    handover_start_at: Time,
    handovers: Vec<HandoverBody>,
    layers: Vec<LayerBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduling_mode: Option<SchedulingMode>,
    users: Vec<UserBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_interval: Option<Vec<HoursBody>>,
    working_intervals: Vec<HoursBody>,
}

impl RotationBody {
    fn of(rotation: &Rotation, names: &Names, directory: &Directory) -> Self {
        let version = VersionBody::of(rotation, names, directory);
        Self { id: names.get(rotation.id), name: rotation.name.clone(), version }
    }
}

impl VersionBody {
    /// How a version of a rotation is shown.
    pub fn of(rotation: &Rotation, names: &Names, directory: &Directory) -> Self {
        let hours: Vec<HoursBody> = rotation.working_intervals.iter().map(Into::into).collect();
        Self {
            effective_from: rotation.effective_from,
            handover_start_at: rotation.handover_start_at,
            handovers: rotation
                .handovers
                .iter()
                .map(|every| HandoverBody { interval: every.interval.into(), interval_type: every.interval_type })
                .collect(),
            layers: rotation
                .layers
                .iter()
                .map(|layer| LayerBody { id: Some(names.get(layer.id)), name: Some(layer.name.clone()) })
                .collect(),
            scheduling_mode: rotation.scheduling_mode,
            users: rotation.users.iter().filter_map(|user| directory.body(*user)).collect(),
            // Older clients send and read it under its old name alone.
            working_interval: (!hours.is_empty()).then(|| hours.clone()),
            working_intervals: hours,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleConfig")]
struct ConfigBody {
    rotations: Vec<RotationBody>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleHolidays")]
struct HolidaysBody {
    country_codes: Vec<String>,
}

/// A schedule.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Schedule")]
pub(super) struct ScheduleBody {
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<ConfigBody>,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_shifts: Option<Vec<EntryBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holidays_public_config: Option<HolidaysBody>,
    id: Id<Schedule>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_shifts: Option<Vec<EntryBody>>,
    permalink: String,
    team_ids: Vec<Id<Team>>,
    timezone: String,
    updated_at: Time,
}

impl Resource for ScheduleBody {
    const ONE: &'static str = "schedule";
    const MANY: &'static str = "schedules";
}

/// Who is on call for a schedule now and, if that is asked for, next.
pub(super) struct OnCall {
    current: Vec<Shift>,
    next: Option<Vec<Shift>>,
}

impl OnCall {
    /// Who is, by what is stored.
    pub fn of(cx: &mut Cx<'_>, schedule: &Schedule, shows_next: bool) -> Result<Self> {
        let now = cx.now();
        let calendar = calendar(cx, schedule, now)?;
        Ok(Self { current: calendar.on_call_at(now), next: shows_next.then(|| calendar.next_shifts(now)) })
    }

    /// All of it.
    pub fn shifts(&self) -> impl Iterator<Item = &Shift> {
        self.current.iter().chain(self.next.iter().flatten())
    }
}

impl ScheduleBody {
    /// How a schedule is shown.
    pub fn of(schedule: &Schedule, on_call: &OnCall, people: &People, public_url: &str) -> Self {
        let names = Names::of(schedule);
        let rotations = schedule.configuration.rotations.iter();
        let countries = &schedule.holiday_countries;
        Self {
            annotations: schedule.annotations.clone(),
            config: Some(ConfigBody {
                rotations: rotations.map(|one| RotationBody::of(one, &names, &people.directory)).collect(),
            }),
            created_at: schedule.created_at,
            current_shifts: Some(EntryBody::all(&on_call.current, &names, people)),
            holidays_public_config: (!countries.is_empty()).then(|| HolidaysBody { country_codes: countries.clone() }),
            id: schedule.id,
            name: schedule.name.clone(),
            next_shifts: on_call.next.as_ref().map(|shifts| EntryBody::all(shifts, &names, people)),
            permalink: format!("{public_url}/on-call/schedules/{}", schedule.id),
            team_ids: schedule.teams.clone(),
            timezone: schedule.configuration.timezone.clone(),
            updated_at: schedule.updated_at,
        }
    }
}
