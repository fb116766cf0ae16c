//! On-call: who is on call, and what people change about it.
//!
//! | file           | what it is                                                     |
//! |----------------|----------------------------------------------------------------|
//! | `schedules.rs` | every schedule, and the calendar of one                         |
//! | `overrides.rs` | who is on call instead                                          |
//! | `covers.rs`    | asking others to take a shift, and taking theirs                |
//! | `time_off.rs`  | when somebody is away                                           |
//! | `feeds.rs`     | calendars to subscribe to                                       |
//! | `shifts.rs`    | what they have in common                                        |

mod covers;
mod feeds;
mod overrides;
mod schedules;
mod shifts;
mod time_off;

use std::ops::Range;
use std::sync::Arc;

use base::Result;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value as Json;
use web::PageRoute;

use crate::desk::Desk;
use crate::fields::query;
use crate::page::Page;

/// The pages about on-call.
pub fn routes(desk: &Arc<Desk>) -> Vec<PageRoute> {
    [schedules::routes, overrides::routes, covers::routes, time_off::routes, feeds::routes]
        .into_iter()
        .flat_map(|routes| routes(desk))
        .collect()
}

/// The schedule that a page is about.
fn schedule(page: &Page) -> Result<Json> {
    Ok(page.ask("Schedules V2#Show", page.segment(0), "")?["schedule"].take())
}

/// All schedules, without what comes next.
fn all_schedules(page: &Page) -> Result<Json> {
    Ok(page.ask_if_allowed("Schedules V2#List", "", "page_size=250")?["schedules"].take())
}

fn now(page: &Page) -> Timestamp {
    Timestamp::from_microsecond(page.desk.store.world().now().microseconds()).unwrap_or(Timestamp::MAX)
}

/// The four weeks ahead, in which is looked for who is on call next.
fn ahead(page: &Page) -> Range<Timestamp> {
    let now = now(page);
    now..now.saturating_add(Span::new().hours(28 * 24)).unwrap_or(Timestamp::MAX)
}

/// The time zone in which a form's times were typed, which it says itself: the browser may have moved since.
fn zone_of_form(page: &Page) -> TimeZone {
    page.form.get("zone").and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| page.zone())
}

/// The operation that tells of somebody's shifts.
pub const SHIFTS: &str = "Schedules#ListShifts";

/// What it is asked for the visitor's shifts in the four weeks ahead.
pub fn my_shifts_query(page: &Page) -> Result<String> {
    let window = ahead(page);
    let (from, to) = (window.start.to_string(), window.end.to_string());
    Ok(query(&[("user_id", &me(page)?), ("from", &from), ("to", &to)]))
}

/// The visitor's shifts in the four weeks ahead, on all schedules, the soonest first; none where they may not see
/// schedules.
pub fn my_shifts(page: &Page) -> Result<Vec<Json>> {
    let answer = page.ask_if_allowed(SHIFTS, "", &my_shifts_query(page)?)?;
    Ok(shifts::list(&answer["shifts"]).map(shifts::own).collect())
}

/// Who looks.
fn me(page: &Page) -> Result<String> {
    Ok(page.visitor()?.user.id.to_string())
}
