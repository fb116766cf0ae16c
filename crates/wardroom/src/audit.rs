//! `wardroom audit`: who changed what.

use std::io::Write;

use base::Time;
use clap::{Args, Subcommand, ValueEnum};
use store::audit::{Entry, entries};

use crate::Outcome;
use crate::config::DataArgs;
use crate::open::{operator, store_for_command};

/// Entries read at a time.
const BATCH: usize = 1_000;

/// Read the audit log.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write entries to standard output, oldest first
    Export {
        /// The first moment: a date or a timestamp
        #[arg(long, default_value = "0001-01-01", value_parser = Time::from_moment_or_date)]
        since: Time,
        /// The form
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
}

impl Audit {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let Command::Export { since, format, data } = &self.command;
        let (store, since) = (store_for_command(data)?, *since);
        let mut out = Writer::new(*format, std::io::stdout().lock())?;
        let mut after = None;
        loop {
            let batch = store.read(operator(), move |cx| entries(cx, since, after, BATCH)).wait()?;
            for entry in &batch {
                out.write(entry)?;
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH => after = Some((last.occurred_at, last.id)),
                _ => return out.finish(),
            }
        }
    }
}

enum Writer<W: Write> {
    Jsonl(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Writer<W> {
    fn new(format: Format, out: W) -> Result<Self, csv::Error> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(out),
            Format::Csv => {
                let mut out = csv::Writer::from_writer(out);
                out.write_record([
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
                ])?;
                Self::Csv(Box::new(out))
            }
        })
    }

    fn write(&mut self, entry: &Entry) -> Outcome {
        match self {
            Self::Jsonl(out) => {
                let line = serde_json::to_string(entry)?;
                writeln!(out, "{line}")?;
            }
            Self::Csv(out) => out.write_record([
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
            ])?,
        }
        Ok(())
    }

    fn finish(self) -> Outcome {
        match self {
            Self::Jsonl(mut out) => out.flush()?,
            Self::Csv(mut out) => out.flush()?,
        }
        Ok(())
    }
}
