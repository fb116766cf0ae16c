//! CSV (RFC 4180). The columns are decided once; what a row has besides goes to the last one, as JSON.

use std::fs::File;

use serde_json::Value as Json;

use super::super::Failure;
use super::super::files::AppendFile;
use super::super::run::Row;
use super::{Writer, scalars};

/// The column of what no other holds.
const REST: &str = "_rest";

/// A CSV file.
pub(super) struct Table {
    file: AppendFile,
    /// Without the last one. Empty until they are known.
    columns: Vec<String>,
    has_header: bool,
}

impl Table {
    /// The table in `file`: with its own columns, where it has some, or else `columns`, or else those of the first
    /// rows.
    pub fn open(file: AppendFile, columns: &[String]) -> Result<Self, Failure> {
        let has_header = file.length() > 0;
        let columns = if has_header { header(&file)? } else { columns.to_vec() };
        Ok(Self { file, columns, has_header })
    }

    fn record(&self, row: &Json) -> Vec<String> {
        let (mut fields, mut rest) = scalars(row);
        let mut record: Vec<_> = self.columns.iter().map(|column| cell(fields.remove(column))).collect();
        rest.append(&mut fields);
        record.push(if rest.is_empty() { String::new() } else { Json::Object(rest).to_string() });
        record
    }
}

/// The columns that a file has.
fn header(file: &AppendFile) -> Result<Vec<String>, Failure> {
    let told = |problem: String| Failure::lasting(format!("{}: {problem}", file.path().display()));
    let open = File::open(file.path()).map_err(|error| Failure::of_file(file.path(), &error))?;
    let mut reader = csv::Reader::from_reader(open);
    let mut columns: Vec<_> =
        reader.headers().map_err(|error| told(error.to_string()))?.iter().map(str::to_owned).collect();
    match columns.pop() {
        Some(last) if last == REST => Ok(columns),
        _ => Err(told(format!("is no file of a pipe: its last column is not {REST}"))),
    }
}

fn cell(value: Option<Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

impl Writer for Table {
    fn length(&self) -> u64 {
        self.file.length()
    }

    fn write(&mut self, rows: &[Row]) -> Result<u64, Failure> {
        if rows.is_empty() {
            return Ok(self.file.length());
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| Failure::lasting(format!("a row can't be written as CSV: {error}"));
        if !self.has_header {
            if self.columns.is_empty() {
                let names = rows.iter().flat_map(|row| scalars(&row.content).0.into_iter().map(|(name, _)| name));
                self.columns = names.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            }
            writer.write_record(self.columns.iter().map(String::as_str).chain([REST])).map_err(failed)?;
        }
        for row in rows {
            writer.write_record(self.record(&row.content)).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| Failure::lasting(error.to_string()))?;
        let length = self.file.append(&bytes)?;
        self.has_header = true;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::files::Begin;
    use super::*;

    fn row(content: Json) -> Row {
        Row::of(content, "id")
    }

    #[test]
    fn what_no_column_holds_is_kept_in_the_last_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.csv");
        let mut table = Table::open(AppendFile::open(path.clone(), Begin::Anew).unwrap(), &[]).unwrap();
        table.write(&[row(json!({"id": "a", "by": {"name": "Ada, \"Countess\""}, "tags": ["x"]}))]).unwrap();
        drop(table);
        let mut table = Table::open(AppendFile::open(path.clone(), Begin::AtEnd).unwrap(), &["other".into()]).unwrap();
        table.write(&[row(json!({"id": "b", "n": 1.5, "by": null}))]).unwrap();
        let mut reader = csv::Reader::from_path(path).unwrap();
        assert_eq!(reader.headers().unwrap(), vec!["by.name", "id", "_rest"]);
        let rows: Vec<Vec<String>> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows[0], ["Ada, \"Countess\"", "a", "{\"tags\":[\"x\"]}"]);
        assert_eq!(rows[1], ["", "b", "{\"by\":null,\"n\":1.5}"]);
    }
}
