//! A stand-in for the alerts of the platform: what lists and shows them, and the events that create them.
//!
//! It speaks the contract's shapes, and is strict where the contract is: a list without `page_size` is refused,
//! and so is a filter that it does not know. The newest alert comes first.

use std::collections::BTreeMap;
use std::ops::Bound::{self, Included, Unbounded};
use std::ops::RangeBounds;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base::{AnyId, Error, ErrorKind, Problem, Problems, Result, Time, World};
use serde_json::{Value, json};
use ureq::http::header::AUTHORIZATION;

use crate::http::{Reaction, Request, Response, Server, empty_response, fields, forward, json_response, page};
use crate::world::{CountedEntropy, FakeClock};

/// A server of alerts alone, or of alerts and of all that another server has; stopped when dropped. A client needs
/// nothing of it but the address, so that an [`App`](crate::App) can take its place.
pub struct Alerts {
    /// Its address.
    pub address: String,
    /// Its clock, by which events create alerts.
    pub clock: FakeClock,
    book: Arc<Mutex<Book>>,
    _server: Server,
}

impl Alerts {
    /// Serves these alerts, which look as the API shows them.
    pub fn start(seed: Vec<Value>) -> Self {
        Self::serve(seed, None)
    }

    /// Serves so many believable alerts, the same on every run.
    pub fn with(count: usize) -> Self {
        Self::serve(believable(count), None)
    }

    /// The same, and asks the server at `target`, `http://HOST:PORT`, for everything else.
    pub fn before(target: &str, count: usize) -> Self {
        Self::serve(believable(count), Some(target.to_owned()))
    }

    fn serve(seed: Vec<Value>, target: Option<String>) -> Self {
        let clock = FakeClock::default();
        let named = |alert: Value| (alert["id"].as_str().expect("an alert has an ID").to_owned(), alert);
        let book = Book {
            world: World::new(clock.clone(), CountedEntropy::new(1)),
            alerts: seed.into_iter().map(named).collect(),
            events: Vec::new(),
        };
        let book = Arc::new(Mutex::new(book));
        let serving = Arc::clone(&book);
        let server = Server::start(move |request, _| {
            let own = answer(&mut lock(&serving), request);
            Reaction::answer(&own.unwrap_or_else(|| elsewhere(request, target.as_deref())))
        });
        Self { address: server.url.clone(), clock, book, _server: server }
    }

