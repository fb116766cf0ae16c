//! Cover requests and swaps: who takes whose shift, and what is left of the request.

use base::Id;
use people::api_keys::Grant;
use people::users::User;
use testkit::{Answer, Client, Value, json};

use super::{Crew, LAYER, OVERRIDES, ROTATION, at};
use crate::acme::in_parallel;
use crate::support::{assert_invalid, assert_lacks, text, texts, with};

const COVERS: &str = "/v1/cover_requests";
/// Nobody is on call from then on by this schedule's other layer.
const NOWHERE: &str = "01KJPW9ZG0000000000000000Z";

impl Crew {
    /// Ada asks for cover from one time of 2 March 2026 to another, with these changes.
    fn asking(&self, schedule: &str, (from, to): (&str, &str), changes: Value) -> Value {
        let plain = with(slot(schedule, "02", from, to), json!({"user": {"id": self.ada}}));
        json!({"cover_request": with(plain, changes)})
    }

    /// The same, as she does.
    #[track_caller]
    fn asks(&self, schedule: &str, times: (&str, &str), changes: Value) -> Value {
        self.admin.post(COVERS, self.asking(schedule, times, changes)).expect(201)["cover_request"].take()
    }

    /// An answer to somebody who takes a request, with these changes.
    fn takes(&self, request: &Value, user: Id<User>, changes: Value) -> Answer {
        self.admin.post(&taking(request), with(json!({"user": {"id": user}}), changes))
    }

    #[track_caller]
    fn request(&self, request: &Value) -> Value {
        self.admin.get(&format!("{COVERS}/{}", text(request, "/id"))).expect(200)["cover_request"].take()
    }

    /// The spans of the requests in a list, each with its state.
    #[track_caller]
    fn requests(&self, by: &Client, query: &str) -> Vec<String> {
        let mut page = by.get(&format!("{COVERS}?{query}")).expect(200);
        let shown = |one: &Value| format!("{} {}", span(one), text(one, "/state"));
        page["cover_requests"].take().as_array().unwrap().iter().map(shown).collect()
    }
}

/// The layer on a day of March 2026, from one time to another.
fn slot(schedule: &str, day: &str, from: &str, to: &str) -> Value {
    let [start_at, end_at] = [from, to].map(|time| format!("2026-03-{day}T{time}:00Z"));
    json!({
        "schedule_id": schedule, "rotation_id": ROTATION, "layer_id": LAYER, "start_at": start_at, "end_at": end_at,
    })
}

fn taking(request: &Value) -> String {
    format!("{COVERS}/{}/actions/take", text(request, "/id"))
}

fn cancelling(request: &Value) -> String {
    format!("{COVERS}/{}/actions/cancel", text(request, "/id"))
}

/// A span in short: `12:00 to 15:00`.
#[track_caller]
fn span(one: &Value) -> String {
    format!("{} to {}", &text(one, "/start_at")[11..16], &text(one, "/end_at")[11..16])
}

#[test]
fn whoever_takes_a_request_is_on_call_instead() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let asked = crew.asks(&id, ("12:00", "15:00"), json!({"message": "The dentist."}));
    let expected = json!({
        "id": asked["id"], "schedule_id": id, "rotation_id": ROTATION, "layer_id": LAYER, "user": asked["user"],
        "start_at": "2026-03-02T12:00:00.000000Z", "end_at": "2026-03-02T15:00:00.000000Z", "asked_user_ids": [],
        "message": "The dentist.", "state": "pending", "taken": [], "created_at": "2026-03-02T09:00:00.000000Z",
        "updated_at": "2026-03-02T09:00:00.000000Z",
    });
    assert_eq!((&asked, text(&asked, "/user/name").as_str()), (&expected, "Ada"));
    assert_eq!(crew.first_day(&id), ["Ada 03-02T09:00 to 03-03T09:00"], "until somebody takes it");

    let taken = crew.takes(&asked, crew.cleo, json!({})).expect(200)["cover_request"].take();
    assert_eq!((&taken["state"], &taken["taken"][0]["user"]["name"]), (&json!("taken"), &json!("Cleo")));
    assert_eq!(span(&taken["taken"][0]), "12:00 to 15:00");
    let expected =
        ["Ada 03-02T09:00 to 03-02T12:00", "Cleo 03-02T12:00 to 03-02T15:00", "Ada 03-02T15:00 to 03-03T09:00"];
    assert_eq!(crew.first_day(&id), expected);
    assert_eq!(texts(&json!(crew.overrides(&id)), "/id"), [text(&taken, "/taken/0/override_ids/0")]);
    assert_eq!(crew.request(&asked), taken);
    assert_invalid(&crew.takes(&asked, crew.bob, json!({})), &[("invalid_value", "")]);
}

