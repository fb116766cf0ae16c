//! A careful client of the public API: this server's, or that of any other host.
//!
//! | module     | what it is                                                             |
//! |------------|------------------------------------------------------------------------|
//! | `base_url` | where an API is, and where in it a request may go                       |
//! | `pace`     | how fast requests may follow each other                                 |
//! | `pages`    | lists, to the end                                                       |
//! | `trouble`  | why a request did not do what it should                                 |
//!
//! What can be sent twice is sent again when the answer is lost, the server fails, or the answer makes no sense:
//! reading, replacing, deleting, and what carries a key by which the server knows it again. Anything else is sent
//! again only when it surely has not been taken: after a 429, and when no connection came about. Each call has a
//! deadline, waiting included.

mod base_url;
mod pace;
mod pages;
mod trouble;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use base::{Secret, Time, World};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use ureq::http::{self, Method};
use ureq::{Agent, Timeout};
use web::{Egress, Refused};

pub use base_url::{ApiPath, BaseUrl, escaped};
pub use pace::Pace;
use pace::{Ticket, Told};
pub use pages::{Listing, MOST_ROWS, Page, Pages};
pub use trouble::{Kind, Problem, Trouble};

/// How often a request is sent again that got no answer that makes sense.
const REPEATS: u32 = 6;
/// The longest answer that is read, in bytes, once it is unpacked.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    path: ApiPath,
    body: Option<Json>,
    headers: Vec<(String, String)>,
    is_repeatable: bool,
    takes_anything: bool,
}

impl Request {
    /// A request without a body. One that can be sent twice by its method is.
    pub fn new(method: Method, path: ApiPath) -> Self {
        let is_repeatable = method.is_idempotent();
        Self { method, path, body: None, headers: Vec::new(), is_repeatable, takes_anything: false }
    }

    /// GET.
    pub fn get(path: ApiPath) -> Self {
        Self::new(Method::GET, path)
    }

    /// POST, which is sent once unless it is [`repeatable`](Self::repeatable).
    pub fn post(path: ApiPath, body: Json) -> Self {
        Self::new(Method::POST, path).with_body(body)
    }

    /// PUT.
    pub fn put(path: ApiPath, body: Json) -> Self {
        Self::new(Method::PUT, path).with_body(body)
    }

    /// DELETE.
    pub fn delete(path: ApiPath) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// The same with this body.
    #[must_use]
    pub fn with_body(self, body: Json) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, for what the server knows again when it comes twice: by an idempotency key, or because it is
    /// said by an ID of our own what is to be there.
    #[must_use]
    pub fn repeatable(self) -> Self {
        Self { is_repeatable: true, ..self }
    }

    /// The same for whoever takes the answer as it comes, JSON or not.
    #[must_use]
    pub fn verbatim(self) -> Self {
        Self { takes_anything: true, ..self }
    }

    fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as what it says; null where there is none.
    ///
    /// # Errors
    /// What the server refused, or that the body makes no sense.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        match self.status {
            200..=299 => {}
            300..=399 => {
                let target = self.header("location").unwrap_or("another place");
                return Err(Trouble::new(
                    Kind::NotSent,
                    format!("the server redirects to {target}, which isn't followed"),
                ));
            }
            status => return Err(Trouble::of_answer(status, &self.body)),
        }
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| nonsense(self.status, &error.to_string()))
    }

    /// Whether it can't be what the server wanted to say: a page where there should be JSON, or half of it.
    fn is_nonsense(&self) -> bool {
        let is_json = self.header("content-type").is_none_or(|kind| kind.contains("json"));
        let reads = || serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok();
        (200..300).contains(&self.status) && !self.body.is_empty() && !(is_json && reads())
    }
}

fn nonsense(status: u16, why: &str) -> Trouble {
    let trouble = Trouble::new(Kind::NoAnswer, format!("the server's answer makes no sense: {why}"));
    Trouble { status: Some(status), ..trouble }
}

