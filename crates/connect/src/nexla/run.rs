//! A run of a pipe: whose turn it is, how far it is, and which rows are known.
//!
//! A pipe runs once at a time. Whoever runs it holds a lease that is renewed as long as they live; nothing is kept
//! that comes from anybody else. A run that was lost or put aside is gone on with where it was.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base::{AnyId, Error, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Condition, Cx, Store, Value, Who, values};

use super::pipe::{Flow, Pipe};
use super::{Failure, digest};

/// How long a run is taken to live that doesn't say so.
const LEASE: Duration = Duration::from_secs(20);
/// How often it does.
const BEAT: Duration = Duration::from_secs(5);
/// How often one looks whether it is one's turn.
const GLIMPSE: Duration = Duration::from_millis(200);
/// How many runs of a pipe are remembered.
const REMEMBERED: usize = 100;

/// How many IDs one statement is given.
const IDS_AT_ONCE: usize = 1_000;

base::words! {
    /// How a run is.
    pub enum State {
        /// It is under way.
        Running = "running",
        /// It came to its end.
        Succeeded = "succeeded",
        /// It was given up.
        Failed = "failed",
        /// It stopped before its end, and the next run goes on with it.
        Interrupted = "interrupted",
    }
}

/// How many rows, or records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Were read.
    pub read: u64,
    /// Were written: to the output, or to the API.
    pub written: u64,
    /// Were known already.
    pub skipped: u64,
    /// Were refused.
    pub failed: u64,
    /// Were sent, and nobody knows what became of them.
    pub unknown: u64,
}

/// A run of a pipe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Which one.
    pub id: Id<Run>,
    /// Of which pipe.
    pub pipe_id: Id<Pipe>,
    /// How it is.
    pub state: State,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// How many rows or records so far.
    pub counts: Counts,
    /// How many rows there are, where the server says so.
    #[serde(default)]
    pub total: Option<u64>,
    /// Why it stopped.
    pub error: Option<String>,
    /// How far it is.
    pub(super) progress: Progress,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// What the pipe was when it began.
    #[serde(flatten)]
    pub basis: Basis,
    /// When it began, by the server's clock.
    pub began: Option<Time>,
    /// Since when what has changed is read.
    pub since: Option<Time>,
    /// After what the next page begins.
    pub cursor: Option<String>,
    /// How many records of the input have been dealt with, and a digest of them all.
    pub records: u64,
    /// See there.
    pub records_digest: String,
    /// How long the file is, once it has been opened.
    pub length: Option<u64>,
    /// How much of the file is to be kept, where an earlier run may have left more there.
    pub kept: Option<u64>,
    /// The run that began with nothing known, since when all has been remembered that is known of rows.
    pub known_since: Option<Id<Run>>,
    /// Whether all has been written, and only the end is left to make.
    pub is_written: bool,
}

/// What a pipe was when a run of it began, in digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Basis {
    /// All that it did: a run of the same is gone on with.
    #[serde(rename = "basis")]
    pub whole: String,
    /// What decides which rows are known: the connection, the output, and the field that tells rows apart. Empty for
    /// records.
    pub rows: String,
    /// The output. Empty for records.
    pub output: String,
    /// Whether it replaced the output rather than added to it.
    pub is_full: bool,
}

impl Basis {
    /// Whether the rows that are known since the run `last` are those that the output holds.
    fn knows_rows_of(&self, last: &Run) -> bool {
        let last = &last.progress.basis;
        !self.is_full && (last.whole == self.whole || (last.rows == self.rows && !last.is_full))
    }

    /// How much of the file is to be kept that the run `last` has written: not what it may have left after its last
    /// commit, nor anything of what the pipe used to replace.
    fn kept_of(&self, last: &Run) -> Option<u64> {
        let Progress { basis, length, kept, .. } = &last.progress;
        match last.state {
            _ if basis.output != self.output => None,
            _ if basis.is_full => Some(0),
            State::Succeeded => None,
            _ => length.or(*kept),
        }
    }
}

