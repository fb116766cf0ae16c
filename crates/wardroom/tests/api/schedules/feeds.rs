//! Calendars to subscribe to, and calendars that become overrides.

use base::Time;
use oncall::ical::{self, Found};
use oncall::rota;
use people::api_keys::Grant;
use testkit::{Answer, Value, json};

use super::{Crew, LAYER, ROTATION};
use crate::support::{assert_invalid, assert_lacks, text, texts, with};

const FEEDS: &str = "/v1/calendar_feeds";

impl Crew {
    /// A new feed: its ID, and the path of its address.
    #[track_caller]
    fn feed(&self, of: Value) -> (String, String) {
        let made = self.admin.post(FEEDS, json!({"calendar_feed": of})).expect(201)["calendar_feed"].take();
        let url = text(&made, "/url");
        (text(&made, "/id"), url.strip_prefix("https://wardroom.example").unwrap().to_owned())
    }

    /// The events of a feed, as whoever has its address reads them.
    #[track_caller]
    fn subscribed(&self, path: &str) -> Vec<Found> {
        let calendar = self.app.stranger().get(path);
        assert_eq!((calendar.status, &*calendar.headers["content-type"]), (200, "text/calendar; charset=utf-8"));
        let [from, to] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"].map(|time| time.parse::<Time>().unwrap());
        ical::read(&calendar.text, &rota::zone("UTC").unwrap(), from..to).unwrap()
    }

    /// An answer to an import of a calendar with these events, each a UID and its lines.
    fn import(&self, schedule: &str, events: &[(&str, &str)], changes: Value) -> Answer {
        let event = |(uid, lines): &(&str, &str)| {
            format!("BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260301T000000Z\r\n{lines}\r\nEND:VEVENT\r\n")
        };
        let events: String = events.iter().map(event).collect();
        let calendar = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n");
        let plain = json!({
            "schedule_id": schedule, "rotation_id": ROTATION, "layer_id": LAYER, "calendar": calendar,
        });
        self.admin.post("/v1/calendar_imports", json!({"calendar_import": with(plain, changes)}))
    }
}

#[test]
fn a_feed_says_what_the_entries_say_for_three_months() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.overriding(&id, crew.cleo, "12:00", "15:00");
    let (_, path) = crew.feed(json!({"schedule_id": id}));
    let entries = crew.all(&id, "2026-03-02T09:00:00Z", "2026-06-02T09:00:00Z").0["final"].take();
    let of_entry = |entry: &Value| {
        let (start, end) = (text(entry, "/start_at"), text(entry, "/end_at"));
        (format!("{} (Primary)", text(entry, "/user/name")), start, end)
    };
    let of_event = |event: &Found| (event.summary.clone(), event.start.to_string(), event.end.to_string());
    let expected: Vec<_> = entries.as_array().unwrap().iter().map(of_entry).collect();
    assert_eq!(crew.subscribed(&path).iter().map(of_event).collect::<Vec<_>>(), expected);
    assert_eq!(expected.len(), 95, "with both halves of the shift that an override is in the middle of");

    let uids = |feed: Vec<Found>| feed.into_iter().map(|event| event.uid).collect::<Vec<_>>();
    let before = uids(crew.subscribed(&path));
    crew.hours_pass(72);
    let later = uids(crew.subscribed(&path));
    assert!(later[..80].iter().all(|uid| before.contains(uid)), "an event is known by the same name again");
}

#[test]
fn a_person_s_feed_has_their_shifts_on_all_schedules() {
    let crew = Crew::start();
    let [first, second] = ["First", "Second"].map(|name| crew.schedule(json!({"name": name})));
    let (_, path) = crew.feed(json!({"user": {"id": crew.bob}}));
    let events = crew.subscribed(&path);
    assert_eq!([&*events[0].summary, &*events[1].summary], ["First: Primary", "Second: Primary"]);
    assert!(events.iter().all(|event| event.start.to_string()[..10] >= *"2026-03-03"));
    crew.admin.delete(&super::at(&first)).expect(202);
    assert!(crew.subscribed(&path).iter().all(|event| event.summary == "Second: Primary"));
    crew.admin.delete(&super::at(&second)).expect(202);
    assert_eq!(crew.subscribed(&path), []);
}

#[test]
fn an_address_is_shown_once_and_ends_with_its_feed() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let (feed, path) = crew.feed(json!({"schedule_id": id}));
    let (other, _) = crew.feed(json!({"user": {"id": crew.ada}}));
    let listed = crew.admin.get(FEEDS).expect(200)["calendar_feeds"].take();
    assert_eq!(texts(&listed, "/id"), [feed.clone(), other.clone()]);
    assert!(listed.as_array().unwrap().iter().all(|feed| feed["url"].is_null()));
    let of_ada = crew.admin.get(&format!("{FEEDS}?user_id={}", crew.ada)).expect(200)["calendar_feeds"].take();
    assert_eq!(texts(&of_ada, "/id"), [other]);
    let secret = path.strip_prefix("/ical/").unwrap().strip_suffix(".ics").unwrap();
    assert_eq!(secret.len(), 64);
    let kept = crew.app.texts("select cast(body as text) from calendar_feeds");
    assert!(kept.iter().all(|body| !body.contains(secret)));
    crew.admin.delete(&format!("{FEEDS}/{feed}")).expect(204);
    for gone in [path.as_str(), "/ical/x", "/ical/.ics"] {
        crew.app.stranger().get(gone).expect(404);
    }
}

