//! What is stored of a feed.

use base::{Id, Time};
use people::users::User;
use serde::{Deserialize, Serialize};
use store::{Record, Value, values};

use crate::schedules::Schedule;

/// A feed: the shifts of a schedule, or of a person on all schedules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CalendarFeed {
    /// Which one.
    pub id: Id<CalendarFeed>,
    /// The hash of its secret.
    pub hash: String,
    /// Whose shifts it has.
    pub of: Subject,
    /// When it was made.
    pub created_at: Time,
}

/// Whose shifts a feed has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Those of a schedule.
    Schedule(Id<Schedule>),
    /// Those of a person.
    User(Id<User>),
}

impl Record for CalendarFeed {
    const TABLE: &'static str = "calendar_feeds";
    const COLUMNS: &'static [&'static str] = &["hash", "schedule_id", "user_id"];
    const KIND: &'static str = "calendar_feed";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        match self.of {
            Subject::Schedule(schedule) => format!("feed of schedule {schedule}"),
            Subject::User(user) => format!("feed of user {user}"),
        }
    }

    fn columns(&self) -> Vec<Value> {
        let (schedule, user) = match self.of {
            Subject::Schedule(schedule) => (Some(schedule), None),
            Subject::User(user) => (None, Some(user)),
        };
        values![self.hash.as_str(), schedule, user].into()
    }
}
