//! Route tables.

use store::{Cx, Wants};

use base::{Access, Error, Reach, Result};

use crate::input::{Input, Read, Request};
use crate::openapi::Description;
use crate::output::Output;
use crate::reply::Reply;

/// One operation of the API.
pub struct Route {
    /// How it is called.
    pub method: Method,
    /// Where: `/v1/severities/{id}`.
    pub path: &'static str,
    /// Its name in the OpenAPI document: `Severities V1#Show`; the part before `#` is its tag.
    pub operation: &'static str,
    /// Who may call it.
    pub guard: Guard,
    /// What it does, for people.
    pub about: &'static str,
    /// Whether clients should move on to another operation.
    pub is_deprecated: bool,
    /// A rate limit of its own beside the caller's, in requests a minute.
    pub own_limit: Option<u64>,
    /// Whether it has no address: only this process calls it.
    pub is_inside: bool,
    pub(crate) endpoint: Endpoint,
}

/// How an operation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of HTTP")]
pub enum Method {
    GET,
    POST,
    PUT,
    DELETE,
}

impl Method {
    /// Its name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GET => "get",
            Self::POST => "post",
            Self::PUT => "put",
            Self::DELETE => "delete",
        }
    }
}

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Anybody, without a key.
    Public,
    /// Any valid key.
    AnyKey,
    /// A key with this scope.
    Scope(&'static str),
    /// A key with this scope, or one that acts for a user whose own affair it is, which the handler proves
    /// ([`Cx::prove_own`]).
    ScopeOrOwn(&'static str),
}

impl Guard {
    /// Why a caller who may do this is not even let in.
    pub(crate) fn refusal(self, access: &Access) -> Option<Error> {
        let (scope, may_be_own) = match self {
            Self::Public | Self::AnyKey => return None,
            Self::Scope(scope) => (scope, false),
            Self::ScopeOrOwn(scope) => (scope, access.user.is_some()),
        };
        (access.reach(scope) == Reach::Nowhere && !may_be_own).then(|| Error::missing_scope(scope))
    }
}

impl From<&'static str> for Guard {
    fn from(scope: &'static str) -> Self {
        Self::Scope(scope)
    }
}

impl Route {
    /// A route; the table's macro writes these.
    pub fn new<A>(
        method: Method,
        path: &'static str,
        operation: &'static str,
        guard: impl Into<Guard>,
        about: &'static str,
        handler: impl Handler<A>,
    ) -> Self {
        Self {
            method,
            path,
            operation,
            guard: guard.into(),
            about,
            is_deprecated: false,
            own_limit: None,
            is_inside: false,
            endpoint: handler.endpoint(),
        }
    }

    /// What it wants of the store.
    pub(crate) fn wants(&self) -> Wants {
        match self.method {
            Method::GET if self.path.ends_with("/{id}") => Wants::Glance,
            Method::GET => Wants::Read,
            _ => Wants::Write,
        }
    }

    /// The work that `request` asks for, which checks the scope before and the proof after.
    pub(crate) fn guarded(
        &self,
        request: &Request,
    ) -> Result<impl FnMut(&mut Cx<'_>) -> Result<Reply> + Send + 'static> {
        let (mut work, guard) = ((self.endpoint.prepare)(request)?, self.guard);
        Ok(move |cx: &mut Cx<'_>| {
            match guard {
                Guard::Public | Guard::AnyKey => {}
                Guard::Scope(scope) => cx.admit(scope)?,
                Guard::ScopeOrOwn(scope) => cx.admit_or_own(scope)?,
            }
            let reply = work(cx)?;
            cx.conclude()?;
            Ok(reply)
        })
    }

    /// Marks it as deprecated.
    pub fn deprecated(self) -> Self {
        Self { is_deprecated: true, ..self }
    }

    /// Keeps it from clients: it is for pages, which call operations in this process.
    pub fn inside(self) -> Self {
        Self { is_inside: true, ..self }
    }

    /// Gives it a rate limit of its own.
    pub fn per_minute(self, requests: u64) -> Self {
        Self { own_limit: Some(requests), ..self }
    }
}

/// A prepared call: it may run several times, when it loses a race.
pub(crate) type Work = Box<dyn FnMut(&mut Cx<'_>) -> Result<Reply> + Send>;

/// A handler without its types: what the server calls and the document describes.
pub struct Endpoint {
    pub(crate) prepare: Read<Work>,
    pub(crate) describe: fn(&mut Description<'_>),
}

/// A function that can stand in a route table: over a unit of work, with up to two inputs.
pub trait Handler<A> {
    /// Forgets the types.
    fn endpoint(self) -> Endpoint;
}

impl<F, O> Handler<()> for F
where
    F: Fn(&mut Cx<'_>) -> Result<O> + Clone + Send + Sync + 'static,
    O: Output,
{
    fn endpoint(self) -> Endpoint {
        Endpoint {
            prepare: Box::new(move |_| {
                let handler = self.clone();
                Ok(Box::new(move |cx| handler(cx)?.reply()))
            }),
            describe: |description| O::describe(description),
        }
    }
}

impl<F, A, O> Handler<(A,)> for F
where
    F: Fn(&mut Cx<'_>, A) -> Result<O> + Clone + Send + Sync + 'static,
    A: Input,
    O: Output,
{
    fn endpoint(self) -> Endpoint {
        let read = A::reader();
        Endpoint {
            prepare: Box::new(move |request| {
                let input = read(request)?;
                let handler = self.clone();
                Ok(Box::new(move |cx| handler(cx, input.clone())?.reply()))
            }),
            describe: |description| {
                A::describe(description);
                O::describe(description);
            },
        }
    }
}

impl<F, A, B, O> Handler<(A, B)> for F
where
    F: Fn(&mut Cx<'_>, A, B) -> Result<O> + Clone + Send + Sync + 'static,
    A: Input,
    B: Input,
    O: Output,
{
    fn endpoint(self) -> Endpoint {
        let (read_first, read_second) = (A::reader(), B::reader());
        Endpoint {
            prepare: Box::new(move |request| {
                let (first, second) = (read_first(request)?, read_second(request)?);
                let handler = self.clone();
                Ok(Box::new(move |cx| handler(cx, first.clone(), second.clone())?.reply()))
            }),
            describe: |description| {
                A::describe(description);
                B::describe(description);
                O::describe(description);
            },
        }
    }
}

/// A route table: `fn routes() -> Vec<Route>`. Each row is a doc comment, a method, a path, the
/// operation's name, a scope or [`Guard`], markers (`deprecated`, `per_minute(60)`, `inside`), and the handler.
#[macro_export]
macro_rules! routes {
    ($($(#[doc = $about:literal])+ $method:ident $path:literal $operation:literal $guard:expr
        $(, $marker:ident $(($argument:expr))?)* => $handler:path;)+) => {
        pub(crate) fn routes() -> Vec<$crate::Route> {
            vec![$(
                $crate::Route::new(
                    $crate::Method::$method, $path, $operation, $guard, concat!($($about, "\n"),+).trim(), $handler,
                )$(.$marker($($argument)?))*
            ),+]
        }
    };
}
