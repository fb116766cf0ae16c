//! Overrides: laying one shift over others.

use std::ops::Range;

use base::Time;

use super::Shift;

/// What becomes of a layer's `scheduled` shifts, which are in order and apart, when `covers` are laid
/// over them one after the other: those that overlap `window`.
pub fn applied(scheduled: Vec<Shift>, covers: impl Iterator<Item = Shift>, window: &Range<Time>) -> Vec<Shift> {
    let mut shifts = scheduled;
    for cover in covers {
        lay(&mut shifts, cover, window);
    }
    shifts.retain(|shift| shift.overlaps(window));
    shifts
}

/// Lays `cover` over `shifts`: it takes the place of what it covers. Nothing outside of `window` is
/// added, as only what overlaps it is asked for, but what is there is cut.
fn lay(shifts: &mut Vec<Shift>, cover: Shift, window: &Range<Time>) {
    let first = shifts.partition_point(|shift| shift.end_at <= cover.start_at);
    let beyond = first + shifts[first..].partition_point(|shift| shift.start_at < cover.end_at);
    if first == beyond && !cover.overlaps(window) {
        return;
    }
    let before = shifts[first..beyond].first().filter(|shift| shift.start_at < cover.start_at);
    let before = before.map(|shift| Shift { end_at: cover.start_at, ..shift.clone() });
    let after = shifts[first..beyond].last().filter(|shift| shift.end_at > cover.end_at);
    let after = after.map(|shift| Shift { start_at: cover.end_at, ..shift.clone() });
    shifts.splice(first..beyond, before.into_iter().chain([cover]).chain(after));
}
