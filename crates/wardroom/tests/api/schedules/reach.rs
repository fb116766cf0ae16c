//! Who may see and change which schedule, and where else a schedule shows.

use base::Id;
use people::api_keys::Grant;
use people::teams::Team;
use testkit::{Client, Value, json};

use super::{Crew, OVERRIDES, SCHEDULES, at, placed, window};
use crate::support::{assert_invalid, assert_lacks, text, texts, with};

impl Crew {
    /// A key that is limited to what a team owns.
    fn limited(&self, team: Id<Team>, role: &str) -> Client {
        self.app.client_with(Grant { team_ids: vec![team], team_roles: vec![role.into()], ..Grant::default() })
    }

    /// The names and external IDs of the entries of the catalog's type of schedules.
    fn in_catalog(&self) -> Vec<(String, String)> {
        let types = self.admin.get("/v3/catalog_types").expect(200)["catalog_types"].clone();
        let schedules = types.as_array().unwrap().iter().find(|one| one["type_name"] == "Schedule").unwrap();
        let path = format!("/v3/catalog_entries?page_size=250&catalog_type_id={}", text(schedules, "/id"));
        let found = self.admin.get(&path).expect(200)["catalog_entries"].take();
        texts(&found, "/name").into_iter().zip(texts(&found, "/external_id")).collect()
    }
}

fn listed(by: &Client) -> (Vec<String>, Value) {
    let page = by.get(SCHEDULES).expect(200);
    (texts(&page["schedules"], "/id"), page["pagination_meta"]["total_record_count"].clone())
}

