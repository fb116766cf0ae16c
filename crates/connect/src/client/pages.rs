//! Lists, to the end.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

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
pub struct Page {
    /// Its rows.
    pub rows: Vec<Json>,
    /// After what the next one begins; `None` on the last one.
    pub after: Option<String>,
    /// How many rows there are on all pages, if the server says so.
    pub total: Option<u64>,
    /// What stands beside the rows.
    pub rest: Map<String, Json>,
}

/// The pages of a list, one after the other. It ends at the first trouble.
pub struct Pages<'c> {
    client: &'c Client,
    listing: Listing,
    next: Next,
    seen: HashSet<String>,
}

enum Next {
    First,
    After(String),
    None,
}

impl Client {
    /// The pages of `listing`, from the first one, or from the one that begins after `after`.
    pub fn pages(&self, listing: Listing, after: Option<String>) -> Pages<'_> {
        Pages { client: self, listing, next: after.map_or(Next::First, Next::After), seen: HashSet::new() }
    }

    /// All rows of the list at `path`, which stand in the field `rows`.
    ///
    /// # Errors
    /// Also that there are more than [`MOST_ROWS`].
    pub fn all(&self, path: ApiPath, rows: &str) -> Result<Vec<Json>, Trouble> {
        let mut all = Vec::new();
        for page in self.pages(Listing { path, rows: rows.to_owned() }, None) {
            all.append(&mut page?.rows);
            if all.len() > MOST_ROWS {
                return Err(Trouble::new(Kind::NoAnswer, format!("the list has more than {MOST_ROWS} rows")));
            }
        }
        Ok(all)
    }
}

impl Pages<'_> {
    fn read(&mut self, after: Option<&str>) -> Result<Page, Trouble> {
        let path =
            after.map_or_else(|| self.listing.path.clone(), |after| self.listing.path.clone().with("after", after));
        let body: Map<String, Json> = self.client.ask(&Request::get(path.clone()))?;
        let page = Page::of(body, &self.listing.rows).ok_or_else(|| {
            Trouble::new(Kind::NoAnswer, format!("{}: there is no list in the answer", path.before_query()))
        })?;
        match &page.after {
            Some(next) if !self.seen.insert(next.clone()) => {
                Err(Trouble::new(Kind::NoAnswer, format!("{}: the pages go in circles", path.before_query())))
            }
            _ => Ok(page),
        }
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Page, Trouble>;

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

impl Page {
    fn of(mut body: Map<String, Json>, rows: &str) -> Option<Self> {
        let meta = body.get("pagination_meta");
        let after = meta.and_then(|meta| meta.get("after")).and_then(Json::as_str).filter(|after| !after.is_empty());
        let after = after.map(str::to_owned);
        let total = meta.and_then(|meta| meta.get("total_record_count")).and_then(Json::as_u64);
        let field = match rows {
            "" => body.iter().find(|(_, value)| value.is_array()).map(|(name, _)| name.clone())?,
            named => named.to_owned(),
        };
        let Json::Array(rows) = body.remove(&field)? else { return None };
        // A page without rows has no next one, whatever it says.
        let after = after.filter(|_| !rows.is_empty());
        Some(Self { rows, after, total, rest: body })
    }
}
