//! The server: every request takes the same way.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, RawPathParams, Request as HttpRequest};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use base::{AnyId, Error, ErrorKind, Result};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use store::{Part, Store, Who};
use tokio::net::TcpListener;

use crate::gate::{Caller, Gate, Knock};
use crate::input::Request;
use crate::limits::{Allowance, Limiter, Limits};
use crate::page::{self, PageRoute, Visit};
use crate::reply::Reply;
use crate::route::{Guard, Route};
use crate::{docs, metrics};

/// One feature: its tables and jobs, and its operations.
pub struct Feature {
    /// What it brings to the store.
    pub part: Part,
    /// Its route tables.
    pub routes: Vec<Route>,
}

/// How the server behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The rate limits; `None` for none.
    pub limits: Option<Limits>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The addresses that this server's own requests come from, as it tells others.
    pub outgoing: Vec<ipnet::IpNet>,
    /// Where people and clients find this server: `https://wardroom.example`.
    pub public_url: String,
    /// How long a request waits for the job that it began.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Some(Limits::default()),
            trusted_proxies: Vec::new(),
            outgoing: Vec::new(),
            public_url: "http://127.0.0.1:7010".into(),
            patience: Duration::from_secs(10),
        }
    }
}

/// The largest body of a request, in bytes.
pub const LARGEST_BODY: usize = 4 * 1024 * 1024;
/// How long accepted requests may take to finish once the server has been told to stop.
const DRAIN: Duration = Duration::from_secs(8);

/// How long after the first look at what a job is at the next one is taken; then twice as long, and so on.
const GLIMPSE: Duration = Duration::from_millis(5);
const LONGEST_GLIMPSE: Duration = Duration::from_millis(250);

/// Serves the routes of all features.
pub struct Server {
    store: Store,
    gate: Box<dyn Gate>,
    limiter: Limiter,
    settings: Settings,
    pages: Vec<PageRoute>,
    draining: AtomicBool,
}

impl Server {
    /// A server over `store`; `gate` says who may come in.
    pub fn new(store: Store, gate: Box<dyn Gate>, settings: Settings) -> Self {
        metrics::recorder();
        let limiter = Limiter::new(settings.limits.clone());
        Self { store, gate, limiter, settings, pages: Vec::new(), draining: AtomicBool::new(false) }
    }

    /// The same server with pages for people.
    #[must_use]
    pub fn with_pages(self, pages: Vec<PageRoute>) -> Self {
        Self { pages, ..self }
    }

