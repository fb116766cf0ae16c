//! Paths and backlinks: what they reach, and that they cost a bounded amount of work.

use std::time::{Duration, Instant};

use catalog::entries::{Draft, Given, create};
use catalog::types::Types;
use testkit::{App, json};

use super::{
    Kind, array, at, attribute, backlink, entry, kind, labels, listed, one, path, reshape, several, start, whole,
};
use crate::support::{text, texts, with};

/// Adds `count` entries that all have this value.
fn add_many(app: &App, kind: &Kind, count: usize, attribute: &str, literal: &str) {
    let (id, attribute, literal) = (kind.id.clone(), attribute.to_owned(), literal.to_owned());
    app.write(move |cx| {
        let types = cx.cached::<Types>()?;
        let catalog_type = types.named("catalog_type_id", &id)?;
        for number in 0..count {
            let value = Given::several([literal.clone()]);
            let values = [(attribute.clone(), value)].into_iter().collect();
            create(cx, catalog_type, Draft { name: format!("n-{number}"), values, ..Draft::default() })?;
        }
        Ok(())
    });
}

/// What `ask` answers; it has to take less than five seconds in a slow build too.
#[expect(clippy::disallowed_methods, reason = "how long it takes is the promise")]
fn soon<T>(ask: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let answer = ask();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    answer
}

#[test]
fn circles_of_references_answer_soon_and_each_entry_once() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([]));
    reshape(&admin, &services, json!([array("next", &services.type_name)]));
    let ten_on = ["next"; 10];
    let there_and_back = ["back", "next", "back", "next", "back", "next", "back", "next", "back", "next"];
    reshape(
        &admin,
        &services,
        json!([
            array("next", &services.type_name),
            backlink("back", &services.type_name, "next"),
            path("ten_on", &services.type_name, &ten_on),
            path("around", &services.type_name, &there_and_back),
        ]),
    );
    let ids = ["a", "b", "c"].map(|name| {
        let next = match name {
            "a" => vec!["b", "a"],
            "b" => vec!["c", "c"],
            _ => vec!["a"],
        };
        entry(&admin, &services, name, json!({"next": several(&next)}))
    });
    let [a, b, c] = ids.map(|id| soon(|| whole(&admin, &id)));
    assert_eq!([labels(&a, "back"), labels(&b, "back"), labels(&c, "back")], [vec!["a", "c"], vec!["a"], vec!["b"]]);
    let sorted = |mut labels: Vec<String>| {
        labels.sort();
        labels.concat()
    };
    assert_eq!([&a, &b, &c].map(|entry| sorted(labels(entry, "ten_on"))), ["abc", "abc", "abc"]);
    assert_eq!([&a, &b, &c].map(|entry| sorted(labels(entry, "around"))), ["ab", "ab", "c"]);
}

#[test]
fn no_derived_attribute_has_more_than_1000_values() {
    let app = start();
    let admin = app.admin();
    let (services, teams) = (kind(&admin, "Service", json!([])), kind(&admin, "Squad", json!([])));
    reshape(&admin, &services, json!([array("squads", &teams.type_name), array("needs", &services.type_name)]));
    reshape(
        &admin,
        &teams,
        json!([
            backlink("services", &services.type_name, "squads"),
            path("neighbours", &teams.type_name, &["services", "squads", "services", "squads"]),
            path("all_services", &services.type_name, &["services", "squads", "services"]),
        ]),
    );
    let squad = entry(&admin, &teams, "payments", json!({}));
    add_many(&app, &services, 1_500, "squads", "payments");
    let shown = soon(|| whole(&admin, &squad));
    assert_eq!(labels(&shown, "services").len(), 1_000);
    assert_eq!(labels(&shown, "all_services").len(), 1_000);
    assert_eq!(labels(&shown, "neighbours"), ["payments"]);
    let once: std::collections::BTreeSet<_> =
        texts(&shown["attribute_values"]["services"]["array_value"], "/literal").into_iter().collect();
    assert_eq!(once.len(), 1_000, "each once");

    let without = soon(|| admin.get(&at(&squad)).expect(200));
    assert_eq!(without["catalog_entry"]["attribute_values"], json!({}), "not without being asked for");
    let own = soon(|| admin.get(&format!("{}?expand=false", at(&squad))).expect(200));
    assert_eq!(own["catalog_entry"]["attribute_values"], json!({}));
    assert_eq!(soon(|| listed(&admin, &services)).len(), 250);
}

#[test]
fn a_path_reaches_texts_and_shows_what_is_not_archived() {
    let app = start();
    let admin = app.admin();
    let teams = kind(&admin, "Squad", json!([attribute("channel", "String")]));
    let services = kind(&admin, "Service", json!([attribute("squad", &teams.type_name)]));
    reshape(
        &admin,
        &services,
        json!([attribute("squad", &teams.type_name), path("channel", "String", &["squad", "channel"])]),
    );
    let squad = entry(&admin, &teams, "payments", json!({"channel": one("#pay")}));
    let service = entry(&admin, &services, "api", json!({"squad": one("payments")}));
    let shown = admin.get(&at(&service)).expect(200)["catalog_entry"].clone();
    assert_eq!(labels(&shown, "channel"), ["#pay"], "going forward is shown without asking");

    admin.delete(&at(&squad)).expect(204);
    let shown = whole(&admin, &service);
    assert_eq!((labels(&shown, "channel").len(), labels(&shown, "squad")), (0, vec!["payments".to_owned()]));
}

