//! Addresses that nobody can guess.

use std::fmt;

use sha2::{Digest, Sha256};
use store::Cx;

use crate::input::PathSegment;

/// The step of an address that makes it secret: 256 random bits. Whoever knows it is let in, so it is shown once and
/// kept as a hash.
#[derive(Clone)]
pub struct SecretStep(String);

impl SecretStep {
    /// One that nobody can guess.
    pub fn new(cx: &Cx<'_>) -> Self {
        Self(hex::encode(cx.world().secret::<32>()))
    }

    /// The step itself, for the one time that it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. It is random enough for one round of SHA-256.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

impl PathSegment for SecretStep {
    /// What stands before the dot, if there is one: `0123….ics` is a file to those who fetch it.
    fn from_segment(segment: &str) -> Option<Self> {
        segment.split('.').next().map(|step| Self(step.to_owned()))
    }
}

impl fmt::Debug for SecretStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretStep(…)")
    }
}
