//! All features together, and the operations that tell of the server itself.

use std::sync::{Arc, OnceLock};

use base::{Error, Result};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use store::{Cx, Migration, Part, Store, Who};

use crate::input::Request;
use crate::openapi;
use crate::output::{Document, List, Resource};
use crate::route::{Guard, Method, Route};
use crate::server::{Feature, Settings};

/// All features, put together.
pub struct Assembly {
    /// What they bring to the store.
    pub parts: Vec<Part>,
    /// Their operations.
    pub routes: Vec<Arc<Route>>,
    /// Those that have no address: pages call them in this process.
    inside: Vec<Arc<Route>>,
    /// The OpenAPI document of these operations, in JSON.
    pub document: Arc<str>,
}

impl Assembly {
    /// Calls an operation without a network: as `who`, with this part of the path, query and body.
    /// Scopes, schemas and transactions are as for any caller; the answer is its body.
    pub fn call(&self, store: &Store, who: Who, call: Call<'_>) -> Result<Value> {
        let route = self.routes.iter().chain(&self.inside).find(|route| route.operation == call.operation);
        let route = route.ok_or_else(|| Error::internal(format!("there is no operation {}", call.operation)))?;
        if let Some(refusal) = route.guard.refusal(&who.access) {
            return Err(refusal);
        }
        let request = Request {
            segments: call.segments.iter().map(|segment| (*segment).to_owned()).collect(),
            query: call.query.into(),
            body: if call.body.is_null() { Vec::new() } else { call.body.to_string().into_bytes() },
        };
        let reply = store.work(route.wants(), who, route.guarded(&request)?).wait()?;
        match reply.body {
            Some(body) => serde_json::from_slice(&body).map_err(Error::internal),
            None => Ok(Value::Null),
        }
    }
}

/// A call of an operation.
#[derive(Clone, Debug, Default)]
pub struct Call<'c> {
    /// The operation's name: `Severities V1#Show`.
    pub operation: &'c str,
    /// What stands in its path, in order.
    pub segments: &'c [&'c str],
    /// The query string.
    pub query: &'c str,
    /// The body.
    pub body: Value,
}

const PART: Part = Part {
    migrations: &[Migration { version: 2, name: "rate_limits", sql: include_str!("../migrations/rate_limits.sql") }],
    jobs: &[],
    subscribers: &[],
    managed: &[],
    followers: &[],
    defaults: None,
    upkeep: None,
};

/// Puts `features` together, with the server's own operations.
pub fn assemble(features: Vec<Feature>, settings: &Settings) -> Result<Assembly> {
    let mut assembly = Assembly { parts: vec![PART], routes: Vec::new(), inside: Vec::new(), document: "".into() };
    for feature in features {
        assembly.parts.push(feature.part);
        let (inside, outside): (Vec<_>, Vec<_>) =
            feature.routes.into_iter().map(Arc::new).partition(|route| route.is_inside);
        assembly.routes.extend(outside);
        assembly.inside.extend(inside);
    }
    let written = Arc::new(OnceLock::new());
    assembly.routes.extend([openapi_route(Arc::clone(&written)), ip_ranges_route(settings)].map(Arc::new));
    // Only its text is kept: the tree is ten times as large.
    assembly.document = openapi::document(&assembly.routes, &settings.public_url)?.to_string().into();
    written.set(Arc::clone(&assembly.document)).map_err(|_| Error::internal("the document is written once"))?;
    Ok(assembly)
}

fn openapi_route(written: Arc<OnceLock<Arc<str>>>) -> Route {
    let about = "This document.";
    let show = move |_: &mut Cx<'_>| Ok(Document(written.get().map_or_else(Vec::new, |text| text.as_bytes().to_vec())));
    Route::new(Method::GET, "/v1/openapiV3.json", "Utilities V1#OpenAPIV3", Guard::Public, about, show)
}

/// A range of addresses that this server's requests come from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct IpRange {
    /// The range in CIDR notation.
    cidr: String,
    /// What kind of request comes from it.
    description: String,
}

impl Resource for IpRange {
    const ONE: &'static str = "ip_range";
    const MANY: &'static str = "ip_ranges";
}

fn ip_ranges_route(settings: &Settings) -> Route {
    let about = "List the addresses that this server's own requests come from, as its operator has configured them.";
    let ranges: Vec<_> = settings
        .outgoing
        .iter()
        .map(|net| IpRange { cidr: net.to_string(), description: "Everything this server sends".into() })
        .collect();
    let list = move |_: &mut Cx<'_>| Ok(List(ranges.clone()));
    Route::new(Method::GET, "/v1/ip_ranges", "Utilities V1#IPRanges", Guard::Public, about, list)
}
