//! Hyphen: its teams, members and apps, linked to the teams, users and services of the catalog, and who belongs to
//! a team kept in step with it.
//!
//! | module     | what it is                                                             |
//! |------------|------------------------------------------------------------------------|
//! | `discover` | what is kept of an organisation, and whether that still holds            |
//! | `entries`  | entries of the catalog: reading, finding, creating them once             |
//! | `links`    | linking a team, a member or an app of Hyphen's                           |
//! | `access`   | who belongs to a team                                                    |
//!
//! What it guarantees: the roles `catalog_editor` and `catalog_viewer` are enough; no user is ever created, and no
//! entry twice; a change of a team's members changes nothing else of it, and takes nobody out whom somebody else
//! puts in at the same moment.

mod access;
mod discover;
mod entries;
mod links;

use serde_json::Value as Json;

use crate::client::{ApiPath, Client, Kind, Trouble};
use crate::connector::{Action, Connector, Product};
use discover::{Config, Identity};

/// Hyphen.
pub struct Hyphen;

/// The role without which nothing could be linked.
const EDITOR: &str = "catalog_editor";

impl Connector for Hyphen {
    fn product(&self) -> &'static Product {
        &Product {
            id: "hyphen",
            name: "Hyphen",
            category: "Incident Management",
            about: "Links Hyphen's teams, members and apps to the teams, users and services of the catalog, and keeps \
                    the members of a team in step.",
            key_field: "apiKey",
            roles: &[EDITOR, "catalog_viewer"],
        }
    }

    fn connect(&self, api: &Client) -> Result<Json, Trouble> {
        let identity = Identity::of(api)?;
        if !identity.has_role(EDITOR) {
            let message = format!("the API key {:?} lacks the role {EDITOR}", identity.name);
            return Err(Trouble::new(Kind::MissingScope, message));
        }
        let config = Config::of(&identity, &discover::types(api)?);
        serde_json::to_value(config).map_err(|error| crate::connector::internal(base::Error::internal(error)))
    }

    fn actions(&self) -> Vec<Action> {
        vec![
            Action::new(
                "permission_group",
                "Links a team of Hyphen's to an entry of the team type, or to a new one of the same name.",
                links::permission_group,
            )
            .linking("permissionGroup"),
            Action::new("user", "Links a member of Hyphen's to the user with the same e-mail address.", links::user)
                .linking("user"),
            Action::new(
                "incident_management",
                "Links an app of Hyphen's to an entry of the service type, or to a new one of the same name.",
                links::incident_management,
            )
            .linking("incidentManagement"),
            Action::new("add_access", "Puts a user into a team.", access::add),
            Action::new("remove_access", "Takes a user out of a team.", access::remove),
            Action::new("verify", "Checks whether what is known of the organisation still holds.", discover::verify),
        ]
    }
}

/// What is wrong with a field of an action's input.
fn refused(kind: Kind, field: &str, message: &str) -> Trouble {
    let code = if kind == Kind::NotFound { "not_found" } else { "invalid_value" };
    Trouble::new(kind, format!("{field}: {message}")).about(field, code)
}

/// Trouble with an answer that lacks what the API promises.
fn nonsense(error: &serde_json::Error) -> Trouble {
    Trouble::new(Kind::NoAnswer, format!("the server's answer makes no sense: {error}"))
}

/// The path of all entries.
fn all_entries() -> ApiPath {
    ApiPath::of(&["v3", "catalog_entries"])
}