    /// The events that were accepted, in this order.
    pub fn events(&self) -> Vec<Value> {
        lock(&self.book).events.clone()
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().expect("no one panics holding the alerts")
}

/// What the stand-in answers itself; `None` for what it doesn't serve.
fn answer(book: &mut Book, request: &Request) -> Option<Response> {
    let path: Vec<_> = request.uri().path().split('/').skip(1).collect();
    let (status, body) = match (request.method().as_str(), path.as_slice()) {
        ("GET", ["v2", "alerts"]) => (200, authenticate(is_reader(request)).and_then(|()| book.list(&query(request)))),
        ("GET", ["v2", "alerts", id]) => (200, authenticate(is_reader(request)).and_then(|()| book.show(id))),
        ("POST", ["v2", "alert_events", "http", source]) => {
            (202, authenticate(is_source(request)).and_then(|()| book.take(source, request.body())))
        }
        _ => return None,
    };
    Some(body.map_or_else(|error| refusal(&error), |body| json_response(status, &body)))
}

fn elsewhere(request: &Request, target: Option<&str>) -> Response {
    match target {
        Some(target) => forward(request, target).unwrap_or_else(|_| page(502)),
        None => empty_response(404),
    }
}

fn authenticate(known: bool) -> Result<()> {
    known.then_some(()).ok_or_else(Error::missing_authorization)
}

fn is_reader(request: &Request) -> bool {
    credentials(request, "Bearer ")
}

/// A source of events may say who it is in other ways, too.
fn is_source(request: &Request) -> bool {
    is_reader(request) || credentials(request, "Basic ") || query(request).iter().any(|(name, _)| name == "token")
}

fn credentials(request: &Request, scheme: &str) -> bool {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    header.and_then(|header| header.strip_prefix(scheme)).is_some_and(|token| !token.is_empty())
}

fn query(request: &Request) -> Vec<(String, String)> {
    fields(request.uri().query().unwrap_or_default())
}

/// The platform's answer that tells of `error`.
fn refusal(error: &Error) -> Response {
    let (status, kind) = match error.kind() {
        ErrorKind::Unauthenticated => (401, "authentication_error"),
        ErrorKind::NotFound => (404, "not_found"),
        ErrorKind::Malformed => (400, "invalid_request_error"),
        _ => (422, "validation_error"),
    };
    let errors: Vec<_> = error.problems().iter().map(told).collect();
    json_response(status, &json!({"type": kind, "status": status, "request_id": "alerts", "errors": errors}))
}

fn told(problem: &Problem) -> Value {
    let mut told = json!({"code": problem.code, "message": problem.message});
    if !problem.pointer.is_empty() {
        told["source"] = json!({"field": problem.field(), "pointer": problem.pointer});
    }
    told
}

/// The alerts by ID, and the events that were taken.
struct Book {
    world: World,
    alerts: BTreeMap<String, Value>,
    events: Vec<Value>,
}

impl Book {
    fn list(&self, query: &[(String, String)]) -> Result<Value> {
        let Listing { size, after, filters } = Listing::of(query)?;
        let before = |id: &String| after.as_ref().is_none_or(|after| id < after);
        let passes = |alert: &Value| filters.iter().all(|filter| filter(alert));
        let mut rest = self.alerts.iter().rev().filter(|(id, alert)| before(id) && passes(alert)).peekable();
        let rows: Vec<_> = rest.by_ref().take(size).collect();
        let mut meta = json!({"page_size": size});
        if let (Some(_), Some((id, _))) = (rest.peek(), rows.last()) {
            meta["after"] = json!(id);
        }
        let alerts: Vec<_> = rows.into_iter().map(|(_, alert)| alert).collect();
        Ok(json!({"alerts": alerts, "pagination_meta": meta}))
    }

    fn show(&self, id: &str) -> Result<Value> {
        self.alerts.get(id).map(|alert| json!({"alert": alert})).ok_or_else(Error::not_found)
    }

    fn take(&mut self, source: &str, body: &[u8]) -> Result<Value> {
        let event: Value = serde_json::from_slice(body).map_err(|error| Error::malformed(error.to_string()))?;
        let key = check(&event)?.to_owned();
        let now = self.world.now();
        let same = |alert: &&mut Value| alert["alert_source_id"] == source && alert["deduplication_key"] == key;
        match self.alerts.values_mut().find(same) {
            Some(alert) => join(alert, &event, now),
            // There is nothing to resolve.
            None if event["status"] == "resolved" => {}
            None => self.open(source, &event, now),
        }
        self.events.push(event);
        Ok(json!({"deduplication_key": key, "message": "Event accepted for processing", "status": "accepted"}))
    }

