//! Incidents in the first version of the API: six words for a status, and fewer modes.

use base::{Id, Result, Time, words};
use people::ActorBodyV1;
use people::users::UserReference;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction};
use web::{Body, Counted, Page, Paging, Query, Rendered, Resource, Segment, Show};

use super::api_v2::{LARGEST_PAGE, page};
use super::body::{RoleAssignmentBody, View, status_of};
use super::change::{self, Declaration, RoleAssignmentPayload};
use super::fields::{CustomFieldEntryBody, CustomFieldEntryPayload};
use super::filter::{Selection, real_modes};
use super::record::{Incident, Mode, SlackPlace, Visibility};
use super::visibility::{IncidentRef, find};
use crate::settings::Settings;
use crate::settings::severities::Severity;
use crate::settings::statuses::{Category, Status};
use crate::settings::types::IncidentTypeV1;

web::routes! {
    /// List incidents, newest first. Test and tutorial incidents are left out.
    GET "/v1/incidents" "Incidents V1#List" "incidents.view", deprecated => list;
    /// Declare an incident. The same idempotency key is the same incident, however often it is sent.
    POST "/v1/incidents" "Incidents V1#Create" "incidents.create", deprecated => create;
    /// Show an incident, by its ID or the number of its reference.
    GET "/v1/incidents/{id}" "Incidents V1#Show" "incidents.view", deprecated => show;
}

words! {
    /// A status in the words of the first version.
    enum StatusV1 {
        Triage = "triage",
        Investigating = "investigating",
        Fixing = "fixing",
        Monitoring = "monitoring",
        Closed = "closed",
        Declined = "declined",
    }
}

impl StatusV1 {
    /// The word for `status`. A live status has the word of its name, or of its place among the
    /// live ones.
    fn of(status: &Status, settings: &Settings) -> Self {
        match status.category {
            Category::Triage => Self::Triage,
            Category::Learning | Category::Closed => Self::Closed,
            Category::Declined | Category::Merged | Category::Canceled => Self::Declined,
            Category::Paused => Self::Monitoring,
            Category::Live => status.name.to_lowercase().parse().unwrap_or_else(|_| {
                let live = settings.statuses.iter().filter(|other| other.category == Category::Live);
                match live.take_while(|other| other.id != status.id).count() {
                    0 => Self::Investigating,
                    1 => Self::Fixing,
                    _ => Self::Monitoring,
                }
            }),
        }
    }

    /// The statuses that have this word.
    fn statuses(self, settings: &Settings) -> impl Iterator<Item = Id<Status>> {
        settings.statuses.iter().filter(move |status| Self::of(status, settings) == self).map(|status| status.id)
    }
}

words! {
    /// A mode in the words of the first version.
    enum ModeV1 {
        Real = "real",
        Test = "test",
        Tutorial = "tutorial",
    }
}

impl From<Mode> for ModeV1 {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Standard | Mode::Retrospective => Self::Real,
            Mode::Test => Self::Test,
            Mode::Tutorial => Self::Tutorial,
        }
    }
}

