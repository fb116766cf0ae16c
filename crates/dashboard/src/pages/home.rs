//! Home: what is on fire, who is on call, and what is mine.

use std::cmp::Reverse;

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::on_call::{SHIFTS, my_shifts, my_shifts_query};
use crate::live::{self, Moved};
use crate::page::{Page, pages};

pages! {
    GET "/" => home;
    GET "/live/home" => follow;
}

const LIVE: &str = "page_size=50&status_category[one_of]=live&status_category[one_of]=triage";
const SCHEDULES: &str = "page_size=25";

fn home(page: &Page) -> Result<View> {
    let mut incidents = page.ask_if_allowed("Incidents V2#List", "", LIVE)?;
    if let Some(incidents) = incidents["incidents"].as_array_mut() {
        incidents.sort_by_key(|incident| Reverse(incident["severity"]["rank"].as_i64()));
    }
    let schedules = page.ask_if_allowed("Schedules V2#List", "", SCHEDULES)?;
    Ok(page.show(
        "home.html",
        json!({
            "incidents": incidents["incidents"], "schedules": schedules["schedules"], "more_schedules": !page.next(&schedules).is_null(),
            "next_shift": my_shifts(page)?.first(),
            "led": led(page, &incidents)?,
            "actions": mine(page, "Actions#ListOpen", "actions")?,
            "follow_ups": mine(page, "Follow-ups#ListOpen", "follow_ups")?,
        }),
    ))
}

fn follow(page: &Page) -> Result<View> {
    live::follow(
        page,
        Moved::ByPeople,
        &[
            ("Incidents V2#List", String::new(), LIVE.to_owned()),
            ("Schedules V2#List", String::new(), SCHEDULES.to_owned()),
            (SHIFTS, String::new(), my_shifts_query(page)?),
        ],
    )
}

/// Those of the incidents that the visitor leads.
fn led(page: &Page, incidents: &Json) -> Result<Vec<Json>> {
    let me = page.visitor()?.user.id.to_string();
    let leads = |incident: &&Json| {
        let assignments = incident["incident_role_assignments"].as_array().into_iter().flatten();
        let mut leads = assignments.filter(|assignment| assignment["role"]["role_type"] == "lead");
        leads.any(|lead| lead["assignee"]["id"] == me)
    };
    Ok(incidents["incidents"].as_array().into_iter().flatten().filter(leads).cloned().collect())
}

/// What the visitor has still to do.
fn mine(page: &Page, operation: &str, name: &str) -> Result<Vec<Json>> {
    let me = page.visitor()?.user.id.to_string();
    page.ask_all_if_allowed(operation, &[("assignee_id", &me)], name)
}
