//! Hyphen: its key has two roles, and everything goes through a proxy that notes what was asked and answered.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use base::World;
use connect::client::{Client as Api, Kind, Trouble};
use connect::connector::{Connector, Context};
use connect::hyphen::Hyphen;
use store::{Site, Store};
use testkit::{App, Client, Database, Fault, Proxy, Value, json};
use web::Egress;

const ROLES: [&str; 2] = ["catalog_editor", "catalog_viewer"];
const ENTRIES: &str = "/v3/catalog_entries";
const TYPES: &str = "/v3/catalog_types";

/// A server with people and a service type, and a hub that has been connected to it.
struct Scene {
    app: App,
    admin: Client,
    proxy: Proxy,
    key: String,
    hub: Store,
    config: Value,
    // Last, so that it goes when nobody uses it any more.
    _database: Option<Database>,
}

impl Scene {
    fn new() -> Self {
        let app = App::start(wardroom::features);
        let admin = app.admin();
        let service = json!({"name": "Service", "description": "What runs.", "categories": ["service"]});
        admin.post(TYPES, service).expect(201);
        for name in ["Ada", "Ben", "Cleo"] {
            app.user(name);
        }
        let mut scene = Self {
            admin,
            proxy: Proxy::to(&app.address),
            key: app.token(&ROLES),
            hub: app.store.clone(),
            config: Value::Null,
            app,
            _database: None,
        };
        scene.config = Hyphen.connect(&scene.api()).expect("the key will do");
        scene.proxy.forget();
        scene
    }

    /// The same where many use the hub at once: it keeps its data elsewhere, and waits as the machine does.
    fn crowded() -> Self {
        let database = Database::fresh();
        let site = Site { organisation: "hub".into(), public_url: "https://hub.example".into() };
        let parts = [connect::feature().part];
        let hub = Store::open(&database.location, World::system(), site, &parts, &mut |_, _, _| {}).expect("a store");
        Self { hub, _database: Some(database), ..Self::new() }
    }

    fn api(&self) -> Api {
        self.api_with(&self.key)
    }

    fn api_with(&self, key: &str) -> Api {
        let egress = Egress::allowing(["127.0.0.0/8".parse().unwrap()]);
        Api::new(self.proxy.url().parse().unwrap(), key.into(), self.app.store.world().clone(), &egress, 4)
    }

    fn run(&self, action: &str, input: Value) -> Result<Value, Trouble> {
        self.run_with(&self.config, action, input)
    }

    /// The same where something else has been learned of the organisation.
    fn run_with(&self, config: &Value, action: &str, input: Value) -> Result<Value, Trouble> {
        let actions = Hyphen.actions();
        let action = actions.iter().find(|known| known.name == action).expect("an action of this name");
        action.perform(&Context { api: &self.api(), config, store: &self.hub }, &input)
    }

    #[track_caller]
    fn done(&self, action: &str, input: Value) -> Value {
        self.run(action, input).unwrap_or_else(|trouble| panic!("{action}: {trouble:?}"))
    }

    /// The kind of trouble, and what it says, about which field.
    #[track_caller]
    fn refused(&self, action: &str, input: Value) -> (Kind, String, String) {
        let trouble = self.run(action, input).expect_err("it is refused");
        let pointer = trouble.problems.first().map_or_else(String::new, |problem| problem.pointer.clone());
        (trouble.kind, trouble.message, pointer)
    }

    fn members_attribute(&self) -> String {
        text(&self.config, "/catalogTeamType/memberAttributeId")
    }

    /// Links a team of Hyphen's that there was none for: the ID of its entry.
    #[track_caller]
    fn team(&self, name: &str) -> String {
        text(&self.done("permission_group", json!({"entity_id": name, "entity_name": name})), "/config/teamId")
    }

    #[track_caller]
    fn add(&self, team: &str, member: &str) -> Value {
        self.done("add_access", json!({"team_id": team, "member": member}))
    }

    #[track_caller]
    fn remove(&self, team: &str, member: &str) -> Value {
        self.done("remove_access", json!({"team_id": team, "member": member}))
    }

    fn entry(&self, id: &str) -> Value {
        self.admin.get(&at(id)).expect(200)["catalog_entry"].clone()
    }

