//! The third version of schedules: rotations are resources of their own, each with its versions. The
//! operations on a schedule itself are those of the second version, without its rotations in a request.

use base::{Error, Id, Problem, Problems, Result};
use people::users::Directory;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Cx, Stored};
use web::{Body, Created, List, NoContent, Resource, Show};

use super::api;
use super::body::{ScheduleBody, VersionBody};
use super::names::{Called, Names, key, key_or_new};
use super::payload::{AboutPayload, Named, VersionPayload};
use super::record::{Rotation, Schedule, owned};
use crate::rota;

web::routes! {
    /// List the schedules that the caller may see, oldest first.
    GET "/v3/schedules" "Schedules V3#List" "schedules.view" => api::list;
    /// Create a schedule without rotations.
    POST "/v3/schedules" "Schedules V3#Create" "schedules.create" => create;
    /// Show a schedule, with who is on call now and next.
    GET "/v3/schedules/{id}" "Schedules V3#Show" "schedules.view" => api::show;
    /// Replace what a schedule says, but for its rotations.
    PUT "/v3/schedules/{id}" "Schedules V3#Update" "schedules.update" => update;
    /// Archive a schedule.
    DELETE "/v3/schedules/{id}" "Schedules V3#Destroy" "schedules.destroy" => api::delete;
    /// List the rotations of a schedule.
    GET "/v3/schedules/{schedule_id}/rotations" "Schedule Rotations V3#List" "schedules.view" => list_rotations;
    /// Add a rotation to a schedule.
    POST "/v3/schedules/{schedule_id}/rotations" "Schedule Rotations V3#Create" "schedules.update" => create_rotation;
    /// Show a rotation.
    GET "/v3/schedules/{schedule_id}/rotations/{rotation_id}" "Schedule Rotations V3#Show" "schedules.view" => show_rotation;
    /// Replace what a rotation says. Who has been on call stays as it was.
    PUT "/v3/schedules/{schedule_id}/rotations/{rotation_id}" "Schedule Rotations V3#Update" "schedules.update" => update_rotation;
    /// Take a rotation off a schedule. Who has been on call stays as it was.
    DELETE "/v3/schedules/{schedule_id}/rotations/{rotation_id}" "Schedule Rotations V3#Destroy" "schedules.update" => delete_rotation;
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleAbout")]
struct SchedulePayload {
    /// The schedule.
    schedule: AboutPayload,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<SchedulePayload>) -> Result<Created<ScheduleBody>> {
    api::made(cx, |cx, schedule| payload.schedule.apply(cx, schedule))
}

fn update(cx: &mut Cx<'_>, id: Id<Schedule>, Body(payload): Body<SchedulePayload>) -> Result<Show<ScheduleBody>> {
    api::changed(cx, id, |cx, schedule| payload.schedule.apply(cx, schedule))
}

/// A rotation, with its versions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleRotationV3")]
struct RotationBody {
    id: String,
    name: String,
    schedule_id: Id<Schedule>,
    versions: Vec<VersionBody>,
}

impl Resource for RotationBody {
    const ONE: &'static str = "rotation";
    const MANY: &'static str = "rotations";
}

impl RotationBody {
    /// The rotation with this ID, if the schedule has it.
    fn of(cx: &mut Cx<'_>, schedule: &Schedule, id: Id<rota::Rotation>) -> Result<Option<Self>> {
        let (names, directory) = (Names::of(schedule), cx.cached::<Directory>()?);
        let versions = || schedule.configuration.rotations.iter().filter(|version| version.id == id);
        Ok(versions().next().map(|first| Self {
            id: names.get(id),
            name: first.name.clone(),
            schedule_id: schedule.id,
            versions: versions().map(|version| VersionBody::of(version, &names, &directory)).collect(),
        }))
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleRotationCreate")]
struct CreatePayload {
    /// The rotation.
    rotation: RotationPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleRotationUpdate")]
struct UpdatePayload {
    /// The rotation: all that it says from now on.
    rotation: RotationPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleRotationV3Payload")]
struct RotationPayload {
    /// Which one; a new one may come with an ID of its own, any text.
    id: Option<String>,
    /// What it is called.
    name: String,
    /// How it works, from when on: in the order in which they take effect.
    versions: Vec<VersionPayload<String>>,
}

impl RotationPayload {
    /// The versions of the rotation with this ID.
    fn read(
        &self,
        cx: &mut Cx<'_>,
        schedule: Id<Schedule>,
        (id, called): (Id<rota::Rotation>, Option<String>),
    ) -> Result<Vec<Rotation>> {
        let mut problems = Problems::new();
        if self.name.trim().is_empty() {
            problems.push(Problem::new("is_required", "name is required").at("name"));
        }
        if self.versions.is_empty() {
            problems.push(Problem::new("is_required", "a rotation has one version at least").at("versions"));
        }
        let rotation = Named { id, called, name: self.name.clone() };
        let mut versions: Vec<Rotation> = Vec::new();
        for (index, payload) in self.versions.iter().enumerate() {
            let version = payload.read(cx, schedule, rotation.clone(), versions.last());
            versions.extend(problems.keep(version.map_err(|error| error.within(format!("versions.{index}"))))?);
        }
        problems.finish().map(|()| versions)
    }
}

fn list_rotations(cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<List<RotationBody>> {
    let schedule = owned(cx, schedule)?;
    let mut ids = Vec::new();
    for version in &schedule.configuration.rotations {
        if !ids.contains(&version.id) {
            ids.push(version.id);
        }
    }
    let mut rotations = Vec::new();
    for id in ids {
        rotations.extend(RotationBody::of(cx, &schedule, id)?);
    }
    Ok(List(rotations))
}

type Ids = (Id<Schedule>, Called);

fn show_rotation(cx: &mut Cx<'_>, (schedule, Called(called)): Ids) -> Result<Show<RotationBody>> {
    let schedule = owned(cx, schedule)?;
    RotationBody::of(cx, &schedule, key(schedule.id, &called))?.map(Show).ok_or_else(Error::not_found)
}

fn create_rotation(
    cx: &mut Cx<'_>,
    schedule: Id<Schedule>,
    Body(payload): Body<CreatePayload>,
) -> Result<Created<RotationBody>> {
    let mut schedule = owned(cx, schedule)?;
    let named = key_or_new(cx, schedule.id, "rotation.id", payload.rotation.id.as_deref())?;
    let id = named.0;
    if schedule.configuration.rotations.iter().any(|version| version.id == id) {
        return Err(Error::invalid("rotation.id", "another rotation of the schedule has this ID"));
    }
    let versions = payload.rotation.read(cx, schedule.id, named).map_err(|error| error.within("rotation"))?;
    put(cx, &mut schedule, id, versions)?;
    RotationBody::of(cx, &schedule, id)?.map(Created).ok_or_else(Error::not_found)
}

fn update_rotation(
    cx: &mut Cx<'_>,
    (schedule, Called(called)): Ids,
    Body(payload): Body<UpdatePayload>,
) -> Result<Show<RotationBody>> {
    let mut schedule = owned(cx, schedule)?;
    let id = key(schedule.id, &called);
    let known = schedule.configuration.rotations.iter().find(|version| version.id == id);
    let called = known.ok_or_else(Error::not_found)?.called.clone();
    let versions = payload.rotation.read(cx, schedule.id, (id, called)).map_err(|error| error.within("rotation"))?;
    put(cx, &mut schedule, id, versions)?;
    RotationBody::of(cx, &schedule, id)?.map(Show).ok_or_else(Error::not_found)
}

fn delete_rotation(cx: &mut Cx<'_>, (schedule, Called(called)): Ids) -> Result<NoContent> {
    let mut schedule = owned(cx, schedule)?;
    let id = key(schedule.id, &called);
    if schedule.configuration.rotations.iter().all(|version| version.id != id) {
        return Err(Error::not_found());
    }
    put(cx, &mut schedule, id, Vec::new())?;
    Ok(NoContent)
}

/// Puts `versions` in place of those that a rotation has, or at the end if it is new.
fn put(
    cx: &mut Cx<'_>,
    schedule: &mut Stored<Schedule>,
    id: Id<rota::Rotation>,
    versions: Vec<Rotation>,
) -> Result<()> {
    let before = schedule.configuration.clone();
    let rotations = &mut schedule.configuration.rotations;
    let place = rotations.iter().position(|version| version.id == id).unwrap_or(rotations.len());
    rotations.retain(|version| version.id != id);
    rotations.splice(place..place, versions);
    schedule.replaces(cx, before);
    cx.save(schedule)
}
