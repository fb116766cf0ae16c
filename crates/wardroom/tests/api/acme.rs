//! An organisation to try things on: it has the settings that everybody starts with.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use people::roles::ROLES;
use testkit::{Answer, App, Client, Value, json};

use crate::support::{text, with};

/// A server, and a key that has every role.
pub struct Acme {
    pub app: App,
    pub admin: Client,
    declared: AtomicU32,
}

impl Acme {
    pub fn start() -> Self {
        let app = App::start(wardroom::features);
        let admin = app.admin();
        Self { app, admin, declared: AtomicU32::new(0) }
    }

    /// A client whose key has every role but this one.
    pub fn without(&self, role: &str) -> Client {
        let others = ROLES.iter().map(|role| role.name).filter(|name| *name != role);
        self.app.client(&others.collect::<Vec<_>>())
    }

    /// The setting of this name in the list at `path`, such as `/v1/severities`.
    #[track_caller]
    pub fn setting(&self, path: &str, name: &str) -> Value {
        let body = self.admin.get(path).expect(200);
        let mut rows = body.as_object().and_then(|body| body.values().next()?.as_array()).into_iter().flatten();
        let found = rows.find(|row| row["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {body}")).clone()
    }

    #[track_caller]
    pub fn severity(&self, name: &str) -> String {
        text(&self.setting("/v1/severities", name), "/id")
    }

    #[track_caller]
    pub fn status(&self, name: &str) -> String {
        text(&self.setting("/v1/incident_statuses", name), "/id")
    }

    #[track_caller]
    pub fn role(&self, name: &str) -> String {
        text(&self.setting("/v2/incident_roles", name), "/id")
    }

    #[track_caller]
    pub fn timestamp(&self, name: &str) -> String {
        text(&self.setting("/v2/incident_timestamps", name), "/id")
    }

    /// A declaration of a minor incident under a key of its own, with these changes.
    pub fn declaration(&self, changes: Value) -> Value {
        let number = self.declared.fetch_add(1, Ordering::AcqRel);
        let plain = json!({
            "idempotency_key": format!("declaration {number}"), "visibility": "public",
            "severity_id": self.severity("Minor"),
        });
        with(plain, changes)
    }

    pub fn try_declare(&self, changes: Value) -> Answer {
        self.admin.post("/v2/incidents", self.declaration(changes))
    }

    /// A new incident, declared a second after whatever was before.
    #[track_caller]
    pub fn declare(&self, changes: Value) -> Value {
        self.app.clock.advance(Duration::from_secs(1));
        self.try_declare(changes).expect(200)["incident"].take()
    }

    /// A new incident's ID.
    #[track_caller]
    pub fn incident(&self, changes: Value) -> String {
        text(&self.declare(changes), "/id")
    }

    pub fn edit(&self, incident: &str, changes: Value) -> Answer {
        let body = json!({"incident": changes, "notify_incident_channel": false});
        self.admin.post(&format!("/v2/incidents/{incident}/actions/edit"), body)
    }

    /// What was told of an incident, newest first.
    #[track_caller]
    pub fn updates(&self, incident: &str) -> Vec<Value> {
        let mut body = self.admin.get(&format!("/v2/incident_updates?incident_id={incident}")).expect(200);
        serde_json::from_value(body["incident_updates"].take()).unwrap()
    }
}

/// What all of `work` answers, done at the same time.
pub fn in_parallel<T: Send>(work: impl IntoIterator<Item = impl FnOnce() -> T + Send>) -> Vec<T> {
    std::thread::scope(|scope| {
        let running: Vec<_> = work.into_iter().map(|one| scope.spawn(one)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    })
}
