//! Queries and forms: names with values, in the order in which they came.

use std::borrow::Cow;

use base::{Error, Result};
use serde_json::{Map, Value as Json, json};

/// How many fields there may be.
const MOST: usize = 2_000;

/// The fields of a query or a form.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Those that a query string or the body of a form holds, unless they are too many: each takes many times the room
    /// that it has there.
    pub fn read(text: &[u8]) -> Result<Self> {
        if text.split(|byte| *byte == b'&').nth(MOST).is_some() {
            return Err(Error::invalid("", format!("A form has {MOST} fields at most: this one has more")));
        }
        // No text in a database holds a NUL, and no database wants to be asked for one.
        let clean = |text: Cow<'_, str>| text.replace('\0', "");
        Ok(Self(form_urlencoded::parse(text).map(|(name, value)| (clean(name), clean(value))).collect()))
    }

    /// The value of a field, without blanks around it; none where it is blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of a field as text: empty where it is blank.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// All values of a field that is there several times, but for blank ones.
    pub fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        let own = self.0.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The body for an operation of those fields among `names` that are filled in. A field is named as the operation
    /// names it in its errors: `incident.name` is `name` within `incident`.
    pub fn filled(&self, names: &[&str]) -> Json {
        self.body(names.iter().filter_map(|name| Some((*name, self.get(name)?))))
    }

    /// The same with fields that are there but blank: what they held is to go.
    pub fn given(&self, names: &[&str]) -> Json {
        self.body(names.iter().filter(|name| self.has(name)).map(|name| (*name, self.text(name))))
    }

    /// Whether there is such a field, be it blank.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// Whether a field holds something else than what it held when the form was shown, which stands beside it in `was.`
    /// and the field's name; without that it counts as changed.
    pub fn is_changed(&self, name: &str) -> bool {
        let was = format!("was.{name}");
        self.has(name) && (!self.has(&was) || !is_same_text(self.text(&was), self.text(name)))
    }

    fn body<'f>(&self, fields: impl Iterator<Item = (&'f str, &'f str)>) -> Json {
        let mut body = json!({});
        for (name, value) in fields {
            put(&mut body, name, json!(value));
        }
        body
    }

    /// What stands in each field, for a form that is shown again; several values are a list.
    pub fn as_json(&self) -> Json {
        let mut fields: Map<String, Json> = Map::new();
        for (name, value) in &self.0 {
            match fields.get_mut(name) {
                Some(Json::Array(values)) => values.push(json!(value)),
                Some(one) => *one = json!([one.take(), value]),
                None => drop(fields.insert(name.clone(), json!(value))),
            }
        }
        fields.into()
    }

    /// All of them that aren't blank as a query string, but with these values instead of their own; a blank one takes
    /// its field away.
    pub fn with(&self, others: &[(&str, &str)]) -> String {
        let stays = |(name, value): &&(String, String)| {
            !value.trim().is_empty() && others.iter().all(|(other, _)| other != name)
        };
        let own = self.0.iter().filter(stays).map(|(name, value)| (name.as_str(), value.trim()));
        let others = others.iter().copied().filter(|(_, value)| !value.is_empty());
        query(&own.chain(others).collect::<Vec<_>>())
    }

    /// The names of those that aren't blank.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, value)| !value.trim().is_empty()).map(|(name, _)| name.as_str())
    }

    /// The fields whose names begin with `prefix` and a dot: the rest of the name, and the value, which may be blank.
    pub fn under<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?.strip_prefix('.')?, value.trim())))
    }

    /// The value of a field exactly as it came: blanks in a password matter.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

/// Whether two texts are the same but for how their lines end, which browsers change.
pub fn is_same_text(one: &str, other: &str) -> bool {
    one.trim().lines().eq(other.trim().lines())
}

/// Puts a value into `body` where the field `name` has its place: `incident.name` is `name` within `incident`.
pub fn put(body: &mut Json, name: &str, value: Json) {
    *name.split('.').fold(body, |place, step| &mut place[step]) = value;
}

/// A query string.
pub fn query(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// `text` as one step of a path.
pub fn step(text: &str) -> Cow<'_, str> {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_with_what_is_blank_left_out() {
        let fields = Fields::read(b"name=+Ada+&role=a&role=b&note=&tick=on&n=3").unwrap();
        assert_eq!((fields.get("name"), fields.get("note"), fields.text("x")), (Some("Ada"), None, ""));
        assert_eq!(fields.all("role").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(fields.as_json()["role"], json!(["a", "b"]));
        assert_eq!(fields.filled(&["name", "note", "x"]), json!({"name": "Ada"}));
        assert_eq!(fields.given(&["note", "x"]), json!({"note": ""}));
        assert_eq!(Fields::read(b"a.b=1").unwrap().filled(&["a.b"]), json!({"a": {"b": "1"}}));
        assert_eq!(fields.with(&[("role", "c"), ("n", ""), ("x", "1")]), "name=Ada&tick=on&role=c&x=1");
        let nested = Fields::read(b"a.1=x&a.2=&b.1=y").unwrap();
        assert_eq!(nested.under("a").collect::<Vec<_>>(), [("1", "x"), ("2", "")]);
        assert_eq!(fields.raw("name"), " Ada ");
        let fields = Fields::read(b"a=x&was.a=x&b=y&was.b=x&c=y&d=1%0D%0A2&was.d=1%0A2").unwrap();
        assert_eq!(["a", "b", "c", "d", "e"].map(|name| fields.is_changed(name)), [false, true, true, false, false]);
        assert_eq!(Fields::read(b"na%00me=A%00da%00").unwrap().raw("name"), "Ada");
    }

    #[test]
    fn there_are_no_more_fields_than_a_form_has() {
        assert!(Fields::read("a&".repeat(MOST).trim_end_matches('&').as_bytes()).is_ok());
        assert!(Fields::read("a&".repeat(MOST).as_bytes()).is_err());
    }
}
