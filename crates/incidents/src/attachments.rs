//! Attachments: things elsewhere that belong to an incident, such as a page in another tool, a pull
//! request, or any link.

use base::{Error, Id, Problem, Problems, Result, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Stored, Tx, Value, values};
use web::{Body, Created, List, NoContent, Query, Resource};

use crate::incident::{self, Incident, IncidentRef, audited_as, visible_in};

web::routes! {
    /// List the attachments of an incident, or the incidents that a thing elsewhere is attached to.
    GET "/v1/incident_attachments" "Incident Attachments V1#List" "attachments.view" => list;
    /// Attach something to an incident: by its ID in the other tool, or by its address. Attaching the
    /// same thing twice changes nothing.
    POST "/v1/incident_attachments" "Incident Attachments V1#Create" "attachments.create" => create;
    /// Take an attachment away.
    DELETE "/v1/incident_attachments/{id}" "Incident Attachments V1#Delete" "attachments.destroy" => delete;
}

words! {
    /// What is attached.
    pub enum ResourceType {
        /// An incident in PagerDuty.
        PagerDutyIncident = "pager_duty_incident",
        /// An alert in Opsgenie.
        OpsgenieAlert = "opsgenie_alert",
        /// An alert of a Datadog monitor.
        DatadogMonitorAlert = "datadog_monitor_alert",
        /// A pull request in GitHub.
        GithubPullRequest = "github_pull_request",
        /// A merge request in GitLab.
        GitlabMergeRequest = "gitlab_merge_request",
        /// An issue in Sentry.
        SentryIssue = "sentry_issue",
        /// An issue in Jira.
        JiraIssue = "jira_issue",
        /// An alert in Jira Service Management.
        JsmAlert = "jsm_alert",
        /// An incident on an Atlassian status page.
        AtlassianStatuspageIncident = "atlassian_statuspage_incident",
        /// A ticket in Zendesk.
        ZendeskTicket = "zendesk_ticket",
        /// An event in Google Calendar.
        GoogleCalendarEvent = "google_calendar_event",
        /// An event in Outlook.
        OutlookCalendarEvent = "outlook_calendar_event",
        /// A file in Slack.
        SlackFile = "slack_file",
        /// A case in Salesforce.
        SalesforceCase = "salesforce_case",
        /// An issue in Pylon.
        PylonIssue = "pylon_issue",
        /// Any link.
        ArbitraryUrl = "arbitrary_url",
        /// Something that has been removed for privacy.
        Scrubbed = "scrubbed",
        /// An incident on a status page.
        StatuspageIncident = "statuspage_incident",
    }
}

/// Something attached to an incident.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// Which one.
    pub id: Id<Attachment>,
    /// The incident.
    pub incident: Id<Incident>,
    /// What it is.
    pub resource_type: ResourceType,
    /// Its ID in the other tool; for a link, its address.
    pub external_id: String,
    /// Where it is; empty where only its ID is known.
    pub permalink: String,
    /// What it is called.
    pub title: String,
    /// A symbol for it.
    #[serde(default)]
    pub emoji: Option<String>,
}

