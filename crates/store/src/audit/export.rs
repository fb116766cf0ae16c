//! The audit log in the forms that other programs read.

use std::io::Write;

use base::words;

use super::Entry;

words! {
    /// The form in which entries are written.
    pub enum Format {
        /// A JSON object a line.
        Jsonl = "jsonl",
        /// Comma-separated values with a header.
        Csv = "csv",
    }
}

/// The header of comma-separated values.
const COLUMNS: [&str; 10] = [
    "id",
    "occurred_at",
    "action",
    "actor_type",
    "actor_id",
    "actor_name",
    "targets",
    "location",
    "user_agent",
    "version",
];

/// Writes entries, one by one.
pub struct Export<W: Write>(Form<W>);

enum Form<W: Write> {
    Jsonl(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Export<W> {
    /// Begins to write to `out`.
    pub fn new(format: Format, out: W) -> std::io::Result<Self> {
        Ok(Self(match format {
            Format::Jsonl => Form::Jsonl(out),
            Format::Csv => {
                let mut out = csv::Writer::from_writer(out);
                out.write_record(COLUMNS)?;
                Form::Csv(Box::new(out))
            }
        }))
    }

    /// Writes an entry.
    pub fn write(&mut self, entry: &Entry) -> std::io::Result<()> {
        match &mut self.0 {
            Form::Jsonl(out) => writeln!(out, "{}", serde_json::to_string(entry)?),
            Form::Csv(out) => Ok(out.write_record([
                entry.id.to_string(),
                entry.occurred_at.to_string(),
                entry.action.clone(),
                entry.actor.kind.clone(),
                entry.actor.id.map(|id| id.to_string()).unwrap_or_default(),
                entry.actor.name.clone().unwrap_or_default(),
                serde_json::to_string(&entry.targets)?,
                entry.context.location.clone(),
                entry.context.user_agent.clone(),
                entry.version.to_string(),
            ])?),
        }
    }

    /// Ends.
    pub fn finish(self) -> std::io::Result<()> {
        match self.0 {
            Form::Jsonl(mut out) => out.flush(),
            Form::Csv(mut out) => out.flush(),
        }
    }
}
