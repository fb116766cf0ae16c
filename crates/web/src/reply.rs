//! Answers, and the one form of an error.

use std::sync::Arc;

use base::{Error, ErrorKind, Problem, Result, Time};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::Cx;

/// An answer: a status and, where there is one, a body.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What the body is: `application/json`.
    pub media_type: &'static str,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The version of the resource that it shows, if callers are told (`ETag`).
    pub version: Option<i64>,
    /// Answers again, where this answer is not the last word.
    pub again: Option<Again>,
}

/// Answers again, later.
pub type Again = Arc<dyn Fn(&mut Cx<'_>) -> Result<Reply> + Send + Sync>;

const JSON: &str = "application/json";

impl Reply {
    /// An answer with this body.
    pub fn json(status: u16, body: &impl Serialize) -> Result<Self> {
        Ok(Self::written(status, serde_json::to_vec(body).map_err(Error::internal)?))
    }

    /// An answer whose JSON is already written.
    pub(crate) fn written(status: u16, json: Vec<u8>) -> Self {
        Self { status, media_type: JSON, body: Some(json), version: None, again: None }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, media_type: JSON, body: None, version: None, again: None }
    }

    /// The answer that tells of `error`.
    pub(crate) fn of_error(error: &Error, request_id: &str, now: Time) -> Self {
        let (status, kind) = status_and_type(error.kind());
        let mut body = json!({
            "type": kind,
            "status": status,
            "request_id": request_id,
            "errors": error.problems().iter().map(problem).collect::<Vec<_>>(),
        });
        if let ErrorKind::TooMany(quota) = error.kind() {
            body["rate_limit"] = json!({
                "name": quota.name,
                "limit": quota.limit,
                "remaining": 0,
                "retry_after": now + std::time::Duration::from_secs(quota.retry_after),
            });
        }
        Self::written(status, body.to_string().into_bytes())
    }
}

fn status_and_type(kind: &ErrorKind) -> (u16, &'static str) {
    match kind {
        ErrorKind::Malformed => (400, "invalid_request_error"),
        ErrorKind::Unauthenticated => (401, "authentication_error"),
        ErrorKind::Forbidden => (403, "resource_forbidden"),
        ErrorKind::NotFound => (404, "not_found"),
        ErrorKind::Conflict => (409, "conflict"),
        ErrorKind::Precondition => (412, "precondition_failed"),
        ErrorKind::TooLarge => (413, "payload_too_large"),
        ErrorKind::Invalid => (422, "validation_error"),
        ErrorKind::TooMany(_) => (429, "too_many_requests"),
        ErrorKind::QuotaReached => (429, "rate_limit_reached"),
        ErrorKind::Internal => (500, "api_error"),
        ErrorKind::Busy { .. } => (503, "service_unavailable"),
    }
}

fn problem(problem: &Problem) -> Value {
    let mut shown = Map::new();
    shown.insert("code".into(), problem.code.into());
    shown.insert("message".into(), problem.message.clone().into());
    if !problem.metadata.is_empty() {
        shown.insert("metadata".into(), problem.metadata.clone().into());
    }
    if !problem.pointer.is_empty() {
        shown.insert("source".into(), json!({"field": problem.field(), "pointer": problem.pointer}));
    }
    shown.into()
}
