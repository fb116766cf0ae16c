//! A calendar that somebody brings along becomes overrides.

use std::ops::Range;
use std::time::Duration;

use base::{Error, Id, Problems, Result, Time};
use people::users::{User, find_by_email};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx};
use web::{Body, Plain};

use super::events::AHEAD;
use crate::ical::{self, Found};
use crate::overrides::ScheduleOverride;
use crate::rota::{self, Layer};
use crate::schedules::{self, Schedule};

web::routes! {
    /// Make the events of a calendar (RFC 5545) overrides of a layer, from now on. An event is for the first active user
    /// who is invited to it, or whose name or address is its title. What is there already stays, so the same calendar can
    /// come again.
    POST "/v1/calendar_imports" "Calendar Imports V1#Create" "schedule_overrides.create" => import;
}

/// How far ahead they may be looked for.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// Events that one import takes at most: they are brought in one transaction.
const MOST: usize = 500;
/// People invited to an event who are looked at.
const INVITED: usize = 20;
/// The largest calendar, in bytes.
const LARGEST: usize = 512 * 1024;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CalendarImportCreate")]
struct CreatePayload {
    /// The import.
    calendar_import: ImportPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CalendarImportPayload")]
struct ImportPayload {
    /// The calendar: all of its text.
    calendar: String,
    /// Only what begins before this counts: three months ahead, if it is left out.
    end_at: Option<Time>,
    /// Says what would be done, and does nothing.
    is_dry_run: Option<bool>,
    /// The layer.
    layer_id: String,
    /// The rotation.
    rotation_id: String,
    /// The schedule.
    schedule_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CalendarImportResult")]
struct ResultBody {
    calendar_import: ImportBody,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CalendarImport")]
struct ImportBody {
    events: Vec<EventBody>,
}

base::words! {
    /// What became of an event.
    enum Outcome {
        /// It is an override now; or would be.
        Created = "created",
        /// There was such an override.
        Unchanged = "unchanged",
        /// It is for nobody who is known here.
        UnknownUser = "unknown_user",
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CalendarImportEvent")]
struct EventBody {
    end_at: Time,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_id: Option<Id<ScheduleOverride>>,
    start_at: Time,
    summary: String,
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Id<User>>,
}

/// Where the overrides go.
struct Place {
    schedule: Id<Schedule>,
    layer: (Id<rota::Rotation>, Id<Layer>),
}

fn import(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Plain<ResultBody, 201>> {
    let payload = payload.calendar_import;
    let (place, found) = payload.read(cx).map_err(|error| error.within("calendar_import"))?;
    let is_dry_run = payload.is_dry_run.unwrap_or(false);
    let events = found.into_iter().map(|event| bring(cx, &place, event, is_dry_run)).collect::<Result<_>>()?;
    Ok(Plain(ResultBody { calendar_import: ImportBody { events } }))
}

impl ImportPayload {
    fn read(&self, cx: &mut Cx<'_>) -> Result<(Place, Vec<Found>)> {
        let schedule = schedules::hold_named(cx, &self.schedule_id)?;
        cx.prove_owned(&schedule.teams)?;
        let layer = (schedules::key(schedule.id, &self.rotation_id), schedules::key(schedule.id, &self.layer_id));
        let window = cx.now()..self.end_at.unwrap_or(cx.now() + AHEAD);
        let mut problems = Problems::new();
        let has_layer = schedule.configuration.has_layer(layer.0, layer.1);
        problems.check(has_layer, "layer_id", "the schedule has no such layer of a rotation");
        problems.check(window.start < window.end, "end_at", "is not in the future");
        problems.check(window.end <= window.start + LONGEST, "end_at", "is more than a year away");
        problems.check(self.calendar.len() <= LARGEST, "calendar", "has half a megabyte at most");
        problems.finish()?;
        let zone = schedule.configuration.zone();
        let found = ical::read(&self.calendar, &zone, window.clone());
        let found = found.map_err(|problem| Error::invalid("calendar", problem.to_string()))?;
        if found.len() > MOST {
            return Err(Error::invalid("calendar", format!("has more than {MOST} events in that time")));
        }
        Ok((Place { schedule: schedule.id, layer }, found.into_iter().map(|event| ahead(event, &window)).collect()))
    }
}

/// An event without what of it has passed: the past stays as it was.
fn ahead(event: Found, window: &Range<Time>) -> Found {
    Found { start: event.start.max(window.start), ..event }
}

fn bring(cx: &mut Cx<'_>, place: &Place, event: Found, is_dry_run: bool) -> Result<EventBody> {
    let user_id = whose(cx, &event)?;
    let (outcome, override_id) = match user_id {
        None => (Outcome::UnknownUser, None),
        Some(user) => match same(cx, place, &event, user)? {
            Some(known) => (Outcome::Unchanged, Some(known)),
            None if is_dry_run => (Outcome::Created, None),
            None => {
                let window = event.start..event.end;
                let made = ScheduleOverride::add(cx, place.schedule, place.layer, window, user)?;
                (Outcome::Created, Some(made.id))
            }
        },
    };
    let Found { uid, summary, start: start_at, end: end_at, .. } = event;
    Ok(EventBody { end_at, outcome, override_id, start_at, summary, uid, user_id })
}

/// Whom an event is for.
fn whose(cx: &mut Cx<'_>, event: &Found) -> Result<Option<Id<User>>> {
    for email in event.attendees.iter().take(INVITED).map(String::as_str).chain([event.summary.trim()]) {
        if let Some(user) = find_by_email(cx, email)?.filter(|user| user.active) {
            return Ok(Some(user.id));
        }
    }
    let directory = cx.cached::<people::users::Directory>()?;
    Ok(directory.named(event.summary.trim()))
}

/// An override that already says what the event does; the past of what goes on may have been cut off.
fn same(cx: &mut Cx<'_>, place: &Place, event: &Found, user: Id<User>) -> Result<Option<Id<ScheduleOverride>>> {
    let there = crate::overrides::in_use(place.schedule).and(Condition::all([
        Condition::equal("rotation_id", place.layer.0),
        Condition::equal("layer_id", place.layer.1),
        Condition::equal("end_at", event.end),
        Condition::new("start_at <= ?", store::values![event.start]),
    ]));
    let found = cx.list::<ScheduleOverride>(there, "id")?;
    let now = cx.now();
    let says_the_same = |one: &&store::Stored<ScheduleOverride>| {
        one.user == user && (one.start_at == event.start || event.start == now)
    };
    Ok(found.iter().find(says_the_same).map(|one| one.id))
}
