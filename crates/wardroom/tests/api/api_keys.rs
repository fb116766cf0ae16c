//! API keys: who may give what to whom, and what becomes of a token.

use std::fs;
use std::time::Duration;

use base::Id;
use people::api_keys::{API_LIMIT, ApiKey, Grant};
use people::teams::Team;
use people::users::User;
use store::{Location, Value as Column};
use testkit::{Answer, App, Client, Value, json};

use crate::support::{assert_invalid, assert_lacks, eventually, text, texts, with};

fn start() -> App {
    App::start(wardroom::features)
}

/// A request for a key that may do nothing, with these changes.
fn request(changes: Value) -> Value {
    with(json!({"name": "CI", "role_names": [], "team_ids": [], "team_role_names": []}), changes)
}

fn create(by: &Client, changes: Value) -> Answer {
    by.post("/v1/api_keys", request(changes))
}

/// A new key: its ID and its token.
fn created(by: &Client, changes: Value) -> (String, String) {
    let body = create(by, changes).expect(201);
    (text(&body, "/api_key/id"), text(&body, "/token"))
}

fn path(id: &str) -> String {
    format!("/v1/api_keys/{id}")
}

fn rotate(by: &Client, id: &str, minutes: Value) -> Answer {
    by.post(&format!("{}/actions/rotate", path(id)), json!({"grace_period_minutes": minutes}))
}

/// A client whose key manages the keys of `team`, and has `role` there.
fn team_manager(app: &App, team: Id<Team>, role: &str) -> Client {
    let team_roles = vec!["api_keys_manage".into(), role.into()];
    app.client_with(Grant { team_ids: vec![team], team_roles, ..Grant::default() })
}

fn listed(by: &Client) -> Vec<String> {
    texts(&by.get("/v1/api_keys").expect(200)["api_keys"], "/id")
}

#[test]
fn a_new_key_is_shown_whole_with_a_token_of_the_one_form() {
    let app = start();
    let (admin, team) = (app.admin(), app.team("Platform"));
    let changes = json!({
        "comments": "For the pipeline.", "role_names": ["viewer"], "team_ids": [team], "team_role_names": ["schedules_editor"],
    });
    let body = create(&admin, changes).expect(201);
    let key = &body["api_key"];
    for (roles, name) in [("roles", "viewer"), ("team_roles", "schedules_editor")] {
        assert_eq!(texts(&key[roles], "/name"), [name]);
        assert!(texts(&key[roles], "/description").iter().all(|about| !about.is_empty()));
    }
    let caller = app.texts("select id from api_keys order by id").remove(0);
    let now = "2026-03-02T09:00:00.000000Z";
    let expected = json!({
        "id": key["id"], "name": "CI", "comments": "For the pipeline.", "team_ids": [team],
        "creator": {"api_key": {"id": caller, "name": "Test"}}, "created_at": now, "token_last_issued_at": now,
    });
    assert_eq!(with(key.clone(), json!({"roles": null, "team_roles": null})), expected);
    let token = text(&body, "/token");
    let digits = token.strip_prefix("inc_").unwrap();
    assert!(digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{token}");
    app.stranger().with_token(Some(&token)).get("/v1/severities").expect(200);
}

#[test]
fn a_name_has_1_to_200_characters() {
    let app = start();
    let admin = app.admin();
    for bad in ["", &"x".repeat(201)] {
        assert_invalid(&create(&admin, json!({"name": bad})), &[("invalid_value", "name")]);
    }
    let four_bytes_each = "𝔘".repeat(200);
    let key = create(&admin, json!({"name": four_bytes_each})).expect(201);
    assert_eq!(key["api_key"]["name"], json!(four_bytes_each));
}

#[test]
fn comments_have_at_most_5000_characters_and_no_nul() {
    let app = start();
    let admin = app.admin();
    create(&admin, json!({"comments": "x".repeat(5_000)})).expect(201);
    assert_invalid(&create(&admin, json!({"comments": "x".repeat(5_001)})), &[("invalid_value", "comments")]);
    let answer = create(&admin, json!({"comments": "a\0b"}));
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.problems().iter().all(|problem| *problem == ("invalid_value", "comments")), "{}", answer.text);
}

#[test]
fn the_four_required_fields_are_required_when_created_and_when_changed() {
    let app = start();
    let admin = app.admin();
    let (id, _) = created(&admin, json!({}));
    for field in ["name", "role_names", "team_ids", "team_role_names"] {
        let lacking = request(json!({field: null}));
        assert_invalid(&admin.post("/v1/api_keys", lacking.clone()), &[("is_required", field)]);
        assert_invalid(&admin.put(&path(&id), lacking), &[("is_required", field)]);
    }
}

