//! What an import would do: what somebody has pasted, compared with what there is. Nothing here asks, or changes,
//! anything.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::text;

/// Entries in one import at most: as many as one bulk update changes, all or none.
pub const AT_MOST: usize = 250;
/// What parts several values, or aliases, in a cell.
const SEPARATOR: char = ';';

/// An entry as it is pasted. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    id: Option<String>,
    name: Option<String>,
    external_id: Option<String>,
    aliases: Option<Vec<String>>,
    rank: Option<i64>,
    /// Literals by attribute ID; none to clear it.
    values: BTreeMap<String, Vec<String>>,
}

/// What an import would do.
#[derive(Debug, Default, Serialize)]
pub struct Plan {
    /// Entries to make.
    pub creates: Vec<Create>,
    /// Entries to change.
    pub updates: Vec<Update>,
    /// How many are as they should be.
    pub unchanged: usize,
    /// The attributes that change, of whichever entry.
    pub attributes: BTreeSet<String>,
}

/// An entry to make.
#[derive(Debug, Serialize)]
pub struct Create {
    /// What it will be called.
    pub name: String,
    /// What it will have.
    pub has: Vec<Change>,
    /// What the operation is given, but for the type.
    pub body: Json,
}

/// An entry to change.
#[derive(Debug, Serialize)]
pub struct Update {
    /// Which one.
    pub id: String,
    /// What it is called now.
    pub name: String,
    /// What changes.
    pub changes: Vec<Change>,
    /// What the operation is given.
    pub body: Json,
}

/// Something that becomes something else.
#[derive(Debug, PartialEq, Serialize)]
pub struct Change {
    /// What.
    pub what: String,
    /// What it is.
    pub before: String,
    /// What it will be.
    pub after: String,
}

/// What finds an entry: the type that it is looked for in, as attributes call it, and the text.
pub type Reference = (String, String);

/// What references find: ID and name.
#[derive(Debug, Default)]
pub struct Finds(pub HashMap<Reference, (String, String)>);

impl Finds {
    fn of(&self, attribute: &Json, literal: &str) -> Option<&(String, String)> {
        self.0.get(&(text(&attribute["type"]), literal.to_owned()))
    }

    /// Whether `wanted` says what `held` says: the same words, or the IDs of what the words find.
    fn are_same(&self, attribute: &Json, wanted: &[String], held: &[String]) -> bool {
        let is_same = |(wanted, held): (&String, &String)| {
            wanted == held || self.of(attribute, wanted).is_some_and(|(id, _)| id == held)
        };
        wanted.len() == held.len() && wanted.iter().zip(held).all(is_same)
    }

    /// Values as people read them: what is pointed at goes by its name, and what isn't found is said to be missing.
    fn told(&self, attribute: &Json, literals: &[String]) -> String {
        let told = |literal: &String| match self.of(attribute, literal) {
            Some((_, name)) if name != literal => format!("{name} ({literal})"),
            None if is_reference(attribute) => format!("{literal} (finds nothing yet)"),
            _ => literal.clone(),
        };
        literals.iter().map(told).collect::<Vec<_>>().join(", ")
    }
}

fn is_reference(attribute: &Json) -> bool {
    !matches!(attribute["type"].as_str(), Some("String" | "Text" | "Number" | "Bool"))
}

/// What `wanted` points at.
pub fn references(wanted: &[Wanted], attributes: &[Json]) -> BTreeSet<Reference> {
    let of_entry = |entry| named(entry, attributes).filter(|(_, attribute, _)| is_reference(attribute));
    let literals = wanted.iter().flat_map(of_entry);
    literals
        .flat_map(|(_, attribute, literals)| literals.iter().map(|literal| (text(&attribute["type"]), literal.clone())))
        .collect()
}

