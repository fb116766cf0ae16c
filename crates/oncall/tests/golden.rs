//! What is stored of schedules and overrides is read for ever.

use oncall::covers::CoverRequest;
use oncall::feeds::CalendarFeed;
use oncall::overrides::ScheduleOverride;
use oncall::schedules::Schedule;
use oncall::sync::{ScheduleReplica, ScheduleSyncRule, ScheduleSyncTarget};
use oncall::time_off::TimeOff;
use testkit::Goldens;

#[test]
fn what_is_stored_is_read_for_ever() {
    let mut goldens = Goldens::of(env!("CARGO_MANIFEST_DIR"));
    goldens.check::<Schedule>();
    goldens.check::<ScheduleOverride>();
    goldens.check::<ScheduleSyncTarget>();
    goldens.check::<ScheduleSyncRule>();
    goldens.check::<ScheduleReplica>();
    goldens.check::<CalendarFeed>();
    goldens.check::<CoverRequest>();
    goldens.check::<TimeOff>();
    goldens.finish();
}
