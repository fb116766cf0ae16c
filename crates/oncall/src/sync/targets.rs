//! Sync targets: groups of users elsewhere whose members follow who is on call.

use std::collections::BTreeMap;

use base::{Error, Id, Problem, Result, Time};
use people::teams::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, ManagedKind, Record, Stored, Value, values};
use web::{Body, Created, Loose, NoContent, Page, PageMeta, Paging, Query, Resource, Show};

use super::rules::{self, ScheduleSyncRule};
use super::{LONGEST_ID, State, active};
use crate::schedules::Schedule;

web::routes! {
    /// List the groups of users elsewhere that follow who is on call.
    GET "/v2/schedule_sync_targets" "Schedule Sync Targets V2#List" "schedules.view" => list;
    /// Add a group that is there, or have a new one made.
    POST "/v2/schedule_sync_targets" "Schedule Sync Targets V2#Create" "schedule_sync_targets.create" => create;
    /// Show a group.
    GET "/v2/schedule_sync_targets/{id}" "Schedule Sync Targets V2#Show" "schedules.view" => show;
    /// Say whether the bot belongs to the group, for every schedule that it follows.
    PUT "/v2/schedule_sync_targets/{id}" "Schedule Sync Targets V2#Update" "schedule_sync_targets.update" => update;
    /// Let go of a group that no rule uses.
    DELETE "/v2/schedule_sync_targets/{id}" "Schedule Sync Targets V2#Destroy" "schedule_sync_targets.destroy" => delete;
}

pub(crate) const MANAGED: ManagedKind = ManagedKind {
    resource_type: "schedule_sync_target",
    scope: "schedule_sync_targets.update",
    admit: |cx, id| {
        get(cx, id.cast())?;
        prove_owned(cx, id.cast())
    },
};

/// A group of users elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleSyncTarget {
    /// Which one.
    pub id: Id<ScheduleSyncTarget>,
    /// The workspace it is in; empty where that is not known.
    #[serde(default)]
    pub slack_team_id: String,
    /// What Slack calls it.
    pub slack_user_group_id: String,
    /// What it is to be called, if it has to be made.
    #[serde(default)]
    pub new_group: Option<NewGroup>,
    /// Whether the bot belongs to it as well.
    pub add_bot_to_group: bool,
    /// What tools noted down on it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Since when it is out of use.
    #[serde(default)]
    pub archived_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A group that is to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewGroup {
    /// What it is for.
    pub description: String,
    /// How it is mentioned, without the `@`.
    pub handle: String,
    /// Its name.
    pub name: String,
}

impl Record for ScheduleSyncTarget {
    const TABLE: &'static str = "schedule_sync_targets";
    const COLUMNS: &'static [&'static str] = &["slack_user_group_id", "archived_at"];
    const KIND: &'static str = "schedule_sync_target";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("user group {}", self.slack_user_group_id)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.slack_user_group_id.as_str(), self.archived_at].into()
    }
}

/// Those in use that have the same group.
pub(super) fn active_for(target: &ScheduleSyncTarget) -> Condition {
    Condition::equal("slack_user_group_id", target.slack_user_group_id.as_str()).and(active())
}

/// The target with this ID, which is in use, or 404.
pub(super) fn get(cx: &mut Cx<'_>, id: Id<ScheduleSyncTarget>) -> Result<Stored<ScheduleSyncTarget>> {
    let found: Option<Stored<ScheduleSyncTarget>> = cx.find(id)?;
    found.filter(|target| target.archived_at.is_none()).ok_or_else(Error::not_found)
}

