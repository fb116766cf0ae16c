//! Ravenna.

use std::time::Duration;

use base::Id;
use connect::client::Kind;
use connect::connector::Connector;
use connect::ravenna::Ravenna;
use people::users::User;
use testkit::{App, Client, Value, json};

use crate::direct::{Connected, client, client_of, client_of_one_that_says, client_with};

const REFUSED: &str = "Invalid API token or insufficient permissions";

/// A server with Ada and Bob on Payments, in daily turns from Monday 2 March 2026 at nine on, and Cy beside them.
struct Site {
    app: App,
    admin: Client,
    ada: Id<User>,
    bob: Id<User>,
    cy: Id<User>,
    payments: Value,
}

impl Site {
    fn start() -> Self {
        let app = App::start(wardroom::features);
        let admin = app.admin();
        let [ada, bob, cy] = ["Ada", "Bob", "Cy"].map(|name| app.user(name));
        let payments = schedule(&admin, "Payments", json!([rotation("Primary", &[ada, bob], "daily")]));
        Self { app, admin, ada, bob, cy, payments }
    }

    fn connected(&self) -> Connected<'_> {
        let api = client(&self.app, &["viewer", "schedules_reader"]);
        Connected { product: &Ravenna, app: &self.app, api }
    }

    fn id(&self) -> &str {
        self.payments["id"].as_str().unwrap()
    }

    /// Whether somebody is on call for Payments, and whether they take turns.
    #[track_caller]
    fn standing(&self, email: &str, at: &str) -> (bool, bool) {
        let input = json!({"schedule": self.id(), "email": email, "at": at});
        let standing = self.connected().perform("validate_on_call", input);
        (standing["on_call"].as_bool().unwrap(), standing["member"].as_bool().unwrap())
    }
}

fn schedule(admin: &Client, name: &str, rotations: Value) -> Value {
    let schedule = json!({"name": name, "timezone": "UTC", "config": {"rotations": rotations}});
    admin.post("/v2/schedules", json!({"schedule": schedule})).expect(201)["schedule"].take()
}

fn rotation(name: &str, users: &[Id<User>], every: &str) -> Value {
    let users: Vec<_> = users.iter().map(|id| json!({"id": id})).collect();
    json!({
        "name": name, "handover_start_at": "2026-03-02T09:00:00Z", "users": users,
        "handovers": [{"interval": 1, "interval_type": every}],
    })
}

#[test]
fn rv_3_a_token_of_the_roles_connects_and_one_that_lacks_a_scope_learns_which() {
    let app = App::start(wardroom::features);
    assert_eq!(Ravenna.connect(&client(&app, &["viewer"])).unwrap(), json!({}));
    assert_eq!(Ravenna.connect(&client(&app, Ravenna.product().roles)).unwrap(), json!({}));
    for (roles, scope) in [
        (&["schedules_reader"][..], "incidents.view"),
        (&["incident_editor"], "schedules.view"),
        (&["incident_editor", "schedules_reader"], "users.view"),
    ] {
        let trouble = Ravenna.connect(&client(&app, roles)).unwrap_err();
        assert_eq!(trouble.message, format!("{REFUSED}: the token lacks the scope {scope}"), "{roles:?}");
        assert_eq!(trouble.scope(), Some(scope));
    }
}

#[test]
fn rv_4_a_wrong_token_and_missing_permissions_are_told_apart() {
    let app = App::start(wardroom::features);
    let wrong = Ravenna.connect(&client_with(&app, "inc_wrong")).unwrap_err();
    assert_eq!((wrong.kind, wrong.message), (Kind::InvalidKey, format!("{REFUSED}: the token is not accepted")));
    let poor = Ravenna.connect(&client(&app, &["catalog_viewer"])).unwrap_err();
    assert!(poor.kind == Kind::MissingScope && poor.message.starts_with(REFUSED), "{poor}");
    let unnamed = Ravenna.connect(&client_of_one_that_says("403 Forbidden", "")).unwrap_err();
    assert_eq!(unnamed.message, format!("{REFUSED}: the token may not list incidents"));
    let failing = Ravenna.connect(&client_of_one_that_says("503 Service Unavailable", "")).unwrap_err();
    assert_eq!((failing.kind, failing.message.as_str()), (Kind::Failing, "HTTP 503"), "that says nothing of the token");
    let blank = Ravenna.connect(&client_with(&app, "  ")).unwrap_err();
    assert_eq!((blank.kind, blank.message), (Kind::NoKey, format!("{REFUSED}: there is no token")));
}

