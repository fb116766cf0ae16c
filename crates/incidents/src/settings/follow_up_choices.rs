//! What follow-ups are sorted by: their priorities and categories.

use base::{Id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Record, Value, values};

words! {
    /// What is chosen.
    pub enum ChoiceKind {
        /// How soon it has to be done.
        Priority = "priority",
        /// What kind of work it is.
        Category = "category",
    }
}

/// A priority or a category.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FollowUpChoice {
    /// Which of the two.
    pub kind: ChoiceKind,
    /// What it says.
    #[serde(flatten)]
    pub body: FollowUpChoiceBody,
}

/// A priority or a category as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FollowUpChoiceBody {
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which one.
    pub id: Id<FollowUpChoice>,
    /// What it is called.
    pub name: String,
    /// Its place among the others.
    pub rank: i64,
}

impl Record for FollowUpChoice {
    const TABLE: &'static str = "follow_up_choices";
    const COLUMNS: &'static [&'static str] = &["kind", "rank"];
    const KIND: &'static str = "follow_up_choice";
    const EPOCH: Option<&'static str> = Some(super::EPOCH);

    fn id(&self) -> Id<Self> {
        self.body.id
    }

    fn name(&self) -> String {
        self.body.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.kind.as_str(), self.body.rank].into()
    }
}