#[test]
fn everybody_has_a_feed_of_their_own_and_editors_those_of_schedules() {
    let crew = Crew::start();
    let [ours, theirs] = ["Ours", "Theirs"].map(|name| crew.app.team(name));
    let [own, other] = [ours, theirs].map(|team| crew.schedule(json!({"team_ids": [team]})));
    let of_schedule = |id: &str| json!({"calendar_feed": {"schedule_id": id}});
    let of_user = |id| json!({"calendar_feed": {"user": {"id": id}}});
    let key = crew.app.client(&["viewer", "act_on_behalf_of_users"]);
    let as_ada = key.with_header("X-Incident-User", &crew.ada.to_string());
    let made = as_ada.post(FEEDS, of_user(crew.ada)).expect(201);
    for body in [of_user(crew.bob), of_schedule(&own)] {
        assert_lacks(&as_ada.post(FEEDS, body), "schedules.update");
    }
    assert_lacks(&key.post(FEEDS, of_user(crew.ada)), "schedules.update");
    as_ada.delete(&format!("{FEEDS}/{}", text(&made, "/calendar_feed/id"))).expect(204);

    let grant = Grant { team_ids: vec![ours], team_roles: vec!["schedules_editor".into()], ..Grant::default() };
    let team = crew.app.client_with(grant);
    team.post(FEEDS, of_schedule(&own)).expect(201);
    for body in [of_schedule(&other), of_user(crew.ada)] {
        assert_lacks(&team.post(FEEDS, body), "schedules.update");
    }
    crew.feed(json!({"schedule_id": other}));
    assert_eq!(texts(&team.get(FEEDS).expect(200)["calendar_feeds"], "/schedule_id"), [own]);
    for of in [json!({}), json!({"schedule_id": other, "user": {"id": crew.ada}}), json!({"schedule_id": "x"})] {
        let refused = crew.admin.post(FEEDS, json!({"calendar_feed": of}));
        assert_invalid(&refused, &[("invalid_value", "calendar_feed.schedule_id")]);
    }
}

#[test]
fn a_calendar_becomes_overrides_and_may_come_again() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let events = [
        (
            "1",
            "SUMMARY:Cover\r\nATTENDEE:mailto:CLEO@acme.example\r\nDTSTART:20260302T120000Z\r\nDTEND:20260302T150000Z",
        ),
        ("2", "SUMMARY:bob\r\nDTSTART;TZID=Europe/London:20260303T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2"),
        ("3", "SUMMARY:Dora\r\nDTSTART:20260302T160000Z\r\nDTEND:20260302T170000Z"),
        ("4", "SUMMARY:Ada\r\nDTSTART:20260302T060000Z\r\nDTEND:20260302T070000Z"),
    ];
    let told = |answer: Answer| {
        let events = answer.expect(201)["calendar_import"]["events"].take();
        texts(&events, "/uid").into_iter().zip(texts(&events, "/outcome")).collect::<Vec<_>>()
    };
    let dry = told(crew.import(&id, &events, json!({"is_dry_run": true})));
    assert_eq!(crew.overrides(&id), [] as [Value; 0]);
    let expected = [("1", "created"), ("3", "unknown_user"), ("2", "created"), ("2", "created")];
    let owned = |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect::<Vec<_>>();
    assert_eq!(dry, owned(&expected));
    assert_eq!(told(crew.import(&id, &events, json!({}))), dry);
    let there = ["Cleo 03-02T12:00 to 03-02T15:00", "Bob 03-03T10:00 to 03-03T11:00", "Bob 03-04T10:00 to 03-04T11:00"];
    assert_eq!(super::shifts(&json!(crew.overrides(&id))), there);
    let again = told(crew.import(&id, &events, json!({})));
    assert_eq!(again, owned(&[("1", "unchanged"), ("3", "unknown_user"), ("2", "unchanged"), ("2", "unchanged")]));
    crew.hours_pass(4);
    let halfway = told(crew.import(&id, &events[..1], json!({})));
    assert_eq!(halfway, owned(&[("1", "unchanged")]), "what goes on is not made again");
    assert_eq!(super::shifts(&json!(crew.overrides(&id))), there);
}

#[test]
fn an_import_that_can_t_be_done_says_why() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let wrong = json!({"layer_id": "x", "end_at": "2026-03-01T00:00:00Z"});
    let expected = ["layer_id", "end_at"].map(|field| format!("calendar_import.{field}"));
    let expected = expected.each_ref().map(|pointer| ("invalid_value", pointer.as_str()));
    assert_invalid(&crew.import(&id, &[], wrong), &expected);
    let zoned = [("7", "SUMMARY:x\r\nDTSTART;TZID=Nowhere:20260302T120000\r\nDTEND;TZID=Nowhere:20260302T130000")];
    let refused = crew.import(&id, &zoned, json!({}));
    assert_invalid(&refused, &[("invalid_value", "calendar_import.calendar")]);
    assert!(refused.text.contains("Nowhere"), "{}", refused.text);
    let refused = crew.import(&id, &[], json!({"calendar": "x"}));
    assert_invalid(&refused, &[("invalid_value", "calendar_import.calendar")]);
}
