//! Who may see a private incident: its members.

use base::{Error, Id, Result, Time};
use people::users::{Directory, User, UserBody};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Event, Record, Stored, Value, values};
use web::{Body, Created, List, NoContent, Query, Resource};

use crate::incident::{Incident, IncidentRef, named};

web::routes! {
    /// List the members of a private incident, to those who see it.
    GET "" "Incident Memberships#List" "incidents.view", inside => list;
    /// Make a user a member of a private incident. Doing so twice changes nothing.
    POST "/v1/incident_memberships" "Incident Memberships V1#Create" "incident_memberships.grant" => create;
    /// End a user's membership of a private incident. Doing so twice changes nothing.
    POST "/v1/incident_memberships/actions/revoke" "Incident Memberships V1#Revoke" "incident_memberships.revoke" => revoke;
}

/// A user's membership of a private incident.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Membership {
    /// Which one.
    pub id: Id<Membership>,
    /// The incident.
    pub incident: Id<Incident>,
    /// The user.
    pub user: Id<User>,
    /// Since when.
    pub created_at: Time,
}

impl Record for Membership {
    const TABLE: &'static str = "incident_memberships";
    const COLUMNS: &'static [&'static str] = &["incident_id", "user_id"];
    const KIND: &'static str = "private_incident_membership";
    const VERBS: [&'static str; 3] = ["granted", "updated", "revoked"];

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("user {} in incident {}", self.user, self.incident)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.incident, self.user].into()
    }
}

/// Somebody became a member of a private incident.
#[derive(Debug, Serialize)]
struct Granted {
    incident: Id<Incident>,
    user: Id<User>,
}

impl Event for Granted {
    const KIND: &'static str = "private_incident.membership_granted";
}

/// Somebody is no longer a member of a private incident.
#[derive(Debug, Serialize)]
struct Revoked {
    incident: Id<Incident>,
    user: Id<User>,
}

impl Event for Revoked {
    const KIND: &'static str = "private_incident.membership_revoked";
}

fn current(cx: &mut Cx<'_>, incident: Id<Incident>, user: Id<User>) -> Result<Option<Stored<Membership>>> {
    let condition = Condition::equal("incident_id", incident).and(Condition::equal("user_id", user));
    Ok(cx.list::<Membership>(condition, "id")?.into_iter().next())
}

/// Makes `user` a member, if they are none yet.
pub(crate) fn grant(cx: &mut Cx<'_>, incident: Id<Incident>, user: Id<User>) -> Result<Membership> {
    if let Some(membership) = current(cx, incident, user)? {
        return Ok(membership.into_inner());
    }
    let membership = Membership { id: cx.new_id(), incident, user, created_at: cx.now() };
    cx.insert(&membership)?;
    cx.emit(&Granted { incident, user })?;
    Ok(membership)
}

#[derive(Debug, Serialize, JsonSchema)]
struct IncidentMembershipBody {
    created_at: Time,
    id: Id<Membership>,
    incident_id: Id<Incident>,
    updated_at: Time,
    user: UserBody,
}

impl Resource for IncidentMembershipBody {
    const ONE: &'static str = "incident_membership";
    const MANY: &'static str = "incident_memberships";
}

impl IncidentMembershipBody {
    fn of(membership: &Membership, user: &User) -> Self {
        Self {
            created_at: membership.created_at,
            id: membership.id,
            incident_id: membership.incident,
            updated_at: membership.created_at,
            user: UserBody::of(user),
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentMembership")]
struct MembershipPayload {
    /// The incident.
    incident_id: String,
    /// The user.
    user_id: String,
}

impl MembershipPayload {
    /// Whoever says who belongs to private incidents may name any of them.
    fn resolve(&self, cx: &mut Cx<'_>) -> Result<(Stored<Incident>, Stored<User>)> {
        let incident = match web::PathSegment::from_segment(&self.incident_id) {
            Some(IncidentRef::Id(id)) => cx.find::<Incident>(id)?,
            _ => None,
        };
        let user = self.user_id.parse().ok().map(|id| cx.find::<User>(id)).transpose()?.flatten();
        let user = user.ok_or_else(|| Error::invalid("user_id", "there is no such user"));
        Ok((incident.ok_or_else(Error::not_found)?, user?))
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// The incident.
    incident_id: String,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<List<IncidentMembershipBody>> {
    let incident = named(cx, &query.incident_id)?;
    let memberships = cx.list::<Membership>(Condition::equal("incident_id", incident.id), "id")?;
    let directory = cx.cached::<Directory>()?;
    let body = |membership: &Membership| Some(IncidentMembershipBody::of(membership, directory.get(membership.user)?));
    Ok(List(memberships.iter().filter_map(|membership| body(membership)).collect()))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<MembershipPayload>) -> Result<Created<IncidentMembershipBody>> {
    let (incident, user) = payload.resolve(cx)?;
    if !incident.is_private() {
        return Err(Error::invalid("incident_id", "only private incidents have members"));
    }
    let membership = grant(cx, incident.id, user.id)?;
    Ok(Created(IncidentMembershipBody::of(&membership, &user)))
}

fn revoke(cx: &mut Cx<'_>, Body(payload): Body<MembershipPayload>) -> Result<NoContent> {
    let (incident, user) = payload.resolve(cx)?;
    if let Some(membership) = current(cx, incident.id, user.id)? {
        cx.delete(&membership)?;
        cx.emit(&Revoked { incident: incident.id, user: user.id })?;
    }
    Ok(NoContent)
}
