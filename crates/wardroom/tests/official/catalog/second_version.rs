//! Catalog V2, which shows the same types and entries as V3.

#![expect(deprecated, reason = "old clients still call the second version")]

use incident_io::apis::catalog_v2_api::*;
use incident_io::models::{
    CatalogCreateEntryPayloadV2 as NewV2, CatalogCreateTypePayloadV2 as NewTypeV2, CatalogEntryV2,
    CatalogListEntriesResultV2, CatalogTypeAttributePayloadV2 as AttributeV2, CatalogTypeV2,
    CatalogUpdateEntryPayloadV2 as ChangeV2, CatalogUpdateTypePayloadV2 as ChangeTypeV2,
    CatalogUpdateTypeSchemaPayloadV2 as SchemaV2, EngineParamBindingPayloadV2 as BindingV2,
    EngineParamBindingValuePayloadV2 as ValueV2,
};

use super::*;
use crate::support::{Server, absent, invalid, refused, text, word, words};

async fn create_type_v2(key: &Key, new: NewTypeV2) -> Result<CatalogTypeV2, Error<impl Debug>> {
    catalog_v2_create_type(key, CatalogV2CreateTypeParams::new(new)).await.map(|made| *made.catalog_type)
}

async fn show_type_v2(key: &Key, id: &str) -> Result<CatalogTypeV2, Error<impl Debug>> {
    catalog_v2_show_type(key, CatalogV2ShowTypeParams::new(id)).await.map(|shown| *shown.catalog_type)
}

async fn update_type_v2(key: &Key, id: &str, change: ChangeTypeV2) -> Result<CatalogTypeV2, Error<impl Debug>> {
    catalog_v2_update_type(key, CatalogV2UpdateTypeParams::new(id, change)).await.map(|changed| *changed.catalog_type)
}

async fn delete_type_v2(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    catalog_v2_destroy_type(key, CatalogV2DestroyTypeParams::new(id)).await
}

async fn types_v2(key: &Key) -> Vec<CatalogTypeV2> {
    catalog_v2_list_types(key, CatalogV2ListTypesParams::new()).await.unwrap().catalog_types
}

async fn update_schema_v2(key: &Key, id: &str, schema: SchemaV2) -> Result<CatalogTypeV2, Error<impl Debug>> {
    let params = CatalogV2UpdateTypeSchemaParams::new(id, schema);
    catalog_v2_update_type_schema(key, params).await.map(|changed| *changed.catalog_type)
}

async fn create_v2(key: &Key, new: NewV2) -> Result<CatalogEntryV2, Error<impl Debug>> {
    catalog_v2_create_entry(key, CatalogV2CreateEntryParams::new(new)).await.map(|made| *made.catalog_entry)
}

async fn show_v2(key: &Key, id: &str) -> Result<CatalogEntryV2, Error<impl Debug>> {
    catalog_v2_show_entry(key, CatalogV2ShowEntryParams::new(id)).await.map(|shown| *shown.catalog_entry)
}

async fn update_v2(key: &Key, id: &str, change: ChangeV2) -> Result<CatalogEntryV2, Error<impl Debug>> {
    let changed = catalog_v2_update_entry(key, CatalogV2UpdateEntryParams::new(id, change)).await;
    changed.map(|changed| *changed.catalog_entry)
}

async fn delete_v2(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    catalog_v2_destroy_entry(key, CatalogV2DestroyEntryParams::new(id)).await
}

async fn list_v2(
    key: &Key,
    params: CatalogV2ListEntriesParams,
) -> Result<CatalogListEntriesResultV2, Error<impl Debug>> {
    catalog_v2_list_entries(key, params).await
}

fn of_v2(catalog_type: &CatalogTypeV2) -> CatalogV2ListEntriesParams {
    CatalogV2ListEntriesParams::new(&catalog_type.id)
}

fn one_v2(literal: &str) -> BindingV2 {
    let mut binding = BindingV2::new();
    binding.value = Some(Box::new(ValueV2::new().set_literal(literal)));
    binding
}

fn several_v2(literals: &[&str]) -> BindingV2 {
    let mut binding = BindingV2::new();
    binding.array_value = Some(literals.iter().map(|literal| ValueV2::new().set_literal(*literal)).collect());
    binding
}

fn values_v2<const N: usize>(given: [(&str, BindingV2); N]) -> HashMap<String, BindingV2> {
    given.into_iter().map(|(id, binding)| (id.to_owned(), binding)).collect()
}

