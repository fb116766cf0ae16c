//! Nexla: pipes between the API and files or databases.
//!
//! A pipe reads a list of the API into an *output*, or sends the records of an *input* to a *destination*.
//!
//! | module         | what it is                                                                 |
//! |----------------|----------------------------------------------------------------------------|
//! | `sources`      | the lists that can be read                                                 |
//! | `destinations` | the operations that can be sent to                                         |
//! | `inputs`       | the files that records come from                                           |
//! | `outputs`      | the files and tables that rows go to                                       |
//! | `pipe`         | what a pipe is: its definition, understood                                 |
//! | `schedule`     | when it runs by itself                                                     |
//! | `run`          | a run: whose turn it is, how far it is, which rows are known                |
//! | `engine`       | running a pipe                                                             |
//! | `job`          | running pipes in the server, slice by slice                                |
//! | `api`          | the operations                                                             |
//! | `files`        | files that survive whatever happens                                        |
//!
//! **Exactly once.** A run goes chunk by chunk. A chunk is written and flushed first; then one transaction keeps
//! where the list goes on, how long the file is and which rows it holds by now. Whatever happens in between, the next
//! run cuts off what was not kept and reads on from there. Which rows there are is known by a digest of each, so a
//! row that comes again is seen to be the same.

pub mod destinations;
pub mod engine;
pub mod files;
pub mod pipe;
pub mod schedule;
pub mod sources;

mod api;
mod inputs;
mod job;
mod outputs;
mod run;

use std::fmt;
use std::io;
use std::path::Path;

use base::ErrorKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::client::{ApiPath, Client, Kind, Trouble};
use crate::connector::{Action, Connector, Context, Product};
pub(crate) use api::routes;
pub(crate) use job::{JOB, SCHEDULES};
pub use run::{Counts, Run, State};
use sources::Source;

/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nexla;

impl Connector for Nexla {
    fn product(&self) -> &'static Product {
        &Product {
            id: "nexla",
            name: "Nexla",
            category: "Data",
            about: "Moves rows: from the API into files and tables, and from files into the API.",
            key_field: "API Key Value",
            // To read every list that has a name; what is sent needs more.
            roles: &["viewer", "schedules_reader", "catalog_viewer"],
        }
    }

    fn connect(&self, api: &Client) -> Result<Json, Trouble> {
        api.get(ApiPath::of(&["v1", "identity"]))
    }

    fn actions(&self) -> Vec<Action> {
        vec![
            Action::new("sample", "Reads the first rows of a source, and keeps nothing.", sample).checked(check_sample),
        ]
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SampleInput {
    /// What to read.
    source: Source,
    /// How many rows.
    #[serde(default = "a_few")]
    #[schemars(range(min = 1, max = 500))]
    rows: usize,
}

fn a_few() -> usize {
    10
}

#[derive(Debug, Serialize, JsonSchema)]
struct SampleOutput {
    /// The first rows.
    rows: Vec<Json>,
}

fn check_sample(input: &SampleInput) -> Result<(), Trouble> {
    reading(input).map(drop)
}

fn reading(input: &SampleInput) -> Result<sources::Reading, Trouble> {
    input.source.reading().map_err(|error| crate::connector::unreadable(&error.within("source")))
}

fn sample(cx: &Context<'_>, input: SampleInput) -> Result<SampleOutput, Trouble> {
    Ok(SampleOutput { rows: reading(&input)?.sample(cx.api, input.rows)? })
}

/// The first 128 bits of a SHA-256 over these texts, in hexadecimal digits.
fn digest(texts: &[&str]) -> String {
    let mut sum = Sha256::new();
    for text in texts {
        // With their lengths, so that no two lists of texts look alike.
        sum.update((text.len() as u64).to_be_bytes());
        sum.update(text);
    }
    hex::encode(&sum.finalize()[..16])
}

/// Why a run did not come to its end, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    message: String,
    nature: Nature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    /// Somebody else is at it.
    Busy,
    /// It may work later, from where it stopped.
    Passing,
    /// It won't work as it is.
    Lasting,
}

impl Failure {
    fn busy(message: impl Into<String>) -> Self {
        Self { message: message.into(), nature: Nature::Busy }
    }

    fn passing(message: impl Into<String>) -> Self {
        Self { message: message.into(), nature: Nature::Passing }
    }

    fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), nature: Nature::Lasting }
    }

    fn of_file(path: &Path, error: &io::Error) -> Self {
        Self::passing(format!("{}: {error}", path.display()))
    }

    /// Whether somebody else is at it.
    pub fn is_busy(&self) -> bool {
        self.nature == Nature::Busy
    }

    /// Whether it may work later, from where it stopped.
    pub fn may_pass(&self) -> bool {
        self.nature != Nature::Lasting
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble.kind {
            Kind::Limited | Kind::Failing | Kind::NoAnswer => Self::passing(trouble.message),
            _ => Self::lasting(trouble.message),
        }
    }
}

impl From<base::Error> for Failure {
    fn from(error: base::Error) -> Self {
        if *error.kind() == ErrorKind::Internal {
            Self::passing(crate::connector::internal(error).message)
        } else {
            Self::lasting(error.to_string())
        }
    }
}
