//! Entries: what they hold, and how they come and go.

use serde_json::json;
use tokio::task::JoinSet;

use super::*;
use crate::support::{Refusal, Server, absent, invalid, refused};

/// A type with an attribute of every kind.
async fn varied(key: &Key) -> CatalogTypeV3 {
    let attributes = vec![
        attribute("Line", "String", false),
        attribute("Notes", "Text", false),
        attribute("Tier", "Number", false),
        attribute("Live", "Bool", false),
        attribute("Tags", "String", true),
        attribute("Ports", "Number", true),
        attribute("Owner", "User", false),
        attribute("Needs", "Custom[\"Service\"]", true),
    ];
    type_with(key, "Service", attributes).await
}

#[tokio::test]
async fn an_entry_is_made_shown_changed_and_archived() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let till = New::new(values([("line", one("Front"))]), &service.id, "Till")
        .set_external_id("backstage/till")
        .set_aliases(strings(&["cash desk", "till@example.com", "cash desk"]))
        .set_rank(3);
    let made = create(&root, till).await.unwrap();
    assert_eq!((made.name.as_str(), made.external_id.as_deref()), ("Till", Some("backstage/till")));
    assert_eq!((&made.aliases, made.rank), (&strings(&["cash desk", "till@example.com"]), 3));
    assert_eq!((&made.catalog_type_id, made.archived_at), (&service.id, None));
    assert!(
        made.custom_aliases.is_empty() && !service.supports_custom_aliases,
        "its aliases can be changed as they are"
    );
    assert_eq!(show(&root, &made.id).await.unwrap(), made);
    let page = list(&root, of(&service)).await.unwrap();
    assert_eq!((&page.catalog_entries[..], page.catalog_type.estimated_count), (&[made.clone()][..], Some(1)));
    assert_eq!(page.pagination_meta.total_record_count, Some(1));

    let change = Change::new(values([("line", one("Back"))]), "Cash desk").set_aliases(vec![]).set_rank(0);
    let changed = update(&root, &made.id, change).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.external_id.as_ref(), changed.rank), ("Cash desk", None, 0));
    assert_eq!((changed.aliases.len(), literals(&changed, "line")), (0, strings(&["Back"])));
    assert!(changed.updated_at > made.updated_at && changed.created_at == made.created_at);
    assert_eq!(show(&root, &made.id).await.unwrap(), changed);

    delete(&root, &made.id).await.unwrap();
    let archived = show(&root, &made.id).await.unwrap();
    assert!(archived.archived_at.is_some_and(|at| at >= changed.updated_at));
    assert_eq!((archived.name.as_str(), literals(&archived, "line")), ("Cash desk", strings(&["Back"])));
    assert!(names(&root, of(&service)).await.is_empty() && found(&root, &service, &made.id).await.is_empty());
    assert_eq!(show_type(&root, &service.id).await.unwrap().estimated_count, Some(0));
    delete(&root, &made.id).await.unwrap();
    assert_eq!(show(&root, &made.id).await.unwrap(), archived, "archiving twice changes nothing");
    absent(show(&root, NO_ID).await);
    absent(update(&root, NO_ID, Change::new(HashMap::new(), "Nothing")).await);
    absent(delete(&root, NO_ID).await);
}