#[test]
fn rv_6_whoever_is_on_call_is_with_the_shift_and_whoever_is_covered_is_not() {
    let site = Site::start();
    let rotation = &site.payments["config"]["rotations"][0];
    let cover = json!({
        "schedule_id": site.id(), "rotation_id": rotation["id"], "layer_id": rotation["layers"][0]["id"],
        "user": {"id": site.cy}, "start_at": "2026-03-02T12:00:00Z", "end_at": "2026-03-02T14:00:00Z",
    });
    site.admin.post("/v2/schedule_overrides", cover).expect(201);

    let now = site.connected().perform("validate_on_call", json!({"schedule": site.id(), "email": "ada@acme.example"}));
    assert_eq!(now["at"], "2026-03-02T09:00:00Z");
    assert_eq!((&now["on_call"], &now["user"]["id"]), (&json!(true), &json!(site.ada)));
    assert_eq!(now["shift"]["rotation_id"], rotation["id"]);
    assert_eq!(now["shift_ends_at"], "2026-03-02T12:00:00Z");
    assert_eq!(now["schedule"], json!({"id": site.id(), "name": "Payments"}));

    site.app.clock.advance(Duration::from_secs(3 * 3600));
    let covered =
        site.connected().perform("validate_on_call", json!({"schedule": "Payments", "email": "ada@acme.example"}));
    assert_eq!((&covered["on_call"], covered.get("shift")), (&json!(false), None));
    assert_eq!(covered["on_call_now"][0]["user"]["email"], "cy@acme.example");
    assert_eq!(covered["on_call_now"][0]["end_at"], "2026-03-02T14:00:00Z");
    assert_eq!(site.standing("cy@acme.example", "2026-03-02T12:00:00Z"), (true, false));
}

#[test]
fn rv_6_the_end_of_a_shift_is_not_part_of_it_and_case_does_not_matter() {
    let site = Site::start();
    for (email, at, is_on_call) in [
        ("ada@acme.example", "2026-03-02T08:59:59.999999Z", false),
        ("ada@acme.example", "2026-03-02T09:00:00Z", true),
        ("ADA@Acme.Example", "2026-03-03T08:59:59.999999Z", true),
        ("ada@acme.example", "2026-03-03T09:00:00Z", false),
        ("bob@acme.example", "2026-03-03T08:59:59.999999Z", false),
        ("Bob@acme.example", "2026-03-03T09:00:00Z", true),
    ] {
        assert_eq!(site.standing(email, at).0, is_on_call, "{email} at {at}");
    }
}

#[test]
fn rv_6_any_rotation_and_any_layer_counts() {
    let site = Site::start();
    let mut both = rotation("Both", &[site.ada, site.bob], "daily");
    both["layers"] = json!([{"name": "First"}, {"name": "Second"}]);
    let all = schedule(&site.admin, "All hands", json!([both, rotation("Cy", &[site.cy], "daily")]));
    for email in ["ada@acme.example", "bob@acme.example", "cy@acme.example"] {
        let standing = site.connected().perform("validate_on_call", json!({"schedule": all["id"], "email": email}));
        assert_eq!(standing["on_call"], true, "{email}");
        assert_eq!(standing["on_call_now"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn rv_6_every_page_of_shifts_is_read() {
    let site = Site::start();
    let api = client_of(|path| {
        let user = |name: &str| json!({"id": name, "name": name, "email": format!("{name}@acme.example")});
        let shift = |name: &str| json!({"start_at": "2026-03-02T09:00:00Z", "end_at": "2026-03-03T09:00:00Z", "user": user(name)});
        let answer = if path.starts_with("/v2/users") {
            json!({"users": [user("ada")]})
        } else if path.starts_with("/v2/schedules") {
            json!({"schedules": [{"id": "1", "name": "Payments", "timezone": "UTC"}]})
        } else if path.contains("entry_window_start=next") {
            json!({"schedule_entries": {"final": [shift("ada")]}})
        } else {
            json!({"schedule_entries": {"final": [shift("bob")]}, "pagination_meta": {"after": "next"}})
        };
        ("200 OK", answer.to_string())
    });
    let connected = Connected { api, ..site.connected() };
    let mut input = json!({"schedule": "Payments", "email": "ada@acme.example"});
    let standing = connected.perform("validate_on_call", input.clone());
    assert_eq!((&standing["on_call"], &standing["on_call_now"][0]["user"]["id"]), (&json!(true), &json!("bob")));
    // This server also tells of shifts that only touch the window.
    input["at"] = json!("2026-03-03T09:00:00Z");
    let standing = connected.perform("validate_on_call", input);
    assert_eq!((&standing["on_call"], &standing["on_call_now"]), (&json!(false), &json!([])));
}

#[test]
fn rv_7_a_member_is_told_apart_from_whoever_is_on_call() {
    let site = Site::start();
    let at = "2026-03-02T12:00:00Z";
    assert_eq!(site.standing("ada@acme.example", at), (true, true));
    assert_eq!(site.standing("bob@acme.example", at), (false, true));
    assert_eq!(site.standing("cy@acme.example", at), (false, false));
}

#[test]
fn rv_8_and_9_an_unknown_schedule_and_an_unknown_person_are_told_apart() {
    let site = Site::start();
    let refuse = |schedule: &str, email: &str| {
        site.connected().refuse("validate_on_call", json!({"schedule": schedule, "email": email}))
    };
    for unknown in ["01HZZZZZZZZZZZZZZZZZZZZZZZ", "payments", "../users"] {
        let told = (format!("there is no schedule {unknown:?}"), "schedule".to_owned());
        assert_eq!(refuse(unknown, "ada@acme.example"), told);
    }
    let nobody = ("there is no user with the address who@acme.example".to_owned(), "email".to_owned());
    assert_eq!(refuse(site.id(), "who@acme.example"), nobody);
    schedule(&site.admin, "Payments", json!([]));
    assert_eq!(refuse("Payments", "ada@acme.example").1, "schedule", "there are two");
    assert_eq!(refuse("", "ada@acme.example").1, "schedule");
}
