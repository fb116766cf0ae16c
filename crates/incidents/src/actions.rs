//! Actions: what is to be done while an incident is going on.
//!
//! The second and the third version of the API show them alike, but the third one's lists come in
//! pages. The first version shows actions and follow-ups as one list.

use std::collections::BTreeMap;

use base::{Actor, Error, Id, Result, Time, words};
use people::ActorBody;
use people::users::{Directory, User, UserBody};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Event, Record, Stored, Tx, Value, values};
use web::{Between, Body, Created, List, NoContent, Page, Paging, Query, Resource, Show};

use crate::external_issues::{ExternalIssue, Tracker};
use crate::follow_ups::FollowUp;
use crate::incident::{self, Incident, Mode, audited_as};
use crate::work::{self, ListMode, OpenQuery, WorkStatus};

web::routes! {
    /// List actions and follow-ups.
    GET "/v1/actions" "Actions V1#List" "actions.view", deprecated => list_v1;
    /// Show an action or a follow-up.
    GET "/v1/actions/{id}" "Actions V1#Show" "actions.view", deprecated => show_v1;

    /// List actions, oldest first.
    GET "/v2/actions" "Actions V2#List" "actions.view", deprecated => list_v2;
    /// Create an action.
    POST "/v2/actions" "Actions V2#Create" "actions.create", deprecated => create;
    /// Show an action.
    GET "/v2/actions/{id}" "Actions V2#Show" "actions.view", deprecated => show;
    /// Change an action. Without an assignee nobody has it.
    PUT "/v2/actions/{id}" "Actions V2#Update" "actions.update", deprecated => update;
    /// Delete an action.
    DELETE "/v2/actions/{id}" "Actions V2#Delete" "actions.destroy", deprecated => delete;

    /// List actions, oldest first, in pages.
    GET "/v3/actions" "Actions V3#List" "actions.view" => list_v3;
    /// List the actions that somebody has still to do, newest first.
    GET "" "Actions#ListOpen" "actions.view", inside => list_open;
    /// Create an action.
    POST "/v3/actions" "Actions V3#Create" "actions.create" => create;
    /// Show an action.
    GET "/v3/actions/{id}" "Actions V3#Show" "actions.view" => show;
    /// Change an action. Without an assignee nobody has it.
    PUT "/v3/actions/{id}" "Actions V3#Update" "actions.update" => update;
    /// Delete an action.
    DELETE "/v3/actions/{id}" "Actions V3#Delete" "actions.destroy" => delete;
}

/// An action.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Action {
    /// Which one.
    pub id: Id<Action>,
    /// The incident.
    pub incident: Id<Incident>,
    /// What is to be done, in Markdown.
    pub description: String,
    /// Who does it.
    #[serde(default)]
    pub assignee: Option<Id<User>>,
    /// How far it has got.
    pub status: WorkStatus,
    /// Who asked for it.
    pub creator: Actor,
    /// When it was done.
    #[serde(default)]
    pub completed_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for Action {
    const TABLE: &'static str = "actions";
    const COLUMNS: &'static [&'static str] = &["incident_id", "created_at", "updated_at", "open_for"];
    const KIND: &'static str = "action";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.description.clone()
    }

    fn audited_as(&self, tx: &mut Tx<'_>) -> Result<String> {
        audited_as(tx, self.incident, self.name())
    }

    fn columns(&self) -> Vec<Value> {
        values![self.incident, self.created_at, self.updated_at, work::open_for(self.status, self.assignee)].into()
    }
}

/// An action was made or changed.
#[derive(Debug, Serialize)]
struct ActionChanged {
    action: Id<Action>,
}

impl Event for ActionChanged {
    const KIND: &'static str = "incident.action_changed";
}

#[derive(Debug, Serialize, JsonSchema)]
struct ActionBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<UserBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Time>,
    created_at: Time,
    creator: ActorBody,
    description: String,
    id: Id<Action>,
    incident_id: Id<Incident>,
    status: WorkStatus,
    updated_at: Time,
}

impl Resource for ActionBody {
    const ONE: &'static str = "action";
    const MANY: &'static str = "actions";
}

