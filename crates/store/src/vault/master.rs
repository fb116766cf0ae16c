//! The master keys: they wrap the data key, and are kept apart from the database.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use base::{Error, Result, World};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::cipher::Key;

/// Hexadecimal digits of a fingerprint.
const FINGERPRINT: usize = 16;

/// A master key.
#[derive(Clone)]
pub struct MasterKey {
    pub(super) key: Key,
    fingerprint: String,
}

impl MasterKey {
    /// A key that nobody can guess.
    pub fn new(world: &World) -> Self {
        Self::of(Key::new(world))
    }

    fn of(key: Key) -> Self {
        let mut fingerprint = hex::encode(Sha256::digest(key.bytes()));
        fingerprint.truncate(FINGERPRINT);
        Self { key, fingerprint }
    }

    /// What it may be called: it tells which key is meant and nothing about it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Its hexadecimal digits, for the file that it is kept in.
    pub fn digits(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.key.bytes()))
    }

    fn of_digits(digits: &str) -> Option<Self> {
        let bytes = Zeroizing::new(hex::decode(digits).ok()?);
        Key::of_bytes(&bytes).map(Self::of)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}…)", self.fingerprint)
    }
}

/// The master keys, as a service of the [`World`]. They stand in a file, one a line: the first one wraps,
/// any of them unwraps. The file is read when it is needed, and again for a key that isn't known yet, so
/// that keys can be replaced while a server runs.
#[derive(Debug)]
pub struct MasterKeys {
    file: Option<PathBuf>,
    /// Also those that have left the file since: a transaction that began earlier may still need them.
    known: Mutex<Vec<MasterKey>>,
}

impl MasterKeys {
    /// Those in the file at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { file: Some(path.into()), known: Mutex::default() }
    }

    /// This one, which is in no file.
    pub fn fixed(key: MasterKey) -> Self {
        Self { file: None, known: Mutex::new(vec![key]) }
    }

    /// The key that wraps. Keys in memory may have been replaced by now, and what is wrapped with a key
    /// that is in no file any more would be lost with this process: so it is read again.
    pub(super) fn first(&self) -> Result<MasterKey> {
        self.refresh()?;
        self.known(|_| true).ok_or_else(|| Error::internal("there is no master key"))
    }

    /// The key with this fingerprint.
    pub(super) fn find(&self, fingerprint: &str) -> Result<MasterKey> {
        let known = || self.known(|key| key.fingerprint == fingerprint);
        if let Some(key) = known() {
            return Ok(key);
        }
        self.refresh()?;
        known().ok_or_else(|| {
            Error::internal(format!("the secrets are sealed with master key {fingerprint}, which is not at hand"))
        })
    }

    fn known(&self, is_it: impl Fn(&MasterKey) -> bool) -> Option<MasterKey> {
        self.known.lock().expect("no one panics holding the keys").iter().find(|key| is_it(key)).cloned()
    }

    fn refresh(&self) -> Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let mut keys = read_master_keys(path).map_err(Error::internal)?;
        let mut known = self.known.lock().expect("no one panics holding the keys");
        known.retain(|old| keys.iter().all(|key| key.fingerprint != old.fingerprint));
        keys.append(&mut known);
        *known = keys;
        Ok(())
    }
}

/// The master keys in the file at `path`, at least one.
///
/// # Errors
/// Why they can't be read, for people.
pub fn read_master_keys(path: &Path) -> Result<Vec<MasterKey>, String> {
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let key = |(index, line): (usize, &str)| {
        let key = MasterKey::of_digits(line.trim());
        key.ok_or_else(|| format!("{}: line {} is not 64 hexadecimal digits", path.display(), index + 1))
    };
    let keys = lines.map(key).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(format!("{}: there is no master key in it", path.display())) } else { Ok(keys) }
}
