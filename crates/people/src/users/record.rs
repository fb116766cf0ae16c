//! What is stored of a user.

use std::collections::HashMap;

use base::{Error, Id, Named, Result, Time, words};
use serde::{Deserialize, Serialize};
use store::{Cached, Condition, Cx, Record, Stored, Tx, Value, values};

use super::{UserBody, prove_manages, prove_owned_still};
use crate::custom_roles::CustomRole;

words! {
    /// What a person may do in the organisation.
    pub enum BaseRole {
        /// Looks.
        Viewer = "viewer",
        /// Responds to incidents.
        Responder = "responder",
        /// Changes settings too.
        Administrator = "administrator",
        /// Everything.
        Owner = "owner",
        /// Not decided yet.
        Unset = "unset",
    }
}

words! {
    /// Who pages a person.
    pub enum Provider {
        /// Wardroom.
        Native = "native",
        /// Opsgenie.
        Opsgenie = "opsgenie",
        /// PagerDuty.
        Pagerduty = "pagerduty",
        /// Splunk On-Call.
        SplunkOnCall = "splunk_on_call",
    }
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// Which one.
    pub id: Id<User>,
    /// What they are called.
    pub name: String,
    /// Their e-mail address, as they write it.
    #[serde(default)]
    pub email: Option<String>,
    /// Their ID in Slack.
    #[serde(default)]
    pub slack_user_id: Option<String>,
    /// What they may do.
    pub role: BaseRole,
    /// What they may do beside that.
    #[serde(default)]
    pub custom_roles: Vec<Id<CustomRole>>,
    /// Whether they are (still) with us.
    pub active: bool,
    /// Who they want to be paged by.
    #[serde(default)]
    pub paging_provider: Option<Provider>,
    /// When they were added.
    pub created_at: Time,
    /// When they last changed.
    pub updated_at: Time,
}

impl Record for User {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &["email", "slack_user_id", "active", "name"];
    const KIND: &'static str = "user";
    const EPOCH: Option<&'static str> = Some("users");

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        let email = self.email.as_deref().map(str::to_lowercase);
        values![email, self.slack_user_id.as_ref(), self.active, self.name.to_lowercase()].into()
    }
}

impl User {
    /// Adds an active user, for a caller who manages users and holds all that they get. Fails where the address is
    /// taken or is none.
    pub fn add(cx: &mut Cx<'_>, name: &str, email: &str, role: BaseRole) -> Result<Self> {
        if name.trim().is_empty() {
            return Err(Error::required("name"));
        }
        if !email.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty()) {
            return Err(Error::invalid("email", format!("{email} is not an e-mail address")));
        }
        if find_by_email(cx, email)?.is_some() {
            return Err(Error::invalid("email", format!("somebody has the address {email} already")));
        }
        let user = Self {
            id: cx.new_id(),
            name: name.into(),
            email: Some(email.into()),
            slack_user_id: None,
            role,
            custom_roles: Vec::new(),
            active: true,
            paging_provider: None,
            created_at: cx.now(),
            updated_at: cx.now(),
        };
        prove_manages(cx, &user)?;
        cx.insert(&user)?;
        Ok(user)
    }

    /// Deactivates a user whom the caller manages, and who is somebody else; doing so twice changes nothing.
    pub fn deactivate(cx: &mut Cx<'_>, id: Id<Self>) -> Result<Stored<Self>> {
        if cx.access().user == Some(id.cast()) {
            return Err(Error::forbidden("Nobody deactivates themselves: ask somebody else to"));
        }
        Self::set_active(cx, id, false, "deactivated")
    }

    /// Lets a user whom the caller manages take part again, with the roles that they had.
    pub fn reactivate(cx: &mut Cx<'_>, id: Id<Self>) -> Result<Stored<Self>> {
        Self::set_active(cx, id, true, "reactivated")
    }

    fn set_active(cx: &mut Cx<'_>, id: Id<Self>, active: bool, verb: &str) -> Result<Stored<Self>> {
        let mut user = cx.get(id)?;
        prove_manages(cx, &user)?;
        if user.active != active {
            let was_owner = user.is_active_owner();
            (user.active, user.updated_at) = (active, cx.now());
            cx.save_as(verb, &mut user)?;
            prove_owned_still(cx, was_owner)?;
        }
        Ok(user)
    }

    /// Who they are paged by: whom they chose, or Wardroom where they can be paged at all.
    pub fn effective_provider(&self) -> Option<Provider> {
        self.paging_provider.or(self.can_respond().then_some(Provider::Native))
    }

    /// Whether they may do everything, now.
    pub fn is_active_owner(&self) -> bool {
        self.active && self.role == BaseRole::Owner
    }

    /// Whether they take part in incidents and on-call.
    pub fn can_respond(&self) -> bool {
        self.active && !matches!(self.role, BaseRole::Viewer | BaseRole::Unset)
    }
}

/// The user with this address, in whatever case it is written.
pub fn find_by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<Stored<User>>> {
    Ok(tx.list::<User>(Condition::equal("email", email.to_lowercase()), "id")?.into_iter().next())
}

/// Every user.
#[derive(Debug)]
pub struct Directory(HashMap<Id<User>, User>);

impl Cached for Directory {
    const EPOCH: &'static str = "users";

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        let users = tx.list::<User>(Condition::everything(), "id")?;
        Ok(Self(users.into_iter().map(|user| (user.id, user.into_inner())).collect()))
    }
}

impl Directory {
    /// The user with this ID.
    pub fn get(&self, id: Id<User>) -> Option<&User> {
        self.0.get(&id)
    }

    /// The active user of this name, in whatever case it is written, if there is just one.
    pub fn named(&self, name: &str) -> Option<Id<User>> {
        let name = name.to_lowercase();
        let mut named = self.0.values().filter(|user| user.active && user.name.to_lowercase() == name);
        let first = named.next()?;
        named.next().is_none().then_some(first.id)
    }

    /// How the user with this ID is shown.
    pub fn body(&self, id: Id<User>) -> Option<UserBody> {
        self.get(id).map(UserBody::of)
    }

    /// How a user is shown who was noted down by name, and may be gone.
    pub fn body_of(&self, user: &Named) -> UserBody {
        self.body(user.id.cast()).unwrap_or_else(|| UserBody {
            email: None,
            id: user.id.cast(),
            name: user.name.clone(),
            role: BaseRole::Unset,
            slack_user_id: None,
        })
    }
}
