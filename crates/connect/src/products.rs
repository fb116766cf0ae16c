//! The products that connect.

use base::{Error, Result};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;
use store::{Condition, Cx};
use web::{List, Resource, Segment, Show};

use crate::atomicwork::Atomicwork;
use crate::connections::Connection;
use crate::connector::{Action, Connector};
use crate::hyphen::Hyphen;
use crate::nexla::Nexla;
use crate::ravenna::Ravenna;

web::routes! {
    /// List the products that connect: what each does, what it needs, and which connections it has.
    GET "/hub/v1/products" "Hub Products V1#List" "hub.view" => list;
    /// Show a product, with its actions and the JSON Schemas of what they are given and answer.
    GET "/hub/v1/products/{product}" "Hub Products V1#Show" "hub.view" => show;
}

/// Every product that connects.
const CONNECTORS: &[&dyn Connector] = &[&Hyphen, &Ravenna, &Nexla, &Atomicwork];

/// What a product does, by its name in commands and addresses.
pub fn connector(product: &str) -> Result<&'static dyn Connector> {
    let found = CONNECTORS.iter().copied().find(|connector| connector.product().id == product);
    let known: Vec<_> = CONNECTORS.iter().map(|connector| connector.product().id).collect();
    found.ok_or_else(|| Error::invalid("product", format!("must be one of: {}", known.join(" "))))
}

/// Every product that connects.
pub fn connectors() -> impl Iterator<Item = &'static dyn Connector> {
    CONNECTORS.iter().copied()
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubProduct")]
struct ProductBody {
    id: &'static str,
    name: &'static str,
    category: &'static str,
    about: &'static str,
    /// What it calls the API key.
    key_field: &'static str,
    /// The roles that its key needs: these and no more.
    role_names: Vec<&'static str>,
    actions: Vec<ActionBody>,
    connections: Vec<String>,
    status: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubAction")]
struct ActionBody {
    name: &'static str,
    about: &'static str,
    /// The kind of link that it makes, if it makes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<&'static str>,
    /// The JSON Schema of what it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<Json>,
    /// The JSON Schema of what it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Json>,
}

impl Resource for ProductBody {
    const ONE: &'static str = "product";
    const MANY: &'static str = "products";
}

impl ActionBody {
    fn of(action: &Action, with_schemas: bool) -> Self {
        Self {
            name: action.name,
            about: action.about,
            links: action.links,
            inputs: with_schemas.then(|| (action.inputs)()),
            outputs: with_schemas.then(|| (action.outputs)()),
        }
    }
}

impl ProductBody {
    fn of(cx: &mut Cx<'_>, connector: &dyn Connector, with_schemas: bool) -> Result<Self> {
        let product = connector.product();
        let connections = cx.list::<Connection>(Condition::equal("product", product.id), "name")?;
        Ok(Self {
            id: product.id,
            name: product.name,
            category: product.category,
            about: product.about,
            key_field: product.key_field,
            role_names: product.roles.to_vec(),
            actions: connector.actions().iter().map(|action| ActionBody::of(action, with_schemas)).collect(),
            status: if connections.is_empty() { "not_connected" } else { "connected" },
            connections: connections.iter().map(|connection| connection.name.clone()).collect(),
        })
    }
}

fn list(cx: &mut Cx<'_>) -> Result<List<ProductBody>> {
    connectors().map(|connector| ProductBody::of(cx, connector, false)).collect::<Result<_>>().map(List)
}

fn show(cx: &mut Cx<'_>, Segment(product): Segment<String>) -> Result<Show<ProductBody>> {
    let connector = connector(&product).map_err(|_| Error::not_found())?;
    ProductBody::of(cx, connector, true).map(Show)
}
