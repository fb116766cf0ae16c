//! The operations on rules, and the address that others send to.

use base::{Error, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::{Condition, Cx, Direction, Record};
use web::{Awaited, Body, Guard, NoContent, Page, PageMeta, Paging, Plain, Query, Resource, SecretStep, Segment, Show};

use super::follow::{Delivery, Outcome};
use super::record::{Rule, Step};
use crate::client::{Kind, Trouble};
use crate::connections::{self, Connection};
use crate::runs::{self, Run, Task};
use crate::templates::{self, Template};

web::routes! {
    /// List the rules.
    GET "/hub/v1/rules" "Hub Rules V1#List" "hub.view" => list;
    /// Make a rule. The address that others send to is shown this once.
    POST "/hub/v1/rules" "Hub Rules V1#Create" "hub.manage" => create;
    /// Show a rule, without its address.
    GET "/hub/v1/rules/{id}" "Hub Rules V1#Show" "hub.view" => show;
    /// Change a rule: all that it says from now on. Its address stays.
    PUT "/hub/v1/rules/{id}" "Hub Rules V1#Update" "hub.manage" => update;
    /// Delete a rule. What has arrived already is still followed.
    DELETE "/hub/v1/rules/{id}" "Hub Rules V1#Destroy" "hub.manage" => delete;
    /// Send something to a rule: any JSON. The address is secret: it comes with the rule when it is made. What has
    /// arrived before, by the rule's key, is not followed again.
    POST "/hub/v1/hooks/{secret}" "Hub Rules V1#Deliver" Guard::Public => deliver;
}

/// A rule, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubRule")]
struct RuleBody {
    id: Id<Rule>,
    name: String,
    description: String,
    is_paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    steps: Vec<StepBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubRuleStep")]
struct StepBody {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    connection_id: Id<Connection>,
    action: String,
    input: Json,
}

impl Resource for RuleBody {
    const ONE: &'static str = "rule";
    const MANY: &'static str = "rules";
}

/// A rule with the address that is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubRuleWithAddress")]
struct NewRuleBody {
    rule: RuleBody,
    /// Where others send to.
    url: String,
}

impl RuleBody {
    fn of(rule: &Rule) -> Self {
        let step = |step: &Step| StepBody {
            name: step.name.clone(),
            when: step.when.clone(),
            connection_id: step.connection,
            action: step.action.clone(),
            input: step.input.clone(),
        };
        Self {
            id: rule.id,
            name: rule.name.clone(),
            description: rule.description.clone(),
            is_paused: rule.is_paused,
            when: rule.when.clone(),
            key: rule.key.clone(),
            steps: rule.steps.iter().map(step).collect(),
            creator: runs::name_of(&rule.creator),
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubRulePayload")]
struct RulePayload {
    /// The rule.
    rule: RuleFields,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubRuleFields")]
struct RuleFields {
    /// What it is called.
    #[schemars(length(max = 100))]
    name: String,
    /// What there is to say about it.
    #[schemars(length(max = 1000))]
    description: Option<String>,
    /// Whether what arrives is left alone.
    is_paused: Option<bool>,
    /// The condition for what arrived: `payload.alert.severity == "critical"`.
    when: Option<String>,
    /// A template for what makes two deliveries the same: `{{ payload.alert.id }}`.
    key: Option<String>,
    /// What is done, in this order.
    steps: Vec<StepFields>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubRuleStepFields")]
struct StepFields {
    /// What later steps call it.
    name: String,
    /// The condition: `steps.check.on_call`.
    when: Option<String>,
    /// The connection: its name or its ID.
    connection: String,
    /// The action of the connection's product.
    action: String,
    /// A template for what the action is given: `{"name": "{{ payload.alert.title }}"}`.
    input: Option<Map<String, Json>>,
}

impl RuleFields {
    fn steps(&self, cx: &mut Cx<'_>) -> Result<Vec<Step>> {
        let step = |(index, step): (usize, &StepFields)| {
            let pointer = format!("steps.{index}.connection");
            let connection = connections::named(cx, &pointer, &step.connection)?.id;
            Ok(Step {
                name: step.name.clone(),
                when: step.when.clone().filter(|when| !when.trim().is_empty()),
                connection,
                action: step.action.clone(),
                input: step.input.clone().unwrap_or_default().into(),
            })
        };
        self.steps.iter().enumerate().map(step).collect()
    }

    /// What `rule` says from now on.
    fn put(self, cx: &mut Cx<'_>, rule: &mut Rule) -> Result<()> {
        rule.steps = self.steps(cx)?;
        rule.name = self.name;
        rule.description = self.description.unwrap_or_default();
        rule.is_paused = self.is_paused.unwrap_or_default();
        rule.when = self.when.filter(|when| !when.trim().is_empty());
        rule.key = self.key.filter(|key| !key.trim().is_empty());
        rule.updated_at = cx.now();
        rule.check(cx)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<RuleBody>> {
    let paging = query.paging.read()?;
    let page = cx.page::<Rule>(Condition::everything(), Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|rule| RuleBody::of(rule)).collect();
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn show(cx: &mut Cx<'_>, id: Id<Rule>) -> Result<Show<RuleBody>> {
    let rule = cx.get(id)?;
    Ok(Show(RuleBody::of(&rule)))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<RulePayload>) -> Result<Plain<NewRuleBody, 201>> {
    let secret = SecretStep::new(cx);
    let mut rule = Rule {
        id: cx.new_id(),
        name: String::new(),
        description: String::new(),
        is_paused: false,
        hook: secret.hash(),
        when: None,
        key: None,
        steps: Vec::new(),
        creator: cx.actor().clone(),
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    payload.rule.put(cx, &mut rule).map_err(|error| error.within("rule"))?;
    cx.insert(&rule)?;
    let url = format!("{}/hub/v1/hooks/{}", cx.site().public_url, secret.reveal());
    Ok(Plain(NewRuleBody { rule: RuleBody::of(&rule), url }))
}

fn update(cx: &mut Cx<'_>, id: Id<Rule>, Body(payload): Body<RulePayload>) -> Result<Show<RuleBody>> {
    let mut rule = cx.get(id)?;
    payload.rule.put(cx, &mut rule).map_err(|error| error.within("rule"))?;
    cx.save(&mut rule)?;
    Ok(Show(RuleBody::of(&rule)))
}

fn delete(cx: &mut Cx<'_>, id: Id<Rule>) -> Result<NoContent> {
    let rule = cx.get(id)?;
    cx.delete(&rule)?;
    Ok(NoContent)
}

/// What became of a delivery, for whoever sent it: not what the steps answered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubDelivery")]
struct DeliveryBody {
    run_id: Id<Run>,
    /// `waiting`, `running`, `succeeded` or `failed`.
    state: &'static str,
    /// What became of each step: `done`, `skipped` or `failed`. None where the rule's condition did not hold.
    steps: Vec<DeliveredStep>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubDeliveredStep")]
struct DeliveredStep {
    name: String,
    outcome: Outcome,
}

impl Resource for DeliveryBody {
    const ONE: &'static str = "delivery";
    const MANY: &'static str = "deliveries";
}

/// The longest key, in characters.
const LONGEST_KEY: usize = 200;

fn deliver(
    cx: &mut Cx<'_>,
    Segment(secret): Segment<SecretStep>,
    Body(payload): Body<Json>,
) -> Result<Awaited<DeliveryBody>> {
    let rule = cx.list::<Rule>(Condition::equal("hook", secret.hash()), "id")?.pop().ok_or_else(Error::not_found)?;
    // The same thing, sent twice at once, is followed once.
    cx.lock(Rule::TABLE, rule.id)?;
    let context = json!({"payload": payload, "rule": {"id": rule.id, "name": rule.name}});
    let read = holds(&rule, &context).and_then(|wanted| if wanted { key(&rule, &context).map(Some) } else { Ok(None) });
    let (steps, key, refusal) = match read {
        Ok(Some(key)) => (rule.steps.clone(), key, None),
        Ok(None) => (Vec::new(), None, None),
        Err(why) => (Vec::new(), None, Some(Trouble::new(Kind::Invalid, why))),
    };
    let delivery = Delivery { rule: rule.id, name: rule.name.clone(), payload, key, steps, told: Vec::new() };
    let run = runs::deliver(cx, delivery, refusal.as_ref())?;
    delivered(cx, run.cast())
}

fn delivered(cx: &mut Cx<'_>, id: base::AnyId) -> Result<Awaited<DeliveryBody>> {
    let run = cx.get::<Run>(id.cast())?;
    let told = match &run.task {
        Task::Follow(delivery) => delivery.told.as_slice(),
        _ => &[],
    };
    let steps = told.iter().map(|told| DeliveredStep { name: told.name.clone(), outcome: told.outcome }).collect();
    let now = DeliveryBody { run_id: run.id, state: run.state.as_str(), steps };
    Ok(Awaited { now, is_over: run.state.is_final(), again: delivered, id })
}

/// Whether what arrived is wanted.
fn holds(rule: &Rule, context: &Json) -> Result<bool, String> {
    let Some(when) = rule.when.as_deref().filter(|_| !rule.is_paused) else { return Ok(!rule.is_paused) };
    let held = templates::Condition::parse(when).and_then(|condition| condition.holds(context));
    held.map_err(|why| format!("the rule's condition can't be held against this: {why}"))
}

/// What makes this delivery the same as another, if anything does.
fn key(rule: &Rule, context: &Json) -> Result<Option<String>, String> {
    let unreadable = |why: String| format!("the rule's key can't be made of this: {why}");
    let Some(template) = &rule.key else { return Ok(None) };
    let template = Template::parse(&Json::from(template.as_str())).map_err(|(_, why)| unreadable(why))?;
    let key = match template.render(context).map_err(unreadable)? {
        Json::String(text) => text,
        other => other.to_string(),
    };
    match key.chars().count() {
        1..=LONGEST_KEY => Ok(Some(key)),
        _ => Err(unreadable("it has 1 to 200 characters".into())),
    }
}
