//! The store: opens the database and does units of work on it.

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use base::{AnyId, Result, World};

use crate::cache::Cached;
use crate::cx::{Cx, Who};
use crate::db::{Alarm, Lanes, Location, Pending, Shared};
use crate::jobs::{HOUSEKEEPING, JobKind, Waits};
use crate::migrate::{Migration, Progress};
use crate::outbox::Subscriber;
use crate::tx::Tx;
use crate::{postgres, sqlite};

/// What a feature brings along.
#[derive(Clone, Copy, Default)]
pub struct Part {
    /// The tables it owns.
    pub migrations: &'static [Migration],
    /// The jobs it runs.
    pub jobs: &'static [JobKind],
    /// The events it wants to hear of.
    pub subscribers: &'static [Subscriber],
    /// The kinds of resource it owns that outside tools may manage.
    pub managed: &'static [ManagedKind],
    /// What has to change along with records of other kinds.
    pub followers: &'static [Follower],
    /// What an empty database gets.
    pub defaults: Option<fn(&mut Cx<'_>) -> Result<()>>,
    /// What every database has to have. Runs at each start, so it changes only what is missing.
    pub upkeep: Option<fn(&mut Cx<'_>) -> Result<()>>,
}

/// Keeps something in step with the records of one kind: in the same transaction as their change,
/// which it can also refuse.
#[derive(Clone, Copy)]
pub struct Follower {
    /// The records' [`Record::KIND`](crate::Record::KIND).
    pub kind: &'static str,
    /// Takes note that the record with this ID was inserted, changed or deleted.
    pub follow: fn(&mut Cx<'_>, AnyId) -> Result<()>,
}

/// A kind of resource that outside tools (Terraform) may manage.
#[derive(Clone, Copy)]
pub struct ManagedKind {
    /// Its name in the API: `schedule`.
    pub resource_type: &'static str,
    /// The scope that may change one.
    pub scope: &'static str,
    /// Refuses a caller for whom there is no such resource, or who may not change it.
    pub admit: fn(&mut Cx<'_>, AnyId) -> Result<()>,
}

/// What all features together have brought along.
#[derive(Default)]
pub struct Wiring {
    /// Every kind of job.
    pub jobs: Vec<JobKind>,
    /// Every subscription.
    pub subscribers: Vec<Subscriber>,
    /// Every kind of managed resource.
    pub managed: Vec<ManagedKind>,
    /// Everything that follows the change of a record.
    pub followers: Vec<Follower>,
}

/// Does `work` while `renew` is called each `beat`, for a lease that must not run out meanwhile. A renewal that fails
/// is logged, and tried again at the next beat.
pub fn while_renewed<T>(beat: Duration, renew: impl Fn() -> Result<()> + Send, work: impl FnOnce() -> T) -> T {
    let (alive, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while ended.recv_timeout(beat) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = renew() {
                    tracing::warn!(%error, "a lease was not renewed");
                }
            }
        });
        let outcome = work();
        drop(alive);
        outcome
    })
}

/// Which organisation this is, and where people and clients find it.
#[derive(Clone, Debug)]
pub struct Site {
    /// The organisation's short name, as it stands in addresses: `acme`.
    pub organisation: String,
    /// Where this server is found, without a slash at the end: `https://wardroom.acme.example`.
    pub public_url: String,
}

/// Whether a unit of work changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// It reads a few rows by their keys. Where the database is in this process, the caller's thread
    /// does so itself: sooner done than handed over.
    Glance,
    /// It only reads; many may do so at once.
    Read,
    /// It writes.
    Write,
}

const CORE: Part = Part {
    migrations: &[
        Migration { version: 1, name: "core", sql: include_str!("../migrations/core.sql") },
        Migration { version: 3, name: "vault", sql: include_str!("../migrations/vault.sql") },
    ],
    jobs: &[HOUSEKEEPING],
    subscribers: &[],
    managed: &[],
    followers: &[],
    defaults: None,
    upkeep: None,
};

/// The organisation's data, and the one way to it. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    lanes: Lanes,
    shared: Arc<Shared>,
    location: Location,
}

