//! Declaring and editing, whichever version of the API asks for it.

use base::{Actor, Error, Id, Problem, Problems, Result, Time};
use people::users::{User, UserReference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Cx, Event, Stored};
use web::Rendered;

use super::fields::{self, CustomFieldEntryPayload};
use super::lifecycle;
use super::record::{Incident, Mode, RoleAssignment, SlackPlace, Visibility};
use super::visibility::find;
use crate::memberships;
use crate::settings::Settings;
use crate::settings::roles::RoleType;
use crate::settings::statuses::{Category, Status};
use crate::settings::timestamps::SetBy;
use crate::settings::types::{CreateInTriage, IncidentType};
use crate::updates::{IncidentUpdate, Told};

/// Somebody to give a role to, in a request. Without an assignee nobody holds the role.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RoleAssignmentPayload {
    /// Who.
    pub assignee: Option<UserReference>,
    /// The role.
    pub incident_role_id: String,
}

/// A timestamp to set, in a request. Without a value it is cleared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TimestampValuePayload {
    /// The timestamp.
    pub incident_timestamp_id: String,
    /// When.
    pub value: Option<Time>,
}

/// What is said when an incident is declared.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The same key is the same incident.
    pub idempotency_key: String,
    /// What it is called.
    pub name: Option<String>,
    /// What is known.
    pub summary: Option<String>,
    /// Who can see it.
    pub visibility: Visibility,
    /// What it is for.
    pub mode: Mode,
    /// Its kind; the default one if not given.
    pub incident_type_id: Option<String>,
    /// Where it stands; the first live status, or triage, if not given.
    pub status_id: Option<String>,
    /// How bad it is.
    pub severity_id: Option<String>,
    /// The values of its custom fields.
    pub fields: Vec<CustomFieldEntryPayload>,
    /// Who does what.
    pub roles: Vec<RoleAssignmentPayload>,
    /// When what happened.
    pub timestamps: Vec<TimestampValuePayload>,
    /// Its place in Slack.
    pub slack: SlackPlace,
    /// Where its post-mortem is, for an incident that is over.
    pub postmortem_document_url: Option<String>,
    /// The number of its reference, for one that is brought in from elsewhere.
    pub number: Option<i64>,
}

/// An incident was declared.
#[derive(Debug, Serialize)]
struct Declared {
    incident: Id<Incident>,
}

impl Event for Declared {
    const KIND: &'static str = "incident.created";
}

/// An incident changed.
#[derive(Debug, Serialize)]
struct Edited {
    incident: Id<Incident>,
}

impl Event for Edited {
    const KIND: &'static str = "incident.updated";
}

/// Something to be said in an incident's channel.
#[derive(Debug, Serialize)]
pub(crate) struct Announcement {
    pub incident: Id<Incident>,
    pub text: String,
}

impl Event for Announcement {
    const KIND: &'static str = "incident.channel_message";
}

/// Declares an incident, or finds the one that was declared with the same key.
pub fn declare(cx: &mut Cx<'_>, declaration: Declaration) -> Result<Incident> {
    if declaration.idempotency_key.is_empty() {
        return Err(Error::required("idempotency_key"));
    }
    let id: Id<Incident> = cx.new_id();
    let claimed = cx.claim_key("incident", &declaration.idempotency_key, id)?;
    if claimed != id {
        return Ok(find(cx, super::IncidentRef::Id(claimed))?.into_inner());
    }
    let incident = compose(cx, id, declaration)?;
    incident.insert(cx)?;
    if let Actor::User(creator) = &incident.creator
        && incident.is_private()
    {
        memberships::grant(cx, incident.id, creator.id.cast())?;
    }
    admit_holders(cx, &incident, &[])?;
    cx.emit(&Declared { incident: id })?;
    if !incident.is_private() && incident.mode != Mode::Retrospective {
        cx.emit(&Announcement {
            incident: id,
            text: format!("{} was declared: {}", incident.reference(), incident.name),
        })?;
    }
    Ok(incident)
}

