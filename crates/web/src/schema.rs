//! Reading JSON by its schema, so that what the OpenAPI document promises is what is checked, and a
//! caller learns of every problem at once.

use std::sync::{LazyLock, OnceLock};

use base::{Error, Problem, Problems, Result};
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads values of one type. What it needs for that is made when the first one comes.
pub struct Reader {
    schema: LazyLock<Value>,
    validator: OnceLock<Validator>,
}

impl Reader {
    /// A reader by the schema of `T`.
    pub fn of<T: JsonSchema>() -> Self {
        let schema = || SchemaGenerator::default().into_root_schema_for::<T>().into();
        Self { schema: LazyLock::new(schema), validator: OnceLock::new() }
    }

    /// The schema.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The value as a `T`, or everything that is wrong with it.
    pub fn read<T: DeserializeOwned>(&self, value: &Value) -> Result<T> {
        let mut problems = Problems::new();
        for error in self.validator().iter_errors(value) {
            explain(&error, &mut problems);
        }
        note_nul(value, &mut Vec::new(), &mut problems);
        problems.finish()?;
        serde_path_to_error::deserialize(value).map_err(|error| {
            let pointer = error.path().to_string().replace('[', ".").replace(']', "");
            Error::invalid(pointer.trim_start_matches('.'), error.inner().to_string())
        })
    }

    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| jsonschema::validator_for(&self.schema).expect("schemas of our types are sound"))
    }
}

fn explain(error: &jsonschema::ValidationError<'_>, problems: &mut Problems) {
    let place = error.instance_path().to_string().trim_start_matches('/').replace('/', ".");
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let field = property.as_str().unwrap_or_default();
            let pointer = if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") };
            problems.push(Problem::new("is_required", format!("{field} is required")).at(pointer));
        }
        // An optional field is "the real thing or null": the caller wants to hear of the real thing.
        ValidationErrorKind::AnyOf { context } if context.first().is_some_and(|real| !real.is_empty()) => {
            context[0].iter().for_each(|inner| explain(inner, problems));
        }
        // Masked: the value may be a secret.
        _ => problems.push(Problem::new("invalid_value", error.masked().to_string()).at(place)),
    }
}

/// No text may hold the character NUL, which databases refuse.
fn note_nul(value: &Value, place: &mut Vec<String>, problems: &mut Problems) {
    let mut inside = |key: String, value: &Value| {
        if key.contains('\0') {
            problems.check(false, &place.join("."), "must not have names with the character NUL");
        }
        place.push(key);
        note_nul(value, place, problems);
        place.pop();
    };
    match value {
        Value::String(text) => {
            problems.check(!text.contains('\0'), &place.join("."), "must not contain the character NUL")
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| inside(index.to_string(), item)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| inside(name.clone(), field)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only read")]
    struct Payload {
        #[schemars(length(min = 1, max = 5))]
        name: String,
        rank: Option<i64>,
        at: Option<base::Time>,
        tags: Vec<Tag>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only read")]
    struct Tag {
        id: base::AnyId,
        label: String,
    }

    fn pointers(value: Value) -> Vec<(&'static str, String)> {
        let error = Reader::of::<Payload>().read::<Payload>(&value).unwrap_err();
        let mut found: Vec<_> = error.problems().iter().map(|p| (p.code, p.pointer.clone())).collect();
        found.sort();
        found
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        let found = pointers(json!({"name": "", "rank": "high", "tags": [{"id": "01FCNDV6P870EA6S7TK1DSYDG0"}, 7]}));
        let expected = [
            ("invalid_value", "name"),
            ("invalid_value", "rank"),
            ("invalid_value", "tags.1"),
            ("is_required", "tags.0.label"),
        ];
        assert_eq!(found, expected.map(|(code, place)| (code, place.to_owned())));
    }

    #[test]
    fn what_only_the_type_knows_points_at_its_place_too() {
        let value = json!({"name": "a", "at": "soon", "tags": []});
        assert_eq!(pointers(value), [("invalid_value", "at".to_owned())]);
        let value = json!({"name": "a", "tags": [{"id": "84", "label": ""}]});
        assert_eq!(pointers(value), [("invalid_value", "tags.0.id".to_owned())]);
    }

    #[test]
    fn null_is_as_good_as_absent_and_unknown_fields_are_ignored() {
        let value = json!({"name": "a", "rank": null, "tags": [], "colour": "red"});
        assert!(Reader::of::<Payload>().read::<Payload>(&value).is_ok());
    }

    #[test]
    fn text_with_nul_is_refused_wherever_it_stands() {
        let value = json!({"name": "a", "tags": [{"id": "01FCNDV6P870EA6S7TK1DSYDG0", "label": "x\0"}]});
        assert_eq!(pointers(value), [("invalid_value", "tags.0.label".to_owned())]);
        let value = json!({"name": "a", "tags": [], "notes": {"x\0": "y"}});
        assert_eq!(pointers(value), [("invalid_value", "notes".to_owned())]);
    }
}