#[test]
fn what_is_left_beside_a_part_that_is_taken_stays_open() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let asked = crew.asks(&id, ("10:00", "20:00"), json!({"asked_user_ids": [crew.bob, crew.cleo, crew.bob]}));
    assert_eq!(asked["asked_user_ids"], json!([crew.bob, crew.cleo]));
    let part = |from: &str, to: &str| {
        let [start_at, end_at] = [from, to].map(|time| format!("2026-03-02T{time}:00Z"));
        json!({"start_at": start_at, "end_at": end_at})
    };
    crew.takes(&asked, crew.cleo, part("18:00", "20:00")).expect(200);
    assert_eq!(crew.requests(&crew.admin, ""), ["10:00 to 18:00 pending"]);
    crew.takes(&asked, crew.bob, part("12:00", "14:00")).expect(200);
    assert_eq!(crew.requests(&crew.admin, ""), ["10:00 to 12:00 pending", "14:00 to 18:00 pending"]);
    let listed = crew.admin.get(COVERS).expect(200)["cover_requests"].take();
    assert_eq!(listed[1]["asked_user_ids"], asked["asked_user_ids"]);
    assert_eq!((listed[0]["taken"].as_array().unwrap().len(), &listed[1]["taken"]), (2, &json!([])));
    crew.takes(&listed[1], crew.cleo, json!({})).expect(200);
    crew.takes(&listed[0], crew.cleo, part("10:00", "11:00")).expect(200);
    assert_eq!(crew.requests(&crew.admin, ""), ["11:00 to 12:00 pending", "14:00 to 18:00 taken"]);
    let expected = [
        "Ada 03-02T09:00 to 03-02T10:00",
        "Cleo 03-02T10:00 to 03-02T11:00",
        "Ada 03-02T11:00 to 03-02T12:00",
        "Bob 03-02T12:00 to 03-02T14:00",
        "Cleo 03-02T14:00 to 03-02T18:00",
        "Cleo 03-02T18:00 to 03-02T20:00",
        "Ada 03-02T20:00 to 03-03T09:00",
    ];
    assert_eq!(crew.first_day(&id), expected);
    for (from, to, pointer) in
        [("10:00", "12:00", "start_at"), ("11:00", "13:00", "end_at"), ("12:00", "11:30", "end_at")]
    {
        assert_invalid(&crew.takes(&asked, crew.cleo, part(from, to)), &[("invalid_value", pointer)]);
    }
}

#[test]
fn a_swap_gives_both_a_shift_or_neither() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let swap = || crew.asks(&id, ("12:00", "15:00"), json!({"in_return": slot(&id, "03", "12:00", "15:00")}));
    let (first, second) = (swap(), swap());
    let part = json!({"end_at": "2026-03-02T13:00:00Z"});
    assert_invalid(&crew.takes(&first, crew.bob, part), &[("invalid_value", "start_at")]);
    assert_invalid(&crew.takes(&first, crew.cleo, json!({})), &[("invalid_value", "")]);
    assert_eq!(crew.overrides(&id), [] as [Value; 0], "Cleo has nothing to give in return");

    let taken = crew.takes(&first, crew.bob, json!({})).expect(200)["cover_request"].take();
    assert_eq!(taken["taken"][0]["override_ids"].as_array().unwrap().len(), 2);
    let entries = crew.entries(&id, "2026-03-02T09:00:00Z", "2026-03-04T09:00:00Z");
    let expected = [
        "Ada 03-02T09:00 to 03-02T12:00",
        "Bob 03-02T12:00 to 03-02T15:00",
        "Ada 03-02T15:00 to 03-03T09:00",
        "Bob 03-03T09:00 to 03-03T12:00",
        "Ada 03-03T12:00 to 03-03T15:00",
        "Bob 03-03T15:00 to 03-04T09:00",
    ];
    assert_eq!(super::shifts(&entries["final"]), expected);
    assert_invalid(&crew.takes(&second, crew.bob, json!({})), &[("invalid_value", "")]);
}

