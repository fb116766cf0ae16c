//! The catalog of the server that is imported to, or exported from.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{Attribute, Changes, Entry, Fields, NewEntry, Type};
use crate::remote::{Answer, Remote, escaped};

/// Entries in one page, and in one bulk update, at most.
pub const PAGE: usize = 250;

#[derive(Deserialize)]
struct Types {
    catalog_types: Vec<Type>,
}

#[derive(Deserialize)]
struct OneType {
    catalog_type: Type,
}

#[derive(Deserialize)]
struct Page {
    catalog_entries: Vec<Entry>,
    pagination_meta: PageMeta,
}

#[derive(Deserialize)]
struct PageMeta {
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    total_record_count: Option<usize>,
}

#[derive(Serialize)]
struct NewType<'a> {
    type_name: &'a str,
    #[serde(flatten)]
    fields: &'a Fields,
}

impl Remote {
    /// Every type.
    pub fn types(&self) -> Answer<Vec<Type>> {
        Ok(self.get::<Types>("/v3/catalog_types")?.catalog_types)
    }

    /// Every entry of a type. `progress` is told after each page how many there are, and of how many.
    pub fn entries(&self, type_id: &str, mut progress: impl FnMut(usize, usize)) -> Answer<Vec<Entry>> {
        let mut entries = Vec::new();
        let first = format!("/v3/catalog_entries?catalog_type_id={}&page_size={PAGE}", escaped(type_id));
        let mut path = first.clone();
        loop {
            let Page { mut catalog_entries, pagination_meta } = self.get(&path)?;
            let is_last = catalog_entries.is_empty();
            entries.append(&mut catalog_entries);
            progress(entries.len(), pagination_meta.total_record_count.unwrap_or(entries.len()));
            match pagination_meta.after {
                Some(after) if !is_last => path = format!("{first}&after={}", escaped(&after)),
                _ => return Ok(entries),
            }
        }
    }

    /// Makes a type.
    pub fn create_type(&self, type_name: &str, fields: &Fields) -> Answer<Type> {
        Ok(self.send::<OneType>("POST", "/v3/catalog_types", &NewType { type_name, fields })?.catalog_type)
    }

    /// Changes a type; its attributes stay.
    pub fn update_type(&self, id: &str, fields: &Fields) -> Answer<()> {
        self.send::<IgnoredAny>("PUT", &format!("/v3/catalog_types/{}", escaped(id)), fields).map(drop)
    }

    /// Replaces the attributes of a type; returns the version that they have then.
    pub fn update_schema(&self, id: &str, version: i64, attributes: &[Attribute]) -> Answer<i64> {
        let path = format!("/v3/catalog_types/{}/actions/update_schema", escaped(id));
        let body = json!({"version": version, "attributes": attributes});
        Ok(self.send::<OneType>("POST", &path, &body)?.catalog_type.schema.version)
    }

    /// Makes an entry, or changes the one that has its external ID.
    pub fn create_entry(&self, entry: &NewEntry<'_>) -> Answer<()> {
        self.send::<IgnoredAny>("POST", "/v3/catalog_entries", entry).map(drop)
    }

    /// Changes entries of one type, all or none.
    pub fn update_entries(&self, changes: &Changes<'_>) -> Answer<()> {
        self.send::<IgnoredAny>("POST", "/v3/catalog_entries/actions/bulk_update", changes).map(drop)
    }

    /// Takes an entry out of use.
    pub fn archive_entry(&self, id: &str) -> Answer<()> {
        self.call::<IgnoredAny>("DELETE", &format!("/v3/catalog_entries/{}", escaped(id)), None).map(drop)
    }
}
