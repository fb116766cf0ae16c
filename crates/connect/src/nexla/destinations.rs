//! Where a pipe can write to: operations of the API, as data.

use std::collections::BTreeMap;

use base::{AnyId, Error, Problems, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use ureq::http;

use super::digest;
use crate::client::{ApiPath, Request};
use crate::templates::Template;

/// Something that a pipe can do with each record.
#[derive(Debug, Serialize)]
pub struct DestinationTemplate {
    /// Its name: `create_incidents`.
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    /// Where it is, with the names of its parameters in braces.
    pub path: &'static str,
    /// How it makes sure that the server knows a record again that comes twice.
    #[serde(skip)]
    known_by: KnownBy,
}

/// How the server knows a record again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KnownBy {
    /// By this field of the body, which is derived from the pipe and the record's key unless given. What has been
    /// made once stays as it is.
    Key(&'static str),
    /// The same, and what comes again is noted.
    Event(&'static str),
    /// By this field of the body, which is the record's key unless given. What comes again changes.
    OwnId(&'static str),
    /// By the path.
    Path,
}

/// The template that stands for any operation.
pub const ANY_CALL: &str = "call";

/// Every operation with a name.
pub const DESTINATIONS: &[DestinationTemplate] = &[
    DestinationTemplate {
        name: "create_incidents",
        about: "Declares an incident for each record, once: `idempotency_key` is derived from the record's key.",
        path: "/v2/incidents",
        known_by: KnownBy::Key("idempotency_key"),
    },
    DestinationTemplate {
        name: "alert_events",
        about: "Sends an alert event for each record: `deduplication_key` is derived from the record's key unless \
                the body has one.",
        path: "/v2/alert_events/http/{alert_source_config_id}",
        known_by: KnownBy::Event("deduplication_key"),
    },
    DestinationTemplate {
        name: "edit_incidents",
        about: "Edits the incident that each record names; the body is `{incident, notify_incident_channel}`.",
        path: "/v2/incidents/{id}/actions/edit",
        known_by: KnownBy::Path,
    },
    DestinationTemplate {
        name: "catalog_entries",
        about: "Makes or changes an entry of the catalog for each record: `external_id` is the record's key unless \
                the body has one.",
        path: "/v3/catalog_entries",
        known_by: KnownBy::OwnId("external_id"),
    },
];

base::words! {
    /// How a `call` is sent.
    pub enum Method {
        /// POST, which is sent once.
        Post = "POST",
        /// PUT, which may be sent again.
        Put = "PUT",
        /// PATCH, which is sent once.
        Patch = "PATCH",
    }
}

/// A destination, as people write it. Texts in it may hold `{{ expressions }}` over `row` (the record), `key` and
/// `line`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// What to do: `create_incidents`, `alert_events`, `edit_incidents`, `catalog_entries`, or `call` for any other
    /// operation, with its `method` and `path`.
    pub template: String,
    /// What stands in the path: `{"alert_source_config_id": "01…"}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// For `call`: the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// For `call`: the path, which begins with a slash: `/v1/severities/{{ row.id }}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is sent; the record itself unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Json>,
}

/// A destination that has been understood.
#[derive(Clone, Debug)]
pub struct Delivery {
    method: Method,
    /// The steps of the path, each a template.
    steps: Template,
    body: Template,
    known_by: Option<KnownBy>,
}

/// What is sent for a record.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: ApiPath,
    /// The body.
    pub body: Json,
    is_repeatable: bool,
}

impl Parcel {
    /// The request.
    pub fn request(&self) -> Request {
        let request = Request::new(self.method.into(), self.path.clone()).with_body(self.body.clone());
        if self.is_repeatable { request.repeatable() } else { request }
    }

    /// What it says, in short: when this is the same, it is the same request.
    pub fn digest(&self) -> String {
        digest(&[self.method.as_str(), self.path.as_str(), &self.body.to_string()])
    }
}

impl Destination {
    /// Understands it.
    ///
    /// # Errors
    /// All that is wrong with it, field by field.
    pub fn delivery(&self) -> Result<Delivery> {
        let known = DESTINATIONS.iter().find(|known| known.name == self.template);
        let mut problems = Problems::new();
        let (method, steps) = match known {
            Some(known) => {
                for (name, is_given) in [("method", self.method.is_some()), ("path", self.path.is_some())] {
                    problems.check(!is_given, name, "is for the template `call` alone");
                }
                (Method::Post, problems.keep(self.known_steps(known))?.unwrap_or_default())
            }
            None if self.template == ANY_CALL => {
                problems.check(self.parameters.is_empty(), "parameters", "is not for the template `call`");
                problems.check(self.method.is_some(), "method", "is required: POST, PUT or PATCH");
                let steps = problems.keep(self.own_steps())?.unwrap_or_default();
                (self.method.unwrap_or(Method::Post), steps)
            }
            None => {
                let names: Vec<_> = DESTINATIONS.iter().map(|known| known.name).chain([ANY_CALL]).collect();
                return Err(Error::invalid("template", format!("must be one of: {}", names.join(", "))));
            }
        };
        let steps = problems.keep(template(&json!(steps)).map_err(|error| error.map_pointers(|_| "path".into())))?;
        let body = self.body.clone().unwrap_or_else(|| json!("{{ row }}"));
        let body = problems.keep(template(&body).map_err(|error| error.within("body")))?;
        problems.finish()?;
        let understood = || Error::internal("a destination without problems has been understood");
        Ok(Delivery {
            method,
            steps: steps.ok_or_else(understood)?,
            body: body.ok_or_else(understood)?,
            known_by: known.map(|known| known.known_by),
        })
    }

    /// The steps of a known operation's path, with the parameters in their places.
    fn known_steps(&self, known: &DestinationTemplate) -> Result<Vec<String>> {
        let mut problems = Problems::new();
        let mut names = Vec::new();
        let mut step = |step: &str| {
            let Some(name) = step.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
                return step.to_owned();
            };
            names.push(name.to_owned());
            let given = self.parameters.get(name).cloned();
            // The record says which one it is about unless somebody says otherwise.
            given.or_else(|| (name == "id").then(|| "{{ row.id }}".to_owned())).unwrap_or_default()
        };
        let steps: Vec<_> = known.path.split('/').skip(1).map(&mut step).collect();
        for name in names.iter().filter(|name| *name != "id" && !self.parameters.contains_key(*name)) {
            problems.check(false, &format!("parameters.{name}"), &format!("is required: {} needs it", known.name));
        }
        for name in self.parameters.keys().filter(|name| !names.contains(name)) {
            problems.check(false, &format!("parameters.{name}"), &format!("is no parameter of {}", known.name));
        }
        problems.finish().map(|()| steps)
    }

    fn own_steps(&self) -> Result<Vec<String>> {
        let path = self.path.as_deref().ok_or_else(|| Error::required("path"))?;
        let problem = match path.strip_prefix('/') {
            None => "begins with a slash: it is a path within the API",
            Some(rest) if rest.split('/').any(|step| matches!(step.trim(), "" | "." | "..")) => {
                "must not hold empty steps, `.` or `..`"
            }
            Some(rest) if rest.contains(['?', '#', '\\']) => "holds neither `?`, `#` nor `\\`",
            Some(rest) => return Ok(rest.split('/').map(str::to_owned).collect()),
        };
        Err(Error::invalid("path", problem))
    }
}

