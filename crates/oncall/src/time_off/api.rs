//! The operations on time off.

use std::collections::BTreeSet;

use base::{Error, Id, Problems, Result, Time};
use people::users::{Directory, User, UserBody, UserReference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Stored};
use web::{Body, Created, Guard, NoContent, Page, PageMeta, Paging, Plain, Query, Resource, Show};

use super::record::{TimeOff, within};
use crate::schedules::{self, LONGEST_WINDOW, Schedule, ShiftsBody};

/// Who says when somebody is away: whoever may override shifts; and everybody for themselves.
const GUARD: Guard = Guard::ScopeOrOwn("schedule_overrides.create");

web::routes! {
    /// List time off, in the order in which it was made: that of one user, or in a window, if these are named.
    GET "/v1/time_off" "Time Off V1#List" "schedules.view" => list;
    /// Say when somebody is away. Shifts that this hits are marked, and stay as they are.
    POST "/v1/time_off" "Time Off V1#Create" GUARD => create;
    /// Show time off.
    GET "/v1/time_off/{id}" "Time Off V1#Show" "schedules.view" => show;
    /// Move time off, or change what it says; its user stays.
    PUT "/v1/time_off/{id}" "Time Off V1#Update" GUARD => update;
    /// Delete time off.
    DELETE "/v1/time_off/{id}" "Time Off V1#Destroy" GUARD => delete;
    /// List the shifts that time off hits, of all schedules, up to 91 days ahead.
    GET "/v1/time_off/{id}/shifts" "Time Off V1#ListShifts" "schedules.view" => shifts;
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TimeOff")]
struct TimeOffBody {
    created_at: Time,
    end_at: Time,
    id: Id<TimeOff>,
    note: String,
    start_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserBody>,
}

impl Resource for TimeOffBody {
    const ONE: &'static str = "time_off";
    const MANY: &'static str = "time_off";
}

impl TimeOffBody {
    fn of(shown: &TimeOff, directory: &Directory) -> Self {
        Self {
            created_at: shown.created_at,
            end_at: shown.end_at,
            id: shown.id,
            note: shown.note.clone(),
            start_at: shown.start_at,
            updated_at: shown.updated_at,
            user: directory.body(shown.user),
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// Only what ends after this.
    from: Option<Time>,
    #[serde(flatten)]
    paging: Paging<250>,
    /// Only what begins before this.
    to: Option<Time>,
    /// Only that of this user.
    user_id: Option<String>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<TimeOffBody>> {
    let paging = query.paging.read()?;
    let listed = seen(cx)?.and(within(query.from, query.to)).and_wanted("user_id", query.user_id);
    let page = cx.page::<TimeOff>(listed, Direction::Forward, &paging)?;
    let directory = cx.cached::<Directory>()?;
    let rows = page.rows.iter().map(|row| TimeOffBody::of(row, &directory)).collect();
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

/// The time off that the caller may see: all of it, or that of whoever takes shifts on the schedules of its teams.
fn seen(cx: &mut Cx<'_>) -> Result<Condition> {
    if cx.owned().is_none() {
        return Ok(Condition::everything());
    }
    let listed = schedules::listed(cx)?;
    let theirs = cx.list::<Schedule>(listed, "id")?;
    let rotations = theirs.iter().flat_map(|schedule| &schedule.configuration.rotations);
    let users: BTreeSet<_> = rotations.flat_map(|rotation| rotation.users.iter().copied()).collect();
    Ok(Condition::one_of("user_id", users))
}

/// The time off with this ID, if the caller may see it.
fn find(cx: &mut Cx<'_>, id: Id<TimeOff>) -> Result<Stored<TimeOff>> {
    let this = seen(cx)?.and(Condition::equal("id", id));
    cx.list(this, "id")?.pop().ok_or_else(Error::not_found)
}

fn show(cx: &mut Cx<'_>, id: Id<TimeOff>) -> Result<Show<TimeOffBody>> {
    let found = find(cx, id)?;
    let directory = cx.cached::<Directory>()?;
    Ok(Show(TimeOffBody::of(&found, &directory)))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "TimeOffCreate")]
struct CreatePayload {
    /// The time off.
    time_off: TimeOffPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "TimeOffUpdate")]
struct UpdatePayload {
    /// The time off: all that it says from now on.
    time_off: TimeOffPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "TimeOffPayload")]
struct TimeOffPayload {
    /// The first moment after it.
    end_at: Time,
    /// What there is to say about it.
    #[schemars(length(max = 1000))]
    note: Option<String>,
    /// The first moment.
    start_at: Time,
    /// Who is away.
    user: UserReference,
}

impl TimeOffPayload {
    /// Who is away, if all of this can be.
    fn check(&self, cx: &mut Cx<'_>) -> Result<Id<User>> {
        let mut problems = Problems::new();
        problems.check(self.start_at < self.end_at, "end_at", "is not after start_at");
        let user = problems.keep(self.user.resolve(cx).map_err(|error| error.within("user")))?;
        problems.finish()?;
        user.ok_or_else(Error::not_found)
    }
}

/// Refuses whoever may neither say so of everybody nor is the user: time off is no team's.
fn admit(cx: &mut Cx<'_>, user: Id<User>) -> Result<()> {
    if cx.prove_own(&[user]) { Ok(()) } else { cx.prove_unlimited() }
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<TimeOffBody>> {
    let payload = payload.time_off;
    let user = payload.check(cx).map_err(|error| error.within("time_off"))?;
    admit(cx, user)?;
    let time_off = TimeOff {
        id: cx.new_id(),
        user,
        start_at: payload.start_at,
        end_at: payload.end_at,
        note: payload.note.unwrap_or_default(),
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    cx.insert(&time_off)?;
    let directory = cx.cached::<Directory>()?;
    Ok(Created(TimeOffBody::of(&time_off, &directory)))
}

fn update(cx: &mut Cx<'_>, id: Id<TimeOff>, Body(payload): Body<UpdatePayload>) -> Result<Show<TimeOffBody>> {
    let mut found = cx.get(id)?;
    admit(cx, found.user)?;
    let payload = payload.time_off;
    if payload.check(cx).map_err(|error| error.within("time_off"))? != found.user {
        return Err(Error::invalid("time_off.user", "time off keeps its user: delete it, and create another"));
    }
    found.start_at = payload.start_at;
    found.end_at = payload.end_at;
    found.note = payload.note.unwrap_or_default();
    found.updated_at = cx.now();
    cx.save(&mut found)?;
    let directory = cx.cached::<Directory>()?;
    Ok(Show(TimeOffBody::of(&found, &directory)))
}

fn delete(cx: &mut Cx<'_>, id: Id<TimeOff>) -> Result<NoContent> {
    let found = cx.get(id)?;
    admit(cx, found.user)?;
    cx.delete(&found)?;
    Ok(NoContent)
}

/// The shifts that somebody has and is away for, up to 91 days ahead.
fn shifts(cx: &mut Cx<'_>, id: Id<TimeOff>) -> Result<Plain<ShiftsBody>> {
    let time_off = find(cx, id)?;
    let window = time_off.start_at.max(cx.now())..time_off.end_at.min(cx.now() + LONGEST_WINDOW);
    ShiftsBody::of(cx, time_off.user, window).map(Plain)
}
