//! What is refused, and what odd requests meet.

use testkit::{App, json};

use super::{
    ENTRIES, array, at, attribute, entry, found, kind, kind_with, labels, listed, one, request, reshape, several,
    start, whole,
};
use crate::support::{assert_invalid, text, with};

/// Makes the server believe that a type has `count` entries.
fn set_tally(app: &App, kind: &super::Kind, count: i64) {
    let id = kind.id.clone();
    let sql = "update catalog_tallies set n = $2 where type_id = $1";
    assert_eq!(app.write(move |cx| cx.run(sql, &store::values![id.as_str(), count])), 1);
}

#[test]
fn a_type_has_at_most_50000_entries() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([]));
    let old = entry(&admin, &services, "old", json!({}));
    admin.delete(&at(&old)).expect(204);
    let known = entry(&admin, &services, "known", json!({}));
    set_tally(&app, &services, 50_000);
    let one_more = admin.post(ENTRIES, request(&services, "new", json!({})));
    assert_invalid(&one_more, &[("invalid_value", "catalog_type_id")]);
    let revived = admin.post(ENTRIES, request(&services, "old", json!({})));
    assert_invalid(&revived, &[("invalid_value", "catalog_type_id")]);
    assert!(whole(&admin, &old)["archived_at"].is_string());
    admin.post(ENTRIES, request(&services, "known", json!({}))).expect(201);

    admin.delete(&at(&known)).expect(204);
    admin.post(ENTRIES, request(&services, "new", json!({}))).expect(201);
    let shown = admin.get(&format!("{}/{}", super::TYPES, services.id)).expect(200);
    assert_eq!(shown["catalog_type"]["estimated_count"], 50_000);
}

#[test]
fn a_bulk_update_takes_one_to_250_entries_of_one_type_all_or_none() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([attribute("tier", "Number")]));
    let others = kind(&admin, "Other", json!([]));
    let ids: Vec<_> = (0..3).map(|n| entry(&admin, &services, &format!("s-{n}"), json!({}))).collect();
    let other = entry(&admin, &others, "other", json!({}));
    let patch = |id: &str, tier: &str| json!({"entry_id": id, "attribute_values": {"tier": one(tier)}});
    let bulk = |entries: Vec<_>| {
        let body = json!({"catalog_type_id": services.id, "entries": entries});
        admin.post(&format!("{ENTRIES}/actions/bulk_update"), body)
    };
    let before = listed(&admin, &services);
    let pointing = |place: &'static str| [("invalid_value", place)];
    assert_invalid(&bulk(vec![]), &pointing("entries"));
    assert_invalid(&bulk(vec![patch(&ids[0], "1"); 251]), &pointing("entries"));
    assert_invalid(&bulk(vec![patch(&ids[0], "1"), patch(&ids[0], "2")]), &pointing("entries.1.entry_id"));
    let in_lower_case = ids[0].to_lowercase();
    assert_invalid(&bulk(vec![patch(&ids[0], "1"), patch(&in_lower_case, "2")]), &pointing("entries.1.entry_id"));
    assert_invalid(&bulk(vec![patch(&ids[0], "1"), patch(&other, "1")]), &pointing("entries.1.entry_id"));
    assert_invalid(&bulk(vec![patch(&ids[0], "1"), patch("nobody", "1")]), &pointing("entries.1.entry_id"));
    let bad = bulk(vec![patch(&ids[0], "1"), patch(&ids[1], "high")]);
    assert_invalid(&bad, &pointing("entries.1.attribute_values.tier.value.literal"));
    let taken = json!({"entry_id": ids[2], "external_id": "s-0", "attribute_values": {}});
    assert_invalid(&bulk(vec![patch(&ids[0], "1"), taken]), &pointing("entries.1.external_id"));
    assert_eq!(listed(&admin, &services), before, "nothing has changed");
    bulk(ids.iter().map(|id| patch(id, "2")).collect()).expect(204);
    assert!(listed(&admin, &services).iter().all(|entry| labels(entry, "tier") == ["2"]));
}

