//! What waits: for the network, for a moment, for somebody else.
//!
//! A job is a row that a transaction left behind. A node claims due rows with a lease, runs each, and
//! writes what came of it; when a node is lost its leases run out and another node takes over, so a
//! job may run twice and has to bear that: what the lost one makes of it in the end does not count.
//! Jobs that are due at the same moment run in the order they were left in; one of a kind that only
//! newer nodes know waits for them. Kinds that wait for others, over the network, have threads of
//! their own ([`Waits`]), so that they delay none that don't. A commit that leaves a due job wakes those
//! threads that run its kind; a scan every second catches the rest. Rows of finished jobs stay for a
//! while, with what went wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base::{AnyId, Error, Result, Time};
use serde_json::Value as Json;

use crate::cx::Who;
use crate::db::describe;
use crate::query::Condition;
use crate::store::{Store, while_renewed};
use crate::tx::Tx;
use crate::value::Row;
use crate::values;

/// How long a node may work on a job before others may take it over.
const LEASE: Duration = Duration::from_secs(300);
/// How often that is renewed while it does.
const BEAT: Duration = Duration::from_secs(60);
const SCAN: Duration = Duration::from_secs(1);
/// Jobs claimed at a time.
const CLAIM: usize = 20;

/// How long a kind of job waits for others, over the network: kinds that wait long don't delay those that wait little,
/// nor these those that don't wait at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Not at all.
    Never,
    /// For an answer that comes soon.
    Little,
    /// For as long as somebody else likes.
    Long,
}

impl Waits {
    /// How many threads such jobs have, and how many of them are claimed together (one where the next may wait), in the
    /// order of the variants.
    pub(crate) const LANES: [(Self, usize, usize); 3] =
        [(Self::Never, 1, CLAIM), (Self::Little, 2, 1), (Self::Long, 4, 1)];
}

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
    /// How long it may wait for others.
    pub waits: Waits,
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
    if due <= now {
        // What only newer nodes know wakes nobody here.
        let known = tx.shared.wiring.jobs.iter().find(|known| known.name == kind);
        known.into_iter().for_each(|kind| tx.effects.due[kind.waits as usize] = true);
    }
    Ok(())
}

/// How long a job that has failed `attempts` times waits: 1 s, 2 s, 4 s … an hour at most.
fn back_off(attempts: i64) -> Duration {
    Duration::from_secs(1 << (attempts - 1).clamp(0, 12)).min(Duration::from_secs(3600))
}

/// How long a job may go on when its runner ends.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often is looked whether it is over.
const GLIMPSE: Duration = Duration::from_millis(5);

/// Runs jobs on threads of its own until it is dropped.
pub struct Runner {
    store: Store,
    ended: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Runner {
    /// Starts running the jobs of `store`.
    pub fn start(store: &Store) -> Result<Self> {
        plant_recurring(store)?;
        let ended = Arc::new(AtomicBool::new(false));
        let spawn = |(waits, at_once): (Waits, usize)| {
            let (store, ended) = (store.clone(), Arc::clone(&ended));
            let work = move || run_until(&store, &ended, waits, at_once);
            thread::Builder::new().name("jobs".into()).spawn(work).map_err(Error::internal)
        };
        let lanes = Waits::LANES.into_iter();
        let threads = lanes.flat_map(|(waits, threads, at_once)| std::iter::repeat_n((waits, at_once), threads));
        let threads = threads.map(spawn).collect::<Result<_>>()?;
        Ok(Self { store: store.clone(), ended, threads })
    }
}

/// Runs the jobs of the kinds that wait so long, `at_once` claimed together, until it has `ended`.
fn run_until(store: &Store, ended: &AtomicBool, waits: Waits, at_once: usize) {
    let mut heard = 0;
    while !ended.load(Ordering::Acquire) {
        match run_some(store, ended, at_once, |kind| kind.waits == waits) {
            Ok(ran) if ran == at_once => {}
            Ok(_) => heard = store.alarm(waits).wait(heard, SCAN),
            Err(error) => {
                tracing::error!(%error, "jobs can't be claimed");
                thread::sleep(SCAN);
            }
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        Waits::LANES.iter().for_each(|(waits, ..)| self.store.alarm(*waits).ring());
        for thread in self.threads.drain(..) {
            let mut patience = PATIENCE;
            while !thread.is_finished() && !patience.is_zero() {
                thread::sleep(GLIMPSE);
                patience = patience.saturating_sub(GLIMPSE);
            }
            // One that still waits for others is left behind: its job is taken over when the lease is over.
            if thread.is_finished() {
                let _ = thread.join(); // a panic in it has been printed
            }
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
                    // Nodes that start at once plant the same one.
                    enqueue(cx, recurring_id(kind), kind, &Json::Null, now, now)?;
                }
            }
            Ok(())
        })
        .wait()
}

/// The ID of the one row of a recurring kind: FNV-1a of its name (Fowler, Noll, Vo), in 128 bits.
fn recurring_id(kind: &str) -> AnyId {
    let mix = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    AnyId::constant(kind.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, mix))
}

/// Runs the jobs that are due now, [`CLAIM`] at most, and says how many there were.
pub fn run_due(store: &Store) -> Result<usize> {
    run_some(store, &AtomicBool::new(false), CLAIM, |_| true)
}