#[test]
fn a_swap_may_be_between_two_schedules() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let rotations = json!([crew.rotation(json!({"users": super::users(&[crew.cleo])}))]);
    let other = crew.schedule(json!({"name": "Other", "config": {"rotations": rotations}}));
    let swap = || crew.asks(&id, ("12:00", "15:00"), json!({"in_return": slot(&other, "04", "12:00", "15:00")}));
    let (first, second) = (swap(), swap());
    crew.takes(&first, crew.cleo, json!({})).expect(200);
    assert_eq!(crew.first_day(&id)[1], "Cleo 03-02T12:00 to 03-02T15:00");
    assert_eq!(super::shifts(&json!(crew.overrides(&other))), ["Ada 03-04T12:00 to 03-04T15:00"]);
    crew.admin.delete(&at(&other)).expect(202);
    assert_invalid(&crew.takes(&second, crew.cleo, json!({})), &[("invalid_value", "")]);
    crew.admin.post(&cancelling(&second), json!({})).expect(200);
}

#[test]
fn people_ask_for_their_own_shifts_alone() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let refused = |changes: Value, problems: &[(&str, &str)]| {
        let answer = crew.admin.post(COVERS, crew.asking(&id, ("12:00", "15:00"), changes));
        let problems: Vec<_> = problems.iter().map(|(code, field)| (*code, format!("cover_request.{field}"))).collect();
        assert_invalid(&answer, &problems.iter().map(|(code, field)| (*code, field.as_str())).collect::<Vec<_>>());
    };
    refused(json!({"user": {"id": crew.bob}}), &[("invalid_value", "user")]);
    refused(json!({"end_at": "2026-03-03T10:00:00Z"}), &[("invalid_value", "user")]);
    refused(json!({"asked_user_ids": [crew.ada]}), &[("invalid_value", "asked_user_ids")]);
    refused(json!({"asked_user_ids": [NOWHERE]}), &[("invalid_value", "asked_user_ids.0")]);
    refused(json!({"layer_id": "nothing"}), &[("invalid_value", "layer_id")]);
    refused(json!({"schedule_id": NOWHERE}), &[("invalid_value", "schedule_id")]);
    refused(json!({"end_at": "2026-03-02T12:00:00Z"}), &[("invalid_value", "end_at")]);
    refused(json!({"end_at": "2027-03-02T12:00:00Z"}), &[("invalid_value", "end_at")]);
    refused(json!({"in_return": slot(&id, "02", "16:00", "17:00")}), &[("invalid_value", "in_return")]);
    let bobs = slot(&id, "03", "12:00", "15:00");
    refused(json!({"in_return": bobs, "asked_user_ids": [crew.cleo]}), &[("invalid_value", "in_return")]);
    let before = with(bobs, json!({"start_at": "2026-03-01T09:00:00Z", "end_at": "2026-03-01T10:00:00Z"}));
    refused(json!({"in_return": before}), &[("invalid_value", "in_return.end_at")]);
}