#[test]
fn a_key_without_roles_calls_what_needs_no_scope_and_nothing_else() {
    let app = start();
    let (_, token) = created(&app.admin(), json!({}));
    let client = app.stranger().with_token(Some(&token));
    client.get("/v1/identity").expect(200);
    client.get("/v2/incident_timestamps").expect(200);
    assert_lacks(&client.get("/v1/severities"), "severities.view");
}

#[test]
fn a_role_has_to_exist_at_its_level() {
    let app = start();
    let (admin, team) = (app.admin(), app.team("Platform"));
    let unknown = json!({"role_names": ["viewer", "captain"]});
    assert_invalid(&create(&admin, unknown), &[("invalid_value", "role_names.1")]);
    for name in ["captain", "viewer"] {
        let answer = create(&admin, json!({"team_ids": [team], "team_role_names": [name]}));
        assert_invalid(&answer, &[("invalid_value", "team_role_names.0")]);
    }
}

#[test]
fn teams_and_team_roles_go_together() {
    let app = start();
    let (admin, team) = (app.admin(), app.team("Platform"));
    assert_invalid(&create(&admin, json!({"team_ids": [team]})), &[("invalid_value", "team_role_names")]);
    let lonely = json!({"team_role_names": ["schedules_editor"]});
    assert_invalid(&create(&admin, lonely), &[("invalid_value", "team_ids")]);
}

#[test]
fn an_unknown_team_is_refused() {
    let app = start();
    let (admin, team) = (app.admin(), app.team("Platform"));
    for unknown in ["01FCNDV6P870EA6S7TK1DSYDG0", "Platform"] {
        let answer = create(&admin, json!({"team_ids": [team, unknown], "team_role_names": ["schedules_editor"]}));
        assert_invalid(&answer, &[("invalid_value", "team_ids.1")]);
    }
}

#[test]
fn the_role_that_manages_keys_is_never_given_through_the_api() {
    let app = start();
    let (admin, team) = (app.admin(), app.team("Platform"));
    let (id, _) = created(&admin, json!({}));
    let everywhere = json!({"role_names": ["viewer", "api_keys_manage"]});
    let in_a_team = json!({"team_ids": [team], "team_role_names": ["api_keys_manage"]});
    for (changes, pointer) in [(everywhere, "role_names.1"), (in_a_team, "team_role_names.0")] {
        assert_invalid(&admin.post("/v1/api_keys", request(changes.clone())), &[("invalid_value", pointer)]);
        assert_invalid(&admin.put(&path(&id), request(changes)), &[("invalid_value", pointer)]);
    }
}

#[test]
fn nobody_gives_what_they_lack() {
    let app = start();
    let manager = app.client(&["api_keys_manage", "viewer", "incident_creator"]);
    create(&manager, json!({"role_names": ["viewer", "incident_creator", "schedules_reader"]})).expect(201);
    let (id, _) = created(&manager, json!({}));
    let too_much = json!({"role_names": ["viewer", "incident_editor"]});
    assert_invalid(&create(&manager, too_much.clone()), &[("invalid_value", "role_names.1")]);
    assert_invalid(&manager.put(&path(&id), request(too_much)), &[("invalid_value", "role_names.1")]);
}

#[test]
fn a_team_gives_its_roles_to_itself_alone() {
    let app = start();
    let (ours, theirs) = (app.team("Ours"), app.team("Theirs"));
    let manager = team_manager(&app, ours, "schedules_editor");
    let for_teams = |teams: Value| json!({"team_ids": teams, "team_role_names": ["schedules_editor"]});
    create(&manager, for_teams(json!([ours]))).expect(201);
    for teams in [json!([theirs]), json!([ours, theirs])] {
        assert_invalid(&create(&manager, for_teams(teams)), &[("invalid_value", "team_role_names.0")]);
    }
    let everywhere = create(&manager, json!({"role_names": ["schedules_editor"]}));
    assert_invalid(&everywhere, &[("invalid_value", "role_names.0")]);
    assert_lacks(&create(&manager, json!({})), "api_keys.create");
}

#[test]
fn who_holds_a_scope_everywhere_gives_it_to_any_team() {
    let app = start();
    let manager = app.client(&["api_keys_manage", "schedules_editor"]);
    let teams = json!([app.team("Ours"), app.team("Theirs")]);
    create(&manager, json!({"team_ids": teams, "team_role_names": ["schedules_editor"]})).expect(201);
}

