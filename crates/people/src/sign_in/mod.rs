//! People sign in: with a password, with an account elsewhere (`providers`), or with a link that works once; and with a
//! second factor, where they have turned it on. What comes of it is a session, whose token the browser keeps.
//!
//! - Of passwords, tokens, links and recovery codes only hashes are kept; the second factor's seed is in the vault.
//! - A password is checked outside transactions, since that takes its time. Whether there is such an account can be told
//!   neither from the answer nor from how long it takes.
//! - Guessing is slow, by account and by address, on all nodes together.
//! - Checking a password is dear: no more at once in a process than it has cores, and who waits does so in order.
//! - Who is deactivated is signed out in the same transaction.
//!
//! `attempts.rs` counts failures, `passwords.rs` says what a password is, `links.rs` makes links, `totp.rs` is the
//! arithmetic of codes, `second_factor.rs` what is kept of them, `turns.rs` the queue before what is dear, and
//! `sessions.rs` what somebody has who is in.

mod attempts;
mod links;
mod totp;
mod turns;

pub mod passwords;
pub mod providers;
pub mod second_factor;
pub mod sessions;

pub use attempts::unlock;
pub use links::{LINK_LASTS, link};
pub use sessions::{How, Session};
pub use turns::{Turn, Turns};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base::{Actor, Error, Id, Named, Result, Secret, Time};
use store::audit::Target;
use store::{After, Cx, Follower, Job, JobKind, Origin, Store, Stored, Tx, Waits, Who};
use web::SecretStep;

use self::attempts::Attempt;
use self::providers::Failure;
use self::second_factor::Verdict;
use crate::users::{User, find_by_email};

/// Removes what has expired: sessions, links and failures.
pub(crate) const HOUSEKEEPING: JobKind = JobKind {
    name: "people.housekeeping",
    run: housekeeping,
    attempts: 1,
    every: Some(Duration::from_secs(3600)),
    waits: Waits::Never,
};

/// Signs out who is deactivated.
pub(crate) const SESSIONS_FOLLOW_USERS: Follower = Follower { kind: "user", follow: sessions::follow_user };

/// Somebody who has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// What they have now.
    pub session: Session,
    /// The session's token, shown this once.
    pub token: Secret,
}

/// Why somebody isn't let in.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such account, or it has another password.
    WrongCredentials,
    /// All was right so far; the second factor is asked for.
    NeedsSecondFactor,
    /// The code is wrong, or has been used.
    WrongSecondFactor,
    /// There were too many failures; another attempt is possible then.
    TooManyFailures {
        /// When.
        until: Time,
    },
    /// The link has been used, has expired, or never was one.
    LinkSpent,
    /// Passwords let nobody in here.
    PasswordsOff,
    /// A provider doesn't let them in.
    Provider(Failure),
    /// Something else is wrong.
    Failed(Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongCredentials => f.write_str("The e-mail address or the password is wrong"),
            Self::NeedsSecondFactor => f.write_str("Enter the code that your authenticator shows, or a recovery code"),
            Self::WrongSecondFactor => f.write_str("The code is wrong, or has been used already"),
            Self::TooManyFailures { until } => write!(f, "Too many attempts have failed: try again after {until}"),
            Self::LinkSpent => f.write_str("This link has been used or has expired: ask for another"),
            Self::PasswordsOff => f.write_str("Passwords let nobody in here: sign in with one of the providers"),
            Self::Provider(failure) => failure.fmt(f),
            // What only the log may say is not for whoever wants to come in.
            Self::Failed(error) => {
                let messages: Vec<_> = error.problems().iter().map(|problem| problem.message.as_str()).collect();
                f.write_str(&messages.join("; "))
            }
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Provider(failure)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// On whose behalf things are done that `user` does from `origin`.
pub fn who(tx: &mut Tx<'_>, user: &User, origin: Origin) -> Result<Who> {
    let actor = Actor::User(Named { id: user.id.cast(), name: user.name.clone() });
    Ok(Who { actor, access: Arc::new(user.access(tx)?), key: None, origin, expects: None })
}

/// Signs somebody in who knows their password. `code` is of the second factor, once that has been asked for.
///
/// Blocks for tens of milliseconds: not for async tasks.
pub fn with_password(
    store: &Store,
    email: &str,
    password: &Secret,
    code: Option<&str>,
    origin: Origin,
) -> Result<SignedIn, Refusal> {
    if store.read(Who::system(), |cx| providers::only_providers(cx)).wait()? {
        return Err(Refusal::PasswordsOff);
    }
    let proven = passwords::prove(store, origin.clone(), Account::Email(email.trim().to_lowercase()), password)?;
    let (who, code) = (who_now(store, &proven.user, origin)?, code.map(str::to_owned));
    let sign_in = move |cx: &mut Cx<'_>| match proven.still_holds(cx)? {
        Some(user) => admit(cx, user, How::Password, code.as_deref(), &proven.attempt),
        None => Ok(Err(Refusal::WrongCredentials)),
    };
    store.write(who, sign_in).wait()?
}

