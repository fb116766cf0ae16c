//! What a schedule says, and what it may not say.

use std::collections::{BTreeSet, HashMap};

use incident_io::apis::catalog_v3_api::*;
use incident_io::models::{
    CatalogCreateEntryPayloadV3, ScheduleHolidaysPublicConfigPayloadV2 as Holidays,
    ScheduleRotationWorkingIntervalCreatePayloadV2 as Hours,
};

use super::*;
use crate::support::{absent, invalid};

fn hours(weekday: &str, start: &str, end: &str) -> Hours {
    Hours::new(end, start, word(weekday))
}

/// A new team's ID.
async fn team(key: &Key, name: &str) -> String {
    let types = catalog_v3_list_types(key, CatalogV3ListTypesParams::new()).await.unwrap().catalog_types;
    let teams = types.into_iter().find(|one| one.type_name == "Team").unwrap();
    let new = CatalogCreateEntryPayloadV3::new(HashMap::new(), teams.id, name);
    catalog_v3_create_entry(key, CatalogV3CreateEntryParams::new(new)).await.unwrap().catalog_entry.id
}

/// A schedule that says all it can, and what is shown for it.
async fn everything(crew: &Crew) -> (New, New) {
    let known = |id: &str, email: &str| person(id).set_email(email);
    let both = vec![known(&crew.ada, "Ada@Example.com"), known(&crew.bob, "bob@example.com")];
    let first = crew
        .turns()
        .set_users(both.clone())
        .set_handovers(vec![every(12, "hourly"), every(3, "daily"), every(2, "weekly")])
        .set_layers(vec![layer(LAYER, "First"), layer("01KJPW9ZG000000000000000BB", "Second")])
        .set_scheduling_mode(word("fair"))
        .set_working_intervals(vec![hours("monday", "09:00", "17:30"), hours("friday", "22:00", "06:00")]);
    let later = |from, mode| {
        let version = crew.turns().set_users(both[1..].to_vec()).set_scheduling_mode(word(mode));
        version.set_effective_from(time(from)).set_working_intervals(vec![])
    };
    let other = crew.turns().set_id("01KJPW9ZG0000000000000000S").set_users(both.clone()).set_working_intervals(vec![]);
    let rotations = vec![first, later(MONDAY, "sequential"), other, later(NEXT_MONDAY, "fair")];
    let said = says(rotations)
        .set_timezone("Europe/London")
        .set_annotations([("managed-by", "a tool"), ("empty", "")].map(|(key, note)| (key.into(), note.into())).into())
        .set_team_ids(vec![team(&crew.root, "Tills").await, team(&crew.root, "Stock").await])
        .set_holidays_public_config(Holidays::new(vec!["GB".into(), "DE".into()]));
    let mut shown = said.clone();
    let first = &mut shown.config.as_mut().unwrap().rotations.as_mut().unwrap()[0];
    first.working_interval.clone_from(&first.working_intervals);
    (said, shown)
}

#[tokio::test]
async fn all_that_a_schedule_says_is_read_back() {
    let crew = Crew::start();
    let (said, expected) = everything(&crew).await;
    let made = create(&crew.root, said).await.unwrap();
    assert_eq!(retold::<New>(&made), expected);
    assert_eq!(made.permalink, format!("{}/on-call/schedules/{}", crew.server.url(), made.id));
    assert_eq!(made.created_at, made.updated_at);
    let shown = show(&crew.root, &made.id).await.unwrap();
    assert_eq!((retold::<New>(&shown), shown.updated_at), (expected, made.updated_at));
    let listed = list(&crew.root, SchedulesV2ListParams::new()).await.unwrap().schedules;
    assert_eq!(listed.iter().map(|one| (&one.id, &one.config)).collect::<Vec<_>>(), [(&made.id, &made.config)]);
}

#[tokio::test]
async fn a_rotation_that_names_no_ids_gets_some() {
    let crew = Crew::start();
    let mut rotation = crew.turns();
    (rotation.id, rotation.layers) = (None, None);
    let made = create(&crew.root, says(vec![rotation.clone(), rotation])).await.unwrap().config.unwrap().rotations;
    let layers: BTreeSet<_> = made.iter().flat_map(|one| &one.layers).map(|layer| layer.id.as_ref().unwrap()).collect();
    assert_eq!((made.len(), layers.len()), (2, 2));
    assert!(made[0].id != made[1].id && made.iter().all(|one| one.effective_from.is_none()));
}

#[tokio::test]
async fn people_are_named_by_id_or_by_address_in_any_case() {
    let crew = Crew::start();
    let people = vec![UserReferencePayloadV2::new().set_email("BOB@example.com"), person(&crew.ada)];
    let made = crew.schedule(crew.turns().set_users(people)).await.config.unwrap();
    let users: Vec<_> = made.rotations[0].users.iter().map(|user| (&user.id, user.email.as_deref())).collect();
    assert_eq!(users, [(&crew.bob, Some("bob@example.com")), (&crew.ada, Some("Ada@Example.com"))]);
}

