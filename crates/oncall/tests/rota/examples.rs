//! Examples, as sentences.

use std::slice;

use jiff::tz::TimeZone;
use oncall::rota::IntervalType::{Daily, Hourly, Weekly};
use oncall::rota::{Entries, Reason, Rotation, Schedule, SchedulingMode, Version, Weekday, entries, on_call_at};

use crate::{at, cover, every, id, lines, name, rotation, the_zone, user, version, working};

fn london() -> TimeZone {
    the_zone("Europe/London")
}

fn schedule(versions: Vec<Version>) -> Schedule {
    Schedule { zone: london(), rotations: vec![rotation(versions)] }
}

/// The entries from one reading of London's clock to another.
fn between(schedule: &Schedule, overrides: &[oncall::rota::Override], start: &str, end: &str) -> Entries {
    entries(schedule, overrides, at(&schedule.zone, start)..at(&schedule.zone, end))
}

fn scheduled(schedule: &Schedule, start: &str, end: &str) -> Vec<String> {
    lines(&schedule.zone, &between(schedule, &[], start, end).scheduled)
}

fn london_at(reading: &str) -> base::Time {
    at(&london(), reading)
}

#[test]
fn weekly_handovers_on_mondays_at_nine_stay_there_when_summer_begins() {
    let weekly = schedule(vec![version(london_at("2024-03-18 09:00"), &[every(1, Weekly)], &["Ada", "Bo"])]);
    assert_eq!(
        scheduled(&weekly, "2024-03-20 00:00", "2024-04-02 00:00"),
        [
            "Ada Mon 2024-03-18 09:00 … Mon 2024-03-25 09:00",
            "Bo Mon 2024-03-25 09:00 … Mon 2024-04-01 09:00",
            "Ada Mon 2024-04-01 09:00 … Mon 2024-04-08 09:00",
        ]
    );
}

#[test]
fn nobody_is_on_call_before_the_anchor_and_the_first_user_is_from_then_on() {
    let weekly = schedule(vec![version(london_at("2024-03-18 09:00"), &[every(1, Weekly)], &["Ada", "Bo"])]);
    assert!(scheduled(&weekly, "2024-01-01 00:00", "2024-03-18 09:00").is_empty());
    assert!(on_call_at(&weekly, &[], london_at("2024-03-18 08:59")).is_empty());
    assert_eq!(name(on_call_at(&weekly, &[], london_at("2024-03-18 09:00"))[0].user), "Ada");
    assert_eq!(name(on_call_at(&weekly, &[], london_at("2024-03-25 09:00"))[0].user), "Bo");
}

#[test]
fn a_day_and_then_three_alternate() {
    let alternating = schedule(vec![version(
        london_at("2024-01-01 09:00"),
        &[every(1, Daily), every(3, Daily)],
        &["Ada", "Bo", "Cy"],
    )]);
    assert_eq!(
        scheduled(&alternating, "2024-01-01 09:00", "2024-01-09 09:00"),
        [
            "Ada Mon 2024-01-01 09:00 … Tue 2024-01-02 09:00",
            "Bo Tue 2024-01-02 09:00 … Fri 2024-01-05 09:00",
            "Cy Fri 2024-01-05 09:00 … Sat 2024-01-06 09:00",
            "Ada Sat 2024-01-06 09:00 … Tue 2024-01-09 09:00",
        ]
    );
}

#[test]
fn a_handover_in_the_hour_that_is_skipped_is_just_after_it() {
    let daily = schedule(vec![version(london_at("2024-03-29 01:30"), &[every(1, Daily)], &["Ada", "Bo"])]);
    assert_eq!(
        scheduled(&daily, "2024-03-30 12:00", "2024-04-01 01:00"),
        ["Bo Sat 2024-03-30 01:30 … Sun 2024-03-31 02:00", "Ada Sun 2024-03-31 02:00 … Mon 2024-04-01 01:30"]
    );
}

