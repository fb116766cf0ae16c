//! Which outside tool manages what. A tool that keeps a resource in step with its own files
//! (Terraform) leaves annotations on it, which say that people should not edit it by hand.

use std::collections::BTreeMap;

use base::{AnyId, Error, Id, Result, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Value, values};
use web::{Body, Guard, Resource, Show};

web::routes! {
    /// Say how a resource is managed. The annotations replace what was there. The caller needs the
    /// scope that changes the resource.
    POST "/v2/managed_resources" "Managed Resources V2#CreateManagedResource" Guard::AnyKey => put;
}

words! {
    /// Who keeps a resource in shape.
    pub enum ManagedBy {
        /// People, in the dashboard.
        Dashboard = "dashboard",
        /// Terraform.
        Terraform = "terraform",
        /// Another tool.
        External = "external",
    }
}

words! {
    /// What can be managed from outside.
    pub enum ResourceType {
        /// An alert route.
        AlertRoute = "alert_route",
        /// An alert source.
        AlertSource = "alert_source",
        /// An API key.
        ApiKey = "api_key",
        /// A form.
        IncidentForm = "incident_form",
        /// A template.
        IncidentTemplate = "incident_template",
        /// An escalation path.
        EscalationPath = "escalation_path",
        /// A template of escalation paths.
        EscalationPathTemplate = "escalation_path_template",
        /// A policy.
        Policy = "policy",
        /// A schedule.
        Schedule = "schedule",
        /// Where a schedule is synced to.
        ScheduleSyncTarget = "schedule_sync_target",
        /// How a schedule is synced.
        ScheduleSyncRule = "schedule_sync_rule",
        /// A secret.
        Secret = "secret",
        /// A status page's component.
        StatusPageComponent = "status_page_component",
        /// A status page's structure.
        StatusPageStructure = "status_page_structure",
        /// How teams are grouped.
        TeamGroupingPreference = "team_grouping_preference",
        /// A workflow.
        Workflow = "workflow",
    }
}

/// How one resource is managed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedResource {
    /// This note's own ID.
    pub id: Id<ManagedResource>,
    /// What kind of resource.
    pub resource_type: ResourceType,
    /// Which one.
    pub resource_id: AnyId,
    /// What the tool left.
    pub annotations: BTreeMap<String, String>,
}

impl Record for ManagedResource {
    const TABLE: &'static str = "managed_resources";
    const COLUMNS: &'static [&'static str] = &["resource_type", "resource_id"];
    const KIND: &'static str = "managed_resource";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} {}", self.resource_type, self.resource_id)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.resource_type.as_str(), self.resource_id].into()
    }
}

impl ManagedResource {
    /// Who keeps it in shape, as the annotations say.
    pub fn managed_by(&self) -> ManagedBy {
        if self.annotations.contains_key("incident.io/is-managed-externally") {
            ManagedBy::External
        } else if self.annotations.contains_key("incident.io/terraform/version") {
            ManagedBy::Terraform
        } else {
            ManagedBy::Dashboard
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct ManagedResourceBody {
    annotations: BTreeMap<String, String>,
    managed_by: ManagedBy,
    resource_id: AnyId,
    resource_type: ResourceType,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_url: Option<String>,
}

impl Resource for ManagedResourceBody {
    const ONE: &'static str = "managed_resource";
    const MANY: &'static str = "managed_resources";
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ManagedResourcePayload {
    /// What the tool wants to remember.
    annotations: BTreeMap<String, String>,
    /// Which resource.
    resource_id: String,
    /// What kind of resource.
    resource_type: ResourceType,
}

fn put(cx: &mut Cx<'_>, Body(payload): Body<ManagedResourcePayload>) -> Result<Show<ManagedResourceBody>> {
    let resource_type = payload.resource_type;
    let kind = cx.wiring().managed.iter().find(|kind| kind.resource_type == resource_type.as_str()).copied();
    let kind = kind.ok_or_else(Error::not_found)?;
    cx.admit(kind.scope)?;
    let resource_id: AnyId = payload.resource_id.parse().map_err(|_| Error::not_found())?;
    (kind.admit)(cx, resource_id)?;

    let note =
        Condition::equal("resource_type", resource_type.as_str()).and(Condition::equal("resource_id", resource_id));
    let managed = match cx.list::<ManagedResource>(note, "id")?.into_iter().next() {
        Some(mut managed) => {
            managed.annotations = payload.annotations;
            cx.save(&mut managed)?;
            managed.into_inner()
        }
        None => {
            let id = cx.new_id();
            let managed = ManagedResource { id, resource_type, resource_id, annotations: payload.annotations };
            cx.insert(&managed)?;
            managed
        }
    };
    Ok(Show(ManagedResourceBody {
        managed_by: managed.managed_by(),
        annotations: managed.annotations,
        resource_id,
        resource_type,
        source_url: None,
    }))
}