impl Record for Attachment {
    const TABLE: &'static str = "incident_attachments";
    const COLUMNS: &'static [&'static str] = &["incident_id", "resource_type", "external_id"];
    const KIND: &'static str = "incident_attachment";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.title.clone()
    }

    fn audited_as(&self, tx: &mut Tx<'_>) -> Result<String> {
        audited_as(tx, self.incident, self.name())
    }

    fn columns(&self) -> Vec<Value> {
        values![self.incident, self.resource_type.as_str(), &self.external_id].into()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct IncidentAttachmentBody {
    id: Id<Attachment>,
    incident_id: Id<Incident>,
    resource: ExternalResource,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ExternalResource {
    external_id: String,
    permalink: String,
    resource_type: ResourceType,
    title: String,
}

impl Resource for IncidentAttachmentBody {
    const ONE: &'static str = "incident_attachment";
    const MANY: &'static str = "incident_attachments";
}

impl From<Attachment> for IncidentAttachmentBody {
    fn from(attachment: Attachment) -> Self {
        Self {
            id: attachment.id,
            incident_id: attachment.incident,
            resource: ExternalResource {
                external_id: attachment.external_id,
                permalink: attachment.permalink,
                resource_type: attachment.resource_type,
                title: attachment.title,
            },
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// The incident.
    incident_id: Option<String>,
    /// The thing's ID in the other tool.
    external_id: Option<String>,
    /// What it is.
    resource_type: Option<ResourceType>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<List<IncidentAttachmentBody>> {
    let by_incident = match &query.incident_id {
        Some(id) => Some(Condition::equal("incident_id", incident::named(cx, id)?.id)),
        None => None,
    };
    let by_resource = match (query.resource_type, query.external_id) {
        (Some(kind), Some(id)) => {
            Some(Condition::equal("resource_type", kind.as_str()).and(Condition::equal("external_id", id)))
        }
        _ => None,
    };
    if by_incident.is_none() && by_resource.is_none() {
        let message = "give either incident_id, or both resource_type and external_id";
        return Err(Error::of_problems(vec![Problem::new("is_required", message).at("incident_id")]));
    }
    let seen = visible_in("incident_id", cx.access(), Condition::everything());
    let wanted = Condition::all(by_incident.into_iter().chain(by_resource)).and(seen);
    let attachments = cx.list::<Attachment>(wanted, "id")?;
    Ok(List(attachments.into_iter().map(|attachment| Stored::into_inner(attachment).into()).collect()))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentAttachment")]
struct CreatePayload {
    /// The incident.
    incident_id: String,
    /// What to attach.
    resource: ResourcePayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentAttachmentResource")]
struct ResourcePayload {
    /// A symbol for an `arbitrary_url`, without colons.
    emoji: Option<String>,
    /// Its ID in the other tool.
    external_id: Option<String>,
    /// What it is.
    resource_type: ResourceType,
    /// What an `arbitrary_url` is called.
    title: Option<String>,
    /// Its address.
    url: Option<String>,
}

impl ResourcePayload {
    fn check(&self) -> Result<()> {
        let mut problems = Problems::new();
        let is_link = self.resource_type == ResourceType::ArbitraryUrl;
        let given = |field: &Option<String>| field.as_ref().is_some_and(|text| !text.is_empty());
        problems.check(given(&self.external_id) != given(&self.url), "external_id", "give either external_id or url");
        problems.check(!is_link || given(&self.url), "url", "an arbitrary_url has an address");
        problems.check(is_link || self.title.is_none(), "title", "only an arbitrary_url has a title");
        problems.check(is_link || self.emoji.is_none(), "emoji", "only an arbitrary_url has a symbol");
        let sound = self.url.as_ref().is_none_or(|url| url.starts_with("https://") || url.starts_with("http://"));
        problems.check(sound, "url", "is not a web address");
        problems.check(self.resource_type != ResourceType::Scrubbed, "resource_type", "can't be attached");
        problems.finish().map_err(|error| error.within("resource"))
    }
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<IncidentAttachmentBody>> {
    let incident = incident::named(cx, &payload.incident_id)?;
    payload.resource.check()?;
    let ResourcePayload { emoji, external_id, resource_type, title, url } = payload.resource;
    let external_id = external_id.or(url.clone()).unwrap_or_default();
    // Those who attach the same thing at once take turns, and find what the first one attached.
    cx.lock(Incident::TABLE, incident.id)?;
    let same = Condition::all([
        Condition::equal("incident_id", incident.id),
        Condition::equal("resource_type", resource_type.as_str()),
        Condition::equal("external_id", &external_id),
    ]);
    if let Some(attached) = cx.list::<Attachment>(same, "id")?.into_iter().next() {
        return Ok(Created(attached.into_inner().into()));
    }
    let attachment = Attachment {
        id: cx.new_id(),
        incident: incident.id,
        resource_type,
        permalink: url.unwrap_or_default(),
        title: title.unwrap_or_else(|| external_id.clone()),
        external_id,
        emoji,
    };
    cx.insert(&attachment)?;
    Ok(Created(attachment.into()))
}

fn delete(cx: &mut Cx<'_>, id: Id<Attachment>) -> Result<NoContent> {
    let attachment = cx.get(id)?;
    incident::find(cx, IncidentRef::Id(attachment.incident))?;
    cx.delete(&attachment)?;
    Ok(NoContent)
}
