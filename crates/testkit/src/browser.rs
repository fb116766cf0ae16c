//! A browser without scripts: it keeps cookies, and sends forms with what pages hide in them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::Agent;
use ureq::http::Request;

/// Looks at the pages of one server.
pub struct Browser {
    agent: Agent,
    address: String,
    cookies: RefCell<BTreeMap<String, String>>,
    /// What forms carry that the last page was shown with.
    csrf: RefCell<Option<String>>,
    /// Where a proxy says that it is.
    forwarded_for: Option<String>,
    /// What else it says of itself.
    headers: Vec<(String, String)>,
}

/// What it was shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The HTTP status.
    pub status: u16,
    /// Where to go on, if anywhere.
    pub location: Option<String>,
    /// The page's source.
    pub text: String,
    /// What the cookies were set to, as it came.
    pub set_cookies: Vec<String>,
    /// How many seconds to wait before another try, if it says so.
    pub retry_after: Option<u64>,
}

impl Browser {
    pub(crate) fn new(address: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Self {
            agent: Agent::new_with_config(config),
            address: address.into(),
            cookies: RefCell::default(),
            csrf: RefCell::default(),
            forwarded_for: None,
            headers: Vec::new(),
        }
    }

    /// The same browser at this address, as a trusted proxy tells.
    #[must_use]
    pub fn at(self, address: &str) -> Self {
        Self { forwarded_for: Some(address.into()), ..self }
    }

    /// The same browser, which sends this header, too.
    #[must_use]
    pub fn sending(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A page.
    pub fn get(&self, path: &str) -> Shown {
        let request = Request::builder().method("GET").uri(format!("{}{}", self.address, path));
        let shown = self.send(request, String::new());
        *self.csrf.borrow_mut() = shown.hidden("csrf");
        shown
    }

    /// Sends a form with what the last page hid in it.
    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let csrf = self.csrf.borrow().clone();
        let hidden = csrf.as_deref().map(|csrf| ("csrf", csrf));
        self.send_form(path, &hidden.into_iter().chain(fields.iter().copied()).collect::<Vec<_>>())
    }

    /// Sends these fields and no others, as another site's form would.
    pub fn send_form(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let request = Request::builder().method("POST").uri(format!("{}{}", self.address, path));
        self.send(request.header("content-type", "application/x-www-form-urlencoded"), body.join("&"))
    }

    /// A cookie that it keeps.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Keeps a cookie.
    pub fn keep(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.into(), value.into());
    }

    fn send(&self, request: ureq::http::request::Builder, body: String) -> Shown {
        let cookies: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("accept", "text/html").header("cookie", cookies.join("; "));
        if let Some(address) = &self.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(body).expect("a sound request");
        let mut response = self.agent.run(request).expect("the server answers");
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        let set_cookies = response.headers().get_all("set-cookie").iter();
        let set_cookies: Vec<_> = set_cookies.map(|value| value.to_str().expect("text").to_owned()).collect();
        for cookie in &set_cookies {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if cookie.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.keep(name, value);
            }
        }
        let (status, location) = (response.status().as_u16(), header("location"));
        let retry_after = header("retry-after").map(|seconds| seconds.parse().expect("seconds"));
        let text = response.body_mut().read_to_string().expect("text");
        // Templates escape what needn't be escaped, too.
        Shown { status, location, text: text.replace("&#x2f;", "/"), set_cookies, retry_after }
    }
}

impl Shown {
    /// What a form's hidden field holds.
    pub fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self.text.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }

    /// What a choice sends for the option that reads so.
    pub fn option(&self, text: &str) -> Option<String> {
        let (before, _) = self.text.split_once(&format!(">{text}</option>"))?;
        let (_, value) = before.rsplit_once("<option value=\"")?;
        value.split_once('"').map(|(value, _)| value.to_owned())
    }

    /// Whether this stands in the page.
    pub fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The page, if it was shown.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Where it leads to.
    #[track_caller]
    pub fn leads_to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.location.as_deref().expect("a redirection says where to")
    }
}
