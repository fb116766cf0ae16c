//! Signing in and out.

use base::{Error, Id, Result, Secret};
use people::sign_in::providers::{self, Admission, Back, IdentityProvider, Ticket};
use people::sign_in::{Refusal, SignedIn, sessions, with_link, with_password};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};
use store::{Condition, Cx, Who};
use web::{PathSegment, SecretStep, View};

use crate::fields::{query, step};
use crate::page::{Page, Refused, origin, pages};

pages! {
    GET "/sign-in" public => form;
    POST "/sign-in" public => sign_in;
    GET "/sign-in/link/{secret}" public => link_form;
    POST "/sign-in/link/{secret}" public => use_link;
    GET "/sign-in/with/{id}" public => leave;
    GET "/sign-in/with/{id}/back" public => come_back;
    GET "/sign-in/code/{secret}" public => code_form;
    POST "/sign-in/code/{secret}" public => use_code;
    POST "/sign-out" => sign_out;
}

/// The cookie that holds what a browser keeps while its user is at a provider, and where they wanted to go.
const TICKET: &str = "wardroom_ticket";

fn form(page: &Page) -> Result<View> {
    match page.visitor_if_any() {
        Some(_) => Ok(View::go_to(wanted(page))),
        None => Ok(page.form("sign_in.html", ways(page, &wanted(page))?, &Refused::default())),
    }
}

/// The ways to come in, and then on to `to`.
fn ways(page: &Page, to: &str) -> Result<Json> {
    let look = |cx: &mut Cx<'_>| {
        let all = cx.list::<IdentityProvider>(Condition::everything(), "id")?;
        let on = all.into_iter().filter(|provider| provider.is_on);
        Ok((on.map(|provider| (provider.id, provider.name.clone())).collect(), providers::only_providers(cx)?))
    };
    let (on, only): (Vec<(Id<IdentityProvider>, String)>, bool) = page.desk.store.read(Who::system(), look).wait()?;
    let way = |(id, name): &(_, String)| json!({"name": name, "path": format!("/sign-in/with/{id}?{}", query(&[("to", to)]))});
    Ok(json!({"to": to, "providers": on.iter().map(way).collect::<Vec<_>>(), "only_providers": only}))
}

fn sign_in(page: &Page) -> Result<View> {
    let password = Secret::from(page.form.raw("password"));
    let signed_in =
        with_password(&page.desk.store, page.form.text("email"), &password, page.form.get("code"), origin(&page.visit));
    match signed_in {
        Ok(signed_in) => Ok(welcome(page, &signed_in, &wanted(page))),
        Err(refusal) => refused(page, "sign_in.html", ways(page, &wanted(page))?, refusal),
    }
}

fn provider(page: &Page) -> Result<Id<IdentityProvider>> {
    page.segment(0).parse().map_err(|_| Error::not_found())
}

/// Sends the browser to the provider. A link does so, and no form: what a form may lead to is this server alone.
fn leave(page: &Page) -> Result<View> {
    let to = wanted(page);
    match providers::begin(&page.desk.store, provider(page)?, origin(&page.visit)) {
        Ok((address, ticket)) => {
            let kept = format!("{}:{}", ticket.text().reveal(), step(&to));
            let cookie = page.cookie(TICKET, &kept, Ticket::LASTS.as_secs());
            Ok(View::go_to(address).with_header("set-cookie", cookie))
        }
        Err(refusal) => refused(page, "sign_in.html", ways(page, &to)?, refusal),
    }
}

/// Takes the browser back that comes from the provider.
fn come_back(page: &Page) -> Result<View> {
    let (ticket, to) = page.kept(TICKET).and_then(|kept| kept.split_once(':')).unwrap_or_default();
    let to = own(&percent_decode_str(to).decode_utf8_lossy());
    let back = Back {
        ticket: Ticket::read(ticket),
        state: page.query.text("state").into(),
        code: page.query.text("code").into(),
        error: page.query.get("error").map(str::to_owned),
        error_description: page.query.get("error_description").map(str::to_owned),
    };
    let view = match providers::finish(&page.desk.store, provider(page)?, &back, origin(&page.visit)) {
        Ok(Admission::SignedIn(signed_in)) => welcome(page, &signed_in, &to),
        Ok(Admission::NeedsSecondFactor(step)) => {
            View::go_to(format!("/sign-in/code/{}?{}", step.reveal(), query(&[("to", &to)])))
        }
        Err(refusal) => refused(page, "sign_in.html", ways(page, &to)?, refusal)?,
    };
    Ok(view.with_header("set-cookie", page.cookie(TICKET, "", 0)))
}