/// Signs somebody in who has a link. It works once: of several who come with it together, one gets in.
///
/// Blocks: not for async tasks.
pub fn with_link(store: &Store, step: &SecretStep, code: Option<&str>, origin: Origin) -> Result<SignedIn, Refusal> {
    let hash = step.hash();
    let look = {
        let hash = hash.clone();
        move |cx: &mut Cx<'_>| links::find(cx, &hash)
    };
    let (user, _) = store.read(Who::system(), look).wait()?.ok_or(Refusal::LinkSpent)?;
    let (who, code) = (who_now(store, &user, origin)?, code.map(str::to_owned));
    let sign_in = move |cx: &mut Cx<'_>| {
        let Some((user, how)) = links::find(cx, &hash)? else { return Ok(Err(Refusal::LinkSpent)) };
        let attempt = match Attempt::begin_alone(cx, attempts::subject_of_link(&hash))? {
            Ok(attempt) => attempt,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let admitted = admit(cx, user, how, code.as_deref(), &attempt)?;
        if admitted.is_ok() {
            links::spend(cx, &hash)?;
        }
        Ok(admitted)
    };
    store.write(who, sign_in).wait()?
}

/// Lets somebody in who has proven who they are, but for the second factor.
fn admit(
    cx: &mut Cx<'_>,
    user: User,
    how: How,
    code: Option<&str>,
    attempt: &Attempt,
) -> Result<Result<SignedIn, Refusal>> {
    if !second_factor::is_on(cx, user.id)? {
        return let_in(cx, user, how, attempt).map(Ok);
    }
    let at_code = match Attempt::begin_alone(cx, attempts::subject_of_codes(user.id))? {
        Ok(at_code) => at_code,
        Err(refusal) => {
            attempt.take_back(cx)?;
            return Ok(Err(refusal));
        }
    };
    match second_factor::check(cx, user.id, code)? {
        Verdict::Missing => {
            // Not a success either: whoever knows the password alone would have every code tried.
            attempt.take_back(cx)?;
            at_code.take_back(cx)?;
            Ok(Err(Refusal::NeedsSecondFactor))
        }
        Verdict::Wrong => {
            cx.note(FAILED, &[Target::of(&user)])?;
            Ok(Err(Refusal::WrongSecondFactor))
        }
        Verdict::Right => {
            at_code.succeed(cx)?;
            let_in(cx, user, how, attempt).map(Ok)
        }
    }
}

/// Lets somebody in who has proven all that is asked of them.
fn let_in(cx: &mut Cx<'_>, user: User, how: How, attempt: &Attempt) -> Result<SignedIn> {
    attempt.succeed(cx)?;
    let (session, token) = sessions::open(cx, &user, how)?;
    Ok(SignedIn { user, session, token })
}

/// What the audit log calls an attempt that failed.
const FAILED: &str = "sign_in.failed";

/// An account as it is named by whoever wants to prove that it is theirs.
enum Account {
    /// By its e-mail address, in lower case.
    Email(String),
    /// By the user's ID.
    Id(Id<User>),
}

impl Account {
    /// Whose it is. Who has been deactivated has none.
    fn user(&self, tx: &mut Tx<'_>) -> Result<Option<User>> {
        let found = match self {
            Self::Email(email) => find_by_email(tx, email)?,
            Self::Id(id) => tx.find(*id)?,
        };
        Ok(found.map(Stored::into_inner).filter(|user| user.active))
    }
}

/// Nobody yet, from there.
fn somebody(origin: Origin) -> Who {
    Who { origin, ..Who::system() }
}

fn who_now(store: &Store, user: &User, origin: Origin) -> Result<Who> {
    let user = user.clone();
    store.read(Who::system(), move |cx| who(cx, &user, origin.clone())).wait()
}

fn housekeeping(store: &Store, _: &Job) -> Result<After> {
    let remove = |cx: &mut Cx<'_>| {
        sessions::remove_expired(cx)?;
        links::remove_expired(cx)?;
        attempts::remove_old(cx)?;
        Ok(After::Done)
    };
    store.write(Who::system(), remove).wait()
}