    /// The entries that a filter finds: `catalog_type_id=…`.
    fn entries(&self, filter: &str) -> Vec<Value> {
        let page = self.admin.get(&format!("{ENTRIES}?page_size=250&{filter}")).expect(200);
        page["catalog_entries"].as_array().unwrap().clone()
    }

    /// The entry of the user with this address.
    fn user_entry(&self, email: &str) -> Value {
        let user_type = text(&self.config, "/catalogUserTypeId");
        self.entries(&format!("catalog_type_id={user_type}&identifier={email}")).pop().expect("a user")
    }

    /// Adds so many users, `user.0@acme.example` and so on: their names.
    fn users(&self, count: usize) -> BTreeSet<String> {
        let names: Vec<_> = (0..count).map(|number| format!("User {number}")).collect();
        for name in &names {
            self.app.user(name);
        }
        names.into_iter().collect()
    }

    /// The names of a team's members, as the API of teams shows them.
    fn names(&self, team: &str) -> BTreeSet<String> {
        let shown = self.admin.get(&format!("/v3/teams/{team}")).expect(200)["team"]["members"].clone();
        shown.as_array().unwrap().iter().map(|member| text(member, "/name")).collect()
    }

    /// Gives a team these members, as somebody does who knows nothing of the hub.
    fn set_members(&self, team: &str, literals: &[&str]) {
        let (attribute, name) = (self.members_attribute(), self.entry(team)["name"].clone());
        let values: Vec<_> = literals.iter().map(|literal| json!({"literal": literal})).collect();
        let body = json!({"name": name, "attribute_values": {attribute: {"array_value": values}}});
        self.admin.put(&at(team), body).expect(200);
    }

    /// Adds a text attribute to a type: its ID.
    fn add_attribute(&self, type_id: &str, name: &str) {
        let shape = self.admin.get(&format!("{TYPES}/{type_id}")).expect(200)["catalog_type"]["schema"].clone();
        let mut attributes = shape["attributes"].as_array().unwrap().clone();
        attributes.push(json!({"id": name, "name": name, "type": "String", "array": false, "mode": "api"}));
        let body = json!({"version": shape["version"], "attributes": attributes});
        self.admin.post(&format!("{TYPES}/{type_id}/actions/update_schema"), body).expect(200);
    }

    /// How many requests of this method went out.
    fn sent(&self, method: &str) -> usize {
        self.proxy.requests().iter().filter(|seen| seen.method == method).count()
    }
}

fn at(id: &str) -> String {
    format!("{ENTRIES}/{id}")
}

#[track_caller]
fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} in {value}")).to_owned()
}

fn names_of(membership: &Value) -> Vec<String> {
    membership["members"].as_array().unwrap().iter().map(|member| text(member, "/label")).collect()
}

/// Does `work` for each number below `count`, all at the same moment.
fn at_once(count: usize, work: impl Fn(usize) + Sync) {
    let (work, barrier) = (&work, &Barrier::new(count));
    thread::scope(|scope| {
        for number in 0..count {
            scope.spawn(move || {
                barrier.wait();
                work(number);
            });
        }
    });
}

#[test]
fn hy_1_a_key_with_the_two_roles_of_the_catalog_is_enough_for_everything() {
    let scene = Scene::new();
    Hyphen.connect(&scene.api()).unwrap();
    let team = scene.team("Platform");
    scene.done("permission_group", json!({"entity_id": "t2", "entity_name": "X", "team_entry_id": team}));
    scene.done("user", json!({"entity_id": "m1", "entity_name": "Ada", "email": "ada@acme.example"}));
    scene.add(&team, "ada@acme.example");
    scene.remove(&team, "ada@acme.example");
    let app = scene.done("incident_management", json!({"entity_id": "a1", "entity_name": "Shop"}));
    let service = app["config"]["serviceId"].clone();
    scene.done("incident_management", json!({"entity_id": "a2", "entity_name": "Y", "service_entry_id": service}));
    scene.done("verify", json!({}));

    let seen = scene.proxy.requests();
    assert!(seen.len() > 10);
    for request in seen {
        assert!(request.status.is_some_and(|status| status < 300), "{request:?}");
    }
    assert_eq!(Hyphen.product().roles, ROLES);
}

