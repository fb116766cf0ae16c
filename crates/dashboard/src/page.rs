//! One request for a page: who asks, for what, with which fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Error, ErrorKind, Result, Secret};
use people::sign_in::{self, Session, sessions};
use people::users::User;
use serde::Serialize;
use serde_json::{Value as Json, json};
use store::{Cx, Origin, Who};
use web::{Call, LARGEST_BODY, Method, PageRoute, View, Visit};

use crate::desk::Desk;
use crate::fields::{Fields, query};
use crate::render;

/// The cookie that holds the session's token.
pub(crate) const SESSION: &str = "wardroom_session";
/// The cookie that holds what has been done, to be told on the next page.
const DONE: &str = "wardroom_done";
/// The cookie that says in which time zone the browser is.
const ZONE: &str = "wardroom_zone";

/// Somebody who is signed in.
pub struct Visitor {
    /// On whose behalf things are done.
    pub who: Who,
    /// Who.
    pub user: User,
    /// What they have.
    pub session: Session,
}

/// One request for a page.
pub struct Page {
    /// What pages are made with.
    pub desk: Arc<Desk>,
    /// Who asks, if they are signed in.
    visitor: Option<Visitor>,
    /// The request itself.
    pub visit: Visit,
    /// The fields of the query.
    pub query: Fields,
    /// The fields of the form.
    pub form: Fields,
}

/// What makes a page.
pub type Handler = fn(&Page) -> Result<View>;

/// Whom a page is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// People who are signed in.
    SignedIn,
    /// Whoever is not signed in, too.
    Public,
    /// Also whoever comes from where the IP allow list lets nobody in: what pages are drawn with.
    Everywhere,
}

impl Audience {
    /// The largest form that is read, in bytes: whoever isn't signed in has little to say.
    fn largest_form(self) -> usize {
        match self {
            Self::SignedIn => LARGEST_BODY,
            Self::Public | Self::Everywhere => 64 * 1024,
        }
    }
}

/// A page's route.
pub fn route(desk: &Arc<Desk>, method: Method, path: &'static str, audience: Audience, handler: Handler) -> PageRoute {
    let desk = Arc::clone(desk);
    let show = move |visit| {
        let mut page = Page::new(&desk, visit);
        page.answer(method, audience, handler).unwrap_or_else(|error| told(&page, &error))
    };
    PageRoute { method, path, largest_body: audience.largest_form(), show: Arc::new(show) }
}

/// A table of pages: `pub fn routes(desk) -> Vec<PageRoute>`. A page is for people who are signed in, unless `public` or
/// `everywhere` stands after its path.
macro_rules! pages {
    ($($method:ident $path:literal $($audience:ident)? => $handler:path;)+) => {
        pub fn routes(desk: &std::sync::Arc<$crate::desk::Desk>) -> Vec<web::PageRoute> {
            vec![$(
                $crate::page::route(
                    desk, web::Method::$method, $path, $crate::page::pages!(@audience $($audience)?), $handler,
                )
            ),+]
        }
    };
    (@audience everywhere) => { $crate::page::Audience::Everywhere };
    (@audience public) => { $crate::page::Audience::Public };
    (@audience) => { $crate::page::Audience::SignedIn };
}
pub(crate) use pages;

/// Who visits, by the cookie.
fn visitor(desk: &Desk, visit: &Visit) -> Result<Option<Visitor>> {
    let Some(token) = visit.cookie(&desk.cookie_name(SESSION)) else { return Ok(None) };
    let Some((session, user)) = sessions::find(&desk.store, &Secret::from(token))? else { return Ok(None) };
    let (asker, origin) = (user.clone(), origin(visit));
    let who = desk.store.read(Who::system(), move |cx| sign_in::who(cx, &asker, origin.clone())).wait()?;
    Ok(Some(Visitor { who, user, session }))
}

/// Where a visit comes from, for the audit log.
pub fn origin(visit: &Visit) -> Origin {
    Origin {
        location: visit.address.to_string(),
        user_agent: visit.header("user-agent").unwrap_or_default().chars().take(300).collect(),
    }
}

/// The page that tells of an error.
fn told(page: &Page, error: &Error) -> View {
    let (status, title) = match error.kind() {
        ErrorKind::NotFound => (404, "There is nothing here"),
        ErrorKind::Forbidden => (403, "That is not yours to do"),
        ErrorKind::TooLarge => (413, "That is too much"),
        ErrorKind::Internal => (500, "Something went wrong"),
        ErrorKind::Busy { .. } => (503, "Too much at once"),
        _ => (422, "That can't be done"),
    };
    match status {
        500 => tracing::error!(%error, "a page failed"),
        403 => {
            let user = page.visitor.as_ref().map(|visitor| visitor.user.id.to_string());
            tracing::warn!(page = page.visit.route, address = %page.visit.address, user, %error, "a page was refused");
        }
        _ => {}
    }
    let messages: Vec<_> = error.problems().iter().map(|problem| problem.message.clone()).collect();
    let view = page.show("error.html", json!({"title": title, "messages": messages, "status": status}));
    let view = view.with_status(status);
    match error.kind() {
        ErrorKind::Busy { retry_after } => view.with_header("retry-after", retry_after.to_string()),
        _ => view,
    }
}

