//! Running a pipe.

use std::collections::HashMap;
use std::iter::Peekable;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use base::{Id, Time};
use serde::Serialize;
use serde_json::{Value as Json, json};
use store::{Store, Who};

use super::destinations::{Delivery, Parcel};
use super::files::{Begin, Reach};
use super::inputs::{Record, Records};
use super::outputs::{Sink, Target};
use super::pipe::{Flow, Pipe};
use super::run::{Change, Changes, Counts, Known, Progress, Row, Run, State, Turn};
use super::sources::{Mode, Reading};
use super::{Failure, digest};
use crate::client::{ApiPath, Client, Kind, Request, Trouble};
use crate::connections;

/// How many requests are under way at once.
pub const AT_ONCE: usize = 8;
/// How many records are kept track of together where the server knows them again.
const BATCH: usize = 64;

/// Where files are that are named without their place. It is a service of the [`World`](base::World).
#[derive(Clone, Debug)]
pub struct Directory(pub PathBuf);

/// What a pipe runs with.
pub struct Engine<'a> {
    /// Where pipes and runs are kept.
    pub store: &'a Store,
    /// The API that the pipe's connection leads to; it should take [`AT_ONCE`] requests at once.
    pub api: Client,
    /// Where files are that are named without their place.
    pub directory: PathBuf,
}

/// How a pipe is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether records are sent again of which nobody knows what became of them.
    pub retry_unknown: bool,
    /// How long to wait for somebody else who is running the pipe.
    pub patience: Duration,
}

/// Hears of a run after each step, and says whether it may go on now; if not, the next run does.
pub type Watch<'w> = dyn FnMut(&Run) -> bool + 'w;

impl<'a> Engine<'a> {
    /// What `pipe` runs with.
    ///
    /// # Errors
    /// That its connection is gone, or that there is no place for files here.
    pub fn of(store: &'a Store, pipe: &Pipe) -> Result<Self, Failure> {
        let id = pipe.connection_id;
        let connection = store.read(Who::system(), move |cx| cx.find(id)).wait()?;
        let gone = || Failure::lasting(format!("there is no connection {} any more", pipe.definition.connection));
        let api = connections::client_of(store, &*connection.ok_or_else(gone)?)?;
        let directory = store.world().service::<Directory>();
        let Directory(directory) = directory.ok_or_else(|| Failure::lasting("there is no place for files here"))?;
        Ok(Self { store, api, directory: directory.clone() })
    }

    /// Runs a pipe, or goes on with its last run, until it comes to its end or may not go on.
    ///
    /// # Errors
    /// That it didn't begin, or that somebody else has taken over. What went wrong in the run itself stands in it.
    pub fn run(&self, pipe: Id<Pipe>, options: Options, watch: &mut Watch<'_>) -> Result<Run, Failure> {
        let pipe = self.store.read(Who::system(), move |cx| cx.get(pipe)).wait()?.into_inner();
        let flow = pipe.definition.flow(Reach::Anywhere)?;
        let (turn, mut run) = Turn::begin(self.store, &pipe, &flow, options.patience)?;
        let work = Work { engine: self, turn: &turn, pipe: &pipe, options };
        let outcome = turn.while_kept(|| match &flow {
            Flow::Ingest { reading, sink } => work.ingest(&mut run, reading, sink, watch),
            Flow::Deliver { records, delivery } => work.deliver(&mut run, records, delivery, watch),
        });
        (run.state, run.error) = match outcome {
            Ok(true) => (State::Succeeded, None),
            Ok(false) => (State::Interrupted, None),
            Err(failure) if failure.may_pass() => (State::Interrupted, Some(failure.to_string())),
            Err(failure) => (State::Failed, Some(failure.to_string())),
        };
        run.finished_at = (run.state != State::Interrupted).then(|| self.store.world().now());
        turn.keep(&run, Changes::new())?;
        Ok(run)
    }
}

impl Engine<'_> {
    /// What a pipe would read or send, for the first rows or records, at most `most`. Nothing is sent and nothing
    /// is kept.
    pub fn preview(&self, pipe: &Pipe, most: usize) -> Result<Vec<Json>, Failure> {
        match pipe.definition.flow(Reach::Anywhere)? {
            Flow::Ingest { reading, .. } => Ok(reading.sample(&self.api, most)?),
            Flow::Deliver { records, delivery } => {
                let records = records.open(&self.directory)?.take(most);
                Ok(records.map(|record| would_send(pipe, &delivery, &record)).collect())
            }
        }
    }
}

