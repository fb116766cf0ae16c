//! Answers on standard output.

use std::io::{self, Write};

use comfy_table::Table;
use serde::Serialize;

use crate::Outcome;

/// JSON, for programs, in a form that people can read too.
pub fn json(answer: &impl Serialize) -> Outcome {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, answer).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// A table for people, without lines, with this header.
pub fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = plain_table();
    table.set_header(header);
    table
}

/// The same without a header.
pub fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table
}
