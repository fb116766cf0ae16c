//! Incident roles: who does what during an incident. Every organisation has a lead and a reporter.

use base::{Error, Id, Result, Time, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Record, Stored, values};
use web::{Body, Created, List, NoContent, Resource, Show};

web::routes! {
    /// List all incident roles.
    GET "/v1/incident_roles" "Incident Roles V1#List" "incident_roles.view", deprecated => list_v1;
    /// Create an incident role.
    POST "/v1/incident_roles" "Incident Roles V1#Create" "organisation_settings.update", deprecated => create_v1;
    /// Show an incident role.
    GET "/v1/incident_roles/{id}" "Incident Roles V1#Show" "incident_roles.view", deprecated => show_v1;
    /// Change an incident role.
    PUT "/v1/incident_roles/{id}" "Incident Roles V1#Update" "organisation_settings.update", deprecated => update_v1;
    /// Delete an incident role of the organisation's own. Whoever held it holds it no longer.
    DELETE "/v1/incident_roles/{id}" "Incident Roles V1#Delete" "organisation_settings.update", deprecated => delete;

    /// List all incident roles.
    GET "/v2/incident_roles" "Incident Roles V2#List" "incident_roles.view" => list;
    /// Create an incident role.
    POST "/v2/incident_roles" "Incident Roles V2#Create" "organisation_settings.update" => create;
    /// Show an incident role.
    GET "/v2/incident_roles/{id}" "Incident Roles V2#Show" "incident_roles.view" => show;
    /// Change an incident role.
    PUT "/v2/incident_roles/{id}" "Incident Roles V2#Update" "organisation_settings.update" => update;
    /// Delete an incident role of the organisation's own. Whoever held it holds it no longer.
    DELETE "/v2/incident_roles/{id}" "Incident Roles V2#Delete" "organisation_settings.update" => delete;
}

words! {
    /// What a role is to Wardroom.
    pub enum RoleType {
        /// Leads the response.
        Lead = "lead",
        /// Reported the incident; assigned when it is declared, and never again.
        Reporter = "reporter",
        /// The organisation's own.
        Custom = "custom",
    }
}

/// An incident role, as it is stored and as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentRole")]
pub struct Role {
    /// When it was made.
    pub created_at: Time,
    /// What it is for.
    #[schemars(length(min = 1))]
    pub description: String,
    /// Which one.
    pub id: Id<Role>,
    /// What whoever is given it reads.
    pub instructions: String,
    /// What it is called.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What it is to Wardroom.
    pub role_type: RoleType,
    /// A short name.
    pub shortform: String,
    /// When it last changed.
    pub updated_at: Time,
}

impl Resource for Role {
    const ONE: &'static str = "incident_role";
    const MANY: &'static str = "incident_roles";
}

impl Record for Role {
    const TABLE: &'static str = "incident_roles";
    const KIND: &'static str = "incident_role";
    const EPOCH: Option<&'static str> = Some(super::EPOCH);

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// A role as the first version of the API shows it: with `required`, which is never true.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RoleV1 {
    #[serde(flatten)]
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<bool>,
}

impl From<Role> for RoleV1 {
    fn from(role: Role) -> Self {
        Self { role, required: Some(false) }
    }
}

impl Resource for RoleV1 {
    const ONE: &'static str = "incident_role";
    const MANY: &'static str = "incident_roles";
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct RolePayload {
    /// What it is for.
    #[schemars(length(min = 1))]
    description: String,
    /// What whoever is given it reads.
    instructions: String,
    /// What it is called.
    #[schemars(length(min = 1))]
    name: String,
    /// A short name.
    shortform: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct CreatePayloadV1 {
    #[serde(flatten)]
    role: RolePayload,
    /// Has no effect.
    #[expect(dead_code, reason = "old clients have to send it")]
    required: bool,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct UpdatePayloadV1 {
    #[serde(flatten)]
    role: RolePayload,
    /// Has no effect.
    #[expect(dead_code, reason = "old clients may send it")]
    required: Option<bool>,
}

fn all(cx: &mut Cx<'_>) -> Result<impl Iterator<Item = Role>> {
    Ok(cx.list::<Role>(Condition::everything(), "id")?.into_iter().map(Stored::into_inner))
}

fn add(cx: &mut Cx<'_>, payload: RolePayload) -> Result<Role> {
    let role = Role {
        created_at: cx.now(),
        description: payload.description,
        id: cx.new_id(),
        instructions: payload.instructions,
        name: payload.name,
        role_type: RoleType::Custom,
        shortform: payload.shortform,
        updated_at: cx.now(),
    };
    cx.insert(&role)?;
    Ok(role)
}

fn change(cx: &mut Cx<'_>, id: Id<Role>, payload: RolePayload) -> Result<Role> {
    let mut role = cx.get(id)?;
    role.description = payload.description;
    role.instructions = payload.instructions;
    role.name = payload.name;
    role.shortform = payload.shortform;
    role.updated_at = cx.now();
    cx.save(&mut role)?;
    Ok(role.into_inner())
}

fn list(cx: &mut Cx<'_>) -> Result<List<Role>> {
    Ok(List(all(cx)?.collect()))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<RolePayload>) -> Result<Created<Role>> {
    add(cx, payload).map(Created)
}

fn show(cx: &mut Cx<'_>, id: Id<Role>) -> Result<Show<Role>> {
    Ok(Show(cx.get(id)?.into_inner()))
}

fn update(cx: &mut Cx<'_>, id: Id<Role>, Body(payload): Body<RolePayload>) -> Result<Show<Role>> {
    change(cx, id, payload).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<Role>) -> Result<NoContent> {
    let role = cx.get(id)?;
    if role.role_type != RoleType::Custom {
        return Err(Error::in_use(format!("Every organisation has a {}", role.role_type)));
    }
    cx.run("delete from incident_role_holders where role_id = $1", &values![id])?;
    cx.delete(&role)?;
    Ok(NoContent)
}

fn list_v1(cx: &mut Cx<'_>) -> Result<List<RoleV1>> {
    Ok(List(all(cx)?.map(Into::into).collect()))
}

fn create_v1(cx: &mut Cx<'_>, Body(payload): Body<CreatePayloadV1>) -> Result<Created<RoleV1>> {
    Ok(Created(add(cx, payload.role)?.into()))
}

fn show_v1(cx: &mut Cx<'_>, id: Id<Role>) -> Result<Show<RoleV1>> {
    Ok(Show(cx.get(id)?.into_inner().into()))
}

fn update_v1(cx: &mut Cx<'_>, id: Id<Role>, Body(payload): Body<UpdatePayloadV1>) -> Result<Show<RoleV1>> {
    Ok(Show(change(cx, id, payload.role)?.into()))
}