/// How long a caller waits.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one call, with all its attempts and waits.
    pub call: Duration,
    /// How often a request is sent again that got no answer that makes sense.
    pub repeats: u32,
}

impl Patience {
    /// For a person who waits: it is soon said that there is no answer.
    pub const PERSON: Self = Self { call: Duration::from_secs(60), repeats: 2 };
    /// For work in the background.
    pub const WORK: Self = Self { call: Duration::from_secs(240), repeats: REPEATS };
    /// For a long run that somebody watches.
    pub const LONG_RUN: Self = Self { call: Duration::from_secs(1_800), repeats: REPEATS };
}

/// An API, as a key sees it. Clones share connections and pace.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: BaseUrl,
    key: Arc<Secret>,
    world: World,
    pace: Arc<Pace>,
    patience: Patience,
    until: Option<Time>,
}

/// Whether a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Never,
    /// As soon as the pace allows: it has not been taken.
    WhenAllowed,
    /// After a while.
    Later,
}

impl Client {
    /// The API at `base`, asked with `key` by up to `at_once` requests at the same time.
    pub fn new(base: BaseUrl, key: Secret, world: World, egress: &Egress, at_once: usize) -> Self {
        Self {
            agent: egress.agent(base.as_str(), at_once, ATTEMPT),
            base,
            key: Arc::new(key),
            world,
            pace: Arc::default(),
            patience: Patience::PERSON,
            until: None,
        }
    }

