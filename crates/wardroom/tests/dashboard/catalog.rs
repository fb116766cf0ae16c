//! The catalog and the teams, looked at and changed in a browser without scripts.

use people::users::BaseRole;
use testkit::{App, Browser, Shown, json};

use crate::support::{app, crew, person, signed_in};

/// A type of services with an attribute of each kind, and its ID.
fn services(app: &App) -> String {
    let admin = app.admin();
    let made = admin.post(
        "/v3/catalog_types",
        json!({"name": "Service", "description": "What runs", "type_name": "Custom[\"Service\"]", "use_name_as_identifier": true}),
    );
    let id = made.expect(201)["catalog_type"]["id"].as_str().unwrap().to_owned();
    let attribute = |name: &str, holds: &str, array: bool, mode: &str| json!({"id": name.to_lowercase(), "name": name, "type": holds, "array": array, "mode": mode});
    let attributes = [
        attribute("Owner", "Team", false, "dashboard"),
        attribute("Needs", "Custom[\"Service\"]", true, "api"),
        attribute("Tier", "Number", false, "api"),
        attribute("Synced", "String", false, "external"),
    ];
    let schema = json!({"version": 1, "attributes": attributes});
    admin.post(&format!("/v3/catalog_types/{id}/actions/update_schema"), schema).expect(200);
    id
}

/// Adds an entry in the browser, and says where it is.
fn add(browser: &Browser, services: &str, fields: &[(&str, &str)]) -> String {
    let path = format!("/catalog/{services}/new");
    browser.get(&path).expect(200);
    browser.submit(&path, fields).leads_to().to_owned()
}

fn entry_of(app: &App, path: &str) -> testkit::Value {
    let id = path.rsplit('/').next().unwrap();
    app.admin().get(&format!("/v3/catalog_entries/{id}")).expect(200)["catalog_entry"].take()
}

/// Opens the form of an entry: the path, and the version that it is made of.
fn edit(browser: &Browser, entry: &str) -> (String, String) {
    let path = format!("{entry}/edit");
    let version = browser.get(&path).expect(200).hidden("version").unwrap();
    (path, version)
}

#[test]
fn an_entry_is_made_found_and_linked_both_ways() {
    let (app, team) = (app(), "Platform");
    let services = services(&app);
    let team = app.team(team).to_string();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    assert!(browser.get("/catalog").expect(200).says(&services));
    let stock = add(&browser, &services, &[("name", "Stock"), ("external_id", "stock"), ("value.owner", &team)]);
    let fields =
        [("name", "Checkout"), ("aliases", "till\r\nbasket\r\n"), ("value.needs", ""), ("value.needs", "stock")];
    let checkout = add(&browser, &services, &fields);
    let page = browser.get(&checkout).expect(200);
    assert!(page.says("Checkout is in the catalog") && page.says(&stock) && page.says("<code>basket</code>"));
    let page = browser.get(&stock).expect(200);
    assert!(page.says(&format!("href=\"{checkout}\"")) && page.says("Service · Needs") && page.says("<svg viewBox"));
    assert!(browser.get(&format!("/teams/{team}")).expect(200).says(&stock), "what a team owns stands on its page");
    let list = |text: &str| browser.get(&format!("/catalog/{services}?containing={text}")).expect(200);
    for (text, finds) in [("CHECK", true), ("ask", true), ("sto", false), ("%25", false), ("_", false)] {
        assert_eq!(list(text).says(&checkout), finds, "{text}");
    }
    assert!(list("nothing").says("Nothing matches"));
}

