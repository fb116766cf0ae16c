//! What is stored of a feed.

use std::fmt;

use base::{Id, Time};
use people::users::User;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Cx, Record, Value, values};
use web::PathSegment;

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

/// What makes a feed's address secret: 256 random bits.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    /// One that nobody can guess.
    pub fn new(cx: &Cx<'_>) -> Self {
        Self(hex::encode(cx.world().secret::<32>()))
    }

    /// The last step of the address.
    pub fn step(&self) -> String {
        format!("{}.ics", self.0)
    }

    /// What is kept of it. It is random enough for one round of SHA-256.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

impl PathSegment for Secret {
    fn from_segment(segment: &str) -> Option<Self> {
        Some(Self(segment.strip_suffix(".ics").unwrap_or(segment).into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
