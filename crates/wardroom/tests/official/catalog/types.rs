//! Types.

use incident_io::apis::catalog_v3_api::*;

use super::*;
use crate::support::{Server, absent, invalid, refused, text, word, words};

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
