//! Making, changing, archiving and reviving entries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Actor, Error, Id, Problems, Result};
use store::{Condition, Cx, Stored};

use super::links;
use super::record::{Entry, LONGEST_IDENTIFIER, hold_types, tally};
use super::values::{Change, Given, Values};
use crate::teams;
use crate::types::{CatalogType, Types, primitive};

/// What an entry is to be.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What people call it.
    pub name: String,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// What else finds it.
    pub aliases: Vec<String>,
    /// Its place among the others.
    pub rank: i32,
    /// Its values, by attribute ID.
    pub values: BTreeMap<String, Given>,
    /// The attributes that change; all where nothing is said.
    pub only: Option<Vec<String>>,
}

/// One entry of a bulk update: what is absent stays.
pub(super) struct Patch {
    pub entry: String,
    pub name: Option<String>,
    pub external_id: Option<String>,
    pub aliases: Option<Vec<String>>,
    pub rank: i32,
    pub values: BTreeMap<String, Given>,
}

/// Makes an entry, or changes the one that has this external ID, archived or not.
pub fn create(cx: &mut Cx<'_>, catalog_type: &CatalogType, draft: Draft) -> Result<Stored<Entry>> {
    admit(cx, catalog_type)?;
    make(cx, catalog_type, draft)
}

