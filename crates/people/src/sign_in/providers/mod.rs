//! Signing in with an account elsewhere: a provider vouches for people by OpenID Connect (the code flow, with PKCE).
//!
//! - The server remembers nothing of a sign-in that has begun: one secret in the browser's cookie is all of it, and what
//!   the provider is sent follows from that (ADR 9).
//! - People are known by what the provider calls them for ever (`sub`). The first time, by an e-mail address that the
//!   provider has verified; somebody who isn't here yet is added where the provider's record says so.
//! - Whoever says which provider vouches says who everybody is: so owners do.
//! - A provider is asked outside transactions, and within ten seconds. What it answers never gets into a log.
//!
//! `record.rs` is what is kept of a provider and `edit.rs` how that changes, `policy.rs` whether there is another way in,
//! `ticket.rs` the browser's secret, `protocol.rs` what is said to the provider, `http.rs` how, `identities.rs` who somebody
//! is, `flow.rs` the way through all of it, and `failure.rs` what can come in between.

mod edit;
mod failure;
mod flow;
mod http;
mod identities;
mod policy;
mod protocol;
mod record;
mod ticket;

pub use edit::{Draft, SecretChange, add, change, delete, test};
pub use failure::Failure;
pub use flow::{Admission, Back, begin, finish};
pub use http::Patience;
pub use identities::{Identity, of, unlink};
pub use policy::{SignInPolicy, only_providers, set_policy};
pub use record::{IdentityProvider, State, redirect_address, states};
pub use ticket::Ticket;
