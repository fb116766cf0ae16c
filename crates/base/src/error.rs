//! How something goes wrong: one type from the database to the answer.

use std::fmt;

use serde_json::{Map, Value};

/// A result whose failure can be shown to a caller.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request is refused or failed. What the caller reads ([`Error::problems`]) and what only
/// the log reads (the internal cause) are apart, so a secret in a cause can't reach an answer.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    problems: Vec<Problem>,
    cause: Option<String>,
    retry: bool,
}

/// The kinds of failure; each has one HTTP status and one `type` in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 401: who calls is unknown.
    Unauthenticated,
    /// 403: who calls is known and may not.
    Forbidden,
    /// 404: there is no such thing, or the caller may not know of it.
    NotFound,
    /// 409: somebody else changed it first.
    Conflict,
    /// 412: a condition that has to hold does not.
    Precondition,
    /// 413: the body is too large.
    TooLarge,
    /// 400: the request can't be read at all.
    Malformed,
    /// 422: the request can be read, and says something that can't be.
    Invalid,
    /// 429: too fast; try again in a moment.
    TooMany(Quota),
    /// 429: a quota is used up, and time alone won't refill it.
    QuotaReached,
    /// 500: our fault.
    Internal,
    /// 503: too much of this is going on just now.
    Busy {
        /// Seconds until it is worth another try.
        retry_after: u64,
    },
}

/// The rate limit that a caller ran into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The limit's name: the API key's name.
    pub name: String,
    /// How many requests it holds.
    pub limit: u64,
    /// Seconds until one request will succeed, at least 1.
    pub retry_after: u64,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem: `is_required`, `invalid_value`, `in_use`, `not_found` …
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// More about it, for programs.
    pub metadata: Map<String, Value>,
    /// Where in the request, dotted: `path.0.if_else`; empty when it is about no one place.
    pub pointer: String,
}

impl Problem {
    /// A problem of this kind, about the request as a whole.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), metadata: Map::new(), pointer: String::new() }
    }

    /// The same, about the place `pointer`.
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// The innermost named field of the place it is about.
    pub fn field(&self) -> &str {
        self.pointer.rsplit('.').find(|part| part.parse::<usize>().is_err()).unwrap_or(&self.pointer)
    }
}

impl Error {
    /// A failure of `kind` with one problem.
    pub fn new(kind: ErrorKind, problem: Problem) -> Self {
        Self(Box::new(Inner { kind, problems: vec![problem], cause: None, retry: false }))
    }

    /// No credentials came with the request.
    pub fn missing_authorization() -> Self {
        Self::new(
            ErrorKind::Unauthenticated,
            Problem::new("missing_authorization_material", "No authorization material provided in request"),
        )
    }

    /// The credentials are unknown, revoked or expired.
    pub fn invalid_token() -> Self {
        Self::new(ErrorKind::Unauthenticated, Problem::new("access_token_invalid", "Access token is not valid"))
    }

    /// The caller lacks `scope`.
    pub fn missing_scope(scope: &str) -> Self {
        let mut problem = Problem::new("missing_required_scope", format!("missing a required scope: {scope}"));
        problem.metadata.insert("scope".into(), scope.into());
        Self::new(ErrorKind::Forbidden, problem)
    }

