//! What an import has to do: what the files want, compared with what there is. Nothing here asks the
//! server, or changes anything.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::format::{self, Mode, Value};
use super::model::{Attribute, Entry, Fields, Type};
use super::schema::{self, Schemas};
use super::wanted::{Problems, Wanted, WantedEntry, WantedType};

/// What there is on the server.
#[derive(Debug, Default)]
pub struct Actual {
    /// Every type.
    pub types: Vec<Type>,
    /// The entries of those types that were read, by the type's ID.
    pub entries: HashMap<String, Vec<Entry>>,
}

impl Actual {
    /// The type that attributes call so.
    pub fn called(&self, type_name: &str) -> Option<&Type> {
        self.types.iter().find(|known| known.type_name == type_name)
    }
}

/// What an import has to do.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// For every type that the files name.
    pub types: Vec<TypePlan<'a>>,
    /// The IDs of types whose entries have to be read before it is known which references differ.
    pub unread: BTreeSet<String>,
}

/// What is to be done with a type and its entries.
#[derive(Debug)]
pub struct TypePlan<'a> {
    /// What the files want.
    pub wanted: &'a WantedType,
    /// The type, if there is one.
    pub known: Option<&'a Type>,
    /// What the type is to be, if it is not so yet.
    pub fields: Option<Fields>,
    /// What that changes.
    pub field_changes: Vec<Change>,
    /// The lists of attributes to give it, and in which step of all types.
    pub schema: Vec<(usize, Vec<Attribute>)>,
    /// What that changes.
    pub attribute_changes: Vec<AttributeChange>,
    /// The attributes in the end.
    pub attributes: Vec<Attribute>,
    /// Entries to make.
    pub creates: Vec<Create<'a>>,
    /// Entries to change.
    pub updates: Vec<Update<'a>>,
    /// Entries to take out of use.
    pub archives: Vec<&'a Entry>,
    /// Entries that are as they should be.
    pub unchanged: usize,
}

/// Something that becomes something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changes.
    pub what: String,
    /// What it was.
    pub old: String,
    /// What it will be.
    pub new: String,
}

/// What happens to an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeChange {
    /// It is new.
    Add(String),
    /// It changes.
    Change(String, Vec<Change>),
    /// It goes, with its values.
    Remove(String),
}

/// The values of an entry: by the place of the attribute in its type.
pub type Values = BTreeMap<usize, Vec<String>>;

/// An entry that is to be made.
#[derive(Debug)]
pub struct Create<'a> {
    /// What it is to be.
    pub wanted: &'a WantedEntry,
    /// Its values.
    pub values: Values,
}

/// An entry that is to be changed.
#[derive(Debug)]
pub struct Update<'a> {
    /// What it is to be.
    pub wanted: &'a WantedEntry,
    /// What it is.
    pub known: &'a Entry,
    /// Its values, as far as the files decide them.
    pub values: Values,
    /// The attributes among them that change.
    pub changed: BTreeSet<usize>,
    /// What changes, to be shown.
    pub changes: Vec<Change>,
}

impl Update<'_> {
    /// The attributes whose values the files decide.
    pub fn decided(&self) -> impl Iterator<Item = usize> {
        self.values.keys().copied()
    }
}

impl Plan<'_> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.types.iter().all(TypePlan::is_empty)
    }
}

impl TypePlan<'_> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        let has_entries_to_write = !(self.creates.is_empty() && self.updates.is_empty() && self.archives.is_empty());
        self.fields.is_none() && self.schema.is_empty() && !has_entries_to_write
    }
}

/// Compares what the files want with what there is.
pub fn plan<'a>(wanted: &'a Wanted, actual: &'a Actual, prune: bool) -> Result<Plan<'a>, Problems> {
    let schemas = schema::merge(wanted, &actual.types, prune)?;
    let mut planning =
        Planning { actual, schemas: &schemas, prune, problems: Problems::default(), unread: BTreeSet::new() };
    let types = wanted.types.iter().map(|wanted_type| planning.of_type(wanted_type)).collect();
    let Planning { problems, unread, .. } = planning;
    problems.finish(Plan { types, unread })
}

struct Planning<'a, 's> {
    actual: &'a Actual,
    schemas: &'s Schemas,
    prune: bool,
    problems: Problems,
    unread: BTreeSet<String>,
}

/// What has to be known of a type to compare its entries.
struct OfType<'a, 's> {
    wanted: &'a WantedType,
    attributes: &'s [Attribute],
    places: HashMap<&'s str, usize>,
    /// The attributes that have no value where the files give none.
    decided: Vec<usize>,
}

