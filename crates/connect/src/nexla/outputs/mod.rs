//! Where rows go: files and tables.

mod csv;
mod jsonl;
#[cfg(feature = "parquet")]
mod parquet;
mod table;

use std::path::{Path, PathBuf};

use base::{Error, Problems, Result};
use serde_json::{Map, Value as Json};

use super::Failure;
#[cfg(feature = "parquet")]
use super::files::remove;
use super::files::{AppendFile, Begin, FileName, Reach, beside, replace};
use super::pipe::{Format, Output, file_name};
use super::run::{Progress, Row};
use super::sources::Mode;
use table::Place;

/// An output that has been understood.
pub(super) enum Sink {
    Jsonl(FileName),
    Csv { file: FileName, columns: Vec<String> },
    Parquet(FileName),
    Table { place: Place, table: String },
}

impl Output {
    pub(super) fn sink(&self, reach: Reach) -> Result<Sink> {
        let mut problems = Problems::new();
        let (is_csv, is_table) = (self.format == Format::Csv, self.format == Format::Table);
        problems.check(is_csv || self.columns.is_none(), "columns", "is for the format csv alone");
        for (name, given) in
            [("sqlite", &self.sqlite), ("url_env", &self.url_env), ("url_file", &self.url_file), ("table", &self.table)]
        {
            problems.check(is_table || given.is_none(), name, "is for the format table alone");
        }
        problems.check(!is_table || self.file.is_none(), "file", "is not for the format table");
        problems.finish()?;
        if is_table {
            return table::sink(self, reach);
        }
        let file = self.file.as_deref().ok_or_else(|| Error::required("file"))?;
        let file = file_name("file", file, reach)?;
        Ok(match self.format {
            Format::Csv => Sink::Csv { file, columns: self.columns.clone().unwrap_or_default() },
            Format::Parquet if cfg!(feature = "parquet") => Sink::Parquet(file),
            Format::Parquet => {
                let message = "this program was built without Parquet: build it with `--features parquet`";
                return Err(Error::invalid("format", message));
            }
            Format::Jsonl | Format::Table => Sink::Jsonl(file),
        })
    }
}

/// A sink for one run.
pub(super) struct Target<'a> {
    pub sink: &'a Sink,
    pub directory: &'a Path,
    pub mode: Mode,
    /// What tells this run from others.
    pub run: String,
}

/// Something that rows are written to, so that they stay.
pub(super) trait Writer {
    /// How long it is; 0 where that means nothing.
    fn length(&self) -> u64;

    /// Writes rows, and says how long it is then.
    fn write(&mut self, rows: &[Row]) -> Result<u64, Failure>;
}

impl Target<'_> {
    /// Begins to write, or goes on where a run was.
    pub fn open(&self, progress: &Progress) -> Result<Box<dyn Writer>, Failure> {
        let begin = match (progress.length, self.mode) {
            (Some(length), _) => Begin::At(length),
            (None, Mode::Full) => Begin::Anew,
            (None, Mode::Incremental) => progress.kept.map_or(Begin::AtEnd, Begin::AtMost),
        };
        let file = || AppendFile::open(self.written(), begin);
        Ok(match self.sink {
            Sink::Jsonl(_) | Sink::Parquet(_) => Box::new(jsonl::Lines(file()?)),
            Sink::Csv { columns, .. } => Box::new(csv::Table::open(file()?, columns)?),
            Sink::Table { place, table } => Box::new(table::Upserts::open(place, self.directory, table, &self.run)?),
        })
    }

    /// Makes the end, once all has been written. It may be made again.
    pub fn finish(&self) -> Result<(), Failure> {
        match (self.sink, self.mode) {
            (Sink::Jsonl(file) | Sink::Csv { file, .. }, Mode::Full) => {
                replace(&self.written(), &file.within(self.directory))
            }
            (Sink::Jsonl(_) | Sink::Csv { .. }, Mode::Incremental) => Ok(()),
            (Sink::Parquet(file), _) => self.convert(&file.within(self.directory)),
            (Sink::Table { place, table }, Mode::Full) => {
                table::Upserts::open(place, self.directory, table, &self.run)?.forget_others()
            }
            (Sink::Table { .. }, Mode::Incremental) => Ok(()),
        }
    }

    /// The file that is written to.
    fn written(&self) -> PathBuf {
        match (self.sink, self.mode) {
            (Sink::Jsonl(file) | Sink::Csv { file, .. }, Mode::Incremental) => file.within(self.directory),
            (Sink::Jsonl(file) | Sink::Csv { file, .. }, Mode::Full) => beside(&file.within(self.directory), ".part"),
            (Sink::Parquet(file), _) => beside(&file.within(self.directory), ".rows.jsonl"),
            (Sink::Table { .. }, _) => PathBuf::new(),
        }
    }

    #[cfg(feature = "parquet")]
    fn convert(&self, path: &Path) -> Result<(), Failure> {
        let (rows, part) = (self.written(), beside(path, ".part"));
        // What a full run has written is gone once it has become Parquet. One that adds to it later needs it.
        let is_passing = self.mode == Mode::Full;
        if is_passing && !rows.exists() && path.exists() {
            return Ok(());
        }
        parquet::convert(&rows, &part)?;
        replace(&part, path)?;
        if is_passing { remove(&rows) } else { Ok(()) }
    }

    #[cfg(not(feature = "parquet"))]
    fn convert(&self, _: &Path) -> Result<(), Failure> {
        Err(Failure::lasting("this program was built without Parquet: build it with `--features parquet`"))
    }
}

/// The fields of a row that hold one value each, by their dotted names, in order; and what is left.
fn scalars(row: &Json) -> (Map<String, Json>, Map<String, Json>) {
    let (mut scalars, mut rest) = (Map::new(), Map::new());
    collect(row, "", &mut scalars, &mut rest);
    (scalars, rest)
}

fn collect(value: &Json, name: &str, scalars: &mut Map<String, Json>, rest: &mut Map<String, Json>) {
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                collect(value, &name, scalars, rest);
            }
        }
        Json::Object(_) | Json::Array(_) => drop(rest.insert(name.to_owned(), value.clone())),
        scalar => drop(scalars.insert(name.to_owned(), scalar.clone())),
    }
}
