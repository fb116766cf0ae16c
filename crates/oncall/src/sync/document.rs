//! What another system is told.

use std::collections::BTreeSet;
use std::time::Duration;

use base::{Id, Result};
use people::users::{Directory, User};
use serde_json::{Value as Json, json};
use store::{Condition, Cx};

use super::push::Subject;
use super::replicas::{ScheduleReplica, Source, active_beside};
use super::rules::{ScheduleSyncRule, SyncType, active_for};
use super::targets::ScheduleSyncTarget;
use super::{State, active, active_in, targets};
use crate::rota::Shift;
use crate::schedules::{Schedule, calendar};

/// What is told, and of what.
pub(super) struct Document {
    /// The steps to its place.
    pub path: Vec<String>,
    /// All of it.
    pub content: Json,
}

const DAY: Duration = Duration::from_secs(86_400);

/// The members of a group: none once it is let go of, unless another target has it by then.
pub(super) fn of_target(cx: &mut Cx<'_>, id: Id<ScheduleSyncTarget>) -> Result<Option<Document>> {
    let target = cx.get(id)?;
    if target.archived_at.is_some() && cx.any::<ScheduleSyncTarget>(targets::active_for(&target))? {
        return Ok(None);
    }
    let directory = cx.cached::<Directory>()?;
    let mut members = BTreeSet::new();
    for rule in cx.list::<ScheduleSyncRule>(active_for(id), "id")? {
        members.extend(members_by(cx, &rule)?);
    }
    let members = members.into_iter().filter_map(|user| directory.get(user)).filter(|user| user.active);
    let members: Vec<_> = members
        .map(|user| json!({"id": user.id, "name": user.name, "email": user.email, "slack_user_id": user.slack_user_id}))
        .collect();
    let content = json!({
        "slack_user_group_id": target.slack_user_group_id,
        "slack_team_id": target.slack_team_id,
        "new_group": target.new_group,
        "add_bot_to_group": target.add_bot_to_group,
        "members": members,
    });
    Ok(Some(Document { path: vec!["user-groups".into(), target.slack_user_group_id.clone()], content }))
}

/// Who belongs to a group by one rule, deactivated or not.
fn members_by(cx: &mut Cx<'_>, rule: &ScheduleSyncRule) -> Result<Vec<Id<User>>> {
    let schedule = cx.get::<Schedule>(rule.schedule)?;
    let now = cx.now();
    let calendar = calendar(cx, &schedule, now)?;
    let counts = |shift: &&Shift| rule.rotation.is_none_or(|rotation| rotation == shift.rotation);
    let users = |shifts: Vec<Shift>| shifts.iter().filter(counts).map(|shift| shift.user.cast()).collect();
    let mut members: Vec<_> = match (rule.sync_type, rule.rotation) {
        (SyncType::OnCall, _) => users(calendar.on_call_at(now)),
        (SyncType::NextOnCall, None) => users(calendar.next_shifts(now)),
        (SyncType::NextOnCall, Some(rotation)) => users(calendar.next_shifts_of(rotation, now)),
        (SyncType::AllUsers, rotation) => schedule.configuration.users(rotation, now),
    };
    members.extend(&rule.permanent_members);
    Ok(members)
}

/// The shifts of a schedule elsewhere: those of all replicas that fill it; none once there is none of them.
pub(super) fn of_replica(cx: &mut Cx<'_>, id: Id<ScheduleReplica>) -> Result<Document> {
    let replica = cx.get(id)?;
    let mut all = Vec::new();
    for active in cx.list::<ScheduleReplica>(active_beside(&replica), "id")? {
        let unseen: Vec<_> = shifts(cx, &active)?.into_iter().filter(|shift| !all.contains(shift)).collect();
        all.extend(unseen);
    }
    let content = json!({
        "provider": replica.provider,
        "schedule_id": replica.provider_id,
        "fallback_user_id": replica.fallback_user_id,
        "shifts": all,
    });
    let path = vec!["replicas".into(), replica.provider.to_string(), replica.provider_id.clone()];
    Ok(Document { path, content })
}

fn shifts(cx: &mut Cx<'_>, replica: &ScheduleReplica) -> Result<Vec<Json>> {
    let schedule = cx.get::<Schedule>(replica.schedule)?;
    let (directory, known) = (cx.cached::<Directory>()?, State::of(cx, replica.id)?.users);
    let now = cx.now();
    let end = now + DAY * u32::try_from(replica.window_days).unwrap_or(u32::MAX);
    let entries = calendar(cx, &schedule, now)?.entries(now..end);
    let is_shown = |shift: &&Shift| replica.sources.contains(&Source { rotation: shift.rotation, layer: shift.layer });
    let told = |shift: &Shift| {
        let user = directory.get(shift.user.cast());
        let user = user.map(|user| {
            let external_id = user.email.as_ref().and_then(|email| known.get(email));
            json!({"id": user.id, "name": user.name, "email": user.email, "external_id": external_id})
        });
        json!({"start_at": shift.start_at, "end_at": shift.end_at, "user": user})
    };
    Ok(entries.r#final.iter().filter(is_shown).map(told).collect())
}

/// The targets and replicas that show something of a schedule.
pub(super) fn subjects(cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<Vec<Subject>> {
    let rules = cx.list::<ScheduleSyncRule>(active_in(schedule), "id")?;
    let targets: BTreeSet<_> = rules.iter().map(|rule| rule.target).collect();
    let replicas = cx.list::<ScheduleReplica>(active_in(schedule), "id")?;
    let replicas = replicas.iter().map(|replica| Subject::Replica(replica.id));
    Ok(targets.into_iter().map(Subject::Target).chain(replicas).collect())
}

/// All that are in use, and those that could not be told of their end.
pub(super) fn all_subjects(cx: &mut Cx<'_>) -> Result<Vec<Subject>> {
    let untold = "id in (select subject_id from schedule_syncs where error is not null)";
    let matter = Condition::any([active(), Condition::new(untold, [])]);
    let targets = cx.list::<ScheduleSyncTarget>(matter.clone(), "id")?;
    let replicas = cx.list::<ScheduleReplica>(matter, "id")?;
    let targets = targets.iter().map(|target| Subject::Target(target.id));
    Ok(targets.chain(replicas.iter().map(|replica| Subject::Replica(replica.id))).collect())
}
