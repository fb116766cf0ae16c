//! What is stored of a custom field.

use base::{AnyId, Error, Id, Problem, Problems, Result, Time, words};
use catalog::types::{CatalogType, Types};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Cx, Record, values};
use web::Rendered;

use crate::settings::{EPOCH, Settings};

words! {
    /// What a field holds.
    pub enum FieldType {
        /// One choice.
        SingleSelect = "single_select",
        /// Any number of choices.
        MultiSelect = "multi_select",
        /// A text.
        Text = "text",
        /// A link.
        Link = "link",
        /// A number.
        Numeric = "numeric",
    }
}

words! {
    /// When a field has to be set.
    pub enum Required {
        /// Never.
        Never = "never",
        /// Before the incident is resolved.
        BeforeResolution = "before_resolution",
        /// From the start.
        Always = "always",
    }
}

/// Offers only entries whose attribute matches another field of the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CustomFieldFilterBy")]
pub struct FilterBy {
    /// The attribute.
    pub catalog_attribute_id: String,
    /// The other field.
    pub custom_field_id: String,
}

/// Offers only entries whose attribute has one of these values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CustomFieldFixedFilter")]
pub struct FixedFilter {
    /// The attribute.
    pub catalog_attribute_id: String,
    /// The entries' IDs.
    pub values: Vec<String>,
}

/// A custom field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomField {
    /// Which one.
    pub id: Id<CustomField>,
    /// What it is called; no two have the same name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it holds.
    pub field_type: FieldType,
    /// The catalog type whose entries can be chosen.
    #[serde(default)]
    pub catalog_type_id: Option<String>,
    /// Which of them are offered.
    #[serde(default)]
    pub filter_by: Option<FilterBy>,
    /// Which of them are offered.
    #[serde(default)]
    pub fixed_filter: Option<FixedFilter>,
    /// The attribute that groups them.
    #[serde(default)]
    pub group_by_catalog_attribute_id: Option<String>,
    /// The attribute that explains them.
    #[serde(default)]
    pub helptext_catalog_attribute_id: Option<String>,
    /// When it is asked for.
    #[serde(default)]
    pub asked: Asked,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// When a field is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// When it has to be set.
    pub required: Required,
    /// Whether it is asked for when an incident is declared.
    pub before_creation: bool,
    /// Whether it is asked for with an update.
    pub before_update: bool,
    /// Whether it is asked for when an incident is resolved.
    pub before_closure: bool,
    /// Whether announcements show it.
    pub in_announcement: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            required: Required::Never,
            before_creation: true,
            before_update: true,
            before_closure: true,
            in_announcement: true,
        }
    }
}

impl Record for CustomField {
    const TABLE: &'static str = "custom_fields";
    const KIND: &'static str = "custom_field";
    const EPOCH: Option<&'static str> = Some(EPOCH);

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

impl CustomField {
    /// A field with nothing but a name.
    pub fn new(cx: &Cx<'_>, name: &str, description: &str, field_type: FieldType) -> Self {
        Self {
            id: cx.new_id(),
            name: name.into(),
            description: description.into(),
            field_type,
            catalog_type_id: None,
            filter_by: None,
            fixed_filter: None,
            group_by_catalog_attribute_id: None,
            helptext_catalog_attribute_id: None,
            asked: Asked::default(),
            created_at: cx.now(),
            updated_at: cx.now(),
        }
    }

    /// Everything that keeps it from being stored.
    pub(super) fn check(&self, cx: &mut Cx<'_>) -> Result<()> {
        let settings = cx.cached::<Settings>()?;
        let mut problems = Problems::new();
        if self.name.trim().is_empty() {
            problems.push(Problem::new("is_required", "name is required").at("name"));
        }
        let taken = settings.fields.iter().any(|other| other.id != self.id && other.name == self.name);
        problems.check(!taken, "name", "another custom field has this name");
        let of_entries = self.catalog_type_id.is_some();
        problems.check(
            !of_entries || self.is_select(),
            "catalog_type_id",
            "only single_select and multi_select fields choose from the catalog",
        );
        self.check_catalog(&*cx.cached::<Types>()?, &mut problems);
        let always = self.asked.required == Required::Always;
        problems.check(
            !always || self.asked.before_creation,
            "show_before_creation",
            "a field that is always required has to be shown before creation",
        );
        problems.finish()
    }

    /// Notes what it names in the catalog that is not there.
    fn check_catalog(&self, types: &Types, problems: &mut Problems) {
        let Some(id) = &self.catalog_type_id else { return };
        let catalog_type = id.parse().ok().and_then(|id| types.get(id));
        problems.check(catalog_type.is_some(), "catalog_type_id", "there is no catalog type with this ID");
        let attributes = [
            ("filter_by.catalog_attribute_id", self.filter_by.as_ref().map(|filter| &filter.catalog_attribute_id)),
            (
                "fixed_filter.catalog_attribute_id",
                self.fixed_filter.as_ref().map(|filter| &filter.catalog_attribute_id),
            ),
            ("group_by_catalog_attribute_id", self.group_by_catalog_attribute_id.as_ref()),
            ("helptext_catalog_attribute_id", self.helptext_catalog_attribute_id.as_ref()),
        ];
        for (pointer, attribute) in attributes {
            let is_there = attribute
                .zip(catalog_type)
                .is_none_or(|(attribute, catalog_type)| catalog_type.schema.attribute(attribute).is_some());
            problems.check(is_there, pointer, "the catalog type has no attribute with this ID");
        }
    }

    /// Whether its values are chosen.
    pub fn is_select(&self) -> bool {
        matches!(self.field_type, FieldType::SingleSelect | FieldType::MultiSelect)
    }
}

/// Keeps the types that fields choose from.
pub(crate) fn follow_catalog_type(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    if cx.find::<CatalogType>(id.cast())?.is_some() {
        return Ok(());
    }
    let settings = cx.cached::<Settings>()?;
    let chooses = |field: &&Rendered<CustomField>| field.catalog_type_id.as_deref() == Some(&*id.to_string());
    match settings.fields.iter().find(chooses) {
        Some(field) => Err(Error::in_use(format!("The custom field {} chooses from this type", field.name))),
        None => Ok(()),
    }
}

/// Deletes a field with its options. Incidents show it no longer.
pub(super) fn delete(cx: &mut Cx<'_>, id: Id<CustomField>) -> Result<()> {
    let field = cx.get(id)?;
    cx.run("delete from incident_field_values where field_id = $1", &values![id])?;
    cx.delete(&field)
}

/// The field at `id`, changed.
pub(super) fn change(
    cx: &mut Cx<'_>,
    id: Id<CustomField>,
    change: impl FnOnce(&mut CustomField),
) -> Result<CustomField, Error> {
    let mut field = cx.get(id)?;
    change(&mut field);
    field.updated_at = cx.now();
    field.check(cx)?;
    cx.save(&mut field)?;
    Ok(field.into_inner())
}