/// The entries that `content` holds: JSON as the API shows entries, or CSV with a line of names on top.
pub fn read(content: &str, attributes: &[Json]) -> Result<Vec<Wanted>, Vec<String>> {
    let content = content.trim().trim_start_matches('\u{feff}');
    let rows = if content.starts_with(['[', '{']) { of_json(content) } else { of_csv(content) };
    let rows = rows.map_err(|problem| vec![problem])?;
    if rows.is_empty() {
        return Err(vec!["There are no entries in it".into()]);
    }
    if rows.len() > AT_MOST {
        return Err(vec![format!("{} entries are too many: import at most {AT_MOST} at once", rows.len())]);
    }
    let (mut wanted, mut problems) = (Vec::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        match entry(row, attributes) {
            Ok(entry) => wanted.push(entry),
            Err(problem) => problems.push(format!("Entry {}: {problem}", index + 1)),
        }
    }
    if problems.is_empty() { Ok(wanted) } else { Err(problems) }
}

fn of_json(content: &str) -> Result<Vec<Json>, String> {
    let mut content: Json = serde_json::from_str(content).map_err(|error| format!("This is not JSON: {error}"))?;
    if content["catalog_entries"].is_array() {
        content = content["catalog_entries"].take();
    }
    match content {
        Json::Array(rows) => Ok(rows),
        _ => Err("JSON has to be a list of entries, or an answer of the API that lists entries".into()),
    }
}

/// A row is an object like an entry's in JSON; columns of attributes stand in `attribute_values`.
fn of_csv(content: &str) -> Result<Vec<Json>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content.as_bytes());
    let unreadable = |error: csv::Error| format!("This is not CSV: {error}");
    let names = reader.headers().map_err(unreadable)?.clone();
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let (mut row, mut values) = (Map::new(), Map::new());
        for (name, cell) in names.iter().zip(record.map_err(unreadable)?.iter()) {
            match name {
                "id" | "name" | "external_id" | "rank" if cell.is_empty() => {}
                "id" | "name" | "external_id" | "rank" => drop(row.insert(name.into(), cell.into())),
                "aliases" => drop(row.insert(name.into(), json!(parts(cell)))),
                _ => drop(values.insert(name.into(), cell.into())),
            }
        }
        row.insert("attribute_values".into(), values.into());
        Ok(row.into())
    };
    reader.records().map(row).collect()
}

fn parts(cell: &str) -> Vec<String> {
    cell.split(SEPARATOR).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn entry(row: &Json, attributes: &[Json]) -> Result<Wanted, String> {
    let fields = row.as_object().ok_or("is no entry")?;
    let rank = match &row["rank"] {
        Json::Null => None,
        Json::String(text) => Some(text.parse().map_err(|_| "rank is no whole number".to_owned())?),
        number => Some(number.as_i64().ok_or("rank is no whole number")?),
    };
    let mut values = BTreeMap::new();
    for (name, value) in fields.get("attribute_values").and_then(Json::as_object).into_iter().flatten() {
        let is_named = |attribute: &&Json| attribute["id"] == *name || attribute["name"] == *name;
        let attribute = attributes.iter().find(is_named);
        let attribute = attribute.ok_or_else(|| format!("the type has no attribute {name}"))?;
        // What is derived is left out, so that entries can come back as they were read.
        if !is_derived(attribute) {
            let literals =
                literals(value, attribute["array"] == true).map_err(|problem| format!("{name} {problem}"))?;
            values.insert(text(&attribute["id"]), literals);
        }
    }
    Ok(Wanted {
        id: given(row, "id")?,
        name: given(row, "name")?,
        external_id: given(row, "external_id")?,
        aliases: row["aliases"].as_array().map(|aliases| aliases.iter().map(text).collect()),
        rank,
        values,
    })
}

fn given(row: &Json, field: &str) -> Result<Option<String>, String> {
    match &row[field] {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        _ => Err(format!("{field} is no text")),
    }
}

/// The literals of a value: as the API writes it, or simply what it holds.
fn literals(value: &Json, is_array: bool) -> Result<Vec<String>, String> {
    let value = match value {
        Json::Object(binding) => binding.get("array_value").or(binding.get("value")).unwrap_or(&Json::Null),
        bare => bare,
    };
    match value {
        Json::Null => Ok(Vec::new()),
        Json::Array(values) if is_array => values.iter().map(literal).collect(),
        Json::Array(_) => Err("holds one value, not several".into()),
        Json::String(cell) if is_array => Ok(parts(cell)),
        Json::String(text) if text.is_empty() => Ok(Vec::new()),
        one => Ok(vec![literal(one)?]),
    }
}

fn literal(value: &Json) -> Result<String, String> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(value.to_string()),
        Json::Object(fields) => {
            fields.get("literal").map_or_else(|| Err("has a value without a literal".into()), literal)
        }
        _ => Err("has a value that is no text".into()),
    }
}

