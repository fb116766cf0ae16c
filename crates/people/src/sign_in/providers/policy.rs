//! Whether people come in by providers alone. Nobody is locked out by that: somebody who can take it back has to have
//! come in by a provider that is on, and links that work once always work.

use base::{Error, Id, Result, Time};
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Tx};

use super::edit::prove_owner;
use super::record::IdentityProvider;
use crate::sign_in::Account;

/// How people come in; there is one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SignInPolicy {
    /// Whether passwords let nobody in any more.
    pub only_providers: bool,
    /// When it was last set.
    pub updated_at: Option<Time>,
}

impl Record for SignInPolicy {
    const TABLE: &'static str = "sign_in_policies";
    const KIND: &'static str = "sign_in_policy";

    fn id(&self) -> Id<Self> {
        ID
    }

    fn name(&self) -> String {
        "Sign-in policy".into()
    }
}

const ID: Id<SignInPolicy> = Id::constant(1);

/// Whether passwords let nobody in.
pub fn only_providers(tx: &mut Tx<'_>) -> Result<bool> {
    Ok(tx.find(ID)?.is_some_and(|policy| policy.only_providers))
}

/// Says whether passwords let people in.
pub fn set_policy(cx: &mut Cx<'_>, only_providers: bool) -> Result<()> {
    prove_owner(cx)?;
    let policy = SignInPolicy { only_providers, updated_at: Some(cx.now()) };
    match cx.find(ID)? {
        None => cx.insert(&policy)?,
        Some(mut current) => {
            *current = policy;
            cx.save(&mut current)?;
        }
    }
    prove_way_in(cx)
}

/// Refuses a change that leaves nobody a way in who could take it back.
pub(super) fn prove_way_in(cx: &mut Cx<'_>) -> Result<()> {
    if !only_providers(cx)? || somebody_can_change_it(cx)? {
        return Ok(());
    }
    let message = "an owner has to sign in with a provider first that is on: nobody could change this otherwise";
    Err(Error::invalid("only_providers", message))
}

fn somebody_can_change_it(cx: &mut Cx<'_>) -> Result<bool> {
    let providers = cx.list::<IdentityProvider>(Condition::everything(), "id")?;
    let on = providers.iter().filter(|provider| provider.is_on).map(|provider| provider.id);
    for row in cx.select("user_id", "identities", Condition::one_of("provider_id", on))? {
        if Account::Id(row.get(0)?).user(cx)?.is_some_and(|user| user.is_active_owner()) {
            return Ok(true);
        }
    }
    Ok(false)
}
