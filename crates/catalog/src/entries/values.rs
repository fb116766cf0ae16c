//! Which values an entry has after a change.

use std::collections::{BTreeMap, BTreeSet};

use base::{Error, Problems, Result};

use super::record::LONGEST_IDENTIFIER;
use crate::types::{Attribute, Mode, Schema, primitive};

/// What a request gives an attribute.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// For an attribute that holds one value.
    pub value: Option<String>,
    /// For an attribute that holds several.
    pub array_value: Option<Vec<String>>,
}

impl Given {
    /// One value.
    pub fn one(value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), array_value: None }
    }

    /// Several values.
    pub fn several(values: impl IntoIterator<Item = String>) -> Self {
        Self { value: None, array_value: Some(values.into_iter().collect()) }
    }
}

/// The values of an entry: by slot, and which of them a person set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values {
    pub by_slot: BTreeMap<String, Vec<String>>,
    pub by_hand: BTreeSet<String>,
}

/// A change of values: by attribute ID.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub given: &'a BTreeMap<String, Given>,
    /// The attributes that change; all of them where nothing is said. One that is named and not given
    /// is cleared.
    pub only: Option<&'a [String]>,
    /// Whether a person makes it.
    pub by_hand: bool,
}

impl Change<'_> {
    /// The values after the change. What is given for derived attributes is ignored, so that an
    /// entry can be sent back as it was read.
    pub fn apply(self, schema: &Schema, before: &Values) -> Result<Values> {
        let mut problems = Problems::new();
        let is_known = |id: &str| schema.attribute(id).is_some();
        for id in self.given.keys() {
            problems.check(is_known(id), &format!("attribute_values.{id}"), "the type has no attribute with this ID");
        }
        for (index, id) in self.only.unwrap_or_default().iter().enumerate() {
            let message = format!("the type has no attribute with ID {id}");
            problems.check(is_known(id), &format!("update_attributes.{index}"), &message);
        }
        let mut after = Values::default();
        for attribute in schema.attributes.iter().filter(|attribute| !attribute.is_derived()) {
            let held = before.by_slot.get(&attribute.slot);
            let by_hand = before.by_hand.contains(&attribute.slot);
            let (held, by_hand) = if self.keeps(attribute, by_hand) {
                (held.cloned(), by_hand)
            } else {
                let given = self.given.get(&attribute.id).map_or(Ok(None), |given| given.read(attribute));
                let given = given.map_err(|error| error.within(format!("attribute_values.{}", attribute.id)));
                (problems.keep(given)?.flatten(), self.by_hand)
            };
            if let Some(held) = held {
                after.by_slot.insert(attribute.slot.clone(), held);
                if by_hand {
                    after.by_hand.insert(attribute.slot.clone());
                }
            }
        }
        problems.finish()?;
        Ok(after)
    }

    /// Whether an attribute stays as it is. One that people look after changes only where it is named,
    /// or where a value is given and no person has set another.
    fn keeps(&self, attribute: &Attribute, by_hand: bool) -> bool {
        match self.only {
            Some(only) => !only.contains(&attribute.id),
            None if attribute.mode == Mode::Dashboard && !self.by_hand => {
                by_hand || !self.given.contains_key(&attribute.id)
            }
            None => false,
        }
    }
}

impl Given {
    /// The values for `attribute`; `None` for no value.
    fn read(&self, attribute: &Attribute) -> Result<Option<Vec<String>>> {
        let name = &attribute.name;
        let texts = match (&self.value, &self.array_value, attribute.array) {
            (_, Some(texts), true) => texts.clone(),
            (Some(_), None, true) => {
                return Err(Error::invalid("value", format!("{name} holds several values: send array_value")));
            }
            (_, Some(_), false) => {
                return Err(Error::invalid("array_value", format!("{name} holds one value: send value")));
            }
            (Some(text), None, false) if !text.is_empty() || is_text(attribute) => vec![text.clone()],
            _ => return Ok(None),
        };
        let mut problems = Problems::new();
        let check = primitive(&attribute.holds).unwrap_or(identifier);
        for (index, text) in texts.iter().enumerate() {
            let pointer = if attribute.array { format!("array_value.{index}.literal") } else { "value.literal".into() };
            if let Err(problem) = check(text) {
                problems.check(false, &pointer, &format!("{name}: {text:?} {problem}"));
            }
        }
        problems.finish()?;
        Ok(Some(texts))
    }
}

