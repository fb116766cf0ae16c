//! Identifiers: ULIDs that know what they identify.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

/// The identifier of a `T`: a ULID, 26 characters of Crockford's base 32, as text everywhere
/// outside this type. IDs sort by the millisecond they were made in.
pub struct Id<T: ?Sized> {
    ulid: Ulid,
    kind: PhantomData<fn() -> Box<T>>,
}

/// An identifier whose kind is known only at run time (an actor's, an audit target's).
pub type AnyId = Id<()>;

impl<T: ?Sized> Id<T> {
    /// The ID made of a moment (milliseconds since 1970) and 80 random bits.
    pub fn from_parts(milliseconds: u64, random: u128) -> Self {
        Self::of(Ulid::from_parts(milliseconds, random))
    }

    /// The ID with exactly these 128 bits, for things whose identity is fixed by the product.
    pub const fn constant(bits: u128) -> Self {
        Self::of(Ulid(bits))
    }

    /// The ID that the first 128 bits of `digest` are, for things whose identity follows from what they are.
    pub fn of_digest(digest: &[u8]) -> Self {
        Self::constant(digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
    }

    /// The same identifier, of another kind.
    pub const fn cast<U: ?Sized>(self) -> Id<U> {
        Id::of(self.ulid)
    }

    const fn of(ulid: Ulid) -> Self {
        Self { ulid, kind: PhantomData }
    }
}

impl<T: ?Sized> FromStr for Id<T> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ulid::from_string(text).map(Self::of).map_err(|_| "is not an ID")
    }
}

impl<T: ?Sized> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; ulid::ULID_LEN];
        f.write_str(self.ulid.array_to_str(&mut buffer))
    }
}

impl<T: ?Sized> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: ?Sized> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = [0; ulid::ULID_LEN];
        serializer.serialize_str(self.ulid.array_to_str(&mut buffer))
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T: ?Sized>(PhantomData<fn() -> Box<T>>);
        impl<T: ?Sized> de::Visitor<'_> for Visitor<T> {
            type Value = Id<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ID of 26 characters")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

impl<T: ?Sized> JsonSchema for Id<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

// Written out because `derive` would ask the same of `T`, which is only a name here.
impl<T: ?Sized> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: ?Sized> Copy for Id<T> {}
impl<T: ?Sized> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ulid == other.ulid
    }
}
impl<T: ?Sized> Eq for Id<T> {}
impl<T: ?Sized> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T: ?Sized> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.ulid.cmp(&other.ulid)
    }
}
impl<T: ?Sized> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ulid.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_json() {
        let id: AnyId = "01FCNDV6P870EA6S7TK1DSYDG0".parse().unwrap();
        assert_eq!(id.to_string(), "01FCNDV6P870EA6S7TK1DSYDG0");
        assert_eq!(serde_json::from_str::<AnyId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "84", "01FCNDV6P870EA6S7TK1DSYDG", "01FCNDV6P870EA6S7TK1DSYDG00", "01FCNDV6P870EA6S7TK1DSYDGé"]
        {
            assert!(text.parse::<AnyId>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_sort_by_the_moment_they_were_made_in() {
        let earlier = AnyId::from_parts(1_000, u128::MAX);
        let later = AnyId::from_parts(1_001, 0);
        assert!(earlier < later && earlier.to_string() < later.to_string());
    }
}
