//! What a handler answers with: the status and the shape stand in its type.

use std::sync::Arc;

use base::{AnyId, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use store::Cx;

use crate::openapi::Description;
use crate::reply::{Again, Reply};

/// An answer of one kind.
pub trait Output: Sized {
    /// The answer.
    fn reply(self) -> Result<Reply>;

    /// Tells the OpenAPI document of it.
    fn describe(description: &mut Description<'_>);
}

/// Something the API shows, with the names it goes by in an answer.
pub trait Resource: Serialize + JsonSchema {
    /// The field that holds one: `severity`.
    const ONE: &'static str;
    /// The field that holds several: `severities`.
    const MANY: &'static str;
}

macro_rules! output {
    ($(#[$about:meta])* $name:ident<$T:ident> $status:literal, $schema:expr, |$it:ident| $body:expr) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $name<$T>(pub $T);

        impl<$T: Resource> Output for $name<$T> {
            fn reply(self) -> Result<Reply> {
                let $it = self.0;
                Reply::json($status, &$body)
            }

            fn describe(description: &mut Description<'_>) {
                description.answer_with($status, $schema);
            }
        }
    };
}

output! {
    /// 200: one resource, in its field.
    Show<T> 200, one::<T>, |it| Field(T::ONE, &it)
}
output! {
    /// 201: the resource that was made, in its field.
    Created<T> 201, one::<T>, |it| Field(T::ONE, &it)
}

/// 200: all resources of a kind, in their field.
#[derive(Debug)]
pub struct List<T>(pub Vec<T>);

impl<T: Resource> Output for List<T> {
    fn reply(self) -> Result<Reply> {
        Reply::json(200, &Field(T::MANY, &self.0))
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_with(200, |generator| object(T::MANY, generator.subschema_for::<Vec<T>>()));
    }
}

/// 200: one page of resources, in their field, with `pagination_meta`.
#[derive(Debug)]
pub struct Page<T, M = PageMeta> {
    /// The rows.
    pub rows: Vec<T>,
    /// Which page it is.
    pub meta: M,
}

impl<T: Resource, M: Meta> Output for Page<T, M> {
    fn reply(self) -> Result<Reply> {
        Reply::json(200, &self)
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_with(200, |generator| {
            let mut schema = object(T::MANY, generator.subschema_for::<Vec<T>>());
            schema.as_object_mut().expect("an object")["properties"]["pagination_meta"] =
                generator.subschema_for::<M>().into();
            if M::ALWAYS {
                schema.as_object_mut().expect("an object")["required"] =
                    serde_json::json!([T::MANY, "pagination_meta"]);
            }
            schema
        });
    }
}

impl<T: Resource, M: Meta> Serialize for Page<T, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(T::MANY, &self.rows)?;
        map.serialize_entry("pagination_meta", &self.meta)?;
        map.end()
    }
}

/// What says which page it is.
pub trait Meta: Serialize + JsonSchema {
    /// Whether the document promises it (it is always there).
    const ALWAYS: bool;
}

/// Which page it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PaginationMeta")]
pub struct PageMeta {
    /// Pass this as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<AnyId>,
    /// How many rows were asked for.
    #[schemars(range(max = 250), extend("default" = 25))]
    page_size: i64,
}

impl PageMeta {
    /// The page that `paging` asked for, after which `after` comes.
    pub fn new(paging: &store::Paging, after: Option<AnyId>) -> Self {
        // The schema knows no larger page, though users come in pages of up to 10,000.
        Self { after, page_size: i64::try_from(paging.size.min(250)).unwrap_or(250) }
    }
}

impl Meta for PageMeta {
    const ALWAYS: bool = true;
}

/// A [`PageMeta`] that the document calls optional, though it is always there.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Loose(pub PageMeta);

impl Meta for Loose {
    const ALWAYS: bool = false;
}

/// Which page it is, of how many rows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PaginationMetaWithTotal")]
pub struct Counted {
    /// Which page it is.
    #[serde(flatten)]
    pub page: PageMeta,
    /// How many rows there are on all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_record_count: Option<i64>,
}

impl Meta for Counted {
    const ALWAYS: bool = false;
}

/// 200: an answer with a shape of its own.
#[derive(Debug)]
pub struct Plain<T, const STATUS: u16 = 200>(pub T);

impl<T: Serialize + JsonSchema, const STATUS: u16> Output for Plain<T, STATUS> {
    fn reply(self) -> Result<Reply> {
        Reply::json(STATUS, &self.0)
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_with(STATUS, |generator| generator.subschema_for::<T>());
    }
}

/// An answer that tells the version of what it shows. A change that comes back with that version
/// (`If-Match`) is refused once the resource has another one: [`Cx::expect_version`](store::Cx::expect_version).
#[derive(Debug)]
pub struct Versioned<O>(pub O, pub i64);

impl<O: Output> Output for Versioned<O> {
    fn reply(self) -> Result<Reply> {
        Ok(Reply { version: Some(self.1), ..self.0.reply()? })
    }

    fn describe(description: &mut Description<'_>) {
        O::describe(description);
    }
}

/// 200: a text that is no JSON.
#[derive(Debug)]
pub struct Text {
    /// What it is: `text/calendar; charset=utf-8`.
    pub media_type: &'static str,
    /// All of it.
    pub content: String,
}

impl Output for Text {
    fn reply(self) -> Result<Reply> {
        let Self { media_type, content } = self;
        Ok(Reply { status: 200, media_type, body: Some(content.into_bytes()), version: None, again: None })
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_with(200, |_| json_schema!({"type": "string", "format": "binary"}));
    }
}

/// 204: done, and nothing to say.
#[derive(Debug)]
pub struct NoContent;

impl Output for NoContent {
    fn reply(self) -> Result<Reply> {
        Ok(Reply::empty(204))
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_without_body(204);
    }
}

/// What a job is at: 202 as it stands, or 200 once it is over. The server asks again for a while before it
/// answers, so that what is soon over is answered as if it had been done at once.
pub struct Awaited<T> {
    /// The resource as it stands.
    pub now: T,
    /// Whether it is over.
    pub is_over: bool,
    /// Reads it again.
    pub again: fn(&mut Cx<'_>, AnyId) -> Result<Self>,
    /// Its ID.
    pub id: AnyId,
}

impl<T: Resource + 'static> Output for Awaited<T> {
    fn reply(self) -> Result<Reply> {
        let Self { now, is_over, again, id } = self;
        let reply = Reply::json(if is_over { 200 } else { 202 }, &Field(T::ONE, &now))?;
        let again: Option<Again> = (!is_over).then(|| Arc::new(move |cx: &mut Cx<'_>| again(cx, id)?.reply()) as Again);
        Ok(Reply { again, ..reply })
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_with(200, one::<T>);
        description.answer_with(202, one::<T>);
    }
}

/// 202: done, or soon will be, and nothing to say.
#[derive(Debug)]
pub struct Accepted;

impl Output for Accepted {
    fn reply(self) -> Result<Reply> {
        Ok(Reply::empty(202))
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_without_body(202);
    }
}

fn one<T: Resource>(generator: &mut SchemaGenerator) -> Schema {
    object(T::ONE, generator.subschema_for::<T>())
}

fn object(field: &str, schema: Schema) -> Schema {
    json_schema!({"type": "object", "properties": {field: schema}, "required": [field]})
}

struct Field<'a, T>(&'static str, &'a T);

impl<T: Serialize> Serialize for Field<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, self.1)?;
        map.end()
    }
}

/// A JSON document that is already written.
#[derive(Debug)]
pub(crate) struct Document(pub Vec<u8>);

impl Output for Document {
    fn reply(self) -> Result<Reply> {
        Ok(Reply::written(200, self.0))
    }

    fn describe(description: &mut Description<'_>) {
        description.answer_with(200, |_| json_schema!({"type": "string", "format": "binary"}));
    }
}
