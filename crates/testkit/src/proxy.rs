//! A proxy that injects failures: what a client of the API has to survive, on demand and the same on every run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base::{Clock, SystemClock, Time};
use serde_json::json;
use ureq::http::HeaderValue;
use ureq::http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER, TRANSFER_ENCODING};

use crate::http::{Reaction, Request, Response, Server, Stop, Then, bytes, forward, json_response, page, response};

/// What goes wrong with a request. It is carried out, once, exactly where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out; then the connection is closed without an answer.
    LostAnswer,
    /// The connection is closed, and nothing is carried out. The client can't tell it from a lost answer.
    Refused,
    /// 429, as the platform answers it.
    Limited(RetryAfter),
    /// This status, with a page as gateways send it.
    Status(u16),
    /// It is carried out, and the client is told this status by a gateway.
    AfterStatus(u16),
    /// It is carried out and answered, but only after this time.
    Slow(Duration),
    /// It is carried out; the answer's headers come, and then nothing as long as the proxy is there.
    Stalled,
    /// It is carried out; half of the body comes, of the length that `Content-Length` says.
    Truncated,
    /// It is carried out; half of the body comes, in a chunk that never ends.
    HalfChunk,
    /// 200 with a web page.
    WrongType,
    /// 302 to this address.
    Redirect(String),
    /// 200 with a body that says it is JSON and is not.
    Garbled,
}

/// How a 429 says when to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// As the platform does: in the header as so many seconds, in the body as that moment.
    Seconds(u64),
    /// In the header alone, as an HTTP date or whatever else is given.
    Date(String),
    /// In the body alone (`rate_limit.retry_after`), as the moment so many seconds from now.
    InBody(u64),
    /// Not at all.
    None,
}

/// A request that came to the proxy. Its `Debug` form leaves out headers and body, which may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// The HTTP method.
    pub method: String,
    /// The path with the query, as it was sent.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
    /// The status that the client got; none where it got no answer, or none yet.
    pub status: Option<u16>,
    /// What went wrong.
    pub fault: Option<Fault>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {:?} ({:?})", self.method, self.path, self.status, self.fault)
    }
}

/// Stands between a client and a server: passes on what comes, notes it, and does to it what a test asks for.
/// Stopped when dropped.
///
/// A fault for one request goes before one for always, and that before a share ([`Proxy::every`]).
pub struct Proxy {
    server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    script: Script,
    /// The headers of answers that are kept back.
    hidden: Vec<&'static str>,
    /// By the order in which they came.
    seen: BTreeMap<u64, Seen>,
    came: u64,
}

/// What is to go wrong; a request is meant by how its "METHOD path" begins.
#[derive(Default)]
struct Script {
    once: Vec<(String, Fault)>,
    always: Vec<(String, Fault)>,
    share: Option<Share>,
}

struct Share {
    every: usize,
    faults: Vec<Fault>,
    came: usize,
}

impl Proxy {
    /// A proxy to the server at `target`: `http://HOST:PORT`.
    pub fn to(target: &str) -> Self {
        Self::with_clock(target, SystemClock)
    }

