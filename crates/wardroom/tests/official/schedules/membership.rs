//! Whether somebody is on call, as other tools find it out: from the final entries around a moment.

use incident_io::apis::users_v2_api::*;
use incident_io::models::UserV2;
use jiff::Timestamp;

use super::*;
use crate::support::absent;

fn moment(said: &impl Serialize) -> Timestamp {
    text(said).parse().unwrap()
}

/// Who is on call at a moment, by the entries of a window around it.
async fn on_call(key: &Key, mut asked: SchedulesV2ListScheduleEntriesParams, at: Timestamp) -> Vec<UserV2> {
    let mut found = Vec::new();
    loop {
        let page = page(key, asked.clone()).await.unwrap();
        let around = page.schedule_entries.r#final.into_iter();
        let around = around.filter(|entry| moment(&entry.start_at) <= at && at < moment(&entry.end_at));
        found.extend(around.map(|entry| *entry.user.unwrap()));
        let Some(meta) = page.pagination_meta else { return found };
        asked.entry_window_start = Some(meta.after);
    }
}

/// Whether one of these people has this ID.
fn has_id(people: &[UserV2], id: &str) -> bool {
    people.iter().any(|user| user.id == id)
}

/// Whether one of these people has this address, in any case.
fn has_email(people: &[UserV2], email: &str) -> bool {
    people.iter().any(|user| user.email.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(email)))
}

/// Everybody on a schedule's rotations.
fn members(schedule: &ScheduleV2) -> Vec<UserV2> {
    schedule.config.iter().flat_map(|config| &config.rotations).flat_map(|one| &one.users).cloned().collect()
}

#[tokio::test]
async fn whoever_is_on_call_now_is_found_by_id_and_address() {
    let crew = Crew::start();
    let made = crew.schedule(weekly(&[&crew.ada])).await;
    let now = text(&made.created_at);
    let asked = SchedulesV2ListScheduleEntriesParams::new(&made.id).set_entry_window_start(&now);
    let found = on_call(&crew.root, asked, now.parse().unwrap()).await;
    assert!(has_id(&found, &crew.ada) && has_email(&found, "ada@EXAMPLE.com"));
    assert!(!has_id(&found, &crew.bob) && !has_email(&found, "bob@example.com"));
}

#[tokio::test]
async fn whoever_covers_now_is_on_call_and_whoever_is_covered_is_not() {
    let crew = Crew::start();
    let made = crew.schedule(weekly(&[&crew.ada])).await;
    let long = crew.cover(&made, &crew.bob, "2020-01-06T09:00:00Z", NEXT_MONDAY);
    let cover = schedules_v2_create_override(&crew.root, SchedulesV2CreateOverrideParams::new(long)).await.unwrap();
    let now = text(&cover.r#override.created_at);
    let asked = SchedulesV2ListScheduleEntriesParams::new(&made.id).set_entry_window_start(&now);
    let found = on_call(&crew.root, asked, now.parse().unwrap()).await;
    assert!(has_id(&found, &crew.bob) && !has_id(&found, &crew.ada));
    let shown = show(&crew.root, &made.id).await.unwrap();
    assert!(has_id(&members(&shown), &crew.ada) && !has_id(&members(&shown), &crew.bob));
    let current: Vec<_> = shown.current_shifts.unwrap().into_iter().map(|shift| shift.user.unwrap().id).collect();
    assert_eq!(current, [crew.bob]);
}

#[tokio::test]
async fn a_shift_begins_with_its_start_and_is_over_at_its_end() {
    let crew = Crew::start();
    let made = crew.schedule(weekly(&[&crew.ada])).await;
    let cover = crew.cover(&made, &crew.bob, "2030-01-08T10:00:00Z", "2030-01-08T12:00:00Z");
    schedules_v2_create_override(&crew.root, SchedulesV2CreateOverrideParams::new(cover)).await.unwrap();
    for (time, expected) in [
        ("2030-01-08T09:59:59.999999Z", &crew.ada),
        ("2030-01-08T10:00:00Z", &crew.bob),
        ("2030-01-08T11:59:59.999999Z", &crew.bob),
        ("2030-01-08T12:00:00Z", &crew.ada),
    ] {
        for from in [MONDAY, time] {
            let found = on_call(&crew.root, window(&made.id, from, NEXT_MONDAY), time.parse().unwrap()).await;
            assert_eq!(found.iter().map(|user| &user.id).collect::<Vec<_>>(), [expected], "{time} from {from}");
        }
    }
}

#[tokio::test]
async fn any_rotation_counts_and_a_member_may_be_off_call() {
    let crew = Crew::start();
    let cleo = crew.server.add_user("Cleo", "cleo@example.com");
    let other = weekly(&[&cleo]).set_id("01KJPW9ZG0000000000000000S");
    let made = create(&crew.root, says(vec![crew.turns(), other])).await.unwrap();
    let asked = window(&made.id, MONDAY, MONDAY_AFTER);
    let found = on_call(&crew.root, asked, MONDAY.parse().unwrap()).await;
    assert!(has_id(&found, &crew.ada) && has_id(&found, &cleo) && !has_id(&found, &crew.bob));
    let members = members(&show(&crew.root, &made.id).await.unwrap());
    assert!(["ada@example.com", "BOB@example.com", "cleo@example.com"].iter().all(|email| has_email(&members, email)));
}

#[tokio::test]
async fn a_wrong_schedule_and_a_wrong_address_are_told_apart_from_being_off_call() {
    let crew = Crew::start();
    let by_email =
        async |email: &str| users_v2_list(&crew.root, UsersV2ListParams::new().set_email(email)).await.unwrap().users;
    assert!(by_email("nobody@example.com").await.is_empty());
    assert_eq!(by_email("BOB@example.com").await.into_iter().map(|user| user.id).collect::<Vec<_>>(), [&*crew.bob]);
    absent(page(&crew.root, window(NO_ID, MONDAY, NEXT_MONDAY)).await);
    absent(show(&crew.root, NO_ID).await);
    let nobody = create(&crew.root, says(vec![])).await.unwrap();
    assert_eq!(entries(&crew.root, &nobody.id, MONDAY, NEXT_MONDAY).await, Entries::new());
}
