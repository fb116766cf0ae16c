//! Changing entries: some of their attributes, many at once, and side by side with others.

use incident_io::apis::catalog_v3_api::*;
use reqwest::header::{ETAG, HeaderMap, HeaderName, IF_MATCH};
use tokio::task::JoinSet;

use super::*;
use crate::support::{Refusal, Server, invalid, refused, word};

/// A type with two attributes that hold text, and one that holds several.
async fn service(key: &Key) -> CatalogTypeV3 {
    let attributes =
        vec![attribute("A", "String", false), attribute("B", "String", false), attribute("C", "String", true)];
    type_with(key, "Service", attributes).await
}

/// What an entry has: `a=1 c=x,y`.
fn told(entry: &CatalogEntryV3) -> String {
    let told = |(id, values): (String, Vec<(String, String)>)| {
        let literals: Vec<_> = values.into_iter().map(|(literal, _)| literal).collect();
        format!("{id}={}", literals.join(","))
    };
    shown(entry).into_iter().map(told).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn update_attributes_has_four_meanings() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let all = || values([("a", one("1")), ("b", one("2")), ("c", several(&["x", "y"]))]);
    let till = create(&root, New::new(all(), &service.id, "Till")).await.unwrap();
    for (only, expected) in [
        (None, "a=9"),
        (Some(vec!["a"]), "a=9 b=2 c=x,y"),
        (Some(vec!["a", "b"]), "a=9 c=x,y"),
        (Some(vec!["c"]), "a=1 b=2"),
        (Some(vec![]), "a=1 b=2 c=x,y"),
    ] {
        update(&root, &till.id, Change::new(all(), "Till")).await.unwrap();
        let mut change = Change::new(values([("a", one("9"))]), "Till");
        change.update_attributes = only.as_deref().map(strings);
        assert_eq!(told(&update(&root, &till.id, change).await.unwrap()), expected, "{only:?}");
        assert_eq!(told(&show(&root, &till.id).await.unwrap()), expected, "{only:?}");
    }
    let unknown = Change::new(HashMap::new(), "Till").set_update_attributes(strings(&["a", "z"]));
    invalid(update(&root, &till.id, unknown).await, "invalid_value", "update_attributes.1");
}

#[tokio::test]
async fn what_a_person_set_in_the_dashboard_survives_a_sync_that_does_not_name_it() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user_as("Ada", "ada@example.com", "owner");
    let attributes = vec![attribute("A", "String", false).set_mode(word("dashboard")), attribute("B", "String", false)];
    let service = type_with(&root, "Service", attributes).await;
    let sync =
        |a: &str| New::new(values([("a", one(a)), ("b", one("2"))]), &service.id, "Till").set_external_id("till");
    let till = create(&root, sync("1")).await.unwrap();
    assert_eq!(told(&create(&root, sync("9")).await.unwrap()), "a=9 b=2", "nobody has set it yet");
    let by_hand = Change::new(values([("a", one("mine"))]), "Till").set_external_id("till");
    let ada = with_header(&root, HeaderName::from_static("x-incident-user"), &ada);
    update(&ada, &till.id, by_hand).await.unwrap();
    assert_eq!(told(&create(&root, sync("1")).await.unwrap()), "a=mine b=2");
    let without = Change::new(values([("b", one("3"))]), "Till").set_external_id("till");
    assert_eq!(told(&update(&root, &till.id, without.clone()).await.unwrap()), "a=mine b=3");
    let named = without.set_update_attributes(strings(&["a"]));
    assert_eq!(told(&update(&root, &till.id, named).await.unwrap()), "b=3");
}

#[tokio::test]
async fn a_bulk_update_changes_what_it_names_and_leaves_the_rest() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let full = |name: &str| {
        New::new(values([("a", one("1")), ("b", one("2"))]), &service.id, name)
            .set_external_id(name)
            .set_aliases(strings(&["alias"]))
            .set_rank(7)
    };
    let till = create(&root, full("Till")).await.unwrap();
    let stock = create(&root, full("Stock")).await.unwrap();
    let patches = vec![
        Patch::new(values([("a", one("9"))]), &till.id),
        Patch::new(HashMap::new(), &stock.id)
            .set_name("Stores")
            .set_external_id("stores")
            .set_aliases(vec![])
            .set_rank(0),
    ];
    update_many(&root, &service, patches, Some(&["a"])).await.unwrap();
    let (till, stock) = (show(&root, &till.id).await.unwrap(), show(&root, &stock.id).await.unwrap());
    assert_eq!(
        (till.name.as_str(), till.external_id.as_deref(), told(&till)),
        ("Till", Some("Till"), "a=9 b=2".into())
    );
    assert_eq!((&till.aliases, till.rank), (&strings(&["alias"]), 0), "only a rank that is left out goes");
    assert_eq!((stock.name.as_str(), stock.external_id.as_deref()), ("Stores", Some("stores")));
    assert_eq!((told(&stock).as_str(), stock.aliases.len()), ("b=2", 0));

    let patch = Patch::new(values([("c", several(&["x"]))]), &till.id);
    update_many(&root, &service, vec![patch], None).await.unwrap();
    assert_eq!(told(&show(&root, &till.id).await.unwrap()), "c=x");
}

