//! Requests, as a test writes them.

use std::collections::BTreeMap;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use crate::app::App;

/// Calls one server with one token.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    address: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

/// What it answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; null where there is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Client {
    pub(crate) fn new(address: &str, token: Option<&str>) -> Self {
        let agent = Agent::new_with_config(Agent::config_builder().http_status_as_error(false).build());
        Self { agent, address: address.into(), token: token.map(str::to_owned), headers: Vec::new() }
    }

    /// The same client with another token, or none.
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// The same client on another node.
    pub fn at(&self, node: &App) -> Self {
        self.through(&node.address)
    }

    /// The same client through what stands before its server at `address`: a proxy, or a stand-in.
    pub fn through(&self, address: &str) -> Self {
        Self { address: address.into(), ..self.clone() }
    }

    /// The same client with one more header.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.into(), value.into()));
        client
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// POST.
    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body.to_string()))
    }

    /// PUT.
    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body.to_string()))
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None)
    }

    /// Any method, with a body as it is.
    pub fn send(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        self.try_send(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// The same where the server may be gone: no answer then.
    pub fn try_send(&self, method: &str, path: &str, body: Option<String>) -> Result<Answer, ureq::Error> {
        let path = path.replace('[', "%5B").replace(']', "%5D").replace(' ', "%20");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.header("content-type", "application/json").body(body.unwrap_or_default());
        let mut response = self.agent.run(request.expect("a sound request"))?;
        let text = response.body_mut().read_to_string()?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
                .collect(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }
}

impl Answer {
    /// The body, if the status is as it should be.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The problems of an error: code and pointer.
    #[track_caller]
    pub fn problems(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("no errors in {}", self.text));
        errors
            .iter()
            .map(|error| {
                (error["code"].as_str().unwrap_or_default(), error["source"]["pointer"].as_str().unwrap_or_default())
            })
            .collect()
    }
}