#[test]
fn a_handover_in_the_hour_that_comes_twice_is_in_the_first() {
    let daily = schedule(vec![version(london_at("2024-10-25 01:30"), &[every(1, Daily)], &["Ada", "Bo"])]);
    let shifts = between(&daily, &[], "2024-10-26 12:00", "2024-10-27 12:00").scheduled;
    assert_eq!(shifts[1].start_at, "2024-10-27T01:30:00+01:00".parse().unwrap());
    let second = "2024-10-27T01:15:00+00:00".parse().unwrap();
    assert_eq!(name(on_call_at(&daily, &[], second)[0].user), "Ada");
}

#[test]
fn an_anchor_in_the_second_of_the_hours_is_not_taken_for_the_first() {
    let anchor = "2024-10-27T01:30:00+00:00".parse().unwrap();
    let daily = schedule(vec![version(anchor, &[every(1, Daily)], &["Ada", "Bo"])]);
    assert!(on_call_at(&daily, &[], "2024-10-27T01:15:00+00:00".parse().unwrap()).is_empty());
    let shifts = between(&daily, &[], "2024-10-27 00:00", "2024-10-28 12:00").scheduled;
    assert_eq!(shifts[0].start_at, anchor);
    assert_eq!(name(shifts[1].user), "Bo");
    assert_eq!(shifts[1].start_at, london_at("2024-10-28 01:30"));
}

#[test]
fn nine_and_fifteen_hours_are_a_day_and_stay_at_their_times() {
    let day_and_night =
        schedule(vec![version(london_at("2024-03-30 09:00"), &[every(9, Hourly), every(15, Hourly)], &["Ada", "Bo"])]);
    assert_eq!(
        scheduled(&day_and_night, "2024-03-30 12:00", "2024-03-31 20:00"),
        [
            "Ada Sat 2024-03-30 09:00 … Sat 2024-03-30 18:00",
            "Bo Sat 2024-03-30 18:00 … Sun 2024-03-31 09:00",
            "Ada Sun 2024-03-31 09:00 … Sun 2024-03-31 18:00",
            "Bo Sun 2024-03-31 18:00 … Mon 2024-04-01 09:00",
        ]
    );
}

#[test]
fn five_hours_are_five_hours_and_move_on_the_clock_when_it_is_put_forward() {
    let hourly = schedule(vec![version(london_at("2024-03-30 21:00"), &[every(5, Hourly)], &["Ada", "Bo"])]);
    assert_eq!(
        scheduled(&hourly, "2024-03-30 21:00", "2024-03-31 08:00"),
        ["Ada Sat 2024-03-30 21:00 … Sun 2024-03-31 03:00", "Bo Sun 2024-03-31 03:00 … Sun 2024-03-31 08:00",]
    );
}

/// Who has which of two and five days in turn.
fn two_and_five_days(scheduling_mode: SchedulingMode, users: &[&str]) -> Vec<String> {
    let version = version(london_at("2024-01-01 09:00"), &[every(2, Daily), every(5, Daily)], users);
    let schedule = schedule(vec![Version { scheduling_mode, ..version }]);
    let shifts = between(&schedule, &[], "2024-01-01 09:00", "2024-01-29 09:00").scheduled;
    let days = |shift: &oncall::rota::Shift| shift.end_at.since(shift.start_at).as_secs() / 86_400;
    shifts.iter().map(|shift| format!("{} {}", name(shift.user), days(shift))).collect()
}

#[test]
fn round_robin_leaves_everyone_with_the_same_days_and_fair_rounds_do_not() {
    assert_eq!(
        two_and_five_days(SchedulingMode::Sequential, &["Ada", "Bo", "Cy", "Dee"]),
        ["Ada 2", "Bo 5", "Cy 2", "Dee 5", "Ada 2", "Bo 5", "Cy 2", "Dee 5"]
    );
    assert_eq!(
        two_and_five_days(SchedulingMode::Fair, &["Ada", "Bo", "Cy", "Dee"]),
        ["Ada 2", "Bo 5", "Cy 2", "Dee 5", "Bo 2", "Cy 5", "Dee 2", "Ada 5"]
    );
}

