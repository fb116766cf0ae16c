//! What reflects the people that Wardroom knows, and what an entry of the team type does.

use base::Id;
use catalog::types::Types;
use people::users::{BaseRole, User};
use store::Who;
use testkit::{App, Client, Value, json};

use super::{ENTRIES, Kind, at, attribute, entry, found, kind, labels, listed, one, request, several, start, whole};
use crate::support::{assert_invalid, text, texts, with};

/// A type of Wardroom's own.
fn own(by: &Client, type_name: &str) -> Kind {
    let types = by.get(super::TYPES).expect(200)["catalog_types"].clone();
    let found = types.as_array().unwrap().iter().find(|one| one["type_name"] == type_name).expect("the type");
    Kind { id: text(found, "/id"), type_name: type_name.into() }
}

fn members_attribute(by: &Client) -> String {
    let attributes = super::shape(by, &own(by, "Team"))["attributes"].clone();
    text(attributes.as_array().unwrap().iter().find(|one| one["name"] == "Members").unwrap(), "/id")
}

fn change(app: &App, id: Id<User>, change: impl Fn(&mut User) + Send + 'static) {
    app.write(move |cx| {
        let mut user = cx.get(id)?;
        change(&mut user);
        cx.save(&mut user)
    });
}

fn member_names(by: &Client, team: &str) -> Vec<String> {
    texts(&by.get(&format!("/v3/teams/{team}")).expect(200)["team"]["members"], "/name")
}

#[test]
fn a_user_has_an_entry_as_soon_as_and_as_long_as_they_are_active() {
    let app = start();
    let admin = app.admin();
    let users = own(&admin, "User");
    let id = app.user("Ada Lovelace");
    let shown = listed(&admin, &users).into_iter().find(|entry| entry["external_id"] == id.to_string()).unwrap();
    let (first, email) = (text(&shown, "/id"), "ada.lovelace@acme.example");
    assert_eq!((shown["name"].as_str(), texts_of(&shown["aliases"])), (Some("Ada Lovelace"), vec![email.to_owned()]));
    for identifier in [&*id.to_string(), email, "ADA.Lovelace@acme.example", &first] {
        assert_eq!(found(&admin, &users, identifier), [&*first], "by {identifier}");
    }

    change(&app, id, |user| {
        user.name = "Ada King".into();
        user.email = Some("ada.king@acme.example".into());
    });
    let shown = whole(&admin, &first);
    assert_eq!(
        (shown["name"].as_str(), texts_of(&shown["aliases"])),
        (Some("Ada King"), vec!["ada.king@acme.example".into()])
    );
    assert_eq!(found(&admin, &users, email), [] as [&str; 0]);

    app.write(move |cx| User::deactivate(cx, id).map(drop));
    assert!(whole(&admin, &first)["archived_at"].is_string());
    assert_eq!(found(&admin, &users, "ada.king@acme.example"), [] as [&str; 0]);
    change(&app, id, |user| user.active = true);
    assert_eq!(found(&admin, &users, "ada.king@acme.example"), [first], "the same entry as before");
}