#[test]
fn an_edit_changes_what_its_form_shows_and_keeps_the_rest() {
    let app = app();
    let services = services(&app);
    let body = json!({
        "catalog_type_id": services, "name": "Stock", "external_id": "stock", "rank": 7, "aliases": ["bags"],
        "attribute_values": {
            "synced": {"value": {"literal": "kept"}}, "tier": {"value": {"literal": "1"}},
            "needs": {"array_value": [{"literal": "not there yet"}]},
        },
    });
    let id = app.admin().post("/v3/catalog_entries", body).expect(201)["catalog_entry"]["id"].take();
    let entry = format!("/catalog/entries/{}", id.as_str().unwrap());
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let (path, version) = edit(&browser, &entry);
    let page = browser.get(&path);
    assert!(page.says("not there yet (finds nothing yet)") && page.says("derived: Synced"));
    assert!(!page.says("value.synced"), "what a program sets is not asked for");
    let fields = [
        ("version", &*version),
        ("name", "Warehouse"),
        ("external_id", "stock"),
        ("aliases", "bags"),
        ("value.tier", ""),
        ("value.needs", "not there yet"),
    ];
    assert_eq!(browser.submit(&path, &fields).leads_to(), entry);
    let now = entry_of(&app, &entry);
    assert_eq!((&now["name"], &now["rank"], &now["aliases"]), (&json!("Warehouse"), &json!(7), &json!(["bags"])));
    let values = &now["attribute_values"];
    assert_eq!(values["synced"]["value"]["literal"], "kept");
    assert_eq!(values["needs"]["array_value"][0]["literal"], "not there yet");
    assert_eq!(values["tier"]["value"], json!(null));
}

#[test]
fn of_two_who_edit_an_entry_the_second_is_told_and_undoes_nothing() {
    let app = app();
    let services = services(&app);
    let (olga, otto) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Otto", BaseRole::Owner));
    let entry = add(&olga, &services, &[("name", "Stock")]);
    let ((path, version), (_, same)) = (edit(&olga, &entry), edit(&otto, &entry));
    olga.submit(&path, &[("version", &version), ("name", "Stock of bags")]).leads_to();
    let refused = otto.submit(&path, &[("version", &same), ("name", "Stock of cups")]).expect(422);
    assert!(refused.says("Somebody else has changed it") && refused.says("value=\"Stock of cups\""));
    assert_eq!(refused.hidden("version").unwrap(), same, "sending it once more changes nothing, either");
    assert_eq!(entry_of(&app, &entry)["name"], "Stock of bags");
}

#[test]
fn what_is_wrong_with_a_value_stands_beside_its_field() {
    let app = app();
    let services = services(&app);
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let path = format!("/catalog/{services}/new");
    browser.get(&path);
    let refused = browser.submit(&path, &[("name", "Stock"), ("value.tier", "first")]).expect(422);
    assert!(refused.says("id=\"tier-error\"") && refused.says("value=\"first\"") && refused.says("value=\"Stock\""));
    add(&browser, &services, &[("name", "Stock"), ("external_id", "stock")]);
    let refused = browser.submit(&path, &[("name", "Other"), ("external_id", "stock")]).expect(422);
    assert!(refused.says("id=\"external_id-error\""), "a form for a new entry changes no other");
}

#[test]
fn an_archived_entry_is_listed_no_more_and_comes_back_when_it_is_saved() {
    let app = app();
    let services = services(&app);
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let entry = add(&browser, &services, &[("name", "Stock")]);
    browser.get(&entry);
    let list = browser.submit(&format!("{entry}/archive"), &[]).leads_to().to_owned();
    assert!(!browser.get(&list).expect(200).says(&entry));
    assert!(browser.get(&entry).expect(200).says("archived"));
    let (path, version) = edit(&browser, &entry);
    browser.submit(&path, &[("version", &version), ("name", "Stock")]).leads_to();
    assert!(browser.get(&list).says(&entry));
}

/// Sends the import form.
fn import(browser: &Browser, services: &str, content: &str, shown: Option<&str>) -> Shown {
    let path = format!("/catalog/{services}/import");
    browser.get(&path).expect(200);
    let shown = shown.map(|shown| ("shown", shown));
    browser.submit(&path, &[("content", content)].into_iter().chain(shown).collect::<Vec<_>>())
}

