//! What is stored of a cover request.

use std::ops::Range;

use base::{Id, Result, Time};
use people::users::User;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Event, Record, Value, values};

use crate::overrides::ScheduleOverride;
use crate::rota::{self, Layer};
use crate::schedules::{self, Schedule};

base::words! {
    /// What has become of a request.
    pub enum State {
        /// Something of it is open.
        Pending = "pending",
        /// All of it was taken.
        Taken = "taken",
        /// It was taken back.
        Cancelled = "cancelled",
        /// Nobody has taken it in time. Never stored: a request comes to this by itself.
        Expired = "expired",
    }
}

/// Somebody asks others to take a shift of theirs, or part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CoverRequest {
    /// Which one.
    pub id: Id<CoverRequest>,
    /// What is open of it; what was open last, once nothing is.
    #[serde(flatten)]
    pub slot: Slot,
    /// Who asks.
    pub user: Id<User>,
    /// Who is asked; everybody, if nobody is named.
    #[serde(default)]
    pub asked: Vec<Id<User>>,
    /// What they say.
    #[serde(default)]
    pub message: String,
    /// A shift of the taker's that they take over in return.
    #[serde(default)]
    pub in_return: Option<Slot>,
    /// What has become of it.
    pub state: State,
    /// What was taken of it.
    #[serde(default)]
    pub taken: Vec<Taken>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A layer of a rotation, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The schedule.
    pub schedule: Id<Schedule>,
    /// The rotation.
    pub rotation: Id<rota::Rotation>,
    /// The layer.
    pub layer: Id<Layer>,
    /// The first moment.
    pub start_at: Time,
    /// The first moment after it.
    pub end_at: Time,
}

/// What somebody has taken of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// Who.
    pub user: Id<User>,
    /// The first moment.
    pub start_at: Time,
    /// The first moment after it.
    pub end_at: Time,
    /// The overrides that were made: the second one of a swap is what the asker got in return.
    pub overrides: Vec<Id<ScheduleOverride>>,
}

impl Record for CoverRequest {
    const TABLE: &'static str = "cover_requests";
    const COLUMNS: &'static [&'static str] = &["schedule_id", "user_id", "state", "end_at"];
    const KIND: &'static str = "cover_request";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} to {}", self.slot.start_at, self.slot.end_at)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.slot.schedule, self.user, self.state.as_str(), self.slot.end_at].into()
    }
}

impl CoverRequest {
    /// What has become of it by `now`.
    pub fn state_at(&self, now: Time) -> State {
        if self.state == State::Pending && self.slot.end_at <= now { State::Expired } else { self.state }
    }

    /// The schedules that it is about.
    pub fn schedules(&self) -> impl Iterator<Item = Id<Schedule>> {
        [self.slot.schedule].into_iter().chain(self.in_return.map(|slot| slot.schedule))
    }
}

impl State {
    /// The requests of which this has become by `now`.
    pub(super) fn condition(self, now: Time) -> Condition {
        let stored = |state: Self| Condition::equal("state", state.as_str());
        match self {
            Self::Pending => stored(self).and(Condition::new("end_at > ?", values![now])),
            Self::Expired => stored(Self::Pending).and(Condition::new("end_at <= ?", values![now])),
            Self::Taken | Self::Cancelled => stored(self),
        }
    }
}

impl Slot {
    /// From its first moment on, up to its end.
    pub fn window(&self) -> Range<Time> {
        self.start_at..self.end_at
    }

    /// The same without what of it has passed by `now`.
    pub fn from(self, now: Time) -> Self {
        Self { start_at: self.start_at.max(now), ..self }
    }

    /// Who is on call there throughout, if that is one person; nobody is where the schedule is archived.
    pub(super) fn sole_user(&self, cx: &mut Cx<'_>) -> Result<Option<Id<User>>> {
        let schedule = cx.get(self.schedule)?;
        if schedule.archived_at.is_some() {
            return Ok(None);
        }
        let calendar = schedules::calendar(cx, &schedule, self.start_at)?;
        Ok(calendar.sole_user((self.rotation, self.layer), self.window()))
    }
}

/// Somebody asks for cover.
#[derive(Debug, Serialize)]
pub(super) struct WasCreated {
    pub cover_request: Id<CoverRequest>,
}

/// Somebody has taken a request, or part of it.
#[derive(Debug, Serialize)]
pub(super) struct WasTaken {
    pub cover_request: Id<CoverRequest>,
    pub taken: Taken,
    /// The request that stands for what is left after this part, where there is something left before it as well.
    pub split_off: Option<Id<CoverRequest>>,
}

/// Somebody has taken their request back.
#[derive(Debug, Serialize)]
pub(super) struct WasCancelled {
    pub cover_request: Id<CoverRequest>,
}

impl Event for WasCreated {
    const KIND: &'static str = "cover_request.created";
}

impl Event for WasTaken {
    const KIND: &'static str = "cover_request.taken";
}

impl Event for WasCancelled {
    const KIND: &'static str = "cover_request.cancelled";
}