#[test]
fn fair_is_round_robin_where_that_is_fair() {
    let expected = ["Ada 2", "Bo 5", "Cy 2", "Ada 5", "Bo 2", "Cy 5", "Ada 2", "Bo 5"];
    assert_eq!(two_and_five_days(SchedulingMode::Fair, &["Ada", "Bo", "Cy"]), expected);
    assert_eq!(two_and_five_days(SchedulingMode::Sequential, &["Ada", "Bo", "Cy"]), expected);
}

#[test]
fn the_second_layer_is_one_user_further_on() {
    let version = version(london_at("2024-01-01 09:00"), &[every(1, Daily)], &["Ada", "Bo", "Cy"]);
    let two = schedule(vec![Version { layers: vec![id(1), id(2)], ..version }]);
    let on_call = |reading| {
        let shifts = on_call_at(&two, &[], london_at(reading));
        shifts.iter().map(|shift| name(shift.user)).collect::<Vec<_>>()
    };
    assert_eq!(on_call("2024-01-01 12:00"), ["Ada", "Bo"]);
    assert_eq!(on_call("2024-01-02 12:00"), ["Bo", "Cy"]);
    assert_eq!(on_call("2024-01-03 12:00"), ["Cy", "Ada"]);
}

#[test]
fn office_hours_divide_a_weekly_shift_into_days() {
    let version = version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada", "Bo"]);
    let office = schedule(vec![Version {
        working_intervals: vec![
            working(Weekday::Thursday, "09:00", "17:00"),
            working(Weekday::Friday, "09:00", "17:00"),
        ],
        ..version
    }]);
    assert_eq!(
        scheduled(&office, "2024-01-04 12:00", "2024-01-12 12:00"),
        [
            "Ada Thu 2024-01-04 09:00 … Thu 2024-01-04 17:00",
            "Ada Fri 2024-01-05 09:00 … Fri 2024-01-05 17:00",
            "Bo Thu 2024-01-11 09:00 … Thu 2024-01-11 17:00",
            "Bo Fri 2024-01-12 09:00 … Fri 2024-01-12 17:00",
        ]
    );
}

#[test]
fn a_night_that_ends_no_later_than_it_starts_ends_the_day_after_also_over_the_week_s_end() {
    let version = version(london_at("2024-01-01 00:00"), &[every(1, Weekly)], &["Ada", "Bo"]);
    let nights = schedule(vec![Version {
        working_intervals: vec![working(Weekday::Sunday, "22:00", "06:00"), working(Weekday::Monday, "06:00", "07:00")],
        ..version
    }]);
    // The handover on Monday at 00:00 divides the night; the hours on Monday continue it.
    assert_eq!(
        scheduled(&nights, "2024-01-07 00:00", "2024-01-09 00:00"),
        ["Ada Sun 2024-01-07 22:00 … Mon 2024-01-08 00:00", "Bo Mon 2024-01-08 00:00 … Mon 2024-01-08 07:00"]
    );
}

#[test]
fn hours_that_leave_nothing_out_divide_nothing() {
    let version = version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada", "Bo"]);
    let all = Weekday::ALL.iter().map(|day| working(*day, "08:00", "08:00")).collect();
    let always = schedule(vec![Version { working_intervals: all, ..version }]);
    assert_eq!(
        scheduled(&always, "2024-01-03 12:00", "2024-01-05 12:00"),
        ["Ada Mon 2024-01-01 09:00 … Mon 2024-01-08 09:00"]
    );
}

