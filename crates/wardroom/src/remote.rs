//! A server's public API, as a command asks it.

use std::io::Read;
use std::thread;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::Agent;
use ureq::http::{Request, Response};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a request is sent again that got no answer, or that the server failed at.
const REPEATS: u32 = 5;

/// How often a request is sent again that came too early.
const REPEATS_WHEN_LIMITED: u32 = 100;

/// A server, as an API key sees it.
pub struct Remote {
    agent: Agent,
    url: String,
    key: String,
    repeats: u32,
}

/// Why a request did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status; `None` where there was no answer.
    pub status: Option<u16>,
    /// What the server said.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// What a request gets.
pub type Answer<T> = Result<T, Refusal>;

impl Remote {
    /// The server at `url`; `at_once` requests go to it in parallel.
    pub fn new(url: &str, key: &str, at_once: usize) -> Self {
        Self {
            agent: web::agent(url, at_once, PATIENCE),
            url: url.trim_end_matches('/').into(),
            key: key.into(),
            repeats: REPEATS,
        }
    }

    /// The same server for a person who waits: it is soon said that there is no answer.
    pub fn impatient(self) -> Self {
        Self { repeats: 1, ..self }
    }

    /// Asks for what is at `path`.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        self.call("GET", path, None)
    }

    /// Sends a request with a body.
    pub fn send<T: DeserializeOwned>(&self, method: &str, path: &str, body: &impl Serialize) -> Answer<T> {
        self.call(method, path, Some(&serde_json::to_vec(body).expect("it can be written as JSON")))
    }

    /// Sends a request until there is an answer that stands.
    pub fn call<T: DeserializeOwned>(&self, method: &str, path: &str, body: Option<&[u8]>) -> Answer<T> {
        let (mut repeats, mut repeats_when_limited) = (0, 0);
        loop {
            let (refusal, wait) = match self.try_once(method, path, body) {
                Ok((status @ 200..=299, _, text)) => return read(method, path, status, &text),
                Ok((status, wait, text)) => (Refusal { status: Some(status), message: told(status, &text) }, wait),
                Err(error) => (Refusal { status: None, message: format!("{}: {error}", self.url) }, None),
            };
            let wait = match refusal.status {
                Some(429) if repeats_when_limited < REPEATS_WHEN_LIMITED => {
                    repeats_when_limited += 1;
                    wait.unwrap_or(Duration::from_secs(1))
                }
                None | Some(500..) if repeats < self.repeats => {
                    repeats += 1;
                    wait.unwrap_or(Duration::from_millis(100 << repeats))
                }
                _ => return Err(refusal),
            };
            thread::sleep(wait.min(PATIENCE));
        }
    }

    fn try_once(
        &self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> Result<(u16, Option<Duration>, Vec<u8>), ureq::Error> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.key));
        let mut response = match body {
            Some(body) => self.agent.run(request.header("content-type", "application/json").body(body)?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let mut text = Vec::new();
        response.body_mut().with_config().limit(u64::MAX).reader().read_to_end(&mut text)?;
        Ok((response.status().as_u16(), retry_after(&response), text))
    }
}

fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn read<T: DeserializeOwned>(method: &str, path: &str, status: u16, text: &[u8]) -> Answer<T> {
    let text = if text.is_empty() { b"null" } else { text };
    serde_json::from_slice(text).map_err(|error| Refusal {
        status: Some(status),
        message: format!("{method} {path}: an answer that makes no sense: {error}"),
    })
}

/// What an error says to a person.
fn told(status: u16, text: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Body {
        errors: Vec<Problem>,
    }
    #[derive(Deserialize)]
    struct Problem {
        #[serde(default)]
        message: String,
        #[serde(default)]
        source: Option<Place>,
    }
    #[derive(Deserialize)]
    struct Place {
        #[serde(default)]
        pointer: Option<String>,
    }
    let one = |problem: Problem| match problem.source.and_then(|source| source.pointer) {
        Some(pointer) => format!("{pointer}: {}", problem.message),
        None => problem.message,
    };
    match serde_json::from_slice::<Body>(text) {
        Ok(body) if !body.errors.is_empty() => body.errors.into_iter().map(one).collect::<Vec<_>>().join("; "),
        _ => format!("HTTP {status} {}", String::from_utf8_lossy(&text[..text.len().min(200)])),
    }
}

/// `text` as it stands in a path or a query.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use serde_json::{Value, json};

    use super::*;

    /// A server that gives these answers, one a connection, and an agent that asks it.
    fn answering(answers: &'static [&'static str]) -> Remote {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Remote::new(&url, "key", 1)
    }

    const THINGS: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"things\": []}";

    #[test]
    fn a_request_is_repeated_until_there_is_an_answer_that_stands() {
        let early = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\nconnection: close\r\n\r\n";
        let broken = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\nconnection: close\r\n\r\n";
        let answers: &'static [_] = vec![early, broken, "", THINGS].leak();
        assert_eq!(answering(answers).get::<Value>("/things").unwrap(), json!({"things": []}));
    }

    #[test]
    fn what_the_server_refuses_is_told_with_the_place_and_not_repeated() {
        let refusal = "HTTP/1.1 422 Unprocessable Entity\r\nconnection: close\r\n\r\n\
            {\"errors\": [{\"message\": \"must not be blank\", \"source\": {\"pointer\": \"name\"}}, {\"message\": \"no\"}]}";
        let refusal = answering(vec![refusal].leak()).get::<Value>("/things").unwrap_err();
        assert_eq!((refusal.status, refusal.message.as_str()), (Some(422), "name: must not be blank; no"));
        let gone = answering(&["HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\ngone"])
            .get::<Value>("/things")
            .unwrap_err();
        assert_eq!(gone.message, "HTTP 404 gone");
    }
}
