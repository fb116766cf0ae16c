//! Teams: the entries of the team type, under the same ID. Who an entry's members are is who its
//! member attribute points at.

use base::{Error, Id, Result};
use people::teams::Team;
use people::users::{Directory, User};
use schemars::JsonSchema;
use serde::Serialize;
use store::{Condition, Cx, Direction};
use web::{Page, PageMeta, Paging, Query, Resource, Show};

use crate::entries::{self, Draft, Entry, Given, targets};
use crate::mirrors::MEMBERS;
use crate::types::{CatalogType, Types};

web::routes! {
    /// List all teams with their members, oldest first.
    GET "/v3/teams" "Teams V3#List" "catalog_entries.view" => list;
    /// Show a team with its members.
    GET "/v3/teams/{id}" "Teams V3#Show" "catalog_entries.view" => show;
}

/// Makes a team.
pub fn add(cx: &mut Cx<'_>, name: &str, members: &[Id<User>]) -> Result<Id<Team>> {
    let types = cx.cached::<Types>()?;
    let team_type = types.of_teams().ok_or_else(|| Error::internal("there is no team type"))?;
    let members = Given::several(members.iter().map(ToString::to_string));
    let attribute = team_type.schema.keyed(MEMBERS).map(|attribute| (attribute.id.clone(), members));
    let draft = Draft { name: name.into(), values: attribute.into_iter().collect(), ..Draft::default() };
    Ok(entries::create(cx, team_type, draft)?.id.cast())
}

/// Lets somebody belong to a team. Doing so twice changes nothing.
pub fn add_member(cx: &mut Cx<'_>, team: Id<Team>, user: Id<User>) -> Result<()> {
    cx.get_named("user_id", user)?;
    change_members(cx, team, |members| {
        if members.iter().all(|(_, member)| *member != Some(user)) {
            members.push((user.to_string(), Some(user)));
        }
    })
}

/// Lets somebody belong to a team no more.
pub fn remove_member(cx: &mut Cx<'_>, team: Id<Team>, user: Id<User>) -> Result<()> {
    change_members(cx, team, |members| members.retain(|(_, member)| *member != Some(user)))
}

/// Changes the member attribute of a team's entry: its values, each with the user that it finds, if any.
fn change_members(
    cx: &mut Cx<'_>,
    team: Id<Team>,
    change: impl FnOnce(&mut Vec<(String, Option<Id<User>>)>),
) -> Result<()> {
    cx.require("catalog_entries.edit")?;
    cx.get(team)?;
    let types = cx.cached::<Types>()?;
    let members = types.of_teams().and_then(|team_type| team_type.schema.keyed(MEMBERS));
    let members = members.ok_or_else(|| Error::conflict("The teams of this organisation have no members"))?;
    let entry = cx.get(team.cast::<Entry>())?;
    let mut values = entries::found_by(cx, &entry, &members.slot)?
        .into_iter()
        .map(|(literal, person)| (literal, person.as_ref().and_then(user_of)))
        .collect();
    change(&mut values);
    let values = Given::several(values.into_iter().map(|(literal, _)| literal));
    let draft = Draft {
        name: entry.name.clone(),
        external_id: entry.external_id.clone(),
        aliases: entry.aliases.clone(),
        rank: entry.rank,
        values: [(members.id.clone(), values)].into(),
        only: Some(vec![members.id.clone()]),
    };
    entries::update(cx, entry.id, draft).map(drop)
}

/// The user that an entry reflects, whose ID is its external ID.
fn user_of(person: &Entry) -> Option<Id<User>> {
    person.external_id.as_deref()?.parse().ok()
}

