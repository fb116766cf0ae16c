//! Who is calling. What a key is, and which roles it has, is a feature's business: the server only
//! asks, and holds what comes in against the answer.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use base::Result;
use store::{Store, Who};

/// What a request shows at the gate.
#[derive(Clone, Copy, Debug)]
pub struct Knock<'r> {
    /// The `Authorization` header.
    pub authorization: Option<&'r str>,
    /// The `X-Incident-User` header: the user to act for.
    pub on_behalf_of: Option<&'r str>,
    /// Where the request comes from.
    pub address: IpAddr,
    /// What the caller's software calls itself.
    pub user_agent: &'r str,
}

/// Who was let in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// On whose behalf the request is done.
    pub who: Who,
    /// What their requests are counted under: the API key's ID.
    pub account: String,
    /// What that is called: the API key's name.
    pub name: String,
}

/// Decides who may come in.
pub trait Gate: Send + Sync {
    /// The caller, or why they may not come in.
    fn admit<'r>(
        &'r self,
        store: &'r Store,
        knock: Knock<'r>,
    ) -> Pin<Box<dyn Future<Output = Result<Caller>> + Send + 'r>>;
}