#[test]
fn the_past_is_not_covered() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.hours_pass(2);
    let asked = crew.asks(&id, ("09:00", "15:00"), json!({}));
    assert_eq!(span(&asked), "11:00 to 15:00");
    let passed = crew.admin.post(COVERS, crew.asking(&id, ("09:00", "11:00"), json!({})));
    assert_invalid(&passed, &[("invalid_value", "cover_request.end_at")]);
    crew.hours_pass(1);
    let taken = crew.takes(&asked, crew.cleo, json!({"end_at": "2026-03-02T13:00:00Z"})).expect(200);
    assert_eq!(span(&taken["cover_request"]["taken"][0]), "12:00 to 13:00");
    assert_eq!(crew.requests(&crew.admin, ""), ["13:00 to 15:00 pending"]);
    crew.hours_pass(3);
    assert_eq!(crew.requests(&crew.admin, ""), ["13:00 to 15:00 expired"]);
    assert_invalid(&crew.takes(&asked, crew.cleo, json!({})), &[("invalid_value", "")]);
    assert_invalid(&crew.admin.post(&cancelling(&asked), json!({})), &[("invalid_value", "")]);
}

#[test]
fn only_who_is_asked_takes_what_is_open() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let asked = crew.asks(&id, ("12:00", "15:00"), json!({"asked_user_ids": [crew.bob]}));
    assert_invalid(&crew.takes(&asked, crew.cleo, json!({})), &[("invalid_value", "user")]);
    assert_invalid(&crew.takes(&asked, crew.ada, json!({})), &[("invalid_value", "user")]);
    let cancelled = crew.admin.post(&cancelling(&asked), json!({})).expect(200);
    assert_eq!(cancelled["cover_request"]["state"], "cancelled");
    assert_invalid(&crew.takes(&asked, crew.bob, json!({})), &[("invalid_value", "")]);
    assert_invalid(&crew.admin.post(&cancelling(&asked), json!({})), &[("invalid_value", "")]);
    assert_eq!(crew.overrides(&id), [] as [Value; 0]);
}

#[test]
fn what_the_asker_does_not_have_any_more_is_not_taken() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let asked = crew.asks(&id, ("12:00", "15:00"), json!({}));
    crew.overriding(&id, crew.bob, "13:00", "14:00");
    assert_invalid(&crew.takes(&asked, crew.cleo, json!({})), &[("invalid_value", "")]);
    crew.takes(&asked, crew.cleo, json!({"start_at": "2026-03-02T14:00:00Z"})).expect(200);
    assert_eq!(crew.requests(&crew.admin, ""), ["12:00 to 14:00 pending"]);
}

#[test]
fn people_without_the_scope_act_for_themselves_alone() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let key = crew.app.client(&["viewer", "act_on_behalf_of_users"]);
    let [as_ada, as_bob, as_cleo] =
        [crew.ada, crew.bob, crew.cleo].map(|user| key.with_header("X-Incident-User", &user.to_string()));
    let asking = || crew.asking(&id, ("12:00", "15:00"), json!({}));
    for refused in [key.post(COVERS, asking()), as_cleo.post(COVERS, asking())] {
        assert_lacks(&refused, "schedule_overrides.create");
    }
    let asked = as_ada.post(COVERS, asking()).expect(201)["cover_request"].take();
    let [by_bob, by_cleo] = [crew.bob, crew.cleo].map(|user| json!({"user": {"id": user}}));
    assert_lacks(&as_cleo.post(&cancelling(&asked), json!({})), "schedule_overrides.create");
    assert_lacks(&as_ada.post(&taking(&asked), by_bob.clone()), "schedule_overrides.create");
    // Cleo takes no turns there: it is hers to take only when she is asked.
    assert_lacks(&as_cleo.post(&taking(&asked), by_cleo.clone()), "schedule_overrides.create");
    as_bob.post(&taking(&asked), by_bob).expect(200);
    let asked = crew.asking(&id, ("15:00", "16:00"), json!({"asked_user_ids": [crew.cleo]}));
    let asked = as_ada.post(COVERS, asked).expect(201)["cover_request"].take();
    as_cleo.post(&taking(&asked), by_cleo).expect(200);
    let again = as_ada.post(COVERS, crew.asking(&id, ("16:00", "17:00"), json!({}))).expect(201);
    as_ada.post(&cancelling(&again["cover_request"]), json!({})).expect(200);
}

