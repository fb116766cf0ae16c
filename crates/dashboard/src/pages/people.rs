//! People: who there is, what each may do, and how they get in.

use base::{Error, Id, Result};
use people::custom_roles::CustomRole;
use people::sign_in::{self, LINK_LASTS, passwords, providers, second_factor, sessions};
use people::users::{BaseRole, User};
use serde_json::{Value as Json, json};
use store::{Condition, Cx};
use web::{SecretStep, View};

use crate::fields::step;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/people" => list;
    GET "/people/new" => add_form;
    POST "/people/new" => add;
    GET "/people/{id}" => show;
    POST "/people/{id}/roles" => change_roles;
    POST "/people/{id}/link" => make_link;
    POST "/people/{id}/unlock" => unlock;
    POST "/people/{id}/second-factor/reset" => reset_second_factor;
    POST "/people/{id}/sessions/end" => end_sessions;
    POST "/people/{id}/providers/{provider}/unlink" => unlink;
    POST "/people/{id}/deactivate" => deactivate;
    POST "/people/{id}/reactivate" => reactivate;
}

/// What it takes to change other people's accounts.
const MANAGE: &str = "users.manage";
/// What each role lets somebody do, to be chosen from.
const ROLES: &[(BaseRole, &str)] = &[
    (BaseRole::Viewer, "Viewer: looks at everything that is not private"),
    (BaseRole::Responder, "Responder: declares incidents and responds to them"),
    (BaseRole::Administrator, "Administrator: changes settings too"),
    (BaseRole::Owner, "Owner: may do everything"),
];

fn list(page: &Page) -> Result<View> {
    let asked =
        |text| page.query.with(&[("containing", ""), ("q", text), ("page_size", "50"), ("include_inactive", "true")]);
    let mut answer = match page.query.get("containing") {
        Some(text) => page.ask("Users#Search", "", &asked(text))?,
        None => page.ask("Users V2#List", "", &asked(""))?,
    };
    if page.may(MANAGE) {
        let ids: Vec<Id<User>> = rows(&answer).filter_map(|user| user["id"].as_str()?.parse().ok()).collect();
        let seen = page.look(move |cx| sessions::last_seen(cx, &ids))?;
        for user in answer["users"].as_array_mut().into_iter().flatten() {
            user["last_seen_at"] = json!(user["id"].as_str().and_then(|id| seen.get(&id.parse().ok()?)));
        }
    }
    Ok(page.show(
        "people/list.html",
        json!({"people": answer["users"], "next": page.next(&answer), "first": page.first(), "manages": page.may(MANAGE)}),
    ))
}

fn rows(answer: &Json) -> impl Iterator<Item = &Json> {
    answer["users"].as_array().into_iter().flatten()
}

/// The roles that the visitor can give.
fn roles(page: &Page) -> Result<Vec<Json>> {
    let is_owner = page.visitor()?.who.access.unlimited;
    let given = ROLES.iter().filter(|(role, _)| is_owner || *role != BaseRole::Owner);
    Ok(given.map(|(role, about)| json!({"id": role.as_str(), "name": about})).collect())
}

fn add_form(page: &Page) -> Result<View> {
    page.require(MANAGE)?;
    add_with(page, &Refused::default())
}

fn add_with(page: &Page, refused: &Refused) -> Result<View> {
    Ok(page.form("people/add.html", json!({"roles": roles(page)?}), refused))
}

/// Adds somebody, and makes a link for them: without one they couldn't get in.
fn add(page: &Page) -> Result<View> {
    page.require(MANAGE)?;
    let Ok(role) = page.form.text("role").parse::<BaseRole>() else {
        return add_with(page, &Refused::field("role", "choose a role"));
    };
    let (name, email) = (page.form.text("name").to_owned(), page.form.text("email").to_owned());
    let add = move |cx: &mut Cx<'_>| {
        let user = User::add(cx, &name, &email, role)?;
        let link = sign_in::link(cx, user.id, LINK_LASTS)?;
        Ok((user, link))
    };
    match page.work(add)? {
        Ok((user, link)) => Ok(show_link(page, &json!({"id": user.id, "name": user.name}), &link)),
        Err(refused) => add_with(page, &refused),
    }
}

fn id_of(page: &Page) -> Result<Id<User>> {
    page.segment(0).parse().map_err(|_| Error::not_found())
}

fn home(page: &Page) -> String {
    format!("/people/{}", step(page.segment(0)))
}

fn show(page: &Page) -> Result<View> {
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let user = page.ask("Users V2#Show", page.segment(0), "")?["user"].take();
    let id = id_of(page)?;
    let account = if page.may(MANAGE) { page.look(move |cx| account(cx, id))? } else { Json::Null };
    let is_me = page.visitor()?.user.id == id;
    let variables = json!({
        "user": user, "account": account, "is_me": is_me, "roles": roles(page)?, "keys": keys(page)?, "teams": teams(page)?,
    });
    Ok(page.form("people/show.html", variables, refused))
}

