//! What finds an entry, and what points at what.
//!
//! A literal of an attribute that points at a type finds an entry by ID, external ID, alias, or name
//! where the type says so. One that finds nothing is kept, and waits: tools that sync write entries in
//! whatever order they come, also such that point at each other. As soon as an entry comes that it
//! finds, it is bound to it, and stays so whatever the entry is called later, until its attribute gets
//! other values.

use std::collections::{BTreeMap, HashMap};

use base::{Id, Result, Time};
use store::{Condition, Row, Stored, Tx, Value, containing, values};

use super::record::Entry;
use crate::types::{Attribute, CatalogType, Schema, Types, primitive};

/// What a link has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The entry.
    pub id: Id<Entry>,
    /// Its type.
    pub catalog_type: Id<CatalogType>,
    /// Its name.
    pub name: String,
    /// Since when it is out of use.
    pub archived_at: Option<Time>,
}

impl Target {
    /// Reads `id, type_id, name, archived_at` from column `first` on.
    pub(super) fn read(row: &Row, first: usize) -> Result<Self> {
        Ok(Self {
            id: row.get(first)?,
            catalog_type: row.get(first + 1)?,
            name: row.get(first + 2)?,
            archived_at: row.get(first + 3)?,
        })
    }
}

/// Rows asked for by one statement at most.
pub(super) const AT_ONCE: usize = 500;

/// The precedence of an entry's name among what finds it.
const BY_NAME: i64 = 3;

/// The entry of a type that `identifier` finds. One that is archived is found by its ID alone.
pub fn find_named(tx: &mut Tx<'_>, catalog_type: &CatalogType, identifier: &str) -> Result<Option<Stored<Entry>>> {
    let sql = "select entry_id from catalog_identifiers where type_name = $1 and identifier = $2 \
               order by precedence, entry_id limit 1";
    let key = catalog_type.key_of(identifier);
    match tx.row(sql, &values![catalog_type.type_name.as_str(), key])? {
        Some(row) => tx.find(row.get(0)?),
        None => {
            let by_id = identifier.parse().ok().map(|id| tx.find::<Entry>(id)).transpose()?.flatten();
            Ok(by_id.filter(|entry| entry.catalog_type == catalog_type.id))
        }
    }
}

/// Every entry of a type that `identifier` finds.
pub(super) fn all_named(catalog_type: &CatalogType, identifier: &str) -> Condition {
    Condition::equal("type_name", catalog_type.type_name.as_str())
        .and(Condition::equal("identifier", catalog_type.key_of(identifier)))
        .within("id in (select entry_id from catalog_identifiers where ", ")")
}

