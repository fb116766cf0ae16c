//! Doing what a run is to do.

use std::time::Duration;

use base::{Error, Id, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{After, Condition, Cx, Job, JobKind, Store, Stored, Waits, Who};

use super::record::{Run, State, Task};
use crate::client::{Kind, Trouble};
use crate::connections::{self, Connection, Draft, NewConnection};
use crate::connector::{Action, Connector, Context, internal};
use crate::links::Link;
use crate::products::connector;
use crate::rules::{self, Delivery};

/// Does what runs are to do.
pub(crate) const JOB: JobKind = JobKind { name: "hub.run", run: run_job, attempts: 3, every: None, waits: Waits::Long };

/// Removes runs that only tell of the past, and ends those that were lost.
pub(crate) const HOUSEKEEPING: JobKind = JobKind {
    name: "hub.housekeeping",
    run: housekeeping,
    attempts: 1,
    every: Some(Duration::from_secs(3600)),
    waits: Waits::Never,
};

/// How long runs are kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// After how long one that has begun and not ended is taken for lost.
const LOST: Duration = Duration::from_secs(3600);

#[derive(Deserialize, Serialize)]
struct Payload {
    run: Id<Run>,
}

/// Writes down that `task` is to be done, and checks it as far as that can be done without asking anybody.
pub fn start(cx: &mut Cx<'_>, connection: &Connection, task: Task) -> Result<Run> {
    let connector = connector(&connection.product)?;
    if let Task::Act { action, input } = &task {
        action_of(connector, action)?.check(input).map_err(|error| error.within("input"))?;
    }
    insert(cx, connection.product.clone(), Some(connection.id), task)
}

/// Writes down that `new` is to be connected, if it can be at all.
pub fn connect(cx: &mut Cx<'_>, product: &str, new: &NewConnection) -> Result<Run> {
    let draft = Draft::new(cx, connector(product)?, new)?;
    insert(cx, product.to_owned(), new.replaces, Task::Connect(draft))
}

/// Has what arrived for a rule followed, unless it has arrived before: then that is the run. Where it is refused, the
/// run only says so.
pub(crate) fn deliver(cx: &mut Cx<'_>, delivery: Delivery, refusal: Option<&Trouble>) -> Result<Id<Run>> {
    if let Some(known) = delivery.known_as() {
        let before = cx.list::<Run>(Condition::equal("delivery", known), "id")?.pop();
        if let Some(before) = before {
            return Ok(before.id);
        }
    }
    let is_empty = delivery.steps.is_empty();
    let answer = delivery.answer();
    let run = insert(cx, String::new(), None, Task::Follow(delivery))?;
    match refusal {
        Some(trouble) => drop(conclude(cx, run.id, &Err(trouble.clone()))?),
        None if is_empty => drop(conclude(cx, run.id, &Ok(answer))?),
        None => enqueue(cx, &run)?,
    }
    Ok(run.id)
}

fn insert(cx: &mut Cx<'_>, product: String, connection: Option<Id<Connection>>, task: Task) -> Result<Run> {
    let run = Run {
        id: cx.new_id(),
        product,
        connection,
        task,
        state: State::Waiting,
        output: None,
        error: None,
        link: None,
        creator: cx.actor().clone(),
        created_at: cx.now(),
        started_at: None,
        finished_at: None,
    };
    cx.insert(&run)?;
    Ok(run)
}

/// Leaves a run to the jobs.
pub(crate) fn enqueue(cx: &mut Cx<'_>, run: &Run) -> Result<()> {
    let now = cx.now();
    cx.enqueue(JOB.name, &Payload { run: run.id }, now)
}

fn run_job(store: &Store, job: &Job) -> Result<After> {
    let Payload { run } = serde_json::from_value(job.payload.clone()).map_err(Error::internal)?;
    perform(store, run)?;
    Ok(After::Done)
}

/// Does what `start` writes down, at once: for a command line, which waits.
pub fn perform_now(
    store: &Store,
    who: Who,
    start: impl FnMut(&mut Cx<'_>) -> Result<Run> + Send + 'static,
) -> Result<Run> {
    let run = store.write(who, start).wait()?;
    perform(store, run.id)
}

/// Does what a run is to do, and writes down what came of it. It waits for others.
pub fn perform(store: &Store, id: Id<Run>) -> Result<Run> {
    let Some((run, connection)) = store.write(Who::system(), move |cx| begin(cx, id)).wait()? else {
        return store.read(Who::system(), move |cx| Ok(cx.get(id)?.into_inner())).wait();
    };
    let outcome = attempt(store, &run, connection.as_ref());
    let who = Who { actor: run.creator.clone(), ..Who::system() };
    store.write(who, move |cx| conclude(cx, id, &outcome)).wait()
}

type Begun = (Run, Option<Connection>);

/// Takes a run up; `None` where nothing is left to do.
fn begin(cx: &mut Cx<'_>, id: Id<Run>) -> Result<Option<Begun>> {
    let mut run = cx.get(id)?;
    if run.state.is_final() {
        return Ok(None);
    }
    let connection = match run.connection {
        Some(id) => cx.find(id)?.map(Stored::into_inner),
        None => None,
    };
    if run.state == State::Running && !is_repeatable(&run) {
        conclude(cx, id, &Err(lost()))?;
        return Ok(None);
    }
    run.state = State::Running;
    run.started_at = Some(cx.now());
    cx.advance(&mut run)?;
    Ok(Some((run.into_inner(), connection)))
}

fn is_repeatable(run: &Run) -> bool {
    match &run.task {
        // A rule knows by itself how far it came.
        Task::Connect(_) | Task::Test | Task::Follow(_) => true,
        Task::Act { action, .. } => connector(&run.product)
            .and_then(|connector| action_of(connector, action))
            .is_ok_and(|action| action.is_repeatable),
    }
}

fn attempt(store: &Store, run: &Run, connection: Option<&Connection>) -> Result<Json, Trouble> {
    match &run.task {
        Task::Connect(draft) => {
            let connector = connector(&run.product).map_err(internal)?;
            connector.connect(&connections::client_of_draft(store, draft)?)
        }
        Task::Test => {
            let connection = connection.ok_or_else(gone)?;
            let connector = connector(&run.product).map_err(internal)?;
            connector.connect(&connections::client_of(store, connection)?)
        }
        Task::Act { action, input } => {
            act_over(store, connection.ok_or_else(gone)?, action, input, &format!("wardroom-{}", run.id))
        }
        Task::Follow(delivery) => rules::follow(store, run, delivery),
    }
}

fn gone() -> Trouble {
    Trouble::new(Kind::NotSent, "the connection is gone")
}

/// Has a connection do something, once for each `key`. What `was_begun` before is begun again only if it may be.
pub(crate) fn act(
    store: &Store,
    connection: Id<Connection>,
    action: &str,
    input: &Json,
    key: &str,
    was_begun: bool,
) -> Result<Json, Trouble> {
    let connection = store.read(Who::system(), move |cx| cx.find(connection)).wait().map_err(internal)?;
    let connection = connection.ok_or_else(gone)?;
    let known = connector(&connection.product).and_then(|connector| action_of(connector, action)).map_err(internal)?;
    if was_begun && !known.is_repeatable {
        return Err(lost());
    }
    act_over(store, &connection, action, input, key)
}

fn act_over(store: &Store, connection: &Connection, action: &str, input: &Json, key: &str) -> Result<Json, Trouble> {
    let action = action_of(connector(&connection.product).map_err(internal)?, action).map_err(internal)?;
    let api = connections::client_of(store, connection)?;
    let context = Context { api: &api, config: &connection.config, store };
    action.perform(&context, &keyed(&action, input, key))
}

fn lost() -> Trouble {
    Trouble::new(Kind::NoAnswer, "whoever did this was lost: it isn't known how far it came")
}

/// The input with a key by which the API knows the request again, where the action takes one and none is given.
fn keyed(action: &Action, input: &Json, key: &str) -> Json {
    let mut input = input.clone();
    let takes_one = (action.inputs)().pointer("/properties/idempotency_key").is_some();
    if let Some(fields) = input.as_object_mut().filter(|fields| takes_one && !fields.contains_key("idempotency_key")) {
        fields.insert("idempotency_key".into(), key.into());
    }
    input
}

/// The action of this name, or a problem that points at it.
pub(crate) fn action_of(connector: &dyn Connector, name: &str) -> Result<Action> {
    let found = connector.actions().into_iter().find(|action| action.name == name);
    found.ok_or_else(|| Error::invalid("action", format!("{} has no action {name}", connector.product().name)))
}

/// Writes down what came of a run, and what follows from it for its connection.
fn conclude(cx: &mut Cx<'_>, id: Id<Run>, outcome: &Result<Json, Trouble>) -> Result<Run> {
    let mut run = cx.get(id)?;
    if run.state.is_final() {
        return Ok(run.into_inner());
    }
    run.finished_at = Some(cx.now());
    match outcome {
        Ok(output) => {
            run.state = State::Succeeded;
            run.output = Some(output.clone());
            match &run.task {
                Task::Connect(draft) => run.connection = Some(draft.keep(cx, &run.product, output.clone())?),
                Task::Test => note_state(cx, &run, Some(output), None)?,
                Task::Act { .. } => {
                    run.link = linked(cx, &run, output)?;
                    note_state(cx, &run, None, None)?;
                }
                Task::Follow(_) => {}
            }
        }
        Err(trouble) => {
            run.state = State::Failed;
            run.error = Some(trouble.into());
            match &run.task {
                Task::Connect(draft) => draft.discard(cx)?,
                Task::Test => note_state(cx, &run, None, Some(trouble))?,
                Task::Act { .. } if trouble.kind == Kind::InvalidKey => note_state(cx, &run, None, Some(trouble))?,
                Task::Act { .. } | Task::Follow(_) => {}
            }
        }
    }
    cx.advance(&mut run)?;
    Ok(run.into_inner())
}

/// Keeps the link that an action has made, if it makes any.
fn linked(cx: &mut Cx<'_>, run: &Run, output: &Json) -> Result<Option<Id<Link>>> {
    let (Some(connection), Task::Act { action, .. }) = (run.connection, &run.task) else { return Ok(None) };
    let Some(kind) = action_of(connector(&run.product)?, action)?.links else { return Ok(None) };
    Link::keep(cx, connection, kind, output).map(Some)
}

/// Writes down how the connection of a run is, where that has changed or was asked.
fn note_state(cx: &mut Cx<'_>, run: &Run, config: Option<&Json>, trouble: Option<&Trouble>) -> Result<()> {
    let Some(connection) = run.connection else { return Ok(()) };
    let Some(mut connection) = cx.find::<Connection>(connection)? else { return Ok(()) };
    let state = if trouble.is_some() { connections::State::Failing } else { connections::State::Connected };
    let is_test = matches!(run.task, Task::Test);
    if !is_test && connection.state == state {
        return Ok(());
    }
    connection.state = state;
    connection.last_error = trouble.map(|trouble| trouble.message.clone());
    if let Some(config) = config {
        connection.config = config.clone();
    }
    if is_test {
        connection.last_tested_at = cx.now();
    }
    cx.advance(&mut connection)
}

fn housekeeping(store: &Store, _: &Job) -> Result<After> {
    let tidy = |cx: &mut Cx<'_>| {
        let now = cx.now();
        cx.delete_where("hub_runs", Condition::new("finished_at < ?", store::values![now - KEPT]))?;
        for run in cx.list::<Run>(Condition::equal("state", State::Running.as_str()), "id")? {
            if run.started_at.is_some_and(|started| started + LOST < now) {
                conclude(cx, run.id, &Err(lost()))?;
            }
        }
        Ok(After::Done)
    };
    store.write(Who::system(), tidy).wait()
}
