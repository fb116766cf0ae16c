//! Who did something.

use serde::{Deserialize, Serialize};

use crate::AnyId;

/// An identifier with the name it had when it was noted down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Which one.
    pub id: AnyId,
    /// Its name at the time.
    pub name: String,
}

/// Who caused a change. Names are kept beside the IDs so that an actor who has since been
/// deleted can still be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// Wardroom itself: an engine, a migration, the command line.
    System,
    /// A client with an API key.
    ApiKey(Named),
    /// A person.
    User(Named),
    /// An automated workflow.
    Workflow(Named),
    /// An alert that arrived.
    Alert(Named),
}

impl Actor {
    /// The kind's name, as the audit log and metrics write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::ApiKey(_) => "api_key",
            Self::User(_) => "user",
            Self::Workflow(_) => "workflow",
            Self::Alert(_) => "alert",
        }
    }

    /// Which one and its name; `None` for the system.
    pub fn named(&self) -> Option<&Named> {
        match self {
            Self::System => None,
            Self::ApiKey(named) | Self::User(named) | Self::Workflow(named) | Self::Alert(named) => Some(named),
        }
    }
}