#[tokio::test]
async fn working_intervals_go_by_their_old_name_too() {
    let crew = Crew::start();
    let said = vec![hours("monday", "09:00", "17:00")];
    let made = crew.schedule(crew.turns().set_working_interval(said.clone())).await.config.unwrap();
    let rotation = &made.rotations[0];
    assert_eq!(retold::<Vec<Hours>>(&rotation.working_intervals), said);
    assert_eq!(rotation.working_interval.as_ref(), Some(&rotation.working_intervals));
    let always = crew.schedule(crew.turns()).await.config.unwrap();
    assert_eq!(always.rotations[0].working_interval, None);
}

#[tokio::test]
async fn what_is_shown_can_be_sent_back() {
    let crew = Crew::start();
    let (said, expected) = everything(&crew).await;
    let made = create(&crew.root, said).await.unwrap();
    let changed = update(&crew.root, &made.id, retold(&made)).await.unwrap();
    assert_eq!(retold::<New>(&changed), expected);
    assert_eq!((changed.id, changed.created_at), (made.id, made.created_at));
    assert!(changed.updated_at > made.updated_at);
}

#[tokio::test]
async fn an_update_replaces_all_that_a_schedule_says() {
    let crew = Crew::start();
    let (said, _) = everything(&crew).await;
    let made = create(&crew.root, said).await.unwrap();
    let changed = update(&crew.root, &made.id, Change::new().set_name("Bare").set_timezone("UTC")).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.timezone.as_str()), ("Bare", "UTC"));
    assert!(changed.annotations.is_empty() && changed.team_ids.is_empty());
    assert_eq!((&changed.holidays_public_config, changed.config.as_ref().unwrap().rotations.len()), (&None, 0));
    assert_eq!((&changed.current_shifts, &changed.next_shifts), (&Some(vec![]), &Some(vec![])));
    assert_eq!(show(&crew.root, &made.id).await.unwrap(), changed);
}

#[tokio::test]
async fn an_unnamed_version_is_called_like_the_one_before() {
    let crew = Crew::start();
    let made = crew.schedule(crew.turns()).await;
    let mut change: Change = retold(&made);
    let rotations = change.config.as_mut().unwrap().rotations.as_mut().unwrap();
    let mut later = rotations[0].clone().set_effective_from(time(MONDAY));
    later.name = None;
    rotations.push(later);
    let changed = update(&crew.root, &made.id, change).await.unwrap().config.unwrap();
    let names: Vec<_> = changed.rotations.iter().map(|one| (one.id.as_str(), one.name.as_str())).collect();
    assert_eq!(names, [(ROTATION, "Primary"); 2]);
}

#[tokio::test]
async fn schedules_come_oldest_first_in_pages_until_the_end() {
    let crew = Crew::start();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(crew.schedule(crew.turns()).await.id);
    }
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    let mut params = SchedulesV2ListParams::new().set_page_size(2);
    loop {
        let page = list(&crew.root, params.clone()).await.unwrap();
        let meta = page.pagination_meta.unwrap();
        assert_eq!((meta.page_size, meta.total_record_count), (2, Some(5)));
        sizes.push(page.schedules.len());
        found.extend(page.schedules.into_iter().map(|schedule| schedule.id));
        let Some(after) = meta.after else { break };
        params.after = Some(after);
    }
    assert_eq!((found, sizes), (made, vec![2, 2, 1]));
}

#[tokio::test]
async fn who_is_on_call_now_is_always_shown_and_who_is_next_on_small_pages() {
    let crew = Crew::start();
    let made = crew.schedule(weekly(&[&crew.ada])).await;
    let on_page = async |size| {
        let page = list(&crew.root, SchedulesV2ListParams::new().set_page_size(size)).await.unwrap();
        page.schedules.into_iter().next().unwrap()
    };
    for shown in [&made, &show(&crew.root, &made.id).await.unwrap(), &on_page(25).await] {
        let (now, next) = (shown.current_shifts.as_ref().unwrap(), shown.next_shifts.as_ref().unwrap());
        let ([now], [next]) = (&now[..], &next[..]) else { panic!("{now:?}, {next:?}") };
        for shift in [now, next] {
            assert_eq!(shift.user.as_ref().unwrap().id, crew.ada);
            assert_eq!(shift.rotation_id.as_deref(), Some(ROTATION));
        }
        assert!(now.start_at <= made.created_at && made.created_at < now.end_at);
        assert_eq!(now.end_at, next.start_at);
    }
    let large = on_page(26).await;
    assert_eq!((large.current_shifts.map(|shifts| shifts.len()), large.next_shifts), (Some(1), None));
}