#[test]
fn an_import_is_shown_before_it_is_done_and_done_as_it_was_shown() {
    let app = app();
    let services = services(&app);
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let stock = add(&browser, &services, &[("name", "Stock"), ("external_id", "stock"), ("value.tier", "1")]);
    let content = "name,external_id,Tier,Needs\nStock,stock,2,\nCheckout,checkout,1,stock";
    let plan = import(&browser, &services, content, None).expect(200);
    assert!(plan.says("1 new") && plan.says("1 changed") && plan.says("Needs: Stock (stock)"));
    assert!(import(&browser, &services, "name,Owner\nStock,Nobody", None).says("Nobody (finds nothing yet)"));
    assert_eq!(entry_of(&app, &stock)["attribute_values"]["tier"]["value"]["literal"], "1", "nothing is written yet");
    let shown = plan.hidden("shown").unwrap();

    let (path, version) = edit(&browser, &stock);
    let fields = [("version", &*version), ("name", "Stock"), ("external_id", "stock"), ("value.tier", "3")];
    browser.submit(&path, &fields).leads_to();
    let again = import(&browser, &services, content, Some(&shown)).expect(422);
    assert!(again.says("has changed since you looked"));
    assert_eq!(entry_of(&app, &stock)["attribute_values"]["tier"]["value"]["literal"], "3");

    let shown = again.hidden("shown").unwrap();
    let list = import(&browser, &services, content, Some(&shown)).leads_to().to_owned();
    assert!(browser.get(&list).expect(200).says("Imported: 1 new, 1 changed"));
    assert_eq!(entry_of(&app, &stock)["attribute_values"]["tier"]["value"]["literal"], "2");
    assert!(import(&browser, &services, content, None).says("there is nothing to do"));
}

#[test]
fn an_import_that_can_t_be_read_or_done_says_why_and_changes_nothing() {
    let app = app();
    let services = services(&app);
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let refused = import(&browser, &services, "name,Colour\nStock,red", None).expect(422);
    assert!(refused.says("the type has no attribute Colour") && refused.says("Stock,red"));
    let stock = add(&browser, &services, &[("name", "Stock"), ("value.tier", "1")]);
    let content = "name,Tier\nStock,first";
    let shown = import(&browser, &services, content, None).expect(200).hidden("shown").unwrap();
    let refused = import(&browser, &services, content, Some(&shown)).expect(422);
    assert!(refused.says("Stock: Tier: "), "{}", refused.text);
    assert_eq!(entry_of(&app, &stock)["attribute_values"]["tier"]["value"]["literal"], "1");
}

#[test]
fn what_wardroom_keeps_itself_can_t_be_edited_here() {
    let app = app();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let types = app.admin().get("/v3/catalog_types").expect(200);
    let users = types["catalog_types"].as_array().unwrap().iter().find(|of| of["type_name"] == "User").unwrap();
    let users = format!("/catalog/{}", users["id"].as_str().unwrap());
    let page = browser.get(&users).expect(200);
    assert!(page.says("Olga") && !page.says(&format!("{users}/")), "neither to add nor to import");
    for path in ["new", "import"] {
        browser.get(&format!("{users}/{path}")).expect(403);
    }
}

#[test]
fn whoever_joins_a_team_is_found_among_many_people() {
    let app = app();
    let home = format!("/teams/{}", app.team("Platform"));
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let sailor = crew(&app)[250].to_string();
    assert!(browser.get(&home).expect(200).option("Sailor 250").is_none());
    let typed = [("find", "people"), ("search.people", "sailor 250")];
    let path = format!("{home}/members");
    assert_eq!(browser.submit(&path, &typed).expect(200).option("Sailor 250").as_ref(), Some(&sailor));
    browser.submit(&path, &[("user_id", &sailor)]).leads_to();
    assert!(browser.submit(&path, &typed).expect(200).option("Sailor 250").is_none(), "they belong to it already");
}

#[test]
fn somebody_joins_a_team_and_leaves_it() {
    let app = app();
    let team = app.team("Platform");
    let ada = person(&app, "Ada", BaseRole::Responder).to_string();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    assert!(browser.get("/teams").expect(200).says("Platform"));
    let home = format!("/teams/{team}");
    let person = format!("href=\"/people/{ada}\"");
    browser.get(&home).expect(200);
    for _ in 0..2 {
        assert_eq!(browser.submit(&format!("{home}/members"), &[("user_id", &ada)]).leads_to(), home);
        assert_eq!(browser.get(&home).expect(200).text.matches(&person).count(), 1, "once, however often");
    }
    assert!(browser.get(&format!("/people/{ada}")).expect(200).says(&home));
    assert_eq!(app.admin().get(&format!("/v3/teams/{team}")).expect(200)["team"]["members"][0]["id"], ada);
    browser.submit(&format!("{home}/members/{ada}/remove"), &[]).leads_to();
    assert!(!browser.get(&home).expect(200).says(&person));
    let refused = browser.submit(&format!("{home}/members"), &[("user_id", "nobody")]).expect(422);
    assert!(refused.says("id=\"user_id-error\""));
}

