//! The weeks to come, drawn.

use crate::support::Site;

#[test]
fn the_weeks_to_come_are_drawn_with_handovers_and_overrides() {
    let site = Site::new();
    let payments = site.payments();
    let cy = site.user("Cy");
    site.override_with(&payments, &cy, "2026-03-24T12:00:00Z", "2026-03-24T18:00:00Z");
    let expected = "\
Payments, 23 Mar 2026 to 5 Apr 2026, Europe/London

        Mon      Tue      Wed*     Thu      Fri      Sat      Sun
        23 Mar   24 Mar   25 Mar   26 Mar   27 Mar   28 Mar   29 Mar
Primary A--B---- B---C=B- B------- B------- B------- B------- B-------

        Mon      Tue      Wed      Thu      Fri      Sat      Sun
        30 Mar   31 Mar   1 Apr    2 Apr    3 Apr    4 Apr    5 Apr
Primary B--A---- A------- A------- A------- A------- A------- A-------

A  Ada <ada@acme.example>
B  Bob <bob@acme.example>
C  Cy <cy@acme.example>
- 3 h on call  = override  . nobody  * today

Overrides
  Primary: Cy, Tue 24 Mar 12:00 GMT to Tue 24 Mar 18:00 GMT
";
    assert_eq!(site.ask(&["calendar", "pay", "--weeks", "2", "--at", "2026-03-25 12:00"]), expected);
}

#[test]
fn four_weeks_are_drawn_unless_said_otherwise() {
    let site = Site::new();
    site.payments();
    let rows = |drawing: String| drawing.lines().filter(|line| line.starts_with("Primary")).count();
    assert_eq!(rows(site.ask(&["calendar", "payments"])), 4);
    assert_eq!(rows(site.ask(&["calendar", "payments", "--weeks", "20"])), 20);
    assert!(site.refuse(&["calendar", "payments", "--weeks", "0"]).contains("--weeks"));
}
