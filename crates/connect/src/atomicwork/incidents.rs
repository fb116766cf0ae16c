//! Incidents: created, looked up, changed and listed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::client::{ApiPath, Client, Listing, MOST_ROWS, Request, Trouble};

base::words! {
    /// Who may see an incident.
    pub enum Visibility {
        /// Everybody.
        Public = "public",
        /// Its members.
        Private = "private",
    }
}

base::words! {
    /// What an incident is for.
    pub enum Mode {
        /// A real one.
        Standard = "standard",
        /// A real one that is over, and is only written down.
        Retrospective = "retrospective",
        /// A test.
        Test = "test",
        /// A tutorial.
        Tutorial = "tutorial",
    }
}

base::words! {
    /// The categories of statuses.
    pub enum Category {
        /// It is not known yet whether it is an incident.
        Triage = "triage",
        /// Being worked on.
        Live = "live",
        /// Over, and being learnt from.
        Learning = "learning",
        /// Put off.
        Paused = "paused",
        /// Done with.
        Closed = "closed",
        /// Was none.
        Declined = "declined",
        /// Was none after all.
        Canceled = "canceled",
        /// Part of another one.
        Merged = "merged",
    }
}

/// An incident to be created.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct CreateIncident {
    /// What makes a second request with the same key answer the first one's incident. A fresh one when absent: then
    /// whoever asks again creates again.
    #[schemars(length(min = 1))]
    pub idempotency_key: Option<String>,
    /// What is wrong, in a line.
    pub name: Option<String>,
    /// What is wrong, in detail.
    pub summary: Option<String>,
    /// Who may see it; everybody when absent.
    pub visibility: Option<Visibility>,
    /// How bad it is.
    #[schemars(length(min = 1), extend("x-options" = "severity"))]
    pub severity_id: Option<String>,
    /// What it is for; a standard one when absent. A retrospective one is announced nowhere.
    pub mode: Option<Mode>,
    /// The status that it begins in.
    #[schemars(length(min = 1), extend("x-options" = "status"))]
    pub incident_status_id: Option<String>,
    /// Its type.
    #[schemars(length(min = 1), extend("x-options" = "type"))]
    pub incident_type_id: Option<String>,
    /// Retrospective: the number of its reference, 123 for INC-123.
    pub external_id: Option<i64>,
    /// Retrospective: where its post-mortem is.
    #[schemars(length(min = 1))]
    pub postmortem_document_url: Option<String>,
    /// Retrospective: the Slack channel that it was handled in. No channel is made for it.
    #[schemars(length(min = 1))]
    pub slack_channel_id: Option<String>,
}

/// An incident to be looked up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetIncident {
    /// Its ID, or its number or reference: 123 or INC-123.
    #[schemars(length(min = 1))]
    pub id: String,
}

/// Changes of an incident. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct UpdateIncident {
    /// Its ID, or its number or reference: 123 or INC-123.
    #[schemars(length(min = 1))]
    pub id: String,
    /// What is wrong, in a line.
    pub name: Option<String>,
    /// What is wrong, in detail.
    pub summary: Option<String>,
    /// How bad it is.
    #[schemars(length(min = 1), extend("x-options" = "severity"))]
    pub severity_id: Option<String>,
    /// The status to move it to.
    #[schemars(length(min = 1), extend("x-options" = "status"))]
    pub incident_status_id: Option<String>,
    /// Whether its Slack channel is told.
    #[serde(default)]
    pub notify_incident_channel: bool,
}

/// Which incidents to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ListIncidents {
    /// Only those whose status is of one of these categories.
    pub status_category: Vec<Category>,
    /// Only those whose status is of none of these categories.
    pub status_category_not_in: Vec<Category>,
    /// Only those of one of these modes; standard and retrospective when empty.
    pub mode: Vec<Mode>,
    /// Only those of one of these severities.
    #[schemars(extend("x-options" = "severity"))]
    pub severity_id: Vec<String>,
    /// Only those in one of these statuses.
    #[schemars(extend("x-options" = "status"))]
    pub incident_status_id: Vec<String>,
    /// Only those of one of these types.
    #[schemars(extend("x-options" = "type"))]
    pub incident_type_id: Vec<String>,
    /// How many at once; 25 when absent, and as many as there can be with `all`.
    #[schemars(range(min = 1, max = 500))]
    pub page_size: Option<u16>,
    /// Only those that come after the one with this ID.
    #[schemars(length(min = 1))]
    pub after: Option<String>,
    /// All of them, page after page.
    pub all: bool,
}

/// Incidents.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Incidents {
    /// They themselves, as the API shows them.
    pub incidents: Vec<Json>,
    /// Where in the list they are.
    pub pagination_meta: Meta,
}

/// Where in a list a page is.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Meta {
    /// After what the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many there are on a page.
    pub page_size: u16,
    /// How many there are on all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_record_count: Option<u64>,
}

/// How many incidents a page has unless something else is said, and at most.
const PAGE: (u16, u16) = (25, 500);

