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

/// The names of the schedules that a target follows.
fn linked(target: &Target) -> Vec<&str> {
    target.linked_schedules.iter().map(|schedule| schedule.name.as_str()).collect()
}

#[tokio::test]
async fn a_group_that_is_there_is_read_back() {
    let crew = Crew::start();
    let made = add(&crew.root, group("S0123456789").set_add_bot_to_group(true)).await.unwrap();
    assert_eq!((made.slack_user_group_id.as_str(), made.slack_team_id.as_str()), ("S0123456789", ""));
    assert!(made.add_bot_to_group && made.linked_schedules.is_empty());
    assert_eq!(made.created_at, made.updated_at);
    assert_eq!(show_target(&crew.root, &made.id).await.unwrap(), made);
}

#[tokio::test]
async fn a_new_group_has_an_id_of_its_own() {
    let crew = Crew::start();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let new = NewTarget::new(false).set_new_slack_user_group(new_group().set_slack_team_id("T012"));
        let made = add(&crew.root, new).await.unwrap();
        assert!(made.slack_user_group_id.starts_with('S'), "{}", made.slack_user_group_id);
        assert_eq!(made.slack_team_id, "T012");
        assert_eq!(show_target(&crew.root, &made.id).await.unwrap(), made);
        ids.push(made.slack_user_group_id);
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn targets_are_listed_in_pages() {
    let crew = Crew::start();
    let mut made = Vec::new();
    for id in ["S1", "S2", "S3"] {
        made.push(add(&crew.root, group(id)).await.unwrap());
    }
    let all = || ScheduleSyncTargetsV2ListParams::new();
    let whole = targets(&crew.root, all()).await.unwrap();
    assert_eq!(whole.schedule_sync_targets, made);
    assert_eq!(whole.pagination_meta.and_then(|meta| meta.after), None);
    let page = targets(&crew.root, all().set_page_size(2)).await.unwrap();
    let meta = page.pagination_meta.unwrap();
    assert_eq!(page.schedule_sync_targets, made[..2]);
    assert_eq!((meta.page_size, meta.after.as_ref()), (2, Some(&made[1].id)));
    let last = targets(&crew.root, all().set_page_size(2).set_after(&made[1].id)).await.unwrap();
    assert_eq!(last.schedule_sync_targets, made[2..]);
    assert_eq!(last.pagination_meta.and_then(|meta| meta.after), None);
}

#[tokio::test]
async fn an_update_of_a_target_says_whether_the_bot_belongs_to_the_group() {
    let crew = Crew::start();
    let made = add(&crew.root, group("S1")).await.unwrap();
    let changed = with_bot(&crew.root, &made.id, true).await.unwrap();
    assert!(changed.updated_at > made.updated_at);
    assert_eq!(changed, made.set_add_bot_to_group(true).set_updated_at(changed.updated_at));
    assert_eq!(show_target(&crew.root, &changed.id).await.unwrap(), changed);
}

#[tokio::test]
async fn a_deleted_target_is_gone_and_its_group_may_be_added_again() {
    let crew = Crew::start();
    let made = add(&crew.root, group("S1")).await.unwrap();
    let_go(&crew.root, &made.id).await.unwrap();
    absent(show_target(&crew.root, &made.id).await);
    absent(with_bot(&crew.root, &made.id, true).await);
    absent(let_go(&crew.root, &made.id).await);
    let again = add(&crew.root, group("S1")).await.unwrap();
    let listed = targets(&crew.root, ScheduleSyncTargetsV2ListParams::new()).await.unwrap();
    assert_eq!(listed.schedule_sync_targets, [again]);
}

#[tokio::test]
async fn a_target_tells_the_schedules_that_it_follows() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let first = crew.schedule(crew.turns()).await;
    let second = create(&crew.root, says(vec![crew.turns()]).set_name("Second")).await.unwrap();
    let rule = link(&crew.root, &first.id, on_call(&target)).await.unwrap();
    assert_eq!(linked(&rule.schedule_sync_target), ["On call"]);
    link(&crew.root, &second.id, on_call(&target)).await.unwrap();
    link(&crew.root, &second.id, on_call(&target).set_rotation_id(ROTATION)).await.unwrap();
    let shown = show_target(&crew.root, &target.id).await.unwrap();
    assert_eq!(linked(&shown), ["On call", "Second"], "each is there once");
    assert_eq!(shown.linked_schedules[1].id, second.id);
    let listed = targets(&crew.root, ScheduleSyncTargetsV2ListParams::new()).await.unwrap();
    assert_eq!(listed.schedule_sync_targets, [shown]);
    unlink(&crew.root, &first.id, &rule.id).await.unwrap();
    assert_eq!(linked(&show_target(&crew.root, &target.id).await.unwrap()), ["Second"]);
    delete(&crew.root, &second.id).await.unwrap();
    assert_eq!(linked(&show_target(&crew.root, &target.id).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_target_in_use_cannot_be_deleted() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let schedule = crew.schedule(crew.turns()).await;
    let rule = link(&crew.root, &schedule.id, on_call(&target)).await.unwrap();
    assert_eq!(refused(let_go(&crew.root, &target.id).await, 422).code(), "in_use");
    assert_eq!(linked(&show_target(&crew.root, &target.id).await.unwrap()), ["On call"]);
    unlink(&crew.root, &schedule.id, &rule.id).await.unwrap();
    let_go(&crew.root, &target.id).await.unwrap();
}

#[tokio::test]
async fn a_rule_is_read_back_and_listed_with_its_target_in_pages() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let schedule = crew.schedule(crew.turns()).await;
    let mut made = Vec::new();
    for new in [on_call(&target).set_rotation_id(ROTATION), on_call(&target)] {
        made.push(link(&crew.root, &schedule.id, new).await.unwrap());
    }
    let [first, second] = &made[..] else { panic!("there are two") };
    assert_eq!([first.rotation_id.as_deref(), second.rotation_id.as_deref()], [Some(ROTATION), None]);
    assert_eq!((&first.schedule_id, &first.schedule_sync_target_id), (&schedule.id, &target.id));
    assert_eq!((text(&first.sync_type).as_str(), first.created_at), ("on_call", first.updated_at));
    assert_eq!(*first.schedule_sync_target, show_target(&crew.root, &target.id).await.unwrap());
    assert_eq!(show_rule(&crew.root, &schedule.id, &first.id).await.unwrap(), *first);
    let all = || SchedulesV2ListScheduleSyncRulesParams::new(&schedule.id);
    assert_eq!(rules(&crew.root, all()).await.unwrap().schedule_sync_rules, made);
    let page = rules(&crew.root, all().set_page_size(1)).await.unwrap();
    assert_eq!(page.schedule_sync_rules, from_ref(first));
    assert_eq!(page.pagination_meta.unwrap().after.as_ref(), Some(&first.id));
    let last = rules(&crew.root, all().set_page_size(1).set_after(&first.id)).await.unwrap();
    assert_eq!(last.schedule_sync_rules, from_ref(second));
    assert_eq!(last.pagination_meta.and_then(|meta| meta.after), None);
}

#[tokio::test]
async fn permanent_members_stay_when_an_update_leaves_them_out() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let schedule = crew.schedule(crew.turns()).await;
    let (ada, bob) = (&crew.ada, &crew.bob);
    let new = on_call(&target).set_permanent_member_user_ids(vec![bob.clone(), ada.clone(), bob.clone()]);
    let rule = link(&crew.root, &schedule.id, new).await.unwrap();
    assert_eq!(rule.permanent_member_user_ids, [bob.as_str(), ada], "each is there once");
    let change = |sync_type| RuleChange::new(word(sync_type));
    let others = change("next_on_call").set_permanent_member_user_ids(vec![ada.clone()]);
    let nobody = change("next_on_call").set_permanent_member_user_ids(vec![]);
    for (change, sync_type, members) in [
        (change("all_users"), "all_users", &[bob.as_str(), ada][..]),
        (others, "next_on_call", &[ada]),
        (nobody, "next_on_call", &[]),
    ] {
        let changed = change_rule(&crew.root, &schedule.id, &rule.id, change).await.unwrap();
        assert_eq!((text(&changed.sync_type).as_str(), changed.created_at), (sync_type, rule.created_at));
        assert_eq!(changed.permanent_member_user_ids, members);
        assert!(changed.updated_at > rule.updated_at);
        assert_eq!(show_rule(&crew.root, &schedule.id, &rule.id).await.unwrap(), changed);
    }
}

