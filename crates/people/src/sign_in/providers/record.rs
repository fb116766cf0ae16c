//! What is kept of a provider, and how it has done lately.

use std::collections::HashMap;
use std::time::Duration;

use base::{Id, Result, Time};
use serde::{Deserialize, Serialize};
use store::vault::Sealed;
use store::{Cx, Record, Site, Tx, values};

use crate::users::BaseRole;

/// Somebody elsewhere who vouches for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdentityProvider {
    /// Which one.
    pub id: Id<IdentityProvider>,
    /// What its button says.
    pub name: String,
    /// Where it is, exactly as it calls itself.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server proves that with, in the vault; a client without one has PKCE alone.
    #[serde(default)]
    pub client_secret: Option<Id<Sealed>>,
    /// What is asked for beside `openid`, `email` and `profile`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The domains whose people are added when they first come; none for people alone who are here already.
    #[serde(default)]
    pub domains: Vec<String>,
    /// What those who are added may do.
    pub role: BaseRole,
    /// Whether an address counts as verified of which it doesn't say so.
    #[serde(default)]
    pub trusts_addresses: bool,
    /// Whether our own second factor is asked for too.
    #[serde(default)]
    pub asks_second_factor: bool,
    /// Whether people can sign in with it.
    pub is_on: bool,
    /// When it was added.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for IdentityProvider {
    const TABLE: &'static str = "identity_providers";
    const KIND: &'static str = "identity_provider";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

impl IdentityProvider {
    /// Whether somebody with this address is added when they first come.
    pub(super) fn adds(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| self.domains.iter().any(|added| added.eq_ignore_ascii_case(domain)))
    }
}

/// Where a provider sends people back to; it has to be told so beforehand.
pub fn redirect_address(site: &Site, id: Id<IdentityProvider>) -> String {
    format!("{}/sign-in/with/{id}/back", site.public_url.trim_end_matches('/'))
}

/// How long a failure has to have stayed away to be news when it comes again.
const NEWS_AFTER: Duration = Duration::from_secs(300);

/// How a provider has done lately.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// When somebody last signed in with it.
    pub succeeded_at: Option<Time>,
    /// When somebody last could not.
    pub failed_at: Option<Time>,
    /// Why not.
    pub failure: Option<String>,
}

impl State {
    /// Whether the same has come in between just now.
    fn is_known(&self, failure: &str, now: Time) -> bool {
        self.failure.as_deref() == Some(failure) && self.failed_at.is_some_and(|then| now.since(then) < NEWS_AFTER)
    }
}

/// How each provider has done lately; those that nobody has used are left out.
pub fn states(tx: &mut Tx<'_>) -> Result<HashMap<Id<IdentityProvider>, State>> {
    let rows = tx.rows("select provider_id, succeeded_at, failed_at, failure from identity_provider_states", &[])?;
    let state = |row: &store::Row| {
        Ok((row.get(0)?, State { succeeded_at: row.get(1)?, failed_at: row.get(2)?, failure: row.get(3)? }))
    };
    rows.iter().map(state).collect()
}

pub(super) fn note_success(cx: &mut Cx<'_>, id: Id<IdentityProvider>) -> Result<()> {
    let sql = "insert into identity_provider_states (provider_id, succeeded_at) values ($1, $2) \
               on conflict (provider_id) do update set succeeded_at = excluded.succeeded_at";
    let now = cx.now();
    cx.run(sql, &values![id, now]).map(drop)
}

/// Notes why somebody could not sign in, and says whether that is news.
pub(super) fn note_failure(cx: &mut Cx<'_>, id: Id<IdentityProvider>, failure: &str) -> Result<bool> {
    let now = cx.now();
    let is_known = states(cx)?.remove(&id).is_some_and(|state| state.is_known(failure, now));
    let sql = "insert into identity_provider_states (provider_id, failed_at, failure) values ($1, $2, $3) \
               on conflict (provider_id) do update set failed_at = excluded.failed_at, failure = excluded.failure";
    cx.run(sql, &values![id, now, failure])?;
    Ok(!is_known)
}
