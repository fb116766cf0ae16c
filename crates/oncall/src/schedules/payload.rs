//! What requests say of a schedule.

use std::collections::{BTreeMap, BTreeSet};

use base::{Error, Id, Problem, Problems, Result, Time};
use people::teams::Teams;
use people::users::UserReference;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Cx;

use super::names::{key, key_or_new};
use super::record::{Configuration, HandoverEvery, Hours, NamedLayer, Rotation, Schedule};
use crate::rota::{self, IntervalType, SchedulingMode, Weekday};

/// A schedule, in a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(bound = "N: JsonSchema", rename = "SchedulePayload_{N}")]
pub(super) struct SchedulePayload<N> {
    #[serde(flatten)]
    about: AboutPayload,
    /// What decides who is on call.
    config: Option<ConfigPayload<N>>,
}

/// A schedule without its rotations, in a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleAboutPayload")]
pub(super) struct AboutPayload {
    /// What tools note down on it.
    annotations: Option<BTreeMap<String, String>>,
    /// Whose public holidays are shown beside it.
    holidays_public_config: Option<HolidaysPayload>,
    /// What it is called.
    name: Option<String>,
    /// The teams that own it.
    team_ids: Option<Vec<String>>,
    /// The time zone's IANA name: `Europe/London`.
    timezone: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(bound = "N: JsonSchema", rename = "ScheduleConfigPayload_{N}")]
struct ConfigPayload<N> {
    /// The rotations; those with the same ID are versions of one.
    rotations: Option<Vec<RotationPayload<N>>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleHolidaysPayload")]
struct HolidaysPayload {
    /// The countries: ISO 3166-1 alpha-2.
    country_codes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(bound = "N: JsonSchema", rename = "ScheduleRotationPayload_{N}")]
struct RotationPayload<N> {
    /// Which rotation; a new one may come with an ID of its own, any text.
    id: Option<String>,
    /// What it is called.
    name: N,
    #[serde(flatten)]
    version: VersionPayload<N>,
}

/// How a rotation works from some moment on, in a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(bound = "N: JsonSchema", rename = "ScheduleRotationVersionPayload_{N}")]
pub(super) struct VersionPayload<N> {
    /// From when on this version applies; nothing for the first one.
    effective_from: Option<Time>,
    /// When the first user's first shift begins.
    handover_start_at: Option<Time>,
    /// How long shifts are, in turn.
    handovers: Option<Vec<HandoverPayload>>,
    /// One for each who is on call at once; one layer, if there are none.
    layers: Option<Vec<LayerPayload<N>>>,
    /// In which order shifts of unequal length go round.
    scheduling_mode: Option<SchedulingMode>,
    /// Who takes shifts, in order.
    users: Option<Vec<UserReference>>,
    /// What `working_intervals` was called once.
    working_interval: Option<Vec<HoursPayload>>,
    /// When anybody is on call; always, if there are none.
    working_intervals: Option<Vec<HoursPayload>>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleHandoverPayload")]
struct HandoverPayload {
    /// How many.
    interval: i64,
    /// Of what.
    interval_type: IntervalType,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(bound = "N: JsonSchema", rename = "ScheduleLayerPayload_{N}")]
struct LayerPayload<N> {
    /// Which one; a new one may come with an ID of its own, any text.
    id: Option<String>,
    /// What it is called.
    name: N,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleHoursPayload")]
struct HoursPayload {
    /// When they end: `17:00`.
    end_time: String,
    /// When they start: `09:00`.
    start_time: String,
    /// The day on which they start.
    weekday: Weekday,
}

impl AboutPayload {
    /// Makes `schedule` what this says, and leaves its rotations as they are.
    pub fn apply(&self, cx: &mut Cx<'_>, schedule: &mut Schedule) -> Result<()> {
        let mut problems = Problems::new();
        schedule.name = self.name.clone().unwrap_or_default();
        schedule.annotations = self.annotations.clone().unwrap_or_default();
        if schedule.name.trim().is_empty() {
            problems.push(Problem::new("is_required", "name is required").at("name"));
        }
        let teams = cx.cached::<Teams>()?.named("team_ids", self.team_ids.as_deref().unwrap_or_default());
        schedule.teams = problems.keep(teams)?.unwrap_or_default();
        schedule.holiday_countries =
            self.holidays_public_config.as_ref().map_or_else(Vec::new, |holidays| holidays.country_codes.clone());
        let few = schedule.holiday_countries.len() <= MOST_COUNTRIES;
        problems.check(few, "holidays_public_config.country_codes", "has fifty at most");
        for (index, code) in schedule.holiday_countries.iter().enumerate().take(MOST_COUNTRIES) {
            let is_code = code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase());
            let pointer = format!("holidays_public_config.country_codes.{index}");
            problems.check(is_code, &pointer, "is not a country code of two capital letters");
        }
        if let Some(timezone) = problems.keep(self.timezone())? {
            schedule.configuration.timezone = timezone;
        }
        problems.finish()
    }