#[test]
fn a_viewer_looks_at_the_catalog_and_changes_nothing() {
    let app = app();
    let (services, team) = (services(&app), app.team("Platform"));
    let (owner, viewer) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Vera", BaseRole::Viewer));
    let entry = add(&owner, &services, &[("name", "Stock")]);
    let ada = person(&app, "Ada", BaseRole::Responder).to_string();
    for path in ["/catalog", "/teams", &format!("/catalog/{services}"), &entry, &format!("/teams/{team}")] {
        assert_eq!(viewer.get(path).expect(200).text.matches("method=\"post\"").count(), 1, "{path}: to sign out");
    }
    for path in [&format!("/catalog/{services}/new"), &format!("/catalog/{services}/import"), &format!("{entry}/edit")]
    {
        viewer.get(path).expect(403);
        viewer.submit(path, &[("name", "Mine"), ("version", "1"), ("content", "name\nMine")]).expect(403);
    }
    viewer.submit(&format!("{entry}/archive"), &[]).expect(403);
    viewer.submit(&format!("/teams/{team}/members"), &[("user_id", &ada)]).expect(403);
    viewer.submit(&format!("/teams/{team}/members/{ada}/remove"), &[]).expect(403);
    assert_eq!(entry_of(&app, &entry)["name"], "Stock");
}

/// Makes a type in the browser; its ID.
fn make_type(browser: &Browser, fields: &[(&str, &str)]) -> String {
    browser.get("/catalog/types/new").expect(200);
    let usual = [("icon", "server"), ("color", "green"), ("use_name_as_identifier", "true"), ("ranked", "false")];
    let shown = browser.submit("/catalog/types/new", &[&usual[..], fields].concat());
    let id = shown.leads_to().strip_prefix("/catalog/").and_then(|rest| rest.strip_suffix("/attributes"));
    id.expect("its attributes").to_owned()
}

/// Sends a form about attributes with the version of the schema that the page shows.
fn send_attribute(browser: &Browser, shown: &str, path: &str, fields: &[(&str, &str)]) -> Shown {
    let version = browser.get(shown).expect(200).hidden("version").unwrap();
    browser.submit(path, &[&[("version", &*version)], fields].concat())
}

/// Adds an attribute in the browser.
fn add_attribute(browser: &Browser, of: &str, name: &str, holds: &str, array: &str) {
    let path = format!("/catalog/{of}/attributes/new");
    let fields = [("name", name), ("type", holds), ("array", array), ("mode", "dashboard")];
    send_attribute(browser, &path, &path, &fields).leads_to();
}

fn type_of(app: &App, id: &str) -> testkit::Value {
    app.admin().get(&format!("/v3/catalog_types/{id}")).expect(200)["catalog_type"].take()
}

fn names(of: &testkit::Value) -> Vec<&str> {
    of["schema"]["attributes"].as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect()
}

