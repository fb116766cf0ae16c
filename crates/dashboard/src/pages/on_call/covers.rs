//! Asking others to take a shift, and taking theirs.

use std::collections::BTreeSet;

use base::{Error, Result};
use serde_json::{Value as Json, json};
use web::View;

use super::shifts::{entries, lane_of, lanes, list, text};
use super::{ahead, me, my_shifts, zone_of_form};
use crate::fields::{Fields, query};
use crate::page::{Page, Refused, pages};
use crate::pages::pickers;
use crate::when;

pages! {
    GET "/on-call/covers" => all;
    GET "/on-call/covers/new" => ask_form;
    POST "/on-call/covers/new" => ask;
    GET "/on-call/covers/{id}" => take_form;
    POST "/on-call/covers/{id}/take" => take;
    POST "/on-call/covers/{id}/cancel" => cancel;
}

const HOME: &str = "/on-call/covers";
/// What a shift is named by.
const SLOT: &[&str] = &["schedule_id", "rotation_id", "layer_id", "start_at", "end_at"];

/// A shift as a query, or as the value of a choice.
fn slot(schedule: &str, entry: &Json) -> String {
    let of = |name: &'static str| (name, if name == "schedule_id" { schedule } else { text(entry, name) });
    query(&SLOT.iter().copied().map(of).collect::<Vec<_>>())
}

/// Where others are asked to take a shift.
pub fn link(schedule: &str, entry: &Json) -> String {
    format!("{HOME}/new?{}", slot(schedule, entry))
}

/// Shifts that people ask others to take, and those that are the visitor's own.
fn all(page: &Page) -> Result<View> {
    let mine = me(page)?;
    let requests = page.ask_all("Cover Requests V1#List", &[("state", "pending")], "cover_requests")?;
    let schedules = schedules_of(page, &requests)?;
    let requests: Vec<_> = requests.iter().map(|request| told(page, request, &schedules, &mine)).collect();
    Ok(page.show("on_call/covers.html", json!({"requests": requests, "shifts": my_shifts(page)?})))
}

/// The schedules that requests are about.
fn schedules_of(page: &Page, requests: &[Json]) -> Result<Vec<Json>> {
    let slots = requests.iter().flat_map(|request| [request, &request["in_return"]]);
    let ids: BTreeSet<_> = slots.filter_map(|slot| slot["schedule_id"].as_str()).collect();
    let ask = |id| Ok(page.ask_if_allowed("Schedules V2#Show", id, "")?["schedule"].take());
    ids.into_iter().map(ask).collect()
}

/// A request with the names of what it is about, and whose move it is.
fn told(page: &Page, request: &Json, schedules: &[Json], mine: &str) -> Json {
    let mut told = request.clone();
    for pointer in ["", "/in_return"] {
        if let Some(slot) = told.pointer_mut(pointer).filter(|slot| slot.is_object()) {
            let schedule = schedules.iter().find(|schedule| schedule["id"] == slot["schedule_id"]);
            slot["schedule"] = schedule.map(|schedule| schedule["name"].clone()).into();
            let lanes = schedule.map(|schedule| lanes(schedule, [])).unwrap_or_default();
            slot["lane"] = lane_of(&lanes, slot).map(|lane| lane.name.clone()).into();
        }
    }
    told["is_own"] = (request["user"]["id"] == mine).into();
    told["may_take"] = (request["user"]["id"] != mine && may_take(page, request, schedules, mine)).into();
    told
}

/// Whether the operation would let the visitor take it: who is asked by name, or takes turns there, or may override.
fn may_take(page: &Page, request: &Json, schedules: &[Json], mine: &str) -> bool {
    let asked = || list(&request["asked_user_ids"]);
    if asked().next().is_some() {
        return asked().any(|asked| asked == mine);
    }
    let schedule = schedules.iter().find(|schedule| schedule["id"] == request["schedule_id"]);
    let mut rotations = schedule.into_iter().flat_map(|schedule| list(&schedule["config"]["rotations"]));
    page.may("schedule_overrides.create")
        || rotations.any(|rotation| list(&rotation["users"]).any(|user| user["id"] == mine))
}

fn ask_form(page: &Page) -> Result<View> {
    page.require("schedules.view")?;
    ask_with(page, &page.query, &Refused::default())
}

