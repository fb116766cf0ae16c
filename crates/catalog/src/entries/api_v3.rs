//! Entries in the third version of the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Error, Id, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Condition, Cx, Direction, Slice};
use web::{Body, Counted, Created, NoContent, PageMeta, Paging, Plain, Query, Versioned};

use super::body::{EntryBody, Extent, PageWithType, ValueBodyV3, WithType};
use super::change::{self, Draft, Patch};
use super::links;
use super::record::{Entry, count};
use super::values::Given;
use crate::types::{CatalogType, TypeBody, TypeBodyV3, Types};

web::routes! {
    /// List the entries of a type, in their order where it is ranked, oldest first otherwise.
    GET "/v3/catalog_entries" "Catalog V3#ListEntries" "catalog_entries.view" => list;
    /// Create an entry, or change the one that has its external ID.
    POST "/v3/catalog_entries" "Catalog V3#CreateEntry" "catalog_entries.create" => create;
    /// Change up to 250 entries of one type, all or none. What is absent stays, but for the rank.
    POST "/v3/catalog_entries/actions/bulk_update" "Catalog V3#BulkUpdateEntries" "catalog_entries.edit" => bulk_update;
    /// Show an entry, also one that is archived.
    GET "/v3/catalog_entries/{id}" "Catalog V3#ShowEntry" "catalog_entries.view" => show;
    /// Change an entry. Without `update_attributes` all its values change; with it, only those that it
    /// names, and one that it names and that is not given is cleared.
    PUT "/v3/catalog_entries/{id}" "Catalog V3#UpdateEntry" "catalog_entries.edit" => update;
    /// Archive an entry.
    DELETE "/v3/catalog_entries/{id}" "Catalog V3#DestroyEntry" "catalog_entries.destroy" => delete;
}

