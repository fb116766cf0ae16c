//! Types and entries as the API shows and takes them, as far as an import needs them.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A type as it is.
#[derive(Clone, Debug, Deserialize)]
pub struct Type {
    /// Which one.
    pub id: String,
    /// What attributes call it.
    pub type_name: String,
    /// Whether it and its entries may be changed.
    pub is_editable: bool,
    /// Whether its entries are the teams.
    #[serde(default)]
    pub is_team_type: bool,
    /// Its attributes.
    pub schema: Schema,
    /// What else there is to it.
    #[serde(flatten)]
    pub fields: Fields,
}

/// What a change of a type sends: all of it, for what is absent is cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// What it is filed under.
    #[serde(default, deserialize_with = "or_nothing")]
    pub categories: Vec<String>,
    /// Whether its entries have an order.
    #[serde(default)]
    pub ranked: bool,
    /// Whether the name of an entry finds it too.
    #[serde(default)]
    pub use_name_as_identifier: bool,
    /// What tools noted down on it.
    #[serde(default, deserialize_with = "or_nothing")]
    pub annotations: BTreeMap<String, String>,
    /// Where it is managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_repo_url: Option<String>,
    /// The teams that own it.
    #[serde(default, deserialize_with = "or_nothing")]
    pub owning_team_ids: Vec<String>,
}

/// The attributes of a type.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Schema {
    /// Counts the changes.
    pub version: i64,
    /// The attributes, in order.
    pub attributes: Vec<Attribute>,
}

/// An attribute, as it is or is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Which one.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub holds: String,
    /// Whether it holds several values.
    #[serde(default)]
    pub array: bool,
    /// Who sets its values.
    #[serde(default)]
    pub mode: String,
    /// The attributes to go along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Step>,
    /// The ID of the attribute that points here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlink_attribute: Option<String>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The attribute to go along.
    pub attribute_id: String,
}

impl Attribute {
    /// Whether its values are computed.
    pub fn is_derived(&self) -> bool {
        matches!(self.mode.as_str(), "path" | "backlink")
    }

    /// Whether files decide its values for every entry: others look after those of other modes.
    pub fn is_decided_by_files(&self) -> bool {
        matches!(self.mode.as_str(), "" | "api")
    }

    /// What an entry has of this attribute; no value and an empty text are one.
    pub fn held_by<'e>(&self, entry: &'e Entry) -> &'e [String] {
        let held = entry.values.get(&self.id).map(|held| held.0.as_slice()).unwrap_or_default();
        match held {
            [text] if text.is_empty() => &[],
            held => held,
        }
    }
}

/// An entry as it is.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Entry {
    /// Which one.
    pub id: String,
    /// What another system calls it.
    #[serde(default)]
    pub external_id: Option<String>,
    /// What people call it.
    pub name: String,
    /// What else finds it.
    #[serde(default, deserialize_with = "or_nothing")]
    pub aliases: Vec<String>,
    /// Its place among the others.
    #[serde(default)]
    pub rank: i32,
    /// Its values, by attribute ID.
    #[serde(rename = "attribute_values", default)]
    pub values: HashMap<String, Held>,
}

impl Entry {
    /// What finds it in files: its external ID, or else its ID.
    pub fn key(&self) -> &str {
        self.external_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(&self.id)
    }
}

/// Reads null as what is empty.
fn or_nothing<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The texts that an attribute of an entry has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held(pub Vec<String>);

impl<'de> Deserialize<'de> for Held {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Literal {
            #[serde(default)]
            literal: Option<String>,
        }
        #[derive(Deserialize)]
        struct Binding {
            #[serde(default)]
            array_value: Option<Vec<Literal>>,
            #[serde(default)]
            value: Option<Literal>,
        }
        let Binding { array_value, value } = Binding::deserialize(deserializer)?;
        let literals = array_value.into_iter().flatten().chain(value);
        Ok(Self(literals.filter_map(|literal| literal.literal).collect()))
    }
}

/// The values that an attribute of an entry is to have, as they are sent.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// Whether the attribute holds several.
    pub array: bool,
    /// The values.
    pub texts: &'a [String],
}

impl Serialize for Binding<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Literal<'a> {
            literal: &'a str,
        }
        let mut literals = self.texts.iter().map(|literal| Literal { literal });
        if self.array {
            serializer.collect_map([("array_value", literals.collect::<Vec<_>>())])
        } else {
            serializer.collect_map(literals.next().map(|literal| ("value", literal)))
        }
    }
}

/// Values by attribute ID, as they are sent.
pub type Bindings<'a> = BTreeMap<&'a str, Binding<'a>>;

/// A new entry.
#[derive(Debug, Serialize)]
pub struct NewEntry<'a> {
    /// Its type.
    pub catalog_type_id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// What finds it again.
    pub external_id: &'a str,
    /// What else finds it.
    pub aliases: &'a [String],
    /// Its place among the others.
    pub rank: i32,
    /// Its values.
    pub attribute_values: Bindings<'a>,
}

/// Changes of entries of one type.
#[derive(Debug, Serialize)]
pub struct Changes<'a> {
    /// Their type.
    pub catalog_type_id: &'a str,
    /// What changes.
    pub entries: Vec<Patch<'a>>,
    /// The attributes that change.
    pub update_attributes: Vec<&'a str>,
}

/// The change of one entry. What is absent stays, but for the rank.
#[derive(Debug, Serialize)]
pub struct Patch<'a> {
    /// Which one.
    pub entry_id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// What another system calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<&'a str>,
    /// What else finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliases: Option<&'a [String]>,
    /// Its place among the others.
    pub rank: i32,
    /// Its values.
    pub attribute_values: Bindings<'a>,
}