impl<'a, 's> OfType<'a, 's> {
    fn new(wanted: &'a WantedType, attributes: &'s [Attribute]) -> Self {
        let places: HashMap<_, _> =
            attributes.iter().enumerate().map(|(place, attribute)| (attribute.name.as_str(), place)).collect();
        let declared = wanted.attributes().iter().filter_map(|declared| places.get(declared.name.as_str()).copied());
        let decided = declared.filter(|place| attributes[*place].is_decided_by_files()).collect();
        Self { wanted, attributes, places, decided }
    }
}

impl<'a, 's> Planning<'a, 's> {
    fn of_type(&mut self, wanted: &'a WantedType) -> TypePlan<'a> {
        let known = self.actual.called(&wanted.type_name);
        let (fields, field_changes) = fields(wanted, known);
        let before = known.map(|known| known.schema.attributes.as_slice()).unwrap_or_default();
        let of = OfType::new(wanted, self.schemas.of(&wanted.type_name));
        let mut plan = TypePlan {
            wanted,
            known,
            fields,
            field_changes,
            schema: schema::steps(self.schemas, &wanted.type_name, before),
            attribute_changes: attribute_changes(self.schemas, &wanted.type_name, before),
            attributes: of.attributes.to_vec(),
            creates: Vec::new(),
            updates: Vec::new(),
            archives: Vec::new(),
            unchanged: 0,
        };
        let there = known.and_then(|known| self.actual.entries.get(&known.id)).map(Vec::as_slice).unwrap_or_default();
        let mut finder = Finder::of(there);
        for entry in &wanted.entries {
            let values = self.values(&of, entry);
            match finder.take(entry) {
                None => plan.creates.push(Create { wanted: entry, values }),
                Some(known) => match self.update(&of, entry, known, values) {
                    None => plan.unchanged += 1,
                    Some(update) => plan.updates.push(update),
                },
            }
        }
        if self.prune && wanted.has_all_entries {
            plan.archives = finder.rest(there);
        }
        plan
    }

    /// The values that the files give an entry.
    fn values(&mut self, of: &OfType<'_, '_>, entry: &WantedEntry) -> Values {
        let mut values = Values::new();
        for (name, value) in &entry.values {
            let place = || format!("{} {name}", of.wanted.place(entry));
            let Some(index) = of.places.get(name.as_str()) else {
                self.problems.add(place(), "the type has no such attribute");
                continue;
            };
            let attribute = &of.attributes[*index];
            if attribute.is_derived() {
                self.problems.add(place(), "is derived, and can't be set");
            }
            let texts = match value {
                Value::None => Vec::new(),
                Value::One(text) if text.is_empty() => Vec::new(),
                Value::One(text) => vec![text.clone()],
                Value::Many(texts) if attribute.array => texts.clone(),
                Value::Many(_) => {
                    self.problems.add(place(), "holds one value, not a list");
                    continue;
                }
            };
            values.insert(*index, texts);
        }
        values
    }

    /// What changes of an entry, if anything does.
    fn update(
        &mut self,
        of: &OfType<'_, '_>,
        wanted: &'a WantedEntry,
        known: &'a Entry,
        mut values: Values,
    ) -> Option<Update<'a>> {
        // What people look after is given to new entries only.
        values.retain(|place, _| of.attributes[*place].mode != Mode::Dashboard.as_str());
        for place in &of.decided {
            values.entry(*place).or_default();
        }
        let mut changes = own_changes(wanted, known);
        let mut changed = BTreeSet::new();
        for (place, texts) in &values {
            let attribute = &of.attributes[*place];
            let held = attribute.held_by(known);
            if !self.are_same(attribute, texts, held) {
                changed.insert(*place);
                changes.push(Change { what: attribute.name.clone(), old: listed(held), new: listed(texts) });
            }
        }
        (!changes.is_empty()).then_some(Update { wanted, known, values, changed, changes })
    }

    /// Whether `held` says what `wanted` says, in whatever words.
    fn are_same(&mut self, attribute: &Attribute, wanted: &[String], held: &[String]) -> bool {
        if wanted == held {
            return true;
        }
        let number = |text: &String| text.parse::<f64>().ok();
        wanted.len() == held.len()
            && wanted.iter().zip(held).all(|(wanted, held)| {
                wanted == held
                    || match attribute.holds.as_str() {
                        "Number" => number(wanted).is_some() && number(wanted) == number(held),
                        "String" | "Text" | "Bool" => false,
                        holds => self.mean_one_entry(holds, wanted, held),
                    }
            })
    }

