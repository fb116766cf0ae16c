//! Working intervals: the hours of the week outside of which a rotation puts nobody on call.

use std::iter;
use std::ops::Range;

use jiff::civil;

use super::WorkingInterval;
use super::clock::{Clock, DAY, Instant, Reading, WEEK};

/// What the clock showed when the first Monday of 1970 began.
const MONDAY: Reading = 4 * DAY;

/// The hours in any of `intervals` that overlap `part`, as stretches that are in order and apart,
/// each with its true start and end. All of time, if the intervals leave nothing out.
pub fn working_hours(intervals: &[WorkingInterval], clock: Clock<'_>, part: &Range<Instant>) -> Vec<Range<Instant>> {
    let spans = spans_of_week(intervals);
    if intervals.is_empty() || spans.iter().any(|span| span.end - span.start >= WEEK) {
        return iter::once(Instant::MIN..Instant::MAX).collect();
    }
    let from = clock.reading(part.start);
    // The week before may reach into this one.
    let monday = MONDAY + ((from - MONDAY).div_euclid(WEEK) - 1) * WEEK;
    let every_week = (0..).flat_map(|week| spans.iter().map(move |span| later(span, monday + week * WEEK)));
    every_week
        .skip_while(|span| span.end <= from)
        .map(|span| (clock.first(span.start), span.end))
        .take_while(|(start, _)| *start < part.end)
        .map(|(start, end)| start..clock.first(end))
        .filter(|hours| hours.end > part.start && !hours.is_empty())
        .collect()
}

/// The hours of a week, counted from Monday's beginning, in order and apart. The last may reach
/// into the week after, but not to the first one there.
fn spans_of_week(intervals: &[WorkingInterval]) -> Vec<Range<Reading>> {
    let mut spans: Vec<Range<Reading>> = intervals.iter().map(span).collect();
    spans.sort_unstable_by_key(|span| span.start);
    spans.dedup_by(|next, span| joins(span, next));
    if let Some(mut last) = spans.pop() {
        let reached = spans.iter().take_while(|span| joins(&mut last, &later(span, WEEK))).count();
        spans.drain(..reached);
        spans.push(last);
    }
    spans
}

/// When an interval begins and ends, counted from Monday's beginning; one that ends no later in the
/// day than it starts ends the day after.
fn span(interval: &WorkingInterval) -> Range<Reading> {
    let day = interval.weekday as Reading * DAY;
    let (start, end) = (of_day(interval.start_time), of_day(interval.end_time));
    day + start..day + end + if end <= start { DAY } else { 0 }
}

fn of_day(time: civil::Time) -> Reading {
    time.duration_since(civil::Time::midnight()).as_micros() as Reading
}

fn later(span: &Range<Reading>, by: Reading) -> Range<Reading> {
    span.start + by..span.end + by
}

/// Whether `next`, which starts no earlier, leaves no gap after `span`, which then takes it in.
fn joins(span: &mut Range<Reading>, next: &Range<Reading>) -> bool {
    let touches = next.start <= span.end;
    if touches {
        span.end = span.end.max(next.end);
    }
    touches
}