/// An attribute whose ID is its name, in lower case.
fn attribute_v2(name: &str, holds: &str, array: bool) -> AttributeV2 {
    AttributeV2::new(array, name, holds).set_id(name.to_lowercase())
}

/// A type with an attribute that holds a text, and one that points at several entries of the type.
async fn service(key: &Key) -> CatalogTypeV2 {
    let made = create_type_v2(key, NewTypeV2::new("", "Service")).await.unwrap();
    let attributes = vec![attribute_v2("Tier", "String", false), attribute_v2("Needs", "Custom[\"Service\"]", true)];
    update_schema_v2(key, &made.id, SchemaV2::new(attributes, 1)).await.unwrap()
}

#[tokio::test]
async fn a_type_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let root = server.root();
    let annotations = HashMap::from([("by".to_owned(), "terraform".to_owned())]);
    let new = NewTypeV2::new("What runs", "Service")
        .set_type_name("Custom[\"BackstageService\"]")
        .set_annotations(annotations.clone())
        .set_categories(words(&["service"]))
        .set_color(word("cyan"))
        .set_icon(word("bolt"))
        .set_ranked(true)
        .set_source_repo_url("https://example.com/catalog");
    let made = create_type_v2(&root, new).await.unwrap();
    assert_eq!((made.name.as_str(), made.type_name.as_str()), ("Service", "Custom[\"BackstageService\"]"));
    assert_eq!((made.description.as_str(), &made.annotations, made.ranked), ("What runs", &annotations, true));
    assert_eq!(made.categories.iter().map(text).collect::<Vec<_>>(), ["service"]);
    assert_eq!((text(&made.color).as_str(), text(&made.icon).as_str()), ("cyan", "bolt"));
    assert_eq!(made.source_repo_url.as_deref(), Some("https://example.com/catalog"));
    assert_eq!((made.schema.version, made.is_editable, made.estimated_count), (1, true, Some(0)));
    assert_eq!(show_type_v2(&root, &made.id).await.unwrap(), made);
    assert!(types_v2(&root).await.contains(&made));

    let changed = update_type_v2(&root, &made.id, ChangeTypeV2::new("", "Services")).await.unwrap();
    assert_eq!((changed.name.as_str(), &changed.type_name, changed.ranked), ("Services", &made.type_name, false));
    assert!(changed.annotations.is_empty() && changed.categories.is_empty() && changed.source_repo_url.is_none());
    assert_eq!(show_type_v2(&root, &made.id).await.unwrap(), changed);
    invalid(create_type_v2(&root, NewTypeV2::new("", "Services")).await, "invalid_value", "name");
    invalid(update_type_v2(&root, &made.id, ChangeTypeV2::new("", "User")).await, "invalid_value", "name");

    delete_type_v2(&root, &made.id).await.unwrap();
    absent(show_type_v2(&root, &made.id).await);
    absent(delete_type_v2(&root, &made.id).await);
    absent(update_type_v2(&root, &made.id, ChangeTypeV2::new("", "Gone")).await);
    absent(update_schema_v2(&root, &made.id, SchemaV2::new(vec![], 1)).await);
    create_type_v2(&root, NewTypeV2::new("", "Services")).await.unwrap();
}

