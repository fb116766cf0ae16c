//! Pages: what people see in a browser.
//!
//! A page is no operation of the API: who asks is known by a cookie, the answer is HTML, and to make it several
//! operations may be called. So it is made on a thread that may wait, from a [`Visit`] to a [`View`].

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::channel::Channel;

use crate::route::Method;

/// An address at which people are shown something, or send a form.
#[derive(Clone)]
pub struct PageRoute {
    /// How it is asked for.
    pub method: Method,
    /// Where: `/incidents/{id}`.
    pub path: &'static str,
    /// The largest body that is read, in bytes.
    pub largest_body: usize,
    /// Makes what is shown.
    pub show: Arc<dyn Fn(Visit) -> View + Send + Sync>,
}

/// Somebody asks for a page.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The route that was taken: a path, as logs may have it, since it holds no secrets.
    pub route: &'static str,
    /// The path, without what stands after it.
    pub path: String,
    /// What stands in the path's parameters, in order.
    pub segments: Vec<String>,
    /// The query string, without its `?`.
    pub query: String,
    /// The body: of a form, its fields. None where it is larger than the route takes.
    pub body: Option<Vec<u8>>,
    /// Where the request comes from.
    pub address: IpAddr,
    pub(crate) headers: HeaderMap,
}

impl Visit {
    /// A header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let all = self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
            let (key, value) = cookie.split_once('=')?;
            (key.trim() == name).then(|| value.trim())
        })
    }
}

/// What somebody is shown.
pub struct View {
    /// The HTTP status.
    pub status: u16,
    /// Headers: cookies, where to go on.
    pub headers: Vec<(&'static str, String)>,
    /// What stands in it.
    pub content: Content,
}

/// What stands in a view.
pub enum Content {
    /// All of it, and what it is: `text/html; charset=utf-8`.
    Whole(&'static str, Vec<u8>),
    /// Events as they come (server-sent events): asked for each second, until the reader is gone. What is answered is
    /// the event's data.
    Events(Box<dyn FnMut() -> Option<String> + Send>),
}

impl View {
    /// A page.
    pub fn page(html: String) -> Self {
        Self { status: 200, headers: Vec::new(), content: Content::Whole(HTML, html.into_bytes()) }
    }

    /// Go and see another page.
    pub fn go_to(path: impl Into<String>) -> Self {
        Self { status: 303, headers: vec![("location", path.into())], content: Content::Whole(HTML, Vec::new()) }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

const HTML: &str = "text/html; charset=utf-8";
/// How often is looked for something new.
const GLIMPSE: Duration = Duration::from_secs(1);
/// After how many looks a reader is told that there is nothing new, so that nobody in between hangs up.
const SIGN_OF_LIFE: usize = 15;

/// What a browser may do with a page: nothing from elsewhere runs in it, and it stands in no other page.
const GUARDS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// The view as an answer.
pub(crate) fn respond(view: View) -> Response {
    let mut response = match view.content {
        Content::Whole(kind, content) => {
            let mut response = Response::new(Body::from(content));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        }
        Content::Events(look) => {
            let mut response = Response::new(events(look));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            response
        }
    };
    *response.status_mut() = StatusCode::from_u16(view.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let guards = GUARDS.iter().map(|(name, value)| (*name, (*value).to_owned()));
    for (name, value) in guards.chain([("cache-control", "no-store".to_owned())]).chain(view.headers) {
        let Ok(value) = HeaderValue::try_from(value) else { continue };
        // A cookie stands beside others; anything else is said once, and last by the page itself.
        if name == "set-cookie" {
            response.headers_mut().append(header::SET_COOKIE, value);
        } else {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Events, each looked for on a thread that may wait, until the reader is gone.
fn events(mut look: Box<dyn FnMut() -> Option<String> + Send>) -> Body {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        let mut quiet = 0;
        loop {
            let looked = tokio::task::spawn_blocking(move || (look(), look)).await;
            let Ok((found, back)) = looked else { return };
            look = back;
            quiet = if found.is_some() { 0 } else { quiet + 1 };
            let told = match found {
                Some(data) => Some(format!("data: {}\n\n", data.replace('\n', "\ndata: "))),
                None => (quiet % SIGN_OF_LIFE == 1).then(|| ":\n\n".to_owned()),
            };
            if let Some(told) = told
                && sender.send_data(told.into()).await.is_err()
            {
                return;
            }
            tokio::time::sleep(GLIMPSE).await;
        }
    });
    Body::new(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; session=x=y ;b"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=3"));
        let visit = Visit {
            route: "/",
            path: "/".into(),
            segments: Vec::new(),
            query: String::new(),
            body: None,
            address: IpAddr::from([127, 0, 0, 1]),
            headers,
        };
        assert_eq!([visit.cookie("session"), visit.cookie("c"), visit.cookie("b")], [Some("x=y"), Some("3"), None]);
    }

    #[test]
    fn a_page_says_itself_how_long_it_may_be_kept_and_everything_else_is_guarded() {
        let response = respond(View::page("<p>".into()).with_header("cache-control", "max-age=60"));
        assert_eq!(response.headers()["cache-control"], "max-age=60");
        assert_eq!(response.headers()["x-frame-options"], "DENY");
        let response = respond(View::go_to("/x").with_header("set-cookie", "a=1").with_header("set-cookie", "b=2"));
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["location"]),
            (303, &HeaderValue::from_static("/x"))
        );
    }
}
