//! Groups of users and schedules elsewhere that follow who is on call here.

use std::fs;
use std::path::Path;
use std::slice::from_ref;
use std::time::Duration;

use incident_io::apis::managed_resources_v2_api::*;
use incident_io::apis::schedule_sync_targets_v2_api::*;
use incident_io::models::{
    ManagedResourcesCreateManagedResourcePayloadV2 as Note, NewSlackUserGroupPayloadV2 as Group,
    ScheduleReplicaCreatePayloadV2 as NewReplica, ScheduleReplicaSourceV2 as Source, ScheduleReplicaV2 as Replica,
    ScheduleSyncRuleCreatePayloadV2 as NewRule, ScheduleSyncRuleV2 as Rule,
    ScheduleSyncTargetCreatePayloadV2 as NewTarget, ScheduleSyncTargetResourceV2 as Target,
    ScheduleSyncTargetsCreatePayloadV2, ScheduleSyncTargetsListResultV2,
    ScheduleSyncTargetsUpdatePayloadV2 as TargetChange, SchedulesCreateScheduleReplicaPayloadV2,
    SchedulesCreateScheduleSyncRulePayloadV2, SchedulesListScheduleSyncRulesResultV2,
    SchedulesUpdateScheduleSyncRulePayloadV2 as RuleChange,
};
use serde_json::Value as Json;

use super::*;
use crate::support::{Refusal, absent, invalid, refused};

async fn add(key: &Key, new: NewTarget) -> Result<Target, Error<impl Debug>> {
    let params = ScheduleSyncTargetsV2CreateParams::new(ScheduleSyncTargetsCreatePayloadV2::new(new));
    schedule_sync_targets_v2_create(key, params).await.map(|made| *made.schedule_sync_target)
}

async fn show_target(key: &Key, id: &str) -> Result<Target, Error<impl Debug>> {
    let params = ScheduleSyncTargetsV2ShowParams::new(id);
    schedule_sync_targets_v2_show(key, params).await.map(|shown| *shown.schedule_sync_target)
}

async fn targets(
    key: &Key,
    params: ScheduleSyncTargetsV2ListParams,
) -> Result<ScheduleSyncTargetsListResultV2, Error<impl Debug>> {
    schedule_sync_targets_v2_list(key, params).await
}

async fn with_bot(key: &Key, id: &str, add_bot_to_group: bool) -> Result<Target, Error<impl Debug>> {
    let params = ScheduleSyncTargetsV2UpdateParams::new(id, TargetChange::new(add_bot_to_group));
    schedule_sync_targets_v2_update(key, params).await.map(|changed| *changed.schedule_sync_target)
}

async fn let_go(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    schedule_sync_targets_v2_destroy(key, ScheduleSyncTargetsV2DestroyParams::new(id)).await
}

async fn link(key: &Key, schedule: &str, new: NewRule) -> Result<Rule, Error<impl Debug>> {
    let payload = SchedulesCreateScheduleSyncRulePayloadV2::new(new);
    let params = SchedulesV2CreateScheduleSyncRuleParams::new(schedule, payload);
    schedules_v2_create_schedule_sync_rule(key, params).await.map(|made| *made.schedule_sync_rule)
}

async fn show_rule(key: &Key, schedule: &str, id: &str) -> Result<Rule, Error<impl Debug>> {
    let params = SchedulesV2ShowScheduleSyncRuleParams::new(schedule, id);
    schedules_v2_show_schedule_sync_rule(key, params).await.map(|shown| *shown.schedule_sync_rule)
}

async fn rules(
    key: &Key,
    params: SchedulesV2ListScheduleSyncRulesParams,
) -> Result<SchedulesListScheduleSyncRulesResultV2, Error<impl Debug>> {
    schedules_v2_list_schedule_sync_rules(key, params).await
}

async fn change_rule(key: &Key, schedule: &str, id: &str, change: RuleChange) -> Result<Rule, Error<impl Debug>> {
    let params = SchedulesV2UpdateScheduleSyncRuleParams::new(schedule, id, change);
    schedules_v2_update_schedule_sync_rule(key, params).await.map(|changed| *changed.schedule_sync_rule)
}

async fn unlink(key: &Key, schedule: &str, id: &str) -> Result<(), Error<impl Debug>> {
    let params = SchedulesV2DestroyScheduleSyncRuleParams::new(schedule, id);
    schedules_v2_destroy_schedule_sync_rule(key, params).await
}

async fn replicate(key: &Key, schedule: &str, new: NewReplica) -> Result<Replica, Error<impl Debug>> {
    let payload = SchedulesCreateScheduleReplicaPayloadV2::new(new);
    let params = SchedulesV2CreateScheduleReplicaParams::new(schedule, payload);
    schedules_v2_create_schedule_replica(key, params).await.map(|made| *made.schedule_replica)
}

async fn show_replica(key: &Key, schedule: &str, id: &str) -> Result<Replica, Error<impl Debug>> {
    let params = SchedulesV2ShowScheduleReplicaParams::new(schedule, id);
    schedules_v2_show_schedule_replica(key, params).await.map(|shown| *shown.schedule_replica)
}

async fn replicas(key: &Key, schedule: &str) -> Result<Vec<Replica>, Error<impl Debug>> {
    let params = SchedulesV2ListScheduleReplicasParams::new(schedule);
    schedules_v2_list_schedule_replicas(key, params).await.map(|listed| listed.schedule_replicas)
}

async fn end_replica(key: &Key, schedule: &str, id: &str) -> Result<(), Error<impl Debug>> {
    let params = SchedulesV2DestroyScheduleReplicaParams::new(schedule, id);
    schedules_v2_destroy_schedule_replica(key, params).await
}

/// A group that is there.
fn group(id: &str) -> NewTarget {
    NewTarget::new(false).set_slack_user_group_id(id)
}

/// A group that is to be made.
fn new_group() -> Group {
    Group::new("Whoever is on call", "@on-call", "On call")
}

/// Whoever is on call belongs to the group.
fn on_call(target: &Target) -> NewRule {
    NewRule::new(&target.id, word("on_call"))
}

/// The first layer's shifts, on a schedule of PagerDuty.
fn replica() -> NewReplica {
    NewReplica::new("PFALL", word("pagerduty"), "PSCHED", vec![source(ROTATION, LAYER)])
}

fn source(rotation: &str, layer: &str) -> Source {
    Source::new().set_rotation_id(rotation).set_layer_id(layer)
}

#[tokio::test]
async fn a_group_that_is_there_is_read_back_as_it_was_given() {
    let root = &Server::start().into_root();
}
