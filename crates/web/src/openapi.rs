//! The OpenAPI document, made from the route table and the types its handlers take and give.

use std::sync::Arc;

use base::Result;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::route::{Guard, Route};

/// Collects what one operation takes and gives.
pub struct Description<'d> {
    schemas: &'d mut Schemas,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Vec<(u16, Option<Value>)>,
}

/// What requests and answers are made of. The two directions have generators of their own, because
/// the same type may ask for less than it gives.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.meta_schema = None;
                settings.definitions_path = "/components/schemas".into();
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }
}

impl Description<'_> {
    /// It takes a body.
    pub(crate) fn body<T: JsonSchema>(&mut self) {
        self.body = Some(request(self.schemas.requests.subschema_for::<T>().into()));
    }

    /// It takes a query: each property of `T` is a parameter.
    pub(crate) fn query<T: JsonSchema>(&mut self) {
        let schema: Value = T::json_schema(&mut self.schemas.requests).into();
        let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let mut property = property.clone();
            let about = property.as_object_mut().and_then(|property| property.remove("description"));
            let mut parameter = json!({"in": "query", "name": name, "required": required(name), "schema": property});
            if let Some(about) = about {
                parameter["description"] = about;
            }
            if is_map(&property) {
                parameter["style"] = "deepObject".into();
                parameter["explode"] = true.into();
            }
            self.parameters.push(parameter);
        }
    }

    /// It answers `status` with a body of this schema.
    pub(crate) fn answer_with(&mut self, status: u16, schema: impl FnOnce(&mut SchemaGenerator) -> Schema) {
        let schema = schema(&mut self.schemas.answers).into();
        self.answers.push((status, Some(schema)));
    }

    /// It answers `status` without a body.
    pub(crate) fn answer_without_body(&mut self, status: u16) {
        self.answers.push((status, None));
    }
}

fn is_map(schema: &Value) -> bool {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        kind => kind == "object",
    }
}

/// The document of these routes.
pub fn document(routes: &[Arc<Route>], public_url: &str) -> Result<Value> {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in routes {
        let operation = operation(route, &mut schemas);
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str()] = operation;
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Wardroom",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The public API of this Wardroom. Authenticate with `Authorization: Bearer <API key>`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url}],
        "security": [{"BearerAuth": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"BearerAuth": {"type": "http", "scheme": "bearer"}},
            "schemas": error_schemas(),
        },
    });
    merge(&mut document, schemas);
    Ok(document)
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut description =
        Description { schemas, parameters: path_parameters(route.path), body: None, answers: Vec::new() };
    (route.endpoint.describe)(&mut description);
    let Description { parameters, body, answers, .. } = description;
    let tag = route.operation.split('#').next().unwrap_or_default();
    let mut operation = json!({
        "operationId": route.operation,
        "tags": [tag],
        "summary": route.about.split(['.', '\n']).next().unwrap_or_default(),
        "description": route.about,
        "responses": {},
    });
    for (status, schema) in answers {
        let about = if status == 202 { "Accepted." } else { "Done." };
        operation["responses"][status.to_string()] = json!({"description": about});
        if let Some(schema) = schema {
            operation["responses"][status.to_string()]["content"] = json!({"application/json": {"schema": schema}});
        }
    }
    for (status, about) in refusals(route) {
        operation["responses"][status] = json!({
            "description": about,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        });
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = body {
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    if route.is_deprecated {
        operation["deprecated"] = true.into();
    }
    match route.guard {
        Guard::Public => operation["security"] = json!([]),
        Guard::AnyKey => {}
        Guard::Scope(scope) | Guard::ScopeOrOwn(scope) => operation["x-rbac-scopes"] = json!([scope]),
    }
    operation
}

fn refusals(route: &Route) -> impl Iterator<Item = (&'static str, &'static str)> {
    let with_key = route.guard != Guard::Public;
    [
        (true, "400", "The request can't be read."),
        (with_key, "401", "The API key is missing or not valid."),
        (with_key, "403", "The API key lacks the scope, or this is not allowed."),
        (true, "404", "There is no such resource."),
        (true, "409", "Somebody else changed it first."),
        (true, "413", "The body is too large."),
        (true, "422", "The request says something that can't be; each problem names its field."),
        (with_key, "429", "Too many requests; Retry-After says when to try again."),
    ]
    .into_iter()
    .filter(|(applies, ..)| *applies)
    .map(|(_, status, about)| (status, about))
}

fn path_parameters(path: &str) -> Vec<Value> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"in": "path", "name": name, "required": true, "schema": {"type": "string"}}))
        .collect()
}

/// Where requests refer to a definition; answers refer to the name alone.
fn request(mut schema: Value) -> Value {
    rename(&mut schema, &|name| format!("{name}Request"));
    schema
}

fn rename(schema: &mut Value, to: &dyn Fn(&str) -> String) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/components/schemas/")
            {
                *reference = format!("#/components/schemas/{}", to(name));
            }
            fields.values_mut().for_each(|value| rename(value, to));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, to)),
        _ => {}
    }
}

fn merge(document: &mut Value, mut schemas: Schemas) {
    let components = document["components"]["schemas"].as_object_mut().expect("the document has schemas");
    components.extend(schemas.answers.take_definitions(true));
    for (name, schema) in schemas.requests.take_definitions(true) {
        components.insert(format!("{name}Request"), request(schema));
    }
}

fn error_schemas() -> Value {
    json!({
        "Error": {
            "type": "object",
            "required": ["type", "status", "request_id", "errors"],
            "properties": {
                "type": {"type": "string"},
                "status": {"type": "integer"},
                "request_id": {"type": "string"},
                "errors": {"type": "array", "items": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "metadata": {"type": "object"},
                        "source": {
                            "type": "object",
                            "required": ["field", "pointer"],
                            "properties": {"field": {"type": "string"}, "pointer": {"type": "string"}},
                        },
                    },
                }},
                "rate_limit": {
                    "type": "object",
                    "required": ["name", "limit", "remaining", "retry_after"],
                    "properties": {
                        "name": {"type": "string"},
                        "limit": {"type": "integer"},
                        "remaining": {"type": "integer"},
                        "retry_after": {"type": "string", "format": "date-time"},
                    },
                },
            },
        },
    })
}
