//! Incident updates: what people hear about an incident. Every change of its status, severity or
//! summary is one; a message can come along, or be one by itself.

use base::{Actor, Error, Id, Problem, Result, Time};
use people::ActorBody;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Event, Record, Tx, Value, values};
use web::{Body, Created, Loose, Page, PageMeta, Paging, Query, Rendered, Resource};

use crate::incident::{self, Edit, Incident, audited_as, visible_in};
use crate::settings::Settings;
use crate::settings::severities::Severity;
use crate::settings::statuses::Status;

web::routes! {
    /// List updates, newest first: of one incident, or of all.
    GET "/v2/incident_updates" "Incident Updates V2#List" "incidents.view" => list;
    /// Tell of an incident: a message, a new status, a new severity, or any of them together. The same
    /// idempotency key is the same update. A new status needs `incidents.update_status` too, and a new
    /// severity `incidents.update_severity`.
    POST "/v2/incident_updates" "Incident Updates V2#Create" "incident_updates.create" => create;
}

/// An update.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IncidentUpdate {
    /// Which one.
    pub id: Id<IncidentUpdate>,
    /// The incident it tells of.
    pub incident: Id<Incident>,
    /// What it says.
    #[serde(default)]
    pub message: Option<String>,
    /// The status after it.
    pub status: Id<Status>,
    /// The severity after it.
    #[serde(default)]
    pub severity: Option<Id<Severity>>,
    /// The summary after it.
    #[serde(default)]
    pub summary: Option<String>,
    /// The incident it was merged into by it.
    #[serde(default)]
    pub merged_into: Option<Id<Incident>>,
    /// Who told.
    pub updater: Actor,
    /// When.
    pub created_at: Time,
}

impl Record for IncidentUpdate {
    const TABLE: &'static str = "incident_updates";
    const COLUMNS: &'static [&'static str] = &["incident_id"];
    const KIND: &'static str = "incident_update";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.message.clone().unwrap_or_default()
    }

    fn audited_as(&self, tx: &mut Tx<'_>) -> Result<String> {
        audited_as(tx, self.incident, self.name())
    }

    fn columns(&self) -> Vec<Value> {
        values![self.incident].into()
    }
}

/// An update was written.
#[derive(Debug, Serialize)]
struct Updated {
    incident: Id<Incident>,
    update: Id<IncidentUpdate>,
}

impl Event for Updated {
    const KIND: &'static str = "incident_update.created";
}

/// An update that somebody asked for.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its ID.
    pub id: Id<IncidentUpdate>,
    /// What it says.
    pub message: Option<String>,
}

impl IncidentUpdate {
    /// Writes down how `incident` stands now.
    pub(crate) fn write(cx: &mut Cx<'_>, incident: &Incident, told: Told) -> Result<Self> {
        let update = Self {
            id: told.id,
            incident: incident.id,
            message: told.message,
            status: incident.status,
            severity: incident.severity,
            summary: incident.summary.clone(),
            merged_into: None,
            updater: cx.actor().clone(),
            created_at: cx.now(),
        };
        cx.insert(&update)?;
        cx.emit(&Updated { incident: incident.id, update: update.id })?;
        Ok(update)
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct IncidentUpdateBody {
    created_at: Time,
    id: Id<IncidentUpdate>,
    incident_id: Id<Incident>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into_incident_id: Option<Id<Incident>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    new_incident_status: Rendered<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_severity: Option<Rendered<Severity>>,
    updater: ActorBody,
}

impl Resource for IncidentUpdateBody {
    const ONE: &'static str = "incident_update";
    const MANY: &'static str = "incident_updates";
}

impl IncidentUpdateBody {
    fn of(cx: &mut Cx<'_>, update: &IncidentUpdate) -> Result<Self> {
        let (settings, directory) = (cx.cached::<Settings>()?, cx.cached()?);
        Ok(Self {
            created_at: update.created_at,
            id: update.id,
            incident_id: update.incident,
            merged_into_incident_id: update.merged_into,
            message: update.message.clone(),
            new_incident_status: settings.statuses.get(update.status).ok_or_else(Error::not_found)?.clone(),
            new_severity: update.severity.and_then(|id| settings.severities.get(id).cloned()),
            updater: ActorBody::of(&update.updater, &directory),
        })
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// Only those of this incident.
    incident_id: Option<String>,
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<IncidentUpdateBody, Loose>> {
    let paging = query.paging.read()?;
    let condition = match query.incident_id {
        Some(id) => Condition::equal("incident_id", incident::named(cx, &id)?.id),
        None => visible_in("incident_id", cx.access(), Condition::everything()),
    };
    let page = cx.page::<IncidentUpdate>(condition, Direction::Backward, &paging)?;
    let rows = page.rows.iter().map(|update| IncidentUpdateBody::of(cx, update)).collect::<Result<_>>()?;
    Ok(Page { rows, meta: Loose(PageMeta::new(&paging, page.after)) })
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentUpdateCreate")]
struct CreatePayload {
    /// The same key is the same update.
    idempotency_key: String,
    /// The incident to tell of.
    incident_id: String,
    /// What to say, in Markdown.
    message: Option<String>,
    /// The status to move to.
    to_incident_status_id: Option<String>,
    /// The severity from now on.
    to_severity_id: Option<String>,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<IncidentUpdateBody>> {
    if payload.idempotency_key.is_empty() {
        return Err(Error::required("idempotency_key"));
    }
    let message = payload.message.filter(|message| !message.is_empty());
    if message.is_none() && payload.to_incident_status_id.is_none() && payload.to_severity_id.is_none() {
        let problem = "at least one of message, to_incident_status_id and to_severity_id is required";
        return Err(Error::of_problems(vec![Problem::new("is_required", problem).at("message")]));
    }
    let incident = incident::named(cx, &payload.incident_id)?;
    let key = format!("{}/{}", incident.id, payload.idempotency_key);
    let candidate: Id<IncidentUpdate> = cx.new_id();
    let claimed = cx.claim_key("incident_update", &key, candidate)?;
    if claimed != candidate {
        let update = cx.get(claimed)?;
        return IncidentUpdateBody::of(cx, &update).map(Created);
    }
    let edit = Edit {
        incident_status_id: payload.to_incident_status_id,
        severity_id: payload.to_severity_id,
        ..Edit::default()
    };
    let told = Told { id: candidate, message };
    let edited = incident::edit(cx, incident, &edit, Some(told));
    let (_, update) = edited.map_err(|error| error.map_pointers(|field| format!("to_{field}")))?;
    let update = update.ok_or_else(|| Error::internal("an update that was asked for is written"))?;
    IncidentUpdateBody::of(cx, &update).map(Created)
}
