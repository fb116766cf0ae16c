//! On-call: who is, and what people change about it in a browser without scripts.

use base::Id;
use people::users::{BaseRole, User};
use testkit::{App, Browser, Client, Shown, Value, json};

use crate::support::{PASSWORD, app, crew, person, sign_in, signed_in};

/// A layer's place, as a form names it.
const PLACE: &str = "primary first";

/// A rotation in which these people take turns of a day.
fn rotation(users: &[Id<User>]) -> Value {
    json!({
        "id": "primary", "name": "Primary", "handover_start_at": "2026-03-02T09:00:00Z",
        "handovers": [{"interval": 1, "interval_type": "daily"}],
        "layers": [{"id": "first", "name": "First"}],
        "users": users.iter().map(|id| json!({"id": id})).collect::<Vec<_>>(),
    })
}

/// A schedule with these rotations, as a request says it.
fn called(name: &str, rotations: &[Value]) -> Value {
    json!({"schedule": {
        "name": name, "timezone": "Europe/London", "annotations": {}, "team_ids": [],
        "holidays_public_config": {"country_codes": ["GB"]}, "config": {"rotations": rotations},
    }})
}

/// Ada and Bob take turns, a day each from nine in the morning in London on.
struct Crew {
    app: App,
    admin: Client,
    ada: Browser,
    bob: Browser,
    ids: [Id<User>; 2],
    schedule: String,
}

impl Crew {
    fn start() -> Self {
        let app = app();
        let ids = ["Ada", "Bob"].map(|name| person(&app, name, BaseRole::Responder));
        let [ada, bob] = ["Ada", "Bob"].map(|name| {
            let browser = app.browser();
            sign_in(&browser, name, PASSWORD).leads_to();
            browser
        });
        let admin = app.admin();
        let made = admin.post("/v2/schedules", called("Payments", &[rotation(&ids)])).expect(201);
        let schedule = made["schedule"]["id"].as_str().unwrap().to_owned();
        Self { app, admin, ada, bob, ids, schedule }
    }

    fn path(&self) -> String {
        format!("/on-call/schedules/{}", self.schedule)
    }

    /// Has Ada make an override for Bob, by the clock of that zone.
    fn override_with(&self, zone: &str, from: &str, to: &str) -> Shown {
        let path = format!("{}/overrides/new", self.path());
        self.ada.get(&path).expect(200);
        let bob = self.ids[1].to_string();
        let fields = [("user", &*bob), ("zone", zone), ("start_at", from), ("end_at", to), ("place", PLACE)];
        self.ada.submit(&path, &fields)
    }

    /// Who is on call at the start of 2 March 2026's shift, and until when.
    fn shifts(&self) -> Vec<String> {
        let query = "entry_window_start=2026-03-02T00:00:00Z&entry_window_end=2026-03-04T09:00:00Z";
        let path = format!("/v2/schedule_entries?schedule_id={}&{query}", self.schedule);
        let entries = self.admin.get(&path).expect(200)["schedule_entries"]["final"].take();
        let told = |entry: &Value| {
            let (start, end) = (&entry["start_at"].as_str().unwrap()[5..16], &entry["end_at"].as_str().unwrap()[5..16]);
            format!("{} {start} to {end}", entry["user"]["name"].as_str().unwrap())
        };
        entries.as_array().unwrap().iter().map(told).collect()
    }
}

/// The first link or form of a page that leads to somewhere below `prefix`.
#[track_caller]
fn leading(page: &Shown, prefix: &str) -> String {
    let start = page.text.find(&format!("\"{prefix}")).unwrap_or_else(|| panic!("no {prefix} in {}", page.text));
    page.text[start + 1..].split('"').next().unwrap().replace("&amp;", "&")
}

#[test]
fn every_page_is_shown_without_inline_scripts_or_styles() {
    let crew = Crew::start();
    let owner = signed_in(&crew.app, "Olga", BaseRole::Owner);
    let own = ["", "?zone=schedule", "?from=2026-04-01", "/overrides/new"].map(|rest| format!("{}{rest}", crew.path()));
    let pages = ["/on-call", "/on-call/covers", "/on-call/time-off", "/on-call/time-off/new", "/on-call/feeds"];
    for path in own.iter().map(String::as_str).chain(pages) {
        let page = owner.get(path).expect(200);
        for inline in [" style=", "<style", " onclick=", " onload=", "<script>", "javascript:"] {
            assert!(!page.says(inline), "{path}: {inline}");
        }
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
        assert_eq!(page.text.matches("name=\"csrf\"").count(), page.text.matches("method=\"post\"").count(), "{path}");
        assert!(page.text.len() < 100_000, "{path}: {}", page.text.len());
    }
}

