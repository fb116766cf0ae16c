//! What a pipe is to do, as a form shows it and as it is sent.

use serde_json::{Map, Value as Json, json};

use crate::fields::{Fields, put};
use crate::page::{Refused, Submitted};

/// The lists that a pipe can read: the API's name for each, and people's.
pub const SOURCES: &[(&str, &str)] = &[
    ("incidents", "Incidents"),
    ("alerts", "Alerts"),
    ("schedules", "Schedules"),
    ("actions", "Actions"),
    ("follow_ups", "Follow-ups"),
    ("teams", "Teams"),
    ("users", "Users"),
    ("catalog_entries", "Catalog entries of a type"),
    ("list", "Another list of the API"),
];
/// What a pipe can do with records.
pub const DESTINATIONS: &[(&str, &str)] = &[
    ("create_incidents", "Declare an incident for each"),
    ("alert_events", "Send an alert event for each"),
    ("edit_incidents", "Edit the incident that each names"),
    ("catalog_entries", "Make or change a catalog entry for each"),
    ("call", "Call another operation of the API"),
];

/// The fields that hold what they show.
const PLAIN: &[&str] = &[
    "definition.name",
    "definition.description",
    "definition.connection",
    "definition.schedule",
    "definition.time_zone",
    "definition.source.template",
    "definition.source.mode",
    "definition.source.path",
    "definition.source.rows",
    "definition.source.id",
    "definition.output.format",
    "definition.output.file",
    "definition.output.sqlite",
    "definition.output.url_env",
    "definition.output.url_file",
    "definition.output.table",
    "definition.input.format",
    "definition.input.file",
    "definition.input.key",
    "definition.input.outcomes",
    "definition.destination.template",
    "definition.destination.method",
    "definition.destination.path",
];

/// A field whose text stands for more than a text.
struct Written {
    name: &'static str,
    read: fn(&str) -> Result<Json, String>,
    show: fn(&Json) -> String,
}

const WRITTEN: &[Written] = &[
    Written { name: "definition.source.query", read: read_pairs, show: show_pairs },
    Written { name: "definition.output.columns", read: read_lines, show: show_lines },
    Written { name: "definition.destination.parameters", read: read_pairs, show: show_pairs },
    Written { name: "definition.destination.body", read: read_json, show: show_json },
];

/// What a form says, as operations take it.
pub fn read(form: &Fields) -> Submitted<Json> {
    let mut body = form.filled(PLAIN);
    for field in WRITTEN {
        if let Some(text) = form.get(field.name) {
            let value = (field.read)(text).map_err(|problem| Refused::field(field.name, problem))?;
            put(&mut body, field.name, value);
        }
    }
    body["definition"]["paused"] = (form.text("definition.paused") == "true").into();
    Ok(body)
}

/// What is wrong within what a field's text stands for is told beside the field, with its place.
pub fn beside(refused: Refused) -> Refused {
    WRITTEN.iter().fold(refused, |refused, field| refused.gathered(field.name))
}

/// The texts of the fields that stand for more than a text.
pub fn texts(definition: &Json) -> Json {
    let whole = json!({"definition": definition});
    let text = |field: &Written| {
        let value = field.name.split('.').fold(&whole, |place, step| &place[step]);
        (field.name.to_owned(), if value.is_null() { "".into() } else { (field.show)(value).into() })
    };
    WRITTEN.iter().map(text).collect::<Map<_, _>>().into()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `name = value`, one a line; a name that comes again has several values.
fn read_pairs(text: &str) -> Result<Json, String> {
    let mut pairs: Map<String, Json> = Map::new();
    for line in lines(text) {
        let (name, value) = line.split_once('=').ok_or_else(|| format!("{line}: is not name = value"))?;
        let (name, value) = (name.trim().to_owned(), json!(value.trim()));
        let both = match pairs.remove(&name) {
            None => value,
            Some(Json::Array(values)) => values.into_iter().chain([value]).collect(),
            Some(first) => json!([first, value]),
        };
        pairs.insert(name, both);
    }
    Ok(pairs.into())
}

fn show_pairs(pairs: &Json) -> String {
    let pairs = pairs.as_object().into_iter().flatten();
    let lines = pairs.flat_map(|(name, value)| {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        values.iter().map(move |value| format!("{name} = {}", value.as_str().unwrap_or_default()))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn read_lines(text: &str) -> Result<Json, String> {
    Ok(lines(text).collect())
}

fn show_lines(values: &Json) -> String {
    let values = values.as_array().into_iter().flatten();
    values.filter_map(Json::as_str).collect::<Vec<_>>().join("\n")
}

fn read_json(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))
}

fn show_json(value: &Json) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_pipe_is_read_as_it_was() {
        let definition = json!({
            "name": "a", "paused": false,
            "source": {"template": "incidents", "query": {"mode[one_of]": "test", "status[one_of]": ["1", "2"]}},
            "output": {"format": "csv", "file": "a.csv", "columns": ["id", "severity.name"]},
            "destination": {"parameters": {"id": "{{ row.a == 1 }}"}, "body": {"name": "{{ row.title }}"}},
        });
        let texts = texts(&definition);
        assert_eq!(texts["definition.source.query"], "mode[one_of] = test\nstatus[one_of] = 1\nstatus[one_of] = 2");
        let plain = [
            ("definition.name", "a"),
            ("definition.source.template", "incidents"),
            ("definition.output.format", "csv"),
            ("definition.output.file", "a.csv"),
        ];
        let written = texts.as_object().unwrap().iter().map(|(name, text)| (name.as_str(), text.as_str().unwrap()));
        let form = crate::fields::query(&plain.into_iter().chain(written).collect::<Vec<_>>());
        assert_eq!(read(&Fields::read(form.as_bytes()).unwrap()).unwrap(), json!({"definition": definition}));
    }

    #[test]
    fn a_text_that_stands_for_nothing_is_told_beside_its_field() {
        for (field, text) in [("definition.source.query", "live"), ("definition.destination.body", "{")] {
            let form = crate::fields::query(&[(field, text)]);
            assert!(read(&Fields::read(form.as_bytes()).unwrap()).unwrap_err().fields.contains_key(field), "{field}");
        }
    }
}
