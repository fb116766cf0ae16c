//! Any sequence of changes leaves what a plain model of the promises says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use testkit::{Answer, Client, Value, json};

use super::{ENTRIES, Kind, array, at, attribute, entry, found, kind, kind_with, listed, one, several, start};
use crate::support::{text, with};

const CASES: u32 = 40;

const TIER: &str = "tier";
const TAGS: &str = "tags";
const OWNER: &str = "owner";
const NOTE: &str = "note";
const ATTRIBUTES: [&str; 4] = [TIER, TAGS, OWNER, NOTE];

/// What identifies an owner, and what the owner is called; the last is nobody.
const OWNERS: [(&str, &str); 3] = [("o-1", "Payments"), ("o-2", "Search"), ("o-3", "o-3")];
const EXTERNAL_IDS: [&str; 3] = ["x-1", "x-2", "x-3"];
const ALIASES: [&str; 3] = ["a-1", "a-2", "x-1"];

/// What a request gives an attribute.
#[derive(Clone, Debug)]
enum Given {
    Nothing,
    One(String),
    Several(Vec<String>),
}

impl Given {
    fn json(&self) -> Value {
        match self {
            Self::Nothing => json!({}),
            Self::One(text) => one(text),
            Self::Several(texts) => several(texts),
        }
    }

    /// The values it means, if any.
    fn held(&self) -> Option<Vec<String>> {
        match self {
            Self::Nothing => None,
            Self::One(text) => Some(vec![text.clone()]),
            Self::Several(texts) => Some(texts.clone()),
        }
    }
}

type Values = BTreeMap<&'static str, Given>;

/// A change of the whole entry.
#[derive(Clone, Debug)]
struct Draft {
    external_id: Option<&'static str>,
    name: String,
    aliases: Vec<&'static str>,
    rank: i32,
    values: Values,
    only: Option<Vec<&'static str>>,
    by_hand: bool,
}

/// A change of what it names.
#[derive(Clone, Debug)]
struct Patch {
    entry: Index,
    external_id: Option<&'static str>,
    name: Option<String>,
    aliases: Option<Vec<&'static str>>,
    rank: Option<i32>,
    values: Values,
}

#[derive(Clone, Debug)]
enum Step {
    Create(Draft),
    Update(Index, Draft),
    Bulk(Vec<Patch>, Option<Vec<&'static str>>),
    Archive(Index),
}

fn given(attribute: &'static str) -> BoxedStrategy<Given> {
    let one = |text: &str| Given::One(text.into());
    let some = match attribute {
        TIER => prop_oneof![9 => select(vec!["1", "2.5", "-3"]), 1 => Just("high")].prop_map(one).boxed(),
        TAGS => vec("[a-c]", 0..3).prop_map(Given::Several).boxed(),
        OWNER => select(OWNERS.to_vec()).prop_map(move |(literal, _)| one(literal)).boxed(),
        _ => "[a-c]{0,2}".prop_map(Given::One).boxed(),
    };
    prop_oneof![5 => some, 1 => Just(Given::Nothing)].boxed()
}

fn values() -> impl Strategy<Value = Values> {
    let each = ATTRIBUTES.map(|attribute| option::of(given(attribute)));
    let named = |each: [Option<Given>; 4]| {
        ATTRIBUTES.into_iter().zip(each).filter_map(|(attribute, given)| Some((attribute, given?))).collect()
    };
    each.prop_map(named)
}

fn only() -> impl Strategy<Value = Option<Vec<&'static str>>> {
    option::of(subsequence(ATTRIBUTES.to_vec(), 0..=ATTRIBUTES.len()))
}

fn aliases() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(ALIASES.to_vec(), 0..=ALIASES.len())
}

