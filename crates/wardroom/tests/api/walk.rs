//! Every operation in the route tables, tried without rights and with bad input: a new one is covered
//! without anybody remembering.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use crate::support::filled;
use base::{Access, Actor, Error, Named, Result};
use people::roles::scopes_of;
use store::{Origin, Store, Who};
use testkit::{App, Client, Options, Value, json};
use web::{Caller, Gate, Guard, Knock, Method, Settings};

/// Lets in whoever says which scope they lack: `Bearer all-but <scope>`.
struct AllBut;

impl Gate for AllBut {
    fn admit<'r>(
        &'r self,
        _: &'r Store,
        knock: Knock<'r>,
    ) -> Pin<Box<dyn Future<Output = Result<Caller>> + Send + 'r>> {
        Box::pin(async move {
            let header = knock.authorization.ok_or_else(Error::missing_authorization)?;
            let lacked = header.trim_start_matches("Bearer all-but").trim();
            let every = people::roles::ROLES.iter().map(|role| role.name);
            let account: BTreeSet<_> = scopes_of(every).into_iter().filter(|scope| *scope != lacked).collect();
            let access = Access { account, ..Access::default() };
            let key = Named { id: base::AnyId::constant(7), name: "Test".into() };
            let who = Who {
                key: Some(key.id),
                actor: Actor::ApiKey(key),
                access: Arc::new(access),
                origin: Origin { location: knock.address.to_string(), user_agent: String::new() },
                ..Who::system()
            };
            Ok(Caller { who, account: "test".into(), name: "Test".into() })
        })
    }
}

struct Walk {
    app: App,
    document: Value,
}

/// One operation as the document describes it.
struct Operation {
    method: Method,
    path: String,
    name: &'static str,
    guard: Guard,
    body: Option<Value>,
}

impl Walk {
    fn start() -> Self {
        let options = Options { gate: Some(Box::new(AllBut)), ..Options::default() };
        let app = App::with(wardroom::features, options);
        let document = app.stranger().get("/v1/openapiV3.json").expect(200);
        Self { app, document }
    }

    fn operations(&self) -> Vec<Operation> {
        let routes = web::assemble(wardroom::features(), &Settings::default()).unwrap().routes;
        let operation = |route: &std::sync::Arc<web::Route>| {
            let described = &self.document["paths"][route.path][route.method.as_str()];
            assert_eq!(described["operationId"], route.operation);
            let unknown = "01FCNDV6P870EA6S7TK1DSYDG0";
            Operation {
                method: route.method,
                path: filled(route.path, unknown),
                name: route.operation,
                guard: route.guard,
                body: described.get("requestBody").map(|body| body["content"]["application/json"]["schema"].clone()),
            }
        };
        routes.iter().map(operation).collect()
    }

    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    /// The least that meets `schema`.
    fn example(&self, schema: &Value) -> Value {
        let schema = self.resolve(schema);
        if let Some(word) = schema["enum"].get(0) {
            return word.clone();
        }
        match kind(schema) {
            "object" => {
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                required.map(|name| (name.to_owned(), self.example(&schema["properties"][name]))).collect()
            }
            "array" => json!([]),
            "integer" | "number" => json!(1),
            "boolean" => json!(false),
            _ if schema["format"] == "date-time" => json!("2026-03-02T09:00:00Z"),
            _ => json!("x"),
        }
    }

    /// The example, with one field of a type it can't have, for each field.
    fn wrong_bodies(&self, schema: &Value) -> Vec<(String, Value)> {
        // What takes anything has no field that could be wrong.
        let Some(properties) = self.resolve(schema)["properties"].as_object() else { return Vec::new() };
        let wrong = |(name, property): (&String, &Value)| {
            let value =
                if kind(self.resolve(property)) == "array" { json!({"not": "this"}) } else { json!([["nor this"]]) };
            let mut body = self.example(schema);
            body[name] = value;
            (name.clone(), body)
        };
        properties.iter().map(wrong).collect()
    }

