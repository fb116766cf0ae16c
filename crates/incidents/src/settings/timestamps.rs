//! Timestamps: the moments of an incident that are worth keeping.

use base::{Id, Result, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Value, values};
use web::{Guard, List, Resource, Show};

use super::statuses::Category;

web::routes! {
    /// List all timestamps, by rank.
    GET "/v2/incident_timestamps" "Incident Timestamps V2#List" Guard::AnyKey => list;
    /// Show a timestamp.
    GET "/v2/incident_timestamps/{id}" "Incident Timestamps V2#Show" Guard::AnyKey => show;
}

words! {
    /// What sets a timestamp, the first time it happens.
    pub enum SetBy {
        /// The incident was reported.
        Reported = "reported",
        /// It was accepted as one.
        Accepted = "accepted",
        /// It was declined.
        Declined = "declined",
        /// It was merged into another.
        Merged = "merged",
        /// It was called off.
        Canceled = "canceled",
        /// It was over.
        Resolved = "resolved",
        /// Nothing was left to do.
        Closed = "closed",
        /// Only people set it.
        Nothing = "nothing",
    }
}

impl SetBy {
    /// What reaching a status of `category` sets.
    pub fn reaching(category: Category) -> &'static [Self] {
        match category {
            Category::Triage | Category::Paused => &[],
            Category::Live => &[Self::Accepted],
            Category::Declined => &[Self::Declined],
            Category::Merged => &[Self::Merged],
            Category::Canceled => &[Self::Canceled],
            Category::Learning => &[Self::Resolved],
            Category::Closed => &[Self::Resolved, Self::Closed],
        }
    }
}

/// A timestamp.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timestamp {
    /// Which one.
    pub id: Id<Timestamp>,
    /// What it is called.
    pub name: String,
    /// Its place among the others.
    pub rank: i64,
    /// What sets it.
    pub set_by: SetBy,
}

impl Record for Timestamp {
    const TABLE: &'static str = "incident_timestamps";
    const COLUMNS: &'static [&'static str] = &["rank"];
    const KIND: &'static str = "incident_timestamp";
    const EPOCH: Option<&'static str> = Some(super::EPOCH);

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.rank].into()
    }
}

/// A timestamp as the API shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TimestampBody {
    id: Id<Timestamp>,
    name: String,
    rank: i64,
}

impl Resource for TimestampBody {
    const ONE: &'static str = "incident_timestamp";
    const MANY: &'static str = "incident_timestamps";
}

impl From<&Timestamp> for TimestampBody {
    fn from(timestamp: &Timestamp) -> Self {
        Self { id: timestamp.id, name: timestamp.name.clone(), rank: timestamp.rank }
    }
}

fn list(cx: &mut Cx<'_>) -> Result<List<TimestampBody>> {
    let timestamps = cx.list::<Timestamp>(Condition::everything(), "rank, id")?;
    Ok(List(timestamps.iter().map(|timestamp| TimestampBody::from(&**timestamp)).collect()))
}

fn show(cx: &mut Cx<'_>, id: Id<Timestamp>) -> Result<Show<TimestampBody>> {
    Ok(Show(TimestampBody::from(&*cx.get(id)?)))
}
