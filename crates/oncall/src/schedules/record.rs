//! What is stored of a schedule.

use std::collections::BTreeMap;

use base::{Error, Id, Result, Time};
use jiff::tz::TimeZone;
use people::teams::Team;
use people::users::User;
use serde::{Deserialize, Serialize};
use store::{Cx, Record, Stored, Value, values};

use crate::rota::{self, Handover, IntervalType, Layer, SchedulingMode, Weekday, WorkingInterval};

/// A schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// Which one.
    pub id: Id<Schedule>,
    /// What it is called.
    pub name: String,
    /// The teams that own it.
    #[serde(default)]
    pub teams: Vec<Id<Team>>,
    /// What tools noted down on it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The countries whose public holidays are shown beside it: ISO 3166-1 alpha-2.
    #[serde(default)]
    pub holiday_countries: Vec<String>,
    /// What decides who is on call.
    pub configuration: Configuration,
    /// What decided it before, oldest first: each until its moment.
    #[serde(default)]
    pub past: Vec<(Time, Configuration)>,
    /// Since when it is out of use.
    #[serde(default)]
    pub archived_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// What decides who is on call, overrides apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The time zone's IANA name.
    pub timezone: String,
    /// The versions of rotations, in the order they were given in: those with the same ID are versions of
    /// one rotation.
    #[serde(default)]
    pub rotations: Vec<Rotation>,
}

/// A version of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Which rotation.
    pub id: Id<rota::Rotation>,
    /// What clients call it where that is not its ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// Its name.
    pub name: String,
    /// From when on this version applies; the first one has applied ever since.
    #[serde(default)]
    pub effective_from: Option<Time>,
    /// When the first user's first shift begins.
    pub handover_start_at: Time,
    /// How long shifts are, in turn.
    pub handovers: Vec<HandoverEvery>,
    /// Who takes shifts, in order.
    #[serde(default)]
    pub users: Vec<Id<User>>,
    /// One for each who is on call at once.
    pub layers: Vec<NamedLayer>,
    /// In which order shifts of unequal length go round, if that was said.
    #[serde(default)]
    pub scheduling_mode: Option<SchedulingMode>,
    /// When anybody is on call; always, if there are none.
    #[serde(default)]
    pub working_intervals: Vec<Hours>,
}

/// How long a shift lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverEvery {
    /// How many.
    pub interval: u32,
    /// Of what.
    pub interval_type: IntervalType,
}

/// A layer with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedLayer {
    /// Which one.
    pub id: Id<Layer>,
    /// What clients call it where that is not its ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// Its name.
    pub name: String,
}

/// Hours of the week, as clocks show them: `09:00`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The day on which they start.
    pub weekday: Weekday,
    /// When they start.
    pub start_time: String,
    /// When they end.
    pub end_time: String,
}

impl Hours {
    /// The same for the rota; `None` where a time is none.
    pub fn interval(&self) -> Option<WorkingInterval> {
        let time = |text: &str| jiff::civil::Time::strptime("%H:%M", text).ok();
        Some(WorkingInterval {
            weekday: self.weekday,
            start_time: time(&self.start_time)?,
            end_time: time(&self.end_time)?,
        })
    }
}

impl Schedule {
    /// One that says nothing yet.
    pub(super) fn new(cx: &Cx<'_>) -> Self {
        Self {
            id: cx.new_id(),
            name: String::new(),
            teams: Vec::new(),
            annotations: BTreeMap::new(),
            holiday_countries: Vec::new(),
            configuration: Configuration { timezone: "UTC".into(), rotations: Vec::new() },
            past: Vec::new(),
            archived_at: None,
            created_at: cx.now(),
            updated_at: cx.now(),
        }
    }

    /// Notes down that what it says now holds from now on, and what it said before until now.
    pub(super) fn replaces(&mut self, cx: &Cx<'_>, before: Configuration) {
        if self.configuration != before {
            self.past.push((cx.now(), before));
        }
        self.updated_at = cx.now();
    }
}

impl Record for Schedule {
    const TABLE: &'static str = "schedules";
    const COLUMNS: &'static [&'static str] = &["archived_at"];
    const KIND: &'static str = "schedule";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.archived_at].into()
    }
}

