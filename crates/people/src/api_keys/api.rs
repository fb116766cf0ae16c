//! API keys in the API.

use std::time::Duration;

use base::{AnyId, Error, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, ManagedKind, Stored};
use web::{Body, Guard, NoContent, Page, PageMeta, Paging, Plain, Query, Resource, Show};

use super::record::{ApiKey, Grant, last_used_at};
use super::rules;
use crate::roles::{AccountRole, Role, TeamRole};
use crate::teams::{Team, Teams};
use crate::users::Directory;
use crate::wire::{ActorBodyV1, NamedBody};

web::routes! {
    /// List the API keys that the caller may see: all of them, or those of its teams.
    GET "/v1/api_keys" "API Keys V1#List" "api_keys.view" => list;
    /// Create an API key. The answer holds its token, which is never shown again. A caller can only
    /// give roles whose scopes it holds itself, and never the role that manages API keys.
    POST "/v1/api_keys" "API Keys V1#Create" "api_keys.create" => create;
    /// Show an API key.
    GET "/v1/api_keys/{id}" "API Keys V1#Show" "api_keys.view" => show;
    /// Change an API key's name, notes, roles and teams. Its token stays. A key can't change itself.
    PUT "/v1/api_keys/{id}" "API Keys V1#Update" "api_keys.update" => update;
    /// Delete an API key. Its token stops working at once.
    DELETE "/v1/api_keys/{id}" "API Keys V1#Delete" "api_keys.destroy" => delete;
    /// Give an API key a new token. The old one works on for the grace period. The caller has to hold
    /// every scope of the key.
    POST "/v1/api_keys/{id}/actions/rotate" "API Keys V1#Rotate" "api_keys.rotate" => rotate;
    /// Show which key this is and what it may do.
    GET "/v1/identity" "Utilities V1#Identity" Guard::AnyKey => identity;
}

/// An API key's place among what outside tools may manage.
pub(crate) const MANAGED: ManagedKind =
    ManagedKind { resource_type: "api_key", scope: "api_keys.update", admit: |cx, id| find(cx, id.cast()).map(drop) };

#[derive(Debug, Serialize, JsonSchema)]
struct ApiKeyBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5000), regex(pattern = "^[^\u{0}]*$"))]
    comments: Option<String>,
    created_at: Time,
    creator: ActorBodyV1,
    id: Id<ApiKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
    name: String,
    roles: Vec<RoleBody<AccountRole>>,
    team_ids: Vec<Id<Team>>,
    team_roles: Vec<RoleBody<TeamRole>>,
    token_last_issued_at: Time,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RoleBody<N> {
    description: String,
    name: N,
}

impl Resource for ApiKeyBody {
    const ONE: &'static str = "api_key";
    const MANY: &'static str = "api_keys";
}

impl ApiKeyBody {
    fn of(cx: &mut Cx<'_>, key: &ApiKey) -> Result<Self> {
        let directory = cx.cached::<Directory>()?;
        Ok(Self {
            comments: key.comments.clone(),
            created_at: key.created_at,
            creator: ActorBodyV1::of(&key.creator, &directory),
            id: key.id,
            last_used_at: last_used_at(cx, key.id)?,
            name: key.name.clone(),
            roles: key.grant.roles.iter().map(|name| RoleBody::of(name, AccountRole)).collect(),
            team_ids: key.grant.team_ids.clone(),
            team_roles: key.grant.team_roles.iter().map(|name| RoleBody::of(name, TeamRole)).collect(),
            token_last_issued_at: key.token_last_issued_at,
        })
    }
}

impl<N> RoleBody<N> {
    fn of(name: &str, wrap: fn(String) -> N) -> Self {
        let description = Role::named(name).map_or("", |role| role.about).into();
        Self { description, name: wrap(name.into()) }
    }
}

