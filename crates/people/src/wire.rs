//! People and programs as other things show them.

use base::{Actor, AnyId, Named};
use schemars::JsonSchema;
use serde::Serialize;

use crate::users::{Directory, UserBody};

/// A thing by ID and name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NamedBody {
    /// Its ID.
    pub id: AnyId,
    /// Its name.
    pub name: String,
}

impl From<&Named> for NamedBody {
    fn from(named: &Named) -> Self {
        Self { id: named.id, name: named.name.clone() }
    }
}

/// An alert that did something.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AlertActorBody {
    /// Its ID.
    pub id: AnyId,
    /// Its title.
    pub title: String,
}

/// Who did something; exactly one field is set, or none where Wardroom did it itself.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(default)]
pub struct ActorBody {
    /// An alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertActorBody>,
    /// A client with an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<NamedBody>,
    /// A person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserBody>,
    /// A workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<NamedBody>,
}

/// [`ActorBody`] as the first version of the API shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActorBodyV1 {
    /// A client with an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<NamedBody>,
    /// A person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserBody>,
}

impl ActorBody {
    /// How `actor` is shown.
    pub fn of(actor: &Actor, directory: &Directory) -> Self {
        let nobody = Self::default();
        match actor {
            Actor::System => nobody,
            Actor::ApiKey(key) => Self { api_key: Some(key.into()), ..nobody },
            Actor::User(user) => Self { user: Some(directory.body_of(user)), ..nobody },
            Actor::Workflow(workflow) => Self { workflow: Some(workflow.into()), ..nobody },
            Actor::Alert(alert) => {
                Self { alert: Some(AlertActorBody { id: alert.id, title: alert.name.clone() }), ..nobody }
            }
        }
    }
}

impl ActorBodyV1 {
    /// How `actor` is shown.
    pub fn of(actor: &Actor, directory: &Directory) -> Self {
        let ActorBody { api_key, user, .. } = ActorBody::of(actor, directory);
        Self { api_key, user }
    }
}
