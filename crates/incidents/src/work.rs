//! What actions and follow-ups share: a status, an assignee, and lists by their incident.

use base::{Error, Id, Result, Time, words};
use people::users::User;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Condition, Cx, Direction, Record, Stored};
use web::{Page, PageMeta, Paging};

use crate::incident::{self, Incident, IncidentRef, Mode, visible_in};

words! {
    /// How far it has got.
    pub enum WorkStatus {
        /// It is to be done.
        Outstanding = "outstanding",
        /// It is done.
        Completed = "completed",
        /// It has been deleted.
        Deleted = "deleted",
        /// It won't be done.
        NotDoing = "not_doing",
    }
}

words! {
    /// The modes of incidents that lists can be limited to.
    pub(crate) enum ListMode {
        Standard = "standard",
        Retrospective = "retrospective",
        Test = "test",
        Tutorial = "tutorial",
        Stream = "stream",
    }
}

impl WorkStatus {
    /// Refuses the status that only deleting gives.
    pub(crate) fn check_given(self) -> Result<()> {
        if self == Self::Deleted { Err(Error::invalid("status", "use the operation that deletes")) } else { Ok(()) }
    }
}

/// The condition that something belongs to an incident that the caller may see: this one, or one of
/// the modes asked for, which are the real ones when none is.
pub(crate) fn of_incidents(cx: &mut Cx<'_>, incident_id: Option<&str>, modes: Option<Vec<&str>>) -> Result<Condition> {
    let by_mode = |modes: Vec<&str>| Condition::one_of("mode", modes);
    match incident_id {
        Some(id) => {
            let Ok(incident) = incident::named(cx, id) else { return Ok(Condition::nothing()) };
            let of_it = Condition::equal("incident_id", incident.id);
            Ok(match modes {
                Some(modes) => of_it.and(visible_in("incident_id", cx.access(), by_mode(modes))),
                None => of_it,
            })
        }
        None => {
            let modes = modes.unwrap_or_else(|| Mode::REAL.map(Mode::as_str).to_vec());
            Ok(visible_in("incident_id", cx.access(), by_mode(modes)))
        }
    }
}

/// Whose it is for as long as it is to be done.
pub(crate) fn open_for(status: WorkStatus, assignee: Option<Id<User>>) -> Option<Id<User>> {
    assignee.filter(|_| status == WorkStatus::Outstanding)
}

/// What somebody has still to do, of real incidents that the caller may see.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct OpenQuery {
    /// Who has it.
    pub assignee_id: String,
    #[serde(flatten)]
    pub paging: Paging<250>,
}

impl OpenQuery {
    /// The condition this means.
    pub fn condition(&self, cx: &mut Cx<'_>) -> Result<Condition> {
        Ok(Condition::equal("open_for", &self.assignee_id).and(of_incidents(cx, None, None)?))
    }
}

/// One page of a list, with its rows as they are shown.
pub(crate) fn page<R: Record, B>(
    cx: &mut Cx<'_>,
    condition: Condition,
    direction: Direction,
    paging: store::Paging,
    shown: fn(&mut Cx<'_>, &R) -> Result<B>,
) -> Result<Page<B>> {
    let page = cx.page::<R>(condition, direction, &paging)?;
    let rows = page.rows.iter().map(|row| shown(cx, row)).collect::<Result<_>>()?;
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

/// The incident that something belongs to, where the caller may see it.
pub(crate) fn incident_of(cx: &mut Cx<'_>, id: Id<Incident>) -> Result<Stored<Incident>> {
    incident::find(cx, IncidentRef::Id(id))
}

/// The user that a payload's `assignee_id` names.
pub(crate) fn assignee(cx: &mut Cx<'_>, id: Option<&str>) -> Result<Option<Id<User>>> {
    let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(None) };
    let user = id.parse().ok().map(|id| cx.find::<User>(id)).transpose()?.flatten();
    match user {
        Some(user) if user.active => Ok(Some(user.id)),
        Some(_) => Err(Error::invalid("assignee_id", "this user has been deactivated")),
        None => Err(Error::invalid("assignee_id", "there is no such user")),
    }
}

/// When it was done: from the moment it is completed until it is not.
pub(crate) fn completed_at(status: WorkStatus, before: Option<Time>, now: Time) -> Option<Time> {
    (status == WorkStatus::Completed).then(|| before.unwrap_or(now))
}
