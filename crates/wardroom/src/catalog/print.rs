//! Saying what an import is going to do.

use std::fmt::Display;
use std::io::{self, Write};

use super::apply::Failure;
use super::plan::{AttributeChange, Change, Plan, TypePlan};

/// Failures that are shown at most.
const MOST_FAILURES: usize = 100;

/// Writes what `plan` does: for each type how much, and the first `most` of its changes.
pub fn plan(out: &mut impl Write, plan: &Plan<'_>, most: usize) -> io::Result<()> {
    for plan in &plan.types {
        let counts = [
            (plan.creates.len(), "to create"),
            (plan.updates.len(), "to update"),
            (plan.unchanged, "unchanged"),
            (plan.archives.len(), "to archive"),
        ];
        let counts: Vec<_> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", number(*n))).collect();
        let entries = if counts.is_empty() { "no entries".into() } else { counts.join(", ") };
        writeln!(out, "{} ({}): {entries}", plan.wanted.name, plan.wanted.type_name)?;
        let all = changes(plan);
        let (shown, more) = (all.iter().take(most), all.len().saturating_sub(most));
        for line in shown {
            writeln!(out, "  {line}")?;
        }
        if more > 0 {
            writeln!(out, "  … and {} more", number(more))?;
        }
    }
    Ok(())
}

/// A line for everything that is done with a type.
fn changes(plan: &TypePlan<'_>) -> Vec<String> {
    let type_line = match (&plan.fields, plan.known) {
        (None, _) => None,
        (Some(_), None) => Some("+ the type".into()),
        (Some(_), Some(_)) => Some(format!("~ the type: {}", joined(&plan.field_changes))),
    };
    let attributes = plan.attribute_changes.iter().map(|change| match change {
        AttributeChange::Add(name) => format!("+ attribute {name}"),
        AttributeChange::Change(name, changes) => format!("~ attribute {name}: {}", joined(changes)),
        AttributeChange::Remove(name) => format!("- attribute {name}, with its values"),
    });
    let named = |id: &str, name: &str| if id == name { name.to_owned() } else { format!("{id} ({name})") };
    let creates =
        plan.creates.iter().map(|create| format!("+ {}", named(&create.wanted.external_id, &create.wanted.name)));
    let updates =
        plan.updates.iter().map(|update| format!("~ {}: {}", update.wanted.external_id, joined(&update.changes)));
    let archives = plan.archives.iter().map(|entry| format!("- {}", named(entry.key(), &entry.name)));
    type_line.into_iter().chain(attributes).chain(creates).chain(updates).chain(archives).collect()
}

fn joined(changes: &[Change]) -> String {
    let one = |change: &Change| format!("{} {} → {}", change.what, change.old, change.new);
    changes.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Writes what failed.
pub fn failures(out: &mut impl Write, failures: &[Failure]) -> io::Result<()> {
    for failure in failures.iter().take(MOST_FAILURES) {
        writeln!(out, "{}: {}", failure.place, failure.message)?;
    }
    match failures.len().saturating_sub(MOST_FAILURES) {
        0 => Ok(()),
        more => writeln!(out, "… and {} more", number(more)),
    }
}

/// `50,000`.
pub fn number(n: impl Display) -> String {
    let digits = n.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