fn is_derived(attribute: &Json) -> bool {
    matches!(attribute["mode"].as_str(), Some("backlink" | "path"))
}

/// Compares what is wanted with the entries of the type that there are.
pub fn plan(wanted: &[Wanted], known: &[Json], attributes: &[Json], finds: &Finds) -> Result<Plan, Vec<String>> {
    let (mut plan, mut problems, mut taken) = (Plan::default(), Vec::new(), BTreeSet::new());
    for (index, entry) in wanted.iter().enumerate() {
        let outcome = match find(entry, known) {
            Ok(Some(known)) if !taken.insert(text(&known["id"])) => Err("it is the same entry as one before".into()),
            Ok(Some(known)) => {
                plan.compare(entry, known, attributes, finds);
                Ok(())
            }
            Ok(None) => create(entry, attributes, finds).map(|create| plan.creates.push(create)),
            Err(problem) => Err(problem),
        };
        problems.extend(outcome.err().map(|problem| format!("Entry {}: {problem}", index + 1)));
    }
    if problems.is_empty() { Ok(plan.completed(wanted, known, attributes)) } else { Err(problems) }
}

/// The entry that is meant: the one with the ID, or else with the external ID, or else with the name.
fn find<'k>(wanted: &Wanted, known: &'k [Json]) -> Result<Option<&'k Json>, String> {
    let with = |field: &str, value: &str| known.iter().filter(|entry| entry[field] == value).collect::<Vec<_>>();
    if let Some(id) = &wanted.id {
        let found = with("id", id).first().copied();
        return found.map(Some).ok_or_else(|| format!("the type has no entry with ID {id}"));
    }
    if let Some(external_id) = &wanted.external_id {
        return Ok(with("external_id", external_id).first().copied());
    }
    let name = wanted.name.as_deref().ok_or("it has neither an ID, nor an external ID, nor a name")?;
    match with("name", name)[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(format!("several entries are called {name}: say which one by its ID or external ID")),
    }
}

/// The literals that an entry holds for an attribute.
fn held(entry: &Json, attribute: &str) -> Vec<String> {
    of_each(entry, attribute, "literal")
}