fn compose(cx: &mut Cx<'_>, id: Id<Incident>, declaration: Declaration) -> Result<Incident> {
    let settings = cx.cached::<Settings>()?;
    let mut problems = Problems::new();
    let incident_type = problems.keep(type_of(&declaration, &settings))?;
    let status = problems.keep(initial_status(&declaration, incident_type.as_deref(), &settings))?;
    let severity = match &declaration.severity_id {
        Some(severity) => {
            problems.keep(settings.severities.named("severity_id", severity).map(|severity| severity.id))?
        }
        None => None,
    };
    if declaration.severity_id.is_none()
        && status.as_ref().is_some_and(|status| lifecycle::needs_severity(status.category))
    {
        let message = "An incident in this status needs a severity";
        problems.push(Problem::new("is_required", message).at("severity_id"));
    }
    let now = cx.now();
    let mut incident = Incident {
        id,
        number: 0,
        name: declaration.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "Untitled incident".into()),
        summary: declaration.summary.filter(|summary| !summary.is_empty()),
        visibility: declaration.visibility,
        mode: declaration.mode,
        status: status.as_ref().map_or(Id::constant(0), |status| status.id),
        severity,
        incident_type: incident_type.as_ref().map(|incident_type| incident_type.id),
        creator: cx.actor().clone(),
        roles: Vec::new(),
        fields: Vec::new(),
        timestamps: Default::default(),
        call_url: None,
        slack: declaration.slack,
        postmortem_document_url: declaration.postmortem_document_url,
        postmortem_documents: Vec::new(),
        external_issue: None,
        created_at: now,
        updated_at: now,
        last_activity_at: now,
    };
    if incident_type.is_some_and(|incident_type| incident_type.private_incidents_only) {
        incident.visibility = Visibility::Private;
    }
    problems.keep(fields::apply(cx, &mut incident.fields, &declaration.fields, &settings))?;
    problems.keep(set_timestamps(&mut incident, &declaration.timestamps, &settings))?;
    problems.keep(assign(cx, &mut incident, &declaration.roles, &settings, true))?;
    let number = problems.keep(given_number(cx, declaration.number))?.flatten();
    problems.finish()?;

    let mut events = vec![SetBy::Reported];
    events.extend(status.iter().flat_map(|status| SetBy::reaching(status.category)));
    lifecycle::set(&mut incident.timestamps, &settings.timestamps, &events, now);
    incident.number = match number {
        Some(number) => number,
        None => cx.next_number("incident")?,
    };
    Ok(incident)
}

/// The number an imported incident brings along, which nobody may have; counting goes on after it.
fn given_number(cx: &mut Cx<'_>, number: Option<i64>) -> Result<Option<i64>> {
    let Some(number) = number else { return Ok(None) };
    let pointer = "retrospective_incident_options.external_id";
    if number < 1 {
        return Err(Error::invalid(pointer, "must be a positive number"));
    }
    if cx.any::<Incident>(store::Condition::equal("number", number))? {
        return Err(Error::invalid(pointer, format!("there is an INC-{number} already")));
    }
    cx.count_from("incident", number)?;
    Ok(Some(number))
}

fn type_of(declaration: &Declaration, settings: &Settings) -> Result<Rendered<IncidentType>> {
    match &declaration.incident_type_id {
        Some(id) => settings.types.named("incident_type_id", id).cloned(),
        None => {
            let default = settings.types.iter().find(|incident_type| incident_type.is_default);
            default.cloned().ok_or_else(|| Error::required("incident_type_id"))
        }
    }
}

fn initial_status(
    declaration: &Declaration,
    incident_type: Option<&IncidentType>,
    settings: &Settings,
) -> Result<Rendered<Status>> {
    if let Some(id) = &declaration.status_id {
        return settings.statuses.named("incident_status_id", id).cloned();
    }
    let in_triage = incident_type.is_some_and(|it| it.create_in_triage == CreateInTriage::Always);
    let category = if in_triage { Category::Triage } else { Category::Live };
    let first = settings.statuses.iter().find(|status| status.category == category);
    first.cloned().ok_or_else(|| Error::required("incident_status_id"))
}