/// A target, with the schedules that it follows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncTarget")]
pub(super) struct TargetBody {
    add_bot_to_group: bool,
    created_at: Time,
    id: Id<ScheduleSyncTarget>,
    linked_schedules: Vec<LinkedBody>,
    slack_team_id: String,
    slack_user_group_id: String,
    updated_at: Time,
    /// Why the group could not be told since; beyond the contract.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sync_error: Option<String>,
    /// When the group was last told; beyond the contract.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_synced_at: Option<Time>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "LinkedSchedule")]
struct LinkedBody {
    id: Id<Schedule>,
    name: String,
    team_ids: Vec<Id<Team>>,
}

impl Resource for TargetBody {
    const ONE: &'static str = "schedule_sync_target";
    const MANY: &'static str = "schedule_sync_targets";
}

impl TargetBody {
    /// How a target is shown, with those of its schedules that the caller may see.
    pub fn of(cx: &mut Cx<'_>, target: &ScheduleSyncTarget) -> Result<Self> {
        let mut linked = linked(cx, target.id)?;
        let reach = cx.access().reach("schedules.view");
        linked.retain(|schedule| reach.covers(&schedule.teams.iter().map(|team| team.cast()).collect::<Vec<_>>()));
        let state = State::of(cx, target.id)?;
        let body = |schedule: &Stored<Schedule>| LinkedBody {
            id: schedule.id,
            name: schedule.name.clone(),
            team_ids: schedule.teams.clone(),
        };
        Ok(Self {
            add_bot_to_group: target.add_bot_to_group,
            created_at: target.created_at,
            id: target.id,
            linked_schedules: linked.iter().map(body).collect(),
            slack_team_id: target.slack_team_id.clone(),
            slack_user_group_id: target.slack_user_group_id.clone(),
            updated_at: target.updated_at,
            last_sync_error: state.error,
            last_synced_at: state.synced_at,
        })
    }
}

/// The schedules that a target follows.
pub(super) fn linked(cx: &mut Cx<'_>, target: Id<ScheduleSyncTarget>) -> Result<Vec<Stored<Schedule>>> {
    let rules = cx.list::<ScheduleSyncRule>(rules::active_for(target), "id")?;
    cx.list::<Schedule>(Condition::one_of("id", rules.iter().map(|rule| rule.schedule)), "id")
}

/// Refuses a caller who may not change every schedule that a target follows.
pub(super) fn prove_owned(cx: &mut Cx<'_>, target: Id<ScheduleSyncTarget>) -> Result<()> {
    let linked = linked(cx, target)?;
    if linked.is_empty() {
        return cx.prove_unlimited();
    }
    linked.iter().try_for_each(|schedule| cx.prove_owned(&schedule.teams))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<TargetBody, Loose>> {
    let paging = query.paging.read()?;
    let listed = seen(cx)?;
    let page = cx.page::<ScheduleSyncTarget>(listed, Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|target| TargetBody::of(cx, target)).collect::<Result<_>>()?;
    Ok(Page { rows, meta: Loose(PageMeta::new(&paging, page.after)) })
}

/// The targets that the caller may see: all of them, or those that follow a schedule of its teams.
fn seen(cx: &mut Cx<'_>) -> Result<Condition> {
    let Some(teams) = cx.owned() else { return Ok(active()) };
    let mut seen = Vec::new();
    for target in cx.list::<ScheduleSyncTarget>(active(), "id")? {
        let owners = linked(cx, target.id)?;
        let mut owners = owners.iter().flat_map(|schedule| &schedule.teams);
        if owners.any(|team| teams.contains(&team.cast())) {
            seen.push(target.id);
        }
    }
    Ok(Condition::one_of("id", seen))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncTargetCreate")]
struct CreatePayload {
    /// The group.
    schedule_sync_target: TargetPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncTargetPayload")]
struct TargetPayload {
    /// Whether the bot belongs to the group as well.
    add_bot_to_group: bool,
    /// What tools note down on it.
    annotations: Option<BTreeMap<String, String>>,
    /// A group that is to be made: this, or `slack_user_group_id`.
    new_slack_user_group: Option<NewGroupPayload>,
    /// A group that is there: this, or `new_slack_user_group`.
    slack_user_group_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewSlackUserGroupPayload")]
struct NewGroupPayload {
    /// What it is for.
    description: String,
    /// How it is mentioned, without the `@`.
    handle: String,
    /// Its name.
    name: String,
    /// The workspace to make it in.
    slack_team_id: Option<String>,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<TargetBody>> {
    let payload = payload.schedule_sync_target;
    cx.prove_unlimited()?;
    let id = cx.new_id();
    let given = payload.slack_user_group_id.filter(|id| !id.is_empty());
    let (slack_user_group_id, new_group) = match (given, &payload.new_slack_user_group) {
        (Some(id), None) => (id, None),
        (None, Some(group)) => (new_group_id(id), Some(group)),
        _ => return Err(one_of_both().within("schedule_sync_target")),
    };
    if slack_user_group_id.len() > LONGEST_ID {
        return Err(Error::invalid("schedule_sync_target.slack_user_group_id", "has 200 characters at most"));
    }
    let same = Condition::equal("slack_user_group_id", slack_user_group_id.as_str()).and(active());
    if cx.any::<ScheduleSyncTarget>(same)? {
        let pointer = "schedule_sync_target.slack_user_group_id";
        return Err(Error::invalid(pointer, "another target has this group already: link its schedules there"));
    }
    let target = ScheduleSyncTarget {
        id,
        slack_team_id: new_group.and_then(|group| group.slack_team_id.clone()).unwrap_or_default(),
        slack_user_group_id,
        new_group: new_group.map(|group| NewGroup {
            description: group.description.clone(),
            handle: group.handle.trim_start_matches('@').to_owned(),
            name: group.name.clone(),
        }),
        add_bot_to_group: payload.add_bot_to_group,
        annotations: payload.annotations.unwrap_or_default(),
        archived_at: None,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    cx.insert(&target)?;
    TargetBody::of(cx, &target).map(Created)
}

/// What a group is called until Slack makes it: as Slack calls groups, made of the target's ID.
fn new_group_id(target: Id<ScheduleSyncTarget>) -> String {
    let id = target.to_string();
    format!("S{}", &id[id.len() - 10..])
}

fn one_of_both() -> Error {
    let message = "either slack_user_group_id or new_slack_user_group is required, and not both";
    Error::of_problems(vec![Problem::new("invalid_value", message).at("slack_user_group_id")])
}

fn show(cx: &mut Cx<'_>, id: Id<ScheduleSyncTarget>) -> Result<Show<TargetBody>> {
    let target = get(cx, id)?;
    if let Some(teams) = cx.owned() {
        let linked = linked(cx, id)?;
        let mut owners = linked.iter().flat_map(|schedule| &schedule.teams);
        if !owners.any(|team| teams.contains(&team.cast())) {
            return Err(Error::not_found());
        }
    }
    TargetBody::of(cx, &target).map(Show)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncTargetUpdate")]
struct UpdatePayload {
    /// Whether the bot belongs to the group as well.
    add_bot_to_group: bool,
    /// What tools note down on it.
    annotations: Option<BTreeMap<String, String>>,
}

fn update(cx: &mut Cx<'_>, id: Id<ScheduleSyncTarget>, Body(payload): Body<UpdatePayload>) -> Result<Show<TargetBody>> {
    let mut target = get(cx, id)?;
    prove_owned(cx, id)?;
    target.add_bot_to_group = payload.add_bot_to_group;
    target.annotations = payload.annotations.unwrap_or_default();
    target.updated_at = cx.now();
    cx.save(&mut target)?;
    TargetBody::of(cx, &target).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<ScheduleSyncTarget>) -> Result<NoContent> {
    let mut target = get(cx, id)?;
    prove_owned(cx, id)?;
    // Nobody links a schedule in the meantime.
    cx.lock(ScheduleSyncTarget::TABLE, id)?;
    if cx.any::<ScheduleSyncRule>(rules::active_for(id))? {
        return Err(Error::in_use("There are schedules whose rules use this target"));
    }
    target.archived_at = Some(cx.now());
    target.updated_at = cx.now();
    cx.save_as("deleted", &mut target)?;
    Ok(NoContent)
}
