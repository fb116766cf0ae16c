//! Forms made of JSON Schemas: what an action is given.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::fields::Fields;
use crate::page::Refused;

/// How a property is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Line,
    Number,
    YesOrNo,
    /// One of a few words, or of what a list offers.
    Choice,
    /// Several of them.
    Choices,
    /// Texts, one a line.
    Lines,
    /// Anything else, as JSON.
    Json,
}

impl Kind {
    fn of(schema: &Json) -> Self {
        let is_chosen = |schema: &Json| schema["enum"].is_array() || schema["x-options"].is_string();
        match schema["type"].as_str() {
            Some("boolean") => Self::YesOrNo,
            Some("integer" | "number") => Self::Number,
            Some("string") if is_chosen(schema) => Self::Choice,
            Some("string") => Self::Line,
            Some("array") if is_chosen(schema) || is_chosen(&schema["items"]) => Self::Choices,
            Some("array") if schema["items"]["type"] == "string" => Self::Lines,
            _ => Self::Json,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Number => "number",
            Self::YesOrNo | Self::Choice => "choice",
            Self::Choices => "choices",
            Self::Lines => "lines",
            Self::Json => "json",
        }
    }
}

fn properties(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn is_required(schema: &Json, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|required| required.iter().any(|required| required == name))
}

/// The lists that properties take IDs out of.
pub fn lists(schema: &Json) -> BTreeSet<String> {
    properties(schema).filter_map(|(_, property)| property["x-options"].as_str().map(str::to_owned)).collect()
}

/// What a property is chosen from: a list, words, or yes and no.
fn options(property: &Json, lists: &Map<String, Json>) -> Option<Json> {
    if let Some(list) = property["x-options"].as_str() {
        return lists.get(list).cloned();
    }
    if property["type"] == "boolean" {
        return Some(json!([{"id": "true", "name": "Yes"}, {"id": "false", "name": "No"}]));
    }
    let words = property["enum"].as_array().or_else(|| property["items"]["enum"].as_array())?;
    let word = |word: &Json| Some(json!({"id": word.as_str()?, "name": word.as_str()?.replace('_', " ")}));
    Some(words.iter().filter_map(word).collect())
}

/// The fields of a form for what `schema` describes, those first that have to be there.
pub fn of(schema: &Json, lists: &Map<String, Json>) -> Vec<Json> {
    let field = |(name, property): (&String, &Json)| {
        let options = options(property, lists);
        let kind = match Kind::of(property) {
            // Nobody has said what there is to choose from.
            Kind::Choice if options.is_none() => Kind::Line,
            Kind::Choices if options.is_none() => Kind::Lines,
            kind => kind,
        };
        json!({
            "name": format!("input.{name}"), "label": name.trim_end_matches("_id"), "hint": property["description"], "kind": kind.as_str(),
            "required": is_required(schema, name), "options": options,
        })
    };
    let (first, rest): (Vec<_>, Vec<_>) = properties(schema).partition(|(name, _)| is_required(schema, name));
    first.into_iter().chain(rest).map(field).collect()
}

/// What a form says, by the schema: what is left blank is left out. What is no number is refused by the action.
pub fn read(schema: &Json, form: &Fields) -> Result<Json, Refused> {
    let mut input = Map::new();
    for (name, property) in properties(schema) {
        let field = format!("input.{name}");
        let Some(text) = form.get(&field) else { continue };
        let value = match Kind::of(property) {
            Kind::Line | Kind::Choice => json!(text),
            Kind::Number => text.parse().map_or(json!(text), Json::Number),
            Kind::YesOrNo => json!(text == "true"),
            // Ticked one by one, or typed in lines.
            Kind::Choices | Kind::Lines => form.all(&field).flat_map(str::lines).map(str::trim).collect(),
            Kind::Json => {
                serde_json::from_str(text).map_err(|error| Refused::field(&field, format!("is not JSON: {error}")))?
            }
        };
        input.insert(name.clone(), value);
    }
    Ok(input.into())
}

/// What is wrong within a property is told beside its field.
pub fn beside(refused: Refused, schema: &Json) -> Refused {
    properties(schema).fold(refused, |refused, (name, _)| {
        let field = format!("input.{name}");
        refused.moved(&field, &field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Json {
        json!({
            "required": ["id"],
            "properties": {
                "all": {"type": "boolean"},
                "body": {},
                "id": {"type": "string"},
                "mode": {"type": "string", "nullable": true, "enum": ["test", null]},
                "size": {"type": "integer"},
                "status": {"type": "array", "items": {"type": "string"}, "x-options": "status"},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        })
    }

    #[test]
    fn a_schema_becomes_fields_with_what_has_to_be_there_first() {
        let options = json!({"status": [{"id": "1", "name": "Open"}]});
        let fields = of(&schema(), options.as_object().unwrap());
        let told: Vec<_> =
            fields.iter().map(|field| (field["name"].as_str().unwrap(), field["kind"].as_str().unwrap())).collect();
        let expected = [
            ("input.id", "line"),
            ("input.all", "choice"),
            ("input.body", "json"),
            ("input.mode", "choice"),
            ("input.size", "number"),
            ("input.status", "choices"),
            ("input.tags", "lines"),
        ];
        assert_eq!(told, expected);
        assert_eq!(fields[3]["options"], json!([{"id": "test", "name": "test"}]));
    }

    #[test]
    fn without_anybody_to_say_what_there_is_an_id_is_typed() {
        let fields = of(&schema(), &Map::new());
        assert_eq!(fields.iter().find(|field| field["name"] == "input.status").unwrap()["kind"], "lines");
    }

    #[test]
    fn a_form_is_read_by_the_schema() {
        let form = b"input.id=INC-1&input.all=true&input.body={\"a\":1}&input.size=5&input.status=1&input.status=2&input.tags=a%0D%0Ab&input.mode=";
        let expected =
            json!({"id": "INC-1", "all": true, "body": {"a": 1}, "size": 5, "status": ["1", "2"], "tags": ["a", "b"]});
        assert_eq!(read(&schema(), &Fields::read(form).unwrap()).unwrap(), expected);
        let refused = read(&schema(), &Fields::read(b"input.body={").unwrap()).unwrap_err();
        assert!(refused.fields["input.body"].starts_with("is not JSON"));
    }
}
