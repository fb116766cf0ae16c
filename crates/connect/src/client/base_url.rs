//! Where an API is, and where in it a request may go: never to another host.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ureq::http::Uri;

/// Where an API is: `https://api.incident.io`, perhaps with a path before that of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| "is no URL")?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return Err("begins with https:// or http://");
        }
        let authority = uri.authority().ok_or("names no host")?;
        if authority.as_str().contains('@') {
            return Err("must not hold a user name or a password");
        }
        if authority.host().is_empty() {
            return Err("names no host");
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("ends with the host or a path: no query, no fragment");
        }
        if has_empty_or_dot_steps(uri.path().strip_prefix('/').unwrap_or_default()) {
            return Err("has a path with empty steps, `.` or `..`");
        }
        Ok(Self(text.to_owned()))
    }
}

/// A path within an API, with a query or without: `/v2/incidents?page_size=25`. It can't lead out of the API: it
/// begins with one slash, and no step of it is `.` or `..`, however that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiPath(String);

/// What stands in a path or a query as it is (RFC 3986, unreserved).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `text` as one step of a path, or as a value in a query.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

impl ApiPath {
    /// The path of these steps, whatever stands in them: `["v2", "incidents", id]`.
    pub fn of(steps: &[&str]) -> Self {
        // Nothing is called `..`: what says so is not found, rather than leading elsewhere.
        let step = |step: &&str| if matches!(*step, "" | "." | "..") { "-".to_owned() } else { escaped(step) };
        Self(format!("/{}", steps.iter().map(step).collect::<Vec<_>>().join("/")))
    }

    /// The path and the query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0 += &format!("{}={}", escaped(name), escaped(value));
        self
    }

    /// What stands before the query.
    pub fn before_query(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

impl fmt::Display for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ApiPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix('/').ok_or("is a path within the API: it begins with / and names no host")?;
        if rest.starts_with('/') || text.contains('\\') {
            return Err("is a path within the API: it begins with one / and holds no \\");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("holds spaces or letters that have to be percent-encoded");
        }
        if text.contains('#') {
            return Err("holds a fragment, which no server sees");
        }
        let path = rest.split('?').next().unwrap_or_default();
        if has_empty_or_dot_steps(path) {
            return Err("must not hold empty steps, `.` or `..`");
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether a step of `path` is empty (but for the last), `.` or `..`, encoded or not.
fn has_empty_or_dot_steps(path: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let decoded = decoded.strip_suffix('/').unwrap_or(&decoded);
    !decoded.is_empty() && decoded.split(['/', '\\']).any(|step| matches!(step.trim(), "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_a_host_perhaps_with_a_path() {
        for (text, base) in [
            ("https://api.incident.io", "https://api.incident.io"),
            (" https://api.incident.io/ ", "https://api.incident.io"),
            ("http://127.0.0.1:7010", "http://127.0.0.1:7010"),
            ("https://proxy.example/incident", "https://proxy.example/incident"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().as_str(), base);
        }
        for text in [
            "",
            "api.incident.io",
            "ftp://x.example",
            "https://",
            "https://ada:secret@x.example",
            "https://ada@x.example",
            "https://x.example?y=z",
            "https://x.example/#y",
            "https://x.example/a/../b",
            "https://x.example//b",
            "https://x.example/%2e%2e",
            "file:///etc/passwd",
            "https:///v1",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_can_not_lead_to_another_host_or_out_of_the_api() {
        for path in ["/v1/severities", "/v2/incidents?page_size=1&x=https://y.example/../z", "/v1/x/a%20b", "/v1/x/"] {
            assert_eq!(path.parse::<ApiPath>().unwrap().as_str(), path);
        }
        for path in [
            "",
            "v1/x",
            "https://evil.example/v1/x",
            "//evil.example/v1",
            "/\\evil.example",
            "/v1/../../x",
            "/v1/./x",
            "/v1/%2e%2e/x",
            "/v1/%2E./x",
            "/v1/..%2fx",
            "/v1//x",
            "/v1/a b",
            "/v1/é",
            "/v1/x#y",
            "/v1/x\r\nHost: y",
            "@evil.example",
            "/%2fevil.example/x",
            "/%5cevil.example",
        ] {
            assert!(path.parse::<ApiPath>().is_err(), "{path:?}");
        }
    }

    #[test]
    fn parameters_are_encoded() {
        let path: ApiPath = "/v2/users".parse().unwrap();
        let path = path.with("email", "a+b@x.example").with("after", "é&");
        assert_eq!(path.as_str(), "/v2/users?email=a%2Bb%40x.example&after=%C3%A9%26");
        assert_eq!(path.before_query(), "/v2/users");
        assert_eq!(ApiPath::of(&["v2", "x", "a/../b"]).as_str(), "/v2/x/a%2F..%2Fb");
        assert_eq!(ApiPath::of(&["v2", "..", "x"]).as_str(), "/v2/-/x");
    }
}
