//! Lists, to the end.

use std::collections::{BTreeMap, HashSet};
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::base_url::ApiPath;
use super::trouble::{Kind, Trouble};
use super::{Client, Request};

/// How many rows of a list are held at once: a list that never ends is not read for ever.
pub const MOST_ROWS: usize = 100_000;

/// A list of an API.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Where it is, with its filters and the size of its pages.
    pub path: ApiPath,
    /// The field that holds the rows; empty for the one field that holds a list.
    pub rows: String,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T = Json> {
    /// Its rows.
    pub rows: Vec<T>,
    /// After what the next one begins; `None` on the last one.
    pub after: Option<String>,
    /// How many rows there are on all pages, if the server says so.
    pub total: Option<u64>,
}

/// The pages of a list, one after the other, with rows that are read as `T`. It ends at the first trouble.
pub struct Pages<'c, T = Json> {
    client: &'c Client,
    listing: Listing,
    next: Next,
    seen: HashSet<String>,
    rows: PhantomData<T>,
}

enum Next {
    First,
    After(String),
    None,
}

impl Client {
    /// The pages of `listing`, from the first one, or from the one that begins after `after`.
    pub fn pages<T: DeserializeOwned>(&self, listing: Listing, after: Option<String>) -> Pages<'_, T> {
        let next = after.map_or(Next::First, Next::After);
        Pages { client: self, listing, next, seen: HashSet::new(), rows: PhantomData }
    }

    /// All rows of the list at `path`, which stand in the field `rows`.
    ///
    /// # Errors
    /// Also that there are more than [`MOST_ROWS`].
    pub fn all<T: DeserializeOwned>(&self, path: ApiPath, rows: &str) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        for page in self.pages::<T>(Listing { path, rows: rows.to_owned() }, None) {
            all.append(&mut page?.rows);
            if all.len() > MOST_ROWS {
                return Err(Trouble::new(Kind::NoAnswer, format!("the list has more than {MOST_ROWS} rows")));
            }
        }
        Ok(all)
    }
}

impl<T: DeserializeOwned> Pages<'_, T> {
    fn read(&mut self, after: Option<&str>) -> Result<Page<T>, Trouble> {
        let path =
            after.map_or_else(|| self.listing.path.clone(), |after| self.listing.path.clone().with("after", after));
        let body = self.client.ask(&Request::get(path.clone()))?;
        let trouble = |why: &str| Trouble::new(Kind::NoAnswer, format!("{}: {why}", path.before_query()));
        let page = Page::of(&body, &self.listing.rows).map_err(|why| trouble(&why))?;
        match &page.after {
            Some(next) if !self.seen.insert(next.clone()) => Err(trouble("the pages go in circles")),
            _ => Ok(page),
        }
    }
}

impl<T: DeserializeOwned> Iterator for Pages<'_, T> {
    type Item = Result<Page<T>, Trouble>;

    fn next(&mut self) -> Option<Self::Item> {
        let page = match std::mem::replace(&mut self.next, Next::None) {
            Next::First => self.read(None),
            Next::After(after) => self.read(Some(&after)),
            Next::None => return None,
        };
        if let Ok(Page { after: Some(after), .. }) = &page {
            self.next = Next::After(after.clone());
        }
        Some(page)
    }
}

/// An answer whose fields are read once it is known as what.
type Body = BTreeMap<String, Box<RawValue>>;

impl<T: DeserializeOwned> Page<T> {
    fn of(body: &Body, field: &str) -> Result<Self, String> {
        let rows = match field {
            "" => body.values().find(|value| value.get().starts_with('[')),
            named => body.get(named),
        };
        let rows = rows.filter(|rows| rows.get().starts_with('[')).ok_or("there is no list in the answer")?;
        let rows: Vec<T> =
            serde_json::from_str(rows.get()).map_err(|error| format!("a row makes no sense: {error}"))?;
        let meta = body.get("pagination_meta").and_then(|meta| serde_json::from_str::<Json>(meta.get()).ok());
        let meta = meta.unwrap_or_default();
        // A page without rows has no next one, whatever it says.
        let after = meta["after"].as_str().filter(|after| !after.is_empty() && !rows.is_empty());
        Ok(Self { after: after.map(str::to_owned), total: meta["total_record_count"].as_u64(), rows })
    }
}
