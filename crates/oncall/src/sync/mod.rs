//! Telling other systems who is on call.
//!
//! | file          | what it is                                                            |
//! |---------------|-------------------------------------------------------------------------|
//! | `targets.rs`  | groups of users elsewhere                                               |
//! | `rules.rs`    | who of a schedule belongs to such a group                               |
//! | `replicas.rs` | schedules elsewhere that show the shifts of one of ours                 |
//! | `document.rs` | what the other system is told                                           |
//! | `provider.rs` | the other system: a directory of files, or a server                     |
//! | `push.rs`     | the jobs that tell it                                                   |
//!
//! What another system has is made the same as what it should have whenever that changes, and looked
//! at again every hour. What it was last told is known, so that it is told only what is new to it; a
//! failure is tried again, and stands in the answers until it is over.

mod document;
mod provider;
mod push;
mod replicas;
mod rules;
mod targets;

use web::Route;

pub use provider::{Mirror, Provider, Told};
pub(crate) use push::{PUSH, PUSH_ALL, follow_replica, follow_rule, follow_target, touch};
pub use replicas::{ReplicaProvider, ScheduleReplica, Source};
pub(crate) use rules::MANAGED as MANAGED_RULE;
pub use rules::{ScheduleSyncRule, SyncType};
pub(crate) use targets::MANAGED as MANAGED_TARGET;
pub use targets::{NewGroup, ScheduleSyncTarget};

use base::{Error, Id, Result};
use store::{Condition, Cx, values};

use crate::schedules::Schedule;

/// The operations on targets, rules and replicas.
pub(crate) fn routes() -> Vec<Route> {
    [targets::routes(), rules::routes(), replicas::routes()].into_iter().flatten().collect()
}

/// Refuses to let go of a schedule that is shown elsewhere; its rules go with it.
pub(crate) fn release(cx: &mut Cx<'_>, schedule: Id<Schedule>) -> Result<()> {
    if cx.any::<ScheduleReplica>(active_in(schedule))? {
        return Err(Error::in_use("The schedule has replicas: delete them first"));
    }
    for mut rule in cx.list::<ScheduleSyncRule>(active_in(schedule), "id")? {
        rules::archive(cx, &mut rule)?;
    }
    Ok(())
}

/// The longest text, in bytes, that another system calls something by.
const LONGEST_ID: usize = 200;

/// The targets, rules or replicas in use.
fn active() -> Condition {
    Condition::new("archived_at is null", [])
}

/// The rules or replicas in use that a schedule has.
fn active_in(schedule: Id<Schedule>) -> Condition {
    Condition::equal("schedule_id", schedule).and(active())
}

/// How it went when another system was last told something.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// What it was told; nothing if it never was.
    digest: Option<String>,
    /// When.
    synced_at: Option<base::Time>,
    /// Why it could not be told since.
    error: Option<String>,
    /// What it calls our users, by their e-mail address.
    users: std::collections::BTreeMap<String, String>,
}

impl State {
    /// That of a target or replica.
    pub fn of<T: ?Sized>(cx: &mut Cx<'_>, subject: Id<T>) -> Result<Self> {
        let sql = "select digest, synced_at, error, users from schedule_syncs where subject_id = $1";
        let Some(row) = cx.row(sql, &values![subject])? else { return Ok(Self::default()) };
        Ok(Self {
            digest: row.get(0)?,
            synced_at: row.get(1)?,
            error: row.get(2)?,
            users: serde_json::from_str(row.text(3)?).map_err(Error::internal)?,
        })
    }

    /// Writes it down.
    pub fn keep<T: ?Sized>(&self, cx: &mut Cx<'_>, subject: Id<T>) -> Result<()> {
        let users = serde_json::to_string(&self.users).map_err(Error::internal)?;
        let sql = "insert into schedule_syncs (subject_id, digest, synced_at, error, users) values ($1, $2, $3, $4, $5) \
                   on conflict (subject_id) do update set digest = $2, synced_at = $3, error = $4, users = $5";
        cx.run(sql, &values![subject, self.digest.clone(), self.synced_at, self.error.clone(), users]).map(drop)
    }
}
