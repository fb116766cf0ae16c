//! Types.

use incident_io::apis::catalog_v3_api::*;

use super::*;
use crate::support::{Refusal, Server, absent, invalid, lacking, refused, text, word, words};

#[tokio::test]
async fn a_type_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let annotations = HashMap::from([("incident.io/importer-id".to_owned(), "a b/ü".to_owned())]);
    let new = NewType::new("What runs", "Service")
        .set_type_name("Custom[\"BackstageService\"]")
        .set_annotations(annotations.clone())
        .set_categories(words(&["service", "product-feature"]))
        .set_color(word("cyan"))
        .set_icon(word("bolt"))
        .set_ranked(true)
        .set_source_repo_url("https://example.com/catalog")
        .set_use_name_as_identifier(true);
    let made = create_type(&root, new).await.unwrap();
    assert_eq!((made.name.as_str(), made.type_name.as_str()), ("Service", "Custom[\"BackstageService\"]"));
    assert_eq!((made.description.as_str(), &made.annotations), ("What runs", &annotations));
    assert_eq!(made.categories.iter().map(text).collect::<Vec<_>>(), ["service", "product-feature"]);
    assert_eq!((text(&made.color).as_str(), text(&made.icon).as_str()), ("cyan", "bolt"));
    assert!(made.ranked && made.use_name_as_identifier && made.is_editable);
    assert_eq!(made.source_repo_url.as_deref(), Some("https://example.com/catalog"));
    assert_eq!((made.is_team_type, made.estimated_count, &made.registry_type), (Some(false), Some(0), &None));
    assert_eq!((made.schema.version, made.schema.attributes.len()), (1, 0));
    assert_eq!(made.engine_resource_type, format!("CatalogEntry[\"{}\"]", made.id));
    assert_eq!(show_type(&root, &made.id).await.unwrap(), made);
    assert!(types(&root).await.contains(&made));

    let change = ChangeType::new("Whatever runs", "Services")
        .set_annotations(HashMap::new())
        .set_categories(vec![])
        .set_ranked(false)
        .set_source_repo_url("")
        .set_use_name_as_identifier(false);
    let changed = update_type(&root, &made.id, change).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.description.as_str()), ("Services", "Whatever runs"));
    assert_eq!(changed.type_name, made.type_name);
    assert!(changed.annotations.is_empty() && changed.categories.is_empty() && changed.source_repo_url.is_none());
    assert!(!changed.ranked && !changed.use_name_as_identifier);
    assert!(changed.updated_at > made.updated_at && changed.created_at == made.created_at);
    assert_eq!(show_type(&root, &made.id).await.unwrap(), changed);

    delete_type(&root, &made.id).await.unwrap();
    absent(show_type(&root, &made.id).await);
    absent(delete_type(&root, &made.id).await);
    absent(update_type(&root, &made.id, ChangeType::new("", "Gone")).await);
    absent(update_schema(&root, &made.id, Schema::new(vec![], 1)).await);
}

#[tokio::test]
async fn a_type_that_says_no_type_name_gets_one_from_its_name() {
    let server = Server::start();
    let made = create_type(&server.root(), NewType::new("", "GitHub repository")).await.unwrap();
    assert_eq!(made.type_name, "Custom[\"GitHubRepository\"]");
    assert!(made.annotations.is_empty() && made.categories.is_empty() && made.source_repo_url.is_none());
    assert!(!made.ranked && !made.use_name_as_identifier);
    assert_eq!(made.owning_team_ids, Some(vec![]));
}

#[tokio::test]
async fn names_are_taken_until_their_type_is_deleted() {
    let server = Server::start();
    let root = server.root();
    let first = type_with(&root, "Service", vec![attribute("Tier", "String", false)]).await;
    let entry = create(&root, new(&first, "Till").set_external_id("till")).await.unwrap();
    let same_name = NewType::new("", "Service").set_type_name("Custom[\"Other\"]");
    invalid(create_type(&root, same_name).await, "invalid_value", "name");
    let same_type_name = NewType::new("", "Other").set_type_name("Custom[\"Service\"]");
    invalid(create_type(&root, same_type_name).await, "invalid_value", "type_name");
    let other = create_type(&root, NewType::new("", "Other")).await.unwrap();
    invalid(update_type(&root, &other.id, ChangeType::new("", "Service")).await, "invalid_value", "name");

    delete_type(&root, &first.id).await.unwrap();
    absent(show(&root, &entry.id).await);
    absent(list(&root, of(&first)).await);
    let second = type_with(&root, "Service", vec![attribute("Tier", "String", false)]).await;
    assert!(second.id != first.id && second.type_name == first.type_name);
    assert!(names(&root, of(&second)).await.is_empty());
    create(&root, new(&second, "Till").set_external_id("till")).await.unwrap();
}

