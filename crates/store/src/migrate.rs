//! Migrations: the tables a feature owns, in versions that only ever go forward.

use base::{Error, Result};

/// One step of the schema. `version` orders all features' steps in one sequence and never changes
/// once released; `sql` is written for PostgreSQL, in the subset that SQLite shares.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its place in the sequence.
    pub version: u32,
    /// What it does, in snake case.
    pub name: &'static str,
    /// The statements.
    pub sql: &'static str,
}

/// Hears of each migration that was applied: how many are done, how many there are, and its name.
pub type Progress<'a> = dyn FnMut(usize, usize, &str) + 'a;

/// Applies what is missing, each in a transaction of its own. The caller makes sure that nobody
/// else does the same at the same time.
pub(crate) fn run<C: refinery::Migrate>(
    connection: &mut C,
    migrations: &[Migration],
    dialect: fn(&str) -> String,
    progress: &mut Progress<'_>,
) -> Result<()> {
    // "U", because a step of one feature may be newer than steps of others with higher numbers.
    let steps = migrations
        .iter()
        .map(|step| refinery::Migration::unapplied(&format!("U{}__{}", step.version, step.name), &dialect(step.sql)));
    let runner = refinery::Runner::new(&steps.collect::<std::result::Result<Vec<_>, _>>().map_err(Error::internal)?);
    for (done, applied) in runner.run_iter(connection).enumerate() {
        progress(done + 1, migrations.len(), applied.map_err(Error::internal)?.name());
    }
    Ok(())
}
