//! API keys: which there are, what each may do, and their tokens, each of which is shown once.

use base::Result;
use people::roles::{Level, Role};
use serde_json::{Value as Json, json};
use web::View;

use super::roles;
use crate::fields::step;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/settings/api-keys" => list;
    GET "/settings/api-keys/new" => new_form;
    POST "/settings/api-keys/new" => create;
    GET "/settings/api-keys/identifiers" => identifiers;
    GET "/settings/api-keys/{id}" => show;
    POST "/settings/api-keys/{id}" => change;
    POST "/settings/api-keys/{id}/rotate" => rotate;
    POST "/settings/api-keys/{id}/delete" => delete;
}

/// What a key is given, by the name of the list in a request: roles everywhere, teams, and roles within them.
const LISTS: [&str; 3] = ["role_names", "team_ids", "team_role_names"];

fn list(page: &Page) -> Result<View> {
    let answer = page.ask("API Keys V1#List", "", &page.query.with(&[("page_size", "50")]))?;
    let variables = json!({
        "keys": answer["api_keys"], "teams": teams(page)?, "next": page.next(&answer), "first": page.first(),
    });
    Ok(page.show("settings/api_keys.html", variables))
}

fn teams(page: &Page) -> Result<Json> {
    Ok(page.ask_if_allowed("Teams V3#List", "", "page_size=250")?["teams"].take())
}

fn names(roles: &Json) -> Vec<&str> {
    roles.as_array().into_iter().flatten().filter_map(|role| role["name"].as_str()).collect()
}

/// What there is to give to a key.
fn choices(page: &Page, key: &Json) -> Result<Json> {
    let (held, held_in_teams) = (names(&key["roles"]), names(&key["team_roles"]));
    Ok(json!({
        "key": key,
        "roles": roles(page, Level::Account, &held), "held": held,
        "team_roles": roles(page, Level::Team, &held_in_teams), "held_in_teams": held_in_teams,
        "teams": teams(page)?,
    }))
}

fn new_form(page: &Page) -> Result<View> {
    page.require("api_keys.create")?;
    new_with(page, &Refused::default())
}

fn new_with(page: &Page, refused: &Refused) -> Result<View> {
    Ok(page.form("settings/api_key_new.html", choices(page, &Json::Null)?, refused))
}

/// What the form says of the key.
fn body(page: &Page) -> Json {
    let mut body = json!({"name": page.form.text("name")});
    if let Some(comments) = page.form.get("comments") {
        body["comments"] = comments.into();
    }
    for list in LISTS {
        body[list] = page.form.all(list).collect();
    }
    body
}

/// What is wrong with one of a list is told beside the list.
fn beside_lists(refused: Refused) -> Refused {
    LISTS.into_iter().fold(refused, |refused, list| refused.moved(list, list))
}

fn create(page: &Page) -> Result<View> {
    match page.submit("API Keys V1#Create", "", body(page))? {
        Ok(answer) => Ok(show_token(page, &answer, Json::Null)),
        Err(refused) => new_with(page, &beside_lists(refused)),
    }
}

/// Shows a token, this once.
fn show_token(page: &Page, answer: &Json, works_on: Json) -> View {
    let url = &page.desk.store.site().public_url;
    let variables = json!({"key": answer["api_key"], "token": answer["token"], "works_on": works_on, "url": url});
    // Whoever loads the page again sees the key, and the token no more.
    let home = format!("/settings/api-keys/{}", answer["api_key"]["id"].as_str().unwrap_or_default());
    page.show("settings/token.html", variables).with_header("hx-push-url", home)
}

fn home(page: &Page) -> String {
    format!("/settings/api-keys/{}", step(page.segment(0)))
}

fn show(page: &Page) -> Result<View> {
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let key = page.ask("API Keys V1#Show", page.segment(0), "")?["api_key"].take();
    let mut variables = choices(page, &key)?;
    let payload = json!({
        "name": key["name"], "role_names": names(&key["roles"]), "team_ids": key["team_ids"],
        "team_role_names": names(&key["team_roles"]),
    });
    variables["json"] = format!("{payload:#}").into();
    Ok(page.form("settings/api_key.html", variables, refused))
}

fn change(page: &Page) -> Result<View> {
    match page.submit("API Keys V1#Update", page.segment(0), body(page))? {
        Ok(_) => Ok(page.done(&home(page), "The key is changed; its token stays")),
        Err(refused) => with(page, &beside_lists(refused)),
    }
}

fn rotate(page: &Page) -> Result<View> {
    let grace = page.form.text("grace_period_minutes");
    let minutes = grace.parse::<i64>().map_or(json!(grace), Json::from);
    match page.submit("API Keys V1#Rotate", page.segment(0), json!({"grace_period_minutes": minutes}))? {
        Ok(answer) => Ok(show_token(page, &answer, minutes)),
        Err(refused) => with(page, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    page.call("API Keys V1#Delete", page.segment(0), Json::Null)?;
    Ok(page.done("/settings/api-keys", "The key is deleted; its token works no more"))
}

fn identifiers(page: &Page) -> Result<View> {
    page.require("api_keys.view")?;
    let role = |role: &Role| json!({"name": role.name, "about": role.about, "team_level": role.team_level});
    let roles: Vec<_> = Role::at(Level::Account).map(role).collect();
    Ok(page.show("settings/identifiers.html", json!({"roles": roles, "teams": teams(page)?})))
}