#[tokio::test]
async fn a_changed_sync_type_reaches_every_rule_of_the_target() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let elsewhere = add(&crew.root, group("S2")).await.unwrap();
    let (first, second) = (crew.schedule(crew.turns()).await, crew.schedule(crew.turns()).await);
    let members = vec![crew.bob.clone()];
    let changed = link(&crew.root, &first.id, on_call(&target)).await.unwrap();
    let new = on_call(&target).set_permanent_member_user_ids(members.clone());
    let other = link(&crew.root, &second.id, new).await.unwrap();
    let apart = link(&crew.root, &first.id, on_call(&elsewhere)).await.unwrap();
    let change = RuleChange::new(word("all_users")).set_permanent_member_user_ids(vec![]);
    change_rule(&crew.root, &first.id, &changed.id, change).await.unwrap();
    let other = show_rule(&crew.root, &second.id, &other.id).await.unwrap();
    assert_eq!(text(&other.sync_type), "all_users");
    assert_eq!(other.permanent_member_user_ids, members, "they are that rule's alone");
    assert_eq!(show_rule(&crew.root, &first.id, &apart.id).await.unwrap(), apart);
}

#[tokio::test]
async fn a_deleted_rule_is_gone() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let schedule = crew.schedule(crew.turns()).await;
    let rule = link(&crew.root, &schedule.id, on_call(&target)).await.unwrap();
    unlink(&crew.root, &schedule.id, &rule.id).await.unwrap();
    absent(show_rule(&crew.root, &schedule.id, &rule.id).await);
    absent(change_rule(&crew.root, &schedule.id, &rule.id, RuleChange::new(word("on_call"))).await);
    absent(unlink(&crew.root, &schedule.id, &rule.id).await);
    let listed = rules(&crew.root, SchedulesV2ListScheduleSyncRulesParams::new(&schedule.id)).await.unwrap();
    assert_eq!(listed.schedule_sync_rules, []);
}

