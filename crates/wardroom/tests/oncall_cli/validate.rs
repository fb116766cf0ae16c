//! Whether somebody is on call: the exit status says so.

use testkit::{Value, json};

use crate::support::{Site, rotation};

impl Site {
    /// What `wardroom oncall validate` says of somebody on Payments at a time: its exit status, and its words.
    fn validate(&self, schedule: &str, email: &str, at: &str, more: &[&str]) -> (i32, String) {
        let arguments = [&["validate", "--schedule", schedule, "--email", email, "--at", at], more].concat();
        let output = self.command(&arguments).output().unwrap();
        let words = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code().unwrap(), words.trim_end().to_owned())
    }
}

#[test]
fn rv_6_whoever_is_on_call_is_and_whoever_is_covered_is_not() {
    let site = Site::new();
    let payments = site.payments();
    let cy = site.user("Cy");
    site.override_with(&payments, &cy, "2026-03-03T12:00:00Z", "2026-03-03T14:00:00Z");
    let on_call = (0, "Ada is on call for Payments until Tue 3 Mar 12:00 GMT".to_owned());
    assert_eq!(site.validate("payments", "ADA@acme.example", "2026-03-03T11:59:59Z", &[]), on_call);
    let covered = "Ada takes turns in Payments, and is not on call: Cy is, until Tue 3 Mar 14:00 GMT";
    assert_eq!(site.validate("payments", "ada@acme.example", "2026-03-03T12:00:00Z", &[]), (1, covered.into()));
    assert_eq!(site.validate("payments", "cy@acme.example", "2026-03-03T12:00:00Z", &[]).0, 0);
    assert_eq!(site.validate("payments", "cy@acme.example", "2026-03-03T14:00:00Z", &[]).0, 1, "the end is not part");
}

#[test]
fn rv_7_a_member_is_told_apart_from_whoever_is_on_call() {
    let site = Site::new();
    let both = rotation("Second", &[site.user("Dora")], "2026-03-02T09:00:00Z");
    let users = [site.user("Ada"), site.user("Bob")];
    site.schedule("Payments", json!([rotation("Primary", &users, "2026-03-02T09:00:00Z"), both]));
    site.user("Eve");
    let standing = |name: &str| {
        let email = format!("{name}@acme.example");
        let (status, words) = site.validate("payments", &email, "2026-03-03T12:00:00Z", &["--json"]);
        let standing: Value = serde_json::from_str(&words).unwrap();
        let others = standing["others"].as_array().unwrap().len();
        (status, standing["on_call"] == true, standing["member"] == true, others)
    };
    let expected = [
        ("ada", (0, true, true, 1)),
        ("dora", (0, true, true, 1)),
        ("bob", (1, false, true, 2)),
        ("eve", (1, false, false, 2)),
    ];
    for (name, expected) in expected {
        assert_eq!(standing(name), expected, "{name}");
    }
}

#[test]
fn rv_8_and_9_an_unknown_schedule_and_an_unknown_person_are_told_apart() {
    let site = Site::new();
    site.payments();
    let (status, words) = site.validate("nights", "ada@acme.example", "2026-03-03T12:00:00Z", &[]);
    assert!(status == 2 && words.contains("there is no schedule \"nights\""), "{words}");
    let (status, words) = site.validate("payments", "who@acme.example", "2026-03-03T12:00:00Z", &[]);
    assert_eq!((status, &*words), (2, "wardroom: there is no user with the address who@acme.example"));
}
