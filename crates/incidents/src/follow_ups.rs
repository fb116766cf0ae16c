//! Follow-ups: what is to be done after an incident.
//!
//! The second and the third version of the API differ in two things: the third one shows categories,
//! and its lists come in pages.

use std::collections::BTreeMap;

use base::{Actor, Error, Id, Problems, Result, Time};
use people::teams::{Team, Teams};
use people::users::{Directory, User, UserBody};
use people::{ActorBody, NamedBody};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Event, Record, Stored, Tx, Value, values};
use web::{Between, Body, Created, List, NoContent, Page, Paging, Query, Resource, Show};

use crate::external_issues::{self, ExternalIssue, ExternalIssueBody, StandsFor, Tracker};
use crate::incident::{self, Incident, audited_as};
use crate::settings::Settings;
use crate::settings::follow_up_choices::{ChoiceKind, FollowUpChoice, FollowUpChoiceBody};
use crate::settings::roles::RoleType;
use crate::work::{self, ListMode, OpenQuery, WorkStatus};

web::routes! {
    /// List follow-ups, oldest first.
    GET "/v2/follow_ups" "Follow-ups V2#List" "actions.view", deprecated => list_v2;
    /// Create a follow-up.
    POST "/v2/follow_ups" "Follow-ups V2#Create" "follow_ups.create", deprecated => create_v2;
    /// Show a follow-up.
    GET "/v2/follow_ups/{id}" "Follow-ups V2#Show" "actions.view", deprecated => show_v2;
    /// Change a follow-up. What is not given is cleared.
    PUT "/v2/follow_ups/{id}" "Follow-ups V2#Update" "follow_ups.update", deprecated => update_v2;
    /// Delete a follow-up.
    DELETE "/v2/follow_ups/{id}" "Follow-ups V2#Delete" "follow_ups.destroy", deprecated => delete;
    /// Connect a follow-up to an issue that exists already. It must not have one.
    POST "/v2/follow_ups/{id}/actions/connect_external_issue" "Follow-ups V2#ConnectExternalIssue"
        "follow_ups.connect_external_issue", deprecated => connect_v2;

    /// List follow-ups, oldest first, in pages.
    GET "/v3/follow_ups" "Follow-ups V3#List" "actions.view" => list_v3;
    /// List the follow-ups that somebody has still to do, newest first.
    GET "" "Follow-ups#ListOpen" "actions.view", inside => list_open;
    /// Create a follow-up.
    POST "/v3/follow_ups" "Follow-ups V3#Create" "follow_ups.create" => create_v3;
    /// Create a follow-up for an issue that exists already. It is called like the issue, and the
    /// incident's lead has it.
    POST "/v3/follow_ups/actions/create_from_link" "Follow-ups V3#CreateFromLink" "follow_ups.create_from_link" => create_from_link;
    /// Show a follow-up.
    GET "/v3/follow_ups/{id}" "Follow-ups V3#Show" "actions.view" => show_v3;
    /// Change a follow-up. What is not given is cleared.
    PUT "/v3/follow_ups/{id}" "Follow-ups V3#Update" "follow_ups.update" => update_v3;
    /// Delete a follow-up.
    DELETE "/v3/follow_ups/{id}" "Follow-ups V3#Delete" "follow_ups.destroy" => delete;
    /// Connect a follow-up to an issue that exists already. It must not have one.
    POST "/v3/follow_ups/{id}/actions/connect_external_issue" "Follow-ups V3#ConnectExternalIssue"
        "follow_ups.connect_external_issue" => connect_v3;
}

/// A follow-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FollowUp {
    /// Which one.
    pub id: Id<FollowUp>,
    /// The incident.
    pub incident: Id<Incident>,
    /// What is to be done.
    pub title: String,
    /// More about it, in Markdown.
    #[serde(default)]
    pub description: Option<String>,
    /// Who does it.
    #[serde(default)]
    pub assignee: Option<Id<User>>,
    /// Which team does it.
    #[serde(default)]
    pub assignee_team: Option<Id<Team>>,
    /// How soon it has to be done.
    #[serde(default)]
    pub priority: Option<Id<FollowUpChoice>>,
    /// What kind of work it is.
    #[serde(default)]
    pub category: Option<Id<FollowUpChoice>>,
    /// Words to find it by.
    #[serde(default)]
    pub labels: Vec<String>,
    /// How far it has got.
    pub status: WorkStatus,
    /// Its issue in an issue tracker.
    #[serde(default)]
    pub external_issue: Option<Id<ExternalIssue>>,
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

