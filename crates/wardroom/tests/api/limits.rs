//! Rate limits: what a key may spend, what it is told, and that several nodes share one bucket.

use std::collections::HashMap;
use std::time::Duration;

use testkit::{Answer, App, Client, Options, json, postgres_or_skip};
use web::Limits;

use crate::support::{text, with};

const START: i64 = 1_772_442_000; // 2026-03-02T09:00:00Z
const FREE: &str = "/v1/identity";
const INCIDENTS: &str = "/v2/incidents";

fn limited(limits: Limits) -> Options {
    Options { limits: Some(limits), ..Options::default() }
}

fn start() -> App {
    App::with(wardroom::features, limited(Limits::default()))
}

/// Calls until it is refused, and says how often it was not.
fn spend(client: &Client, path: &str) -> usize {
    (0..3_000).take_while(|_| client.get(path).status == 200).count()
}

/// `X-RateLimit-…`: limit, remaining, used, reset.
#[track_caller]
fn assert_headers(answer: &Answer, limit: &str, [remaining, used, reset]: [i64; 3]) {
    let header = |name: &str| answer.headers.get(name).map(String::as_str).unwrap_or_default().to_owned();
    let told = ["limit", "remaining", "used", "reset"].map(|name| header(&format!("x-ratelimit-{name}")));
    assert_eq!(told, [limit.into(), remaining.to_string(), used.to_string(), reset.to_string()]);
}

#[test]
fn a_key_spends_1200_requests_and_gets_20_back_each_second() {
    let app = start();
    let client = app.client(&["viewer"]);
    assert_eq!(spend(&client, FREE), 1_200);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(spend(&client, FREE), 20);
    app.clock.advance(Duration::from_millis(500));
    assert_eq!(spend(&client, FREE), 10);
    assert_eq!(client.get(FREE).status, 429);
    app.clock.advance(Duration::from_secs(3_600));
    assert_eq!(spend(&client, FREE), 1_200, "a bucket never holds more than its limit");
}

#[test]
fn every_answer_tells_what_is_left() {
    let app = start();
    let client = app.client(&["viewer"]);
    assert_headers(&client.get(FREE), "1200, 1200;window=60", [1_199, 1, START + 1]);
    for _ in 0..98 {
        client.get(FREE).expect(200);
    }
    assert_headers(&client.get("/v1/severities"), "1200, 1200;window=60", [1_100, 100, START + 5]);
    app.clock.advance(Duration::from_secs(2));
    assert_headers(&client.get(FREE), "1200, 1200;window=60", [1_139, 61, START + 2 + 4]);
}

#[test]
fn an_operation_with_a_limit_of_its_own_names_the_binding_one_first() {
    let app = start();
    let client = app.client(&["viewer"]);
    assert_headers(&client.get(INCIDENTS), "60, 1200;window=60, 60;window=60", [59, 1, START + 1]);
    assert_headers(&client.get(INCIDENTS), "60, 1200;window=60, 60;window=60", [58, 2, START + 2]);
    assert_headers(&client.get(FREE), "1200, 1200;window=60", [1_197, 3, START + 1]);
}

#[test]
fn listing_incidents_is_limited_to_60_a_minute_and_leaves_the_rest_alone() {
    let app = start();
    let client = app.client(&["viewer"]);
    assert_eq!(spend(&client, INCIDENTS), 60);
    let refused = client.get(INCIDENTS);
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "1"));
    assert_eq!(refused.body["rate_limit"]["limit"], 60);
    client.get("/v1/incidents").expect(200);
    assert_headers(&client.get(FREE), "1200, 1200;window=60", [1_138, 62, START + 4]); // refusals cost nothing
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(spend(&client, INCIDENTS), 1);
}

#[test]
fn a_refusal_says_when_to_try_again() {
    let app = App::with(wardroom::features, limited(Limits { per_key: 6, ..Limits::default() }));
    let client = app.client(&["viewer"]);
    assert_eq!(spend(&client, FREE), 6);
    app.clock.advance(Duration::from_millis(3_500));
    let refused = client.get(FREE);
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "7"), "{}", refused.text);
    assert_headers(&refused, "6, 6;window=60", [0, 6, START + 3 + 57]);
    let body = refused.body;
    assert_eq!((&body["type"], &body["status"]), (&json!("too_many_requests"), &json!(429)));
    assert_eq!(body["errors"][0]["code"], "too_many_requests");
    assert!(!text(&body, "/request_id").is_empty());
    let expected = json!({"name": "Test", "limit": 6, "remaining": 0, "retry_after": "2026-03-02T09:00:10.500000Z"});
    assert_eq!(body["rate_limit"], expected);
    app.clock.advance(Duration::from_secs(7));
    client.get(FREE).expect(200);
}

