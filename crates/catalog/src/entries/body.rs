//! Entries, as both versions of the API show them.

use std::collections::{BTreeMap, HashMap};

use base::{Id, Result, Time};
use schemars::JsonSchema;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use store::Cx;
use web::Resource;

use super::derive::{Derived, derive, goes_back};
use super::links::{self, Link, Target};
use super::record::Entry;
use crate::types::{Attribute, CatalogType, Types};

/// How much of an entry is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// What is stored.
    Own,
    /// Also what is derived by going forward.
    Forward,
    /// Also what points here.
    Everything,
}

impl Extent {
    fn includes(self, attribute: &Attribute, catalog_type: &CatalogType, types: &Types) -> bool {
        match self {
            Self::Own => !attribute.is_derived(),
            Self::Forward => !goes_back(attribute, catalog_type, types),
            Self::Everything => true,
        }
    }
}

/// A value as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    literal: String,
    target: Option<Target>,
}

impl Shown {
    fn label(&self) -> String {
        self.target.as_ref().map_or_else(|| self.literal.clone(), |target| target.name.clone())
    }
}

impl From<Derived> for Shown {
    fn from(derived: Derived) -> Self {
        match derived {
            Derived::Entry(target) => Self { literal: target.id.to_string(), target: Some(target) },
            Derived::Text(literal) => Self { literal, target: None },
        }
    }
}

/// The values of one entry, by attribute ID.
type Bindings<V> = BTreeMap<String, BindingBody<V>>;

/// What `entries`, all of one type, have.
fn bindings<V: ValueBody>(
    cx: &mut Cx<'_>,
    catalog_type: &CatalogType,
    entries: &[&Entry],
    extent: Extent,
) -> Result<Vec<Bindings<V>>> {
    let types = cx.cached::<Types>()?;
    let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    let mut found = links::found(cx, &ids)?;
    let mut attributes = Vec::new();
    for attribute in &catalog_type.schema.attributes {
        if extent.includes(attribute, catalog_type, &types) {
            let derived =
                attribute.is_derived().then(|| derive(cx, attribute, catalog_type, &types, &ids)).transpose()?;
            attributes.push((attribute, derived));
        }
    }
    let of_entry = |entry: &&Entry| {
        let mut links = found.remove(&entry.id).unwrap_or_default();
        let binding = |(attribute, derived): &mut (&Attribute, Option<HashMap<_, Vec<Derived>>>)| {
            let values = match derived {
                Some(derived) => derived.remove(&entry.id).filter(|values| !values.is_empty()).map(computed)?,
                None => stored(entry.values.get(&attribute.slot)?, &attribute.slot, &mut links),
            };
            Some((attribute.id.clone(), BindingBody::of(attribute.array, values)))
        };
        attributes.iter_mut().filter_map(binding).collect()
    };
    Ok(entries.iter().map(of_entry).collect())
}

fn computed(values: Vec<Derived>) -> Vec<Shown> {
    values.into_iter().map(Shown::from).collect()
}

/// The values that are held under `slot`, with what they have found.
fn stored(held: &[String], slot: &str, links: &mut Vec<Link>) -> Vec<Shown> {
    let shown = |(position, literal): (usize, &String)| {
        let link = links.iter().position(|link| link.slot == slot && link.position == position);
        Shown { literal: literal.clone(), target: link.map(|index| links.swap_remove(index).target) }
    };
    held.iter().enumerate().map(shown).collect()
}

