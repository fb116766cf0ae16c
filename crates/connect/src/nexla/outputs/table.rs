//! Tables: a row a row, by its ID; in SQLite or PostgreSQL.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base::{Error, Problems, Result, Secret};
use serde_json::Value as Json;
use store::outside::{ColumnType, Table};
use store::{Location, Value};

use super::super::Failure;
use super::super::files::{FileName, Reach};
use super::super::pipe::{Output, file_name};
use super::super::run::Row;
use super::{Sink, Writer};

/// How the names of variables begin that may hold the URL of a database.
const VARIABLES: &str = "WARDROOM_PIPE_";
/// The column of the whole row.
const ROW: &str = "_row";
/// The column of the run that has written the row last.
const RUN: &str = "_run";
/// How many columns a table is given.
const MOST_COLUMNS: usize = 200;

/// Where a table is.
pub(in crate::nexla) enum Place {
    Sqlite(FileName),
    UrlEnv(String),
    UrlFile(FileName),
}

/// The table that `output` means.
pub(super) fn sink(output: &Output, reach: Reach) -> Result<Sink> {
    let mut problems = Problems::new();
    let table = output.table.clone().unwrap_or_default();
    problems.check(is_plain(&table), "table", "is required: lower-case letters, digits and _, at most 63");
    let place = match (&output.sqlite, &output.url_env, &output.url_file) {
        (Some(file), None, None) => problems.keep(file_name("sqlite", file, reach))?.map(Place::Sqlite),
        (None, Some(name), None) => {
            let message = format!("must begin with {VARIABLES}");
            problems.check(name.starts_with(VARIABLES), "url_env", &message);
            Some(Place::UrlEnv(name.clone()))
        }
        (None, None, Some(file)) => problems.keep(file_name("url_file", file, reach))?.map(Place::UrlFile),
        _ => {
            problems.check(false, "sqlite", "one of sqlite, url_env and url_file is required");
            None
        }
    };
    problems.finish()?;
    let place = place.ok_or_else(|| Error::internal("a table without problems is somewhere"))?;
    Ok(Sink::Table { place, table })
}

/// Whether it means the same in every database, quoted or not.
fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=63).contains(&name.len()) && name.chars().all(is_plain)
}

impl Place {
    fn location(&self, directory: &Path) -> Result<Location, Failure> {
        let url = match self {
            Self::Sqlite(file) => return Ok(Location::Sqlite(file.within(directory))),
            Self::UrlEnv(name) => std::env::var(name)
                .map_err(|_| Failure::lasting(format!("the environment variable {name} is not set")))?,
            Self::UrlFile(file) => {
                let path = file.within(directory);
                fs::read_to_string(&path).map_err(|error| Failure::of_file(&path, &error))?
            }
        };
        let url = Secret::from(url);
        let text = url.reveal().trim();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Ok(Location::Postgres(text.to_owned()))
        } else {
            Err(Failure::lasting("the URL of the database does not begin with postgres://"))
        }
    }
}

/// A table that rows are put into, by their IDs.
pub(super) struct Upserts {
    table: Table,
    run: String,
}

impl Upserts {
    /// The table `name` at `place`, for the run `run`.
    pub fn open(place: &Place, directory: &Path, name: &str, run: &str) -> Result<Self, Failure> {
        let location = place.location(directory)?;
        if let Location::Sqlite(path) = &location
            && let Some(parent) = path.parent()
        {
            fs::create_dir_all(parent).map_err(|error| Failure::of_file(parent, &error))?;
        }
        let table = Table::open(&location, name, &[RUN, ROW]).map_err(Failure::passing)?;
        Ok(Self { table, run: run.to_owned() })
    }

    /// Deletes the rows that this run has not written.
    pub fn forget_others(&mut self) -> Result<(), Failure> {
        self.table.delete_where_not(RUN, &self.run).map_err(Failure::passing)
    }

    /// Adds the columns that `rows` have and the table has not.
    fn widen(&mut self, rows: &[Row]) -> Result<(), Failure> {
        let fields = rows.iter().filter_map(|row| row.content.as_object()).flatten();
        let mut wanted = BTreeMap::new();
        for (name, value) in fields {
            let is_new = is_plain(name) && !name.starts_with('_') && !self.table.columns().contains_key(name);
            if let Some(kind) = kind(value).filter(|_| is_new) {
                wanted.entry(name.clone()).or_insert(kind);
            }
        }
        let room = MOST_COLUMNS.saturating_sub(self.table.columns().len());
        let wanted: Vec<_> = wanted.into_iter().take(room).collect();
        self.table.add_columns(&wanted).map_err(Failure::passing)
    }

    fn values(&self, row: &Row) -> Vec<Value> {
        let value = |(name, kind): (&String, &ColumnType)| match name.as_str() {
            "id" => plain(&row.id).into(),
            ROW => row.content.to_string().into(),
            RUN => self.run.as_str().into(),
            name => row.content.get(name).map_or(Value::Null, |value| fitting(value, *kind)),
        };
        self.table.columns().iter().map(value).collect()
    }
}

/// No database holds the character NUL in a text.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The column that a value asks for; none where it says nothing.
fn kind(value: &Json) -> Option<ColumnType> {
    match value {
        Json::Null => None,
        Json::Bool(_) => Some(ColumnType::Boolean),
        Json::Number(_) => Some(ColumnType::Double),
        Json::String(_) | Json::Array(_) | Json::Object(_) => Some(ColumnType::Text),
    }
}

/// `value` in a column of this type; null where it doesn't fit: the whole row is there besides.
fn fitting(value: &Json, kind: ColumnType) -> Value {
    match (kind, value) {
        (_, Json::Null) => Value::Null,
        (ColumnType::Boolean, Json::Bool(value)) => (*value).into(),
        (ColumnType::Double, Json::Number(number)) => number.as_f64().into(),
        (ColumnType::Text, Json::String(text)) => plain(text).into(),
        (ColumnType::Text, other) => other.to_string().into(),
        (ColumnType::Boolean | ColumnType::Double | ColumnType::Other, _) => Value::Null,
    }
}

impl Writer for Upserts {
    fn length(&self) -> u64 {
        0
    }

    fn write(&mut self, rows: &[Row]) -> Result<u64, Failure> {
        self.widen(rows)?;
        let values: Vec<_> = rows.iter().map(|row| self.values(row)).collect();
        self.table.upsert(&values).map_err(Failure::passing)?;
        Ok(0)
    }
}
