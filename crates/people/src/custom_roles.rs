//! Custom roles: what an organisation lets some people do beside their base role.

use std::collections::HashMap;

use base::{Error, Id, Problems, Result, Time};
use serde::{Deserialize, Serialize};
use store::{Cached, Condition, Cx, Record, Tx};

use crate::roles::Role;
use crate::users::User;

/// A custom role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomRole {
    /// Which one.
    pub id: Id<CustomRole>,
    /// What it is called.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The names of the account-level roles that it is made of.
    pub roles: Vec<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for CustomRole {
    const TABLE: &'static str = "custom_roles";
    const KIND: &'static str = "custom_role";
    const EPOCH: Option<&'static str> = Some("custom_roles");

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// What somebody who manages users says of a custom role.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is called; no two are called the same.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The names of the account-level roles that it is made of.
    pub roles: Vec<String>,
}

/// What it takes to change them.
const MANAGE: &str = "users.manage";

impl CustomRole {
    /// Makes one, for a caller who manages users and holds all that it grants.
    pub fn add(cx: &mut Cx<'_>, draft: &Draft) -> Result<Self> {
        let (id, now) = (cx.new_id(), cx.now());
        let Draft { name, description, roles } = draft.clone();
        let role = Self { id, name, description, roles, created_at: now, updated_at: now };
        role.check(cx)?;
        cx.insert(&role)?;
        Ok(role)
    }

    /// Changes it for all who have it, for a caller who manages users and holds all that it granted and grants.
    pub fn change(cx: &mut Cx<'_>, id: Id<Self>, draft: &Draft) -> Result<()> {
        let mut role = cx.get(id)?;
        cx.expect_version(&role)?;
        role.prove_held(cx)?;
        let Draft { name, description, roles } = draft.clone();
        let (created_at, updated_at) = (role.created_at, cx.now());
        *role = Self { id, name, description, roles, created_at, updated_at };
        role.check(cx)?;
        cx.save(&mut role)
    }

    /// Deletes it, once nobody has it any more.
    pub fn delete(cx: &mut Cx<'_>, id: Id<Self>) -> Result<()> {
        cx.require(MANAGE)?;
        let role = cx.get(id)?;
        let users = cx.list::<User>(Condition::everything(), "id")?;
        if let Some(user) = users.iter().find(|user| user.custom_roles.contains(&id)) {
            return Err(Error::in_use(format!("{} has this role", user.name)));
        }
        cx.delete(&role)
    }

    /// Its name as addresses and programs write it: `customer-success`.
    pub fn slug(&self) -> String {
        let words = self.name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
    }

    fn check(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.require(MANAGE)?;
        let mut problems = Problems::new();
        problems.check(!self.slug().is_empty(), "name", "a name has letters or digits");
        let others = cx.list::<Self>(Condition::everything(), "id")?;
        let is_taken = others.iter().any(|other| other.id != self.id && other.slug() == self.slug());
        problems.check(!is_taken, "name", "another role is called so");
        problems.keep(self.prove_held(cx))?;
        problems.finish()
    }

    /// Refuses a caller who lacks any of what it grants.
    fn prove_held(&self, cx: &Cx<'_>) -> Result<()> {
        let mut problems = Problems::new();
        for (index, name) in self.roles.iter().enumerate() {
            let pointer = format!("role_names.{index}");
            let Some(role) = Role::named(name) else {
                problems.check(false, &pointer, &format!("{name} is not a role"));
                continue;
            };
            if let Some(scope) = role.scopes.iter().find(|scope| !cx.access().everywhere(scope)) {
                problems.check(false, &pointer, &format!("you lack {scope}, which this role grants"));
            }
        }
        problems.finish()
    }
}

/// Every custom role.
#[derive(Debug)]
pub struct CustomRoles(HashMap<Id<CustomRole>, CustomRole>);

impl Cached for CustomRoles {
    const EPOCH: &'static str = "custom_roles";

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        let roles = tx.list::<CustomRole>(Condition::everything(), "id")?;
        Ok(Self(roles.into_iter().map(|role| (role.id, role.into_inner())).collect()))
    }
}

impl CustomRoles {
    /// The role with this ID.
    pub fn get(&self, id: Id<CustomRole>) -> Option<&CustomRole> {
        self.0.get(&id)
    }
}
