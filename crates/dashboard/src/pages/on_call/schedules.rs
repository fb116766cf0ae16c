//! Every schedule, and the calendar of one.

use std::ops::Range;

use base::{Error, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value as Json, json};
use web::View;

use super::shifts::{by_day, drawn, duty, entries, lanes, text};
use super::{ahead, me, now, schedule};
use crate::calendar::{edges, planned, weeks};
use crate::fields::step;
use crate::live::{self, Moved};
use crate::page::{Page, pages};

pages! {
    GET "/on-call" => all;
    GET "/live/on-call" => follow;
    GET "/on-call/{id}" => permanent;
    GET "/on-call/schedules/{id}" => show;
}

/// Weeks that a calendar shows.
const WEEKS: usize = 4;
/// Schedules on a page: as many as who is on call next is known for.
const PAGE: &str = "25";

fn all(page: &Page) -> Result<View> {
    let mut answer = page.ask("Schedules V2#List", "", &page.query.with(&[("page_size", PAGE)]))?;
    for schedule in answer["schedules"].as_array_mut().into_iter().flatten() {
        schedule["duty"] = duty_of(page, schedule)?.into();
    }
    Ok(page.show(
        "on_call/schedules.html",
        json!({"schedules": answer["schedules"], "next": page.next(&answer), "first": page.first()}),
    ))
}

fn follow(page: &Page) -> Result<View> {
    live::follow(
        page,
        Moved::ByPeople,
        &[("Schedules V2#List", String::new(), page.query.with(&[("page_size", PAGE)]))],
    )
}

/// Who is on call now and next for a schedule, in each of its lanes.
fn duty_of(page: &Page, schedule: &Json) -> Result<Vec<Json>> {
    let window = ahead(page);
    let entries = entries(page, text(schedule, "id"), &window)?;
    Ok(duty(&lanes(schedule, []), &entries.r#final, window.start))
}

/// The API and calendars call a schedule by its longer address.
fn permanent(page: &Page) -> Result<View> {
    Ok(View::go_to(format!("/on-call/schedules/{}", step(page.segment(0)))))
}

fn show(page: &Page) -> Result<View> {
    let schedule = schedule(page)?;
    let is_own_zone = page.query.get("zone") == Some("schedule");
    let zone = if is_own_zone { own_zone(&schedule) } else { page.zone() };
    let now = now(page);
    let first = first_day(page.query.get("from"), now, &zone);
    let Some(window) = window(first, &zone) else { return Err(Error::not_found()) };
    let entries = entries(page, text(&schedule, "id"), &window)?;
    let lanes = lanes(&schedule, entries.r#final.iter().chain(&entries.scheduled));
    let [mut shifts, scheduled] = [&entries.r#final, &entries.scheduled]
        .map(|list| list.iter().filter_map(|entry| drawn(entry, &lanes)).collect::<Vec<_>>());
    shifts.extend(planned(&shifts, &scheduled));
    let from = |days: i64| page.query.with(&[("from", &first.saturating_add(days.days()).to_string())]);
    Ok(page.show(
        "on_call/schedule.html",
        json!({
            "duty": duty_of(page, &schedule)?, "zone": zone.iana_name().unwrap_or("UTC"), "is_own_zone": is_own_zone,
            "weeks": weeks((first, WEEKS), &zone, &lanes, &shifts, &entries.holidays, now), "lanes": lanes,
            "days": by_day(text(&schedule, "id"), &entries.r#final, &lanes, &window, &zone), "mine": me(page)?,
            "holidays": entries.holidays.iter().map(|(date, name)| holiday(*date, name)).collect::<Vec<_>>(),
            "earlier": from(-28), "later": from(28), "today": page.query.with(&[("from", "")]),
            "other_zone": page.query.with(&[("zone", if is_own_zone { "" } else { "schedule" })]),
            "schedule": schedule,
        }),
    ))
}

fn holiday(date: Date, name: &str) -> Json {
    json!({"date": date.strftime("%a %-d %b").to_string(), "name": name})
}

fn own_zone(schedule: &Json) -> TimeZone {
    TimeZone::get(text(schedule, "timezone")).unwrap_or(TimeZone::UTC)
}

/// The Monday on or before the day that is asked for, or today; what schedules can't tell of isn't asked for.
fn first_day(asked: Option<&str>, now: Timestamp, zone: &TimeZone) -> Date {
    let asked: Option<Date> = asked.and_then(|text| text.parse().ok());
    let told = asked.filter(|day| (1970..3000).contains(&day.year()));
    let day = told.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

/// The time that a calendar shows.
fn window(first: Date, zone: &TimeZone) -> Option<Range<Timestamp>> {
    let edges = edges(first, 7 * WEEKS, zone);
    let window = *edges.first()?..*edges.last()?;
    (window.start < window.end).then_some(window)
}