#[tokio::test]
async fn values_of_every_kind_come_back_as_they_were_written() {
    let server = Server::start();
    let root = server.root();
    server.add_user("Ada", "ada@example.com");
    let service = varied(&root).await;
    create(&root, new(&service, "Stock").set_external_id("stock")).await.unwrap();
    let notes = "  # Till\r\n\r\n- \"quoted\" <b>&amp;</b>\t\\n é 日本 \u{1f4b6}\n";
    let given = values([
        ("line", one("")),
        ("notes", one(notes)),
        ("tier", one("3.50")),
        ("live", one("false")),
        ("tags", several(&["b", "a", "b", ""])),
        ("ports", several(&[])),
        ("owner", one("ada@example.com")),
        ("needs", several(&["stock"])),
    ]);
    let made = create(&root, New::new(given, &service.id, "Till")).await.unwrap();
    let same = |literal: &str| (literal.to_owned(), literal.to_owned());
    let expected = [
        ("line".to_owned(), vec![same("")]),
        ("live".to_owned(), vec![same("false")]),
        ("needs".to_owned(), vec![("stock".to_owned(), "Stock".to_owned())]),
        ("notes".to_owned(), vec![same(notes)]),
        ("owner".to_owned(), vec![("ada@example.com".to_owned(), "Ada".to_owned())]),
        ("ports".to_owned(), vec![]),
        ("tags".to_owned(), ["b", "a", "b", ""].map(same).to_vec()),
        ("tier".to_owned(), vec![same("3.50")]),
    ];
    assert_eq!(shown(&made), expected);
    assert!(made.attribute_values["ports"].array_value.as_ref().is_some_and(Vec::is_empty));
    assert_eq!(show(&root, &made.id).await.unwrap(), made);
    assert_eq!(list(&root, of(&service)).await.unwrap().catalog_entries[1], made);
}

#[tokio::test]
async fn only_what_was_set_is_among_the_values() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let nothing = [("line", Binding::new()), ("tier", one("")), ("owner", one("")), ("tags", Binding::new())];
    let bare = create(&root, New::new(values(nothing), &service.id, "Bare")).await.unwrap();
    assert!(bare.attribute_values.is_empty(), "{:?}", bare.attribute_values);
    let one_value = create(&root, New::new(values([("live", one("true"))]), &service.id, "Lively")).await.unwrap();
    assert_eq!(one_value.attribute_values.keys().collect::<Vec<_>>(), ["live"]);
}

#[tokio::test]
async fn aliases_that_are_null_are_none() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let mut body = json!({
        "aliases": null,
        "attribute_values": {"line": {"value": {"literal": "Front"}, "array_value": null}, "tags": {"value": null}},
        "catalog_type_id": service.id,
        "external_id": null,
        "name": "Till",
        "rank": 0,
    });
    let send = async |method, path: String, body: &serde_json::Value| {
        let request = root.client.request(method, format!("{}{path}", root.base_path));
        let answer = request.bearer_auth(root.bearer_access_token.as_ref().unwrap()).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap()["catalog_entry"].clone())
    };
    let (status, made) = send(reqwest::Method::POST, "/v3/catalog_entries".into(), &body).await;
    assert_eq!((status, &made["aliases"], &made["rank"], made.get("external_id")), (201, &json!([]), &json!(0), None));
    assert_eq!(made["attribute_values"], json!({"line": {"value": {"literal": "Front", "label": "Front"}}}));
    body["aliases"] = json!(["cash desk"]);
    let path = format!("/v3/catalog_entries/{}", made["id"].as_str().unwrap());
    let (status, changed) = send(reqwest::Method::PUT, path.clone(), &body).await;
    assert_eq!((status, &changed["aliases"]), (200, &json!(["cash desk"])));
    body["aliases"] = json!(null);
    let (status, changed) = send(reqwest::Method::PUT, path, &body).await;
    assert_eq!((status, &changed["aliases"]), (200, &json!([])));
}

#[tokio::test]
async fn making_an_entry_with_a_known_external_id_changes_and_revives_that_one() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let first = New::new(values([("line", one("Front")), ("tier", one("1"))]), &service.id, "Till")
        .set_external_id("till")
        .set_aliases(strings(&["desk"]))
        .set_rank(2);
    let first = create(&root, first).await.unwrap();
    let again = New::new(values([("line", one("Back"))]), &service.id, "Tills").set_external_id("till");
    let changed = create(&root, again.clone()).await.unwrap();
    assert_eq!((&changed.id, changed.name.as_str(), changed.created_at), (&first.id, "Tills", first.created_at));
    assert_eq!((changed.aliases.len(), changed.rank), (0, 0));
    assert_eq!(shown(&changed), [("line".to_owned(), vec![("Back".to_owned(), "Back".to_owned())])]);
    assert_eq!(create(&root, again.clone()).await.unwrap(), changed, "a retry after a lost answer changes nothing");

    delete(&root, &first.id).await.unwrap();
    let revived = create(&root, again).await.unwrap();
    assert_eq!((&revived.id, revived.archived_at), (&first.id, None));
    assert_eq!(names(&root, of(&service)).await, ["Tills"]);
    assert_eq!(found(&root, &service, "till").await, ["Tills"]);
    let other_type = create_type(&root, NewType::new("", "Other")).await.unwrap();
    let elsewhere = create(&root, new(&other_type, "Till").set_external_id("till")).await.unwrap();
    assert_ne!(elsewhere.id, first.id, "an external ID is one entry's of its type");
}

