//! Getting in and being answered: addresses, teams, on whose behalf, and the form of what comes back.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use base::{Access, Actor, AnyId, Named, Result};
use people::api_keys::Grant;
use people::roles::{ROLES, scopes_of};
use people::users::User;
use store::{Origin, Store, Who};
use testkit::{Answer, App, Client, Options, Value, json};
use web::{Caller, Gate, Guard, Knock, Method, Settings};

use crate::acme::Acme;
use crate::support::{assert_invalid, assert_lacks, text, with};

const FREE: &str = "/v1/identity";
const ALLOWLIST: &str = "/v1/ip_allowlists";

// Addresses

/// A server behind proxies on this machine and in 10.0.0.0/8.
fn behind_proxies() -> App {
    let trusted_proxies = vec!["127.0.0.0/8".into(), "10.0.0.0/8".into()];
    App::with(wardroom::features, Options { trusted_proxies, ..Options::default() })
}

/// The client as the proxies tell of it.
fn from(client: &Client, addresses: &str) -> Client {
    client.with_header("X-Forwarded-For", addresses)
}

fn allow(by: &Client, version: i64, addresses: &[&str]) -> Answer {
    let items: Vec<_> = addresses.iter().map(|address| json!({"value": address})).collect();
    by.put(ALLOWLIST, json!({"allowlist": items, "enabled": true, "version": version}))
}

#[test]
fn whoever_is_not_on_the_allow_list_is_refused_at_every_door() {
    let app = behind_proxies();
    let admin = app.admin();
    let inside = from(&admin, "203.0.113.7");
    allow(&inside, 0, &["203.0.113.0/24", "2001:db8::1"]).expect(200);
    for admitted in ["203.0.113.7", "203.0.113.255", "2001:db8::1", "::ffff:203.0.113.9", "203.0.113.7:4711"] {
        from(&admin, admitted).get(FREE).expect(200);
    }
    for outside in ["203.0.114.7", "2001:db8::2", "192.0.2.1"] {
        let outside = from(&admin, outside);
        for answer in [outside.get(FREE), outside.get("/v2/incidents"), allow(&outside, 1, &["192.0.2.1"])] {
            assert_eq!((answer.status, answer.problems()), (403, vec![("forbidden", "")]), "{}", answer.text);
        }
    }
    let stranger = app.stranger();
    assert_eq!(from(&stranger, "192.0.2.1").get(FREE).status, 401, "a stranger learns nothing of the list");
    from(&stranger, "192.0.2.1").get("/v1/openapiV3.json").expect(200);
}

#[test]
fn nobody_locks_themselves_out() {
    let app = behind_proxies();
    let admin = from(&app.admin(), "203.0.113.7");
    for without_me in [&["203.0.113.8"][..], &[], &["127.0.0.1", "10.0.0.0/8"]] {
        assert_invalid(&allow(&admin, 0, without_me), &[("invalid_value", "allowlist")]);
    }
    let off = json!({"allowlist": [], "enabled": false, "version": 0});
    admin.put(ALLOWLIST, off).expect(200);
    admin.get(FREE).expect(200);
}

#[test]
fn a_list_that_is_set_aside_admits_everybody_at_once() {
    let app = behind_proxies();
    let (admin, inside) = (app.admin(), from(&app.admin(), "203.0.113.7"));
    let body = allow(&inside, 0, &["203.0.113.7"]).expect(200)["ip_allowlist"].take();
    let outside = from(&admin, "192.0.2.1");
    assert_eq!(outside.get(FREE).status, 403);
    inside.put(ALLOWLIST, with(body, json!({"enabled": false}))).expect(200);
    outside.get(FREE).expect(200);
}