#[test]
fn an_archived_schedule_is_nowhere() {
    let crew = Crew::start();
    let [id, other] = ["Gone", "Here"].map(|name| crew.schedule(json!({"name": name})));
    let cover = crew.overriding(&id, crew.cleo, "12:00", "14:00");
    let place = format!("{OVERRIDES}/{cover}");
    assert_eq!(listed(&crew.admin), (vec![id.clone(), other.clone()], json!(2)));
    let deleted = crew.admin.delete(&at(&id));
    assert_eq!((deleted.status, deleted.text.as_str()), (202, ""));

    let says = || json!({"schedule": crew.says(json!({}))});
    for answer in [
        crew.admin.get(&at(&id)),
        crew.admin.put(&at(&id), says()),
        crew.admin.delete(&at(&id)),
        crew.admin.post(&format!("{}/actions/preview_entries", at(&id)), says()),
        crew.admin.get(&window(&id, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z")),
        crew.admin.get(&format!("{OVERRIDES}?schedule_id={id}")),
        crew.admin.get(&place),
        crew.admin.put(&place, placed(crew.cleo, "12:00", "13:00")),
        crew.admin.delete(&place),
    ] {
        assert_eq!(answer.status, 404, "{}", answer.text);
    }
    let cover = crew.cover(&id, crew.cleo, "15:00", "16:00");
    assert_invalid(&crew.admin.post(OVERRIDES, cover), &[("invalid_value", "schedule_id")]);
    assert_eq!(listed(&crew.admin), (vec![other.clone()], json!(1)));
    assert_eq!(crew.in_catalog(), [("Here".into(), other)]);
}

#[test]
fn the_catalog_knows_a_schedule_by_the_name_it_has() {
    let crew = Crew::start();
    let id = crew.schedule(json!({"name": "Old"}));
    assert_eq!(crew.in_catalog(), [("Old".into(), id.clone())]);
    crew.update(&id, json!({"name": "New"}));
    assert_eq!(crew.in_catalog(), [("New".into(), id)]);
}

#[test]
fn schedules_come_oldest_first_in_pages() {
    let crew = Crew::start();
    let ids: Vec<_> = (0..5)
        .map(|n| {
            crew.hours_pass(1);
            crew.schedule(json!({"name": format!("Schedule {n}")}))
        })
        .collect();
    let (mut found, mut path) = (Vec::new(), format!("{SCHEDULES}?page_size=2"));
    loop {
        let page = crew.admin.get(&path).expect(200);
        found.extend(texts(&page["schedules"], "/id"));
        assert_eq!(page["pagination_meta"]["total_record_count"], 5);
        let Some(after) = page["pagination_meta"]["after"].as_str() else { break };
        path = format!("{SCHEDULES}?page_size=2&after={after}");
    }
    assert_eq!(found, ids);
}

#[test]
fn a_team_s_key_changes_what_the_team_owns_and_nothing_else() {
    let crew = Crew::start();
    let (payments, search) = (crew.app.team("Payments"), crew.app.team("Search"));
    let key = crew.limited(payments, "schedules_editor");
    let own = super::create(&key, crew.says(json!({"team_ids": [payments]})));
    let shared = crew.schedule(json!({"team_ids": [search, payments]}));
    for (n, id) in [&own, &shared].into_iter().enumerate() {
        key.get(&at(id)).expect(200);
        let says = json!({"schedule": crew.says(json!({"name": "Theirs", "team_ids": [payments]}))});
        key.post(&format!("{}/actions/preview_entries", at(id)), says.clone()).expect(200);
        key.put(&at(id), says).expect(200);
        key.get(&window(id, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z")).expect(200);
        let made = key.post(OVERRIDES, crew.cover(id, crew.cleo, "12:00", "14:00")).expect(201);
        let place = format!("{OVERRIDES}/{}", text(&made, "/override/id"));
        key.get(&place).expect(200);
        key.put(&place, placed(crew.cleo, "12:00", "15:00")).expect(200);
        key.get(&format!("{OVERRIDES}?schedule_id={id}")).expect(200);
        key.delete(&place).expect(204);
        let (ids, total) = listed(&key);
        assert_eq!((ids.len(), total), (2 - n, json!(2 - n)));
        key.delete(&at(id)).expect(202);
    }

    let nobodys = crew.schedule(json!({}));
    let others = crew.schedule(json!({"team_ids": [search]}));
    for id in [&nobodys, &others] {
        let place = format!("{OVERRIDES}/{}", crew.overriding(id, crew.cleo, "12:00", "14:00"));
        let before = (crew.show(id), crew.overrides(id));
        let says = json!({"schedule": crew.says(json!({"team_ids": [payments]}))});
        assert_lacks(&key.get(&at(id)), "schedules.view");
        assert_lacks(&key.post(&format!("{}/actions/preview_entries", at(id)), says.clone()), "schedules.view");
        assert_lacks(&key.put(&at(id), says), "schedules.update");
        assert_lacks(&key.delete(&at(id)), "schedules.destroy");
        let entries = window(id, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z");
        assert_lacks(&key.get(&entries), "schedules.view");
        let cover = crew.cover(id, crew.cleo, "12:00", "14:00");
        assert_lacks(&key.post(OVERRIDES, cover), "schedule_overrides.create");
        assert_lacks(&key.get(&place), "schedules.view");
        assert_lacks(&key.put(&place, placed(crew.cleo, "12:00", "15:00")), "schedule_overrides.update");
        assert_lacks(&key.delete(&place), "schedule_overrides.destroy");
        assert_lacks(&key.get(&format!("{OVERRIDES}?schedule_id={id}")), "schedules.view");
        assert_eq!((crew.show(id), crew.overrides(id)), before);
    }
    assert_eq!(listed(&key), (vec![], json!(0)));
    for owners in [json!([search]), json!([]), json!(null)] {
        let says = with(crew.says(json!({})), json!({"team_ids": owners}));
        assert_lacks(&key.post(SCHEDULES, json!({"schedule": says})), "schedules.create");
    }
}

#[test]
fn a_team_s_key_for_overrides_leaves_schedules_alone() {
    let crew = Crew::start();
    let payments = crew.app.team("Payments");
    let key = crew.limited(payments, "schedule_overrides_editor");
    let id = crew.schedule(json!({"team_ids": [payments]}));
    let says = json!({"schedule": crew.says(json!({"team_ids": [payments]}))});
    key.post(OVERRIDES, crew.cover(&id, crew.cleo, "12:00", "14:00")).expect(201);
    assert_lacks(&key.put(&at(&id), says.clone()), "schedules.update");
    assert_lacks(&key.delete(&at(&id)), "schedules.destroy");
    assert_lacks(&key.post(SCHEDULES, says), "schedules.create");
    assert_eq!(listed(&key), (vec![id], json!(1)));
}

#[test]
fn a_key_that_sees_everything_and_edits_a_team_s_lists_everything() {
    let crew = Crew::start();
    let (payments, search) = (crew.app.team("Payments"), crew.app.team("Search"));
    let grant =
        Grant { roles: vec!["viewer".into()], team_ids: vec![payments], team_roles: vec!["schedules_editor".into()] };
    let key = crew.app.client_with(grant);
    let ids = [payments, search].map(|team| crew.schedule(json!({"team_ids": [team]})));
    let (mut seen, total) = listed(&key);
    seen.sort();
    let mut expected = ids.to_vec();
    expected.sort();
    assert_eq!((seen, total), (expected, json!(2)));
    for (id, team, status) in [(&ids[0], payments, 200), (&ids[1], search, 403)] {
        let says = json!({"schedule": crew.says(json!({"team_ids": [team]}))});
        assert_eq!(key.put(&at(id), says).status, status);
        key.get(&at(id)).expect(200);
    }
}

#[test]
fn whoever_is_on_call_may_give_away_their_own_shift() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let key = crew.app.client(&["viewer", "act_on_behalf_of_users"]);
    let [as_ada, as_bob] = [crew.ada, crew.bob].map(|user| key.with_header("X-Incident-User", &user.to_string()));
    let cover = |from, to| crew.cover(&id, crew.cleo, from, to);
    for refused in [key.post(OVERRIDES, cover("12:00", "15:00")), as_bob.post(OVERRIDES, cover("12:00", "15:00"))] {
        assert_lacks(&refused, "schedule_overrides.create");
    }
    as_ada.post(OVERRIDES, cover("12:00", "15:00")).expect(201);
    assert_lacks(&as_ada.post(OVERRIDES, cover("14:00", "16:00")), "schedule_overrides.create");
    let beyond = with(cover("16:00", "17:00"), json!({"end_at": "2026-03-03T10:00:00Z"}));
    assert_lacks(&as_ada.post(OVERRIDES, beyond), "schedule_overrides.create");
    crew.hours_pass(1);
    assert_lacks(&as_ada.post(OVERRIDES, cover("09:00", "11:00")), "schedule_overrides.create");
    let expected =
        ["Ada 03-02T09:00 to 03-02T12:00", "Cleo 03-02T12:00 to 03-02T15:00", "Ada 03-02T15:00 to 03-03T09:00"];
    assert_eq!(crew.first_day(&id), expected);
}