#[test]
fn hy_1_a_key_that_may_change_nothing_is_told_when_it_is_connected() {
    let scene = Scene::new();
    let trouble = Hyphen.connect(&scene.api_with(&scene.app.token(&["catalog_viewer"]))).unwrap_err();
    assert_eq!(trouble.kind, Kind::MissingScope);
    assert!(trouble.message.contains("catalog_editor"), "{trouble}");
}

#[test]
fn hy_2_a_wrong_key_is_told_when_it_is_connected() {
    let scene = Scene::new();
    let trouble = Hyphen.connect(&scene.api_with("inc_wrong")).unwrap_err();
    assert_eq!((trouble.kind, trouble.status), (Kind::InvalidKey, Some(401)));
    assert!(!format!("{trouble:?}").contains("inc_wrong"));
}

#[test]
fn hy_10_connecting_learns_exactly_what_the_product_keeps() {
    let scene = Scene::new();
    let types = scene.admin.get(TYPES).expect(200)["catalog_types"].clone();
    let called = |type_name: &str| {
        types.as_array().unwrap().iter().find(|known| known["type_name"] == type_name).expect("a type").clone()
    };
    let team = called("Team");
    let expected = json!({
        "organizationName": "acme",
        "dashboardUrl": "https://wardroom.example/acme",
        "catalogServiceTypeId": called("Custom[\"Service\"]")["id"],
        "catalogUserTypeId": called("User")["id"],
        "catalogTeamType": {"id": team["id"], "memberAttributeId": team["schema"]["attributes"][0]["id"]},
    });
    assert_eq!(scene.config, expected);
}

#[test]
fn hy_6_without_a_service_type_services_are_refused_and_the_rest_works() {
    let mut scene = Scene::new();
    let service_type = text(&scene.config, "/catalogServiceTypeId");
    scene.admin.delete(&format!("{TYPES}/{service_type}")).expect(204);
    let input = json!({"entity_id": "a", "entity_name": "Shop"});
    let told = format!("the catalog has no type {service_type} any more: connect again");
    assert_eq!(scene.refused("incident_management", input.clone()), (Kind::NotFound, told, String::new()));

    scene.config = Hyphen.connect(&scene.api()).unwrap();
    assert_eq!(scene.config["catalogServiceTypeId"], Value::Null);
    scene.proxy.forget();

    let (kind, message, _) = scene.refused("incident_management", input);
    assert_eq!(kind, Kind::NotFound);
    assert!(message.contains("no type for services"), "{message}");
    assert_eq!(scene.proxy.requests().len(), 0);
    scene.team("Platform");
}

#[test]
fn hy_9_without_a_member_attribute_access_is_refused_and_nothing_is_written() {
    let scene = Scene::new();
    let team = scene.team("Platform");
    scene.proxy.forget();
    let mut config = scene.config.clone();
    config["catalogTeamType"]["memberAttributeId"] = Value::Null;
    for action in ["add_access", "remove_access"] {
        let input = json!({"team_id": team, "member": "ada@acme.example"});
        let trouble = scene.run_with(&config, action, input).unwrap_err();
        assert!(trouble.message.contains("Members"), "{trouble}");
    }
    assert_eq!(scene.proxy.requests().len(), 0);
}

#[test]
fn hy_12_a_team_is_linked_to_the_entry_that_is_given() {
    let scene = Scene::new();
    let team = scene.app.team("Platform").to_string();
    let input = json!({"entity_id": "t1", "entity_name": "Other name", "team_entry_id": team});
    let linked = scene.done("permission_group", input);
    let expected = json!({
        "entity": {"id": "t1", "type": "team", "name": "Other name"},
        "config": {"teamId": team, "teamName": "Platform"},
    });
    assert_eq!(linked, expected, "hy_14: the names and types of the product");
    assert_eq!(scene.sent("POST"), 0);
}

