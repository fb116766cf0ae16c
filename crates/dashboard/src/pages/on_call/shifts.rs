//! Shifts as pages tell of them: who is on call in a window, and for which layer of which rotation.

use std::ops::Range;

use base::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use super::covers;
use crate::calendar::{Kind, Lane, Shift};
use crate::fields::{query, step};
use crate::page::Page;

/// What a lane is called that only the past knows.
const NO_LONGER: &str = "No longer in the schedule";

/// Who is on call in a window.
#[derive(Default)]
pub struct Entries {
    /// Who really is.
    pub r#final: Vec<Json>,
    /// Who is by the rotations alone.
    pub scheduled: Vec<Json>,
    /// The public holidays of the schedule's countries.
    pub holidays: Vec<(Date, String)>,
}

/// Who is on call for a schedule in `window`: all pages of it.
pub fn entries(page: &Page, schedule: &str, window: &Range<Timestamp>) -> Result<Entries> {
    let mut found = Entries::default();
    let (mut start, end) = (window.start.to_string(), window.end.to_string());
    loop {
        let asked = query(&[("schedule_id", schedule), ("entry_window_start", &start), ("entry_window_end", &end)]);
        let mut answer = page.ask("Schedules V2#ListScheduleEntries", "", &asked)?;
        found.r#final.extend(taken(&mut answer["schedule_entries"]["final"]));
        found.scheduled.extend(taken(&mut answer["schedule_entries"]["scheduled"]));
        found.holidays.extend(list(&answer["holidays"]).filter_map(|holiday| {
            let name = format!("{} ({})", text(holiday, "name"), text(holiday, "country_code"));
            Some((text(holiday, "date").parse().ok()?, name))
        }));
        match answer["pagination_meta"]["after"].as_str() {
            Some(after) => after.clone_into(&mut start),
            None => return Ok(found),
        }
    }
}

/// The items of a list.
pub fn list(value: &Json) -> impl Iterator<Item = &Json> {
    value.as_array().into_iter().flatten()
}

/// A field that is text; empty where it isn't.
pub fn text<'v>(value: &'v Json, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn taken(value: &mut Json) -> Vec<Json> {
    match value.take() {
        Json::Array(items) => items,
        _ => Vec::new(),
    }
}

/// The layer of a rotation that an entry is for, as forms name it: the rotation and the layer.
pub fn place(entry: &Json) -> String {
    format!("{} {}", step(text(entry, "rotation_id")), step(text(entry, "layer_id")))
}

/// Says in a body which rotation and layer a form names.
pub fn put_place(body: &mut Json, place: &str) {
    let halves = place.split(' ').map(|half| percent_decode_str(half).decode_utf8_lossy());
    for (name, half) in ["rotation_id", "layer_id"].into_iter().zip(halves) {
        body[name] = half.into();
    }
}

/// The layers of a schedule's rotations; then those that only its past entries know.
pub fn lanes<'e>(schedule: &Json, entries: impl IntoIterator<Item = &'e Json>) -> Vec<Lane> {
    let rotations = list(&schedule["config"]["rotations"]);
    let present = rotations.flat_map(|rotation| {
        let layers = list(&rotation["layers"]);
        layers.map(move |layer| Lane {
            name: named(text(rotation, "name"), text(layer, "name")),
            place: place(&json!({"rotation_id": rotation["id"], "layer_id": layer["id"]})),
        })
    });
    let past = entries.into_iter().map(|entry| Lane { name: NO_LONGER.into(), place: place(entry) });
    let mut lanes: Vec<Lane> = Vec::new();
    for lane in present.chain(past) {
        if lanes.iter().all(|known| known.place != lane.place) {
            lanes.push(lane);
        }
    }
    lanes
}

fn named(rotation: &str, layer: &str) -> String {
    if layer.is_empty() || rotation == layer { rotation.to_owned() } else { format!("{rotation} · {layer}") }
}

/// The lane that an entry is in.
pub fn lane_of<'l>(lanes: &'l [Lane], entry: &Json) -> Option<&'l Lane> {
    let place = place(entry);
    lanes.iter().find(|lane| lane.place == place)
}

/// An entry as the calendar draws it.
pub fn drawn(entry: &Json, lanes: &[Lane]) -> Option<Shift> {
    let (start, end) = (text(entry, "start_at").parse().ok()?, text(entry, "end_at").parse().ok()?);
    let place = place(entry);
    Some(Shift {
        lane: lanes.iter().position(|lane| lane.place == place)?,
        kind: if entry["override_id"].is_null() { Kind::Turn } else { Kind::Override },
        name: entry["user"]["name"].as_str().unwrap_or("Somebody").to_owned(),
        time: start..end,
    })
}

/// A shift of somebody's, with where others are asked to take it.
pub fn own(shift: &Json) -> Json {
    let lane = match shift["rotation_name"].as_str() {
        Some(rotation) => named(rotation, text(shift, "layer_name")),
        None => NO_LONGER.to_owned(),
    };
    let link = covers::link(text(shift, "schedule_id"), &shift["entry"]);
    json!({"schedule": shift["schedule_name"], "lane": lane, "entry": shift["entry"], "link": link})
}

/// Who is on call now and next in each of the lanes, by the entries from now on.
pub fn duty(lanes: &[Lane], entries: &[Json], now: Timestamp) -> Vec<Json> {
    let begins = |entry: &Json| text(entry, "start_at").parse::<Timestamp>().ok();
    let of = |lane: &Lane| {
        let mut theirs = entries.iter().filter(|entry| place(entry) == lane.place);
        let current = theirs.clone().find(|entry| begins(entry).is_some_and(|start| start <= now));
        let next = theirs.find(|entry| begins(entry).is_some_and(|start| start > now));
        json!({"name": lane.name, "now": current, "next": next})
    };
    lanes.iter().map(of).collect()
}

/// The entries by the day on which they begin, or on which `window` does, with what links to them need.
pub fn by_day(
    schedule: &str,
    entries: &[Json],
    lanes: &[Lane],
    window: &Range<Timestamp>,
    zone: &TimeZone,
) -> Vec<Json> {
    let mut days: Vec<Json> = Vec::new();
    for entry in entries {
        let Ok(start) = text(entry, "start_at").parse::<Timestamp>() else { continue };
        let day = start.max(window.start).to_zoned(zone.clone()).strftime("%A, %-d %B %Y").to_string();
        if days.last().is_none_or(|last| last["name"] != day) {
            days.push(json!({"name": day, "shifts": []}));
        }
        let mut shift = entry.clone();
        shift["lane"] = lane_of(lanes, entry).map(|lane| lane.name.clone()).into();
        shift["override"] =
            query(&[("place", &place(entry)), ("from", text(entry, "start_at")), ("to", text(entry, "end_at"))]).into();
        shift["cover"] = covers::link(schedule, entry).into();
        if let Some(shifts) = days.last_mut().and_then(|day| day["shifts"].as_array_mut()) {
            shifts.push(shift);
        }
    }
    days
}
