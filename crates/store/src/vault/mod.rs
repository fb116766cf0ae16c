//! The vault: secrets that have to be used again, such as the API keys of other systems.
//!
//! A secret is sealed under a **data key**, which lies beside it in the database, wrapped with a **master
//! key**, which doesn't ([`MasterKeys`]). Whoever has the database alone can neither read a secret nor put
//! one in the place of another: what is sealed is bound to its row.
//!
//! There is one data key at a time. A rotation seals everything anew under the next one, in one transaction.
//! A secret refers to its key by a foreign key, so the database itself sees to it that a rotation and
//! whoever is sealing at the same time wait for each other, and that no secret is ever left without its key.

mod cipher;
mod master;

use base::{Error, Id, Result, Secret, Time, World};
use zeroize::Zeroizing;

pub use self::master::{MasterKey, MasterKeys, read_master_keys};

use self::cipher::Key;
use crate::cx::Cx;
use crate::tx::Tx;
use crate::value::Row;
use crate::values;

/// A secret that is kept in the vault.
pub enum Sealed {}

/// How the vault stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// How many secrets it keeps.
    pub secrets: i64,
    /// The data key, unless there hasn't been a secret yet.
    pub key: Option<KeyStatus>,
}

/// What may be said of a data key.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    /// Which one.
    pub id: Id<DataKey>,
    /// Since when it is used.
    pub since: Time,
    /// The fingerprint of the master key that wraps it.
    pub master: String,
}

/// A key that secrets are sealed under.
pub struct DataKey {
    id: Id<DataKey>,
    key: Key,
}

impl DataKey {
    /// What [`DataKey::unwrap`] reads.
    const COLUMNS: &'static str = "k.id, k.wrapped, k.master";

    /// The data key there is.
    fn current(tx: &mut Tx<'_>) -> Result<Option<Self>> {
        let row = tx.row(&format!("select {} from vault_keys k", Self::COLUMNS), &[])?;
        row.map(|row| Self::unwrap(&tx.shared.world, &row)).transpose()
    }

    /// The data key there is, made if need be.
    fn ensure(cx: &mut Cx<'_>) -> Result<Self> {
        if let Some(key) = Self::current(cx)? {
            return Ok(key);
        }
        make_keys_alone(cx)?;
        Self::current(cx)?.map_or_else(|| Self::make(cx), Ok)
    }

    /// A new one, wrapped with the first master key.
    fn make(cx: &mut Cx<'_>) -> Result<Self> {
        let (id, key) = (cx.new_id::<Self>(), Key::new(cx.world()));
        let master = master_keys(cx.world())?.first()?;
        let wrapped = master.key.seal(cx.world(), &place_of_key(id), key.bytes())?;
        let row = values![id, wrapped, master.fingerprint(), cx.now()];
        cx.run("insert into vault_keys (id, wrapped, master, created_at) values ($1, $2, $3, $4)", &row)?;
        Ok(Self { id, key })
    }

    fn unwrap(world: &World, row: &Row) -> Result<Self> {
        let id = row.get(0)?;
        let master = master_keys(world)?.find(row.text(2)?)?;
        let bytes = master.key.open(&place_of_key(id), row.text(1)?)?;
        let key = Key::of_bytes(&bytes).ok_or_else(|| Error::internal(format!("data key {id} has a wrong length")))?;
        Ok(Self { id, key })
    }

    fn seal(&self, world: &World, id: Id<Sealed>, plain: &[u8]) -> Result<String> {
        self.key.seal(world, &place_of_secret(id), plain)
    }

    fn open(&self, id: Id<Sealed>, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        self.key.open(&place_of_secret(id), sealed)
    }
}

/// What a wrapped key is bound to.
fn place_of_key(id: Id<DataKey>) -> String {
    format!("data key {id}")
}

/// What a sealed secret is bound to.
fn place_of_secret(id: Id<Sealed>) -> String {
    format!("secret {id}")
}

