//! The operations on connections.

use std::fmt;

use base::{Id, Result, Secret, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::{Condition, Cx, Direction};
use web::{Awaited, Body, NoContent, Page, PageMeta, Paging, Query, Resource, Show};

use super::draft::{NewConnection, Target};
use super::record::Connection;
use crate::links;
use crate::runs::{self, Run, RunBody, Task};

web::routes! {
    /// List the connections, in the order in which they were made.
    GET "/hub/v1/connections" "Hub Connections V1#List" "hub.view" => list;
    /// Connect a product: with a key to an API, or to this very server, which makes a key for itself. The answer is a
    /// run that finds out whether the key will do; there is a connection once it has succeeded, and nothing is kept
    /// if it fails.
    POST "/hub/v1/connections" "Hub Connections V1#Create" "hub.manage" => create;
    /// Show a connection. Its key is never shown.
    GET "/hub/v1/connections/{id}" "Hub Connections V1#Show" "hub.view" => show;
    /// Change a connection: its name, its description, its key. The answer is a run; nothing changes if it fails.
    PUT "/hub/v1/connections/{id}" "Hub Connections V1#Update" "hub.manage" => update;
    /// Disconnect: the key and the links are forgotten. What is in the API stays as it is.
    DELETE "/hub/v1/connections/{id}" "Hub Connections V1#Destroy" "hub.manage" => delete;
    /// Have a connection do something: `test`, or an action of its product. The answer is a run.
    POST "/hub/v1/connections/{id}/actions/{action}" "Hub Connections V1#Act" "hub.use" => act;
}

/// A connection, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubConnection")]
pub struct ConnectionBody {
    id: Id<Connection>,
    product: String,
    name: String,
    description: String,
    /// Where the API is; absent for this very server.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    is_this_server: bool,
    /// What the product knows of the organisation, under its own names; the key is in the vault.
    config: Json,
    /// `connected` or `failing`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    last_tested_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    created_at: Time,
    updated_at: Time,
}

impl Resource for ConnectionBody {
    const ONE: &'static str = "connection";
    const MANY: &'static str = "connections";
}

/// What stands where a key would.
const HIDDEN: &str = "encrypted";

impl ConnectionBody {
    /// How a connection is shown.
    pub fn of(connection: &Connection) -> Self {
        Self {
            id: connection.id,
            product: connection.product.clone(),
            name: connection.name.clone(),
            description: connection.description.clone(),
            base_url: connection.base_url.clone(),
            is_this_server: connection.base_url.is_none(),
            config: connection.shown_config(),
            status: connection.state.as_str(),
            last_error: connection.last_error.clone(),
            last_tested_at: connection.last_tested_at,
            creator: runs::name_of(&connection.creator),
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}

impl Connection {
    /// What the product knows, with a word for the key that it has besides.
    pub fn shown_config(&self) -> Json {
        let mut config = self.config.clone();
        if let Some(fields) = config.as_object_mut() {
            fields.insert("secrets".into(), json!({"encryptedToken": HIDDEN}));
        }
        config
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
    /// Only those of this product.
    product: Option<String>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<ConnectionBody>> {
    let paging = query.paging.read()?;
    let wanted = Condition::everything().and_wanted("product", query.product);
    let page = cx.page::<Connection>(wanted, Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|connection| ConnectionBody::of(connection)).collect();
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn show(cx: &mut Cx<'_>, id: Id<Connection>) -> Result<Show<ConnectionBody>> {
    let connection = cx.get(id)?;
    Ok(Show(ConnectionBody::of(&connection)))
}

/// A key, as somebody types it.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
struct TypedKey(String);

impl fmt::Debug for TypedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedKey(…)")
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubConnectionCreate")]
struct CreatePayload {
    /// The connection.
    connection: CreateFields,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubConnectionUpdate")]
struct UpdatePayload {
    /// The connection: all that it says from now on, but for its key, which stays unless there is another.
    connection: Fields,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubConnectionCreateFields")]
struct CreateFields {
    /// The product: `hyphen`, `ravenna`, `nexla`, `atomicwork`.
    product: String,
    #[serde(flatten)]
    fields: Fields,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubConnectionFields")]
struct Fields {
    /// What it is called; no two are called the same.
    name: String,
    /// What there is to say about it.
    #[schemars(length(max = 1000))]
    description: Option<String>,
    /// The key to the API; none for this very server.
    api_key: Option<TypedKey>,
    /// Where the API is; the hosted platform unless it is said.
    base_url: Option<String>,
    /// Whether it leads to this very server, which makes a key for itself.
    this_server: Option<bool>,
}

impl Fields {
    fn wanted(self, replaces: Option<Id<Connection>>) -> NewConnection {
        let target = match (self.this_server.unwrap_or_default(), self.api_key, replaces) {
            (true, ..) => Some(Target::ThisServer),
            (false, None, Some(_)) if self.base_url.is_none() => None,
            // What is left out counts as blank: the caller reads that there has to be a key.
            (false, key, _) => {
                let key = Secret::from(key.map(|key| key.0).unwrap_or_default());
                Some(Target::Host { base_url: self.base_url, key })
            }
        };
        NewConnection { name: self.name, description: self.description.unwrap_or_default(), target, replaces }
    }
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Awaited<RunBody>> {
    let CreateFields { product, fields } = payload.connection;
    connect(cx, &product, &fields.wanted(None))
}

fn update(cx: &mut Cx<'_>, id: Id<Connection>, Body(payload): Body<UpdatePayload>) -> Result<Awaited<RunBody>> {
    let product = cx.get(id)?.product.clone();
    connect(cx, &product, &payload.connection.wanted(Some(id)))
}

fn connect(cx: &mut Cx<'_>, product: &str, new: &NewConnection) -> Result<Awaited<RunBody>> {
    let run = runs::connect(cx, product, new).map_err(|error| error.within("connection"))?;
    left_to_jobs(cx, &run)
}

fn left_to_jobs(cx: &mut Cx<'_>, run: &Run) -> Result<Awaited<RunBody>> {
    runs::enqueue(cx, run)?;
    runs::awaited(cx, run.id.cast())
}

fn delete(cx: &mut Cx<'_>, id: Id<Connection>) -> Result<NoContent> {
    let connection = cx.get(id)?;
    Connection::disconnect(cx, &connection)?;
    Ok(NoContent)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubAct")]
struct ActPayload {
    /// What the action is given, by its schema.
    input: Option<Map<String, Json>>,
}

fn act(
    cx: &mut Cx<'_>,
    (id, action): (Id<Connection>, String),
    Body(payload): Body<ActPayload>,
) -> Result<Awaited<RunBody>> {
    let connection = cx.get(id)?;
    let task = match action.as_str() {
        "test" => Task::Test,
        _ => Task::Act { action, input: payload.input.unwrap_or_default().into() },
    };
    let run = runs::start(cx, &connection, task)?;
    left_to_jobs(cx, &run)
}

impl Connection {
    /// Forgets a connection, its key and its links. What is in the API stays as it is.
    pub fn disconnect(cx: &mut Cx<'_>, connection: &store::Stored<Self>) -> Result<()> {
        for link in cx.list(links::of(connection.id), "id")? {
            cx.delete::<links::Link>(&link)?;
        }
        super::draft::drop_key(cx, connection.secret, connection.own_key)?;
        cx.delete(connection)
    }
}
