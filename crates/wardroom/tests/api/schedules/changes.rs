//! Changes of shift are told: on time, once, and also those that nobody saw.

use testkit::json;

use super::{Crew, OVERRIDES, users};

impl Crew {
    /// The changes that have been announced: when, and who is on call from then on.
    fn announced(&self) -> Vec<String> {
        self.app.run_jobs();
        let sql = "select (body->>'at') || ' ' || (body->>'current') from outbox \
                   where kind = 'schedule.shift_change' order by id";
        self.app.texts(sql).iter().map(|change| self.in_short(change)).collect()
    }

    /// `2026-03-02T09:00:00.000000Z ["…"]` as `03-02T09:00 Ada`.
    fn in_short(&self, change: &str) -> String {
        let (at, users) = change.split_once(' ').unwrap();
        let people = [("Ada", self.ada), ("Bob", self.bob), ("Cleo", self.cleo)];
        let there = people.iter().filter(|(_, id)| users.contains(&id.to_string())).map(|(name, _)| *name);
        format!("{} {}", &at[5..16], there.collect::<Vec<_>>().join(" and "))
    }
}

#[test]
fn a_change_of_shift_is_announced_when_it_comes_and_once() {
    let crew = Crew::start();
    crew.schedule(json!({}));
    assert_eq!(crew.announced(), ["03-02T09:00 Ada"]);
    crew.hours_pass(23);
    assert_eq!(crew.announced().len(), 1);
    crew.hours_pass(1);
    for _ in 0..2 {
        assert_eq!(crew.announced()[1..], ["03-03T09:00 Bob"]);
    }
}

#[test]
fn changes_that_nobody_saw_are_announced_with_their_moments() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.overriding(&id, crew.cleo, "12:00", "15:00");
    assert_eq!(crew.announced().len(), 1);
    crew.hours_pass(50);
    let expected = ["03-02T12:00 Cleo", "03-02T15:00 Ada", "03-03T09:00 Bob", "03-04T09:00 Ada"];
    assert_eq!(crew.announced()[1..], expected);
}

#[test]
fn a_change_of_the_schedule_or_an_override_is_announced_at_once() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    let cover = crew.overriding(&id, crew.cleo, "09:00", "15:00");
    assert_eq!(crew.announced(), ["03-02T09:00 Cleo"], "what held for no time is not told");
    crew.hours_pass(1);
    crew.admin.delete(&format!("{OVERRIDES}/{cover}")).expect(204);
    crew.update(&id, json!({"name": "Renamed"}));
    assert_eq!(crew.announced()[1..], ["03-02T10:00 Ada"]);
    crew.hours_pass(1);
    let only_bob = crew.rotation(json!({"users": users(&[crew.bob])}));
    crew.update(&id, json!({"config": {"rotations": [only_bob]}}));
    assert_eq!(crew.announced()[2..], ["03-02T11:00 Bob"]);
    crew.hours_pass(48);
    assert_eq!(crew.announced().len(), 3, "the same person again is no change");
    crew.admin.delete(&super::at(&id)).expect(202);
    crew.hours_pass(48);
    assert_eq!(crew.announced().len(), 3);
}

#[test]
fn a_schedule_that_nobody_changes_for_a_year_is_still_watched() {
    let crew = Crew::start();
    let later = crew.rotation(json!({"effective_from": "2027-03-02T09:00:00Z", "users": users(&[crew.cleo])}));
    let first = crew.rotation(json!({"users": users(&[crew.bob])}));
    crew.schedule(json!({"config": {"rotations": [first, later]}}));
    assert_eq!(crew.announced(), ["03-02T09:00 Bob"]);
    for _ in 0..365 {
        crew.hours_pass(24);
        crew.app.run_jobs();
    }
    assert_eq!(crew.announced()[1..], ["03-02T09:00 Cleo"]);
}

#[test]
fn what_becomes_of_a_schedule_is_announced() {
    let crew = Crew::start();
    let id = crew.schedule(json!({}));
    crew.update(&id, json!({"name": "Renamed"}));
    crew.admin.delete(&super::at(&id)).expect(202);
    let sql = "select kind || ' ' || (body->>'schedule') from outbox where kind <> 'schedule.shift_change' order by id";
    let expected = ["created", "updated", "deleted"].map(|verb| format!("schedule.{verb} {id}"));
    assert_eq!(crew.app.texts(sql), expected);
}
