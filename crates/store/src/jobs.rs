//! What waits: for the network, for a moment, for somebody else.
//!
//! A job is a row that a transaction left behind. A node claims due rows with a lease, runs each, and
//! writes what came of it; when a node is lost its leases run out and another node takes over, so a
//! job may run twice and has to bear that. A commit that leaves a due job rings the runner at once;
//! a scan every second catches the rest. Rows of finished jobs stay for a while, with what went wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base::{AnyId, Error, Result, Time};
use serde_json::Value as Json;

use crate::cx::Who;
use crate::store::Store;
use crate::tx::Tx;
use crate::value::Row;
use crate::values;

/// How long a node may work on a job before others may take it over.
const LEASE: Duration = Duration::from_secs(300);
const SCAN: Duration = Duration::from_secs(1);
/// Jobs claimed at a time.
const CLAIM: usize = 20;

/// A kind of job and how it is run.
#[derive(Clone, Copy)]
pub struct JobKind {
    /// Its name: `store.housekeeping`.
    pub name: &'static str,
    /// Runs one. It is called outside any transaction and may wait.
    pub run: fn(&Store, &Job) -> Result<After>,
    /// How often a failing job is tried before it is given up.
    pub attempts: i64,
    /// For a job that there is one of, always: how often it runs.
    pub every: Option<Duration>,
}

/// One job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which one; the same each time it is tried.
    pub id: AnyId,
    /// Its kind.
    pub kind: String,
    /// What it is to do.
    pub payload: Json,
    /// How often it has been tried, this time included.
    pub attempts: i64,
}

/// What becomes of a job that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It is done.
    Done,
    /// It goes on at this moment.
    At(Time),
}

pub(crate) fn enqueue(
    tx: &mut Tx<'_>,
    id: AnyId,
    kind: &str,
    payload: &impl serde::Serialize,
    due: Time,
    now: Time,
) -> Result<()> {
    let payload = serde_json::to_string(payload).map_err(Error::internal)?;
    let sql = "insert into jobs (id, kind, payload, state, due_at, attempts, created_at) \
               values ($1, $2, $3, 'waiting', $4, 0, $5) on conflict (id) do nothing";
    tx.run(sql, &values![id, kind, payload, due, now])?;
    tx.effects.jobs |= due <= now;
    Ok(())
}

/// How long a job that has failed `attempts` times waits: 1 s, 2 s, 4 s … an hour at most.
fn back_off(attempts: i64) -> Duration {
    Duration::from_secs(1 << (attempts - 1).clamp(0, 12)).min(Duration::from_secs(3600))
}

