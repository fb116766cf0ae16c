//! Who changed what, and when. Entries are written in the transaction of the change itself, by the
//! unit of work, for every record: no feature has to remember.

mod export;

use base::{AnyId, Error, Result, Time};
use serde::{Deserialize, Serialize};

pub use export::{Export, Format};

use crate::cx::Who;
use crate::query::{Condition, containing};
use crate::record::Record;
use crate::tx::Tx;
use crate::value::Row;
use crate::values;

/// One entry of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its ID, in the order of time.
    pub id: AnyId,
    /// When it happened.
    pub occurred_at: Time,
    /// What happened: `severity.created`.
    pub action: String,
    /// Who did it.
    pub actor: EntryActor,
    /// What it was done to.
    pub targets: Vec<Target>,
    /// Where it was done from.
    pub context: Context,
    /// The version of this entry's form, from 1.
    pub version: i64,
}

/// Who did it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntryActor {
    /// `user`, `api_key`, `system`, `workflow` or `alert`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which one; absent for the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AnyId>,
    /// What it was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What it was done to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Its kind: `severity`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which one.
    pub id: AnyId,
    /// What it was called.
    pub name: String,
}

impl Target {
    /// This record.
    pub fn of<R: Record>(record: &R) -> Self {
        Self { kind: R::KIND.into(), id: record.id().cast(), name: record.name() }
    }
}

/// Where it was done from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Context {
    /// An IP address, or `command line`.
    pub location: String,
    /// What the caller's software calls itself.
    pub user_agent: String,
}

impl Entry {
    pub(crate) fn new(id: AnyId, occurred_at: Time, action: String, who: &Who, targets: &[Target]) -> Self {
        let named = who.actor.named();
        Self {
            id,
            occurred_at,
            action,
            actor: EntryActor {
                kind: who.actor.kind().into(),
                id: named.map(|named| named.id),
                name: named.map(|named| named.name.clone()),
            },
            targets: targets.to_vec(),
            context: Context { location: who.origin.location.clone(), user_agent: who.origin.user_agent.clone() },
            version: 1,
        }
    }
}

pub(crate) fn append(tx: &mut Tx<'_>, entry: &Entry) -> Result<()> {
    let json = |value: serde_json::Result<String>| value.map_err(Error::internal);
    let sql = "insert into audit_log (id, occurred_at, action, actor, targets, context, version) \
               values ($1, $2, $3, $4, $5, $6, $7)";
    let parameters = values![
        entry.id,
        entry.occurred_at,
        &entry.action,
        json(serde_json::to_string(&entry.actor))?,
        json(serde_json::to_string(&entry.targets))?,
        json(serde_json::to_string(&entry.context))?,
        entry.version,
    ];
    tx.run(sql, &parameters).map(drop)
}

/// At most `limit` entries from `since` on that come after the entry `after`, oldest first.
pub fn entries(tx: &mut Tx<'_>, since: Time, after: Option<(Time, AnyId)>, limit: usize) -> Result<Vec<Entry>> {
    let (time, id) = after.map_or((since, String::new()), |(time, id)| (time, id.to_string()));
    let sql = format!(
        "select id, occurred_at, action, actor, targets, context, version from audit_log \
         where (occurred_at, id) > ($1, $2) order by occurred_at, id limit {limit}"
    );
    tx.rows(&sql, &values![time, id])?.iter().map(read).collect()
}

/// Which entries somebody looks for. Texts are found within others, whatever their case.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Who did it: a part of their name, or their ID.
    pub actor: Option<String>,
    /// What happened: a part of the action.
    pub action: Option<String>,
    /// What it was done to: a part of its name, or its ID.
    pub target: Option<String>,
    /// From this moment on.
    pub from: Option<Time>,
    /// Before this moment.
    pub until: Option<Time>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let texts = [
            (&self.actor, &["actor ->> 'name'", "actor ->> 'id'"][..]),
            (&self.action, &["action"]),
            (&self.target, &["targets -> 0 ->> 'name'", "targets -> 0 ->> 'id'"]),
        ];
        let found = texts.into_iter().filter_map(|(text, places)| {
            let text = text.as_deref()?;
            Some(Condition::any(places.iter().map(|place| contains(place, text))))
        });
        let from = self.from.map(|from| Condition::new("occurred_at >= ?", values![from]));
        let until = self.until.map(|until| Condition::new("occurred_at < ?", values![until]));
        Condition::all(found.chain(from).chain(until))
    }
}

/// Rows where `text` stands within `place`.
fn contains(place: &str, text: &str) -> Condition {
    Condition::new(&format!("lower({place}) like lower(?) escape '\\'"), values![containing(text)])
}

/// At most `limit` of the entries that are looked for, newest first: those from before the entry `before`.
pub fn latest(tx: &mut Tx<'_>, filter: &Filter, before: Option<AnyId>, limit: usize) -> Result<Vec<Entry>> {
    let before = before.map(|id| {
        let sql = "(occurred_at, id) < (select occurred_at, id from audit_log where id = ?)";
        Condition::new(sql, values![id])
    });
    let wanted = Condition::all(before.into_iter().chain([filter.condition()]));
    let columns = "id, occurred_at, action, actor, targets, context, version";
    let ordered = wanted.ordered_by(&format!("occurred_at desc, id desc limit {limit}"));
    tx.select(columns, "audit_log", ordered)?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        occurred_at: row.get(1)?,
        action: row.get(2)?,
        actor: serde_json::from_str(row.text(3)?).map_err(Error::internal)?,
        targets: serde_json::from_str(row.text(4)?).map_err(Error::internal)?,
        context: serde_json::from_str(row.text(5)?).map_err(Error::internal)?,
        version: row.get(6)?,
    })
}
