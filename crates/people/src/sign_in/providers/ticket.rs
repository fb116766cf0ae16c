//! What a browser keeps while its user is at the provider: one secret, from which everything follows that the provider
//! is sent. So the server needs to remember nothing, and only the browser that left comes back.

use std::time::Duration;

use base::{Id, Secret, Time, World};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::record::IdentityProvider;

/// What a browser keeps while its user is at the provider.
#[derive(Clone, Debug)]
pub struct Ticket {
    secret: Secret,
    begun_at: Time,
}

impl Ticket {
    /// How long somebody may be at the provider.
    pub const LASTS: Duration = Duration::from_secs(600);

    /// One that nobody can guess.
    pub(super) fn new(world: &World) -> Self {
        Self { secret: hex::encode(world.secret::<32>()).into(), begun_at: world.now() }
    }

    /// How it stands in a cookie.
    pub fn text(&self) -> Secret {
        format!("{}.{}", self.secret.reveal(), self.begun_at.microseconds()).into()
    }

    /// The one that stands so in a cookie.
    pub fn read(text: &str) -> Option<Self> {
        let (secret, begun_at) = text.split_once('.')?;
        Some(Self { secret: secret.into(), begun_at: Time::from_microseconds(begun_at.parse().ok()?)? })
    }

    /// What comes back with the browser.
    pub(super) fn state(&self, provider: Id<IdentityProvider>) -> Secret {
        self.derived("state", provider)
    }

    /// What stands in the ID token.
    pub(super) fn nonce(&self, provider: Id<IdentityProvider>) -> Secret {
        self.derived("nonce", provider)
    }

    /// What only we know who have sent the browser off (RFC 7636).
    pub(super) fn verifier(&self, provider: Id<IdentityProvider>) -> Secret {
        self.derived("verifier", provider)
    }

    /// What failures with it are counted under.
    pub(super) fn subject(&self) -> String {
        format!("ticket:{}", crate::api_keys::hash_of(self.secret.reveal()))
    }

    /// Whether the browser comes back in time, with the state that it was sent off with.
    pub(super) fn is_state(&self, provider: Id<IdentityProvider>, state: &str, now: Time) -> bool {
        let is_same: bool = self.state(provider).reveal().as_bytes().ct_eq(state.as_bytes()).into();
        is_same && now.since(self.begun_at) < Self::LASTS
    }

    /// The moment is part of it, so that nobody makes a ticket last longer.
    fn derived(&self, label: &str, provider: Id<IdentityProvider>) -> Secret {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.reveal().as_bytes()).expect("a key may have any length");
        mac.update(format!("{label} {provider} {}", self.begun_at.microseconds()).as_bytes());
        hex::encode(mac.finalize().into_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_the_provider_is_sent_follows_from_the_ticket_and_is_of_no_use_elsewhere() {
        let ticket = Ticket::new(&World::system());
        let [here, there] = [1, 2].map(Id::constant);
        let read = Ticket::read(ticket.text().reveal()).unwrap();
        assert_eq!(read.state(here), ticket.state(here));
        let all = [ticket.state(here), ticket.nonce(here), ticket.verifier(here), ticket.state(there)];
        for (index, one) in all.iter().enumerate() {
            assert!(one.reveal().len() == 64 && all[..index].iter().all(|other| other != one));
        }
        assert!(!ticket.is_state(there, ticket.state(here).reveal(), ticket.begun_at));
        assert!(!format!("{ticket:?}").contains(ticket.secret.reveal()));
    }

    #[test]
    fn a_ticket_ends_and_nobody_makes_it_last_longer() {
        let (mut ticket, id) = (Ticket::new(&World::system()), Id::constant(1));
        let (state, begun_at) = (ticket.state(id), ticket.begun_at);
        assert!(ticket.is_state(id, state.reveal(), begun_at + Duration::from_secs(599)));
        assert!(!ticket.is_state(id, state.reveal(), begun_at + Duration::from_secs(600)));
        ticket.begun_at = begun_at + Duration::from_secs(300);
        assert!(!ticket.is_state(id, state.reveal(), begun_at + Duration::from_secs(600)));
    }
}
