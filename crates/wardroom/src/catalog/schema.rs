//! Which attributes the types are to have, and in which steps they get them.
//!
//! An attribute is the one with the ID that the files say, or else with the name. What the files don't
//! name stays, unless it is to be pruned. Attributes that are derived come after those that they are
//! derived from: a backlink after what it looks back along, and a path after its steps.

use std::collections::{BTreeMap, HashMap};

use base::AnyId;
use sha2::{Digest, Sha256};

use super::format::{self, Mode};
use super::model::{Attribute, Step, Type};
use super::wanted::{Problems, Wanted, WantedType};

/// The attributes that every type is to have, by its type name.
#[derive(Debug, Default)]
pub struct Schemas {
    by_type_name: HashMap<String, Vec<Attribute>>,
}

impl Schemas {
    /// Those of one type.
    pub fn of(&self, type_name: &str) -> &[Attribute] {
        self.by_type_name.get(type_name).map(Vec::as_slice).unwrap_or_default()
    }

    fn named(&self, type_name: &str, name: &str) -> Option<&Attribute> {
        self.of(type_name).iter().find(|attribute| attribute.name == name)
    }

    fn derive(&mut self, type_name: &str, name: &str, path: Vec<Step>, backlink: Option<String>) {
        let attributes = self.by_type_name.get_mut(type_name).into_iter().flatten();
        if let Some(attribute) = attributes.into_iter().find(|attribute| attribute.name == name) {
            (attribute.path, attribute.backlink_attribute) = (path, backlink);
        }
    }

    fn name_of(&self, type_name: &str, id: &str) -> String {
        let found = self.of(type_name).iter().find(|attribute| attribute.id == id);
        found.map_or_else(|| id.to_owned(), |attribute| attribute.name.clone())
    }

    /// What an attribute of `type_name` is like, for a person.
    pub fn described(&self, type_name: &str, attribute: &Attribute) -> BTreeMap<&'static str, String> {
        let mut said = BTreeMap::from([
            ("name", attribute.name.clone()),
            ("type", attribute.holds.clone()),
            ("array", attribute.array.to_string()),
            ("mode", attribute.mode.clone()),
        ]);
        let mut reached = type_name;
        let mut names = Vec::new();
        for step in &attribute.path {
            names.push(self.name_of(reached, &step.attribute_id));
            let along = self.of(reached).iter().find(|along| along.id == step.attribute_id);
            reached = along.map_or("", |along| &along.holds);
        }
        if !names.is_empty() {
            said.insert("path", names.join(" / "));
        }
        if let Some(id) = &attribute.backlink_attribute {
            said.insert("backlink", self.name_of(&attribute.holds, id));
        }
        said
    }
}

/// Puts together what the types have and what the files want. With `prune`, a type whose attributes
/// stand in the files has no others.
pub fn merge(wanted: &Wanted, types: &[Type], prune: bool) -> Result<Schemas, Problems> {
    let mut problems = Problems::default();
    let known = types.iter().map(|known| (known.type_name.clone(), known.schema.attributes.clone()));
    let mut schemas = Schemas { by_type_name: known.collect() };
    for wanted_type in &wanted.types {
        let before = schemas.of(&wanted_type.type_name).to_vec();
        let merged = with_wanted(wanted, wanted_type, before, prune, &mut problems);
        schemas.by_type_name.insert(wanted_type.type_name.clone(), merged);
    }
    for wanted_type in &wanted.types {
        for declared in wanted_type.attributes() {
            match resolve(&schemas, wanted_type, declared) {
                Ok((path, backlink)) => schemas.derive(&wanted_type.type_name, &declared.name, path, backlink),
                Err(problem) => problems.add(place(wanted_type, declared), problem),
            }
        }
    }
    problems.finish(schemas)
}

fn place(wanted_type: &WantedType, attribute: &format::Attribute) -> String {
    format!("{}: {} attribute {}", wanted_type.source, wanted_type.name, attribute.name)
}

