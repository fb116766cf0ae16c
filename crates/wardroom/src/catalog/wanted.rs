//! What the files want, put together: which types, with which entries.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::files::Source;
use super::format::{self, Document, Value};
use super::model;

/// What an attribute can hold besides entries.
const PRIMITIVES: [&str; 4] = ["String", "Text", "Number", "Bool"];

/// All that the files want.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The types that they name.
    pub types: Vec<WantedType>,
    /// What the types that there are and that are wanted are called.
    pub names: TypeNames,
}

/// A type that the files name.
#[derive(Debug)]
pub struct WantedType {
    /// The first file that does.
    pub source: Source,
    /// What people call it.
    pub name: String,
    /// What attributes call it.
    pub type_name: String,
    /// What the files say of the type itself, if anything.
    pub declared: Option<format::Type>,
    /// Whether the files have all of its entries.
    pub has_all_entries: bool,
    /// Its entries.
    pub entries: Vec<WantedEntry>,
}

/// An entry that the files have.
#[derive(Debug)]
pub struct WantedEntry {
    /// The file.
    pub source: Source,
    /// What finds it again.
    pub external_id: String,
    /// What people call it.
    pub name: String,
    /// What else finds it.
    pub aliases: Option<Vec<String>>,
    /// Its place among the others.
    pub rank: Option<i32>,
    /// Its values, by attribute name.
    pub values: BTreeMap<String, Value>,
}

impl WantedType {
    /// The attributes that the files declare.
    pub fn attributes(&self) -> &[format::Attribute] {
        self.declared.as_ref().and_then(|declared| declared.attributes.as_deref()).unwrap_or_default()
    }

    /// Where a problem with an entry is.
    pub fn place(&self, entry: &WantedEntry) -> String {
        format!("{}: {} {}", entry.source, self.name, entry.external_id)
    }
}

/// Everything that is wrong with the files.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

/// Problems that are shown at most.
const MOST_PROBLEMS: usize = 50;

impl Problems {
    /// Notes one.
    pub fn add(&mut self, place: impl fmt::Display, problem: impl fmt::Display) {
        self.0.push(format!("{place}: {problem}"));
    }

    /// `value`, if nothing is wrong.
    pub fn finish<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the files can't be imported, and nothing was changed")?;
        for problem in self.0.iter().take(MOST_PROBLEMS) {
            write!(f, "\n  {problem}")?;
        }
        match self.0.len().saturating_sub(MOST_PROBLEMS) {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more"),
        }
    }
}

impl std::error::Error for Problems {}

/// Finds types by either of their names.
#[derive(Debug, Default)]
pub struct TypeNames {
    by_type_name: HashSet<String>,
    by_name: HashMap<String, String>,
}

impl TypeNames {
    fn of(types: &[model::Type]) -> Self {
        let mut names = Self::default();
        types.iter().for_each(|known| names.add(&known.type_name, &known.fields.name));
        names
    }

    fn add(&mut self, type_name: &str, name: &str) {
        self.by_type_name.insert(type_name.to_owned());
        self.by_name.insert(name.to_owned(), type_name.to_owned());
    }

    /// The type name of the type that `text` means.
    pub fn find(&self, text: &str) -> Option<&str> {
        let known = self.by_type_name.get(text).map(String::as_str);
        known.or_else(|| self.by_name.get(text).map(String::as_str))
    }

    /// The same, or the primitive.
    pub fn resource<'t>(&'t self, text: &'t str) -> Option<&'t str> {
        if PRIMITIVES.contains(&text) { Some(text) } else { self.find(text) }
    }
}

/// Puts the files together; `types` are those of the server.
pub fn gather(documents: Vec<(Source, Document)>, types: &[model::Type]) -> Result<Wanted, Problems> {
    let mut gathering = Gathering { known: types, problems: Problems::default(), wanted: Wanted::default() };
    gathering.wanted.names = TypeNames::of(types);
    let mut entries = Vec::new();
    for (source, document) in documents {
        document.types.into_iter().for_each(|declared| gathering.declare(&source, declared));
        entries.extend(document.entries.into_iter().map(|entry| (Arc::clone(&source), entry)));
    }
    entries.into_iter().for_each(|(source, entry)| gathering.add(source, entry));
    gathering.finish()
}

struct Gathering<'t> {
    known: &'t [model::Type],
    problems: Problems,
    wanted: Wanted,
}

