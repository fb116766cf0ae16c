//! What a person may do: what their base role grants, and what their custom roles add.

use base::{Access, Error, ErrorKind, Id, Result};
use store::{Condition, Cx, Tx};

use super::record::{BaseRole, User};
use crate::custom_roles::{CustomRole, CustomRoles};
use crate::roles::scopes_of;

/// What each base role adds to the one before it.
const VIEWER: &[&str] = &["viewer", "catalog_viewer", "on_call_viewer", "policies_viewer", "status_page_viewer"];
const RESPONDER: &[&str] = &[
    "incident_creator",
    "incident_editor",
    "escalation_creator",
    "schedule_overrides_editor",
    "postmortems_manage",
    "status_page_publisher",
    "call_transcripts_viewer",
    "incident_workload_viewer",
    "documents_viewer",
    "telemetry_viewer",
];
const ADMINISTRATOR: &[&str] = &[
    "manage_settings",
    "security_settings_editor",
    "catalog_editor",
    "on_call_editor",
    "schedules_editor",
    "workflows_editor",
    "incident_memberships_editor",
    "post_incident_flow_opt_out",
    "team_memberships_manage",
    "notification_methods_manage",
    "policy_findings_manage",
    "pay_configs_editor",
    "pay_reports_editor",
    "secrets_manage",
    "secrets_use",
    "api_keys_manage",
];

impl BaseRole {
    /// The roles that it is made of; an owner may do everything else too.
    fn roles(self) -> Vec<&'static str> {
        match self {
            Self::Unset => Vec::new(),
            Self::Viewer => VIEWER.into(),
            Self::Responder => [VIEWER, RESPONDER].concat(),
            Self::Administrator | Self::Owner => [VIEWER, RESPONDER, ADMINISTRATOR].concat(),
        }
    }

    /// What it lets `user` do.
    pub fn access(self, user: Id<User>) -> Access {
        Access {
            account: scopes_of(self.roles()),
            user: Some(user.cast()),
            unlimited: self == Self::Owner,
            ..Access::default()
        }
    }
}

impl User {
    /// What they may do: what their role grants, and what their custom roles add. Nobody who isn't active may
    /// do anything.
    pub fn access(&self, tx: &mut Tx<'_>) -> Result<Access> {
        if !self.active {
            return Ok(BaseRole::Unset.access(self.id));
        }
        let mut access = self.role.access(self.id);
        let custom = tx.cached::<CustomRoles>()?;
        let roles = self.custom_roles.iter().filter_map(|id| custom.get(*id)).flat_map(|role| &role.roles);
        access.account.extend(scopes_of(roles.map(String::as_str)));
        Ok(access)
    }

    /// Whether the caller may change their account.
    pub fn is_managed(&self, cx: &mut Cx<'_>) -> Result<bool> {
        match prove_manages(cx, self) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives somebody other roles. Whoever does so holds all that they had, and all that they get.
    pub fn change_roles(cx: &mut Cx<'_>, id: Id<Self>, role: BaseRole, custom: Vec<Id<CustomRole>>) -> Result<Self> {
        for (index, id) in custom.iter().enumerate() {
            cx.get_named(&format!("custom_role_ids.{index}"), *id)?;
        }
        let mut user = cx.get(id)?;
        prove_manages(cx, &user)?;
        let was_owner = user.is_active_owner();
        (user.role, user.custom_roles, user.updated_at) = (role, custom, cx.now());
        prove_holds(cx, &user)?;
        cx.save_as("roles_changed", &mut user)?;
        prove_owned_still(cx, was_owner)?;
        Ok(user.into_inner())
    }
}

/// Refuses a change that leaves nobody who may do everything: only an owner makes another one. It is asked after the
/// change, which keeps others waiting who change users, so that no two owners go at the same time.
pub(crate) fn prove_owned_still(cx: &mut Cx<'_>, was_owner: bool) -> Result<()> {
    if was_owner && !cx.list::<User>(Condition::equal("active", true), "id")?.iter().any(|user| user.is_active_owner())
    {
        return Err(Error::invalid("role", "this is the last owner: make somebody else an owner first"));
    }
    Ok(())
}

/// Refuses a caller who doesn't manage users, or may not do all that `user`, once active, may: nobody comes to more
/// rights by way of somebody else's account.
pub(crate) fn prove_manages(cx: &mut Cx<'_>, user: &User) -> Result<()> {
    cx.require("users.manage")?;
    prove_holds(cx, user)
}

/// The same, but it may be the caller's own account.
pub(crate) fn prove_own_or_manages(cx: &mut Cx<'_>, user: &User) -> Result<()> {
    if cx.access().user == Some(user.id.cast()) { Ok(()) } else { prove_manages(cx, user) }
}

fn prove_holds(cx: &mut Cx<'_>, user: &User) -> Result<()> {
    let theirs = User { active: true, ..user.clone() }.access(cx)?;
    if theirs.unlimited && !cx.access().unlimited {
        return Err(Error::forbidden("only an owner says who is an owner"));
    }
    let lacking = theirs.account.iter().find(|scope| !cx.access().everywhere(scope));
    lacking.map_or(Ok(()), |scope| Err(Error::missing_scope(scope)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::Role;

    fn access(role: BaseRole) -> Access {
        role.access(Id::constant(1))
    }

    #[test]
    fn each_role_grants_what_the_one_before_it_does_and_more() {
        let steps = [BaseRole::Unset, BaseRole::Viewer, BaseRole::Responder, BaseRole::Administrator];
        for pair in steps.windows(2) {
            let [less, more] = [access(pair[0]).account, access(pair[1]).account];
            assert!(less.is_subset(&more) && less.len() < more.len(), "{pair:?}");
        }
        assert!(access(BaseRole::Unset).account.is_empty());
    }

    #[test]
    fn every_role_in_the_table_exists() {
        for name in BaseRole::Owner.roles() {
            assert!(Role::named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_viewer_only_looks() {
        let reads = ["view", "copy_as_markdown"];
        let account = access(BaseRole::Viewer).account;
        let acts = account.iter().find(|scope| !reads.contains(&scope.rsplit('.').next().unwrap()));
        assert_eq!(acts, None);
    }

    #[test]
    fn private_incidents_are_for_members_and_owners() {
        for role in [BaseRole::Viewer, BaseRole::Responder, BaseRole::Administrator] {
            assert!(!access(role).everywhere("x:incidents.private"), "{role}");
            assert_eq!(access(role).user, Some(base::AnyId::constant(1)));
        }
        assert!(access(BaseRole::Owner).everywhere("x:incidents.private"));
    }

    #[test]
    fn an_administrator_gives_keys_and_a_responder_does_not() {
        assert!(access(BaseRole::Administrator).everywhere("api_keys.create"));
        assert!(access(BaseRole::Administrator).everywhere("users.manage"));
        assert!(!access(BaseRole::Responder).everywhere("api_keys.view"));
        assert!(access(BaseRole::Responder).everywhere("incidents.create"));
    }
}