type Answer = Versioned<Plain<WithType<TypeBodyV3, ValueBodyV3>>>;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogValuePayloadV3")]
struct ValuePayload {
    /// The value as text: for an attribute that points at a type, what finds the entry.
    literal: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogBindingPayloadV3")]
struct BindingPayload {
    /// For an attribute that holds several values.
    array_value: Option<Vec<ValuePayload>>,
    /// For an attribute that holds one.
    value: Option<ValuePayload>,
}

fn given(payload: BTreeMap<String, BindingPayload>) -> BTreeMap<String, Given> {
    let read = |binding: BindingPayload| Given {
        value: binding.value.and_then(|value| value.literal),
        array_value: binding.array_value.map(|values| values.into_iter().filter_map(|value| value.literal).collect()),
    };
    payload.into_iter().map(|(id, binding)| (id, read(binding))).collect()
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogEntryCreateV3")]
struct CreatePayload {
    /// What else finds it.
    aliases: Option<Vec<String>>,
    /// Its values by attribute ID.
    attribute_values: BTreeMap<String, BindingPayload>,
    /// What kind of thing it is.
    catalog_type_id: String,
    /// What another system calls it.
    external_id: Option<String>,
    /// What people call it.
    name: String,
    /// Its place among the others, where the type is ranked.
    rank: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogEntryUpdateV3")]
struct UpdatePayload {
    /// What else finds it.
    aliases: Option<Vec<String>>,
    /// Its values by attribute ID.
    attribute_values: BTreeMap<String, BindingPayload>,
    /// What another system calls it.
    external_id: Option<String>,
    /// What people call it.
    name: String,
    /// Its place among the others, where the type is ranked.
    rank: Option<i32>,
    /// The IDs of the attributes that change; all where it is absent.
    update_attributes: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogEntryPatch")]
struct PatchPayload {
    /// What else finds it.
    aliases: Option<Vec<String>>,
    /// Its values by attribute ID.
    attribute_values: BTreeMap<String, BindingPayload>,
    /// Which entry.
    entry_id: String,
    /// What another system calls it.
    external_id: Option<String>,
    /// What people call it.
    name: Option<String>,
    /// Its place among the others; none where it is absent.
    rank: Option<i32>,
}

impl PatchPayload {
    fn patch(self) -> Patch {
        Patch {
            entry: self.entry_id,
            name: self.name,
            external_id: self.external_id,
            aliases: self.aliases,
            rank: self.rank.unwrap_or(0),
            values: given(self.attribute_values),
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogBulkUpdate")]
struct BulkPayload {
    /// The type of all of them.
    catalog_type_id: String,
    /// What changes.
    #[schemars(length(min = 1, max = 250))]
    entries: Vec<PatchPayload>,
    /// The IDs of the attributes that change; all where it is absent.
    update_attributes: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["catalog_type_id", "page_size"]))]
struct ListQuery {
    /// The type whose entries to list.
    catalog_type_id: String,
    /// Only the entry that this finds: an ID, external ID or alias, or a name where the type says so.
    identifier: Option<String>,
    #[serde(flatten)]
    paging: Paging<250>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ShowQuery {
    /// Whether what is derived is shown: all of it, or none. Without it, what is derived by going
    /// forward is.
    expand: Option<bool>,
}

/// The type with this ID, and a page of its entries that are in use.
pub(super) fn selected(
    cx: &mut Cx<'_>,
    type_id: &str,
    identifier: Option<&str>,
    paging: &store::Paging,
) -> Result<(Arc<CatalogType>, Slice<Entry>)> {
    let types = cx.cached::<Types>()?;
    let catalog_type = type_id.parse().ok().and_then(|id| types.get(id)).ok_or_else(Error::not_found)?;
    let of_type = Condition::equal("type_id", catalog_type.id).and(Condition::new("archived_at is null", []));
    let page = match identifier {
        Some(identifier) => {
            cx.page(of_type.and(links::all_named(catalog_type, identifier)), Direction::Forward, paging)?
        }
        None if catalog_type.ranked => cx.page_by("rank", of_type, paging)?,
        None => cx.page(of_type, Direction::Forward, paging)?,
    };
    Ok((Arc::clone(catalog_type), page))
}

/// The type of an entry that is to be shown.
pub(super) fn shown_type(cx: &mut Cx<'_>, entry: &Entry) -> Result<Arc<CatalogType>> {
    cx.cached::<Types>()?.get(entry.catalog_type).cloned().ok_or_else(Error::not_found)
}

fn list(
    cx: &mut Cx<'_>,
    Query(query): Query<ListQuery>,
) -> Result<Plain<PageWithType<TypeBodyV3, ValueBodyV3, Counted>>> {
    let paging = query.paging.read()?;
    let identifier = query.identifier.as_deref().filter(|identifier| !identifier.is_empty());
    let (catalog_type, page) = selected(cx, &query.catalog_type_id, identifier, &paging)?;
    let total = match identifier {
        Some(_) => (paging.after.is_none() && page.after.is_none()).then_some(page.rows.len() as i64),
        None => Some(count(cx, catalog_type.id)?),
    };
    let entries: Vec<&Entry> = page.rows.iter().map(|entry| &**entry).collect();
    Ok(Plain(PageWithType {
        catalog_entries: EntryBody::all(cx, &catalog_type, &entries, Extent::Forward)?,
        catalog_type: TypeBodyV3::of(cx, &catalog_type)?,
        pagination_meta: Counted { page: PageMeta::new(&paging, page.after), total_record_count: total },
    }))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Versioned<Created<EntryBody<ValueBodyV3>>>> {
    let types = cx.cached::<Types>()?;
    let catalog_type = types.named("catalog_type_id", &payload.catalog_type_id)?;
    let draft = Draft {
        name: payload.name,
        external_id: payload.external_id,
        aliases: payload.aliases.unwrap_or_default(),
        rank: payload.rank.unwrap_or(0),
        values: given(payload.attribute_values),
        only: None,
    };
    let entry = change::create(cx, catalog_type, draft)?;
    let body = EntryBody::of(cx, catalog_type, &entry, Extent::Forward)?;
    Ok(Versioned(Created(body), entry.version()))
}

fn bulk_update(cx: &mut Cx<'_>, Body(payload): Body<BulkPayload>) -> Result<NoContent> {
    let types = cx.cached::<Types>()?;
    let catalog_type = types.named("catalog_type_id", &payload.catalog_type_id)?;
    let patches = payload.entries.into_iter().map(PatchPayload::patch).collect();
    change::update_many(cx, catalog_type, patches, payload.update_attributes.as_deref())?;
    Ok(NoContent)
}

fn show(cx: &mut Cx<'_>, id: Id<Entry>, Query(query): Query<ShowQuery>) -> Result<Answer> {
    let extent = match query.expand {
        None => Extent::Forward,
        Some(false) => Extent::Own,
        Some(true) => Extent::Everything,
    };
    let entry = cx.get(id)?;
    let catalog_type = shown_type(cx, &entry)?;
    answer(cx, &catalog_type, &entry, entry.version(), extent)
}

fn update(cx: &mut Cx<'_>, id: Id<Entry>, Body(payload): Body<UpdatePayload>) -> Result<Answer> {
    let draft = Draft {
        name: payload.name,
        external_id: payload.external_id,
        aliases: payload.aliases.unwrap_or_default(),
        rank: payload.rank.unwrap_or(0),
        values: given(payload.attribute_values),
        only: payload.update_attributes,
    };
    let (catalog_type, entry) = change::update(cx, id, draft)?;
    answer(cx, &catalog_type, &entry, entry.version(), Extent::Forward)
}

fn delete(cx: &mut Cx<'_>, id: Id<Entry>) -> Result<NoContent> {
    change::archive(cx, id).map(|()| NoContent)
}

fn answer(cx: &mut Cx<'_>, catalog_type: &CatalogType, entry: &Entry, version: i64, extent: Extent) -> Result<Answer> {
    let body = EntryBody::of(cx, catalog_type, entry, extent)?;
    let catalog_type = TypeBodyV3::of(cx, catalog_type)?;
    Ok(Versioned(Plain(WithType { catalog_entry: body, catalog_type }), version))
}
