//! How people come in beside their passwords: the providers that vouch for them, and whether there is any other way.

use base::{Error, Id, Result, Secret};
use people::sign_in::providers::{self, Draft, IdentityProvider, SecretChange, redirect_address};
use people::users::BaseRole;
use serde_json::{Value as Json, json};
use store::{Condition, Cx};
use web::View;

use crate::fields::step;
use crate::page::{Page, Refused, pages, submitted};

pages! {
    GET "/settings/sign-in" => list;
    POST "/settings/sign-in/policy" => set_policy;
    GET "/settings/sign-in/new" => new_form;
    POST "/settings/sign-in/new" => add;
    GET "/settings/sign-in/{id}" => show;
    POST "/settings/sign-in/{id}" => change;
    POST "/settings/sign-in/{id}/test" => test;
    POST "/settings/sign-in/{id}/delete" => delete;
}

/// What it takes to see it. Only owners change it: who says which provider vouches says who everybody is.
pub const SCOPE: &str = "security_settings.update";
const PLACE: &str = "/settings/sign-in";
/// What people may be who are added when they first come.
const ROLES: &[(BaseRole, &str)] =
    &[(BaseRole::Viewer, "Viewer"), (BaseRole::Responder, "Responder"), (BaseRole::Administrator, "Administrator")];

fn list(page: &Page) -> Result<View> {
    page.require(SCOPE)?;
    list_with(page, &Refused::default())
}

fn list_with(page: &Page, refused: &Refused) -> Result<View> {
    let look = |cx: &mut Cx<'_>| {
        let states = providers::states(cx)?;
        let all = cx.list::<IdentityProvider>(Condition::everything(), "id")?;
        let told = all.iter().map(|provider| json!({"provider": **provider, "state": states.get(&provider.id)}));
        Ok(json!({"providers": told.collect::<Vec<_>>(), "only_providers": providers::only_providers(cx)?}))
    };
    let mut variables = page.look(look)?;
    variables["is_owner"] = is_owner(page)?.into();
    // A form that is begun anew keeps its address, which stands at the provider by then.
    variables["new"] = json!(page.desk.store.world().new_id::<IdentityProvider>());
    Ok(page.form("settings/sign_in.html", variables, refused))
}

fn is_owner(page: &Page) -> Result<bool> {
    Ok(page.visitor()?.who.access.unlimited)
}

fn set_policy(page: &Page) -> Result<View> {
    let only = page.form.text("only_providers") == "true";
    match page.work(move |cx| providers::set_policy(cx, only))? {
        Ok(()) if only => Ok(page.done(PLACE, "Providers alone let people in now")),
        Ok(()) => Ok(page.done(PLACE, "Passwords let people in, too")),
        Err(refused) => list_with(page, &refused),
    }
}

/// The ID in the address, or else in the query or the form of a provider that isn't there yet.
fn id(page: &Page) -> Result<Id<IdentityProvider>> {
    let new = || page.form.get("id").or_else(|| page.query.get("id"));
    match Some(page.segment(0)).filter(|id| !id.is_empty()).or_else(new) {
        Some(id) => id.parse().map_err(|_| Error::not_found()),
        None => Ok(page.desk.store.world().new_id()),
    }
}

fn home(page: &Page) -> String {
    format!("{PLACE}/{}", step(page.segment(0)))
}

fn new_form(page: &Page) -> Result<View> {
    page.require(SCOPE)?;
    new_with(page, &Refused::default())
}

fn new_with(page: &Page, refused: &Refused) -> Result<View> {
    form(page, json!({"is_owner": is_owner(page)?}), refused)
}

/// The form of a provider, with the address that has to be registered there.
fn form(page: &Page, mut variables: Json, refused: &Refused) -> Result<View> {
    let id = id(page)?;
    variables["id"] = json!(id);
    variables["redirect_address"] = redirect_address(page.desk.store.site(), id).into();
    variables["roles"] = ROLES.iter().map(|(role, name)| json!({"id": role.as_str(), "name": name})).collect();
    Ok(page.form("settings/identity_provider.html", variables, refused))
}

fn show(page: &Page) -> Result<View> {
    page.require(SCOPE)?;
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let id = id(page)?;
    let look = move |cx: &mut Cx<'_>| {
        let provider = cx.get(id)?;
        let state = providers::states(cx)?.remove(&id).unwrap_or_default();
        Ok(json!({"provider": *provider, "version": provider.version(), "state": state}))
    };
    let mut variables = page.look(look)?;
    variables["is_owner"] = is_owner(page)?.into();
    form(page, variables, refused)
}

/// What the form says of the provider.
fn draft(page: &Page) -> Draft {
    let words = |name: &str| {
        let words = page.form.text(name).split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let ticked = |name: &str| page.form.all("rules").any(|rule| rule == name);
    Draft {
        name: page.form.text("name").into(),
        issuer: page.form.text("issuer").into(),
        client_id: page.form.text("client_id").into(),
        client_secret: match page.form.get("client_secret") {
            Some(secret) => SecretChange::Set(Secret::from(secret)),
            None if ticked("has_no_secret") => SecretChange::Remove,
            None => SecretChange::Keep,
        },
        scopes: words("scopes"),
        domains: words("domains"),
        role: page.form.text("role").parse().unwrap_or(BaseRole::Unset),
        trusts_addresses: ticked("trusts_addresses"),
        asks_second_factor: ticked("asks_second_factor"),
        is_on: ticked("is_on"),
    }
}

fn add(page: &Page) -> Result<View> {
    let who = page.visitor()?.who.clone();
    match submitted(providers::add(&page.desk.store, who, id(page)?, draft(page)))? {
        Ok(provider) => Ok(page.done(&format!("{PLACE}/{}", provider.id), "The provider is added")),
        Err(refused) => new_with(page, &refused),
    }
}

fn change(page: &Page) -> Result<View> {
    match submitted(providers::change(&page.desk.store, page.who_has_seen()?, id(page)?, draft(page)))? {
        Ok(_) => Ok(page.done(&home(page), "The provider is changed")),
        Err(refused) => with(page, &refused.moved("only_providers", "rules")),
    }
}

fn test(page: &Page) -> Result<View> {
    match submitted(providers::test(&page.desk.store, page.visitor()?.who.clone(), id(page)?))? {
        Ok(()) => Ok(page.done(&home(page), "The provider answers as it should")),
        Err(refused) => with(page, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    let id = id(page)?;
    match page.work(move |cx| providers::delete(cx, id))? {
        Ok(()) => Ok(page.done(PLACE, "The provider is deleted; people come in by another way")),
        Err(refused) => with(page, &refused.moved("only_providers", "rules")),
    }
}
