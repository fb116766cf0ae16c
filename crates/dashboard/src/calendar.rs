//! The picture of a schedule's calendar: a row of days for each week, and in it a lane for each layer of a rotation.
//! Pure: from shifts to rectangles.
//!
//! Every day is as wide as every other, also the one that has an hour more or less.

use std::ops::Range;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use crate::render::initials;

/// How wide a day is.
const DAY: i64 = 140;
/// Days of a week.
const WEEK: usize = 7;
/// How high the names of the days are.
const HEAD: i64 = 34;
/// How high a lane is: its name, and what is in it.
const LANE: i64 = 60;
/// Where in a lane the bar of a shift is, and how high it is.
const BAR: (i64, i64) = (18, 28);
/// The same for whom an override stands in for.
const PLANNED: (i64, i64) = (49, 6);
/// How wide a letter of a name is, about.
const LETTER: i64 = 9;

/// A layer of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// What it is called.
    pub name: String,
    /// What an override names it by: its rotation and its layer.
    pub place: String,
}

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A shift by the rotation.
    Turn,
    /// A shift by an override.
    Override,
    /// What the rotation says where an override says otherwise.
    Planned,
}

/// Somebody is on call, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The lane, by its place in the list.
    pub lane: usize,
    /// Why.
    pub kind: Kind,
    /// Who.
    pub name: String,
    /// From when to when.
    pub time: Range<Timestamp>,
}

/// A week, as it is drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Week {
    /// How wide it is.
    pub width: i64,
    /// How high it is.
    pub height: i64,
    /// How high a lane is.
    pub lane_height: i64,
    /// Its days.
    pub days: Vec<Day>,
    /// Where its days begin, and the last one ends: seconds since 1970.
    pub edges: Vec<i64>,
    /// Where each lane begins, from above.
    pub lanes: Vec<i64>,
    /// Its shifts.
    pub bars: Vec<Bar>,
    /// Where the present moment is, if it is in this week.
    pub now: Option<i64>,
}

/// A day, as it is drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Day {
    /// Where it begins, from the left.
    pub x: i64,
    /// How wide it is.
    pub width: i64,
    /// What it is called: `Mon 2 Mar`.
    pub name: String,
    /// Whether few people work on it.
    pub is_weekend: bool,
    /// Whether it is the present one.
    pub is_today: bool,
    /// The public holidays on it.
    pub holidays: Vec<String>,
}

/// What is seen of a shift in a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Where it begins, from the left.
    pub x: i64,
    /// Where it begins, from above.
    pub y: i64,
    /// How wide it is.
    pub width: i64,
    /// How high it is.
    pub height: i64,
    /// What it stands for.
    pub kind: Kind,
    /// The lane, by its place in the list.
    pub lane: usize,
    /// Who is on call.
    pub name: String,
    /// As much of the name as there is room for.
    pub label: String,
    /// The shift's first moment, which may be in a week before.
    pub start_at: Timestamp,
    /// The first moment after the shift.
    pub end_at: Timestamp,
}

/// What the rotations say in the time that overrides take.
pub fn planned(shifts: &[Shift], scheduled: &[Shift]) -> Vec<Shift> {
    let overrides = shifts.iter().filter(|shift| shift.kind == Kind::Override);
    let beneath = overrides.flat_map(|above| {
        let theirs = scheduled.iter().filter(|shift| shift.lane == above.lane && shift.name != above.name);
        theirs.filter_map(|shift| {
            let time = common(&shift.time, &above.time)?;
            Some(Shift { kind: Kind::Planned, time, ..shift.clone() })
        })
    });
    beneath.collect()
}

/// The days from `first` on that are drawn: where each begins, and the last one ends.
pub fn edges(first: Date, days: usize, zone: &TimeZone) -> Vec<Timestamp> {
    let begins = |date: Date| zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible().ok();
    first.series(1.day()).take(days + 1).filter_map(begins).collect()
}

/// The weeks from `first` on, by the clock of `zone`.
pub fn weeks(
    (first, count): (Date, usize),
    zone: &TimeZone,
    lanes: &[Lane],
    shifts: &[Shift],
    holidays: &[(Date, String)],
    now: Timestamp,
) -> Vec<Week> {
    let edges = edges(first, count * WEEK, zone);
    let weeks = edges.windows(WEEK + 1).step_by(WEEK);
    weeks.map(|edges| week(edges, zone, lanes, shifts, holidays, now)).collect()
}

