//! Values that are computed when they are read: paths and backlinks.
//!
//! A path has ten steps at most, each entry counts once, and no attribute gets more than
//! [`MOST_VALUES`] values: so references that go round in circles, and entries that thousands point
//! at, cost a bounded amount of work.

use std::collections::{BTreeSet, HashMap, HashSet};

use base::{Id, Result};
use store::{Condition, Tx};

use super::links::{AT_ONCE, Target, targets};
use super::record::Entry;
use crate::types::{Attribute, CatalogType, Mode, Types, primitive};

/// Values that a derived attribute of one entry has at most.
const MOST_VALUES: usize = 1_000;

/// A value that was computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Derived {
    /// An entry.
    Entry(Target),
    /// The text of a primitive.
    Text(String),
}

/// Whether computing the attribute needs what points here, not just what is pointed at.
pub(super) fn goes_back(attribute: &Attribute, start: &CatalogType, types: &Types) -> bool {
    match attribute.mode {
        Mode::Backlink => true,
        Mode::Path => steps(attribute, start, types).iter().flatten().any(|step| step.mode == Mode::Backlink),
        _ => false,
    }
}

/// The values of a derived attribute for each of `entries`, which are of the type `start`.
pub(super) fn derive(
    tx: &mut Tx<'_>,
    attribute: &Attribute,
    start: &CatalogType,
    types: &Types,
    entries: &[Id<Entry>],
) -> Result<HashMap<Id<Entry>, Vec<Derived>>> {
    let steps = if attribute.mode == Mode::Path { steps(attribute, start, types) } else { Some(vec![attribute]) };
    let Some(steps) = steps else { return Ok(HashMap::new()) };
    let mut reached: HashMap<Id<Entry>, Vec<Target>> = HashMap::new();
    let mut here: HashMap<Id<Entry>, Vec<Id<Entry>>> = entries.iter().map(|id| (*id, vec![*id])).collect();
    for step in steps {
        if primitive(&step.holds).is_some() {
            return texts(tx, step, &here);
        }
        let now: BTreeSet<_> = here.values().flatten().copied().collect();
        let next = go(tx, step, types, &now.into_iter().collect::<Vec<_>>())?;
        reached = here.iter().map(|(origin, at)| (*origin, together(at, &next))).collect();
        here = reached.iter().map(|(origin, found)| (*origin, found.iter().map(|one| one.id).collect())).collect();
    }
    Ok(reached.into_iter().map(|(id, found)| (id, found.into_iter().map(Derived::Entry).collect())).collect())
}

/// The attributes that a path goes along; `None` where one of them is gone.
fn steps<'t>(attribute: &Attribute, start: &'t CatalogType, types: &'t Types) -> Option<Vec<&'t Attribute>> {
    let mut reached = Some(start);
    let step = |id: &String| {
        let next = reached?.schema.attribute(id)?;
        reached = types.called(&next.holds).map(|next| &**next);
        Some(next)
    };
    attribute.path.iter().map(step).collect()
}

/// What one step from each of `from` reaches.
fn go(tx: &mut Tx<'_>, step: &Attribute, types: &Types, from: &[Id<Entry>]) -> Result<HashMap<Id<Entry>, Vec<Target>>> {
    let (here, there, slot) = match step.mode {
        Mode::Backlink => {
            let pointing = step.backlink_attribute.as_deref();
            let pointing = types.called(&step.holds).and_then(|other| other.schema.attribute(pointing?));
            let Some(pointing) = pointing else { return Ok(HashMap::new()) };
            ("to_id", "from_id", &pointing.slot)
        }
        _ => ("from_id", "to_id", &step.slot),
    };
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for some in from.chunks(AT_ONCE) {
        let condition = Condition::equal("slot", slot.as_str())
            .and(Condition::one_of(here, some.iter().copied()))
            .and(Condition::new("archived_at is null", []));
        // More than are shown may point at one entry: they are left where they are.
        let rows = tx.select_first(
            MOST_VALUES,
            (here, "from_id, position"),
            "id, type_id, name, archived_at",
            &format!("catalog_links join catalog_entries on catalog_entries.id = catalog_links.{there}"),
            condition,
        )?;
        for row in rows {
            found.entry(row.get(0)?).or_default().push(Target::read(&row, 1)?);
        }
    }
    Ok(found)
}

/// What all of `at` reach, each once.
fn together(at: &[Id<Entry>], next: &HashMap<Id<Entry>, Vec<Target>>) -> Vec<Target> {
    let mut seen = HashSet::new();
    let reached = at.iter().filter_map(|id| next.get(id)).flatten();
    reached.filter(|target| seen.insert(target.id)).take(MOST_VALUES).cloned().collect()
}

/// The texts that the attribute `last` has on the entries reached, each once.
fn texts(
    tx: &mut Tx<'_>,
    last: &Attribute,
    here: &HashMap<Id<Entry>, Vec<Id<Entry>>>,
) -> Result<HashMap<Id<Entry>, Vec<Derived>>> {
    let all: BTreeSet<_> = here.values().flatten().copied().collect();
    let entries = targets(tx, &all.into_iter().collect::<Vec<_>>())?;
    let of = |at: &Vec<Id<Entry>>| {
        let mut seen = HashSet::new();
        let held = at.iter().filter_map(|id| entries.get(id)?.values.get(&last.slot)).flatten();
        held.filter(|text| seen.insert(*text)).take(MOST_VALUES).cloned().map(Derived::Text).collect()
    };
    Ok(here.iter().map(|(origin, at)| (*origin, of(at))).collect())
}
