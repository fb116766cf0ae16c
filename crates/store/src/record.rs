//! Documents with promoted columns: how every kind of thing is stored.
//!
//! A table holds `(id, version, promoted columns…, body)`. The body is the whole record as JSON;
//! the columns repeat what statements filter, sort or join by. New fields of a record are
//! `#[serde(default)]`, so that what was stored long ago can be read for ever.

use std::ops::{Deref, DerefMut};

use base::{Error, Id, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::query::{Condition, Direction, Paging, Slice};
use crate::tx::Tx;
use crate::value::{Row, Value};
use crate::values;

/// A kind of thing that is stored.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The table.
    const TABLE: &'static str;
    /// The names of the promoted columns, in the order of [`Record::columns`].
    const COLUMNS: &'static [&'static str] = &[];
    /// The kind's name in the audit log: `severity`.
    const KIND: &'static str;
    /// What the audit log calls its creation, change and deletion.
    const VERBS: [&'static str; 3] = ["created", "updated", "deleted"];
    /// The epoch that changes with it, if a [`Cached`](crate::Cached) view shows it.
    const EPOCH: Option<&'static str> = None;

    /// Which one.
    fn id(&self) -> Id<Self>;

    /// What people call it.
    fn name(&self) -> String;

    /// What the audit log calls it, which is for people who may not see all that they read of there.
    fn audited_as(&self, _: &mut Tx<'_>) -> Result<String> {
        Ok(self.name())
    }

    /// The promoted columns' values.
    fn columns(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// A record as it was read: it remembers the version, so that a change based on it is refused when
/// somebody else changed it in between.
#[derive(Clone, Debug)]
pub struct Stored<R> {
    record: R,
    version: i64,
}

impl<R> Stored<R> {
    /// The version, from 1.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The record itself.
    pub fn into_inner(self) -> R {
        self.record
    }
}

impl<R> Deref for Stored<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

impl<R> DerefMut for Stored<R> {
    fn deref_mut(&mut self) -> &mut R {
        &mut self.record
    }
}

fn encode<R: Record>(record: &R) -> Result<String> {
    serde_json::to_string(record).map_err(Error::internal)
}

/// Reads `version, body`.
fn decode<R: Record>(row: &Row) -> Result<Stored<R>> {
    let record = serde_json::from_str(row.text(1)?)
        .map_err(|error| Error::internal(format!("a row of {} can't be read: {error}", R::TABLE)))?;
    Ok(Stored { record, version: row.get(0)? })
}

fn placeholders(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!(", ${n}")).collect()
}

impl Tx<'_> {
    /// The record with this ID, if there is one.
    pub fn find<R: Record>(&mut self, id: Id<R>) -> Result<Option<Stored<R>>> {
        let sql = format!("select version, body from {} where id = $1", R::TABLE);
        self.row(&sql, &values![id])?.as_ref().map(decode).transpose()
    }

    /// The records that meet `condition`, in the order of `order_by` (columns, as SQL writes them).
    pub fn list<R: Record>(&mut self, condition: Condition, order_by: &str) -> Result<Vec<Stored<R>>> {
        let (condition, parameters) = condition.into_sql();
        let sql = format!("select version, body from {} where {condition} order by {order_by}", R::TABLE);
        self.rows(&sql, &parameters)?.iter().map(decode).collect()
    }

    /// One page of the records that meet `condition`, by ID in `direction`.
    pub fn page<R: Record>(&mut self, condition: Condition, direction: Direction, paging: &Paging) -> Result<Slice<R>> {
        let (operator, order) = direction.sql();
        let condition = match paging.after {
            Some(after) => condition.and(Condition::new(&format!("id {operator} ?"), values![after])),
            None => condition,
        };
        self.slice(condition, &format!("id {order}"), paging.size)
    }

    /// One page of the records that meet `condition`, by the number in `column`, then by ID.
    pub fn page_by<R: Record>(&mut self, column: &str, condition: Condition, paging: &Paging) -> Result<Slice<R>> {
        let condition = match paging.after {
            Some(after) => {
                let last = format!("(select {column} from {} where id = ?)", R::TABLE);
                condition.and(Condition::new(&format!("({column}, id) > ({last}, ?)"), values![after, after]))
            }
            None => condition,
        };
        self.slice(condition, &format!("{column}, id"), paging.size)
    }

    fn slice<R: Record>(&mut self, condition: Condition, order_by: &str, size: usize) -> Result<Slice<R>> {
        let (condition, parameters) = condition.into_sql();
        let sql =
            format!("select version, body from {} where {condition} order by {order_by} limit {}", R::TABLE, size + 1);
        let mut rows = self.rows(&sql, &parameters)?.iter().map(decode).collect::<Result<Vec<Stored<R>>>>()?;
        let more = rows.len() > size;
        rows.truncate(size);
        Ok(Slice { after: rows.last().filter(|_| more).map(|row| row.id().cast()), rows })
    }

    /// How many records meet `condition`.
    pub fn count<R: Record>(&mut self, condition: Condition) -> Result<i64> {
        let (condition, parameters) = condition.into_sql();
        let sql = format!("select count(*) from {} where {condition}", R::TABLE);
        self.row(&sql, &parameters)?.ok_or_else(|| Error::internal("a count answers"))?.get(0)
    }

    /// `columns` of the rows of `tables` (one, or several joined) that meet `condition`.
    pub fn select(&mut self, columns: &str, tables: &str, condition: Condition) -> Result<Vec<Row>> {
        let (condition, parameters) = condition.into_sql();
        self.rows(&format!("select {columns} from {tables} where {condition}"), &parameters)
    }

    /// The same, but for each value of the column `by`, which comes first, the first `most` rows in this order.
    pub fn select_first(
        &mut self,
        most: usize,
        (by, order): (&str, &str),
        columns: &str,
        tables: &str,
        condition: Condition,
    ) -> Result<Vec<Row>> {
        let (condition, parameters) = condition.into_sql();
        let sql = format!(
            "select {by}, {columns} from \
             (select {by}, {columns}, row_number() over (partition by {by} order by {order}) as place \
              from {tables} where {condition}) as found \
             where place <= {most} order by {by}, place"
        );
        self.rows(&sql, &parameters)
    }

    /// Does `assignment` (`n = n + 1`) to the rows of `table` that meet `condition`.
    pub fn update_where(&mut self, table: &str, assignment: &str, condition: Condition) -> Result<()> {
        let (condition, parameters) = condition.into_sql();
        self.run(&format!("update {table} set {assignment} where {condition}"), &parameters).map(drop)
    }

    /// Deletes the rows of `table` that meet `condition`.
    pub fn delete_where(&mut self, table: &str, condition: Condition) -> Result<()> {
        let (condition, parameters) = condition.into_sql();
        self.run(&format!("delete from {table} where {condition}"), &parameters).map(drop)
    }

    /// The sum of `column` over the rows of `table` that meet `condition`; 0 where there are none.
    pub fn sum(&mut self, table: &str, column: &str, condition: Condition) -> Result<i64> {
        let (condition, parameters) = condition.into_sql();
        let sql = format!("select cast(coalesce(sum({column}), 0) as bigint) from {table} where {condition}");
        self.row(&sql, &parameters)?.ok_or_else(|| Error::internal("a sum answers"))?.get(0)
    }

    /// Whether any record meets `condition`.
    pub fn any<R: Record>(&mut self, condition: Condition) -> Result<bool> {
        let (condition, parameters) = condition.into_sql();
        let sql = format!("select 1 from {} where {condition} limit 1", R::TABLE);
        Ok(self.row(&sql, &parameters)?.is_some())
    }

    pub(crate) fn insert<R: Record>(&mut self, record: &R) -> Result<()> {
        let names: String = R::COLUMNS.iter().map(|column| format!(", {column}")).collect();
        let sql = format!(
            "insert into {} (id, version, body{names}) values ($1, 1, $2{})",
            R::TABLE,
            placeholders(3, R::COLUMNS.len())
        );
        let fixed = values![record.id(), encode(record)?];
        self.run(&sql, &[fixed.as_slice(), &record.columns()].concat())?;
        self.touch_epoch_of::<R>()
    }

    pub(crate) fn update<R: Record>(&mut self, stored: &mut Stored<R>) -> Result<()> {
        let assignments: String =
            (R::COLUMNS.iter().zip(4..)).map(|(column, n)| format!(", {column} = ${n}")).collect();
        let sql = format!(
            "update {} set version = version + 1, body = $3{assignments} where id = $1 and version = $2",
            R::TABLE
        );
        let fixed = values![stored.id(), stored.version, encode(&stored.record)?];
        if self.run(&sql, &[fixed.as_slice(), &stored.columns()].concat())? == 0 {
            return Err(Error::lost_race());
        }
        stored.version += 1;
        self.touch_epoch_of::<R>()
    }

    pub(crate) fn delete<R: Record>(&mut self, stored: &Stored<R>) -> Result<()> {
        let sql = format!("delete from {} where id = $1 and version = $2", R::TABLE);
        if self.run(&sql, &values![stored.id(), stored.version])? == 0 {
            return Err(Error::lost_race());
        }
        self.touch_epoch_of::<R>()
    }

    fn touch_epoch_of<R: Record>(&mut self) -> Result<()> {
        R::EPOCH.map_or(Ok(()), |epoch| self.touch(epoch))
    }
}