#[test]
fn whoever_may_see_schedules_sees_who_is_on_call_now_and_next() {
    let crew = Crew::start();
    let viewer = signed_in(&crew.app, "Vera", BaseRole::Viewer);
    for path in ["/on-call".to_owned(), crew.path()] {
        let page = viewer.get(&path).expect(200);
        for told in ["Payments", "Primary · First", "until <time datetime=\"2026-03-03T09:00:00.000000Z\"", "Bob"] {
            assert!(page.says(told), "{path}: {told} in {}", page.text);
        }
    }
    let nobody = signed_in(&crew.app, "Nemo", BaseRole::Unset);
    nobody.get("/on-call").expect(403);
    assert!(!nobody.get("/").says("href=\"/on-call\""));
    viewer.get("/on-call/schedules/01KJPW9ZG0000000000000000R").expect(404);
}

#[test]
fn a_schedule_has_one_address_and_the_shorter_one_leads_to_it() {
    let crew = Crew::start();
    assert_eq!(crew.ada.get(&format!("/on-call/{}", crew.schedule)).leads_to(), crew.path());
}

#[test]
fn without_a_schedule_the_page_says_what_to_do() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    assert!(browser.get("/on-call").expect(200).says("No schedule yet"));
}

#[test]
fn the_calendar_goes_by_the_reader_s_clock_or_the_schedule_s() {
    let crew = Crew::start();
    crew.ada.keep("wardroom_zone", "Asia/Tokyo");
    let page = crew.ada.get(&crew.path()).expect(200);
    assert!(page.says("<small>Asia/Tokyo</small>") && page.says("Mon 2 Mar, 18:00"));
    let page = crew.ada.get(&format!("{}?zone=schedule", crew.path())).expect(200);
    assert!(page.says("<small>Europe/London</small>") && page.says("Mon 2 Mar, 09:00"));
    let april = crew.ada.get(&format!("{}?from=2026-04-01", crew.path())).expect(200);
    assert!(april.says(">Mon 30 Mar<") && april.says("Good Friday (GB)"), "the week of that day, with its holidays");
    for nonsense in ["soon", "9999-12-31", "-009999-01-01"] {
        crew.ada.get(&format!("{}?from={nonsense}", crew.path())).expect(200);
    }
}

#[test]
fn an_override_is_made_by_the_clock_that_the_form_names_then_moved_and_deleted() {
    let crew = Crew::start();
    let planned = ["Ada 03-02T09:00 to 03-03T09:00", "Bob 03-03T09:00 to 03-04T09:00"];
    assert_eq!(crew.shifts(), planned);
    assert_eq!(crew.override_with("Asia/Tokyo", "2026-03-02T21:00", "2026-03-02T22:00").leads_to(), crew.path());
    assert_eq!(crew.shifts()[..2], ["Ada 03-02T09:00 to 03-02T12:00", "Bob 03-02T12:00 to 03-02T13:00"]);

    let page = crew.ada.get(&crew.path()).expect(200);
    assert!(
        page.says("Bob is on call for that time")
            && page.says("class=\"bar override\"")
            && page.says("class=\"bar planned\"")
    );
    let edit = leading(&page, &format!("{}/overrides/01", crew.path()));
    assert!(crew.ada.get(&edit).expect(200).says("value=\"2026-03-02T12:00\""));
    let fields = [("start_at", "2026-03-02T12:00"), ("end_at", "2026-03-02T14:00"), ("place", PLACE)];
    assert_eq!(crew.ada.submit(&edit, &fields).leads_to(), crew.path());
    assert_eq!(crew.shifts()[1], "Bob 03-02T12:00 to 03-02T14:00");

    crew.ada.get(&edit);
    crew.ada.submit(&format!("{edit}/delete"), &[]).leads_to();
    assert_eq!(crew.shifts(), planned);
}

#[test]
fn a_form_starts_with_what_was_dragged_over() {
    let crew = Crew::start();
    let query = "place=primary+first&from=2026-03-02T12:00:00.000Z&to=2026-03-02T14:00:00.000Z";
    let page = crew.ada.get(&format!("{}/overrides/new?{query}", crew.path())).expect(200);
    assert!(page.says("value=\"2026-03-02T12:00\"") && page.says("value=\"2026-03-02T14:00\""));
    assert!(page.says("value=\"primary first\" selected"), "{}", page.text);
}

#[test]
fn what_is_wrong_with_an_override_stands_beside_its_field() {
    let crew = Crew::start();
    let refused = crew.override_with("UTC", "2026-03-02T14:00", "2026-03-02T12:00").expect(422);
    assert!(refused.says("id=\"end_at-error\"") && refused.says("value=\"2026-03-02T14:00\""), "{}", refused.text);
    let refused = crew.override_with("UTC", "soon", "2026-03-02T12:00").expect(422);
    assert!(refused.says("is not an RFC 3339 timestamp") && refused.says("value=\"soon\""), "{}", refused.text);
}