#[tokio::test]
async fn a_replica_is_read_back_listed_and_deleted() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    let made = replicate(&crew.root, &schedule.id, replica()).await.unwrap();
    assert_eq!((text(&made.replica_provider).as_str(), made.replica_provider_id.as_str()), ("pagerduty", "PSCHED"));
    assert_eq!((made.replica_fallback_user_id.as_str(), made.mirror_window_days), ("PFALL", Some(14)));
    assert_eq!((&made.schedule_id, &made.sources), (&schedule.id, &vec![source(ROTATION, LAYER)]));
    let mut users: Vec<_> = made.user_statuses.iter().map(|status| &status.user_id).collect();
    users.sort();
    assert_eq!(users, [&crew.ada, &crew.bob]);
    let new = replica().set_replica_provider(word("jsm")).set_mirror_window_days(90);
    let other = replicate(&crew.root, &schedule.id, new).await.unwrap();
    assert_eq!((text(&other.replica_provider).as_str(), other.mirror_window_days), ("jsm", Some(90)));
    let ids = |listed: Vec<Replica>| listed.into_iter().map(|replica| replica.id).collect::<Vec<_>>();
    assert_eq!(ids(replicas(&crew.root, &schedule.id).await.unwrap()), [made.id.as_str(), &other.id]);
    let shown = show_replica(&crew.root, &schedule.id, &made.id).await.unwrap();
    assert_eq!((&shown.id, &shown.sources, shown.created_at), (&made.id, &made.sources, made.created_at));
    end_replica(&crew.root, &schedule.id, &made.id).await.unwrap();
    absent(show_replica(&crew.root, &schedule.id, &made.id).await);
    absent(end_replica(&crew.root, &schedule.id, &made.id).await);
    assert_eq!(ids(replicas(&crew.root, &schedule.id).await.unwrap()), [other.id]);
}

#[tokio::test]
async fn a_schedule_with_a_replica_cannot_be_deleted() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    let made = replicate(&crew.root, &schedule.id, replica()).await.unwrap();
    assert_eq!(refused(delete(&crew.root, &schedule.id).await, 422).code(), "in_use");
    assert_eq!(show(&crew.root, &schedule.id).await.unwrap().id, schedule.id);
    end_replica(&crew.root, &schedule.id, &made.id).await.unwrap();
    delete(&crew.root, &schedule.id).await.unwrap();
}

#[tokio::test]
async fn a_target_is_one_group_that_no_other_target_has() {
    let crew = Crew::start();
    let made = add(&crew.root, group("S1")).await.unwrap();
    for wrong in [NewTarget::new(false), group(""), group("S2").set_new_slack_user_group(new_group()), group("S1")] {
        invalid(add(&crew.root, wrong).await, "invalid_value", "schedule_sync_target.slack_user_group_id");
    }
    let listed = targets(&crew.root, ScheduleSyncTargetsV2ListParams::new()).await.unwrap();
    assert_eq!(listed.schedule_sync_targets, [made], "nothing of it is kept");
}

