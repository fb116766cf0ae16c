//! Small tables kept in memory.
//!
//! Every change of such a table gives its epoch a new stamp in the same transaction. A transaction
//! that wants the table compares stamps and reloads only when they differ, so it sees exactly what
//! the database holds, whichever node or command changed it. Stamps never come again, so what a
//! rolled-back transaction left here is never mistaken for something else.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{AnyId, Result, Time};

use crate::tx::Tx;
use crate::values;

/// A view of some tables that is worth keeping in memory.
pub trait Cached: Sized + Send + Sync + 'static {
    /// The epoch of those tables: [`Record::EPOCH`](crate::Record::EPOCH) of each.
    const EPOCH: &'static str;

    /// Reads it.
    fn load(tx: &mut Tx<'_>) -> Result<Self>;
}

#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<TypeId, Held>>);

#[derive(Clone)]
struct Held {
    stamp: String,
    value: Arc<dyn Any + Send + Sync>,
    checked: Time,
    generation: u64,
}

impl Held {
    fn value<T: Cached>(&self) -> Arc<T> {
        Arc::clone(&self.value).downcast().expect("values are held under their own type")
    }
}

impl Cache {
    fn held<T: Cached>(&self) -> Option<Held> {
        self.0.lock().expect("no one panics holding the cache").get(&TypeId::of::<T>()).cloned()
    }

    /// What is in memory, if no commit of this process has changed it since and it was compared with
    /// the database less than `age` ago.
    pub fn recent<T: Cached>(&self, now: Time, age: Duration, generation: u64) -> Option<Arc<T>> {
        let held = self.held::<T>()?;
        (held.generation == generation && now.since(held.checked) < age).then(|| held.value())
    }
}

impl Tx<'_> {
    /// `T` as this transaction sees it.
    pub fn cached<T: Cached>(&mut self) -> Result<Arc<T>> {
        let (checked, generation) = (self.shared.world.now(), self.shared.generation());
        let stamp = self.stamp(T::EPOCH)?;
        let value = match self.shared.cache.held::<T>() {
            Some(held) if held.stamp == stamp => held.value(),
            _ => Arc::new(T::load(self)?),
        };
        let held = Held { stamp, value: Arc::clone(&value) as _, checked, generation };
        self.shared.cache.0.lock().expect("no one panics holding the cache").insert(TypeId::of::<T>(), held);
        Ok(value)
    }

    /// The epoch's stamp as this transaction sees it; empty before the first change. All stamps are
    /// read together, once.
    fn stamp(&mut self, epoch: &str) -> Result<String> {
        let stamps = match self.stamps.take() {
            Some(stamps) => stamps,
            None => {
                let rows = self.rows("select name, stamp from epochs", &[])?;
                rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_>>()?
            }
        };
        let stamp = stamps.iter().find(|(name, _)| name == epoch).map(|(_, stamp)| stamp.clone());
        self.stamps = Some(stamps);
        Ok(stamp.unwrap_or_default())
    }

    /// Notes that a table of `epoch` changes in this transaction.
    pub fn touch(&mut self, epoch: &str) -> Result<()> {
        let sql =
            "insert into epochs (name, stamp) values ($1, $2) on conflict (name) do update set stamp = excluded.stamp";
        self.run(sql, &values![epoch, self.shared.world.new_id::<()>() as AnyId])?;
        self.stamps = None;
        self.effects.touched = true;
        Ok(())
    }
}
