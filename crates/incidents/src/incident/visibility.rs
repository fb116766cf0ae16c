//! Who may see which incident: a public one everybody, a private one its members and whoever has
//! access to everything. To everybody else there is no such incident.

use base::{Access, Error, Id, Result};
use store::{Condition, Cx, Stored, Tx};
use web::PathSegment;

use super::record::Incident;

/// The scope that sees private incidents.
const SEES_PRIVATE: &str = "x:incidents.private";

/// An incident as a path or a payload names it: by its ID or by the number of its reference.
#[derive(Clone, Copy, Debug)]
pub enum IncidentRef {
    /// By ID.
    Id(Id<Incident>),
    /// By number: 84 for `INC-84`.
    Number(i64),
}

impl PathSegment for IncidentRef {
    fn from_segment(segment: &str) -> Option<Self> {
        let by_id = segment.parse().map(Self::Id).ok();
        by_id.or_else(|| segment.parse().map(Self::Number).ok())
    }
}

/// The condition that the caller may see an incident, where `incidents` is the table at hand.
pub fn visible(access: &Access) -> Condition {
    Condition::any(std::iter::once(visible_to_all(access)).chain(visible_as_member(access)))
}

/// The part of it that takes no membership: all incidents for whoever sees private ones, otherwise the public ones.
pub(super) fn visible_to_all(access: &Access) -> Condition {
    if access.everywhere(SEES_PRIVATE) { Condition::everything() } else { Condition::equal("private", false) }
}

/// The condition that the caller is a member of an incident, where that makes a difference.
pub(super) fn visible_as_member(access: &Access) -> Option<Condition> {
    let user = access.user.filter(|_| !access.everywhere(SEES_PRIVATE))?;
    let member = Condition::equal("user_id", user);
    Some(member.within("id in (select incident_id from incident_memberships where ", ")"))
}

/// The condition that `column` names an incident that the caller may see and that meets `condition`.
pub fn visible_in(column: &str, access: &Access, condition: Condition) -> Condition {
    // Not `in`: SQLite would gather all those incidents first.
    let this = Condition::new(&format!("incidents.id = {column}"), []);
    this.and(visible(access)).and(condition).within("exists (select 1 from incidents where ", ")")
}

/// The incident, where the caller may see it.
pub fn find(cx: &mut Cx<'_>, incident: IncidentRef) -> Result<Stored<Incident>> {
    let found = match incident {
        IncidentRef::Id(id) => cx.find(id)?,
        IncidentRef::Number(number) => {
            cx.list::<Incident>(Condition::equal("number", number), "id")?.into_iter().next()
        }
    };
    let found = found.ok_or_else(Error::not_found)?;
    let hidden = found.is_private() && !cx.access().everywhere(SEES_PRIVATE) && !is_member(cx, &found)?;
    if hidden { Err(Error::not_found()) } else { Ok(found) }
}

/// The incident that the payload's `incident_id` names, where the caller may see it.
pub fn named(cx: &mut Cx<'_>, incident_id: &str) -> Result<Stored<Incident>> {
    IncidentRef::from_segment(incident_id).ok_or_else(Error::not_found).and_then(|incident| find(cx, incident))
}

/// What the audit log calls something of this incident. Whoever reads that log may be no member, so of private incidents
/// it has references alone; which of them are private never changes.
pub fn audited_as(tx: &mut Tx<'_>, incident: Id<Incident>, name: String) -> Result<String> {
    Ok(tx.find(incident)?.map_or_else(String::new, |incident| incident.unless_private(name)))
}

fn is_member(cx: &mut Cx<'_>, incident: &Incident) -> Result<bool> {
    let Some(user) = cx.access().user else { return Ok(false) };
    let row = cx.row(
        "select 1 from incident_memberships where user_id = $1 and incident_id = $2",
        &store::values![user, incident.id],
    )?;
    Ok(row.is_some())
}