#[tokio::test]
async fn a_refusal_points_at_what_is_wrong_with_a_rule() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let gone = add(&crew.root, group("S2")).await.unwrap();
    let_go(&crew.root, &gone.id).await.unwrap();
    let schedule = crew.schedule(crew.turns()).await;
    let rule = link(&crew.root, &schedule.id, on_call(&target)).await.unwrap();
    let members = || vec![crew.ada.clone(), NO_ID.to_owned()];
    for (wrong, place) in [
        (on_call(&target).set_schedule_sync_target_id(NO_ID), "schedule_sync_target_id"),
        (on_call(&target).set_schedule_sync_target_id("S1"), "schedule_sync_target_id"),
        (on_call(&gone), "schedule_sync_target_id"),
        (on_call(&target).set_rotation_id(NO_ID), "rotation_id"),
        (on_call(&target).set_permanent_member_user_ids(members()), "permanent_member_user_ids.1"),
        (on_call(&target).set_sync_type(word("sleepers")), "sync_type"),
    ] {
        let place = format!("schedule_sync_rule.{place}");
        invalid(link(&crew.root, &schedule.id, wrong).await, "invalid_value", &place);
    }
    let change = RuleChange::new(word("all_users")).set_permanent_member_user_ids(members());
    let outcome = change_rule(&crew.root, &schedule.id, &rule.id, change).await;
    invalid(outcome, "invalid_value", "permanent_member_user_ids.1");
    let listed = rules(&crew.root, SchedulesV2ListScheduleSyncRulesParams::new(&schedule.id)).await.unwrap();
    assert_eq!(listed.schedule_sync_rules, [rule], "nothing of it is kept");
}

#[tokio::test]
async fn a_refusal_points_at_what_is_wrong_with_a_replica() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    for (wrong, code, place) in [
        (replica().set_replica_provider(word("native")), "invalid_value", "replica_provider"),
        (replica().set_replica_provider(word("sundial")), "invalid_value", "replica_provider"),
        (replica().set_replica_provider_id(""), "is_required", "replica_provider_id"),
        (replica().set_replica_fallback_user_id(" "), "is_required", "replica_fallback_user_id"),
        (replica().set_sources(vec![]), "is_required", "sources"),
        (replica().set_sources(vec![source(ROTATION, LAYER), source(ROTATION, NO_ID)]), "invalid_value", "sources.1"),
        (replica().set_sources(vec![source(NO_ID, LAYER)]), "invalid_value", "sources.0"),
        (replica().set_mirror_window_days(0), "invalid_value", "mirror_window_days"),
        (replica().set_mirror_window_days(91), "invalid_value", "mirror_window_days"),
    ] {
        let place = format!("schedule_replica.{place}");
        invalid(replicate(&crew.root, &schedule.id, wrong).await, code, &place);
    }
    assert_eq!(replicas(&crew.root, &schedule.id).await.unwrap(), [], "nothing of it is kept");
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let crew = Crew::start();
    let root = &crew.root;
    let target = add(root, group("S1")).await.unwrap();
    let (schedule, other) = (crew.schedule(crew.turns()).await, crew.schedule(crew.turns()).await);
    let rule = link(root, &schedule.id, on_call(&target)).await.unwrap();
    let made = replicate(root, &schedule.id, replica()).await.unwrap();
    for id in [NO_ID, &schedule.id, "S1"] {
        absent(show_target(root, id).await);
        absent(with_bot(root, id, true).await);
        absent(let_go(root, id).await);
    }
    for id in [NO_ID, &target.id, "S1"] {
        absent(rules(root, SchedulesV2ListScheduleSyncRulesParams::new(id)).await);
        absent(link(root, id, on_call(&target)).await);
        absent(replicas(root, id).await);
        absent(replicate(root, id, replica()).await);
    }
    for (schedule, rule, replica) in [
        (schedule.id.as_str(), NO_ID, NO_ID),
        (&schedule.id, &made.id, &rule.id),
        (&other.id, &rule.id, &made.id),
        (NO_ID, &rule.id, &made.id),
    ] {
        absent(show_rule(root, schedule, rule).await);
        absent(change_rule(root, schedule, rule, RuleChange::new(word("all_users"))).await);
        absent(unlink(root, schedule, rule).await);
        absent(show_replica(root, schedule, replica).await);
        absent(end_replica(root, schedule, replica).await);
    }
    assert_eq!(show_rule(root, &schedule.id, &rule.id).await.unwrap(), rule);
}