    fn open(&mut self, source: &str, event: &Value, now: Time) {
        let id = self.world.new_id::<()>().to_string();
        let mut alert =
            json!({"id": id, "alert_source_id": source, "attributes": [], "created_at": now, "updated_at": now});
        for field in ["deduplication_key", "status", "title", "description", "source_url"] {
            if !event[field].is_null() {
                alert[field] = event[field].clone();
            }
        }
        self.alerts.insert(id, alert);
    }
}

/// Checks an event, and returns its deduplication key.
fn check(event: &Value) -> Result<&str> {
    let text = |field| match &event[field] {
        Value::Null => Err(Error::required(field)),
        value => value.as_str().ok_or_else(|| Error::invalid(field, "must be a string")),
    };
    let mut problems = Problems::new();
    problems.keep(text("title"))?;
    if let Some(status) = problems.keep(text("status"))? {
        problems.check(["firing", "resolved"].contains(&status), "status", "must be firing or resolved");
    }
    let key = problems.keep(text("deduplication_key"))?;
    problems.finish()?;
    Ok(key.unwrap_or_default())
}

/// The event joins an alert of its key: there is one alert a key, which fires and resolves.
fn join(alert: &mut Value, event: &Value, now: Time) {
    let resolved = event["status"] == "resolved";
    if resolved && alert["status"] == "resolved" {
        return; // resolving twice changes nothing
    }
    alert["status"] = event["status"].clone();
    alert["updated_at"] = json!(now);
    if resolved {
        alert["resolved_at"] = json!(now);
    } else if let Some(alert) = alert.as_object_mut() {
        alert.remove("resolved_at");
    }
}

type Filter = Box<dyn Fn(&Value) -> bool>;

/// What a list asks for.
struct Listing {
    size: usize,
    after: Option<String>,
    filters: Vec<Filter>,
}

impl Listing {
    fn of(query: &[(String, String)]) -> Result<Self> {
        let (mut problems, mut given) = (Problems::new(), BTreeMap::<_, Vec<_>>::new());
        for (name, value) in query {
            given.entry(name.as_str()).or_default().push(value.clone());
        }
        let mut only = |name| given.remove(name).and_then(|mut values| values.pop());
        let (size, after) = (only("page_size"), only("after"));
        let size = problems.keep(page_size(size.as_deref()))?;
        let mut filters = Vec::new();
        for (name, values) in given {
            filters.extend(problems.keep(filter(name, values))?);
        }
        problems.finish()?;
        Ok(Self { size: size.unwrap_or_default(), after, filters })
    }
}

fn page_size(given: Option<&str>) -> Result<usize> {
    let size = given.ok_or_else(|| Error::required("page_size"))?.parse().ok();
    size.filter(|size| (1..=50).contains(size)).ok_or_else(|| Error::invalid("page_size", "must be from 1 to 50"))
}

/// The filter that `field[operator]` is with these values.
fn filter(name: &str, values: Vec<String>) -> Result<Filter> {
    let (field, operator) = name.strip_suffix(']').and_then(|name| name.split_once('[')).unwrap_or((name, ""));
    let pointer = format!("{field}.{operator}");
    match (field, operator) {
        ("status", "one_of" | "not_in") => Ok(one_of("status", values, operator == "one_of")),
        ("alert_source", "one_of" | "not_in") => Ok(one_of("alert_source_id", values, operator == "one_of")),
        ("deduplication_key", "is") => Ok(one_of("deduplication_key", values, true)),
        ("created_at" | "updated_at", "gte" | "lte" | "date_range") => {
            let spans = values.iter().map(|value| span(operator, value)).collect::<Result<Vec<_>, _>>();
            let spans = spans.map_err(|problem| Error::invalid(pointer, problem))?;
            let field = field.to_owned();
            Ok(Box::new(move |alert| {
                let moment: Option<Time> = alert[&field].as_str().and_then(|text| text.parse().ok());
                moment.is_some_and(|moment| spans.iter().all(|span| span.contains(&moment)))
            }))
        }
        _ => Err(Error::invalid(pointer, "is no filter that this stand-in knows")),
    }
}

fn one_of(field: &'static str, values: Vec<String>, wanted: bool) -> Filter {
    Box::new(move |alert| values.iter().any(|value| alert[field] == *value) == wanted)
}

/// The moments that a bound leaves; a date alone is a whole day.
fn span(operator: &str, value: &str) -> Result<(Bound<Time>, Bound<Time>), &'static str> {
    let from = |date: &str| Time::from_moment_or_date(date).map(Included);
    let to = |date: &str| date.parse().or_else(|_| format!("{date}T23:59:59.999999Z").parse()).map(Included);
    match operator {
        "gte" => Ok((from(value)?, Unbounded)),
        "lte" => Ok((Unbounded, to(value)?)),
        _ => {
            let (first, last) = value.split_once('~').ok_or("must be two dates with ~ between them")?;
            Ok((from(first)?, to(last)?))
        }
    }
}

