//! Connections, each on a thread of its own, and the queues through which work comes to them.
//!
//! A caller hands over a closure and gets a [`Pending`] answer, which an async task awaits and a
//! plain thread waits for. Nothing else in the platform blocks on a database.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use base::{Error, Result, World};
use crossbeam_channel::Sender;
use tokio::sync::oneshot;

use crate::cache::Cache;
use crate::jobs::Waits;
use crate::store::{Site, Wants, Wiring};
use crate::tx::{Effects, Tx};

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file; made when absent.
    Sqlite(PathBuf),
    /// A `postgres://` URL. `sslmode` and `sslrootcert` are understood as libpq does.
    Postgres(String),
}

impl Location {
    /// How it may be shown: without a password.
    pub fn describe(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("SQLite at {}", path.display()),
            Self::Postgres(url) => {
                let after_credentials = url.rsplit('@').next().unwrap_or_default();
                let host = after_credentials.trim_start_matches("postgres://").trim_start_matches("postgresql://");
                format!("PostgreSQL at {}", host.split('?').next().unwrap_or_default())
            }
        }
    }

    /// Whether other processes share it while serving.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// What all connections of one process share.
pub(crate) struct Shared {
    pub world: World,
    pub site: Site,
    pub wiring: Wiring,
    pub cache: Cache,
    /// Raised by every commit of this process that changed a cached table.
    generation: AtomicU64,
    alarms: [Alarm; Waits::LANES.len()],
}

/// Wakes the threads that run jobs of one lane.
#[derive(Default)]
pub(crate) struct Alarm {
    /// How often it has rung.
    rung: Mutex<u64>,
    bell: Condvar,
}

impl Alarm {
    pub fn ring(&self) {
        *self.rung.lock().expect("no one panics holding the alarm") += 1;
        self.bell.notify_all();
    }

    /// Waits until it has rung more often than was `heard`, or `timeout` has passed; says how often it has.
    pub fn wait(&self, heard: u64, timeout: Duration) -> u64 {
        let rung = self.rung.lock().expect("no one panics holding the alarm");
        let (rung, _) = self
            .bell
            .wait_timeout_while(rung, timeout, |rung| *rung == heard)
            .expect("no one panics holding the alarm");
        *rung
    }
}

impl Shared {
    pub fn new(world: World, site: Site, wiring: Wiring) -> Self {
        let (cache, generation) = (Cache::default(), AtomicU64::new(0));
        Self { world, site, wiring, cache, generation, alarms: Default::default() }
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub fn alarm(&self, waits: Waits) -> &Alarm {
        &self.alarms[waits as usize]
    }

    /// Tells this process what a committed transaction did.
    pub fn committed(&self, effects: Effects) {
        if effects.touched {
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        let due = self.alarms.iter().zip(effects.due).filter(|(_, is_due)| *is_due);
        due.for_each(|(alarm, _)| alarm.ring());
    }
}

/// Work for a connection: possibly run several times, answered once.
pub(crate) trait Step: Send {
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()>;
    fn done(self: Box<Self>, outcome: Result<()>);
}

struct Task<T, F> {
    work: F,
    value: Option<T>,
    tell: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnMut(&mut Tx<'_>) -> Result<T> + Send> Step for Task<T, F> {
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let work = AssertUnwindSafe(|| (self.work)(tx));
        let value = catch_unwind(work).unwrap_or_else(|panic| Err(Error::internal(describe(&*panic))))?;
        self.value = Some(value);
        Ok(())
    }

    fn done(self: Box<Self>, outcome: Result<()>) {
        let Self { value, tell, .. } = *self;
        let answer = outcome.and_then(|()| value.ok_or_else(|| Error::internal("the work left no answer")));
        // Whoever asked may have gone; the work is done all the same.
        let _ = tell.send(answer);
    }
}

/// What a panic said.
pub(crate) fn describe(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a word"))
}

/// The ways to one database. Dropping it ends the threads once they have done what is queued.
pub(crate) struct Lanes {
    pub reads: Sender<Box<dyn Step>>,
    pub writes: Sender<Box<dyn Step>>,
    /// Does a step on the caller's thread, or gives it back.
    pub glances: Glances,
}

pub(crate) type Glances = Box<dyn Fn(Box<dyn Step>) -> Option<Box<dyn Step>> + Send + Sync>;

impl Lanes {
    pub fn submit<T: Send + 'static>(
        &self,
        wants: Wants,
        work: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        let (tell, told) = oneshot::channel();
        let task = Box::new(Task { work, value: None, tell });
        // A closed lane drops the task, and with it `tell`: the answer is then "shut down".
        let _ = match wants {
            Wants::Glance => (self.glances)(task).map_or(Ok(()), |task| self.reads.send(task)),
            Wants::Read => self.reads.send(task),
            Wants::Write => self.writes.send(task),
        };
        Pending(told)
    }
}

/// An answer that a database thread is working on.
#[must_use = "work is done without it, but its failure would go unseen"]
pub struct Pending<T>(oneshot::Receiver<Result<T>>);

impl<T> Pending<T> {
    /// Blocks the thread until the answer is there. Not for async tasks: they await it.
    pub fn wait(self) -> Result<T> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(shut_down()))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| answer.unwrap_or_else(|_| Err(shut_down())))
    }
}

fn shut_down() -> Error {
    Error::internal("the database has been shut down")
}

/// How often work that lost a race is run again before its loss is final.
pub(crate) const ATTEMPTS: u32 = 20;

/// Runs `attempt` until it succeeds, fails for good, or has lost [`ATTEMPTS`] races.
pub(crate) fn until_won(mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    for lost in 1..ATTEMPTS {
        match attempt() {
            Err(error) if error.is_lost_race() => std::thread::sleep(Duration::from_millis(u64::from(lost))),
            outcome => return outcome,
        }
    }
    attempt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_shown_without_its_password() {
        let location = Location::Postgres("postgres://ops:p@ss@db.internal:5432/wardroom?sslmode=require".into());
        assert_eq!(location.describe(), "PostgreSQL at db.internal:5432/wardroom");
    }
}
