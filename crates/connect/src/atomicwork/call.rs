//! Any call of the API, answered as it comes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use ureq::http;

use crate::client::{ApiPath, Client, Kind, Request, Trouble};

base::words! {
    /// The methods that operations have.
    pub enum Method {
        /// Reads.
        Get = "GET",
        /// Creates, or does something.
        Post = "POST",
        /// Replaces.
        Put = "PUT",
        /// Changes.
        Patch = "PATCH",
        /// Deletes.
        Delete = "DELETE",
    }
}

impl Method {
    const fn of_http(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Post => http::Method::POST,
            Self::Put => http::Method::PUT,
            Self::Patch => http::Method::PATCH,
            Self::Delete => http::Method::DELETE,
        }
    }
}

/// A call.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CallApi {
    /// What to do.
    pub method: Method,
    /// The path within the API, from its first slash on: `/v1/severities`.
    #[schemars(length(min = 1))]
    pub path: String,
    /// What is added to the query; a name may come several times.
    #[serde(default)]
    pub query: Vec<Parameter>,
    /// Further headers. Those that make up the connection, the key among them, can't be given.
    #[serde(default)]
    pub headers: Vec<Parameter>,
    /// The body; none when absent.
    pub body: Option<Json>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Parameter {
    /// The name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The value.
    pub value: String,
}

/// What the API answered, whatever that is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub body: String,
    /// The body as what it says, where it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Json>,
}

/// The headers that are the client's own.
const OWN_HEADERS: [&str; 8] = [
    "authorization",
    "connection",
    "content-length",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Calls the API. What can be sent twice by its method is sent again when no answer comes, and what has not been
/// taken, because it came too early, is sent again in any case.
///
/// # Errors
/// That the call can't be sent, or that no answer came. Any status is an answer.
pub fn call(api: &Client, input: &CallApi) -> Result<Response, Trouble> {
    let answer = api.send(&request(input)?)?;
    let json = serde_json::from_slice(&answer.body).ok();
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    Ok(Response { status: answer.status, headers: answer.headers, body, json })
}

/// Refuses what would not be sent.
pub(super) fn check(input: &CallApi) -> Result<(), Trouble> {
    request(input).map(drop)
}

fn request(input: &CallApi) -> Result<Request, Trouble> {
    let path: ApiPath = input.path.parse().map_err(|problem: &str| unsendable("path", problem))?;
    let path = input.query.iter().fold(path, |path, one| path.with(&one.name, &one.value));
    let mut request = Request::new(input.method.of_http(), path).verbatim();
    if let Some(body) = &input.body {
        request = request.with_body(body.clone());
    }
    for Parameter { name, value } in &input.headers {
        if OWN_HEADERS.contains(&name.to_lowercase().as_str()) {
            return Err(unsendable("headers", &format!("must not hold {name}, which is the client's own")));
        }
        request = request.with_header(name, value);
    }
    Ok(request)
}

fn unsendable(field: &str, problem: &str) -> Trouble {
    Trouble::new(Kind::NotSent, format!("{field}: {problem}")).about(field, "invalid_value")
}