#[test]
fn hy_12_an_unknown_entry_one_of_another_type_and_an_archived_one_are_refused() {
    let scene = Scene::new();
    let link = |id: &str| {
        scene.refused("permission_group", json!({"entity_id": "t", "entity_name": "T", "team_entry_id": id}))
    };
    let unknown = "01HZ0000000000000000000000";
    let told = format!("team_entry_id: there is no catalog entry with the ID {unknown}");
    assert_eq!(link(unknown), (Kind::NotFound, told, "team_entry_id".into()));

    let user = text(&scene.user_entry("ada@acme.example"), "/id");
    let told = format!("team_entry_id: Ada ({user}) is an entry of another type");
    assert_eq!(link(&user), (Kind::Invalid, told, "team_entry_id".into()));

    let team = scene.app.team("Gone").to_string();
    scene.admin.delete(&at(&team)).expect(204);
    let told = format!("team_entry_id: Gone ({team}) is archived");
    assert_eq!(link(&team), (Kind::Invalid, told, "team_entry_id".into()));
    let input = json!({"team_id": team, "member": "ada@acme.example"});
    assert_eq!(scene.refused("add_access", input).1, format!("team_id: Gone ({team}) is archived"));
    assert_eq!(scene.entry(&team)["archived_at"].as_str().map(str::is_empty), Some(false), "nothing revived it");
}

#[test]
fn hy_13_a_team_without_an_entry_gets_one_of_the_same_name() {
    let scene = Scene::new();
    let name = " Größe & “co” ";
    let input = json!({"entity_id": "t/1", "entity_name": name, "team_entry_id": null});
    let linked = scene.done("permission_group", input);
    let entry = scene.entry(&text(&linked, "/config/teamId"));
    assert_eq!((&entry["name"], &linked["config"]["teamName"]), (&json!(name), &json!(name)));
    assert_eq!(entry["external_id"], "hyphen:team:t/1");
    assert_eq!(entry["catalog_type_id"], scene.config["catalogTeamType"]["id"]);
}

#[test]
fn hy_13_no_lost_answer_makes_a_second_entry() {
    let scene = Scene::new();
    let count = || scene.entries(&format!("catalog_type_id={}", text(&scene.config, "/catalogTeamType/id"))).len();
    for (number, fault) in
        [Fault::LostAnswer, Fault::AfterStatus(502), Fault::Truncated, Fault::Refused].into_iter().enumerate()
    {
        scene.proxy.next_for("POST", fault.clone());
        scene.team(&format!("Team {number}"));
        assert_eq!(count(), number + 1, "{fault:?}");
    }
    // Also when the whole action has to be begun again.
    scene.proxy.always_for("POST", Fault::LostAnswer);
    let input = json!({"entity_id": "again", "entity_name": "Again"});
    assert_eq!(scene.run("permission_group", input.clone()).unwrap_err().kind, Kind::NoAnswer);
    scene.proxy.heal();
    scene.done("permission_group", input);
    assert_eq!(count(), 5);
}

#[test]
fn hy_13_linking_again_finds_the_same_entry_and_leaves_it_as_it_has_become() {
    let scene = Scene::new();
    let team = scene.team("Platform");
    scene.add(&team, "ada@acme.example");
    let renamed = json!({"entity_id": "Platform", "entity_name": "Infrastructure"});
    let again = scene.done("permission_group", renamed);
    assert_eq!(again["config"], json!({"teamId": team, "teamName": "Platform"}));
    assert_eq!(scene.names(&team), ["Ada".to_owned()].into());
}

#[test]
fn hy_13_ten_who_link_the_same_team_at_once_make_one_entry() {
    let scene = Scene::crowded();
    at_once(10, |_| drop(scene.team("Platform")));
    assert_eq!(scene.entries(&format!("catalog_type_id={}", text(&scene.config, "/catalogTeamType/id"))).len(), 1);
    assert_eq!(scene.sent("POST"), 1);
}