#[test]
fn a_viewer_is_offered_no_override_and_refused_one() {
    let crew = Crew::start();
    let viewer = signed_in(&crew.app, "Vera", BaseRole::Viewer);
    let page = viewer.get(&crew.path()).expect(200);
    assert!(!page.says("overrides/new"));
    viewer.get(&format!("{}/overrides/new", crew.path())).expect(403);
    viewer.get(&crew.path());
    let fields = [
        ("user", &*crew.ids[0].to_string()),
        ("start_at", "2026-03-02T12:00"),
        ("end_at", "2026-03-02T14:00"),
        ("place", PLACE),
    ];
    viewer.submit(&format!("{}/overrides/new", crew.path()), &fields).expect(403);
}

#[test]
fn a_shift_is_asked_for_and_taken_in_part_and_the_rest_taken_back() {
    let crew = Crew::start();
    let page = crew.ada.get("/on-call/covers").expect(200);
    let ask = leading(&page, "/on-call/covers/new?");
    let form = crew.ada.get(&ask).expect(200);
    let slot = form.hidden("slot").unwrap().replace("&amp;", "&");
    let fields = [
        ("slot", &*slot),
        ("cover_request.start_at", "2026-03-02T10:00"),
        ("cover_request.end_at", "2026-03-02T14:00"),
        ("cover_request.message", "Dentist"),
    ];
    assert_eq!(crew.ada.submit("/on-call/covers/new", &fields).leads_to(), "/on-call/covers");
    assert!(crew.ada.get("/on-call/covers").says("Take it back"));

    let request = leading(&crew.bob.get("/on-call/covers").expect(200), "/on-call/covers/01");
    assert!(crew.bob.get(&request).expect(200).says("Dentist"));
    let part = [("start_at", "2026-03-02T10:00"), ("end_at", "2026-03-02T16:00")];
    let refused = crew.bob.submit(&format!("{request}/take"), &part).expect(422);
    assert!(refused.says("id=\"end_at-error\""), "{}", refused.text);
    let part = [("start_at", "2026-03-02T10:00"), ("end_at", "2026-03-02T12:00")];
    assert_eq!(crew.bob.submit(&format!("{request}/take"), &part).leads_to(), "/on-call/covers");
    assert_eq!(crew.shifts()[1], "Bob 03-02T10:00 to 03-02T12:00");

    crew.ada.get("/on-call/covers");
    crew.ada.submit(&format!("{request}/cancel"), &[]).leads_to();
    assert!(crew.bob.get("/on-call/covers").says("Nobody asks for cover"));
}

#[test]
fn time_off_shows_the_shifts_that_it_hits_is_changed_and_deleted() {
    let crew = Crew::start();
    crew.ada.get("/on-call/time-off/new").expect(200);
    let backwards = [("time_off.start_at", "2026-03-04T10:00"), ("time_off.end_at", "2026-03-04T09:00")];
    let refused = crew.ada.submit("/on-call/time-off/new", &backwards).expect(422);
    assert!(refused.says("id=\"time_off.end_at-error\""), "{}", refused.text);
    let fields = [
        ("time_off.start_at", "2026-03-04T08:00"),
        ("time_off.end_at", "2026-03-04T12:00"),
        ("time_off.note", "Skiing"),
    ];
    crew.ada.submit("/on-call/time-off/new", &fields).leads_to();
    let page = crew.ada.get("/on-call/time-off").expect(200);
    assert!(page.says("Skiing") && page.says("Ask for cover"));
    assert!(!crew.bob.get("/on-call/time-off").says("/delete"), "others only see it");

    let own = leading(&page, "/on-call/time-off/01");
    crew.ada.get(&own);
    let earlier = [("time_off.start_at", "2026-03-03T10:00"), ("time_off.end_at", "2026-03-03T12:00")];
    crew.ada.submit(&own, &earlier).leads_to();
    let page = crew.ada.get("/on-call/time-off");
    assert!(page.says("It hits none of your shifts"));
    crew.ada.submit(&format!("{own}/delete"), &[]).leads_to();
    assert!(crew.ada.get("/on-call/time-off").says("You are always there"));
}