/// What the texts that name an entry have to meet.
fn identifier(text: &str) -> std::result::Result<(), &'static str> {
    if text.chars().count() <= LONGEST_IDENTIFIER { Ok(()) } else { Err("is too long to name an entry") }
}

fn is_text(attribute: &Attribute) -> bool {
    matches!(attribute.holds.as_str(), "String" | "Text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(id: &str, holds: &str, array: bool, mode: Mode) -> Attribute {
        Attribute {
            id: id.into(),
            slot: format!("slot-{id}"),
            name: id.to_uppercase(),
            holds: holds.into(),
            array,
            mode,
            path: Vec::new(),
            backlink_attribute: None,
            key: None,
        }
    }

    fn schema() -> Schema {
        let attributes = vec![
            attribute("tier", "Number", false, Mode::Api),
            attribute("tags", "String", true, Mode::Unset),
            attribute("note", "String", false, Mode::Dashboard),
            attribute("users", "Custom[\"Customer\"]", true, Mode::Backlink),
        ];
        Schema { version: 1, attributes }
    }

    fn change(given: &[(&str, Given)], only: Option<&[&str]>, by_hand: bool, before: &Values) -> Result<Values> {
        let given = given.iter().map(|(id, given)| ((*id).to_owned(), given.clone())).collect();
        let only = only.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        Change { given: &given, only: only.as_deref(), by_hand }.apply(&schema(), before)
    }

    fn held(values: &Values) -> Vec<(&str, String)> {
        values.by_slot.iter().map(|(slot, held)| (slot.trim_start_matches("slot-"), held.join(","))).collect()
    }

    #[test]
    fn update_attributes_has_four_meanings() {
        let both = [("tier", Given::one("1")), ("tags", Given::several(["a".into(), "b".into()]))];
        let before = change(&both, None, false, &Values::default()).unwrap();
        assert_eq!(held(&before), [("tags", "a,b".into()), ("tier", "1".into())]);

        let one = [("tier", Given::one("2"))];
        assert_eq!(held(&change(&one, None, false, &before).unwrap()), [("tier", "2".into())], "absent: all change");
        let named = change(&one, Some(&["tier"]), false, &before).unwrap();
        assert_eq!(held(&named), [("tags", "a,b".into()), ("tier", "2".into())], "named: only those change");
        let cleared = change(&one, Some(&["tags"]), false, &before).unwrap();
        assert_eq!(held(&cleared), [("tier", "1".into())], "named and not given: cleared");
        assert_eq!(change(&one, Some(&[]), false, &before).unwrap(), before, "empty: none changes");
    }

    #[test]
    fn what_a_person_set_survives_a_sync_that_does_not_name_it() {
        let by_hand = change(&[("note", Given::one("mine"))], None, true, &Values::default()).unwrap();
        let sync = [("note", Given::one("theirs")), ("tier", Given::one("1"))];
        let after = change(&sync, None, false, &by_hand).unwrap();
        assert_eq!(held(&after), [("note", "mine".into()), ("tier", "1".into())]);
        assert_eq!(held(&change(&[], None, false, &after).unwrap()), [("note", "mine".into())]);
        assert_eq!(held(&change(&sync, Some(&["note"]), false, &after).unwrap())[0], ("note", "theirs".into()));
    }

    #[test]
    fn values_fit_their_attribute_or_are_pointed_at() {
        let bad = [
            ("tier", Given::one("high")),
            ("tags", Given::one("a")),
            ("note", Given::several([])),
            ("else", Given::one("x")),
        ];
        let error = change(&bad, None, false, &Values::default()).unwrap_err();
        let mut places: Vec<_> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
        places.sort_unstable();
        let expected = [
            "attribute_values.else",
            "attribute_values.note.array_value",
            "attribute_values.tags.value",
            "attribute_values.tier.value.literal",
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn derived_attributes_are_ignored_and_empty_values_are_none() {
        let given = [("users", Given::several(["x".into()])), ("tier", Given::one("")), ("tags", Given::several([]))];
        let after = change(&given, None, false, &Values::default()).unwrap();
        assert_eq!(held(&after), [("tags", String::new())]);
    }
}
