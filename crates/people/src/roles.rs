//! The roles an API key can have, and what each grants.
//!
//! Names, levels and scopes are the public API's, but for the scopes of the hub, which go with the roles for
//! settings and secrets, and for `users.manage`, which goes with settings; an account-level role grants its scopes everywhere, a team-level one on what the key's
//! teams own.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base::words;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

words! {
    /// Where a role applies.
    pub enum Level {
        /// Everywhere.
        Account = "account",
        /// On what the key's teams own.
        Team = "team",
    }
}

/// A role.
#[derive(Debug)]
pub struct Role {
    /// Its name in the API.
    pub name: &'static str,
    /// What it lets a key do, for people.
    pub about: &'static str,
    /// Whether it can be limited to teams.
    pub team_level: bool,
    /// What it grants.
    pub scopes: &'static [&'static str],
}

/// The role that manages API keys. No key ever grants it: only an operator does, or a person who is signed in.
pub const API_KEYS_MANAGE: &str = "api_keys_manage";

/// Every role.
pub const ROLES: &[Role] = &[
    Role {
        name: "viewer",
        about: "Sees incidents and settings that are not private",
        team_level: false,
        scopes: &[
            "actions.view",
            "alert_routes.view",
            "alert_schema.view",
            "alert_sources.view",
            "alerts.view",
            "announcement_rules.view",
            "announcement_templates.view",
            "attachments.view",
            "call_routes.view",
            "custom_fields.view",
            "escalation_path_templates.view",
            "escalation_paths.view",
            "escalations.view",
            "in_app_postmortems.copy_as_markdown",
            "incident_roles.view",
            "incident_statuses.view",
            "incident_templates.view",
            "incident_types.view",
            "incidents.view",
            "maintenance_windows.view",
            "notification_pauses.view",
            "notification_rules.view",
            "schedules.view",
            "severities.view",
            "user_preferences.view",
            "users.view",
            "workflows.view",
        ],
    },
    Role { name: "incident_creator", about: "Declares incidents", team_level: false, scopes: &["incidents.create"] },
    Role {
        name: "incident_editor",
        about: "Changes incidents and everything on them",
        team_level: false,
        scopes: &[
            "actions.create",
            "actions.destroy",
            "actions.update",
            "alerts.attach_to_incident",
            "alerts.edit",
            "attachments.create",
            "attachments.destroy",
            "external_postmortems.create",
            "follow_ups.connect_external_issue",
            "follow_ups.create",
            "follow_ups.create_from_link",
            "follow_ups.destroy",
            "follow_ups.update",
            "incident_alerts.transition",
            "incident_calls.create",
            "incident_calls.destroy",
            "incident_updates.create",
            "incidents.connect_external_issue",
            "incidents.update_custom_fields",
            "incidents.update_name",
            "incidents.update_role_assignments",
            "incidents.update_severity",
            "incidents.update_status",
            "incidents.update_summary",
            "incidents.update_timestamps",
            "incidents.view",
            "timeline_items.create",
            "timeline_items.update",
        ],
    },
    Role {
        name: "manage_settings",
        about: "Changes the organisation's settings, and what is connected to it",
        team_level: false,
        scopes: &[
            "alert_schema.update",
            "announcement_rules.create",
            "announcement_rules.destroy",
            "announcement_rules.update",
            "announcement_templates.create",
            "announcement_templates.destroy",
            "announcement_templates.update",
            "glossary_entries.manage",
            "hub.manage",
            "hub.use",
            "hub.view",
            "incident_forms.update",
            "incident_lifecycles.update",
            "incident_template.create",
            "incident_template.destroy",
            "incident_template.update",
            "organisation_settings.update",
            "policies.create",
            "policies.destroy",
            "policies.view",
            "status_pages.configure",
            "telemetry_data_source.update",
            "users.manage",
        ],
    },
    Role {
        name: "glossary_entries_manage",
        about: "Keeps the glossary",
        team_level: false,
        scopes: &["glossary_entries.manage"],
    },
    Role {
        name: "global_access",
        about: "Sees private incidents and alerts too",
        team_level: false,
        scopes: &["x:alerts.private", "x:incidents.private"],
    },
    Role {
        name: "catalog_viewer",
        about: "Sees the catalog",
        team_level: false,
        scopes: &["catalog_entries.view", "catalog_types.view"],
    },
    Role {
        name: "catalog_editor",
        about: "Changes catalog types and entries",
        team_level: true,
        scopes: &[
            "catalog_entries.create",
            "catalog_entries.destroy",
            "catalog_entries.edit",
            "catalog_types.create",
            "catalog_types.destroy",
            "catalog_types.edit",
        ],
    },
    Role {
        name: "incident_memberships_editor",
        about: "Says who belongs to a private incident",
        team_level: false,
        scopes: &[
            "incident_memberships.grant",
            "incident_memberships.revoke",
            "incident_team_memberships.grant",
            "incident_team_memberships.revoke",
        ],
    },
    Role {
        name: "schedules_editor",
        about: "Creates, changes and deletes schedules",
        team_level: true,
        scopes: &[
            "schedule_overrides.create",
            "schedule_overrides.destroy",
            "schedule_overrides.update",
            "schedule_sync_rules.create",
            "schedule_sync_rules.destroy",
            "schedule_sync_rules.update",
            "schedule_sync_targets.create",
            "schedule_sync_targets.destroy",
            "schedule_sync_targets.update",
            "schedules.create",
            "schedules.destroy",
            "schedules.update",
            "schedules.view",
        ],
    },
    Role { name: "schedules_reader", about: "Sees schedules", team_level: true, scopes: &["schedules.view"] },
    Role {
        name: "schedule_overrides_editor",
        about: "Overrides who is on call",
        team_level: true,
        scopes: &[
            "schedule_overrides.create",
            "schedule_overrides.destroy",
            "schedule_overrides.update",
            "schedules.view",
        ],
    },
    Role {
        name: "workflows_editor",
        about: "Creates, changes and deletes workflows",
        team_level: true,
        scopes: &["workflows.create", "workflows.destroy", "workflows.update", "workflows.view"],
    },
    Role { name: "workflows_viewer", about: "Sees workflows", team_level: false, scopes: &["workflows.view"] },
    Role {
        name: "private_workflows_editor",
        about: "Changes workflows that touch private incidents",
        team_level: true,
        scopes: &[
            "workflows.create",
            "workflows.destroy",
            "workflows.update",
            "workflows.view",
            "x:workflows.private_incidents",
        ],
    },
    Role {
        name: "private_escalation_workflows_editor",
        about: "Changes workflows that touch private escalations",
        team_level: false,
        scopes: &[
            "workflows.create",
            "workflows.destroy",
            "workflows.update",
            "workflows.view",
            "x:workflows.private_escalations",
        ],
    },
    Role {
        name: "on_call_editor",
        about: "Changes everything about on-call: alerts, escalation paths and schedules",
        team_level: true,
        scopes: &[
            "alert_route.create",
            "alert_route.destroy",
            "alert_route.update",
            "alert_routes.view",
            "alert_schema.update",
            "alert_schema.view",
            "alert_source.create",
            "alert_source.destroy",
            "alert_source.update",
            "alert_sources.view",
            "alerts.edit",
            "alerts.resolve",
            "alerts.view",
            "call_routes.update",
            "call_routes.view",
            "escalation_path_templates.create",
            "escalation_path_templates.destroy",
            "escalation_path_templates.update",
            "escalation_path_templates.view",
            "escalation_paths.create",
            "escalation_paths.destroy",
            "escalation_paths.update",
            "escalation_paths.view",
            "escalations.view",
            "maintenance_window.create",
            "maintenance_window.destroy",
            "maintenance_window.update",
            "maintenance_windows.view",
            "notification_pauses.view",
            "notification_rules.view",
            "schedule_overrides.create",
            "schedule_overrides.destroy",
            "schedule_overrides.update",
            "schedule_sync_rules.create",
            "schedule_sync_rules.destroy",
            "schedule_sync_rules.update",
            "schedule_sync_targets.create",
            "schedule_sync_targets.destroy",
            "schedule_sync_targets.update",
            "schedules.create",
            "schedules.destroy",
            "schedules.update",
            "schedules.view",
            "user_preferences.view",
            "users.preferred_paging_provider.edit",
        ],
    },
    Role {
        name: "on_call_viewer",
        about: "Sees everything about on-call",
        team_level: false,
        scopes: &[
            "alert_routes.view",
            "alert_sources.view",
            "call_routes.view",
            "escalation_path_templates.view",
            "escalation_paths.view",
            "escalations.view",
            "maintenance_windows.view",
            "notification_pauses.view",
            "schedules.view",
        ],
    },
    Role {
        name: "escalation_creator",
        about: "Pages people and answers pages",
        team_level: true,
        scopes: &[
            "alerts.resolve",
            "escalations.cancel",
            "escalations.create",
            "escalations.respond",
            "escalations.view",
        ],
    },
    Role {
        name: "post_incident_flow_opt_out",
        about: "Closes incidents without the post-incident flow",
        team_level: false,
        scopes: &["x:post_incident_flow.opt_out"],
    },
    Role {
        name: "security_settings_editor",
        about: "Changes security settings",
        team_level: false,
        scopes: &["security_settings.update"],
    },
    Role {
        name: "investigation_download",
        about: "Downloads investigations",
        team_level: false,
        scopes: &["x:investigations.download"],
    },
    Role {
        name: "team_memberships_manage",
        about: "Says who belongs to a team",
        team_level: false,
        scopes: &["x:team_memberships.manage"],
    },
    Role {
        name: "status_page_publisher",
        about: "Publishes to status pages",
        team_level: false,
        scopes: &["status_pages.publish_updates"],
    },
    Role {
        name: "status_page_viewer",
        about: "Sees status pages",
        team_level: false,
        scopes: &["x:status_pages.view"],
    },
    Role {
        name: "postmortems_manage",
        about: "Writes and imports post-mortems",
        team_level: false,
        scopes: &[
            "external_postmortems.create",
            "in_app_postmortems.copy_as_markdown",
            "in_app_postmortems.import",
            "in_app_postmortems.update_status",
        ],
    },
    Role {
        name: "api_keys_manage",
        about: "Sees, creates, changes, rotates and deletes API keys",
        team_level: true,
        scopes: &["api_keys.create", "api_keys.destroy", "api_keys.rotate", "api_keys.update", "api_keys.view"],
    },
    Role {
        name: "notification_methods_manage",
        about: "Changes how people are notified",
        team_level: false,
        scopes: &[
            "notification_methods.view",
            "notification_rules.view",
            "user_preferences.view",
            "users.preferred_paging_provider.edit",
        ],
    },
    Role {
        name: "notification_methods_unredacted_viewer",
        about: "Sees phone numbers in full",
        team_level: false,
        scopes: &["notification_methods.view", "notification_methods.view_unredacted"],
    },
    Role {
        name: "incident_workload_viewer",
        about: "Sees how much time incidents took",
        team_level: false,
        scopes: &["incident_workloads.view"],
    },
    Role {
        name: "incident_workload_private_viewer",
        about: "Sees how much time private incidents took",
        team_level: false,
        scopes: &["incident_workloads.view", "incident_workloads.view_private"],
    },
    Role {
        name: "act_on_behalf_of_users",
        about: "Acts for users",
        team_level: false,
        scopes: &["api_keys.act_on_behalf_of_users"],
    },
    Role {
        name: "secrets_manage",
        about: "Keeps secrets",
        team_level: true,
        scopes: &["secrets.create", "secrets.delete", "secrets.update", "secrets.view_metadata"],
    },
    Role {
        name: "secrets_use",
        about: "Uses secrets, and connections that hold one",
        team_level: true,
        scopes: &["hub.use", "hub.view", "secrets.view_metadata", "x:secrets.use"],
    },
    Role {
        name: "call_transcripts_viewer",
        about: "Reads transcripts of calls",
        team_level: false,
        scopes: &["call_transcripts.view"],
    },
    Role { name: "heartbeats_ping", about: "Pings heartbeats", team_level: true, scopes: &["x:heartbeats.ping"] },
    Role {
        name: "telemetry_query_restricted",
        about: "Queries restricted telemetry",
        team_level: true,
        scopes: &["x:telemetry.query_restricted"],
    },
    Role {
        name: "telemetry_data_source_update",
        about: "Changes telemetry data sources",
        team_level: true,
        scopes: &["telemetry_data_source.update"],
    },
    Role { name: "policies_viewer", about: "Sees policies", team_level: false, scopes: &["policies.view"] },
    Role {
        name: "policy_findings_manage",
        about: "Handles what policies found",
        team_level: false,
        scopes: &["policies.view", "policy_findings.dismiss", "policy_findings.restore"],
    },
    Role {
        name: "pay_reports_viewer",
        about: "Sees on-call pay reports",
        team_level: false,
        scopes: &["schedule_reports.view"],
    },
    Role {
        name: "pay_reports_editor",
        about: "Changes on-call pay reports",
        team_level: false,
        scopes: &[
            "schedule_reports.create",
            "schedule_reports.destroy",
            "schedule_reports.publish",
            "schedule_reports.unpublish",
            "schedule_reports.view",
        ],
    },
    Role {
        name: "pay_configs_viewer",
        about: "Sees how on-call is paid",
        team_level: false,
        scopes: &["schedule_pay_configs.view"],
    },
    Role {
        name: "pay_configs_editor",
        about: "Changes how on-call is paid",
        team_level: false,
        scopes: &[
            "schedule_pay_configs.create",
            "schedule_pay_configs.destroy",
            "schedule_pay_configs.update",
            "schedule_pay_configs.update_published",
            "schedule_pay_configs.view",
        ],
    },
    Role {
        name: "investigations_editor",
        about: "Starts and changes investigations",
        team_level: false,
        scopes: &["x:investigations.edit"],
    },
    Role { name: "telemetry_viewer", about: "Sees telemetry", team_level: false, scopes: &["x:telemetry.view"] },
    Role { name: "documents_viewer", about: "Reads documents", team_level: false, scopes: &["x:documents.view"] },
];

