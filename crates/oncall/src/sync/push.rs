//! The jobs that tell another system.

use std::time::Duration;

use base::{AnyId, Error, Id, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{After, Cx, Job, JobKind, Store, Waits, Who};

use super::document::{self, Document};
use super::provider::Mirror;
use super::replicas::ScheduleReplica;
use super::rules::ScheduleSyncRule;
use super::targets::ScheduleSyncTarget;
use super::{State, Told};
use crate::schedules::Schedule;

/// Tells the other system of one target or replica.
pub(crate) const PUSH: JobKind =
    JobKind { name: "schedules.push", run: push, attempts: 10, every: None, waits: Waits::Little };

/// Has all of them told, whatever they were told before: windows move on, people change, and what the other
/// system has may have been lost.
pub(crate) const PUSH_ALL: JobKind = JobKind {
    name: "schedules.push_all",
    run: push_all,
    attempts: 1,
    every: Some(Duration::from_secs(3_600)),
    waits: Waits::Never,
};

/// What is to be done.
#[derive(Debug, Deserialize, Serialize)]
struct Push {
    subject: Subject,
    /// Whether it is told also what it has been told before.
    #[serde(default)]
    again: bool,
}

/// What the other system is told of.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    Target(Id<ScheduleSyncTarget>),
    Replica(Id<ScheduleReplica>),
}

impl Subject {
    fn id(self) -> AnyId {
        match self {
            Self::Target(id) => id.cast(),
            Self::Replica(id) => id.cast(),
        }
    }

    fn document(self, cx: &mut Cx<'_>) -> Result<Option<Document>> {
        match self {
            Self::Target(id) => document::of_target(cx, id),
            Self::Replica(id) => document::of_replica(cx, id).map(Some),
        }
    }
}

/// Has everything told that shows something of a schedule.
pub(crate) fn touch(cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<()> {
    document::subjects(cx, schedule)?.into_iter().try_for_each(|subject| enqueue(cx, subject))
}

fn enqueue(cx: &mut Cx<'_>, subject: Subject) -> Result<()> {
    let now = cx.now();
    cx.enqueue(PUSH.name, &Push { subject, again: false }, now)
}

/// Has the group with this ID told.
pub(crate) fn follow_target(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    enqueue(cx, Subject::Target(id.cast()))
}

/// Has the group of the rule with this ID told.
pub(crate) fn follow_rule(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    let rule = cx.get::<ScheduleSyncRule>(id.cast())?;
    enqueue(cx, Subject::Target(rule.target))
}

/// Has the replica with this ID told.
pub(crate) fn follow_replica(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    enqueue(cx, Subject::Replica(id.cast()))
}

fn push_all(store: &Store, _: &Job) -> Result<After> {
    let all = |cx: &mut Cx<'_>| {
        let now = cx.now();
        let subjects = document::all_subjects(cx)?.into_iter();
        subjects.map(|subject| Push { subject, again: true }).try_for_each(|push| cx.enqueue(PUSH.name, &push, now))
    };
    store.write(Who::system(), all).wait()?;
    Ok(After::Done)
}

/// How often one job tells it again because it has changed meanwhile.
const ROUNDS: usize = 5;

fn push(store: &Store, job: &Job) -> Result<After> {
    let Push { subject, mut again } = serde_json::from_value(job.payload.clone()).map_err(Error::internal)?;
    let read = move |cx: &mut Cx<'_>| Ok((subject.document(cx)?, State::of(cx, subject.id())?));
    for _ in 0..ROUNDS {
        let (document, state) = store.read(Who::system(), read).wait()?;
        let Some(document) = document else { break };
        let digest = hex::encode(Sha256::digest(document.content.to_string()));
        let knows = state.digest.as_deref() == Some(&digest) && state.error.is_none();
        if knows && !std::mem::take(&mut again) {
            break;
        }
        let Some(mirror) = store.world().service::<Mirror>() else {
            // It will not be there at the next attempt either.
            let nobody = Err("no mirror is configured: set WARDROOM_MIRROR".to_owned());
            store.write(Who::system(), move |cx| note(cx, subject, &digest, &nobody)).wait()?;
            break;
        };
        let told = tell(mirror, &document);
        let failure = told.as_ref().err().cloned();
        store.write(Who::system(), move |cx| note(cx, subject, &digest, &told)).wait()?;
        if let Some(failure) = failure {
            return Err(Error::internal(failure));
        }
    }
    Ok(After::Done)
}

fn tell(mirror: &Mirror, document: &Document) -> Result<Told, String> {
    let path: Vec<_> = document.path.iter().map(String::as_str).collect();
    mirror.0.put(&path, &document.content)
}

/// Writes down how it went.
fn note(cx: &mut Cx<'_>, subject: Subject, digest: &str, told: &Result<Told, String>) -> Result<()> {
    let mut state = State::of(cx, subject.id())?;
    match told {
        Ok(told) => {
            state.digest = Some(digest.into());
            state.synced_at = Some(cx.now());
            state.error = None;
            state.users.clone_from(&told.users);
        }
        Err(error) => state.error = Some(error.clone()),
    }
    state.keep(cx, subject.id())
}
