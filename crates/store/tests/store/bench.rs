//! A database with notes in it, and nodes that share it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use base::{Id, Result, World};
use serde::{Deserialize, Serialize};
use store::{Cached, Condition, Cx, JobKind, Migration, Part, Record, Site, Store, Stored, Tx, Value, Who, values};
use testkit::{CountedEntropy, Database, FakeClock};

/// A text; no two notes say the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Note {
    pub id: Id<Note>,
    pub text: String,
    pub count: i64,
}

impl Record for Note {
    const TABLE: &'static str = "notes";
    const COLUMNS: &'static [&'static str] = &["text"];
    const KIND: &'static str = "note";
    const EPOCH: Option<&'static str> = Some("notes");

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.text.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![&self.text].into()
    }
}

/// What all notes say, oldest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Notes(pub Vec<String>);

impl Cached for Notes {
    const EPOCH: &'static str = "notes";

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        let notes = tx.list::<Note>(Condition::everything(), "id")?;
        Ok(Self(notes.into_iter().map(|note| note.into_inner().text).collect()))
    }
}

pub const NOTES: Migration = Migration {
    version: 1_000,
    name: "notes",
    sql: "create table notes ( \
              id text collate \"C\" primary key, version bigint not null, \
              text text collate \"C\" not null unique, body jsonb not null \
          )",
};

/// Writes a note inside a unit of work.
pub fn write(cx: &mut Cx<'_>, text: &str) -> Result<Id<Note>> {
    let note = Note { id: cx.new_id(), text: text.into(), count: 0 };
    cx.insert(&note).map(|()| note.id)
}

/// Writes a note in a unit of work of its own.
pub fn say(store: &Store, text: String) -> Result<()> {
    work(store, move |cx| write(cx, &text).map(drop))
}

/// The database, its clock, and what its nodes bring along.
pub struct Bench {
    pub clock: FakeClock,
    part: Part,
    database: Database,
    nodes: AtomicU64,
}

impl Bench {
    pub fn new(part: Part) -> Self {
        let part = Part { migrations: &[NOTES], ..part };
        Self { clock: FakeClock::default(), part, database: Database::fresh(), nodes: AtomicU64::new(0) }
    }

    pub fn with_jobs(jobs: &'static [JobKind]) -> Self {
        Self::new(Part { jobs, ..Part::default() })
    }

    /// Another node.
    pub fn node(&self) -> Store {
        self.node_that_runs(self.part.jobs)
    }

    /// Another node, which knows just these kinds of job.
    pub fn node_that_runs(&self, jobs: &'static [JobKind]) -> Store {
        self.open(Part { jobs, ..self.part }, |world| world)
    }

    /// Another node, with services in its world.
    pub fn node_with(&self, outside: impl FnOnce(World) -> World) -> Store {
        self.open(self.part, outside)
    }

    /// Another node, of a program that brings this along.
    pub fn open(&self, part: Part, outside: impl FnOnce(World) -> World) -> Store {
        let seed = self.nodes.fetch_add(1, Ordering::AcqRel);
        let world = World::new(self.clock.clone(), CountedEntropy::new(seed + 1));
        let site = Site { organisation: "acme".into(), public_url: "https://wardroom.example".into() };
        Store::open(&self.database.location, outside(world), site, &[part], &mut |_, _, _| {}).unwrap()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Does `work` for the operator.
pub fn work<T: Send + 'static>(
    store: &Store,
    work: impl FnMut(&mut Cx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    store.write(Who::system(), work).wait()
}

/// What all notes say, oldest first.
pub fn notes(store: &Store) -> Vec<String> {
    work(store, |cx| Notes::load(cx)).unwrap().0
}

/// A note as it is stored.
pub fn note(store: &Store, id: Id<Note>) -> Stored<Note> {
    work(store, move |cx| cx.get(id)).unwrap()
}

/// How many rows a table has.
pub fn rows(store: &Store, table: &'static str) -> i64 {
    work(store, move |cx| cx.row(&format!("select count(*) from {table}"), &[])?.unwrap().get(0)).unwrap()
}

/// Asks again and again until it is so; for what other threads do.
#[track_caller]
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("in ten seconds not: {what}");
}
