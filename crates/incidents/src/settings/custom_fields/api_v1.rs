//! Custom fields in the first version of the API: with their options, and when they are asked for.

use base::{Id, Result, Time, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Cx;
use web::{Body, Created, List, NoContent, Rendered, Resource, Show};

use super::options::CustomFieldOption;
use super::record::{self, CustomField, FieldType, Required};
use crate::settings::Settings;

web::routes! {
    /// List all custom fields with their options.
    GET "/v1/custom_fields" "Custom Fields V1#List" "custom_fields.view", deprecated => list;
    /// Create a custom field.
    POST "/v1/custom_fields" "Custom Fields V1#Create" "organisation_settings.update", deprecated => create;
    /// Show a custom field with its options.
    GET "/v1/custom_fields/{id}" "Custom Fields V1#Show" "custom_fields.view", deprecated => show;
    /// Change a custom field. Its type stays.
    PUT "/v1/custom_fields/{id}" "Custom Fields V1#Update" "organisation_settings.update", deprecated => update;
    /// Delete a custom field. Incidents show it no longer.
    DELETE "/v1/custom_fields/{id}" "Custom Fields V1#Delete" "organisation_settings.update", deprecated => delete;
}

words! {
    /// [`Required`] in older words.
    enum RequiredV1 {
        Never = "never",
        BeforeClosure = "before_closure",
        Always = "always",
    }
}

impl From<RequiredV1> for Required {
    fn from(required: RequiredV1) -> Self {
        match required {
            RequiredV1::Never => Self::Never,
            RequiredV1::BeforeClosure => Self::BeforeResolution,
            RequiredV1::Always => Self::Always,
        }
    }
}

impl From<Required> for RequiredV1 {
    fn from(required: Required) -> Self {
        match required {
            Required::Never => Self::Never,
            Required::BeforeResolution => Self::BeforeClosure,
            Required::Always => Self::Always,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct CustomFieldV1 {
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog_type_id: Option<String>,
    created_at: Time,
    description: String,
    field_type: FieldType,
    id: Id<CustomField>,
    #[schemars(length(max = 50))]
    name: String,
    options: Vec<Rendered<CustomFieldOption>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<RequiredV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_v2: Option<Required>,
    show_before_closure: bool,
    show_before_creation: bool,
    show_before_update: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    show_in_announcement_post: Option<bool>,
    updated_at: Time,
}

impl Resource for CustomFieldV1 {
    const ONE: &'static str = "custom_field";
    const MANY: &'static str = "custom_fields";
}

impl CustomFieldV1 {
    fn of(cx: &mut Cx<'_>, field: CustomField) -> Result<Self> {
        let options = cx.cached::<Settings>()?.options_of(field.id).to_vec();
        Ok(Self {
            catalog_type_id: field.catalog_type_id,
            created_at: field.created_at,
            description: field.description,
            field_type: field.field_type,
            id: field.id,
            name: field.name,
            options,
            required: Some(field.asked.required.into()),
            required_v2: Some(field.asked.required),
            show_before_closure: field.asked.before_closure,
            show_before_creation: field.asked.before_creation,
            show_before_update: field.asked.before_update,
            show_in_announcement_post: Some(field.asked.in_announcement),
            updated_at: field.updated_at,
        })
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct UpdatePayload {
    /// What it is for.
    description: String,
    /// What it is called.
    #[schemars(length(max = 50))]
    name: String,
    /// When it has to be set; `required_v2` wins.
    required: Option<RequiredV1>,
    /// When it has to be set.
    required_v2: Option<Required>,
    /// Whether it is asked for when an incident is resolved.
    show_before_closure: bool,
    /// Whether it is asked for when an incident is declared.
    show_before_creation: bool,
    /// Whether it is asked for with an update.
    show_before_update: bool,
    /// Whether announcements show it.
    show_in_announcement_post: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct CreatePayload {
    #[serde(flatten)]
    rest: UpdatePayload,
    /// What it holds.
    field_type: FieldType,
}

impl UpdatePayload {
    fn apply(self, field: &mut CustomField) {
        field.name = self.name;
        field.description = self.description;
        field.asked.required = self.required_v2.or(self.required.map(Required::from)).unwrap_or(Required::Never);
        field.asked.before_closure = self.show_before_closure;
        field.asked.before_creation = self.show_before_creation;
        field.asked.before_update = self.show_before_update;
        field.asked.in_announcement = self.show_in_announcement_post.unwrap_or(false);
    }
}

fn list(cx: &mut Cx<'_>) -> Result<List<CustomFieldV1>> {
    let settings = cx.cached::<Settings>()?;
    settings.fields.iter().map(|field| CustomFieldV1::of(cx, (**field).clone())).collect::<Result<_>>().map(List)
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<CustomFieldV1>> {
    let mut field = CustomField::new(cx, "", "", payload.field_type);
    payload.rest.apply(&mut field);
    field.check(cx)?;
    cx.insert(&field)?;
    CustomFieldV1::of(cx, field).map(Created)
}

fn show(cx: &mut Cx<'_>, id: Id<CustomField>) -> Result<Show<CustomFieldV1>> {
    let field = cx.get(id)?.into_inner();
    CustomFieldV1::of(cx, field).map(Show)
}

fn update(cx: &mut Cx<'_>, id: Id<CustomField>, Body(payload): Body<UpdatePayload>) -> Result<Show<CustomFieldV1>> {
    let field = record::change(cx, id, |field| payload.apply(field))?;
    CustomFieldV1::of(cx, field).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<CustomField>) -> Result<NoContent> {
    record::delete(cx, id).map(|()| NoContent)
}