    fn timezone(&self) -> Result<String> {
        let timezone = self.timezone.as_deref().filter(|name| !name.is_empty());
        let timezone = timezone.ok_or_else(|| Error::required("timezone"))?;
        let is_known = rota::zone(timezone).is_some();
        is_known
            .then(|| timezone.to_owned())
            .ok_or_else(|| Error::invalid("timezone", "is not the IANA name of a time zone"))
    }
}

impl<N: Clone + Into<Option<String>>> SchedulePayload<N> {
    /// Makes `schedule` what this says; what it leaves out is cleared.
    pub fn apply(&self, cx: &mut Cx<'_>, schedule: &mut Schedule) -> Result<()> {
        let mut problems = Problems::new();
        problems.keep(self.about.apply(cx, schedule))?;
        schedule.configuration.rotations = problems.keep(self.rotations(cx, schedule.id))?.unwrap_or_default();
        problems.finish()
    }

    /// What would decide who is on call for a schedule.
    pub fn configuration(&self, cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<Configuration> {
        let mut problems = Problems::new();
        let timezone = problems.keep(self.about.timezone())?;
        let rotations = problems.keep(self.rotations(cx, schedule))?;
        problems.finish()?;
        Ok(Configuration { timezone: timezone.unwrap_or_default(), rotations: rotations.unwrap_or_default() })
    }

    fn rotations(&self, cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<Vec<Rotation>> {
        let mut problems = Problems::new();
        let given: Vec<_> = self.config.iter().filter_map(|config| config.rotations.as_ref()).flatten().collect();
        at_most(&mut problems, "config.rotations", given.len(), 200)?;
        let mut rotations: Vec<Rotation> = Vec::new();
        for (index, payload) in given.into_iter().enumerate() {
            let at = format!("config.rotations.{index}");
            let read = payload.read(cx, schedule, &rotations).map_err(|error| error.within(&at));
            rotations.extend(problems.keep(read)?);
        }
        // What is shown of a schedule grows with them.
        let layers: BTreeSet<_> = rotations.iter().flat_map(|version| &version.layers).map(|layer| layer.id).collect();
        problems.check(layers.len() <= MOST_LAYERS, "config.rotations", "have a hundred layers at most together");
        problems.finish().map(|()| rotations)
    }
}

impl<N: Clone + Into<Option<String>>> RotationPayload<N> {
    /// The version that this says, after the versions `before` it.
    fn read(&self, cx: &mut Cx<'_>, schedule: Id<Schedule>, before: &[Rotation]) -> Result<Rotation> {
        let mut problems = Problems::new();
        let (id, called) = problems.keep(key_or_new(cx, schedule, "id", self.id.as_deref()))?.unzip();
        let earlier = before.iter().rfind(|version| Some(version.id) == id);
        let name = self.name.clone().into().or_else(|| earlier.map(|earlier| earlier.name.clone()));
        if name.as_ref().is_none_or(|name| name.trim().is_empty()) {
            problems.push(Problem::new("is_required", "name is required").at("name"));
        }
        let name =
            Named { id: id.unwrap_or_else(|| cx.new_id()), called: called.flatten(), name: name.unwrap_or_default() };
        let version = problems.keep(self.version.read(cx, schedule, name, earlier))?;
        problems.finish()?;
        version.ok_or_else(Error::not_found)
    }
}

/// Which rotation a version is of.
#[derive(Clone)]
pub(super) struct Named {
    pub id: Id<rota::Rotation>,
    pub called: Option<String>,
    pub name: String,
}

impl<N: Clone + Into<Option<String>>> VersionPayload<N> {
    /// The version that this says, after the `earlier` one.
    pub fn read(
        &self,
        cx: &mut Cx<'_>,
        schedule: Id<Schedule>,
        rotation: Named,
        earlier: Option<&Rotation>,
    ) -> Result<Rotation> {
        let mut problems = Problems::new();
        for (name, count, most) in [
            ("handovers", count(&self.handovers), 100),
            ("layers", count(&self.layers), 50),
            ("users", count(&self.users), 1_000),
            ("working_intervals", count(&self.working_intervals).max(count(&self.working_interval)), 100),
        ] {
            at_most(&mut problems, name, count, most)?;
        }
        match (earlier, self.effective_from) {
            (None, Some(_)) => {
                problems.check(false, "effective_from", "the first version of a rotation applies from the start");
            }
            (Some(_), None) => {
                let message = "a later version of a rotation says from when on it applies";
                problems.push(Problem::new("is_required", message).at("effective_from"));
            }
            (Some(earlier), from) => {
                problems.check(from > earlier.effective_from, "effective_from", "is not after the version before");
            }
            (None, None) => {}
        }
        let handover_start_at = self.handover_start_at;
        if handover_start_at.is_none() {
            problems.push(Problem::new("is_required", "handover_start_at is required").at("handover_start_at"));
        }
        let handovers = problems.keep(self.handovers())?;
        let users = problems.keep(self.users(cx))?;
        let layers = problems.keep(self.layers(cx, schedule, rotation.id))?;
        let working_intervals = problems.keep(self.hours())?;
        problems.finish()?;
        Ok(Rotation {
            id: rotation.id,
            called: rotation.called,
            name: rotation.name,
            effective_from: self.effective_from,
            handover_start_at: handover_start_at.unwrap_or_else(|| cx.now()),
            handovers: handovers.unwrap_or_default(),
            users: users.unwrap_or_default(),
            layers: layers.unwrap_or_default(),
            scheduling_mode: self.scheduling_mode,
            working_intervals: working_intervals.unwrap_or_default(),
        })
    }

    fn handovers(&self) -> Result<Vec<HandoverEvery>> {
        let given = self.handovers.as_deref().unwrap_or_default();
        if given.is_empty() {
            return Err(Error::required("handovers"));
        }
        let mut problems = Problems::new();
        let mut handovers = Vec::new();
        for (index, every) in given.iter().enumerate() {
            let interval = u32::try_from(every.interval).ok().filter(|interval| (1..=LONGEST).contains(interval));
            let pointer = format!("handovers.{index}.interval");
            problems.check(interval.is_some(), &pointer, &format!("is between 1 and {LONGEST}"));
            handovers.extend(interval.map(|interval| HandoverEvery { interval, interval_type: every.interval_type }));
        }
        problems.finish().map(|()| handovers)
    }

    fn users(&self, cx: &mut Cx<'_>) -> Result<Vec<Id<people::users::User>>> {
        let (mut problems, mut users) = (Problems::new(), Vec::new());
        for (index, reference) in self.users.iter().flatten().enumerate() {
            let user = reference.resolve(cx).map_err(|error| error.within(format!("users.{index}")));
            users.extend(problems.keep(user)?);
        }
        problems.finish().map(|()| users)
    }

    fn layers(&self, cx: &mut Cx<'_>, schedule: Id<Schedule>, rotation: Id<rota::Rotation>) -> Result<Vec<NamedLayer>> {
        let given = self.layers.as_deref().unwrap_or_default();
        if given.is_empty() {
            return Ok(vec![NamedLayer {
                id: unnamed_layer(schedule, rotation, 0),
                called: None,
                name: "Layer 1".into(),
            }]);
        }
        let (mut problems, mut layers) = (Problems::new(), Vec::<NamedLayer>::new());
        for (index, layer) in given.iter().enumerate() {
            let pointer = format!("layers.{index}.id");
            let named = match layer.id.as_deref().filter(|id| !id.is_empty()) {
                Some(id) => problems.keep(key_or_new(cx, schedule, &pointer, Some(id)))?,
                None => Some((unnamed_layer(schedule, rotation, index), None)),
            };
            if let Some((id, called)) = named {
                problems.check(layers.iter().all(|other| other.id != id), &pointer, "another layer has this ID");
                let name = layer.name.clone().into().unwrap_or_else(|| format!("Layer {}", index + 1));
                layers.push(NamedLayer { id, called, name });
            }
        }
        problems.finish().map(|()| layers)
    }

    fn hours(&self) -> Result<Vec<Hours>> {
        let (name, given) = match (&self.working_intervals, &self.working_interval) {
            (Some(hours), _) => ("working_intervals", hours.as_slice()),
            (None, Some(hours)) => ("working_interval", hours.as_slice()),
            (None, None) => return Ok(Vec::new()),
        };
        let (mut problems, mut read) = (Problems::new(), Vec::new());
        for (index, hours) in given.iter().enumerate() {
            let HoursPayload { weekday, start_time, end_time } = hours.clone();
            let hours = Hours { weekday, start_time, end_time };
            let pointer = format!("{name}.{index}");
            problems.check(hours.interval().is_some(), &pointer, "times are in the 24-hour form 17:00");
            read.push(hours);
        }
        problems.finish().map(|()| read)
    }
}

/// The layer at `place` of a rotation, where the client calls it nothing: the same one each time it says so.
fn unnamed_layer(schedule: Id<Schedule>, rotation: Id<rota::Rotation>, place: usize) -> Id<rota::Layer> {
    key(schedule, &format!("{rotation} layer {place}"))
}

fn count<T>(list: &Option<Vec<T>>) -> usize {
    list.as_ref().map_or(0, Vec::len)
}

/// Refuses a list that is longer than `most` before any of it is read.
fn at_most(problems: &mut Problems, name: &str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    problems.check(false, name, &format!("has {most} at most"));
    std::mem::take(problems).finish()
}

/// Countries whose holidays a schedule shows at most.
const MOST_COUNTRIES: usize = 50;

/// Layers of all rotations of a schedule at most.
const MOST_LAYERS: usize = 100;

/// The largest number of hours, days or weeks between handovers.
const LONGEST: u32 = 10_000;

/// What a version of a rotation is called, where saying so is optional.
pub(super) type Optional = Option<String>;
