//! Custom roles: what an organisation lets some people do beside their base role.

use std::collections::HashMap;

use base::{Error, Id, Problems, Result, Time};
use serde::{Deserialize, Serialize};
use store::{Cached, Condition, Cx, Record, Stored, Tx};

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

impl CustomRole {
    /// Makes one, for a caller who holds all that it grants.
    pub fn add(cx: &mut Cx<'_>, name: &str, description: Option<String>, roles: Vec<String>) -> Result<Self> {
        let (id, now) = (cx.new_id(), cx.now());
        let role = Self { id, name: name.into(), description, roles, created_at: now, updated_at: now };
        role.check(cx)?;
        cx.insert(&role)?;
        Ok(role)
    }

    /// Stores what has changed about it, for a caller who holds all that it granted and grants.
    pub fn change(cx: &mut Cx<'_>, role: &mut Stored<Self>) -> Result<()> {
        cx.get(role.id)?.check(cx)?;
        role.check(cx)?;
        role.updated_at = cx.now();
        cx.save(role)
    }

    /// Deletes it, once nobody has it any more.
    pub fn delete(cx: &mut Cx<'_>, id: Id<Self>) -> Result<()> {
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

    fn check(&self, cx: &Cx<'_>) -> Result<()> {
        let mut problems = Problems::new();
        problems.check(!self.slug().is_empty(), "name", "a name has letters or digits");
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
