//! Who is on call instead.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::shifts::{lanes, place, put_place, text};
use super::{schedule, zone_of_form};
use crate::fields::step;
use crate::page::{Page, Refused, pages};
use crate::pages::pickers;
use crate::when;

pages! {
    GET "/on-call/schedules/{id}/overrides/new" => make_form;
    POST "/on-call/schedules/{id}/overrides/new" => make;
    GET "/on-call/schedules/{id}/overrides/{override}" => move_form;
    POST "/on-call/schedules/{id}/overrides/{override}" => change;
    POST "/on-call/schedules/{id}/overrides/{override}/delete" => delete;
}

fn home_of(page: &Page) -> String {
    format!("/on-call/schedules/{}", step(page.segment(0)))
}

fn form(page: &Page, template: &str, mut variables: Json, refused: &Refused) -> Result<View> {
    let schedule = schedule(page)?;
    let choices: Vec<_> =
        lanes(&schedule, []).into_iter().map(|lane| json!({"id": lane.place, "name": lane.name})).collect();
    variables["places"] = choices.into();
    variables["schedule"] = schedule;
    // The operation names the two halves of a place.
    let refused = refused.clone().moved("rotation_id", "place").moved("layer_id", "place").moved("user", "user");
    Ok(page.form(template, variables, &refused))
}

/// What a form starts with, by the query: a place, and the time in which somebody is to be on call.
fn make_form(page: &Page) -> Result<View> {
    page.require("schedule_overrides.create")?;
    make_with(page, &Refused::default())
}

fn make_with(page: &Page, refused: &Refused) -> Result<View> {
    let asked = json!({"start_at": page.query.get("from"), "end_at": page.query.get("to")});
    let mut start = when::typed(&asked, &page.zone());
    start["place"] = page.query.get("place").into();
    let people = pickers::people(page, [], page.form.all("user"))?;
    form(page, "on_call/override.html", json!({"start": start, "people": people}), refused)
}

/// What the form says: where, and from when to when.
fn body(page: &Page, before: &Json) -> Json {
    let mut body = page.form.filled(&["start_at", "end_at"]);
    when::understand(&mut body, before, &zone_of_form(page));
    put_place(&mut body, page.form.text("place"));
    body
}

fn make(page: &Page) -> Result<View> {
    if page.form.has("find") {
        return make_with(page, &Refused::default());
    }
    let mut body = body(page, &Json::Null);
    body["schedule_id"] = page.segment(0).into();
    body["user"] = json!({"id": page.form.get("user")});
    match page.submit("Schedules V2#CreateOverride", "", body)? {
        Ok(answer) => {
            let told = format!("{} is on call for that time", text(&answer["override"]["user"], "name"));
            Ok(page.done(&home_of(page), &told))
        }
        Err(refused) => make_with(page, &refused),
    }
}

fn shown(page: &Page) -> Result<Json> {
    Ok(page.ask("Schedules V2#ShowOverride", page.segment(1), "")?["override"].take())
}

fn move_form(page: &Page) -> Result<View> {
    page.require("schedule_overrides.update")?;
    move_with(page, &shown(page)?, &Refused::default())
}

fn move_with(page: &Page, shown: &Json, refused: &Refused) -> Result<View> {
    let mut start = when::typed(shown, &page.zone());
    start["place"] = place(shown).into();
    form(page, "on_call/override.html", json!({"start": start, "override": shown}), refused)
}

fn change(page: &Page) -> Result<View> {
    let shown = shown(page)?;
    let mut body = body(page, &shown);
    // An override keeps its user.
    body["user"] = json!({"id": shown["user"]["id"]});
    match page.submit("Schedules V2#UpdateOverride", page.segment(1), body)? {
        Ok(_) => Ok(page.done(&home_of(page), "The override is changed")),
        Err(refused) => move_with(page, &shown, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    page.call("Schedules V2#DestroyOverride", page.segment(1), Json::Null)?;
    Ok(page.done(&home_of(page), "The override is deleted: the rotation decides again"))
}