/// Asks for the second factor of somebody whom a provider has vouched for.
fn code_form(page: &Page) -> Result<View> {
    Ok(page.form("sign_in_code.html", json!({"to": wanted(page)}), &Refused::default()))
}

fn use_code(page: &Page) -> Result<View> {
    let to = wanted(page);
    let step = SecretStep::from_segment(page.segment(0)).ok_or_else(Error::not_found)?;
    match with_link(&page.desk.store, &step, page.form.get("code"), origin(&page.visit)) {
        Ok(signed_in) => Ok(welcome(page, &signed_in, &to)),
        Err(refusal) => refused(page, "sign_in_code.html", json!({"to": to}), refusal),
    }
}

/// Shows a button: programs that look at addresses in messages don't press it, so they don't use the link up.
fn link_form(page: &Page) -> Result<View> {
    Ok(page.form("sign_in_link.html", json!({}), &Refused::default()))
}

fn use_link(page: &Page) -> Result<View> {
    let step = SecretStep::from_segment(page.segment(0)).ok_or_else(Error::not_found)?;
    match with_link(&page.desk.store, &step, page.form.get("code"), origin(&page.visit)) {
        Ok(signed_in) => Ok(welcome(page, &signed_in, "/me#password")),
        Err(refusal) => refused(page, "sign_in_link.html", json!({}), refusal),
    }
}

fn sign_out(page: &Page) -> Result<View> {
    let visitor = page.visitor()?;
    let id = visitor.session.id;
    page.desk.store.write(visitor.who.clone(), move |cx| sessions::end(cx, id)).wait()?;
    Ok(View::go_to("/sign-in").with_header("set-cookie", page.session_cookie(None)))
}

fn welcome(page: &Page, signed_in: &SignedIn, to: &str) -> View {
    View::go_to(to).with_header("set-cookie", page.session_cookie(Some(&signed_in.token)))
}

/// The form once more, with the reason why nobody was let in.
fn refused(page: &Page, template: &str, mut variables: Json, refusal: Refusal) -> Result<View> {
    let refused = match refusal {
        Refusal::Failed(error) => return Err(error),
        Refusal::NeedsSecondFactor => {
            variables["needs_code"] = true.into();
            // Nothing was wrong so far, so that nothing is said to be.
            return Ok(page.form(template, variables, &Refused::default()).with_status(422));
        }
        Refusal::WrongSecondFactor => {
            variables["needs_code"] = true.into();
            Refused::field("code", refusal.to_string())
        }
        Refusal::TooManyFailures { until } => {
            variables["locked_until"] = json!(until);
            Refused::whole("Too many attempts have failed")
        }
        Refusal::LinkSpent => {
            variables["is_spent"] = true.into();
            Refused::whole(refusal.to_string())
        }
        Refusal::Provider(_) => {
            variables["is_of_provider"] = true.into();
            Refused::whole(refusal.to_string())
        }
        Refusal::WrongCredentials | Refusal::PasswordsOff => Refused::whole(refusal.to_string()),
    };
    Ok(page.form(template, variables, &refused))
}

/// Where somebody wanted to go who had to sign in first.
fn wanted(page: &Page) -> String {
    own(page.form.get("to").or_else(|| page.query.get("to")).unwrap_or("/"))
}

/// The address, if it is a page of ours: browsers take `//elsewhere.example` and `/\elsewhere.example` for other servers,
/// and leave blanks out before they look.
fn own(to: &str) -> String {
    let is_own =
        to.starts_with('/') && !to.starts_with("//") && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { to.to_owned() } else { "/".to_owned() }
}
