//! Where records come from: JSON Lines and CSV files.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::files::{AppendFile, Begin, FileName, are_one};
use super::run::text_of;
use super::{Failure, digest};

/// How many bytes a record may have.
const LONGEST: u64 = 16 * 1024 * 1024;

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

    /// The file that tells what became of each record.
    pub fn outcomes(&self, directory: &Path, begin: Begin) -> Result<AppendFile, Failure> {
        let path = self.outcomes.within(directory);
        if are_one(&path, &self.file.within(directory))? {
            return Err(Failure::lasting(format!(
                "{} is the input itself: outcomes have to go elsewhere",
                path.display()
            )));
        }
        AppendFile::open(path, begin)
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

fn json_lines(mut file: impl BufRead + 'static) -> Lines {
    let lines = std::iter::from_fn(move || next_line(&mut file).transpose());
    let is_empty = |line: &Result<String, String>| line.as_ref().is_ok_and(|line| line.trim().is_empty());
    let read = |line: &str| match serde_json::from_str(line) {
        Ok(value @ Json::Object(_)) => Ok(value),
        Ok(_) => Err("is no JSON object".into()),
        Err(error) => Err(format!("is no JSON: {error}")),
    };
    let line = move |(n, line): (u64, Result<String, String>)| (n, line.and_then(|line| read(&line)));
    Box::new((1..).zip(lines).filter(move |(_, line)| !is_empty(line)).map(line))
}

/// The next line, or what is wrong with it; none at the end.
fn next_line(file: &mut impl BufRead) -> Result<Option<String>, String> {
    let told = |error: io::Error| error.to_string();
    let mut line = Vec::new();
    if file.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(told)? == 0 {
        return Ok(None);
    }
    if line.len() as u64 == LONGEST && !line.ends_with(b"\n") {
        file.skip_until(b'\n').map_err(told)?;
        return Err(too_long());
    }
    String::from_utf8(line).map(Some).map_err(|_| "is no UTF-8".into())
}

fn too_long() -> String {
    format!("is longer than {} MiB", LONGEST / 1024 / 1024)
}

/// What is read of a file for one record.
struct Rationed<R> {
    file: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other(too_long())),
        }
        Ok(read)
    }
}

fn csv(file: impl Read + 'static) -> Lines {
    let left = Rc::new(Cell::new(LONGEST));
    let mut reader = csv::Reader::from_reader(Rationed { file, left: left.clone() });
    let headers = reader.headers().cloned();
    let mut records = reader.into_records();
    let mut is_over = false;
    Box::new(std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        left.set(LONGEST);
        let line = records.reader().position().line();
        let headers = match &headers {
            Ok(headers) => headers,
            Err(error) => {
                is_over = true;
                return Some((1, Err(told(error))));
            }
        };
        let fields = records.next()?;
        is_over = fields.as_ref().is_err_and(csv::Error::is_io_error);
        let at = fields.as_ref().ok().and_then(|fields| fields.position()).map_or(line, csv::Position::line);
        let row = |fields: csv::StringRecord| -> Map<String, Json> {
            headers.iter().zip(&fields).map(|(name, value)| (name.to_owned(), value.into())).collect()
        };
        Some((at, fields.map(|fields| row(fields).into()).map_err(|error| told(&error))))
    }))
}

/// What is wrong, for people.
fn told(error: &csv::Error) -> String {
    match error.kind() {
        // Where a record begins that comes after, nobody can say.
        csv::ErrorKind::Io(error) => format!("{error}; nothing after it is read"),
        _ => error.to_string(),
    }
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

    #[test]
    fn a_line_that_is_too_long_is_refused_and_the_next_one_is_read() {
        let most = usize::try_from(LONGEST).unwrap();
        let long = |length: usize| format!("{{\"id\": \"{}\"}}", "x".repeat(length - 10));
        for (length, is_fine) in [(most - 1, true), (most, false), (3 * most, false)] {
            let found = records(false, None, &format!("{}\n{{\"id\": \"next\"}}\n", long(length)));
            let problem = found[0].content.as_ref().err().map(String::as_str);
            assert_eq!(problem, (!is_fine).then_some("is longer than 16 MiB"), "{length} bytes");
            assert_eq!((found.len(), found[1].line, found[1].key.as_str()), (2, 2, "next"));
        }
    }

    #[test]
    fn a_record_of_csv_that_is_too_long_is_refused_and_is_the_last_one() {
        let long = "x".repeat(2 * usize::try_from(LONGEST).unwrap());
        let found = records(true, None, &format!("id,name\na,b\nb,\"{long}\"\nc,d\n"));
        assert_eq!(found[0].key, "a");
        let problem = "is longer than 16 MiB; nothing after it is read".to_owned();
        assert_eq!((found.len(), found[1].line, &found[1].content), (2, 3, &Err(problem.clone())));
        let found = records(true, None, &format!("{long}\na\n"));
        assert_eq!((found.len(), &found[0].content), (1, &Err(problem)));
    }
}
