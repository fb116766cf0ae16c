//! On-call schedules: who is on call, who was, and what a change leaves as it is.

use base::Id;
use people::users::User;
use testkit::{App, Client, Options, Value, json};

use crate::support::{text, with};

mod changes;
mod covers;
mod feeds;
mod history;
mod now_and_next;
mod overriding;
mod pages;
mod races;
mod reach;
mod sync;
mod third_version;
mod time_off;

const SCHEDULES: &str = "/v2/schedules";
const OVERRIDES: &str = "/v2/schedule_overrides";
const ROTATION: &str = "01KJPW9ZG0000000000000000R";
const LAYER: &str = "01KJPW9ZG000000000000000AA";

/// A server and people to be on call.
struct Crew {
    app: App,
    admin: Client,
    ada: Id<User>,
    bob: Id<User>,
    cleo: Id<User>,
}

impl Crew {
    fn start() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let app = App::with(wardroom::features, options);
        let admin = app.admin();
        let [ada, bob, cleo] = ["Ada", "Bob", "Cleo"].map(|name| app.user(name));
        Self { app, admin, ada, bob, cleo }
    }

    /// Ada and Bob, a day each from nine o'clock on, with these changes.
    fn rotation(&self, changes: Value) -> Value {
        let plain = json!({
            "id": ROTATION, "name": "Primary", "handover_start_at": "2026-03-02T09:00:00Z",
            "handovers": [{"interval": 1, "interval_type": "daily"}],
            "layers": [{"id": LAYER, "name": "Primary"}], "users": users(&[self.ada, self.bob]),
        });
        with(plain, changes)
    }

    /// A schedule of that alone, with these changes.
    fn says(&self, changes: Value) -> Value {
        with(plain(json!([self.rotation(json!({}))])), changes)
    }

    /// A new schedule's ID.
    #[track_caller]
    fn schedule(&self, changes: Value) -> String {
        create(&self.admin, self.says(changes))
    }

    /// A request for an override of a schedule's layer on 2 March 2026.
    fn cover(&self, schedule: &str, user: Id<User>, from: &str, to: &str) -> Value {
        with(placed(user, from, to), json!({"schedule_id": schedule}))
    }

    /// A new override's ID.
    #[track_caller]
    fn overriding(&self, schedule: &str, user: Id<User>, from: &str, to: &str) -> String {
        let made = self.admin.post(OVERRIDES, self.cover(schedule, user, from, to)).expect(201);
        text(&made, "/override/id")
    }

    /// The overrides of a schedule, by their start.
    #[track_caller]
    fn overrides(&self, schedule: &str) -> Vec<Value> {
        let mut page = self.admin.get(&format!("{OVERRIDES}?schedule_id={schedule}&page_size=250")).expect(200);
        let mut all: Vec<Value> = serde_json::from_value(page["overrides"].take()).unwrap();
        all.sort_by_key(|one| text(one, "/start_at"));
        all
    }

    #[track_caller]
    fn entries(&self, schedule: &str, from: &str, to: &str) -> Value {
        self.admin.get(&window(schedule, from, to)).expect(200)["schedule_entries"].take()
    }

    /// Who is on call on 2 March 2026, and until when on the next day.
    #[track_caller]
    fn first_day(&self, schedule: &str) -> Vec<String> {
        shifts(&self.entries(schedule, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z")["final"])
    }

    /// Who is on call now.
    #[track_caller]
    fn on_call(&self, schedule: &str) -> Vec<String> {
        shifts(&self.show(schedule)["current_shifts"])
    }

    #[track_caller]
    fn show(&self, schedule: &str) -> Value {
        self.admin.get(&at(schedule)).expect(200)["schedule"].take()
    }

    #[track_caller]
    fn update(&self, schedule: &str, changes: Value) -> Value {
        self.admin.put(&at(schedule), json!({"schedule": self.says(changes)})).expect(200)["schedule"].take()
    }

    fn hours_pass(&self, hours: u64) {
        self.app.clock.advance(std::time::Duration::from_secs(3_600 * hours));
    }
}

/// A schedule in London with these rotations.
fn plain(rotations: Value) -> Value {
    json!({"name": "On call", "timezone": "Europe/London", "config": {"rotations": rotations}})
}

fn users(ids: &[Id<User>]) -> Value {
    ids.iter().map(|id| json!({"id": id})).collect()
}

#[track_caller]
fn create(by: &Client, schedule: Value) -> String {
    text(&by.post(SCHEDULES, json!({"schedule": schedule})).expect(201), "/schedule/id")
}

/// An override of the layer on 2 March 2026, from one time of the day to another.
fn placed(user: Id<User>, from: &str, to: &str) -> Value {
    let [start_at, end_at] = [from, to].map(|time| format!("2026-03-02T{time}:00Z"));
    json!({
        "rotation_id": ROTATION, "layer_id": LAYER, "user": {"id": user}, "start_at": start_at, "end_at": end_at,
    })
}

fn at(schedule: &str) -> String {
    format!("{SCHEDULES}/{schedule}")
}

fn window(schedule: &str, from: &str, to: &str) -> String {
    format!("/v2/schedule_entries?schedule_id={schedule}&entry_window_start={from}&entry_window_end={to}")
}

/// Shifts in short: `Ada 03-02T09:00 to 03-03T09:00`.
#[track_caller]
fn shifts(list: &Value) -> Vec<String> {
    let short = |shift: &Value, end: &str| text(shift, end)[5..16].to_owned();
    let shown = |shift: &Value| {
        format!("{} {} to {}", text(shift, "/user/name"), short(shift, "/start_at"), short(shift, "/end_at"))
    };
    list.as_array().unwrap_or_else(|| panic!("{list} is no list")).iter().map(shown).collect()
}
