//! Schedules and shifts of the server that is asked.

use std::ops::Range;

use jiff::Timestamp;
use serde::Deserialize;

use super::model::{Schedule, Shift, User};
use crate::remote::{Answer, Remote, escaped};

/// Schedules in one page, at most.
const PAGE: usize = 25;

#[derive(Deserialize)]
struct Schedules {
    schedules: Vec<Schedule>,
    #[serde(default)]
    pagination_meta: Option<PageMeta>,
}

#[derive(Deserialize)]
struct Users {
    users: Vec<User>,
}

#[derive(Deserialize)]
struct PageMeta {
    #[serde(default)]
    after: Option<String>,
}

#[derive(Deserialize)]
struct Shifts {
    schedule_entries: Lists,
    #[serde(default)]
    pagination_meta: Option<PageMeta>,
}

#[derive(Deserialize)]
struct Lists {
    #[serde(default)]
    r#final: Vec<Shift>,
    #[serde(default)]
    overrides: Vec<Shift>,
}

impl Remote {
    /// Every schedule.
    pub fn schedules(&self) -> Answer<Vec<Schedule>> {
        let mut schedules = Vec::new();
        let mut path = format!("/v2/schedules?page_size={PAGE}");
        loop {
            let page: Schedules = self.get(&path)?;
            let is_last = page.schedules.is_empty();
            schedules.extend(page.schedules);
            match page.pagination_meta.and_then(|meta| meta.after) {
                Some(after) if !is_last => path = format!("/v2/schedules?page_size={PAGE}&after={}", escaped(&after)),
                _ => return Ok(schedules),
            }
        }
    }

    /// The user with this e-mail address, in whatever case it is written.
    pub fn user(&self, email: &str) -> Answer<Option<User>> {
        let found: Users = self.get(&format!("/v2/users?email={}", escaped(email)))?;
        Ok(found.users.into_iter().next())
    }

    /// Who is on call by a schedule in `window`, in the order in which they begin.
    pub fn shifts(&self, schedule_id: &str, window: Range<Timestamp>) -> Answer<Vec<Shift>> {
        let (id, end) = (escaped(schedule_id), escaped(&window.end.to_string()));
        let (mut shifts, mut overrides) = (Vec::new(), Vec::new());
        let mut start = window.start.to_string();
        loop {
            let from = escaped(&start);
            let path =
                format!("/v2/schedule_entries?schedule_id={id}&entry_window_start={from}&entry_window_end={end}");
            let page: Shifts = self.get(&path)?;
            shifts.extend(page.schedule_entries.r#final);
            overrides.extend(page.schedule_entries.overrides);
            match page.pagination_meta.and_then(|meta| meta.after) {
                Some(after) if after != start => start = after,
                _ => break,
            }
        }
        mark_overrides(&mut shifts, &overrides);
        shifts.sort_by_key(|shift| shift.start_at);
        Ok(shifts)
    }
}

/// Marks the shifts that are what one of `overrides` says, or what others leave of it.
fn mark_overrides(shifts: &mut [Shift], overrides: &[Shift]) {
    for shift in shifts {
        shift.is_override = overrides.iter().any(|one| shift.is_part_of(one));
    }
}