    /// The same where "from now" ([`RetryAfter`]) is by this clock.
    pub fn with_clock(target: &str, clock: impl Clock + 'static) -> Self {
        assert!(target.starts_with("http://"), "the target has to be http://HOST:PORT, not {target}");
        let state = Arc::<Mutex<State>>::default();
        let (target, passing) = (target.to_owned(), Arc::clone(&state));
        let react = move |request: &Request, stop: &Stop| {
            let (number, fault) = lock(&passing).note(request);
            let hidden = lock(&passing).hidden.clone();
            // What a gateway says of a server that is not there.
            let carry_out = || without(&hidden, forward(request, &target).unwrap_or_else(|_| page(502)));
            let reaction = pass(carry_out, fault, stop, clock.now());
            lock(&passing).note_status(number, reaction.status);
            reaction
        };
        Self { server: Server::start(react), state }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// The requests that came, in this order.
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.state).seen.values().cloned().collect()
    }

    /// Forgets the requests that came.
    pub fn forget(&self) {
        lock(&self.state).seen.clear();
    }

    /// The next request meets this fault; called again, the one after it.
    pub fn next(&self, fault: Fault) {
        self.next_for("", fault);
    }

    /// The next request whose "METHOD path" begins like this meets this fault; called again, the one after it.
    pub fn next_for(&self, prefix: &str, fault: Fault) {
        lock(&self.state).script.once.push((prefix.into(), fault));
    }

    /// Every request whose "METHOD path" begins like this meets this fault; what was said last counts.
    pub fn always_for(&self, prefix: &str, fault: Fault) {
        lock(&self.state).script.always.insert(0, (prefix.into(), fault));
    }

    /// From now on each `n`th request meets one of these faults, each in its turn: 5 % are every 20th.
    pub fn every(&self, n: usize, faults: &[Fault]) {
        assert!(n > 0 && !faults.is_empty(), "a share needs faults, and requests to meet them");
        lock(&self.state).script.share = Some(Share { every: n, faults: faults.to_vec(), came: 0 });
    }

    /// From now on this header of answers is kept back, as if the server didn't have it.
    pub fn hide(&self, header: &'static str) {
        lock(&self.state).hidden.push(header);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        lock(&self.state).script = Script::default();
    }
}

impl State {
    /// Notes a request, and says which number it has and what goes wrong with it.
    fn note(&mut self, request: &Request) -> (u64, Option<Fault>) {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let fault = self.script.fault_for(&format!("{method} {path}"));
        let header = |(name, value): (_, &HeaderValue)| (format!("{name}"), text(value.as_bytes()));
        let headers = request.headers().iter().map(header).collect();
        let seen = Seen { method, path, headers, body: text(request.body()), status: None, fault: fault.clone() };
        self.came += 1;
        self.seen.insert(self.came, seen);
        (self.came, fault)
    }

    fn note_status(&mut self, number: u64, status: Option<u16>) {
        if let Some(seen) = self.seen.get_mut(&number) {
            seen.status = status;
        }
    }
}

impl Script {
    fn fault_for(&mut self, line: &str) -> Option<Fault> {
        let means = |(prefix, _): &&(String, Fault)| line.starts_with(prefix.as_str());
        // Counts every request, also one that meets another fault.
        let share = self.share.as_mut().and_then(Share::next);
        if let Some(at) = self.once.iter().position(|one| means(&one)) {
            return Some(self.once.remove(at).1);
        }
        self.always.iter().find(means).map(|(_, fault)| fault.clone()).or(share)
    }
}