/// What is known of a row or record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// What it held.
    pub digest: String,
    /// Whether it is where it belongs; otherwise it has been sent, and nobody knows what became of it.
    pub is_done: bool,
    /// The HTTP status that it was answered with.
    pub status: Option<u16>,
    /// What was made of it.
    pub remote_id: Option<String>,
}

/// A row that is to be written.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What tells it from others.
    pub id: String,
    /// What it holds, in short.
    pub digest: String,
    /// What it holds.
    pub content: Json,
}

impl Row {
    /// `content` as a row that the field `id` tells from others, or all that it holds where it has no such field.
    pub fn of(content: Json, id: &str) -> Self {
        let digest = digest(&[&content.to_string()]);
        let id = text_of(&content, id).unwrap_or_else(|| digest.clone());
        Self { id, digest, content }
    }
}

/// The text or number in the field `name`.
pub(super) fn text_of(row: &Json, name: &str) -> Option<String> {
    match row.get(name)? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What the database remembers a row by: its ID, where a key of an index can hold that.
fn row_id(id: &str) -> String {
    if id.len() <= 200 && !id.contains('\0') { id.to_owned() } else { digest(&[id]) }
}

/// What becomes of what is known of a row.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// This is known from now on.
    Know(Known),
    /// Nothing is.
    Forget,
}

/// What a commit changes of what is known, by the rows' IDs.
pub(super) type Changes = Vec<(String, Change)>;

/// A turn of running a pipe.
pub(super) struct Turn<'s> {
    store: &'s Store,
    pipe: Id<Pipe>,
    run: Id<Run>,
    holder: AnyId,
}

impl<'s> Turn<'s> {
    /// Takes the turn, or waits for it, and begins a run or goes on with the last one.
    pub fn begin(store: &'s Store, pipe: &Pipe, flow: &Flow, patience: Duration) -> Result<(Self, Run), Failure> {
        let world = store.world();
        let (holder, deadline) = (world.new_id(), world.now() + patience);
        let wanted = Wanted { pipe: pipe.id, basis: pipe.basis(flow)? };
        loop {
            let wanted = wanted.clone();
            if let Some(run) = store.write(Who::system(), move |cx| wanted.take(cx, holder)).wait()? {
                return Ok((Self { store, pipe: pipe.id, run: run.id, holder }, run));
            }
            if world.now() >= deadline {
                return Err(Failure::busy(format!("{} is running already", pipe.definition.name)));
            }
            world.sleep(GLIMPSE);
        }
    }

    /// Does `work` while the lease is renewed.
    pub fn while_kept<T>(&self, work: impl FnOnce() -> T) -> T {
        store::while_renewed(BEAT, || self.renew(), work)
    }

