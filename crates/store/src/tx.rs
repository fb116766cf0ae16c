//! A transaction on either database.

use base::{Error, Id, Result};

use crate::db::Shared;
use crate::jobs::Waits;
use crate::query::Condition;
use crate::value::{Row, Value};
use crate::values;

/// One connection inside a transaction. Statements number their parameters `$1`, `$2` …; both
/// databases get the same text.
pub(crate) trait Session {
    /// The rows a statement answers.
    fn rows(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>>;
    /// How many rows a statement changed.
    fn run(&mut self, sql: &str, parameters: &[Value]) -> Result<u64>;
    /// What makes a `select` keep its rows from others until the transaction ends.
    fn row_lock(&self) -> &'static str;
    /// What makes a locking `select` pass over rows that others hold.
    fn skip_locked(&self) -> &'static str;
}

/// Rows that one statement adds at most.
const ROWS_AT_ONCE: usize = 50;

/// An open transaction. It is rolled back when the work in it fails, and committed otherwise.
pub struct Tx<'a> {
    session: &'a mut dyn Session,
    pub(crate) shared: &'a Shared,
    pub(crate) effects: Effects,
    /// The epochs' stamps, once they have been read.
    pub(crate) stamps: Option<Vec<(String, String)>>,
}

/// What has to be told in this process once the transaction has committed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Effects {
    /// A cached table changed.
    pub touched: bool,
    /// Jobs became due, of kinds that wait so long.
    pub due: [bool; Waits::LANES.len()],
}

impl<'a> Tx<'a> {
    pub(crate) fn new(session: &'a mut dyn Session, shared: &'a Shared) -> Self {
        Self { session, shared, effects: Effects::default(), stamps: None }
    }

    /// The same transaction, for a shorter time.
    pub(crate) fn reborrow(&mut self) -> Tx<'_> {
        Tx { session: &mut *self.session, shared: self.shared, effects: self.effects, stamps: None }
    }

    /// The rows that `sql` answers.
    pub fn rows(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        self.session.rows(sql, parameters)
    }

    /// The first row that `sql` answers, if any.
    pub fn row(&mut self, sql: &str, parameters: &[Value]) -> Result<Option<Row>> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    /// Adds rows to `table`, all with the same `columns`: `id, name`.
    pub fn insert_rows(&mut self, table: &str, columns: &str, rows: &[Vec<Value>]) -> Result<()> {
        for some in rows.chunks(ROWS_AT_ONCE) {
            let mut next = 1..;
            let row = |row: &Vec<Value>| {
                let places: Vec<_> = row.iter().zip(&mut next).map(|(_, n)| format!("${n}")).collect();
                format!("({})", places.join(", "))
            };
            let places: Vec<_> = some.iter().map(row).collect();
            let sql = format!("insert into {table} ({columns}) values {}", places.join(", "));
            self.run(&sql, &some.concat())?;
        }
        Ok(())
    }

    /// Runs `sql`; the answer is the number of rows it changed.
    pub fn run(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        self.session.run(sql, parameters)
    }

    /// The next number of the counter `name`, from 1, without gaps: a rolled-back transaction gives
    /// its number back, and whoever counts next waits until it is certain.
    pub fn next_number(&mut self, name: &str) -> Result<i64> {
        let sql = "insert into counters (name, n) values ($1, 1) \
                   on conflict (name) do update set n = counters.n + 1 returning n";
        self.row(sql, &values![name])?.ok_or_else(|| Error::internal("a counter answers"))?.get(0)
    }

    /// Raises the counter `name` to `number` if it is lower, so that counting goes on after it.
    pub fn count_from(&mut self, name: &str, number: i64) -> Result<()> {
        let sql = "insert into counters (name, n) values ($1, $2) \
                   on conflict (name) do update set n = excluded.n where counters.n < excluded.n";
        self.run(sql, &values![name, number]).map(drop)
    }

    /// The ID that `key` stands for among things of `kind`: `candidate` for whoever asks first, that
    /// first answer for everybody after, and for everybody in parallel.
    pub fn claim_key<T: ?Sized>(&mut self, kind: &str, key: &str, candidate: Id<T>) -> Result<Id<T>> {
        let taken =
            "insert into idempotency_keys (kind, key, id) values ($1, $2, $3) on conflict (kind, key) do nothing";
        if self.run(taken, &values![kind, key, candidate])? == 1 {
            return Ok(candidate);
        }
        self.row("select id from idempotency_keys where kind = $1 and key = $2", &values![kind, key])?
            .ok_or_else(Error::lost_race)?
            .get(0)
    }

    /// The row that `sql` answers, kept from other writers until this transaction ends.
    pub fn locked_row(&mut self, sql: &str, parameters: &[Value]) -> Result<Option<Row>> {
        let sql = format!("{sql}{}", self.session.row_lock());
        self.row(&sql, parameters)
    }

    /// Keeps the rows of `table` whose `id` is `id` from other writers until this transaction ends.
    pub fn lock<T: ?Sized>(&mut self, table: &str, id: Id<T>) -> Result<()> {
        self.locked_row(&format!("select 1 from {table} where id = $1"), &values![id]).map(drop)
    }

    /// Keeps the rows of `table` whose `column` is one of `ids` from other writers until this
    /// transaction ends. Rows are taken in order, so that two who want several don't wait for each
    /// other. What is [`cached`](Tx::cached) is compared anew afterwards, since whoever held the rows
    /// before may have changed it.
    pub fn hold<T: ?Sized>(&mut self, table: &str, column: &str, ids: impl IntoIterator<Item = Id<T>>) -> Result<()> {
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort_unstable();
        let (condition, parameters) = Condition::one_of(column, ids).into_sql();
        self.locked_row(&format!("select 1 from {table} where {condition} order by {column}"), &parameters)?;
        self.stamps = None;
        Ok(())
    }

    pub(crate) fn skip_locked(&self) -> &'static str {
        self.session.skip_locked()
    }
}
