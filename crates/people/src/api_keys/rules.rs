//! Who may give what to whom.
//!
//! A caller gives only what it holds itself: a team-level scope only for the same team, an
//! account-level scope for every team. The role that manages API keys is given by people, and never
//! by a key.

use base::{Access, AnyId, Error, Problem, Problems, Result};
use store::{Condition, Cx};

use super::record::{ApiKey, Grant};
use crate::roles::{API_KEYS_MANAGE, Level, Role};
use crate::teams::Teams;

/// How many keys an organisation can have at once.
pub const API_LIMIT: i64 = 5_000;

impl Grant {
    /// Everything that keeps anybody from giving it to a key: roles and teams that don't exist, and
    /// teams without roles or roles without teams.
    pub fn check(&self, cx: &mut Cx<'_>) -> Result<()> {
        let teams = cx.cached::<Teams>()?;
        let mut problems = Problems::new();
        if self.team_ids.is_empty() != self.team_roles.is_empty() {
            let missing = if self.team_ids.is_empty() { "team_ids" } else { "team_role_names" };
            problems.check(false, missing, "team_ids and team_role_names go together: give both or neither");
        }
        for (index, team) in self.team_ids.iter().enumerate() {
            problems.check(teams.get(*team).is_some(), &format!("team_ids.{index}"), "there is no such team");
        }
        for (pointer, level, role) in self.places() {
            let exists = Role::at(level).any(|known| known.name == role);
            problems.check(exists, &pointer, &format!("{role} is not a role at the level of the {level}"));
        }
        problems.finish()
    }

    /// Every role with its place in a request.
    fn places(&self) -> impl Iterator<Item = (String, Level, String)> {
        let place = |level: Level, field: &'static str| {
            move |(index, role): (usize, &'_ String)| (format!("{field}.{index}"), level, role.clone())
        };
        let account = self.roles.iter().enumerate().map(place(Level::Account, "role_names"));
        account.chain(self.team_roles.iter().enumerate().map(place(Level::Team, "team_role_names")))
    }
}

/// Everything that keeps the caller from giving `grant` to a key.
pub(super) fn check_grant(cx: &mut Cx<'_>, grant: &Grant) -> Result<()> {
    let mut problems = Problems::new();
    problems.keep(grant.check(cx))?;
    for (pointer, level, role) in grant.places() {
        if role == API_KEYS_MANAGE && cx.key().is_some() {
            problems.check(false, &pointer, "this role can't be given through the API");
        } else if let Some(scope) = lacking(cx.access(), &role, level, grant) {
            problems
                .push(Problem::new("invalid_value", format!("you lack {scope}, which this role grants")).at(pointer));
        }
    }
    problems.finish()
}

/// A scope of `role` that the caller can't give.
fn lacking(access: &Access, role: &str, level: Level, grant: &Grant) -> Option<&'static str> {
    let holds = |scope: &&str| match level {
        Level::Account => access.everywhere(scope),
        Level::Team => grant.team_ids.iter().all(|team| access.within_team(scope, team.cast())),
    };
    Role::named(role)?.scopes.iter().copied().find(|scope| !holds(scope))
}

/// Refuses a caller who lacks any scope of the key.
pub(super) fn check_holds_all(cx: &Cx<'_>, key: &ApiKey) -> Result<()> {
    let theirs = key.grant.access();
    let account = theirs.account.iter().find(|scope| !cx.access().everywhere(scope));
    let team = theirs.team.iter().find(|scope| !theirs.teams.iter().all(|team| cx.access().within_team(scope, *team)));
    account.or(team).map_or(Ok(()), |scope| Err(Error::missing_scope(scope)))
}

/// Refuses one key too many.
pub(super) fn check_room(cx: &mut Cx<'_>) -> Result<()> {
    if cx.count::<ApiKey>(Condition::everything())? >= API_LIMIT {
        let message = format!("there are {API_LIMIT} API keys already, and there can't be more");
        return Err(Error::of_problems(vec![Problem::new("invalid_value", message)]));
    }
    Ok(())
}

/// The keys that a caller limited to `teams` sees.
pub(super) fn of_teams(teams: &[AnyId]) -> Condition {
    let theirs = Condition::one_of("team_id", teams.iter().copied());
    theirs.within("id in (select api_key_id from api_key_teams where ", ")")
}
