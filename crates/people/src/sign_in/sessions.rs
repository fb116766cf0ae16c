//! Sessions: what somebody has who is signed in.
//!
//! A session ends [`IDLE`] after it was last used and [`AT_MOST`] after it was opened, and when its user is deactivated
//! or gets another password. Its token is 256 random bits, shown once and kept as a hash.

use std::collections::HashMap;
use std::time::Duration;

use base::{AnyId, Id, Result, Secret, Time, words};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::audit::Target;
use store::{Condition, Cx, Origin, Row, Store, Tx, Who, values};
use subtle::ConstantTimeEq;

use super::{Account, links};
use crate::api_keys::hash_of;
use crate::users::{User, prove_own_or_manages};

/// How long a session lasts that isn't used.
pub const IDLE: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long a session lasts.
pub const AT_MOST: Duration = Duration::from_secs(90 * 24 * 3600);
/// `last_seen_at` moves at most this often, so that requests don't cost writes.
const USE_PRECISION: Duration = Duration::from_secs(60);
/// What is kept of the name that a browser gives itself.
const USER_AGENT: usize = 300;

words! {
    /// How somebody signed in.
    pub enum How {
        /// With a password.
        Password = "password",
        /// With a link that works once.
        Link = "link",
        /// With an account elsewhere, by OpenID Connect.
        Oidc = "oidc",
    }
}

/// What somebody has who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Which one.
    pub id: Id<Session>,
    /// Whose.
    pub user: Id<User>,
    /// How they signed in.
    pub how: How,
    /// Where they did.
    pub origin: Origin,
    /// When they did.
    pub created_at: Time,
    /// When it was last used, to the minute.
    pub last_seen_at: Time,
    /// The hash of its token.
    token: Secret,
}

