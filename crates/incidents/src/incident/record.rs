//! What is stored of an incident.

use std::collections::BTreeMap;

use base::{Actor, Id, Result, Time, words};
use people::users::User;
use serde::{Deserialize, Serialize};
use store::{Cx, Record, Stored, Tx, Value, values};

use super::fields::{self, FieldEntry};
use crate::external_issues::ExternalIssue;
use crate::postmortems::PostmortemDocument;
use crate::settings::Settings;
use crate::settings::roles::Role;
use crate::settings::severities::Severity;
use crate::settings::statuses::Status;
use crate::settings::timestamps::Timestamp;
use crate::settings::types::IncidentType;

words! {
    /// Who can see an incident.
    pub enum Visibility {
        /// Everybody.
        Public = "public",
        /// Its members.
        Private = "private",
    }
}

words! {
    /// What an incident is for.
    pub enum Mode {
        /// The real thing.
        Standard = "standard",
        /// The real thing, written down afterwards: nobody is told.
        Retrospective = "retrospective",
        /// Trying things out.
        Test = "test",
        /// Learning how things work.
        Tutorial = "tutorial",
    }
}

impl Mode {
    /// The modes that lists show when they are not asked for others.
    pub const REAL: [Self; 2] = [Self::Standard, Self::Retrospective];
}

/// Who holds a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAssignment {
    /// The role.
    pub role: Id<Role>,
    /// Who holds it.
    pub user: Id<User>,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Which one.
    pub id: Id<Incident>,
    /// The number of its reference: 84 in `INC-84`.
    pub number: i64,
    /// What it is called.
    pub name: String,
    /// What is known about it.
    #[serde(default)]
    pub summary: Option<String>,
    /// Who can see it.
    pub visibility: Visibility,
    /// What it is for.
    pub mode: Mode,
    /// Where it stands.
    pub status: Id<Status>,
    /// How bad it is.
    #[serde(default)]
    pub severity: Option<Id<Severity>>,
    /// What kind it is.
    #[serde(default)]
    pub incident_type: Option<Id<IncidentType>>,
    /// Who declared it.
    pub creator: Actor,
    /// Who does what.
    #[serde(default)]
    pub roles: Vec<RoleAssignment>,
    /// The values of its custom fields.
    #[serde(default)]
    pub fields: Vec<FieldEntry>,
    /// When what happened.
    #[serde(default)]
    pub timestamps: BTreeMap<Id<Timestamp>, Time>,
    /// Where people talk about it.
    #[serde(default)]
    pub call_url: Option<String>,
    /// Its place in Slack.
    #[serde(default)]
    pub slack: SlackPlace,
    /// Where its post-mortem is.
    #[serde(default)]
    pub postmortem_document_url: Option<String>,
    /// Its post-mortems that are kept here.
    #[serde(default)]
    pub postmortem_documents: Vec<Id<PostmortemDocument>>,
    /// Its issue in an issue tracker.
    #[serde(default)]
    pub external_issue: Option<Id<ExternalIssue>>,
    /// When it was declared.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When anything last happened on it.
    pub last_activity_at: Time,
}

/// Where an incident is in Slack, as far as it was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlackPlace {
    /// The workspace.
    pub team_id: Option<String>,
    /// The channel.
    pub channel_id: Option<String>,
    /// The channel's name.
    pub channel_name: Option<String>,
}

impl Record for Incident {
    const TABLE: &'static str = "incidents";
    const COLUMNS: &'static [&'static str] =
        &["number", "status_id", "severity_id", "type_id", "mode", "private", "created_at", "updated_at"];
    const KIND: &'static str = "incident";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} {}", self.reference(), self.name)
    }

    fn audited_as(&self, _: &mut Tx<'_>) -> Result<String> {
        Ok(self.unless_private(self.name()))
    }

    fn columns(&self) -> Vec<Value> {
        values![
            self.number,
            self.status,
            self.severity,
            self.incident_type,
            self.mode.as_str(),
            self.is_private(),
            self.created_at,
            self.updated_at,
        ]
        .into()
    }
}

impl Incident {
    /// What people call it: `INC-84`.
    pub fn reference(&self) -> String {
        format!("INC-{}", self.number)
    }

    /// Whether only its members see it.
    pub fn is_private(&self) -> bool {
        self.visibility == Visibility::Private
    }

    /// `name`, where everybody may read it; else the reference, which tells nothing.
    pub(super) fn unless_private(&self, name: String) -> String {
        if self.is_private() { self.reference() } else { name }
    }

    /// Stores a new incident.
    pub(super) fn insert(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.insert(self)?;
        self.link(cx)?;
        self.index_name(cx)?;
        self.tally(cx, 1)
    }

    /// Stores a change that `before` is the state before of.
    pub(super) fn save(cx: &mut Cx<'_>, incident: &mut Stored<Self>, before: &Self) -> Result<()> {
        let relinked = (&incident.roles, &incident.fields) != (&before.roles, &before.fields);
        if relinked {
            fields::prune(&mut incident.fields, &*cx.cached::<Settings>()?);
        }
        cx.save(incident)?;
        if relinked {
            incident.unlink(cx)?;
            incident.link(cx)?;
        }
        if incident.name != before.name {
            incident.index_name(cx)?;
        }
        if incident.status != before.status {
            before.tally(cx, -1)?;
            incident.tally(cx, 1)?;
        }
        Ok(())
    }

    /// Writes down what filters join by.
    fn link(&self, cx: &mut Cx<'_>) -> Result<()> {
        for RoleAssignment { role, user } in &self.roles {
            let sql = "insert into incident_role_holders (incident_id, role_id, user_id) values ($1, $2, $3)";
            cx.run(sql, &values![self.id, *role, *user])?;
        }
        for entry in &self.fields {
            for value in &entry.values {
                let sql = "insert into incident_field_values (incident_id, field_id, value) values ($1, $2, $3)";
                cx.run(sql, &values![self.id, entry.field, value.key()])?;
            }
        }
        Ok(())
    }

    fn unlink(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.run("delete from incident_role_holders where incident_id = $1", &values![self.id])?;
        cx.run("delete from incident_field_values where incident_id = $1", &values![self.id]).map(drop)
    }

    /// Writes down what it is found by.
    fn index_name(&self, cx: &mut Cx<'_>) -> Result<()> {
        let sql = "insert into incident_names (incident_id, name) values ($1, $2) \
                   on conflict (incident_id) do update set name = excluded.name";
        cx.run(sql, &values![self.id, self.name.to_lowercase()]).map(drop)
    }

    fn tally(&self, cx: &mut Cx<'_>, change: i64) -> Result<()> {
        let sql = "insert into incident_tallies (status_id, mode, private, n) values ($1, $2, $3, $4) \
                   on conflict (status_id, mode, private) do update set n = incident_tallies.n + excluded.n";
        cx.run(sql, &values![self.status, self.mode.as_str(), self.is_private(), change]).map(drop)
    }
}
