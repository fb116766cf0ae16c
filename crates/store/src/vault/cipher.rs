//! XChaCha20-Poly1305: what is sealed can be neither read nor changed, nor put in another place.

use base::{Error, Result, World};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// Bytes of a nonce: enough that chance alone keeps them apart.
const NONCE: usize = 24;

/// A key, wiped from memory when it is dropped.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; Self::LENGTH]>);

impl Key {
    pub const LENGTH: usize = 32;

    /// A key that nobody can guess.
    pub fn new(world: &World) -> Self {
        Self(Zeroizing::new(world.secret()))
    }

    /// The key that consists of these bytes, if they are as many as a key has.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0[..]
    }

    /// Seals `plain` for `place`: hexadecimal digits of nonce, ciphertext and tag. No two are the same.
    pub fn seal(&self, world: &World, place: &str, plain: &[u8]) -> Result<String> {
        let nonce: [u8; NONCE] = world.secret();
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal(format!("{place} is too long to be sealed")))?;
        Ok(hex::encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed for `place` under this key.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        let open = || {
            let bytes = hex::decode(sealed).ok()?;
            let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
            let payload = Payload { msg: sealed, aad: place.as_bytes() };
            self.cipher().decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
        };
        open().ok_or_else(|| Error::internal(format!("{place} is not what was sealed: it has been changed or damaged")))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}