#[tokio::test]
async fn schedules_targets_and_rules_can_be_managed_elsewhere() {
    let crew = Crew::start();
    let target = add(&crew.root, group("S1")).await.unwrap();
    let schedule = crew.schedule(crew.turns()).await;
    let rule = link(&crew.root, &schedule.id, on_call(&target)).await.unwrap();
    for (resource_type, id) in
        [("schedule", &schedule.id), ("schedule_sync_target", &target.id), ("schedule_sync_rule", &rule.id)]
    {
        let manage = async |id: &str| {
            let annotations = [("incident.io/terraform/version".to_owned(), "3.0.0".to_owned())].into();
            let note = Note::new(annotations, id, word(resource_type));
            let params = ManagedResourcesV2CreateManagedResourceParams::new(note);
            managed_resources_v2_create_managed_resource(&crew.root, params).await
        };
        let managed = manage(id).await.unwrap().managed_resource;
        assert_eq!((text(&managed.resource_type).as_str(), &managed.resource_id), (resource_type, id));
        assert_eq!(text(&managed.managed_by), "terraform");
        absent(manage(NO_ID).await);
    }
}

/// A file, once there is somebody at `pointer` in its `items`, and this person in each.
async fn saying(file: &Path, items: &str, pointer: &str, name: &str) -> Json {
    let mut found = Json::Null;
    for _ in 0..100 {
        found = fs::read(file).map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default();
        let is_expected = |item: &Json| item.pointer(pointer).is_some_and(|found| found == name);
        if found[items].as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_expected)) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} does not say {name}: {found}", file.display());
}

#[tokio::test]
async fn files_in_a_directory_say_who_is_on_call_and_what_lies_ahead() {
    let mirror = tempfile::tempdir().unwrap();
    let server = Server::start_with(&["--mirror", &format!("file:{}", mirror.path().display())]);
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    let bob = server.add_user("Bob", "bob@example.com");
    let schedule = create(&root, says(vec![weekly(&[&ada])])).await.unwrap();
    let target = add(&root, NewTarget::new(true).set_new_slack_user_group(new_group())).await.unwrap();
    link(&root, &schedule.id, on_call(&target)).await.unwrap();
    let made = replicate(&root, &schedule.id, replica()).await.unwrap();
    let group = mirror.path().join(format!("user-groups/{}.json", target.slack_user_group_id));
    let shifts = mirror.path().join("replicas/pagerduty/PSCHED.json");

    let told = saying(&group, "members", "/name", "Ada").await;
    assert_eq!((told["members"].as_array().unwrap().len(), &told["members"][0]["id"]), (1, &ada.into()));
    assert_eq!((&told["new_group"]["handle"], &told["add_bot_to_group"]), (&"on-call".into(), &true.into()));
    let ahead = saying(&shifts, "shifts", "/user/name", "Ada").await["shifts"].take();
    let ahead: Vec<Json> = retold(&ahead);
    let [from, to] = [text(&ahead[0]["start_at"]), text(&ahead[ahead.len() - 1]["end_at"])];
    let listed: Vec<Json> = retold(&entries(&root, &schedule.id, &from, &to).await.r#final);
    let minutes = |shift: &Json| [&shift["start_at"], &shift["end_at"]].map(|at| text(at)[..16].to_owned());
    assert_eq!(ahead.iter().map(minutes).collect::<Vec<_>>(), listed.iter().map(minutes).collect::<Vec<_>>());

    let (from, to) = (time("2020-01-06T09:00:00Z"), time("2040-01-02T09:00:00Z"));
    let cover = SchedulesCreateOverridePayloadV2::new(to, LAYER, ROTATION, &schedule.id, from, person(&bob));
    schedules_v2_create_override(&root, SchedulesV2CreateOverrideParams::new(cover)).await.unwrap();
    saying(&group, "members", "/name", "Bob").await;
    saying(&shifts, "shifts", "/user/name", "Bob").await;
    let shown = show_replica(&root, &schedule.id, &made.id).await.unwrap();
    assert!(shown.last_synced_at >= Some(made.created_at) && shown.last_sync_error.is_none(), "{shown:?}");
}