/// What an edit changes: only what is given.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentEdit")]
pub struct Edit {
    /// Where people talk about it.
    pub call_url: Option<String>,
    /// Fields to set; those not listed stay.
    pub custom_field_entries: Option<Vec<CustomFieldEntryPayload>>,
    /// Roles to give; those not listed stay.
    pub incident_role_assignments: Option<Vec<RoleAssignmentPayload>>,
    /// The status to move to.
    pub incident_status_id: Option<String>,
    /// Timestamps to set; those not listed stay.
    pub incident_timestamp_values: Option<Vec<TimestampValuePayload>>,
    /// What it is called.
    pub name: Option<String>,
    /// How bad it is.
    pub severity_id: Option<String>,
    /// What its channel in Slack is called.
    pub slack_channel_name_override: Option<String>,
    /// What is known.
    pub summary: Option<String>,
}

impl Edit {
    /// The scopes that its changes need.
    fn scopes(&self, incident: &Incident) -> impl Iterator<Item = &'static str> {
        let replaces_call = self.call_url.is_some() && incident.call_url.is_some();
        [
            (self.name.is_some() || self.slack_channel_name_override.is_some(), "incidents.update_name"),
            (self.summary.is_some(), "incidents.update_summary"),
            (self.severity_id.is_some(), "incidents.update_severity"),
            (self.incident_status_id.is_some(), "incidents.update_status"),
            (self.custom_field_entries.is_some(), "incidents.update_custom_fields"),
            (self.incident_timestamp_values.is_some(), "incidents.update_timestamps"),
            (self.incident_role_assignments.is_some(), "incidents.update_role_assignments"),
            (self.call_url.is_some(), "incident_calls.create"),
            (replaces_call, "incident_calls.destroy"),
        ]
        .into_iter()
        .filter_map(|(needed, scope)| needed.then_some(scope))
    }
}

/// Edits an incident, where the caller has the scopes that takes. A change that people hear of is an
/// incident update; `told` is one that is written in any case.
pub fn edit(
    cx: &mut Cx<'_>,
    mut incident: Stored<Incident>,
    edit: &Edit,
    told: Option<Told>,
) -> Result<(Stored<Incident>, Option<IncidentUpdate>)> {
    for scope in edit.scopes(&incident) {
        cx.require(scope)?;
    }
    let settings = cx.cached::<Settings>()?;
    let before = (*incident).clone();
    let mut problems = Problems::new();
    problems.keep(move_status(cx, &mut incident, edit, &settings))?;
    if let Some(id) = &edit.severity_id {
        let severity = problems.keep(settings.severities.named("severity_id", id).map(|severity| severity.id))?;
        incident.severity = severity.or(incident.severity);
    }
    if let Some(name) = &edit.name {
        problems.check(!name.trim().is_empty(), "name", "must not be empty");
        incident.name.clone_from(name);
    }
    if let Some(summary) = &edit.summary {
        incident.summary = Some(summary.clone()).filter(|summary| !summary.is_empty());
    }
    if let Some(url) = &edit.call_url {
        problems.check(url.is_empty() || url.contains("://"), "call_url", "is not a link");
        incident.call_url = Some(url.clone()).filter(|url| !url.is_empty());
    }
    if let Some(name) = &edit.slack_channel_name_override {
        incident.slack.channel_name = Some(name.clone());
    }
    problems.keep(fields::apply(
        cx,
        &mut incident.fields,
        edit.custom_field_entries.as_deref().unwrap_or_default(),
        &settings,
    ))?;
    let timestamps = edit.incident_timestamp_values.as_deref().unwrap_or_default();
    problems.keep(set_timestamps(&mut incident, timestamps, &settings))?;
    let roles = edit.incident_role_assignments.as_deref().unwrap_or_default();
    problems.keep(assign(cx, &mut incident, roles, &settings, false))?;
    problems.finish()?;
    let update = note(cx, &mut incident, &before, told)?;
    admit_holders(cx, &incident, &before.roles)?;
    Ok((incident, update))
}

/// Whoever is given a role on a private incident becomes its member.
fn admit_holders(cx: &mut Cx<'_>, incident: &Incident, before: &[RoleAssignment]) -> Result<()> {
    let mut given = incident.roles.iter().filter(|assignment| incident.is_private() && !before.contains(assignment));
    given.try_for_each(|assignment| memberships::grant(cx, incident.id, assignment.user).map(drop))
}

