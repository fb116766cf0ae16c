//! On-call schedules: who is on call and when, and who covers for them.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::schedules_v2_api::*;
use incident_io::models::{
    ScheduleConfigCreatePayloadV2, ScheduleCreatePayloadV2 as New, ScheduleEntriesListPayloadV2 as Entries,
    ScheduleEntryV2, ScheduleLayerCreatePayloadV2, ScheduleRotationCreatePayloadV2 as Rotation,
    ScheduleRotationHandoverV2, ScheduleUpdatePayloadV2 as Change, ScheduleV2, SchedulesCreateOverridePayloadV2,
    SchedulesCreatePayloadV2, SchedulesListResultV2, SchedulesListScheduleEntriesResultV2,
    SchedulesPreviewScheduleEntriesPayloadV2 as Preview, SchedulesUpdatePayloadV2, UserReferencePayloadV2,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::{Key, Server, text, word};

mod configuring;
mod covering;
mod entries;
mod membership;
mod syncing;

/// An ID that nothing has.
const NO_ID: &str = "01HZZZZZZZZZZZZZZZZZZZZZZZ";
/// The rotation of most schedules here.
const ROTATION: &str = "01KJPW9ZG0000000000000000R";
/// Its first layer.
const LAYER: &str = "01KJPW9ZG000000000000000AA";

/// A Monday on which a week of the first of two people begins; the real clock is far from it.
const MONDAY: &str = "2030-01-07T09:00:00Z";
/// A week later.
const NEXT_MONDAY: &str = "2030-01-14T09:00:00Z";
/// Another week later.
const MONDAY_AFTER: &str = "2030-01-21T09:00:00Z";

/// A server and people to be on call.
struct Crew {
    server: Server,
    root: Key,
    ada: String,
    bob: String,
}

impl Crew {
    fn start() -> Self {
        let server = Server::start();
        let root = server.root();
        let ada = server.add_user("Ada", "Ada@Example.com");
        let bob = server.add_user("Bob", "bob@example.com");
        Self { server, root, ada, bob }
    }

    /// Ada and Bob, a week each.
    fn turns(&self) -> Rotation {
        weekly(&[&self.ada, &self.bob])
    }

    /// A new schedule of one rotation.
    async fn schedule(&self, rotation: Rotation) -> ScheduleV2 {
        create(&self.root, says(vec![rotation])).await.unwrap()
    }

    /// A new override of a schedule's first layer.
    fn cover(&self, schedule: &ScheduleV2, user: &str, from: &str, to: &str) -> SchedulesCreateOverridePayloadV2 {
        SchedulesCreateOverridePayloadV2::new(time(to), LAYER, ROTATION, &schedule.id, time(from), person(user))
    }
}

/// These people in turn, a week each from a Monday long ago.
fn weekly(people: &[&str]) -> Rotation {
    Rotation::new("Primary")
        .set_id(ROTATION)
        .set_handover_start_at(time("2020-01-06T09:00:00Z"))
        .set_handovers(vec![every(1, "weekly")])
        .set_layers(vec![layer(LAYER, "First")])
        .set_users(people.iter().map(|id| person(id)).collect())
}

/// A schedule by the clock of UTC.
fn says(rotations: Vec<Rotation>) -> New {
    let config = ScheduleConfigCreatePayloadV2::new().set_rotations(rotations);
    New::new().set_name("On call").set_timezone("UTC").set_config(config)
}

fn every(interval: i64, interval_type: &str) -> ScheduleRotationHandoverV2 {
    ScheduleRotationHandoverV2::new().set_interval(interval).set_interval_type(word(interval_type))
}

fn layer(id: &str, name: &str) -> ScheduleLayerCreatePayloadV2 {
    ScheduleLayerCreatePayloadV2::new(name).set_id(id)
}

/// A person by ID.
fn person(id: &str) -> UserReferencePayloadV2 {
    UserReferencePayloadV2::new().set_id(id)
}

/// A moment, as the client takes it.
fn time<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(text.into()).expect("it is a timestamp")
}

/// The same in other words of the client.
fn retold<T: DeserializeOwned>(said: &impl Serialize) -> T {
    serde_json::from_value(serde_json::to_value(said).unwrap()).unwrap()
}

async fn create(key: &Key, new: New) -> Result<ScheduleV2, Error<impl Debug>> {
    let params = SchedulesV2CreateParams::new(SchedulesCreatePayloadV2::new(new));
    schedules_v2_create(key, params).await.map(|made| *made.schedule)
}

async fn show(key: &Key, id: &str) -> Result<ScheduleV2, Error<impl Debug>> {
    schedules_v2_show(key, SchedulesV2ShowParams::new(id)).await.map(|shown| *shown.schedule)
}

async fn update(key: &Key, id: &str, change: Change) -> Result<ScheduleV2, Error<impl Debug>> {
    let params = SchedulesV2UpdateParams::new(id, SchedulesUpdatePayloadV2::new(change));
    schedules_v2_update(key, params).await.map(|changed| *changed.schedule)
}

async fn delete(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    schedules_v2_destroy(key, SchedulesV2DestroyParams::new(id)).await
}

async fn list(key: &Key, params: SchedulesV2ListParams) -> Result<SchedulesListResultV2, Error<impl Debug>> {
    schedules_v2_list(key, params).await
}

async fn preview(key: &Key, id: &str, would_say: Preview) -> Result<Entries, Error<impl Debug>> {
    let params = SchedulesV2PreviewScheduleEntriesParams::new(id, would_say);
    schedules_v2_preview_schedule_entries(key, params).await.map(|shown| *shown.schedule_entries)
}

async fn page(
    key: &Key,
    params: SchedulesV2ListScheduleEntriesParams,
) -> Result<SchedulesListScheduleEntriesResultV2, Error<impl Debug>> {
    schedules_v2_list_schedule_entries(key, params).await
}

/// The entries of a schedule from one moment to another.
fn window(id: &str, from: &str, to: &str) -> SchedulesV2ListScheduleEntriesParams {
    SchedulesV2ListScheduleEntriesParams::new(id).set_entry_window_start(from).set_entry_window_end(time(to))
}

/// The entries of a window that fits a page.
async fn entries(key: &Key, id: &str, from: &str, to: &str) -> Entries {
    let only = page(key, window(id, from, to)).await.unwrap();
    assert_eq!(only.pagination_meta, None);
    *only.schedule_entries
}

/// Entries in short: `Ada 2030-01-07T09:00 to 2030-01-14T09:00`.
fn shifts(entries: &[ScheduleEntryV2]) -> Vec<String> {
    let short = |entry: &ScheduleEntryV2| {
        let [from, to] = [&entry.start_at, &entry.end_at].map(|moment| text(moment)[..16].to_owned());
        format!("{} {from} to {to}", entry.user.as_ref().unwrap().name)
    };
    entries.iter().map(short).collect()
}