fn master_keys(world: &World) -> Result<&MasterKeys> {
    world.service().ok_or_else(|| Error::internal("the vault is closed: this process was given no master keys"))
}

/// Keeps others from making keys until the transaction ends.
fn make_keys_alone(cx: &mut Cx<'_>) -> Result<()> {
    cx.locked_row("select n from counters where name = 'organisation'", &[]).map(drop)
}

impl Cx<'_> {
    /// Puts a secret into the vault. It is not in the audit log; whatever refers to it is.
    pub fn seal(&mut self, secret: &Secret) -> Result<Id<Sealed>> {
        let (id, key) = (self.new_id(), DataKey::ensure(self)?);
        let sealed = key.seal(self.world(), id, secret.reveal().as_bytes())?;
        let row = values![id, key.id, sealed, self.now()];
        self.run("insert into secrets (id, key_id, sealed, created_at) values ($1, $2, $3, $4)", &row)?;
        Ok(id)
    }

    /// Takes a secret out of the vault for good.
    pub fn forget(&mut self, id: Id<Sealed>) -> Result<()> {
        self.run("delete from secrets where id = $1", &values![id]).map(drop)
    }
}

impl Tx<'_> {
    /// A secret that is in the vault.
    pub fn unseal(&mut self, id: Id<Sealed>) -> Result<Secret> {
        // In one statement, so that no rotation comes between the secret and its key.
        let sql = format!(
            "select {}, s.sealed from secrets s join vault_keys k on k.id = s.key_id where s.id = $1",
            DataKey::COLUMNS
        );
        let row = self.row(&sql, &values![id])?.ok_or_else(|| Error::internal(format!("there is no secret {id}")))?;
        let plain = DataKey::unwrap(&self.shared.world, &row)?.open(id, row.text(3)?)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Error::internal(format!("secret {id} is no text")))?;
        Ok(text.into())
    }
}

/// How the vault stands.
pub fn status(tx: &mut Tx<'_>) -> Result<Status> {
    let secrets = tx.row("select count(*) from secrets", &[])?.map_or(Ok(0), |row| row.get(0))?;
    let key = tx.row("select id, created_at, master from vault_keys", &[])?;
    let key = key.map(|row| Ok::<_, Error>(KeyStatus { id: row.get(0)?, since: row.get(1)?, master: row.get(2)? }));
    Ok(Status { secrets, key: key.transpose()? })
}

/// Secrets that a rotation reads together.
const AT_ONCE: usize = 500;

/// Makes a new data key, wrapped with the first master key, seals every secret anew under it, and deletes
/// the one before. `progress` hears how many are done.
pub fn rotate(cx: &mut Cx<'_>, progress: &mut dyn FnMut(usize)) -> Result<()> {
    make_keys_alone(cx)?;
    // Whoever is sealing ends first; whoever begins now waits, and then seals under the new key.
    cx.locked_row("select id from vault_keys", &[])?;
    let old = DataKey::current(cx)?;
    let new = DataKey::make(cx)?;
    if let Some(old) = old {
        seal_anew(cx, &old, &new, progress)?;
        cx.run("delete from vault_keys where id = $1", &values![old.id])?;
    }
    Ok(())
}

fn seal_anew(cx: &mut Cx<'_>, old: &DataKey, new: &DataKey, progress: &mut dyn FnMut(usize)) -> Result<()> {
    let next = format!("select id, sealed from secrets where id > $1 order by id limit {AT_ONCE}");
    let (mut last, mut done) = (String::new(), 0);
    loop {
        let some = cx.rows(&next, &values![&last])?;
        for row in &some {
            let id = row.get(0)?;
            let sealed = new.seal(cx.world(), id, &old.open(id, row.text(1)?)?)?;
            cx.run("update secrets set key_id = $2, sealed = $3 where id = $1", &values![id, new.id, sealed])?;
        }
        done += some.len();
        progress(done);
        match some.last() {
            Some(row) if some.len() == AT_ONCE => last = row.get(0)?,
            _ => return Ok(()),
        }
    }
}