#[test]
fn hy_15_access_keeps_other_attributes() {
    let scene = Scene::new();
    let team_type = text(&scene.config, "/catalogTeamType/id");
    scene.add_attribute(&team_type, "Channel");
    let made = json!({
        "catalog_type_id": team_type, "name": "Platform", "external_id": "plat", "aliases": ["infra", "ops"], "rank": 7,
        "attribute_values": {
            "Channel": {"value": {"literal": "#platform"}},
            scene.members_attribute(): {"array_value": [{"literal": "Ben@acme.example"}, {"literal": "nobody"}]},
        },
    });
    let team = text(&scene.admin.post(ENTRIES, made).expect(201), "/catalog_entry/id");
    let but_members = || {
        let mut entry = scene.entry(&team);
        let members = entry["attribute_values"].as_object_mut().unwrap().remove(&scene.members_attribute()).unwrap();
        entry.as_object_mut().unwrap().remove("updated_at");
        let literals: Vec<_> =
            members["array_value"].as_array().unwrap().iter().map(|value| text(value, "/literal")).collect();
        (entry, literals)
    };
    let (before, _) = but_members();
    let ada = text(&scene.user_entry("ada@acme.example"), "/id");

    let after = scene.add(&team, "ada@acme.example");
    assert_eq!(after["changed"], true);
    assert_eq!(names_of(&after), ["Ben", "nobody", "Ada"]);
    assert_eq!(but_members(), (before.clone(), vec!["Ben@acme.example".into(), "nobody".into(), ada]));
    assert_eq!(scene.names(&team), ["Ada".to_owned(), "Ben".into()].into());

    let after = scene.remove(&team, "ada@acme.example");
    assert_eq!(names_of(&after), ["Ben", "nobody"]);
    assert_eq!(but_members(), (before, vec!["Ben@acme.example".into(), "nobody".into()]));
}

#[test]
fn hy_15_adding_somebody_who_is_in_writes_nothing() {
    let scene = Scene::new();
    let team = scene.team("Platform");
    scene.add(&team, "ada@acme.example");
    let ada = scene.user_entry("ada@acme.example");
    scene.proxy.forget();
    for member in ["ada@acme.example", "ADA@acme.example", &text(&ada, "/id"), &text(&ada, "/external_id")] {
        let after = scene.add(&team, member);
        assert_eq!((&after["changed"], names_of(&after)), (&json!(false), vec!["Ada".into()]), "{member}");
    }
    assert_eq!(scene.remove(&team, "ben@acme.example")["changed"], false);
    assert_eq!(scene.sent("PUT"), 0);
}

#[test]
fn hy_15_removing_takes_that_member_alone_whatever_names_them() {
    let scene = Scene::new();
    let team = scene.team("Platform");
    let ada = scene.user_entry("ada@acme.example");
    let forms = [text(&ada, "/id"), text(&ada, "/external_id"), "ada@acme.example".into(), "Ada@Acme.example".into()];
    for (held, named) in forms.iter().zip(forms.iter().cycle().skip(1)) {
        scene.set_members(&team, &["ben@acme.example", held, "cleo@acme.example"]);
        assert_eq!(scene.names(&team).len(), 3, "hy_16: {held} resolves");
        assert_eq!(names_of(&scene.remove(&team, named)), ["Ben", "Cleo"], "{held} by {named}");
    }
    scene.set_members(&team, &[&forms[0]]);
    assert_eq!(scene.remove(&team, &forms[2])["members"], json!([]), "the last one");
    assert_eq!(scene.names(&team).len(), 0);
}

#[test]
fn hy_15_somebody_who_has_left_the_organisation_can_be_taken_out() {
    let scene = Scene::new();
    let team = scene.team("Platform");
    let ada = text(&scene.user_entry("ada@acme.example"), "/external_id");
    scene.add(&team, "ada@acme.example");
    scene.add(&team, "ben@acme.example");
    scene.app.write(move |cx| people::users::User::deactivate(cx, ada.parse().expect("an ID")));
    assert_eq!(scene.refused("add_access", json!({"team_id": team, "member": "ada@acme.example"})).0, Kind::NotFound);

    let after = scene.remove(&team, "ada@acme.example");
    assert_eq!((&after["changed"], names_of(&after)), (&json!(true), vec!["Ben".into()]));
    assert_eq!(scene.remove(&team, "ada@acme.example")["changed"], false, "again");
}

#[test]
fn hy_15_twenty_who_are_added_at_once_are_all_in() {
    let scene = Scene::crowded();
    let team = scene.team("Platform");
    let names = scene.users(20);
    at_once(20, |number| drop(scene.add(&team, &format!("user.{number}@acme.example"))));
    assert_eq!(scene.names(&team), names);
}

