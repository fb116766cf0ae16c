//! This very server, for connections to itself.

use base::{AnyId, Result, Secret};
use store::Cx;

/// How the hub reaches the server that it is part of: by its public API, as any other. It is a service of the
/// [`World`](base::World).
#[derive(Clone, Debug)]
pub struct OwnServer {
    /// Where this server's API is: `http://127.0.0.1:7010`.
    pub address: String,
    /// Makes an API key of this name with these roles, if the caller may give them; its ID and its token.
    pub issue: Issue,
    /// Revokes such a key; nothing happens if it is gone.
    pub revoke: Revoke,
}

/// Makes an API key of a name, with roles.
pub type Issue = fn(&mut Cx<'_>, &str, &[&str]) -> Result<(AnyId, Secret)>;
/// Revokes an API key.
pub type Revoke = fn(&mut Cx<'_>, AnyId) -> Result<()>;
