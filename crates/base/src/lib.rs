//! What every crate agrees on: how a thing is named ([`Id`]), when something happens ([`Time`]),
//! how it goes wrong ([`Error`]), who did it ([`Actor`]), what they may do ([`Access`]), and what nobody
//! is to read ([`Secret`]).
//!
//! Nothing here waits, reads or writes. Time and randomness are inputs ([`World`]), so a test
//! that fixes them sees the same identifiers and answers on every run.

mod access;
mod actor;
mod error;
mod id;
mod secret;
mod time;
mod world;

pub use access::{Access, Reach};
pub use actor::{Actor, Named};
pub use error::{Error, ErrorKind, Problem, Problems, Quota, Result};
pub use id::{AnyId, Id};
pub use secret::Secret;
pub use time::Time;
pub use world::{Clock, Entropy, SystemClock, SystemEntropy, World};

/// A type whose values are a few fixed words: text in JSON and in the database, an `enum` in the
/// OpenAPI document.
///
/// ```
/// base::words! {
///     /// Who can see an incident.
///     pub enum Visibility {
///         /// Everybody.
///         Public = "public",
///         /// Its members.
///         Private = "private",
///     }
/// }
/// assert_eq!(Visibility::Private.as_str(), "private");
/// assert_eq!("public".parse(), Ok(Visibility::Public));
/// ```
#[macro_export]
macro_rules! words {
    ($(#[$about:meta])* $visibility:vis enum $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name { $($(#[$of])* $variant),+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err(concat!("must be one of: " $(, $word, " ")+)) }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::export::Serialize for $name {
            fn serialize<S: $crate::export::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::export::Deserialize<'de> for $name {
            fn deserialize<D: $crate::export::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as $crate::export::Deserialize<'de>>::deserialize(deserializer)?;
                text.parse().map_err($crate::export::custom)
            }
        }

        impl $crate::export::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut $crate::export::SchemaGenerator) -> $crate::export::Schema {
                $crate::export::words_schema(&[$($word),+])
            }
        }
    };
}

/// What [`words!`] writes into other crates. Not for use by hand.
#[doc(hidden)]
pub mod export {
    pub use schemars::{JsonSchema, Schema, SchemaGenerator};
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn custom<E: serde::de::Error>(refusal: &'static str) -> E {
        E::custom(refusal)
    }

    pub fn words_schema(words: &[&str]) -> Schema {
        schemars::json_schema!({"type": "string", "enum": words})
    }
}
