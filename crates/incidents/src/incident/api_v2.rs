//! Incidents in the second version of the API.

use base::{Result, words};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Condition, Cx, Direction, Paging as StorePaging};
use web::{Body, Counted, Guard, Page, PageMeta, Paging, Query, Segment, Show};

use super::body::{IncidentBody, View};
use super::change::{self, Announcement, Declaration, Edit, RoleAssignmentPayload, TimestampValuePayload};
use super::fields::CustomFieldEntryPayload;
use super::filter::{Selection, Wanted, found_by};
use super::record::{Incident, Mode, SlackPlace, Visibility};
use super::visibility::{IncidentRef, find, visible, visible_as_member, visible_to_all};
use crate::settings::Settings;

web::routes! {
    /// List incidents, newest first. Filters stand in brackets, `status[one_of]=…`, and can be
    /// repeated; test and tutorial incidents are left out unless the mode asks for them. A page has at
    /// most 250 rows.
    GET "/v2/incidents" "Incidents V2#List" "incidents.view", per_minute(60) => list;
    /// The same list, of those incidents that have a text in their names, or for a reference.
    GET "" "Incidents#Search" "incidents.view", inside => search;
    /// Declare an incident. The same idempotency key is the same incident, however often it is sent.
    POST "/v2/incidents" "Incidents V2#Create" "incidents.create" => create;
    /// Show an incident, by its ID or the number of its reference.
    GET "/v2/incidents/{id}" "Incidents V2#Show" "incidents.view" => show;
    /// Change what is given and nothing else. Needs `incidents.view` and a scope for each property:
    /// `incidents.update_name`, `_summary`, `_severity`, `_status`, `_custom_fields`, `_timestamps` or
    /// `_role_assignments`, `incident_calls.create` and `incident_calls.destroy`.
    POST "/v2/incidents/{id}/actions/edit" "Incidents V2#Edit" Guard::AnyKey => edit;
}

