//! The attributes of a type.

use super::*;
use crate::support::{Refusal, Server, invalid, refused, text, word};

/// The attributes of a type: ID, name, what it holds, and who sets its values.
fn attributes(catalog_type: &CatalogTypeV3) -> Vec<(String, String, String, String)> {
    let told = |one: &incident_io::models::CatalogTypeAttributeV3| {
        (one.id.clone(), one.name.clone(), one.r#type.clone(), text(&one.mode))
    };
    catalog_type.schema.attributes.iter().map(told).collect()
}

#[tokio::test]
async fn attributes_keep_their_order_and_the_ids_that_the_client_chose() {
    let server = Server::start();
    let root = server.root();
    let made = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let given = vec![
        attribute("Tier", "Number", false).set_id("01KAAAAAAAAAAAAAAAAAAAAAAA").set_mode(word("api")),
        attribute("Owner", "User", false).set_id("owner of the thing").set_mode(word("dashboard")),
        attribute("Needs", "Custom[\"Service\"]", true).set_mode(word("external")),
        attribute("Notes", "Text", true),
    ];
    let changed = update_schema(&root, &made.id, Schema::new(given.clone(), 1)).await.unwrap();
    assert_eq!(changed.schema.version, 2);
    let told = |(id, name, holds, mode): (&str, &str, &str, &str)| (id.into(), name.into(), holds.into(), mode.into());
    let expected = [
        ("01KAAAAAAAAAAAAAAAAAAAAAAA", "Tier", "Number", "api"),
        ("owner of the thing", "Owner", "User", "dashboard"),
        ("needs", "Needs", "Custom[\"Service\"]", "external"),
        ("notes", "Notes", "Text", ""),
    ]
    .map(told);
    assert_eq!(attributes(&changed), expected);
    assert_eq!(changed.schema.attributes.iter().map(|one| one.array).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!(show_type(&root, &made.id).await.unwrap(), changed);
    assert!(types(&root).await.contains(&changed));

    let mut turned = given;
    turned.reverse();
    turned.push(CatalogTypeAttributePayloadV3::new(false, "Without an ID", "Bool"));
    let turned = update_schema(&root, &made.id, Schema::new(turned, 2)).await.unwrap();
    let ids: Vec<_> = turned.schema.attributes.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids[..4], ["notes", "needs", "owner of the thing", "01KAAAAAAAAAAAAAAAAAAAAAAA"]);
    assert_eq!(ids[4].len(), 26, "who brings no ID gets one");
    assert_eq!(turned.schema.version, 3);
}

#[tokio::test]
async fn a_change_of_an_outdated_schema_is_a_conflict() {
    let server = Server::start();
    let root = server.root();
    let made = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let with = |name, version| Schema::new(vec![attribute(name, "String", false)], version);
    update_schema(&root, &made.id, with("Tier", 1)).await.unwrap();
    for version in [0, 1, 3] {
        refused(update_schema(&root, &made.id, with("Owner", version)).await, 409);
    }
    let renamed = update_type(&root, &made.id, ChangeType::new("", "Services")).await.unwrap();
    assert_eq!(renamed.schema.version, 2, "a change of the type leaves the version of its attributes");
    assert_eq!(attributes(&renamed)[0].1, "Tier");
    assert_eq!(update_schema(&root, &made.id, with("Owner", 2)).await.unwrap().schema.version, 3);
}

#[tokio::test]
async fn what_an_attribute_had_is_gone_with_it_even_when_it_comes_back() {
    let server = Server::start();
    let root = server.root();
    let both = || vec![attribute("Tier", "String", false), attribute("Needs", "Custom[\"Service\"]", true)];
    let made = type_with(&root, "Service", both()).await;
    let given = values([("tier", one("1")), ("needs", several(&["till"]))]);
    let till = New::new(given, &made.id, "Till").set_external_id("till");
    let till = create(&root, till).await.unwrap();
    assert_eq!((literals(&till, "tier"), labels(&till, "needs")), (strings(&["1"]), strings(&["Till"])));
    update_schema(&root, &made.id, Schema::new(vec![], 2)).await.unwrap();
    assert_eq!(shown(&show(&root, &till.id).await.unwrap()), []);
    update_schema(&root, &made.id, Schema::new(both(), 3)).await.unwrap();
    assert_eq!(shown(&show(&root, &till.id).await.unwrap()), []);
    let listed = list(&root, of(&made)).await.unwrap().catalog_entries;
    assert_eq!(shown(&listed[0]), []);
}

#[tokio::test]
async fn an_attribute_keeps_its_values_while_it_holds_the_same() {
    let server = Server::start();
    let root = server.root();
    let made = type_with(&root, "Service", vec![attribute("Tier", "String", false)]).await;
    let till = create(&root, New::new(values([("tier", one("1"))]), &made.id, "Till")).await.unwrap();
    let tier = |holds: &str| vec![attribute("Rank", holds, false).set_id("tier")];
    for (holds, version, expected) in
        [("String", 2, vec!["1"]), ("Text", 3, vec!["1"]), ("Number", 4, vec![]), ("String", 5, vec![])]
    {
        update_schema(&root, &made.id, Schema::new(tier(holds), version)).await.unwrap();
        assert_eq!(literals(&show(&root, &till.id).await.unwrap(), "tier"), expected, "as {holds}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_attributes_is_pointed_at_together() {
    let server = Server::start();
    let root = server.root();
    let made = type_with(&root, "Service", vec![attribute("Tier", "String", false)]).await;
    let path = |ids: &[&str]| ids.iter().map(|id| PathItem::new(*id)).collect();
    let derived = |name, holds, mode| attribute(name, holds, true).set_mode(word(mode));
    let attributes = vec![
        attribute("Tier", "String", false),
        attribute("Tier", "String", false).set_id("other"),
        attribute("Same", "String", false).set_id("tier"),
        attribute(" ", "String", false).set_id("blank"),
        attribute("Empty", "String", false).set_id(""),
        attribute("Odd", "Custom[\"Nothing\"]", false),
        derived("Nowhere", "String", "path"),
        derived("Astray", "String", "path").set_path(path(&["tier", "further"])),
        derived("Back", "User", "backlink").set_backlink_attribute("email"),
        derived("Blank", "User", "backlink").set_id("unsaid"),
    ];
    let refusal = refused(update_schema(&root, &made.id, Schema::new(attributes, 2)).await, 422);
    let places = [
        "attributes.1.name",
        "attributes.2.id",
        "attributes.3.name",
        "attributes.4.id",
        "attributes.5.type",
        "attributes.6.path",
        "attributes.7.path.1.attribute_id",
        "attributes.8.backlink_attribute",
        "attributes.9.backlink_attribute",
    ];
    assert!(places.iter().all(|place| refusal.points_at("invalid_value", place)), "{:?}", refusal.errors);
    assert_eq!(refusal.errors.len(), places.len());
    let unheard_of = attribute("Mood", "String", false).set_mode(word("telepathy"));
    invalid(
        update_schema(&root, &made.id, Schema::new(vec![unheard_of], 2)).await,
        "invalid_value",
        "attributes.0.mode",
    );
    assert_eq!(show_type(&root, &made.id).await.unwrap(), made);
}