/// A key with the token that is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
struct ApiKeyWithToken {
    api_key: ApiKeyBody,
    token: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ApiKeyPayload {
    /// Notes about the key.
    #[schemars(length(max = 5000), regex(pattern = "^[^\u{0}]*$"))]
    comments: Option<String>,
    /// What it is called.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// Roles that apply everywhere; an empty list for none.
    role_names: Vec<AccountRole>,
    /// The teams that `team_role_names` apply to; an empty list for none.
    team_ids: Vec<String>,
    /// Roles that apply to what the teams own; an empty list for none.
    team_role_names: Vec<TeamRole>,
}

impl ApiKeyPayload {
    fn grant(&self) -> Result<Grant> {
        let team = |(index, id): (usize, &String)| {
            id.parse().map_err(|_| Error::invalid(format!("team_ids.{index}"), "there is no such team"))
        };
        let mut grant = Grant {
            roles: self.role_names.iter().map(|role| role.0.clone()).collect(),
            team_ids: self.team_ids.iter().enumerate().map(team).collect::<Result<_>>()?,
            team_roles: self.team_role_names.iter().map(|role| role.0.clone()).collect(),
        };
        keep_first_of_each(&mut grant.roles);
        keep_first_of_each(&mut grant.team_ids);
        keep_first_of_each(&mut grant.team_roles);
        Ok(grant)
    }
}

fn keep_first_of_each<T: PartialEq + Clone>(items: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::with_capacity(items.len());
    items.retain(|item| {
        let first = !kept.contains(item);
        kept.push(item.clone());
        first
    });
}

/// The key, where the caller may see it.
fn find(cx: &mut Cx<'_>, id: Id<ApiKey>) -> Result<Stored<ApiKey>> {
    let key = cx.get(id)?;
    // To a caller limited to other teams there is no such key.
    cx.prove_owned(&key.grant.team_ids).map_err(|_| Error::not_found())?;
    Ok(key)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<ApiKeyBody>> {
    let paging = query.paging.read()?;
    let visible = cx.owned().map_or_else(Condition::everything, rules::of_teams);
    let page = cx.page::<ApiKey>(visible, Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|key| ApiKeyBody::of(cx, key)).collect::<Result<_>>()?;
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<ApiKeyPayload>) -> Result<Plain<ApiKeyWithToken, 201>> {
    let grant = payload.grant()?;
    let (key, token) = ApiKey::give(cx, &payload.name, payload.comments, grant)?;
    cx.prove_owned(&key.grant.team_ids)?;
    Ok(Plain(ApiKeyWithToken { api_key: ApiKeyBody::of(cx, &key)?, token: token.reveal().into() }))
}

fn show(cx: &mut Cx<'_>, id: Id<ApiKey>) -> Result<Show<ApiKeyBody>> {
    let key = find(cx, id)?;
    Ok(Show(ApiKeyBody::of(cx, &key)?))
}

fn update(cx: &mut Cx<'_>, id: Id<ApiKey>, Body(payload): Body<ApiKeyPayload>) -> Result<Show<ApiKeyBody>> {
    let mut key = find(cx, id)?;
    if cx.key() == Some(id.cast()) {
        return Err(Error::forbidden("An API key cannot edit itself"));
    }
    let grant = payload.grant()?;
    rules::check_grant(cx, &grant)?;
    key.name = payload.name;
    key.comments = payload.comments;
    key.grant = grant;
    ApiKey::change(cx, &mut key)?;
    Ok(Show(ApiKeyBody::of(cx, &key)?))
}

fn delete(cx: &mut Cx<'_>, id: Id<ApiKey>) -> Result<NoContent> {
    let key = find(cx, id)?;
    cx.delete(&key)?;
    Ok(NoContent)
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct RotatePayload {
    /// How many minutes the present token works on.
    #[schemars(range(min = 0, max = 60), extend("default" = 30))]
    grace_period_minutes: i64,
}

fn rotate(cx: &mut Cx<'_>, id: Id<ApiKey>, Body(payload): Body<RotatePayload>) -> Result<Plain<ApiKeyWithToken, 201>> {
    let mut key = find(cx, id)?;
    rules::check_holds_all(cx, &key)?;
    let grace = Duration::from_secs(60 * payload.grace_period_minutes.unsigned_abs());
    let until = cx.now() + grace;
    let token = ApiKey::rotate(cx, &mut key, until)?;
    Ok(Plain(ApiKeyWithToken { api_key: ApiKeyBody::of(cx, &key)?, token: token.reveal().into() }))
}

#[derive(Debug, Serialize, JsonSchema)]
struct IdentityBody {
    dashboard_url: String,
    name: String,
    roles: Vec<AccountRole>,
    team_roles: Vec<TeamRole>,
    teams: Vec<NamedBody>,
}

impl Resource for IdentityBody {
    const ONE: &'static str = "identity";
    const MANY: &'static str = "identities";
}

fn identity(cx: &mut Cx<'_>) -> Result<Show<IdentityBody>> {
    let id = cx.key().ok_or_else(Error::invalid_token)?;
    let key = cx.get::<ApiKey>(id.cast())?;
    let teams = cx.cached::<Teams>()?;
    let named =
        |id: &Id<Team>| teams.get(*id).map(|team| NamedBody { id: id.cast::<()>() as AnyId, name: team.name.clone() });
    let site = cx.site();
    Ok(Show(IdentityBody {
        dashboard_url: format!("{}/{}", site.public_url, site.organisation),
        name: key.name.clone(),
        roles: key.grant.roles.iter().cloned().map(AccountRole).collect(),
        team_roles: key.grant.team_roles.iter().cloned().map(TeamRole).collect(),
        teams: key.grant.team_ids.iter().filter_map(named).collect(),
    }))
}
