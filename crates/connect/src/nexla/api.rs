//! The operations on pipes.

use base::{Error, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction};
use web::{Accepted, Body, Created, List, NoContent, Page, PageMeta, Paging, Query, Resource, Show};

use super::files::Reach;
use super::pipe::{Definition, Pipe};
use super::{Counts, Run, job};
use crate::connections::Connection;

web::routes! {
    /// List the pipes, in the order in which they were made.
    GET "/hub/v1/pipes" "Hub Pipes V1#List" "hub.view" => list;
    /// Make a pipe. Its files lie in a directory of the server's.
    POST "/hub/v1/pipes" "Hub Pipes V1#Create" "hub.manage" => create;
    /// Show a pipe, and how its last run is or was.
    GET "/hub/v1/pipes/{id}" "Hub Pipes V1#Show" "hub.view" => show;
    /// Change a pipe: all that it does from now on.
    PUT "/hub/v1/pipes/{id}" "Hub Pipes V1#Update" "hub.manage" => update;
    /// Delete a pipe. Its files stay.
    DELETE "/hub/v1/pipes/{id}" "Hub Pipes V1#Destroy" "hub.manage" => delete;
    /// Have a pipe run, or go on with its last run where that stopped.
    POST "/hub/v1/pipes/{id}/actions/run" "Hub Pipes V1#Run" "hub.use" => run;
    /// List the last runs of a pipe, newest first.
    GET "/hub/v1/pipes/{id}/runs" "Hub Pipes V1#ListRuns" "hub.view" => runs;
}

/// A pipe, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubPipe")]
struct PipeBody {
    id: Id<Pipe>,
    definition: Definition,
    connection_id: Id<Connection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<PipeRunBody>,
    /// When it runs next by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_run_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

/// A run of a pipe, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubPipeRun")]
struct PipeRunBody {
    id: Id<Run>,
    /// `running`, `succeeded`, `failed`, or `interrupted`: then the next run goes on with it.
    state: &'static str,
    counts: Counts,
    /// How many rows there are, where the API says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// After what the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    started_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Time>,
}

impl Resource for PipeBody {
    const ONE: &'static str = "pipe";
    const MANY: &'static str = "pipes";
}

impl Resource for PipeRunBody {
    const ONE: &'static str = "run";
    const MANY: &'static str = "runs";
}

impl PipeBody {
    fn of(cx: &mut Cx<'_>, pipe: &Pipe) -> Result<Self> {
        Ok(Self {
            id: pipe.id,
            definition: pipe.definition.clone(),
            connection_id: pipe.connection_id,
            last_run: Run::last(cx, pipe.id, 1)?.pop().map(PipeRunBody::of),
            next_run_at: pipe.next_run(cx.now())?,
            created_at: pipe.created_at,
            updated_at: pipe.updated_at,
        })
    }
}

impl PipeRunBody {
    fn of(run: Run) -> Self {
        Self {
            id: run.id,
            state: run.state.as_str(),
            counts: run.counts,
            total: run.total,
            cursor: run.progress.cursor,
            error: run.error,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubPipePayload")]
struct PipePayload {
    /// What the pipe does.
    definition: Definition,
}

impl PipePayload {
    /// What the pipe is to do, if it can.
    fn checked(self) -> Result<Definition> {
        self.definition.check(Reach::Within)?;
        Ok(self.definition)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HubPipeRunPayload")]
struct RunPayload {
    /// Whether records are sent again of which nobody knows what became of them.
    #[serde(default)]
    retry_unknown: bool,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
}

/// How many runs are listed.
const RUNS: usize = 100;

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<PipeBody>> {
    let paging = query.paging.read()?;
    let page = cx.page::<Pipe>(Condition::everything(), Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|pipe| PipeBody::of(cx, pipe)).collect::<Result<_>>()?;
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<PipePayload>) -> Result<Created<PipeBody>> {
    let add = |definition| Pipe::add(cx, definition);
    let pipe = payload.checked().and_then(add).map_err(within)?;
    Ok(Created(PipeBody::of(cx, &pipe)?))
}

fn show(cx: &mut Cx<'_>, id: Id<Pipe>) -> Result<Show<PipeBody>> {
    let pipe = cx.get(id)?;
    Ok(Show(PipeBody::of(cx, &pipe)?))
}

fn update(cx: &mut Cx<'_>, id: Id<Pipe>, Body(payload): Body<PipePayload>) -> Result<Show<PipeBody>> {
    let mut pipe = cx.get(id)?;
    let change = |definition| Pipe::change(cx, &mut pipe, definition);
    payload.checked().and_then(change).map_err(within)?;
    Ok(Show(PipeBody::of(cx, &pipe)?))
}

fn within(error: Error) -> Error {
    error.within("definition")
}

fn delete(cx: &mut Cx<'_>, id: Id<Pipe>) -> Result<NoContent> {
    let pipe = cx.get(id)?;
    cx.delete(&pipe)?;
    Ok(NoContent)
}

fn run(cx: &mut Cx<'_>, id: Id<Pipe>, Body(payload): Body<RunPayload>) -> Result<Accepted> {
    let mut pipe = cx.get(id)?;
    // Nothing of it changes: that somebody wanted it to run is in the audit log.
    cx.save_as("started", &mut pipe)?;
    job::enqueue(cx, pipe.id, payload.retry_unknown)?;
    Ok(Accepted)
}

fn runs(cx: &mut Cx<'_>, id: Id<Pipe>) -> Result<List<PipeRunBody>> {
    let pipe = cx.get(id)?;
    let runs = Run::last(cx, pipe.id, RUNS)?;
    Ok(List(runs.into_iter().map(PipeRunBody::of).collect()))
}
