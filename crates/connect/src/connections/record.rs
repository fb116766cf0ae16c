//! What is stored of a connection.

use base::{Actor, AnyId, Error, Id, Result, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::vault::Sealed;
use store::{Condition, Record, Stored, Tx, Value, values};

base::words! {
    /// How a connection is.
    pub enum State {
        /// It worked when it was last used or tested.
        Connected = "connected",
        /// It did not.
        Failing = "failing",
    }
}

/// A product, an API, and the key to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Which one.
    pub id: Id<Connection>,
    /// The product: `hyphen`.
    pub product: String,
    /// What it is called; no two are called the same.
    pub name: String,
    /// What there is to say about it.
    #[serde(default)]
    pub description: String,
    /// Where the API is; `None` for this very server.
    pub base_url: Option<String>,
    /// The key, in the vault.
    pub secret: Id<Sealed>,
    /// The API key that was made for it, if it leads to this server.
    #[serde(default)]
    pub own_key: Option<AnyId>,
    /// What the product knows of the organisation, under its own names.
    pub config: Json,
    /// How it is.
    pub state: State,
    /// What went wrong last, while it is failing.
    #[serde(default)]
    pub last_error: Option<String>,
    /// When it was last tested.
    pub last_tested_at: Time,
    /// Who made it.
    pub creator: Actor,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

impl Record for Connection {
    const TABLE: &'static str = "hub_connections";
    const COLUMNS: &'static [&'static str] = &["name", "product"];
    const KIND: &'static str = "connection";
    const VERBS: [&'static str; 3] = ["connected", "updated", "disconnected"];

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.name.as_str(), self.product.as_str()].into()
    }
}

/// The connection of this name or with this ID, as the field at `pointer` names it.
pub fn named(tx: &mut Tx<'_>, pointer: &str, name: &str) -> Result<Stored<Connection>> {
    let by_id = match name.parse::<Id<Connection>>() {
        Ok(id) => tx.find(id)?,
        Err(_) => None,
    };
    let found = match by_id {
        Some(found) => Some(found),
        None => tx.list(Condition::equal("name", name), "id")?.pop(),
    };
    found.ok_or_else(|| Error::invalid(pointer, format!("there is no connection called {name}")))
}
