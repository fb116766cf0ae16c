//! Whom a form lets choose from: everybody, or those who are searched for where that would be too many.

use base::Result;
use serde_json::{Value as Json, json};

use crate::fields::query;
use crate::page::Page;

/// Of more people than this, those are chosen from who are searched for.
const EVERYBODY: &str = "250";
/// How many a search shows.
const FOUND: &str = "50";
/// The form's field with what is searched for.
const SEARCH: &str = "search.people";

/// Those whom a form lets choose from. Whoever is held already, or has been `chosen` in the form, is always among them,
/// whatever is searched for.
pub fn people<'p>(
    page: &Page,
    held: impl IntoIterator<Item = Json>,
    chosen: impl IntoIterator<Item = &'p str>,
) -> Result<Json> {
    let everybody = page.ask_if_allowed("Users V2#List", "", &query(&[("page_size", EVERYBODY)]))?;
    let is_searched = goes_on(&everybody);
    let offered = match page.form.get(SEARCH) {
        _ if !is_searched => everybody,
        Some(text) => page.ask("Users#Search", "", &query(&[("q", text), ("page_size", FOUND)]))?,
        None => Json::Null,
    };
    let found = offered["users"].as_array().map_or(&[][..], Vec::as_slice);
    let mut people = Vec::new();
    held.into_iter().for_each(|person| add(&mut people, person));
    for id in chosen.into_iter().filter(|id| !id.is_empty()) {
        if people.iter().chain(found).all(|known| known["id"] != id) {
            add(&mut people, page.ask_if_allowed("Users V2#Show", id, "")?["user"].take());
        }
    }
    found.iter().for_each(|person| add(&mut people, person.clone()));
    Ok(json!({
        "choices": people, "is_searched": is_searched, "has_found": !found.is_empty(), "goes_on": goes_on(&offered),
    }))
}

/// Whether there are more than the answer shows.
fn goes_on(answer: &Json) -> bool {
    answer["pagination_meta"]["after"].as_str().is_some_and(|after| !after.is_empty())
}

/// Adds somebody who is not there yet.
fn add(people: &mut Vec<Json>, person: Json) {
    if person.is_object() && people.iter().all(|known| known["id"] != person["id"]) {
        people.push(person);
    }
}