/// What was wrong with a form, for the one that is shown again.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Refused {
    /// What is wrong with each field, by the name that the operation has for it.
    pub fields: BTreeMap<String, String>,
    /// What is wrong with all of it.
    pub whole: Vec<String>,
}

impl Page {
    fn new(desk: &Arc<Desk>, visit: Visit) -> Self {
        let desk = Arc::clone(desk);
        Self { desk, visitor: None, visit, query: Fields::default(), form: Fields::default() }
    }

    fn answer(&mut self, method: Method, audience: Audience, handler: Handler) -> Result<View> {
        if audience != Audience::Everywhere {
            people::prove_admitted(&self.desk.store, self.visit.address)?;
        }
        self.visitor = visitor(&self.desk, &self.visit)?;
        if self.visitor.is_none() && audience == Audience::SignedIn {
            let back = if method == Method::GET { self.address() } else { self.came_from() };
            let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
            return Ok(View::go_to(format!("/sign-in?to={back}")));
        }
        self.query = Fields::read(self.visit.query.as_bytes())?;
        let body = self.visit.body.as_deref().ok_or_else(|| Error::too_large(audience.largest_form()))?;
        self.form = Fields::read(body)?;
        if method != Method::GET && !self.is_own_form() {
            return Err(Error::forbidden("This form is too old, or comes from elsewhere: go back and try again"));
        }
        handler(self)
    }

    /// Who asks.
    ///
    /// # Errors
    /// That nobody is signed in; pages that aren't public have no such case.
    pub fn visitor(&self) -> Result<&Visitor> {
        self.visitor.as_ref().ok_or_else(Error::missing_authorization)
    }

    /// Who asks, if they are signed in.
    pub fn visitor_if_any(&self) -> Option<&Visitor> {
        self.visitor.as_ref()
    }

    /// A parameter of the path.
    pub fn segment(&self, index: usize) -> &str {
        self.visit.segments.get(index).map_or("", String::as_str)
    }

    /// Where this page is, with its query.
    pub fn address(&self) -> String {
        match self.visit.query.as_str() {
            "" => self.visit.path.clone(),
            query => format!("{}?{query}", self.visit.path),
        }
    }

    /// The page that a form was sent from, by the browser's word; home, where it gives none.
    fn came_from(&self) -> String {
        let path = self.visit.header("referer").and_then(|page| page.splitn(4, '/').nth(3));
        format!("/{}", path.unwrap_or_default())
    }

    /// Whether the form was made by this dashboard for this visitor. Without a session there is no token yet: browsers
    /// say then whether it comes from another site, so that nobody is signed in as somebody else.
    fn is_own_form(&self) -> bool {
        let Some(visitor) = &self.visitor else { return self.is_from_here() };
        let shown = self.form.get("csrf").or_else(|| self.visit.header("x-csrf-token"));
        shown.is_some_and(|shown| visitor.session.is_csrf(shown))
    }