/// The form about the shift that `slot` names.
fn ask_with(page: &Page, slot: &Fields, refused: &Refused) -> Result<View> {
    let id = slot.get("schedule_id").ok_or_else(Error::not_found)?;
    let schedule = page.ask("Schedules V2#Show", id, "")?["schedule"].take();
    let (slot, lanes) = (slot.as_json(), lanes(&schedule, []));
    let mine = me(page)?;
    let mut people = pickers::people(page, [], page.form.all("cover_request.asked_user_ids"))?;
    if let Some(choices) = people["choices"].as_array_mut() {
        choices.retain(|person| person["id"] != mine);
    }
    let variables = json!({
        "lane": lane_of(&lanes, &slot).map(|lane| &lane.name), "slot": self::slot(id, &slot), "start": when::typed(&slot, &page.zone()), "people": people,
        "in_return": returns(page, &schedule, &mine)?, "schedule": schedule,
    });
    // The shift was chosen by a link: what is wrong with it is told beside its times.
    let beside = [
        ("schedule_id", "start_at"),
        ("rotation_id", "start_at"),
        ("layer_id", "start_at"),
        ("user", "start_at"),
        ("in_return", "in_return"),
        ("asked_user_ids", "asked_user_ids"),
    ];
    let refused = beside.iter().fold(refused.clone(), |refused, (pointer, field)| {
        refused.moved(&format!("cover_request.{pointer}"), &format!("cover_request.{field}"))
    });
    Ok(page.form("on_call/cover_form.html", variables, &refused))
}

/// The shifts of others that somebody may take over in return.
fn returns(page: &Page, schedule: &Json, mine: &str) -> Result<Vec<Json>> {
    let id = text(schedule, "id");
    let entries = entries(page, id, &ahead(page))?;
    let others = entries.r#final.iter().filter(|entry| entry["user"]["id"] != mine && !entry["user"].is_null());
    let told = |entry: &Json| json!({"slot": slot(id, entry), "entry": entry});
    Ok(others.map(told).collect())
}

fn ask(page: &Page) -> Result<View> {
    let slot = Fields::read(page.form.text("slot").as_bytes())?;
    if page.form.has("find") {
        return ask_with(page, &slot, &Refused::default());
    }
    let mut body = page.form.filled(&["cover_request.message", "cover_request.start_at", "cover_request.end_at"]);
    let request = &mut body["cover_request"];
    when::understand(request, &slot.as_json(), &zone_of_form(page));
    for name in ["schedule_id", "rotation_id", "layer_id"] {
        request[name] = slot.text(name).into();
    }
    request["user"] = json!({"id": me(page)?});
    request["asked_user_ids"] = page.form.all("cover_request.asked_user_ids").collect();
    if let Some(other) = page.form.get("cover_request.in_return") {
        request["in_return"] = Fields::read(other.as_bytes())?.filled(SLOT);
    }
    match page.submit("Cover Requests V1#Create", "", body)? {
        Ok(_) => Ok(page.done(HOME, "Others are asked; whoever takes it is on call instead of you")),
        Err(refused) => ask_with(page, &slot, &refused),
    }
}

fn take_form(page: &Page) -> Result<View> {
    take_with(page, &Refused::default())
}

fn take_with(page: &Page, refused: &Refused) -> Result<View> {
    let request = page.ask("Cover Requests V1#Show", page.segment(0), "")?["cover_request"].take();
    let schedules = schedules_of(page, std::slice::from_ref(&request))?;
    let request = told(page, &request, &schedules, &me(page)?);
    let start = when::typed(&request, &page.zone());
    let refused = refused.clone().moved("user", "start_at");
    Ok(page.form("on_call/cover.html", json!({"request": request, "start": start}), &refused))
}

/// Takes all of it, or the part that is named.
fn take(page: &Page) -> Result<View> {
    let request = page.ask("Cover Requests V1#Show", page.segment(0), "")?["cover_request"].take();
    let mut body = page.form.filled(&["start_at", "end_at"]);
    when::understand(&mut body, &request, &zone_of_form(page));
    body["user"] = json!({"id": me(page)?});
    match page.submit("Cover Requests V1#Take", page.segment(0), body)? {
        Ok(_) => Ok(page.done(HOME, "Thank you: you are on call for that time")),
        Err(refused) => take_with(page, &refused),
    }
}

fn cancel(page: &Page) -> Result<View> {
    page.call("Cover Requests V1#Cancel", page.segment(0), json!({}))?;
    Ok(page.done(HOME, "Nobody is asked any more"))
}
