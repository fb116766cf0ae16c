//! Doing what a rule says, step by step.

use base::{Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::{Cx, Store, Who};

use super::record::{Rule, Step};
use crate::client::{Kind, Trouble};
use crate::connector::internal;
use crate::runs::{Acted, Order, Run, RunError, Task, act, settle, still_ours, storable};
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

    /// Writes down what has become of a step, in place of what was known of it.
    fn note(&mut self, told: StepTold) {
        self.told.retain(|other| other.name != told.name);
        self.told.push(told);
    }

    /// What is told of it when all is over.
    pub fn answer(&self) -> Json {
        json!({"steps": self.told})
    }
}

/// Does what is left of a delivery. What becomes of each step is written down before the next one begins, so that
/// none is begun twice that must not be; one that has failed is the end of it.
pub(crate) fn follow(store: &Store, run: &Run, delivery: &Delivery, until: Time) -> Result<Json, Trouble> {
    let mut delivery = delivery.clone();
    for step in delivery.steps.clone() {
        let before = delivery.told.iter().find(|told| told.name == step.name).cloned();
        match before.as_ref().map(|told| told.outcome) {
            Some(Outcome::Done | Outcome::Skipped) => continue,
            Some(Outcome::Failed) => {}
            Some(Outcome::Begun) | None => take(store, run, &mut delivery, &step, before.is_some(), until)?,
        }
        let told = delivery.told.last().filter(|told| told.name == step.name);
        if let Some(error) = told.and_then(|told| told.error.as_ref()) {
            let trouble = Trouble::from(error);
            return Err(Trouble { message: format!("step {}: {}", step.name, trouble.message), ..trouble });
        }
    }
    Ok(delivery.answer())
}

/// Takes one step, and writes down what came of it.
fn take(
    store: &Store,
    run: &Run,
    delivery: &mut Delivery,
    step: &Step,
    is_begun: bool,
    until: Time,
) -> Result<(), Trouble> {
    let input = prepare(step, &delivery.context());
    let acted = match input.map_err(|why| Trouble::new(Kind::Invalid, why)) {
        Ok(None) => {
            delivery.note(StepTold::new(step, Outcome::Skipped));
            return keep(store, run, delivery, None);
        }
        Err(trouble) => Acted::not(trouble),
        Ok(Some(input)) => {
            delivery.note(StepTold::new(step, Outcome::Begun));
            keep(store, run, delivery, None)?;
            let known_as = delivery.key.clone().unwrap_or_else(|| run.id.to_string());
            let key = format!("{}:{}:{known_as}", delivery.rule, step.name);
            act(store, step.connection, &Order { action: &step.action, input: &input, key: &key, is_begun }, until)
        }
    };
    let acted = Acted { outcome: storable(acted.outcome), ..acted };
    delivery.note(told(step, &acted.outcome));
    keep(store, run, delivery, Some((step.action.clone(), acted)))
}

fn told(step: &Step, outcome: &Result<Json, Trouble>) -> StepTold {
    match outcome {
        Ok(output) => StepTold { output: Some(output.clone()), ..StepTold::new(step, Outcome::Done) },
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

/// Writes down how far it has come, and what follows from an action for its connection; unless somebody else has taken
/// the run over.
fn keep(store: &Store, run: &Run, delivery: &Delivery, acted: Option<(String, Acted)>) -> Result<(), Trouble> {
    let (begun, delivery) = (run.clone(), delivery.clone());
    let keep = move |cx: &mut Cx<'_>| {
        let mut run = still_ours(cx, &begun)?;
        run.output = Some(delivery.answer());
        run.task = Task::Follow(delivery.clone());
        cx.advance(&mut run)?;
        match &acted {
            Some((action, acted)) => settle(cx, acted, action).map(drop),
            None => Ok(()),
        }
    };
    store.write(Who { actor: run.creator.clone(), ..Who::system() }, keep).wait().map_err(internal)
}
