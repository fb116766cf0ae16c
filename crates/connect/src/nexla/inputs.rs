//! Where records come from: JSON Lines and CSV files.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value as Json};

use super::files::FileName;
use super::run::text_of;
use super::{Failure, digest};

/// An input that has been understood.
pub(super) struct Records {
    /// Whether it is CSV; JSON Lines otherwise.
    pub is_csv: bool,
    /// The file.
    pub file: FileName,
    /// The field that tells a record from others, where that is said.
    pub key: Option<String>,
    /// Where it is told what became of each record.
    pub outcomes: FileName,
}

/// A record of an input.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// In which line it begins, from 1.
    pub line: u64,
    /// What tells it from others; empty where that can't be said.
    pub key: String,
    /// What it says, or what is wrong with it.
    pub content: Result<Json, String>,
    /// All that it is, in short.
    pub digest: String,
}

/// A line, and what stands in it.
type Lines = Box<dyn Iterator<Item = (u64, Result<Json, String>)>>;

impl Records {
    /// The records of the input.
    pub fn open(&self, directory: &Path) -> Result<impl Iterator<Item = Record> + use<>, Failure> {
        let path = self.file.within(directory);
        let file = File::open(&path).map_err(|error| Failure::of_file(&path, &error))?;
        let lines = if self.is_csv { csv(file) } else { json_lines(BufReader::new(file)) };
        let mut keys = Keys { field: self.key.clone(), alike: HashMap::new() };
        Ok(lines.map(move |(line, content)| {
            let text = match &content {
                Ok(row) => row.to_string(),
                Err(problem) => problem.clone(),
            };
            let digest = digest(&[&text]);
            let (key, content) = match content.and_then(|row| Ok((keys.key(&row, &digest)?, row))) {
                Ok((key, row)) => (key, Ok(row)),
                Err(problem) => (String::new(), Err(problem)),
            };
            Record { line, key, content, digest }
        }))
    }
}

/// Tells records from each other.
struct Keys {
    field: Option<String>,
    /// How often a record without a key of its own has come.
    alike: HashMap<String, u64>,
}

impl Keys {
    fn key(&mut self, row: &Json, digest: &str) -> Result<String, String> {
        match (&self.field, text_of(row, self.field.as_deref().unwrap_or("id"))) {
            (_, Some(key)) => Ok(key),
            (Some(field), None) => Err(format!("has no {field}, which tells it from others")),
            (None, None) => {
                let nth = self.alike.entry(digest.to_owned()).or_insert(0);
                *nth += 1;
                Ok(format!("{digest}-{nth}"))
            }
        }
    }
}

fn json_lines(file: impl BufRead + 'static) -> Lines {
    let read = |line: std::io::Result<String>| {
        let value = serde_json::from_str(&line.map_err(|error| error.to_string())?);
        value
            .map_err(|error| format!("is no JSON: {error}"))
            .and_then(|value: Json| if value.is_object() { Ok(value) } else { Err("is no JSON object".into()) })
    };
    let is_empty = |line: &std::io::Result<String>| line.as_ref().is_ok_and(|line| line.trim().is_empty());
    Box::new((1..).zip(file.lines()).filter(move |(_, line)| !is_empty(line)).map(move |(n, line)| (n, read(line))))
}

fn csv(file: impl std::io::Read + 'static) -> Lines {
    let mut reader = csv::Reader::from_reader(file);
    let headers = reader.headers().cloned();
    let mut records = reader.into_records();
    Box::new(std::iter::from_fn(move || {
        // Where the header can't be read, that is all there is to say.
        let headers = headers.as_ref().ok()?;
        let line = records.reader().position().line();
        let fields = records.next()?;
        let at = fields.as_ref().ok().and_then(|fields| fields.position()).map_or(line, csv::Position::line);
        let row = |fields: csv::StringRecord| -> Map<String, Json> {
            headers.iter().zip(&fields).map(|(name, value)| (name.to_owned(), value.into())).collect()
        };
        Some((at, fields.map(|fields| row(fields).into()).map_err(|error| error.to_string())))
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::files::Reach;
    use super::*;

    fn records(is_csv: bool, key: Option<&str>, text: &str) -> Vec<Record> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("in"), text).unwrap();
        let name = |name| FileName::parse(name, Reach::Within).unwrap();
        let records = Records { is_csv, file: name("in"), key: key.map(str::to_owned), outcomes: name("out") };
        records.open(directory.path()).unwrap().collect()
    }

    #[test]
    fn records_are_known_by_their_key_or_by_all_they_hold() {
        let lines = "{\"id\": \"a\"}\n\n{\"id\": 7}\n{\"x\": 1}\n{\"x\": 1}\n";
        let found = records(false, None, lines);
        assert_eq!(found.iter().map(|record| record.line).collect::<Vec<_>>(), [1, 3, 4, 5]);
        assert_eq!((found[0].key.as_str(), found[1].key.as_str()), ("a", "7"));
        let digest = &found[2].digest;
        assert_eq!((&found[2].key, &found[3].key), (&format!("{digest}-1"), &format!("{digest}-2")));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_told_with_its_line_and_the_others_go_on() {
        let found = records(false, Some("id"), "{\"id\": \"a\"}\n{oops\n[]\n{\"x\": 1}\n{\"id\": \"b\"}\n");
        let problems: Vec<_> =
            found.iter().filter_map(|record| Some((record.line, record.content.as_ref().err()?))).collect();
        assert_eq!(problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(problems[2].1.contains("has no id"));
        let found = records(true, None, "id,name\na,\"x, y\nz\"\nb\nc,d\n");
        assert_eq!(found[0].content, Ok(json!({"id": "a", "name": "x, y\nz"})));
        assert!(found[1].content.is_err());
        assert_eq!((found[2].line, found[2].key.as_str()), (5, "c"));
    }
}