#[test]
fn only_what_trusted_proxies_say_of_an_address_is_believed() {
    let app = behind_proxies();
    let admin = app.admin();
    allow(&from(&admin, "203.0.113.7"), 0, &["203.0.113.7"]).expect(200);
    for (addresses, status) in [
        ("203.0.113.7, 10.1.2.3", 200),
        ("192.0.2.1, 203.0.113.7,10.1.2.3 , 10.0.0.1", 200),
        ("203.0.113.7, 192.0.2.1", 403),
        ("203.0.113.7, unknown", 403),
        ("203.0.113.7, unknown, 10.1.2.3", 403),
        ("10.1.2.3", 403),
        ("", 403),
    ] {
        assert_eq!(from(&admin, addresses).get(FREE).status, status, "{addresses}");
    }
    let in_two_headers = from(&from(&admin, "203.0.113.7"), "192.0.2.1");
    assert_eq!(in_two_headers.get(FREE).status, 403);

    let bare = App::start(wardroom::features);
    let admin = bare.admin();
    let spoofed = allow(&from(&admin, "203.0.113.7"), 0, &["203.0.113.7"]);
    assert_invalid(&spoofed, &[("invalid_value", "allowlist")]);
    allow(&admin, 0, &["127.0.0.1"]).expect(200);
    from(&admin, "192.0.2.1").get(FREE).expect(200);
}

// Who

#[test]
fn a_token_comes_as_a_bearer() {
    let app = App::start(wardroom::features);
    let knock = |header: &str| app.stranger().with_header("authorization", header).get(FREE);
    for nothing in ["Bearer", "Bearer  ", "Basic aW5jXzE6", "inc_1"] {
        let answer = knock(nothing);
        assert_eq!(
            (answer.status, answer.problems()),
            (401, vec![("missing_authorization_material", "")]),
            "{nothing}"
        );
    }
    let answer = knock("bearer inc_1");
    assert_eq!((answer.status, answer.problems()), (401, vec![("access_token_invalid", "")]), "{}", answer.text);
    assert_eq!(answer.body["type"], "authentication_error");
}

#[test]
fn a_key_acts_for_an_active_user_if_its_role_says_so() {
    let acme = Acme::start();
    let (ada, gone) = (acme.app.user("Ada"), acme.app.user("Gone"));
    acme.app.write(move |cx| User::deactivate(cx, gone).map(drop));
    let as_user = |client: &Client, user: &str| client.with_header("X-Incident-User", user);
    let declared =
        as_user(&acme.admin, &ada.to_string()).post("/v2/incidents", acme.declaration(json!({}))).expect(200);
    assert_eq!(text(&declared, "/incident/creator/user/id"), ada.to_string());
    for nobody in [gone.to_string(), "01FCNDV6P870EA6S7TK1DSYDG0".into(), "Ada".into()] {
        assert_invalid(&as_user(&acme.admin, &nobody).get(FREE), &[("invalid_value", "X-Incident-User")]);
    }
    let lacking = acme.without("act_on_behalf_of_users");
    assert_lacks(&as_user(&lacking, &ada.to_string()).get(FREE), "api_keys.act_on_behalf_of_users");
}

/// Lets everybody in as a key that may do everything in one team, and nothing outside.
struct OneTeam;

impl Gate for OneTeam {
    fn admit<'r>(&'r self, _: &'r Store, _: Knock<'r>) -> Pin<Box<dyn Future<Output = Result<Caller>> + Send + 'r>> {
        let team: BTreeSet<_> = scopes_of(ROLES.iter().map(|role| role.name)).into_iter().collect();
        let access = Access { team, teams: vec![AnyId::constant(9)], ..Access::default() };
        let key = Named { id: AnyId::constant(7), name: "Test".into() };
        let who = Who {
            key: Some(key.id),
            actor: Actor::ApiKey(key),
            access: Arc::new(access),
            origin: Origin::default(),
            ..Who::system()
        };
        Box::pin(async move { Ok(Caller { who, account: "test".into(), name: "Test".into() }) })
    }
}

fn is_full_list(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}

