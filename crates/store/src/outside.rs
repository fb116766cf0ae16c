//! Tables elsewhere: in databases that are not the organisation's own, which others read.

use std::collections::BTreeMap;
use std::path::Path;

use base::Error;
use rusqlite::OpenFlags;

use crate::db::Location;
use crate::postgres::PgSession;
use crate::sqlite::{self, SqliteSession};
use crate::tls::Dial;
use crate::tx::Session;
use crate::value::{Row, Value};
use crate::values;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// A double.
    Double,
    /// A truth value.
    Boolean,
    /// Something that was not made here.
    Other,
}

impl ColumnType {
    const fn sql(self) -> &'static str {
        match self {
            Self::Double => "double precision",
            Self::Boolean => "boolean",
            Self::Text | Self::Other => "text",
        }
    }

    fn of_sql(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "text" => Self::Text,
            "double precision" => Self::Double,
            "boolean" => Self::Boolean,
            _ => Self::Other,
        }
    }
}

/// A table of another database, whose rows are known by the text in their column `id`.
pub struct Table {
    link: Link,
    name: String,
    columns: BTreeMap<String, ColumnType>,
}

enum Link {
    Sqlite(rusqlite::Connection),
    Postgres(Box<PgSession>),
}

/// What went wrong over there, for people.
type Outcome<T> = Result<T, String>;

impl Table {
    /// Opens the table `name`, and makes it where it is not there: with `id` and the columns `always`, which are
    /// text.
    ///
    /// # Errors
    /// That the database can't be reached, or that there is another table of that name, without these columns.
    pub fn open(location: &Location, name: &str, always: &[&str]) -> Outcome<Self> {
        let link = Link::open(location).map_err(|error| format!("{}: {}", location.describe(), told(&error)))?;
        let mut table = Self { link, name: name.to_owned(), columns: BTreeMap::new() };
        let columns: String = always.iter().map(|column| format!(", {} text", quoted(column))).collect();
        table.run(&format!("create table if not exists {} (id text primary key{columns})", quoted(name)), &[])?;
        table.columns = table.described()?;
        match always.iter().find(|column| !table.columns.contains_key(**column)) {
            Some(column) => Err(format!("there is a table {name} already, without the column {column}")),
            None => Ok(table),
        }
    }

    /// Its columns, by name.
    pub fn columns(&self) -> &BTreeMap<String, ColumnType> {
        &self.columns
    }

    /// Adds columns.
    pub fn add_columns(&mut self, columns: &[(String, ColumnType)]) -> Outcome<()> {
        for (name, kind) in columns {
            self.run(&format!("alter table {} add column {} {}", quoted(&self.name), quoted(name), kind.sql()), &[])?;
        }
        if !columns.is_empty() {
            self.columns = self.described()?;
        }
        Ok(())
    }

    /// Puts rows in the place of those with the same `id`, all or none. A row has a value for each column, in the
    /// order of [`Table::columns`].
    pub fn upsert(&mut self, rows: &[Vec<Value>]) -> Outcome<()> {
        let names: Vec<_> = self.columns.keys().map(|name| quoted(name)).collect();
        let places: Vec<_> = (1..=names.len()).map(|n| format!("${n}")).collect();
        let changed: Vec<_> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let sql = format!(
            "insert into {} ({}) values ({}) on conflict (id) do update set {}",
            quoted(&self.name),
            names.join(", "),
            places.join(", "),
            changed.join(", ")
        );
        self.run("begin", &[])?;
        let written = rows.iter().try_for_each(|row| self.run(&sql, row));
        match written {
            Ok(()) => self.run("commit", &[]),
            Err(problem) => {
                // The first problem is the one to tell.
                let _ = self.run("rollback", &[]);
                Err(problem)
            }
        }
    }

    /// What the rows hold in `column`, which is text, in the order of their IDs.
    pub fn rows(&mut self, column: &str) -> Outcome<Vec<String>> {
        let sql = format!("select {} from {} order by id", quoted(column), quoted(&self.name));
        let rows = self.link.session(|session| session.rows(&sql, &[])).map_err(|error| told(&error))?;
        rows.iter().map(|row| row.get(0)).collect::<base::Result<_>>().map_err(|error| told(&error))
    }

    /// Deletes the rows whose `column` holds another text than `value`, or none.
    pub fn delete_where_not(&mut self, column: &str, value: &str) -> Outcome<()> {
        let (table, column) = (quoted(&self.name), quoted(column));
        self.run(&format!("delete from {table} where {column} is null or {column} <> $1"), &values![value])
    }

    fn described(&mut self) -> Outcome<BTreeMap<String, ColumnType>> {
        let sql = match self.link {
            Link::Sqlite(_) => "select name, type from pragma_table_info($1)",
            Link::Postgres(_) => {
                "select column_name, data_type from information_schema.columns \
                 where table_schema = current_schema() and table_name = $1"
            }
        };
        let parameters = values![self.name.as_str()];
        let rows = self.link.session(|session| session.rows(sql, &parameters)).map_err(|error| told(&error))?;
        let column = |row: &Row| Ok((row.get(0)?, ColumnType::of_sql(row.text(1)?)));
        rows.iter().map(column).collect::<base::Result<_>>().map_err(|error| told(&error))
    }

    fn run(&mut self, sql: &str, parameters: &[Value]) -> Outcome<()> {
        self.link.session(|session| session.run(sql, parameters)).map(drop).map_err(|error| told(&error))
    }
}

impl Link {
    fn open(location: &Location) -> base::Result<Self> {
        Ok(match location {
            Location::Sqlite(path) => Self::Sqlite(Self::sqlite(path)?),
            Location::Postgres(url) => Self::Postgres(Box::new(PgSession::connect(&Dial::parse(url)?)?)),
        })
    }

    fn sqlite(path: &Path) -> base::Result<rusqlite::Connection> {
        sqlite::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    fn session<T>(&mut self, work: impl FnOnce(&mut dyn Session) -> base::Result<T>) -> base::Result<T> {
        match self {
            Self::Sqlite(connection) => work(&mut SqliteSession(connection)),
            Self::Postgres(session) => work(&mut **session),
        }
    }
}

/// What the other database says: it is not ours, so its words are no secret of ours.
fn told(error: &Error) -> String {
    error.cause().map_or_else(|| error.to_string(), str::to_owned)
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_known_by_their_id_and_names_are_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(directory.path().join("out.db"));
        let open = || Table::open(&location, "order\" (x", &["_row"]).unwrap();
        let mut table = open();
        table.add_columns(&[("n".into(), ColumnType::Double), ("sel\"ect".into(), ColumnType::Boolean)]).unwrap();
        assert_eq!(table.columns().keys().collect::<Vec<_>>(), ["_row", "id", "n", "sel\"ect"]);
        table.upsert(&[values!["{}", "a", 1.5, true].into(), values!["{}", "b", Value::Null, false].into()]).unwrap();
        table.upsert(&[values!["{}", "a", 2.5, false].into()]).unwrap();
        let mut table = open();
        assert_eq!(table.columns()["n"], ColumnType::Double);
        table.delete_where_not("id", "a").unwrap();
        assert_eq!(table.rows("id").unwrap(), ["a"]);
    }

    #[test]
    fn another_table_of_the_same_name_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(directory.path().join("out.db"));
        Table::open(&location, "things", &[]).unwrap();
        let refused = Table::open(&location, "things", &["_row"]).err().unwrap();
        assert_eq!(refused, "there is a table things already, without the column _row");
    }
}