    /// Whether one of two references is the ID of an entry that the other finds too.
    fn mean_one_entry(&mut self, type_name: &str, one: &str, other: &str) -> bool {
        let Some(held) = self.actual.called(type_name) else { return false };
        let Some(entries) = self.actual.entries.get(&held.id) else {
            self.unread.insert(held.id.clone());
            return false;
        };
        let finds = |entry: &Entry, text: &str| {
            entry.external_id.as_deref() == Some(text)
                || entry.aliases.iter().any(|alias| alias == text)
                || (held.fields.use_name_as_identifier && entry.name == text)
        };
        let named = |id: &str, text: &str| {
            let named = entries.iter().find(|entry| entry.id == id);
            named.is_some_and(|entry| finds(entry, text))
        };
        named(other, one) || named(one, other)
    }
}

/// What a type is to be, if it is not so yet, and what that changes.
fn fields(wanted: &WantedType, known: Option<&Type>) -> (Option<Fields>, Vec<Change>) {
    let Some(declared) = &wanted.declared else { return (None, Vec::new()) };
    let before = known.map(|known| known.fields.clone());
    let after = with_declared(before.clone().unwrap_or_default(), declared);
    match before {
        Some(before) if before == after => (None, Vec::new()),
        None => (Some(after), Vec::new()),
        Some(before) => {
            let changes = changes(&json(&before), &json(&after));
            (Some(after), changes)
        }
    }
}

fn with_declared(before: Fields, declared: &format::Type) -> Fields {
    let format::Type { description, icon, color, categories, source_repo_url, .. } = declared;
    Fields {
        name: declared.name.clone(),
        description: description.clone().unwrap_or(before.description),
        icon: icon.clone().or(before.icon),
        color: color.clone().or(before.color),
        categories: categories.clone().unwrap_or(before.categories),
        ranked: declared.ranked.unwrap_or(before.ranked),
        use_name_as_identifier: declared.use_name_as_identifier.unwrap_or(before.use_name_as_identifier),
        annotations: declared.annotations.clone().unwrap_or(before.annotations),
        source_repo_url: source_repo_url.clone().or(before.source_repo_url).filter(|url| !url.is_empty()),
        owning_team_ids: before.owning_team_ids,
    }
}

fn json(fields: &Fields) -> BTreeMap<String, String> {
    let value = serde_json::to_value(fields).unwrap_or_default();
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn changes<K: Ord + Clone + Into<String>>(before: &BTreeMap<K, String>, after: &BTreeMap<K, String>) -> Vec<Change> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
    let said = |map: &BTreeMap<K, String>, name: &K| map.get(name).cloned().unwrap_or_else(|| NOTHING.into());
    let change = |name: K| (said(before, &name), said(after, &name), name);
    let differs = |(old, new, name): (String, String, K)| (old != new).then(|| Change { what: name.into(), old, new });
    names.into_iter().map(change).filter_map(differs).collect()
}

fn attribute_changes(schemas: &Schemas, type_name: &str, before: &[Attribute]) -> Vec<AttributeChange> {
    let after = schemas.of(type_name);
    let change = |attribute: &Attribute| {
        let Some(known) = before.iter().find(|known| known.id == attribute.id) else {
            return Some(AttributeChange::Add(attribute.name.clone()));
        };
        let described = |attribute| schemas.described(type_name, attribute);
        let changes = || changes(&described(known), &described(attribute));
        (known != attribute).then(|| AttributeChange::Change(known.name.clone(), changes()))
    };
    let gone = before.iter().filter(|known| after.iter().all(|attribute| attribute.id != known.id));
    let gone = gone.map(|known| AttributeChange::Remove(known.name.clone()));
    after.iter().filter_map(change).chain(gone).collect()
}

/// What changes of an entry beside its values.
fn own_changes(wanted: &WantedEntry, known: &Entry) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |what: &str, old: String, new: String| {
        if old != new {
            changes.push(Change { what: what.into(), old, new });
        }
    };
    compare("name", quoted(&known.name), quoted(&wanted.name));
    if wanted.external_id != known.key() && wanted.external_id != known.id {
        let old = known.external_id.as_deref().map_or_else(|| NOTHING.into(), quoted);
        compare("external_id", old, quoted(&wanted.external_id));
    }
    if let Some(aliases) = &wanted.aliases {
        compare("aliases", listed(&known.aliases), listed(&without_doubles(aliases)));
    }
    if let Some(rank) = wanted.rank {
        compare("rank", known.rank.to_string(), rank.to_string());
    }
    changes
}