#[test]
fn a_version_applies_until_the_next_one_which_counts_from_its_own_anchor() {
    let first = version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada", "Bo"]);
    let next = Version {
        effective_from: Some(london_at("2024-01-10 09:00")),
        ..version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada", "Cy", "Bo"])
    };
    let edited = schedule(vec![first, next]);
    assert_eq!(
        scheduled(&edited, "2024-01-05 12:00", "2024-01-16 12:00"),
        [
            "Ada Mon 2024-01-01 09:00 … Mon 2024-01-08 09:00",
            "Bo Mon 2024-01-08 09:00 … Wed 2024-01-10 09:00",
            "Cy Wed 2024-01-10 09:00 … Mon 2024-01-15 09:00",
            "Bo Mon 2024-01-15 09:00 … Mon 2024-01-22 09:00",
        ]
    );
    let now = on_call_at(&edited, &[], london_at("2024-01-10 09:00"));
    assert_eq!(now[0].reason, Reason::Turn { effective_from: Some(london_at("2024-01-10 09:00")) });
}

#[test]
fn an_override_cuts_the_shift_in_two() {
    let weekly = schedule(vec![version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada", "Bo"])]);
    let evening = cover(7, london_at("2024-01-03 17:00"), london_at("2024-01-03 21:00"), "Eve");
    let found = between(&weekly, &[evening], "2024-01-03 00:00", "2024-01-05 00:00");
    let zone = &weekly.zone;
    assert_eq!(lines(zone, &found.scheduled), ["Ada Mon 2024-01-01 09:00 … Mon 2024-01-08 09:00"]);
    assert_eq!(lines(zone, &found.overrides), ["Eve Wed 2024-01-03 17:00 … Wed 2024-01-03 21:00"]);
    assert_eq!(
        lines(zone, &found.r#final),
        [
            "Ada Mon 2024-01-01 09:00 … Wed 2024-01-03 17:00",
            "Eve Wed 2024-01-03 17:00 … Wed 2024-01-03 21:00",
            "Ada Wed 2024-01-03 21:00 … Mon 2024-01-08 09:00",
        ]
    );
    assert_eq!(found.r#final[1].reason, Reason::Override(id(7)));
}

#[test]
fn an_override_counts_out_of_working_hours_too() {
    let version = version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada", "Bo"]);
    let office = Version { working_intervals: vec![working(Weekday::Wednesday, "09:00", "17:00")], ..version };
    let late = cover(7, london_at("2024-01-03 16:00"), london_at("2024-01-03 20:00"), "Eve");
    assert_eq!(
        lines(&london(), &between(&schedule(vec![office]), &[late], "2024-01-03 00:00", "2024-01-04 00:00").r#final),
        ["Ada Wed 2024-01-03 09:00 … Wed 2024-01-03 16:00", "Eve Wed 2024-01-03 16:00 … Wed 2024-01-03 20:00"]
    );
}

#[test]
fn the_later_of_two_overrides_wins() {
    let weekly = schedule(vec![version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada"])]);
    let day = cover(7, london_at("2024-01-03 09:00"), london_at("2024-01-03 21:00"), "Eve");
    let noon = cover(8, london_at("2024-01-03 12:00"), london_at("2024-01-03 13:00"), "Dee");
    assert_eq!(
        lines(&london(), &between(&weekly, &[day, noon], "2024-01-03 10:00", "2024-01-03 20:00").r#final),
        [
            "Eve Wed 2024-01-03 09:00 … Wed 2024-01-03 12:00",
            "Dee Wed 2024-01-03 12:00 … Wed 2024-01-03 13:00",
            "Eve Wed 2024-01-03 13:00 … Wed 2024-01-03 21:00",
        ]
    );
}

#[test]
fn an_override_of_another_layer_or_of_a_layer_that_is_gone_changes_nothing() {
    let weekly = schedule(vec![version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada"])]);
    let mut elsewhere = cover(7, london_at("2024-01-03 09:00"), london_at("2024-01-03 21:00"), "Eve");
    elsewhere.layer = id(2);
    let found = between(&weekly, &[elsewhere], "2024-01-03 10:00", "2024-01-03 20:00");
    assert!(found.overrides.is_empty());
    assert_eq!(found.r#final, found.scheduled);
}

#[test]
fn the_end_is_not_part_of_a_shift_or_of_a_window() {
    let daily = schedule(vec![version(london_at("2024-01-01 09:00"), &[every(1, Daily)], &["Ada", "Bo"])]);
    assert_eq!(
        scheduled(&daily, "2024-01-02 09:00", "2024-01-03 09:00"),
        ["Bo Tue 2024-01-02 09:00 … Wed 2024-01-03 09:00"]
    );
    let all_year = cover(7, london_at("2024-01-01 00:00"), london_at("2024-12-31 00:00"), "Eve");
    for end in ["2024-01-02 10:00", "2024-01-02 09:00"] {
        assert_eq!(between(&daily, slice::from_ref(&all_year), "2024-01-02 10:00", end), Entries::default());
    }
}

#[test]
fn a_fingerprint_stays_the_same_when_the_version_is_another_and_not_when_the_user_is() {
    let first = version(london_at("2024-01-01 09:00"), &[every(1, Weekly)], &["Ada", "Bo"]);
    let longer = Version { users: vec![user("Ada"), user("Bo"), user("Cy")], ..first.clone() };
    let fingerprints = |version: Version| {
        let found = between(&schedule(vec![version]), &[], "2024-01-01 09:00", "2024-01-22 09:00");
        found.scheduled.iter().map(|shift| shift.fingerprint().to_string()).collect::<Vec<_>>()
    };
    let (before, after) = (fingerprints(first), fingerprints(longer));
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2], after[2]);
    assert_eq!(before[0], "34K4ZXFNZVNT01478E9BTG7DYV");
}

#[test]
fn without_users_or_handovers_nobody_is_on_call() {
    let start = london_at("2024-01-01 09:00");
    for version in [version(start, &[every(1, Daily)], &[]), version(start, &[], &["Ada"])] {
        let schedule = schedule(vec![version]);
        assert!(on_call_at(&schedule, &[], london_at("2024-01-01 10:00")).is_empty());
        assert!(scheduled(&schedule, "2024-01-01 09:00", "2024-02-01 09:00").is_empty());
    }
}

#[test]
fn an_interval_of_none_is_one_and_the_longest_does_not_overflow() {
    let start = london_at("2024-01-01 09:00");
    let none = schedule(vec![version(start, &[every(0, Daily)], &["Ada", "Bo"])]);
    assert_eq!(name(on_call_at(&none, &[], london_at("2024-01-02 09:00"))[0].user), "Bo");
    let longest = schedule(vec![version(start, &[every(u32::MAX, Weekly); 3], &["Ada", "Bo"])]);
    assert_eq!(name(on_call_at(&longest, &[], "9999-12-30T00:00:00Z".parse().unwrap())[0].user), "Ada");
    let last = "9999-12-30T21:59:59.999999Z".parse().unwrap();
    assert!(on_call_at(&none, &[], last).len() <= 1);
    assert!(on_call_at(&none, &[], "9999-12-31T23:59:59Z".parse().unwrap_or(last)).len() <= 1);
}

#[test]
fn rotations_are_on_call_at_the_same_time() {
    let start = london_at("2024-01-01 09:00");
    let first = rotation(vec![version(start, &[every(1, Daily)], &["Ada"])]);
    let second = Rotation { id: id(2), versions: vec![version(start, &[every(1, Daily)], &["Bo"])] };
    let both = Schedule { zone: london(), rotations: vec![first, second] };
    assert_eq!(
        scheduled(&both, "2024-01-01 09:00", "2024-01-02 10:00"),
        [
            "Ada Mon 2024-01-01 09:00 … Tue 2024-01-02 09:00",
            "Bo Mon 2024-01-01 09:00 … Tue 2024-01-02 09:00",
            "Ada Tue 2024-01-02 09:00 … Wed 2024-01-03 09:00",
            "Bo Tue 2024-01-02 09:00 … Wed 2024-01-03 09:00",
        ]
    );
}
