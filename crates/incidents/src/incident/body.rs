//! What an incident shows.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Id, Result, Time, words};
use catalog::entries::{Entry, targets};
use people::ActorBody;
use people::teams::Team;
use people::users::{Directory, UserBody};
use schemars::JsonSchema;
use serde::Serialize;
use store::Cx;
use web::{Rendered, Resource};

use super::fields::{self, CustomFieldEntryBody};
use super::record::{Incident, Mode, Visibility};
use crate::external_issues::{ExternalIssue, ExternalIssueBody};
use crate::postmortems::PostmortemDocument;
use crate::settings::Settings;
use crate::settings::roles::{Role, RoleV1};
use crate::settings::severities::Severity;
use crate::settings::statuses::Status;
use crate::settings::timestamps::TimestampBody;
use crate::settings::types::IncidentType;

/// What everything on an incident is shown with, read once an answer.
pub(super) struct View {
    pub settings: Arc<Settings>,
    pub directory: Arc<Directory>,
    /// The catalog entries that the incidents' custom fields hold.
    pub chosen: HashMap<Id<Entry>, Entry>,
    pub public_url: String,
}

impl View {
    pub fn new<'i>(cx: &mut Cx<'_>, incidents: impl IntoIterator<Item = &'i Incident>) -> Result<Self> {
        let chosen = fields::entries_in(incidents.into_iter().map(|incident| incident.fields.as_slice()));
        Ok(Self {
            settings: cx.cached::<Settings>()?,
            directory: cx.cached::<Directory>()?,
            chosen: targets(cx, &chosen)?,
            public_url: cx.site().public_url.clone(),
        })
    }

    /// The values of its custom fields.
    pub fn fields(&self, incident: &Incident) -> Vec<CustomFieldEntryBody> {
        fields::show(&incident.fields, &self.settings, &self.chosen)
    }

    /// Where people look at the incident.
    pub fn permalink(&self, incident: &Incident) -> String {
        format!("{}/incidents/{}", self.public_url, incident.number)
    }

    /// Who holds which role; every role is there, also one that nobody holds.
    pub fn roles(&self, incident: &Incident) -> Vec<RoleAssignmentBody> {
        let assignee = |role: Id<Role>| {
            let assignment = incident.roles.iter().find(|assignment| assignment.role == role)?;
            self.directory.body(assignment.user)
        };
        let roles = self.settings.shown_roles.iter();
        roles.map(|(id, role)| RoleAssignmentBody { assignee: assignee(*id), role: role.clone() }).collect()
    }
}

/// Who holds a role.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IncidentRoleAssignment")]
pub struct RoleAssignmentBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<UserBody>,
    role: Rendered<RoleV1>,
}

/// An incident as the second version of the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IncidentV2")]
pub struct IncidentBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    call_url: Option<String>,
    created_at: Time,
    creator: ActorBody,
    custom_field_entries: Vec<CustomFieldEntryBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debriefs: Option<Vec<Debrief>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_metrics: Option<Vec<DurationMetricValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_issue_reference: Option<ExternalIssueBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_debrief: Option<bool>,
    id: Id<Incident>,
    incident_role_assignments: Vec<RoleAssignmentBody>,
    incident_status: Rendered<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_timestamp_values: Option<Vec<TimestampWithValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_type: Option<Rendered<IncidentType>>,
    last_activity_at: Time,
    mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms_teams_channel_url: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permalink: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postmortem_document_ids: Option<Vec<Id<PostmortemDocument>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postmortem_document_url: Option<String>,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Rendered<Severity>>,
    slack_channel_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    slack_channel_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slack_channel_url: Option<String>,
    slack_team_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    team_ids: Vec<Id<Team>>,
    updated_at: Time,
    visibility: Visibility,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload_minutes_late: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload_minutes_sleeping: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload_minutes_total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload_minutes_working: Option<f64>,
}

impl Resource for IncidentBody {
    const ONE: &'static str = "incident";
    const MANY: &'static str = "incidents";
}

#[derive(Debug, Serialize, JsonSchema)]
struct Debrief {
    end_at: Time,
    id: base::AnyId,
    start_at: Time,
}

words! {
    /// Whether a duration could be measured.
    enum DurationStatus {
        Success = "success",
        TimestampsMissing = "timestamps_missing",
        Calculating = "calculating",
        InvalidTimestamps = "invalid_timestamps",
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct DurationMetricValue {
    duration_metric: people::NamedBody,
    status: DurationStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_seconds: Option<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TimestampWithValue {
    incident_timestamp: Rendered<TimestampBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<TimestampValue>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TimestampValue {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Time>,
}

impl IncidentBody {
    /// How `incident` is shown.
    pub fn of(cx: &mut Cx<'_>, incident: &Incident) -> Result<Self> {
        let view = View::new(cx, [incident])?;
        Self::viewed(cx, incident, &view)
    }

    /// The same, for one of many.
    pub(super) fn viewed(cx: &mut Cx<'_>, incident: &Incident, view: &View) -> Result<Self> {
        let settings = &view.settings;
        let issue = incident.external_issue.map(|id| cx.find::<ExternalIssue>(id)).transpose()?.flatten();
        let timestamp = |(id, timestamp): &(_, Rendered<TimestampBody>)| TimestampWithValue {
            incident_timestamp: timestamp.clone(),
            value: incident.timestamps.get(id).map(|moment| TimestampValue { value: Some(*moment) }),
        };
        Ok(Self {
            call_url: incident.call_url.clone(),
            created_at: incident.created_at,
            creator: ActorBody::of(&incident.creator, &view.directory),
            custom_field_entries: view.fields(incident),
            debriefs: None,
            duration_metrics: None,
            external_issue_reference: issue.map(|issue| issue.into_inner().into()),
            has_debrief: Some(false),
            id: incident.id,
            incident_role_assignments: view.roles(incident),
            incident_status: status_of(incident, settings)?,
            incident_timestamp_values: Some(settings.shown_timestamps.iter().map(timestamp).collect()),
            incident_type: incident.incident_type.and_then(|id| settings.types.get(id).cloned()),
            last_activity_at: incident.last_activity_at,
            mode: incident.mode,
            ms_teams_channel_url: None,
            name: incident.name.clone(),
            permalink: Some(view.permalink(incident)),
            postmortem_document_ids: Some(incident.postmortem_documents.clone()),
            postmortem_document_url: incident.postmortem_document_url.clone(),
            reference: incident.reference(),
            severity: incident.severity.and_then(|id| settings.severities.get(id).cloned()),
            slack_channel_id: incident.slack.channel_id.clone().unwrap_or_default(),
            slack_channel_name: incident.slack.channel_name.clone(),
            slack_channel_url: None,
            slack_team_id: incident.slack.team_id.clone().unwrap_or_default(),
            summary: incident.summary.clone(),
            team_ids: Vec::new(),
            updated_at: incident.updated_at,
            visibility: incident.visibility,
            workload_minutes_late: None,
            workload_minutes_sleeping: None,
            workload_minutes_total: None,
            workload_minutes_working: None,
        })
    }
}

/// The status an incident is in.
pub(super) fn status_of(incident: &Incident, settings: &Settings) -> Result<Rendered<Status>> {
    let status = settings.statuses.get(incident.status).cloned();
    status.ok_or_else(|| base::Error::internal(format!("{} has no status", incident.id)))
}
