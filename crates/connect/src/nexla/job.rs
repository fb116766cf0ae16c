//! Pipes that run by themselves, or because somebody asked the server to run them: slice by slice, so that others
//! have their turn, too.

use std::time::Duration;

use base::{Error, Id, Result, Time};
use serde::{Deserialize, Serialize};
use store::{After, Cx, Job, JobKind, Store, Waits, Who, values};

use super::State;
use super::engine::{Engine, Options};
use super::pipe::Pipe;

/// Runs a pipe.
pub(crate) const JOB: JobKind =
    JobKind { name: "hub.pipe", run: run_job, attempts: 8, every: None, waits: Waits::Long };

/// Has those pipes run whose time has come.
pub(crate) const SCHEDULES: JobKind = JobKind {
    name: "hub.pipe_schedules",
    run: start_due,
    attempts: 1,
    every: Some(Duration::from_secs(30)),
    waits: Waits::Never,
};

/// How long a slice takes.
const SLICE: Duration = Duration::from_secs(20);

#[derive(Deserialize, Serialize)]
struct Payload {
    pipe: Id<Pipe>,
    #[serde(default)]
    retry_unknown: bool,
}

/// Leaves the running of a pipe to the jobs.
pub(super) fn enqueue(cx: &mut Cx<'_>, pipe: Id<Pipe>, retry_unknown: bool) -> Result<()> {
    let now = cx.now();
    cx.enqueue(JOB.name, &Payload { pipe, retry_unknown }, now)
}

fn run_job(store: &Store, job: &Job) -> Result<After> {
    let Payload { pipe, retry_unknown } = serde_json::from_value(job.payload.clone()).map_err(Error::internal)?;
    let Some(pipe) = store.read(Who::system(), move |cx| cx.find(pipe)).wait()? else { return Ok(After::Done) };
    let options = Options { retry_unknown, ..Options::default() };
    let until = store.world().now() + SLICE;
    let outcome =
        Engine::of(store, &pipe).and_then(|engine| engine.run(pipe.id, options, &mut |_| store.world().now() < until));
    match outcome {
        // What has stopped for a reason that may pass is tried again, later and later.
        Ok(run) if run.state == State::Interrupted => match run.error {
            Some(error) => Err(Error::internal(error)),
            None => Ok(After::At(store.world().now())),
        },
        Ok(_) => Ok(After::Done),
        // Whoever is at it does what this would do.
        Err(failure) if failure.is_busy() => Ok(After::Done),
        Err(failure) => Err(Error::internal(failure)),
    }
}

fn start_due(store: &Store, _: &Job) -> Result<After> {
    let start = |cx: &mut Cx<'_>| {
        let now = cx.now();
        let due = cx.rows("select id from hub_pipes where due_at <= $1 order by due_at, id", &values![now])?;
        for row in due {
            let pipe = cx.get::<Pipe>(row.get(0)?)?;
            enqueue(cx, pipe.id, false)?;
            set_due(cx, &pipe)?;
        }
        Ok(After::Done)
    };
    store.write(Who::system(), start).wait()
}

/// Notes when a pipe runs next by itself.
pub(super) fn set_due(cx: &mut Cx<'_>, pipe: &Pipe) -> Result<()> {
    let due: Option<Time> = pipe.next_run(cx.now())?;
    cx.run("update hub_pipes set due_at = $1 where id = $2", &values![due, pipe.id]).map(drop)
}
