//! SQLite: many readers, and one writer that commits what has queued up together.
//!
//! The file is in WAL mode with `synchronous=FULL`: an acknowledged write survives power loss. One
//! commit costs one flush to disk, so the writer runs everything that is waiting, a savepoint each,
//! and commits once; only then does it answer.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base::{Error, Result};
use crossbeam_channel::{Receiver, unbounded};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use crate::db::{Glances, Lanes, Shared, Step};
use crate::migrate::{self, Migration, Progress};
use crate::tx::{Effects, Session, Tx};
use crate::value::{Row, Value};

/// Work committed together at most.
const BATCH: usize = 256;
const READERS: usize = 4;
/// How long to wait for another process (the command line) that is writing.
const BUSY: Duration = Duration::from_secs(10);

pub(crate) fn open(
    path: &Path,
    migrations: &[Migration],
    progress: &mut Progress<'_>,
    shared: &Arc<Shared>,
) -> Result<Lanes> {
    migrate(path, migrations, progress)?;
    let (writes, to_write) = unbounded();
    let (reads, to_read) = unbounded();
    let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    spawn("sqlite-writer", shared, move |shared| write_together(&writer, &to_write, shared));
    for _ in 0..READERS {
        let (reader, to_read) = (connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?, to_read.clone());
        spawn("sqlite-reader", shared, move |shared| to_read.iter().for_each(|step| read(&reader, shared, step)));
    }
    let glances = glances(path, shared)?;
    Ok(Lanes { reads, writes, glances })
}

fn spawn(name: &str, shared: &Arc<Shared>, work: impl FnOnce(&Shared) + Send + 'static) {
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new().name(name.into()).spawn(move || work(&shared));
    thread.expect("the operating system gives a thread");
}

pub(crate) fn connect(path: &Path, mode: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection
        .execute_batch("pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory")
        .map_err(failed)?;
    Ok(connection)
}

/// Brings the file up to date, one process at a time.
fn migrate(path: &Path, migrations: &[Migration], progress: &mut Progress<'_>) -> Result<()> {
    let lock = File::create(path.with_extension("lock")).map_err(Error::internal)?;
    lock.lock().map_err(Error::internal)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.execute_batch("pragma journal_mode = wal").map_err(failed)?;
    migrate::run(&mut connection, migrations, dialect, progress)
}

/// Migrations are written for PostgreSQL; this is all that differs.
fn dialect(sql: &str) -> String {
    sql.replace(" collate \"C\"", "")
        .replace("bigint generated always as identity primary key", "integer primary key autoincrement")
        .replace("create unlogged table", "create table")
}

fn read(connection: &Connection, shared: &Shared, mut step: Box<dyn Step>) {
    let mut session = SqliteSession(connection);
    let outcome = command(connection, "begin").and_then(|()| {
        let outcome = step.run(&mut Tx::new(&mut session, shared));
        command(connection, "rollback")?;
        outcome
    });
    step.done(outcome);
}

/// Reads on the caller's thread as long as a connection is free.
fn glances(path: &Path, shared: &Arc<Shared>) -> Result<Glances> {
    let connect = |_| connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let idle = Mutex::new((0..READERS).map(connect).collect::<Result<Vec<_>>>()?);
    let shared = Arc::clone(shared);
    Ok(Box::new(move |step| {
        let Some(connection) = idle.lock().expect("no one panics holding the connections").pop() else {
            return Some(step);
        };
        read(&connection, &shared, step);
        idle.lock().expect("no one panics holding the connections").push(connection);
        None
    }))
}

fn write_together(connection: &Connection, queue: &Receiver<Box<dyn Step>>, shared: &Shared) {
    for first in queue {
        let begun = command(connection, "begin immediate");
        let waiting = std::iter::once(first).chain(queue.try_iter()).take(BATCH);
        let ran: Vec<_> = waiting
            .map(|mut step| {
                let outcome = match &begun {
                    Ok(()) => in_savepoint(connection, shared, &mut *step),
                    Err(error) => Err(Error::internal(error)),
                };
                (step, outcome)
            })
            .collect();
        let committed = command(connection, "commit");
        if committed.is_err() {
            // A failed commit may leave the transaction open.
            let _ = command(connection, "rollback");
        }
        for (step, outcome) in ran {
            step.done(match (outcome, &committed) {
                (Ok(effects), Ok(())) => {
                    shared.committed(effects);
                    Ok(())
                }
                (Ok(_), Err(error)) => Err(Error::internal(error)),
                (Err(error), _) => Err(error),
            });
        }
    }
}

fn in_savepoint(connection: &Connection, shared: &Shared, step: &mut dyn Step) -> Result<Effects> {
    command(connection, "savepoint step")?;
    let mut session = SqliteSession(connection);
    let mut tx = Tx::new(&mut session, shared);
    let outcome = step.run(&mut tx);
    let effects = tx.effects;
    if outcome.is_err() {
        command(connection, "rollback to step")?;
    }
    command(connection, "release step")?;
    outcome.map(|()| effects)
}

/// Runs one of the few statements around every transaction, prepared once.
fn command(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(drop).map_err(failed)
}

pub(crate) struct SqliteSession<'c>(pub &'c Connection);

impl SqliteSession<'_> {
    fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>> {
        // `$1` would be a name here, numbered by where it first stands; `?1` is the first parameter.
        self.0.prepare_cached(&sql.replace('$', "?")).map_err(failed)
    }
}

impl Session for SqliteSession<'_> {
    fn rows(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(failed)?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let read = |index| row.get_ref(index).map_err(failed).and_then(value);
            answer.push(Row((0..columns).map(read).collect::<Result<_>>()?));
        }
        Ok(answer)
    }

    fn run(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let changed = self.prepare(sql)?.execute(rusqlite::params_from_iter(parameters)).map_err(failed)?;
        Ok(changed as u64)
    }

    fn row_lock(&self) -> &'static str {
        "" // the writer is alone anyway
    }

    fn skip_locked(&self) -> &'static str {
        ""
    }
}

fn value(held: ValueRef<'_>) -> Result<Value> {
    Ok(match held {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).map_err(Error::internal)?.into()),
        ValueRef::Blob(_) => return Err(Error::internal("no column holds bytes")),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Integer((*value).into()),
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
        }))
    }
}

fn failed(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Error::lost_race(),
        _ => Error::internal(format!("SQLite: {error}")),
    }
}