#[tokio::test]
async fn a_bulk_update_changes_all_or_nothing() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let other = type_with(&root, "Other", vec![]).await;
    let till = create(&root, new(&service, "Till").set_external_id("till")).await.unwrap();
    let stock = create(&root, new(&service, "Stock").set_external_id("stock")).await.unwrap();
    let elsewhere = entry(&root, &other, "Elsewhere").await;
    let renamed = |entry: &CatalogEntryV3| Patch::new(HashMap::new(), &entry.id).set_name("Changed");
    let patches = vec![
        renamed(&till),
        Patch::new(values([("a", several(&["1"])), ("z", one("1"))]), &stock.id).set_external_id("till"),
        Patch::new(HashMap::new(), NO_ID),
        renamed(&elsewhere),
        renamed(&till),
    ];
    let refusal = refused(update_many(&root, &service, patches, None).await, 422);
    for place in [
        "entries.1.attribute_values.a.array_value",
        "entries.1.attribute_values.z",
        "entries.1.external_id",
        "entries.2.entry_id",
        "entries.3.entry_id",
        "entries.4.entry_id",
    ] {
        assert!(refusal.points_at("invalid_value", place), "{place}: {:?}", refusal.errors);
    }
    assert_eq!(names(&root, of(&service)).await, ["Till", "Stock"]);
    assert_eq!(names(&root, of(&other)).await, ["Elsewhere"]);
    let nowhere = CatalogBulkUpdateEntriesPayloadV3::new(NO_ID, vec![renamed(&till)]);
    let nowhere = catalog_v3_bulk_update_entries(&root, CatalogV3BulkUpdateEntriesParams::new(nowhere)).await;
    invalid(nowhere, "invalid_value", "catalog_type_id");
}

#[tokio::test]
async fn a_bulk_update_takes_250_entries() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let make = |n: usize| {
        let (root, new) = (root.clone(), new(&service, &format!("{n}")).set_external_id(format!("{n}")));
        async move { create(&root, new).await.unwrap().id }
    };
    let ids = (0..251).map(make).collect::<JoinSet<_>>().join_all().await;
    let patches = |ids: &[String]| ids.iter().map(|id| Patch::new(HashMap::new(), id).set_name("Changed")).collect();
    invalid(update_many(&root, &service, patches(&ids), None).await, "invalid_value", "entries");
    invalid(update_many(&root, &service, vec![], None).await, "invalid_value", "entries");
    assert!(names(&root, of(&service)).await.iter().all(|name| name != "Changed"));
    update_many(&root, &service, patches(&ids[..250]), None).await.unwrap();
    let page = list(&root, of(&service)).await.unwrap();
    let last = list(&root, of(&service).set_after(page.pagination_meta.after.unwrap())).await.unwrap();
    let all = page.catalog_entries.into_iter().chain(last.catalog_entries);
    assert_eq!(all.filter(|one| one.name == "Changed").count(), 250);
}

/// The `ETag` of an entry, and what it has for `c`.
async fn seen(key: &Key, id: &str) -> (String, Vec<String>) {
    let request = key.client.get(format!("{}/v3/catalog_entries/{id}", key.base_path));
    let answer = request.bearer_auth(key.bearer_access_token.as_ref().unwrap()).send().await.unwrap();
    let tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
    let body: incident_io::models::CatalogShowEntryResultV3 = answer.json().await.unwrap();
    (tag, literals(&body.catalog_entry, "c"))
}

/// A key that sends this header along.
fn with_header(key: &Key, name: HeaderName, value: &str) -> Key {
    let mut sending = key.clone();
    let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
    sending.client = reqwest::Client::builder().default_headers(headers).build().unwrap();
    sending
}

/// A key whose changes count only while their target is as it was seen.
fn expecting(key: &Key, tag: &str) -> Key {
    with_header(key, IF_MATCH, tag)
}

#[tokio::test]
async fn a_change_that_says_what_it_has_seen_is_refused_once_that_is_outdated() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let till = entry(&root, &service, "Till").await;
    let (tag, _) = seen(&root, &till.id).await;
    let change = |name: &str| Change::new(HashMap::new(), name);
    update(&expecting(&root, &tag), &till.id, change("First")).await.unwrap();
    refused(update(&expecting(&root, &tag), &till.id, change("Second")).await, 409);
    assert_eq!(show(&root, &till.id).await.unwrap().name, "First");
    assert_ne!(seen(&root, &till.id).await.0, tag);
    update(&root, &till.id, change("Third")).await.unwrap();
}

#[tokio::test]
async fn nobody_is_lost_when_twenty_join_at_once_and_say_what_they_have_seen() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let till = create(&root, New::new(values([("a", one("1"))]), &service.id, "Till")).await.unwrap();
    let join = |n: usize| {
        let (root, id) = (root.clone(), till.id.clone());
        async move {
            loop {
                let (tag, mut there) = seen(&root, &id).await;
                there.push(format!("{n:02}"));
                let there: Vec<_> = there.iter().map(String::as_str).collect();
                let change =
                    Change::new(values([("c", several(&there))]), "Till").set_update_attributes(strings(&["c"]));
                match update(&expecting(&root, &tag), &id, change).await {
                    Ok(_) => break,
                    outdated => drop(refused(outdated, 409)),
                }
            }
        }
    };
    (0..20).map(join).collect::<JoinSet<_>>().join_all().await;
    let joined = show(&root, &till.id).await.unwrap();
    let mut there = literals(&joined, "c");
    there.sort();
    assert_eq!(there, (0..20).map(|n| format!("{n:02}")).collect::<Vec<_>>());
    assert_eq!(literals(&joined, "a"), ["1"]);
}
