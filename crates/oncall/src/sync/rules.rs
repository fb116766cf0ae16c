//! Sync rules: who of a schedule belongs to a group of users elsewhere.

use std::collections::BTreeMap;

use base::{Error, Id, Problems, Result, Time};
use people::users::{User, active_users};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, ManagedKind, Record, Stored, Value, values};
use web::{Body, Created, Loose, NoContent, Page, PageMeta, Paging, Query, Resource, Show};

use super::targets::{self, ScheduleSyncTarget, TargetBody};
use super::{active, active_in};
use crate::rota;
use crate::schedules::{self, Names, Schedule};

web::routes! {
    /// List the sync rules of a schedule.
    GET "/v2/schedules/{schedule_id}/sync_rules" "Schedules V2#ListScheduleSyncRules" "schedules.view" => list;
    /// Have a group of users elsewhere follow a schedule.
    POST "/v2/schedules/{schedule_id}/sync_rules" "Schedules V2#CreateScheduleSyncRule" "schedule_sync_rules.create" => create;
    /// Show a sync rule.
    GET "/v2/schedules/{schedule_id}/sync_rules/{id}" "Schedules V2#ShowScheduleSyncRule" "schedules.view" => show;
    /// Change who belongs to the group: for every schedule that it follows. The permanent members are this rule's alone.
    PUT "/v2/schedules/{schedule_id}/sync_rules/{id}" "Schedules V2#UpdateScheduleSyncRule" "schedule_sync_rules.update" => update;
    /// End a sync rule.
    DELETE "/v2/schedules/{schedule_id}/sync_rules/{id}" "Schedules V2#DestroyScheduleSyncRule" "schedule_sync_rules.destroy" => delete;
}

pub(crate) const MANAGED: ManagedKind = ManagedKind {
    resource_type: "schedule_sync_rule",
    scope: "schedule_sync_rules.update",
    admit: |cx, id| {
        let rule: Stored<ScheduleSyncRule> = cx.get(id.cast())?;
        find(cx, (rule.schedule, rule.id)).map(drop)
    },
};

base::words! {
    /// Who of a schedule belongs to the group.
    pub enum SyncType {
        /// Whoever is on call.
        OnCall = "on_call",
        /// Everybody who takes shifts.
        AllUsers = "all_users",
        /// Whoever is on call after the next change of shift.
        NextOnCall = "next_on_call",
    }
}

/// A group of users follows a schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleSyncRule {
    /// Which one.
    pub id: Id<ScheduleSyncRule>,
    /// The schedule.
    pub schedule: Id<Schedule>,
    /// The group.
    pub target: Id<ScheduleSyncTarget>,
    /// Only this rotation counts, if there is one.
    #[serde(default)]
    pub rotation: Option<Id<rota::Rotation>>,
    /// Who belongs to the group.
    pub sync_type: SyncType,
    /// Who always does.
    #[serde(default)]
    pub permanent_members: Vec<Id<User>>,
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

impl Record for ScheduleSyncRule {
    const TABLE: &'static str = "schedule_sync_rules";
    const COLUMNS: &'static [&'static str] = &["schedule_id", "target_id", "archived_at"];
    const KIND: &'static str = "schedule_sync_rule";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} of schedule {} in target {}", self.sync_type, self.schedule, self.target)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.schedule, self.target, self.archived_at].into()
    }
}

/// Those in use that a target has.
pub(super) fn active_for(target: Id<ScheduleSyncTarget>) -> Condition {
    Condition::equal("target_id", target).and(active())
}

