//! Overrides: who is on call instead, for a while.

use std::slice::from_ref;

use incident_io::models::{
    ScheduleOverrideV2, SchedulesCreateOverridePayloadV2 as Cover, SchedulesListOverridesResultV2,
    SchedulesUpdateOverridePayloadV2 as Move,
};

use super::*;
use crate::support::{absent, invalid};

/// The second layer, where there is one.
const SECOND: &str = "01KJPW9ZG000000000000000BB";
/// The second rotation, where there is one.
const OTHER: &str = "01KJPW9ZG0000000000000000S";

async fn cover(key: &Key, cover: Cover) -> Result<ScheduleOverrideV2, Error<impl Debug>> {
    let params = SchedulesV2CreateOverrideParams::new(cover);
    schedules_v2_create_override(key, params).await.map(|made| *made.r#override)
}

async fn show_cover(key: &Key, id: &str) -> Result<ScheduleOverrideV2, Error<impl Debug>> {
    schedules_v2_show_override(key, SchedulesV2ShowOverrideParams::new(id)).await.map(|shown| *shown.r#override)
}

async fn move_cover(key: &Key, id: &str, to: Move) -> Result<ScheduleOverrideV2, Error<impl Debug>> {
    schedules_v2_update_override(key, SchedulesV2UpdateOverrideParams::new(id, to)).await.map(|moved| *moved.r#override)
}

async fn delete_cover(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    schedules_v2_destroy_override(key, SchedulesV2DestroyOverrideParams::new(id)).await
}

async fn covers(
    key: &Key,
    params: SchedulesV2ListOverridesParams,
) -> Result<SchedulesListOverridesResultV2, Error<impl Debug>> {
    schedules_v2_list_overrides(key, params).await
}

fn of(schedule: &ScheduleV2) -> SchedulesV2ListOverridesParams {
    SchedulesV2ListOverridesParams::new(&schedule.id)
}

/// The IDs of the overrides listed, in order.
async fn ids(key: &Key, params: SchedulesV2ListOverridesParams) -> Vec<String> {
    covers(key, params).await.unwrap().overrides.into_iter().map(|one| one.id).collect()
}

/// A time of Tuesday in Ada's week.
fn at(hour: &str) -> String {
    format!("2030-01-08T{hour}:00Z")
}

/// The overrides of a schedule in short, by their start.
async fn covered(crew: &Crew, schedule: &ScheduleV2) -> Vec<String> {
    let mut found = covers(&crew.root, of(schedule)).await.unwrap().overrides;
    found.sort_by_key(|one| one.start_at);
    let short = |one: &ScheduleOverrideV2| {
        let [from, to] = [&one.start_at, &one.end_at].map(|moment| text(moment)[11..16].to_owned());
        format!("{} {from} to {to}", one.user.as_ref().unwrap().name)
    };
    found.iter().map(short).collect()
}

/// Who is on call in Ada's week.
async fn on_call(crew: &Crew, schedule: &ScheduleV2) -> Vec<String> {
    shifts(&entries(&crew.root, &schedule.id, MONDAY, NEXT_MONDAY).await.r#final)
}

#[tokio::test]
async fn an_override_is_read_back_and_seen_in_the_entries() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    let by_address = UserReferencePayloadV2::new().set_email("Bob@example.com");
    let new = Cover::new(time(&at("12:00")), LAYER, ROTATION, &schedule.id, time(&at("10:00")), by_address);
    let made = cover(&crew.root, new).await.unwrap();
    assert_eq!((made.schedule_id.as_str(), made.rotation_id.as_str()), (schedule.id.as_str(), ROTATION));
    assert_eq!((made.layer_id.as_str(), &made.user.as_ref().unwrap().id), (LAYER, &crew.bob));
    assert_eq!([text(&made.start_at), text(&made.end_at)], [at("10:00"), at("12:00")]);
    assert_eq!(made.created_at, made.updated_at);
    assert_eq!(show_cover(&crew.root, &made.id).await.unwrap(), made);
    assert_eq!(covers(&crew.root, of(&schedule)).await.unwrap().overrides, from_ref(&made));
    let found = entries(&crew.root, &schedule.id, MONDAY, NEXT_MONDAY).await;
    let expected = [
        "Ada 2030-01-07T09:00 to 2030-01-08T10:00",
        "Bob 2030-01-08T10:00 to 2030-01-08T12:00",
        "Ada 2030-01-08T12:00 to 2030-01-14T09:00",
    ];
    assert_eq!(shifts(&found.r#final), expected);
    assert_eq!(shifts(&found.overrides), expected[1..2]);
    assert_eq!(shifts(&found.scheduled), ["Ada 2030-01-07T09:00 to 2030-01-14T09:00"]);
    assert_eq!(found.overrides[0].entry_id.as_ref(), Some(&made.id));
}

#[tokio::test]
async fn a_new_override_cuts_the_old_one_whose_remainder_has_new_ids() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    let long = cover(&crew.root, crew.cover(&schedule, &crew.bob, &at("10:00"), &at("16:00"))).await.unwrap();
    let inner = cover(&crew.root, crew.cover(&schedule, &crew.ada, &at("12:00"), &at("14:00"))).await.unwrap();
    assert_eq!(covered(&crew, &schedule).await, ["Bob 10:00 to 12:00", "Ada 12:00 to 14:00", "Bob 14:00 to 16:00"]);
    let listed = ids(&crew.root, of(&schedule)).await;
    assert!(listed.contains(&inner.id) && !listed.contains(&long.id));
    absent(show_cover(&crew.root, &long.id).await);
    for id in listed {
        assert_eq!(show_cover(&crew.root, &id).await.unwrap().id, id);
    }
}

#[tokio::test]
async fn overrides_are_listed_by_rotation_and_layer_in_pages() {
    let crew = Crew::start();
    let layers = vec![layer(LAYER, "First"), layer(SECOND, "Second")];
    let other = crew.turns().set_id(OTHER);
    let schedule = create(&crew.root, says(vec![crew.turns().set_layers(layers), other])).await.unwrap();
    let elsewhere = crew.schedule(crew.turns()).await;
    let mut made = Vec::new();
    for (rotation, layer) in [(ROTATION, LAYER), (ROTATION, SECOND), (OTHER, LAYER)] {
        let new = crew.cover(&schedule, &crew.bob, &at("10:00"), &at("12:00"));
        made.push(cover(&crew.root, new.set_rotation_id(rotation).set_layer_id(layer)).await.unwrap().id);
    }
    for (params, expected) in [
        (of(&schedule), &made[..]),
        (of(&schedule).set_rotation_id(ROTATION), &made[..2]),
        (of(&schedule).set_rotation_id(OTHER), &made[2..]),
        (of(&schedule).set_layer_id(SECOND), &made[1..2]),
        (of(&schedule).set_rotation_id(ROTATION).set_layer_id(LAYER), &made[..1]),
        (of(&schedule).set_rotation_id(OTHER).set_layer_id(SECOND), &[]),
        (of(&schedule).set_rotation_id(NO_ID), &[]),
        (of(&elsewhere), &[]),
    ] {
        assert_eq!(ids(&crew.root, params).await, expected);
    }
    let page = covers(&crew.root, of(&schedule).set_page_size(2)).await.unwrap();
    let meta = page.pagination_meta.unwrap();
    assert_eq!((page.overrides.len(), meta.page_size, meta.after.as_ref()), (2, 2, Some(&made[1])));
    let last = covers(&crew.root, of(&schedule).set_page_size(2).set_after(&made[1])).await.unwrap();
    assert_eq!((&last.overrides[0].id, last.overrides.len()), (&made[2], 1));
    assert_eq!(last.pagination_meta.and_then(|meta| meta.after), None);
}

#[tokio::test]
async fn an_override_moves_and_cuts_what_is_in_its_way() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    let moving = cover(&crew.root, crew.cover(&schedule, &crew.bob, &at("10:00"), &at("11:00"))).await.unwrap();
    cover(&crew.root, crew.cover(&schedule, &crew.ada, &at("12:00"), &at("16:00"))).await.unwrap();
    let to = Move::new(time(&at("15:00")), LAYER, ROTATION, time(&at("14:00")), person(&crew.bob));
    let moved = move_cover(&crew.root, &moving.id, to).await.unwrap();
    assert_eq!((&moved.id, moved.created_at), (&moving.id, moving.created_at));
    assert!(moved.updated_at > moving.updated_at);
    assert_eq!(show_cover(&crew.root, &moving.id).await.unwrap(), moved);
    assert_eq!(covered(&crew, &schedule).await, ["Ada 12:00 to 14:00", "Bob 14:00 to 15:00", "Ada 15:00 to 16:00"]);
}

#[tokio::test]
async fn a_deleted_override_is_gone() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    let before = on_call(&crew, &schedule).await;
    let made = cover(&crew.root, crew.cover(&schedule, &crew.bob, &at("10:00"), &at("12:00"))).await.unwrap();
    assert_ne!(on_call(&crew, &schedule).await, before);
    delete_cover(&crew.root, &made.id).await.unwrap();
    absent(show_cover(&crew.root, &made.id).await);
    let to = Move::new(time(&at("15:00")), LAYER, ROTATION, time(&at("14:00")), person(&crew.bob));
    absent(move_cover(&crew.root, &made.id, to).await);
    assert_eq!(ids(&crew.root, of(&schedule)).await, [""; 0]);
    assert_eq!(on_call(&crew, &schedule).await, before);
}

#[tokio::test]
async fn a_wrong_id_of_an_override_is_not_found() {
    let crew = Crew::start();
    for id in [NO_ID, &crew.ada, "O0123456789"] {
        absent(show_cover(&crew.root, id).await);
        let to = Move::new(time(&at("15:00")), LAYER, ROTATION, time(&at("14:00")), person(&crew.bob));
        absent(move_cover(&crew.root, id, to).await);
        absent(delete_cover(&crew.root, id).await);
        absent(covers(&crew.root, SchedulesV2ListOverridesParams::new(id)).await);
    }
}

#[tokio::test]
async fn a_refusal_points_at_what_is_wrong_with_an_override() {
    let crew = Crew::start();
    let schedule = crew.schedule(crew.turns()).await;
    let fine = || crew.cover(&schedule, &crew.bob, &at("10:00"), &at("12:00"));
    let made = cover(&crew.root, fine()).await.unwrap();
    let nobody = UserReferencePayloadV2::new().set_email("nobody@example.com");
    for (wrong, code, place) in [
        (fine().set_end_at(time(&at("10:00"))), "invalid_value", "end_at"),
        (fine().set_end_at(time(&at("09:00"))), "invalid_value", "end_at"),
        (fine().set_rotation_id(NO_ID), "invalid_value", "rotation_id"),
        (fine().set_layer_id(NO_ID), "invalid_value", "layer_id"),
        (fine().set_user(person(NO_ID)), "invalid_value", "user.id"),
        (fine().set_user(nobody), "invalid_value", "user.email"),
        (fine().set_user(UserReferencePayloadV2::new()), "is_required", "user.id"),
    ] {
        let to: Move = retold(&wrong);
        invalid(cover(&crew.root, wrong).await, code, place);
        invalid(move_cover(&crew.root, &made.id, to).await, code, place);
    }
    for id in [NO_ID, "S0123456789"] {
        invalid(cover(&crew.root, fine().set_schedule_id(id)).await, "invalid_value", "schedule_id");
    }
    let of_another = retold(&fine().set_user(person(&crew.ada)));
    invalid(move_cover(&crew.root, &made.id, of_another).await, "invalid_value", "user");
    assert_eq!(covers(&crew.root, of(&schedule)).await.unwrap().overrides, [made], "nothing of it is kept");
}
