//! PostgreSQL: a pool of connections that any number of nodes share.
//!
//! Reads see one snapshot (`repeatable read`); writes run at `read committed` and rely on versions,
//! unique keys and row locks, and run again when they lose a race. Statements are prepared once a
//! connection.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base::{Error, Result};
use crossbeam_channel::{Receiver, unbounded};
use postgres::error::SqlState;
use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};

use crate::db::{Lanes, Shared, Step, until_won};
use crate::migrate::{self, Migration, Progress};
use crate::tls::Dial;
use crate::tx::{Session, Tx};
use crate::value::{Row, Value};

/// Connections a node keeps for writing, and as many for reading.
const CONNECTIONS: usize = 8;
/// Prepared statements a connection keeps; beyond that it starts anew.
const STATEMENTS: usize = 500;
/// How long to go on trying to reconnect before the waiting work fails.
const RECONNECT: Duration = Duration::from_secs(5);
/// The advisory lock under which one node at a time migrates: "wardroom" in ASCII.
const MIGRATION_LOCK: i64 = 0x7761_7264_726f_6f6d;

pub(crate) fn open(
    url: &str,
    migrations: &[Migration],
    progress: &mut Progress<'_>,
    shared: &Arc<Shared>,
) -> Result<Lanes> {
    let dial = Dial::parse(url)?;
    migrate(&dial, migrations, progress)?;
    let dial = Arc::new(dial);
    let (writes, to_write) = unbounded();
    let (reads, to_read) = unbounded();
    for (name, queue, begin) in [
        ("postgres-writer", to_write, "begin"),
        ("postgres-reader", to_read, "begin isolation level repeatable read read only"),
    ] {
        for _ in 0..CONNECTIONS {
            let (dial, queue, shared) = (Arc::clone(&dial), queue.clone(), Arc::clone(shared));
            let work = move || serve(&dial, &queue, begin, &shared);
            thread::Builder::new().name(name.into()).spawn(work).expect("the operating system gives a thread");
        }
    }
    Ok(Lanes { reads, writes, glances: Box::new(Some) }) // the network is worth a thread
}

fn migrate(dial: &Dial, migrations: &[Migration], progress: &mut Progress<'_>) -> Result<()> {
    let mut client = dial.connect().map_err(failed)?;
    client.execute("select pg_advisory_lock($1)", &[&MIGRATION_LOCK]).map_err(failed)?;
    // The lock ends with the connection.
    migrate::run(&mut client, migrations, str::to_owned, progress)
}

fn serve(dial: &Dial, queue: &Receiver<Box<dyn Step>>, begin: &str, shared: &Shared) {
    let mut link = None;
    for mut step in queue {
        let outcome = until_won(|| {
            let session = match &mut link {
                Some(session) if !PgSession::is_closed(session) => session,
                lost => lost.insert(PgSession::connect(dial)?),
            };
            let effects = session.transaction(begin, shared, &mut *step)?;
            shared.committed(effects);
            Ok(())
        });
        step.done(outcome);
    }
}

pub(crate) struct PgSession {
    client: Client,
    statements: HashMap<String, Statement>,
}

impl PgSession {
    pub fn connect(dial: &Dial) -> Result<Self> {
        let pause = Duration::from_millis(250);
        let mut left = RECONNECT;
        loop {
            match dial.connect() {
                Ok(client) => return Ok(Self { client, statements: HashMap::new() }),
                Err(_) if left > pause => {
                    left -= pause;
                    thread::sleep(pause);
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn transaction(&mut self, begin: &str, shared: &Shared, step: &mut dyn Step) -> Result<crate::tx::Effects> {
        self.client.batch_execute(begin).map_err(failed)?;
        let mut tx = Tx::new(self, shared);
        let outcome = step.run(&mut tx);
        let effects = tx.effects;
        match outcome {
            Ok(()) => self.client.batch_execute("commit").map_err(failed)?,
            Err(error) => {
                self.client.batch_execute("rollback").map_err(failed)?;
                return Err(error);
            }
        }
        Ok(effects)
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        let statement = self.client.prepare(sql).map_err(failed)?;
        self.statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }
}

fn borrowed(parameters: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect()
}

impl Session for PgSession {
    fn rows(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let rows = self.client.query(&statement, &borrowed(parameters)).map_err(failed)?;
        let read = |row: postgres::Row| (0..row.len()).map(|i| row.try_get(i).map_err(failed)).collect::<Result<_>>();
        rows.into_iter().map(|row| read(row).map(Row)).collect()
    }

    fn run(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        self.client.execute(&statement, &borrowed(parameters)).map_err(failed)
    }

    fn row_lock(&self) -> &'static str {
        " for update"
    }

    fn skip_locked(&self) -> &'static str {
        " for update skip locked"
    }
}

/// The first byte of a `jsonb` on the wire.
const JSONB_VERSION: u8 = 1;

type Conversion<T> = std::result::Result<T, Box<dyn std::error::Error + Sync + Send>>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Conversion<IsNull> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Real(value) => value.to_sql(ty, out),
            Self::Text(value) => {
                if *ty == Type::JSONB {
                    out.extend_from_slice(&[JSONB_VERSION]);
                }
                out.extend_from_slice(value.as_bytes());
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl FromSql<'_> for Value {
    fn from_sql(ty: &Type, raw: &[u8]) -> Conversion<Self> {
        Ok(match *ty {
            Type::BOOL => Self::Bool(bool::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::JSONB => Self::Text(std::str::from_utf8(&raw[1..])?.into()),
            _ => Self::Text(std::str::from_utf8(raw)?.into()),
        })
    }

    fn from_sql_null(_: &Type) -> Conversion<Self> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn failed(error: postgres::Error) -> Error {
    let races = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::FOREIGN_KEY_VIOLATION,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    match error.code() {
        Some(code) if races.contains(code) => Error::lost_race(),
        // `Display` alone says "db error"; the source says which.
        _ => Error::internal(format!(
            "PostgreSQL: {error}{}",
            error.source().map(|s| format!(": {s}")).unwrap_or_default()
        )),
    }
}