    fn renew(&self) -> Result<()> {
        let (run, holder) = (self.run, self.holder);
        let renew = move |cx: &mut Cx<'_>| {
            let until = cx.now() + LEASE;
            let sql = "update hub_pipe_runs set until = $1 where id = $2 and holder = $3 and state = 'running'";
            cx.run(sql, &values![until, run, holder]).map(drop)
        };
        self.store.write(Who::system(), renew).wait()
    }

    /// Has `run` be `next`, and keeps that and what is known by now, all or nothing.
    ///
    /// # Errors
    /// That somebody else has taken over, or that it can't be kept: then `run` is what it was.
    pub fn commit(&self, run: &mut Run, next: Run, changes: Changes) -> Result<(), Failure> {
        self.keep(&next, changes)?;
        *run = next;
        Ok(())
    }

    /// Keeps how far `run` is and what is known by now.
    pub fn keep(&self, run: &Run, changes: Changes) -> Result<(), Failure> {
        let (run, holder) = (run.clone(), self.holder);
        let commit = move |cx: &mut Cx<'_>| {
            let body = serde_json::to_string(&run).map_err(Error::internal)?;
            let sql = "update hub_pipe_runs set state = $1, until = $2, body = $3 where id = $4 and holder = $5";
            let until = cx.now() + LEASE;
            if cx.run(sql, &values![run.state.as_str(), until, body, run.id, holder])? == 0 {
                return Ok(false);
            }
            note(cx, run.pipe_id, &changes)?;
            Ok(true)
        };
        if self.store.write(Who::system(), commit).wait()? {
            Ok(())
        } else {
            Err(Failure::busy("somebody else has taken over this run"))
        }
    }

    /// What is known of the rows with these IDs.
    pub fn known<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> Result<HashMap<String, Known>, Failure> {
        let ids: Vec<_> = ids.into_iter().map(|id| (row_id(id), id.to_owned())).collect();
        let (pipe, wanted) = (self.pipe, ids.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>());
        let mut known = self.store.read(Who::system(), move |cx| known(cx, pipe, &wanted)).wait()?;
        Ok(ids.into_iter().filter_map(|(stored, id)| Some((id, known.remove(&stored)?))).collect())
    }

    /// Those of `rows` that are new, or that hold something else than is known of them where `or_changed`.
    pub fn fresh(&self, rows: Vec<Row>, or_changed: bool) -> Result<Vec<Row>, Failure> {
        let known = self.known(rows.iter().map(|row| row.id.as_str()))?;
        let mut seen = HashSet::new();
        let mut is_fresh = |row: &Row| {
            known.get(&row.id).is_none_or(|known| or_changed && known.digest != row.digest)
                && seen.insert(row.id.clone())
        };
        Ok(rows.into_iter().filter(|row| is_fresh(row)).collect())
    }

    /// When the last run began, by the server's clock, that came to its end with the pipe as it is, if nothing has
    /// been forgotten since.
    pub fn last_begin(&self, now: &Progress) -> Result<Option<Time>, Failure> {
        let pipe = self.pipe;
        let last = move |cx: &mut Cx<'_>| {
            let ended = Condition::equal("pipe_id", pipe).and(Condition::equal("state", State::Succeeded.as_str()));
            let rows = cx.select("body", "hub_pipe_runs", ended.ordered_by("id desc limit 1"))?;
            rows.first().map(|row| read(row.text(0)?)).transpose()
        };
        let last: Option<Run> = self.store.read(Who::system(), last).wait()?;
        let is_of_use = |last: &Progress| last.basis.whole == now.basis.whole && last.known_since == now.known_since;
        Ok(last.map(|run| run.progress).filter(is_of_use).and_then(|last| last.began))
    }
}

#[derive(Clone)]
struct Wanted {
    pipe: Id<Pipe>,
    basis: Basis,
}

impl Wanted {
    /// The run that `holder` has the turn for now; `None` while somebody else has it.
    fn take(&self, cx: &mut Cx<'_>, holder: AnyId) -> Result<Option<Run>> {
        cx.lock("hub_pipes", self.pipe)?;
        let last = cx.select(
            "state, until, body",
            "hub_pipe_runs",
            Condition::equal("pipe_id", self.pipe).ordered_by("id desc limit 1"),
        )?;
        let last =
            last.first().map(|row| Ok::<_, Error>((row.text(0)? == "running", row.get::<Time>(1)?, row.text(2)?)));
        let last = match last.transpose()? {
            Some((true, until, _)) if until > cx.now() => return Ok(None),
            Some((_, _, body)) => Some(read(body)?),
            None => None,
        };
        let id = cx.new_id();
        let mut progress = Progress { basis: self.basis.clone(), ..Progress::default() };
        if let Some(mut run) = last {
            if matches!(run.state, State::Running | State::Interrupted) {
                if run.progress.basis.whole == self.basis.whole {
                    (run.state, run.error) = (State::Running, None);
                    write(cx, &run, holder)?;
                    return Ok(Some(run));
                }
                (run.state, run.finished_at) = (State::Failed, Some(cx.now()));
                run.error = Some("the pipe was changed before this run came to its end".into());
                write(cx, &run, holder)?;
            }
            progress.kept = self.basis.kept_of(&run);
            progress.known_since = run.progress.known_since;
            if !self.basis.knows_rows_of(&run) {
                cx.delete_where("hub_pipe_rows", Condition::equal("pipe_id", self.pipe))?;
                progress.known_since = Some(id);
            }
        }
        let run = Run {
            id,
            pipe_id: self.pipe,
            state: State::Running,
            started_at: cx.now(),
            finished_at: None,
            counts: Counts::default(),
            total: None,
            error: None,
            progress,
        };
        write(cx, &run, holder)?;
        forget_old_runs(cx, self.pipe)?;
        Ok(Some(run))
    }
}

