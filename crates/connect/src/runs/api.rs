//! The operations on runs.

use base::{Actor, AnyId, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Condition, Cx, Direction};
use web::{Awaited, Page, PageMeta, Paging, Query, Resource};

use super::record::{Run, RunError, Task};
use crate::connections::Connection;
use crate::links::Link;

web::routes! {
    /// List what the hub has asked of APIs in the last 30 days, the latest first.
    GET "/hub/v1/runs" "Hub Runs V1#List" "hub.view" => list;
    /// Show a run: 200 once it is over. While it is not, the answer is awaited for a while, and then 202.
    GET "/hub/v1/runs/{id}" "Hub Runs V1#Show" "hub.view" => show;
}

/// A run, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubRun")]
pub struct RunBody {
    id: Id<Run>,
    #[serde(skip_serializing_if = "String::is_empty")]
    product: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<Id<Connection>>,
    /// `connect`, `test`, `rule`, or the name of an action.
    action: String,
    /// What the action was given, or what arrived for the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Json>,
    /// `waiting`, `running`, `succeeded` or `failed`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
    /// The link that it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_id: Option<Id<Link>>,
    /// Who wanted it: their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Time>,
}

impl Resource for RunBody {
    const ONE: &'static str = "run";
    const MANY: &'static str = "runs";
}

impl RunBody {
    /// How a run is shown.
    pub fn of(run: &Run) -> Self {
        let input = match &run.task {
            Task::Act { input, .. } => Some(input.clone()),
            Task::Follow(delivery) => Some(delivery.payload.clone()),
            Task::Connect(_) | Task::Test => None,
        };
        Self {
            id: run.id,
            product: run.product.clone(),
            connection_id: run.connection,
            action: run.task.name().to_owned(),
            input,
            state: run.state.as_str(),
            output: run.output.clone(),
            error: run.error.clone(),
            link_id: run.link,
            creator: name_of(&run.creator),
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// What people call somebody who did something.
pub(crate) fn name_of(actor: &Actor) -> Option<String> {
    actor.named().map(|named| named.name.clone())
}

/// The run with this ID, which a job is at.
pub(crate) fn awaited(cx: &mut Cx<'_>, id: AnyId) -> Result<Awaited<RunBody>> {
    let run = cx.get::<Run>(id.cast())?;
    Ok(Awaited { now: RunBody::of(&run), is_over: run.state.is_final(), again: awaited, id })
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
    /// Only those over this connection.
    connection_id: Option<String>,
    /// Only those in this state.
    state: Option<String>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<RunBody>> {
    let paging = query.paging.read()?;
    let wanted = Condition::everything().and_wanted("connection_id", query.connection_id);
    let page = cx.page::<Run>(wanted.and_wanted("state", query.state), Direction::Backward, &paging)?;
    let rows = page.rows.iter().map(|run| RunBody::of(run)).collect();
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn show(cx: &mut Cx<'_>, id: Id<Run>) -> Result<Awaited<RunBody>> {
    awaited(cx, id.cast())
}