/// The same for the kinds that `is_ours` says. Those that are not begun when it has `ended` are left to others.
fn run_some(store: &Store, ended: &AtomicBool, at_once: usize, is_ours: impl Fn(&JobKind) -> bool) -> Result<usize> {
    let kinds = store.wiring().jobs.iter().filter(|kind| is_ours(kind)).map(|kind| kind.name).collect::<Vec<_>>();
    let jobs = store.write(Who::system(), move |cx| claim(cx, &kinds, at_once)).wait()?;
    for (index, job) in jobs.iter().enumerate() {
        if ended.load(Ordering::Acquire) {
            let left = jobs[index..].to_vec();
            store.write(Who::system(), move |cx| left.iter().try_for_each(|job| release(cx, job))).wait()?;
            break;
        }
        let Some(kind) = store.wiring().jobs.iter().find(|kind| kind.name == job.kind) else {
            continue; // nobody claims what they don't know
        };
        let outcome = run(store, kind, job);
        if let Err(error) = &outcome {
            tracing::warn!(job = %job.id, kind = job.kind, attempt = job.attempts, %error, "a job failed");
        }
        let (kind, job) = (*kind, job.clone());
        let outcome = outcome.map_err(|error| error.to_string());
        if let Err(error) = store.write(Who::system(), move |cx| finish(cx, &kind, &job, &outcome)).wait() {
            // It is run again when its lease is over; those after it need not wait for that.
            tracing::error!(%error, "what came of a job can't be written down");
        }
    }
    Ok(jobs.len())
}

/// Runs `job`, unless it was given up: one that takes its node along each time is never finished.
fn run(store: &Store, kind: &JobKind, job: &Job) -> Result<After> {
    if job.attempts > kind.attempts && kind.every.is_none() {
        return Err(Error::internal("whoever tried it was lost"));
    }
    let run = AssertUnwindSafe(|| (kind.run)(store, job));
    let run = || catch_unwind(run).unwrap_or_else(|panic| Err(Error::internal(describe(&*panic))));
    if kind.waits == Waits::Never {
        return run();
    }
    let (id, attempts) = (job.id, job.attempts);
    let renew = || store.write(Who::system(), move |cx| renew(cx, id, attempts)).wait();
    while_renewed(BEAT, renew, run)
}

/// Keeps a job that is being worked on from others.
fn renew(tx: &mut Tx<'_>, id: AnyId, attempts: i64) -> Result<()> {
    let until = tx.shared.world.now() + LEASE;
    let sql = "update jobs set lease_until = $3 where id = $1 and attempts = $2 and state = 'waiting'";
    tx.run(sql, &values![id, attempts, until]).map(drop)
}

/// Gives back a job that was claimed and not begun.
fn release(tx: &mut Tx<'_>, job: &Job) -> Result<()> {
    let sql = "update jobs set lease_until = null, attempts = attempts - 1 \
               where id = $1 and attempts = $2 and state = 'waiting'";
    tx.run(sql, &values![job.id, job.attempts]).map(drop)
}

fn claim(tx: &mut Tx<'_>, kinds: &[&'static str], at_once: usize) -> Result<Vec<Job>> {
    let now = tx.shared.world.now();
    let is_free = "state = 'waiting' and due_at <= ? and (lease_until is null or lease_until < ?)";
    let free = Condition::new(is_free, values![now, now]).and(Condition::one_of("kind", kinds.iter().copied()));
    let (free, mut parameters) = free.into_sql();
    parameters.push((now + LEASE).into());
    let sql = format!(
        "update jobs set lease_until = ${}, attempts = attempts + 1 \
         where id in (select id from jobs where {free} order by due_at, id limit {at_once}{}) \
         returning id, kind, payload, attempts, due_at",
        parameters.len(),
        tx.skip_locked()
    );
    let mut claimed: Vec<(Time, Job)> =
        tx.rows(&sql, &parameters)?.iter().map(|row| Ok((row.get(4)?, read(row)?))).collect::<Result<_>>()?;
    claimed.sort_by_key(|(due, job)| (*due, job.id));
    Ok(claimed.into_iter().map(|(_, job)| job).collect())
}

fn read(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        payload: serde_json::from_str(row.text(2)?).map_err(Error::internal)?,
        attempts: row.get(3)?,
    })
}

/// Writes down what came of `job`, unless it has been claimed again since: claims count its attempts.
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
            "update jobs set due_at = $3, lease_until = null, attempts = $4, last_error = $5 \
             where id = $1 and attempts = $2 and state = 'waiting'",
            &values![job.id, job.attempts, due, attempts, error],
        ),
        None => {
            let state = if error.is_some() { "failed" } else { "done" };
            tx.run(
                "update jobs set state = $3, finished_at = $4, lease_until = null, last_error = $5 \
                 where id = $1 and attempts = $2 and state = 'waiting'",
                &values![job.id, job.attempts, state, now, error],
            )
        }
    }
    .map(drop)
}

/// How long rows that only tell what happened are kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Removes what only told of the past: finished jobs and announced events, after 30 days.
pub const HOUSEKEEPING: JobKind = JobKind {
    name: "store.housekeeping",
    run: housekeeping,
    attempts: 1,
    every: Some(Duration::from_secs(3600)),
    waits: Waits::Never,
};

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
