//! What an attribute can hold.

use base::{Result, words};
use schemars::JsonSchema;
use serde::Serialize;
use store::Cx;
use web::{List, Resource};

use crate::types::{CatalogType, Types, engine_resource_type};

web::routes! {
    /// List everything that an attribute can hold.
    GET "/v2/catalog_resources" "Catalog V2#ListResources" "catalog_types.view", deprecated => list_v2;
    /// List everything that an attribute can hold.
    GET "/v3/catalog_resources" "Catalog V3#ListResources" "catalog_types.view" => list_v3;
}

words! {
    /// Where a resource comes from.
    enum ResourceCategory {
        Primitive = "primitive",
        Custom = "custom",
        External = "external",
    }
}

/// Something that an attribute can hold, as the second version of the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogResourceV2")]
struct ResourceBodyV2 {
    category: ResourceCategory,
    description: String,
    label: String,
    r#type: String,
    value_docstring: String,
}

impl Resource for ResourceBodyV2 {
    const ONE: &'static str = "resource";
    const MANY: &'static str = "resources";
}

/// The same, as the third version shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogResourceV3")]
struct ResourceBodyV3 {
    category: ResourceCategory,
    description: String,
    engine_resource_type: String,
    label: String,
    r#type: String,
    value_docstring: String,
}

impl Resource for ResourceBodyV3 {
    const ONE: &'static str = "resource";
    const MANY: &'static str = "resources";
}

const PRIMITIVES: [(&str, &str, &str, &str); 4] = [
    ("String", "String", "A line of text", "Any text"),
    ("Text", "Text", "Text of any length", "Any text"),
    ("Number", "Number", "A number", "A number in decimal digits: 3, -1.5"),
    ("Bool", "Boolean", "True or false", "true or false"),
];

fn list_v3(cx: &mut Cx<'_>) -> Result<List<ResourceBodyV3>> {
    let primitives = PRIMITIVES.iter().map(|(name, label, description, value)| ResourceBodyV3 {
        category: ResourceCategory::Primitive,
        description: (*description).into(),
        engine_resource_type: (*name).into(),
        label: (*label).into(),
        r#type: (*name).into(),
        value_docstring: (*value).into(),
    });
    let types = cx.cached::<Types>()?;
    Ok(List(primitives.chain(types.iter().map(|catalog_type| of_type(catalog_type))).collect()))
}

fn of_type(catalog_type: &CatalogType) -> ResourceBodyV3 {
    let by_name = if catalog_type.use_name_as_identifier { ", alias or name" } else { " or alias" };
    ResourceBodyV3 {
        category: if catalog_type.is_editable() { ResourceCategory::Custom } else { ResourceCategory::External },
        description: catalog_type.description.clone(),
        engine_resource_type: engine_resource_type(catalog_type),
        label: catalog_type.name.clone(),
        r#type: catalog_type.type_name.clone(),
        value_docstring: format!("An entry of {}, by its ID, external ID{by_name}", catalog_type.name),
    }
}

fn list_v2(cx: &mut Cx<'_>) -> Result<List<ResourceBodyV2>> {
    let List(resources) = list_v3(cx)?;
    let without_engine = |resource: ResourceBodyV3| ResourceBodyV2 {
        category: resource.category,
        description: resource.description,
        label: resource.label,
        r#type: resource.r#type,
        value_docstring: resource.value_docstring,
    };
    Ok(List(resources.into_iter().map(without_engine).collect()))
}