#[test]
fn hy_15_twenty_at_once_are_all_in_also_where_the_server_tells_no_version() {
    let scene = Scene::crowded();
    scene.proxy.hide("etag");
    let team = scene.team("Platform");
    let names = scene.users(20);
    at_once(20, |number| drop(scene.add(&team, &format!("user.{number}@acme.example"))));
    assert_eq!(scene.names(&team), names);
    assert!(scene.proxy.requests().iter().all(|seen| !seen.headers.contains_key("if-match")));
}

#[test]
fn hy_15_those_who_do_not_take_turns_lose_nobody_either() {
    let scene = Scene::crowded();
    let team = scene.team("Platform");
    let names = scene.users(12);
    at_once(12, |number| {
        let email = format!("user.{number}@acme.example");
        if number % 2 == 0 { drop(scene.add(&team, &email)) } else { join(&scene, &team, &email) }
    });
    assert_eq!(scene.names(&team), names);
}

/// Adds somebody by plain calls of the API.
fn join(scene: &Scene, team: &str, email: &str) {
    let attribute = scene.members_attribute();
    for _ in 0..1_000 {
        let read = scene.admin.get(&at(team));
        let etag = read.headers["etag"].clone();
        let entry = read.expect(200)["catalog_entry"].clone();
        let held = entry["attribute_values"][&attribute]["array_value"].as_array().cloned().unwrap_or_default();
        let mut members: Vec<_> = held.iter().map(|value| json!({"literal": value["literal"]})).collect();
        members.push(json!({"literal": email}));
        let body = json!({
            "name": entry["name"], "external_id": entry["external_id"],
            "attribute_values": {&attribute: {"array_value": members}},
        });
        if scene.admin.with_header("If-Match", &etag).put(&at(team), body).status == 200 {
            return;
        }
    }
    panic!("{email} never got in");
}

#[test]
fn hy_15_whoever_changes_the_team_between_reading_and_writing_is_not_overwritten() {
    let scene = Scene::crowded();
    let team = scene.team("Platform");
    scene.proxy.next_for("PUT", Fault::Slow(Duration::from_millis(500)));
    thread::scope(|scope| {
        let adding = scope.spawn(|| scene.add(&team, "ada@acme.example"));
        while scene.sent("PUT") == 0 && !adding.is_finished() {
            thread::yield_now();
        }
        join(&scene, &team, "ben@acme.example");
        assert_eq!(adding.join().unwrap()["changed"], true);
    });
    assert_eq!(scene.names(&team), ["Ada".to_owned(), "Ben".into()].into());
}

#[test]
fn hy_15_a_lost_answer_adds_nobody_twice() {
    let scene = Scene::new();
    let team = scene.team("Platform");
    for fault in [Fault::LostAnswer, Fault::AfterStatus(503), Fault::Refused] {
        scene.proxy.next_for("PUT", fault.clone());
        let after = scene.add(&team, "ada@acme.example");
        assert_eq!((&after["changed"], names_of(&after)), (&json!(true), vec!["Ada".into()]), "{fault:?}");
        scene.proxy.next_for("PUT", fault);
        assert_eq!(scene.remove(&team, "ada@acme.example")["members"], json!([]));
    }
}

#[test]
fn hy_17_a_member_is_linked_to_the_user_who_is_there() {
    let scene = Scene::new();
    let ada = scene.user_entry("ada@acme.example");
    let config = json!({"userId": ada["external_id"], "email": "ada@acme.example"});
    let expected = json!({"entity": {"id": "m1", "type": "member", "name": "Ada L."}, "config": config});
    let member = json!({"entity_id": "m1", "entity_name": "Ada L.", "email": "ADA@acme.example"});
    assert_eq!(scene.done("user", member), expected);

    let other = json!({
        "entity_id": "m1", "entity_name": "Ada L.", "email": "ada@elsewhere.example", "input_email": "ada@acme.example",
    });
    assert_eq!(scene.done("user", other), expected, "what was put in goes first");
}