    /// Whether the browser says that a page of ours has sent the form. Older ones tell that page's origin alone; who tells
    /// nothing is a program, which no other site makes use of.
    fn is_from_here(&self) -> bool {
        match (self.visit.header("sec-fetch-site"), self.visit.header("origin")) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => self.desk.is_origin(origin) || self.is_host(origin),
            (None, None) => true,
        }
    }

    /// Whether the origin is the host that was asked: not everybody comes by the public address.
    fn is_host(&self, origin: &str) -> bool {
        origin.split_once("://").is_some_and(|(_, host)| self.visit.header("host") == Some(host))
    }

    /// What an operation answers to the visitor.
    pub fn ask(&self, operation: &str, segment: &str, query: &str) -> Result<Json> {
        let call = Call { operation, segments: given(&segment), query, body: Json::Null };
        self.desk.call(self.visitor()?.who.clone(), call)
    }

    /// What an operation answers, or nothing where the visitor may not ask or there is no such thing.
    pub fn ask_if_allowed(&self, operation: &str, segment: &str, query: &str) -> Result<Json> {
        allowed(self.ask(operation, segment, query))
    }

    /// Has an operation do something that no form's field can be wrong about.
    pub fn call(&self, operation: &str, segment: &str, body: Json) -> Result<Json> {
        self.send(self.visitor()?.who.clone(), operation, given(&segment), body)
    }

    /// Has an operation do something, and says what it answers, or what is wrong with the form.
    pub fn submit(&self, operation: &str, segment: &str, body: Json) -> Result<Submitted<Json>> {
        self.submit_at(operation, given(&segment), body)
    }

    /// The same for an operation with several parameters in its path.
    pub fn submit_at(&self, operation: &str, segments: &[&str], body: Json) -> Result<Submitted<Json>> {
        submitted(self.send(self.visitor()?.who.clone(), operation, segments, body))
    }

    /// The same as [`Page::submit`], unless what changes has another version by now than the one that stood in the
    /// form's field `version`: so nobody undoes what somebody else has done in the meantime.
    pub fn submit_seen(&self, operation: &str, segment: &str, body: Json) -> Result<Submitted<Json>> {
        submitted(self.send(self.who_has_seen()?, operation, given(&segment), body))
    }

    /// The visitor, who changes the version that stood in the form's field `version`, and no other.
    pub fn who_has_seen(&self) -> Result<Who> {
        let expects = self.form.text("version").parse().map_err(|_| Error::invalid("version", "is not a number"))?;
        Ok(Who { expects: Some(expects), ..self.visitor()?.who.clone() })
    }

    fn send(&self, who: Who, operation: &str, segments: &[&str], body: Json) -> Result<Json> {
        self.desk.call(who, Call { operation, segments, query: "", body })
    }

    /// Where a list goes on after this answer; null at its end.
    pub fn next(&self, answer: &Json) -> Json {
        let after = answer["pagination_meta"]["after"].as_str().filter(|after| !after.is_empty());
        after.map(|after| format!("{}?{}", self.visit.path, self.query.with(&[("after", after)]))).into()
    }

    /// Where a list begins, for those who have gone on in it; null for those at its beginning.
    pub fn first(&self) -> Json {
        let has_gone_on = self.query.get("after").is_some();
        has_gone_on.then(|| format!("{}?{}", self.visit.path, self.query.with(&[("after", "")]))).into()
    }

    /// Whether the visitor may do what takes this scope, everywhere.
    pub fn may(&self, scope: &str) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.who.access.everywhere(scope))
    }

    /// Refuses whoever may not do what takes this scope.
    pub fn require(&self, scope: &str) -> Result<()> {
        if self.may(scope) { Ok(()) } else { Err(Error::missing_scope(scope)) }
    }

    /// The time zone of the visitor's browser; UTC until it has said so.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        let named = self.visit.cookie(ZONE).map(|name| name.replace("%2F", "/"));
        named.and_then(|name| jiff::tz::TimeZone::get(&name).ok()).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// A template with these variables.
    pub fn show(&self, template: &str, variables: Json) -> View {
        match render::page(self, template, variables) {
            Ok(html) if self.kept(DONE).is_some() => {
                View::page(html).with_header("set-cookie", self.done_cookie("", 0))
            }
            Ok(html) => View::page(html),
            Err(error) => {
                tracing::error!(%error, template, "a page can't be rendered");
                View::page("<!doctype html><title>Wardroom</title><p>Something went wrong.</p>".into()).with_status(500)
            }
        }
    }

    /// A page with a form: as it is at first, or with what was wrong beside the fields.
    pub fn form(&self, template: &str, mut variables: Json, refused: &Refused) -> View {
        variables["refused"] = json!(refused);
        variables["form"] = self.form.as_json();
        let view = self.show(template, variables);
        if refused.is_empty() { view } else { view.with_status(422) }
    }

    /// Goes on at `path`, where it is told what has been done.
    pub fn done(&self, path: &str, told: &str) -> View {
        let told = percent_encoding::utf8_percent_encode(told, percent_encoding::NON_ALPHANUMERIC).to_string();
        View::go_to(path).with_header("set-cookie", self.done_cookie(&told, 60))
    }

    fn done_cookie(&self, told: &str, seconds: u32) -> String {
        self.cookie(DONE, told, u64::from(seconds))
    }

    /// What has been done on the page before.
    pub(crate) fn told(&self) -> Option<String> {
        let told = self.kept(DONE)?;
        Some(percent_encoding::percent_decode_str(told).decode_utf8_lossy().into_owned())
    }

    /// What the browser keeps in a cookie of ours.
    pub fn kept(&self, name: &str) -> Option<&str> {
        self.visit.cookie(&self.desk.cookie_name(name))
    }

    /// A cookie for this server's pages alone, as `set-cookie` has it; for no time at all, one that goes.
    pub fn cookie(&self, name: &str, value: &str, seconds: u64) -> String {
        let name = self.desk.cookie_name(name);
        let secure = if self.desk.is_encrypted() { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
    }

    /// The cookie that keeps somebody signed in; without a token, the one that does so no more.
    pub fn session_cookie(&self, token: Option<&Secret>) -> String {
        let (value, age) = token.map_or(("", 0), |token| (token.reveal(), sessions::AT_MOST.as_secs()));
        self.cookie(SESSION, value, age)
    }

    /// Reads what no operation answers, in one unit of work on behalf of the visitor.
    pub fn look<T: Send + 'static>(&self, look: impl FnMut(&mut Cx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.desk.store.read(self.visitor()?.who.clone(), look).wait()
    }

    /// Does what no operation does, in one unit of work on behalf of the visitor; or says what is wrong with the form.
    pub fn work<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Cx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Submitted<T>> {
        submitted(self.desk.store.write(self.visitor()?.who.clone(), work).wait())
    }

    /// All rows of a list, page by page; none where the visitor may not ask.
    pub fn ask_all_if_allowed(&self, operation: &str, fields: &[(&str, &str)], rows: &str) -> Result<Vec<Json>> {
        allowed(self.ask_all(operation, fields, rows))
    }

    /// All rows of a list, page by page.
    pub fn ask_all(&self, operation: &str, fields: &[(&str, &str)], rows: &str) -> Result<Vec<Json>> {
        let (mut all, mut after) = (Vec::new(), Some(String::new()));
        while let Some(from) = after {
            let paging =
                [("page_size", "250"), ("after", from.as_str())].into_iter().filter(|(_, value)| !value.is_empty());
            let asked: Vec<_> = fields.iter().copied().chain(paging).collect();
            let mut answer = self.ask(operation, "", &query(&asked))?;
            if let Json::Array(found) = answer[rows].take() {
                all.extend(found);
            }
            let next = answer["pagination_meta"]["after"].as_str().filter(|next| !next.is_empty());
            after = next.map(str::to_owned);
        }
        Ok(all)
    }
}