#[test]
fn a_team_reaches_nothing_that_it_does_not_own() {
    let app = App::with(wardroom::features, Options { gate: Some(Box::new(OneTeam)), ..Options::default() });
    let client = app.stranger();
    let routes = web::assemble(wardroom::features(), &Settings::default()).unwrap().routes;
    let lists = routes.iter().filter(|route| route.method == Method::GET && !route.path.contains('{'));
    let mut refused = 0;
    for route in lists {
        let (Guard::Scope(scope) | Guard::ScopeOrOwn(scope)) = route.guard else { continue };
        let answer = client.get(route.path);
        match answer.status {
            200 => assert!(answer.body.as_object().unwrap().values().all(|value| !is_full_list(value)), "{answer:?}"),
            403 => assert_lacks(&answer, scope),
            _ => continue, // it takes parameters
        }
        refused += 1;
    }
    assert!(refused > 15, "{refused}");

    let names = || app.texts("select body->>'name' from severities order by rank");
    let before = names();
    let severity = json!({"name": "Ours", "description": ""});
    assert_lacks(&client.post("/v1/severities", severity.clone()), "organisation_settings.update");
    let minor = app.texts("select id from severities order by rank").remove(0);
    assert_lacks(&client.put(&format!("/v1/severities/{minor}"), severity), "organisation_settings.update");
    assert_lacks(&client.delete(&format!("/v1/severities/{minor}")), "organisation_settings.update");
    assert_eq!(names(), before, "what was refused in the end was not done");
}

#[test]
fn a_team_says_how_its_own_keys_are_managed() {
    let app = App::start(wardroom::features);
    let [ours, theirs] = ["Ours", "Theirs"].map(|name| app.team(name));
    let [us, _] = [ours, theirs].map(|team| {
        app.client_with(Grant { team_ids: vec![team], team_roles: vec!["api_keys_manage".into()], ..Grant::default() })
    });
    let keys = app.texts("select id from api_keys");
    let mut statuses: Vec<_> = keys
        .iter()
        .map(|id| {
            let note = json!({"resource_type": "api_key", "resource_id": id, "annotations": {}});
            us.post("/v2/managed_resources", note).status
        })
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

// Answers

#[test]
fn a_body_has_at_most_4_mib() {
    let acme = Acme::start();
    let of_size = |bytes: usize| {
        let body = |name: &str| json!({"name": "Long", "description": name}).to_string();
        let length = bytes - body("").len();
        acme.admin.send("POST", "/v1/severities", Some(body(&"x".repeat(length))))
    };
    of_size(4 * 1024 * 1024).expect(201);
    let answer = of_size(4 * 1024 * 1024 + 1);
    assert_eq!((answer.status, answer.problems()), (413, vec![("payload_too_large", "")]), "{}", answer.text);
    assert_eq!(answer.body["type"], "payload_too_large");
}

#[test]
fn what_is_no_json_is_malformed_and_no_body_is_an_empty_one() {
    let acme = Acme::start();
    let send = |body: &str| acme.admin.send("POST", "/v1/severities", Some(body.into()));
    for broken in ["{", "name=x", "{\"name\": }", "{} {}"] {
        let answer = send(broken);
        assert_eq!((answer.status, answer.problems()), (400, vec![("malformed", "")]), "{broken}: {}", answer.text);
    }
    for wrong in ["[]", "null", "7"] {
        assert_eq!(send(wrong).status, 422, "{wrong}");
    }
    assert_eq!(send("").problems(), send("{}").problems());
    assert_eq!(send("").status, 422);
}

#[test]
fn unknown_fields_and_parameters_are_ignored_and_texts_are_kept_byte_for_byte() {
    let acme = Acme::start();
    let description = " \u{1f525} *Bad*\r\n\ttabs, \u{e9} and e\u{301} \\u00e9 ";
    let body = json!({"name": "Odd", "description": description, "colour": "red", "id": 7, "nested": {"deep": []}});
    let made = acme.admin.post("/v1/severities?colour=red", body).expect(201);
    let path = format!("/v1/severities/{}?colour[is]=red", text(&made, "/severity/id"));
    assert_eq!(acme.admin.get(&path).expect(200)["severity"]["description"], description);
}

#[test]
fn every_answer_is_json_and_has_an_id_of_its_own() {
    let acme = Acme::start();
    let long_gone = "/v2/incidents/01FCNDV6P870EA6S7TK1DSYDG0";
    let mut ids = BTreeSet::new();
    for (answer, status) in [
        (acme.admin.get("/v1/severities"), 200),
        (acme.app.stranger().get("/v1/severities"), 401),
        (acme.app.client(&[]).get("/v1/severities"), 403),
        (acme.admin.get(long_gone), 404),
        (acme.admin.post("/v1/severities", json!({})), 422),
    ] {
        assert_eq!(answer.headers["content-type"], "application/json");
        let id = answer.headers["x-request-id"].clone();
        let error = (status != 200).then(|| (json!(status), json!(id)));
        let told =
            answer.body.get("errors").map(|_| (answer.body["status"].clone(), answer.body["request_id"].clone()));
        assert_eq!((answer.status, told), (status, error), "{}", answer.text);
        assert!(id.len() == 26 && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()), "{id}");
        assert!(ids.insert(id));
    }
    let deleted = acme.admin.delete(&format!("/v1/severities/{}", acme.severity("Major")));
    assert_eq!((deleted.status, deleted.text.as_str(), deleted.headers.get("content-type")), (202, "", None));
    assert!(deleted.headers.contains_key("x-request-id"));
}