/// The aliases that the server keeps of those that it is given.
fn without_doubles(aliases: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    aliases.iter().filter(|alias| !alias.is_empty() && seen.insert(*alias)).cloned().collect()
}

const NOTHING: &str = "nothing";

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn listed(texts: &[String]) -> String {
    match texts {
        [] => NOTHING.into(),
        [one] => quoted(one),
        several => several.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "),
    }
}

/// Finds the entries that the files mean, each once: by external ID, by ID, or, where it was made by
/// hand and has no external ID, by name.
struct Finder<'a> {
    by_key: HashMap<&'a str, &'a Entry>,
    by_name: HashMap<&'a str, Vec<&'a Entry>>,
    taken: BTreeSet<&'a str>,
}

impl<'a> Finder<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.key() == entry.id) {
            by_name.entry(entry.name.as_str()).or_default().push(entry);
        }
        let ids = entries.iter().map(|entry| (entry.id.as_str(), entry));
        let by_key = ids.chain(entries.iter().map(|entry| (entry.key(), entry))).collect();
        Self { by_key, by_name, taken: BTreeSet::new() }
    }

    fn take(&mut self, wanted: &WantedEntry) -> Option<&'a Entry> {
        let called = || match self.by_name.get(wanted.name.as_str()).map(Vec::as_slice) {
            Some([one]) => Some(*one),
            _ => None,
        };
        let found = self.by_key.get(wanted.external_id.as_str()).copied().or_else(called);
        found.filter(|entry| self.taken.insert(&entry.id))
    }

    /// What nobody took.
    fn rest(&self, entries: &'a [Entry]) -> Vec<&'a Entry> {
        entries.iter().filter(|entry| !self.taken.contains(entry.id.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::wanted::gather;

    const SERVICE: &str = "Custom[\"Service\"]";

    /// A server with a service of every sort, and a tier.
    fn actual() -> Actual {
        let types = "
            - id: S
              name: Service
              type_name: 'Custom[\"Service\"]'
              description: What runs
              is_editable: true
              schema:
                version: 2
                attributes:
                  - {id: tier, name: Tier, type: 'Custom[\"Tier\"]', array: false, mode: api}
                  - {id: size, name: Size, type: Number, array: false, mode: api}
                  - {id: labels, name: Labels, type: String, array: true, mode: api}
                  - {id: note, name: Note, type: String, array: false, mode: dashboard}
            - {id: T, name: Tier, type_name: 'Custom[\"Tier\"]', is_editable: true, schema: {version: 1, attributes: []}}
        ";
        let services = "
            - id: S1
              external_id: cards
              name: Cards
              aliases: [card]
              rank: 4
              attribute_values:
                tier: {value: {label: Gold, literal: T1}}
                size: {value: {label: '3', literal: '3'}}
                labels: {array_value: [{label: a, literal: a}]}
                note: {value: {label: mine, literal: mine}}
            - {id: S2, external_id: ledger, name: Ledger, aliases: [], rank: 0, attribute_values: {}}
            - {id: S3, name: By hand, aliases: [], rank: 0, attribute_values: {}}
        ";
        let entries = HashMap::from([("S".to_owned(), serde_saphyr::from_str(services).unwrap())]);
        Actual { types: serde_saphyr::from_str(types).unwrap(), entries }
    }

    fn with_tiers(mut actual: Actual) -> Actual {
        let tiers = "[{id: T1, external_id: gold, name: Gold, aliases: [], rank: 0, attribute_values: {}}]";
        actual.entries.insert("T".into(), serde_saphyr::from_str(tiers).unwrap());
        actual
    }

    fn wanted(yaml: &str, actual: &Actual) -> Wanted {
        gather(vec![("test".into(), serde_saphyr::from_str(yaml).unwrap())], &actual.types).unwrap()
    }

    /// The files, with this said of the entry `cards`.
    fn cards(values: &str) -> String {
        let attributes = "[{name: Tier, type: Tier}, {name: Size, type: Number}, {name: Note, type: String}]";
        format!(
            "types: [{{name: Service, attributes: {attributes}, entries: [{{external_id: cards, name: Cards, values: {values}}}]}}]"
        )
    }

    fn changed(plan: &Plan<'_>) -> Vec<String> {
        let changes = plan.types[0].updates.iter().flat_map(|update| &update.changes);
        changes.map(|change| format!("{} {} {}", change.what, change.old, change.new)).collect()
    }

    #[test]
    fn a_type_and_its_entries_are_made_where_there_are_none() {
        let actual = Actual::default();
        let yaml = "types: [{name: Service, attributes: [{name: Size, type: Number}], entries: [{name: One, values: {Size: 1}}]}]";
        let wanted = wanted(yaml, &actual);
        let plan = plan(&wanted, &actual, true).unwrap();
        let [service] = plan.types.as_slice() else { panic!("one type") };
        assert_eq!(service.fields.as_ref().map(|fields| fields.name.as_str()), Some("Service"));
        assert_eq!(service.attribute_changes, [AttributeChange::Add("Size".into())]);
        assert_eq!((service.wanted.type_name.as_str(), service.creates.len()), (SERVICE, 1));
        assert_eq!(service.creates[0].values, Values::from([(0, vec!["1".into()])]));
    }

    #[test]
    fn what_is_alike_in_other_words_is_unchanged() {
        let actual = with_tiers(actual());
        let wanted = wanted(&cards("{Tier: gold, Size: '3.0', Note: theirs}"), &actual);
        let plan = plan(&wanted, &actual, false).unwrap();
        assert_eq!(changed(&plan), [""; 0]);
        assert!(plan.is_empty() && plan.unread.is_empty());
        assert_eq!(plan.types[0].unchanged, 1);
    }

    #[test]
    fn entries_that_references_point_at_are_asked_for_where_that_matters() {
        let actual = actual();
        let alike = wanted(&cards("{Tier: T1, Size: 3}"), &actual);
        assert!(plan(&alike, &actual, false).unwrap().unread.is_empty());
        let other = wanted(&cards("{Tier: gold, Size: 3}"), &actual);
        assert_eq!(plan(&other, &actual, false).unwrap().unread, BTreeSet::from(["T".to_owned()]));
    }

    #[test]
    fn declared_attributes_without_a_value_are_cleared_and_others_stay() {
        let actual = with_tiers(actual());
        let declared = wanted(&cards("{Tier: silver}"), &actual);
        let made = plan(&declared, &actual, false).unwrap();
        assert_eq!(changed(&made), ["Tier \"T1\" \"silver\"", "Size \"3\" nothing"]);
        assert_eq!(made.types[0].updates[0].changed, BTreeSet::from([0, 1]));
        let alone =
            wanted("entries: [{type: Service, external_id: cards, name: Cards, values: {Labels: [a, b]}}]", &actual);
        let made = plan(&alone, &actual, true).unwrap();
        assert_eq!(changed(&made), ["Labels \"a\" \"a\", \"b\""]);
        assert!(made.types[0].archives.is_empty() && made.types[0].fields.is_none());
    }

    #[test]
    fn an_entry_is_found_by_external_id_by_id_or_made_by_hand_by_name() {
        let actual = actual();
        let entries = "[{external_id: ledger, name: The ledger}, {external_id: S3, name: By hand}, {external_id: new, name: Cards}]";
        let found = wanted(&format!("types: [{{name: Service, entries: {entries}}}]"), &actual);
        let made = plan(&found, &actual, true).unwrap();
        let [service] = made.types.as_slice() else { panic!("one type") };
        assert_eq!(changed(&made), ["name \"Ledger\" \"The ledger\""]);
        assert_eq!((service.unchanged, service.creates.len()), (1, 1));
        assert_eq!(service.archives.iter().map(|entry| entry.key()).collect::<Vec<_>>(), ["cards"]);

        let by_name = wanted("types: [{name: Service, entries: [{name: By hand}]}]", &actual);
        assert_eq!(changed(&plan(&by_name, &actual, false).unwrap()), ["external_id nothing \"by-hand\""]);
    }

    #[test]
    fn what_the_files_say_of_a_type_changes_and_nothing_else() {
        let actual = actual();
        let ranked = wanted("types: [{name: Service, ranked: true}]", &actual);
        let made = plan(&ranked, &actual, true).unwrap();
        let fields = made.types[0].fields.as_ref().unwrap();
        assert_eq!((fields.ranked, fields.description.as_str()), (true, "What runs"));
        let change = Change { what: "ranked".into(), old: "false".into(), new: "true".into() };
        assert_eq!(made.types[0].field_changes, [change]);
        let alike = wanted("types: [{name: Service, description: What runs}]", &actual);
        assert!(plan(&alike, &actual, true).unwrap().is_empty());
    }
}