fn template(json: &Json) -> Result<Template> {
    Template::parse(json).map_err(|(pointer, problem)| Error::invalid(pointer, problem))
}

impl Delivery {
    /// Whether a request whose answer was lost may be sent again.
    pub fn is_repeatable(&self) -> bool {
        self.known_by.is_some() || self.method == Method::Put
    }

    /// Whether what a record has made stays as it is, whatever the record says later.
    pub fn makes_once(&self) -> bool {
        matches!(self.known_by, Some(KnownBy::Key(_)))
    }

    /// What is sent for the record `row`, which has this key, of the pipe `pipe`.
    ///
    /// # Errors
    /// Why that can't be said.
    pub fn parcel(&self, pipe: AnyId, key: &str, line: u64, row: &Json) -> Result<Parcel, String> {
        let context = json!({"row": row, "key": key, "line": line});
        let steps = self.steps.render(&context).map_err(|problem| format!("path: {problem}"))?;
        let steps: Vec<String> = steps.as_array().into_iter().flatten().map(step).collect::<Result<_, _>>()?;
        let mut body = self.body.render(&context).map_err(|problem| format!("body: {problem}"))?;
        let (field, value) = match self.known_by {
            Some(KnownBy::Key(field) | KnownBy::Event(field)) => (field, digest(&[&pipe.to_string(), key])),
            Some(KnownBy::OwnId(field)) => (field, key.to_owned()),
            Some(KnownBy::Path) | None => ("", String::new()),
        };
        if !field.is_empty() {
            let body = body.as_object_mut().ok_or("body: must be an object")?;
            body.entry(field).or_insert_with(|| value.into());
        }
        let path = ApiPath::of(&steps.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(Parcel { method: self.method, path, body, is_repeatable: self.is_repeatable() })
    }
}

/// A step of a path.
fn step(value: &Json) -> Result<String, String> {
    match value {
        Json::String(text) if !text.is_empty() => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        other => Err(format!("path: {other} can't stand in a path")),
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(json: Json) -> Destination {
        serde_json::from_value(json).unwrap()
    }

    fn parcel(json: Json, row: Json) -> Result<String, String> {
        let delivery = destination(json).delivery().unwrap();
        delivery.parcel(AnyId::constant(7), "k", 1, &row).map(|parcel| format!("{} {}", parcel.path, parcel.body))
    }

    fn pointers(json: Json) -> Vec<String> {
        let error = destination(json).delivery().unwrap_err();
        error.problems().iter().map(|problem| problem.pointer.clone()).collect()
    }

    #[test]
    fn the_server_knows_a_record_again_by_a_key_that_follows_from_the_record() {
        let incident = json!({"template": "create_incidents", "body": {"name": "{{ row.title }}"}});
        let request = parcel(incident.clone(), json!({"title": "Down"})).unwrap();
        let key = digest(&[&AnyId::constant(7).to_string(), "k"]);
        assert!(request.contains(&key) && request.contains("Down"), "{request}");
        assert_eq!(parcel(incident, json!({"title": "Down"})).unwrap(), request);
        let entry = json!({"template": "catalog_entries", "body": {"name": "x", "external_id": "own"}});
        let request = parcel(entry, json!({})).unwrap();
        assert!(request.contains("own") && !request.contains(&key), "{request}");
    }

    #[test]
    fn what_stands_in_a_record_never_leads_to_another_path() {
        let call = json!({"template": "call", "method": "PUT", "path": "/v1/severities/{{ row.id }}"});
        let request = parcel(call.clone(), json!({"id": "../incidents?x=1"})).unwrap();
        assert!(request.contains("/v1/severities/..%2Fincidents%3Fx%3D1"), "{request}");
        assert!(parcel(call.clone(), json!({"id": ""})).is_err());
        assert!(parcel(call, json!({"id": {"a": 1}})).is_err());
    }

    #[test]
    fn what_is_wrong_with_a_destination_is_told_with_its_field() {
        assert_eq!(pointers(json!({"template": "alert_events"})), ["parameters.alert_source_config_id"]);
        assert_eq!(
            pointers(json!({"template": "create_incidents", "method": "POST", "path": "/x"})),
            ["method", "path"]
        );
        assert_eq!(pointers(json!({"template": "call", "path": "/v1/../x"})), ["method", "path"]);
        assert_eq!(pointers(json!({"template": "edit_incidents", "body": {"a": "{{ row. }}"}})), ["body.a"]);
        assert_eq!(pointers(json!({"template": "nowhere"})), ["template"]);
    }

    #[test]
    fn only_what_the_server_surely_knows_again_may_be_sent_twice() {
        let is_repeatable = |json| destination(json).delivery().unwrap().is_repeatable();
        let call = |method: &str| json!({"template": "call", "method": method, "path": "/v1/severities"});
        assert!(is_repeatable(json!({"template": "create_incidents"})));
        assert!(is_repeatable(call("PUT")));
        assert!(!is_repeatable(call("POST")));
        assert!(!is_repeatable(call("PATCH")));
    }
}