/// The attributes of one type, where paths and backlinks are yet to be found.
fn with_wanted(
    wanted: &Wanted,
    wanted_type: &WantedType,
    before: Vec<Attribute>,
    prune: bool,
    problems: &mut Problems,
) -> Vec<Attribute> {
    let mut merged = before;
    let mut named = Vec::new();
    for declared in wanted_type.attributes() {
        let by_id = declared.id.as_ref().and_then(|id| merged.iter().position(|known| known.id == *id));
        let found = by_id.or_else(|| merged.iter().position(|known| known.name == declared.name));
        let known = found.map(|index| &merged[index]);
        if known.is_some_and(|known| named.contains(&known.id)) {
            problems.add(place(wanted_type, declared), "stands there twice");
        }
        let id = known.map(|known| known.id.clone());
        let id = id.or_else(|| declared.id.clone()).unwrap_or_else(|| new_id(wanted_type, declared, &merged));
        named.push(id.clone());
        let holds = holds(wanted, declared).unwrap_or_else(|problem| {
            problems.add(place(wanted_type, declared), problem);
            String::new()
        });
        let mode = mode(declared, known);
        let (name, array) = (declared.name.clone(), declared.array);
        let attribute = Attribute { id, name, holds, array, mode, path: Vec::new(), backlink_attribute: None };
        match found {
            Some(index) => merged[index] = attribute,
            None => merged.push(attribute),
        }
    }
    let is_complete = wanted_type.declared.as_ref().is_some_and(|declared| declared.attributes.is_some());
    if prune && is_complete {
        merged.retain(|attribute| named.contains(&attribute.id));
    }
    merged
}

/// An ID that an attribute of this name always gets; another where an attribute that was renamed has it.
fn new_id(wanted_type: &WantedType, declared: &format::Attribute, taken: &[Attribute]) -> String {
    let id = |n: u8| {
        let digest = Sha256::new()
            .chain_update(wanted_type.type_name.as_bytes())
            .chain_update([0])
            .chain_update(declared.name.as_bytes())
            .chain_update([0, n])
            .finalize();
        let bits = digest.iter().take(16).fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        AnyId::constant(bits).to_string()
    };
    let is_free = |id: &String| taken.iter().all(|attribute| attribute.id != *id);
    (0..=u8::MAX).map(id).find(is_free).unwrap_or_default()
}

