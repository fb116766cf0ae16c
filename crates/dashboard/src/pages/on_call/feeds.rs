//! Calendars to subscribe to.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::shifts::{list, text};
use super::{all_schedules, me};
use crate::fields::query;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/on-call/feeds" => all;
    POST "/on-call/feeds" => make;
    POST "/on-call/feeds/{id}/delete" => delete;
}

fn all(page: &Page) -> Result<View> {
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    page.require("schedules.view")?;
    let schedules = all_schedules(page)?;
    let mut feeds = page.ask("Calendar Feeds V1#List", "", &query(&[("user_id", &me(page)?), ("page_size", "250")]))?;
    let mut feeds = feeds["calendar_feeds"].take();
    if page.may("schedules.update") {
        add_those_of_schedules(page, &mut feeds, &schedules)?;
    }
    Ok(page.form("on_call/feeds.html", json!({"feeds": feeds, "schedules": schedules}), refused))
}

fn add_those_of_schedules(page: &Page, feeds: &mut Json, schedules: &Json) -> Result<()> {
    let all = page.ask("Calendar Feeds V1#List", "", "page_size=250")?;
    for feed in list(&all["calendar_feeds"]) {
        let schedule = list(schedules).find(|schedule| schedule["id"] == feed["schedule_id"]);
        if let (Some(schedule), Some(feeds)) = (schedule, feeds.as_array_mut()) {
            let mut feed = feed.clone();
            feed["schedule"] = schedule["name"].clone();
            feeds.push(feed);
        }
    }
    Ok(())
}

/// Shows the address, this once.
fn make(page: &Page) -> Result<View> {
    let mut body = page.form.filled(&["calendar_feed.schedule_id"]);
    if body.as_object().is_some_and(serde_json::Map::is_empty) {
        body = json!({"calendar_feed": {"user": {"id": me(page)?}}});
    }
    match page.submit("Calendar Feeds V1#Create", "", body)? {
        Ok(answer) => Ok(page.show("on_call/feed.html", json!({"url": text(&answer["calendar_feed"], "url")}))),
        Err(refused) => with(page, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    page.call("Calendar Feeds V1#Destroy", page.segment(0), Json::Null)?;
    Ok(page.done("/on-call/feeds", "The calendar is not found at its address any more"))
}
