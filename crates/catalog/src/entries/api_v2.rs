//! Entries in the second version of the API.

use std::collections::BTreeMap;

use base::{Id, Problems, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Cx;
use web::{Body, Created, NoContent, PageMeta, Paging, Plain, Query, Versioned};

use super::api_v3::{selected, shown_type};
use super::body::{EntryBody, Extent, PageWithType, ValueBodyV2, WithType};
use super::change::{self, Draft};
use super::record::Entry;
use super::values::Given;
use crate::types::{TypeBody, TypeBodyV2, Types};

web::routes! {
    /// List the entries of a type, in their order where it is ranked, oldest first otherwise.
    GET "/v2/catalog_entries" "Catalog V2#ListEntries" "catalog_entries.view", deprecated => list;
    /// Create an entry, or change the one that has its external ID.
    POST "/v2/catalog_entries" "Catalog V2#CreateEntry" "catalog_entries.create", deprecated => create;
    /// Show an entry, also one that is archived.
    GET "/v2/catalog_entries/{id}" "Catalog V2#ShowEntry" "catalog_entries.view", deprecated => show;
    /// Change an entry.
    PUT "/v2/catalog_entries/{id}" "Catalog V2#UpdateEntry" "catalog_entries.edit", deprecated => update;
    /// Archive an entry.
    DELETE "/v2/catalog_entries/{id}" "Catalog V2#DestroyEntry" "catalog_entries.destroy", deprecated => delete;
}

type Answer = Versioned<Plain<WithType<TypeBodyV2, ValueBodyV2>>>;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogValuePayloadV2")]
struct ValuePayload {
    /// The value as text.
    literal: Option<String>,
    /// Not for the catalog, whose values are literal.
    reference: Option<String>,
}

impl ValuePayload {
    fn literal(self, problems: &mut Problems, pointer: &str) -> Option<String> {
        let message = "values of the catalog are literal";
        problems.check(self.reference.is_none_or(|text| text.is_empty()), &format!("{pointer}.reference"), message);
        self.literal
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogBindingPayloadV2")]
struct BindingPayload {
    /// For an attribute that holds several values.
    array_value: Option<Vec<ValuePayload>>,
    /// For an attribute that holds one.
    value: Option<ValuePayload>,
}

fn given(payload: BTreeMap<String, BindingPayload>) -> Result<BTreeMap<String, Given>> {
    let mut problems = Problems::new();
    let mut read = BTreeMap::new();
    for (id, binding) in payload {
        let at = format!("attribute_values.{id}");
        let value = binding.value.and_then(|value| value.literal(&mut problems, &format!("{at}.value")));
        let array_value = binding.array_value.map(|values| {
            let one =
                |(n, value): (usize, ValuePayload)| value.literal(&mut problems, &format!("{at}.array_value.{n}"));
            values.into_iter().enumerate().filter_map(one).collect()
        });
        read.insert(id, Given { value, array_value });
    }
    problems.finish().map(|()| read)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogEntryUpdateV2")]
struct UpdatePayload {
    /// What else finds it.
    aliases: Option<Vec<String>>,
    /// Its values by attribute ID: all of them.
    attribute_values: BTreeMap<String, BindingPayload>,
    /// What another system calls it.
    external_id: Option<String>,
    /// What people call it.
    name: String,
    /// Its place among the others, where the type is ranked.
    rank: Option<i32>,
}

impl UpdatePayload {
    fn draft(self) -> Result<Draft> {
        Ok(Draft {
            name: self.name,
            external_id: self.external_id,
            aliases: self.aliases.unwrap_or_default(),
            rank: self.rank.unwrap_or(0),
            values: given(self.attribute_values)?,
            only: None,
        })
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogEntryCreateV2")]
struct CreatePayload {
    /// What kind of thing it is.
    catalog_type_id: String,
    #[serde(flatten)]
    entry: UpdatePayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// The type whose entries to list.
    catalog_type_id: String,
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(
    cx: &mut Cx<'_>,
    Query(query): Query<ListQuery>,
) -> Result<Plain<PageWithType<TypeBodyV2, ValueBodyV2, PageMeta>>> {
    let paging = query.paging.read()?;
    let (catalog_type, page) = selected(cx, &query.catalog_type_id, None, &paging)?;
    let entries: Vec<&Entry> = page.rows.iter().map(|entry| &**entry).collect();
    Ok(Plain(PageWithType {
        catalog_entries: EntryBody::all(cx, &catalog_type, &entries, Extent::Forward)?,
        catalog_type: TypeBodyV2::of(cx, &catalog_type)?,
        pagination_meta: PageMeta::new(&paging, page.after),
    }))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Versioned<Created<EntryBody<ValueBodyV2>>>> {
    let types = cx.cached::<Types>()?;
    let catalog_type = types.named("catalog_type_id", &payload.catalog_type_id)?;
    let entry = change::create(cx, catalog_type, payload.entry.draft()?)?;
    let body = EntryBody::of(cx, catalog_type, &entry, Extent::Forward)?;
    Ok(Versioned(Created(body), entry.version()))
}

fn show(cx: &mut Cx<'_>, id: Id<Entry>) -> Result<Answer> {
    let entry = cx.get(id)?;
    let catalog_type = shown_type(cx, &entry)?;
    let body = EntryBody::of(cx, &catalog_type, &entry, Extent::Forward)?;
    let catalog_type = TypeBodyV2::of(cx, &catalog_type)?;
    Ok(Versioned(Plain(WithType { catalog_entry: body, catalog_type }), entry.version()))
}

fn update(cx: &mut Cx<'_>, id: Id<Entry>, Body(payload): Body<UpdatePayload>) -> Result<Answer> {
    let (catalog_type, entry) = change::update(cx, id, payload.draft()?)?;
    let body = EntryBody::of(cx, &catalog_type, &entry, Extent::Forward)?;
    let catalog_type = TypeBodyV2::of(cx, &catalog_type)?;
    Ok(Versioned(Plain(WithType { catalog_entry: body, catalog_type }), entry.version()))
}

fn delete(cx: &mut Cx<'_>, id: Id<Entry>) -> Result<NoContent> {
    change::archive(cx, id).map(|()| NoContent)
}
