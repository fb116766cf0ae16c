//! Taking turns: one at a time, on any node and any command line over the same database.

use std::time::Duration;

use base::{AnyId, Result};
use store::{Cx, Store, Who, values, while_renewed};

/// How long a turn lasts that nobody renews; one that was lost ends then.
const LEASE: Duration = Duration::from_secs(60);
/// How often a turn is renewed.
const BEAT: Duration = Duration::from_secs(15);
/// How long one waits before asking again.
const GLIMPSE: Duration = Duration::from_millis(25);

/// Does `work` in the turn of this name, once it has come. `None` when that takes longer than `patience`.
pub fn in_turn<T>(store: &Store, name: &str, patience: Duration, work: impl FnOnce() -> T) -> Result<Option<T>> {
    let holder = store.world().new_id();
    if !wait_for(store, name, holder, patience)? {
        return Ok(None);
    }
    let turn = Turn { store, name: name.to_owned(), holder };
    let outcome = while_renewed(BEAT, || turn.renew(), work);
    drop(turn);
    Ok(Some(outcome))
}

fn wait_for(store: &Store, name: &str, holder: AnyId, patience: Duration) -> Result<bool> {
    let world = store.world();
    let deadline = world.now() + patience;
    loop {
        let wanted = name.to_owned();
        if store.write(Who::system(), move |cx| take(cx, &wanted, holder)).wait()? {
            return Ok(true);
        }
        if world.now() > deadline {
            return Ok(false);
        }
        world.sleep(GLIMPSE);
    }
}

/// Takes a turn that nobody has, or renews one's own.
fn take(cx: &mut Cx<'_>, name: &str, holder: AnyId) -> Result<bool> {
    let now = cx.now();
    let sql = "insert into hub_locks (name, holder, until) values ($1, $2, $3) on conflict (name) do update \
               set holder = excluded.holder, until = excluded.until \
               where hub_locks.until < $4 or hub_locks.holder = excluded.holder";
    Ok(cx.run(sql, &values![name, holder, now + LEASE, now])? > 0)
}

/// A turn; it ends when dropped.
struct Turn<'s> {
    store: &'s Store,
    name: String,
    holder: AnyId,
}

impl Turn<'_> {
    fn renew(&self) -> Result<()> {
        let (name, holder) = (self.name.clone(), self.holder);
        self.store.write(Who::system(), move |cx| take(cx, &name, holder)).wait().map(drop)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let (name, holder) = (self.name.clone(), self.holder);
        let give_back = move |cx: &mut Cx<'_>| {
            cx.run("delete from hub_locks where name = $1 and holder = $2", &values![name.as_str(), holder])
        };
        if let Err(error) = self.store.write(Who::system(), give_back).wait() {
            tracing::warn!(%error, "a turn ends when its lease does");
        }
    }
}