/// Stores what changed, and the update that tells of it.
fn note(
    cx: &mut Cx<'_>,
    incident: &mut Stored<Incident>,
    before: &Incident,
    told: Option<Told>,
) -> Result<Option<IncidentUpdate>> {
    let changed = **incident != *before;
    if !changed && told.is_none() {
        return Ok(None);
    }
    if changed {
        incident.updated_at = cx.now();
        cx.emit(&Edited { incident: incident.id })?;
    }
    incident.last_activity_at = cx.now();
    Incident::save(cx, incident, before)?;

    let heard_of = |incident: &Incident| (incident.status, incident.severity, incident.summary.clone());
    let tells = heard_of(incident) != heard_of(before);
    let told = told.or_else(|| tells.then(|| Told { id: cx.new_id(), message: None }));
    told.map(|told| IncidentUpdate::write(cx, incident, told)).transpose()
}

fn move_status(cx: &Cx<'_>, incident: &mut Incident, edit: &Edit, settings: &Settings) -> Result<()> {
    let Some(id) = &edit.incident_status_id else { return Ok(()) };
    let pointer = "incident_status_id";
    let to = settings.statuses.named(pointer, id)?;
    let from = super::body::status_of(incident, settings)?;
    if !lifecycle::may_follow(from.category, to.category) {
        let message = format!("an incident can't go from {} to {}", from.name, to.name);
        return Err(Error::invalid(pointer, message));
    }
    let will_have_severity = incident.severity.is_some() || edit.severity_id.is_some();
    if to.id != from.id && lifecycle::needs_severity(to.category) && !will_have_severity {
        let message = "An incident in this status needs a severity";
        return Err(Error::of_problems(vec![Problem::new("is_required", message).at("severity_id")]));
    }
    incident.status = to.id;
    if to.id != from.id {
        lifecycle::set(&mut incident.timestamps, &settings.timestamps, SetBy::reaching(to.category), cx.now());
    }
    Ok(())
}

fn set_timestamps(incident: &mut Incident, values: &[TimestampValuePayload], settings: &Settings) -> Result<()> {
    let mut problems = Problems::new();
    for (index, given) in values.iter().enumerate() {
        let pointer = format!("incident_timestamp_values.{index}.incident_timestamp_id");
        let known = settings.timestamps.named(&pointer, &given.incident_timestamp_id).map(|timestamp| timestamp.id);
        match (problems.keep(known)?, given.value) {
            (Some(timestamp), Some(value)) => drop(incident.timestamps.insert(timestamp, value)),
            (Some(timestamp), None) => drop(incident.timestamps.remove(&timestamp)),
            (None, _) => {}
        }
    }
    problems.finish()
}

fn assign(
    cx: &mut Cx<'_>,
    incident: &mut Incident,
    assignments: &[RoleAssignmentPayload],
    settings: &Settings,
    is_declared_now: bool,
) -> Result<()> {
    let mut problems = Problems::new();
    for (index, given) in assignments.iter().enumerate() {
        let place = format!("incident_role_assignments.{index}");
        let role = settings.roles.named("incident_role_id", &given.incident_role_id).and_then(|role| {
            if role.role_type == RoleType::Reporter && !is_declared_now {
                return Err(Error::invalid("incident_role_id", "the reporter is whoever reported it, and stays so"));
            }
            Ok(role.id)
        });
        let role = problems.keep(role.map_err(|error| error.within(&place)))?;
        let holder = holder(cx, given).map_err(|error| error.within(&place));
        if let (Some(role), Some(holder)) = (role, problems.keep(holder)?) {
            incident.roles.retain(|assignment| assignment.role != role);
            incident.roles.extend(holder.map(|user| RoleAssignment { role, user }));
        }
    }
    problems.finish()
}

fn holder(cx: &mut Cx<'_>, given: &RoleAssignmentPayload) -> Result<Option<Id<User>>> {
    match &given.assignee {
        Some(user) if !user.is_empty() => user.resolve(cx).map(Some).map_err(|error| error.within("assignee")),
        _ => Ok(None),
    }
}
