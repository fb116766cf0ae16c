//! Incident types: what kind of incident it is.

use base::{Id, Result, Time, words};
use people::teams::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record};
use web::{List, Resource, Show};

web::routes! {
    /// List all incident types.
    GET "/v1/incident_types" "Incident Types V1#List" "incident_types.view" => list;
    /// Show an incident type.
    GET "/v1/incident_types/{id}" "Incident Types V1#Show" "incident_types.view" => show;
}

words! {
    /// Whether incidents of a type start in triage.
    pub enum CreateInTriage {
        /// They always do.
        Always = "always",
        /// They can.
        Optional = "optional",
    }
}

/// An incident type, as it is stored and as incidents show it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IncidentType {
    /// Whether incidents of it start in triage.
    pub create_in_triage: CreateInTriage,
    /// When it was made.
    pub created_at: Time,
    /// What it is for.
    pub description: String,
    /// Which one.
    pub id: Id<IncidentType>,
    /// Whether incidents are of it when nothing else is said.
    pub is_default: bool,
    /// What it is called.
    pub name: String,
    /// Whether all incidents of it are private.
    pub private_incidents_only: bool,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for IncidentType {
    const TABLE: &'static str = "incident_types";
    const KIND: &'static str = "incident_type";
    const EPOCH: Option<&'static str> = Some(super::EPOCH);

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// An incident type as the first version of the API shows it: with the teams that own it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IncidentTypeV1 {
    #[serde(flatten)]
    incident_type: IncidentType,
    #[serde(skip_serializing_if = "Option::is_none")]
    owning_team_ids: Option<Vec<Id<Team>>>,
}

impl Resource for IncidentTypeV1 {
    const ONE: &'static str = "incident_type";
    const MANY: &'static str = "incident_types";
}

impl From<IncidentType> for IncidentTypeV1 {
    fn from(incident_type: IncidentType) -> Self {
        Self { incident_type, owning_team_ids: None }
    }
}

fn list(cx: &mut Cx<'_>) -> Result<List<IncidentTypeV1>> {
    let types = cx.list::<IncidentType>(Condition::everything(), "id")?;
    Ok(List(types.into_iter().map(|row| row.into_inner().into()).collect()))
}

fn show(cx: &mut Cx<'_>, id: Id<IncidentType>) -> Result<Show<IncidentTypeV1>> {
    Ok(Show(cx.get(id)?.into_inner().into()))
}