fn holds(wanted: &Wanted, declared: &format::Attribute) -> Result<String, String> {
    let looked_back_at = declared.backlink.as_ref().and_then(|backlink| backlink.r#type.as_deref());
    let find = |text: &str| match wanted.names.resource(text) {
        Some(found) => Ok(found.to_owned()),
        None => Err(format!("there is no type {text}")),
    };
    match (declared.r#type.as_deref().map(find).transpose()?, looked_back_at.map(find).transpose()?) {
        (Some(one), Some(other)) if one != other => Err(format!("the type is {one}, and that of the backlink {other}")),
        (Some(holds), _) | (None, Some(holds)) => Ok(holds),
        (None, None) => Err("the type is missing".into()),
    }
}

fn mode(declared: &format::Attribute, known: Option<&Attribute>) -> String {
    if let Some(mode) = declared.mode {
        return mode.to_string();
    }
    let derived =
        if declared.path.is_some() { Some(Mode::Path) } else { declared.backlink.as_ref().map(|_| Mode::Backlink) };
    let kept = known.filter(|known| derived.is_none() && !known.is_derived());
    kept.map_or_else(|| derived.unwrap_or(Mode::Api).to_string(), |known| known.mode.clone())
}

/// The path and the backlink of an attribute, by IDs.
fn resolve(
    schemas: &Schemas,
    wanted_type: &WantedType,
    declared: &format::Attribute,
) -> Result<(Vec<Step>, Option<String>), String> {
    let mut path = Vec::new();
    let mut reached = wanted_type.type_name.as_str();
    for name in declared.path.iter().flatten() {
        let step = schemas.named(reached, name).ok_or_else(|| format!("{reached} has no attribute {name}"))?;
        path.push(Step { attribute_id: step.id.clone() });
        reached = &step.holds;
    }
    let Some(backlink) = &declared.backlink else { return Ok((path, None)) };
    let own = schemas.named(&wanted_type.type_name, &declared.name).map_or("", |own| &own.holds);
    let pointing = schemas.named(own, &backlink.attribute);
    let pointing = pointing.ok_or_else(|| format!("{own} has no attribute {}", backlink.attribute))?;
    Ok((path, Some(pointing.id.clone())))
}

/// The lists of attributes that a type gets one after another: which step of all types, and the list.
pub fn steps(schemas: &Schemas, type_name: &str, before: &[Attribute]) -> Vec<(usize, Vec<Attribute>)> {
    let after = schemas.of(type_name);
    let known: HashMap<_, _> = before.iter().map(|attribute| (attribute.id.as_str(), attribute)).collect();
    let step_of = |attribute: &Attribute| step(schemas, type_name, attribute);
    let changed = after.iter().filter(|attribute| known.get(attribute.id.as_str()) != Some(attribute));
    let last = changed.map(step_of).max().unwrap_or(0);
    let mut steps = Vec::new();
    let mut current = before.to_vec();
    for now in 0..=last {
        let list = if now == last {
            after.to_vec()
        } else {
            let so_far = |attribute: &Attribute| match step_of(attribute) {
                step if step <= now => Some(attribute.clone()),
                _ => known.get(attribute.id.as_str()).map(|known| (*known).clone()),
            };
            let pruned = before.iter().filter(|known| after.iter().all(|attribute| attribute.id != known.id));
            after.iter().filter_map(so_far).chain(pruned.cloned()).collect()
        };
        if list != current {
            current.clone_from(&list);
            steps.push((now, list));
        }
    }
    steps
}

/// The number of steps that there can be.
pub const STEPS: usize = 3;

/// When an attribute can be made: at once, after what it is derived from, or after that.
fn step(schemas: &Schemas, type_name: &str, attribute: &Attribute) -> usize {
    if !attribute.is_derived() {
        return 0;
    }
    let mut reached = type_name;
    for along in &attribute.path {
        match schemas.of(reached).iter().find(|candidate| candidate.id == along.attribute_id) {
            Some(along) if along.is_derived() => return 2,
            Some(along) => reached = &along.holds,
            None => return 1,
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::wanted::gather;

    fn wanted(yaml: &str, types: &[Type]) -> Wanted {
        gather(vec![("test".into(), serde_saphyr::from_str(yaml).unwrap())], types).unwrap()
    }

    fn known(attributes: &str) -> Type {
        let schema = format!("{{version: 3, attributes: {attributes}}}");
        let yaml =
            format!("{{id: T1, name: Service, type_name: 'Custom[\"Service\"]', is_editable: true, schema: {schema}}}");
        serde_saphyr::from_str(&yaml).unwrap()
    }

    const SERVICE: &str = "Custom[\"Service\"]";

    /// For each step the names of the attributes.
    fn names(schemas: &Schemas, type_name: &str, before: &[Attribute]) -> Vec<(usize, String)> {
        let joined = |list: Vec<Attribute>| list.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(" ");
        steps(schemas, type_name, before).into_iter().map(|(step, list)| (step, joined(list))).collect()
    }

    #[test]
    fn what_is_derived_comes_after_what_it_is_derived_from() {
        let wanted = wanted(
            "types:
              - name: Service
                attributes:
                  - {name: All, type: Service, array: true, path: [Users, Needs]}
                  - {name: Users, type: Service, array: true, backlink: {attribute: Needs}}
                  - {name: Far, type: Service, array: true, path: [Needs, Needs]}
                  - {name: Needs, type: Service, array: true}",
            &[],
        );
        let schemas = merge(&wanted, &[], false).unwrap();
        let expected = [(0, "Needs".into()), (1, "Users Far Needs".into()), (2, "All Users Far Needs".into())];
        assert_eq!(names(&schemas, SERVICE, &[]), expected);
        assert_eq!(names(&schemas, SERVICE, schemas.of(SERVICE)), []);
        let said = schemas.described(SERVICE, &schemas.of(SERVICE)[0]);
        assert_eq!((said["path"].as_str(), said["mode"].as_str()), ("Users / Needs", "path"));
    }

    #[test]
    fn ids_stay_with_names_and_names_can_change_with_ids() {
        let types = [known("[{id: a, name: Tier, type: String, mode: dashboard}, {id: b, name: Note, type: Text}]")];
        let wanted = wanted(
            "types:
              - name: Service
                attributes:
                  - {name: Tier, type: String}
                  - {id: b, name: Remark, type: Text, mode: dashboard}
                  - {name: Note, type: Text}",
            &types,
        );
        let schemas = merge(&wanted, &types, false).unwrap();
        let [tier, remark, note] = schemas.of(SERVICE) else { panic!("three attributes") };
        assert_eq!((tier.id.as_str(), tier.mode.as_str()), ("a", "dashboard"), "what the files don't say stays");
        assert_eq!((remark.id.as_str(), remark.name.as_str()), ("b", "Remark"));
        assert_eq!((note.id.len(), note.mode.as_str()), (26, "api"));
        assert_eq!(merge(&wanted, &types, false).unwrap().of(SERVICE)[2].id, note.id, "it always gets the same ID");
    }

    #[test]
    fn an_attribute_goes_only_when_pruned_and_where_attributes_are_given() {
        let types = [known("[{id: a, name: Tier, type: String}, {id: b, name: Note, type: Text}]")];
        let count = |yaml: &str, prune| merge(&wanted(yaml, &types), &types, prune).unwrap().of(SERVICE).len();
        let one = "types: [{name: Service, attributes: [{name: Tier, type: String}]}]";
        assert_eq!((count(one, false), count(one, true)), (2, 1));
        assert_eq!(count("types: [{name: Service}]", true), 2);
        assert_eq!(count("types: [{name: Service, attributes: []}]", true), 0);
    }
}