impl Share {
    fn next(&mut self) -> Option<Fault> {
        self.came += 1;
        let turn = self.came / self.every;
        self.came.is_multiple_of(self.every).then(|| self.faults[(turn - 1) % self.faults.len()].clone())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("no one panics holding what is to go wrong")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The same answer without these headers.
fn without(hidden: &[&str], mut response: Response) -> Response {
    for name in hidden {
        response.headers_mut().remove(*name);
    }
    response
}

fn pass(carry_out: impl Fn() -> Response, fault: Option<Fault>, stop: &Stop, now: Time) -> Reaction {
    let Some(fault) = fault else { return Reaction::answer(&carry_out()) };
    match fault {
        Fault::LostAnswer => {
            carry_out();
            Reaction::none()
        }
        Fault::Refused => Reaction::none(),
        Fault::Limited(retry_after) => Reaction::answer(&limited(&retry_after, now)),
        Fault::Status(status) => Reaction::answer(&page(status)),
        Fault::AfterStatus(status) => {
            carry_out();
            Reaction::answer(&page(status))
        }
        Fault::Slow(time) if stop.wait(time) => Reaction::answer(&carry_out()),
        Fault::Slow(_) => Reaction::none(),
        Fault::Stalled => cut(&carry_out(), |_| 0, Then::Hang),
        Fault::Truncated => cut(&carry_out(), |length| length / 2, Then::Close),
        Fault::HalfChunk => cut(&chunked(carry_out()), |length| length / 2, Then::Close),
        Fault::WrongType => Reaction::answer(&page(200)),
        Fault::Redirect(to) => Reaction::answer(&redirect(&to)),
        Fault::Garbled => Reaction::answer(&response(200, "application/json", "{\"garbled\": [")),
    }
}

/// What comes of an answer that breaks off after the part of its body that `kept` says. One without a body breaks
/// off in the middle of its headers, so that something is missing in any case.
fn cut(response: &Response, kept: impl Fn(usize) -> usize, then: Then) -> Reaction {
    let (mut bytes, length) = (bytes(response), response.body().len());
    let status = (length > 0).then(|| response.status().as_u16());
    bytes.truncate(if length > 0 { bytes.len() - length + kept(length) } else { bytes.len() / 2 });
    Reaction { status, bytes, then }
}

/// The same answer with its body, if it has one, in one chunk.
fn chunked(mut response: Response) -> Response {
    let body = response.body();
    if !body.is_empty() {
        *response.body_mut() = [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    response
}

fn redirect(to: &str) -> Response {
    let mut response = page(302);
    response.headers_mut().insert(LOCATION, to.parse().expect("an address"));
    response
}

/// The platform's 429.
fn limited(retry_after: &RetryAfter, now: Time) -> Response {
    const WHAT: &str = "too_many_requests";
    let error = json!({"code": WHAT, "message": "Too many requests: please try again later"});
    let mut body = json!({"type": WHAT, "status": 429, "request_id": "proxy", "errors": [error]});
    if let RetryAfter::Seconds(seconds) | RetryAfter::InBody(seconds) = retry_after {
        let moment = now + Duration::from_secs(*seconds);
        body["rate_limit"] = json!({"name": "Test", "limit": 1_200, "remaining": 0, "retry_after": moment});
    }
    let mut response = json_response(429, &body);
    let header = match retry_after {
        RetryAfter::Seconds(seconds) => Some(seconds.to_string()),
        RetryAfter::Date(date) => Some(date.clone()),
        RetryAfter::InBody(_) | RetryAfter::None => None,
    };
    if let Some(header) = header {
        response.headers_mut().insert(RETRY_AFTER, header.parse().expect("a header's value"));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
    use std::net::TcpStream;
    use std::thread;

    use ureq::http::{self, Method};

    use super::*;
    use crate::client::{Answer, Client};
    use crate::http::read_response;
    use crate::world::FakeClock;

    const MADE: &str = r#"{"thing": {"id": "01HV", "name": "Größe"}}"#;

    /// A server that makes things, and the proxy before it.
    struct Scene {
        carried_out: Arc<Mutex<Vec<String>>>,
        proxy: Proxy,
        _target: Server,
    }

    impl Scene {
        fn new() -> Self {
            let carried_out = Arc::<Mutex<Vec<String>>>::default();
            let noting = Arc::clone(&carried_out);
            let target = Server::start(move |request, _| {
                noting.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
                let mut made = match *request.method() {
                    Method::DELETE => http::Response::builder().status(204).body(Vec::new()).unwrap(),
                    _ => response(201, "application/json", MADE),
                };
                for name in ["etag", "x-ratelimit-remaining", "x-seen"] {
                    made.headers_mut().insert(name, HeaderValue::from_static("7"));
                }
                Reaction::answer(&made)
            });
            Self { carried_out, proxy: Proxy::with_clock(&target.url, FakeClock::default()), _target: target }
        }

        fn client(&self) -> Client {
            Client::new(self.proxy.url(), Some("inc_test"))
        }

        fn post(&self) -> Result<Answer, ureq::Error> {
            self.client().try_send("POST", "/v1/things", Some("{}".into()))
        }

        /// What comes of a POST that meets `fault`, and how often it was carried out.
        fn meet(&self, fault: Fault) -> (Option<Answer>, usize) {
            let before = self.times_carried_out();
            self.proxy.next(fault.clone());
            let answer = self.post().ok();
            let seen = self.proxy.requests().pop().unwrap();
            assert_eq!(seen.fault, Some(fault));
            if let Some(answer) = &answer {
                assert_eq!(seen.status, Some(answer.status));
            }
            (answer, self.times_carried_out() - before)
        }

        /// The answer to a POST that meets `fault`.
        fn answer(&self, fault: Fault, times_carried_out: usize) -> Answer {
            let (answer, times) = self.meet(fault);
            assert_eq!(times, times_carried_out);
            answer.expect("an answer")
        }

        fn times_carried_out(&self) -> usize {
            self.carried_out.lock().unwrap().len()
        }
    }

    /// All that comes over a connection until it is closed, as it comes.
    fn raw(proxy: &Proxy, request: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(proxy.url().strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    fn raw_text(proxy: &Proxy, request: &str) -> String {
        let mut text = String::new();
        raw(proxy, request).read_to_string(&mut text).unwrap();
        text
    }

    const POST: &str = "POST /v1/things HTTP/1.1\r\nhost: x\r\n\r\n";

    #[test]
    fn what_meets_no_fault_passes_unchanged() {
        let scene = Scene::new();
        let client = scene.client().with_header("X-Mine", "1");
        let answer = client.send("PUT", "/v1/things/1?page_size=2&a[gte]=b%20c", Some("{\"name\": \"ü\"}".into()));
        assert_eq!((answer.status, answer.text.as_str()), (201, MADE));
        assert!(["etag", "x-ratelimit-remaining", "x-seen"].iter().all(|name| answer.headers[*name] == "7"));
        let seen = &scene.proxy.requests()[0];
        let path = "/v1/things/1?page_size=2&a%5Bgte%5D=b%20c";
        assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.body.as_str()), ("PUT", path, "{\"name\": \"ü\"}"));
        assert_eq!((seen.headers["x-mine"].as_str(), seen.headers["authorization"].as_str()), ("1", "Bearer inc_test"));
        assert_eq!((seen.status, &seen.fault), (Some(201), &None));
        assert_eq!(*scene.carried_out.lock().unwrap(), [format!("PUT {path}")]);
    }

    #[test]
    fn a_hidden_header_does_not_pass() {
        let scene = Scene::new();
        scene.proxy.hide("etag");
        let headers = scene.post().unwrap().headers;
        assert!(!headers.contains_key("etag") && headers.contains_key("x-seen"), "{headers:?}");
    }

    #[test]
    fn a_connection_carries_several_requests() {
        let scene = Scene::new();
        let mut connection = raw(&scene.proxy, POST);
        assert_eq!(read_response(&mut connection, &Method::POST).unwrap().status(), 201);
        connection.get_mut().write_all(b"DELETE /v1/things/1 HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(read_response(&mut connection, &Method::DELETE).unwrap().status(), 204);
        assert_eq!(scene.times_carried_out(), 2);
    }

    #[test]
    fn a_lost_answer_was_carried_out() {
        let scene = Scene::new();
        assert!(matches!(scene.meet(Fault::LostAnswer), (None, 1)));
        scene.proxy.next(Fault::LostAnswer);
        assert_eq!(raw_text(&scene.proxy, POST), "");
        assert_eq!(scene.proxy.requests()[1].status, None);
    }

    #[test]
    fn what_was_refused_was_not_carried_out() {
        let scene = Scene::new();
        assert!(matches!(scene.meet(Fault::Refused), (None, 0)));
        assert_eq!(scene.proxy.requests()[0].status, None);
        assert_eq!(scene.post().unwrap().status, 201, "the next one passes");
    }

    #[test]
    fn a_limited_client_is_told_when_to_come_back_in_the_way_that_was_asked_for() {
        let date = "Mon, 02 Mar 2026 09:00:30 GMT";
        let ways = [
            (RetryAfter::Seconds(30), Some("30"), Some("2026-03-02T09:00:30.000000Z")),
            (RetryAfter::Date(date.into()), Some(date), None),
            (RetryAfter::InBody(30), None, Some("2026-03-02T09:00:30.000000Z")),
            (RetryAfter::None, None, None),
        ];
        let scene = Scene::new();
        for (retry_after, header, moment) in ways {
            let answer = scene.answer(Fault::Limited(retry_after), 0);
            assert_eq!((answer.status, &answer.body["type"]), (429, &json!("too_many_requests")));
            assert_eq!(answer.headers.get("retry-after").map(String::as_str), header);
            assert_eq!(answer.body["rate_limit"]["retry_after"].as_str(), moment);
            assert_eq!(answer.problems(), [("too_many_requests", "")]);
        }
    }

    #[test]
    fn a_gateway_answers_before_the_request_or_after_it() {
        let scene = Scene::new();
        for (fault, times) in [(Fault::Status(503), 0), (Fault::AfterStatus(503), 1)] {
            let answer = scene.answer(fault, times);
            assert_eq!((answer.status, answer.headers["content-type"].as_str()), (503, "text/html"));
            assert!(answer.text.starts_with("<html>"));
        }
    }

    #[test]
    fn a_slow_answer_comes_after_its_time() {
        let (scene, time) = (Scene::new(), Duration::from_millis(30));
        let start = SystemClock.now();
        assert_eq!(scene.answer(Fault::Slow(time), 1).text, MADE);
        assert!(SystemClock.now().since(start) >= time);
    }

    #[test]
    fn a_proxy_that_goes_carries_nothing_out_any_more() {
        let scene = Scene::new();
        scene.proxy.next(Fault::Slow(Duration::from_secs(3_600)));
        let client = scene.client();
        let waiting = thread::spawn(move || client.try_send("POST", "/v1/things", None).is_err());
        while scene.proxy.requests().is_empty() {
            thread::yield_now();
        }
        drop(scene.proxy);
        assert!(waiting.join().unwrap());
        assert_eq!(*scene.carried_out.lock().unwrap(), [""; 0]);
    }

    #[test]
    fn a_stalled_answer_holds_nobody_else_up() {
        let scene = Scene::new();
        scene.proxy.next(Fault::Stalled);
        let mut stalled = raw(&scene.proxy, POST);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            stalled.read_line(&mut head).unwrap();
        }
        assert!(head.starts_with("HTTP/1.1 201") && head.contains(&format!("content-length: {}\r\n", MADE.len())));
        assert_eq!(scene.post().unwrap().status, 201);
        stalled.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let waiting = stalled.read(&mut [0]).unwrap_err().kind();
        assert_eq!(waiting, ErrorKind::WouldBlock, "the connection stays open");
        drop(scene.proxy);
        let mut rest = String::new();
        stalled.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "the body never came");
        assert_eq!(scene.carried_out.lock().unwrap().len(), 2);
    }

    #[test]
    fn half_of_a_truncated_answer_comes() {
        let scene = Scene::new();
        assert!(matches!(scene.meet(Fault::Truncated), (None, 1)));
        scene.proxy.next(Fault::Truncated);
        let text = raw_text(&scene.proxy, POST);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", MADE.len())), "{head}");
        assert_eq!(body, &MADE[..MADE.len() / 2]);
        assert_eq!(scene.proxy.requests()[1].status, Some(201));
    }

    #[test]
    fn half_of_a_chunk_comes() {
        let scene = Scene::new();
        assert!(matches!(scene.meet(Fault::HalfChunk), (None, 1)));
        scene.proxy.next(Fault::HalfChunk);
        let text = raw_text(&scene.proxy, POST);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("transfer-encoding: chunked") && !head.contains("content-length"), "{head}");
        let (size, chunk) = body.split_once("\r\n").unwrap();
        assert_eq!(size, format!("{:x}", MADE.len()));
        assert!(MADE.starts_with(chunk) && chunk.len() > 4 && chunk.len() < MADE.len(), "{chunk}");
    }

    #[test]
    fn an_answer_without_a_body_breaks_off_in_its_headers() {
        let scene = Scene::new();
        for fault in [Fault::Truncated, Fault::HalfChunk] {
            scene.proxy.next(fault);
            assert!(scene.client().try_send("DELETE", "/v1/things/1", None).is_err());
            assert_eq!(scene.proxy.requests().pop().unwrap().status, None);
        }
        assert_eq!(scene.times_carried_out(), 2);
    }

    #[test]
    fn an_answer_may_be_of_the_wrong_type_or_no_json() {
        let scene = Scene::new();
        let page = scene.answer(Fault::WrongType, 0);
        assert_eq!((page.status, page.headers["content-type"].as_str()), (200, "text/html"));
        assert!(page.text.starts_with("<html>"));
        let garbled = scene.answer(Fault::Garbled, 0);
        assert_eq!((garbled.status, garbled.headers["content-type"].as_str()), (200, "application/json"));
        assert!(serde_json::from_str::<serde_json::Value>(&garbled.text).is_err());
    }

    #[test]
    fn a_redirect_leads_where_it_says() {
        let (scene, elsewhere) = (Scene::new(), Scene::new());
        let there = format!("{}/v1/elsewhere", elsewhere.proxy.url());
        scene.proxy.next(Fault::Redirect(there.clone()));
        let redirect = forward(&Request::default(), scene.proxy.url()).unwrap();
        assert_eq!((redirect.status().as_u16(), redirect.headers()[LOCATION].to_str().unwrap()), (302, there.as_str()));
        scene.proxy.next(Fault::Redirect(there));
        scene.client().get("/v1/things").expect(201);
        assert_eq!(elsewhere.proxy.requests()[0].path, "/v1/elsewhere");
        assert_eq!(scene.times_carried_out(), 0);
    }

    #[test]
    fn a_fault_meets_the_request_it_is_meant_for() {
        let scene = Scene::new();
        scene.proxy.next_for("PUT /v1/things", Fault::Status(500));
        scene.proxy.always_for("GET /v1/things", Fault::Status(502));
        scene.proxy.next_for("GET /v1/things/2", Fault::Status(503));
        scene.proxy.next_for("GET /v1/things/2", Fault::Status(504));
        let client = scene.client();
        let statuses = |path: &str| [1, 2, 3].map(|_| client.get(path).status);
        assert_eq!(client.get("/v1/others").status, 201);
        assert_eq!(statuses("/v1/things/2"), [503, 504, 502]);
        assert_eq!(statuses("/v1/things"), [502; 3]);
        assert_eq!([1, 2].map(|_| client.put("/v1/things/1", json!({})).status), [500, 201]);
        scene.proxy.always_for("GET /v1/things", Fault::Status(505));
        assert_eq!(client.get("/v1/things").status, 505, "what was said last counts");
        scene.proxy.heal();
        assert_eq!(statuses("/v1/things"), [201; 3]);
        assert_eq!(scene.times_carried_out(), 5);
    }

    #[test]
    fn each_nth_request_meets_a_fault_in_its_turn() {
        let scene = Scene::new();
        scene.proxy.every(3, &[Fault::Status(500), Fault::AfterStatus(503)]);
        let client = scene.client();
        let statuses: Vec<_> = (0..10).map(|_| client.get("/v1/things").status).collect();
        assert_eq!(statuses, [201, 201, 500, 201, 201, 503, 201, 201, 500, 201]);
        scene.proxy.forget();
        assert_eq!(scene.proxy.requests(), []);
    }

    #[test]
    fn what_was_seen_is_shown_without_secrets() {
        let scene = Scene::new();
        scene.client().post("/v1/things", json!({"token": "inc_other"})).expect(201);
        assert_eq!(format!("{:?}", scene.proxy.requests()), "[POST /v1/things -> Some(201) (None)]");
    }

    #[test]
    fn a_target_that_is_gone_is_a_bad_gateway() {
        let gone = Server::start(|_, _| Reaction::none()).url.clone();
        assert_eq!(Client::new(Proxy::to(&gone).url(), None).get("/v1/things").status, 502);
    }
}
