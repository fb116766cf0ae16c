//! The catalog of the server that is imported to, or exported from.

use connect::client::{ApiPath, Client, Listing, Request, Trouble};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::model::{Attribute, Changes, Entry, Fields, NewEntry, Type};

/// Entries in one page, and in one bulk update, at most.
pub const PAGE: usize = 250;

/// A catalog, as an API key sees it. Whatever it is asked for may be asked twice: an entry is known by its external
/// ID, a schema by its version, a type by its name.
pub struct Remote(Client);

#[derive(Deserialize)]
struct Types {
    catalog_types: Vec<Type>,
}

#[derive(Deserialize)]
struct OneType {
    catalog_type: Type,
}

#[derive(Serialize)]
struct NewType<'a> {
    type_name: &'a str,
    #[serde(flatten)]
    fields: &'a Fields,
}

impl Remote {
    /// The catalog of an API.
    pub fn new(api: Client) -> Self {
        Self(api)
    }

    /// Every type.
    pub fn types(&self) -> Result<Vec<Type>, Trouble> {
        Ok(self.0.get::<Types>(ApiPath::of(&["v3", "catalog_types"]))?.catalog_types)
    }

    /// Every entry of a type. `progress` is told after each page how many there are, and of how many.
    pub fn entries(&self, type_id: &str, mut progress: impl FnMut(usize, usize)) -> Result<Vec<Entry>, Trouble> {
        let path = ApiPath::of(&["v3", "catalog_entries"])
            .with("catalog_type_id", type_id)
            .with("page_size", &PAGE.to_string());
        let mut entries = Vec::new();
        for page in self.0.pages(Listing { path, rows: "catalog_entries".into() }, None) {
            let mut page = page?;
            entries.append(&mut page.rows);
            let total = page.total.and_then(|total| total.try_into().ok());
            progress(entries.len(), total.unwrap_or(entries.len()));
        }
        Ok(entries)
    }

    /// Makes a type.
    pub fn create_type(&self, type_name: &str, fields: &Fields) -> Result<Type, Trouble> {
        let path = ApiPath::of(&["v3", "catalog_types"]);
        Ok(self.post::<OneType>(path, &NewType { type_name, fields })?.catalog_type)
    }

    /// Changes a type; its attributes stay.
    pub fn update_type(&self, id: &str, fields: &Fields) -> Result<(), Trouble> {
        let path = ApiPath::of(&["v3", "catalog_types", id]);
        self.0.ask::<IgnoredAny>(&Request::put(path, as_json(fields))).map(drop)
    }

    /// Replaces the attributes of a type; returns the version that they have then.
    pub fn update_schema(&self, id: &str, version: i64, attributes: &[Attribute]) -> Result<i64, Trouble> {
        let path = ApiPath::of(&["v3", "catalog_types", id, "actions", "update_schema"]);
        let body = json!({"version": version, "attributes": attributes});
        Ok(self.post::<OneType>(path, &body)?.catalog_type.schema.version)
    }

    /// Makes an entry, or changes the one that has its external ID.
    pub fn create_entry(&self, entry: &NewEntry<'_>) -> Result<(), Trouble> {
        self.post::<IgnoredAny>(ApiPath::of(&["v3", "catalog_entries"]), entry).map(drop)
    }

    /// Changes entries of one type, all or none.
    pub fn update_entries(&self, changes: &Changes<'_>) -> Result<(), Trouble> {
        let path = ApiPath::of(&["v3", "catalog_entries", "actions", "bulk_update"]);
        self.post::<IgnoredAny>(path, changes).map(drop)
    }

    /// Takes an entry out of use.
    pub fn archive_entry(&self, id: &str) -> Result<(), Trouble> {
        self.0.ask::<IgnoredAny>(&Request::delete(ApiPath::of(&["v3", "catalog_entries", id]))).map(drop)
    }

    fn post<T: DeserializeOwned>(&self, path: ApiPath, body: &impl Serialize) -> Result<T, Trouble> {
        self.0.ask(&Request::post(path, as_json(body)).repeatable())
    }
}

fn as_json(body: &impl Serialize) -> Json {
    serde_json::to_value(body).expect("it can be written as JSON")
}
