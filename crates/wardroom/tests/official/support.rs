//! A server of its own for each test, keys to it, and what every refusal looks like.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use incident_io::apis::Error;
use incident_io::apis::api_keys_v1_api::{APiKeysV1CreateParams, a_pi_keys_v1_create};
use incident_io::apis::configuration::Configuration;
use incident_io::models::error_response::Type;
use incident_io::models::{ApiKeysCreatePayloadV1, ApiKeysCreateResultV1, ErrorResponse};
use serde::de::DeserializeOwned;
use testkit::{Program, Running};

/// The token of the key that may do everything.
const ROOT_TOKEN: &str = "inc_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A key to a server, as the client takes it.
pub type Key = Configuration;

/// A running server with a database of its own; it is gone when this is dropped.
pub struct Server {
    client: reqwest::Client,
    running: Running,
    program: Program,
}

impl Server {
    /// Starts a server, and waits until it listens.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with these arguments as well, and waits until it listens.
    pub fn start_with(arguments: &[&str]) -> Self {
        let program = Program::new(env!("CARGO_BIN_EXE_wardroom"));
        let token = program.file("bootstrap-token", ROOT_TOKEN).display().to_string();
        let running = program.serve(&[&["--bootstrap-token-file", &token], arguments].concat());
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { client, running, program }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.running.url
    }

    /// The key that may do everything.
    pub fn root(&self) -> Key {
        self.key(ROOT_TOKEN)
    }

    /// A key by its token.
    pub fn key(&self, token: &str) -> Key {
        let mut key = self.stranger();
        key.bearer_access_token = Some(token.to_owned());
        key
    }

    /// A client without a key.
    pub fn stranger(&self) -> Key {
        let mut key = Configuration::new();
        key.base_path.clone_from(&self.running.url);
        key.client = self.client.clone();
        key
    }

    /// A new key with just these roles, made by the key that may do everything.
    pub async fn key_with(&self, roles: &[&str]) -> Key {
        self.key(&self.issue("Limited", roles).await.token)
    }

    /// A new key with just these roles, as the API answers its creation.
    pub async fn issue(&self, name: &str, roles: &[&str]) -> ApiKeysCreateResultV1 {
        let payload = ApiKeysCreatePayloadV1::new(name, words(roles), vec![], vec![]);
        a_pi_keys_v1_create(&self.root(), APiKeysV1CreateParams::new(payload)).await.unwrap()
    }

    /// Adds a user at the command line, and returns their ID.
    pub fn add_user(&self, name: &str, email: &str) -> String {
        self.add_user_as(name, email, "responder")
    }

    /// Adds a user with a role at the command line, and returns their ID.
    pub fn add_user_as(&self, name: &str, email: &str, role: &str) -> String {
        let said = self.command(&["users", "add", "--name", name, "--email", email, "--role", role]);
        said.split_whitespace().next().expect("the user's ID is the first word").to_owned()
    }

    /// Makes a key at the command line, and returns its token.
    pub fn add_key(&self, name: &str, roles: &[&str]) -> String {
        let mut arguments = vec!["keys", "create", "--name", name];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        let said = self.command(&arguments);
        said.lines().map(str::trim).find(|line| line.starts_with("inc_")).expect("the token is on a line").to_owned()
    }

    /// Runs a command beside the server, and returns what it prints.
    pub fn command(&self, arguments: &[&str]) -> String {
        self.program.output(arguments)
    }
}

/// A value of one of the client's enumerations, by its word in the API.
pub fn word<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(text.into()).expect("the client knows every word, if only as an unknown one")
}

/// Several of them.
pub fn words<T: DeserializeOwned>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|text| word(text)).collect()
}

/// The word of one of the client's enumerations.
pub fn text(word: &impl serde::Serialize) -> String {
    serde_json::to_value(word).unwrap().as_str().expect("an enumeration is written as a word").to_owned()
}

/// The filter `[operator]=value`, repeated for each value.
pub fn filter(operator: &str, values: &[&str]) -> HashMap<String, Vec<String>> {
    HashMap::from([(operator.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())])
}

/// What a server says when it refuses: the status is `status`, in the answer and in its body, whose
/// type goes with it, and there is an ID to ask about.
#[track_caller]
pub fn refused<T: Debug, E: Debug>(outcome: Result<T, Error<E>>, status: u16) -> ErrorResponse {
    let response = match outcome {
        Err(Error::ResponseError(response)) => response,
        other => panic!("expected a refusal with {status}, got {other:?}"),
    };
    assert_eq!(response.status.as_u16(), status, "{}", response.content);
    assert!(response.entity.is_some(), "the client can't read {}", response.content);
    let body: ErrorResponse = serde_json::from_str(&response.content).unwrap();
    assert_eq!(body.status, i64::from(status));
    assert_eq!(body.r#type, type_of(status), "{}", response.content);
    assert!(!body.request_id.is_empty(), "a refusal has an ID to ask about");
    assert!(body.errors.iter().all(|error| !error.message.is_empty()), "every problem has a message for people");
    assert!(!body.errors.is_empty(), "a refusal says why");
    body
}

fn type_of(status: u16) -> Type {
    match status {
        401 => Type::AuthenticationError,
        403 => Type::ResourceForbidden,
        404 => Type::NotFound,
        409 => Type::Conflict,
        422 => Type::ValidationError,
        other => panic!("no test expects a {other}"),
    }
}

/// A problem with the request: 422, with this code, pointing at this place.
#[track_caller]
pub fn invalid<T: Debug, E: Debug>(outcome: Result<T, Error<E>>, code: &str, place: &str) -> ErrorResponse {
    let body = refused(outcome, 422);
    assert!(body.points_at(code, place), "expected {code} at {place}, got {:?}", body.errors);
    body
}

/// There is no such thing, as far as this key may know.
#[track_caller]
pub fn absent<T: Debug, E: Debug>(outcome: Result<T, Error<E>>) {
    let body = refused(outcome, 404);
    assert_eq!((body.code(), body.errors[0].message.as_str()), ("not_found", "Resource not found"));
}

/// The key lacks this scope, and is told which.
#[track_caller]
pub fn lacking<T: Debug, E: Debug>(outcome: Result<T, Error<E>>, scope: &str) {
    let body = refused(outcome, 403);
    assert_eq!(body.code(), "missing_required_scope");
    assert_eq!(body.errors[0].metadata.as_ref().and_then(|metadata| metadata.get("scope")), Some(&scope.to_owned()));
    assert_eq!(body.errors[0].message, format!("missing a required scope: {scope}"));
}

/// What a refusal tells.
pub trait Refusal {
    /// The code of its first problem.
    fn code(&self) -> &str;
    /// Whether one of its problems has this code and is about this place: a pointer or a field.
    fn points_at(&self, code: &str, place: &str) -> bool;
}

impl Refusal for ErrorResponse {
    fn code(&self) -> &str {
        &self.errors[0].code
    }

    fn points_at(&self, code: &str, place: &str) -> bool {
        self.errors
            .iter()
            .filter(|error| error.code == code)
            .any(|error| error.source.as_ref().is_some_and(|source| source.pointer == place || source.field == place))
    }
}
