//! The second factor: codes that an authenticator shows, and ten recovery codes for who has lost it.
//!
//! The seed is in the vault. A code works once; so does a recovery code, of which only a hash is kept.

use base::{Error, Id, Result, Secret};
use store::audit::Target;
use store::vault::Sealed;
use store::{Condition, Cx, Store, Tx, Who, values};

use super::attempts::{Attempt, subject_of};
use super::{Account, FAILED, Refusal, passwords, totp};
use crate::api_keys::hash_of;
use crate::users::{User, prove_manages};

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;

/// A second factor that is being turned on: shown once, and no matter until a code confirms it.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// For authenticators that take a picture.
    pub uri: Secret,
    /// For those whose owners type.
    pub seed: Secret,
}

/// What somebody shows to turn it off.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'p> {
    /// Their password.
    Password(&'p Secret),
    /// A code.
    Code(&'p str),
}

/// What a code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is right, or none is needed.
    Right,
    /// One is needed.
    Missing,
    /// It is wrong, or was used before.
    Wrong,
}

/// What is kept.
struct Kept {
    seed: Id<Sealed>,
    /// The period of the last code that was used; `None` before the first has confirmed it.
    last_period: Option<i64>,
}

/// Begins to turn it on for somebody. Who begins again gets another seed.
pub fn begin(cx: &mut Cx<'_>, id: Id<User>) -> Result<Enrolment> {
    let user = cx.get(id)?;
    prove_own(cx, id)?;
    if is_on(cx, id)? {
        return Err(Error::conflict("The second factor is on already: turn it off first"));
    }
    remove(cx, id)?;
    let seed = totp::seed_of(cx.world().secret());
    let sealed = cx.seal(&seed)?;
    let row = values![id, sealed, cx.now()];
    cx.run("insert into second_factors (user_id, seed, begun_at) values ($1, $2, $3)", &row)?;
    let account = user.email.as_deref().unwrap_or(&user.name);
    let uri = totp::uri(&seed, &cx.site().organisation, account);
    Ok(Enrolment { uri, seed })
}

/// Turns it on, once the authenticator has shown the right code. The recovery codes are shown this once.
pub fn confirm(cx: &mut Cx<'_>, id: Id<User>, code: &str) -> Result<Vec<Secret>> {
    prove_own(cx, id)?;
    let kept = kept(cx, id)?.filter(|kept| kept.last_period.is_none());
    let kept = kept.ok_or_else(|| Error::conflict("The second factor is not being turned on"))?;
    if !redeem_code(cx, id, &kept, &tidy(code))? {
        return Err(Error::invalid("code", "the code is wrong: is the authenticator's clock right?"));
    }
    let user = cx.get(id)?;
    cx.note("user.second_factor_enabled", &[Target::of(&*user)])?;
    make_recovery_codes(cx, id)
}

/// Turns it off, for somebody who proves once more who they are.
///
/// Blocks for tens of milliseconds: not for async tasks.
pub fn turn_off(store: &Store, who: Who, id: Id<User>, proof: Proof<'_>) -> Result<(), Refusal> {
    match proof {
        Proof::Password(password) => {
            let proven = passwords::prove(store, who.origin.clone(), Account::Id(id), password)?;
            let turn_off = move |cx: &mut Cx<'_>| {
                proven.attempt.succeed(cx)?;
                disable(cx, id)
            };
            Ok(store.write(who, turn_off).wait()?)
        }
        Proof::Code(code) => {
            let code = code.to_owned();
            store.write(who, move |cx| turn_off_with(cx, id, &code)).wait()?
        }
    }
}

