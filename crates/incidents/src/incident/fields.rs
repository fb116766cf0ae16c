//! Values of custom fields on an incident.

use std::collections::HashMap;

use base::{AnyId, Error, Id, Problem, Problems, Result};
use catalog::entries::{Entry, find_named};
use catalog::types::Types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Cx, Stored};
use web::Rendered;

use crate::settings::Settings;
use crate::settings::custom_fields::{CustomField, CustomFieldOption, FieldType};

/// The values of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldEntry {
    /// The field.
    pub field: Id<CustomField>,
    /// Its values; never empty.
    pub values: Vec<FieldValue>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum FieldValue {
    /// An option of the field.
    Option(Id<CustomFieldOption>),
    /// A catalog entry.
    CatalogEntry(Id<Entry>),
    /// A text.
    Text(String),
    /// A link.
    Link(String),
    /// A number, as it was written.
    Numeric(String),
}

impl FieldValue {
    /// What filters compare.
    pub fn key(&self) -> String {
        match self {
            Self::Option(id) => id.to_string(),
            Self::CatalogEntry(id) => id.to_string(),
            Self::Text(text) | Self::Link(text) | Self::Numeric(text) => key(text.clone()),
        }
    }
}

/// Bytes of a text that an index holds; PostgreSQL's takes no more than 2,704.
const LONGEST_KEY: usize = 1_000;

/// What filters compare in place of a text: the text itself, or a digest of one that no index holds.
pub(super) fn key(text: String) -> String {
    if text.len() <= LONGEST_KEY { text } else { AnyId::of_digest(&Sha256::digest(text)).to_string() }
}

/// The values of one field, in a request. An empty list clears the field.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CustomFieldEntryPayload {
    /// The field.
    custom_field_id: String,
    /// Its values.
    values: Vec<CustomFieldValuePayload>,
}

/// A value in a request: one of these, whichever fits the field.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct CustomFieldValuePayload {
    /// Has no effect.
    #[expect(dead_code, reason = "clients send back what they read")]
    id: Option<String>,
    /// A catalog entry: its ID, external ID or alias.
    value_catalog_entry_id: Option<String>,
    /// A link.
    value_link: Option<String>,
    /// A number.
    value_numeric: Option<String>,
    /// An option's ID.
    value_option_id: Option<String>,
    /// A text.
    value_text: Option<String>,
    /// Has no effect: timestamps have a place of their own.
    #[expect(dead_code, reason = "old clients send it")]
    value_timestamp: Option<String>,
}

/// Puts the values of `payload` in place of what `entries` has for the same fields.
pub(super) fn apply(
    cx: &mut Cx<'_>,
    entries: &mut Vec<FieldEntry>,
    payload: &[CustomFieldEntryPayload],
    settings: &Settings,
) -> Result<()> {
    let mut problems = Problems::new();
    for (index, given) in payload.iter().enumerate() {
        let read = given.read(cx, settings, entries);
        let read = read.map_err(|error| error.within(format!("custom_field_entries.{index}")));
        if let Some(entry) = problems.keep(read)? {
            entries.retain(|other| other.field != entry.field);
            if !entry.values.is_empty() {
                entries.push(entry);
            }
        }
    }
    problems.finish()
}

/// Drops the values of fields and options that have since been deleted.
pub(super) fn prune(entries: &mut Vec<FieldEntry>, settings: &Settings) {
    for entry in entries.iter_mut() {
        entry.values.retain(|value| !matches!(value, FieldValue::Option(id) if settings.options.get(*id).is_none()));
    }
    entries.retain(|entry| !entry.values.is_empty() && settings.fields.get(entry.field).is_some());
}

impl CustomFieldEntryPayload {
    /// The values, given what the incident has so far.
    fn read(&self, cx: &mut Cx<'_>, settings: &Settings, before: &[FieldEntry]) -> Result<FieldEntry> {
        let field = settings.fields.named("custom_field_id", &self.custom_field_id)?;
        let held = before.iter().find(|entry| entry.field == field.id).map_or(&[][..], |entry| &entry.values);
        let mut problems = Problems::new();
        let mut values = Vec::new();
        for (index, given) in self.values.iter().enumerate() {
            let read = given.read(cx, field, settings, held).map_err(|error| error.within(format!("values.{index}")));
            values.extend(problems.keep(read)?.flatten());
        }
        let one = field.field_type != FieldType::MultiSelect;
        problems.check(!one || values.len() <= 1, "values", "this field has one value");
        problems.finish()?;
        Ok(FieldEntry { field: field.id, values })
    }
}