#[test]
fn of_two_who_take_at_once_one_wins() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    for hour in 10..15 {
        let times = [hour, hour + 1].map(|hour| format!("{hour}:00"));
        let asked = crew.asks(&id, (&times[0], &times[1]), json!({}));
        let take = |n: usize| {
            let (crew, asked) = (&crew, &asked);
            move || crew.takes(asked, [crew.bob, crew.cleo][n % 2], json!({})).status
        };
        let statuses = in_parallel((0..6).map(take));
        assert!(statuses.iter().all(|status| [200, 409, 422].contains(status)), "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(crew.request(&asked)["taken"].as_array().unwrap().len(), 1);
    }
    assert_eq!(crew.overrides(&id).len(), 5);
}

#[test]
fn requests_are_found_by_schedule_user_and_state_in_pages() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let team = crew.app.team("Payments");
    let theirs = crew.schedule(json!({"team_ids": [team]}));
    let taken = crew.asks(&id, ("10:00", "11:00"), json!({}));
    crew.takes(&taken, crew.bob, json!({})).expect(200);
    crew.hours_pass(1);
    crew.asks(&theirs, ("12:00", "13:00"), json!({}));
    crew.hours_pass(1);
    let tomorrow =
        json!({"end_at": "2026-03-03T10:00:00Z", "start_at": "2026-03-03T09:00:00Z", "user": {"id": crew.bob}});
    crew.asks(&id, ("", ""), tomorrow);
    let all = ["10:00 to 11:00 taken", "12:00 to 13:00 pending", "09:00 to 10:00 pending"];
    for (query, expected) in [
        (String::new(), &all[..]),
        (format!("schedule_id={theirs}"), &all[1..2]),
        (format!("user_id={}", crew.bob), &all[2..]),
        ("state=pending".into(), &all[1..]),
        ("state=taken".into(), &all[..1]),
        ("state=expired".into(), &[]),
        ("state=cancelled".into(), &[]),
        ("page_size=1".into(), &all[..1]),
        (format!("page_size=1&after={}", text(&taken, "/id")), &all[1..2]),
    ] {
        assert_eq!(crew.requests(&crew.admin, &query), expected, "{query}");
    }
    let grant = Grant { team_ids: vec![team], team_roles: vec!["schedules_editor".into()], ..Grant::default() };
    let key = crew.app.client_with(grant);
    assert_eq!(crew.requests(&key, ""), all[1..2]);
    assert_lacks(&key.get(&format!("{COVERS}/{}", text(&taken, "/id"))), "schedules.view");
    assert_lacks(&key.post(&cancelling(&taken), json!({})), "schedule_overrides.create");
    crew.admin.delete(&at(&id)).expect(202);
    assert_eq!(crew.requests(&crew.admin, ""), all[1..2]);
    crew.admin.get(&format!("{COVERS}/{}", text(&taken, "/id"))).expect(404);
    crew.takes(&taken, crew.cleo, json!({})).expect(404);
}

#[test]
fn what_becomes_of_a_request_is_announced() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let asked = crew.asks(&id, ("10:00", "15:00"), json!({}));
    let middle = json!({"start_at": "2026-03-02T12:00:00Z", "end_at": "2026-03-02T13:00:00Z"});
    crew.takes(&asked, crew.cleo, middle).expect(200);
    crew.admin.post(&cancelling(&asked), json!({})).expect(200);
    let told = crew.app.texts("select kind from outbox where kind like 'cover_request.%' order by id");
    assert_eq!(told, ["created", "taken", "cancelled"].map(|verb| format!("cover_request.{verb}")));
    let told = crew.app.texts("select body from outbox where kind = 'cover_request.taken'");
    let told: Value = serde_json::from_str(&told[0]).unwrap();
    let rest = crew.admin.get(&format!("{COVERS}?state=pending")).expect(200)["cover_requests"].take();
    assert_eq!((&told["split_off"], &told["taken"]["user"]), (&rest[0]["id"], &json!(crew.cleo)));
    assert!(crew.admin.delete(&format!("{OVERRIDES}/{}", text(&told, "/taken/overrides/0"))).status == 204);
}