#[test]
fn names_find_entries_while_the_type_says_so() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([]));
    let path = format!("{}/{}", super::TYPES, services.id);
    let by_name = |yes: bool| {
        let change = json!({"name": "Service", "description": "", "use_name_as_identifier": yes});
        admin.put(&path, change).expect(200);
    };
    let hosts = kind(&admin, "Host", json!([attribute("service", &services.type_name)]));
    let host = entry(&admin, &hosts, "h", json!({"service": one("API")}));
    let id = entry(&admin, &services, "api", json!({}));
    let archived = entry(&admin, &services, "gone", json!({}));
    let renamed = |name: &str| json!({"name": name, "external_id": "api", "attribute_values": {}});
    admin.put(&at(&id), renamed("API")).expect(200);
    admin.put(&at(&archived), json!({"name": "API", "attribute_values": {}})).expect(200);
    admin.delete(&at(&archived)).expect(204);
    assert_eq!(found(&admin, &services, "API"), [] as [&str; 0]);

    for _ in 0..2 {
        by_name(true);
        assert_eq!(found(&admin, &services, "API"), [&*id]);
    }
    let v2 = admin.get(&format!("/v2/catalog_entries/{host}")).expect(200);
    let reference = &v2["catalog_entry"]["attribute_values"]["service"]["value"]["catalog_entry"];
    assert_eq!(text(reference, "/catalog_entry_id"), id, "who has waited for the name has found it");
    admin.put(&at(&id), renamed("New")).expect(200);
    assert_eq!((found(&admin, &services, "API").len(), found(&admin, &services, "New")), (0, vec![id.clone()]));
    by_name(false);
    assert_eq!((found(&admin, &services, "New").len(), found(&admin, &services, "api")), (0, vec![id]));
}

#[test]
fn an_identifier_finds_every_entry_it_fits_page_by_page() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([]));
    let mut ids = Vec::new();
    for number in 0..5 {
        let request = with(request(&services, &format!("s-{number}"), json!({})), json!({"aliases": ["all", "all"]}));
        ids.push(text(&admin.post(ENTRIES, request).expect(201), "/catalog_entry/id"));
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("{ENTRIES}?catalog_type_id={}&identifier=all&page_size=2{after}", services.id);
        let page = admin.get(&path).expect(200);
        seen.extend(crate::support::texts(&page["catalog_entries"], "/id"));
        let total = &page["pagination_meta"]["total_record_count"];
        assert!(total.is_null() || *total == 5, "{total} is not how many there are");
        let Some(next) = page["pagination_meta"]["after"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, ids);
}

#[test]
fn pages_of_a_ranked_type_go_by_rank() {
    let app = start();
    let admin = app.admin();
    let levels = kind_with(&admin, "Level", json!({"ranked": true}), json!([]));
    let mut expected = Vec::new();
    for (number, rank) in [3, 1, 2, 1, -1, 3, 0].into_iter().enumerate() {
        let request = with(request(&levels, &format!("l-{number}"), json!({})), json!({"rank": rank}));
        expected.push((rank, text(&admin.post(ENTRIES, request).expect(201), "/catalog_entry/id")));
    }
    expected.sort();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("{ENTRIES}?catalog_type_id={}&page_size=2{after}", levels.id);
        let page = admin.get(&path).expect(200);
        assert_eq!(page["pagination_meta"]["total_record_count"].as_i64(), Some(if seen.is_empty() { 7 } else { 6 }));
        seen.extend(crate::support::texts(&page["catalog_entries"], "/id"));
        if seen.len() == 2 {
            // Archived in between: the next page still begins after it.
            admin.delete(&at(&seen[1])).expect(204);
        }
        let Some(next) = page["pagination_meta"]["after"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
}

#[test]
fn long_and_many_identifiers_and_values_are_taken_or_refused_but_never_too_much() {
    let app = start();
    let admin = app.admin();
    let squads = kind(&admin, "Squad", json!([]));
    let services = kind(&admin, "Service", json!([array("tags", "String"), array("squads", &squads.type_name)]));
    let many: Vec<_> = (0..70_000).map(|n| format!("a{n}")).collect();
    let with_many = with(request(&services, "many", json!({})), json!({"aliases": many}));
    let answer = admin.post(ENTRIES, with_many);
    assert!([201, 422].contains(&answer.status), "{}", answer.text);
    // So that no compression makes it short.
    let long: String =
        (0..20_000_u64).map(|n| char::from(b'!' + (n.wrapping_mul(n ^ 0x9e37_79b9) >> 7 & 63) as u8)).collect();
    for changes in [
        json!({"name": long}),
        json!({"external_id": long}),
        json!({"aliases": [long]}),
        json!({"attribute_values": {"tags": several(&[&long])}}),
        json!({"attribute_values": {"squads": several(&[&long])}}),
    ] {
        let answer = admin.post(ENTRIES, with(request(&services, "long", json!({})), changes.clone()));
        let what: Vec<_> = changes.as_object().unwrap().keys().cloned().collect();
        assert!([201, 422].contains(&answer.status), "{what:?}: {} {}", answer.status, answer.text);
    }
    for name in [&*long, "x"] {
        let answer = admin.post(super::TYPES, json!({"name": name, "description": long, "type_name": "Custom[\"X\"]"}));
        assert!([201, 422].contains(&answer.status), "{} {}", answer.status, answer.text);
    }
    let answer = admin.post(super::TYPES, json!({"name": "Y", "description": "", "annotations": {"a\0b": "c"}}));
    assert!([201, 422].contains(&answer.status), "{} {}", answer.status, answer.text);
    let found = admin.get(&format!("{ENTRIES}?catalog_type_id={}&page_size=25&identifier=%00", services.id));
    assert!([200, 422].contains(&found.status), "{}", found.text);
}

#[test]
fn a_filter_by_a_catalog_field_takes_every_identifier_and_leaves_its_words_alone() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([]));
    let service = entry(&admin, &services, "true", json!({}));
    let field =
        json!({"name": "Affected", "description": "", "field_type": "single_select", "catalog_type_id": services.id});
    let field = text(&admin.post("/v2/custom_fields", field).expect(201), "/custom_field/id");
    let count = |operator: &str, value: &str| {
        let path = format!("/v2/incidents?custom_field[{field}][{operator}]={value}");
        admin.get(&path).expect(200)["incidents"].as_array().unwrap().len()
    };
    let incident = json!({
        "idempotency_key": "one", "visibility": "public",
        "custom_field_entries": [{"custom_field_id": field, "values": [{"value_catalog_entry_id": "true"}]}],
    });
    let incident =
        with(incident, json!({"severity_id": text(&admin.get("/v1/severities").expect(200), "/severities/0/id")}));
    admin.post("/v2/incidents", incident).expect(200);
    assert_eq!([count("one_of", "true"), count("one_of", &service), count("not_in", "true")], [1, 1, 0]);
    assert_eq!([count("is_set", "true"), count("is_blank", "true")], [1, 0], "an entry may be called so");
    admin.delete(&at(&service)).expect(204);
    assert_eq!(count("one_of", &service), 1, "by its ID, also archived");
}