impl Record for FollowUp {
    const TABLE: &'static str = "follow_ups";
    const COLUMNS: &'static [&'static str] =
        &["incident_id", "assignee_team_id", "created_at", "updated_at", "open_for"];
    const KIND: &'static str = "follow_up";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.title.clone()
    }

    fn audited_as(&self, tx: &mut Tx<'_>) -> Result<String> {
        audited_as(tx, self.incident, self.name())
    }

    fn columns(&self) -> Vec<Value> {
        let open_for = work::open_for(self.status, self.assignee);
        values![self.incident, self.assignee_team, self.created_at, self.updated_at, open_for].into()
    }
}

impl FollowUp {
    fn new(cx: &Cx<'_>, incident: Id<Incident>) -> Self {
        Self {
            id: cx.new_id(),
            incident,
            title: String::new(),
            description: None,
            assignee: None,
            assignee_team: None,
            priority: None,
            category: None,
            labels: Vec::new(),
            status: WorkStatus::Outstanding,
            external_issue: None,
            creator: cx.actor().clone(),
            completed_at: None,
            created_at: cx.now(),
            updated_at: cx.now(),
        }
    }

    fn insert(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.insert(self)?;
        cx.emit(&FollowUpChanged { follow_up: self.id })
    }

    fn save(cx: &mut Cx<'_>, follow_up: &mut Stored<Self>) -> Result<()> {
        follow_up.updated_at = cx.now();
        cx.save(follow_up)?;
        cx.emit(&FollowUpChanged { follow_up: follow_up.id })
    }
}

/// A follow-up was made or changed.
#[derive(Debug, Serialize)]
struct FollowUpChanged {
    follow_up: Id<FollowUp>,
}

impl Event for FollowUpChanged {
    const KIND: &'static str = "incident.follow_up_changed";
}

