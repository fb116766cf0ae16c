//! What is stored of an entry.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::{Error, Id, Result, Time};
use serde::{Deserialize, Serialize};
use store::{Record, Tx, Value, values};

use crate::types::CatalogType;

/// Entries of one type that are not archived, at most.
pub(super) const LARGEST_TYPE: i64 = 50_000;

/// Characters that a name or something else that finds an entry has at most; databases find longer
/// texts by no index.
pub(super) const LONGEST_IDENTIFIER: usize = 500;

/// A thing in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which one.
    pub id: Id<Entry>,
    /// What kind of thing it is.
    pub catalog_type: Id<CatalogType>,
    /// What people call it.
    pub name: String,
    /// What another system calls it; one entry's of the type, archived or not.
    #[serde(default)]
    pub external_id: Option<String>,
    /// What else finds it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Its place among the others, where the type is ranked.
    #[serde(default)]
    pub rank: i32,
    /// Its values by slot, as they were written; an attribute that was never set has none.
    #[serde(default)]
    pub values: BTreeMap<String, Vec<String>>,
    /// The slots whose values a person set.
    #[serde(default)]
    pub by_hand: BTreeSet<String>,
    /// Since when it is out of use.
    #[serde(default)]
    pub archived_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for Entry {
    const TABLE: &'static str = "catalog_entries";
    const COLUMNS: &'static [&'static str] = &["type_id", "external_id", "name", "rank", "archived_at"];
    const KIND: &'static str = "catalog_entry";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        let rank = i64::from(self.rank);
        values![self.catalog_type, self.external_id.as_ref(), self.name.as_str(), rank, self.archived_at].into()
    }
}

/// How many entries of a type are not archived.
pub(crate) fn count(tx: &mut Tx<'_>, catalog_type: Id<CatalogType>) -> Result<i64> {
    let row = tx.row("select n from catalog_tallies where type_id = $1", &values![catalog_type])?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// The same for every type.
pub(crate) fn counts(tx: &mut Tx<'_>) -> Result<HashMap<Id<CatalogType>, i64>> {
    let rows = tx.rows("select type_id, n from catalog_tallies", &[])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Begins to count the entries of a new type.
pub(crate) fn begin_tally(tx: &mut Tx<'_>, catalog_type: Id<CatalogType>) -> Result<()> {
    tx.run("insert into catalog_tallies (type_id, n) values ($1, 0)", &values![catalog_type]).map(drop)
}

/// Keeps others from changing these types and their entries until this transaction ends.
pub(crate) fn hold_types(tx: &mut Tx<'_>, types: impl IntoIterator<Item = Id<CatalogType>>) -> Result<()> {
    tx.hold("catalog_tallies", "type_id", types)
}

/// Counts `change` more entries of a type.
pub(super) fn tally(tx: &mut Tx<'_>, catalog_type: Id<CatalogType>, change: i64) -> Result<()> {
    let sql = "update catalog_tallies set n = n + $2 where type_id = $1 returning n";
    let row = tx.row(sql, &values![catalog_type, change])?.ok_or_else(|| Error::internal("a tally answers"))?;
    if change > 0 && row.get::<i64>(0)? > LARGEST_TYPE {
        return Err(Error::invalid("catalog_type_id", format!("a type has at most {LARGEST_TYPE} entries")));
    }
    Ok(())
}
