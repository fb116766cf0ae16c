//! What the products' pages say of API keys, on the server's side of it.

use std::time::Duration;

use testkit::{App, Client, Options, Value, json};
use web::Limits;

const KEYS: &str = "/v1/api_keys";

/// What a key is asked for with: these account-level roles, and these for a team.
fn request(roles: &[&str], team: Option<&str>, team_roles: &[&str]) -> Value {
    json!({
        "name": "Integration", "role_names": roles, "team_ids": team.into_iter().collect::<Vec<_>>(),
        "team_role_names": team_roles,
    })
}

/// A new key: its ID and a client that has it.
fn made(app: &App, admin: &Client, body: Value) -> (String, Client) {
    let made = admin.post(KEYS, body).expect(201);
    let client = app.stranger().with_token(made["token"].as_str());
    (made["api_key"]["id"].as_str().unwrap().to_owned(), client)
}

fn schedule(admin: &Client, team: &str) -> String {
    let body = json!({"schedule": {"name": "S", "timezone": "UTC", "team_ids": [team], "config": {"rotations": []}}});
    format!("/v2/schedules/{}", admin.post("/v2/schedules", body).expect(201)["schedule"]["id"].as_str().unwrap())
}

#[test]
fn hy_11_and_nx_8_a_token_is_shown_once() {
    let app = App::start(wardroom::features);
    let admin = app.admin();
    let made = admin.post(KEYS, request(&["viewer"], None, &[])).expect(201);
    let (token, path) =
        (made["token"].as_str().unwrap(), format!("{KEYS}/{}", made["api_key"]["id"].as_str().unwrap()));
    let rotated = admin.post(&format!("{path}/actions/rotate"), json!({"grace_period_minutes": 0})).expect(201);
    let fresh = rotated["token"].as_str().unwrap();
    assert_ne!(token, fresh);
    let changed = admin.put(&path, request(&[], None, &[])).expect(200);
    for answer in [admin.get(KEYS).expect(200), admin.get(&path).expect(200), changed] {
        assert!(![token, fresh].iter().any(|token| answer.to_string().contains(token)));
    }
}

#[test]
fn nx_5_a_key_is_for_everything_for_teams_or_for_both() {
    let app = App::start(wardroom::features);
    let admin = app.admin();
    let [a, b] = ["A", "B"].map(|name| app.team(name).to_string());
    let [of_a, of_b] = [&a, &b].map(|team| schedule(&admin, team));
    let (_, limited) = made(&app, &admin, request(&[], Some(&a), &["schedules_editor"]));
    let rename = json!({"schedule": {"name": "T", "timezone": "UTC", "config": {"rotations": []}}});
    let of = |team: &str| {
        let mut body = rename.clone();
        body["schedule"]["team_ids"] = json!([team]);
        body
    };
    limited.put(&of_a, of(&a)).expect(200);
    assert_eq!(limited.put(&of_b, of(&b)).status, 403);
    limited.get("/v1/identity").expect(200);
    assert_eq!(limited.get("/v2/incidents").status, 403);
    let (_, both) = made(&app, &admin, request(&["viewer"], Some(&a), &["schedules_editor"]));
    both.get("/v2/incidents").expect(200);
    both.put(&of_a, of(&a)).expect(200);
    assert_eq!(both.put(&of_b, of(&b)).status, 403);
}

#[test]
fn nx_6_the_role_that_manages_keys_is_given_by_the_operator_alone() {
    let app = App::start(wardroom::features);
    let admin = app.admin();
    let team = app.team("A").to_string();
    for body in [request(&["api_keys_manage"], None, &[]), request(&[], Some(&team), &["api_keys_manage"])] {
        assert_eq!(admin.post(KEYS, body).status, 422);
    }
    app.client(&["api_keys_manage"]).get(KEYS).expect(200);
}

#[test]
fn nx_7_permissions_change_at_once_and_the_token_stays() {
    let app = App::start(wardroom::features);
    let admin = app.admin();
    let (id, key) = made(&app, &admin, request(&[], None, &[]));
    let path = format!("{KEYS}/{id}");
    let issued = || admin.get(&path).expect(200)["api_key"]["token_last_issued_at"].clone();
    let before = issued();
    assert_eq!(key.get("/v2/users").status, 403);
    app.clock.advance(Duration::from_secs(60));
    admin.put(&path, request(&["viewer"], None, &[])).expect(200);
    key.get("/v2/users").expect(200);
    admin.put(&path, request(&[], None, &[])).expect(200);
    assert_eq!(key.get("/v2/users").status, 403);
    assert_eq!(issued(), before);
}

#[test]
fn nx_9_a_key_outlives_whoever_made_it() {
    let app = App::start(wardroom::features);
    let ada = app.user("Ada");
    let admin = app.admin();
    let (id, key) =
        made(&app, &admin.with_header("X-Incident-User", &ada.to_string()), request(&["viewer"], None, &[]));
    app.write(move |cx| people::users::User::deactivate(cx, ada));
    key.get("/v2/users").expect(200);
    let creator = admin.get(&format!("{KEYS}/{id}")).expect(200)["api_key"]["creator"].take();
    assert_eq!(creator["user"]["name"], "Ada");
}

#[test]
fn nx_10_a_key_has_1200_requests_a_minute_of_its_own() {
    let limits = Options { limits: Some(Limits::default()), ..Options::default() };
    let app = App::with(wardroom::features, limits);
    let [key, other] = [(); 2].map(|()| app.client(&["viewer"]));
    let spend = |path: &str| (0..2_000).take_while(|_| key.get(path).status == 200).count();
    assert_eq!(spend("/v2/incidents"), 60, "which has a limit of its own");
    assert_eq!(spend("/v1/identity"), 1_140, "what is left: a refusal costs nothing");
    let refused = key.get("/v1/identity");
    assert_eq!(refused.status, 429);
    assert!(refused.headers["retry-after"].parse::<u64>().is_ok(), "whole seconds");
    assert_eq!(refused.headers["x-ratelimit-limit"], "1200, 1200;window=60");
    other.get("/v1/identity").expect(200);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(spend("/v1/identity"), 20);
}
