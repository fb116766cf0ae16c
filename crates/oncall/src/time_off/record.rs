//! What is stored of somebody's time off.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use base::{AnyId, Id, Result, Time};
use people::users::User;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Value, values};

use crate::rota::Shift;

/// Somebody is away.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimeOff {
    /// Which one.
    pub id: Id<TimeOff>,
    /// Who is away.
    pub user: Id<User>,
    /// The first moment.
    pub start_at: Time,
    /// The first moment after it.
    pub end_at: Time,
    /// What there is to say about it.
    #[serde(default)]
    pub note: String,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for TimeOff {
    const TABLE: &'static str = "time_off";
    const COLUMNS: &'static [&'static str] = &["user_id", "start_at", "end_at"];
    const KIND: &'static str = "time_off";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} to {}", self.start_at, self.end_at)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.user, self.start_at, self.end_at].into()
    }
}

/// Time off that is after `from` and before `to`, in part at least.
pub(super) fn within(from: Option<Time>, to: Option<Time>) -> Condition {
    let from = from.map(|from| Condition::new("end_at > ?", values![from]));
    let to = to.map(|to| Condition::new("start_at < ?", values![to]));
    Condition::all(from.into_iter().chain(to))
}

/// When people are away.
#[derive(Debug, Default)]
pub(crate) struct Away(HashMap<AnyId, Vec<Range<Time>>>);

impl Away {
    /// The time off of those who have `shifts`, around these.
    pub fn during<'s>(cx: &mut Cx<'_>, shifts: impl IntoIterator<Item = &'s Shift>) -> Result<Self> {
        let (mut users, mut first, mut last) = (BTreeSet::new(), None, None);
        for shift in shifts {
            users.insert(shift.user);
            first = first.into_iter().chain([shift.start_at]).min();
            last = last.max(Some(shift.end_at));
        }
        let mut away = Self::default();
        if users.is_empty() {
            return Ok(away);
        }
        let theirs = Condition::one_of("user_id", users).and(within(first, last));
        for time_off in cx.list::<TimeOff>(theirs, "id")? {
            away.0.entry(time_off.user.cast()).or_default().push(time_off.start_at..time_off.end_at);
        }
        Ok(away)
    }

    /// Whether whoever has a shift is away for some of it.
    pub fn hits(&self, shift: &Shift) -> bool {
        let away = self.0.get(&shift.user).into_iter().flatten();
        away.into_iter().any(|away| away.start < shift.end_at && shift.start_at < away.end)
    }
}