words! {
    /// What an incident can be declared for in the first version.
    enum NewModeV1 {
        Real = "real",
        Test = "test",
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct IncidentV1 {
    #[serde(skip_serializing_if = "Option::is_none")]
    call_url: Option<String>,
    created_at: Time,
    creator: ActorBodyV1,
    custom_field_entries: Vec<CustomFieldEntryBody>,
    id: Id<Incident>,
    incident_role_assignments: Vec<RoleAssignmentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_type: Option<IncidentTypeV1>,
    mode: ModeV1,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permalink: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postmortem_document_url: Option<String>,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Rendered<Severity>>,
    slack_channel_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    slack_channel_name: Option<String>,
    slack_team_id: String,
    status: StatusV1,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamps: Option<Vec<TimestampValueV1>>,
    updated_at: Time,
    visibility: Visibility,
}

impl Resource for IncidentV1 {
    const ONE: &'static str = "incident";
    const MANY: &'static str = "incidents";
}

#[derive(Debug, Serialize, JsonSchema)]
struct TimestampValueV1 {
    #[serde(skip_serializing_if = "Option::is_none")]
    last_occurred_at: Option<Time>,
    name: String,
}

impl IncidentV1 {
    fn viewed(_: &mut Cx<'_>, incident: &Incident, view: &View) -> Result<Self> {
        let settings = &view.settings;
        let timestamps = settings.timestamps.iter().map(|timestamp| TimestampValueV1 {
            last_occurred_at: incident.timestamps.get(&timestamp.id).copied(),
            name: timestamp.name.clone(),
        });
        Ok(Self {
            call_url: incident.call_url.clone(),
            created_at: incident.created_at,
            creator: ActorBodyV1::of(&incident.creator, &view.directory),
            custom_field_entries: view.fields(incident),
            id: incident.id,
            incident_role_assignments: view.roles(incident),
            incident_type: incident
                .incident_type
                .and_then(|id| settings.types.get(id))
                .map(|kind| (**kind).clone().into()),
            mode: incident.mode.into(),
            name: incident.name.clone(),
            permalink: Some(view.permalink(incident)),
            postmortem_document_url: incident.postmortem_document_url.clone(),
            reference: incident.reference(),
            severity: incident.severity.and_then(|id| settings.severities.get(id).cloned()),
            slack_channel_id: incident.slack.channel_id.clone().unwrap_or_default(),
            slack_channel_name: incident.slack.channel_name.clone(),
            slack_team_id: incident.slack.team_id.clone().unwrap_or_default(),
            status: StatusV1::of(&*status_of(incident, settings)?, settings),
            summary: incident.summary.clone(),
            timestamps: Some(timestamps.collect()),
            updated_at: incident.updated_at,
            visibility: incident.visibility,
        })
    }

    fn of(cx: &mut Cx<'_>, incident: &Incident) -> Result<Show<Self>> {
        let view = View::new(cx, [incident])?;
        Self::viewed(cx, incident, &view).map(Show)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<500>,
    /// Only incidents in one of these statuses.
    status: Option<Vec<String>>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<IncidentV1, Counted>> {
    let settings = cx.cached::<Settings>()?;
    let mut condition = real_modes();
    if let Some(words) = query.status {
        let mut statuses = Vec::new();
        for word in words {
            let status: StatusV1 = word.parse().map_err(|problem| base::Error::invalid("status", problem))?;
            statuses.extend(status.statuses(&settings));
        }
        condition = condition.and(Condition::one_of("status_id", statuses));
    }
    let selection = Selection { condition, is_tallied: true };
    page(cx, selection, Direction::Backward, query.paging.capped(LARGEST_PAGE)?, IncidentV1::viewed)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct RoleAssignmentPayloadV1 {
    /// Who.
    assignee: UserReference,
    /// The role.
    incident_role_id: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentDeclarationV1")]
struct CreatePayload {
    /// The values of custom fields.
    custom_field_entries: Option<Vec<CustomFieldEntryPayload>>,
    /// The same key is the same incident.
    idempotency_key: String,
    /// Who does what.
    incident_role_assignments: Option<Vec<RoleAssignmentPayloadV1>>,
    /// Its kind; the default one if not given.
    incident_type_id: Option<String>,
    /// What it is for; `real` if not given.
    mode: Option<NewModeV1>,
    /// What it is called.
    name: Option<String>,
    /// How bad it is. Needed unless it starts in triage or was none.
    severity_id: Option<String>,
    /// The workspace in Slack.
    slack_team_id: Option<String>,
    /// The channel of the message that it was declared from.
    source_message_channel_id: Option<String>,
    /// The moment of the message that it was declared from.
    #[expect(dead_code, reason = "clients send it; the channel says where to look")]
    source_message_timestamp: Option<String>,
    /// Where it stands; the first live status if not given.
    status: Option<StatusV1>,
    /// What is known.
    summary: Option<String>,
    /// Who can see it.
    visibility: Visibility,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Show<IncidentV1>> {
    let settings = cx.cached::<Settings>()?;
    let status = payload.status.and_then(|status| match status {
        StatusV1::Closed => closed(&settings),
        _ => status.statuses(&settings).next(),
    });
    let role = |given: RoleAssignmentPayloadV1| RoleAssignmentPayload {
        assignee: Some(given.assignee),
        incident_role_id: given.incident_role_id,
    };
    let incident = change::declare(
        cx,
        Declaration {
            idempotency_key: payload.idempotency_key,
            name: payload.name,
            summary: payload.summary,
            visibility: payload.visibility,
            mode: if payload.mode == Some(NewModeV1::Test) { Mode::Test } else { Mode::Standard },
            incident_type_id: payload.incident_type_id,
            status_id: status.map(|status| status.to_string()),
            severity_id: payload.severity_id,
            fields: payload.custom_field_entries.unwrap_or_default(),
            roles: payload.incident_role_assignments.unwrap_or_default().into_iter().map(role).collect(),
            timestamps: Vec::new(),
            slack: SlackPlace {
                team_id: payload.slack_team_id,
                channel_id: payload.source_message_channel_id,
                channel_name: None,
            },
            postmortem_document_url: None,
            number: None,
        },
    )?;
    IncidentV1::of(cx, &incident)
}

/// "Closed" is also the word for incidents that are being learnt from, but means closed when said.
fn closed(settings: &Settings) -> Option<Id<Status>> {
    settings.statuses.iter().find(|status| status.category == Category::Closed).map(|status| status.id)
}

fn show(cx: &mut Cx<'_>, Segment(incident): Segment<IncidentRef>) -> Result<Show<IncidentV1>> {
    let incident = find(cx, incident)?;
    IncidentV1::of(cx, &incident)
}
