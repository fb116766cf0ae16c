//! The system that is told who is on call.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value as Json;
use ureq::Agent;
use ureq::http::Request;

/// A system that can be told who is on call.
pub trait Provider: Send + Sync {
    /// Makes what the system has at `path` the same as `document`; doing so twice changes nothing. The
    /// path's steps are texts that users chose.
    ///
    /// # Errors
    /// Why it could not be told, for people.
    fn put(&self, path: &[&str], document: &Json) -> Result<Told, String>;
}

/// What the system answers.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Told {
    /// What it calls our users, by their e-mail address.
    #[serde(default)]
    pub users: BTreeMap<String, String>,
}

/// The system of this organisation, as a service of the [`World`](base::World).
#[derive(Clone)]
pub struct Mirror(pub Arc<dyn Provider>);

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mirror") // its address may hold a password
    }
}

impl Mirror {
    /// The system at `place`: `file:/srv/mirror`, a directory, or `https://example.com/mirror`, a server.
    ///
    /// # Errors
    /// Why this is no such place.
    pub fn at(place: &str) -> Result<Self, String> {
        if let Some(directory) = place.strip_prefix("file:") {
            return Ok(Self(Arc::new(Directory(directory.trim_start_matches("//").into()))));
        }
        if place.starts_with("https://") || place.starts_with("http://") {
            let url = place.trim_end_matches('/').to_owned();
            let agent = web::agent(&url, 1, PATIENCE);
            return Ok(Self(Arc::new(Server { agent, url })));
        }
        Err("a mirror is a directory (file:/srv/mirror) or a server (https://example.com/mirror)".into())
    }
}

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What stands in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

fn joined(path: &[&str]) -> String {
    path.iter().map(|step| utf8_percent_encode(step, PLAIN).to_string()).collect::<Vec<_>>().join("/")
}

/// A directory with a JSON file for each thing: `user-groups/S012.json`. A file `users.json` in it may say what
/// the other system calls people: `{"ada@example.com": "P123"}`.
struct Directory(PathBuf);

impl Provider for Directory {
    fn put(&self, path: &[&str], document: &Json) -> Result<Told, String> {
        let file = self.0.join(format!("{}.json", joined(path)));
        let write = || {
            let directory = file.parent().unwrap_or(&self.0);
            fs::create_dir_all(directory)?;
            let mut fresh = tempfile::NamedTempFile::new_in(directory)?;
            serde_json::to_writer_pretty(&mut fresh, document)?;
            fresh.write_all(b"\n")?;
            fresh.persist(&file)?;
            Ok::<_, std::io::Error>(())
        };
        write().map_err(|error| format!("{}: {error}", file.display()))?;
        let users = self.0.join("users.json");
        match fs::read(&users) {
            Ok(text) => {
                let users = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", users.display()))?;
                Ok(Told { users })
            }
            Err(_) => Ok(Told::default()),
        }
    }
}

/// A server that takes `PUT {url}/user-groups/S012` with the document as JSON, and answers 2xx, with nothing or
/// with `{"users": {"ada@example.com": "P123"}}`.
struct Server {
    agent: Agent,
    url: String,
}

impl Provider for Server {
    fn put(&self, path: &[&str], document: &Json) -> Result<Told, String> {
        // The address may hold a password: it is not told.
        let failed = |error: ureq::Error| format!("the mirror can't be reached: {error}");
        let request = Request::put(format!("{}/{}", self.url, joined(path))).header("content-type", "application/json");
        let request = request.body(document.to_string()).map_err(|error| error.to_string())?;
        let mut response = self.agent.run(request).map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("the mirror answered {}", status.as_u16()));
        }
        let text = response.body_mut().read_to_string().map_err(failed)?;
        if text.trim().is_empty() {
            return Ok(Told::default());
        }
        serde_json::from_str(&text).map_err(|error| format!("the mirror's answer makes no sense: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::net::TcpListener;
    use std::thread;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_directory_has_a_file_for_each_thing_and_nothing_outside_of_it() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("mirror");
        let mirror = Mirror::at(&format!("file:{}", place.display())).unwrap();
        for (id, file) in [("S1", "S1"), ("../../x", "%2E%2E%2F%2E%2E%2Fx")] {
            for version in [1, 2] {
                let told = mirror.0.put(&["user-groups", id], &json!({"version": version})).unwrap();
                assert!(told.users.is_empty());
            }
            let written = fs::read(place.join(format!("user-groups/{file}.json"))).unwrap();
            assert_eq!(serde_json::from_slice::<Json>(&written).unwrap(), json!({"version": 2}));
        }
        assert_eq!(fs::read_dir(place.join("user-groups")).unwrap().count(), 2, "nothing half-written is left");
        fs::write(place.join("users.json"), r#"{"ada@acme.example": "P1"}"#).unwrap();
        let told = mirror.0.put(&["user-groups", "S1"], &json!({})).unwrap();
        assert_eq!(told.users["ada@acme.example"], "P1");
    }

    /// A server that answers one request with this, and says what it was asked.
    fn answering(answer: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mirror/", listener.local_addr().unwrap());
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let mut line = String::new();
                lines.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head += &line;
            }
            let mut body = vec![0; length];
            lines.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            format!("{} {}", head.lines().next().unwrap(), String::from_utf8(body).unwrap())
        });
        (url, served)
    }

    #[test]
    fn a_server_takes_each_thing_and_may_say_what_it_calls_people() {
        let (url, served) =
            answering("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"users\": {\"a@b.example\": \"P1\"}}");
        let told = Mirror::at(&url).unwrap().0.put(&["user-groups", "S 1"], &json!({"members": []})).unwrap();
        assert_eq!(told.users["a@b.example"], "P1");
        assert_eq!(served.join().unwrap(), "PUT /mirror/user-groups/S%201 HTTP/1.1 {\"members\":[]}");

        let (url, _) = answering("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n");
        let refused = Mirror::at(&url).unwrap().0.put(&["x"], &json!({})).unwrap_err();
        assert_eq!(refused, "the mirror answered 503");
        assert!(Mirror::at("ftp://x").is_err());
    }
}
