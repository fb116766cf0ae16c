//! What happens when somebody takes a cover request, or part of it.

use std::ops::Range;

use base::{Error, Id, Problem, Problems, Result, Time};
use people::users::User;
use store::{Cx, Record, Stored};

use super::record::{CoverRequest, Slot, State, Taken, WasTaken};
use crate::overrides::ScheduleOverride;
use crate::schedules::Schedule;

/// The request with this ID, of which nobody else takes anything in the meantime, nor changes who is on call
/// on its schedules.
pub(super) fn hold(cx: &mut Cx<'_>, id: Id<CoverRequest>) -> Result<Stored<CoverRequest>> {
    let request = cx.get(id)?;
    cx.hold(Schedule::TABLE, "id", request.schedules())?;
    cx.get(id)
}

impl CoverRequest {
    /// Refuses to do anything with a request that is not open any more.
    pub(super) fn prove_pending(&self, now: Time) -> Result<()> {
        match self.state_at(now) {
            State::Pending => Ok(()),
            state => Err(refusal(&format!("this request is not open any more: it is {state}"))),
        }
    }

    /// Refuses a taker who is not meant.
    fn prove_asked(&self, taker: Id<User>) -> Result<()> {
        if taker == self.user {
            return Err(Error::invalid("user", "nobody covers for themselves"));
        }
        if !self.asked.is_empty() && !self.asked.contains(&taker) {
            return Err(Error::invalid("user", "this user is not asked"));
        }
        Ok(())
    }

    /// The part that a taker means, of which what has passed is left out: all, unless they say otherwise.
    pub(super) fn part(&self, start_at: Option<Time>, end_at: Option<Time>, now: Time) -> Result<Range<Time>> {
        let open = self.slot.from(now).window();
        let (start, end) = (start_at.unwrap_or(open.start), end_at.unwrap_or(open.end));
        let part = start.max(now)..end;
        let mut problems = Problems::new();
        problems.check(start >= self.slot.start_at, "start_at", "is before what is asked for");
        problems.check(end <= open.end, "end_at", "is after what is asked for");
        problems.check(!part.is_empty(), "end_at", "is not after the start, or has passed");
        problems.check(self.in_return.is_none() || part == open, "start_at", "a swap is taken as a whole");
        problems.finish()?;
        Ok(part)
    }
}

/// Has `taker` take `part` of a request: makes the overrides, and leaves the rest open.
pub(super) fn take(
    cx: &mut Cx<'_>,
    request: &mut Stored<CoverRequest>,
    taker: Id<User>,
    part: Range<Time>,
) -> Result<()> {
    request.prove_asked(taker)?;
    let slot = Slot { start_at: part.start, end_at: part.end, ..request.slot };
    let mut overrides = vec![hand_over(cx, slot, (request.user, taker), "who asks is not on call there any more")?];
    if let Some(slot) = request.in_return {
        overrides.push(give_in_return(cx, slot.from(cx.now()), (taker, request.user))?);
    }
    let taken = Taken { user: taker, start_at: part.start, end_at: part.end, overrides };
    request.taken.push(taken.clone());
    let split_off = leave_open(cx, request, &part);
    request.updated_at = cx.now();
    cx.save_as("taken", request)?;
    if let Some(split_off) = &split_off {
        cx.insert(split_off)?;
    }
    let split_off = split_off.map(|request| request.id);
    cx.emit(&WasTaken { cover_request: request.id, taken, split_off })
}

/// Has a slot go over from one person to another, who has it from then on.
fn hand_over(
    cx: &mut Cx<'_>,
    slot: Slot,
    (from, to): (Id<User>, Id<User>),
    otherwise: &str,
) -> Result<Id<ScheduleOverride>> {
    if slot.sole_user(cx)? != Some(from) {
        return Err(refusal(otherwise));
    }
    let made = ScheduleOverride::add(cx, slot.schedule, (slot.rotation, slot.layer), slot.window(), to)?;
    Ok(made.id)
}

/// The same for what the asker takes over from the taker.
fn give_in_return(cx: &mut Cx<'_>, slot: Slot, (taker, asker): (Id<User>, Id<User>)) -> Result<Id<ScheduleOverride>> {
    if slot.window().is_empty() {
        return Err(refusal("the shift in return has passed"));
    }
    if !cx.get(asker)?.active {
        return Err(refusal("who asks has been deactivated, and can't take the shift in return"));
    }
    hand_over(cx, slot, (taker, asker), "this user is not on call for the shift in return")
}

/// Leaves open what is left of a request beside `part`: the request stands for the first piece; a second one
/// gets a request of its own.
fn leave_open(cx: &Cx<'_>, request: &mut CoverRequest, part: &Range<Time>) -> Option<CoverRequest> {
    let open = request.slot.from(cx.now()).window();
    let mut left = [open.start..part.start, part.end..open.end].into_iter().filter(|piece| !piece.is_empty());
    let Some(first) = left.next() else {
        request.state = State::Taken;
        return None;
    };
    let split_off = left.next().map(|second| CoverRequest {
        id: cx.new_id(),
        slot: Slot { start_at: second.start, end_at: second.end, ..request.slot },
        taken: Vec::new(),
        created_at: cx.now(),
        updated_at: cx.now(),
        ..request.clone()
    });
    request.slot = Slot { start_at: first.start, end_at: first.end, ..request.slot };
    split_off
}

/// A refusal that is about the request as a whole.
fn refusal(message: &str) -> Error {
    Error::of_problems(vec![Problem::new("invalid_value", message)])
}
