//! Atomicwork: incidents created, looked up, changed and listed from a workflow, and any other call of the API.
//!
//! | module      | what it is                                                      |
//! |-------------|------------------------------------------------------------------|
//! | `incidents` | incidents                                                         |
//! | `options`   | what can be chosen from: severities, statuses and types           |
//! | `call`      | any call of the API, answered as it comes                         |
//!
//! Inputs are flat, as a form has them, and a field is called as the API calls it.

mod call;
mod incidents;
mod options;

use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

use crate::client::{ApiPath, Client, Kind, Trouble};
use crate::connector::{Action, Connector, Context, Product};
pub use call::{CallApi, Method, Parameter, Response, call};
pub use incidents::{
    Category, CreateIncident, GetIncident, Incidents, ListIncidents, Meta, Mode, UpdateIncident, Visibility, create,
    get, list, update,
};
pub use options::{Choice, List, ListOptions, find, options};

/// Atomicwork.
pub struct Atomicwork;

const PRODUCT: Product = Product {
    id: "atomicwork",
    name: "Atomicwork",
    category: "App Store",
    about: "Creates, finds, changes and lists incidents from workflows, and calls any other operation of the API.",
    key_field: "API key",
    roles: &["viewer", "incident_creator", "incident_editor"],
};

impl Connector for Atomicwork {
    fn product(&self) -> &'static Product {
        &PRODUCT
    }

    fn connect(&self, api: &Client) -> Result<Json, Trouble> {
        let tested = api.get::<IgnoredAny>(ApiPath::of(&["v1", "severities"]));
        tested.map_err(|trouble| match trouble.kind {
            Kind::MissingScope => trouble.saying("API key does not have permission to list severities"),
            _ => in_its_words(trouble),
        })?;
        Ok(json!({}))
    }

    fn actions(&self) -> Vec<Action> {
        vec![
            Action::new("create_incident", "Creates an incident.", |context: &Context<'_>, input| {
                create(context.api, &input).map_err(in_its_words)
            }),
            Action::new("get_incident", "Looks an incident up.", |context: &Context<'_>, input: GetIncident| {
                get(context.api, &input.id).map_err(in_its_words)
            }),
            Action::new("update_incident", "Changes an incident.", |context: &Context<'_>, input| {
                update(context.api, &input).map_err(in_its_words)
            }),
            Action::new("list_incidents", "Lists incidents, newest first.", |context: &Context<'_>, input| {
                list(context.api, &input).map_err(in_its_words)
            }),
            Action::new("call_api", "Calls any operation of the API.", |context: &Context<'_>, input| {
                call(context.api, &input).map_err(in_its_words)
            })
            .checked(call::check)
            // What it does is whatever the operation does, which may be done twice.
            .once(),
            Action::new(
                "list_options",
                "Lists what can be chosen from.",
                |context: &Context<'_>, input: ListOptions| options(context.api, input.list).map_err(in_its_words),
            ),
        ]
    }
}

/// Trouble in Atomicwork's words, where it has some.
fn in_its_words(trouble: Trouble) -> Trouble {
    let words = match trouble.kind {
        Kind::NoKey => "No valid API key available",
        Kind::InvalidKey => "Invalid Incident.io API key",
        Kind::Failing => "Incident.io API may be experiencing issues: check its status page and retry later",
        _ => return trouble,
    };
    trouble.saying(words)
}