words! {
    /// The order of a list.
    enum SortBy {
        NewestFirst = "created_at_newest_first",
        OldestFirst = "created_at_oldest_first",
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<500>,
    /// The order.
    #[schemars(extend("default" = "created_at_newest_first"))]
    sort_by: Option<SortBy>,
    #[serde(flatten)]
    wanted: Wanted,
}

/// The most rows a page has, whatever was asked for.
pub(super) const LARGEST_PAGE: i64 = 250;

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<IncidentBody, Counted>> {
    listed(cx, &query, None)
}

/// One page of the list that is asked for, of those that are found by this text if there is one.
fn listed(cx: &mut Cx<'_>, query: &ListQuery, text: Option<&str>) -> Result<Page<IncidentBody, Counted>> {
    let settings = cx.cached::<Settings>()?;
    let mut selection = query.wanted.select(cx, &settings)?;
    if let Some(text) = text {
        selection = Selection { condition: selection.condition.and(found_by(text)), is_tallied: false };
    }
    let direction = match query.sort_by {
        Some(SortBy::OldestFirst) => Direction::Forward,
        _ => Direction::Backward,
    };
    page(cx, selection, direction, query.paging.capped(LARGEST_PAGE)?, IncidentBody::viewed)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct SearchQuery {
    /// The text.
    q: String,
    #[serde(flatten)]
    list: ListQuery,
}

fn search(cx: &mut Cx<'_>, Query(query): Query<SearchQuery>) -> Result<Page<IncidentBody, Counted>> {
    listed(cx, &query.list, Some(&query.q))
}

/// How many incidents the caller may see that fit: by the tallies, but for the few private ones that only their members
/// see.
fn tallied(cx: &mut Cx<'_>, condition: &Condition) -> Result<i64> {
    let all = visible_to_all(cx.access()).and(condition.clone());
    let total = cx.sum("incident_tallies", "n", all)?;
    let Some(member) = visible_as_member(cx.access()) else { return Ok(total) };
    let own = member.and(Condition::equal("private", true)).and(condition.clone());
    Ok(total + cx.count::<Incident>(own)?)
}

/// One page of what is selected, of what the caller may see.
pub(super) fn page<B>(
    cx: &mut Cx<'_>,
    selection: Selection,
    direction: Direction,
    paging: StorePaging,
    show: fn(&mut Cx<'_>, &Incident, &View) -> Result<B>,
) -> Result<Page<B, Counted>> {
    let condition = visible(cx.access()).and(selection.condition.clone());
    let total = if selection.is_tallied {
        tallied(cx, &selection.condition)?
    } else {
        cx.count::<Incident>(condition.clone())?
    };
    let found = cx.page::<Incident>(condition, direction, &paging)?;
    let view = View::new(cx, found.rows.iter().map(|incident| &**incident))?;
    let rows = found.rows.iter().map(|incident| show(cx, incident, &view)).collect::<Result<_>>()?;
    let page = PageMeta::new(&paging, found.after);
    Ok(Page { rows, meta: Counted { page, total_record_count: Some(total) } })
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct RetrospectiveOptions {
    /// The number of the reference: 123 for `INC-123`.
    external_id: Option<i64>,
    /// Where the post-mortem is.
    postmortem_document_url: Option<String>,
    /// The channel in Slack that it was handled in.
    slack_channel_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentDeclaration")]
struct CreatePayload {
    /// The values of custom fields.
    custom_field_entries: Option<Vec<CustomFieldEntryPayload>>,
    /// The same key is the same incident.
    idempotency_key: String,
    /// Who does what.
    incident_role_assignments: Option<Vec<RoleAssignmentPayload>>,
    /// Where it stands; the first live status if not given.
    incident_status_id: Option<String>,
    /// When what happened.
    incident_timestamp_values: Option<Vec<TimestampValuePayload>>,
    /// Its kind; the default one if not given.
    incident_type_id: Option<String>,
    /// What it is for; `standard` if not given.
    mode: Option<Mode>,
    /// What it is called.
    name: Option<String>,
    /// For an incident that is written down afterwards.
    retrospective_incident_options: Option<RetrospectiveOptions>,
    /// How bad it is. Needed unless it starts in triage or was none.
    severity_id: Option<String>,
    /// What its channel in Slack is called.
    slack_channel_name_override: Option<String>,
    /// The workspace in Slack.
    slack_team_id: Option<String>,
    /// What is known.
    summary: Option<String>,
    /// Who can see it.
    visibility: Visibility,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Show<IncidentBody>> {
    let afterwards = payload.retrospective_incident_options;
    let incident = change::declare(
        cx,
        Declaration {
            idempotency_key: payload.idempotency_key,
            name: payload.name,
            summary: payload.summary,
            visibility: payload.visibility,
            mode: payload.mode.unwrap_or(Mode::Standard),
            incident_type_id: payload.incident_type_id,
            status_id: payload.incident_status_id,
            severity_id: payload.severity_id,
            fields: payload.custom_field_entries.unwrap_or_default(),
            roles: payload.incident_role_assignments.unwrap_or_default(),
            timestamps: payload.incident_timestamp_values.unwrap_or_default(),
            slack: SlackPlace {
                team_id: payload.slack_team_id,
                channel_id: afterwards.as_ref().and_then(|options| options.slack_channel_id.clone()),
                channel_name: payload.slack_channel_name_override,
            },
            postmortem_document_url: afterwards.as_ref().and_then(|options| options.postmortem_document_url.clone()),
            number: afterwards.and_then(|options| options.external_id),
        },
    )?;
    IncidentBody::of(cx, &incident).map(Show)
}

fn show(cx: &mut Cx<'_>, Segment(incident): Segment<IncidentRef>) -> Result<Show<IncidentBody>> {
    let incident = find(cx, incident)?;
    IncidentBody::of(cx, &incident).map(Show)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct EditPayload {
    /// What changes.
    incident: Edit,
    /// Whether the incident's channel hears of it.
    notify_incident_channel: bool,
}

fn edit(
    cx: &mut Cx<'_>,
    Segment(incident): Segment<IncidentRef>,
    Body(payload): Body<EditPayload>,
) -> Result<Show<IncidentBody>> {
    cx.require("incidents.view")?;
    let incident = find(cx, incident)?;
    let edited = change::edit(cx, incident, &payload.incident, None);
    let (incident, _) = edited.map_err(|error| error.within("incident"))?;
    if payload.notify_incident_channel {
        cx.emit(&Announcement { incident: incident.id, text: format!("{} was edited", incident.reference()) })?;
    }
    IncidentBody::of(cx, &incident).map(Show)
}
