//! Passwords: what one has to be, and how it is kept.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base::{Error, Id, Result, Secret, World};
use store::audit::Target;
use store::{Cx, Origin, Store, Tx, Who, values};

use super::attempts::{Attempt, subject_of};
use super::sessions::{How, Session, end_all_but};
use super::turns::{Turn, Turns};
use super::{Account, FAILED, Refusal, links, somebody};
use crate::users::{User, prove_own_or_manages};

/// Characters that a password has at least.
const SHORTEST: usize = 12;
/// Bytes that a password has at most.
const LONGEST: usize = 256;
/// How long after signing in with a link a password can be set without the one before.
const LINK_GRACE: Duration = Duration::from_secs(3600);

/// What guessing costs, as a service of the [`World`]: Argon2id with this much memory and so many passes.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Kibibytes of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    /// What OWASP recommends.
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2 }
    }
}

/// A password that was right.
pub(super) struct Proven {
    pub user: User,
    pub attempt: Attempt,
    hash: String,
}

impl Proven {
    /// Whose it is, unless it has become another in the meantime, or they have been deactivated.
    pub fn still_holds(&self, tx: &mut Tx<'_>) -> Result<Option<User>> {
        let is_same = hash_of(tx, self.user.id)?.as_ref() == Some(&self.hash);
        if is_same { Account::Id(self.user.id).user(tx) } else { Ok(None) }
    }
}

/// Checks whether `account` has this password. Takes as long for an account that doesn't exist.
pub(super) fn prove(store: &Store, origin: Origin, account: Account, password: &Secret) -> Result<Proven, Refusal> {
    let _turn = turn(store.world())?;
    let begin = move |cx: &mut Cx<'_>| {
        let user = account.user(cx)?;
        let hash = user.as_ref().map(|user| hash_of(cx, user.id)).transpose()?.flatten();
        Ok(Attempt::begin(cx, subject_of(&account, user.as_ref()))?.map(|attempt| (attempt, user, hash)))
    };
    let (attempt, user, hash) = store.write(somebody(origin.clone()), begin).wait()??;
    let is_right = is_kept_as(store.world(), password, hash.as_deref())?;
    match (user, hash) {
        (Some(user), Some(hash)) if is_right => Ok(Proven { user, attempt, hash }),
        (user, _) => {
            let targets: Vec<_> = user.iter().map(Target::of).collect();
            store.write(somebody(origin), move |cx| cx.note(FAILED, &targets)).wait()?;
            Err(Refusal::WrongCredentials)
        }
    }
}

/// Gives somebody another password, and ends all their other sessions. They have to know the one before, unless they
/// have just come with a link.
///
/// Blocks for tens of milliseconds: not for async tasks.
pub fn change(
    store: &Store,
    who: Who,
    session: &Session,
    current: Option<&Secret>,
    new: &Secret,
) -> Result<(), Refusal> {
    let has_just_come = store.world().now().since(session.created_at) < LINK_GRACE;
    if session.how != How::Link || !has_just_come {
        let current = current.ok_or(Refusal::WrongCredentials)?;
        let proven = prove(store, who.origin.clone(), Account::Id(session.user), current)?;
        store.write(who.clone(), move |cx| proven.attempt.succeed(cx)).wait()?;
    }
    Ok(set(store, who, session.user, new, Some(session.id))?)
}

/// Gives somebody this password: themselves, or somebody whom the caller manages. Ends all their sessions but `kept`.
///
/// Blocks for tens of milliseconds: not for async tasks.
pub fn set(store: &Store, who: Who, id: Id<User>, password: &Secret, kept: Option<Id<Session>>) -> Result<()> {
    let user = store.read(who.clone(), move |cx| cx.get(id)).wait()?;
    check(password, &user)?;
    let hash = {
        let _turn = turn(store.world())?;
        hash(store.world(), password)?
    };
    let set = move |cx: &mut Cx<'_>| {
        let user = cx.get(id)?;
        prove_own_or_manages(cx, &user)?;
        keep(cx, id, &hash)?;
        links::revoke(cx, id)?;
        end_all_but(cx, id, kept)?;
        cx.note("user.password_changed", &[Target::of(&*user)])
    };
    store.write(who, set).wait()
}

fn keep(cx: &mut Cx<'_>, user: Id<User>, hash: &str) -> Result<()> {
    let sql = "insert into passwords (user_id, hash, changed_at) values ($1, $2, $3) \
               on conflict (user_id) do update set hash = excluded.hash, changed_at = excluded.changed_at";
    let now = cx.now();
    cx.run(sql, &values![user, hash, now]).map(drop)
}

/// What is kept of somebody's password.
fn hash_of(tx: &mut Tx<'_>, user: Id<User>) -> Result<Option<String>> {
    let row = tx.row("select hash from passwords where user_id = $1", &values![user])?;
    row.map(|row| row.get(0)).transpose()
}

/// Whether somebody has a password.
pub fn has_one(tx: &mut Tx<'_>, user: Id<User>) -> Result<bool> {
    Ok(hash_of(tx, user)?.is_some())
}

/// Refuses what is too short, too long, or among the first things that anybody would try: one word that is common or
/// the user's own, one letter, or none, with whatever digits and punctuation between.
fn check(password: &Secret, user: &User) -> Result<()> {
    let password = password.reveal();
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        let message = format!("a password has at least {SHORTEST} characters and at most {LONGEST} bytes");
        return Err(Error::invalid("password", message));
    }
    let email = user.email.as_deref().unwrap_or_default();
    let own = [email, email.split('@').next().unwrap_or_default(), &user.name];
    let own = own.into_iter().chain(user.name.split_whitespace());
    let tried = own.chain(COMMON.iter().copied()).chain(password.split_inclusive(char::is_alphabetic).next());
    let core = letters(password);
    if tried.map(letters).any(|word| core.replace(&word, "").is_empty()) {
        let message =
            "this is among the first passwords that anybody would try: take a few words that don't belong together";
        return Err(Error::invalid("password", message));
    }
    Ok(())
}

