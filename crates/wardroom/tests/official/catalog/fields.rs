//! Custom fields of incidents that choose from the catalog.

use incident_io::apis::custom_fields_v2_api::*;
use incident_io::apis::incidents_v2_api::*;
use incident_io::apis::severities_v1_api::*;
use incident_io::models::{
    CustomFieldEntryPayloadV2, CustomFieldV2, CustomFieldValuePayloadV2, CustomFieldsCreatePayloadV2,
    EmbeddedCatalogEntryV2, IncidentEditPayloadV2, IncidentV2, IncidentsCreatePayloadV2, IncidentsEditPayloadV2,
};

use super::*;
use crate::support::{Refusal, Server, filter, invalid, refused, word};

/// A field that chooses several entries of a type.
async fn field(key: &Key, catalog_type: &CatalogTypeV3) -> CustomFieldV2 {
    let payload = CustomFieldsCreatePayloadV2::new("", word("multi_select"), format!("Affected {}", catalog_type.name))
        .set_catalog_type_id(&catalog_type.id);
    *custom_fields_v2_create(key, CustomFieldsV2CreateParams::new(payload)).await.unwrap().custom_field
}

/// Chooses the entries that these find.
fn choice(field: &CustomFieldV2, identifiers: &[&str]) -> Vec<CustomFieldEntryPayloadV2> {
    let value = |identifier: &&str| CustomFieldValuePayloadV2::new().set_value_catalog_entry_id(*identifier);
    vec![CustomFieldEntryPayloadV2::new(&field.id, identifiers.iter().map(value).collect())]
}

async fn declare(
    key: &Key,
    name: &str,
    chosen: Vec<CustomFieldEntryPayloadV2>,
) -> Result<IncidentV2, Error<impl Debug>> {
    let severities = severities_v1_list(key, SeveritiesV1ListParams::new()).await.unwrap().severities;
    let new = IncidentsCreatePayloadV2::new(name, word("public"))
        .set_name(name)
        .set_severity_id(&severities[0].id)
        .set_custom_field_entries(chosen);
    incidents_v2_create(key, IncidentsV2CreateParams::new(new)).await.map(|made| *made.incident)
}

async fn choose(key: &Key, id: &str, chosen: Vec<CustomFieldEntryPayloadV2>) -> Result<IncidentV2, Error<impl Debug>> {
    let edit = IncidentEditPayloadV2::new().set_custom_field_entries(chosen);
    let params = IncidentsV2EditParams::new(id, IncidentsEditPayloadV2::new(edit, false));
    incidents_v2_edit(key, params).await.map(|edited| *edited.incident)
}

/// The entries that an incident shows in its one field.
fn chosen(incident: &IncidentV2) -> Vec<EmbeddedCatalogEntryV2> {
    let values = incident.custom_field_entries.iter().flat_map(|entry| entry.values.iter());
    values.map(|value| *value.value_catalog_entry.clone().unwrap()).collect()
}

/// The names of the incidents whose field has, or has not, what these find.
async fn with(key: &Key, field: &CustomFieldV2, operator: &str, identifiers: &[&str]) -> Vec<String> {
    let by_field = HashMap::from([(field.id.clone(), filter(operator, identifiers))]);
    let params = IncidentsV2ListParams::new().set_custom_field(by_field);
    incidents_v2_list(key, params).await.unwrap().incidents.into_iter().map(|incident| incident.name).collect()
}

#[tokio::test]
async fn an_incident_names_entries_by_id_external_id_and_alias() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let field = field(&root, &service).await;
    assert_eq!(field.catalog_type_id.as_ref(), Some(&service.id));
    let till = new(&service, "Till").set_external_id("a/till").set_aliases(strings(&["desk"]));
    let till = create(&root, till).await.unwrap();
    let stock = entry(&root, &service, "Stock").await;
    for identifier in [till.id.as_str(), "a/till", "desk"] {
        let incident = declare(&root, identifier, choice(&field, &[identifier, &stock.id])).await.unwrap();
        let [first, second] = &chosen(&incident)[..] else { panic!("{incident:?}") };
        assert_eq!((&first.id, first.name.as_str(), first.external_id.as_deref()), (&till.id, "Till", Some("a/till")));
        assert_eq!(first.aliases.as_ref(), Some(&strings(&["desk"])));
        assert_eq!((&second.id, second.name.as_str(), &second.external_id), (&stock.id, "Stock", &None));
    }
    let incident = declare(&root, "Edited", vec![]).await.unwrap();
    let incident = choose(&root, &incident.id, choice(&field, &["desk"])).await.unwrap();
    assert_eq!(chosen(&incident)[0].id, till.id);
    assert!(chosen(&choose(&root, &incident.id, choice(&field, &[])).await.unwrap()).is_empty());
}

