//! Calling operations of the API on behalf of whoever looks at a page.

use std::sync::Arc;

use base::Result;
use serde_json::Value as Json;
use store::{Store, Who};
use web::{Assembly, Call, Settings};

/// What pages are made with.
pub struct Desk {
    /// The organisation's data.
    pub store: Store,
    assembly: Arc<Assembly>,
    public_url: String,
}

impl Desk {
    /// A desk over these operations.
    pub fn new(store: Store, assembly: Arc<Assembly>, settings: &Settings) -> Self {
        Self { store, assembly, public_url: settings.public_url.clone() }
    }

    /// What an operation answers.
    pub fn call(&self, who: Who, call: Call<'_>) -> Result<Json> {
        self.assembly.call(&self.store, who, call)
    }

    /// What a cookie of ours is called. With this prefix browsers take it from this very host and by TLS alone, so that
    /// no neighbour in the domain plants one.
    pub fn cookie_name(&self, name: &str) -> String {
        if self.is_encrypted() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// Whether this is where people find this server, as `Origin` has it.
    pub fn is_origin(&self, origin: &str) -> bool {
        let own: Vec<_> = self.public_url.splitn(4, '/').take(3).collect();
        own.join("/").eq_ignore_ascii_case(origin)
    }

    /// Whether people find this server by TLS: cookies are for nothing else then.
    pub fn is_encrypted(&self) -> bool {
        self.public_url.starts_with("https:")
    }
}
