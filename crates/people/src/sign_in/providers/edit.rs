//! Adding, changing and deleting providers.

use base::{Error, Id, Problems, Result, Secret};
use store::vault::Sealed;
use store::{Condition, Cx, Store, Who};

use super::record::IdentityProvider;
use super::{policy, protocol};
use crate::users::BaseRole;

/// What somebody who may manage settings says of a provider.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What its button says.
    pub name: String,
    /// Where it is, exactly as it calls itself.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What becomes of the secret.
    pub client_secret: SecretChange,
    /// What is asked for beside `openid`, `email` and `profile`.
    pub scopes: Vec<String>,
    /// The domains whose people are added when they first come.
    pub domains: Vec<String>,
    /// What those who are added may do.
    pub role: BaseRole,
    /// Whether an address counts as verified of which it doesn't say so.
    pub trusts_addresses: bool,
    /// Whether our own second factor is asked for too.
    pub asks_second_factor: bool,
    /// Whether people can sign in with it.
    pub is_on: bool,
}

/// What becomes of a provider's client secret.
#[derive(Clone, Debug)]
pub enum SecretChange {
    /// It stays; a new provider has none then.
    Keep,
    /// It is this one from now on.
    Set(Secret),
    /// There is none any more.
    Remove,
}

/// Adds a provider, once it has been asked what it says of itself. Its ID is known before, since whoever registers this
/// server there has to name the redirect address.
///
/// Blocks for as long as the provider takes: not for async tasks.
pub fn add(store: &Store, who: Who, id: Id<IdentityProvider>, draft: Draft) -> Result<IdentityProvider> {
    prove(store, &who, &draft)?;
    let add = move |cx: &mut Cx<'_>| {
        prove_owner(cx)?;
        if cx.find(id)?.is_some() {
            return Err(Error::conflict("This provider has been added already"));
        }
        let now = cx.now();
        let provider = draft.provider(cx, None, id, now)?;
        cx.insert(&provider)?;
        Ok(provider)
    };
    store.write(who, add).wait()
}

/// Changes a provider, once it has been asked what it says of itself; one that is off needn't answer. Where it is another
/// one than before, or knows this server as another client, nobody is known there any more: many a provider calls people
/// by other names for each client.
///
/// Blocks for as long as the provider takes: not for async tasks.
pub fn change(store: &Store, who: Who, id: Id<IdentityProvider>, draft: Draft) -> Result<IdentityProvider> {
    prove(store, &who, &draft)?;
    let change = move |cx: &mut Cx<'_>| {
        prove_owner(cx)?;
        let mut provider = cx.get(id)?;
        cx.expect_version(&provider)?;
        if provider.issuer != draft.issuer {
            draft.prove_new_secret(&provider)?;
        }
        if (&provider.issuer, &provider.client_id) != (&draft.issuer, &draft.client_id) {
            cx.delete_where("identities", Condition::equal("provider_id", id))?;
        }
        *provider = draft.provider(cx, provider.client_secret, id, provider.created_at)?;
        cx.save(&mut provider)?;
        policy::prove_way_in(cx)?;
        Ok(provider.into_inner())
    };
    store.write(who, change).wait()
}

/// Deletes a provider, with all that is known of who people are there.
pub fn delete(cx: &mut Cx<'_>, id: Id<IdentityProvider>) -> Result<()> {
    prove_owner(cx)?;
    let provider = cx.get(id)?;
    cx.delete(&provider)?;
    provider.client_secret.map_or(Ok(()), |secret| cx.forget(secret))?;
    policy::prove_way_in(cx)
}

/// Asks a provider what it says of itself.
///
/// Blocks for as long as the provider takes: not for async tasks.
pub fn test(store: &Store, who: Who, id: Id<IdentityProvider>) -> Result<()> {
    let look = move |cx: &mut Cx<'_>| {
        cx.require("security_settings.update")?;
        Ok(cx.get(id)?.issuer.clone())
    };
    let issuer = store.read(who, look).wait()?;
    protocol::check(store.world(), &issuer)
}

/// Who says which provider vouches says who everybody is, owners too.
pub(super) fn prove_owner(cx: &Cx<'_>) -> Result<()> {
    if cx.access().unlimited { Ok(()) } else { Err(Error::forbidden("only an owner says who vouches for everybody")) }
}

/// Checks what can be checked before anything is written.
fn prove(store: &Store, who: &Who, draft: &Draft) -> Result<()> {
    store.read(who.clone(), |cx| prove_owner(cx)).wait()?;
    draft.check()?;
    if draft.is_on { protocol::check(store.world(), &draft.issuer) } else { Ok(()) }
}

impl Draft {
    fn check(&self) -> Result<()> {
        let mut problems = Problems::new();
        problems.check(!self.name.is_empty(), "name", "say what its button says");
        problems.check(!self.client_id.is_empty(), "client_id", "say what the provider calls this server");
        let is_web = ["https://", "http://"].iter().any(|scheme| self.issuer.starts_with(scheme));
        let is_plain = is_web && !self.issuer.contains(['?', '#', '@']);
        problems.check(is_plain, "issuer", "is not an address that begins with https:// and has no query");
        let is_domain = |domain: &String| !domain.is_empty() && !domain.contains(['@', '/', ' ', '*']);
        problems.check(self.domains.iter().all(is_domain), "domains", "write domains: acme.example");
        let is_given = !matches!(self.role, BaseRole::Owner | BaseRole::Unset);
        problems.check(is_given, "role", "nobody becomes that by signing in: choose another role");
        problems.finish()
    }

    /// A secret is for the provider that has given it, and for no other.
    fn prove_new_secret(&self, provider: &IdentityProvider) -> Result<()> {
        if provider.client_secret.is_some() && matches!(self.client_secret, SecretChange::Keep) {
            return Err(Error::invalid("client_secret", "another provider has given this secret: type the new one's"));
        }
        Ok(())
    }

    fn provider(
        &self,
        cx: &mut Cx<'_>,
        secret: Option<Id<Sealed>>,
        id: Id<IdentityProvider>,
        created_at: base::Time,
    ) -> Result<IdentityProvider> {
        Ok(IdentityProvider {
            id,
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.apply(cx, secret)?,
            scopes: self.scopes.clone(),
            domains: self.domains.iter().map(|domain| domain.to_lowercase()).collect(),
            role: self.role,
            trusts_addresses: self.trusts_addresses,
            asks_second_factor: self.asks_second_factor,
            is_on: self.is_on,
            created_at,
            updated_at: cx.now(),
        })
    }
}

impl SecretChange {
    /// What is in the vault after it.
    fn apply(&self, cx: &mut Cx<'_>, kept: Option<Id<Sealed>>) -> Result<Option<Id<Sealed>>> {
        if matches!(self, Self::Keep) {
            return Ok(kept);
        }
        kept.map_or(Ok(()), |kept| cx.forget(kept))?;
        match self {
            Self::Set(secret) => cx.seal(secret).map(Some),
            _ => Ok(None),
        }
    }
}