    /// The caller may not do this, for a reason other than a scope.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, Problem::new("forbidden", message))
    }

    /// There is no such resource, as far as this caller may know.
    pub fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, Problem::new("not_found", "Resource not found"))
    }

    /// Somebody else changed it first; reading it again and repeating the change may help.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, Problem::new("conflict", message))
    }

    /// A race that running the transaction again resolves; a conflict when it keeps losing.
    pub fn lost_race() -> Self {
        let mut error = Self::conflict("The resource is being changed by someone else: please try again");
        error.0.retry = true;
        error
    }

    /// The field at `pointer` has a value that can't be.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::of_problems(vec![Problem::new("invalid_value", message).at(pointer)])
    }

    /// The field at `pointer` has to be given.
    pub fn required(pointer: impl Into<String>) -> Self {
        let pointer = pointer.into();
        Self::of_problems(vec![Problem::new("is_required", format!("{pointer} is required")).at(pointer)])
    }

    /// It can't go while something else uses it.
    pub fn in_use(message: impl Into<String>) -> Self {
        Self::of_problems(vec![Problem::new("in_use", message)])
    }

    /// The request can't be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, Problem::new("malformed", message))
    }

    /// The body exceeds `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            ErrorKind::TooLarge,
            Problem::new("payload_too_large", format!("The request body is larger than {limit} bytes")),
        )
    }

    /// Too many requests.
    pub fn too_many(quota: Quota) -> Self {
        let message = format!("Too many requests: the next one will be answered in {} s", quota.retry_after);
        Self::new(ErrorKind::TooMany(quota), Problem::new("too_many_requests", message))
    }

    /// Too much of this is going on just now; another try is worth it after so many seconds.
    pub fn busy(message: impl Into<String>, retry_after: u64) -> Self {
        Self::new(ErrorKind::Busy { retry_after }, Problem::new("busy", message))
    }

    /// Our fault. `cause` goes to the log and nowhere else.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut error =
            Self::new(ErrorKind::Internal, Problem::new("internal_error", "Something went wrong on our side"));
        error.0.cause = Some(cause.to_string());
        error
    }

    /// Everything that is wrong with a request, together.
    pub fn of_problems(problems: Vec<Problem>) -> Self {
        Self(Box::new(Inner { kind: ErrorKind::Invalid, problems, cause: None, retry: false }))
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What is wrong, for the caller.
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// What only the log may say.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Whether running the transaction again may succeed.
    pub fn is_lost_race(&self) -> bool {
        self.0.retry
    }

    /// The same problems, one level further in: `values.0` becomes `attributes.owner.values.0`.
    pub fn within(self, prefix: impl fmt::Display) -> Self {
        self.map_pointers(|pointer| match pointer.as_str() {
            "" => prefix.to_string(),
            inner => format!("{prefix}.{inner}"),
        })
    }

    /// The same problems, elsewhere: for a rule that several requests share, whose fields have
    /// different names.
    pub fn map_pointers(mut self, to: impl Fn(String) -> String) -> Self {
        for problem in &mut self.0.problems {
            problem.pointer = to(std::mem::take(&mut problem.pointer));
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.problems.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            match problem.pointer.as_str() {
                "" => write!(f, "{separator}{}", problem.message)?,
                pointer => write!(f, "{separator}{pointer}: {}", problem.message)?,
            }
        }
        match &self.0.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Collects what is wrong with a request, so that a caller learns of everything at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes an `invalid_value` at `pointer` unless `holds`.
    pub fn check(&mut self, holds: bool, pointer: &str, message: &str) {
        if !holds {
            self.0.push(Problem::new("invalid_value", message).at(pointer));
        }
    }

    /// Notes one problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// The value of `result`; its problems are kept if it is invalid. Any other failure is passed on.
    pub fn keep<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if *error.kind() == ErrorKind::Invalid => {
                self.0.extend(error.0.problems);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Fails if any problem was noted.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::of_problems(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_reported_together_and_point_at_their_place() {
        let mut problems = Problems::new();
        problems.check(false, "name", "must not be empty");
        let kept = problems
            .keep::<()>(Err(Error::invalid("values.0", "no such option").within("custom_field_entries.1")))
            .unwrap();
        assert!(kept.is_none());
        let error = problems.finish().unwrap_err();
        assert_eq!(error.problems()[0].field(), "name");
        assert_eq!(error.problems()[1].pointer, "custom_field_entries.1.values.0");
        assert_eq!(error.problems()[1].field(), "values");
    }

    #[test]
    fn an_internal_cause_is_not_among_what_the_caller_reads() {
        let error = Error::internal("password=hunter2");
        assert!(error.problems().iter().all(|problem| !problem.message.contains("hunter2")));
        assert_eq!(error.cause(), Some("password=hunter2"));
    }
}
