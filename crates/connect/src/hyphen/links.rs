//! Linking a team, a member or an app of Hyphen's to what it is in the catalog.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::discover::Config;
use super::entries::{self, Entry};
use crate::client::Trouble;
use crate::connector::{Context, Entity, Linked};

/// A team of Hyphen's to link.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PermissionGroup {
    /// The ID of the team in Hyphen.
    #[schemars(length(min = 1, max = 200))]
    entity_id: String,
    /// The name of the team in Hyphen.
    #[schemars(length(min = 1))]
    entity_name: String,
    /// The ID of the team's entry in the catalog; without it, there will be a new one.
    #[schemars(length(min = 1))]
    team_entry_id: Option<String>,
}

/// The team that a team of Hyphen's is linked to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Team {
    /// The ID of its entry.
    team_id: String,
    /// Its name.
    team_name: String,
}

/// Links a team.
pub(super) fn permission_group(context: &Context<'_>, input: PermissionGroup) -> Result<Linked<Team>, Trouble> {
    let entity = Entity { id: input.entity_id, r#type: "team".into(), name: input.entity_name };
    let config = Config::stored(context)?;
    let entry = given_or_made(context, "team_entry_id", input.team_entry_id, &entity, config.team_type()?)?;
    Ok(Linked { entity, config: Team { team_id: entry.id, team_name: entry.name } })
}

/// An app of Hyphen's to link.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct IncidentManagement {
    /// The ID of the app in Hyphen.
    #[schemars(length(min = 1, max = 200))]
    entity_id: String,
    /// The name of the app in Hyphen.
    #[schemars(length(min = 1))]
    entity_name: String,
    /// The ID of the service's entry in the catalog; without it, there will be a new one.
    #[schemars(length(min = 1))]
    service_entry_id: Option<String>,
}

/// The service that an app of Hyphen's is linked to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    /// The ID of its entry.
    service_id: String,
    /// Its name.
    service_name: String,
}

/// Links an app.
pub(super) fn incident_management(
    context: &Context<'_>,
    input: IncidentManagement,
) -> Result<Linked<Service>, Trouble> {
    let entity = Entity { id: input.entity_id, r#type: "app".into(), name: input.entity_name };
    let config = Config::stored(context)?;
    let entry = given_or_made(context, "service_entry_id", input.service_entry_id, &entity, config.service_type()?)?;
    Ok(Linked { entity, config: Service { service_id: entry.id, service_name: entry.name } })
}

/// The entry that stands in `field`, or the one made for `entity` where there stands none.
fn given_or_made(
    context: &Context<'_>,
    field: &str,
    given: Option<String>,
    entity: &Entity,
    type_id: &str,
) -> Result<Entry, Trouble> {
    match given {
        Some(id) => entries::of_type(context.api, field, &id, type_id),
        None => entries::made_for(context, entity, type_id),
    }
}

/// What an e-mail address looks like.
const EMAIL: &str = r"^[^@\s]+@[^@\s]+$";

/// A member of Hyphen's to link.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Member {
    /// The ID of the member in Hyphen.
    #[schemars(length(min = 1, max = 200))]
    entity_id: String,
    /// The name of the member in Hyphen.
    #[schemars(length(min = 1))]
    entity_name: String,
    /// The e-mail address of the member in Hyphen.
    #[schemars(regex(pattern = EMAIL))]
    email: String,
    /// The e-mail address of the user, where it is another one.
    #[schemars(regex(pattern = EMAIL))]
    input_email: Option<String>,
}

/// The user that a member of Hyphen's is linked to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    /// The user's ID, which is the external ID of their entry in the catalog.
    user_id: String,
    /// Their e-mail address.
    email: String,
}

/// Links a member to the user who is there already.
pub(super) fn user(context: &Context<'_>, input: Member) -> Result<Linked<User>, Trouble> {
    let entity = Entity { id: input.entity_id, r#type: "member".into(), name: input.entity_name };
    let (field, email) = match input.input_email {
        Some(email) => ("input_email", email),
        None => ("email", input.email),
    };
    let config = Config::stored(context)?;
    let entry = entries::user(context.api, field, &email, config.user_type()?)?;
    let spelt = entry.aliases.into_iter().find(|alias| alias.to_lowercase() == email.to_lowercase());
    let user = User { user_id: entry.external_id.unwrap_or(entry.id), email: spelt.unwrap_or(email) };
    Ok(Linked { entity, config: user })
}