#[tokio::test]
async fn a_deleted_schedule_is_gone() {
    let crew = Crew::start();
    let kept = crew.schedule(crew.turns()).await;
    let gone = crew.schedule(crew.turns()).await;
    delete(&crew.root, &gone.id).await.unwrap();
    absent(show(&crew.root, &gone.id).await);
    absent(update(&crew.root, &gone.id, retold(&gone)).await);
    absent(delete(&crew.root, &gone.id).await);
    absent(page(&crew.root, window(&gone.id, MONDAY, NEXT_MONDAY)).await);
    let listed = list(&crew.root, SchedulesV2ListParams::new()).await.unwrap();
    assert_eq!(listed.schedules.into_iter().map(|one| one.id).collect::<Vec<_>>(), [kept.id]);
    assert_eq!(listed.pagination_meta.unwrap().total_record_count, Some(1));
}

#[tokio::test]
async fn a_wrong_id_is_not_found() {
    let crew = Crew::start();
    let change: Change = retold(&says(vec![crew.turns()]));
    for id in [NO_ID, &crew.ada, "S0123456789"] {
        absent(show(&crew.root, id).await);
        absent(update(&crew.root, id, change.clone()).await);
        absent(delete(&crew.root, id).await);
        absent(preview(&crew.root, id, Preview::new(change.clone())).await);
        absent(page(&crew.root, SchedulesV2ListScheduleEntriesParams::new(id)).await);
    }
}

#[tokio::test]
async fn a_refusal_points_at_what_is_wrong_with_a_schedule() {
    let crew = Crew::start();
    let made = crew.schedule(crew.turns()).await;
    let said = |rotation| says(vec![rotation]);
    let unnamed = New::new().set_timezone("UTC");
    let zoneless = New::new().set_name("On call");
    let unanchored = Rotation::new("Primary").set_handovers(vec![every(1, "weekly")]);
    let noon = vec![hours("monday", "noon", "17:00")];
    let first = "schedule.config.rotations.0";
    for (wrong, code, place) in [
        (unnamed, "is_required", "schedule.name".to_owned()),
        (zoneless, "is_required", "schedule.timezone".into()),
        (says(vec![]).set_timezone("Europe/Atlantis"), "invalid_value", "schedule.timezone".into()),
        (says(vec![]).set_team_ids(vec![NO_ID.into()]), "invalid_value", "schedule.team_ids.0".into()),
        (
            says(vec![]).set_holidays_public_config(Holidays::new(vec!["GB".into(), "Wales".into()])),
            "invalid_value",
            "schedule.holidays_public_config.country_codes.1".into(),
        ),
        (said(crew.turns().set_users(vec![person(NO_ID)])), "invalid_value", format!("{first}.users.0.id")),
        (
            said(crew.turns().set_users(vec![UserReferencePayloadV2::new().set_email("nobody@example.com")])),
            "invalid_value",
            format!("{first}.users.0.email"),
        ),
        (said(unanchored), "is_required", format!("{first}.handover_start_at")),
        (said(crew.turns().set_handovers(vec![])), "is_required", format!("{first}.handovers")),
        (
            said(crew.turns().set_handovers(vec![every(1, "daily"), every(0, "daily")])),
            "invalid_value",
            format!("{first}.handovers.1.interval"),
        ),
        (
            said(crew.turns().set_layers(vec![layer(LAYER, "One"), layer(LAYER, "Two")])),
            "invalid_value",
            format!("{first}.layers.1.id"),
        ),
        (said(crew.turns().set_working_intervals(noon)), "invalid_value", format!("{first}.working_intervals.0")),
        (said(crew.turns().set_effective_from(time(MONDAY))), "invalid_value", format!("{first}.effective_from")),
        (says(vec![crew.turns(), crew.turns()]), "is_required", "schedule.config.rotations.1.effective_from".into()),
    ] {
        let change: Change = retold(&wrong);
        invalid(create(&crew.root, wrong).await, code, &place);
        invalid(update(&crew.root, &made.id, change.clone()).await, code, &place);
        if place.contains("timezone") || place.contains("rotations") {
            // A preview reads what decides who is on call, and nothing else.
            invalid(preview(&crew.root, &made.id, Preview::new(change)).await, code, &place);
        }
    }
    assert_eq!(show(&crew.root, &made.id).await.unwrap(), made, "nothing of it is kept");
    assert_eq!(list(&crew.root, SchedulesV2ListParams::new()).await.unwrap().schedules.len(), 1);
}

#[tokio::test]
async fn words_that_the_server_does_not_know_are_refused() {
    let crew = Crew::start();
    let first = "schedule.config.rotations.0";
    for (wrong, place) in [
        (crew.turns().set_scheduling_mode(word("random")), format!("{first}.scheduling_mode")),
        (crew.turns().set_handovers(vec![every(1, "monthly")]), format!("{first}.handovers.0.interval_type")),
        (
            crew.turns().set_working_intervals(vec![hours("someday", "09:00", "17:00")]),
            format!("{first}.working_intervals.0.weekday"),
        ),
    ] {
        invalid(create(&crew.root, says(vec![wrong])).await, "invalid_value", &place);
    }
}
