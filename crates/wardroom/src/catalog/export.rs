//! `wardroom catalog export`: writes the catalog as a file, such that importing it changes nothing.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::format::{self, Backlink, Document, Value};
use super::model::{Attribute, Entry, Type};
use super::plan::Actual;
use super::{read_entries, remote};
use crate::Outcome;
use crate::api_args::ApiAndKeyArgs;

/// Write the catalog as a file that `import` reads.
#[derive(Debug, Args)]
pub struct Export {
    /// A type to export, by its name or type name; can be repeated [default: all that can be changed]
    #[arg(long = "type")]
    types: Vec<String>,
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    format: Format,
    /// The file to write [default: standard output]
    #[arg(long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    api: ApiAndKeyArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

impl Export {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let remote = remote(&self.api, 1)?;
        let mut actual = Actual { types: remote.types()?, ..Actual::default() };
        let types = self.chosen(&actual.types)?;
        for exported in &types {
            read_entries(&remote, &mut actual, &exported.id)?;
            let held = exported.schema.attributes.iter().filter_map(|attribute| actual.called(&attribute.holds));
            for id in held.map(|held| held.id.clone()).collect::<Vec<_>>() {
                read_entries(&remote, &mut actual, &id)?;
            }
        }
        let text = self.format.write(&document(&types, &actual))?;
        match &self.output {
            Some(path) => fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?,
            None => std::io::stdout().write_all(text.as_bytes())?,
        }
        Ok(())
    }

    fn chosen(&self, types: &[Type]) -> Result<Vec<Type>, String> {
        let is_called = |known: &Type, name: &str| known.type_name == name || known.fields.name == name;
        for name in &self.types {
            let known = types.iter().find(|known| is_called(known, name));
            let known = known.ok_or_else(|| format!("there is no type {name}"))?;
            if !known.is_editable {
                return Err(format!("{name} is one of the server's own, which can't be imported"));
            }
        }
        let is_chosen = |known: &&Type| self.types.is_empty() || self.types.iter().any(|name| is_called(known, name));
        Ok(types.iter().filter(|known| known.is_editable).filter(is_chosen).cloned().collect())
    }
}

impl Format {
    fn write(self, document: &Document) -> Result<String, Box<dyn std::error::Error>> {
        Ok(match self {
            Self::Yaml => serde_saphyr::to_string(document)?,
            Self::Json => serde_json::to_string_pretty(document)? + "\n",
        })
    }
}

/// The types with their entries. Of the team type, which every server has, only the entries.
fn document(types: &[Type], actual: &Actual) -> Document {
    let exporting = Exporting::of(actual);
    let mut document = Document::default();
    for exported in types {
        let entries = exporting.entries(exported);
        if exported.is_team_type {
            let named = |entry| format::Entry { r#type: Some(exported.type_name.clone()), ..entry };
            document.entries.extend(entries.into_iter().map(named));
        } else {
            document.types.push(format::Type { entries: Some(entries), ..exporting.of_type(exported) });
        }
    }
    document
}

struct Exporting<'a> {
    actual: &'a Actual,
    /// By type name and ID, what finds an entry on any server.
    references: HashMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Exporting<'a> {
    fn of(actual: &'a Actual) -> Self {
        let read = actual.types.iter().filter_map(|known| Some((known, actual.entries.get(&known.id)?)));
        let all = read.flat_map(|(known, entries)| entries.iter().map(move |entry| (known, entry)));
        let reference = |(known, entry): (&'a Type, &'a Entry)| {
            // The external IDs of what the server keeps elsewhere are its own IDs.
            let alias = entry.aliases.first().filter(|_| !known.is_editable);
            ((known.type_name.as_str(), entry.id.as_str()), alias.map_or_else(|| entry.key(), String::as_str))
        };
        Self { actual, references: all.map(reference).collect() }
    }

    fn of_type(&self, exported: &Type) -> format::Type {
        let fields = exported.fields.clone();
        let attributes = exported.schema.attributes.iter();
        format::Type {
            name: fields.name,
            type_name: Some(exported.type_name.clone()),
            description: Some(fields.description),
            icon: fields.icon,
            color: fields.color,
            categories: Some(fields.categories).filter(|categories| !categories.is_empty()),
            ranked: Some(true).filter(|_| fields.ranked),
            use_name_as_identifier: Some(true).filter(|_| fields.use_name_as_identifier),
            annotations: Some(fields.annotations).filter(|annotations| !annotations.is_empty()),
            source_repo_url: fields.source_repo_url,
            attributes: Some(attributes.filter_map(|attribute| self.attribute(exported, attribute)).collect()),
            entries: None,
        }
    }

    /// An attribute as it stands in a file; none where what it is derived from is gone.
    fn attribute(&self, exported: &Type, attribute: &Attribute) -> Option<format::Attribute> {
        let named = |type_name: &str, id: &str| {
            let held = self.actual.called(type_name)?;
            held.schema.attributes.iter().find(|attribute| attribute.id == id)
        };
        let mut path = Vec::new();
        let mut reached = exported.type_name.as_str();
        for step in &attribute.path {
            let along = named(reached, &step.attribute_id)?;
            path.push(along.name.clone());
            reached = &along.holds;
        }
        let backlink = match &attribute.backlink_attribute {
            Some(id) => Some(Backlink { r#type: None, attribute: named(&attribute.holds, id)?.name.clone() }),
            None => None,
        };
        Some(format::Attribute {
            id: Some(attribute.id.clone()),
            name: attribute.name.clone(),
            r#type: Some(attribute.holds.clone()),
            array: attribute.array,
            mode: attribute.mode.parse().ok(),
            path: Some(path).filter(|path| !path.is_empty()),
            backlink,
        })
    }

    /// The entries of a type, in an order that is the same on every server.
    fn entries(&self, exported: &Type) -> Vec<format::Entry> {
        let entries = self.actual.entries.get(&exported.id).map(Vec::as_slice).unwrap_or_default();
        let written = |entry: &Entry| format::Entry {
            r#type: None,
            external_id: Some(entry.key().to_owned()),
            name: entry.name.clone(),
            aliases: Some(entry.aliases.clone()).filter(|aliases| !aliases.is_empty()),
            rank: Some(entry.rank).filter(|_| exported.fields.ranked),
            values: self.values(exported, entry),
        };
        let mut entries: Vec<_> = entries.iter().map(written).collect();
        entries.sort_by(|one, other| (one.rank, &one.external_id).cmp(&(other.rank, &other.external_id)));
        entries
    }

    fn values(&self, exported: &Type, entry: &Entry) -> BTreeMap<String, Value> {
        let mut values = BTreeMap::new();
        for attribute in exported.schema.attributes.iter().filter(|attribute| !attribute.is_derived()) {
            let reference = |text: &String| {
                let found = self.references.get(&(attribute.holds.as_str(), text.as_str()));
                found.map_or_else(|| text.clone(), |found| (*found).to_owned())
            };
            let mut texts: Vec<_> = attribute.held_by(entry).iter().map(reference).collect();
            match (attribute.array, texts.len()) {
                (_, 0) => continue,
                (true, _) => values.insert(attribute.name.clone(), Value::Many(texts)),
                (false, _) => values.insert(attribute.name.clone(), Value::One(texts.remove(0))),
            };
        }
        values
    }
}