/// Service, priority, title, description.
const TROUBLES: [(&str, &str, &str, &str); 5] = [
    ("checkout", "P1", "Error rate above 5 %", "Payments are failing for customers in the EU."),
    ("search", "P3", "p99 latency above 2 s", ""),
    ("warehouse", "P2", "Replication lag above 10 min", "The replica in `eu-west-1` is behind."),
    ("checkout", "P2", "Queue of unsent receipts is growing", ""),
    ("sign-in", "P1", "Certificate expires in 24 h", "Renew it: see the *runbook*."),
];

/// So many alerts from two sources, one every seven minutes until the clock starts. Each third one is firing.
fn believable(count: usize) -> Vec<Value> {
    let world = World::new(FakeClock::default(), CountedEntropy::new(0));
    let minutes = |minutes: usize| Duration::from_secs(60 * minutes as u64);
    (0..count).map(|number| believable_one(&world, number, world.now() - minutes(7 * (count - number)))).collect()
}

fn believable_one(world: &World, number: usize, created_at: Time) -> Value {
    let (service, priority, title, description) = TROUBLES[number % TROUBLES.len()];
    let resolved_at = (!number.is_multiple_of(3)).then(|| created_at + Duration::from_secs(300));
    let mut alert = json!({
        "id": world.new_id_at::<()>(created_at),
        "alert_source_id": fixed(0xa0 + number as u128 % 2),
        "deduplication_key": format!("{service}-{number}"),
        "status": if resolved_at.is_some() { "resolved" } else { "firing" },
        "title": format!("{service}: {title}"),
        "attributes": attributes(service, priority),
        "alert_group_ids": [],
        "tags": [],
        "created_at": created_at,
        "updated_at": resolved_at.unwrap_or(created_at),
    });
    if let Some(resolved_at) = resolved_at {
        alert["resolved_at"] = json!(resolved_at);
    }
    if !description.is_empty() {
        alert["description"] = json!(description);
        alert["source_url"] = json!(format!("https://monitoring.example/alerts/{number}"));
    }
    alert
}

fn attributes(service: &str, priority: &str) -> Value {
    let attribute = |bits, name, kind: &str| {
        let id = fixed(bits);
        json!({"id": id, "name": name, "type": kind, "array": false, "required": false})
    };
    let (kind, entry) = (fixed(0xc0), fixed(priority.bytes().map(u128::from).sum()));
    let entry = json!({"id": entry, "catalog_type_id": kind, "name": priority});
    let priority = json!({"label": priority, "catalog_entry": entry});
    json!([
        {"attribute": attribute(0xb0, "Priority", &format!("CatalogEntry[\"{kind}\"]")), "value": priority},
        {"attribute": attribute(0xb1, "Service", "String"), "value": {"label": service, "literal": service}},
    ])
}