#[test]
fn a_schema_that_makes_no_sense_is_pointed_at() {
    let app = start();
    let admin = app.admin();
    let squads = kind(&admin, "Squad", json!([attribute("channel", "String")]));
    let services = kind(&admin, "Service", json!([attribute("squad", &squads.type_name)]));
    let version = super::shape(&admin, &services)["version"].clone();
    let squad = attribute("squad", &squads.type_name);
    let cases = [
        (json!([attribute("a", "Nothing")]), "attributes.0.type"),
        (json!([with(attribute("a", "String"), json!({"name": " "}))]), "attributes.0.name"),
        (json!([attribute("a", "String"), with(attribute("b", "String"), json!({"name": "a"}))]), "attributes.1.name"),
        (json!([attribute("a", "String"), with(attribute("a", "String"), json!({"name": "b"}))]), "attributes.1.id"),
        (json!([super::path("a", "String", &[])]), "attributes.0.path"),
        (json!([squad, super::path("a", "String", &["squad"; 11])]), "attributes.1.path"),
        (json!([squad, super::path("a", "String", &["squad", "squad"])]), "attributes.1.path.1.attribute_id"),
        (json!([super::path("a", "String", &["a"])]), "attributes.0.path.0.attribute_id"),
        (json!([super::backlink("a", &squads.type_name, "channel")]), "attributes.0.backlink_attribute"),
        (json!([super::backlink("a", &squads.type_name, "none")]), "attributes.0.backlink_attribute"),
    ];
    for (attributes, place) in cases {
        let request = json!({"version": version, "attributes": attributes});
        let answer = admin.post(&format!("{}/{}/actions/update_schema", super::TYPES, services.id), request);
        assert_invalid(&answer, &[("invalid_value", place)]);
    }
    assert_eq!(super::shape(&admin, &services)["version"], version);
    reshape(&admin, &services, json!([squad, super::path("a", "String", &["squad", "channel"])]));
    let stale = json!({"version": version, "attributes": []});
    assert_eq!(admin.post(&format!("{}/{}/actions/update_schema", super::TYPES, services.id), stale).status, 409);
    admin.put(&format!("{}/{}", super::TYPES, services.id), json!({"name": "Service", "description": "x"})).expect(200);
    assert_eq!(super::shape(&admin, &services)["version"].as_i64(), version.as_i64().map(|version| version + 1));
}