#[test]
fn a_type_is_made_and_changed_and_keeps_what_its_form_does_not_show() {
    let app = app();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let team = app.team("Platform").to_string();
    let fields = [("name", "Service"), ("categories", "service"), ("owning_team_ids", &*team)];
    let id = make_type(&browser, &fields);
    let made = type_of(&app, &id);
    assert_eq!((&made["type_name"], &made["icon"]), (&json!("Custom[\"Service\"]"), &json!("server")));
    assert_eq!((&made["categories"], &made["owning_team_ids"]), (&json!(["service"]), &json!([team])));
    let noted = json!({"name": "Service", "description": "", "annotations": {"tool": "noted"}});
    app.admin().put(&format!("/v3/catalog_types/{id}"), noted).expect(200);
    let edit = format!("/catalog/types/{id}/edit");
    let form = browser.get(&edit).expect(200);
    assert!(form.says("value=\"Service\"") && form.says("value=\"box\" selected"));
    let fields = [("name", "Services"), ("description", "What runs"), ("icon", "bolt"), ("color", "pink")];
    assert_eq!(browser.submit(&edit, &fields).leads_to(), format!("/catalog/{id}"));
    let changed = type_of(&app, &id);
    assert_eq!((&changed["name"], &changed["color"]), (&json!("Services"), &json!("pink")));
    assert_eq!(changed["annotations"], json!({"tool": "noted"}));
    let refused = browser.submit("/catalog/types/new", &[("name", "Services"), ("description", "Mine")]).expect(422);
    assert!(refused.says("id=\"name-error\"") && refused.says("Mine"));
}

#[test]
fn attributes_are_added_ordered_changed_and_removed() {
    let app = app();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let id = make_type(&browser, &[("name", "Service")]);
    let list = format!("/catalog/{id}/attributes");
    assert!(browser.get(&list).expect(200).says("No attributes so far"));
    add_attribute(&browser, &id, "Tier", "Number", "false");
    add_attribute(&browser, &id, "Needs", "Custom[\"Service\"]", "true");
    add_attribute(&browser, &id, "Owner", "Team", "false");
    let attribute = |place: usize| type_of(&app, &id)["schema"]["attributes"][place].take();
    let path = |place: usize| format!("{list}/{}", attribute(place)["id"].as_str().unwrap());
    assert_eq!((&attribute(1)["type"], &attribute(1)["array"]), (&json!("Custom[\"Service\"]"), &json!(true)));
    assert!(browser.get(&list).says("An entry of Service"));
    let form = browser.get(&path(1)).expect(200);
    for held in ["value=\"Custom[&quot;Service&quot;]\" selected", "value=\"true\" selected>Several"] {
        assert!(form.says(held), "{held}: {}", form.text);
    }
    send_attribute(&browser, &list, &format!("{}/move", path(2)), &[("to", "up")]).leads_to();
    assert_eq!(names(&type_of(&app, &id)), ["Tier", "Owner", "Needs"]);
    send_attribute(&browser, &list, &format!("{}/move", path(2)), &[("to", "down")]).leads_to();
    assert_eq!(names(&type_of(&app, &id)), ["Tier", "Owner", "Needs"], "the last one stays the last");
    let stock = add(&browser, &id, &[("name", "Stock"), (&format!("value.{}", text_of(&attribute(0)["id"])), "1")]);
    let fields = [("name", "Level"), ("type", "Number"), ("array", "false"), ("mode", "api")];
    send_attribute(&browser, &path(0), &path(0), &fields).leads_to();
    assert!(browser.get(&stock).says("<dt>Level</dt>"), "what entries hold stays under the new name");
    let fields = [("name", "Owner"), ("type", "Team"), ("array", "false"), ("mode", "api")];
    let refused = send_attribute(&browser, &path(0), &path(0), &fields).expect(422);
    assert!(refused.says("id=\"name-error\""), "{}", refused.text);
    send_attribute(&browser, &list, &format!("{}/remove", path(1)), &[]).leads_to();
    assert_eq!(names(&type_of(&app, &id)), ["Level", "Needs"]);
}