#[tokio::test]
async fn an_archived_entry_is_revived_by_a_change_of_it() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let till = entry(&root, &service, "Till").await;
    delete(&root, &till.id).await.unwrap();
    let revived = update(&root, &till.id, Change::new(HashMap::new(), "Till")).await.unwrap();
    assert_eq!(revived.archived_at, None);
    assert_eq!(names(&root, of(&service)).await, ["Till"]);
    assert_eq!(show_type(&root, &service.id).await.unwrap().estimated_count, Some(1));
}

#[tokio::test]
async fn many_who_make_the_same_entry_at_once_make_one() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let attempt = |_| {
        let (root, new) = (root.clone(), new(&service, "Till").set_external_id("till"));
        async move { create(&root, new).await.unwrap().id }
    };
    let ids = (0..20).map(attempt).collect::<JoinSet<_>>().join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(names(&root, of(&service)).await, ["Till"]);
}

#[tokio::test]
async fn an_external_id_stays_with_its_entry_even_when_that_is_archived() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let till = create(&root, new(&service, "Till").set_external_id("till")).await.unwrap();
    let stock = create(&root, new(&service, "Stock").set_external_id("stock")).await.unwrap();
    let take = || Change::new(HashMap::new(), "Stock").set_external_id("till");
    invalid(update(&root, &stock.id, take()).await, "invalid_value", "external_id");
    delete(&root, &till.id).await.unwrap();
    invalid(update(&root, &stock.id, take()).await, "invalid_value", "external_id");
    assert_eq!(show(&root, &stock.id).await.unwrap(), stock);
    update(&root, &till.id, Change::new(HashMap::new(), "Till")).await.unwrap();
    assert_eq!(update(&root, &stock.id, take()).await.unwrap().external_id.as_deref(), Some("till"));
}

#[tokio::test]
async fn values_that_do_not_fit_are_pointed_at_together() {
    let server = Server::start();
    let root = server.root();
    let service = varied(&root).await;
    let till = entry(&root, &service, "Till").await;
    let misfits = || {
        values([
            ("line", several(&["a"])),
            ("tags", one("a")),
            ("tier", one("high")),
            ("live", one("yes")),
            ("ports", several(&["80", "http"])),
            ("mood", one("good")),
        ])
    };
    let places = [
        "attribute_values.line.array_value",
        "attribute_values.tags.value",
        "attribute_values.tier.value.literal",
        "attribute_values.live.value.literal",
        "attribute_values.ports.array_value.1.literal",
        "attribute_values.mood",
        "name",
    ];
    let made = refused(create(&root, New::new(misfits(), &service.id, " ")).await, 422);
    let changed = refused(update(&root, &till.id, Change::new(misfits(), "")).await, 422);
    for refusal in [made, changed] {
        assert!(places.iter().all(|place| refusal.points_at("invalid_value", place)), "{:?}", refusal.errors);
        assert_eq!(refusal.errors.len(), places.len());
    }
    invalid(create(&root, New::new(HashMap::new(), NO_ID, "Till")).await, "invalid_value", "catalog_type_id");
    assert_eq!(names(&root, of(&service)).await, ["Till"]);
    assert_eq!(show(&root, &till.id).await.unwrap(), till);
}