#[test]
fn there_is_nothing_where_nothing_is_routed_whoever_asks() {
    let acme = Acme::start();
    for client in [&acme.admin, &acme.app.stranger()] {
        for (method, path) in [
            ("GET", "/v1/severities/"),
            ("GET", "/V1/severities"),
            ("GET", "/v3/incidents"),
            ("PATCH", "/v1/severities"),
            ("OPTIONS", "/v1/severities"),
            ("POST", "/v1/identity"),
            ("GET", "/v1/severities/x/y"),
        ] {
            let answer = client.send(method, path, None);
            assert_eq!((answer.status, answer.text.as_str()), (404, ""), "{method} {path}");
        }
    }
}

#[test]
fn what_is_no_id_names_nothing() {
    let acme = Acme::start();
    for id in ["x", "%20", "%FF", "01FCNDV6P870EA6S7TK1DSYDG", "..", "%2e%2e%2fidentity", "1%00"] {
        let answer = acme.admin.get(&format!("/v1/severities/{id}"));
        assert_eq!(answer.status, 404, "{id}: {}", answer.text);
    }
}

#[test]
fn all_times_are_in_utc_and_all_ids_are_ulids() {
    let acme = Acme::start();
    acme.declare(json!({"incident_timestamp_values": [
        {"incident_timestamp_id": acme.timestamp("Impact started at"), "value": "2026-03-02T10:30:00.5+05:30"},
    ]}));
    let mut seen = 0;
    let body = acme.admin.get("/v2/incidents").expect(200);
    each(&body, &mut |name, value| {
        seen += 1;
        if name == "id" {
            assert!(value.len() == 26 && value.parse::<AnyId>().is_ok(), "{value}");
        } else if name.ends_with("_at") || name == "value" {
            assert!(value.len() == 27 && value.ends_with('Z'), "{name}: {value}");
        }
    });
    assert!(seen > 50 && body.to_string().contains("2026-03-02T05:00:00.500000Z"), "{body}");
}

/// Calls `visit` with each text in `value` and the name of the field it is in.
fn each(value: &Value, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) => visit(name, text),
            value => each(value, visit),
        }),
        _ => {}
    }
}
