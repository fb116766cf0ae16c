//! Which status may follow which, and what reaching one sets. Pure.

use std::collections::BTreeMap;

use base::{Id, Time};

use crate::settings::Shelf;
use crate::settings::statuses::Category;
use crate::settings::timestamps::{SetBy, Timestamp};

/// Whether an incident may move from a status of one category to one of another. It always may within
/// a category; otherwise it is accepted, declined, called off, paused, resolved and closed, and what
/// is over stays over.
pub(super) fn may_follow(from: Category, to: Category) -> bool {
    use Category::{Canceled, Closed, Declined, Learning, Live, Paused, Triage};
    from == to
        || matches!(
            (from, to),
            (Triage, Live | Declined | Canceled | Learning | Closed)
                | (Live, Paused | Canceled | Learning | Closed)
                | (Paused, Live | Canceled | Learning | Closed)
                | (Learning, Closed)
        )
}

/// Whether an incident of a status of this category needs a severity.
pub(super) fn needs_severity(category: Category) -> bool {
    matches!(category, Category::Live | Category::Paused | Category::Learning | Category::Closed)
}

/// Sets the timestamps that `events` set and that are not set yet.
pub(super) fn set(
    timestamps: &mut BTreeMap<Id<Timestamp>, Time>,
    known: &Shelf<Timestamp>,
    events: &[SetBy],
    now: Time,
) {
    for timestamp in known.iter().filter(|timestamp| events.contains(&timestamp.set_by)) {
        timestamps.entry(timestamp.id).or_insert(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        for from in [Category::Closed, Category::Declined, Category::Merged, Category::Canceled] {
            for to in Category::ALL {
                assert_eq!(may_follow(from, *to), from == *to, "{from} to {to}");
            }
        }
    }

    #[test]
    fn an_incident_is_accepted_resolved_and_closed() {
        assert!(may_follow(Category::Triage, Category::Live));
        assert!(may_follow(Category::Live, Category::Learning));
        assert!(may_follow(Category::Live, Category::Closed));
        assert!(may_follow(Category::Learning, Category::Closed));
        assert!(!may_follow(Category::Learning, Category::Live));
        assert!(!may_follow(Category::Live, Category::Triage));
    }
}
