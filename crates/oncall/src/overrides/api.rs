//! The operations on overrides.

use std::ops::Range;

use base::{Error, Id, Problems, Result, Time};
use people::users::{Directory, UserBody, UserReference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Record, Stored};
use web::{Body, Created, Guard, Loose, NoContent, Page, PageMeta, Paging, Query, Resource, Show};

use super::record::{ScheduleOverride, in_use, retire};
use crate::rota::{self, Layer};
use crate::schedules::{self, LONGEST_WINDOW, Names, Schedule};

web::routes! {
    /// List the overrides of a schedule, oldest first.
    GET "/v2/schedule_overrides" "Schedules V2#ListOverrides" "schedules.view" => list;
    /// Create an override. It takes its time from those that are there. Whoever is on call may give away their own shifts.
    POST "/v2/schedule_overrides" "Schedules V2#CreateOverride" Guard::ScopeOrOwn("schedule_overrides.create") => create;
    /// Show an override.
    GET "/v2/schedule_overrides/{id}" "Schedules V2#ShowOverride" "schedules.view" => show;
    /// Move an override; its user stays. It takes its time from those that are there.
    PUT "/v2/schedule_overrides/{id}" "Schedules V2#UpdateOverride" "schedule_overrides.update" => update;
    /// Delete an override. Doing so twice changes nothing.
    DELETE "/v2/schedule_overrides/{id}" "Schedules V2#DestroyOverride" "schedule_overrides.destroy" => delete;
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleOverride")]
struct OverrideBody {
    created_at: Time,
    end_at: Time,
    id: Id<ScheduleOverride>,
    layer_id: String,
    rotation_id: String,
    schedule_id: Id<Schedule>,
    start_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserBody>,
}

impl Resource for OverrideBody {
    const ONE: &'static str = "override";
    const MANY: &'static str = "overrides";
}

impl OverrideBody {
    fn of(shown: &ScheduleOverride, names: &Names, directory: &Directory) -> Self {
        Self {
            created_at: shown.created_at,
            end_at: shown.end_at,
            id: shown.id,
            layer_id: names.get(shown.layer),
            rotation_id: names.get(shown.rotation),
            schedule_id: shown.schedule,
            start_at: shown.start_at,
            updated_at: shown.updated_at,
            user: directory.body(shown.user),
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleOverrideUpdate")]
struct UpdatePayload {
    /// The first moment after it.
    end_at: Time,
    /// The layer.
    layer_id: String,
    /// The rotation.
    rotation_id: String,
    /// The first moment.
    start_at: Time,
    /// Who is on call.
    user: UserReference,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleOverrideCreate")]
struct CreatePayload {
    #[serde(flatten)]
    place: UpdatePayload,
    /// The schedule.
    schedule_id: String,
}

/// Where on a schedule an override is to be, and whose it is.
struct Place {
    rotation: Id<rota::Rotation>,
    layer: Id<Layer>,
    user: Id<people::users::User>,
}

impl UpdatePayload {
    fn place(&self, cx: &mut Cx<'_>, schedule: &Schedule) -> Result<Place> {
        let mut problems = Problems::new();
        problems.check(self.start_at < self.end_at, "end_at", "is not after start_at");
        let (rotation, layer) =
            (schedules::key(schedule.id, &self.rotation_id), schedules::key(schedule.id, &self.layer_id));
        let known = schedule.configuration.rotations.iter().any(|version| version.id == rotation);
        problems.check(known, "rotation_id", "the schedule has no rotation with this ID");
        let is_there = schedule.configuration.has_layer(rotation, layer);
        problems.check(!known || is_there, "layer_id", "the rotation has no such layer");
        let user = problems.keep(self.user.resolve(cx).map_err(|error| error.within("user")))?;
        problems.finish()?;
        user.map(|user| Place { rotation, layer, user }).ok_or_else(Error::not_found)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// Only those of this layer.
    layer_id: Option<String>,
    #[serde(flatten)]
    paging: Paging<250>,
    /// Only those of this rotation.
    rotation_id: Option<String>,
    /// The schedule.
    schedule_id: String,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<OverrideBody, Loose>> {
    let schedule = query.schedule_id.parse().map_err(|_| Error::not_found())?;
    let schedule = schedules::owned(cx, schedule)?;
    let paging = query.paging.read()?;
    let mut condition = in_use(schedule.id);
    for (column, wanted) in [("rotation_id", query.rotation_id), ("layer_id", query.layer_id)] {
        if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
            condition = condition.and(Condition::equal(column, schedules::key::<()>(schedule.id, &wanted)));
        }
    }
    let page = cx.page::<ScheduleOverride>(condition, Direction::Forward, &paging)?;
    let directory = cx.cached::<Directory>()?;
    let names = Names::of(&schedule);
    let rows = page.rows.iter().map(|row| OverrideBody::of(row, &names, &directory)).collect();
    Ok(Page { rows, meta: Loose(PageMeta::new(&paging, page.after)) })
}

/// The override with its schedule.
fn find(cx: &mut Cx<'_>, id: Id<ScheduleOverride>) -> Result<(Stored<Schedule>, Stored<ScheduleOverride>)> {
    let found = cx.get(id)?;
    let schedule = schedules::owned(cx, found.schedule)?;
    Ok((schedule, found))
}

/// The same, of which nobody else changes an override in the meantime.
fn open(cx: &mut Cx<'_>, id: Id<ScheduleOverride>) -> Result<(Stored<Schedule>, Stored<ScheduleOverride>)> {
    let (schedule, _) = find(cx, id)?;
    cx.lock(Schedule::TABLE, schedule.id)?;
    Ok((schedule, cx.get(id)?))
}

fn show(cx: &mut Cx<'_>, id: Id<ScheduleOverride>) -> Result<Show<OverrideBody>> {
    let (schedule, found) = find(cx, id)?;
    let directory = cx.cached::<Directory>()?;
    if found.deleted_at.is_some() {
        return Err(Error::not_found());
    }
    Ok(Show(OverrideBody::of(&found, &Names::of(&schedule), &directory)))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<OverrideBody>> {
    let schedule = schedules::hold_named(cx, &payload.schedule_id)?;
    let place = payload.place.place(cx, &schedule)?;
    let window = payload.place.start_at..payload.place.end_at;
    if !gives_away_own(cx, &schedule, &place, &window)? {
        cx.prove_owned(&schedule.teams)?;
    }
    let made = ScheduleOverride::add(cx, schedule.id, (place.rotation, place.layer), window, place.user)?;
    let directory = cx.cached::<Directory>()?;
    Ok(Created(OverrideBody::of(&made, &Names::of(&schedule), &directory)))
}

/// Whether the caller acts for the one who is on call all of that time, which is to come.
fn gives_away_own(cx: &mut Cx<'_>, schedule: &Schedule, place: &Place, window: &Range<Time>) -> Result<bool> {
    if cx.access().user.is_none() || window.start < cx.now() || window.end > window.start + LONGEST_WINDOW {
        return Ok(false);
    }
    let calendar = schedules::calendar(cx, schedule, window.start)?;
    let on_call = calendar.sole_user((place.rotation, place.layer), window.clone());
    Ok(cx.prove_own(on_call.as_slice()))
}

fn update(cx: &mut Cx<'_>, id: Id<ScheduleOverride>, Body(payload): Body<UpdatePayload>) -> Result<Show<OverrideBody>> {
    let (schedule, mut found) = open(cx, id)?;
    if found.deleted_at.is_some() {
        return Err(Error::not_found());
    }
    let place = payload.place(cx, &schedule)?;
    if place.user != found.user {
        return Err(Error::invalid("user", "an override keeps its user: delete it, and create another"));
    }
    let before = (*found).clone();
    found.rotation = place.rotation;
    found.layer = place.layer;
    found.start_at = payload.start_at;
    found.end_at = payload.end_at;
    found.updated_at = cx.now();
    cx.save(&mut found)?;
    let moved = (before.rotation, before.layer, before.start_at) != (found.rotation, found.layer, found.start_at);
    if moved || found.end_at < before.end_at.min(cx.now()) {
        ScheduleOverride::keep_past_of(cx, &before)?;
    }
    found.make_room(cx)?;
    let directory = cx.cached::<Directory>()?;
    Ok(Show(OverrideBody::of(&found, &Names::of(&schedule), &directory)))
}

fn delete(cx: &mut Cx<'_>, id: Id<ScheduleOverride>) -> Result<NoContent> {
    let (_, found) = open(cx, id)?;
    if found.deleted_at.is_none() {
        ScheduleOverride::keep_past_of(cx, &found)?;
        retire(cx, found)?;
    }
    Ok(NoContent)
}
