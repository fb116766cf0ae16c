//! Teams: who belongs to each, and what it looks after.

use base::{Error, Id, Result};
use people::teams::Team;
use people::users::User;
use serde_json::{Value as Json, json};
use web::View;

use super::catalog::{BACKLINKS, pointing_at};
use super::pickers;
use crate::fields::step;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/teams" => list;
    GET "/teams/{id}" => show;
    POST "/teams/{id}/members" => add_member;
    POST "/teams/{id}/members/{user}/remove" => remove_member;
}

fn list(page: &Page) -> Result<View> {
    let answer = page.ask("Teams V3#List", "", &page.query.with(&[("page_size", "25")]))?;
    let types = page.ask_if_allowed("Catalog V3#ListTypes", "", "")?;
    let mut types = types["catalog_types"].as_array().into_iter().flatten();
    let of_teams = types.find(|of| of["is_team_type"] == true).map(|of| &of["id"]);
    Ok(page.show(
        "teams/list.html",
        json!({"teams": answer["teams"], "type": of_teams, "next": page.next(&answer), "first": page.first()}),
    ))
}

fn show(page: &Page) -> Result<View> {
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let team = page.ask("Teams V3#Show", page.segment(0), "")?["team"].take();
    let id = id_of(page)?;
    let mut owned = page.look(move |cx| pointing_at(cx, id.cast()))?;
    let goes_on = owned.len() > BACKLINKS;
    owned.truncate(BACKLINKS);
    let variables = json!({
        "team": team, "owned": owned, "goes_on": goes_on, "schedules": schedules(page)?, "others": others(page, &team)?,
    });
    Ok(page.form("teams/show.html", variables, refused))
}

fn id_of(page: &Page) -> Result<Id<Team>> {
    page.segment(0).parse().map_err(|_| Error::not_found())
}

/// The schedules that belong to the team.
fn schedules(page: &Page) -> Result<Vec<Json>> {
    let all = page.ask_if_allowed("Schedules V2#List", "", "page_size=250")?;
    let is_theirs = |schedule: &&Json| {
        let mut teams = schedule["team_ids"].as_array().into_iter().flatten();
        teams.any(|team| team == page.segment(0))
    };
    Ok(all["schedules"].as_array().into_iter().flatten().filter(is_theirs).cloned().collect())
}

/// Who can be chosen, and doesn't belong to the team.
fn others(page: &Page, team: &Json) -> Result<Json> {
    let mut people = pickers::people(page, [], page.form.all("user_id"))?;
    let members = || team["members"].as_array().into_iter().flatten();
    if let Some(choices) = people["choices"].as_array_mut() {
        choices.retain(|person| members().all(|member| member["id"] != person["id"]));
    }
    Ok(people)
}

fn add_member(page: &Page) -> Result<View> {
    page.require("catalog_entries.edit")?;
    if page.form.has("find") {
        return with(page, &Refused::default());
    }
    let team = id_of(page)?;
    let Ok(user) = page.form.text("user_id").parse::<Id<User>>() else {
        return with(page, &Refused::field("user_id", "choose somebody"));
    };
    change(page, "They belong to the team now", move |cx| catalog::teams::add_member(cx, team, user))
}

fn remove_member(page: &Page) -> Result<View> {
    let team = id_of(page)?;
    let user: Id<User> = page.segment(1).parse().map_err(|_| Error::not_found())?;
    change(page, "They belong to the team no more", move |cx| catalog::teams::remove_member(cx, team, user))
}

fn change(
    page: &Page,
    told: &str,
    work: impl FnMut(&mut store::Cx<'_>) -> Result<()> + Send + 'static,
) -> Result<View> {
    match page.work(work)? {
        Ok(()) => Ok(page.done(&format!("/teams/{}", step(page.segment(0))), told)),
        Err(refused) => with(page, &refused),
    }
}