impl Gathering<'_> {
    fn declare(&mut self, source: &Source, mut declared: format::Type) {
        let place = format!("{source}: {}", declared.name);
        let type_name = self.type_name(&declared);
        if type_name == EMPTY {
            return self.problems.add(place, "nothing is left of the name for a type_name: give it one");
        }
        if let Some(other) = self.wanted.types.iter().find(|other| other.type_name == type_name) {
            return self.problems.add(place, format!("{type_name} stands in {} already", other.source));
        }
        let own = declared.entries.take();
        self.wanted.names.add(&type_name, &declared.name);
        let has_all_entries = own.is_some();
        let entries = own.into_iter().flatten().filter_map(|entry| {
            if entry.r#type.as_deref().is_some_and(|named| named != type_name && named != declared.name) {
                self.problems.add(&place, format!("{} says that it is of another type", entry.name));
            }
            self.problems.keep(source, entry)
        });
        let entries = entries.collect();
        let name = declared.name.clone();
        let source = Arc::clone(source);
        let declared = Some(declared);
        self.wanted.types.push(WantedType { source, name, type_name, declared, has_all_entries, entries });
    }

    /// The name that a type gives, the one made from its name, or that of the type that is called so.
    fn type_name(&self, declared: &format::Type) -> String {
        if let Some(type_name) = &declared.type_name {
            return type_name.clone();
        }
        let derived = derived_type_name(&declared.name);
        let is_known = self.known.iter().any(|known| known.type_name == derived);
        let called = self.known.iter().find(|known| known.fields.name == declared.name);
        called.filter(|_| !is_known).map_or(derived, |known| known.type_name.clone())
    }

    fn add(&mut self, source: Source, entry: format::Entry) {
        let place = format!("{source}: {}", entry.name);
        let Some(named) = entry.r#type.clone() else {
            return self.problems.add(place, "an entry that stands outside a type says its type");
        };
        let Some(type_name) = self.wanted.names.find(&named).map(str::to_owned) else {
            return self.problems.add(place, format!("there is no type {named}"));
        };
        let Some(entry) = self.problems.keep(&source, entry) else { return };
        let known = self.wanted.types.iter().position(|wanted| wanted.type_name == type_name);
        let index = known.unwrap_or_else(|| {
            let name = named;
            let (declared, has_all_entries, entries) = (None, false, Vec::new());
            self.wanted.types.push(WantedType { source, name, type_name, declared, has_all_entries, entries });
            self.wanted.types.len() - 1
        });
        let wanted = &mut self.wanted.types[index];
        wanted.has_all_entries = wanted.declared.is_some();
        wanted.entries.push(entry);
    }

    fn finish(mut self) -> Result<Wanted, Problems> {
        for wanted in &self.wanted.types {
            let known = self.known.iter().find(|known| known.type_name == wanted.type_name);
            if known.is_some_and(|known| !known.is_editable) {
                self.problems
                    .add(&wanted.source, format!("{} is one of the server's own, which can't be changed", wanted.name));
            }
            let mut seen = HashMap::new();
            for entry in &wanted.entries {
                if let Some(other) = seen.insert(entry.external_id.as_str(), &entry.source) {
                    self.problems.add(wanted.place(entry), format!("{other} has an entry with this external ID too"));
                }
            }
        }
        self.problems.finish(self.wanted)
    }
}

impl Problems {
    /// An entry with the external ID that it says, or one made from its name.
    fn keep(&mut self, source: &Source, entry: format::Entry) -> Option<WantedEntry> {
        let external_id = entry.external_id.unwrap_or_else(|| slug(&entry.name));
        if external_id.is_empty() {
            self.add(source, format!("nothing is left of the name {:?} for an external_id: give it one", entry.name));
            return None;
        }
        let format::Entry { name, aliases, rank, values, .. } = entry;
        Some(WantedEntry { source: Arc::clone(source), external_id, name, aliases, rank, values })
    }
}

/// The type name that is made from nothing.
const EMPTY: &str = "Custom[\"\"]";

/// `Custom["GitHubRepository"]` for "GitHub repository".
fn derived_type_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capitalised = |word: &str| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..]);
    format!("Custom[\"{}\"]", words.map(capitalised).collect::<String>())
}

/// `card-payments` for "Card payments!".
fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_from_names() {
        assert_eq!(derived_type_name("GitHub repository"), "Custom[\"GitHubRepository\"]");
        assert_eq!(derived_type_name("日本"), EMPTY);
        assert_eq!(slug("Card payments (EU)!"), "card-payments-eu");
        assert_eq!(slug("Zürich"), "zürich");
    }
}
