//! Who belongs to a team: the values of one attribute of its entry.
//!
//! A change reads the entry, and writes it back with nothing changed but that attribute. Who changes through this
//! hub takes turns; against anybody else the entry's version goes along, where the server tells it (`ETag`), and
//! when somebody was faster the change is made again on what is there by then.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::discover::Config;
use super::entries::{self, Entry, Shown};
use super::nonsense;
use crate::client::{Answer, Client, Kind, Request, Trouble};
use crate::connector::Context;

/// How often a change is made again when somebody was faster.
const ATTEMPTS: usize = 50;

/// Whom to put into a team, or to take out of it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Access {
    /// The ID of the team's entry in the catalog.
    #[schemars(length(min = 1))]
    team_id: String,
    /// The user: their e-mail address, or the ID of their entry in the catalog.
    #[schemars(length(min = 1))]
    member: String,
}

/// Who belongs to a team.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Membership {
    /// The ID of the team's entry in the catalog.
    team_id: String,
    /// Its members.
    members: Vec<Member>,
    /// Whether there was anything to change.
    changed: bool,
}

/// A member of a team.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Member {
    /// What the team's entry holds: an ID, an external ID or an alias of the user's entry.
    literal: String,
    /// Their name, if they are known.
    label: String,
}

/// Puts a user into a team.
pub(super) fn add(context: &Context<'_>, input: Access) -> Result<Membership, Trouble> {
    let teams = Teams::of(context)?;
    let user = entries::user(context.api, "member", &input.member, &teams.user_type)?;
    teams.change(&input.team_id, |members| {
        let is_in = members.iter().any(|literal| user.is_found_by(literal) || is_same(literal, &input.member));
        (!is_in).then(|| [members, std::slice::from_ref(&user.id)].concat())
    })
}

/// Takes a user out of a team, also one who has left the organisation.
pub(super) fn remove(context: &Context<'_>, input: Access) -> Result<Membership, Trouble> {
    let teams = Teams::of(context)?;
    let user = match entries::find_user(context.api, "member", &input.member, &teams.user_type)? {
        Some(user) => Some(user),
        None => teams.former_member(&input.team_id, &input.member)?,
    };
    teams.change(&input.team_id, |members| {
        let is_meant = |literal: &&String| {
            is_same(literal, &input.member) || user.as_ref().is_some_and(|user| user.is_found_by(literal))
        };
        let left: Vec<_> = members.iter().filter(|literal| !is_meant(literal)).cloned().collect();
        (left.len() < members.len()).then_some(left)
    })
}

fn is_same(literal: &str, member: &str) -> bool {
    literal.to_lowercase() == member.to_lowercase()
}

/// The teams, as a connection knows them.
struct Teams<'c> {
    context: &'c Context<'c>,
    team_type: String,
    user_type: String,
    member_attribute: String,
}

/// A team as it was read.
struct Team {
    entry: Entry,
    members: Vec<Member>,
    etag: Option<String>,
}

impl<'c> Teams<'c> {
    fn of(context: &'c Context<'c>) -> Result<Self, Trouble> {
        let config = Config::stored(context)?;
        Ok(Self {
            context,
            team_type: config.team_type()?.into(),
            user_type: config.user_type()?.into(),
            member_attribute: config.member_attribute()?.into(),
        })
    }

    /// Gives a team the members that `decide` makes of those it has; `None` leaves it alone.
    fn change(&self, id: &str, decide: impl Fn(&[String]) -> Option<Vec<String>>) -> Result<Membership, Trouble> {
        self.context.exclusively(&format!("entry {id}"), || {
            let mut outrun = None;
            for _ in 0..ATTEMPTS {
                let team = self.read(id)?;
                let Some(members) = decide(&team.literals()) else {
                    // After a lost answer it may be our own change that is there already.
                    return Ok(team.shown(outrun.is_some()));
                };
                match self.write(&team, &members) {
                    Err(trouble) if matches!(trouble.status, Some(409 | 412)) => outrun = Some(trouble),
                    written => return written.map(|team| team.shown(true)),
                }
            }
            Err(outrun.unwrap_or_else(|| Trouble::new(Kind::NoAnswer, "others kept changing the team")))
        })
    }

    fn read(&self, id: &str) -> Result<Team, Trouble> {
        let answer = self.api().send(&Request::get(entries::path(id)))?;
        let team = self.team(&answer).map_err(|trouble| entries::missing(trouble, "team_id", id))?;
        entries::check("team_id", &team.entry, &self.team_type).map(|()| team)
    }

    fn write(&self, team: &Team, members: &[String]) -> Result<Team, Trouble> {
        let Entry { id, name, aliases, external_id, rank, .. } = &team.entry;
        let values: Vec<_> = members.iter().map(|literal| json!({"literal": literal})).collect();
        let mut body = json!({
            "name": name, "aliases": aliases, "rank": rank, "update_attributes": [self.member_attribute],
            "attribute_values": {&self.member_attribute: {"array_value": values}},
        });
        if let Some(external_id) = external_id {
            body["external_id"] = json!(external_id);
        }
        let request = Request::put(entries::path(id), body);
        let request = match &team.etag {
            Some(etag) => request.with_header("if-match", etag),
            None => request,
        };
        self.team(&self.api().send(&request)?)
    }

    fn team(&self, answer: &Answer) -> Result<Team, Trouble> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Values {
            array_value: Vec<Member>,
        }
        let Shown { catalog_entry: entry } = answer.read()?;
        let values = entry.attribute_values.get(&self.member_attribute).map(Values::deserialize);
        let values = values.transpose().map_err(|error| nonsense(&error))?.unwrap_or_default();
        Ok(Team { entry, members: values.array_value, etag: answer.header("etag").map(str::to_owned) })
    }

    /// The member of a team who is found by `identifier` no more, because their entry is archived.
    fn former_member(&self, team_id: &str, identifier: &str) -> Result<Option<Entry>, Trouble> {
        for literal in self.read(team_id)?.literals() {
            match self.api().get(entries::path(&literal)) {
                Ok(Shown { catalog_entry: user })
                    if user.catalog_type_id == self.user_type && user.is_found_by(identifier) =>
                {
                    return Ok(Some(user));
                }
                Err(trouble) if trouble.kind != Kind::NotFound => return Err(trouble),
                _ => {}
            }
        }
        Ok(None)
    }

    fn api(&self) -> &'c Client {
        self.context.api
    }
}

impl Team {
    fn literals(&self) -> Vec<String> {
        self.members.iter().map(|member| member.literal.clone()).collect()
    }

    fn shown(self, changed: bool) -> Membership {
        Membership { team_id: self.entry.id, members: self.members, changed }
    }
}
