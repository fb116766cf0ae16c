//! Links that let somebody in, once: for whoever has no password yet, or has lost it.

use std::time::Duration;

use base::{Error, Id, Result};
use store::audit::Target;
use store::{Condition, Cx, values};
use web::SecretStep;

use super::{Account, How};
use crate::users::{User, prove_manages};

/// How long a link works.
pub const LINK_LASTS: Duration = Duration::from_secs(24 * 3600);

/// Makes a link for somebody: the step of its address that nobody can guess. It works once, and within `lasts`.
pub fn link(cx: &mut Cx<'_>, id: Id<User>, lasts: Duration) -> Result<SecretStep> {
    let user = cx.get(id)?;
    prove_manages_another(cx, &user)?;
    let step = make(cx, id, lasts, How::Link)?;
    cx.note("user.sign_in_link_created", &[Target::of(&*user)])?;
    Ok(step)
}

/// A link leads to another password without the one before: whoever finds a session of somebody's must not get one.
fn prove_manages_another(cx: &mut Cx<'_>, user: &User) -> Result<()> {
    if cx.access().user == Some(user.id.cast()) {
        return Err(Error::forbidden(
            "nobody makes a sign-in link for themselves: ask somebody else who manages users",
        ));
    }
    prove_manages(cx, user)
}

/// Makes one for somebody whom a provider has vouched for, and who has to show their second factor next.
pub(super) fn vouched(cx: &mut Cx<'_>, id: Id<User>, lasts: Duration) -> Result<SecretStep> {
    make(cx, id, lasts, How::Oidc)
}

fn make(cx: &mut Cx<'_>, id: Id<User>, lasts: Duration, how: How) -> Result<SecretStep> {
    let step = SecretStep::new(cx);
    let row = values![step.hash(), id, cx.now() + lasts, how.as_str()];
    cx.run("insert into sign_in_links (step, user_id, expires_at, how) values ($1, $2, $3, $4)", &row)?;
    Ok(step)
}

/// Whom the link with this hash lets in, and what they have signed in with then.
pub(super) fn find(cx: &mut Cx<'_>, hash: &str) -> Result<Option<(User, How)>> {
    let now = cx.now();
    let sql = "select user_id, how from sign_in_links where step = $1 and expires_at > $2";
    let Some(row) = cx.row(sql, &values![hash, now])? else { return Ok(None) };
    let how = row.text(1)?.parse().map_err(Error::internal)?;
    Ok(Account::Id(row.get(0)?).user(cx)?.map(|user| (user, how)))
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