#[test]
fn a_path_that_has_broken_off_has_no_values() {
    let app = start();
    let admin = app.admin();
    let teams = kind(&admin, "Squad", json!([attribute("channel", "String")]));
    let services = kind(&admin, "Service", json!([attribute("squad", &teams.type_name)]));
    reshape(
        &admin,
        &services,
        json!([attribute("squad", &teams.type_name), path("channel", "String", &["squad", "channel"])]),
    );
    entry(&admin, &teams, "payments", json!({"channel": one("#pay")}));
    let service = entry(&admin, &services, "api", json!({"squad": one("payments")}));
    reshape(&admin, &teams, json!([]));
    assert_eq!(labels(&whole(&admin, &service), "channel"), [] as [&str; 0]);
}

#[test]
fn what_an_attribute_held_is_gone_when_it_comes_back() {
    let app = start();
    let admin = app.admin();
    let teams = kind(&admin, "Squad", json!([]));
    let both = json!([attribute("squad", &teams.type_name), attribute("tier", "Number")]);
    let services = kind(&admin, "Service", both.clone());
    let squads = json!([backlink("services", &services.type_name, "squad")]);
    reshape(&admin, &teams, squads);
    let squad = entry(&admin, &teams, "payments", json!({}));
    let service = entry(&admin, &services, "api", json!({"squad": one("payments"), "tier": one("1")}));
    assert_eq!(labels(&whole(&admin, &squad), "services"), ["api"]);

    reshape(&admin, &services, json!([attribute("tier", "Number")]));
    assert_eq!(labels(&whole(&admin, &squad), "services"), [] as [&str; 0]);
    assert_eq!(app.texts("select literal from catalog_links"), [] as [&str; 0]);
    reshape(&admin, &services, both.clone());
    assert_eq!(whole(&admin, &service)["attribute_values"], json!({"tier": {"value": {"literal": "1", "label": "1"}}}));
    assert_eq!(labels(&whole(&admin, &squad), "services"), [] as [&str; 0]);

    reshape(&admin, &services, json!([attribute("squad", &teams.type_name), attribute("tier", "String")]));
    assert_eq!(whole(&admin, &service)["attribute_values"], json!({}), "nor as something else");
    let renamed =
        json!([attribute("squad", &teams.type_name), with(attribute("tier", "Text"), json!({"name": "Level"}))]);
    entry(&admin, &services, "api", json!({"tier": one("high")}));
    reshape(&admin, &services, renamed);
    assert_eq!(labels(&whole(&admin, &service), "tier"), ["high"], "text stays text under any name");
}

#[test]
fn references_wait_follow_the_entry_they_found_and_wait_again_when_its_type_goes() {
    let app = start();
    let admin = app.admin();
    let teams = kind(&admin, "Squad", json!([]));
    let services = kind(&admin, "Service", json!([attribute("squad", &teams.type_name)]));
    let service = entry(&admin, &services, "api", json!({"squad": one("payments")}));
    assert_eq!(labels(&whole(&admin, &service), "squad"), ["payments"], "the literal, as long as it waits");
    let squad = entry(&admin, &teams, "payments", json!({}));
    admin.put(&at(&squad), json!({"name": "Money", "external_id": "money", "attribute_values": {}})).expect(200);
    assert_eq!(labels(&whole(&admin, &service), "squad"), ["Money"]);
    let change = json!({"name": "API", "external_id": "api", "update_attributes": [], "attribute_values": {}});
    admin.put(&at(&service), change).expect(200);
    assert_eq!(labels(&whole(&admin, &service), "squad"), ["Money"], "nobody has changed the attribute");

    admin.delete(&format!("{}/{}", super::TYPES, teams.id)).expect(204);
    assert_eq!(labels(&whole(&admin, &service), "squad"), ["payments"]);
    let again = kind(&admin, "Squad", json!([]));
    assert_eq!(again.type_name, teams.type_name, "its names are free at once");
    let squad = entry(&admin, &again, "payments", json!({}));
    admin.put(&at(&squad), json!({"name": "New", "external_id": "payments", "attribute_values": {}})).expect(200);
    assert_eq!(labels(&whole(&admin, &service), "squad"), ["New"]);
    let v2 = admin.get(&format!("/v2/catalog_entries/{service}")).expect(200);
    let reference = &v2["catalog_entry"]["attribute_values"]["squad"]["value"]["catalog_entry"];
    assert_eq!(text(reference, "/catalog_entry_id"), squad);
}