/// A value as one version of the API shows it.
pub(super) trait ValueBody {
    fn of(shown: Shown) -> Self;
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogEntryReference")]
struct ReferenceBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Time>,
    catalog_entry_id: Id<Entry>,
    catalog_entry_name: String,
    catalog_type_id: Id<CatalogType>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogValueV2")]
pub(super) struct ValueBodyV2 {
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog_entry: Option<ReferenceBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    helptext: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_image_slack_icon: Option<bool>,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    literal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    sort_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl ValueBody for ValueBodyV2 {
    fn of(shown: Shown) -> Self {
        let label = shown.label();
        let reference = shown.target.map(|target| ReferenceBody {
            archived_at: target.archived_at,
            catalog_entry_id: target.id,
            catalog_entry_name: target.name,
            catalog_type_id: target.catalog_type,
        });
        Self {
            catalog_entry: reference,
            helptext: None,
            image_url: None,
            is_image_slack_icon: None,
            sort_key: label.clone(),
            label,
            literal: Some(shown.literal),
            reference: None,
            unavailable: None,
            value: None,
        }
    }
}

#[derive(Debug, JsonSchema)]
#[schemars(rename = "CatalogValueV3")]
pub(super) struct ValueBodyV3 {
    /// The literal itself, unless something else is held.
    #[schemars(with = "String")]
    label: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    literal: Option<String>,
}

impl ValueBody for ValueBodyV3 {
    fn of(shown: Shown) -> Self {
        Self { label: shown.target.map(|target| target.name), literal: Some(shown.literal) }
    }
}

impl Serialize for ValueBodyV3 {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("CatalogValueV3", 2)?;
        fields.serialize_field("label", self.label.as_ref().or(self.literal.as_ref()).map_or("", String::as_str))?;
        fields.serialize_field("literal", &self.literal)?;
        fields.end()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(bound = "V: JsonSchema", rename = "CatalogBinding_{V}")]
pub(super) struct BindingBody<V> {
    #[serde(skip_serializing_if = "Option::is_none")]
    array_value: Option<Vec<V>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<V>,
}

impl<V: ValueBody> BindingBody<V> {
    fn of(is_array: bool, shown: Vec<Shown>) -> Self {
        let mut values = shown.into_iter().map(V::of);
        if is_array {
            Self { array_value: Some(values.collect()), value: None }
        } else {
            Self { array_value: None, value: values.next() }
        }
    }
}

/// An entry as the version of the API shows it whose values are `V`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(bound = "V: JsonSchema", rename = "CatalogEntry_{V}")]
pub(super) struct EntryBody<V> {
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Time>,
    attribute_values: Bindings<V>,
    catalog_type_id: Id<CatalogType>,
    created_at: Time,
    /// Newer than the contract; the client that knows it insists on it. No type supports any yet.
    #[schemars(skip)]
    custom_aliases: [&'static str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    id: Id<Entry>,
    name: String,
    rank: i32,
    updated_at: Time,
}

impl<V: Serialize + JsonSchema> Resource for EntryBody<V> {
    const ONE: &'static str = "catalog_entry";
    const MANY: &'static str = "catalog_entries";
}

impl<V: ValueBody> EntryBody<V> {
    /// How `entries`, all of one type, are shown.
    pub fn all(cx: &mut Cx<'_>, catalog_type: &CatalogType, entries: &[&Entry], extent: Extent) -> Result<Vec<Self>> {
        let bindings = bindings(cx, catalog_type, entries, extent)?;
        Ok(entries.iter().zip(bindings).map(|(entry, bindings)| Self::shown(entry, bindings)).collect())
    }

    /// How one entry is shown.
    pub fn of(cx: &mut Cx<'_>, catalog_type: &CatalogType, entry: &Entry, extent: Extent) -> Result<Self> {
        let bindings = bindings(cx, catalog_type, &[entry], extent)?.pop().unwrap_or_default();
        Ok(Self::shown(entry, bindings))
    }

    fn shown(entry: &Entry, attribute_values: Bindings<V>) -> Self {
        Self {
            aliases: entry.aliases.clone(),
            archived_at: entry.archived_at,
            attribute_values,
            catalog_type_id: entry.catalog_type,
            created_at: entry.created_at,
            custom_aliases: [],
            external_id: entry.external_id.clone(),
            id: entry.id,
            name: entry.name.clone(),
            rank: entry.rank,
            updated_at: entry.updated_at,
        }
    }
}

/// An entry with its type.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(bound = "T: JsonSchema, V: JsonSchema", rename = "CatalogEntryWithType_{V}")]
pub(super) struct WithType<T, V> {
    pub catalog_entry: EntryBody<V>,
    pub catalog_type: T,
}

/// A page of entries with their type.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(bound = "T: JsonSchema, V: JsonSchema, M: JsonSchema", rename = "CatalogEntriesWithType_{V}")]
pub(super) struct PageWithType<T, V, M> {
    pub catalog_entries: Vec<EntryBody<V>>,
    pub catalog_type: T,
    pub pagination_meta: M,
}