/// What was answered, or nothing where that is not for the visitor to know.
fn allowed<T: Default>(answer: Result<T>) -> Result<T> {
    match answer {
        Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => Ok(T::default()),
        answer => answer,
    }
}

/// What came of a form: what was done, or what is wrong with it.
pub type Submitted<T> = std::result::Result<T, Refused>;

/// What came of a form, unless filling it in differently wouldn't help.
pub fn submitted<T>(outcome: Result<T>) -> Result<Submitted<T>> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(error) => Refused::try_of(error).map(Err),
    }
}

/// The parameter of a path, as a list; none where it is empty.
fn given<'a>(segment: &'a &'a str) -> &'a [&'a str] {
    if segment.is_empty() { &[] } else { std::slice::from_ref(segment) }
}

impl Refused {
    /// One thing wrong with all of a form.
    pub fn whole(message: impl Into<String>) -> Self {
        Self::several(vec![message.into()])
    }

    /// Several things wrong with all of a form.
    pub fn several(whole: Vec<String>) -> Self {
        Self { whole, ..Self::default() }
    }

    /// One thing wrong with a field.
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        Self { fields: BTreeMap::from([(name.to_owned(), message.into())]), ..Self::default() }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.whole.is_empty()
    }

    /// What an error says, field by field.
    ///
    /// # Errors
    /// The error, where filling the form in differently wouldn't help.
    pub fn try_of(error: Error) -> Result<Self> {
        if !matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::Precondition) {
            return Err(error);
        }
        let mut refused = Self::default();
        for problem in error.problems() {
            match problem.pointer.as_str() {
                "" => refused.whole.push(problem.message.clone()),
                pointer => drop(refused.fields.entry(pointer.to_owned()).or_insert_with(|| problem.message.clone())),
            }
        }
        Ok(refused)
    }

    /// The same, with what is wrong at this pointer or below told beside the field `name`.
    #[must_use]
    pub fn moved(mut self, pointer: &str, name: &str) -> Self {
        let is_below = |at: &str| at.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let found: Vec<_> = self.fields.keys().filter(|at| is_below(at)).cloned().collect();
        for at in found {
            if let Some(message) = self.fields.remove(&at) {
                self.fields.entry(name.to_owned()).or_insert(message);
            }
        }
        self
    }

    /// The same, with what is wrong below this pointer told beside the field of this name, after its place there.
    #[must_use]
    pub fn gathered(mut self, pointer: &str) -> Self {
        let place = |at: &String| Some(at.strip_prefix(pointer)?.strip_prefix('.')?.to_owned());
        let found: Vec<_> = self.fields.keys().filter_map(|at| Some((at.clone(), place(at)?))).collect();
        for (at, place) in found {
            if let Some(message) = self.fields.remove(&at) {
                self.fields.entry(pointer.to_owned()).or_insert(format!("{place}: {message}"));
            }
        }
        self
    }

    /// All of it in one text, where there is no form to show it at.
    pub fn told(&self) -> String {
        let fields = self.fields.iter().map(|(name, message)| format!("{name}: {message}"));
        self.whole.iter().cloned().chain(fields).collect::<Vec<_>>().join(" ")
    }
}