fn make(cx: &mut Cx<'_>, catalog_type: &CatalogType, draft: Draft) -> Result<Stored<Entry>> {
    let (catalog_type, types) = &hold(cx, catalog_type)?;
    let with_external_id = match &draft.external_id {
        Some(external_id) => with_external_id(cx, catalog_type, external_id)?,
        None => None,
    };
    if let Some(entry) = with_external_id {
        return change(cx, types, catalog_type, entry, draft);
    }
    let mut entry = Entry {
        id: cx.new_id(),
        catalog_type: catalog_type.id,
        name: String::new(),
        external_id: None,
        aliases: Vec::new(),
        rank: 0,
        values: BTreeMap::new(),
        by_hand: BTreeSet::new(),
        archived_at: None,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    draft.apply(cx, catalog_type, &mut entry)?;
    cx.insert(&entry)?;
    tally(cx, catalog_type.id, 1)?;
    follow(cx, types, catalog_type, &BTreeMap::new(), &entry)?;
    cx.get(entry.id)
}

/// Changes an entry.
pub(crate) fn update(cx: &mut Cx<'_>, id: Id<Entry>, draft: Draft) -> Result<(Arc<CatalogType>, Stored<Entry>)> {
    let (catalog_type, types, entry) = open(cx, id)?;
    let entry = change(cx, &types, &catalog_type, entry, draft)?;
    Ok((catalog_type, entry))
}

/// Changes many entries of one type, all or none.
pub(super) fn update_many(
    cx: &mut Cx<'_>,
    catalog_type: &CatalogType,
    patches: Vec<Patch>,
    only: Option<&[String]>,
) -> Result<()> {
    admit(cx, catalog_type)?;
    let (catalog_type, types) = &hold(cx, catalog_type)?;
    let (mut problems, mut seen) = (Problems::new(), BTreeSet::new());
    for (index, patch) in patches.into_iter().enumerate() {
        let at = format!("entries.{index}");
        let entry = match patch.entry.parse::<Id<Entry>>() {
            Ok(id) => cx.find(id)?.filter(|entry| entry.catalog_type == catalog_type.id),
            Err(_) => None,
        };
        let is_first = entry.as_ref().is_none_or(|entry| seen.insert(entry.id));
        problems.check(entry.is_some(), &format!("{at}.entry_id"), "the type has no entry with this ID");
        problems.check(is_first, &format!("{at}.entry_id"), "this entry is changed twice");
        if let Some(entry) = entry.filter(|_| is_first) {
            let draft = Draft {
                name: patch.name.unwrap_or_else(|| entry.name.clone()),
                external_id: patch.external_id.or_else(|| entry.external_id.clone()),
                aliases: patch.aliases.unwrap_or_else(|| entry.aliases.clone()),
                rank: patch.rank,
                values: patch.values,
                only: only.map(<[_]>::to_vec),
            };
            problems.keep(change(cx, types, catalog_type, entry, draft).map_err(|error| error.within(&at)))?;
        }
    }
    problems.finish()
}

/// Takes an entry out of use. Doing so twice changes nothing.
pub fn archive(cx: &mut Cx<'_>, id: Id<Entry>) -> Result<()> {
    let (catalog_type, _, entry) = open(cx, id)?;
    retire(cx, &catalog_type, entry)
}

fn retire(cx: &mut Cx<'_>, catalog_type: &CatalogType, mut entry: Stored<Entry>) -> Result<()> {
    if entry.archived_at.is_some() {
        return Ok(());
    }
    entry.archived_at = Some(cx.now());
    entry.updated_at = cx.now();
    cx.save_as("archived", &mut entry)?;
    tally(cx, catalog_type.id, -1)?;
    links::unindex(cx, &entry)?;
    teams::follow(cx, catalog_type, &entry)
}

/// Makes the entry of `catalog_type` with the external ID `external_id` be what `draft` says; `None`
/// takes it out of use. For the types that reflect what Wardroom keeps elsewhere.
pub fn reflect(cx: &mut Cx<'_>, catalog_type: &CatalogType, external_id: &str, draft: Option<Draft>) -> Result<()> {
    match draft {
        Some(draft) => make(cx, catalog_type, Draft { external_id: Some(external_id.into()), ..draft }).map(drop),
        None => {
            let (catalog_type, _) = hold(cx, catalog_type)?;
            let entry = with_external_id(cx, &catalog_type, external_id)?;
            entry.map_or(Ok(()), |entry| retire(cx, &catalog_type, entry))
        }
    }
}

fn with_external_id(cx: &mut Cx<'_>, catalog_type: &CatalogType, external_id: &str) -> Result<Option<Stored<Entry>>> {
    let condition = Condition::equal("type_id", catalog_type.id).and(Condition::equal("external_id", external_id));
    Ok(cx.list::<Entry>(condition, "id")?.into_iter().next())
}

/// Refuses whoever may not change entries of this type.
fn admit(cx: &mut Cx<'_>, catalog_type: &CatalogType) -> Result<()> {
    cx.prove_owned(&catalog_type.owning_teams)?;
    catalog_type.must_be_editable()
}

/// The entry that is to be changed, with its type held.
fn open(cx: &mut Cx<'_>, id: Id<Entry>) -> Result<(Arc<CatalogType>, Arc<Types>, Stored<Entry>)> {
    let types = cx.cached::<Types>()?;
    let entry = cx.get(id)?;
    let catalog_type = types.get(entry.catalog_type).ok_or_else(Error::not_found)?;
    admit(cx, catalog_type)?;
    cx.expect_version(&entry)?;
    let (catalog_type, types) = hold(cx, catalog_type)?;
    Ok((catalog_type, types, entry))
}

/// Keeps others from changing this type, its entries and those that it points at in the meantime: a
/// link and the entry that it is waiting for must not pass by each other. The answer is the type as it
/// is now, and all types.
fn hold(cx: &mut Cx<'_>, catalog_type: &CatalogType) -> Result<(Arc<CatalogType>, Arc<Types>)> {
    let concerned = |catalog_type: &CatalogType, types: &Types| {
        let holds = catalog_type.schema.attributes.iter().map(|attribute| &*attribute.holds);
        let ids = holds.filter_map(|held| types.called(held)).map(|held| held.id);
        ids.chain([catalog_type.id]).collect::<BTreeSet<_>>()
    };
    let held = concerned(catalog_type, &*cx.cached::<Types>()?);
    hold_types(cx, held.iter().copied())?;
    let types = cx.cached::<Types>()?;
    let now = types.get(catalog_type.id).ok_or_else(Error::lost_race)?;
    if concerned(now, &types) != held {
        return Err(Error::lost_race());
    }
    Ok((Arc::clone(now), types))
}

/// Makes an entry what `draft` says, also one that was archived. What stays the same costs nothing.
fn change(
    cx: &mut Cx<'_>,
    types: &Types,
    catalog_type: &CatalogType,
    mut entry: Stored<Entry>,
    draft: Draft,
) -> Result<Stored<Entry>> {
    let before = (*entry).clone();
    draft.apply(cx, catalog_type, &mut entry)?;
    entry.archived_at = None;
    if *entry == before {
        return Ok(entry);
    }
    entry.updated_at = cx.now();
    cx.save_as(if before.archived_at.is_some() { "revived" } else { "updated" }, &mut entry)?;
    if before.archived_at.is_some() {
        tally(cx, catalog_type.id, 1)?;
    }
    follow(cx, types, catalog_type, &before.values, &entry)?;
    Ok(entry)
}

/// Brings up to date what is derived from an entry that had the values `before`.
fn follow(
    cx: &mut Cx<'_>,
    types: &Types,
    catalog_type: &CatalogType,
    before: &BTreeMap<String, Vec<String>>,
    entry: &Entry,
) -> Result<()> {
    links::index(cx, catalog_type, entry)?;
    if catalog_type.schema.attributes.iter().any(|attribute| primitive(&attribute.holds).is_none()) {
        links::link(cx, &catalog_type.schema, before, entry, types)?;
    }
    teams::follow(cx, catalog_type, entry)
}

impl Draft {
    fn apply(self, cx: &mut Cx<'_>, catalog_type: &CatalogType, entry: &mut Entry) -> Result<()> {
        let mut problems = Problems::new();
        problems.check(!self.name.trim().is_empty(), "name", "must not be blank");
        let external_id = self.external_id.filter(|id| !id.is_empty());
        let aliases = (0..).zip(&self.aliases).map(|(n, alias): (usize, _)| (format!("aliases.{n}"), alias));
        let named = [("name".into(), &self.name)].into_iter();
        for (pointer, text) in named.chain(external_id.iter().map(|id| ("external_id".into(), id))).chain(aliases) {
            let fits = text.chars().count() <= LONGEST_IDENTIFIER;
            problems.check(fits, &pointer, &format!("has at most {LONGEST_IDENTIFIER} characters"));
        }
        if let Some(external_id) = &external_id {
            let holder = with_external_id(cx, catalog_type, external_id)?;
            let is_free = holder.is_none_or(|holder| holder.id == entry.id);
            problems.check(is_free, "external_id", "another entry of the type, maybe an archived one, has it");
        }
        let before = Values { by_slot: std::mem::take(&mut entry.values), by_hand: std::mem::take(&mut entry.by_hand) };
        let change =
            Change { given: &self.values, only: self.only.as_deref(), by_hand: matches!(cx.actor(), Actor::User(_)) };
        if let Some(after) = problems.keep(change.apply(&catalog_type.schema, &before))? {
            (entry.values, entry.by_hand) = (after.by_slot, after.by_hand);
        }
        problems.finish()?;
        entry.name = self.name;
        entry.external_id = external_id;
        entry.aliases = without_doubles(self.aliases);
        entry.rank = self.rank;
        Ok(())
    }
}

fn without_doubles(aliases: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    aliases.into_iter().filter(|alias| !alias.is_empty() && seen.insert(alias.clone())).collect()
}
