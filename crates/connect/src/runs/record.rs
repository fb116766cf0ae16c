//! What is stored of a run.

use base::{Actor, Id, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Record, Value, values};

use crate::client::{Kind, Problem, Trouble};
use crate::connections::{Connection, Draft};
use crate::links::Link;
use crate::rules::Delivery;

base::words! {
    /// How far a run has come.
    pub enum State {
        /// Nobody has begun it.
        Waiting = "waiting",
        /// Somebody is at it.
        Running = "running",
        /// It did what it should.
        Succeeded = "succeeded",
        /// It did not.
        Failed = "failed",
    }
}

impl State {
    /// Whether it goes no further.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What a run is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Find out whether a key will do, and connect if so.
    Connect(Draft),
    /// Find out whether a connection still works.
    Test,
    /// An action of the connection's product.
    Act {
        /// Its name.
        action: String,
        /// What it is given.
        input: Json,
    },
    /// What arrived for a rule.
    Follow(Delivery),
}

impl Task {
    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Connect(_) => "connect",
            Self::Test => "test",
            Self::Act { action, .. } => action,
            Self::Follow(_) => "rule",
        }
    }
}

/// Something that the hub has asked of an API, or is about to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Which one.
    pub id: Id<Run>,
    /// For which product; empty for what arrived for a rule, which may use several.
    pub product: String,
    /// Over which connection; none while one is being made.
    pub connection: Option<Id<Connection>>,
    /// What it is to do.
    pub task: Task,
    /// How far it has come.
    pub state: State,
    /// What came of it.
    #[serde(default)]
    pub output: Option<Json>,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<RunError>,
    /// The link that it made.
    #[serde(default)]
    pub link: Option<Id<Link>>,
    /// How often it has been taken up.
    #[serde(default)]
    pub begun: i64,
    /// Who wanted it.
    pub creator: Actor,
    /// When it was wanted.
    pub created_at: Time,
    /// When it was last begun.
    #[serde(default)]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(default)]
    pub finished_at: Option<Time>,
}

/// What went wrong in a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunError {
    /// What kind of trouble it is: `invalid_api_key`, `missing_scope`, `no_answer` …
    pub code: String,
    /// For people.
    pub message: String,
    /// The HTTP status that the API answered; none where there was no answer.
    #[serde(default)]
    pub status: Option<u16>,
    /// What the API said is wrong, one by one.
    #[serde(default)]
    pub problems: Vec<Problem>,
}

impl From<&Trouble> for RunError {
    fn from(trouble: &Trouble) -> Self {
        Self {
            code: trouble.kind.as_str().to_owned(),
            message: trouble.message.clone(),
            status: trouble.status,
            problems: trouble.problems.clone(),
        }
    }
}

impl From<&RunError> for Trouble {
    fn from(error: &RunError) -> Self {
        let kind = error.code.parse().unwrap_or(Kind::NoAnswer);
        Self { kind, status: error.status, message: error.message.clone(), problems: error.problems.clone() }
    }
}

impl Record for Run {
    const TABLE: &'static str = "hub_runs";
    const COLUMNS: &'static [&'static str] = &["connection_id", "state", "delivery", "finished_at"];
    const KIND: &'static str = "hub_run";
    const VERBS: [&'static str; 3] = ["started", "updated", "deleted"];

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        match &self.task {
            Task::Follow(delivery) => format!("rule {}", delivery.name),
            task => format!("{} {}", self.product, task.name()),
        }
    }

    fn columns(&self) -> Vec<Value> {
        let delivery = match &self.task {
            Task::Follow(delivery) => delivery.known_as(),
            _ => None,
        };
        values![self.connection, self.state.as_str(), delivery, self.finished_at].into()
    }
}