#[derive(Debug, Serialize, JsonSchema)]
struct FollowUpV2 {
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<UserBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee_team: Option<NamedBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Time>,
    created_at: Time,
    creator: ActorBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_issue_reference: Option<ExternalIssueBody>,
    id: Id<FollowUp>,
    incident_id: Id<Incident>,
    labels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<FollowUpChoiceBody>,
    status: WorkStatus,
    title: String,
    updated_at: Time,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FollowUpV3 {
    #[serde(flatten)]
    follow_up: FollowUpV2,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<FollowUpChoiceBody>,
}

impl Resource for FollowUpV2 {
    const ONE: &'static str = "follow_up";
    const MANY: &'static str = "follow_ups";
}

impl Resource for FollowUpV3 {
    const ONE: &'static str = "follow_up";
    const MANY: &'static str = "follow_ups";
}

fn choice(settings: &Settings, id: Option<Id<FollowUpChoice>>) -> Option<FollowUpChoiceBody> {
    settings.follow_up_choices.get(id?).map(|choice| choice.body.clone())
}

impl FollowUpV2 {
    fn of(cx: &mut Cx<'_>, follow_up: &FollowUp) -> Result<Self> {
        let (settings, directory, teams) = (cx.cached::<Settings>()?, cx.cached::<Directory>()?, cx.cached::<Teams>()?);
        let issue = follow_up.external_issue.map(|id| cx.find::<ExternalIssue>(id)).transpose()?.flatten();
        let team = follow_up.assignee_team.and_then(|id| teams.get(id));
        Ok(Self {
            assignee: follow_up.assignee.and_then(|id| directory.body(id)),
            assignee_team: team.map(|team| NamedBody { id: team.id.cast(), name: team.name.clone() }),
            completed_at: follow_up.completed_at,
            created_at: follow_up.created_at,
            creator: ActorBody::of(&follow_up.creator, &directory),
            description: follow_up.description.clone(),
            external_issue_reference: issue.map(|issue| issue.into_inner().into()),
            id: follow_up.id,
            incident_id: follow_up.incident,
            labels: follow_up.labels.clone(),
            priority: choice(&settings, follow_up.priority),
            status: follow_up.status,
            title: follow_up.title.clone(),
            updated_at: follow_up.updated_at,
        })
    }
}

impl FollowUpV3 {
    fn of(cx: &mut Cx<'_>, follow_up: &FollowUp) -> Result<Self> {
        let settings = cx.cached::<Settings>()?;
        Ok(Self { category: choice(&settings, follow_up.category), follow_up: FollowUpV2::of(cx, follow_up)? })
    }
}

/// The follow-up, where the caller may see its incident.
fn find(cx: &mut Cx<'_>, id: Id<FollowUp>) -> Result<Stored<FollowUp>> {
    let follow_up = cx.get(id)?;
    work::incident_of(cx, follow_up.incident)?;
    Ok(follow_up)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// Only those of this incident.
    incident_id: Option<String>,
    /// Only those of incidents of this mode; the real ones if not given.
    incident_mode: Option<ListMode>,
    /// Only those that this team has.
    assignee_team_id: Option<String>,
}

impl ListQuery {
    fn condition(&self, cx: &mut Cx<'_>) -> Result<Condition> {
        let modes = self.incident_mode.map(|mode| vec![mode.as_str()]);
        let of_incidents = work::of_incidents(cx, self.incident_id.as_deref(), modes)?;
        let of_team = self.assignee_team_id.as_ref().map(|id| Condition::equal("assignee_team_id", id));
        Ok(Condition::all(std::iter::once(of_incidents).chain(of_team)))
    }
}

fn list_v2(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<List<FollowUpV2>> {
    let condition = query.condition(cx)?;
    let follow_ups = cx.list::<FollowUp>(condition, "id")?;
    follow_ups.iter().map(|follow_up| FollowUpV2::of(cx, follow_up)).collect::<Result<_>>().map(List)
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

fn list_open(cx: &mut Cx<'_>, Query(query): Query<OpenQuery>) -> Result<Page<FollowUpV3>> {
    let condition = query.condition(cx)?;
    work::page(cx, condition, Direction::Backward, query.paging.read()?, FollowUpV3::of)
}

fn list_v3(cx: &mut Cx<'_>, Query(query): Query<PagedQuery>) -> Result<Page<FollowUpV3>> {
    let times = [("created_at", &query.created_at), ("updated_at", &query.updated_at)];
    let condition = query.wanted.condition(cx)?.and(Between::conditions(&times)?);
    work::page(cx, condition, Direction::Forward, query.paging.read()?, FollowUpV3::of)
}

/// What can be said of a follow-up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct Details {
    /// Who does it.
    assignee_id: Option<String>,
    /// Which team does it.
    assignee_team_id: Option<String>,
    /// More about it, in Markdown.
    description: Option<String>,
    /// What kind of work it is.
    follow_up_category_id: Option<String>,
    /// How soon it has to be done.
    follow_up_priority_option_id: Option<String>,
    /// Words to find it by.
    labels: Option<Vec<String>>,
    /// What is to be done.
    title: String,
}

impl Details {
    fn apply(self, cx: &mut Cx<'_>, follow_up: &mut FollowUp) -> Result<()> {
        let (settings, teams) = (cx.cached::<Settings>()?, cx.cached::<Teams>()?);
        let mut problems = Problems::new();
        let choice = |pointer: &str, kind: ChoiceKind, id: Option<&String>| {
            let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(None) };
            let known = settings
                .follow_up_choices
                .named(pointer, id)
                .map(|choice| (choice.kind == kind).then_some(choice.body.id));
            known?.map(Some).ok_or_else(|| Error::invalid(pointer, format!("there is no {kind} with ID {id}")))
        };
        let team = |id: &String| id.parse().ok().and_then(|id| teams.get(id)).map(|team| team.id);
        let team_id = self.assignee_team_id.filter(|id| !id.is_empty());
        if self.title.trim().is_empty() {
            problems.push(base::Problem::new("is_required", "title is required").at("title"));
        }
        follow_up.assignee = problems.keep(work::assignee(cx, self.assignee_id.as_deref()))?.flatten();
        follow_up.assignee_team = team_id.as_ref().and_then(team);
        problems.check(
            follow_up.assignee_team.is_some() == team_id.is_some(),
            "assignee_team_id",
            "there is no such team",
        );
        let priority =
            choice("follow_up_priority_option_id", ChoiceKind::Priority, self.follow_up_priority_option_id.as_ref());
        follow_up.priority = problems.keep(priority)?.flatten();
        let category = choice("follow_up_category_id", ChoiceKind::Category, self.follow_up_category_id.as_ref());
        follow_up.category = problems.keep(category)?.flatten();
        follow_up.title = self.title;
        follow_up.description = self.description;
        follow_up.labels = self.labels.unwrap_or_default();
        problems.finish()
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FollowUpCreate")]
struct CreatePayload {
    #[serde(flatten)]
    details: Details,
    /// An issue that stands for it already.
    external_issue_reference_id: Option<String>,
    /// The incident.
    incident_id: String,
}

fn create(cx: &mut Cx<'_>, payload: CreatePayload) -> Result<FollowUp> {
    let incident = incident::named(cx, &payload.incident_id)?;
    let mut follow_up = FollowUp::new(cx, incident.id);
    payload.details.apply(cx, &mut follow_up)?;
    if let Some(id) = payload.external_issue_reference_id.filter(|id| !id.is_empty()) {
        let pointer = "external_issue_reference_id";
        let issue = id.parse().map_err(|problem| Error::invalid(pointer, problem))?;
        cx.get_named::<ExternalIssue>(pointer, issue)?;
        // Every issue we know stands for something, and for one thing only.
        return Err(Error::invalid(pointer, "this issue stands for another incident or follow-up already"));
    }
    follow_up.insert(cx)?;
    Ok(follow_up)
}

fn create_v2(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<FollowUpV2>> {
    let follow_up = create(cx, payload)?;
    FollowUpV2::of(cx, &follow_up).map(Created)
}

fn create_v3(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<FollowUpV3>> {
    let follow_up = create(cx, payload)?;
    FollowUpV3::of(cx, &follow_up).map(Created)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FollowUpFromLink")]
struct FromLinkPayload {
    /// The incident.
    incident_id: String,
    /// Where the issue is.
    url: String,
}

fn create_from_link(cx: &mut Cx<'_>, Body(payload): Body<FromLinkPayload>) -> Result<Created<FollowUpV3>> {
    let incident = incident::named(cx, &payload.incident_id)?;
    let unknown = || Error::invalid("url", "is not the address of an issue in a tracker we know");
    let tracker = Tracker::of_url(&payload.url).ok_or_else(unknown)?;
    let mut follow_up = FollowUp::new(cx, incident.id);
    let issue = external_issues::link(cx, tracker, &payload.url, StandsFor::FollowUp(follow_up.id), None)?;
    let settings = cx.cached::<Settings>()?;
    let is_lead = |role| settings.roles.get(role).is_some_and(|role| role.role_type == RoleType::Lead);
    follow_up.assignee =
        incident.roles.iter().find(|assignment| is_lead(assignment.role)).map(|assignment| assignment.user);
    follow_up.title.clone_from(&issue.name);
    follow_up.external_issue = Some(issue.id);
    follow_up.insert(cx)?;
    FollowUpV3::of(cx, &follow_up).map(Created)
}

fn show_v2(cx: &mut Cx<'_>, id: Id<FollowUp>) -> Result<Show<FollowUpV2>> {
    let follow_up = find(cx, id)?;
    FollowUpV2::of(cx, &follow_up).map(Show)
}

fn show_v3(cx: &mut Cx<'_>, id: Id<FollowUp>) -> Result<Show<FollowUpV3>> {
    let follow_up = find(cx, id)?;
    FollowUpV3::of(cx, &follow_up).map(Show)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FollowUpUpdate")]
struct UpdatePayload {
    #[serde(flatten)]
    details: Details,
    /// How far it has got.
    status: WorkStatus,
}

fn update(cx: &mut Cx<'_>, id: Id<FollowUp>, payload: UpdatePayload) -> Result<Stored<FollowUp>> {
    let mut follow_up = find(cx, id)?;
    payload.status.check_given()?;
    payload.details.apply(cx, &mut follow_up)?;
    follow_up.completed_at = work::completed_at(payload.status, follow_up.completed_at, cx.now());
    follow_up.status = payload.status;
    FollowUp::save(cx, &mut follow_up)?;
    Ok(follow_up)
}

fn update_v2(cx: &mut Cx<'_>, id: Id<FollowUp>, Body(payload): Body<UpdatePayload>) -> Result<Show<FollowUpV2>> {
    let follow_up = update(cx, id, payload)?;
    FollowUpV2::of(cx, &follow_up).map(Show)
}

fn update_v3(cx: &mut Cx<'_>, id: Id<FollowUp>, Body(payload): Body<UpdatePayload>) -> Result<Show<FollowUpV3>> {
    let follow_up = update(cx, id, payload)?;
    FollowUpV3::of(cx, &follow_up).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<FollowUp>) -> Result<NoContent> {
    let follow_up = find(cx, id)?;
    if let Some(issue) = follow_up.external_issue {
        let issue = cx.get(issue)?;
        cx.delete(&issue)?;
    }
    cx.delete(&follow_up)?;
    Ok(NoContent)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FollowUpExternalIssue")]
struct ConnectPayload {
    /// The tracker.
    provider: Tracker,
    /// Where the issue is.
    url: String,
}

fn connect(cx: &mut Cx<'_>, id: Id<FollowUp>, payload: &ConnectPayload) -> Result<Stored<FollowUp>> {
    let mut follow_up = find(cx, id)?;
    if follow_up.external_issue.is_some() {
        return Err(Error::invalid("url", "the follow-up has an issue already"));
    }
    let issue = external_issues::link(cx, payload.provider, &payload.url, StandsFor::FollowUp(id), None)?;
    follow_up.external_issue = Some(issue.id);
    FollowUp::save(cx, &mut follow_up)?;
    Ok(follow_up)
}

fn connect_v2(cx: &mut Cx<'_>, id: Id<FollowUp>, Body(payload): Body<ConnectPayload>) -> Result<Show<FollowUpV2>> {
    let follow_up = connect(cx, id, &payload)?;
    FollowUpV2::of(cx, &follow_up).map(Show)
}

fn connect_v3(cx: &mut Cx<'_>, id: Id<FollowUp>, Body(payload): Body<ConnectPayload>) -> Result<Show<FollowUpV3>> {
    let follow_up = connect(cx, id, &payload)?;
    FollowUpV3::of(cx, &follow_up).map(Show)
}
