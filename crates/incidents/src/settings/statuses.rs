//! Statuses: where an incident stands. Each belongs to a category, and what a status means to
//! Wardroom is its category alone.

use base::{Error, Id, Result, Time, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Stored, Value, values};
use web::{Accepted, Body, Created, List, Resource, Show};

use super::Settings;
use crate::incident::Incident;
use crate::updates::IncidentUpdate;

web::routes! {
    /// List all statuses, by category and rank.
    GET "/v1/incident_statuses" "Incident Statuses V1#List" "incident_statuses.view" => list;
    /// Create a status for incidents that are live, being learnt from, or closed. Without a rank it is
    /// the last of its category.
    POST "/v1/incident_statuses" "Incident Statuses V1#Create" "incident_lifecycles.update" => create;
    /// Show a status.
    GET "/v1/incident_statuses/{id}" "Incident Statuses V1#Show" "incident_statuses.view" => show;
    /// Change a status of a category that can be configured. Without a rank it stays where it is.
    PUT "/v1/incident_statuses/{id}" "Incident Statuses V1#Update" "incident_lifecycles.update" => update;
    /// Delete a status that no incident has, that no incident update tells of, and that is not the last
    /// of its category.
    DELETE "/v1/incident_statuses/{id}" "Incident Statuses V1#Delete" "incident_lifecycles.update" => delete;
}

words! {
    /// What a status means.
    pub enum Category {
        /// It may be an incident; somebody has to look.
        Triage = "triage",
        /// It was none.
        Declined = "declined",
        /// It is part of another one.
        Merged = "merged",
        /// It was called off.
        Canceled = "canceled",
        /// It is going on.
        Live = "live",
        /// It is over, and being learnt from.
        Learning = "learning",
        /// It is over.
        Closed = "closed",
        /// It waits.
        Paused = "paused",
    }
}

words! {
    /// The categories whose statuses can be configured.
    enum ConfigurableCategory {
        Live = "live",
        Learning = "learning",
        Closed = "closed",
    }
}

impl Category {
    /// Whether its statuses can be changed.
    fn is_configurable(self) -> bool {
        self.as_str().parse::<ConfigurableCategory>().is_ok()
    }
}

/// A status, as it is stored and as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// What it means.
    pub category: Category,
    /// When it was made.
    pub created_at: Time,
    /// What it is for.
    pub description: String,
    /// Which one.
    pub id: Id<Status>,
    /// What it is called; no two have the same name.
    pub name: String,
    /// Its place in its category; no two of a category have the same.
    pub rank: i64,
    /// When it last changed.
    pub updated_at: Time,
}

impl Resource for Status {
    const ONE: &'static str = "incident_status";
    const MANY: &'static str = "incident_statuses";
}

impl Record for Status {
    const TABLE: &'static str = "incident_statuses";
    const COLUMNS: &'static [&'static str] = &["category", "rank"];
    const KIND: &'static str = "incident_status";
    const EPOCH: Option<&'static str> = Some(super::EPOCH);

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.category.as_str(), self.rank].into()
    }
}

fn list(cx: &mut Cx<'_>) -> Result<List<Status>> {
    let settings = cx.cached::<Settings>()?;
    Ok(List(settings.statuses.iter().map(|status| (**status).clone()).collect()))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct CreatePayload {
    /// What it means.
    category: ConfigurableCategory,
    /// What it is for.
    description: String,
    /// What it is called.
    name: String,
    /// Its place in its category.
    rank: Option<i64>,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<Status>> {
    let category = payload.category.as_str().parse().map_err(Error::internal)?;
    let last = of_category(cx, category)?.last().map_or(0, |status| status.rank);
    let status = Status {
        category,
        created_at: cx.now(),
        description: payload.description,
        id: cx.new_id(),
        name: payload.name,
        rank: payload.rank.unwrap_or(last.saturating_add(1)),
        updated_at: cx.now(),
    };
    check(cx, &status)?;
    cx.insert(&status)?;
    Ok(Created(status))
}

fn show(cx: &mut Cx<'_>, id: Id<Status>) -> Result<Show<Status>> {
    Ok(Show(cx.get(id)?.into_inner()))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct UpdatePayload {
    /// What it is for.
    description: String,
    /// What it is called.
    name: String,
    /// Its place in its category.
    rank: Option<i64>,
}

fn update(cx: &mut Cx<'_>, id: Id<Status>, Body(payload): Body<UpdatePayload>) -> Result<Show<Status>> {
    let mut status = configurable(cx, id)?;
    status.description = payload.description;
    status.name = payload.name;
    status.rank = payload.rank.unwrap_or(status.rank);
    status.updated_at = cx.now();
    check(cx, &status)?;
    cx.save(&mut status)?;
    Ok(Show(status.into_inner()))
}

fn delete(cx: &mut Cx<'_>, id: Id<Status>) -> Result<Accepted> {
    let status = configurable(cx, id)?;
    if cx.any::<Incident>(Condition::equal("status_id", id))? {
        return Err(Error::in_use("There are incidents in this status"));
    }
    if cx.any::<IncidentUpdate>(Condition::new("body->>'status' = ?", values![id]))? {
        return Err(Error::in_use("There are incident updates that tell of this status"));
    }
    if of_category(cx, status.category)?.len() == 1 {
        return Err(Error::in_use("It is the last status of its category"));
    }
    cx.delete(&status)?;
    Ok(Accepted)
}

fn of_category(cx: &mut Cx<'_>, category: Category) -> Result<Vec<Stored<Status>>> {
    cx.list(Condition::equal("category", category.as_str()), "rank")
}

fn configurable(cx: &mut Cx<'_>, id: Id<Status>) -> Result<Stored<Status>> {
    let status = cx.get(id)?;
    if status.category.is_configurable() {
        Ok(status)
    } else {
        Err(Error::invalid("category", format!("statuses of category {} can't be changed", status.category)))
    }
}

/// Names are unique, and ranks within a category.
fn check(cx: &mut Cx<'_>, status: &Status) -> Result<()> {
    if status.name.trim().is_empty() {
        return Err(Error::required("name"));
    }
    let settings = cx.cached::<Settings>()?;
    let mut problems = base::Problems::new();
    for other in settings.statuses.iter().filter(|other| other.id != status.id) {
        problems.check(other.name != status.name, "name", "another status has this name");
        let same_place = other.category == status.category && other.rank == status.rank;
        problems.check(!same_place, "rank", "another status of this category has this rank");
    }
    problems.finish()
}