#[test]
fn there_are_at_most_5000_keys() {
    let app = start();
    let admin = app.admin();
    app.write(|cx| {
        let key = ApiKey::issue(cx, "One of many", None, Grant::default())?.0;
        let there = 2;
        let ids: Vec<Id<ApiKey>> = (there..API_LIMIT).map(|_| cx.new_id()).collect();
        for some in ids.chunks(500) {
            let rows: Vec<_> = (0..some.len()).map(|n| format!("(${}, 1, ${})", 2 * n + 1, 2 * n + 2)).collect();
            let columns = some.iter().flat_map(|id| {
                let key = ApiKey { id: *id, tokens: Vec::new(), ..key.clone() };
                [Column::from(*id), Column::from(json!(key).to_string())]
            });
            let sql = format!("insert into api_keys (id, version, body) values {}", rows.join(", "));
            cx.run(&sql, &columns.collect::<Vec<_>>())?;
        }
        cx.touch("api_keys")
    });
    let answer = create(&admin, json!({}));
    assert_eq!((answer.status, answer.problems()), (422, vec![("invalid_value", "")]), "{}", answer.text);
    let some = listed(&admin).remove(5);
    admin.delete(&path(&some)).expect(204);
    create(&admin, json!({})).expect(201);
    assert_eq!(create(&admin, json!({})).status, 422);
}

#[test]
fn a_team_sees_its_own_keys_and_the_account_all_of_them() {
    let app = start();
    let (admin, ours, theirs) = (app.admin(), app.team("Ours"), app.team("Theirs"));
    let of = |teams: Value| created(&admin, json!({"team_ids": teams, "team_role_names": ["schedules_reader"]})).0;
    let everywhere = created(&admin, json!({"role_names": ["viewer"]})).0;
    let (our_key, their_key, shared) = (of(json!([ours])), of(json!([theirs])), of(json!([theirs, ours])));
    let manager = team_manager(&app, ours, "schedules_reader");

    let seen = listed(&manager);
    assert!(seen.contains(&our_key) && seen.contains(&shared) && !seen.contains(&their_key), "{seen:?}");
    assert_eq!(seen.len(), 3, "and the caller's own key");
    assert_eq!(listed(&admin).len(), 6);
    manager.get(&path(&our_key)).expect(200);
    for hidden in [their_key, everywhere] {
        for answer in [
            manager.get(&path(&hidden)),
            manager.put(&path(&hidden), request(json!({}))),
            manager.delete(&path(&hidden)),
            rotate(&manager, &hidden, json!(0)),
        ] {
            assert_eq!(answer.status, 404, "{}", answer.text);
        }
        admin.get(&path(&hidden)).expect(200);
    }
}

#[test]
fn a_list_comes_in_pages_of_25_and_of_250_at_most() {
    let app = start();
    let admin = app.admin();
    app.write(|cx| (1..60).try_for_each(|_| ApiKey::issue(cx, "One of many", None, Grant::default()).map(drop)));
    let (mut after, mut seen, mut sizes) = (String::new(), Vec::new(), Vec::new());
    loop {
        let page = admin.get(&format!("/v1/api_keys?page_size=25{after}")).expect(200);
        let ids = texts(&page["api_keys"], "/id");
        sizes.push(ids.len());
        seen.extend(ids);
        match page["pagination_meta"].get("after") {
            Some(id) => after = format!("&after={}", id.as_str().unwrap()),
            None => break,
        }
    }
    assert_eq!(sizes, [25, 25, 10]);
    assert!(seen.is_sorted_by(|one, next| one < next));
    assert_eq!(listed(&admin).len(), 25, "25 unless asked otherwise");
    assert_eq!(texts(&admin.get("/v1/api_keys?page_size=250").expect(200)["api_keys"], "/id"), seen);
    assert_invalid(&admin.get("/v1/api_keys?page_size=251"), &[("invalid_value", "page_size")]);
}

#[test]
fn a_change_takes_effect_at_once_and_leaves_the_token_alone() {
    let app = start();
    let admin = app.admin();
    let (id, token) = created(&admin, json!({"role_names": ["incident_creator"], "comments": "Old"}));
    let client = app.stranger().with_token(Some(&token));
    assert_lacks(&client.get("/v1/severities"), "severities.view");
    app.clock.advance(Duration::from_secs(60));

    let changed = admin.put(&path(&id), request(json!({"name": "Looker", "role_names": ["viewer"]}))).expect(200);
    assert_eq!(changed["api_key"]["name"], "Looker");
    assert_eq!(changed["api_key"]["token_last_issued_at"], "2026-03-02T09:00:00.000000Z");
    assert_eq!(changed["api_key"].get("comments"), None, "what is left out is cleared");
    client.get("/v1/severities").expect(200);

    admin.put(&path(&id), request(json!({}))).expect(200);
    assert_lacks(&client.get("/v1/severities"), "severities.view");
}