    fn client(&self, lacked: &str) -> Client {
        self.app.stranger().with_token(Some(&format!("all-but {lacked}")))
    }
}

fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap(),
        kind => kind.as_str().unwrap_or("object"),
    }
}

fn call(client: &Client, operation: &Operation, body: Option<Value>) -> testkit::Answer {
    client.send(&operation.method.as_str().to_uppercase(), &operation.path, body.map(|body| body.to_string()))
}

#[test]
fn without_a_key_every_operation_but_the_public_ones_answers_401() {
    let walk = Walk::start();
    for operation in walk.operations() {
        let answer = call(&walk.app.stranger(), &operation, None);
        if operation.guard == Guard::Public {
            // What is public for whoever knows its address is not there for whoever doesn't.
            let is_secret = ["/ical/", "/hub/v1/hooks/"].iter().any(|start| operation.path.starts_with(start));
            let expected = if is_secret { 404 } else { 200 };
            assert_eq!(answer.status, expected, "{}", operation.name);
        } else {
            assert_eq!(answer.status, 401, "{}: {}", operation.name, answer.text);
            assert_eq!(answer.problems(), [("missing_authorization_material", "")], "{}", operation.name);
        }
    }
}

#[test]
fn a_key_that_lacks_just_the_scope_gets_403_that_names_it() {
    let walk = Walk::start();
    for operation in walk.operations() {
        let (Guard::Scope(scope) | Guard::ScopeOrOwn(scope)) = operation.guard else { continue };
        let body = operation.body.as_ref().map(|schema| walk.example(schema));
        let answer = call(&walk.client(scope), &operation, body);
        assert_eq!(answer.status, 403, "{}: {}", operation.name, answer.text);
        let error = &answer.body["errors"][0];
        assert_eq!((&error["code"], &error["metadata"]["scope"]), (&json!("missing_required_scope"), &json!(scope)));
    }
}

#[test]
fn a_field_of_the_wrong_type_gets_422_that_names_it() {
    let walk = Walk::start();
    for operation in walk.operations() {
        let Some(schema) = &operation.body else { continue };
        for (field, body) in walk.wrong_bodies(schema) {
            let answer = call(&walk.client(""), &operation, Some(body));
            assert_eq!(answer.status, 422, "{} with a wrong {field}: {}", operation.name, answer.text);
            let named = answer.problems().iter().any(|(_, pointer)| pointer.split('.').next() == Some(&field));
            assert!(named, "{} with a wrong {field}: {}", operation.name, answer.text);
        }
    }
}

#[test]
fn all_missing_fields_are_named_at_once() {
    let walk = Walk::start();
    for operation in walk.operations() {
        let Some(schema) = &operation.body else { continue };
        let required = walk.resolve(schema)["required"].as_array().cloned().unwrap_or_default();
        let answer = call(&walk.client(""), &operation, Some(json!({})));
        let problems = answer.problems();
        for field in required.iter().filter_map(Value::as_str) {
            assert!(problems.contains(&("is_required", field)), "{} lacks {field}: {}", operation.name, answer.text);
        }
    }
}

#[test]
fn an_unknown_id_gets_404() {
    let walk = Walk::start();
    for operation in walk.operations().iter().filter(|operation| operation.path.contains("01FCNDV6P870EA6S7TK1DSYDG0"))
    {
        let body = operation.body.as_ref().map(|schema| walk.example(schema));
        let answer = call(&walk.client(""), operation, body);
        assert_eq!(answer.status, 404, "{}: {}", operation.name, answer.text);
        assert_eq!(answer.problems(), [("not_found", "")], "{}", operation.name);
    }
}

#[test]
fn nothing_is_there_where_nothing_is_routed() {
    let walk = Walk::start();
    for (method, path) in [("GET", "/v1/nothing"), ("PATCH", "/v2/incidents"), ("DELETE", "/v1/identity")] {
        let answer = walk.app.stranger().send(method, path, None);
        assert_eq!((answer.status, answer.text.as_str()), (404, ""), "{method} {path}");
    }
}