fn texts_of(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_user_and_their_entry_come_in_one_transaction() {
    let app = start();
    let admin = app.admin();
    let users = own(&admin, "User");
    let before = listed(&admin, &users);
    let outcome: base::Result<()> = app
        .store
        .write(Who::system(), |cx| {
            User::add(cx, "Eve", "eve@acme.example", BaseRole::Responder)?;
            let types = cx.cached::<Types>()?;
            let entry = catalog::entries::find_named(cx, types.called("User").unwrap(), "EVE@acme.example")?;
            assert_eq!(entry.expect("there at once").name, "Eve");
            Err(base::Error::conflict("something else failed"))
        })
        .wait();
    assert!(outcome.is_err());
    assert_eq!(listed(&admin, &users), before);
    assert_eq!(app.texts("select id from users where email = 'eve@acme.example'"), [] as [&str; 0]);
}

#[test]
fn what_reflects_wardroom_is_not_changed_by_others() {
    let app = start();
    let admin = app.admin();
    let id = app.user("Ada");
    for type_name in ["User", "Schedule", "EscalationPath", "AlertPriority", "SlackChannel"] {
        let own = own(&admin, type_name);
        let path = format!("{}/{}", super::TYPES, own.id);
        let shown = admin.get(&path).expect(200)["catalog_type"].clone();
        assert_eq!(shown["is_editable"], false);
        let refused = [
            admin.post(ENTRIES, request(&own, "new", json!({}))),
            admin.put(&path, json!({"name": "Mine", "description": ""})),
            admin.post(&format!("{path}/actions/update_schema"), json!({"version": 1, "attributes": []})),
            admin.delete(&path),
        ];
        for answer in refused {
            assert_eq!(answer.status, 422, "{type_name}: {}", answer.text);
        }
        assert_eq!(admin.get(&path).expect(200)["catalog_type"], shown);
    }
    let entry = found(&admin, &own(&admin, "User"), &id.to_string()).remove(0);
    let change = json!({"name": "Eve", "attribute_values": {}});
    assert_eq!(admin.put(&at(&entry), change.clone()).status, 422);
    assert_eq!(admin.delete(&at(&entry)).status, 422);
    let bulk =
        json!({"catalog_type_id": own(&admin, "User").id, "entries": [{"entry_id": entry, "attribute_values": {}}]});
    assert_eq!(admin.post(&format!("{ENTRIES}/actions/bulk_update"), bulk).status, 422);
    assert_eq!(whole(&admin, &entry)["name"], "Ada");
}

#[test]
fn an_entry_of_the_team_type_is_a_team() {
    let app = start();
    let admin = app.admin();
    let (teams, members) = (own(&admin, "Team"), members_attribute(&admin));
    let (ada, bob) = (app.user("Ada"), app.user("Bob"));
    let both =
        several(&[ada.to_string(), "BOB@acme.example".into(), "ada@acme.example".into(), "late@acme.example".into()]);
    let team = entry(&admin, &teams, "payments", json!({&members: both}));
    let shown = admin.get(&format!("/v3/teams/{team}")).expect(200)["team"].clone();
    let reference = json!({"id": team, "external_id": "payments", "name": "payments"});
    assert_eq!((&shown["id"], &shown["name"], &shown["catalog_entry"]), (&json!(team), &json!("payments"), &reference));
    assert_eq!(texts(&shown["members"], "/id"), [ada.to_string(), bob.to_string()], "each once, in their order");

    app.user("Late");
    assert_eq!(member_names(&admin, &team), ["Ada", "Bob", "Late"], "who was waited for is in it at once");
    app.write(move |cx| User::deactivate(cx, bob).map(drop));
    assert_eq!(member_names(&admin, &team), ["Ada", "Late"]);
    change(&app, bob, |user| user.active = true);
    assert_eq!(member_names(&admin, &team), ["Ada", "Bob", "Late"]);

    let renamed = json!({"name": "Money", "external_id": "payments", "update_attributes": [], "attribute_values": {}});
    change(&app, ada, |user| user.email = Some("ada.king@acme.example".into()));
    admin.put(&at(&team), renamed).expect(200);
    assert_eq!(member_names(&admin, &team), ["Ada", "Bob", "Late"], "whatever their addresses are now");
    assert_eq!(admin.get(&format!("/v3/teams/{team}")).expect(200)["team"]["name"], "Money");
    admin.delete(&at(&team)).expect(204);
    admin.get(&format!("/v3/teams/{team}")).expect(404);
    let again = entry(&admin, &teams, "payments", json!({&members: several(&["bob@acme.example"])}));
    assert_eq!((&again, member_names(&admin, &team)), (&team, vec!["Bob".to_owned()]));
}

#[test]
fn the_team_type_stays_and_so_does_what_says_who_is_in_a_team() {
    let app = start();
    let admin = app.admin();
    let teams = own(&admin, "Team");
    admin.delete(&format!("{}/{}", super::TYPES, teams.id)).expect(422);
    let shape = super::shape(&admin, &teams);
    let members = shape["attributes"][0].clone();
    let path = format!("{}/{}/actions/update_schema", super::TYPES, teams.id);
    let itself = json!({"mode": "path", "path": [{"attribute_id": "lead"}]});
    let lead = attribute("lead", "User");
    for attributes in [
        json!([]),
        json!([with(members.clone(), json!({"array": false}))]),
        json!([with(members.clone(), json!({"type": "String"}))]),
        json!([with(members.clone(), json!({"id": "other"}))]),
        json!([with(members.clone(), itself), lead]),
    ] {
        let answer = admin.post(&path, json!({"version": shape["version"], "attributes": attributes}));
        assert_eq!(answer.status, 422, "{attributes}: {}", answer.text);
    }
    let attributes = json!([lead, with(members, json!({"name": "People", "mode": "dashboard"}))]);
    admin.post(&path, json!({"version": shape["version"], "attributes": attributes})).expect(200);
}

#[test]
fn what_a_person_set_survives_a_sync() {
    let app = start();
    let sync = app.admin();
    let person = sync.with_header("X-Incident-User", &app.user("Ada").to_string());
    let note = with(attribute("note", "String"), json!({"mode": "dashboard"}));
    let services = kind(&sync, "Service", json!([note, attribute("tier", "Number")]));
    let both = |note: &str, tier: &str| request(&services, "api", json!({"note": one(note), "tier": one(tier)}));
    let id = entry(&sync, &services, "api", json!({"note": one("first"), "tier": one("1")}));
    let shows = |note: &[&str], tier: &str| {
        let shown = whole(&sync, &id);
        assert_eq!(
            (labels(&shown, "note"), labels(&shown, "tier")),
            (note.iter().map(|s| s.to_string()).collect(), vec![tier.into()])
        );
    };
    sync.put(&at(&id), both("second", "2")).expect(200);
    shows(&["second"], "2"); // nobody has set it by hand yet

    person.put(&at(&id), both("by hand", "2")).expect(200);
    sync.put(&at(&id), both("third", "3")).expect(200);
    shows(&["by hand"], "3");
    sync.post(ENTRIES, both("fourth", "4")).expect(201);
    shows(&["by hand"], "4");
    sync.put(&at(&id), request(&services, "api", json!({"tier": one("5")}))).expect(200);
    shows(&["by hand"], "5");
    sync.delete(&at(&id)).expect(204);
    sync.post(ENTRIES, both("sixth", "6")).expect(201);
    shows(&["by hand"], "6"); // also archived and revived

    let named = with(both("named", "7"), json!({"update_attributes": ["note"]}));
    sync.put(&at(&id), named).expect(200);
    shows(&["named"], "6"); // who names it means it
    person.put(&at(&id), request(&services, "api", json!({"tier": one("6")}))).expect(200);
    shows(&[], "6"); // and a person clears it by leaving it out
}

#[test]
fn a_type_that_a_custom_field_chooses_from_stays() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([]));
    entry(&admin, &services, "api", json!({}));
    let field = json!({
        "name": "Affected", "description": "", "field_type": "single_select", "catalog_type_id": services.id,
    });
    let field = text(&admin.post("/v2/custom_fields", field).expect(201), "/custom_field/id");
    let path = format!("{}/{}", super::TYPES, services.id);
    for refused in [admin.delete(&path), admin.delete(&format!("/v2/catalog_types/{}", services.id))] {
        assert_eq!((refused.status, refused.problems()[0].0), (422, "in_use"), "{}", refused.text);
    }
    assert_eq!(listed(&admin, &services).len(), 1, "with everything in it");
    admin.delete(&format!("/v2/custom_fields/{field}")).expect(204);
    admin.delete(&path).expect(204);
    assert_eq!(admin.get(&path).status, 404);
    assert_eq!(app.texts("select name from catalog_entries where name = 'api'"), [] as [&str; 0]);
    assert_invalid(&admin.post(ENTRIES, request(&services, "api", json!({}))), &[("invalid_value", "catalog_type_id")]);
}
