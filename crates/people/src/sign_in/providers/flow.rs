//! The way through a sign-in with a provider: off to it, and back.

use std::sync::LazyLock;

use base::{Error, Id, Secret, Time};
use store::audit::Target;
use store::{Cx, Origin, Store, Stored, Who};
use web::SecretStep;

use super::failure::Failure;
use super::identities::recognise;
use super::protocol::{Claims, Conversation};
use super::record::{IdentityProvider, note_failure, note_success, redirect_address};
use super::ticket::Ticket;
use crate::sign_in::attempts::Attempt;
use crate::sign_in::turns::{Turn, Turns};
use crate::sign_in::{Account, FAILED, How, Refusal, SignedIn, let_in, links, second_factor, somebody, who_now};
use crate::users::User;

/// Sign-ins that ask providers at the same time: a provider that is slow holds up no more than these.
const AT_ONCE: u64 = 8;
/// Those that wait for that.
const WAITING: u64 = 64;
/// The words that OAuth 2.0 and OpenID Connect have for why a provider says no.
const WORDS: [&str; 15] = [
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "invalid_request_uri",
    "invalid_request_object",
    "request_not_supported",
    "request_uri_not_supported",
];
/// Characters that are shown of what a provider says.
const SAID: usize = 200;

/// What a browser comes back with.
#[derive(Clone, Debug)]
pub struct Back {
    /// What it has kept.
    pub ticket: Option<Ticket>,
    /// The state that it was sent off with.
    pub state: String,
    /// What the provider's word can be had for.
    pub code: Secret,
    /// The provider's word for why there is none.
    pub error: Option<String>,
    /// What the provider says about that.
    pub error_description: Option<String>,
}

impl Back {
    /// What the browser has kept, if that is what it was sent off with. Without that nothing has been tried, and nothing is
    /// counted or written down: any page may have a browser ask for this address.
    fn ticket(&self, provider: Id<IdentityProvider>, now: Time) -> Option<&Ticket> {
        self.ticket.as_ref().filter(|ticket| ticket.is_state(provider, &self.state, now))
    }
}

/// How far somebody has come whom a provider vouches for.
#[derive(Debug)]
pub enum Admission {
    /// They are in.
    SignedIn(Box<SignedIn>),
    /// Their second factor is asked for, at a link that works once.
    NeedsSecondFactor(SecretStep),
}

/// Sends a browser off: where to, and what it keeps meanwhile.
///
/// Blocks for as long as the provider takes: not for async tasks.
pub fn begin(store: &Store, id: Id<IdentityProvider>, origin: Origin) -> Result<(String, Ticket), Refusal> {
    let (provider, secret) = open(store, id)?;
    let ticket = Ticket::new(store.world());
    let back = redirect_address(store.site(), id);
    let turn = turn()?;
    let address = Conversation::begin(store.world(), &provider, secret.as_ref(), back)
        .map(|conversation| conversation.address(&ticket));
    drop(turn);
    match address {
        Ok(address) => Ok((address, ticket)),
        Err(failure) => Err(refuse(store, origin, provider, failure, None)?),
    }
}

/// Lets somebody in who comes back from the provider and is vouched for.
///
/// Blocks for as long as the provider takes: not for async tasks.
pub fn finish(store: &Store, id: Id<IdentityProvider>, back: &Back, origin: Origin) -> Result<Admission, Refusal> {
    let (provider, secret) = open(store, id)?;
    let ticket = back.ticket(id, store.world().now()).ok_or(Failure::NotBegun)?;
    let turn = turn()?;
    let subject = ticket.subject();
    let attempt = store.write(somebody(origin.clone()), move |cx| Attempt::begin(cx, subject.clone())).wait()??;
    let claims = prove(store, &provider, secret.as_ref(), ticket, back);
    drop(turn);
    let known = match claims {
        Ok(claims) => {
            let asked = provider.clone();
            let recognise = move |cx: &mut Cx<'_>| match still(cx, &asked)? {
                Some(provider) => recognise(cx, &provider, &claims),
                None => Ok(Err(Failure::NotBegun)),
            };
            store.write(somebody(origin.clone()), recognise).wait()?
        }
        Err(failure) => Err(failure),
    };
    match known {
        Ok(user) => let_through(store, provider, user, attempt, origin),
        Err(failure) => Err(refuse(store, origin, provider, failure, Some(attempt))?),
    }
}

