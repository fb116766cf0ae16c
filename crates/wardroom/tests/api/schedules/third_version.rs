//! The third version: rotations are resources of their own.

use testkit::{Value, json};

use super::{Crew, at, shifts, users};
use crate::support::{assert_invalid, text, texts};

const SCHEDULES: &str = "/v3/schedules";

impl Crew {
    /// Ada and Bob, a day each from nine o'clock on, as the third version says it.
    fn version(&self, changes: Value) -> Value {
        let mut version = self.rotation(changes);
        let fields = version.as_object_mut().unwrap();
        fields.remove("id");
        fields.remove("name");
        version
    }

    /// A schedule without rotations; the path of its rotations.
    #[track_caller]
    fn empty(&self) -> (String, String) {
        let schedule = json!({"schedule": {"name": "On call", "timezone": "Europe/London"}});
        let id = text(&self.admin.post(SCHEDULES, schedule).expect(201), "/schedule/id");
        let rotations = format!("{SCHEDULES}/{id}/rotations");
        (id, rotations)
    }
}

#[test]
fn rotations_come_and_go_one_by_one() {
    let crew = Crew::start();
    let (id, rotations) = crew.empty();
    assert_eq!(crew.admin.get(&rotations).expect(200)["rotations"], json!([]));
    let later = json!({"effective_from": "2026-03-03T12:00:00Z", "users": users(&[crew.cleo])});
    let versions = json!([crew.version(json!({})), crew.version(later)]);
    let primary = json!({"rotation": {"id": "primary", "name": "Primary", "versions": versions}});
    let made = crew.admin.post(&rotations, primary.clone()).expect(201)["rotation"].take();
    assert_eq!((&made["id"], made["versions"].as_array().unwrap().len()), (&json!("primary"), 2));
    let nights =
        json!({"rotation": {"name": "Nights", "versions": [crew.version(json!({"users": users(&[crew.bob])}))]}});
    let nights = text(&crew.admin.post(&rotations, nights).expect(201), "/rotation/id");
    assert_eq!(texts(&crew.admin.get(&rotations).expect(200)["rotations"], "/name"), ["Primary", "Nights"]);
    assert_eq!(crew.admin.get(&format!("{rotations}/primary")).expect(200)["rotation"], made);
    let entries = crew.entries(&id, "2026-03-03T10:00:00Z", "2026-03-04T00:00:00Z");
    let expected =
        ["Bob 03-03T09:00 to 03-03T12:00", "Bob 03-03T09:00 to 03-04T09:00", "Cleo 03-03T12:00 to 03-04T09:00"];
    assert_eq!(shifts(&entries["final"]), expected);
    assert_eq!(crew.show(&id)["config"]["rotations"].as_array().unwrap().len(), 3, "the same in the second version");

    crew.hours_pass(3);
    let only_bob =
        json!({"rotation": {"name": "Bob", "versions": [crew.version(json!({"users": users(&[crew.bob])}))]}});
    crew.admin.put(&format!("{rotations}/primary"), only_bob).expect(200);
    assert_eq!(texts(&crew.admin.get(&rotations).expect(200)["rotations"], "/name"), ["Bob", "Nights"]);
    crew.admin.delete(&format!("{rotations}/{nights}")).expect(204);
    for gone in [crew.admin.get(&format!("{rotations}/{nights}")), crew.admin.delete(&format!("{rotations}/{nights}"))]
    {
        gone.expect(404);
    }
    let expected =
        ["Ada 03-02T09:00 to 03-02T12:00", "Bob 03-02T09:00 to 03-02T12:00", "Bob 03-02T12:00 to 03-03T09:00"];
    assert_eq!(crew.first_day(&id), expected, "who has been on call stays as it was");
}

#[test]
fn a_schedule_keeps_its_rotations_when_it_is_replaced() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let path = format!("{SCHEDULES}/{id}");
    let renamed = json!({"schedule": {"name": "Renamed", "timezone": "UTC"}});
    let changed = crew.admin.put(&path, renamed).expect(200)["schedule"].take();
    assert_eq!((&changed["name"], &changed["timezone"]), (&json!("Renamed"), &json!("UTC")));
    assert_eq!(changed["config"]["rotations"].as_array().unwrap().len(), 1);
    assert_eq!(crew.admin.get(&path).expect(200)["schedule"], crew.show(&id));
    assert_eq!(texts(&crew.admin.get(SCHEDULES).expect(200)["schedules"], "/id"), std::slice::from_ref(&id));
    crew.admin.delete(&path).expect(202);
    assert_eq!(crew.admin.get(&at(&id)).status, 404);
}

#[test]
fn what_is_wrong_with_a_rotation_is_told_all_at_once() {
    let crew = Crew::start();
    let (_, rotations) = crew.empty();
    let wrong = json!({"handovers": [], "effective_from": "2026-03-03T12:00:00Z"});
    let rotation = json!({"rotation": {"name": " ", "versions": [crew.version(wrong)]}});
    let expected = [
        ("is_required", "rotation.name"),
        ("invalid_value", "rotation.versions.0.effective_from"),
        ("is_required", "rotation.versions.0.handovers"),
    ];
    assert_invalid(&crew.admin.post(&rotations, rotation), &expected);
    let none = json!({"rotation": {"name": "x", "versions": []}});
    assert_invalid(&crew.admin.post(&rotations, none), &[("is_required", "rotation.versions")]);
    let one = json!({"rotation": {"id": "x", "name": "x", "versions": [crew.version(json!({}))]}});
    crew.admin.post(&rotations, one.clone()).expect(201);
    assert_invalid(&crew.admin.post(&rotations, one), &[("invalid_value", "rotation.id")]);
}
