//! What one feature tells others.
//!
//! An event is written in the transaction it tells of, with one job for each subscriber, so that
//! nothing is announced that was not committed, and nothing committed goes unannounced. Rows stay
//! for a while so that a person can see what was said.

use base::{AnyId, Error, Result};
use serde::Serialize;
use serde_json::json;

use crate::cx::Cx;
use crate::values;

/// Something that happened.
pub trait Event: Serialize {
    /// Its name: `incident.created`.
    const KIND: &'static str;
}

/// Who wants to hear of an event: the jobs of kind `job`, each with `{"event": its ID}`.
#[derive(Clone, Copy, Debug)]
pub struct Subscriber {
    /// The event's name.
    pub event: &'static str,
    /// The kind of job that hears of it.
    pub job: &'static str,
}

pub(crate) fn append(cx: &mut Cx<'_>, kind: &str, event: &impl Serialize) -> Result<()> {
    let (id, now): (AnyId, _) = (cx.new_id(), cx.now());
    let body = serde_json::to_string(event).map_err(Error::internal)?;
    cx.run("insert into outbox (id, kind, body, created_at) values ($1, $2, $3, $4)", &values![id, kind, body, now])?;
    for subscriber in cx.wiring().subscribers.iter().filter(|subscriber| subscriber.event == kind) {
        cx.enqueue(subscriber.job, &json!({"event": id}), now)?;
    }
    Ok(())
}