impl Role {
    /// The role of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ROLES.iter().find(|role| role.name == name)
    }

    /// The roles that exist at `level`.
    pub fn at(level: Level) -> impl Iterator<Item = &'static Self> {
        ROLES.iter().filter(move |role| level == Level::Account || role.team_level)
    }
}

/// The scopes that these roles grant together. A name that is no role (any more) grants nothing.
pub fn scopes_of<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<&'static str> {
    names.into_iter().filter_map(Role::named).flat_map(|role| role.scopes).copied().collect()
}

/// The name of an account-level role, in a request or an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountRole(pub String);

/// The name of a team-level role, in a request or an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TeamRole(pub String);

macro_rules! role_name {
    ($type:ident, $level:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let names: Vec<_> = Role::at($level).map(|role| role.name).collect();
                json_schema!({"type": "string", "enum": names})
            }
        }
    };
}
role_name!(AccountRole, Level::Account);
role_name!(TeamRole, Level::Team);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_names_of_their_own() {
        let names: BTreeSet<_> = ROLES.iter().map(|role| role.name).collect();
        assert_eq!(names.len(), ROLES.len());
    }

    #[test]
    fn scopes_add_up() {
        let scopes = scopes_of(["incident_creator", "catalog_viewer", "no such role"]);
        assert_eq!(scopes, BTreeSet::from(["incidents.create", "catalog_types.view", "catalog_entries.view"]));
    }
}