#[tokio::test]
async fn an_entry_is_made_shown_changed_and_archived() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let stock = NewV2::new(HashMap::new(), &service.id, "Stock").set_external_id("stock");
    let stock = create_v2(&root, stock).await.unwrap();
    let given = values_v2([("tier", one_v2("1")), ("needs", several_v2(&["stock", "unheard of"]))]);
    let till =
        NewV2::new(given, &service.id, "Till").set_external_id("till").set_aliases(strings(&["desk"])).set_rank(0);
    let till = create_v2(&root, till).await.unwrap();
    assert_eq!((till.name.as_str(), till.external_id.as_deref(), till.rank), ("Till", Some("till"), 0));
    assert_eq!(till.aliases, ["desk"]);
    let tier = till.attribute_values["tier"].value.as_ref().unwrap();
    assert_eq!((tier.literal.as_deref(), tier.label.as_str(), &tier.catalog_entry), (Some("1"), "1", &None));
    let [found, unknown] = &till.attribute_values["needs"].array_value.as_ref().unwrap()[..] else { panic!() };
    assert_eq!((found.literal.as_deref(), found.label.as_str()), (Some("stock"), "Stock"));
    let target = found.catalog_entry.as_ref().unwrap();
    assert_eq!((&target.catalog_entry_id, &target.catalog_type_id), (&stock.id, &service.id));
    assert_eq!((target.catalog_entry_name.as_str(), target.archived_at), ("Stock", None));
    assert_eq!((unknown.label.as_str(), &unknown.catalog_entry), ("unheard of", &None));
    assert_eq!(show_v2(&root, &till.id).await.unwrap(), till);
    assert_eq!(list_v2(&root, of_v2(&service)).await.unwrap().catalog_entries, [stock.clone(), till.clone()]);

    delete_v2(&root, &stock.id).await.unwrap();
    let archived = show_v2(&root, &stock.id).await.unwrap().archived_at;
    assert!(archived.is_some());
    let needs = show_v2(&root, &till.id).await.unwrap().attribute_values.remove("needs").unwrap().array_value.unwrap();
    assert_eq!(needs[0].catalog_entry.as_ref().unwrap().archived_at, archived);
    let changed = update_v2(&root, &till.id, ChangeV2::new(values_v2([("tier", one_v2("2"))]), "Tills")).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.external_id.as_ref(), changed.aliases.len()), ("Tills", None, 0));
    assert_eq!(changed.attribute_values.keys().collect::<Vec<_>>(), ["tier"], "all values are replaced");

    let again = NewV2::new(HashMap::new(), &service.id, "Stores").set_external_id("stock");
    let revived = create_v2(&root, again).await.unwrap();
    assert_eq!((&revived.id, revived.name.as_str(), revived.archived_at), (&stock.id, "Stores", None));
    absent(show_v2(&root, NO_ID).await);
    absent(update_v2(&root, NO_ID, ChangeV2::new(HashMap::new(), "Gone")).await);
    absent(delete_v2(&root, NO_ID).await);
}

#[tokio::test]
async fn both_versions_show_one_store() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let by_name = ChangeType::new("", "Service").set_use_name_as_identifier(true);
    let in_v3 = update_type(&root, &service.id, by_name).await.unwrap();
    assert_eq!((&in_v3.type_name, in_v3.schema.version), (&service.type_name, 2));
    let by_v3 = New::new(values([("tier", one("1"))]), &service.id, "Till");
    let by_v3 = create(&root, by_v3).await.unwrap();
    let in_v2 = show_v2(&root, &by_v3.id).await.unwrap();
    assert_eq!(
        (in_v2.name.as_str(), in_v2.attribute_values["tier"].value.as_ref().unwrap().label.as_str()),
        ("Till", "1")
    );
    let change = ChangeV2::new(values_v2([("needs", several_v2(&["Till"]))]), "Till");
    update_v2(&root, &by_v3.id, change).await.unwrap();
    let shown = show(&root, &by_v3.id).await.unwrap();
    assert_eq!((labels(&shown, "needs"), literals(&shown, "tier")), (strings(&["Till"]), vec![]));
    update_type_v2(&root, &service.id, ChangeTypeV2::new("Changed", "Service")).await.unwrap();
    let kept = show_type(&root, &service.id).await.unwrap();
    assert_eq!(
        (kept.description.as_str(), kept.use_name_as_identifier),
        ("Changed", true),
        "V2 keeps what it does not know"
    );
    delete_v2(&root, &by_v3.id).await.unwrap();
    assert!(names(&root, of(&in_v3)).await.is_empty());
    let ids = |types: Vec<CatalogTypeV3>| types.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(types_v2(&root).await.into_iter().map(|one| one.id).collect::<Vec<_>>(), ids(types(&root).await));
}

#[tokio::test]
async fn attributes_have_a_version_and_fewer_modes() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let modes =
        |changed: &CatalogTypeV2| changed.schema.attributes.iter().map(|one| text(&one.mode)).collect::<Vec<_>>();
    assert_eq!((service.schema.version, modes(&service)), (2, strings(&["", ""])));
    let by_v3 = vec![
        attribute("Api", "String", false).set_mode(word("api")),
        attribute("Dashboard", "String", false).set_mode(word("dashboard")),
        attribute("Needs", "Custom[\"Service\"]", true),
        attribute("Needed", "Custom[\"Service\"]", true).set_mode(word("backlink")).set_backlink_attribute("needs"),
    ];
    update_schema(&root, &service.id, Schema::new(by_v3, 2)).await.unwrap();
    let shown = show_type_v2(&root, &service.id).await.unwrap();
    assert_eq!(modes(&shown), ["manual", "manual", "", "backlink"]);
    assert_eq!(shown.schema.attributes[3].backlink_attribute.as_deref(), Some("needs"));
    let manual = |name: &str| attribute_v2(name, "String", false).set_mode(word("manual"));
    let schema = |version| SchemaV2::new(vec![manual("Api"), manual("Dashboard"), manual("New")], version);
    refused(update_schema_v2(&root, &service.id, schema(2)).await, 409);
    update_schema_v2(&root, &service.id, schema(3)).await.unwrap();
    let in_v3 = show_type(&root, &service.id).await.unwrap().schema;
    let in_v3: Vec<_> = in_v3.attributes.iter().map(|one| text(&one.mode)).collect();
    assert_eq!(in_v3, ["api", "dashboard", "dashboard"], "which of the two it is stays");
}