#[test]
fn a_calendar_feed_s_address_is_shown_once_and_works_until_it_is_deleted() {
    let crew = Crew::start();
    let page = crew.ada.get("/on-call/feeds").expect(200);
    assert!(!page.says("calendar_feed.schedule_id"), "a responder makes one of their own shifts alone");
    let made = crew.ada.submit("/on-call/feeds", &[]).expect(200);
    let start = made.text.find("/ical/").unwrap();
    let path = made.text[start..].split('<').next().unwrap().to_owned();
    let feed = crew.app.stranger().get(&path);
    assert!(feed.status == 200 && feed.text.contains("SUMMARY:Payments: Primary"), "{}", feed.text);

    let page = crew.ada.get("/on-call/feeds").expect(200);
    assert!(page.says("Your own shifts") && !page.says("/ical/"));
    let feed = leading(&page, "/on-call/feeds/01");
    crew.ada.submit(&feed, &[]).leads_to();
    assert_eq!(crew.app.stranger().get(&path).status, 404);
}

#[test]
fn somebody_sees_their_own_shifts_on_their_page_by_their_clock_and_can_hand_each_over() {
    let crew = Crew::start();
    crew.ada.keep("wardroom_zone", "Europe%2FBerlin");
    let page = crew.ada.get("/me").expect(200);
    assert!(page.says("By the clock of Europe/Berlin") && page.says("Mon 2 Mar, 10:00"), "{}", page.text);
    assert!(!page.says("Tue 3 Mar, 10:00</time> to"), "the day after is Bob's");
    let (_, rest) = page.text.split_once("href=\"/on-call/covers/new?").expect("a way to hand it over");
    let link = format!("/on-call/covers/new?{}", rest.split_once('"').unwrap().0.replace("&amp;", "&"));
    assert!(crew.ada.get(&link).expect(200).says("Payments"));
    let vera = signed_in(&crew.app, "Vera", BaseRole::Viewer);
    assert!(vera.get("/me").expect(200).says("You are not on call in these weeks"));
}

#[test]
fn whoever_stands_in_or_is_asked_to_is_found_among_many_people() {
    let crew = Crew::start();
    let sailor = self::crew(&crew.app)[250].to_string();
    let path = format!("{}/overrides/new", crew.path());
    assert!(crew.ada.get(&path).expect(200).option("Sailor 250").is_none());
    let typed = [("find", "people"), ("search.people", "sailor 250"), ("start_at", "2026-03-02T10:00")];
    let found = crew.ada.submit(&path, &typed).expect(200);
    assert_eq!(found.option("Sailor 250"), Some(sailor.clone()));
    assert!(found.says("value=\"2026-03-02T10:00\""), "what was typed stays");

    let ask = leading(&crew.ada.get("/on-call/covers").expect(200), "/on-call/covers/new?");
    let form = crew.ada.get(&ask).expect(200);
    let tick = format!("value=\"{sailor}\"");
    assert!(form.says("search.people") && !form.says(&tick));
    let slot = form.hidden("slot").unwrap().replace("&amp;", "&");
    let typed = [("slot", &*slot), ("find", "people"), ("search.people", "sailor 250")];
    assert!(crew.ada.submit("/on-call/covers/new", &typed).expect(200).says(&tick));
    let ticked = [("slot", &*slot), ("find", "people"), ("cover_request.asked_user_ids", &sailor)];
    assert!(crew.ada.submit("/on-call/covers/new", &ticked).expect(200).says(&format!("{tick} checked")));
}

#[test]
fn somebody_learns_of_their_shifts_however_many_schedules_there_are() {
    let crew = Crew::start();
    for number in 0..250 {
        crew.admin.post("/v2/schedules", called(&format!("Idle {number}"), &[])).expect(201);
    }
    let vera = signed_in(&crew.app, "Vera", BaseRole::Viewer);
    let late = crew.admin.post("/v2/schedules", called("Late", &[rotation(&crew.ids[1..])])).expect(201);
    let home = crew.bob.get("/").expect(200);
    assert!(home.says("You are <strong>on call now</strong> for Late") && home.says("All schedules"), "{}", home.text);
    for page in ["/me", "/on-call/covers"] {
        assert!(crew.bob.get(page).expect(200).says("<strong>Late</strong>"), "{page}");
    }
    assert!(!vera.get("/").says("next shift") && vera.get("/me").says("You are not on call in these weeks"));
    let id = crew.admin.get("/v2/users?email=vera@acme.example").expect(200)["users"][0]["id"].take();
    let instead = json!({
        "schedule_id": late["schedule"]["id"], "rotation_id": "primary", "layer_id": "first", "user": {"id": id},
        "start_at": "2026-03-05T10:00:00Z", "end_at": "2026-03-05T12:00:00Z",
    });
    crew.admin.post("/v2/schedule_overrides", instead).expect(201);
    assert!(vera.get("/").says("Your next shift is Late"), "an override makes it hers");
    assert!(vera.get("/me").says("Primary · First · override"));
}