fn text_of(value: &testkit::Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn of_two_who_change_a_type_s_attributes_the_second_is_told_and_undoes_nothing() {
    let app = app();
    let (olga, otto) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Otto", BaseRole::Owner));
    let id = make_type(&olga, &[("name", "Service")]);
    let path = format!("/catalog/{id}/attributes/new");
    let seen = otto.get(&path).hidden("version").unwrap();
    add_attribute(&olga, &id, "Tier", "Number", "false");
    let fields = [("version", &*seen), ("name", "Owner"), ("type", "Team"), ("array", "false"), ("mode", "api")];
    let refused = otto.submit(&path, &fields).expect(422);
    assert!(refused.says("The schema is at version 2, not 1") && refused.says("value=\"Owner\""));
    assert_eq!(names(&type_of(&app, &id)), ["Tier"]);
}

#[test]
fn a_derived_attribute_is_renamed_and_stays_derived() {
    let app = app();
    let services = services(&app);
    let mut schema = type_of(&app, &services)["schema"].take();
    let backlink = json!({
        "id": "used_by", "name": "Used by", "type": "Custom[\"Service\"]", "array": true, "mode": "backlink",
        "backlink_attribute": "needs",
    });
    schema["attributes"].as_array_mut().unwrap().push(backlink.clone());
    app.admin().post(&format!("/v3/catalog_types/{services}/actions/update_schema"), schema).expect(200);
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let path = format!("/catalog/{services}/attributes/used_by");
    assert!(!browser.get(&path).expect(200).says("name=\"type\""));
    send_attribute(&browser, &path, &path, &[("name", "Needed by")]).leads_to();
    let of = type_of(&app, &services);
    let renamed = of["schema"]["attributes"].as_array().unwrap().last().unwrap();
    assert_eq!((&renamed["name"], &renamed["mode"]), (&json!("Needed by"), &json!("backlink")));
    assert_eq!(renamed["backlink_attribute"], "needs");
}

#[test]
fn before_a_type_is_deleted_it_is_told_what_goes_with_it() {
    let app = app();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let id = make_type(&browser, &[("name", "Service")]);
    let other = make_type(&browser, &[("name", "Customer")]);
    add_attribute(&browser, &id, "Tier", "Number", "false");
    add_attribute(&browser, &other, "Buys", "Custom[\"Service\"]", "true");
    add(&browser, &id, &[("name", "Stock")]);
    let path = format!("/catalog/types/{id}/delete");
    let page = browser.get(&path).expect(200);
    for told in ["1 entry", "1 attribute", "Tier", "Customer · Buys"] {
        assert!(page.says(told), "{told}");
    }
    assert!(browser.submit(&path, &[("name", "service")]).expect(422).says("id=\"name-error\""));
    assert_eq!(browser.submit(&path, &[("name", "Service")]).leads_to(), "/catalog");
    browser.get(&format!("/catalog/{id}")).expect(404);
}

#[test]
fn a_type_that_a_custom_field_chooses_from_is_not_deleted() {
    let app = app();
    let services = services(&app);
    let field =
        json!({"name": "Affected", "description": "", "field_type": "single_select", "catalog_type_id": services});
    app.admin().post("/v2/custom_fields", field).expect(201);
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let path = format!("/catalog/types/{services}/delete");
    let page = browser.get(&path).expect(200);
    assert!(page.says("It can’t go yet") && page.says(">Affected</a>") && !page.says("Delete it with all that"));
    browser.submit(&path, &[("name", "Service")]).expect(422);
    type_of(&app, &services);
}

#[test]
fn types_are_changed_by_those_who_may_and_never_where_wardroom_keeps_them() {
    let app = app();
    let services = services(&app);
    let viewer = signed_in(&app, "Vera", BaseRole::Viewer);
    for path in ["types/new", &format!("types/{services}/edit"), &format!("types/{services}/delete")] {
        viewer.get(&format!("/catalog/{path}")).expect(403);
        viewer.submit(&format!("/catalog/{path}"), &[("name", "Service"), ("description", "x")]).expect(403);
    }
    viewer.get(&format!("/catalog/{services}/attributes")).expect(403);
    let fields = [("version", "2"), ("name", "x"), ("type", "Number")];
    viewer.submit(&format!("/catalog/{services}/attributes/new"), &fields).expect(403);
    viewer.submit(&format!("/catalog/{services}/attributes/tier/remove"), &[("version", "2")]).expect(403);
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let types = app.admin().get("/v3/catalog_types").expect(200);
    let users = types["catalog_types"].as_array().unwrap().iter().find(|of| of["type_name"] == "User").unwrap();
    let users = users["id"].as_str().unwrap();
    for path in [format!("types/{users}/edit"), format!("types/{users}/delete"), format!("{users}/attributes")] {
        owner.get(&format!("/catalog/{path}")).expect(403);
    }
}