#[tokio::test]
async fn what_makes_no_sense_of_a_type_is_pointed_at() {
    let server = Server::start();
    let root = server.root();
    let made = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let new = || NewType::new("", "Other");
    for (senseless, place) in [
        (new().set_type_name("Other"), "type_name"),
        (new().set_type_name("Custom[\"a b\"]"), "type_name"),
        (new().set_type_name("User"), "type_name"),
        (new().set_name("日本"), "type_name"),
        (new().set_color(word("beige")), "color"),
        (new().set_icon(word("teapot")), "icon"),
        (new().set_categories(words(&["service", "kitchen"])), "categories.1"),
        (new().set_owning_team_ids(strings(&[NO_ID])), "owning_team_ids.0"),
    ] {
        invalid(create_type(&root, senseless).await, "invalid_value", place);
    }
    invalid(create_type(&root, new().set_name(" ")).await, "is_required", "name");
    let doubly = new().set_name("Service").set_type_name("Other").set_owning_team_ids(strings(&[NO_ID]));
    let refusal = refused(create_type(&root, doubly).await, 422);
    let places = ["name", "owning_team_ids.0", "type_name"];
    assert!(places.iter().all(|place| refusal.points_at("invalid_value", place)), "{:?}", refusal.errors);
    invalid(update_type(&root, &made.id, ChangeType::new("", "")).await, "is_required", "name");
    assert_eq!(show_type(&root, &made.id).await.unwrap(), made);
}

#[tokio::test]
async fn what_a_change_of_a_type_leaves_out_is_cleared() {
    let server = Server::start();
    let root = server.root();
    let team = entry(&root, &called(&root, "Team").await, "Tills").await.id;
    let bare = create_type(&root, NewType::new("What runs", "Service")).await.unwrap();
    let change = ChangeType::new("What runs", "Service")
        .set_annotations(HashMap::from([("by".to_owned(), "importer".to_owned())]))
        .set_categories(words(&["service"]))
        .set_color(word("pink"))
        .set_icon(word("bolt"))
        .set_owning_team_ids(vec![team.clone()])
        .set_ranked(true)
        .set_source_repo_url("https://example.com")
        .set_use_name_as_identifier(true);
    let full = update_type(&root, &bare.id, change).await.unwrap();
    assert_eq!((full.owning_team_ids, full.annotations.len()), (Some(vec![team]), 1));
    let mut again = update_type(&root, &bare.id, ChangeType::new("What runs", "Service")).await.unwrap();
    again.updated_at = bare.updated_at;
    assert_eq!(again, bare);
}

#[tokio::test]
async fn an_attribute_can_hold_texts_numbers_truths_and_entries_of_every_type() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("What runs", "Service")).await.unwrap();
    let resources = catalog_v3_list_resources(&root, CatalogV3ListResourcesParams::new()).await.unwrap().resources;
    for (holds, category) in [
        ("String", "primitive"),
        ("Text", "primitive"),
        ("Number", "primitive"),
        ("Bool", "primitive"),
        ("User", "external"),
        ("Team", "custom"),
        ("Schedule", "external"),
        (service.type_name.as_str(), "custom"),
    ] {
        let resource = resources.iter().find(|resource| resource.r#type == holds).unwrap();
        assert_eq!(text(&resource.category), category, "{holds}");
        assert!(!resource.value_docstring.is_empty() && !resource.label.is_empty());
    }
    let of_service = resources.into_iter().find(|resource| resource.r#type == service.type_name).unwrap();
    assert_eq!((of_service.label.as_str(), of_service.description.as_str()), ("Service", "What runs"));
    assert_eq!(of_service.engine_resource_type, service.engine_resource_type);
}

#[tokio::test]
async fn whoever_only_sees_the_catalog_changes_nothing_in_it() {
    let server = Server::start();
    let root = server.root();
    let made = type_with(&root, "Service", vec![]).await;
    let till = entry(&root, &made, "Till").await;
    let viewer = server.key_with(&["catalog_viewer"]).await;
    assert_eq!(show_type(&viewer, &made.id).await.unwrap().id, made.id);
    assert_eq!(show(&viewer, &till.id).await.unwrap(), till);
    assert_eq!(names(&viewer, of(&made)).await, ["Till"]);
    lacking(create_type(&viewer, NewType::new("", "Other")).await, "catalog_types.create");
    lacking(update_type(&viewer, &made.id, ChangeType::new("", "Other")).await, "catalog_types.edit");
    lacking(update_schema(&viewer, &made.id, Schema::new(vec![], 2)).await, "catalog_types.edit");
    lacking(delete_type(&viewer, &made.id).await, "catalog_types.destroy");
    lacking(create(&viewer, new(&made, "Other")).await, "catalog_entries.create");
    lacking(update(&viewer, &till.id, Change::new(HashMap::new(), "Other")).await, "catalog_entries.edit");
    let patch = Patch::new(HashMap::new(), &till.id).set_name("Other");
    lacking(update_many(&viewer, &made, vec![patch], None).await, "catalog_entries.edit");
    lacking(delete(&viewer, &till.id).await, "catalog_entries.destroy");
    let stranger = server.key_with(&["viewer"]).await;
    lacking(show_type(&stranger, &made.id).await, "catalog_types.view");
    lacking(list(&stranger, of(&made)).await, "catalog_entries.view");
}
