//! Teams: who belongs together. A team is what a resource can be owned by, and what an API key can
//! be limited to.

use std::collections::BTreeMap;

use base::{Id, Problems, Result};
use serde::{Deserialize, Serialize};
use store::{Cached, Condition, Record, Tx};

use crate::users::User;

/// A team.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Team {
    /// Which one.
    pub id: Id<Team>,
    /// What it is called.
    pub name: String,
    /// Who belongs to it.
    #[serde(default)]
    pub members: Vec<Id<User>>,
}

impl Record for Team {
    const TABLE: &'static str = "teams";
    const KIND: &'static str = "team";
    const EPOCH: Option<&'static str> = Some("teams");

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// Every team.
#[derive(Debug)]
pub struct Teams(BTreeMap<Id<Team>, Team>);

impl Cached for Teams {
    const EPOCH: &'static str = "teams";

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        let teams = tx.list::<Team>(Condition::everything(), "id")?;
        Ok(Self(teams.into_iter().map(|team| (team.id, team.into_inner())).collect()))
    }
}

impl Teams {
    /// The teams that the list at `pointer` names, or a problem for each that is not there.
    pub fn named(&self, pointer: &str, ids: &[String]) -> Result<Vec<Id<Team>>> {
        let (mut problems, mut named) = (Problems::new(), Vec::new());
        for (index, id) in ids.iter().enumerate() {
            let known = id.parse().ok().filter(|id| self.get(*id).is_some());
            problems.check(known.is_some(), &format!("{pointer}.{index}"), "there is no team with this ID");
            named.extend(known);
        }
        problems.finish().map(|()| named)
    }

    /// The team with this ID.
    pub fn get(&self, id: Id<Team>) -> Option<&Team> {
        self.0.get(&id)
    }
}
