//! Issues in issue trackers that stand for an incident or a follow-up. An issue stands for one thing.

use base::{Error, Id, Result, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Stored, Value, values};
use web::{Body, Guard, NoContent, Segment};

use crate::follow_ups::FollowUp;
use crate::incident::{self, Incident, IncidentRef};

web::routes! {
    /// Connect an incident to an issue that exists already. It must not stand for anything else; an
    /// incident that has another issue keeps it unless `replace` says otherwise.
    POST "/v2/incidents/{id}/actions/connect_external_issue" "Incidents V2#ConnectExternalIssue" Guard::AnyKey => connect;
}

words! {
    /// An issue tracker.
    pub enum Tracker {
        /// Asana.
        Asana = "asana",
        /// Azure DevOps.
        AzureDevops = "azure_devops",
        /// ClickUp.
        ClickUp = "click_up",
        /// Freshservice.
        Freshservice = "freshservice",
        /// Linear.
        Linear = "linear",
        /// Jira Cloud.
        Jira = "jira",
        /// Salesforce.
        Salesforce = "salesforce",
        /// Jira Server.
        JiraServer = "jira_server",
        /// GitHub.
        Github = "github",
        /// GitLab.
        Gitlab = "gitlab",
        /// ServiceNow.
        ServiceNow = "service_now",
        /// Shortcut.
        Shortcut = "shortcut",
        /// Notion.
        Notion = "notion",
    }
}

/// Trackers by a part of their addresses' hosts.
const HOSTS: [(&str, Tracker); 13] = [
    ("asana.com", Tracker::Asana),
    ("dev.azure.com", Tracker::AzureDevops),
    ("visualstudio.com", Tracker::AzureDevops),
    ("clickup.com", Tracker::ClickUp),
    ("freshservice.com", Tracker::Freshservice),
    ("linear.app", Tracker::Linear),
    ("atlassian.net", Tracker::Jira),
    ("force.com", Tracker::Salesforce),
    ("github.com", Tracker::Github),
    ("gitlab.com", Tracker::Gitlab),
    ("service-now.com", Tracker::ServiceNow),
    ("shortcut.com", Tracker::Shortcut),
    ("notion.so", Tracker::Notion),
];

impl Tracker {
    /// The tracker that an issue's address belongs to.
    pub fn of_url(url: &str) -> Option<Self> {
        let (host, _) = split(url)?;
        let belongs =
            |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        HOSTS.iter().find(|(domain, _)| belongs(domain)).map(|(_, tracker)| *tracker)
    }
}

/// The host and the path of a web address, or `None`.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/')?;
    (!host.is_empty() && !path.trim_matches('/').is_empty()).then_some((host, path))
}

/// What people call the issue at `url`: `ABC-123`, `web#84`.
fn name_of(url: &str, tracker: Tracker) -> Option<String> {
    let (_, path) = split(url)?;
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != "-").collect();
    let last = parts.last()?;
    match (tracker, parts.as_slice()) {
        (Tracker::Github | Tracker::Gitlab, [.., repository, _, number]) => Some(format!("{repository}#{number}")),
        (Tracker::Linear, [_, "issue", issue, ..]) => Some((*issue).to_owned()),
        _ => Some((*last).to_owned()),
    }
}

/// An issue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExternalIssue {
    /// Which one.
    pub id: Id<ExternalIssue>,
    /// The tracker.
    pub tracker: Tracker,
    /// Where it is.
    pub url: String,
    /// What people call it.
    pub name: String,
    /// What it stands for.
    pub stands_for: StandsFor,
    /// The template it is kept in step by.
    #[serde(default)]
    pub issue_template_id: Option<String>,
}

/// What an issue stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum StandsFor {
    /// An incident.
    Incident(Id<Incident>),
    /// A follow-up.
    FollowUp(Id<FollowUp>),
}

impl Record for ExternalIssue {
    const TABLE: &'static str = "external_issues";
    const COLUMNS: &'static [&'static str] = &["url"];
    const KIND: &'static str = "external_issue";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![&self.url].into()
    }
}

/// An issue as incidents and follow-ups show it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalIssueReference")]
pub struct ExternalIssueBody {
    issue_name: String,
    issue_permalink: String,
    provider: Tracker,
}

impl From<ExternalIssue> for ExternalIssueBody {
    fn from(issue: ExternalIssue) -> Self {
        Self { issue_name: issue.name, issue_permalink: issue.url, provider: issue.tracker }
    }
}

/// Makes the issue at `url` stand for something.
pub(crate) fn link(
    cx: &mut Cx<'_>,
    tracker: Tracker,
    url: &str,
    stands_for: StandsFor,
    issue_template_id: Option<String>,
) -> Result<ExternalIssue> {
    let name = name_of(url, tracker).ok_or_else(|| Error::invalid("url", "is not the address of an issue"))?;
    if at(cx, url)?.is_some() {
        return Err(Error::invalid("url", "this issue stands for another incident or follow-up already"));
    }
    let issue = ExternalIssue { id: cx.new_id(), tracker, url: url.into(), name, stands_for, issue_template_id };
    cx.insert(&issue)?;
    Ok(issue)
}

fn at(cx: &mut Cx<'_>, url: &str) -> Result<Option<Stored<ExternalIssue>>> {
    Ok(cx.list::<ExternalIssue>(Condition::equal("url", url), "id")?.into_iter().next())
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentExternalIssue")]
struct ConnectPayload {
    /// The template that the issue is kept in step by.
    issue_template_id: String,
    /// The tracker.
    provider: Tracker,
    /// Whether to give up another issue that the incident has.
    #[schemars(extend("default" = false))]
    replace: Option<bool>,
    /// Where the issue is.
    url: String,
}

fn connect(
    cx: &mut Cx<'_>,
    Segment(incident): Segment<IncidentRef>,
    Body(payload): Body<ConnectPayload>,
) -> Result<NoContent> {
    cx.require("incidents.connect_external_issue")?;
    let mut incident = incident::find(cx, incident)?;
    if let Some(current) = incident.external_issue {
        let current = cx.get(current)?;
        if current.url == payload.url {
            return Ok(NoContent);
        }
        if !payload.replace.unwrap_or(false) {
            return Err(Error::invalid("url", "the incident has another issue: say replace to give that one up"));
        }
        cx.delete(&current)?;
    }
    let template = Some(payload.issue_template_id);
    let issue = link(cx, payload.provider, &payload.url, StandsFor::Incident(incident.id), template)?;
    incident.external_issue = Some(issue.id);
    incident.updated_at = cx.now();
    incident.last_activity_at = cx.now();
    cx.save(&mut incident)?;
    Ok(NoContent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_the_tracker_and_the_name() {
        let cases = [
            ("https://acme.atlassian.net/browse/OPS-12", Tracker::Jira, "OPS-12"),
            ("https://github.com/acme/web/issues/84", Tracker::Github, "web#84"),
            ("https://gitlab.com/acme/web/-/issues/7?x=1", Tracker::Gitlab, "web#7"),
            ("https://linear.app/acme/issue/ENG-5/fix-the-thing", Tracker::Linear, "ENG-5"),
        ];
        for (url, tracker, name) in cases {
            assert_eq!(Tracker::of_url(url), Some(tracker), "{url}");
            assert_eq!(name_of(url, tracker).as_deref(), Some(name), "{url}");
        }
        for other in
            ["https://evilgithub.com/a/b/issues/1", "github.com/a", "ftp://github.com/a", "https://github.com/"]
        {
            assert_eq!(Tracker::of_url(other), None, "{other}");
        }
    }
}
