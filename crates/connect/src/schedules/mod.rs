//! Schedules and shifts of the API that is asked.

mod model;

use std::collections::HashSet;
use std::ops::Range;

use base::Time;
use jiff::Timestamp;
use serde::Deserialize;

use crate::client::{ApiPath, Client, Kind, MOST_ROWS, Trouble};
pub use model::{Config, Layer, Place, Rotation, Schedule, Shift, User};

/// Schedules in one page, at most: more would come without who is next.
const PAGE: &str = "25";

/// Every schedule.
pub fn all(api: &Client) -> Result<Vec<Schedule>, Trouble> {
    api.all(ApiPath::of(&["v2", "schedules"]).with("page_size", PAGE), "schedules")
}

/// The schedule with this ID.
pub fn one(api: &Client, id: &str) -> Result<Schedule, Trouble> {
    #[derive(Deserialize)]
    struct One {
        schedule: Schedule,
    }
    Ok(api.get::<One>(ApiPath::of(&["v2", "schedules", id]))?.schedule)
}

/// The user with this e-mail address, in whatever case it is written.
pub fn user(api: &Client, email: &str) -> Result<Option<User>, Trouble> {
    #[derive(Deserialize)]
    struct Users {
        users: Vec<User>,
    }
    let found: Users = api.get(ApiPath::of(&["v2", "users"]).with("email", email))?;
    Ok(found.users.into_iter().next())
}

/// Who is on call by a schedule in `window`, in the order in which they begin.
pub fn shifts(api: &Client, schedule_id: &str, window: Range<Timestamp>) -> Result<Vec<Shift>, Trouble> {
    let (mut shifts, mut overrides) = (Vec::new(), Vec::new());
    let (mut next, mut seen) = (Some(window.start.to_string()), HashSet::new());
    while let Some(start) = next {
        let page: Page = api.get(
            ApiPath::of(&["v2", "schedule_entries"])
                .with("schedule_id", schedule_id)
                .with("entry_window_start", &start)
                .with("entry_window_end", &window.end.to_string()),
        )?;
        shifts.extend(page.schedule_entries.r#final);
        overrides.extend(page.schedule_entries.overrides);
        if shifts.len() > MOST_ROWS || !seen.insert(start) {
            return Err(Trouble::new(Kind::NoAnswer, "the shifts have no end"));
        }
        next = page.pagination_meta.and_then(|meta| meta.after).filter(|after| !seen.contains(after));
    }
    mark_overrides(&mut shifts, &overrides);
    shifts.sort_by_key(|shift| shift.start_at);
    Ok(shifts)
}

/// A page of shifts: the next one begins with what stands in `after` in place of the start of the window.
#[derive(Deserialize)]
struct Page {
    schedule_entries: Lists,
    #[serde(default)]
    pagination_meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    after: Option<String>,
}

#[derive(Deserialize)]
struct Lists {
    #[serde(default)]
    r#final: Vec<Shift>,
    #[serde(default)]
    overrides: Vec<Shift>,
}

/// Marks the shifts that are what one of `overrides` says, or what others leave of it.
fn mark_overrides(shifts: &mut [Shift], overrides: &[Shift]) {
    for shift in shifts {
        shift.is_override = overrides.iter().any(|one| shift.is_part_of(one));
    }
}

/// `time` as shifts have it; the calendar ends a day earlier there.
pub fn timestamp(time: Time) -> Timestamp {
    Timestamp::from_microsecond(time.microseconds()).unwrap_or(Timestamp::MAX)
}
