//! Lets API keys in, and nobody from where nobody may come in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Access, Actor, Error, Id, Named, Result, Time};
use store::{Cached, Condition, Origin, Store, Tx, Who};
use subtle::ConstantTimeEq;
use web::{Caller, Gate, Knock};

use crate::api_keys::{ApiKey, hash_of, note_use};
use crate::ip_allowlist::IpAllowlist;
use crate::users::{Directory, User};

/// How far behind other nodes and commands the keys in memory may be.
const FRESH: Duration = Duration::from_millis(500);
/// `last_used_at` moves at most this often, so that requests don't cost writes.
const USE_PRECISION: Duration = Duration::from_secs(60);
const ACT_FOR_USERS: &str = "api_keys.act_on_behalf_of_users";

/// Every key, by the hashes of its tokens, and from where keys may be used.
struct KeyRing {
    keys: HashMap<String, Admission>,
    allowlist: IpAllowlist,
}

#[derive(Clone)]
struct Admission {
    key: Named,
    access: Arc<Access>,
    expires_at: Option<Time>,
}

impl Cached for KeyRing {
    const EPOCH: &'static str = "api_keys";

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        let mut keys = HashMap::new();
        for key in tx.list::<ApiKey>(Condition::everything(), "id")? {
            let access = Arc::new(key.grant.access());
            for token in &key.tokens {
                let named = Named { id: key.id.cast(), name: key.name.clone() };
                let admission = Admission { key: named, access: Arc::clone(&access), expires_at: token.expires_at };
                keys.insert(token.hash.clone(), admission);
            }
        }
        Ok(Self { keys, allowlist: IpAllowlist::load(tx)? })
    }
}

impl KeyRing {
    fn prove_admitted(&self, address: IpAddr) -> Result<()> {
        if self.allowlist.admits(address) {
            return Ok(());
        }
        Err(Error::forbidden(format!("requests from {address} are not allowed")))
    }

    fn admission(&self, hash: &str, now: Time) -> Result<&Admission> {
        self.keys
            .get_key_value(hash)
            .filter(|(kept, _)| bool::from(kept.as_bytes().ct_eq(hash.as_bytes())))
            .map(|(_, admission)| admission)
            .filter(|admission| admission.expires_at.is_none_or(|end| now < end))
            .ok_or_else(Error::invalid_token)
    }
}

/// Refuses whoever comes from where nobody may: people, whom no key lets in, as programs.
///
/// Blocks: not for async tasks.
pub fn prove_admitted(store: &Store, address: IpAddr) -> Result<()> {
    store.recent_wait::<KeyRing>(FRESH)?.prove_admitted(address)
}

/// Lets in whoever shows the token of an API key. Keys are held in memory; a key that was revoked or
/// edited on another node, or at the command line, is noticed within half a second, a new one at once.
#[derive(Default)]
pub struct KeyGate {
    noted: Mutex<HashMap<Id<ApiKey>, Time>>,
}

impl Gate for KeyGate {
    fn admit<'r>(
        &'r self,
        store: &'r Store,
        knock: Knock<'r>,
    ) -> Pin<Box<dyn Future<Output = Result<Caller>> + Send + 'r>> {
        Box::pin(self.check(store, knock))
    }
}

impl KeyGate {
    async fn check(&self, store: &Store, knock: Knock<'_>) -> Result<Caller> {
        let header = knock.authorization.ok_or_else(Error::missing_authorization)?;
        let token = bearer(header).ok_or_else(Error::missing_authorization)?;
        let now = store.world().now();
        let hash = hash_of(token);
        let mut ring = store.recent::<KeyRing>(FRESH).await?;
        if ring.admission(&hash, now).is_err() {
            // It may be so new that this process has not seen it yet.
            ring = store.recent::<KeyRing>(Duration::ZERO).await?;
        }
        let admission = ring.admission(&hash, now)?;
        ring.prove_admitted(knock.address)?;
        self.note_use(store, admission.key.id.cast(), now);
        let (actor, access) = match knock.on_behalf_of {
            Some(user) => on_behalf_of(store, admission, user).await?,
            None => (Actor::ApiKey(admission.key.clone()), Arc::clone(&admission.access)),
        };
        let origin = Origin { location: knock.address.to_string(), user_agent: knock.user_agent.into() };
        Ok(Caller {
            who: Who { actor, access, key: Some(admission.key.id), origin, expects: None },
            account: admission.key.id.to_string(),
            name: admission.key.name.clone(),
        })
    }

    fn note_use(&self, store: &Store, key: Id<ApiKey>, now: Time) {
        let mut noted = self.noted.lock().expect("no one panics holding the notes");
        if noted.get(&key).is_some_and(|last| now.since(*last) < USE_PRECISION) {
            return;
        }
        noted.insert(key, now);
        drop(noted);
        let write = store.write(Who::system(), move |cx| note_use(cx, key, now));
        tokio::spawn(async move {
            if let Err(error) = write.await {
                tracing::warn!(%error, "the use of a key could not be noted");
            }
        });
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

/// The key acts for a user: it is the user who did it, and the user's private things are visible.
async fn on_behalf_of(store: &Store, admission: &Admission, user: &str) -> Result<(Actor, Arc<Access>)> {
    if !admission.access.everywhere(ACT_FOR_USERS) {
        return Err(Error::missing_scope(ACT_FOR_USERS));
    }
    let directory = store.recent::<Directory>(FRESH).await?;
    let known = user.parse::<Id<User>>().ok().and_then(|id| directory.get(id));
    let user = known.filter(|user| user.active);
    let user = user.ok_or_else(|| Error::invalid("X-Incident-User", "there is no such active user"))?;
    let access = Access { user: Some(user.id.cast()), ..(*admission.access).clone() };
    Ok((Actor::User(Named { id: user.id.cast(), name: user.name.clone() }), Arc::new(access)))
}
