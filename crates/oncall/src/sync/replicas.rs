//! Replicas: schedules in other systems that show the shifts of one of ours.

use std::collections::BTreeSet;

use base::{Error, Id, Problem, Problems, Result, Time};
use people::users::{Directory, User};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Stored, Value, values};
use web::{Body, Created, List, NoContent, Resource, Show};

use super::{LONGEST_ID, State, active, active_in};
use crate::rota::{self, Layer};
use crate::schedules::{self, Names, Schedule};

web::routes! {
    /// List the replicas of a schedule.
    GET "/v2/schedules/{schedule_id}/replicas" "Schedules V2#ListScheduleReplicas" "schedules.view" => list;
    /// Have a schedule of another system show the shifts of this one.
    POST "/v2/schedules/{schedule_id}/replicas" "Schedules V2#CreateScheduleReplica" "schedules.update" => create;
    /// Show a replica.
    GET "/v2/schedules/{schedule_id}/replicas/{id}" "Schedules V2#ShowScheduleReplica" "schedules.view" => show;
    /// End a replica. What lies ahead is taken off the other schedule, unless another replica fills it.
    DELETE "/v2/schedules/{schedule_id}/replicas/{id}" "Schedules V2#DestroyScheduleReplica" "schedules.update" => delete;
}

base::words! {
    /// The other system.
    pub enum ReplicaProvider {
        /// Wardroom itself.
        Native = "native",
        /// PagerDuty.
        PagerDuty = "pagerduty",
        /// Opsgenie.
        Opsgenie = "opsgenie",
        /// Jira Service Management.
        Jsm = "jsm",
    }
}

/// A schedule of another system shows the shifts of one of ours.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleReplica {
    /// Which one.
    pub id: Id<ScheduleReplica>,
    /// Our schedule.
    pub schedule: Id<Schedule>,
    /// The other system.
    pub provider: ReplicaProvider,
    /// What the other system calls its schedule.
    pub provider_id: String,
    /// What it calls the user who is on call there while nobody is here.
    pub fallback_user_id: String,
    /// How many days ahead it shows.
    pub window_days: i64,
    /// Whose shifts it shows.
    pub sources: Vec<Source>,
    /// Since when it is out of use.
    #[serde(default)]
    pub archived_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A layer of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The rotation.
    pub rotation: Id<rota::Rotation>,
    /// The layer.
    pub layer: Id<Layer>,
}

impl Record for ScheduleReplica {
    const TABLE: &'static str = "schedule_replicas";
    const COLUMNS: &'static [&'static str] = &["schedule_id", "provider", "provider_id", "archived_at"];
    const KIND: &'static str = "schedule_replica";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} in {}", self.provider_id, self.provider)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.schedule, self.provider.to_string(), self.provider_id.as_str(), self.archived_at].into()
    }
}

/// Those in use that fill the same schedule elsewhere as `replica`.
pub(super) fn active_beside(replica: &ScheduleReplica) -> Condition {
    Condition::all([
        Condition::equal("provider", replica.provider.to_string()),
        Condition::equal("provider_id", replica.provider_id.as_str()),
        active(),
    ])
}