fn draft() -> impl Strategy<Value = Draft> {
    let parts = (option::of(select(EXTERNAL_IDS.to_vec())), "[A-C]", aliases(), 0..3, values(), only(), any::<bool>());
    parts.prop_map(|(external_id, name, aliases, rank, values, only, by_hand)| Draft {
        external_id,
        name,
        aliases,
        rank,
        values,
        only,
        by_hand,
    })
}

fn patch() -> impl Strategy<Value = Patch> {
    let external_id = option::weighted(0.2, select(EXTERNAL_IDS.to_vec()));
    let parts = (any::<Index>(), external_id, option::of("[A-C]"), option::of(aliases()), option::of(0..3), values());
    parts.prop_map(|(entry, external_id, name, aliases, rank, values)| Patch {
        entry,
        external_id,
        name,
        aliases,
        rank,
        values,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => draft().prop_map(|draft| Step::Create(Draft { only: None, ..draft })),
        4 => (any::<Index>(), draft()).prop_map(|(entry, draft)| Step::Update(entry, draft)),
        2 => (vec(patch(), 1..4), only()).prop_map(|(patches, only)| Step::Bulk(patches, only)),
        2 => any::<Index>().prop_map(Step::Archive),
    ]
}

/// An entry as it has to be.
#[derive(Clone, Debug, Default)]
struct Entry {
    id: String,
    external_id: Option<&'static str>,
    name: String,
    aliases: Vec<&'static str>,
    rank: i32,
    values: BTreeMap<&'static str, Vec<String>>,
    by_hand: BTreeSet<&'static str>,
    is_archived: bool,
}

/// A request that has to be refused.
struct Refused;

impl Entry {
    fn change(&mut self, draft: &Draft) -> Result<(), Refused> {
        for attribute in ATTRIBUTES {
            let given = draft.values.get(attribute);
            let is_of_people = attribute == NOTE && !draft.by_hand;
            let keeps = match &draft.only {
                Some(only) => !only.contains(&attribute),
                None => is_of_people && (self.by_hand.contains(attribute) || given.is_none()),
            };
            if keeps {
                continue;
            }
            self.values.remove(attribute);
            self.by_hand.remove(attribute);
            let Some(held) = given.and_then(Given::held) else { continue };
            if attribute == TIER && held == ["high"] {
                return Err(Refused);
            }
            self.values.insert(attribute, held);
            if draft.by_hand {
                self.by_hand.insert(attribute);
            }
        }
        self.external_id = draft.external_id;
        self.name.clone_from(&draft.name);
        self.aliases.clone_from(&draft.aliases);
        self.rank = draft.rank;
        self.is_archived = false;
        Ok(())
    }

    /// The fields that the API has to show, but for the times.
    fn shown(&self) -> Value {
        let value = |attribute: &str, literal: &String| {
            let owner = OWNERS.iter().find(|(known, _)| attribute == OWNER && known == literal);
            json!({"literal": literal, "label": owner.map_or(literal.as_str(), |(_, name)| name)})
        };
        let binding = |(attribute, held): (&&str, &Vec<String>)| {
            let values: Vec<_> = held.iter().map(|literal| value(attribute, literal)).collect();
            let shown = if *attribute == TAGS { json!({"array_value": values}) } else { json!({"value": values[0]}) };
            ((*attribute).to_owned(), shown)
        };
        let values: BTreeMap<_, _> = self.values.iter().map(binding).collect();
        let mut shown = json!({
            "id": self.id, "name": self.name, "aliases": self.aliases, "rank": self.rank, "attribute_values": values,
        });
        if let Some(external_id) = self.external_id {
            shown["external_id"] = external_id.into();
        }
        shown
    }
}

/// The entries of a type as they have to be, in the order in which they were made.
#[derive(Clone, Default)]
struct Model(Vec<Entry>);

impl Model {
    fn holder(&self, external_id: Option<&str>) -> Option<usize> {
        external_id.and_then(|wanted| self.0.iter().position(|entry| entry.external_id == Some(wanted)))
    }

    fn create(&mut self, draft: &Draft) -> Result<usize, Refused> {
        let place = self.holder(draft.external_id).unwrap_or(self.0.len());
        let mut entry = self.0.get(place).cloned().unwrap_or_default();
        entry.change(draft)?;
        if place == self.0.len() {
            self.0.push(entry)
        } else {
            self.0[place] = entry
        }
        Ok(place)
    }

    fn update(&mut self, place: usize, draft: &Draft) -> Result<(), Refused> {
        if self.holder(draft.external_id).is_some_and(|holder| holder != place) {
            return Err(Refused);
        }
        let mut entry = self.0[place].clone();
        entry.change(draft)?;
        self.0[place] = entry;
        Ok(())
    }

    /// All or none.
    fn update_many(&mut self, patches: &[Patch], only: Option<&Vec<&'static str>>) -> Result<(), Refused> {
        let mut after = self.clone();
        let mut seen = BTreeSet::new();
        for patch in patches {
            let place = patch.entry.index(after.0.len());
            let before = after.0[place].clone();
            let draft = Draft {
                external_id: patch.external_id.or(before.external_id),
                name: patch.name.clone().unwrap_or(before.name),
                aliases: patch.aliases.clone().unwrap_or(before.aliases),
                rank: patch.rank.unwrap_or(0),
                values: patch.values.clone(),
                only: only.cloned(),
                by_hand: false,
            };
            if !seen.insert(place) {
                return Err(Refused);
            }
            after.update(place, &draft)?;
        }
        *self = after;
        Ok(())
    }

    fn in_use(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(|entry| !entry.is_archived)
    }
}

/// A type, and the model that it has to equal.
struct Trial {
    by_program: Client,
    by_person: Client,
    kind: Kind,
    is_ranked: bool,
    model: Model,
}

impl Trial {
    fn client(&self, draft: &Draft) -> &Client {
        if draft.by_hand { &self.by_person } else { &self.by_program }
    }

    fn body(&self, draft: &Draft) -> Value {
        let mut body = json!({
            "catalog_type_id": self.kind.id, "name": draft.name, "external_id": draft.external_id,
            "aliases": draft.aliases, "rank": draft.rank, "attribute_values": values_json(&draft.values),
        });
        if let Some(only) = &draft.only {
            body["update_attributes"] = json!(only);
        }
        body
    }

    fn id(&self, entry: &Index) -> String {
        self.model.0[entry.index(self.model.0.len())].id.clone()
    }

    fn take(&mut self, step: &Step) {
        let is_empty = self.model.0.is_empty();
        match step {
            Step::Create(draft) => {
                let answer = self.client(draft).post(ENTRIES, self.body(draft));
                let outcome = self.model.create(draft);
                if let Some(place) = agreed(&answer, 201, outcome) {
                    self.model.0[place].id = text(&answer.body, "/catalog_entry/id");
                }
            }
            _ if is_empty => {}
            Step::Update(entry, draft) => {
                let answer = self.client(draft).put(&at(&self.id(entry)), self.body(draft));
                let place = entry.index(self.model.0.len());
                agreed(&answer, 200, self.model.update(place, draft));
            }
            Step::Bulk(patches, only) => {
                let one = |patch: &Patch| {
                    let all = json!({
                        "entry_id": self.id(&patch.entry), "external_id": patch.external_id, "name": patch.name,
                        "aliases": patch.aliases, "rank": patch.rank, "attribute_values": values_json(&patch.values),
                    });
                    let given = all.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
                    given.map(|(name, value)| (name.clone(), value.clone())).collect::<Value>()
                };
                let mut body = json!({
                    "catalog_type_id": self.kind.id, "entries": patches.iter().map(one).collect::<Vec<_>>(),
                });
                if let Some(only) = only {
                    body["update_attributes"] = json!(only);
                }
                let answer = self.by_program.post(&format!("{ENTRIES}/actions/bulk_update"), body);
                agreed(&answer, 204, self.model.update_many(patches, only.as_ref()));
            }
            Step::Archive(entry) => {
                self.by_program.delete(&at(&self.id(entry))).expect(204);
                let place = entry.index(self.model.0.len());
                self.model.0[place].is_archived = true;
            }
        }
        self.compare();
    }

    /// What is in use is what the model says, in its order.
    fn compare(&self) {
        let mut expected: Vec<_> = self.model.in_use().collect();
        if self.is_ranked {
            expected.sort_by_key(|entry| entry.rank);
        }
        let expected: Vec<_> = expected.into_iter().map(Entry::shown).collect();
        let shown: Vec<_> = listed(&self.by_program, &self.kind).into_iter().map(without_times).collect();
        assert_eq!(shown, expected);
    }

    /// The rest: what is archived, how many there are, and what finds what.
    fn compare_at_the_end(&self) {
        for entry in &self.model.0 {
            let shown = self.by_program.get(&at(&entry.id)).expect(200);
            assert_eq!(shown["catalog_entry"].get("archived_at").is_some(), entry.is_archived);
            assert_eq!(without_times(shown["catalog_entry"].clone()), entry.shown());
            assert_eq!(shown["catalog_type"]["estimated_count"], self.model.in_use().count());
        }
        for identifier in EXTERNAL_IDS.iter().chain(&ALIASES) {
            let finds = |entry: &&Entry| entry.external_id == Some(identifier) || entry.aliases.contains(identifier);
            let expected: Vec<_> = self.model.in_use().filter(finds).map(|entry| entry.id.clone()).collect();
            let mut shown = found(&self.by_program, &self.kind, identifier);
            shown.sort();
            assert_eq!(shown, expected, "by {identifier}");
        }
    }
}

/// What the model answers, where it and the server agree.
#[track_caller]
fn agreed<T>(answer: &Answer, success: u16, outcome: Result<T, Refused>) -> Option<T> {
    let outcome = outcome.ok();
    let expected = if outcome.is_some() { success } else { 422 };
    assert_eq!(answer.status, expected, "{}", answer.text);
    outcome
}

fn values_json(values: &Values) -> Value {
    values.iter().map(|(attribute, given)| ((*attribute).to_owned(), given.json())).collect()
}

fn without_times(entry: Value) -> Value {
    let beside = ["catalog_type_id", "created_at", "updated_at", "archived_at", "custom_aliases"];
    with(entry, beside.into_iter().map(|field| (field.to_owned(), Value::Null)).collect())
}

#[test]
fn any_sequence_of_changes_leaves_what_the_model_says() {
    let app = start();
    let by_program = app.admin();
    let by_person = by_program.with_header("X-Incident-User", &app.user("Ada").to_string());
    let case = AtomicU32::new(0);
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&(any::<bool>(), vec(step(), 1..20)), |(is_ranked, steps)| {
        let case = case.fetch_add(1, Ordering::Relaxed);
        let owners = kind(&by_program, &format!("Owner {case}"), json!([]));
        for (external_id, name) in &OWNERS[..2] {
            let id = entry(&by_program, &owners, external_id, json!({}));
            let renamed = json!({"name": name, "external_id": external_id, "attribute_values": {}});
            by_program.put(&at(&id), renamed).expect(200);
        }
        let attributes = json!([
            attribute(TIER, "Number"),
            array(TAGS, "String"),
            attribute(OWNER, &owners.type_name),
            with(attribute(NOTE, "String"), json!({"mode": "dashboard"})),
        ]);
        let kind = kind_with(&by_program, &format!("Thing {case}"), json!({"ranked": is_ranked}), attributes);
        let (by_program, by_person) = (by_program.clone(), by_person.clone());
        let mut trial = Trial { by_program, by_person, kind, is_ranked, model: Model::default() };
        steps.iter().for_each(|step| trial.take(step));
        trial.compare_at_the_end();
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