impl Store {
    /// Opens the database at `location`, brings its tables up to date, and fills an empty one with
    /// the features' defaults. Safe when several nodes do so at once.
    pub fn open(
        location: &Location,
        world: World,
        site: Site,
        parts: &[Part],
        progress: &mut Progress<'_>,
    ) -> Result<Self> {
        let parts: Vec<_> = std::iter::once(CORE).chain(parts.iter().copied()).collect();
        let mut migrations: Vec<_> = parts.iter().flat_map(|part| part.migrations).copied().collect();
        migrations.sort_by_key(|migration| migration.version);
        let wiring = Wiring {
            jobs: parts.iter().flat_map(|part| part.jobs).copied().collect(),
            subscribers: parts.iter().flat_map(|part| part.subscribers).copied().collect(),
            managed: parts.iter().flat_map(|part| part.managed).copied().collect(),
            followers: parts.iter().flat_map(|part| part.followers).copied().collect(),
        };
        let shared = Arc::new(Shared::new(world, site, wiring));
        let lanes = match location {
            Location::Sqlite(path) => sqlite::open(path, &migrations, progress, &shared)?,
            Location::Postgres(url) => postgres::open(url, &migrations, progress, &shared)?,
        };
        let store = Self(Arc::new(Inner { lanes, shared, location: location.clone() }));
        let defaults: Vec<_> = parts.iter().filter_map(|part| part.defaults).collect();
        let upkeep: Vec<_> = parts.iter().filter_map(|part| part.upkeep).collect();
        let fill = move |cx: &mut Cx<'_>| {
            fill_if_empty(cx, &defaults)?;
            // One node at a time.
            cx.locked_row("select n from counters where name = 'organisation'", &[])?;
            upkeep.iter().try_for_each(|keep| keep(cx))
        };
        store.write(Who::system(), fill).wait()?;
        Ok(store)
    }

    /// Does `work` on behalf of `who`, in a transaction that can only read.
    pub fn read<T: Send + 'static>(
        &self,
        who: Who,
        work: impl FnMut(&mut Cx<'_>) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        self.work(Wants::Read, who, work)
    }

    /// Does `work` on behalf of `who`, in a transaction that commits if the work succeeds.
    pub fn write<T: Send + 'static>(
        &self,
        who: Who,
        work: impl FnMut(&mut Cx<'_>) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        self.work(Wants::Write, who, work)
    }

    /// Does `work` on behalf of `who`. It may run again when it loses a race.
    pub fn work<T: Send + 'static>(
        &self,
        wants: Wants,
        who: Who,
        mut work: impl FnMut(&mut Cx<'_>) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        self.0.lanes.submit(wants, move |tx| in_cx(tx, &who, &mut work))
    }

    /// `T` as this process last saw it: never behind this process's own commits, and at most `age`
    /// behind those of other nodes and commands.
    pub async fn recent<T: Cached>(&self, age: Duration) -> Result<Arc<T>> {
        match self.held(age) {
            Some(value) => Ok(value),
            None => self.read(Who::system(), |cx| cx.cached::<T>()).await,
        }
    }

    /// The same for whoever may wait: not for async tasks.
    pub fn recent_wait<T: Cached>(&self, age: Duration) -> Result<Arc<T>> {
        match self.held(age) {
            Some(value) => Ok(value),
            None => self.read(Who::system(), |cx| cx.cached::<T>()).wait(),
        }
    }

    fn held<T: Cached>(&self, age: Duration) -> Option<Arc<T>> {
        let shared = &self.0.shared;
        shared.cache.recent(shared.world.now(), age, shared.generation())
    }

    /// Whose data it is, and where people find it.
    pub fn site(&self) -> &Site {
        &self.0.shared.site
    }

    /// Clock and entropy.
    pub fn world(&self) -> &World {
        &self.0.shared.world
    }

    /// What features have brought along.
    pub fn wiring(&self) -> &Wiring {
        &self.0.shared.wiring
    }

    /// Where the data is.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    pub(crate) fn alarm(&self, waits: Waits) -> &Alarm {
        self.0.shared.alarm(waits)
    }
}

fn in_cx<T>(tx: &mut Tx<'_>, who: &Who, work: &mut impl FnMut(&mut Cx<'_>) -> Result<T>) -> Result<T> {
    let mut cx = Cx::new(tx.reborrow(), who);
    let outcome = work(&mut cx);
    let effects = cx.effects();
    tx.effects = effects;
    outcome
}

fn fill_if_empty(cx: &mut Cx<'_>, defaults: &[fn(&mut Cx<'_>) -> Result<()>]) -> Result<()> {
    let is_filled = cx.row("select 1 from counters where name = 'organisation'", &[])?.is_some();
    // Of several nodes that see an empty database at once, one counts to 1; the others wait for it.
    if is_filled || cx.next_number("organisation")? > 1 {
        return Ok(());
    }
    defaults.iter().try_for_each(|fill| fill(cx))
}