/// Ends a rule.
pub(super) fn archive(cx: &mut Cx<'_>, rule: &mut Stored<ScheduleSyncRule>) -> Result<()> {
    rule.archived_at = Some(cx.now());
    rule.updated_at = cx.now();
    cx.save_as("deleted", rule)
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncRule")]
struct RuleBody {
    created_at: Time,
    id: Id<ScheduleSyncRule>,
    permanent_member_user_ids: Vec<Id<User>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_id: Option<String>,
    schedule_id: Id<Schedule>,
    schedule_sync_target: TargetBody,
    schedule_sync_target_id: Id<ScheduleSyncTarget>,
    sync_type: SyncType,
    updated_at: Time,
}

impl Resource for RuleBody {
    const ONE: &'static str = "schedule_sync_rule";
    const MANY: &'static str = "schedule_sync_rules";
}

impl RuleBody {
    fn of(cx: &mut Cx<'_>, rule: &ScheduleSyncRule, schedule: &Schedule) -> Result<Self> {
        let target = cx.get(rule.target)?;
        Ok(Self {
            created_at: rule.created_at,
            id: rule.id,
            permanent_member_user_ids: rule.permanent_members.clone(),
            rotation_id: rule.rotation.map(|rotation| Names::of(schedule).get(rotation)),
            schedule_id: rule.schedule,
            schedule_sync_target: TargetBody::of(cx, &target)?,
            schedule_sync_target_id: rule.target,
            sync_type: rule.sync_type,
            updated_at: rule.updated_at,
        })
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, schedule: Id<Schedule>, Query(query): Query<ListQuery>) -> Result<Page<RuleBody, Loose>> {
    let schedule = schedules::owned(cx, schedule)?;
    let paging = query.paging.read()?;
    let page = cx.page::<ScheduleSyncRule>(active_in(schedule.id), Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|rule| RuleBody::of(cx, rule, &schedule)).collect::<Result<_>>()?;
    Ok(Page { rows, meta: Loose(PageMeta::new(&paging, page.after)) })
}

/// A schedule that the caller may do this with, and a rule of it that is in use.
fn find(
    cx: &mut Cx<'_>,
    (schedule, id): (Id<Schedule>, Id<ScheduleSyncRule>),
) -> Result<(Stored<Schedule>, Stored<ScheduleSyncRule>)> {
    let schedule = schedules::owned(cx, schedule)?;
    let rule: Option<Stored<ScheduleSyncRule>> = cx.find(id)?;
    let rule = rule.filter(|rule| rule.schedule == schedule.id && rule.archived_at.is_none());
    Ok((schedule, rule.ok_or_else(Error::not_found)?))
}

fn show(cx: &mut Cx<'_>, ids: (Id<Schedule>, Id<ScheduleSyncRule>)) -> Result<Show<RuleBody>> {
    let (schedule, rule) = find(cx, ids)?;
    RuleBody::of(cx, &rule, &schedule).map(Show)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncRuleCreate")]
struct CreatePayload {
    /// The rule.
    schedule_sync_rule: RulePayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncRulePayload")]
struct RulePayload {
    /// What tools note down on it.
    annotations: Option<BTreeMap<String, String>>,
    /// Who always belongs to the group.
    permanent_member_user_ids: Option<Vec<String>>,
    /// Only this rotation counts.
    rotation_id: Option<String>,
    /// The group.
    schedule_sync_target_id: String,
    /// Who belongs to the group.
    sync_type: SyncType,
}

fn create(cx: &mut Cx<'_>, schedule: Id<Schedule>, Body(payload): Body<CreatePayload>) -> Result<Created<RuleBody>> {
    let schedule = schedules::hold_owned(cx, schedule)?;
    let rule = payload.schedule_sync_rule.read(cx, &schedule).map_err(|error| error.within("schedule_sync_rule"))?;
    cx.insert(&rule)?;
    RuleBody::of(cx, &rule, &schedule).map(Created)
}

impl RulePayload {
    fn read(self, cx: &mut Cx<'_>, schedule: &Schedule) -> Result<ScheduleSyncRule> {
        let mut problems = Problems::new();
        let rotation = self.rotation_id.filter(|id| !id.is_empty()).map(|id| schedules::key(schedule.id, &id));
        let is_there = |id| schedule.configuration.rotations.iter().any(|version| version.id == id);
        problems.check(rotation.is_none_or(is_there), "rotation_id", "the schedule has no rotation with this ID");
        let members = problems.keep(members(cx, &self.permanent_member_user_ids.unwrap_or_default()))?;
        let target = problems.keep(target(cx, &self.schedule_sync_target_id))?;
        problems.finish()?;
        Ok(ScheduleSyncRule {
            id: cx.new_id(),
            schedule: schedule.id,
            target: target.ok_or_else(Error::not_found)?,
            rotation,
            sync_type: self.sync_type,
            permanent_members: members.unwrap_or_default(),
            annotations: self.annotations.unwrap_or_default(),
            archived_at: None,
            created_at: cx.now(),
            updated_at: cx.now(),
        })
    }
}

fn members(cx: &mut Cx<'_>, ids: &[String]) -> Result<Vec<Id<User>>> {
    active_users(cx, "permanent_member_user_ids", ids)
}

/// The target that `id` names, which nobody lets go of in the meantime.
fn target(cx: &mut Cx<'_>, id: &str) -> Result<Id<ScheduleSyncTarget>> {
    let none = || Error::invalid("schedule_sync_target_id", "there is no such target");
    let id = id.parse().map_err(|_| none())?;
    cx.lock(ScheduleSyncTarget::TABLE, id)?;
    targets::get(cx, id).map(|target| target.id).map_err(|_| none())
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleSyncRuleUpdate")]
struct UpdatePayload {
    /// What tools note down on it.
    annotations: Option<BTreeMap<String, String>>,
    /// Who always belongs to the group; they stay as they are if this is left out.
    permanent_member_user_ids: Option<Vec<String>>,
    /// Who belongs to the group.
    sync_type: SyncType,
}

fn update(
    cx: &mut Cx<'_>,
    ids: (Id<Schedule>, Id<ScheduleSyncRule>),
    Body(payload): Body<UpdatePayload>,
) -> Result<Show<RuleBody>> {
    let (schedule, mut rule) = find(cx, ids)?;
    if let Some(ids) = payload.permanent_member_user_ids {
        rule.permanent_members = members(cx, &ids)?;
    }
    if payload.sync_type != rule.sync_type {
        targets::prove_owned(cx, rule.target)?;
        for mut other in cx.list::<ScheduleSyncRule>(active_for(rule.target), "id")? {
            if other.id != rule.id && other.sync_type != payload.sync_type {
                other.sync_type = payload.sync_type;
                other.updated_at = cx.now();
                cx.save(&mut other)?;
            }
        }
    }
    rule.sync_type = payload.sync_type;
    rule.annotations = payload.annotations.unwrap_or_default();
    rule.updated_at = cx.now();
    cx.save(&mut rule)?;
    RuleBody::of(cx, &rule, &schedule).map(Show)
}

fn delete(cx: &mut Cx<'_>, ids: (Id<Schedule>, Id<ScheduleSyncRule>)) -> Result<NoContent> {
    let (_, mut rule) = find(cx, ids)?;
    archive(cx, &mut rule)?;
    Ok(NoContent)
}
