//! Severities: how bad it is. A lower rank is less severe.

use base::{Error, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Value, values};
use web::{Accepted, Body, Created, List, Resource, Show};

use crate::incident::Incident;

web::routes! {
    /// List all severities, least severe first.
    GET "/v1/severities" "Severities V1#List" "severities.view" => list;
    /// Create a severity. Without a rank it becomes the most severe.
    POST "/v1/severities" "Severities V1#Create" "organisation_settings.update" => create;
    /// Show a severity.
    GET "/v1/severities/{id}" "Severities V1#Show" "severities.view" => show;
    /// Change a severity. Without a rank it stays where it is.
    PUT "/v1/severities/{id}" "Severities V1#Update" "organisation_settings.update" => update;
    /// Delete a severity that no incident has.
    DELETE "/v1/severities/{id}" "Severities V1#Delete" "organisation_settings.update" => delete;
}

/// A severity, as it is stored and as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Severity {
    /// When it was made.
    pub created_at: Time,
    /// What it means.
    pub description: String,
    /// Which one.
    pub id: Id<Severity>,
    /// What it is called.
    #[schemars(length(max = 50))]
    pub name: String,
    /// Its place: lower is less severe.
    pub rank: i64,
    /// When it last changed.
    pub updated_at: Time,
}

impl Resource for Severity {
    const ONE: &'static str = "severity";
    const MANY: &'static str = "severities";
}

impl Record for Severity {
    const TABLE: &'static str = "severities";
    const COLUMNS: &'static [&'static str] = &["rank"];
    const KIND: &'static str = "severity";
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

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct SeverityPayload {
    /// What it means.
    description: String,
    /// What it is called.
    #[schemars(length(max = 50))]
    name: String,
    /// Its place: lower is less severe.
    rank: Option<i64>,
}

impl SeverityPayload {
    fn check(&self) -> Result<()> {
        if self.name.trim().is_empty() { Err(Error::required("name")) } else { Ok(()) }
    }
}

fn list(cx: &mut Cx<'_>) -> Result<List<Severity>> {
    let severities = cx.list::<Severity>(Condition::everything(), "rank, id")?;
    Ok(List(severities.into_iter().map(store::Stored::into_inner).collect()))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<SeverityPayload>) -> Result<Created<Severity>> {
    payload.check()?;
    let top = cx.list::<Severity>(Condition::everything(), "rank desc")?.first().map(|severity| severity.rank);
    let severity = Severity {
        created_at: cx.now(),
        description: payload.description,
        id: cx.new_id(),
        name: payload.name,
        rank: payload.rank.or(top.map(|top| top.saturating_add(1))).unwrap_or(1),
        updated_at: cx.now(),
    };
    cx.insert(&severity)?;
    Ok(Created(severity))
}

fn show(cx: &mut Cx<'_>, id: Id<Severity>) -> Result<Show<Severity>> {
    Ok(Show(cx.get(id)?.into_inner()))
}

fn update(cx: &mut Cx<'_>, id: Id<Severity>, Body(payload): Body<SeverityPayload>) -> Result<Show<Severity>> {
    let mut severity = cx.get(id)?;
    payload.check()?;
    severity.description = payload.description;
    severity.name = payload.name;
    severity.rank = payload.rank.unwrap_or(severity.rank);
    severity.updated_at = cx.now();
    cx.save(&mut severity)?;
    Ok(Show(severity.into_inner()))
}

fn delete(cx: &mut Cx<'_>, id: Id<Severity>) -> Result<Accepted> {
    let severity = cx.get(id)?;
    if cx.any::<Incident>(Condition::equal("severity_id", id))? {
        return Err(Error::in_use("There are incidents of this severity"));
    }
    cx.delete(&severity)?;
    Ok(Accepted)
}
