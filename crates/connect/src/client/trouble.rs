//! Why a request to an API did not do what it should.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

base::words! {
    /// The kinds of trouble.
    pub enum Kind {
        /// There is no key to ask with.
        NoKey = "no_api_key",
        /// The request is one that this client doesn't send, or to where it doesn't.
        NotSent = "not_sent",
        /// 401: the key is not accepted.
        InvalidKey = "invalid_api_key",
        /// 403: the key may not do this.
        MissingScope = "missing_scope",
        /// 404: there is no such thing.
        NotFound = "not_found",
        /// 429: too many requests, for longer than there was patience.
        Limited = "rate_limited",
        /// Any other 4xx: something is wrong with the request.
        Invalid = "invalid_request",
        /// 5xx: something is wrong with the server.
        Failing = "server_error",
        /// No answer, or none that makes sense.
        NoAnswer = "no_answer",
    }
}

/// Why a request did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub kind: Kind,
    /// The HTTP status; `None` where there was no answer.
    pub status: Option<u16>,
    /// What is wrong, for people.
    pub message: String,
    /// What the server says is wrong, one by one.
    pub problems: Vec<Problem>,
}

/// One thing that a server says is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HubProblem")]
#[serde(default)]
pub struct Problem {
    /// Its code: `is_required`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The field that it is about: `incident.name`; empty where it is about none.
    pub pointer: String,
    /// The scope that the key lacks, if that is what is wrong.
    pub scope: Option<String>,
}

impl Trouble {
    /// Trouble of a kind that no answer tells of.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, status: None, message: message.into(), problems: Vec::new() }
    }

    /// What an answer with this status and this body means.
    pub fn of_answer(status: u16, body: &[u8]) -> Self {
        let kind = match status {
            401 => Kind::InvalidKey,
            403 => Kind::MissingScope,
            404 => Kind::NotFound,
            429 => Kind::Limited,
            400..=499 => Kind::Invalid,
            500.. => Kind::Failing,
            _ => Kind::NoAnswer,
        };
        let problems = problems(body);
        let told: Vec<_> = problems.iter().map(Problem::to_string).filter(|told| !told.is_empty()).collect();
        let message = if told.is_empty() { format!("HTTP {status}") } else { told.join("; ") };
        Self { kind, status: Some(status), message, problems }
    }

    /// The same with another message.
    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The same as a problem of one field of what the caller was given.
    #[must_use]
    pub fn about(mut self, pointer: &str, code: &str) -> Self {
        let message = self.message.clone();
        self.problems.push(Problem { code: code.into(), message, pointer: pointer.into(), scope: None });
        self
    }

    /// The scope that the key lacks, where the server names it.
    pub fn scope(&self) -> Option<&str> {
        self.problems.iter().find_map(|problem| problem.scope.as_deref())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

/// What is wrong, as the body of an error says it.
fn problems(body: &[u8]) -> Vec<Problem> {
    #[derive(Deserialize)]
    struct Body {
        errors: Vec<Told>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Told {
        code: String,
        message: String,
        source: Option<Source>,
        metadata: Option<Metadata>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Source {
        pointer: Option<String>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Metadata {
        scope: Option<String>,
    }
    let problem = |told: Told| Problem {
        code: told.code,
        message: told.message,
        pointer: told.source.and_then(|source| source.pointer).unwrap_or_default(),
        scope: told.metadata.and_then(|metadata| metadata.scope),
    };
    serde_json::from_slice::<Body>(body).map(|body| body.errors.into_iter().map(problem).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_refuses_is_told_with_the_place_and_the_scope() {
        let body =
            br#"{"errors": [{"code": "is_required", "message": "must not be blank", "source": {"pointer": "name"}},
            {"code": "x", "message": "no"}]}"#;
        let trouble = Trouble::of_answer(422, body);
        assert_eq!((trouble.kind, trouble.to_string().as_str()), (Kind::Invalid, "name: must not be blank; no"));
        let body = br#"{"errors": [{"code": "missing_required_scope", "message": "no", "metadata": {"scope": "users.view"}}]}"#;
        let trouble = Trouble::of_answer(403, body);
        assert_eq!((trouble.kind, trouble.scope()), (Kind::MissingScope, Some("users.view")));
    }

    #[test]
    fn an_error_without_a_body_that_makes_sense_is_told_by_its_status() {
        for body in [&b""[..], b"<html>bad gateway</html>", b"[]", b"{\"errors\": []}"] {
            let trouble = Trouble::of_answer(502, body);
            assert_eq!((trouble.kind, trouble.to_string().as_str()), (Kind::Failing, "HTTP 502"));
        }
    }
}