/// At most so many of the entries in use of a type that have `text` in their name, or in something else that finds
/// them; small and capital letters of English are alike.
pub fn search(tx: &mut Tx<'_>, catalog_type: &CatalogType, text: &str, at_most: usize) -> Result<Vec<Id<Entry>>> {
    let pattern = containing(&text.to_ascii_lowercase());
    let like = |column: &str| Condition::new(&format!("lower({column}) like ? escape '\\'"), [pattern.as_str().into()]);
    let identified = Condition::equal("type_name", catalog_type.type_name.as_str())
        .and(like("identifier"))
        .within("id in (select entry_id from catalog_identifiers where ", ")");
    let found = Condition::equal("type_id", catalog_type.id)
        .and(Condition::new("archived_at is null", []))
        .and(Condition::any([like("name"), identified]));
    let rows = tx.select("id", "catalog_entries", found.ordered_by(&format!("id limit {at_most}")))?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Makes an entry found by what it is called now, and binds the links that have waited for it.
pub(super) fn index(tx: &mut Tx<'_>, catalog_type: &CatalogType, entry: &Entry) -> Result<()> {
    unindex(tx, entry)?;
    let mut identifiers = vec![(0, entry.id.to_string())];
    identifiers.extend(entry.external_id.iter().map(|id| (1, id.clone())));
    identifiers.extend(entry.aliases.iter().map(|alias| (2, alias.clone())));
    if catalog_type.use_name_as_identifier {
        identifiers.push((BY_NAME, entry.name.clone()));
    }
    let type_name = catalog_type.type_name.as_str();
    let keys: Vec<_> =
        identifiers.into_iter().map(|(precedence, text)| (precedence, catalog_type.key_of(&text))).collect();
    let row = |(precedence, key): &(i64, String)| values![type_name, key.as_str(), *precedence, entry.id].into();
    let rows: Vec<Vec<Value>> = keys.iter().map(row).collect();
    tx.insert_rows("catalog_identifiers", "type_name, identifier, precedence, entry_id", &rows)?;
    for some in keys.chunks(AT_ONCE) {
        let literals = some.iter().map(|(_, key)| key.as_str());
        bind(tx, Condition::equal("to_type", type_name).and(Condition::one_of("literal", literals)))?;
    }
    Ok(())
}

/// Makes an entry not be found.
pub(super) fn unindex(tx: &mut Tx<'_>, entry: &Entry) -> Result<()> {
    tx.run("delete from catalog_identifiers where entry_id = $1", &values![entry.id]).map(drop)
}

/// Makes the entries of a type be found by their names, or not, as the type says now.
pub(crate) fn index_names(tx: &mut Tx<'_>, catalog_type: &CatalogType) -> Result<()> {
    let type_name = catalog_type.type_name.as_str();
    if !catalog_type.use_name_as_identifier {
        let sql = "delete from catalog_identifiers where type_name = $1 and precedence = $2";
        return tx.run(sql, &values![type_name, BY_NAME]).map(drop);
    }
    let sql = "insert into catalog_identifiers (type_name, identifier, precedence, entry_id) \
               select $1, name, cast($2 as bigint), id from catalog_entries where type_id = $3 and archived_at is null";
    tx.run(sql, &values![type_name, BY_NAME, catalog_type.id])?;
    bind(tx, Condition::equal("to_type", type_name))
}

/// Writes down what an entry points at that had the values `before`. Attributes that hold the same as
/// before keep what they have found.
pub(super) fn link(
    tx: &mut Tx<'_>,
    schema: &Schema,
    before: &BTreeMap<String, Vec<String>>,
    entry: &Entry,
    types: &Types,
) -> Result<()> {
    let differs = |slot: &str| before.get(slot) != entry.values.get(slot);
    let points = |attribute: &&Attribute| primitive(&attribute.holds).is_none() && differs(&attribute.slot);
    let changed: Vec<_> = schema.attributes.iter().filter(points).collect();
    let slots = Condition::one_of("slot", changed.iter().map(|attribute| attribute.slot.as_str()));
    tx.delete_where("catalog_links", Condition::equal("from_id", entry.id).and(slots))?;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for attribute in changed {
        for (position, text) in entry.values.get(&attribute.slot).into_iter().flatten().enumerate() {
            let literal = types.called(&attribute.holds).map_or_else(|| text.clone(), |held| held.key_of(text));
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            rows.push(values![entry.id, attribute.slot.as_str(), position, attribute.holds.as_str(), literal].into());
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.insert_rows("catalog_links", "from_id, slot, position, to_type, literal", &rows)?;
    bind(tx, Condition::equal("from_id", entry.id))
}

/// Binds the links that meet `condition`, and wait or have found what is now archived, to what their
/// literals find now, if anything.
fn bind(tx: &mut Tx<'_>, condition: Condition) -> Result<()> {
    let is_free = "(to_id is null or exists (select 1 from catalog_entries \
                   where catalog_entries.id = catalog_links.to_id and archived_at is not null))";
    tx.update_where(
        "catalog_links",
        "to_id = coalesce((select entry_id from catalog_identifiers \
         where catalog_identifiers.type_name = catalog_links.to_type \
         and catalog_identifiers.identifier = catalog_links.literal order by precedence, entry_id limit 1), to_id)",
        condition.and(Condition::new(is_free, [])),
    )
}

/// Forgets the links of attributes that `after` has no more.
pub(crate) fn forget_slots(tx: &mut Tx<'_>, before: &Schema, after: &Schema) -> Result<()> {
    let stays = |slot: &str| after.attributes.iter().any(|attribute| attribute.slot == slot);
    for attribute in before.attributes.iter().filter(|attribute| !stays(&attribute.slot)) {
        tx.run("delete from catalog_links where slot = $1", &values![attribute.slot.as_str()])?;
    }
    Ok(())
}

/// What a value of an entry has found.
pub(super) struct Link {
    /// The attribute's slot.
    pub slot: String,
    /// The value's place among the attribute's values.
    pub position: usize,
    /// The entry found.
    pub target: Target,
}

/// What the stored attributes of `entries` point at.
pub(super) fn found(tx: &mut Tx<'_>, entries: &[Id<Entry>]) -> Result<HashMap<Id<Entry>, Vec<Link>>> {
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for some in entries.chunks(AT_ONCE) {
        let rows = tx.select(
            "from_id, slot, position, id, type_id, name, archived_at",
            "catalog_links join catalog_entries on catalog_entries.id = catalog_links.to_id",
            Condition::one_of("from_id", some.iter().copied()),
        )?;
        for row in rows {
            let position = usize::try_from(row.get::<i64>(2)?).unwrap_or(usize::MAX);
            let link = Link { slot: row.get(1)?, position, target: Target::read(&row, 3)? };
            found.entry(row.get(0)?).or_default().push(link);
        }
    }
    Ok(found)
}

/// The values that an entry holds under `slot`, each with the entry that it finds, if any.
pub(crate) fn found_by(tx: &mut Tx<'_>, entry: &Entry, slot: &str) -> Result<Vec<(String, Option<Entry>)>> {
    let links = found(tx, &[entry.id])?.remove(&entry.id).unwrap_or_default();
    let links: Vec<_> = links.into_iter().filter(|link| link.slot == slot).collect();
    let entries = targets(tx, &links.iter().map(|link| link.target.id).collect::<Vec<_>>())?;
    let held = entry.values.get(slot).into_iter().flatten().enumerate().map(|(position, literal)| {
        let link = links.iter().find(|link| link.position == position);
        (literal.clone(), link.and_then(|link| entries.get(&link.target.id).cloned()))
    });
    Ok(held.collect())
}

/// The entries with these IDs, archived or not.
pub fn targets(tx: &mut Tx<'_>, ids: &[Id<Entry>]) -> Result<HashMap<Id<Entry>, Entry>> {
    let mut found = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let entries = tx.list::<Entry>(Condition::one_of("id", some.iter().copied()), "id")?;
        found.extend(entries.into_iter().map(|entry| (entry.id, entry.into_inner())));
    }
    Ok(found)
}

/// The entries that point at `entry` through the attribute with this slot.
pub(crate) fn linked_from(tx: &mut Tx<'_>, slot: &str, entry: Id<Entry>) -> Result<Vec<Id<Entry>>> {
    let sql = "select distinct from_id from catalog_links where to_id = $1 and slot = $2 order by from_id";
    tx.rows(sql, &values![entry, slot])?.iter().map(|row| row.get(0)).collect()
}

/// An entry that points at another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlink {
    /// Which one.
    pub from: Target,
    /// The name of the attribute through which it does.
    pub attribute: String,
}

/// At most so many of the entries in use that point at `entry`, in the order of their IDs.
pub fn backlinks(tx: &mut Tx<'_>, entry: Id<Entry>, at_most: usize) -> Result<Vec<Backlink>> {
    let types = tx.cached::<Types>()?;
    let condition = Condition::equal("to_id", entry).and(Condition::new("archived_at is null", []));
    let rows = tx.select(
        "distinct id, type_id, name, archived_at, slot",
        "catalog_links join catalog_entries on catalog_entries.id = catalog_links.from_id",
        condition.ordered_by(&format!("id, slot limit {at_most}")),
    )?;
    let backlink = |row: &Row| {
        let (from, slot) = (Target::read(row, 0)?, row.text(4)?);
        let attributes = types.get(from.catalog_type).map(|from| &from.schema.attributes);
        let attribute = attributes.into_iter().flatten().find(|attribute| attribute.slot == slot);
        Ok(attribute.map(|attribute| Backlink { from, attribute: attribute.name.clone() }))
    };
    rows.iter().filter_map(|row| backlink(row).transpose()).collect()
}

/// The entries that `entry` points at through the attribute with this slot, in order.
pub(crate) fn pointed_at(tx: &mut Tx<'_>, entry: Id<Entry>, slot: &str) -> Result<Vec<Id<Entry>>> {
    let sql =
        "select to_id from catalog_links where from_id = $1 and slot = $2 and to_id is not null order by position";
    tx.rows(sql, &values![entry, slot])?.iter().map(|row| row.get(0)).collect()
}
