//! Custom roles: what some people may do beside their base role.

use base::{Id, Result};
use people::custom_roles::{CustomRole, Draft};
use people::roles::{Level, Role};
use people::users::User;
use serde_json::{Value as Json, json};
use store::{Condition, Cx};
use web::View;

use super::roles;
use crate::fields::step;
use crate::page::{Page, Refused, pages, submitted};

pages! {
    GET "/settings/custom-roles" => list;
    GET "/settings/custom-roles/new" => new_form;
    POST "/settings/custom-roles/new" => add;
    GET "/settings/custom-roles/{id}" => show;
    POST "/settings/custom-roles/{id}" => change;
    POST "/settings/custom-roles/{id}/delete" => delete;
}

/// What it takes to see and to change them.
pub const SCOPE: &str = "users.manage";
const PLACE: &str = "/settings/custom-roles";

fn list(page: &Page) -> Result<View> {
    list_with(page, &Refused::default())
}

fn list_with(page: &Page, refused: &Refused) -> Result<View> {
    page.require(SCOPE)?;
    let look = |cx: &mut Cx<'_>| {
        let (roles, users) = (cx.list::<CustomRole>(Condition::everything(), "id")?, people(cx)?);
        let told = roles.iter().map(|role| {
            let holders = users.iter().filter(|user| user.custom_roles.contains(&role.id)).count();
            json!({"id": role.id, "name": role.name, "description": role.description, "roles": abouts(role), "holders": holders})
        });
        Ok(Json::from(told.collect::<Vec<_>>()))
    };
    Ok(page.form("settings/custom_roles.html", json!({"roles": page.look(look)?}), refused))
}

fn people(cx: &mut Cx<'_>) -> Result<Vec<User>> {
    Ok(cx.list::<User>(Condition::everything(), "id")?.into_iter().map(store::Stored::into_inner).collect())
}

/// What a custom role lets people do, in words.
fn abouts(role: &CustomRole) -> Vec<&'static str> {
    role.roles.iter().filter_map(|name| Role::named(name)).map(|role| role.about).collect()
}

fn new_form(page: &Page) -> Result<View> {
    new_with(page, &Refused::default())
}

fn new_with(page: &Page, refused: &Refused) -> Result<View> {
    page.require(SCOPE)?;
    form(page, json!({}), &[], refused)
}

fn show(page: &Page) -> Result<View> {
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    page.require(SCOPE)?;
    let id = id(page)?;
    let look = move |cx: &mut Cx<'_>| {
        let role = cx.get(id)?;
        let holders = people(cx)?.into_iter().filter(|user| user.custom_roles.contains(&id));
        let holders: Vec<_> = holders.map(|user| json!({"id": user.id, "name": user.name})).collect();
        Ok((json!({"role": *role, "version": role.version(), "holders": holders}), role.into_inner().roles))
    };
    let (variables, held) = page.look(look)?;
    form(page, variables, &held, refused)
}

/// The form, with the roles that the visitor can give, and those that are in it already.
fn form(page: &Page, mut variables: Json, held: &[String], refused: &Refused) -> Result<View> {
    let held: Vec<_> = held.iter().map(String::as_str).collect();
    variables["choices"] = roles(page, Level::Account, &held).into();
    Ok(page.form("settings/custom_role.html", variables, &refused.clone().gathered("role_names")))
}

fn id(page: &Page) -> Result<Id<CustomRole>> {
    page.segment(0).parse().map_err(|_| base::Error::not_found())
}

fn draft(page: &Page) -> Draft {
    Draft {
        name: page.form.text("name").into(),
        description: page.form.get("description").map(str::to_owned),
        roles: page.form.all("role_names").map(str::to_owned).collect(),
    }
}

fn add(page: &Page) -> Result<View> {
    let draft = draft(page);
    match page.work(move |cx| CustomRole::add(cx, &draft))? {
        Ok(_) => Ok(page.done(PLACE, "The role is made: give it to people on their pages")),
        Err(refused) => new_with(page, &refused),
    }
}

fn change(page: &Page) -> Result<View> {
    let (id, draft) = (id(page)?, draft(page));
    let change = move |cx: &mut Cx<'_>| CustomRole::change(cx, id, &draft);
    match submitted(page.desk.store.write(page.who_has_seen()?, change).wait())? {
        Ok(()) => {
            Ok(page.done(&format!("{PLACE}/{}", step(page.segment(0))), "The role is changed, for all who have it"))
        }
        Err(refused) => with(page, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    let id = id(page)?;
    match page.work(move |cx| CustomRole::delete(cx, id))? {
        Ok(()) => Ok(page.done(PLACE, "The role is deleted")),
        Err(refused) => list_with(page, &refused),
    }
}
