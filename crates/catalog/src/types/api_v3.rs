//! Types in the third version of the API.

use base::{Id, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Cx;
use web::{Body, Created, List, NoContent, Show};

use super::body::{SchemaPayload, TypeBody, TypeBodyV3};
use super::change::{self, Extra, TypePayload};
use super::record::{CatalogType, Mode, Types};
use super::schema;
use crate::entries;

web::routes! {
    /// List all types, Wardroom's own too.
    GET "/v3/catalog_types" "Catalog V3#ListTypes" "catalog_types.view" => list;
    /// Create a type, without attributes yet.
    POST "/v3/catalog_types" "Catalog V3#CreateType" "catalog_types.create" => create;
    /// Show a type.
    GET "/v3/catalog_types/{id}" "Catalog V3#ShowType" "catalog_types.view" => show;
    /// Change a type; its attributes stay as they are.
    PUT "/v3/catalog_types/{id}" "Catalog V3#UpdateType" "catalog_types.edit" => update;
    /// Delete a type with its attributes and entries.
    DELETE "/v3/catalog_types/{id}" "Catalog V3#DestroyType" "catalog_types.destroy" => delete;
    /// Replace a type's attributes.
    POST "/v3/catalog_types/{id}/actions/update_schema" "Catalog V3#UpdateTypeSchema" "catalog_types.edit" => update_schema;
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogTypeUpdateV3")]
struct UpdatePayload {
    #[serde(flatten)]
    catalog_type: TypePayload,
    /// The teams that own it.
    owning_team_ids: Option<Vec<String>>,
    /// Whether the name of an entry finds it too.
    use_name_as_identifier: Option<bool>,
}

impl UpdatePayload {
    fn parts(self) -> (TypePayload, Extra) {
        let extra = Extra {
            owning_teams: self.owning_team_ids.unwrap_or_default(),
            use_name_as_identifier: self.use_name_as_identifier.unwrap_or(false),
        };
        (self.catalog_type, extra)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogTypeCreateV3")]
struct CreatePayload {
    #[serde(flatten)]
    catalog_type: UpdatePayload,
    /// What attributes that point at it call it: `Custom["Service"]`; made from the name when absent.
    type_name: Option<String>,
}

/// Every type as `B` shows it.
pub(super) fn all<B: TypeBody>(cx: &mut Cx<'_>) -> Result<Vec<B>> {
    let (types, counts) = (cx.cached::<Types>()?, entries::counts(cx)?);
    let count = |id| counts.get(&id).copied().unwrap_or(0);
    Ok(types.iter().map(|catalog_type| B::shown(catalog_type, &types, count(catalog_type.id))).collect())
}

fn list(cx: &mut Cx<'_>) -> Result<List<TypeBodyV3>> {
    all(cx).map(List)
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<TypeBodyV3>> {
    let (catalog_type, extra) = payload.catalog_type.parts();
    let made = change::create(cx, catalog_type, Some(&extra), payload.type_name)?;
    TypeBodyV3::of(cx, &made).map(Created)
}

fn show(cx: &mut Cx<'_>, id: Id<CatalogType>) -> Result<Show<TypeBodyV3>> {
    let found = cx.get(id)?;
    TypeBodyV3::of(cx, &found).map(Show)
}

fn update(cx: &mut Cx<'_>, id: Id<CatalogType>, Body(payload): Body<UpdatePayload>) -> Result<Show<TypeBodyV3>> {
    let (catalog_type, extra) = payload.parts();
    let changed = change::update(cx, id, catalog_type, Some(&extra))?;
    TypeBodyV3::of(cx, &changed).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<CatalogType>) -> Result<NoContent> {
    change::delete(cx, id).map(|()| NoContent)
}

fn update_schema(
    cx: &mut Cx<'_>,
    id: Id<CatalogType>,
    Body(payload): Body<SchemaPayload<Mode>>,
) -> Result<Show<TypeBodyV3>> {
    let changed = schema::update(cx, id, payload.version, payload.drafts())?;
    TypeBodyV3::of(cx, &changed).map(Show)
}
