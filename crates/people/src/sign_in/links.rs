//! Links that let somebody in, once: for whoever has no password yet, or has lost it.

use std::time::Duration;

use base::{Error, Id, Result};
use store::audit::Target;
use store::{Condition, Cx, values};
use web::SecretStep;

use super::Account;
use crate::users::{User, prove_own_or_manages};

/// How long a link works.
pub const LINK_LASTS: Duration = Duration::from_secs(24 * 3600);

/// Makes a link for somebody: the step of its address that nobody can guess. It works once, and within `lasts`.
pub fn link(cx: &mut Cx<'_>, id: Id<User>, lasts: Duration) -> Result<SecretStep> {
    let (user, step) = (cx.get(id)?, SecretStep::new(cx));
    prove_own_or_manages(cx, &user)?;
    let row = values![step.hash(), user.id, cx.now() + lasts];
    cx.run("insert into sign_in_links (step, user_id, expires_at) values ($1, $2, $3)", &row)?;
    cx.note("user.sign_in_link_created", &[Target::of(&*user)])?;
    Ok(step)
}

/// Whom the link with this hash lets in.
pub(super) fn find(cx: &mut Cx<'_>, hash: &str) -> Result<Option<User>> {
    let now = cx.now();
    let sql = "select user_id from sign_in_links where step = $1 and expires_at > $2";
    match cx.row(sql, &values![hash, now])? {
        Some(row) => Account::Id(row.get(0)?).user(cx),
        None => Ok(None),
    }
}

/// Uses the link up. Who comes with it at the same time loses the race, and finds it gone.
pub(super) fn spend(cx: &mut Cx<'_>, hash: &str) -> Result<()> {
    let spent = cx.run("delete from sign_in_links where step = $1", &values![hash])?;
    if spent == 1 { Ok(()) } else { Err(Error::lost_race()) }
}

/// Removes the links of a user.
pub(super) fn revoke(cx: &mut Cx<'_>, user: Id<User>) -> Result<()> {
    cx.delete_where("sign_in_links", Condition::equal("user_id", user))
}

/// Removes what doesn't work any more.
pub(super) fn remove_expired(cx: &mut Cx<'_>) -> Result<()> {
    let now = cx.now();
    cx.run("delete from sign_in_links where expires_at <= $1", &values![now]).map(drop)
}