impl Session {
    /// What [`Session::read`] reads.
    const COLUMNS: &'static str = "id, user_id, how, location, user_agent, created_at, last_seen_at, token";

    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            user: row.get(1)?,
            how: row.text(2)?.parse().map_err(base::Error::internal)?,
            origin: Origin { location: row.get(3)?, user_agent: row.get(4)? },
            created_at: row.get(5)?,
            last_seen_at: row.get(6)?,
            token: row.get::<String>(7)?.into(),
        })
    }

    /// When it ends, unless it is used before.
    pub fn expires_at(&self) -> Time {
        (self.last_seen_at + IDLE).min(self.created_at + AT_MOST)
    }

    /// What a form has to carry that is sent within the session: another site can't know it.
    pub fn csrf(&self) -> Secret {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.token.reveal().as_bytes()).expect("a key may have any length");
        mac.update(b"csrf");
        hex::encode(mac.finalize().into_bytes()).into()
    }

    /// Whether a form carries it.
    pub fn is_csrf(&self, shown: &str) -> bool {
        self.csrf().reveal().as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

/// Opens a session for somebody who has proven who they are; the token is shown this once.
pub fn open(cx: &mut Cx<'_>, user: &User, how: How) -> Result<(Session, Secret)> {
    let token = Secret::from(hex::encode(cx.world().secret::<32>()));
    let Origin { location, user_agent } = cx.origin().clone();
    let session = Session {
        id: cx.new_id(),
        user: user.id,
        how,
        origin: Origin {
            location,
            user_agent: user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect(),
        },
        created_at: cx.now(),
        last_seen_at: cx.now(),
        token: hash_of(token.reveal()).into(),
    };
    let sql = format!("insert into sessions ({}) values ($1, $2, $3, $4, $5, $6, $7, $8)", Session::COLUMNS);
    let origin = &session.origin;
    let row = values![
        session.id,
        session.user,
        how.as_str(),
        &origin.location,
        &origin.user_agent,
        session.created_at,
        session.last_seen_at,
        session.token.reveal(),
    ];
    cx.run(&sql, &row)?;
    cx.note("user.signed_in", &[Target::of(user)])?;
    Ok((session, token))
}

/// The session with this token and its user, unless it has ended or they have been deactivated. Notes that it is used.
///
/// Blocks: not for async tasks.
pub fn find(store: &Store, token: &Secret) -> Result<Option<(Session, User)>> {
    let hash = Secret::from(hash_of(token.reveal()));
    let Some((mut session, user)) = store.read(Who::system(), move |cx| look(cx, &hash)).wait()? else {
        return Ok(None);
    };
    let now = store.world().now();
    if now.since(session.last_seen_at) >= USE_PRECISION {
        session.last_seen_at = now;
        let id = session.id;
        store.write(Who::system(), move |cx| note_use(cx, id, now)).wait()?;
    }
    Ok(Some((session, user)))
}

fn look(cx: &mut Cx<'_>, hash: &Secret) -> Result<Option<(Session, User)>> {
    let now = cx.now();
    let found = select(cx, Condition::equal("token", hash.reveal()))?.into_iter().find(|session| {
        bool::from(session.token.reveal().as_bytes().ct_eq(hash.reveal().as_bytes())) && now < session.expires_at()
    });
    match found {
        Some(session) => Ok(Account::Id(session.user).user(cx)?.map(|user| (session, user))),
        None => Ok(None),
    }
}

fn note_use(tx: &mut Tx<'_>, id: Id<Session>, now: Time) -> Result<()> {
    tx.run("update sessions set last_seen_at = $2 where id = $1 and last_seen_at < $2", &values![id, now]).map(drop)
}

/// The sessions that somebody has, the latest first.
pub fn of(cx: &mut Cx<'_>, user: Id<User>) -> Result<Vec<Session>> {
    let now = cx.now();
    let mut sessions = select(cx, Condition::equal("user_id", user).ordered_by("created_at desc, id desc"))?;
    sessions.retain(|session| now < session.expires_at());
    Ok(sessions)
}

/// When each of these users was last seen, as far as sessions that go on tell.
pub fn last_seen(tx: &mut Tx<'_>, users: &[Id<User>]) -> Result<HashMap<Id<User>, Time>> {
    let mut seen = HashMap::new();
    for session in select(tx, Condition::one_of("user_id", users.iter().copied()))? {
        let latest = seen.entry(session.user).or_insert(session.last_seen_at);
        *latest = session.last_seen_at.max(*latest);
    }
    Ok(seen)
}

fn select(tx: &mut Tx<'_>, condition: Condition) -> Result<Vec<Session>> {
    tx.select(Session::COLUMNS, "sessions", condition)?.iter().map(Session::read).collect()
}

/// Ends a session: the caller's own, or of somebody whom they manage. Doing so twice changes nothing.
pub fn end(cx: &mut Cx<'_>, id: Id<Session>) -> Result<()> {
    match select(cx, Condition::equal("id", id))?.pop() {
        Some(session) => end_where(cx, session.user, Condition::equal("id", id)).map(drop),
        None => Ok(()),
    }
}

/// Ends every session of a user but this one, and says how many that were.
pub fn end_all_but(cx: &mut Cx<'_>, user: Id<User>, kept: Option<Id<Session>>) -> Result<usize> {
    let condition = Condition::all(kept.map(|kept| Condition::equal("id", kept).negated()));
    end_where(cx, user, condition)
}

fn end_where(cx: &mut Cx<'_>, user: Id<User>, condition: Condition) -> Result<usize> {
    let user = cx.get(user)?;
    prove_own_or_manages(cx, &user)?;
    let theirs = Condition::equal("user_id", user.id).and(condition);
    let ended = select(cx, theirs.clone())?.len();
    cx.delete_where("sessions", theirs)?;
    if ended > 0 {
        cx.note("user.signed_out", &[Target::of(&*user)])?;
    }
    Ok(ended)
}

/// Leaves a user who isn't active any more without sessions and links.
pub(super) fn follow_user(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    let user: Id<User> = id.cast();
    if Account::Id(user).user(cx)?.is_none() {
        cx.delete_where("sessions", Condition::equal("user_id", user))?;
        links::revoke(cx, user)?;
    }
    Ok(())
}

/// Removes what has ended.
pub(super) fn remove_expired(cx: &mut Cx<'_>) -> Result<()> {
    let now = cx.now();
    let sql = "delete from sessions where last_seen_at <= $1 or created_at <= $2";
    cx.run(sql, &values![now - IDLE, now - AT_MOST]).map(drop)
}