/// The letters of a text, in lower case: what is left when digits and punctuation are taken off.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// What people choose most often. Of passwords that are long enough, they are the core: a word with digits after it, or
/// twice.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "secret",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "root",
    "user",
    "login",
    "guest",
    "test",
    "testing",
    "default",
    "changeme",
    "change",
    "temporary",
    "temp",
    "master",
    "access",
    "system",
    "server",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "qwert",
    "asdf",
    "asdfgh",
    "asdfghjkl",
    "zxcv",
    "zxcvbnm",
    "abc",
    "abcd",
    "abcdef",
    "abcdefgh",
    "abcdefghijkl",
    "abcdefghijklmnopqrstuvwxyz",
    "iloveyou",
    "loveyou",
    "lovely",
    "love",
    "sunshine",
    "princess",
    "monkey",
    "dragon",
    "shadow",
    "football",
    "baseball",
    "basketball",
    "soccer",
    "hockey",
    "superman",
    "batman",
    "spiderman",
    "pokemon",
    "starwars",
    "michael",
    "jordan",
    "jessica",
    "ashley",
    "daniel",
    "charlie",
    "thomas",
    "jennifer",
    "michelle",
    "summer",
    "winter",
    "spring",
    "autumn",
    "monday",
    "friday",
    "january",
    "october",
    "december",
    "freedom",
    "whatever",
    "trustno",
    "trustnoone",
    "nothing",
    "computer",
    "internet",
    "google",
    "hello",
    "helloworld",
    "hallo",
    "cheese",
    "cookie",
    "chocolate",
    "banana",
    "orange",
    "purple",
    "flower",
    "butterfly",
    "money",
    "killer",
    "hunter",
    "ranger",
    "mustang",
    "ferrari",
    "mercedes",
    "company",
    "incident",
    "wardroom",
    "oncall",
    "correcthorsebatterystaple",
];

/// Waits until a password may be hashed: many at once would take all memory and every core.
fn turn(world: &World) -> Result<Turn> {
    static TURNS: LazyLock<Turns> = LazyLock::new(Turns::for_each_core);
    world.service::<Turns>().unwrap_or(&TURNS).take()
}

fn hash(world: &World, password: &Secret) -> Result<String> {
    let salt = world.secret::<16>();
    let hash = argon2(world)?.hash_password_with_salt(password.reveal().as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(Error::internal)
}

/// Whether the password is the one that `hash` is kept of. Takes as long where there is none.
fn is_kept_as(world: &World, password: &Secret, hash: Option<&str>) -> Result<bool> {
    match hash {
        Some(kept) => Ok(argon2(world)?.verify_password(password.reveal().as_bytes(), kept).is_ok()),
        None => self::hash(world, password).map(|_| false),
    }
}

fn argon2(world: &World) -> Result<Argon2<'static>> {
    let Cost { memory, passes } = world.service().copied().unwrap_or_default();
    let parameters = Params::new(memory, passes, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

#[cfg(test)]
mod tests {
    use base::Time;

    use super::*;
    use crate::users::BaseRole;

    fn ada() -> User {
        let now: Time = "2026-03-02T09:00:00Z".parse().unwrap();
        User {
            id: Id::constant(1),
            name: "Ada Okafor".into(),
            email: Some("ada.o@acme.example".into()),
            slack_user_id: None,
            role: BaseRole::Owner,
            custom_roles: Vec::new(),
            active: true,
            paging_provider: None,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn a_password_has_a_length() {
        for bad in ["", "kestrel-fog", &"kestrel fog ".repeat(22)] {
            let error = check(&bad.into(), &ada()).unwrap_err().to_string();
            assert!(error.contains("at least 12") && (bad.is_empty() || !error.contains(bad)), "{error}");
        }
        check(&"kestrel-fog1".into(), &ada()).unwrap();
        check(&"äöüßkestrel-".into(), &ada()).unwrap();
    }

    #[test]
    fn what_anybody_would_try_first_is_refused() {
        for bad in [
            "Password1234",
            "P-a-s-s-w-o-r-d",
            "qwerty123456qwerty",
            "123456789012",
            "xxxxxxxxxxxx",
            "11xxxxxxxxxxx",
            "AdaOkafor1815",
            "okaforOkafor",
            "ada.o@acme.example",
            "ada.o.2026.2027",
        ] {
            assert!(check(&bad.into(), &ada()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_hash_says_how_it_was_made_and_is_never_the_same() {
        let (world, password) = (World::system().with(Cost { memory: 8, passes: 1 }), "kestrel fog".into());
        let [one, other] = [1, 2].map(|_| hash(&world, &password).unwrap());
        assert!(one != other && one.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{one}");
        assert!(is_kept_as(&World::system(), &password, Some(&one)).unwrap(), "whatever it costs by now");
        assert!(!is_kept_as(&world, &"kestrel frog".into(), Some(&one)).unwrap());
        assert!(!is_kept_as(&world, &password, None).unwrap());
        let costs = Cost::default();
        assert_eq!((costs.memory, costs.passes), (19 * 1024, 2));
    }
}
