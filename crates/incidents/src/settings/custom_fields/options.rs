//! The options of a custom field.

use base::{Error, Id, Problems, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Record, Value, values};
use web::{Body, Created, NoContent, Page, PageMeta, Paging, Query, Resource, Show};

use super::record::CustomField;
use crate::settings::EPOCH;

web::routes! {
    /// List the options of a custom field, oldest first.
    GET "/v1/custom_field_options" "Custom Field Options V1#List" "custom_fields.view" => list;
    /// Create an option.
    POST "/v1/custom_field_options" "Custom Field Options V1#Create" "organisation_settings.update" => create;
    /// Show an option.
    GET "/v1/custom_field_options/{id}" "Custom Field Options V1#Show" "custom_fields.view" => show;
    /// Change an option.
    PUT "/v1/custom_field_options/{id}" "Custom Field Options V1#Update" "organisation_settings.update" => update;
    /// Delete an option. Incidents that had it have it no longer.
    DELETE "/v1/custom_field_options/{id}" "Custom Field Options V1#Delete" "organisation_settings.update" => delete;
}

const DEFAULT_SORT_KEY: i64 = 1000;

/// An option, as it is stored and as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CustomFieldOption {
    /// The field it belongs to.
    pub custom_field_id: Id<CustomField>,
    /// Which one.
    pub id: Id<CustomFieldOption>,
    /// Its place among the others.
    #[schemars(extend("default" = DEFAULT_SORT_KEY))]
    pub sort_key: i64,
    /// What it says; no two options of a field say the same.
    pub value: String,
}

impl Resource for CustomFieldOption {
    const ONE: &'static str = "custom_field_option";
    const MANY: &'static str = "custom_field_options";
}

impl Record for CustomFieldOption {
    const TABLE: &'static str = "custom_field_options";
    const COLUMNS: &'static [&'static str] = &["custom_field_id", "sort_key"];
    const KIND: &'static str = "custom_field_option";
    const EPOCH: Option<&'static str> = Some(EPOCH);

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.value.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.custom_field_id, self.sort_key].into()
    }
}

impl CustomFieldOption {
    fn check(&self, cx: &mut Cx<'_>) -> Result<()> {
        let others = cx.list::<Self>(Condition::equal("custom_field_id", self.custom_field_id), "id")?;
        let taken = others.iter().any(|other| other.id != self.id && other.value == self.value);
        let mut problems = Problems::new();
        problems.check(!self.value.is_empty(), "value", "must not be empty");
        problems.check(self.value.trim() == self.value, "value", "must not start or end with whitespace");
        problems.check(!self.value.contains(['\t', '\n', '\r']), "value", "must not contain tabs or line breaks");
        problems.check(!taken, "value", "another option of this field says the same");
        problems.finish()
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// The field whose options to list.
    custom_field_id: String,
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<CustomFieldOption>> {
    let paging = query.paging.read()?;
    let field = field(cx, &query.custom_field_id)?;
    let page =
        cx.page::<CustomFieldOption>(Condition::equal("custom_field_id", field.id), Direction::Forward, &paging)?;
    let rows = page.rows.into_iter().map(store::Stored::into_inner).collect();
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn field(cx: &mut Cx<'_>, id: &str) -> Result<CustomField> {
    let unknown = || Error::invalid("custom_field_id", format!("there is no custom field with ID {id}"));
    let id = id.parse().map_err(|_| unknown())?;
    Ok(cx.find::<CustomField>(id)?.ok_or_else(unknown)?.into_inner())
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct CreatePayload {
    /// The field it belongs to.
    custom_field_id: String,
    /// Its place among the others; 1000 if not given.
    #[schemars(extend("default" = DEFAULT_SORT_KEY))]
    sort_key: Option<i64>,
    /// What it says.
    value: String,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<CustomFieldOption>> {
    let field = field(cx, &payload.custom_field_id)?;
    if !field.is_select() || field.catalog_type_id.is_some() {
        return Err(Error::invalid("custom_field_id", "this field has no options of its own"));
    }
    let option = CustomFieldOption {
        custom_field_id: field.id,
        id: cx.new_id(),
        sort_key: payload.sort_key.unwrap_or(DEFAULT_SORT_KEY),
        value: payload.value,
    };
    option.check(cx)?;
    cx.insert(&option)?;
    Ok(Created(option))
}

fn show(cx: &mut Cx<'_>, id: Id<CustomFieldOption>) -> Result<Show<CustomFieldOption>> {
    Ok(Show(cx.get(id)?.into_inner()))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct UpdatePayload {
    /// Its place among the others.
    #[schemars(extend("default" = DEFAULT_SORT_KEY))]
    sort_key: i64,
    /// What it says.
    value: String,
}

fn update(
    cx: &mut Cx<'_>,
    id: Id<CustomFieldOption>,
    Body(payload): Body<UpdatePayload>,
) -> Result<Show<CustomFieldOption>> {
    let mut option = cx.get(id)?;
    option.sort_key = payload.sort_key;
    option.value = payload.value;
    option.check(cx)?;
    cx.save(&mut option)?;
    Ok(Show(option.into_inner()))
}

fn delete(cx: &mut Cx<'_>, id: Id<CustomFieldOption>) -> Result<NoContent> {
    let option = cx.get(id)?;
    let links = "delete from incident_field_values where field_id = $1 and value = $2";
    cx.run(links, &values![option.custom_field_id, id])?;
    cx.delete(&option)?;
    Ok(NoContent)
}
