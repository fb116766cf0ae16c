//! Types in the second version of the API.

use base::{Id, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Cx;
use web::{Body, Created, List, NoContent, Show};

use super::body::{ModeV2, SchemaPayload, TypeBody, TypeBodyV2};
use super::change::{self, TypePayload};
use super::record::CatalogType;
use super::{api_v3, schema};

web::routes! {
    /// List all types, Wardroom's own too.
    GET "/v2/catalog_types" "Catalog V2#ListTypes" "catalog_types.view", deprecated => list;
    /// Create a type, without attributes yet.
    POST "/v2/catalog_types" "Catalog V2#CreateType" "catalog_types.create", deprecated => create;
    /// Show a type.
    GET "/v2/catalog_types/{id}" "Catalog V2#ShowType" "catalog_types.view", deprecated => show;
    /// Change a type; its attributes stay as they are.
    PUT "/v2/catalog_types/{id}" "Catalog V2#UpdateType" "catalog_types.edit", deprecated => update;
    /// Delete a type with its attributes and entries.
    DELETE "/v2/catalog_types/{id}" "Catalog V2#DestroyType" "catalog_types.destroy", deprecated => delete;
    /// Replace a type's attributes.
    POST "/v2/catalog_types/{id}/actions/update_schema" "Catalog V2#UpdateTypeSchema" "catalog_types.edit", deprecated => update_schema;
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogTypeCreateV2")]
struct CreatePayload {
    #[serde(flatten)]
    catalog_type: TypePayload,
    /// What attributes that point at it call it: `Custom["Service"]`; made from the name when absent.
    type_name: Option<String>,
}

fn list(cx: &mut Cx<'_>) -> Result<List<TypeBodyV2>> {
    api_v3::all(cx).map(List)
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<TypeBodyV2>> {
    let made = change::create(cx, payload.catalog_type, None, payload.type_name)?;
    TypeBodyV2::of(cx, &made).map(Created)
}

fn show(cx: &mut Cx<'_>, id: Id<CatalogType>) -> Result<Show<TypeBodyV2>> {
    let found = cx.get(id)?;
    TypeBodyV2::of(cx, &found).map(Show)
}

fn update(cx: &mut Cx<'_>, id: Id<CatalogType>, Body(payload): Body<TypePayload>) -> Result<Show<TypeBodyV2>> {
    let changed = change::update(cx, id, payload, None)?;
    TypeBodyV2::of(cx, &changed).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<CatalogType>) -> Result<NoContent> {
    change::delete(cx, id).map(|()| NoContent)
}

fn update_schema(
    cx: &mut Cx<'_>,
    id: Id<CatalogType>,
    Body(payload): Body<SchemaPayload<ModeV2>>,
) -> Result<Show<TypeBodyV2>> {
    let changed = schema::update(cx, id, payload.version, payload.drafts())?;
    TypeBodyV2::of(cx, &changed).map(Show)
}