/// Creates an incident, or finds the one that was created with the same key; returns it as the API shows it.
pub fn create(api: &Client, input: &CreateIncident) -> Result<Json, Trouble> {
    let fresh = || api.world().new_id::<()>().to_string();
    let mut body = given([
        ("idempotency_key", Some(input.idempotency_key.clone().unwrap_or_else(fresh))),
        ("visibility", Some(input.visibility.unwrap_or(Visibility::Public).to_string())),
        ("name", input.name.clone()),
        ("summary", input.summary.clone()),
        ("severity_id", input.severity_id.clone()),
        ("mode", input.mode.map(|mode| mode.to_string())),
        ("incident_status_id", input.incident_status_id.clone()),
        ("incident_type_id", input.incident_type_id.clone()),
    ]);
    let mut afterwards = given([
        ("postmortem_document_url", input.postmortem_document_url.clone()),
        ("slack_channel_id", input.slack_channel_id.clone()),
    ]);
    afterwards.extend(input.external_id.map(|number| ("external_id".to_owned(), number.into())));
    if !afterwards.is_empty() {
        body.insert("retrospective_incident_options".into(), afterwards.into());
    }
    incident(api, &Request::post(ApiPath::of(&["v2", "incidents"]), body.into()).repeatable())
}

/// The incident with this ID, number or reference.
pub fn get(api: &Client, id: &str) -> Result<Json, Trouble> {
    incident(api, &Request::get(ApiPath::of(&["v2", "incidents", named(id)])))
}

/// Changes an incident; returns it as the API shows it. The same changes twice are one: what changes nothing is none. Only its
/// channel may be told twice, when an answer was lost.
pub fn update(api: &Client, input: &UpdateIncident) -> Result<Json, Trouble> {
    let changes = given([
        ("name", input.name.clone()),
        ("summary", input.summary.clone()),
        ("severity_id", input.severity_id.clone()),
        ("incident_status_id", input.incident_status_id.clone()),
    ]);
    let path = ApiPath::of(&["v2", "incidents", named(&input.id), "actions", "edit"]);
    let mut body = Map::new();
    body.insert("incident".into(), changes.into());
    body.insert("notify_incident_channel".into(), input.notify_incident_channel.into());
    incident(api, &Request::post(path, body.into()).repeatable())
}

/// Lists incidents: one page, or all.
pub fn list(api: &Client, input: &ListIncidents) -> Result<Incidents, Trouble> {
    let (usual, most) = PAGE;
    let page_size = input.page_size.unwrap_or(if input.all { most } else { usual });
    let listing = Listing { path: filtered(input).with("page_size", &page_size.to_string()), rows: "incidents".into() };
    let mut found = Incidents { pagination_meta: Meta { page_size, ..Meta::default() }, ..Incidents::default() };
    for page in api.pages(listing, input.after.clone()).take(if input.all { usize::MAX } else { 1 }) {
        let page = page?;
        found.incidents.extend(page.rows);
        found.pagination_meta.after = page.after;
        found.pagination_meta.total_record_count = page.total;
        if found.incidents.len() > MOST_ROWS {
            break; // `after` says how it goes on
        }
    }
    Ok(found)
}

fn filtered(input: &ListIncidents) -> ApiPath {
    let words = |categories: &[Category]| categories.iter().map(ToString::to_string).collect();
    let filters: [(&str, Vec<String>); 6] = [
        ("status_category[one_of]", words(&input.status_category)),
        ("status_category[not_in]", words(&input.status_category_not_in)),
        ("mode[one_of]", input.mode.iter().map(ToString::to_string).collect()),
        ("severity[one_of]", input.severity_id.clone()),
        ("status[one_of]", input.incident_status_id.clone()),
        ("incident_type[one_of]", input.incident_type_id.clone()),
    ];
    let each = filters.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    each.fold(ApiPath::of(&["v2", "incidents"]), |path, (name, value)| path.with(name, value))
}

/// Sends what answers an incident. A problem points at a field of the form: that of the request stands deeper.
fn incident(api: &Client, request: &Request) -> Result<Json, Trouble> {
    #[derive(Deserialize)]
    struct One {
        incident: Json,
    }
    let answer = api.ask::<One>(request).map_err(|mut trouble| {
        for problem in &mut trouble.problems {
            let field = ["incident.", "retrospective_incident_options."]
                .iter()
                .find_map(|before| problem.pointer.strip_prefix(before));
            problem.pointer = field.unwrap_or(&problem.pointer).to_owned();
        }
        trouble
    })?;
    Ok(answer.incident)
}

/// What names an incident in a path: the number, where it is given by its reference.
fn named(id: &str) -> &str {
    let id = id.trim();
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    id.rsplit_once('-').map(|(_, number)| number).filter(is_number).unwrap_or(id)
}

/// Those of `fields` that have a value.
fn given<const N: usize>(fields: [(&str, Option<String>); N]) -> Map<String, Json> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_named_by_its_id_its_number_or_its_reference() {
        for (given, named_so) in [
            ("01FCNDV6P870EA6S7TK1DSYDG0", "01FCNDV6P870EA6S7TK1DSYDG0"),
            (" 84 ", "84"),
            ("INC-84", "84"),
            ("inc-84", "84"),
            ("not-one", "not-one"),
            ("INC-", "INC-"),
        ] {
            assert_eq!(named(given), named_so, "{given}");
        }
    }
}