    /// The same with another patience.
    #[must_use]
    pub fn patient(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The same until this moment: all calls together end by then.
    #[must_use]
    pub fn until(self, moment: Time) -> Self {
        Self { until: Some(moment), ..self }
    }

    /// The same at the pace of others who ask with the same key.
    #[must_use]
    pub fn at_pace(self, pace: Arc<Pace>) -> Self {
        Self { pace, ..self }
    }

    /// Where the API is.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Time and chance, as this client has them.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What is at `path`.
    pub fn get<T: DeserializeOwned>(&self, path: ApiPath) -> Result<T, Trouble> {
        self.ask(&Request::get(path))
    }

    /// Sends a request, and reads what it answers.
    pub fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Trouble> {
        self.send(request)?.read()
    }

    /// Sends a request until there is an answer that stands, whatever it says.
    ///
    /// # Errors
    /// That there is none: no answer came, none that makes sense, or not in time; or there is no key to ask with.
    pub fn send(&self, request: &Request) -> Result<Answer, Trouble> {
        if self.key.reveal().trim().is_empty() {
            return Err(Trouble::new(Kind::NoKey, "there is no API key"));
        }
        let deadline = self.world.now() + self.patience.call;
        let deadline = self.until.map_or(deadline, |until| until.min(deadline));
        if deadline <= self.world.now() {
            return Err(Trouble::new(Kind::NoAnswer, "this has taken too long altogether"));
        }
        let bucket = bucket(request);
        let mut last = Err(Trouble::new(Kind::Limited, "the server's rate limit leaves no time for this request"));
        let mut repeats = 0;
        while let Some(ticket) = self.pace.await_turn(&bucket, &self.world, deadline) {
            let (outcome, again) = self.attempt(request, &bucket, ticket);
            last = outcome;
            match again {
                Again::Never => break,
                Again::WhenAllowed => {}
                Again::Later => {
                    repeats += 1;
                    let wait = self.back_off(repeats);
                    if repeats > self.patience.repeats || self.world.now() + wait > deadline {
                        break;
                    }
                    self.world.sleep(wait);
                }
            }
        }
        last
    }

    /// Sends a request once, and judges what came of it.
    fn attempt(&self, request: &Request, bucket: &str, ticket: Ticket) -> (Result<Answer, Trouble>, Again) {
        let outcome = self.try_once(request);
        let now = self.world.now();
        let told = outcome
            .as_ref()
            .ok()
            .map(|answer| Told::read(answer.status, |name| answer.header(name), &answer.body, now));
        self.pace.learn(bucket, ticket, told.as_ref(), now);
        let when_repeatable = if request.is_repeatable { Again::Later } else { Again::Never };
        match outcome {
            Ok(answer) if answer.status == 429 => (Ok(answer), Again::WhenAllowed),
            Ok(answer) if answer.status >= 500 => (Ok(answer), when_repeatable),
            Ok(answer) if !request.takes_anything && answer.is_nonsense() => {
                (Err(nonsense(answer.status, "it is no JSON, or not all of it")), when_repeatable)
            }
            Ok(answer) => (Ok(answer), Again::Never),
            Err(error) => {
                let again = match fate(&error) {
                    Fate::Refused => Again::Never,
                    Fate::Unsent => Again::Later,
                    Fate::Unknown => when_repeatable,
                };
                (Err(self.trouble(error)), again)
            }
        }
    }

    fn try_once(&self, request: &Request) -> Result<Answer, ureq::Error> {
        let mut builder =
            http::Request::builder().method(&request.method).uri(format!("{}{}", self.base, request.path));
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        builder = builder.header("authorization", format!("Bearer {}", self.key.reveal()));
        let usual = ["accept", "content-type"].iter().take(if request.body.is_some() { 2 } else { 1 });
        for name in usual.filter(|name| !request.has_header(name)) {
            builder = builder.header(*name, "application/json");
        }
        let mut response = match &request.body {
            Some(body) => self.agent.run(builder.body(body.to_string())?)?,
            None => self.agent.run(builder.body(())?)?,
        };
        let mut body = Vec::new();
        // The body's own limit counts what comes over the wire, which may be packed very tightly.
        let reader = response.body_mut().with_config().limit(LONGEST_ANSWER).reader();
        reader.take(LONGEST_ANSWER + 1).read_to_end(&mut body)?;
        if body.len() as u64 > LONGEST_ANSWER {
            return Err(ureq::Error::BodyExceedsLimit(LONGEST_ANSWER));
        }
        let text = |value: &http::HeaderValue| self.masked(value.as_bytes()).unwrap_or_else(|| lossy(value.as_bytes()));
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = self.masked(&body).map_or(body, String::into_bytes);
        Ok(Answer { status: response.status().as_u16(), headers, body })
    }

    /// What a server said without the key, if it sent that back: nobody shows or keeps it by accident.
    fn masked(&self, said: &[u8]) -> Option<String> {
        let (said, key) = (String::from_utf8_lossy(said), self.key.reveal());
        said.contains(key).then(|| said.replace(key, "…"))
    }

    fn trouble(&self, error: ureq::Error) -> Trouble {
        match error {
            ureq::Error::Other(refused) if refused.is::<Refused>() => {
                Trouble::new(Kind::NotSent, format!("{}: {refused}", self.base))
            }
            ureq::Error::Http(_) => Trouble::new(Kind::NotSent, "a header holds what no header can"),
            ureq::Error::BodyExceedsLimit(limit) => {
                Trouble::new(Kind::NoAnswer, format!("{}: the answer is longer than {limit} bytes", self.base))
            }
            error => Trouble::new(Kind::NoAnswer, format!("{}: {error}", self.base)),
        }
    }

    /// How long to wait before the nth repetition: 100 ms, 200 ms, 400 ms …, between half of it and all of it.
    fn back_off(&self, nth: u32) -> Duration {
        let whole = Duration::from_millis(100 << nth.min(8).saturating_sub(1));
        let [chance] = self.world.secret::<1>();
        whole.mul_f64(0.5 + f64::from(chance) / 512.0)
    }
}

fn lossy(said: &[u8]) -> String {
    String::from_utf8_lossy(said).into_owned()
}

/// What became of a request without an answer.
enum Fate {
    /// It will never be sent.
    Refused,
    /// There was no connection to send it on.
    Unsent,
    /// It may have been carried out.
    Unknown,
}

fn fate(error: &ureq::Error) -> Fate {
    match error {
        ureq::Error::Other(other) if other.is::<Refused>() => Fate::Refused,
        // An answer that is too long would be so again.
        ureq::Error::Http(_) | ureq::Error::BadUri(_) | ureq::Error::BodyExceedsLimit(_) => Fate::Refused,
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => Fate::Unsent,
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => Fate::Unsent,
        _ => Fate::Unknown,
    }
}

/// The requests that share a limit, as far as can be told from outside: the method, and the path without what
/// names one thing.
fn bucket(request: &Request) -> String {
    let steps: Vec<_> = request.path.before_query().split('/').skip(1).collect();
    format!("{} {} {}", request.method, steps.len(), steps.iter().take(2).copied().collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::Mutex;
    use std::thread;

    use serde_json::json;
    use testkit::{CountedEntropy, FakeClock};

    use super::*;

    const GOOD: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"things\": []}";
    const FAILING: &str = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n<html>";
    const LOST: &str = "";

    /// A server that gives these answers, one a connection; the client that asks it, and what it was asked.
    fn answering(answers: &[&str]) -> (Client, Arc<Mutex<Vec<String>>>) {
        answering_bytes(answers.iter().map(|answer| answer.as_bytes().to_vec()).collect())
    }

    fn answering_bytes(answers: Vec<Vec<u8>>) -> (Client, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                log.lock().unwrap().push(lines.next().unwrap_or_default());
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                // Whoever has read enough hangs up.
                let _ = stream.write_all(&answer);
            }
        });
        let world = World::new(FakeClock::default(), CountedEntropy::new(1));
        let egress = Egress::allowing(["127.0.0.0/8".parse().unwrap()]);
        (Client::new(base, "inc_key".into(), world, &egress, 1), asked)
    }

    fn path(text: &str) -> ApiPath {
        text.parse().unwrap()
    }

    #[test]
    fn what_can_be_sent_twice_is_sent_until_there_is_an_answer_that_makes_sense() {
        let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>";
        let half = "HTTP/1.1 200 OK\r\ncontent-length: 14\r\nconnection: close\r\n\r\n{\"thin";
        for broken in [FAILING, LOST, page, half] {
            let (client, asked) = answering(&[broken, broken, GOOD]);
            assert_eq!(client.get::<Json>(path("/things")).unwrap(), json!({"things": []}), "{broken}");
            assert_eq!(asked.lock().unwrap().len(), 3);
        }
        let (client, _) = answering(&[LOST, GOOD]);
        let post = Request::post(path("/things"), json!({"idempotency_key": "k"})).repeatable();
        assert_eq!(client.send(&post).unwrap().status, 200);
    }

    #[test]
    fn what_might_be_done_twice_is_sent_once() {
        for broken in [FAILING, LOST] {
            let (client, asked) = answering(&[broken, GOOD]);
            let post = Request::post(path("/things"), json!({}));
            let outcome = client.ask::<Json>(&post).unwrap_err();
            assert!(matches!(outcome.kind, Kind::Failing | Kind::NoAnswer));
            assert_eq!(*asked.lock().unwrap(), ["POST /things HTTP/1.1"]);
        }
    }

    #[test]
    fn too_early_is_waited_out_whatever_the_request() {
        let early = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 40\r\nconnection: close\r\n\r\n";
        let (client, asked) = answering(&[early, GOOD]);
        let began = client.world.now();
        assert_eq!(client.send(&Request::post(path("/things"), json!({}))).unwrap().status, 200);
        assert_eq!(client.world.now().since(began), Duration::from_secs(40));
        assert_eq!(asked.lock().unwrap().len(), 2);

        let (client, _) = answering(&[&early.replace("40", "4000")]);
        let refused = client.get::<Json>(path("/things")).unwrap_err();
        assert_eq!((refused.kind, refused.status), (Kind::Limited, Some(429)), "that is longer than a person waits");
    }

    #[test]
    fn a_server_that_keeps_failing_is_given_up_with_what_it_said_last() {
        let (client, asked) = answering(&[FAILING; 9]);
        assert_eq!(client.send(&Request::get(path("/things"))).unwrap().status, 503);
        assert_eq!(asked.lock().unwrap().len(), 1 + Patience::PERSON.repeats as usize);
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = Client { base: format!("http://{nobody}").parse().unwrap(), ..client };
        let trouble = client.send(&Request::post(path("/things"), json!({}))).unwrap_err();
        assert_eq!((trouble.kind, trouble.status), (Kind::NoAnswer, None));
    }

    #[test]
    fn the_key_goes_to_one_host_alone() {
        let away = "HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\nconnection: close\r\n\r\n";
        let (client, asked) = answering(&[away]);
        let trouble = client.get::<Json>(path("/things")).unwrap_err();
        assert_eq!(trouble.kind, Kind::NotSent);
        assert!(trouble.message.contains("http://evil.example/"), "{trouble}");
        assert_eq!(asked.lock().unwrap().len(), 1);
        assert!(!format!("{trouble:?}").contains("inc_key"));
    }

    #[test]
    fn an_answer_never_holds_the_key() {
        let echo = "HTTP/1.1 404 Not Found\r\nx-key: inc_key\r\nconnection: close\r\n\r\n\
            {\"errors\": [{\"message\": \"who is inc_key?\"}]}";
        let (client, _) = answering(&[echo, echo]);
        let answer = client.send(&Request::get(path("/things"))).unwrap();
        assert!(!format!("{answer:?}").contains("inc_key") && answer.header("x-key") == Some("…"));
        assert!(!answer.body.windows(7).any(|part| part == b"inc_key"));
        assert_eq!(client.get::<Json>(path("/things")).unwrap_err().message, "who is …?");
    }

    #[test]
    fn without_a_key_nothing_is_sent() {
        let (client, asked) = answering(&[GOOD]);
        for blank in ["", " \n"] {
            let client = Client { key: Arc::new(blank.into()), ..client.clone() };
            assert_eq!(client.get::<Json>(path("/things")).unwrap_err().kind, Kind::NoKey);
        }
        assert!(asked.lock().unwrap().is_empty());
    }

    #[test]
    fn an_answer_that_unpacks_to_more_than_is_read_is_given_up() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let page = [b' '; 1024 * 1024];
        (0..=LONGEST_ANSWER / page.len() as u64).for_each(|_| packed.write_all(&page).unwrap());
        let packed = packed.finish().unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            packed.len()
        );
        let (client, asked) = answering_bytes(vec![[head.into_bytes(), packed].concat()]);
        let trouble = client.get::<Json>(path("/things")).unwrap_err();
        assert!(trouble.message.contains("longer than"), "{trouble}");
        assert_eq!(asked.lock().unwrap().len(), 1, "it would be as long again");
    }

    #[test]
    fn a_list_is_read_to_its_end() {
        let page = |rows: &str, meta: &str| {
            let body = format!("{{\"things\": [{rows}], \"pagination_meta\": {{{meta}}}}}");
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")
        };
        let first = page("1, 2", "\"after\": \"a b\", \"total_record_count\": 3");
        let (client, asked) = answering(&[&first, &page("3", "\"page_size\": 2")]);
        assert_eq!(client.all::<Json>(path("/things?page_size=2"), "things").unwrap(), [1, 2, 3]);
        assert_eq!(
            *asked.lock().unwrap(),
            ["GET /things?page_size=2 HTTP/1.1", "GET /things?page_size=2&after=a%20b HTTP/1.1"]
        );
        let (client, _) = answering(&[&first, &first]);
        let trouble = client.all::<Json>(path("/things"), "").unwrap_err();
        assert_eq!(trouble.message, "/things: the pages go in circles");
        let pages = ["a", "b", "c", "a"].map(|after| page("1", &format!("\"after\": \"{after}\"")));
        let (client, _) = answering(&pages.each_ref().map(String::as_str));
        assert!(
            client.all::<Json>(path("/things"), "").unwrap_err().message.contains("in circles"),
            "also in larger ones"
        );
    }
}