#[test]
fn hy_17_an_unknown_or_ambiguous_user_is_refused_and_none_is_created() {
    let scene = Scene::new();
    let unknown = json!({"entity_id": "m", "entity_name": "M", "email": "nobody@acme.example"});
    let told = "email: there is no user nobody@acme.example".to_owned();
    assert_eq!(scene.refused("user", unknown), (Kind::NotFound, told, "email".into()));

    // A catalog of people that somebody else keeps.
    let people = json!({"name": "Person", "description": "Who works here."});
    let people = text(&scene.admin.post(TYPES, people).expect(201), "/catalog_type/id");
    let mut config = scene.config.clone();
    config["catalogUserTypeId"] = json!(people);
    let person = |external_id: &str| {
        let person = json!({
            "catalog_type_id": people, "name": "Ada", "external_id": external_id, "aliases": ["ada@acme.example"],
            "attribute_values": {},
        });
        text(&scene.admin.post(ENTRIES, person).expect(201), "/catalog_entry/id")
    };
    let (first, _) = (person("p1"), person("p2"));
    let ada = json!({"entity_id": "m", "entity_name": "M", "email": "x@y", "input_email": "ada@acme.example"});
    let trouble = scene.run_with(&config, "user", ada.clone()).unwrap_err();
    assert_eq!(trouble.message, "input_email: 2 users are found by ada@acme.example: it has to be one");
    scene.admin.delete(&at(&first)).expect(204);
    assert_eq!(scene.run_with(&config, "user", ada).unwrap()["config"]["userId"], "p2");
    assert_eq!(scene.sent("POST"), 0);
}

#[test]
fn hy_18_an_app_is_linked_to_a_service_or_gets_one_of_the_same_name() {
    let scene = Scene::new();
    let app = json!({"entity_id": "a1", "entity_name": "Shop"});
    let linked = scene.done("incident_management", app.clone());
    let service = text(&linked, "/config/serviceId");
    let expected = json!({
        "entity": {"id": "a1", "type": "app", "name": "Shop"},
        "config": {"serviceId": service, "serviceName": "Shop"},
    });
    assert_eq!(linked, expected);
    assert_eq!(scene.done("incident_management", app), expected, "again");
    let entry = scene.entry(&service);
    assert_eq!((&entry["name"], &entry["external_id"]), (&json!("Shop"), &json!("hyphen:app:a1")));
    assert_eq!(entry["catalog_type_id"], scene.config["catalogServiceTypeId"]);

    let given = |id: &str| json!({"entity_id": "a2", "entity_name": "Till", "service_entry_id": id});
    let config = json!({"serviceId": service, "serviceName": "Shop"});
    assert_eq!(scene.done("incident_management", given(&service))["config"], config);
    let team = scene.app.team("Platform").to_string();
    assert_eq!(scene.refused("incident_management", given(&team)).2, "service_entry_id");
}

#[test]
fn hy_20_what_is_known_can_be_verified_and_need_not_be() {
    let scene = Scene::new();
    let checks = |verified: Value| verified["checks"].as_array().unwrap().clone();
    let verified = checks(scene.done("verify", json!({})));
    assert_eq!(verified.len(), 6);
    assert!(verified.iter().all(|check| check["ok"] == true && check["why"] == Value::Null), "{verified:?}");

    let service_type = text(&scene.config, "/catalogServiceTypeId");
    scene.admin.delete(&format!("{TYPES}/{service_type}")).expect(204);
    let failed: Vec<_> = checks(scene.done("verify", json!({}))).into_iter().filter(|one| one["ok"] != true).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "catalogServiceTypeId");
    assert!(text(&failed[0], "/why").starts_with(&service_type), "{failed:?}");
}

#[test]
fn what_is_wrong_with_an_input_is_told_by_field_before_anything_is_sent() {
    let scene = Scene::new();
    let pointers = |action: &str, input: Value| -> Vec<String> {
        let trouble = scene.run(action, input).unwrap_err();
        assert_eq!(trouble.kind, Kind::Invalid);
        trouble.problems.into_iter().map(|problem| problem.pointer).collect()
    };
    assert_eq!(pointers("permission_group", json!({})), ["entity_id", "entity_name"]);
    let blank = json!({"entity_id": "", "entity_name": "T", "team_entry_id": ""});
    assert_eq!(pointers("permission_group", blank), ["entity_id", "team_entry_id"]);
    let member = json!({"entity_id": "m", "entity_name": "M", "email": "ada", "input_email": "a b@c"});
    assert_eq!(pointers("user", member), ["email", "input_email"]);
    assert_eq!(pointers("add_access", json!({"team_id": 1, "member": "x"})), ["team_id"]);
    assert_eq!(scene.proxy.requests().len(), 0);
}