impl ScheduleReplica {
    /// The people who take shifts that it shows.
    fn users(&self, schedule: &Schedule) -> BTreeSet<Id<User>> {
        let rotations = schedule.configuration.rotations.iter();
        let shown = rotations.filter(|version| self.sources.iter().any(|source| source.rotation == version.id));
        shown.flat_map(|version| version.users.iter().copied()).collect()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleReplica")]
struct ReplicaBody {
    created_at: Time,
    id: Id<ScheduleReplica>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sync_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_synced_at: Option<Time>,
    #[schemars(range(min = 1, max = 90))]
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror_window_days: Option<i64>,
    replica_fallback_user_id: String,
    replica_provider: ReplicaProvider,
    replica_provider_id: String,
    schedule_id: Id<Schedule>,
    sources: Vec<SourceBody>,
    updated_at: Time,
    user_statuses: Vec<UserStatusBody>,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleReplicaSource")]
struct SourceBody {
    /// The layer.
    layer_id: String,
    /// The rotation.
    rotation_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleReplicaUserStatus")]
struct UserStatusBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    external_user_id: Option<String>,
    user_id: Id<User>,
}

impl Resource for ReplicaBody {
    const ONE: &'static str = "schedule_replica";
    const MANY: &'static str = "schedule_replicas";
}

impl ReplicaBody {
    fn of(cx: &mut Cx<'_>, replica: &ScheduleReplica, schedule: &Schedule) -> Result<Self> {
        let (names, directory) = (Names::of(schedule), cx.cached::<Directory>()?);
        let state = State::of(cx, replica.id)?;
        let source =
            |source: &Source| SourceBody { layer_id: names.get(source.layer), rotation_id: names.get(source.rotation) };
        let status = |user_id| {
            let email = directory.get(user_id).and_then(|user| user.email.as_ref());
            UserStatusBody { external_user_id: email.and_then(|email| state.users.get(email).cloned()), user_id }
        };
        Ok(Self {
            created_at: replica.created_at,
            id: replica.id,
            mirror_window_days: Some(replica.window_days),
            replica_fallback_user_id: replica.fallback_user_id.clone(),
            replica_provider: replica.provider,
            replica_provider_id: replica.provider_id.clone(),
            schedule_id: replica.schedule,
            sources: replica.sources.iter().map(source).collect(),
            updated_at: replica.updated_at,
            user_statuses: replica.users(schedule).into_iter().map(status).collect(),
            last_sync_error: state.error,
            last_synced_at: state.synced_at,
        })
    }
}

fn list(cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<List<ReplicaBody>> {
    let schedule = schedules::owned(cx, schedule)?;
    let replicas = cx.list::<ScheduleReplica>(active_in(schedule.id), "id")?;
    replicas.iter().map(|replica| ReplicaBody::of(cx, replica, &schedule)).collect::<Result<_>>().map(List)
}

/// A schedule that the caller may do this with, and a replica of it that is in use.
fn find(
    cx: &mut Cx<'_>,
    (schedule, id): (Id<Schedule>, Id<ScheduleReplica>),
) -> Result<(Stored<Schedule>, Stored<ScheduleReplica>)> {
    let schedule = schedules::owned(cx, schedule)?;
    let replica: Option<Stored<ScheduleReplica>> = cx.find(id)?;
    let replica = replica.filter(|replica| replica.schedule == schedule.id && replica.archived_at.is_none());
    Ok((schedule, replica.ok_or_else(Error::not_found)?))
}

fn show(cx: &mut Cx<'_>, ids: (Id<Schedule>, Id<ScheduleReplica>)) -> Result<Show<ReplicaBody>> {
    let (schedule, replica) = find(cx, ids)?;
    ReplicaBody::of(cx, &replica, &schedule).map(Show)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleReplicaCreate")]
struct CreatePayload {
    /// The replica.
    schedule_replica: ReplicaPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleReplicaPayload")]
struct ReplicaPayload {
    /// How many days ahead it shows: 14, if this is left out.
    #[schemars(range(min = 1, max = 90))]
    mirror_window_days: Option<i64>,
    /// What the other system calls the user who is on call there while nobody is here.
    replica_fallback_user_id: String,
    /// The other system.
    replica_provider: ReplicaProvider,
    /// What the other system calls its schedule.
    replica_provider_id: String,
    /// Whose shifts it shows.
    sources: Vec<SourceBody>,
}

/// How many days ahead a replica shows unless that is said.
const WINDOW_DAYS: i64 = 14;

fn create(cx: &mut Cx<'_>, schedule: Id<Schedule>, Body(payload): Body<CreatePayload>) -> Result<Created<ReplicaBody>> {
    let schedule = schedules::hold_owned(cx, schedule)?;
    let replica = payload.schedule_replica.read(cx, &schedule).map_err(|error| error.within("schedule_replica"))?;
    cx.insert(&replica)?;
    ReplicaBody::of(cx, &replica, &schedule).map(Created)
}

impl ReplicaPayload {
    fn read(self, cx: &mut Cx<'_>, schedule: &Schedule) -> Result<ScheduleReplica> {
        let mut problems = Problems::new();
        let is_elsewhere = self.replica_provider != ReplicaProvider::Native;
        problems.check(is_elsewhere, "replica_provider", "is another system: Wardroom's own schedules need no replica");
        let texts = [
            ("replica_fallback_user_id", &self.replica_fallback_user_id),
            ("replica_provider_id", &self.replica_provider_id),
        ];
        for (name, text) in texts {
            problems.check(text.len() <= LONGEST_ID, name, "has 200 characters at most");
        }
        for (name, _) in texts.iter().filter(|(_, text)| text.trim().is_empty()) {
            problems.push(Problem::new("is_required", format!("{name} is required")).at(*name));
        }
        if self.sources.is_empty() {
            problems
                .push(Problem::new("is_required", "a replica shows the shifts of one layer at least").at("sources"));
        }
        let mut sources = Vec::new();
        for (index, given) in self.sources.iter().enumerate() {
            let source = Source {
                rotation: schedules::key(schedule.id, &given.rotation_id),
                layer: schedules::key(schedule.id, &given.layer_id),
            };
            let is_there = schedule.configuration.has_layer(source.rotation, source.layer);
            problems.check(is_there, &format!("sources.{index}"), "the schedule has no such layer of a rotation");
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        problems.finish()?;
        Ok(ScheduleReplica {
            id: cx.new_id(),
            schedule: schedule.id,
            provider: self.replica_provider,
            provider_id: self.replica_provider_id,
            fallback_user_id: self.replica_fallback_user_id,
            window_days: self.mirror_window_days.unwrap_or(WINDOW_DAYS),
            sources,
            archived_at: None,
            created_at: cx.now(),
            updated_at: cx.now(),
        })
    }
}

fn delete(cx: &mut Cx<'_>, ids: (Id<Schedule>, Id<ScheduleReplica>)) -> Result<NoContent> {
    let (_, mut replica) = find(cx, ids)?;
    replica.archived_at = Some(cx.now());
    replica.updated_at = cx.now();
    cx.save_as("deleted", &mut replica)?;
    Ok(NoContent)
}