/// An ID that is the same on every run.
fn fixed(bits: u128) -> AnyId {
    AnyId::constant((1_772_000_000_000 << 80) | bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::client::{Answer, Client};

    const EVENTS: &str = "/v2/alert_events/http/01GW2G3V0S59R238FAHPDS1R66";

    fn client(alerts: &Alerts) -> Client {
        Client::new(&alerts.address, Some("inc_test"))
    }

    fn event(key: &str, status: &str) -> Value {
        json!({"title": "Disk is full", "status": status, "deduplication_key": key})
    }

    fn ids(list: &Value) -> Vec<&str> {
        list["alerts"].as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap()).collect()
    }

    /// How many alerts a list with this query has.
    fn count(client: &Client, query: &str) -> usize {
        ids(&client.get(&format!("/v2/alerts?page_size=50&{query}")).expect(200)).len()
    }

    #[test]
    fn alerts_are_the_same_on_every_run_newest_first() {
        let alerts = Alerts::with(5);
        let list = client(&alerts).get("/v2/alerts?page_size=50").expect(200);
        assert_eq!(list, client(&Alerts::with(5)).get("/v2/alerts?page_size=50").expect(200));
        assert_eq!(list["pagination_meta"], json!({"page_size": 50}));
        assert!(ids(&list).is_sorted_by(|newer, older| newer > older));
        let newest = &list["alerts"][0];
        assert_eq!(newest["title"], "sign-in: Certificate expires in 24 h");
        assert_eq!(newest["created_at"], "2026-03-02T08:53:00.000000Z");
        let path = format!("/v2/alerts/{}", newest["id"].as_str().unwrap());
        assert_eq!(client(&alerts).get(&path).expect(200), json!({"alert": newest}));
    }

    #[test]
    fn pages_together_are_the_whole_list() {
        let alerts = Alerts::with(57);
        let client = client(&alerts);
        let (mut sizes, mut all, mut after) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/v2/alerts?page_size=19{after}")).expect(200);
            sizes.push(ids(&page).len());
            all.extend(ids(&page).into_iter().map(str::to_owned));
            let Some(next) = page["pagination_meta"]["after"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(sizes, [19, 19, 19], "a full last page says that it is the last");
        assert!(all.is_sorted_by(|newer, older| newer > older));
        let past = client.get("/v2/alerts?page_size=19&after=00000000000000000000000000").expect(200);
        assert_eq!(past, json!({"alerts": [], "pagination_meta": {"page_size": 19}}));
    }

    #[test]
    fn what_is_wrong_with_a_list_is_told_together() {
        let alerts = Alerts::with(1);
        let refused = client(&alerts).get("/v2/alerts?status[is]=firing&created_at[gte]=soon");
        assert_eq!((refused.status, &refused.body["type"]), (422, &json!("validation_error")));
        let filters = [("invalid_value", "created_at.gte"), ("invalid_value", "status.is")];
        assert_eq!(refused.problems(), [&[("is_required", "page_size")], &filters[..]].concat());
        for size in ["0", "51", "many", ""] {
            let refused = client(&alerts).get(&format!("/v2/alerts?page_size={size}"));
            assert_eq!((refused.status, refused.problems()), (422, vec![("invalid_value", "page_size")]));
        }
    }

    #[test]
    fn filters_hold_together() {
        let alerts = Alerts::with(12);
        let client = client(&alerts);
        for (query, expected) in [
            ("status[one_of]=firing", 4),
            ("status[one_of]=firing&status[one_of]=resolved", 12),
            ("status[not_in]=firing", 8),
            ("deduplication_key[is]=checkout-3", 1),
            ("created_at[gte]=2026-03-02T08:39:00Z", 3),
            ("created_at[gte]=2026-03-02T08:39:00Z&status[one_of]=firing", 1),
            ("created_at[lte]=2026-03-02T07:36:00%2B00:00", 1),
            ("created_at[lte]=2026-03-02", 12),
            ("created_at[date_range]=2026-03-01~2026-03-01", 0),
            ("updated_at[date_range]=2026-03-02~2026-03-03", 12),
            ("updated_at[gte]=2026-03-02T08:58:00Z", 1),
        ] {
            assert_eq!(count(&client, query), expected, "{query}");
        }
        let some = client.get("/v2/alerts?page_size=1").expect(200);
        let source = some["alerts"][0]["alert_source_id"].as_str().unwrap();
        assert_eq!(count(&client, &format!("alert_source[one_of]={source}")), 6);
        assert_eq!(count(&client, &format!("alert_source[not_in]={source}")), 6);
    }

    #[test]
    fn an_event_creates_one_alert_a_key() {
        let alerts = Alerts::start(Vec::new());
        let client = client(&alerts);
        let accepted =
            json!({"deduplication_key": "disk", "message": "Event accepted for processing", "status": "accepted"});
        for status in ["firing", "firing", "resolved", "resolved"] {
            assert_eq!(client.post(EVENTS, event("disk", status)).expect(202), accepted);
            alerts.clock.advance(Duration::from_secs(60));
        }
        let list = client.get("/v2/alerts?page_size=50").expect(200);
        let expected = json!([{
            "id": ids(&list)[0],
            "alert_source_id": "01GW2G3V0S59R238FAHPDS1R66",
            "deduplication_key": "disk",
            "status": "resolved",
            "title": "Disk is full",
            "attributes": [],
            "created_at": "2026-03-02T09:00:00.000000Z",
            "updated_at": "2026-03-02T09:02:00.000000Z",
            "resolved_at": "2026-03-02T09:02:00.000000Z",
        }]);
        assert_eq!(list["alerts"], expected);
        assert_eq!(alerts.events().len(), 4);
        assert_eq!(alerts.events()[0], event("disk", "firing"));
        client.post(EVENTS, event("disk", "firing")).expect(202);
        assert_eq!(count(&client, "status[one_of]=firing"), 1);
        client.post("/v2/alert_events/http/01GW2G3V0S59R238FAHPDS1R67", event("disk", "firing")).expect(202);
        assert_eq!(count(&client, "deduplication_key[is]=disk"), 2, "another source has keys of its own");
    }

    #[test]
    fn resolving_what_never_fired_creates_nothing() {
        let alerts = Alerts::start(Vec::new());
        client(&alerts).post(EVENTS, event("disk", "resolved")).expect(202);
        assert_eq!(count(&client(&alerts), ""), 0);
    }

    #[test]
    fn an_event_that_is_wrong_is_refused_and_not_kept() {
        let alerts = Alerts::with(0);
        let refused = client(&alerts).post(EVENTS, json!({"title": 7, "status": "broken"}));
        let problems = [("invalid_value", "title"), ("invalid_value", "status"), ("is_required", "deduplication_key")];
        assert_eq!((refused.status, refused.problems()), (422, problems.to_vec()));
        assert_eq!(client(&alerts).send("POST", EVENTS, Some("{".into())).status, 400);
        assert_eq!(alerts.events(), [""; 0]);
    }

    #[test]
    fn nobody_reads_without_a_token_and_a_source_may_show_it_in_other_ways() {
        let alerts = Alerts::with(1);
        let stranger = Client::new(&alerts.address, None);
        let post = |client: &Client, path: &str| client.post(path, event("disk", "firing"));
        let refused: [Answer; 3] =
            [stranger.get("/v2/alerts?page_size=1"), stranger.get("/v2/alerts/01"), post(&stranger, EVENTS)];
        for answer in refused {
            assert_eq!((answer.status, answer.problems()), (401, vec![("missing_authorization_material", "")]));
        }
        let basic = stranger.with_header("authorization", "Basic aW5jOnNlY3JldA==");
        assert_eq!(basic.get("/v2/alerts?page_size=1").status, 401);
        post(&basic, EVENTS).expect(202);
        post(&stranger, &format!("{EVENTS}?token=secret")).expect(202);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let alerts = Alerts::with(1);
        let answer = client(&alerts).get("/v2/alerts/01GW2G3V0S59R238FAHPDS1R66");
        assert_eq!((answer.status, answer.problems()), (404, vec![("not_found", "")]));
        let unrouted = client(&alerts).get("/v2/incidents");
        assert_eq!((unrouted.status, unrouted.text.as_str()), (404, ""));
    }

    #[test]
    fn one_host_serves_alerts_and_all_that_another_server_has() {
        let app = App::start(|| vec![people::feature(), catalog::feature()]);
        let alerts = Alerts::before(&app.address, 3);
        let client = app.client(&["viewer"]).through(&alerts.address);
        assert_eq!(client.get("/v1/identity").expect(200)["identity"]["name"], "Test");
        assert_eq!(client.with_token(None).get("/v1/identity").status, 401);
        assert_eq!(count(&client, ""), 3);
    }
}