/// A provider that is on, and its secret.
fn open(store: &Store, id: Id<IdentityProvider>) -> Result<(IdentityProvider, Option<Secret>), Error> {
    let look = move |cx: &mut Cx<'_>| {
        let provider = cx.get(id)?.into_inner();
        if !provider.is_on {
            return Err(Error::not_found());
        }
        let secret = provider.client_secret.map(|secret| cx.unseal(secret)).transpose()?;
        Ok((provider, secret))
    };
    store.read(Who::system(), look).wait()
}

/// The provider as it is kept by now, unless it is another one than was asked.
fn still(cx: &mut Cx<'_>, asked: &IdentityProvider) -> Result<Option<IdentityProvider>, Error> {
    let now = cx.find(asked.id)?.map(Stored::into_inner);
    Ok(now.filter(|now| now.is_on && now.issuer == asked.issuer && now.client_id == asked.client_id))
}

/// Waits until the provider may be asked.
fn turn() -> Result<Turn, Error> {
    static TURNS: LazyLock<Turns> = LazyLock::new(|| Turns::new(AT_ONCE, WAITING));
    TURNS.take()
}

/// Who comes back, by the provider's word.
fn prove(
    store: &Store,
    provider: &IdentityProvider,
    secret: Option<&Secret>,
    ticket: &Ticket,
    back: &Back,
) -> Result<Claims, Failure> {
    if let Some(error) = &back.error {
        let word = WORDS.into_iter().find(|word| word == error);
        return Err(Failure::Declined { word, said: said(error, back.error_description.as_deref()) });
    }
    let address = redirect_address(store.site(), provider.id);
    let conversation = Conversation::begin(store.world(), provider, secret, address)?;
    conversation.claims(ticket, back.code.reveal())
}

/// What a provider says that lets nobody in, as far as it is for people.
fn said(error: &str, description: Option<&str>) -> String {
    match error {
        "access_denied" => "You were not let in by the provider, or have declined there".into(),
        "login_required" | "interaction_required" | "consent_required" => {
            "The provider needs something of you first: sign in there, and then here".into()
        }
        "temporarily_unavailable" | "server_error" => "The provider can't do it now: try again in a while".into(),
        _ => {
            let said = description.unwrap_or(error).chars().filter(|c| !c.is_control()).take(SAID);
            format!("The provider says: {}", said.collect::<String>())
        }
    }
}

/// Lets somebody in, but for our own second factor where the provider's word isn't enough.
fn let_through(
    store: &Store,
    provider: IdentityProvider,
    user: User,
    attempt: Attempt,
    origin: Origin,
) -> Result<Admission, Refusal> {
    let who = who_now(store, &user, origin)?;
    let work = move |cx: &mut Cx<'_>| {
        let Some(user) = Account::Id(user.id).user(cx)? else {
            return Ok(Err(Failure::Deactivated(user.name.clone()).into()));
        };
        note_success(cx, provider.id)?;
        if provider.asks_second_factor && second_factor::is_on(cx, user.id)? {
            attempt.take_back(cx)?;
            return Ok(Ok(Admission::NeedsSecondFactor(links::vouched(cx, user.id, Ticket::LASTS)?)));
        }
        let signed_in = let_in(cx, user, How::Oidc, &attempt)?;
        Ok(Ok(Admission::SignedIn(Box::new(signed_in))))
    };
    store.write(who, work).wait()?
}

/// Writes down that nobody was let in, and why; what anybody can bring about again and again, once in a while.
fn refuse(
    store: &Store,
    origin: Origin,
    provider: IdentityProvider,
    failure: Failure,
    attempt: Option<Attempt>,
) -> Result<Refusal, Error> {
    let refusal = Refusal::Provider(failure.clone());
    let note = move |cx: &mut Cx<'_>| {
        if let Some(attempt) = attempt.as_ref().filter(|_| !failure.is_theirs()) {
            attempt.take_back(cx)?;
        }
        let is_new = failure.told().map_or(Ok(true), |told| note_failure(cx, provider.id, &told))?;
        if failure.is_anybodys() && !is_new {
            return Ok(());
        }
        cx.note(&format!("{FAILED}.{}", failure.word()), &[Target::of(&provider)])
    };
    store.write(somebody(origin), note).wait()?;
    Ok(refusal)
}