/// A field of each value that an entry holds for an attribute.
fn of_each(entry: &Json, attribute: &str, field: &str) -> Vec<String> {
    let binding = &entry["attribute_values"][attribute];
    match &binding["array_value"] {
        Json::Array(values) => values.iter().map(|value| text(&value[field])).collect(),
        _ => binding["value"][field].as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// Literals as operations take them.
fn binding(attribute: &Json, literals: &[String]) -> Json {
    let mut values = literals.iter().map(|literal| json!({"literal": literal}));
    if attribute["array"] == true {
        json!({"array_value": values.collect::<Vec<_>>()})
    } else {
        json!({"value": values.next()})
    }
}

fn listed(literals: &[String]) -> String {
    literals.join(", ")
}

fn create(wanted: &Wanted, attributes: &[Json], finds: &Finds) -> Result<Create, String> {
    let name = wanted.name.clone().ok_or("it would be new, and has no name")?;
    let (mut values, mut has) = (Map::new(), Vec::new());
    let mut tell = |what: &str, after: String| {
        has.extend((!after.is_empty()).then(|| Change { what: what.into(), before: String::new(), after }));
    };
    tell("External ID", wanted.external_id.clone().unwrap_or_default());
    tell("Aliases", listed(wanted.aliases.as_deref().unwrap_or_default()));
    for (id, attribute, literals) in named(wanted, attributes).filter(|(_, _, literals)| !literals.is_empty()) {
        values.insert(id.clone(), binding(attribute, literals));
        tell(attribute["name"].as_str().unwrap_or(id), finds.told(attribute, literals));
    }
    let body = json!({
        "name": name, "external_id": wanted.external_id, "aliases": wanted.aliases, "rank": wanted.rank.unwrap_or(0),
        "attribute_values": values,
    });
    Ok(Create { name, has, body })
}

/// The attributes that are given, with their values.
fn named<'w>(
    wanted: &'w Wanted,
    attributes: &'w [Json],
) -> impl Iterator<Item = (&'w String, &'w Json, &'w Vec<String>)> {
    wanted.values.iter().filter_map(|(id, literals)| {
        let attribute = attributes.iter().find(|attribute| attribute["id"] == *id)?;
        Some((id, attribute, literals))
    })
}

impl Plan {
    fn compare(&mut self, wanted: &Wanted, known: &Json, attributes: &[Json], finds: &Finds) {
        let mut changes = own_changes(wanted, known);
        for (id, attribute, literals) in named(wanted, attributes) {
            let held = held(known, id);
            if !finds.are_same(attribute, literals, &held) {
                let before = listed(&of_each(known, id, "label"));
                changes.push(Change { what: text(&attribute["name"]), before, after: finds.told(attribute, literals) });
                self.attributes.insert(id.clone());
            }
        }
        if changes.is_empty() {
            self.unchanged += 1;
        } else {
            self.updates.push(Update { id: text(&known["id"]), name: text(&known["name"]), changes, body: Json::Null });
        }
    }

    /// The same with what the operation is given for each change: values for every attribute that changes anywhere, since
    /// one that is named and not given is cleared.
    fn completed(mut self, wanted: &[Wanted], known: &[Json], attributes: &[Json]) -> Self {
        for entry in wanted {
            let Ok(Some(known)) = find(entry, known) else { continue };
            let Some(update) = self.updates.iter_mut().find(|update| known["id"] == *update.id) else { continue };
            let changing = attributes.iter().filter(|attribute| self.attributes.contains(&text(&attribute["id"])));
            let values: Map<_, _> = changing
                .filter_map(|attribute| {
                    let id = text(&attribute["id"]);
                    let literals = entry.values.get(&id).cloned().unwrap_or_else(|| held(known, &id));
                    (!literals.is_empty()).then(|| (id, binding(attribute, &literals)))
                })
                .collect();
            update.body = json!({
                "entry_id": update.id, "name": entry.name, "external_id": entry.external_id, "aliases": entry.aliases,
                "rank": entry.rank.map_or_else(|| known["rank"].clone(), Json::from), "attribute_values": values,
            });
        }
        self
    }
}

/// What changes of an entry but for its attributes.
fn own_changes(wanted: &Wanted, known: &Json) -> Vec<Change> {
    let aliases = |entry: &Json| entry["aliases"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let rank = |rank: i64| rank.to_string();
    let fields = [
        ("Name", text(&known["name"]), wanted.name.clone()),
        ("External ID", text(&known["external_id"]), wanted.external_id.clone()),
        ("Aliases", listed(&aliases(known)), wanted.aliases.as_deref().map(listed)),
        ("Rank", rank(known["rank"].as_i64().unwrap_or(0)), wanted.rank.map(rank)),
    ];
    let changed = fields.into_iter().filter_map(|(what, before, after)| Some((what, before, after?)));
    changed
        .filter(|(_, before, after)| before != after)
        .map(|(what, before, after)| Change { what: what.into(), before, after })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Vec<Json> {
        vec![
            json!({"id": "tier", "name": "Tier", "array": false, "type": "Number", "mode": "api"}),
            json!({"id": "tags", "name": "Tags", "array": true, "type": "String", "mode": "api"}),
            json!({"id": "owner", "name": "Owner", "array": false, "type": "Team", "mode": "dashboard"}),
            json!({"id": "used", "name": "Used by", "array": true, "type": "Service", "mode": "backlink"}),
        ]
    }

    fn known() -> Vec<Json> {
        vec![
            json!({"id": "1", "name": "Checkout", "external_id": "checkout", "aliases": [], "rank": 3, "attribute_values": {
                "tier": {"value": {"literal": "1", "label": "1"}}, "owner": {"value": {"literal": "9", "label": "Payments"}},
                "used": {"array_value": [{"literal": "x", "label": "X"}]},
            }}),
            json!({"id": "2", "name": "Search", "aliases": ["find"], "rank": 0, "attribute_values": {
                "tags": {"array_value": [{"literal": "a", "label": "A"}, {"literal": "b", "label": "B"}]},
            }}),
        ]
    }

    fn planned(content: &str) -> Result<Plan, Vec<String>> {
        let wanted = read(content, &attributes())?;
        let found = [(("Team".to_owned(), "payments".to_owned()), ("9".to_owned(), "Payments".to_owned()))];
        plan(&wanted, &known(), &attributes(), &Finds(found.into()))
    }

    #[test]
    fn entries_as_they_are_change_nothing() {
        let plan = planned(&json!({"catalog_entries": known()}).to_string()).unwrap();
        assert_eq!((plan.creates.len(), plan.updates.len(), plan.unchanged), (0, 0, 2));
    }

    #[test]
    fn csv_tells_new_entries_from_those_that_change() {
        let plan = planned("name,external_id,Tier,Tags\nCheckout,checkout,2,\nMail,mail,3,x; y\nSearch,,,a;b").unwrap();
        assert_eq!((plan.creates.len(), plan.updates.len(), plan.unchanged), (1, 1, 1));
        let change = Change { what: "Tier".into(), before: "1".into(), after: "2".into() };
        assert_eq!((plan.updates[0].id.as_str(), &plan.updates[0].changes), ("1", &vec![change]));
        assert_eq!(plan.updates[0].body["rank"], 3);
        assert_eq!(plan.updates[0].body["attribute_values"], json!({"tier": {"value": {"literal": "2"}}}));
        let tags = json!({"array_value": [{"literal": "x"}, {"literal": "y"}]});
        assert_eq!(plan.creates[0].body["attribute_values"]["tags"], tags);
    }

    #[test]
    fn what_one_entry_changes_another_keeps() {
        let plan =
            planned(r#"[{"id": "1", "attribute_values": {"tags": ["c"]}}, {"id": "2", "name": "Find"}]"#).unwrap();
        let kept = json!({"tags": {"array_value": [{"literal": "a"}, {"literal": "b"}]}});
        assert_eq!(plan.updates[1].body["attribute_values"], kept);
        assert_eq!(plan.updates[1].changes[0].after, "Find");
    }

    #[test]
    fn what_is_empty_is_cleared_and_what_is_absent_stays() {
        let plan = planned("id,Tier\n1,").unwrap();
        assert_eq!(plan.updates[0].changes[0].after, "");
        assert_eq!((&plan.updates[0].body["attribute_values"], plan.attributes.len()), (&json!({}), 1));
    }

    #[test]
    fn what_points_at_the_same_entry_is_no_change_and_what_finds_nothing_is_told() {
        let plan = planned("name,Owner\nCheckout,payments\nSearch,payments\nMail,Payments").unwrap();
        assert_eq!((plan.unchanged, plan.updates.len()), (1, 1));
        assert_eq!(plan.updates[0].changes[0].after, "Payments (payments)");
        assert_eq!(plan.creates[0].has[0].after, "Payments (finds nothing yet)");
        let wanted = read("name,Tier,Owner\nMail,1,payments", &attributes()).unwrap();
        assert_eq!(references(&wanted, &attributes()), [("Team".to_owned(), "payments".to_owned())].into());
    }

    #[test]
    fn what_is_wrong_is_told_entry_by_entry() {
        for (content, problem) in [
            ("", "There are no entries in it"),
            ("[", "This is not JSON"),
            ("{}", "JSON has to be a list"),
            ("name,Colour\nMail,red", "Entry 1: the type has no attribute Colour"),
            (r#"[{"name": "Mail", "attribute_values": {"tier": [1, 2]}}]"#, "Entry 1: tier holds one value"),
            ("id,name\n9,Mail", "Entry 1: the type has no entry with ID 9"),
            ("external_id,Tier\nmail,1", "Entry 1: it would be new, and has no name"),
            ("name\nSearch\nSearch", "Entry 2: it is the same entry as one before"),
            ("name,rank\nMail,first", "Entry 1: rank is no whole number"),
            ("Tier\n1", "Entry 1: it has neither"),
        ] {
            let problems = planned(content).map(|_| ()).unwrap_err();
            assert!(problems[0].starts_with(problem), "{content}: {problems:?}");
        }
        let many = "name\n".to_owned() + &"Mail\n".repeat(251);
        assert_eq!(planned(&many).unwrap_err(), ["251 entries are too many: import at most 250 at once"]);
    }
}