fn week(
    edges: &[Timestamp],
    zone: &TimeZone,
    lanes: &[Lane],
    shifts: &[Shift],
    holidays: &[(Date, String)],
    now: Timestamp,
) -> Week {
    let today = now.to_zoned(zone.clone()).date();
    let day = |(edge, x): (&Timestamp, i64)| {
        let date = edge.to_zoned(zone.clone()).date();
        let names = holidays.iter().filter(|(holiday, _)| *holiday == date).map(|(_, name)| name.clone());
        Day {
            x,
            width: DAY,
            name: date.strftime("%a %-d %b").to_string(),
            is_weekend: matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
            is_today: date == today,
            holidays: names.collect(),
        }
    };
    let tops: Vec<_> = lanes.iter().zip((HEAD..).step_by(step(LANE))).map(|(_, top)| top).collect();
    let width = places(edges).last().map_or(0, |(x, _)| x + DAY);
    Week {
        width,
        height: tops.last().map_or(HEAD, |top| top + LANE),
        lane_height: LANE,
        days: edges[..edges.len() - 1].iter().zip((0..).step_by(step(DAY))).map(day).collect(),
        edges: edges.iter().map(|edge| edge.as_second()).collect(),
        bars: shifts.iter().filter_map(|shift| bar(edges, *tops.get(shift.lane)?, shift)).collect(),
        lanes: tops,
        now: (edges[0] <= now && edges.last().is_some_and(|end| now < *end)).then(|| place(edges, now)),
    }
}

fn step(size: i64) -> usize {
    usize::try_from(size).unwrap_or(1)
}

fn bar(edges: &[Timestamp], top: i64, shift: &Shift) -> Option<Bar> {
    let seen = common(&shift.time, &(*edges.first()?..*edges.last()?))?;
    let (x, end) = (place(edges, seen.start), place(edges, seen.end));
    let (below, height) = if shift.kind == Kind::Planned { PLANNED } else { BAR };
    let width = (end - x).max(2);
    Some(Bar {
        x,
        y: top + below,
        width,
        height,
        kind: shift.kind,
        lane: shift.lane,
        name: shift.name.clone(),
        label: if shift.kind == Kind::Planned { String::new() } else { label(&shift.name, width) },
        start_at: shift.time.start,
        end_at: shift.time.end,
    })
}

/// Where each day is, with its time.
fn places(edges: &[Timestamp]) -> impl Iterator<Item = (i64, Range<Timestamp>)> {
    let days = edges.windows(2).map(|pair| pair[0]..pair[1]);
    (0..).step_by(step(DAY)).zip(days)
}

/// How far from the left a moment is.
fn place(edges: &[Timestamp], moment: Timestamp) -> i64 {
    let within = |(x, day): (i64, Range<Timestamp>)| {
        let (passed, length) =
            (moment.duration_since(day.start).as_secs(), day.end.duration_since(day.start).as_secs());
        x + DAY * passed.min(length) / length.max(1)
    };
    places(edges).take_while(|(_, day)| day.start <= moment).last().map_or(0, within)
}

/// The name, its first word or the initials: the longest that there is room for.
fn label(name: &str, width: i64) -> String {
    let fits = |text: &str| i64::try_from(text.chars().count()).is_ok_and(|letters| letters * LETTER + 18 <= width);
    let word = name.split_whitespace().next().unwrap_or_default();
    [name.to_owned(), word.to_owned(), initials(name)].into_iter().find(|text| fits(text)).unwrap_or_default()
}