/// Keeps teams in step with an entry that has changed: with itself, if it is a team, and with the
/// teams that have waited for it, if it is a person.
pub(crate) fn follow(cx: &mut Cx<'_>, catalog_type: &CatalogType, entry: &Entry) -> Result<()> {
    if catalog_type.is_team_type {
        return follow_team(cx, entry);
    }
    let types = cx.cached::<Types>()?;
    let members = types.of_teams().and_then(|team_type| team_type.schema.keyed(MEMBERS));
    let Some(members) = members.filter(|members| members.holds == catalog_type.type_name) else { return Ok(()) };
    for id in entries::linked_from(cx, &members.slot, entry.id)? {
        let team = cx.get(id)?;
        follow_team(cx, &team)?;
    }
    Ok(())
}

fn follow_team(cx: &mut Cx<'_>, entry: &Entry) -> Result<()> {
    let known = cx.find::<Team>(entry.id.cast())?;
    if entry.archived_at.is_some() {
        return known.map_or(Ok(()), |team| cx.delete(&team));
    }
    let members = members_of(cx, entry)?;
    match known {
        None => cx.insert(&Team { id: entry.id.cast(), name: entry.name.clone(), members }),
        Some(team) if team.name == entry.name && team.members == members => Ok(()),
        Some(mut team) => {
            team.name.clone_from(&entry.name);
            team.members = members;
            cx.save(&mut team)
        }
    }
}

/// The people that the member attribute of a team's entry points at, each once.
fn members_of(cx: &mut Cx<'_>, entry: &Entry) -> Result<Vec<Id<User>>> {
    let types = cx.cached::<Types>()?;
    let Some(members) = types.of_teams().and_then(|team_type| team_type.schema.keyed(MEMBERS)) else {
        return Ok(Vec::new());
    };
    let pointed_at = entries::pointed_at(cx, entry.id, &members.slot)?;
    let people = targets(cx, &pointed_at)?;
    let mut users = Vec::new();
    for id in pointed_at {
        let user = people.get(&id).and_then(user_of);
        users.extend(user.filter(|user| !users.contains(user)));
    }
    Ok(users)
}

#[derive(Debug, Serialize, JsonSchema)]
struct TeamBody {
    catalog_entry: EntrySlimBody,
    id: Id<Team>,
    members: Vec<MemberBody>,
    name: String,
}

impl Resource for TeamBody {
    const ONE: &'static str = "team";
    const MANY: &'static str = "teams";
}

#[derive(Debug, Serialize, JsonSchema)]
struct EntrySlimBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    id: Id<Entry>,
    name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct MemberBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    id: Id<User>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    slack_user_id: Option<String>,
}

impl TeamBody {
    /// How `teams` are shown: with the members who are still with us.
    fn all(cx: &mut Cx<'_>, teams: &[&Team]) -> Result<Vec<Self>> {
        let directory = cx.cached::<Directory>()?;
        let mut entries = targets(cx, &teams.iter().map(|team| team.id.cast()).collect::<Vec<_>>())?;
        let member = |id: &Id<User>| {
            let user = directory.get(*id).filter(|user| user.active)?;
            Some(MemberBody {
                email: user.email.clone(),
                id: user.id,
                name: user.name.clone(),
                slack_user_id: user.slack_user_id.clone(),
            })
        };
        let body = |team: &&Team| Self {
            catalog_entry: EntrySlimBody {
                external_id: entries.remove(&team.id.cast()).and_then(|entry| entry.external_id),
                id: team.id.cast(),
                name: team.name.clone(),
            },
            id: team.id,
            members: team.members.iter().filter_map(member).collect(),
            name: team.name.clone(),
        };
        Ok(teams.iter().map(body).collect())
    }
}

#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<TeamBody>> {
    let paging = query.paging.read()?;
    let page = cx.page::<Team>(Condition::everything(), Direction::Forward, &paging)?;
    let rows = TeamBody::all(cx, &page.rows.iter().map(|team| &**team).collect::<Vec<_>>())?;
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn show(cx: &mut Cx<'_>, id: Id<Team>) -> Result<Show<TeamBody>> {
    let team = cx.get(id)?;
    let body = TeamBody::all(cx, &[&team])?.pop();
    body.map(Show).ok_or_else(Error::not_found)
}
