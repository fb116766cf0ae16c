//! Why a provider lets somebody not in.

use std::fmt;

/// Why a provider lets somebody not in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody in this browser has begun to sign in so, or it was too long ago.
    NotBegun,
    /// The provider says no.
    Declined {
        /// Its word for why, if that is one of OAuth's or OpenID Connect's own.
        word: Option<&'static str>,
        /// What it says about that.
        said: String,
    },
    /// The provider can't be asked, or answers what makes no sense: why, for whoever looks after it.
    Unreachable(String),
    /// The provider doesn't take this server for the client that it has registered, or the code for one of its own.
    CodeRefused(String),
    /// What the provider says of somebody can't be believed: why not.
    TokenInvalid(String),
    /// The provider tells no address by which somebody could be known.
    NoAddress,
    /// It does, but hasn't verified this one.
    AddressUnverified(String),
    /// Nobody here has this address.
    UnknownPerson(String),
    /// The account of this name has been deactivated.
    Deactivated(String),
    /// The account of this name belongs to somebody else at the provider.
    LinkedElsewhere(String),
}

impl Failure {
    /// What the audit log calls it.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::NotBegun => "not_begun",
            Self::Declined { .. } => "declined",
            Self::Unreachable(_) => "provider_unreachable",
            Self::CodeRefused(_) => "code_refused",
            Self::TokenInvalid(_) => "token_invalid",
            Self::NoAddress => "no_address",
            Self::AddressUnverified(_) => "address_unverified",
            Self::UnknownPerson(_) => "unknown_person",
            Self::Deactivated(_) => "deactivated",
            Self::LinkedElsewhere(_) => "linked_elsewhere",
        }
    }

    /// Whether it tells of the one who tries, and counts as guessing does.
    pub(super) const fn is_theirs(&self) -> bool {
        !matches!(self, Self::Unreachable(_))
    }

    /// Whether it takes no account at the provider to bring it about: so it may come as often as anybody likes.
    pub(super) const fn is_anybodys(&self) -> bool {
        matches!(self, Self::Declined { .. } | Self::Unreachable(_) | Self::CodeRefused(_))
    }

    /// What whoever looks after the provider is told: in our own words, but for addresses that the provider vouches for.
    pub(super) fn told(&self) -> Option<String> {
        Some(match self {
            Self::NotBegun => return None,
            Self::Declined { word: Some(word), .. } => format!("it says no: {word}"),
            Self::Declined { word: None, .. } => "it says no, and has a word of its own for why".into(),
            Self::Unreachable(why) | Self::CodeRefused(why) | Self::TokenInvalid(why) => why.clone(),
            Self::NoAddress => "it tells no e-mail address: does it need another scope?".into(),
            Self::AddressUnverified(email) => format!("it hasn't verified the address {email}"),
            Self::UnknownPerson(email) => format!("nobody here has the address {email}"),
            Self::Deactivated(name) => format!("the account of {name} has been deactivated"),
            Self::LinkedElsewhere(name) => {
                format!("{name} has another account there: if that one is gone, unlink it on the page of {name}")
            }
        })
    }
}

/// What whoever wants to come in is told.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBegun => f.write_str("This took too long, or was begun in another browser: sign in once more"),
            Self::Declined { said, .. } => f.write_str(said),
            Self::Unreachable(_) => f.write_str("The provider doesn't answer as it should: try again in a while"),
            Self::CodeRefused(_) | Self::TokenInvalid(_) => f.write_str(
                "What the provider answers can't be believed: sign in once more, and ask an administrator if it stays so",
            ),
            Self::NoAddress => f.write_str("The provider tells no e-mail address of you: ask an administrator"),
            Self::AddressUnverified(_) => {
                f.write_str("The provider hasn't verified your e-mail address: verify it there, or ask an administrator")
            }
            Self::UnknownPerson(_) => f.write_str("Nobody here has your e-mail address: ask an administrator to add you"),
            Self::Deactivated(_) => f.write_str("This account has been deactivated: ask an administrator"),
            Self::LinkedElsewhere(_) => {
                f.write_str("This account belongs to somebody else at the provider: ask an administrator")
            }
        }
    }
}
