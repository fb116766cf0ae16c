//! Entries of the catalog: reading, finding, creating them once.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{all_entries, refused};
use crate::client::{ApiPath, Client, Kind, Request, Trouble};
use crate::connector::{Context, Entity};

/// An entry, as the API shows it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Entry {
    pub id: String,
    pub catalog_type_id: String,
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    pub external_id: Option<String>,
    #[serde(default)]
    pub rank: i32,
    pub archived_at: Option<String>,
    #[serde(default)]
    pub attribute_values: BTreeMap<String, Json>,
}

/// What an answer with one entry holds.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    pub catalog_entry: Entry,
}

impl Entry {
    /// Whether `identifier` finds it: ID, external ID or alias. Users are found by e-mail address, in whatever case
    /// that is written.
    pub fn is_found_by(&self, identifier: &str) -> bool {
        let identifier = identifier.to_lowercase();
        let known = [&self.id].into_iter().chain(&self.external_id).chain(&self.aliases);
        known.map(|known| known.to_lowercase()).any(|known| known == identifier)
    }
}

/// The path of an entry.
pub(super) fn path(id: &str) -> ApiPath {
    ApiPath::of(&["v3", "catalog_entries", id])
}

/// What `field` names has to be an entry of this type that is in use.
pub(super) fn check(field: &str, entry: &Entry, type_id: &str) -> Result<(), Trouble> {
    let wrong = if entry.catalog_type_id != type_id {
        "is an entry of another type"
    } else if entry.archived_at.is_some() {
        "is archived"
    } else {
        return Ok(());
    };
    Err(refused(Kind::Invalid, field, &format!("{} ({}) {wrong}", entry.name, entry.id)))
}

/// Says of a 404 that there is no entry with the ID that stands in `field`.
pub(super) fn missing(trouble: Trouble, field: &str, id: &str) -> Trouble {
    match trouble.kind {
        Kind::NotFound => Trouble {
            status: trouble.status,
            ..refused(Kind::NotFound, field, &format!("there is no catalog entry with the ID {id}"))
        },
        _ => trouble,
    }
}

/// The entry of this type that stands in `field`.
pub(super) fn of_type(api: &Client, field: &str, id: &str, type_id: &str) -> Result<Entry, Trouble> {
    let Shown { catalog_entry: entry } = api.get(path(id)).map_err(|trouble| missing(trouble, field, id))?;
    check(field, &entry, type_id).map(|()| entry)
}

/// The entries of a type that `identifier` finds.
fn found(api: &Client, type_id: &str, identifier: &str) -> Result<Vec<Entry>, Trouble> {
    let filter = all_entries().with("catalog_type_id", type_id).with("page_size", "25").with("identifier", identifier);
    api.all(filter, "catalog_entries").map_err(|trouble| match trouble.kind {
        Kind::NotFound => trouble.saying(format!("the catalog has no type {type_id} any more: connect again")),
        _ => trouble,
    })
}

/// The one user whom `identifier` finds, as it stands in `field`, if any. The key may not list users, but the
/// catalog has them.
pub(super) fn find_user(
    api: &Client,
    field: &str,
    identifier: &str,
    user_type: &str,
) -> Result<Option<Entry>, Trouble> {
    the_active_one(field, identifier, found(api, user_type, identifier)?)
}

/// The same for one who has to be there.
pub(super) fn user(api: &Client, field: &str, identifier: &str, user_type: &str) -> Result<Entry, Trouble> {
    let found = find_user(api, field, identifier, user_type)?;
    found.ok_or_else(|| refused(Kind::NotFound, field, &format!("there is no user {identifier}")))
}

fn the_active_one(field: &str, identifier: &str, mut found: Vec<Entry>) -> Result<Option<Entry>, Trouble> {
    found.retain(|entry| entry.archived_at.is_none());
    match found.len() {
        0 | 1 => Ok(found.pop()),
        several => {
            let message = format!("{several} users are found by {identifier}: it has to be one");
            Err(refused(Kind::Invalid, field, &message))
        }
    }
}

/// The entry for something of Hyphen's: the one that was made for it before, or a new one of the same name. Its
/// external ID says for what it is, so that no entry is made twice, whatever answer was lost. One that is there is
/// left as it is: sent again, it would lose what it has been given since.
pub(super) fn made_for(context: &Context<'_>, entity: &Entity, type_id: &str) -> Result<Entry, Trouble> {
    let external_id = format!("hyphen:{}:{}", entity.r#type, entity.id);
    context.exclusively(&external_id, || {
        let known = found(context.api, type_id, &external_id)?
            .into_iter()
            .find(|entry| entry.archived_at.is_none() && entry.external_id.as_ref() == Some(&external_id));
        match known {
            Some(known) => Ok(known),
            None => create(context.api, &external_id, &entity.name, type_id),
        }
    })
}

fn create(api: &Client, external_id: &str, name: &str, type_id: &str) -> Result<Entry, Trouble> {
    let entry = json!({
        "catalog_type_id": type_id, "external_id": external_id, "name": name, "attribute_values": {},
    });
    // Of the same type and external ID there is one entry, however often it is sent.
    api.ask(&Request::post(all_entries(), entry).repeatable()).map(|shown: Shown| shown.catalog_entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, archived_at: Option<&str>) -> Entry {
        serde_json::from_value(json!({
            "id": id, "catalog_type_id": "T", "name": "Ada", "aliases": ["Ada@acme.example"], "external_id": "01USER",
            "archived_at": archived_at,
        }))
        .unwrap()
    }

    #[test]
    fn a_user_is_found_by_entry_id_user_id_and_address_in_any_case() {
        let ada = entry("01ENTRY", None);
        for (identifier, finds) in
            [("01ENTRY", true), ("01USER", true), ("ada@ACME.example", true), ("Ada", false), ("", false)]
        {
            assert_eq!(ada.is_found_by(identifier), finds, "{identifier}");
        }
    }

    #[test]
    fn hy_17_of_several_users_the_single_active_one_is_taken_and_otherwise_none() {
        let gone = Some("2026-03-02T09:00:00Z");
        let one = |found: &[(&str, Option<&str>)]| {
            let found = found.iter().map(|(id, archived_at)| entry(id, *archived_at)).collect();
            the_active_one("email", "ada@acme.example", found).map(|entry| entry.map(|entry| entry.id))
        };
        assert_eq!(one(&[("A", gone), ("B", None), ("C", gone)]).unwrap().as_deref(), Some("B"));
        assert_eq!(one(&[("A", gone)]).unwrap(), None);
        let two = one(&[("A", None), ("B", None), ("C", gone)]).unwrap_err();
        assert_eq!(two.message, "email: 2 users are found by ada@acme.example: it has to be one");
        assert_eq!(two.problems[0].pointer, "email");
    }
}