/// Runs jobs on a thread of its own until it is dropped.
pub struct Runner {
    store: Store,
    ended: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Runner {
    /// Starts running the jobs of `store`.
    pub fn start(store: &Store) -> Result<Self> {
        plant_recurring(store)?;
        let ended = Arc::new(AtomicBool::new(false));
        let (own, stop) = (store.clone(), Arc::clone(&ended));
        let work = move || {
            while !stop.load(Ordering::Acquire) {
                match run_due(&own) {
                    Ok(CLAIM) => {}
                    Ok(_) => own.alarm().wait(SCAN),
                    Err(error) => {
                        tracing::error!(%error, "jobs can't be claimed");
                        thread::sleep(SCAN);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("jobs".into()).spawn(work).map_err(Error::internal)?;
        Ok(Self { store: store.clone(), ended, thread: Some(thread) })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        self.store.alarm().ring();
        if let Some(thread) = self.thread.take() {
            // It panics only if a job kind does, which has been logged by then.
            let _ = thread.join();
        }
    }
}

/// Makes sure that there is one row for each recurring kind.
fn plant_recurring(store: &Store) -> Result<()> {
    let kinds: Vec<_> = store.wiring().jobs.iter().filter(|kind| kind.every.is_some()).map(|kind| kind.name).collect();
    store
        .write(Who::system(), move |cx| {
            let now = cx.now();
            for kind in &kinds {
                let known = cx.row("select 1 from jobs where kind = $1 and state = 'waiting'", &values![*kind])?;
                if known.is_none() {
                    cx.enqueue(kind, &Json::Null, now)?;
                }
            }
            Ok(())
        })
        .wait()
}

/// Runs the jobs that are due now, [`CLAIM`] at most, and says how many there were.
pub fn run_due(store: &Store) -> Result<usize> {
    let jobs = store.write(Who::system(), |cx| claim(cx)).wait()?;
    for job in &jobs {
        let Some(kind) = store.wiring().jobs.iter().find(|kind| kind.name == job.kind) else {
            continue; // a newer version's; its node takes it when the lease has run out
        };
        let outcome = (kind.run)(store, job);
        if let Err(error) = &outcome {
            tracing::warn!(job = %job.id, kind = job.kind, attempt = job.attempts, %error, "a job failed");
        }
        let (kind, job) = (*kind, job.clone());
        let outcome = outcome.map_err(|error| error.to_string());
        store.write(Who::system(), move |cx| finish(cx, &kind, &job, &outcome)).wait()?;
    }
    Ok(jobs.len())
}

fn claim(tx: &mut Tx<'_>) -> Result<Vec<Job>> {
    let now = tx.shared.world.now();
    let sql = format!(
        "update jobs set lease_until = $2, attempts = attempts + 1 where id in ( \
             select id from jobs where state = 'waiting' and due_at <= $1 and (lease_until is null or lease_until < $1) \
             order by due_at limit {CLAIM}{}) \
         returning id, kind, payload, attempts",
        tx.skip_locked()
    );
    tx.rows(&sql, &values![now, now + LEASE])?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        payload: serde_json::from_str(row.text(2)?).map_err(Error::internal)?,
        attempts: row.get(3)?,
    })
}

fn finish(tx: &mut Tx<'_>, kind: &JobKind, job: &Job, outcome: &Result<After, String>) -> Result<()> {
    let now = tx.shared.world.now();
    let again = match (outcome, kind.every) {
        (Ok(After::At(moment)), _) => Some(*moment),
        (Ok(After::Done), every) => every.map(|every| now + every),
        (Err(_), Some(every)) => Some(now + every.min(back_off(job.attempts))),
        (Err(_), None) if job.attempts < kind.attempts => Some(now + back_off(job.attempts)),
        (Err(_), None) => None,
    };
    let error = outcome.as_ref().err().cloned();
    let attempts = if error.is_some() { job.attempts } else { 0 };
    match again {
        Some(due) => tx.run(
            "update jobs set due_at = $2, lease_until = null, attempts = $3, last_error = $4 where id = $1",
            &values![job.id, due, attempts, error],
        ),
        None => {
            let state = if error.is_some() { "failed" } else { "done" };
            tx.run(
                "update jobs set state = $2, finished_at = $3, lease_until = null, last_error = $4 where id = $1",
                &values![job.id, state, now, error],
            )
        }
    }
    .map(drop)
}

/// How long rows that only tell what happened are kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Removes what only told of the past: finished jobs and announced events, after 30 days.
pub const HOUSEKEEPING: JobKind =
    JobKind { name: "store.housekeeping", run: housekeeping, attempts: 1, every: Some(Duration::from_secs(3600)) };

fn housekeeping(store: &Store, _: &Job) -> Result<After> {
    let remove = |cx: &mut crate::Cx<'_>| {
        let horizon = cx.now() - KEPT;
        cx.run("delete from jobs where finished_at < $1", &values![horizon])?;
        cx.run("delete from outbox where created_at < $1", &values![horizon])?;
        Ok(After::Done)
    };
    store.write(Who::system(), remove).wait()
}

/// How many jobs are waiting and how many were given up.
pub fn tally(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>> {
    let rows = tx.rows("select state, count(*) from jobs where state <> 'done' group by state", &[])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