#[tokio::test]
async fn entries_come_in_pages_of_25() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    for n in 0..26 {
        create_v2(&root, NewV2::new(HashMap::new(), &service.id, format!("{n}"))).await.unwrap();
    }
    let page = list_v2(&root, of_v2(&service)).await.unwrap();
    assert_eq!((page.catalog_entries.len(), page.pagination_meta.page_size), (25, 25));
    assert_eq!((page.catalog_type.id, page.catalog_type.estimated_count), (service.id.clone(), Some(26)));
    let rest = list_v2(&root, of_v2(&service).set_after(page.pagination_meta.after.unwrap())).await.unwrap();
    assert_eq!((rest.catalog_entries[0].name.as_str(), rest.pagination_meta.after), ("25", None));
    for size in [0, 251] {
        invalid(list_v2(&root, of_v2(&service).set_page_size(size)).await, "invalid_value", "page_size");
    }
    absent(list_v2(&root, CatalogV2ListEntriesParams::new(NO_ID)).await);
}

#[tokio::test]
async fn values_that_do_not_fit_are_pointed_at() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let till = create_v2(&root, NewV2::new(HashMap::new(), &service.id, "Till")).await.unwrap();
    let mut reference = BindingV2::new();
    reference.value = Some(Box::new(ValueV2::new().set_reference("incident.url")));
    for (id, binding, place) in [
        ("tier", reference, "attribute_values.tier.value.reference"),
        ("tier", several_v2(&["1"]), "attribute_values.tier.array_value"),
        ("needs", one_v2("1"), "attribute_values.needs.value"),
        ("mood", one_v2("1"), "attribute_values.mood"),
    ] {
        let given = || values_v2([(id, binding.clone())]);
        invalid(create_v2(&root, NewV2::new(given(), &service.id, "Other")).await, "invalid_value", place);
        invalid(update_v2(&root, &till.id, ChangeV2::new(given(), "Other")).await, "invalid_value", place);
    }
    let nowhere = NewV2::new(HashMap::new(), NO_ID, "Other");
    invalid(create_v2(&root, nowhere).await, "invalid_value", "catalog_type_id");
    assert_eq!(show_v2(&root, &till.id).await.unwrap(), till);
}

#[tokio::test]
async fn what_reflects_something_else_is_not_changed_by_hand() {
    let server = Server::start();
    let root = server.root();
    server.add_user("Ada", "ada@example.com");
    let users = types_v2(&root).await.into_iter().find(|one| one.type_name == "User").unwrap();
    let ada = list_v2(&root, of_v2(&users)).await.unwrap().catalog_entries.remove(0);
    let (code, place) = ("invalid_value", "catalog_type_id");
    assert!(!users.is_editable && users.registry_type.as_deref() == Some("User"));
    invalid(create_v2(&root, NewV2::new(HashMap::new(), &users.id, "Eve")).await, code, place);
    invalid(update_v2(&root, &ada.id, ChangeV2::new(HashMap::new(), "Eve")).await, code, place);
    invalid(delete_v2(&root, &ada.id).await, code, place);
    invalid(update_type_v2(&root, &users.id, ChangeTypeV2::new("", "Persons")).await, code, place);
    invalid(update_schema_v2(&root, &users.id, SchemaV2::new(vec![], 1)).await, code, place);
    invalid(delete_type_v2(&root, &users.id).await, code, place);
    assert_eq!(show_v2(&root, &ada.id).await.unwrap(), ada);
}

#[tokio::test]
async fn an_attribute_can_hold_what_there_is() {
    let server = Server::start();
    let root = server.root();
    let service = service(&root).await;
    let resources = catalog_v2_list_resources(&root, CatalogV2ListResourcesParams::new()).await.unwrap().resources;
    for (holds, category) in
        [("String", "primitive"), ("Bool", "primitive"), ("User", "external"), (service.type_name.as_str(), "custom")]
    {
        let resource = resources.iter().find(|resource| resource.r#type == holds).unwrap();
        assert_eq!(text(&resource.category), category, "{holds}");
    }
}
