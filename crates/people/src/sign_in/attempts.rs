//! Guessing is slow. After [`FAILURES`] failures within [`WINDOW`], on one account or link, or from one address, the next attempt
//! is refused until [`WINDOW`] has passed: so nobody is locked out for ever. Links can't be guessed, so they are counted
//! alone: who fails at the same address keeps nobody out who has one.
//!
//! An attempt counts as a failure from its beginning, so that many at once gain nothing, and is taken back when it
//! wasn't one. Accounts that don't exist are counted like others: nobody learns from that which do.

use std::net::IpAddr;
use std::time::Duration;

use base::{Error, Id, Result, Time};
use ipnet::IpNet;
use store::audit::Target;
use store::{Condition, Cx, values};

use super::{Account, Refusal};
use crate::api_keys::hash_of;
use crate::users::{User, prove_manages};

/// How many attempts may fail.
const FAILURES: usize = 10;
/// How long a failure counts, and how long attempts are refused then.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// The bits of an IPv6 address that are the same for all that one host may choose from.
const HOST_BITS: u8 = 64;

/// An attempt to sign in.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    subject: String,
    address: Option<String>,
    at: Time,
}

impl Attempt {
    /// Counts an attempt at `subject`, and from the address that it comes from, unless there have been too many.
    pub fn begin(cx: &mut Cx<'_>, subject: String) -> Result<Result<Self, Refusal>> {
        let address = Some(subject_from(&cx.origin().location));
        Self { subject, address, at: cx.now() }.count(cx)
    }

    /// Counts one at `subject` alone.
    pub fn begin_alone(cx: &mut Cx<'_>, subject: String) -> Result<Result<Self, Refusal>> {
        Self { subject, address: None, at: cx.now() }.count(cx)
    }

    fn count(self, cx: &mut Cx<'_>) -> Result<Result<Self, Refusal>> {
        let mut counted = Vec::new();
        for subject in self.subjects() {
            let moments = failures(cx, subject)?;
            if let Some(until) = refused_until(&moments, self.at) {
                return Ok(Err(Refusal::TooManyFailures { until }));
            }
            counted.push((subject, moments));
        }
        for (subject, mut moments) in counted {
            moments.push(self.at);
            keep(cx, subject, &moments)?;
        }
        Ok(Ok(self))
    }

    /// It was no failure, and proves nothing.
    pub fn take_back(&self, cx: &mut Cx<'_>) -> Result<()> {
        self.subjects().try_for_each(|subject| self.remove(cx, subject))
    }

    /// It succeeded: what failed before on the same subject doesn't matter any more.
    pub fn succeed(&self, cx: &mut Cx<'_>) -> Result<()> {
        forget(cx, &self.subject)?;
        self.address.as_deref().map_or(Ok(()), |address| self.remove(cx, address))
    }

    /// Always in this order, so that no two wait for each other.
    fn subjects(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.subject.as_str()).chain(self.address.as_deref())
    }

    fn remove(&self, cx: &mut Cx<'_>, subject: &str) -> Result<()> {
        let mut moments = failures(cx, subject)?;
        if let Some(place) = moments.iter().rposition(|moment| *moment == self.at) {
            moments.remove(place);
        }
        keep(cx, subject, &moments)
    }
}

/// Lets somebody try again at once whose account was guessed at.
pub fn unlock(cx: &mut Cx<'_>, id: Id<User>) -> Result<()> {
    let user = cx.get(id)?;
    prove_manages(cx, &user)?;
    forget(cx, &subject_of(&Account::Id(id), Some(&user)))?;
    forget(cx, &subject_of_codes(id))?;
    cx.note("user.unlocked", &[Target::of(&*user)])
}

/// Removes what doesn't count any more.
pub(super) fn remove_old(cx: &mut Cx<'_>) -> Result<()> {
    let horizon = cx.now() - 2 * WINDOW;
    cx.run("delete from sign_in_failures where last_at < $1", &values![horizon]).map(drop)
}

/// What failures on a link are counted under. Not the account's: who guesses at that keeps nobody with a link out.
pub(super) fn subject_of_link(hash: &str) -> String {
    format!("link:{hash}")
}

