//! `wardroom catalog`: the catalog as files, by the public API alone, so that it works with every
//! server that has it.
//!
//! | module     | what it is                                                            |
//! |------------|-----------------------------------------------------------------------|
//! | `format`   | what stands in a file                                                   |
//! | `files`    | reading files, and what they include                                    |
//! | `wanted`   | what all files want together                                            |
//! | `model`    | types and entries as the API has them                                   |
//! | `remote`   | asking the server                                                       |
//! | `schema`   | which attributes the types get, and in which order (pure)               |
//! | `plan`     | what is wanted, compared with what there is (pure)                      |
//! | `print`    | saying what a plan does                                                 |
//! | `apply`    | doing it                                                                |
//! | `import`, `export` | the commands                                                    |

mod apply;
mod export;
mod files;
mod format;
mod import;
mod model;
mod plan;
mod print;
mod remote;
mod schema;
mod wanted;

use clap::{Args, Subcommand};
use connect::client::{Patience, Trouble};

use self::plan::Actual;
use self::remote::Remote;
use crate::Outcome;
use crate::api_args::ApiAndKeyArgs;
use crate::open::progress_bar;

/// Keep the catalog in files.
#[derive(Debug, Args)]
pub struct Catalog {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the catalog what files say
    Import(import::Import),
    /// Write the catalog as a file that `import` reads
    Export(export::Export),
}

/// The catalog to read and to change, for a long run.
fn remote(api: &ApiAndKeyArgs, at_once: usize) -> Result<Remote, Box<dyn std::error::Error>> {
    Ok(Remote::new(api.client(at_once)?.patient(Patience::LONG_RUN)))
}

impl Catalog {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Import(import) => import.run(),
            Command::Export(export) => export.run(),
        }
    }
}

/// Reads the entries of a type, unless they were read before.
fn read_entries(remote: &Remote, actual: &mut Actual, type_id: &str) -> Result<(), Trouble> {
    if actual.entries.contains_key(type_id) {
        return Ok(());
    }
    let bar = progress_bar(0);
    bar.set_message("reading entries");
    let entries = remote.entries(type_id, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    actual.entries.insert(type_id.to_owned(), entries);
    Ok(())
}