/// What whoever manages users is told of an account.
fn account(cx: &mut Cx<'_>, id: Id<User>) -> Result<Json> {
    let user = cx.get(id)?;
    let sessions = sessions::of(cx, id)?;
    let told = sessions.iter().map(|session| {
        json!({
            "browser": session.origin.user_agent, "address": session.origin.location, "how": session.how.as_str(),
            "last_seen_at": session.last_seen_at,
        })
    });
    let custom = cx.list::<CustomRole>(Condition::everything(), "id")?;
    let custom = custom.iter().map(|role| {
        json!({"id": role.id, "name": role.name, "description": role.description, "is_held": user.custom_roles.contains(&role.id)})
    });
    Ok(json!({
        "is_managed": user.is_managed(cx)?,
        "created_at": user.created_at,
        "sessions": told.collect::<Vec<_>>(),
        "custom_roles": custom.collect::<Vec<_>>(),
        "has_password": passwords::has_one(cx, id)?,
        "has_second_factor": second_factor::is_on(cx, id)?,
        "identities": providers::of(cx, id)?,
    }))
}

/// The API keys that they have made, for whoever may see keys.
fn keys(page: &Page) -> Result<Vec<Json>> {
    if !page.may("api_keys.view") {
        return Ok(Vec::new());
    }
    let mut keys = page.ask_all("API Keys V1#List", &[], "api_keys")?;
    keys.retain(|key| key["creator"]["user"]["id"] == page.segment(0));
    Ok(keys)
}

/// The teams that they belong to, for whoever may see teams.
fn teams(page: &Page) -> Result<Vec<Json>> {
    if !page.may("catalog_entries.view") {
        return Ok(Vec::new());
    }
    let mut teams = page.ask_all("Teams V3#List", &[], "teams")?;
    teams.retain(|team| {
        let mut members = team["members"].as_array().into_iter().flatten();
        members.any(|member| member["id"] == page.segment(0))
    });
    Ok(teams)
}

fn change_roles(page: &Page) -> Result<View> {
    let id = id_of(page)?;
    let Ok(role) = page.form.text("role").parse::<BaseRole>() else {
        return with(page, &Refused::field("role", "choose a role"));
    };
    let custom: Vec<Id<CustomRole>> = page.form.all("custom_role_ids").filter_map(|id| id.parse().ok()).collect();
    let change = move |cx: &mut Cx<'_>| User::change_roles(cx, id, role, custom.clone()).map(drop);
    work(page, "Their roles are changed", change)
}

/// Does something to the account, and goes back to it; where that is refused, says so there.
fn work(page: &Page, told: &str, work: impl FnMut(&mut Cx<'_>) -> Result<()> + Send + 'static) -> Result<View> {
    match page.work(work)? {
        Ok(()) => Ok(page.done(&home(page), told)),
        Err(refused) => with(page, &refused),
    }
}

fn make_link(page: &Page) -> Result<View> {
    let id = id_of(page)?;
    let make = move |cx: &mut Cx<'_>| Ok((cx.get(id)?.into_inner(), sign_in::link(cx, id, LINK_LASTS)?));
    match page.work(make)? {
        Ok((user, link)) => Ok(show_link(page, &json!({"id": user.id, "name": user.name}), &link)),
        Err(refused) => with(page, &refused),
    }
}

/// Shows a link, this once.
fn show_link(page: &Page, user: &Json, link: &SecretStep) -> View {
    let address = format!("{}/sign-in/link/{}", page.desk.store.site().public_url, link.reveal());
    page.show("people/link.html", json!({"user": user, "link": address}))
}

fn unlock(page: &Page) -> Result<View> {
    let id = id_of(page)?;
    work(page, "They can try to sign in again at once", move |cx| sign_in::unlock(cx, id))
}

fn reset_second_factor(page: &Page) -> Result<View> {
    let id = id_of(page)?;
    work(page, "Their second factor is off: they can turn on another", move |cx| second_factor::reset(cx, id))
}

fn end_sessions(page: &Page) -> Result<View> {
    let id = id_of(page)?;
    work(page, "They are signed out everywhere", move |cx| sessions::end_all_but(cx, id, None).map(drop))
}

fn unlink(page: &Page) -> Result<View> {
    let (id, provider) = (id_of(page)?, page.segment(1).parse().map_err(|_| Error::not_found())?);
    work(page, "The next account that comes with their address is theirs", move |cx| {
        providers::unlink(cx, id, provider)
    })
}

fn deactivate(page: &Page) -> Result<View> {
    let id = id_of(page)?;
    work(page, "They are deactivated, and signed out everywhere", move |cx| User::deactivate(cx, id).map(drop))
}

fn reactivate(page: &Page) -> Result<View> {
    let id = id_of(page)?;
    work(page, "They are back, with the roles that they had", move |cx| User::reactivate(cx, id).map(drop))
}
