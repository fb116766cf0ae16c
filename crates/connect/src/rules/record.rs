//! What is stored of a rule.

use base::{Actor, Error, Id, Problems, Result, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Cx, Record, Value, values};

use crate::connections::Connection;
use crate::products::connector;
use crate::runs::action_of;
use crate::templates::{self, Template};

/// A webhook in, actions out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Which one.
    pub id: Id<Rule>,
    /// What it is called.
    pub name: String,
    /// What there is to say about it.
    #[serde(default)]
    pub description: String,
    /// Whether what arrives is left alone.
    #[serde(default)]
    pub is_paused: bool,
    /// The hash of the secret in the address that others send to.
    pub hook: String,
    /// The condition that has to hold for what arrived; none for all of it.
    #[serde(default)]
    pub when: Option<String>,
    /// A template for what makes two deliveries the same: the second is not followed. None where all differ.
    #[serde(default)]
    pub key: Option<String>,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// Who made it.
    pub creator: Actor,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

/// One thing that a rule does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// What later steps call it: letters, digits and `_`.
    pub name: String,
    /// The condition that has to hold, also for what the steps before it answered.
    #[serde(default)]
    pub when: Option<String>,
    /// Over which connection.
    pub connection: Id<Connection>,
    /// The action of the connection's product.
    pub action: String,
    /// A template for what the action is given.
    pub input: Json,
}

impl Record for Rule {
    const TABLE: &'static str = "hub_rules";
    const COLUMNS: &'static [&'static str] = &["hook"];
    const KIND: &'static str = "hub_rule";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.hook.as_str()].into()
    }
}

/// Steps that a rule has, at most.
const MOST_STEPS: usize = 20;

impl Rule {
    /// All that is wrong with it.
    pub(super) fn check(&self, cx: &mut Cx<'_>) -> Result<()> {
        let mut problems = Problems::new();
        problems.check(!self.name.trim().is_empty(), "name", "must not be blank");
        problems.check((1..=MOST_STEPS).contains(&self.steps.len()), "steps", "a rule has 1 to 20 steps");
        problems.keep(check_condition(self.when.as_deref()).map_err(|error| error.within("when")))?;
        if let Some(key) = &self.key {
            problems.keep(check_template(&Json::from(key.as_str())).map_err(|error| error.within("key")))?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            let others = &self.steps[..index];
            problems.keep(step.check(cx, others).map_err(|error| error.within(format!("steps.{index}"))))?;
        }
        problems.finish()
    }
}

impl Step {
    fn check(&self, cx: &mut Cx<'_>, before: &[Self]) -> Result<()> {
        let mut problems = Problems::new();
        let is_word =
            !self.name.is_empty() && self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        problems.check(is_word, "name", "has letters, digits and _ only");
        problems.check(before.iter().all(|other| other.name != self.name), "name", "another step is called so");
        problems.keep(check_condition(self.when.as_deref()).map_err(|error| error.within("when")))?;
        problems.keep(check_template(&self.input).map_err(|error| error.within("input")))?;
        problems.keep(self.check_action(cx))?;
        problems.finish()
    }

    /// Refuses an action that its product doesn't have, and an input that lacks what it needs.
    fn check_action(&self, cx: &mut Cx<'_>) -> Result<()> {
        let connection = cx.get_named("connection", self.connection)?;
        let action = action_of(connector(&connection.product)?, &self.action)?;
        let inputs = (action.inputs)();
        let required = inputs["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let mut problems = Problems::new();
        for field in required.filter(|field| self.input.get(field).is_none()) {
            problems.keep::<()>(Err(Error::required(format!("input.{field}"))))?;
        }
        let known = inputs["properties"].as_object();
        for field in self.input.as_object().into_iter().flat_map(|input| input.keys()) {
            let is_known = known.is_none_or(|known| known.contains_key(field));
            problems.check(is_known, &format!("input.{field}"), "the action has no such field");
        }
        problems.finish()
    }
}

fn check_condition(condition: Option<&str>) -> Result<()> {
    condition.map_or(Ok(()), |text| templates::Condition::parse(text).map(drop).map_err(|why| Error::invalid("", why)))
}

fn check_template(template: &Json) -> Result<()> {
    Template::parse(template).map(drop).map_err(|(pointer, why)| Error::invalid(pointer, why))
}
