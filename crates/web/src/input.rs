//! What a handler is given: the body, the query, a part of the path.

use std::borrow::Cow;

use base::{Error, Id, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::openapi::Description;
use crate::schema::Reader;

/// A request as inputs read it.
#[derive(Debug, Default)]
pub struct Request {
    pub(crate) segments: Vec<String>,
    pub(crate) query: String,
    pub(crate) body: Vec<u8>,
}

/// Reads a `T` out of a request.
pub type Read<T> = Box<dyn Fn(&Request) -> Result<T> + Send + Sync>;

/// Something a handler can ask for.
pub trait Input: Clone + Send + Sized + 'static {
    /// Makes what reads it.
    fn reader() -> Read<Self>;

    /// Tells the OpenAPI document of it.
    fn describe(description: &mut Description<'_>);
}

/// The JSON body.
#[derive(Clone, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + JsonSchema + Clone + Send + 'static> Input for Body<T> {
    fn reader() -> Read<Self> {
        let reader = Reader::of::<T>();
        Box::new(move |request| {
            // No body at all is an empty one: the caller then reads which fields it takes.
            let body: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
            let value = serde_json::from_slice(body)
                .map_err(|error| Error::malformed(format!("the body is not JSON: {error}")))?;
            reader.read(&value).map(Body)
        })
    }

    fn describe(description: &mut Description<'_>) {
        description.body::<T>();
    }
}

/// The query string. A field of `T` is one parameter: a text, an integer, a truth value, a list
/// (repeated), or a map (`status[one_of]=a&status[one_of]=b`, two levels deep at most).
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + JsonSchema + Clone + Send + 'static> Input for Query<T> {
    fn reader() -> Read<Self> {
        let reader = Reader::of::<T>();
        Box::new(move |request| reader.read(&query_as_json(&request.query, reader.schema())).map(Query))
    }

    fn describe(description: &mut Description<'_>) {
        description.query::<T>();
    }
}

fn query_as_json(query: &str, schema: &Value) -> Value {
    let mut fields = Map::new();
    for (name, text) in pairs(query) {
        let mut keys = name.split('[').map(|key| key.trim_end_matches(']'));
        let first = keys.next().unwrap_or_default();
        let path: Vec<_> = keys.collect();
        let Some(property) = schema["properties"].get(first) else { continue };
        if path.is_empty() {
            put(&mut fields, first, &text, property);
        } else if let Some(leaf) = nested(&mut fields, first, &path) {
            leaf.push(text.into_owned().into());
        }
    }
    fields.into()
}

fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(name), unescape(value))
    })
}

fn unescape(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode(text.replace('+', " ").as_bytes()).decode_utf8_lossy().into_owned().into()
}

fn is_type(property: &Value, wanted: &str) -> bool {
    match &property["type"] {
        Value::Array(types) => types.iter().any(|kind| kind == wanted),
        kind => kind == wanted,
    }
}

/// Puts a plain parameter where the schema wants it, in the schema's type; what can't be converted
/// stays text, and the schema then says what is wrong with it.
fn put(fields: &mut Map<String, Value>, name: &str, text: &str, property: &Value) {
    if is_type(property, "array") {
        let list = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        list.as_array_mut().into_iter().for_each(|list| list.push(text.into()));
        return;
    }
    let value = match text {
        "true" if is_type(property, "boolean") => true.into(),
        "false" if is_type(property, "boolean") => false.into(),
        number if is_type(property, "integer") => number.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        text => text.into(),
    };
    fields.insert(name.into(), value);
}

fn nested<'f>(fields: &'f mut Map<String, Value>, first: &str, path: &[&str]) -> Option<&'f mut Vec<Value>> {
    let (last, between) = path.split_last()?;
    let mut map = fields.entry(first).or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
    for key in between {
        map = map.entry(*key).or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
    }
    map.entry(*last).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
}

/// The parameters of a list that comes in pages of 25 rows, or `page_size`, `MAX` at most.
#[derive(Clone, Debug, Deserialize)]
pub struct Paging<const MAX: i64> {
    page_size: Option<i64>,
    after: Option<String>,
}

impl<const MAX: i64> Paging<MAX> {
    const DEFAULT: i64 = 25;

    /// The page that is asked for.
    pub fn read(&self) -> Result<store::Paging> {
        self.capped(MAX)
    }

