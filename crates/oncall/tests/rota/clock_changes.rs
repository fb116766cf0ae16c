//! Handovers keep to the clock on the wall on both sides of every change of it.

use base::Time;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use oncall::rota::{Handover, IntervalType, Schedule, entries};

use crate::model::first;
use crate::random::ZONES;
use crate::{every, moment, rotation, the_zone, time, version};

fn changes(zone: &TimeZone) -> Vec<Timestamp> {
    let (from, to): (Timestamp, Timestamp) =
        ("2020-01-01T00:00:00Z".parse().unwrap(), "2041-01-01T00:00:00Z".parse().unwrap());
    zone.following(from).map(|change| change.timestamp()).take_while(|change| *change < to).collect()
}

/// When a rotation that hands over at `start`, and ever after, does so: last by `from`, and in the nine
/// days after it.
fn starts(zone: &TimeZone, start: Timestamp, handover: Handover, from: Timestamp) -> Vec<Timestamp> {
    let version = version(time(start), &[handover], &["Ada", "Bo", "Cy"]);
    let schedule = Schedule { zone: zone.clone(), rotations: vec![rotation(vec![version])] };
    let shifts = entries(&schedule, &[], time(from)..time(from + (9 * 24).hours())).scheduled;
    shifts.iter().map(|shift| moment(shift.start_at)).collect()
}

/// The moments that a clock reading falls on, `step` after `step`: the last by `from`, and those in the
/// nine days after it.
fn expected(zone: &TimeZone, shown: DateTime, step: jiff::Span, from: Timestamp) -> Vec<Timestamp> {
    let readings = std::iter::successors(Some(shown), |shown| Some(*shown + step));
    let moments = readings.map(|shown| first(zone, shown));
    let mut moments: Vec<Timestamp> = moments.take_while(|moment| *moment < from + (9 * 24).hours()).collect();
    moments.dedup();
    let passed = moments.partition_point(|moment| *moment <= from);
    moments.split_off(passed - 1)
}

#[test]
fn handovers_stay_at_their_times_of_day() {
    for name in ZONES {
        let zone = the_zone(name);
        for change in changes(&zone) {
            let day = zone.to_datetime(change - 96.hours()).date();
            for (hour, minute) in [(0, 0), (0, 30), (1, 15), (1, 45), (2, 0), (2, 30), (3, 0), (9, 0), (23, 59)] {
                // The anchor: two weeks before the days in question, or years.
                for (weeks, from) in
                    [(2, change - 72.hours()), (52 * 12, change - 72.hours()), (2, change), (2, change + 20.minutes())]
                {
                    let anchor = (day - weeks.weeks()).at(hour, minute, 0, 0);
                    let start = first(&zone, anchor);
                    let anchor = zone.to_datetime(start);
                    for (handover, step) in [
                        (every(1, IntervalType::Daily), 1.day()),
                        (every(1, IntervalType::Weekly), 1.week()),
                        (every(12, IntervalType::Hourly), 12.hours()),
                        (every(1, IntervalType::Hourly), 1.hour()),
                    ] {
                        // The same reading, soon before the days in question.
                        let near = anchor + (weeks - 2).weeks();
                        let (found, expected) =
                            (starts(&zone, start, handover, from), expected(&zone, near, step, from));
                        assert_eq!(found, expected, "{name}, {anchor}, {handover:?}, around {change}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_zones_have_the_changes_that_they_are_here_for() {
    let counts = ZONES.map(|name| changes(&the_zone(name)).len());
    let [london, new_york, sao_paulo, lord_howe, kolkata, casablanca, apia] = counts;
    assert_eq!([london, new_york, lord_howe], [42; 3]);
    assert_eq!([sao_paulo, kolkata], [0; 2]);
    assert!(casablanca >= 14 && apia >= 2, "{counts:?}");
}

#[test]
fn hours_that_make_no_day_are_counted_as_they_pass() {
    let zone = the_zone("Europe/London");
    let start: Timestamp = "2024-03-30T09:00:00Z".parse().unwrap();
    let starts = starts(&zone, start, every(5, IntervalType::Hourly), start);
    assert!(starts.windows(2).all(|pair| pair[1].duration_since(pair[0]).as_hours() == 5), "{starts:?}");
}

#[test]
fn a_day_that_is_skipped_has_no_shift_of_its_own() {
    // Samoa went from Thursday 29 to Saturday 31 December 2011.
    let zone = the_zone("Pacific/Apia");
    let start: Time = crate::at(&zone, "2011-12-28 09:00");
    let version = version(start, &[every(1, IntervalType::Daily)], &["Ada", "Bo", "Cy", "Dee"]);
    let schedule = Schedule { zone: zone.clone(), rotations: vec![rotation(vec![version])] };
    let shifts = entries(&schedule, &[], start..crate::at(&zone, "2012-01-01 09:00")).scheduled;
    assert_eq!(
        crate::lines(&zone, &shifts),
        [
            "Ada Wed 2011-12-28 09:00 … Thu 2011-12-29 09:00",
            "Bo Thu 2011-12-29 09:00 … Sat 2011-12-31 00:00",
            "Cy Sat 2011-12-31 00:00 … Sat 2011-12-31 09:00",
            "Dee Sat 2011-12-31 09:00 … Sun 2012-01-01 09:00",
        ]
    );
}
