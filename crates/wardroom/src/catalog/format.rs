//! What stands in a catalog file.
//!
//! A field that is absent says nothing: what the server has stays.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base::words;
use catalog::types::{Category, Color, Icon};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A document of a file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Other files, as patterns from where this one is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Kinds of thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Type>,
    /// Things, also of types that stand in other files or only on the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
}

/// A kind of thing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Type {
    /// What people call it.
    pub name: String,
    /// What attributes call it: `Custom["Service"]`; made from the name when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its picture.
    #[serde(default, deserialize_with = "word_of::<Icon, _>", skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Its colour.
    #[serde(default, deserialize_with = "word_of::<Color, _>", skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// What it is filed under.
    #[serde(default, deserialize_with = "words_of::<Category, _>", skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// Whether its entries have an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranked: Option<bool>,
    /// Whether the name of an entry finds it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_name_as_identifier: Option<bool>,
    /// What tools noted down on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Where it is managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_repo_url: Option<String>,
    /// Its attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<Attribute>>,
    /// Its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<Entry>>,
}

/// An attribute of a type.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its ID, to find it again when its name changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it holds: a primitive, or a type by either of its names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Whether it holds several values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub array: bool,
    /// Who sets its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The names of the attributes to go along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<String>>,
    /// The attribute that points here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlink: Option<Backlink>,
}

words! {
    /// Who sets an attribute's values, or what they are derived from.
    pub enum Mode {
        /// Programs, through the API.
        Api = "api",
        /// People, in the dashboard.
        Dashboard = "dashboard",
        /// A tool outside.
        External = "external",
        /// The server itself.
        Internal = "internal",
        /// A tool outside that is asked when needed.
        Dynamic = "dynamic",
        /// Derived: the entries that point here through another attribute.
        Backlink = "backlink",
        /// Derived: what is reached by going from attribute to attribute.
        Path = "path",
    }
}

/// The attribute of another type that points here.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backlink {
    /// The other type; what the attribute holds when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The name of its attribute.
    pub attribute: String,
}

/// A thing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its type, unless it stands within one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// What finds it again; made from the name when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What people call it.
    pub name: String,
    /// What else finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Vec<String>>,
    /// Its place among the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<i32>,
    /// Its values, by attribute name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Value>,
}

/// What an entry says of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing: the attribute has no value.
    None,
    /// A text, number or truth value, as text.
    One(String),
    /// Several of them.
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadValue { several: true })
    }
}

/// One of several values.
struct Item(String);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ReadValue { several: false })? {
            Value::One(text) => Ok(Self(text)),
            Value::None | Value::Many(_) => Err(de::Error::custom("a list holds texts, numbers, true and false")),
        }
    }
}

struct ReadValue {
    several: bool,
}

impl<'de> Visitor<'de> for ReadValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false, or a list of them")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_bool<E>(self, is_so: bool) -> Result<Value, E> {
        Ok(Value::One(is_so.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::One(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::One(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::One(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::One(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::One(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        if !self.several {
            return Err(de::Error::custom("a list within a list"));
        }
        let mut texts = Vec::new();
        while let Some(Item(text)) = items.next_element()? {
            texts.push(text);
        }
        Ok(Value::Many(texts))
    }
}

/// A text that is one of the words of `W`, if any.
fn word_of<'de, W: Words, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.iter().try_for_each(|text| check::<W, _>(text)).map(|()| text)
}

/// Several of them.
fn words_of<'de, W: Words, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let texts = Option::<Vec<String>>::deserialize(deserializer)?;
    texts.iter().flatten().try_for_each(|text| check::<W, _>(text)).map(|()| texts)
}

trait Words: FromStr<Err = &'static str> {}

impl<W: FromStr<Err = &'static str>> Words for W {}

fn check<W: Words, E: de::Error>(text: &str) -> Result<(), E> {
    text.parse::<W>().map(drop).map_err(|problem| E::custom(format!("{text:?} {problem}")))
}