impl ActionBody {
    fn of(cx: &mut Cx<'_>, action: &Action) -> Result<Self> {
        let directory = cx.cached::<Directory>()?;
        Ok(Self {
            assignee: action.assignee.and_then(|id| directory.body(id)),
            completed_at: action.completed_at,
            created_at: action.created_at,
            creator: ActorBody::of(&action.creator, &directory),
            description: action.description.clone(),
            id: action.id,
            incident_id: action.incident,
            status: action.status,
            updated_at: action.updated_at,
        })
    }
}

/// The action, where the caller may see its incident.
fn find(cx: &mut Cx<'_>, id: Id<Action>) -> Result<Stored<Action>> {
    let action = cx.get(id)?;
    work::incident_of(cx, action.incident)?;
    Ok(action)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// Only those of this incident.
    incident_id: Option<String>,
    /// Only those of incidents of this mode; the real ones if not given.
    incident_mode: Option<ListMode>,
}

impl ListQuery {
    fn condition(&self, cx: &mut Cx<'_>) -> Result<Condition> {
        work::of_incidents(cx, self.incident_id.as_deref(), self.incident_mode.map(|mode| vec![mode.as_str()]))
    }
}

fn list_v2(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<List<ActionBody>> {
    let condition = query.condition(cx)?;
    let actions = cx.list::<Action>(condition, "id")?;
    actions.iter().map(|action| ActionBody::of(cx, action)).collect::<Result<_>>().map(List)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct PagedQuery {
    #[serde(flatten)]
    paging: Paging<250>,
    #[serde(flatten)]
    wanted: ListQuery,
    /// By when it was made: `gte`, `lte`, `date_range`.
    created_at: Option<BTreeMap<String, Vec<String>>>,
    /// By when it last changed: `gte`, `lte`, `date_range`.
    updated_at: Option<BTreeMap<String, Vec<String>>>,
}

fn list_open(cx: &mut Cx<'_>, Query(query): Query<OpenQuery>) -> Result<Page<ActionBody>> {
    let condition = query.condition(cx)?;
    work::page(cx, condition, Direction::Backward, query.paging.read()?, ActionBody::of)
}

fn list_v3(cx: &mut Cx<'_>, Query(query): Query<PagedQuery>) -> Result<Page<ActionBody>> {
    let times = [("created_at", &query.created_at), ("updated_at", &query.updated_at)];
    let condition = query.wanted.condition(cx)?.and(Between::conditions(&times)?);
    work::page(cx, condition, Direction::Forward, query.paging.read()?, ActionBody::of)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ActionCreate")]
struct CreatePayload {
    /// Who does it.
    assignee_id: Option<String>,
    /// What is to be done, in Markdown.
    description: String,
    /// The incident.
    incident_id: String,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<ActionBody>> {
    let incident = incident::named(cx, &payload.incident_id)?;
    let action = Action {
        id: cx.new_id(),
        incident: incident.id,
        assignee: work::assignee(cx, payload.assignee_id.as_deref())?,
        description: described(payload.description)?,
        status: WorkStatus::Outstanding,
        creator: cx.actor().clone(),
        completed_at: None,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    cx.insert(&action)?;
    cx.emit(&ActionChanged { action: action.id })?;
    ActionBody::of(cx, &action).map(Created)
}

fn described(description: String) -> Result<String> {
    if description.trim().is_empty() { Err(Error::required("description")) } else { Ok(description) }
}

fn show(cx: &mut Cx<'_>, id: Id<Action>) -> Result<Show<ActionBody>> {
    let action = find(cx, id)?;
    ActionBody::of(cx, &action).map(Show)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ActionUpdate")]
struct UpdatePayload {
    /// Who does it; nobody if not given.
    assignee_id: Option<String>,
    /// What is to be done, in Markdown.
    description: String,
    /// How far it has got.
    status: WorkStatus,
}

fn update(cx: &mut Cx<'_>, id: Id<Action>, Body(payload): Body<UpdatePayload>) -> Result<Show<ActionBody>> {
    let mut action = find(cx, id)?;
    payload.status.check_given()?;
    action.assignee = work::assignee(cx, payload.assignee_id.as_deref())?;
    action.description = described(payload.description)?;
    action.completed_at = work::completed_at(payload.status, action.completed_at, cx.now());
    action.status = payload.status;
    action.updated_at = cx.now();
    cx.save(&mut action)?;
    cx.emit(&ActionChanged { action: id })?;
    ActionBody::of(cx, &action).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<Action>) -> Result<NoContent> {
    let action = find(cx, id)?;
    cx.delete(&action)?;
    Ok(NoContent)
}

words! {
    /// A mode in the words of the first version.
    enum ModeV1 {
        Real = "real",
        Test = "test",
        Tutorial = "tutorial",
    }
}

impl ModeV1 {
    fn modes(self) -> Vec<&'static str> {
        match self {
            Self::Real => Mode::REAL.map(Mode::as_str).to_vec(),
            Self::Test => vec![Mode::Test.as_str()],
            Self::Tutorial => vec![Mode::Tutorial.as_str()],
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct ActionV1 {
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<UserBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Time>,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_issue_reference: Option<IssueV1>,
    follow_up: bool,
    id: base::AnyId,
    incident_id: Id<Incident>,
    status: WorkStatus,
    updated_at: Time,
}

impl Resource for ActionV1 {
    const ONE: &'static str = "action";
    const MANY: &'static str = "actions";
}

#[derive(Debug, Serialize, JsonSchema)]
struct IssueV1 {
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_permalink: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Tracker>,
}

impl ActionV1 {
    fn of_action(cx: &mut Cx<'_>, action: &Action) -> Result<Self> {
        let directory = cx.cached::<Directory>()?;
        Ok(Self {
            assignee: action.assignee.and_then(|id| directory.body(id)),
            completed_at: action.completed_at,
            created_at: action.created_at,
            description: Some(action.description.clone()),
            external_issue_reference: None,
            follow_up: false,
            id: action.id.cast(),
            incident_id: action.incident,
            status: action.status,
            updated_at: action.updated_at,
        })
    }

    /// The first version calls a follow-up's title its description.
    fn of_follow_up(cx: &mut Cx<'_>, follow_up: &FollowUp) -> Result<Self> {
        let directory = cx.cached::<Directory>()?;
        let issue = follow_up.external_issue.map(|id| cx.find::<ExternalIssue>(id)).transpose()?.flatten();
        let issue = issue.map(|issue| IssueV1 {
            issue_name: Some(issue.name.clone()),
            issue_permalink: Some(issue.url.clone()),
            provider: Some(issue.tracker),
        });
        Ok(Self {
            assignee: follow_up.assignee.and_then(|id| directory.body(id)),
            completed_at: follow_up.completed_at,
            created_at: follow_up.created_at,
            description: Some(follow_up.title.clone()),
            external_issue_reference: issue,
            follow_up: true,
            id: follow_up.id.cast(),
            incident_id: follow_up.incident,
            status: follow_up.status,
            updated_at: follow_up.updated_at,
        })
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQueryV1 {
    /// Only those of this incident.
    incident_id: Option<String>,
    /// Only follow-ups, or only actions.
    is_follow_up: Option<bool>,
    /// Only those of incidents of this mode; the real ones if not given.
    incident_mode: Option<ModeV1>,
}

fn list_v1(cx: &mut Cx<'_>, Query(query): Query<ListQueryV1>) -> Result<List<ActionV1>> {
    let modes = query.incident_mode.map(ModeV1::modes);
    let condition = work::of_incidents(cx, query.incident_id.as_deref(), modes)?;
    let mut rows = Vec::new();
    if query.is_follow_up != Some(true) {
        for action in cx.list::<Action>(condition.clone(), "id")? {
            rows.push(ActionV1::of_action(cx, &action)?);
        }
    }
    if query.is_follow_up != Some(false) {
        for follow_up in cx.list::<FollowUp>(condition, "id")? {
            rows.push(ActionV1::of_follow_up(cx, &follow_up)?);
        }
    }
    rows.sort_by_key(|row| row.id);
    Ok(List(rows))
}

fn show_v1(cx: &mut Cx<'_>, id: Id<Action>) -> Result<Show<ActionV1>> {
    if let Some(follow_up) = cx.find::<FollowUp>(id.cast())? {
        work::incident_of(cx, follow_up.incident)?;
        return ActionV1::of_follow_up(cx, &follow_up).map(Show);
    }
    let action = find(cx, id)?;
    ActionV1::of_action(cx, &action).map(Show)
}