#[test]
fn roles_of_the_account_and_of_teams_add_up() {
    let app = start();
    let ours = app.team("Ours");
    let both = app.client_with(Grant {
        roles: vec!["viewer".into()],
        team_ids: vec![ours],
        team_roles: vec!["api_keys_manage".into()],
    });
    both.get("/v1/severities").expect(200);
    assert_eq!(listed(&both).len(), 1, "its own, which is the team's");
    let for_us = json!({"team_ids": [ours], "team_role_names": ["schedules_reader"]});
    create(&both, for_us).expect(201); // viewers see every schedule, so also the team's
    let for_all = create(&both, json!({"role_names": ["viewer"]}));
    assert_lacks(&for_all, "api_keys.create");
}

#[test]
fn a_key_cannot_change_itself() {
    let app = start();
    let admin = app.admin();
    let own = listed(&admin).remove(0);
    let answer = admin.put(&path(&own), request(json!({})));
    assert_eq!(answer.status, 403, "{}", answer.text);
    assert_eq!(answer.body["errors"][0]["message"], "An API key cannot edit itself");
}

#[test]
fn a_rotated_token_works_on_for_its_grace_period_and_no_longer() {
    let app = start();
    let admin = app.admin();
    let (id, old) = created(&admin, json!({}));
    let status = |token: &str| app.stranger().with_token(Some(token)).get("/v1/identity").status;
    app.clock.advance(Duration::from_secs(60));

    let rotated = rotate(&admin, &id, json!(30)).expect(201);
    let new = text(&rotated, "/token");
    assert_eq!(rotated["api_key"]["token_last_issued_at"], "2026-03-02T09:01:00.000000Z");
    assert_eq!(rotated["api_key"]["created_at"], "2026-03-02T09:00:00.000000Z");
    assert_eq!((status(&old), status(&new)), (200, 200));
    app.clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(status(&old), 200);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!((status(&old), status(&new)), (401, 200));

    let newest = text(&rotate(&admin, &id, json!(0)).expect(201), "/token");
    assert_eq!((status(&new), status(&newest)), (401, 200));
}

#[test]
fn a_second_rotation_does_not_prolong_the_first_ones_grace() {
    let app = start();
    let admin = app.admin();
    let (id, first) = created(&admin, json!({}));
    let second = text(&rotate(&admin, &id, json!(10)).expect(201), "/token");
    rotate(&admin, &id, json!(60)).expect(201);
    app.clock.advance(Duration::from_secs(10 * 60));
    let status = |token: &str| app.stranger().with_token(Some(token)).get("/v1/identity").status;
    assert_eq!((status(&first), status(&second)), (401, 200));
}

#[test]
fn a_grace_period_is_0_to_60_minutes() {
    let app = start();
    let admin = app.admin();
    let (id, _) = created(&admin, json!({}));
    for bad in [json!(-1), json!(61), json!("30")] {
        assert_invalid(&rotate(&admin, &id, bad), &[("invalid_value", "grace_period_minutes")]);
    }
    let answer = admin.post(&format!("{}/actions/rotate", path(&id)), json!({}));
    assert_invalid(&answer, &[("is_required", "grace_period_minutes")]);
}

#[test]
fn rotating_takes_every_scope_of_the_key_and_deleting_does_not() {
    let app = start();
    let manager = app.client(&["api_keys_manage", "viewer"]);
    let (id, token) = created(&app.admin(), json!({"role_names": ["viewer", "incident_creator"]}));
    assert_lacks(&rotate(&manager, &id, json!(30)), "incidents.create");
    manager.delete(&path(&id)).expect(204);
    assert_eq!(app.stranger().with_token(Some(&token)).get("/v1/identity").status, 401);
    assert_eq!(manager.get(&path(&id)).status, 404);
}

#[test]
fn a_team_deletes_and_rotates_its_own_keys() {
    let app = start();
    let (ours, admin) = (app.team("Ours"), app.admin());
    let manager = team_manager(&app, ours, "schedules_reader");
    let our_key = |role: &str| created(&admin, json!({"team_ids": [ours], "team_role_names": [role]})).0;
    rotate(&manager, &our_key("schedules_reader"), json!(30)).expect(201);
    let more = our_key("workflows_editor");
    assert_lacks(&rotate(&manager, &more, json!(30)), "workflows.create");
    manager.delete(&path(&more)).expect(204);
}

