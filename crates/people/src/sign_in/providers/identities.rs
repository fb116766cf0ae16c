//! Who somebody is whom a provider vouches for.

use base::{Error, Id, Result, Time};
use serde::Serialize;
use store::audit::Target;
use store::{Condition, Cx, Tx, values};

use super::failure::Failure;
use super::policy;
use super::protocol::Claims;
use super::record::IdentityProvider;
use crate::users::{User, find_by_email, prove_own_or_manages};

/// Characters that are kept of a name or an address that a provider tells.
const LONGEST: usize = 100;

/// An account elsewhere that somebody signs in with.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// At which provider.
    pub provider: Id<IdentityProvider>,
    /// What that is called.
    pub name: String,
    /// Since when.
    pub linked_at: Time,
}

/// The accounts elsewhere that somebody signs in with.
pub fn of(tx: &mut Tx<'_>, user: Id<User>) -> Result<Vec<Identity>> {
    let rows = tx.rows(
        "select provider_id, linked_at from identities where user_id = $1 order by linked_at, provider_id",
        &values![user],
    )?;
    let identity = |row: &store::Row| {
        let provider = row.get(0)?;
        let name = tx.find::<IdentityProvider>(provider)?.map(|provider| provider.name.clone()).unwrap_or_default();
        Ok(Identity { provider, name, linked_at: row.get(1)? })
    };
    rows.iter().map(identity).collect()
}

/// Forgets which account somebody has at a provider: the next one that comes with their address is theirs.
pub fn unlink(cx: &mut Cx<'_>, user: Id<User>, provider: Id<IdentityProvider>) -> Result<()> {
    let (user, provider) = (cx.get(user)?, cx.get(provider)?);
    prove_own_or_manages(cx, &user)?;
    let theirs = Condition::equal("user_id", user.id).and(Condition::equal("provider_id", provider.id));
    cx.delete_where("identities", theirs)?;
    policy::prove_way_in(cx)?;
    cx.note("user.identity_unlinked", &[Target::of(&*user), Target::of(&*provider)])
}

/// Who this is: by what the provider calls them; else by their address, when the provider has verified it; else somebody
/// new, where the provider's people are added.
pub(super) fn recognise(
    cx: &mut Cx<'_>,
    provider: &IdentityProvider,
    claims: &Claims,
) -> Result<Result<User, Failure>> {
    if let Some(known) = find(cx, provider.id, &claims.subject)? {
        let user = cx.get(known)?.into_inner();
        return Ok(if user.active { Ok(user) } else { Err(Failure::Deactivated(user.name)) });
    }
    let Some(email) = claims.email.as_deref() else { return Ok(Err(Failure::NoAddress)) };
    if !claims.is_verified.unwrap_or(provider.trusts_addresses) {
        return Ok(Err(Failure::AddressUnverified(bounded(email))));
    }
    let user = match find_by_email(cx, email)? {
        Some(user) if !user.active => return Ok(Err(Failure::Deactivated(user.into_inner().name))),
        Some(user) if has_one_at(cx, user.id, provider.id)? => {
            return Ok(Err(Failure::LinkedElsewhere(user.into_inner().name)));
        }
        Some(user) => user.into_inner(),
        None if provider.adds(email) => User::add(cx, &name(claims, email), email, provider.role)?,
        None => return Ok(Err(Failure::UnknownPerson(bounded(email)))),
    };
    link(cx, provider, &claims.subject, &user)?;
    Ok(Ok(user))
}

fn find(tx: &mut Tx<'_>, provider: Id<IdentityProvider>, subject: &str) -> Result<Option<Id<User>>> {
    let sql = "select user_id from identities where provider_id = $1 and subject = $2";
    tx.row(sql, &values![provider, subject])?.map(|row| row.get(0)).transpose()
}

/// An address is given to somebody else some day; who had it before is still who they were.
fn has_one_at(tx: &mut Tx<'_>, user: Id<User>, provider: Id<IdentityProvider>) -> Result<bool> {
    let sql = "select 1 from identities where user_id = $1 and provider_id = $2";
    Ok(tx.row(sql, &values![user, provider])?.is_some())
}

fn link(cx: &mut Cx<'_>, provider: &IdentityProvider, subject: &str, user: &User) -> Result<()> {
    let sql = "insert into identities (provider_id, subject, user_id, linked_at) values ($1, $2, $3, $4) \
               on conflict do nothing";
    let now = cx.now();
    if cx.run(sql, &values![provider.id, subject, user.id, now])? == 0 {
        return Err(Error::lost_race());
    }
    cx.note("user.identity_linked", &[Target::of(user), Target::of(provider)])
}

/// What a provider tells, as far as it is kept.
fn bounded(told: &str) -> String {
    told.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// What somebody new is called.
fn name(claims: &Claims, email: &str) -> String {
    match bounded(claims.name.as_deref().unwrap_or_default()).trim() {
        "" => email.split('@').next().unwrap_or(email).to_owned(),
        told => told.to_owned(),
    }
}