/// The schedule that a request names, which is in use, or a problem at `schedule_id`.
pub(crate) fn named(cx: &mut Cx<'_>, id: &str) -> Result<Stored<Schedule>> {
    let found: Option<Stored<Schedule>> = id.parse().ok().map(|id| cx.find(id)).transpose()?.flatten();
    let in_use = found.filter(|schedule| schedule.archived_at.is_none());
    in_use.ok_or_else(|| Error::invalid("schedule_id", "there is no such schedule"))
}

/// The same, which nobody else changes in the meantime, nor its overrides.
pub(crate) fn hold_named(cx: &mut Cx<'_>, id: &str) -> Result<Stored<Schedule>> {
    if let Ok(id) = id.parse::<Id<Schedule>>() {
        cx.lock(Schedule::TABLE, id)?;
    }
    named(cx, id)
}

/// The schedule with this ID, which the caller may do this with, or 404.
pub(crate) fn owned(cx: &mut Cx<'_>, id: Id<Schedule>) -> Result<Stored<Schedule>> {
    let schedule = get(cx, id)?;
    cx.prove_owned(&schedule.teams)?;
    Ok(schedule)
}

/// The same, which nobody else changes in the meantime, nor has another system show it.
pub(crate) fn hold_owned(cx: &mut Cx<'_>, id: Id<Schedule>) -> Result<Stored<Schedule>> {
    cx.lock(Schedule::TABLE, id)?;
    owned(cx, id)
}

/// The schedule with this ID, which is in use, or 404.
pub fn get(cx: &mut Cx<'_>, id: Id<Schedule>) -> Result<Stored<Schedule>> {
    cx.find(id)?.filter(|schedule: &Stored<Schedule>| schedule.archived_at.is_none()).ok_or_else(Error::not_found)
}

impl Configuration {
    /// The same for the rota.
    pub fn rota(&self) -> rota::Schedule {
        let mut rotations: Vec<rota::Rotation> = Vec::new();
        for version in &self.rotations {
            match rotations.iter_mut().find(|rotation| rotation.id == version.id) {
                Some(rotation) => rotation.versions.push(version.rota()),
                None => rotations.push(rota::Rotation { id: version.id, versions: vec![version.rota()] }),
            }
        }
        rota::Schedule { zone: self.zone(), rotations }
    }

    /// The time zone.
    pub fn zone(&self) -> TimeZone {
        rota::zone(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// Who takes shifts at `now`, of one rotation or of all.
    pub(crate) fn users(&self, rotation: Option<Id<rota::Rotation>>, now: Time) -> Vec<Id<User>> {
        let versions = || self.rotations.iter().filter(|version| rotation.is_none_or(|one| one == version.id));
        let applies = |version: &&Rotation| {
            let later = versions().filter(|other| other.id == version.id && other.effective_from <= Some(now));
            later.map(|other| other.effective_from).max() == Some(version.effective_from)
        };
        versions().filter(applies).flat_map(|version| version.users.iter().copied()).collect()
    }

    /// Whether there is such a layer, in any version of the rotation.
    pub fn has_layer(&self, rotation: Id<rota::Rotation>, layer: Id<Layer>) -> bool {
        let mut versions = self.rotations.iter().filter(|version| version.id == rotation);
        versions.any(|version| version.layers.iter().any(|known| known.id == layer))
    }
}

impl Rotation {
    fn rota(&self) -> rota::Version {
        rota::Version {
            effective_from: self.effective_from,
            handover_start_at: self.handover_start_at,
            handovers: self
                .handovers
                .iter()
                .map(|every| Handover { interval: every.interval, interval_type: every.interval_type })
                .collect(),
            users: self.users.iter().map(|user| user.cast()).collect(),
            layers: self.layers.iter().map(|layer| layer.id).collect(),
            scheduling_mode: self.scheduling_mode.unwrap_or(SchedulingMode::Sequential),
            working_intervals: self.working_intervals.iter().filter_map(Hours::interval).collect(),
        }
    }
}