    /// Serves `routes` on `listener` until `stop` resolves; then takes no new connection, finishes
    /// what it has accepted, and returns.
    pub async fn serve(
        self,
        routes: Vec<Arc<Route>>,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let server = Arc::new(self);
        let router = Arc::clone(&server).router(routes).into_make_service_with_connect_info::<SocketAddr>();
        let (told, heard) = tokio::sync::oneshot::channel::<()>();
        let until_told = async move {
            stop.await;
            server.draining.store(true, Ordering::Release);
            let _ = told.send(());
        };
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true); // only slower without it
        });
        let serving = axum::serve(listener, router).with_graceful_shutdown(until_told).into_future();
        let deadline = async {
            let _ = heard.await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            served = serving => served,
            () = deadline => Ok(()),
            () = metrics::keep_small() => Ok(()),
        }
    }

    fn router(self: Arc<Self>, routes: Vec<Arc<Route>>) -> Router {
        let mut router = Router::new()
            .route("/docs", get(docs::page))
            .route("/docs/{asset}", get(docs::asset))
            .route("/health/live", get(|| async { "ok\n" }))
            .route(
                "/health/ready",
                get({
                    let server = Arc::clone(&self);
                    move || async move { server.ready().await }
                }),
            )
            .route(
                "/metrics",
                get({
                    let server = Arc::clone(&self);
                    move || async move { server.metrics().await }
                }),
            );
        for route in routes {
            let path = route.path;
            router = router.route(path, self.method_router(route));
        }
        if self.pages.is_empty() {
            router = router.route("/", get(|| async { Redirect::temporary("/docs") }));
        }
        for page in &self.pages {
            router = router.route(page.path, self.page_router(page.clone()));
        }
        // Nobody's path and nobody's method look the same: there is nothing here.
        router
            .fallback(|| async { StatusCode::NOT_FOUND })
            .method_not_allowed_fallback(|| async { StatusCode::NOT_FOUND })
    }

    fn method_router(self: &Arc<Self>, route: Arc<Route>) -> MethodRouter {
        let filter = filter(route.method);
        let server = Arc::clone(self);
        type Segments = std::result::Result<RawPathParams, RawPathParamsRejection>;
        on(filter, move |peer: ConnectInfo<SocketAddr>, segments: Segments, request: HttpRequest| {
            let (server, route) = (Arc::clone(&server), Arc::clone(&route));
            // Bytes that are no text name no resource.
            let segments = segments.map_or_else(|_| Vec::new(), |all| all.iter().map(|(_, one)| one.into()).collect());
            async move { server.answer(&route, peer.0, segments, request).await }
        })
    }

    fn page_router(self: &Arc<Self>, page: PageRoute) -> MethodRouter {
        let server = Arc::clone(self);
        type Segments = std::result::Result<RawPathParams, RawPathParamsRejection>;
        on(filter(page.method), move |peer: ConnectInfo<SocketAddr>, segments: Segments, request: HttpRequest| {
            let (server, page) = (Arc::clone(&server), page.clone());
            let segments = segments.map_or_else(|_| Vec::new(), |all| all.iter().map(|(_, one)| one.into()).collect());
            async move { server.show(&page, peer.0, segments, request).await }
        })
    }

    /// Shows a page, made on a thread that may wait.
    async fn show(&self, page: &PageRoute, peer: SocketAddr, segments: Vec<String>, request: HttpRequest) -> Response {
        #[expect(clippy::disallowed_methods, reason = "how long it took is for logs and metrics alone")]
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let body = match read_body(body, page.largest_body).await {
            Ok(body) => Some(body),
            Err(error) if *error.kind() == ErrorKind::TooLarge => None,
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        };
        let visit = Visit {
            route: page.path,
            path: head.uri.path().to_owned(),
            segments,
            query: head.uri.query().unwrap_or_default().to_owned(),
            body,
            address: self.address(&head.headers, peer.ip()),
            headers: head.headers,
        };
        let show = Arc::clone(&page.show);
        let view = tokio::task::spawn_blocking(move || show(visit)).await;
        let response = match view {
            Ok(view) => page::respond(view),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(), // the panic has been printed
        };
        let (took, status) = (started.elapsed(), response.status().as_u16());
        metrics::answered(page.path, status, took);
        tracing::info!(page = page.path, status, ms = took.as_secs_f64() * 1e3, "shown");
        response
    }

    async fn answer(&self, route: &Route, peer: SocketAddr, segments: Vec<String>, request: HttpRequest) -> Response {
        #[expect(clippy::disallowed_methods, reason = "how long it took is for logs and metrics alone")]
        let started = Instant::now();
        let id: AnyId = self.store.world().new_id();
        let mut passage = Passage::default();
        let outcome = self.pass(route, peer, segments, request, &mut passage).await;
        let reply = outcome.unwrap_or_else(|error| {
            if *error.kind() == ErrorKind::Internal {
                tracing::error!(request_id = %id, operation = route.operation, %error, "a request failed");
            }
            passage.retry_after = match error.kind() {
                ErrorKind::TooMany(quota) => Some(quota.retry_after),
                ErrorKind::Busy { retry_after } => Some(*retry_after),
                _ => None,
            };
            Reply::of_error(&error, &id.to_string(), self.store.world().now())
        });
        let took = started.elapsed();
        metrics::answered(route.operation, reply.status, took);
        tracing::info!(
            request_id = %id,
            operation = route.operation,
            status = reply.status,
            ms = took.as_secs_f64() * 1e3,
            caller = passage.caller,
            "answered"
        );
        respond(reply, &passage, id)
    }

    /// The way of a request: who, how often, whether, what, and then the work itself.
    async fn pass(
        &self,
        route: &Route,
        peer: SocketAddr,
        segments: Vec<String>,
        request: HttpRequest,
        passage: &mut Passage,
    ) -> Result<Reply> {
        let (head, body) = request.into_parts();
        let mut who = Who::system();
        if route.guard != Guard::Public {
            let caller = self.admit(&head.headers, peer).await?;
            passage.caller.clone_from(&caller.account);
            let limited = (caller.account.as_str(), caller.name.as_str());
            let (allowance, refusal) =
                self.limiter.count(&self.store, limited, (route.operation, route.own_limit)).await?;
            passage.allowance = allowance;
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            who = Who { expects: expected_version(&head.headers)?, ..caller.who };
        }
        if let Some(refusal) = route.guard.refusal(&who.access) {
            return Err(refusal);
        }
        let query = head.uri.query().unwrap_or_default().to_owned();
        let body = read_body(body, LARGEST_BODY).await?;
        let guarded = route.guarded(&Request { segments, query, body })?;
        let reply = self.store.work(route.wants(), who.clone(), guarded).await?;
        self.last_word(reply, who).await
    }

    /// An answer that is not the last word is asked for again, while there is patience.
    async fn last_word(&self, mut reply: Reply, who: Who) -> Result<Reply> {
        let (mut waited, mut glimpse) = (Duration::ZERO, GLIMPSE);
        let may_wait = |waited| waited < self.settings.patience && !self.draining.load(Ordering::Acquire);
        while let Some(again) = reply.again.take().filter(|_| may_wait(waited)) {
            tokio::time::sleep(glimpse).await;
            waited += glimpse;
            glimpse = (glimpse * 2).min(LONGEST_GLIMPSE);
            reply = self.store.read(who.clone(), move |cx| again(cx)).await?;
        }
        Ok(reply)
    }

    async fn admit(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Caller> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let knock = Knock {
            authorization: text(header::AUTHORIZATION.as_str()),
            on_behalf_of: text("x-incident-user"),
            address: self.address(headers, peer.ip()),
            user_agent: text(header::USER_AGENT.as_str()).unwrap_or_default(),
        };
        self.gate.admit(&self.store, knock).await
    }

    /// Where a request comes from: the peer, or, through proxies that are trusted, the last address
    /// that is not one of theirs. What stands before something that is no address is not believed.
    fn address(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let trusted = |address: &IpAddr| self.settings.trusted_proxies.iter().any(|net| net.contains(address));
        let forwarded =
            headers.get_all("x-forwarded-for").iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
        let hops: Vec<_> = forwarded.map(hop_address).collect();
        let mut address = peer.to_canonical();
        for hop in hops.into_iter().rev() {
            match hop {
                Some(hop) if trusted(&address) => address = hop,
                _ => break,
            }
        }
        address
    }

    async fn ready(&self) -> Response {
        if self.draining.load(Ordering::Acquire) {
            return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
        }
        let asked = self.store.read(Who::system(), |cx| cx.row("select 1", &[]).map(drop));
        match tokio::time::timeout(Duration::from_secs(2), asked).await {
            Ok(Ok(())) => "ready\n".into_response(),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
        }
    }

    async fn metrics(&self) -> Response {
        let counted = self.store.read(Who::system(), |cx| store::jobs::tally(cx)).await;
        for (state, n) in counted.unwrap_or_default() {
            ::metrics::gauge!("wardroom_jobs", "state" => state).set(n as f64);
        }
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics::recorder().render()).into_response()
    }
}

