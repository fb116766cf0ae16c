//! The custom fields of an incident, set in a browser without scripts.

use people::users::BaseRole;
use testkit::{App, Browser, Shown, Value, json};

use crate::support::{app, declare, signed_in};

/// Adds a custom field; its ID.
fn field(app: &App, name: &str, kind: &str, catalog_type: Option<&str>) -> String {
    let field = json!({"name": name, "description": "", "field_type": kind, "catalog_type_id": catalog_type});
    text(&app.admin().post("/v2/custom_fields", field).expect(201)["custom_field"]["id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Adds an option to a field; its ID.
fn option(app: &App, field: &str, value: &str) -> String {
    let option = json!({"custom_field_id": field, "value": value});
    text(&app.admin().post("/v1/custom_field_options", option).expect(201)["custom_field_option"]["id"])
}

/// Adds a catalog type with these entries; the type's ID, and the entries'.
fn services(app: &App, names: impl IntoIterator<Item = String>) -> (String, Vec<String>) {
    let admin = app.admin();
    let made = admin.post("/v3/catalog_types", json!({"name": "Service", "description": ""})).expect(201);
    let id = text(&made["catalog_type"]["id"]);
    let entry = |name: String| {
        let entry = json!({"catalog_type_id": id, "name": name, "attribute_values": {}});
        text(&admin.post("/v3/catalog_entries", entry).expect(201)["catalog_entry"]["id"])
    };
    let entries = names.into_iter().map(entry).collect();
    (id, entries)
}

/// Sends the form of an incident's fields.
fn send(browser: &Browser, incident: &str, fields: &[(String, &str)]) -> Shown {
    let path = format!("{incident}/fields");
    browser.get(&path).expect(200);
    browser.submit(&path, &fields.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>())
}

/// What an incident's fields hold: their names, each with its values.
fn held(app: &App, incident: &str) -> Vec<(String, Vec<String>)> {
    let incident = app.admin().get(&incident.replace("/incidents", "/v2/incidents")).expect(200);
    let value = |value: &Value| match value.as_object().unwrap().values().next().unwrap() {
        Value::String(plain) => plain.clone(),
        chosen => text(if chosen["value"].is_null() { &chosen["name"] } else { &chosen["value"] }),
    };
    let entries = incident["incident"]["custom_field_entries"].as_array().unwrap().iter();
    let entries = entries.map(|entry| {
        (text(&entry["custom_field"]["name"]), entry["values"].as_array().unwrap().iter().map(value).collect())
    });
    entries.collect()
}

#[test]
fn fields_of_every_kind_are_set_and_cleared() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    let (services, entries) = services(&app, ["Basket".to_owned(), "Stock".to_owned()]);
    let [cause, hit, note, graph, lost, owner] = [
        field(&app, "Cause", "single_select", None),
        field(&app, "Hit", "multi_select", Some(&services)),
        field(&app, "Note", "text", None),
        field(&app, "Graph", "link", None),
        field(&app, "Lost", "numeric", None),
        field(&app, "Owner", "single_select", Some(&services)),
    ];
    let (bug, load) = (option(&app, &cause, "Bug"), option(&app, &cause, "Load"));
    assert!(browser.get(&incident).expect(200).says("None of them is set"));
    let path = format!("{incident}/fields");
    let form = browser.get(&path).expect(200);
    assert_eq!(form.option("Load").as_ref(), Some(&load));
    assert!(form.says("<span>Basket</span>") && form.option("Stock").as_ref() == Some(&entries[1]));

    let all = [
        (format!("value_option_id.{cause}"), &*bug),
        (format!("value_catalog_entry_id.{hit}"), ""),
        (format!("value_catalog_entry_id.{hit}"), &*entries[0]),
        (format!("value_catalog_entry_id.{hit}"), &*entries[1]),
        (format!("value_text.{note}"), "Since noon"),
        (format!("value_link.{graph}"), "https://graphs.example/1"),
        (format!("value_numeric.{lost}"), "12.5"),
        (format!("value_catalog_entry_id.{owner}"), &*entries[1]),
    ];
    assert_eq!(send(&browser, &incident, &all).leads_to(), incident);
    let value = |name: &str, values: &[&str]| (name.to_owned(), values.iter().map(|v| (*v).to_owned()).collect());
    let expected: [(String, Vec<String>); 6] = [
        value("Cause", &["Bug"]),
        value("Hit", &["Basket", "Stock"]),
        value("Note", &["Since noon"]),
        value("Graph", &["https://graphs.example/1"]),
        value("Lost", &["12.5"]),
        value("Owner", &["Stock"]),
    ];
    assert_eq!(held(&app, &incident), expected);
    let page = browser.get(&incident).expect(200);
    assert!(page.says("Basket, Stock") && page.says("href=\"https://graphs.example/1\""));
    let form = browser.get(&path).expect(200);
    assert!(form.says("value=\"Since noon\"") && form.text.matches("\" checked>").count() == 2, "{}", form.text);
    assert!(form.says(&format!("<option value=\"{bug}\" selected>")));

    let cleared = [
        (format!("value_option_id.{cause}"), ""),
        (format!("value_catalog_entry_id.{hit}"), ""),
        (format!("value_text.{note}"), " "),
    ];
    send(&browser, &incident, &cleared).leads_to();
    assert_eq!(held(&app, &incident), expected[3..], "what the form didn't hold stays");
}

#[test]
fn what_is_wrong_with_a_field_stands_beside_it_and_all_that_was_typed_stays() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    let (note, lost) = (field(&app, "Note", "text", None), field(&app, "Lost", "numeric", None));
    let wrong = [(format!("value_text.{note}"), "Since noon"), (format!("value_numeric.{lost}"), "many")];
    let refused = send(&browser, &incident, &wrong).expect(422);
    assert!(refused.says(&format!("id=\"value_numeric.{lost}-error\"")), "{}", refused.text);
    assert!(refused.says("value=\"Since noon\"") && refused.says("value=\"many\""));
    assert!(held(&app, &incident).is_empty());
}

#[test]
fn of_many_options_those_are_shown_that_are_searched_for_and_what_was_ticked_stays() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    let (services, entries) = services(&app, (0..51).map(|number| format!("Service {number:02}")));
    let own = field(&app, "Cause", "multi_select", None);
    let options: Vec<_> = (0..51).map(|number| option(&app, &own, &format!("Cause {number:02}"))).collect();
    let catalog = field(&app, "Hit", "multi_select", Some(&services));
    for (field, input, ids, what) in
        [(&own, "value_option_id", &options, "Cause"), (&catalog, "value_catalog_entry_id", &entries, "Service")]
    {
        let input = format!("{input}.{field}");
        let empty = browser.get(&format!("{incident}/fields")).expect(200);
        assert!(empty.says(&format!("name=\"search.{field}\"")) && !empty.says(&format!("<span>{what} 07</span>")));
        let find = |text: &str, ticked: &[&str]| {
            let mut fields = vec![("find".to_owned(), field.as_str()), (format!("search.{field}"), text)];
            fields.extend(ticked.iter().map(|id| (input.clone(), *id)));
            send(&browser, &incident, &fields).expect(200)
        };
        let found = find(&format!("{} 07", what.to_uppercase()), &[]);
        assert!(found.says(&format!("<span>{what} 07</span>")) && !found.says(&format!("<span>{what} 08</span>")));
        let found = find("08", &[&ids[7]]);
        assert!(found.says(&format!("value=\"{}\" checked><span>{what} 07</span>", ids[7])), "{}", found.text);
        assert!(found.says(&format!("value=\"{}\"><span>{what} 08</span>", ids[8])));
        assert!(find("nothing", &[]).says("Nothing has that in its name"));
        send(&browser, &incident, &[(input.clone(), &ids[7]), (input.clone(), &ids[8])]).leads_to();
        let form = browser.get(&format!("{incident}/fields")).expect(200);
        assert!(form.says(&format!("checked><span>{what} 07</span>")), "what it holds is shown without searching");
    }
    assert_eq!(held(&app, &incident)[1].1, ["Service 07", "Service 08"]);
}

#[test]
fn without_custom_fields_it_is_said_what_they_are_for() {
    let app = app();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    let incident = declare(&browser, "Checkout is down");
    assert!(!browser.get(&incident).says("id=\"fields\""));
    let page = browser.get(&format!("{incident}/fields")).expect(200);
    assert!(page.says("There are no custom fields") && page.says("/settings/custom-fields/new"));
}