fn would_send(pipe: &Pipe, delivery: &Delivery, record: &Record) -> Json {
    let row = record.content.as_ref().map_err(String::clone);
    let parcel = row.and_then(|row| delivery.parcel(pipe.id.cast(), &record.key, record.line, row));
    match parcel {
        Ok(Parcel { method, path, body, .. }) => {
            json!({"line": record.line, "key": record.key, "method": method, "path": path.as_str(), "body": body})
        }
        Err(problem) => json!({"line": record.line, "key": record.key, "error": problem}),
    }
}

struct Work<'a> {
    engine: &'a Engine<'a>,
    turn: &'a Turn<'a>,
    pipe: &'a Pipe,
    options: Options,
}

impl Work<'_> {
    /// Reads a list; whether to its end.
    fn ingest(&self, run: &mut Run, reading: &Reading, sink: &Sink, watch: &mut Watch<'_>) -> Result<bool, Failure> {
        let directory = &self.engine.directory;
        let target = Target { sink, directory, mode: reading.mode, run: run.id.to_string() };
        if !run.progress.is_written && !self.read_pages(run, reading, &target, watch)? {
            return Ok(false);
        }
        target.finish().map(|()| true)
    }

    fn read_pages(
        &self,
        run: &mut Run,
        reading: &Reading,
        target: &Target<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<bool, Failure> {
        let is_incremental = reading.mode == Mode::Incremental;
        if run.progress.length.is_none() {
            run.progress.began = self.server_time()?;
            run.progress.since = if is_incremental { self.turn.last_begin(&run.progress)? } else { None };
        }
        let mut writer = target.open(&run.progress)?;
        run.progress.length = Some(writer.length());
        self.turn.keep(run, Changes::new())?;
        for page in self.engine.api.pages(reading.listing(run.progress.since), run.progress.cursor.clone()) {
            let page = page?;
            let mut next = run.clone();
            next.counts.read += page.rows.len() as u64;
            next.total = page.total;
            let rows: Vec<_> = page.rows.into_iter().map(|row| Row::of(row, &reading.id)).collect();
            let all = rows.len() as u64;
            let fresh = self.turn.fresh(rows, is_incremental)?;
            next.counts.written += fresh.len() as u64;
            next.counts.skipped += all - fresh.len() as u64;
            next.progress.length = Some(writer.write(&fresh)?);
            (next.progress.is_written, next.progress.cursor) = (page.after.is_none(), page.after);
            self.turn.commit(run, next, fresh.into_iter().map(now_there).collect())?;
            if !watch(run) && !run.progress.is_written {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What time it is by the server's clock, where it tells, or by ours if that is earlier. That the key is
    /// accepted comes with it.
    fn server_time(&self) -> Result<Option<Time>, Failure> {
        let answer = self.engine.api.send(&Request::get(ApiPath::of(&["v1", "identity"])))?;
        answer.read::<Json>()?;
        let date = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        let since_1970 = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        let time = since_1970.and_then(|time| Time::from_microseconds(i64::try_from(time.as_micros()).ok()?));
        Ok(time.map(|time| time.min(self.engine.store.world().now())))
    }

    /// Sends records; whether all of them.
    fn deliver(
        &self,
        run: &mut Run,
        records: &Records,
        delivery: &Delivery,
        watch: &mut Watch<'_>,
    ) -> Result<bool, Failure> {
        let directory = &self.engine.directory;
        let mut input = records.open(directory)?.peekable();
        pass_over(&mut input, &run.progress)?;
        let begin = run.progress.length.map_or(Begin::Anew, Begin::At);
        let mut outcomes = records.outcomes(directory, begin)?;
        run.progress.length = Some(outcomes.length());
        // Of the records in flight when a run is lost, nobody can say what became: so there are few.
        let size = if delivery.is_repeatable() { BATCH } else { AT_ONCE };
        loop {
            let batch = take_batch(&mut input, size);
            if batch.is_empty() {
                return Ok(true);
            }
            let (told, deaf) = self.send(run, delivery, &batch)?;
            let mut next = run.clone();
            let lines: String = told.iter().map(|(outcome, _)| format!("{}\n", outcome.to_json())).collect();
            next.progress.length = Some(outcomes.append(lines.as_bytes())?);
            for record in &batch {
                next.progress.records += 1;
                next.progress.records_digest = digest(&[&next.progress.records_digest, &record.digest]);
            }
            told.iter().for_each(|(outcome, _)| outcome.count(&mut next.counts));
            let changes = told.into_iter().filter_map(|(outcome, change)| Some((outcome.key, change?)));
            self.turn.commit(run, next, changes.collect())?;
            if let Some(failure) = deaf {
                return Err(failure);
            }
            if !watch(run) && input.peek().is_some() {
                return Ok(false);
            }
        }
    }

    /// Sends a batch, and says what became of each record, and why there is no point in sending more if there is
    /// none.
    fn send(&self, run: &Run, delivery: &Delivery, batch: &[Record]) -> Result<(Vec<Told>, Option<Failure>), Failure> {
        let known = self.turn.known(batch.iter().map(|record| record.key.as_str()))?;
        let planned: Vec<_> = batch.iter().map(|record| self.plan(delivery, record, &known)).collect();
        if !delivery.is_repeatable() {
            let sent = planned.iter().zip(batch).filter_map(|(plan, record)| {
                let parcel = plan.as_ref().ok()?;
                Some((record.key.clone(), Change::Know(known_as(&parcel.digest(), false))))
            });
            self.turn.keep(run, sent.collect())?;
        }
        let answers = in_parallel(&planned, |plan| plan.as_ref().ok().map(|parcel| self.answer(parcel)));
        let deaf = nobody_listens(answers.iter().flatten());
        if let Some(failure) = deaf.clone().filter(|_| delivery.is_repeatable()) {
            // These are sent again by the next run: nothing has been told of them.
            return Err(failure);
        }
        let tell = |((plan, answer), record): ((Result<Parcel, Outcome>, Option<Answered>), &Record)| match plan {
            Ok(parcel) => judged(record, &parcel, answer, delivery.is_repeatable()),
            Err(outcome) => (outcome, None),
        };
        Ok((planned.into_iter().zip(answers).zip(batch).map(tell).collect(), deaf))
    }

    fn answer(&self, parcel: &Parcel) -> Answered {
        let answer = self.engine.api.send(&parcel.request())?;
        Ok((answer.status, answer.read()?))
    }

    /// What is to be sent for a record, or what became of it without that.
    fn plan(&self, delivery: &Delivery, record: &Record, known: &HashMap<String, Known>) -> Result<Parcel, Outcome> {
        let row = record.content.as_ref().map_err(|problem| Outcome::failed(record, problem))?;
        let parcel = delivery.parcel(self.pipe.id.cast(), &record.key, record.line, row);
        let parcel = parcel.map_err(|problem| Outcome::failed(record, &problem))?;
        match known.get(&record.key) {
            Some(known) if known.is_done && known.digest == parcel.digest() => {
                Err(Outcome::skipped(record, known, None))
            }
            Some(known) if known.is_done && delivery.makes_once() => {
                let note = "has changed since it was sent; what it made then stays as it is";
                Err(Outcome::skipped(record, known, Some(note)))
            }
            Some(known) if !known.is_done && !self.options.retry_unknown && !delivery.is_repeatable() => {
                Err(Outcome::unknown(record, "was sent by an earlier run, and its answer was lost"))
            }
            _ => Ok(parcel),
        }
    }
}

/// What the server answered to a record: the status and the body.
type Answered = Result<(u16, Json), Trouble>;

/// What became of a record, and what that changes of what is known of it.
type Told = (Outcome, Option<Change>);

fn now_there(row: Row) -> (String, Change) {
    (row.id, Change::Know(known_as(&row.digest, true)))
}

fn known_as(digest: &str, is_done: bool) -> Known {
    Known { digest: digest.to_owned(), is_done, status: None, remote_id: None }
}

/// Why none of several requests was listened to, if that is so.
fn nobody_listens<'a>(mut answers: impl Iterator<Item = &'a Answered> + Clone) -> Option<Failure> {
    let is_deaf = |answer: &Answered| {
        answer.as_ref().is_err_and(|trouble| matches!(trouble.kind, Kind::InvalidKey | Kind::Limited | Kind::NoAnswer))
    };
    let all_deaf = answers.clone().all(is_deaf);
    let first = answers.next()?.as_ref().err()?;
    all_deaf.then(|| first.clone().into())
}

/// Passes over the records that have been dealt with, which have to be the same as then.
fn pass_over(input: &mut impl Iterator<Item = Record>, progress: &Progress) -> Result<(), Failure> {
    let mut seen = String::new();
    for _ in 0..progress.records {
        seen = input.next().map(|record| digest(&[&seen, &record.digest])).unwrap_or_default();
    }
    if seen == progress.records_digest {
        Ok(())
    } else {
        Err(Failure::lasting("the input has changed since this run began; the next run begins anew"))
    }
}

/// The next records, at most `size`, none of them twice.
fn take_batch(input: &mut Peekable<impl Iterator<Item = Record>>, size: usize) -> Vec<Record> {
    let mut batch: Vec<Record> = Vec::new();
    while batch.len() < size {
        let is_other = |next: &Record| next.key.is_empty() || batch.iter().all(|record| record.key != next.key);
        match input.next_if(is_other) {
            Some(record) => batch.push(record),
            None => break,
        }
    }
    batch
}

/// What `work` makes of each item, several at a time, in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let some = || {
        let places = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        places.map_while(|place| items.get(place).map(|item| (place, work(item)))).collect::<Vec<_>>()
    };
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE.min(items.len())).map(|_| scope.spawn(some)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<(usize, R)>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

base::words! {
    /// What became of a record.
    enum Became {
        /// It was carried out.
        Done = "done",
        /// It was refused.
        Failed = "failed",
        /// It had been carried out before.
        Skipped = "skipped",
        /// It was sent, and nobody knows.
        Unknown = "unknown",
    }
}

/// What became of a record, as the file of outcomes tells it.
#[derive(Clone, Debug, Serialize)]
struct Outcome {
    line: u64,
    key: String,
    outcome: Became,
    status: Option<u16>,
    id: Option<String>,
    error: Option<String>,
}

impl Outcome {
    fn of(record: &Record, outcome: Became) -> Self {
        Self { line: record.line, key: record.key.clone(), outcome, status: None, id: None, error: None }
    }

    fn failed(record: &Record, problem: &str) -> Self {
        Self { error: Some(problem.to_owned()), ..Self::of(record, Became::Failed) }
    }

    fn unknown(record: &Record, problem: &str) -> Self {
        Self { error: Some(problem.to_owned()), ..Self::of(record, Became::Unknown) }
    }

    fn skipped(record: &Record, known: &Known, note: Option<&str>) -> Self {
        let (status, id) = (known.status, known.remote_id.clone());
        Self { status, id, error: note.map(str::to_owned), ..Self::of(record, Became::Skipped) }
    }

    fn to_json(&self) -> String {
        json!(self).to_string()
    }

    fn count(&self, counts: &mut Counts) {
        counts.read += 1;
        *match self.outcome {
            Became::Done => &mut counts.written,
            Became::Failed => &mut counts.failed,
            Became::Skipped => &mut counts.skipped,
            Became::Unknown => &mut counts.unknown,
        } += 1;
    }
}

/// What became of a record that was sent.
fn judged(record: &Record, parcel: &Parcel, answer: Option<Answered>, is_repeatable: bool) -> Told {
    let trouble = match answer {
        Some(Ok((status, body))) => {
            let (status, id) = (Some(status), made_id(&body));
            let known = Known { status, remote_id: id.clone(), ..known_as(&parcel.digest(), true) };
            return (Outcome { status, id, ..Outcome::of(record, Became::Done) }, Some(Change::Know(known)));
        }
        Some(Err(trouble)) => trouble,
        None => Trouble::new(Kind::NotSent, "was not sent"),
    };
    let is_lost = matches!(trouble.kind, Kind::NoAnswer | Kind::Failing) && !is_repeatable;
    let outcome = if is_lost { Outcome::unknown } else { Outcome::failed };
    let outcome = Outcome { status: trouble.status, ..outcome(record, &trouble.message) };
    // Sent and lost, it stays so; refused, it is as if it had never been sent.
    (outcome, (!is_lost && !is_repeatable).then_some(Change::Forget))
}

/// The ID of what an answer tells of: its own, or that of the one thing in it.
fn made_id(body: &Json) -> Option<String> {
    let own = body.get("id").or_else(|| body.get("deduplication_key"));
    let within = || body.as_object()?.values().find_map(|value| value.get("id"));
    own.or_else(within)?.as_str().map(str::to_owned)
}
