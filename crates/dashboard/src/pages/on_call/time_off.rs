//! When somebody is away.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::shifts::{list, own, text};
use super::{me, now, zone_of_form};
use crate::fields::query;
use crate::page::{Page, Refused, pages};
use crate::when;

pages! {
    GET "/on-call/time-off" => all;
    GET "/on-call/time-off/new" => make_form;
    POST "/on-call/time-off/new" => make;
    GET "/on-call/time-off/{id}" => change_form;
    POST "/on-call/time-off/{id}" => change;
    POST "/on-call/time-off/{id}/delete" => delete;
}

const HOME: &str = "/on-call/time-off";

/// The visitor's, with the shifts that it hits; and everybody else's.
fn all(page: &Page) -> Result<View> {
    let asked = query(&[("from", &now(page).to_string()), ("page_size", "250")]);
    let answer = page.ask("Time Off V1#List", "", &asked)?;
    let mine = me(page)?;
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for time_off in list(&answer["time_off"]) {
        let mut time_off = time_off.clone();
        if time_off["user"]["id"] == mine {
            time_off["shifts"] = hit_by(page, text(&time_off, "id"))?.into();
            own.push(time_off);
        } else {
            others.push(time_off);
        }
    }
    Ok(page.show("on_call/time_off.html", json!({"own": own, "others": others})))
}

/// The shifts that time off hits, each with where others are asked to take it.
fn hit_by(page: &Page, id: &str) -> Result<Vec<Json>> {
    let answer = page.ask("Time Off V1#ListShifts", id, "")?;
    Ok(list(&answer["shifts"]).map(own).collect())
}

fn make_form(page: &Page) -> Result<View> {
    page.require("schedules.view")?;
    with(page, &Json::Null, &Refused::default())
}

fn with(page: &Page, time_off: &Json, refused: &Refused) -> Result<View> {
    let variables = json!({"time_off": time_off, "start": when::typed(time_off, &page.zone())});
    Ok(page.form("on_call/time_off_form.html", variables, refused))
}

/// What the form says, of the visitor.
fn body(page: &Page, before: &Json) -> Result<Json> {
    let mut body = page.form.filled(&["time_off.start_at", "time_off.end_at", "time_off.note"]);
    when::understand(&mut body["time_off"], before, &zone_of_form(page));
    body["time_off"]["user"] = json!({"id": me(page)?});
    Ok(body)
}

fn make(page: &Page) -> Result<View> {
    match page.submit("Time Off V1#Create", "", body(page, &Json::Null)?)? {
        Ok(_) => Ok(page.done(HOME, "Everybody sees that you are away; ask for cover where it hits your shifts")),
        Err(refused) => with(page, &Json::Null, &refused),
    }
}

fn shown(page: &Page) -> Result<Json> {
    Ok(page.ask("Time Off V1#Show", page.segment(0), "")?["time_off"].take())
}

fn change_form(page: &Page) -> Result<View> {
    with(page, &shown(page)?, &Refused::default())
}

fn change(page: &Page) -> Result<View> {
    let shown = shown(page)?;
    match page.submit("Time Off V1#Update", page.segment(0), body(page, &shown)?)? {
        Ok(_) => Ok(page.done(HOME, "Your time off is changed")),
        Err(refused) => with(page, &shown, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    page.call("Time Off V1#Destroy", page.segment(0), Json::Null)?;
    Ok(page.done(HOME, "You are not away then any more"))
}
