//! JSON Lines: a row a line.

use super::super::Failure;
use super::super::files::AppendFile;
use super::super::run::Row;
use super::Writer;

/// A file of JSON Lines.
pub(super) struct Lines(pub AppendFile);

impl Writer for Lines {
    fn length(&self) -> u64 {
        self.0.length()
    }

    fn write(&mut self, rows: &[Row]) -> Result<u64, Failure> {
        let lines: String = rows.iter().map(|row| format!("{}\n", row.content)).collect();
        self.0.append(lines.as_bytes())
    }
}
