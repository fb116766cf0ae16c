//! Runs: what was asked of an API, and what came of it.

use std::time::Duration;

use base::{Result, Time};
use serde_json::{Value as Json, json};
use web::View;

use crate::fields::query;
use crate::live::{self, Moved};
use crate::page::{Page, pages};

pages! {
    GET "/integrations/runs" => list;
    GET "/integrations/runs/{id}" => show;
    GET "/live/integrations/runs/{id}" => follow;
}

/// How long a page waits for a run that is not over, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const GLIMPSE: Duration = Duration::from_millis(50);
/// How long an answer is fresh.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// The list's tabs: what they are called, and the state of the runs they show.
const TABS: &[(&str, &str)] =
    &[("All", ""), ("Failed", "failed"), ("Succeeded", "succeeded"), ("Under way", "running")];

/// Goes to the page of a run that has begun.
pub fn watch(begun: &Json) -> View {
    View::go_to(format!("/integrations/runs/{}", begun["run"]["id"].as_str().unwrap_or_default()))
}

fn is_over(run: &Json) -> bool {
    matches!(run["state"].as_str(), Some("succeeded" | "failed"))
}

/// A run: as it is once it is over, or after a little while.
pub fn awaited(page: &Page, id: &str) -> Result<Json> {
    let world = page.desk.store.world();
    let deadline = world.now() + PATIENCE;
    loop {
        let run = page.ask("Hub Runs V1#Show", id, "")?["run"].take();
        if is_over(&run) || world.now() >= deadline {
            return Ok(run);
        }
        world.sleep(GLIMPSE);
    }
}

/// The last run of an action over a connection that was given this and succeeded not long ago.
pub fn latest(page: &Page, connection: &str, action: &str, input: &Json) -> Result<Option<Json>> {
    let since = page.desk.store.world().now() - FRESH;
    let wanted = query(&[("connection_id", connection), ("state", "succeeded"), ("page_size", "50")]);
    let runs = page.ask("Hub Runs V1#List", "", &wanted)?["runs"].take();
    let is_fresh = |run: &Json| {
        let finished = run["finished_at"].as_str().and_then(|text| text.parse::<Time>().ok());
        finished.is_some_and(|finished| finished > since)
    };
    let mut runs = runs.as_array().into_iter().flatten();
    Ok(runs.find(|run| run["action"] == action && run["input"] == *input && is_fresh(run)).cloned())
}

fn list(page: &Page) -> Result<View> {
    let answer = page.ask("Hub Runs V1#List", "", &page.query.with(&[("page_size", "25")]))?;
    let tab = |(name, state): &(&str, &str)| {
        let address = page.query.with(&[("state", state), ("after", "")]);
        json!({"name": name, "path": format!("/integrations/runs?{address}"), "is_here": page.query.text("state") == *state})
    };
    let variables = json!({
        "tabs": TABS.iter().map(tab).collect::<Vec<_>>(), "runs": answer["runs"], "next": page.next(&answer),
        "first": page.first(), "is_filtered": page.query.names().any(|name| name != "after"),
    });
    Ok(page.show("integrations/runs.html", variables))
}

fn show(page: &Page) -> Result<View> {
    let run = awaited(page, page.segment(0))?;
    let connection = match run["connection_id"].as_str() {
        Some(id) => page.ask_if_allowed("Hub Connections V1#Show", id, "")?["connection"].take(),
        None => Json::Null,
    };
    let pretty = |part: &str| match &run[part] {
        Json::Null => Json::Null,
        value => format!("{value:#}").into(),
    };
    let is_over = is_over(&run);
    let variables = json!({
        "connection": connection, "is_over": is_over, "input": pretty("input"), "output": pretty("output"),
        "can_retry": run["action"] == "connect" && run["state"] == "failed", "run": run,
    });
    let view = page.show("integrations/run.html", variables);
    // Whoever has no scripts sees it go on, too.
    Ok(if is_over { view } else { view.with_header("refresh", "3") })
}

fn follow(page: &Page) -> Result<View> {
    live::follow(page, Moved::ByJob, &[("Hub Runs V1#Show", page.segment(0).to_owned(), String::new())])
}
