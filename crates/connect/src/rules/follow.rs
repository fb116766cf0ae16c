//! Doing what a rule says, step by step.

use base::{Id, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::{Store, Who};

use super::record::{Rule, Step};
use crate::client::{Kind, Trouble};
use crate::connector::internal;
use crate::runs::{Run, RunError, act};
use crate::templates::{Condition, Template};

/// What arrived for a rule, with the steps that it had then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The rule.
    pub rule: Id<Rule>,
    /// What it was called.
    pub name: String,
    /// What arrived.
    pub payload: Json,
    /// What makes it the same as another, if anything does.
    pub key: Option<String>,
    /// What is to be done.
    pub steps: Vec<Step>,
    /// What became of the steps so far.
    #[serde(default)]
    pub told: Vec<StepTold>,
}

base::words! {
    /// What became of a step.
    pub enum Outcome {
        /// It did what it should.
        Done = "done",
        /// Its condition did not hold.
        Skipped = "skipped",
        /// It failed; no later one was begun.
        Failed = "failed",
        /// It has begun.
        Begun = "begun",
    }
}

/// What became of a step.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepTold {
    /// The step's name.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What its action answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
}

impl StepTold {
    fn new(step: &Step, outcome: Outcome) -> Self {
        Self { name: step.name.clone(), outcome, output: None, error: None }
    }
}

impl Delivery {
    /// By what it is known again, if it can be.
    pub fn known_as(&self) -> Option<String> {
        self.key.as_ref().map(|key| format!("{}:{key}", self.rule))
    }

    /// What conditions and templates see: what arrived, and what the steps so far have answered.
    fn context(&self) -> Json {
        let answered = self.told.iter().filter(|told| told.outcome == Outcome::Done);
        let steps: Map<String, Json> =
            answered.map(|told| (told.name.clone(), told.output.clone().unwrap_or_default())).collect();
        json!({"payload": self.payload, "steps": steps, "rule": {"id": self.rule, "name": self.name}})
    }

    /// What is told of it when all is over.
    pub fn answer(&self) -> Json {
        json!({"steps": self.told})
    }
}

/// Does what is left of a delivery. What becomes of each step is written down before the next one begins, so that
/// none is begun twice that must not be.
pub(crate) fn follow(store: &Store, run: &Run, delivery: &Delivery) -> Result<Json, Trouble> {
    let mut delivery = delivery.clone();
    for step in delivery.steps.clone() {
        let before = delivery.told.iter().position(|told| told.name == step.name);
        let was_begun = before.is_some_and(|at| delivery.told[at].outcome == Outcome::Begun);
        if before.is_some() && !was_begun {
            continue;
        }
        let outcome = match prepare(&step, &delivery.context()) {
            Ok(None) => Ok(None),
            Ok(Some(input)) => {
                if !was_begun {
                    delivery.told.push(StepTold::new(&step, Outcome::Begun));
                    note(store, run, &delivery)?;
                }
                let delivered = delivery.key.clone().unwrap_or_else(|| run.id.to_string());
                let key = format!("{}:{}:{delivered}", delivery.rule, step.name);
                act(store, step.connection, &step.action, &input, &key, was_begun).map(Some)
            }
            Err(why) => Err(Trouble::new(Kind::Invalid, format!("{}: {why}", step.name))),
        };
        delivery.told.retain(|told| told.name != step.name);
        delivery.told.push(told(&step, &outcome));
        note(store, run, &delivery)?;
        if let Err(trouble) = outcome {
            return Err(Trouble { message: format!("step {}: {}", step.name, trouble.message), ..trouble });
        }
    }
    Ok(delivery.answer())
}

fn told(step: &Step, outcome: &Result<Option<Json>, Trouble>) -> StepTold {
    match outcome {
        Ok(None) => StepTold::new(step, Outcome::Skipped),
        Ok(Some(output)) => StepTold { output: Some(output.clone()), ..StepTold::new(step, Outcome::Done) },
        Err(trouble) => StepTold { error: Some(trouble.into()), ..StepTold::new(step, Outcome::Failed) },
    }
}

/// What a step's action is given; `None` where its condition does not hold.
fn prepare(step: &Step, context: &Json) -> Result<Option<Json>, String> {
    if let Some(when) = &step.when
        && !Condition::parse(when)?.holds(context)?
    {
        return Ok(None);
    }
    let template = Template::parse(&step.input).map_err(|(pointer, why)| format!("{pointer}: {why}"))?;
    template.render(context).map(Some)
}

/// Writes down how far it has come.
fn note(store: &Store, run: &Run, delivery: &Delivery) -> Result<(), Trouble> {
    let (id, delivery) = (run.id, delivery.clone());
    let note = move |cx: &mut store::Cx<'_>| {
        let mut run = cx.get::<Run>(id)?;
        run.output = Some(delivery.answer());
        run.task = crate::runs::Task::Follow(delivery.clone());
        cx.advance(&mut run)
    };
    store.write(Who::system(), note).wait().map_err(internal)
}