/// Keeps a run, which is `holder`'s from now on.
fn write(cx: &mut Cx<'_>, run: &Run, holder: AnyId) -> Result<()> {
    let body = serde_json::to_string(run).map_err(Error::internal)?;
    let sql = "insert into hub_pipe_runs (id, pipe_id, state, holder, until, body) values ($1, $2, $3, $4, $5, $6) \
               on conflict (id) do update set state = excluded.state, holder = excluded.holder, \
               until = excluded.until, body = excluded.body";
    let until = cx.now() + LEASE;
    cx.run(sql, &values![run.id, run.pipe_id, run.state.as_str(), holder, until, body]).map(drop)
}

fn read(body: &str) -> Result<Run> {
    serde_json::from_str(body).map_err(Error::internal)
}

fn forget_old_runs(cx: &mut Cx<'_>, pipe: Id<Pipe>) -> Result<()> {
    let recent = format!("(select id from hub_pipe_runs where pipe_id = $1 order by id desc limit {REMEMBERED})");
    let sql = format!("delete from hub_pipe_runs where pipe_id = $1 and id not in {recent}");
    cx.run(&sql, &values![pipe]).map(drop)
}

/// The rows of a pipe that have one of some of these IDs, in as many conditions as statements can take.
fn some_rows(pipe: Id<Pipe>, ids: &[String]) -> impl Iterator<Item = Condition> {
    ids.chunks(IDS_AT_ONCE).map(move |some| Condition::equal("pipe_id", pipe).and(Condition::one_of("row_id", some)))
}

fn known(cx: &mut Cx<'_>, pipe: Id<Pipe>, ids: &[String]) -> Result<HashMap<String, Known>> {
    let mut found = HashMap::new();
    for some in some_rows(pipe, ids) {
        for row in cx.select("row_id, digest, is_done, status, remote_id", "hub_pipe_rows", some)? {
            let status: Option<i64> = row.get(3)?;
            let status = status.and_then(|status| u16::try_from(status).ok());
            let known = Known { digest: row.get(1)?, is_done: row.get(2)?, status, remote_id: row.get(4)? };
            found.insert(row.get(0)?, known);
        }
    }
    Ok(found)
}

fn note(cx: &mut Cx<'_>, pipe: Id<Pipe>, changes: &Changes) -> Result<()> {
    let ids: Vec<_> = changes.iter().map(|(id, _)| row_id(id)).collect();
    for some in some_rows(pipe, &ids) {
        cx.delete_where("hub_pipe_rows", some)?;
    }
    let row = |(id, change): &(String, Change)| {
        let Change::Know(known) = change else { return None };
        let (status, remote_id) = (known.status.map(i64::from), known.remote_id.clone());
        let row: Vec<Value> = values![pipe, row_id(id), &known.digest, known.is_done, status, remote_id].into();
        Some(row)
    };
    let rows: Vec<_> = changes.iter().filter_map(row).collect();
    cx.insert_rows("hub_pipe_rows", "pipe_id, row_id, digest, is_done, status, remote_id", &rows)
}

impl Run {
    /// The last runs of a pipe, newest first; at most `most`.
    pub fn last(cx: &mut Cx<'_>, pipe: Id<Pipe>, most: usize) -> Result<Vec<Self>> {
        let condition = Condition::equal("pipe_id", pipe).ordered_by(&format!("id desc limit {most}"));
        let now = cx.now();
        let rows = cx.select("body, until", "hub_pipe_runs", condition)?;
        let run = |row: &store::Row| {
            let run = read(row.text(0)?)?;
            // Whoever ran it is gone.
            let is_lost = run.state == State::Running && row.get::<Time>(1)? <= now;
            Ok(if is_lost { Self { state: State::Interrupted, ..run } } else { run })
        };
        rows.iter().map(run).collect()
    }
}
