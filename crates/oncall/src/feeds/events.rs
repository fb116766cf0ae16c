//! What is in a feed.

use std::time::Duration;

use base::{Error, Id, Result};
use people::users::{Directory, User};
use store::{Condition, Cx};
use web::{Guard, SecretStep, Segment, Text};

use super::record::{CalendarFeed, Subject};
use crate::ical::{self, Event, Feed};
use crate::rota::{Reason, Shift};
use crate::schedules::{self, Schedule, calendar};

web::routes! {
    /// Who is on call now and in the three months ahead, as a calendar (RFC 5545). The address is secret: it comes with
    /// the feed.
    GET "/ical/{secret}" "Calendar Feeds V1#Fetch" Guard::Public => fetch;
}

/// How far ahead a feed goes, and an import unless it says otherwise: three months, however long they are.
pub(super) const AHEAD: Duration = Duration::from_secs(92 * 86_400);

fn fetch(cx: &mut Cx<'_>, Segment(secret): Segment<SecretStep>) -> Result<Text> {
    let known = Condition::equal("hash", secret.hash());
    let feed = cx.list::<CalendarFeed>(known, "id")?.into_iter().next().ok_or_else(Error::not_found)?;
    let feed = match feed.of {
        Subject::Schedule(schedule) => of_schedule(cx, schedule)?,
        Subject::User(user) => of_user(cx, user)?,
    };
    Ok(Text { media_type: "text/calendar; charset=utf-8", content: ical::write(&feed, cx.now()) })
}

fn of_schedule(cx: &mut Cx<'_>, id: Id<Schedule>) -> Result<Feed> {
    let schedule = schedules::get(cx, id)?;
    let directory = cx.cached::<Directory>()?;
    let name = |user: Id<User>| directory.get(user).map_or("Somebody", |user| &user.name);
    let title = |shift: &Shift, rotation: &str| format!("{} ({rotation})", name(shift.user.cast()));
    let events = events(cx, &schedule, |_| true, title)?;
    Ok(Feed { name: schedule.name.clone(), zone: schedule.configuration.timezone.clone(), events })
}

fn of_user(cx: &mut Cx<'_>, id: Id<User>) -> Result<Feed> {
    let user = cx.get(id)?;
    let mut all = Vec::new();
    for schedule in cx.list::<Schedule>(Condition::new("archived_at is null", []), "id")? {
        let title = |_: &Shift, rotation: &str| format!("{}: {rotation}", schedule.name);
        all.extend(events(cx, &schedule, |shift| shift.user == id.cast(), title)?);
    }
    all.sort_by_key(|event| event.start);
    // Schedules may be in several zones: calendar programs show the times in the person's own.
    Ok(Feed { name: format!("On call: {}", user.name), zone: "UTC".into(), events: all })
}

/// The shifts of a schedule that a feed has.
fn events(
    cx: &mut Cx<'_>,
    schedule: &Schedule,
    is_in: impl Fn(&Shift) -> bool,
    title: impl Fn(&Shift, &str) -> String,
) -> Result<Vec<Event>> {
    let now = cx.now();
    let shifts = calendar(cx, schedule, now)?.entries(now..now + AHEAD).r#final;
    let url = format!("{}/on-call/schedules/{}", cx.site().public_url, schedule.id);
    let event = |shift: &Shift| {
        let rotations = schedule.configuration.rotations.iter();
        let rotation = rotations.clone().find(|version| version.id == shift.rotation);
        let rotation = rotation.map_or("", |version| &version.name);
        let reason = match shift.reason {
            Reason::Turn { .. } => format!("It is their turn in the rotation {rotation}."),
            Reason::Override(_) => format!("An override of the rotation {rotation}."),
        };
        Event {
            // Schedules that tools make alike may have alike shifts.
            uid: format!("{}-{}@wardroom", schedule.id, shift.fingerprint()),
            summary: title(shift, rotation),
            description: reason,
            start: shift.start_at,
            end: shift.end_at,
            url: Some(url.clone()),
        }
    };
    Ok(shifts.iter().filter(|shift| is_in(shift)).map(event).collect())
}