fn common(a: &Range<Timestamp>, b: &Range<Timestamp>) -> Option<Range<Timestamp>> {
    let common = a.start.max(b.start)..a.end.min(b.end);
    (common.start < common.end).then_some(common)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn shift(kind: Kind, name: &str, from: &str, to: &str) -> Shift {
        Shift { lane: 0, kind, name: name.into(), time: at(from)..at(to) }
    }

    /// Weeks from Monday, 2 March 2026, with one lane.
    fn drawn(count: usize, zone_name: &str, shifts: &[Shift], now: &str) -> Vec<Week> {
        let lanes = [Lane { name: "Primary".into(), place: "p".into() }];
        let holidays = [(date(2026, 3, 6), "Coffee Day".to_owned())];
        weeks((date(2026, 3, 2), count), &zone(zone_name), &lanes, shifts, &holidays, at(now))
    }

    /// From where to where each bar is.
    fn bars(week: &Week) -> Vec<(i64, i64)> {
        week.bars.iter().map(|bar| (bar.x, bar.x + bar.width)).collect()
    }

    #[test]
    fn a_shift_is_drawn_in_every_week_that_it_is_in() {
        let shifts = [shift(Kind::Turn, "Ada Lovelace", "2026-03-04T12:00:00Z", "2026-03-10T00:00:00Z")];
        let drawn = drawn(3, "UTC", &shifts, "2026-03-01T00:00:00Z");
        assert_eq!(drawn.iter().map(bars).collect::<Vec<_>>(), [vec![(350, 980)], vec![(0, 140)], vec![]]);
        assert_eq!(drawn[1].bars[0].start_at, at("2026-03-04T12:00:00Z"), "it is the whole shift");
        assert_eq!(drawn[0].width, 980);
    }

    #[test]
    fn days_are_those_of_the_time_zone() {
        let shifts = [shift(Kind::Turn, "Ada", "2026-03-01T15:00:00Z", "2026-03-02T15:00:00Z")];
        assert_eq!(bars(&drawn(1, "Asia/Tokyo", &shifts, "2026-03-01T00:00:00Z")[0]), [(0, 140)]);
        assert_eq!(bars(&drawn(1, "UTC", &shifts, "2026-03-01T00:00:00Z")[0]), [(0, 87)]);
    }

    #[test]
    fn a_day_that_has_an_hour_less_is_as_wide_as_the_others() {
        let shifts = [shift(Kind::Turn, "Ada", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")];
        let week = &drawn(4, "Europe/Berlin", &shifts, "2026-03-01T00:00:00Z")[3];
        assert_eq!(bars(week), [(840, 980)]);
        assert_eq!(week.edges[7] - week.edges[6], 23 * 3_600);
    }

    #[test]
    fn weekends_holidays_and_the_present_are_marked() {
        let week = &drawn(1, "UTC", &[], "2026-03-03T06:00:00Z")[0];
        let marked =
            |is: fn(&Day) -> bool| week.days.iter().filter(|day| is(day)).map(|day| &*day.name).collect::<Vec<_>>();
        assert_eq!(marked(|day| day.is_weekend), ["Sat 7 Mar", "Sun 8 Mar"]);
        assert_eq!(marked(|day| day.is_today), ["Tue 3 Mar"]);
        assert_eq!(marked(|day| !day.holidays.is_empty()), ["Fri 6 Mar"]);
        assert_eq!(week.now, Some(175));
        assert_eq!(drawn(1, "UTC", &[], "2026-03-09T00:00:00Z")[0].now, None, "it is in the week after");
    }

    #[test]
    fn an_override_shows_whom_it_stands_in_for() {
        let ada = shift(Kind::Turn, "Ada", "2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z");
        let bob = shift(Kind::Override, "Bob", "2026-03-03T00:00:00Z", "2026-03-05T00:00:00Z");
        let beneath = planned(&[ada.clone(), bob.clone()], std::slice::from_ref(&ada));
        assert_eq!(beneath, [shift(Kind::Planned, "Ada", "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z")]);
        let elsewhere = Shift { lane: 1, ..ada };
        assert_eq!(planned(&[bob], &[elsewhere]), []);
    }

    #[test]
    fn a_name_is_as_long_as_there_is_room_for() {
        let of = |width| label("Ada Lovelace", width);
        assert_eq!([126, 125, 45, 44, 35].map(of), ["Ada Lovelace", "Ada", "Ada", "AL", ""]);
    }

    #[test]
    fn the_end_of_time_is_drawn_without_what_comes_after() {
        assert!(weeks((Date::MAX, 4), &TimeZone::UTC, &[], &[], &[], at("2026-03-01T00:00:00Z")).is_empty());
    }
}