#[tokio::test]
async fn an_incident_shows_an_entry_as_it_is_now_also_once_it_is_archived() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let field = field(&root, &service).await;
    let till = entry(&root, &service, "Till").await;
    let id = declare(&root, "Down", choice(&field, &[&till.id])).await.unwrap().id;
    update(&root, &till.id, Change::new(HashMap::new(), "Cash desk")).await.unwrap();
    let name_now = async || {
        let shown = incidents_v2_show(&root, IncidentsV2ShowParams::new(&id)).await.unwrap().incident;
        chosen(&shown).remove(0).name
    };
    assert_eq!(name_now().await, "Cash desk");
    delete(&root, &till.id).await.unwrap();
    assert_eq!(name_now().await, "Cash desk");
    let kept = choose(&root, &id, choice(&field, &[&till.id])).await.unwrap();
    assert_eq!(chosen(&kept)[0].id, till.id, "what was read can be sent back");
    let late = declare(&root, "Too late", choice(&field, &[&till.id])).await;
    invalid(late, "invalid_value", "custom_field_entries.0.values.0.value_catalog_entry_id");
}

#[tokio::test]
async fn what_finds_no_entry_of_the_type_is_pointed_at() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let other = create_type(&root, NewType::new("", "Other")).await.unwrap();
    let field = field(&root, &service).await;
    let till = create(&root, new(&service, "Till").set_external_id("till")).await.unwrap();
    let elsewhere = entry(&root, &other, "Elsewhere").await;
    let senseless = || choice(&field, &[&till.id, "unheard of", &elsewhere.id, "Till", NO_ID]);
    let incident = declare(&root, "Down", choice(&field, &["till"])).await.unwrap();
    let declared = refused(declare(&root, "Senseless", senseless()).await, 422);
    let edited = refused(choose(&root, &incident.id, senseless()).await, 422);
    for (refusal, entries) in [(declared, "custom_field_entries"), (edited, "incident.custom_field_entries")] {
        for n in 1..=4 {
            let place = format!("{entries}.0.values.{n}.value_catalog_entry_id");
            assert!(refusal.points_at("invalid_value", &place), "{place}: {:?}", refusal.errors);
        }
        assert_eq!(refusal.errors.len(), 4);
    }
    let option = CustomFieldValuePayloadV2::new().set_value_option_id(&till.id);
    let option = declare(&root, "Option", vec![CustomFieldEntryPayloadV2::new(&field.id, vec![option])]).await;
    invalid(option, "is_required", "custom_field_entries.0.values.0.value_catalog_entry_id");
}

#[tokio::test]
async fn incidents_are_found_by_the_entries_that_they_name() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let field = field(&root, &service).await;
    let till = new(&service, "Till").set_external_id("a/till").set_aliases(strings(&["desk"]));
    let till = create(&root, till).await.unwrap();
    let stock = create(&root, new(&service, "Stock").set_external_id("stock")).await.unwrap();
    for (name, entries) in [("Till", vec!["desk"]), ("Both", vec!["stock", "desk"]), ("Neither", vec![])] {
        declare(&root, name, choice(&field, &entries)).await.unwrap();
    }
    for identifier in [till.id.as_str(), "a/till", "desk"] {
        assert_eq!(with(&root, &field, "one_of", &[identifier]).await, ["Both", "Till"], "{identifier}");
        assert_eq!(with(&root, &field, "not_in", &[identifier]).await, ["Neither"], "{identifier}");
    }
    assert_eq!(with(&root, &field, "one_of", &["stock", "unheard of"]).await, ["Both"]);
    assert_eq!(with(&root, &field, "one_of", &[&stock.id, "desk"]).await, ["Both", "Till"]);
    assert!(with(&root, &field, "one_of", &["unheard of"]).await.is_empty());
    assert_eq!(with(&root, &field, "is_blank", &["true"]).await, ["Neither"]);
    delete(&root, &till.id).await.unwrap();
    assert_eq!(with(&root, &field, "one_of", &[&till.id]).await, ["Both", "Till"], "also when it is archived");
}

#[tokio::test]
async fn a_type_that_a_field_chooses_from_cannot_be_deleted() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let field = field(&root, &service).await;
    let till = entry(&root, &service, "Till").await;
    assert_eq!(refused(delete_type(&root, &service.id).await, 422).code(), "in_use");
    assert_eq!(show(&root, &till.id).await.unwrap(), till);
    custom_fields_v2_delete(&root, CustomFieldsV2DeleteParams::new(&field.id)).await.unwrap();
    delete_type(&root, &service.id).await.unwrap();
}

#[tokio::test]
async fn a_field_chooses_from_users_too() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "ada@example.com");
    let field = field(&root, &called(&root, "User").await).await;
    for identifier in ["Ada@example.com", &ada] {
        let incident = declare(&root, identifier, choice(&field, &[identifier])).await.unwrap();
        let [shown] = &chosen(&incident)[..] else { panic!("{incident:?}") };
        assert_eq!((shown.name.as_str(), shown.external_id.as_ref()), ("Ada", Some(&ada)));
    }
    assert_eq!(with(&root, &field, "one_of", &["ADA@example.com"]).await.len(), 2);
}