impl CustomFieldValuePayload {
    /// The value, `None` where it is empty. `held` is what the field has so far.
    fn read(
        &self,
        cx: &mut Cx<'_>,
        field: &CustomField,
        settings: &Settings,
        held: &[FieldValue],
    ) -> Result<Option<FieldValue>> {
        let (name, given) = match field.field_type {
            FieldType::SingleSelect | FieldType::MultiSelect if field.catalog_type_id.is_some() => {
                ("value_catalog_entry_id", &self.value_catalog_entry_id)
            }
            FieldType::SingleSelect | FieldType::MultiSelect => ("value_option_id", &self.value_option_id),
            FieldType::Text => ("value_text", &self.value_text),
            FieldType::Link => ("value_link", &self.value_link),
            FieldType::Numeric => ("value_numeric", &self.value_numeric),
        };
        let Some(text) = given else {
            let message = format!("{name} is required: the field is of type {}", field.field_type);
            return Err(Error::of_problems(vec![Problem::new("is_required", message).at(name)]));
        };
        if text.is_empty() {
            return Ok(None);
        }
        let value = match name {
            "value_option_id" => {
                let option = settings.options.named(name, text)?;
                if option.custom_field_id != field.id {
                    return Err(Error::invalid(name, "this is an option of another field"));
                }
                FieldValue::Option(option.id)
            }
            "value_catalog_entry_id" => {
                let can_stay = |entry: &Entry| held.contains(&FieldValue::CatalogEntry(entry.id));
                let entry = find_entry(cx, field, text)?;
                let entry = entry.filter(|entry| entry.archived_at.is_none() || can_stay(entry));
                let entry = entry.ok_or_else(|| Error::invalid(name, format!("no entry is found by {text}")))?;
                FieldValue::CatalogEntry(entry.id)
            }
            "value_link" if !text.contains("://") => return Err(Error::invalid(name, "is not a link")),
            "value_link" => FieldValue::Link(text.clone()),
            "value_numeric" if text.len() > LONGEST_KEY => {
                return Err(Error::invalid(name, "is too long for a number"));
            }
            "value_numeric" if text.parse::<f64>().is_ok_and(f64::is_finite) => FieldValue::Numeric(text.clone()),
            "value_numeric" => return Err(Error::invalid(name, "is not a number")),
            _ => FieldValue::Text(text.clone()),
        };
        Ok(Some(value))
    }
}

/// The entry that `field` chooses from and that `identifier` finds; its ID does so once it is archived, too.
pub(super) fn find_entry(cx: &mut Cx<'_>, field: &CustomField, identifier: &str) -> Result<Option<Stored<Entry>>> {
    let types = cx.cached::<Types>()?;
    let catalog_type = field.catalog_type_id.as_deref().and_then(|id| types.get(id.parse().ok()?));
    Ok(catalog_type.map(|catalog_type| find_named(cx, catalog_type, identifier)).transpose()?.flatten())
}

/// The catalog entries that are chosen in `incidents`' fields.
pub(super) fn entries_in<'i>(incidents: impl IntoIterator<Item = &'i [FieldEntry]>) -> Vec<Id<Entry>> {
    let values = incidents.into_iter().flatten().flat_map(|entry| &entry.values);
    let chosen = values.filter_map(|value| match value {
        FieldValue::CatalogEntry(id) => Some(*id),
        _ => None,
    });
    chosen.collect()
}

/// The values of one field, in an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CustomFieldEntryBody {
    custom_field: CustomFieldTypeInfo,
    values: Vec<CustomFieldValueBody>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CustomFieldTypeInfo {
    description: String,
    field_type: FieldType,
    id: Id<CustomField>,
    #[schemars(length(max = 50))]
    name: String,
    options: Vec<Rendered<CustomFieldOption>>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(default)]
struct CustomFieldValueBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    value_catalog_entry: Option<EmbeddedCatalogEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_numeric: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_option: Option<Rendered<CustomFieldOption>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_text: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct EmbeddedCatalogEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    aliases: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    id: Id<Entry>,
    name: String,
}

/// How `entries` are shown. What has since been deleted (fields, options, catalog types) is not;
/// `chosen` has the catalog entries.
pub(super) fn show(
    entries: &[FieldEntry],
    settings: &Settings,
    chosen: &HashMap<Id<Entry>, Entry>,
) -> Vec<CustomFieldEntryBody> {
    let show_one = |entry: &FieldEntry| {
        let field = settings.fields.get(entry.field)?;
        let values: Vec<_> = entry.values.iter().filter_map(|value| show_value(value, settings, chosen)).collect();
        (!values.is_empty()).then(|| CustomFieldEntryBody {
            custom_field: CustomFieldTypeInfo {
                description: field.description.clone(),
                field_type: field.field_type,
                id: field.id,
                name: field.name.clone(),
                options: settings.options_of(field.id).to_vec(),
            },
            values,
        })
    };
    entries.iter().filter_map(show_one).collect()
}

fn show_value(
    value: &FieldValue,
    settings: &Settings,
    chosen: &HashMap<Id<Entry>, Entry>,
) -> Option<CustomFieldValueBody> {
    let nothing = CustomFieldValueBody::default();
    Some(match value {
        FieldValue::Option(id) => {
            CustomFieldValueBody { value_option: Some(settings.options.get(*id)?.clone()), ..nothing }
        }
        FieldValue::Text(text) => CustomFieldValueBody { value_text: Some(text.clone()), ..nothing },
        FieldValue::Link(link) => CustomFieldValueBody { value_link: Some(link.clone()), ..nothing },
        FieldValue::Numeric(number) => CustomFieldValueBody { value_numeric: Some(number.clone()), ..nothing },
        FieldValue::CatalogEntry(entry) => {
            let entry = chosen.get(entry)?;
            let entry = EmbeddedCatalogEntry {
                aliases: Some(entry.aliases.clone()),
                external_id: entry.external_id.clone(),
                id: entry.id,
                name: entry.name.clone(),
            };
            CustomFieldValueBody { value_catalog_entry: Some(entry), ..nothing }
        }
    })
}
