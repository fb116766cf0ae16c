//! Custom fields in the second version of the API.

use base::{Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Stored};
use web::{Body, Created, List, NoContent, Resource, Show};

use super::record::{self, CustomField, FieldType, FilterBy, FixedFilter};

web::routes! {
    /// List all custom fields.
    GET "/v2/custom_fields" "Custom Fields V2#List" "custom_fields.view" => list;
    /// Create a custom field.
    POST "/v2/custom_fields" "Custom Fields V2#Create" "organisation_settings.update" => create;
    /// Show a custom field.
    GET "/v2/custom_fields/{id}" "Custom Fields V2#Show" "custom_fields.view" => show;
    /// Change a custom field. Its type stays.
    PUT "/v2/custom_fields/{id}" "Custom Fields V2#Update" "organisation_settings.update" => update;
    /// Delete a custom field. Incidents show it no longer.
    DELETE "/v2/custom_fields/{id}" "Custom Fields V2#Delete" "organisation_settings.update" => delete;
}

#[derive(Debug, Serialize, JsonSchema)]
struct CustomFieldV2 {
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog_type_id: Option<String>,
    created_at: Time,
    description: String,
    field_type: FieldType,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_by: Option<FilterBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_filter: Option<FixedFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_by_catalog_attribute_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    helptext_catalog_attribute_id: Option<String>,
    id: Id<CustomField>,
    #[schemars(length(max = 50))]
    name: String,
    updated_at: Time,
}

impl Resource for CustomFieldV2 {
    const ONE: &'static str = "custom_field";
    const MANY: &'static str = "custom_fields";
}

impl From<CustomField> for CustomFieldV2 {
    fn from(field: CustomField) -> Self {
        Self {
            catalog_type_id: field.catalog_type_id,
            created_at: field.created_at,
            description: field.description,
            field_type: field.field_type,
            filter_by: field.filter_by,
            fixed_filter: field.fixed_filter,
            group_by_catalog_attribute_id: field.group_by_catalog_attribute_id,
            helptext_catalog_attribute_id: field.helptext_catalog_attribute_id,
            id: field.id,
            name: field.name,
            updated_at: field.updated_at,
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct UpdatePayload {
    /// What it is for.
    description: String,
    /// Offers only entries whose attribute matches another field of the incident.
    filter_by: Option<FilterBy>,
    /// Offers only entries whose attribute has one of these values.
    fixed_filter: Option<FixedFilter>,
    /// The attribute that groups the entries.
    group_by_catalog_attribute_id: Option<String>,
    /// The attribute that explains the entries.
    helptext_catalog_attribute_id: Option<String>,
    /// What it is called.
    #[schemars(length(max = 50))]
    name: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct CreatePayload {
    #[serde(flatten)]
    rest: UpdatePayload,
    /// The catalog type whose entries can be chosen.
    catalog_type_id: Option<String>,
    /// What it holds.
    field_type: FieldType,
}

impl UpdatePayload {
    fn apply(self, field: &mut CustomField) {
        field.name = self.name;
        field.description = self.description;
        field.filter_by = self.filter_by;
        field.fixed_filter = self.fixed_filter;
        field.group_by_catalog_attribute_id = self.group_by_catalog_attribute_id;
        field.helptext_catalog_attribute_id = self.helptext_catalog_attribute_id;
    }
}

fn list(cx: &mut Cx<'_>) -> Result<List<CustomFieldV2>> {
    let fields = cx.list::<CustomField>(Condition::everything(), "id")?;
    Ok(List(fields.into_iter().map(|field| Stored::into_inner(field).into()).collect()))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<CustomFieldV2>> {
    let mut field = CustomField::new(cx, "", "", payload.field_type);
    payload.rest.apply(&mut field);
    field.catalog_type_id = payload.catalog_type_id;
    field.check(cx)?;
    cx.insert(&field)?;
    Ok(Created(field.into()))
}

fn show(cx: &mut Cx<'_>, id: Id<CustomField>) -> Result<Show<CustomFieldV2>> {
    Ok(Show(cx.get(id)?.into_inner().into()))
}

fn update(cx: &mut Cx<'_>, id: Id<CustomField>, Body(payload): Body<UpdatePayload>) -> Result<Show<CustomFieldV2>> {
    Ok(Show(record::change(cx, id, |field| payload.apply(field))?.into()))
}

fn delete(cx: &mut Cx<'_>, id: Id<CustomField>) -> Result<NoContent> {
    record::delete(cx, id).map(|()| NoContent)
}
