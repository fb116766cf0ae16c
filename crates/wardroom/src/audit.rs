//! `wardroom audit`: who changed what.

use base::Time;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use store::audit::{Export, Format, entries};

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
        /// The form: a JSON object a line, or comma-separated values with a header
        #[arg(long, default_value_t = Format::Jsonl, value_parser = format())]
        format: Format,
        #[command(flatten)]
        data: DataArgs,
    },
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new([Format::Jsonl.as_str(), Format::Csv.as_str()]).try_map(|text| text.parse())
}

impl Audit {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let Command::Export { since, format, data } = &self.command;
        let (store, since) = (store_for_command(data)?, *since);
        let mut out = Export::new(*format, std::io::stdout().lock())?;
        let mut after = None;
        loop {
            let batch = store.read(operator(), move |cx| entries(cx, since, after, BATCH)).wait()?;
            for entry in &batch {
                out.write(entry)?;
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH => after = Some((last.occurred_at, last.id)),
                _ => return Ok(out.finish()?),
            }
        }
    }
}
