//! `wardroom catalog import`: makes the catalog what files say.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::apply::apply;
use super::plan::{self, Actual};
use super::remote::Remote;
use super::wanted::{Wanted, gather};
use super::{files, print, read_entries};
use crate::Outcome;
use crate::api_args::ApiAndKeyArgs;

/// Make the catalog what files say.
#[derive(Debug, Args)]
pub struct Import {
    /// A file, or a directory with *.yaml, *.yml and *.json files
    path: PathBuf,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Archive the entries, and remove the attributes, that the files don't have; only of types whose
    /// entries, or attributes, stand in the files
    #[arg(long)]
    prune: bool,
    /// How many changes of each type to show
    #[arg(long, default_value_t = 10)]
    show: usize,
    /// How many requests to send at once
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    #[command(flatten)]
    api: ApiAndKeyArgs,
}

impl Import {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let parallel = usize::from(self.parallel);
        let remote = super::remote(&self.api, parallel)?;
        let documents = files::read(&self.path)?;
        let mut actual = Actual { types: remote.types()?, ..Actual::default() };
        let wanted = gather(documents, &actual.types)?;
        read_wanted(&remote, &wanted, &mut actual)?;
        // References are compared by what they mean, if they are not written alike: that takes the
        // entries that they point at.
        let plan = loop {
            let plan = plan::plan(&wanted, &actual, self.prune)?;
            if plan.unread.is_empty() {
                break plan;
            }
            for id in plan.unread {
                read_entries(&remote, &mut actual, &id)?;
            }
        };
        print::plan(&mut std::io::stdout().lock(), &plan, self.show)?;
        if plan.is_empty() {
            return say("Nothing to change.");
        }
        if self.dry_run {
            return say("Nothing was changed: this was a dry run.");
        }
        let failures = apply(&remote, &plan, parallel);
        print::failures(&mut std::io::stderr().lock(), &failures)?;
        if failures.is_empty() {
            return say("Done.");
        }
        let entries = failures.iter().map(|failure| failure.entries).sum::<usize>();
        Err(format!("not everything was imported; entries not written: {}", print::number(entries)).into())
    }
}

/// Reads the entries of the types that the files have entries of.
fn read_wanted(remote: &Remote, wanted: &Wanted, actual: &mut Actual) -> Outcome {
    for wanted_type in &wanted.types {
        let known = actual.called(&wanted_type.type_name).map(|known| known.id.clone());
        if let Some(id) = known.filter(|_| wanted_type.has_all_entries || !wanted_type.entries.is_empty()) {
            read_entries(remote, actual, &id)?;
        }
    }
    Ok(())
}

fn say(text: &str) -> Outcome {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
