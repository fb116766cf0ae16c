//! Who is on call, now or at another time.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use testkit::json;

use crate::support::{Site, refused, rotation};

#[test]
fn who_is_on_call_is_said_with_until_when_and_who_is_next() {
    let site = Site::new();
    site.payments();
    let expected = "\
Mon 23 Mar 2026 09:00 GMT:
Payments, Primary: Bob <bob@acme.example> until Mon 30 Mar 09:00 BST (in 6 days 23 h); next: Ada
";
    // The clock is put forward on the 29th: that week has an hour less.
    assert_eq!(site.ask(&["--at", "2026-03-23T09:00:00Z"]), expected);
    let local = site.ask(&["--at", "2026-03-30 05:40"]);
    let expected = "\
Mon 30 Mar 2026 05:40 BST:
Payments, Primary: Bob <bob@acme.example> until Mon 30 Mar 09:00 BST (in 3 h 20 min); next: Ada
";
    assert_eq!(local, expected);
    // That time never was: the clock went from 01:00 to 02:00.
    assert!(site.ask(&["--at", "2026-03-29 01:30"]).starts_with("Sun 29 Mar 2026 02:30 BST:\n"));
}

#[test]
fn an_override_says_so_now_and_next() {
    let site = Site::new();
    let payments = site.payments();
    let cy = site.user("Cy");
    site.override_with(&payments, &cy, "2026-03-24T12:00:00Z", "2026-03-24T14:00:00Z");
    let before = site.ask(&["--at", "2026-03-24T11:00:00Z"]);
    assert!(before.ends_with("until Tue 24 Mar 12:00 GMT (in 1 h); next: Cy (override)\n"), "{before}");
    let during = site.ask(&["--at", "2026-03-24T12:00:00Z"]);
    assert!(
        during.ends_with("Cy <cy@acme.example> (override) until Tue 24 Mar 14:00 GMT (in 2 h); next: Bob\n"),
        "{during}"
    );
}

#[test]
fn layers_are_told_apart_and_that_nobody_is_on_call_is_no_failure() {
    let site = Site::new();
    let users = [site.user("Ada"), site.user("Bob")];
    let mut both = rotation("Primary", &users, "2026-03-02T09:00:00Z");
    both["layers"] = json!([{"name": "First"}, {"name": "Second"}]);
    let mut days = rotation("Office hours", &users, "2026-03-02T09:00:00Z");
    days["working_intervals"] = json!([{"weekday": "monday", "start_time": "09:00", "end_time": "17:00"}]);
    site.schedule("Payments", json!([both, days]));
    site.schedule("billing", json!([]));
    site.schedule("Support", json!([rotation("Later", &users, "2027-03-01T09:00:00Z")]));
    let expected = "\
Tue 3 Mar 2026 09:00 GMT:
billing: nobody is on call: it has no rotation
Payments, Primary, First: Ada <ada@acme.example> until Mon 9 Mar 09:00 GMT (in 6 days); next: Bob
Payments, Primary, Second: Bob <bob@acme.example> until Mon 9 Mar 09:00 GMT (in 6 days); next: Ada
Payments, Office hours: nobody is on call; next: Bob from Mon 9 Mar 09:00 GMT (in 6 days)
Support, Later: nobody is on call, nor in the three months to come
";
    assert_eq!(site.ask(&["--at", "2026-03-03 09:00"]), expected);
}

#[test]
fn a_schedule_is_asked_for_by_id_or_name_and_an_unclear_one_lists_what_there_is() {
    let site = Site::new();
    let id = site.payments()["id"].as_str().unwrap().to_owned();
    site.schedule("Payroll", json!([]));
    for wanted in [&*id, "PAYMENTS", "paym"] {
        let said = site.ask(&["--schedule", wanted]);
        assert!(said.starts_with("Payments, Primary: ") && said.lines().count() == 1, "{said}");
    }
    let unclear = site.refuse(&["--schedule", "pay"]);
    assert!(unclear.contains("Payroll") && unclear.contains(&format!("Payments ({id})")), "{unclear}");
    assert!(site.refuse(&["--schedule", "nights"]).contains("there is no schedule \"nights\""));
}

#[test]
fn all_pages_are_read() {
    let site = Site::new();
    let users = [site.user("Ada"), site.user("Bob")];
    for number in 0..27 {
        site.schedule(&format!("Schedule {number:02}"), json!([]));
    }
    let mut hourly = rotation("Primary", &users, "2026-03-02T09:00:00Z");
    hourly["handovers"] = json!([{"interval": 1, "interval_type": "hourly"}]);
    // More shifts in four weeks than there are on a page.
    site.schedule("Z", json!([hourly]));
    assert_eq!(site.ask(&[]).lines().count(), 28);
    let drawing = site.ask(&["calendar", "z", "--at", "2026-03-04T12:00:00Z"]);
    let rows: Vec<_> = drawing.lines().filter(|line| line.starts_with("Primary")).collect();
    assert!(rows.len() == 4 && rows[1..].iter().all(|row| !row.contains('.')), "{drawing}");
}

#[test]
fn what_goes_wrong_is_told_to_a_person() {
    let site = Site::new();
    assert_eq!(site.refuse(&[]), "wardroom: there are no schedules yet\n");
    assert!(refused(&mut site.elsewhere(&[])).contains("--url"));
    assert!(refused(&mut site.elsewhere(&["--url", site.url()])).contains("WARDROOM_API_KEY"));
    let wrong = refused(&mut site.elsewhere(&["--url", site.url(), "--api-key", "inc_wrong"]));
    assert!(wrong.contains("does not accept this API key"), "{wrong}");
    let gone = refused(&mut site.elsewhere(&["calendar", "x", "--url", "http://127.0.0.1:1", "--api-key", "x"]));
    assert!(gone.contains("can't be reached: http://127.0.0.1:1"), "{gone}");
    assert!(site.refuse(&["--at", "tomorrow"]).contains("2026-03-29 02:30"));
    assert!(site.refuse(&["--watch", "--at", "2026-03-29 02:30"]).contains("--at does not go with it"));
    assert!(site.refuse(&["--watch", "calendar", "x"]).contains("don't go with calendar"));
}

struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn watching_prints_a_line_a_change() {
    let site = Site::new();
    let payments = site.payments();
    let cy = site.user("Cy");
    let mut command = site.command(&["--watch", "--every", "1"]);
    let mut watching = Watching(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(watching.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert!(first.starts_with("Payments, Primary: ") && !first.contains("Cy <"), "{first}");
    site.override_with(&payments, &cy, "2026-01-01T00:00:00Z", "9000-01-01T00:00:00Z");
    let change = lines.next().unwrap();
    assert!(change.ends_with("  Payments, Primary: Cy <cy@acme.example> (override) until further notice"), "{change}");
}