fn filter(method: crate::Method) -> MethodFilter {
    match method {
        crate::Method::GET => MethodFilter::GET,
        crate::Method::POST => MethodFilter::POST,
        crate::Method::PUT => MethodFilter::PUT,
        crate::Method::DELETE => MethodFilter::DELETE,
    }
}

/// The address of one hop in `X-Forwarded-For`; some proxies add the port.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let with_port = || hop.parse::<SocketAddr>().map(|hop| hop.ip());
    hop.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

/// What is learned of a request on its way, for headers and the log.
#[derive(Default)]
struct Passage {
    caller: String,
    allowance: Option<Allowance>,
    retry_after: Option<u64>,
}

/// The version in `If-Match`, which is what `ETag` told; `*` and none at all expect nothing.
fn expected_version(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(tag) = headers.get(header::IF_MATCH).filter(|tag| *tag != "*") else { return Ok(None) };
    let version = tag.to_str().ok().and_then(|tag| tag.trim_start_matches("W/").trim_matches('"').parse().ok());
    version.map(Some).ok_or_else(|| Error::invalid("If-Match", "is not an ETag of this server"))
}

async fn read_body(body: Body, largest: usize) -> Result<Vec<u8>> {
    match Limited::new(body, largest).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::too_large(largest)),
        Err(_) => Err(Error::malformed("the body broke off")),
    }
}

fn respond(reply: Reply, passage: &Passage, id: AnyId) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match reply.body {
        Some(body) => ([(header::CONTENT_TYPE, reply.media_type)], body).into_response(),
        None => ().into_response(),
    };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("x-request-id", id.to_string());
    if let Some(version) = reply.version {
        put("etag", format!("\"{version}\""));
    }
    for (name, value) in passage.allowance.iter().flat_map(Allowance::headers) {
        put(name, value);
    }
    if let Some(seconds) = passage.retry_after {
        put("retry-after", seconds.to_string());
    }
    response
}