/// What wrong codes are counted under, whichever way somebody has come so far: each way counts its own failures anew.
pub(super) fn subject_of_codes(user: Id<User>) -> String {
    format!("code:{user}")
}

/// What failures on an account are counted under: the same whichever way it is named. A hash, since what is typed may
/// be anything.
pub(super) fn subject_of(account: &Account, user: Option<&User>) -> String {
    let email = user.and_then(|user| user.email.as_deref()).map(str::to_lowercase);
    let name = email.unwrap_or_else(|| match account {
        Account::Email(email) => email.clone(),
        Account::Id(id) => id.to_string(),
    });
    format!("account:{}", hash_of(&name))
}

fn subject_from(location: &str) -> String {
    match location.parse() {
        Ok(IpAddr::V6(ip)) => {
            let net = IpNet::new(ip.into(), HOST_BITS).map(|net| net.trunc().to_string());
            format!("address:{}", net.unwrap_or_else(|_| ip.to_string()))
        }
        _ => format!("address:{location}"),
    }
}

/// Until when `failures`, in the order of time, keep others from trying.
fn refused_until(failures: &[Time], now: Time) -> Option<Time> {
    let last = *failures.last()?;
    let first = *failures.iter().nth_back(FAILURES - 1)?;
    (last.since(first) <= WINDOW && now < last + WINDOW).then_some(last + WINDOW)
}

/// The latest failures, kept from others until the transaction ends.
fn failures(cx: &mut Cx<'_>, subject: &str) -> Result<Vec<Time>> {
    let none = "insert into sign_in_failures (subject, moments, last_at) values ($1, '[]', $2) \
                on conflict (subject) do nothing";
    let now = cx.now();
    cx.run(none, &values![subject, now])?;
    let row = cx.locked_row("select moments from sign_in_failures where subject = $1", &values![subject])?;
    let row = row.ok_or_else(Error::lost_race)?;
    serde_json::from_str(row.text(0)?).map_err(Error::internal)
}

fn keep(cx: &mut Cx<'_>, subject: &str, failures: &[Time]) -> Result<()> {
    let latest = &failures[failures.len().saturating_sub(FAILURES)..];
    let moments = serde_json::to_string(latest).map_err(Error::internal)?;
    let now = cx.now();
    cx.run("update sign_in_failures set moments = $2, last_at = $3 where subject = $1", &values![subject, moments, now])
        .map(drop)
}

fn forget(cx: &mut Cx<'_>, subject: &str) -> Result<()> {
    cx.delete_where("sign_in_failures", Condition::equal("subject", subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: u64) -> Time {
        "2026-03-02T09:00:00Z".parse::<Time>().unwrap() + Duration::from_secs(60 * n)
    }

    #[test]
    fn ten_failures_within_a_quarter_of_an_hour_lock_for_another() {
        let burst = [minute(0); 10];
        assert_eq!(refused_until(&burst[1..], minute(0)), None);
        assert_eq!(refused_until(&burst, minute(0)), Some(minute(15)));
        assert_eq!(refused_until(&burst, minute(15)), None);
        let spread: Vec<_> = (0..10).map(|n| minute(2 * n)).collect();
        assert_eq!(refused_until(&spread, minute(18)), None);
        let dense: Vec<_> = (0..10).map(minute).collect();
        assert_eq!(refused_until(&dense, minute(10)), Some(minute(24)));
    }

    #[test]
    fn a_failure_after_the_lock_is_the_first_of_new_ones() {
        let mut failures = vec![minute(0); 10];
        failures.push(minute(16));
        assert_eq!(refused_until(&failures, minute(16)), None);
    }

    #[test]
    fn a_host_is_one_address_whichever_of_its_own_it_uses() {
        assert_eq!(subject_from("2001:db8::1"), subject_from("2001:db8::ffff:2"));
        assert_ne!(subject_from("2001:db8::1"), subject_from("2001:db8:0:1::1"));
        assert_ne!(subject_from("192.0.2.1"), subject_from("192.0.2.2"));
    }
}