#[test]
fn a_token_is_shown_once_and_only_its_hash_is_kept() {
    let app = start();
    let admin = app.admin();
    let (id, token) = created(&admin, json!({}));
    let newer = text(&rotate(&admin, &id, json!(60)).expect(201), "/token");
    let client = app.stranger().with_token(Some(&newer));
    client.get("/v1/identity").expect(200);
    admin.put(&path(&id), request(json!({}))).expect(200);

    let hashes_of = |body: &String| texts(&serde_json::from_str::<Value>(body).unwrap()["tokens"], "/hash");
    let hashes: Vec<_> = app.texts("select body from api_keys").iter().flat_map(hashes_of).collect();
    assert_eq!(hashes.len(), 3, "the administrator's, the old and the new one");
    for answer in [
        admin.get("/v1/api_keys"),
        admin.get(&path(&id)),
        admin.put(&path(&id), request(json!({}))),
        client.get("/v1/identity"),
    ] {
        assert_eq!(answer.status, 200);
        assert!(!answer.text.contains("inc_"), "{}", answer.text);
        assert!(hashes.iter().all(|hash| !answer.text.contains(hash.as_str())), "{}", answer.text);
    }

    let mut at_rest: Vec<Vec<u8>> = Vec::new();
    match app.store.location() {
        Location::Sqlite(file) => {
            for file in fs::read_dir(file.parent().unwrap()).unwrap() {
                at_rest.push(fs::read(file.unwrap().path()).unwrap());
            }
        }
        Location::Postgres(_) => {
            at_rest
                .extend(app.texts("select cast(database_to_xml(true, true, '') as text)").into_iter().map(Into::into));
        }
    }
    let is_anywhere =
        |needle: &str| at_rest.iter().any(|bytes| bytes.windows(needle.len()).any(|w| w == needle.as_bytes()));
    assert!(hashes.iter().all(|hash| is_anywhere(hash)), "this is where the data is");
    assert!([token, newer].iter().all(|token| !is_anywhere(token)));
}

#[test]
fn a_key_outlives_its_creator_who_is_still_shown() {
    let app = start();
    let (admin, ada) = (app.admin(), app.user("Ada"));
    let (id, token) =
        created(&admin.with_header("X-Incident-User", &ada.to_string()), json!({"role_names": ["viewer"]}));
    app.write(move |cx| User::deactivate(cx, ada).map(drop));
    let client = app.stranger().with_token(Some(&token));
    client.get("/v1/severities").expect(200);
    let creator = &admin.get(&path(&id)).expect(200)["api_key"]["creator"];
    assert_eq!((&creator["user"]["id"], &creator["user"]["name"]), (&json!(ada), &json!("Ada")));
}

#[test]
fn last_used_at_moves_without_a_write_for_each_request() {
    let app = start();
    let admin = app.admin();
    let (id, token) = created(&admin, json!({}));
    let client = app.stranger().with_token(Some(&token));
    let last_used = || admin.get(&path(&id)).expect(200)["api_key"].get("last_used_at").cloned();
    assert_eq!(last_used(), None);

    client.get("/v1/identity").expect(200);
    let first = eventually("the use is noted", last_used);
    assert_eq!(first, "2026-03-02T09:00:00.000000Z");
    for _ in 0..20 {
        app.clock.advance(Duration::from_secs(2));
        client.get("/v1/identity").expect(200);
    }
    app.write(|_| Ok(())); // after whatever was queued
    assert_eq!(last_used(), Some(first.clone()), "within a minute it stays");
    app.clock.advance(Duration::from_secs(20));
    client.get("/v1/identity").expect(200);
    let moved = eventually("the later use is noted", || last_used().filter(|moment| *moment != first));
    assert_eq!(moved, "2026-03-02T09:01:00.000000Z");
}

#[test]
fn a_key_knows_itself() {
    let app = start();
    let team = app.team("Platform");
    let changes = json!({
        "name": "Terraform", "role_names": ["viewer"], "team_ids": [team], "team_role_names": ["schedules_editor"],
    });
    let (_, token) = created(&app.admin(), changes);
    let identity = app.stranger().with_token(Some(&token)).get("/v1/identity").expect(200);
    let expected = json!({"identity": {
        "name": "Terraform", "roles": ["viewer"], "team_roles": ["schedules_editor"],
        "teams": [{"id": team, "name": "Platform"}], "dashboard_url": "https://wardroom.example/acme",
    }});
    assert_eq!(identity, expected);
}
