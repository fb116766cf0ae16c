//! Doing what a run is to do.
//!
//! A run is taken up by one worker at a time. Whoever is lost is followed by another, who counts one more beginning;
//! what the lost one still wants to write down then does not count.

use std::time::Duration;

use base::{Error, Id, Result, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{After, Condition, Cx, Job, JobKind, Store, Stored, Waits, Who};

use super::act::{self, Acted, Order, action_of, lost, storable};
use super::record::{Run, State, Task};
use crate::client::Trouble;
use crate::connections::{self, Connection, Draft, NewConnection};
use crate::connector::internal;
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
/// After how long one that has not ended is taken for lost.
const LOST: Duration = Duration::from_secs(3600);
/// How long a run may take.
const LONGEST: Duration = Duration::from_secs(600);

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
        Some(trouble) => drop(conclude(cx, &run, &Acted::not(trouble.clone()))?),
        None if is_empty => drop(conclude(cx, &run, &Acted { asked: None, outcome: Ok(answer) })?),
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
        begun: 0,
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
    let Some(run) = store.write(Who::system(), move |cx| begin(cx, id)).wait()? else {
        return store.read(Who::system(), move |cx| Ok(cx.get(id)?.into_inner())).wait();
    };
    let mut acted = attempt(store, &run);
    acted.outcome = storable(acted.outcome);
    let who = Who { actor: run.creator.clone(), ..Who::system() };
    store.write(who, move |cx| conclude(cx, &run, &acted)).wait()
}

/// Takes a run up; `None` where nothing is left to do.
fn begin(cx: &mut Cx<'_>, id: Id<Run>) -> Result<Option<Run>> {
    let mut run = cx.get(id)?;
    if run.state.is_final() {
        return Ok(None);
    }
    if run.state == State::Running && !is_repeatable(&run) {
        conclude(cx, &run, &Acted::not(lost()))?;
        return Ok(None);
    }
    run.state = State::Running;
    run.begun += 1;
    run.started_at = Some(cx.now());
    cx.advance(&mut run)?;
    Ok(Some(run.into_inner()))
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

fn attempt(store: &Store, run: &Run) -> Acted {
    let until = store.world().now() + LONGEST;
    match (&run.task, run.connection) {
        (Task::Connect(draft), _) => Acted { asked: None, outcome: try_draft(store, &run.product, draft, until) },
        (Task::Follow(delivery), _) => Acted { asked: None, outcome: rules::follow(store, run, delivery, until) },
        (Task::Test, Some(connection)) => act::test(store, connection, until),
        (Task::Act { action, input }, Some(connection)) => {
            let order = Order { action, input, key: &format!("wardroom-{}", run.id), is_begun: false };
            act::act(store, connection, &order, until)
        }
        (Task::Test | Task::Act { .. }, None) => Acted::not(act::gone()),
    }
}

/// Finds out whether a draft will do.
fn try_draft(store: &Store, product: &str, draft: &Draft, until: Time) -> Result<Json, Trouble> {
    connector(product).map_err(internal)?.connect(&connections::client_of_draft(store, draft)?.until(until))
}

/// The run, if whoever took up `begun` still has it.
pub(crate) fn still_ours(cx: &mut Cx<'_>, begun: &Run) -> Result<Stored<Run>> {
    let run = cx.get(begun.id)?;
    if run.begun == begun.begun { Ok(run) } else { Err(Error::conflict("somebody else has taken this run over")) }
}

/// Writes down what came of a run, and what follows from it for its connection.
fn conclude(cx: &mut Cx<'_>, begun: &Run, acted: &Acted) -> Result<Run> {
    let mut run = still_ours(cx, begun)?;
    if run.state.is_final() {
        return Ok(run.into_inner());
    }
    let outcome = match &run.task {
        Task::Connect(draft) => settle_draft(cx, draft, &run.product, &acted.outcome)?.map(|(id, output)| {
            run.connection = Some(id);
            output
        }),
        Task::Test => act::settle_test(cx, acted)?,
        Task::Act { action, .. } => {
            run.link = act::settle(cx, acted, action)?;
            acted.outcome.clone()
        }
        Task::Follow(_) => acted.outcome.clone(),
    };
    run.finished_at = Some(cx.now());
    match outcome {
        Ok(output) => (run.state, run.output) = (State::Succeeded, Some(output)),
        Err(trouble) => (run.state, run.error) = (State::Failed, Some((&trouble).into())),
    }
    cx.advance(&mut run)?;
    Ok(run.into_inner())
}

type Kept = Result<(Id<Connection>, Json), Trouble>;

/// Makes a draft a connection if it will do, and else forgets it.
fn settle_draft(cx: &mut Cx<'_>, draft: &Draft, product: &str, outcome: &Result<Json, Trouble>) -> Result<Kept> {
    let kept = match outcome {
        Ok(config) => draft.keep(cx, product, config.clone())?.map(|id| (id, config.clone())),
        Err(trouble) => Err(trouble.clone()),
    };
    if kept.is_err() {
        draft.discard(cx)?;
    }
    Ok(kept)
}

fn housekeeping(store: &Store, _: &Job) -> Result<After> {
    let tidy = |cx: &mut Cx<'_>| {
        let now = cx.now();
        cx.delete_where("hub_runs", Condition::new("finished_at < ?", store::values![now - KEPT]))?;
        // Also those that nobody has begun: a command line that ended before it did.
        for run in cx.list::<Run>(Condition::new("finished_at is null", []), "id")? {
            if run.started_at.unwrap_or(run.created_at) + LOST < now {
                conclude(cx, &run, &Acted::not(lost()))?;
            }
        }
        Ok(After::Done)
    };
    store.write(Who::system(), tidy).wait()
}