    /// The page that is asked for, of at most `cap` rows.
    pub fn capped(&self, cap: i64) -> Result<store::Paging> {
        let size = self.page_size.unwrap_or(Self::DEFAULT).clamp(1, MAX.min(cap));
        let after = self.after.as_deref().map(|id| id.parse().map_err(|problem| Error::invalid("after", problem)));
        Ok(store::Paging { size: usize::try_from(size).unwrap_or(1), after: after.transpose()? })
    }
}

impl<const MAX: i64> JsonSchema for Paging<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("PagingUpTo{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "page_size": {
                    "description": "How many rows a page has at most.",
                    "type": "integer", "format": "int64", "minimum": 1, "maximum": MAX, "default": Self::DEFAULT,
                },
                "after": {
                    "description": "The ID of the last row of the page before; it may have been deleted since.",
                    "type": "string",
                },
            },
        })
    }
}

/// What can stand as `{id}` in a path.
pub trait PathSegment: Clone + Send + Sized + 'static {
    /// Reads it; `None` means that there is no such resource.
    fn from_segment(segment: &str) -> Option<Self>;
}

impl<T: ?Sized + 'static> PathSegment for Id<T> {
    fn from_segment(segment: &str) -> Option<Self> {
        segment.parse().ok()
    }
}

impl PathSegment for String {
    fn from_segment(segment: &str) -> Option<Self> {
        Some(segment.to_owned())
    }
}

impl<T: ?Sized + 'static> Input for Id<T> {
    fn reader() -> Read<Self> {
        Box::new(|request| read_segment(request, 0))
    }

    fn describe(_: &mut Description<'_>) {}
}

/// A resource that belongs to another: `/v2/schedules/{schedule_id}/replicas/{id}`.
impl<A: PathSegment, B: PathSegment> Input for (A, B) {
    fn reader() -> Read<Self> {
        Box::new(|request| Ok((read_segment(request, 0)?, read_segment(request, 1)?)))
    }

    fn describe(_: &mut Description<'_>) {}
}

/// Reads one of the path's parameters, for an [`Input`] that is a [`PathSegment`].
pub(crate) fn read_segment<T: PathSegment>(request: &Request, index: usize) -> Result<T> {
    request.segments.get(index).and_then(|segment| T::from_segment(segment)).ok_or_else(Error::not_found)
}

/// A part of the path that is not simply an ID.
#[derive(Clone, Debug)]
pub struct Segment<T>(pub T);

impl<T: PathSegment> Input for Segment<T> {
    fn reader() -> Read<Self> {
        Box::new(|request| read_segment(request, 0).map(Segment))
    }

    fn describe(_: &mut Description<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only read")]
    struct Parameters {
        #[serde(flatten)]
        paging: Paging<250>,
        is_follow_up: Option<bool>,
        status: Option<BTreeMap<String, Vec<String>>>,
        custom_field: Option<BTreeMap<String, BTreeMap<String, Vec<String>>>>,
        tag: Option<Vec<String>>,
    }

    fn read(query: &str) -> Result<Parameters> {
        Query::<Parameters>::reader()(&Request { query: query.into(), ..Request::default() }).map(|query| query.0)
    }

    #[test]
    fn a_query_is_read_by_its_schema() {
        let schema = Reader::of::<Parameters>();
        let query = "page_size=5&is_follow_up=true&status%5Bone_of%5D=a&status[one_of]=b+c&custom_field[F][one_of]=x&tag=1&tag=2&other=1";
        assert_eq!(
            query_as_json(query, schema.schema()),
            json!({
                "page_size": 5, "is_follow_up": true, "status": {"one_of": ["a", "b c"]},
                "custom_field": {"F": {"one_of": ["x"]}}, "tag": ["1", "2"],
            })
        );
        assert_eq!(read(query).unwrap().paging.read().unwrap().size, 5);
    }

    #[test]
    fn pages_have_25_rows_and_a_limit() {
        let page = |query: &str| read(query).and_then(|parameters| parameters.paging.read());
        assert_eq!(page("").unwrap().size, 25);
        for bad in ["page_size=0", "page_size=251", "page_size=many", "after=7", "status=x"] {
            let error = page(bad).unwrap_err();
            assert_eq!(error.problems()[0].field(), bad.split('=').next().unwrap());
        }
    }
}
