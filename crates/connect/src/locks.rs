//! Taking turns: one at a time, on any node and any command line over the same database.

use std::time::Duration;

use base::{AnyId, Result};
use store::{Cx, Store, Who, values};

/// How long a turn may last; one that was lost ends then.
const LEASE: Duration = Duration::from_secs(120);
/// How long one waits before asking again.
const GLIMPSE: Duration = Duration::from_millis(25);

/// A turn; it ends when dropped.
pub struct Held<'s> {
    store: &'s Store,
    name: String,
    holder: AnyId,
}

/// Takes the turn of this name, or waits for it. `None` when that takes longer than `patience`.
pub fn hold<'s>(store: &'s Store, name: &str, patience: Duration) -> Result<Option<Held<'s>>> {
    let world = store.world();
    let (holder, deadline) = (world.new_id(), world.now() + patience);
    loop {
        let wanted = name.to_owned();
        if store.write(Who::system(), move |cx| take(cx, &wanted, holder)).wait()? {
            return Ok(Some(Held { store, name: name.to_owned(), holder }));
        }
        if world.now() > deadline {
            return Ok(None);
        }
        world.sleep(GLIMPSE);
    }
}

fn take(cx: &mut Cx<'_>, name: &str, holder: AnyId) -> Result<bool> {
    let now = cx.now();
    let sql = "insert into hub_locks (name, holder, until) values ($1, $2, $3) on conflict (name) do update \
               set holder = excluded.holder, until = excluded.until where hub_locks.until < $4";
    Ok(cx.run(sql, &values![name, holder, now + LEASE, now])? > 0)
}

impl Drop for Held<'_> {
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