#[test]
fn other_keys_are_unaffected() {
    let app = App::with(wardroom::features, limited(Limits { per_key: 30, ..Limits::default() }));
    let (one, other) = (app.client(&["viewer"]), app.client(&["viewer"]));
    assert_eq!(spend(&one, FREE), 30);
    assert_headers(&other.get(FREE), "30, 30;window=60", [29, 1, START + 2]);
}

#[test]
fn what_is_refused_otherwise_counts_too_and_strangers_are_told_nothing() {
    let app = App::with(wardroom::features, limited(Limits { per_key: 2, ..Limits::default() }));
    let client = app.client(&["viewer"]);
    assert_headers(&client.get("/v1/api_keys"), "2, 2;window=60", [1, 1, START + 30]); // 403
    assert_headers(&client.get("/v1/severities/01FCNDV6P870EA6S7TK1DSYDG0"), "2, 2;window=60", [0, 2, START + 60]);
    assert_eq!(client.get(FREE).status, 429);
    for answer in [app.stranger().get(FREE), client.get("/v1/openapiV3.json")] {
        assert!(answer.headers.keys().all(|name| !name.starts_with("x-ratelimit")), "{:?}", answer.headers);
    }
}

#[test]
fn limits_can_be_set_by_operation_and_switched_off() {
    let operations = HashMap::from([("Incidents V2#List".into(), 5), ("Severities V1#List".into(), 3)]);
    let app = App::with(wardroom::features, limited(Limits { per_key: 1_200, operations }));
    let client = app.client(&["viewer"]);
    assert_eq!((spend(&client, INCIDENTS), spend(&client, "/v1/severities")), (5, 3));

    let none_of_its_own = Limits { operations: HashMap::from([("Incidents V2#List".into(), 0)]), ..Limits::default() };
    let app = App::with(wardroom::features, limited(none_of_its_own));
    assert_headers(&app.client(&["viewer"]).get(INCIDENTS), "1200, 1200;window=60", [1_199, 1, START + 1]);

    let app = App::start(wardroom::features);
    let client = app.client(&["viewer"]);
    for _ in 0..100 {
        let answer = client.get(INCIDENTS);
        assert!(answer.status == 200 && !answer.headers.contains_key("x-ratelimit-limit"));
    }
}

#[test]
fn two_nodes_together_admit_no_more_than_one_bucket_holds() {
    if !postgres_or_skip("two_nodes_together_admit_no_more_than_one_bucket_holds") {
        return;
    }
    let limits = Limits { per_key: 600, ..Limits::default() };
    let mut one = App::with(wardroom::features, limited(limits.clone()));
    let other = one.another(wardroom::features, limited(limits));
    let client = one.client(&["viewer"]);
    let elsewhere = client.at(&other);
    let in_turn = |_| [&client, &elsewhere].map(|node| usize::from(node.get(FREE).status == 200));
    let together: usize = (0..400).flat_map(in_turn).sum();
    assert!((540..=600).contains(&together), "{together} of 600");
    let alone = spend(&client, FREE) + spend(&elsewhere, FREE);
    assert!((540..=600).contains(&(together + alone)), "{alone} more");
}

#[test]
fn a_key_works_and_stops_working_on_every_node() {
    if !postgres_or_skip("a_key_works_and_stops_working_on_every_node") {
        return;
    }
    let mut one = App::start(wardroom::features);
    let other = one.another(wardroom::features, Options::default());
    let admin = one.admin();
    admin.at(&other).get(FREE).expect(200); // the other node holds its keys in memory now
    let request = json!({"name": "CI", "role_names": ["viewer"], "team_ids": [], "team_role_names": []});
    let made = admin.post("/v1/api_keys", request.clone()).expect(201);
    let key = one.stranger().with_token(made["token"].as_str());
    one.clock.advance(Duration::from_millis(600));
    key.at(&other).get("/v1/severities").expect(200);

    let path = format!("/v1/api_keys/{}", text(&made, "/api_key/id"));
    admin.put(&path, with(request, json!({"role_names": []}))).expect(200);
    one.clock.advance(Duration::from_millis(600));
    assert_eq!(key.at(&other).get("/v1/severities").status, 403);

    admin.delete(&path).expect(204);
    assert_eq!(key.get(FREE).status, 401);
    one.clock.advance(Duration::from_millis(600));
    assert_eq!(key.at(&other).get(FREE).status, 401);
}
