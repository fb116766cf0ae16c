//! What can be chosen from: severities, statuses and types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::client::{ApiPath, Client, Kind, Trouble};

base::words! {
    /// What there are lists of. A field that takes an ID out of one names it in its schema, as `x-options`.
    pub enum List {
        /// Severities, least severe first.
        Severity = "severity",
        /// Statuses, in the order of an incident's life.
        Status = "status",
        /// Types of incidents.
        Type = "type",
    }
}

impl List {
    /// Where it is, and the field of the answer that holds it.
    const fn place(self) -> &'static str {
        match self {
            Self::Severity => "severities",
            Self::Status => "incident_statuses",
            Self::Type => "incident_types",
        }
    }
}

/// Which list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ListOptions {
    /// Which list.
    pub list: List,
}

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// Its ID, which a field is given.
    pub value: String,
    /// What people call it.
    pub label: String,
}

/// What can be chosen.
pub fn options(api: &Client, list: List) -> Result<Vec<Choice>, Trouble> {
    let rows: Vec<Json> = api.all(ApiPath::of(&["v1", list.place()]), list.place())?;
    let text = |row: &Json, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    Ok(rows.iter().map(|row| Choice { value: text(row, "id"), label: text(row, "name") }).collect())
}

/// The ID of what a person calls so; an ID stays what it is. Case does not matter.
///
/// # Errors
/// Trouble with the API, or that nothing is called so.
pub fn find(api: &Client, list: List, wanted: &str) -> Result<String, Trouble> {
    let choices = options(api, list)?;
    let is_wanted = |choice: &Choice| choice.value == wanted || choice.label.to_lowercase() == wanted.to_lowercase();
    let found = choices.iter().find(|choice| is_wanted(choice)).map(|choice| choice.value.clone());
    found.ok_or_else(|| unknown(list, wanted, &choices))
}

fn unknown(list: List, wanted: &str, choices: &[Choice]) -> Trouble {
    let labels: Vec<_> = choices.iter().map(|choice| choice.label.as_str()).collect();
    let message = format!("there is no {list} {wanted:?}; there are: {}", labels.join(", "));
    Trouble::new(Kind::NotFound, message).about(list.as_str(), "not_found")
}
