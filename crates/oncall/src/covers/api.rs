//! The operations on cover requests.

use std::collections::HashMap;

use base::{Error, Id, Problems, Result, Time};
use people::users::{Directory, User, UserBody, UserReference, active_users};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Stored};
use web::{Body, Created, Guard, Page, PageMeta, Paging, Query, Resource, Show};

use super::record::{CoverRequest, Slot, State, Taken, WasCancelled, WasCreated};
use super::take::{hold, take as take_part};
use crate::overrides::ScheduleOverride;
use crate::schedules::{self, LONGEST_WINDOW, Names, Schedule};

/// Who asks and who takes: whoever may override shifts; and everybody for themselves.
const GUARD: Guard = Guard::ScopeOrOwn("schedule_overrides.create");

web::routes! {
    /// List cover requests, oldest first: those of a schedule or a user, or those in a state, if one is named.
    GET "/v1/cover_requests" "Cover Requests V1#List" "schedules.view" => list;
    /// Ask others to take a shift, or part of it, from now on; with `in_return`, to swap it for one of theirs.
    POST "/v1/cover_requests" "Cover Requests V1#Create" GUARD => create;
    /// Show a cover request.
    GET "/v1/cover_requests/{id}" "Cover Requests V1#Show" "schedules.view" => show;
    /// Take a cover request, or part of it: an override is made for whoever takes it, and what is left stays open. What is
    /// left after a part from the middle becomes a request of its own. A swap is taken as a whole.
    POST "/v1/cover_requests/{id}/actions/take" "Cover Requests V1#Take" GUARD => take;
    /// Take back what is open of a cover request.
    POST "/v1/cover_requests/{id}/actions/cancel" "Cover Requests V1#Cancel" GUARD => cancel;
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CoverRequest")]
struct RequestBody {
    asked_user_ids: Vec<Id<User>>,
    created_at: Time,
    id: Id<CoverRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_return: Option<SlotBody>,
    message: String,
    #[serde(flatten)]
    slot: SlotBody,
    state: State,
    taken: Vec<TakenBody>,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserBody>,
}

/// A layer of a rotation, for a while.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CoverSlot")]
struct SlotBody {
    end_at: Time,
    layer_id: String,
    rotation_id: String,
    schedule_id: Id<Schedule>,
    start_at: Time,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CoverTaken")]
struct TakenBody {
    end_at: Time,
    override_ids: Vec<Id<ScheduleOverride>>,
    start_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserBody>,
}

impl Resource for RequestBody {
    const ONE: &'static str = "cover_request";
    const MANY: &'static str = "cover_requests";
}

impl RequestBody {
    /// How requests are shown.
    fn all<'r>(cx: &mut Cx<'_>, requests: impl Iterator<Item = &'r CoverRequest> + Clone) -> Result<Vec<Self>> {
        let about = Condition::one_of("id", requests.clone().flat_map(CoverRequest::schedules));
        let schedules = cx.list::<Schedule>(about, "id")?;
        let names = schedules.iter().map(|schedule| (schedule.id, Names::of(schedule))).collect();
        let (directory, now) = (cx.cached::<Directory>()?, cx.now());
        Ok(requests.map(|request| Self::of(request, &names, &directory, now)).collect())
    }

    /// How one is shown.
    fn one(cx: &mut Cx<'_>, request: &CoverRequest) -> Result<Self> {
        Self::all(cx, std::iter::once(request))?.pop().ok_or_else(Error::not_found)
    }

    fn of(shown: &CoverRequest, names: &HashMap<Id<Schedule>, Names>, directory: &Directory, now: Time) -> Self {
        let taken = |part: &Taken| TakenBody {
            end_at: part.end_at,
            override_ids: part.overrides.clone(),
            start_at: part.start_at,
            user: directory.body(part.user),
        };
        Self {
            asked_user_ids: shown.asked.clone(),
            created_at: shown.created_at,
            id: shown.id,
            in_return: shown.in_return.as_ref().map(|slot| SlotBody::of(slot, &names[&slot.schedule])),
            message: shown.message.clone(),
            slot: SlotBody::of(&shown.slot, &names[&shown.slot.schedule]),
            state: shown.state_at(now),
            taken: shown.taken.iter().map(taken).collect(),
            updated_at: shown.updated_at,
            user: directory.body(shown.user),
        }
    }
}

impl SlotBody {
    fn of(slot: &Slot, names: &Names) -> Self {
        Self {
            end_at: slot.end_at,
            layer_id: names.get(slot.layer),
            rotation_id: names.get(slot.rotation),
            schedule_id: slot.schedule,
            start_at: slot.start_at,
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
    /// Only those of this schedule.
    schedule_id: Option<String>,
    /// Only those in this state.
    state: Option<State>,
    /// Only those of this user.
    user_id: Option<String>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<RequestBody>> {
    let paging = query.paging.read()?;
    let seen = schedules::of_listed(cx)?;
    let mut listed = seen.and_wanted("schedule_id", query.schedule_id).and_wanted("user_id", query.user_id);
    if let Some(state) = query.state {
        listed = listed.and(state.condition(cx.now()));
    }
    let page = cx.page::<CoverRequest>(listed, Direction::Forward, &paging)?;
    let rows = RequestBody::all(cx, page.rows.iter().map(|row| &**row))?;
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn show(cx: &mut Cx<'_>, id: Id<CoverRequest>) -> Result<Show<RequestBody>> {
    let request = cx.get(id)?;
    schedules::owned(cx, request.slot.schedule)?;
    RequestBody::one(cx, &request).map(Show)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CoverRequestCreate")]
struct CreatePayload {
    /// The request.
    cover_request: RequestPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CoverRequestPayload")]
struct RequestPayload {
    /// Who is asked; everybody, if nobody is named.
    asked_user_ids: Option<Vec<String>>,
    /// A shift of whoever takes it, which the asker takes over.
    in_return: Option<SlotPayload>,
    /// What there is to say about it.
    #[schemars(length(max = 1000))]
    message: Option<String>,
    #[serde(flatten)]
    slot: SlotPayload,
    /// Who asks.
    user: UserReference,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CoverSlotPayload")]
struct SlotPayload {
    /// The first moment after it.
    end_at: Time,
    /// The layer.
    layer_id: String,
    /// The rotation.
    rotation_id: String,
    /// The schedule.
    schedule_id: String,
    /// The first moment.
    start_at: Time,
}

impl SlotPayload {
    /// The slot, without what of it has passed.
    fn read(&self, cx: &mut Cx<'_>) -> Result<Slot> {
        let schedule = schedules::named(cx, &self.schedule_id)?;
        let (rotation, layer) =
            (schedules::key(schedule.id, &self.rotation_id), schedules::key(schedule.id, &self.layer_id));
        let (start_at, end_at) = (self.start_at.max(cx.now()), self.end_at);
        let mut problems = Problems::new();
        let has_layer = schedule.configuration.has_layer(rotation, layer);
        problems.check(has_layer, "layer_id", "the schedule has no such layer of a rotation");
        problems.check(self.start_at < end_at, "end_at", "is not after start_at");
        problems.check(end_at > cx.now(), "end_at", "has passed");
        problems.check(end_at <= start_at + LONGEST_WINDOW, "end_at", "is more than 91 days after the start");
        problems.finish()?;
        Ok(Slot { schedule: schedule.id, rotation, layer, start_at, end_at })
    }
}

impl RequestPayload {
    fn read(self, cx: &mut Cx<'_>) -> Result<CoverRequest> {
        let mut problems = Problems::new();
        let user = problems.keep(self.user.resolve(cx).map_err(|error| error.within("user")))?;
        let asked = self.asked_user_ids.unwrap_or_default();
        let asked = problems.keep(active_users(cx, "asked_user_ids", &asked))?;
        let slot = problems.keep(self.slot.read(cx))?;
        let in_return = self.in_return.map(|slot| slot.read(cx).map_err(|error| error.within("in_return")));
        let in_return = in_return.map(|slot| problems.keep(slot)).transpose()?.flatten();
        problems.finish()?;
        Ok(CoverRequest {
            id: cx.new_id(),
            slot: slot.ok_or_else(Error::not_found)?,
            user: user.ok_or_else(Error::not_found)?,
            asked: asked.unwrap_or_default(),
            message: self.message.unwrap_or_default(),
            in_return,
            state: State::Pending,
            taken: Vec::new(),
            created_at: cx.now(),
            updated_at: cx.now(),
        })
    }
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<RequestBody>> {
    let request = payload.cover_request.read(cx).map_err(|error| error.within("cover_request"))?;
    admit(cx, &request, request.user)?;
    check(cx, &request).map_err(|error| error.within("cover_request"))?;
    cx.insert(&request)?;
    cx.emit(&WasCreated { cover_request: request.id })?;
    RequestBody::one(cx, &request).map(Created)
}

/// Refuses whoever is neither `user`, whom the request concerns, nor may override shifts on the schedules that it is
/// about: nobody gets at a pager by seeing that somebody looks for cover.
fn admit(cx: &mut Cx<'_>, request: &CoverRequest, user: Id<User>) -> Result<()> {
    let schedules = request.schedules().map(|id| cx.get(id)).collect::<Result<Vec<Stored<Schedule>>>>()?;
    let takes_turns = schedules.iter().any(|schedule| schedule.configuration.users(None, cx.now()).contains(&user));
    let is_concerned = takes_turns || user == request.user || request.asked.contains(&user);
    if is_concerned && cx.prove_own(&[user]) {
        return Ok(());
    }
    schedules.iter().try_for_each(|schedule| cx.prove_owned(&schedule.teams))
}

/// Refuses a request that nobody could take.
fn check(cx: &mut Cx<'_>, request: &CoverRequest) -> Result<()> {
    let mut problems = Problems::new();
    let is_own = request.slot.sole_user(cx)? == Some(request.user);
    problems.check(is_own, "user", "is not on call there throughout");
    problems.check(!request.asked.contains(&request.user), "asked_user_ids", "nobody covers for themselves");
    if let Some(slot) = request.in_return {
        let taker = slot.sole_user(cx)?.filter(|taker| *taker != request.user);
        problems.check(taker.is_some(), "in_return", "is not one other person's throughout");
        let is_asked = taker.is_none_or(|taker| request.asked.is_empty() || request.asked.contains(&taker));
        problems.check(is_asked, "in_return", "is somebody's who is not asked");
    }
    problems.finish()
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CoverRequestTake")]
struct TakePayload {
    /// The first moment after what is taken; the end of the request, if it is left out.
    end_at: Option<Time>,
    /// The first moment that is taken; the start of the request, if it is left out.
    start_at: Option<Time>,
    /// Who takes it.
    user: UserReference,
}

fn take(cx: &mut Cx<'_>, id: Id<CoverRequest>, Body(payload): Body<TakePayload>) -> Result<Show<RequestBody>> {
    let mut request = hold(cx, id)?;
    schedules::get(cx, request.slot.schedule)?;
    let taker = payload.user.resolve(cx).map_err(|error| error.within("user"))?;
    admit(cx, &request, taker)?;
    request.prove_pending(cx.now())?;
    let part = request.part(payload.start_at, payload.end_at, cx.now())?;
    take_part(cx, &mut request, taker, part)?;
    RequestBody::one(cx, &request).map(Show)
}

fn cancel(cx: &mut Cx<'_>, id: Id<CoverRequest>) -> Result<Show<RequestBody>> {
    let mut request = hold(cx, id)?;
    schedules::get(cx, request.slot.schedule)?;
    admit(cx, &request, request.user)?;
    request.prove_pending(cx.now())?;
    request.state = State::Cancelled;
    request.updated_at = cx.now();
    cx.save_as("cancelled", &mut request)?;
    cx.emit(&WasCancelled { cover_request: request.id })?;
    RequestBody::one(cx, &request).map(Show)
}