fn turn_off_with(cx: &mut Cx<'_>, id: Id<User>, code: &str) -> Result<Result<(), Refusal>> {
    let user = cx.get(id)?;
    let attempt = match Attempt::begin(cx, subject_of(&Account::Id(id), Some(&user)))? {
        Ok(attempt) => attempt,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if check(cx, id, Some(code))? != Verdict::Right {
        cx.note(FAILED, &[Target::of(&*user)])?;
        return Ok(Err(Refusal::WrongSecondFactor));
    }
    attempt.succeed(cx)?;
    disable(cx, id).map(Ok)
}

fn disable(cx: &mut Cx<'_>, id: Id<User>) -> Result<()> {
    prove_own(cx, id)?;
    let user = cx.get(id)?;
    remove(cx, id)?;
    cx.note("user.second_factor_disabled", &[Target::of(&*user)])
}

/// Turns it off for somebody who has lost it, and whom the caller manages.
pub fn reset(cx: &mut Cx<'_>, id: Id<User>) -> Result<()> {
    let user = cx.get(id)?;
    prove_manages(cx, &user)?;
    remove(cx, id)?;
    cx.note("user.second_factor_reset", &[Target::of(&*user)])
}

/// Whether somebody has turned it on.
pub fn is_on(tx: &mut Tx<'_>, id: Id<User>) -> Result<bool> {
    Ok(kept(tx, id)?.is_some_and(|kept| kept.last_period.is_some()))
}

/// How many recovery codes somebody has left.
pub fn recovery_codes_left(tx: &mut Tx<'_>, id: Id<User>) -> Result<i64> {
    let row = tx.row("select count(*) from recovery_codes where user_id = $1", &values![id])?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// What `code` is worth, which is used up by that.
pub(super) fn check(cx: &mut Cx<'_>, id: Id<User>, code: Option<&str>) -> Result<Verdict> {
    cx.locked_row("select 1 from second_factors where user_id = $1", &values![id])?;
    let Some(kept) = kept(cx, id)?.filter(|kept| kept.last_period.is_some()) else { return Ok(Verdict::Right) };
    let Some(code) = code.map(tidy).filter(|code| !code.is_empty()) else { return Ok(Verdict::Missing) };
    let is_right = redeem_code(cx, id, &kept, &code)? || redeem_recovery_code(cx, id, &code)?;
    Ok(if is_right { Verdict::Right } else { Verdict::Wrong })
}

/// A code without what people put into it: `123 456`, `ABCD-EFGH`.
fn tidy(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

fn redeem_code(cx: &mut Cx<'_>, id: Id<User>, kept: &Kept, code: &str) -> Result<bool> {
    let seed = cx.unseal(kept.seed)?;
    let Some(period) = totp::period_of(code, &seed, cx.now(), kept.last_period) else { return Ok(false) };
    cx.run("update second_factors set last_period = $2 where user_id = $1", &values![id, period])?;
    Ok(true)
}

fn redeem_recovery_code(cx: &mut Cx<'_>, id: Id<User>, code: &str) -> Result<bool> {
    let sql = "delete from recovery_codes where user_id = $1 and code = $2";
    if cx.run(sql, &values![id, hash_of(code)])? == 0 {
        return Ok(false);
    }
    let user = cx.get(id)?;
    cx.note("user.recovery_code_used", &[Target::of(&*user)])?;
    Ok(true)
}

/// 80 random bits each, too many for guessing even from the hash: `abcd-efgh-ijkl-mnop`.
fn make_recovery_codes(cx: &mut Cx<'_>, id: Id<User>) -> Result<Vec<Secret>> {
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        let code = data_encoding::BASE32_NOPAD.encode(&cx.world().secret::<10>()).to_lowercase();
        cx.run("insert into recovery_codes (user_id, code) values ($1, $2)", &values![id, hash_of(&code)])?;
        let groups = [&code[..4], &code[4..8], &code[8..12], &code[12..]];
        codes.push(groups.join("-").into());
    }
    Ok(codes)
}

fn kept(tx: &mut Tx<'_>, id: Id<User>) -> Result<Option<Kept>> {
    let row = tx.row("select seed, last_period from second_factors where user_id = $1", &values![id])?;
    row.map(|row| Ok(Kept { seed: row.get(0)?, last_period: row.get(1)? })).transpose()
}

fn remove(cx: &mut Cx<'_>, id: Id<User>) -> Result<()> {
    let theirs = Condition::equal("user_id", id);
    cx.delete_where("recovery_codes", theirs.clone())?;
    if let Some(kept) = kept(cx, id)? {
        cx.delete_where("second_factors", theirs)?;
        cx.forget(kept.seed)?;
    }
    Ok(())
}

/// Nobody sees the seed of somebody else.
fn prove_own(cx: &Cx<'_>, id: Id<User>) -> Result<()> {
    let is_own = cx.access().user == Some(id.cast());
    if is_own { Ok(()) } else { Err(Error::forbidden("a second factor is turned on by whose it is")) }
}
