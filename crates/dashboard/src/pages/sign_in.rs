//! Signing in and out.

use base::{Error, Result, Secret};
use people::sign_in::{Refusal, SignedIn, sessions, with_link, with_password};
use serde_json::json;
use web::{PathSegment, SecretStep, View};

use crate::page::{Page, Refused, origin, pages};

pages! {
    GET "/sign-in" public => form;
    POST "/sign-in" public => sign_in;
    GET "/sign-in/link/{secret}" public => link_form;
    POST "/sign-in/link/{secret}" public => use_link;
    POST "/sign-out" => sign_out;
}

fn form(page: &Page) -> Result<View> {
    Ok(match page.visitor_if_any() {
        Some(_) => View::go_to(wanted(page)),
        None => page.form("sign_in.html", json!({"to": wanted(page)}), &Refused::default()),
    })
}

fn sign_in(page: &Page) -> Result<View> {
    let password = Secret::from(page.form.raw("password"));
    let signed_in =
        with_password(&page.desk.store, page.form.text("email"), &password, page.form.get("code"), origin(&page.visit));
    match signed_in {
        Ok(signed_in) => Ok(welcome(page, &signed_in, &wanted(page))),
        Err(refusal) => refused(page, "sign_in.html", refusal),
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
        Err(refusal) => refused(page, "sign_in_link.html", refusal),
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
fn refused(page: &Page, template: &str, refusal: Refusal) -> Result<View> {
    let mut variables = json!({"to": wanted(page)});
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
        Refusal::WrongCredentials => Refused::whole(refusal.to_string()),
    };
    Ok(page.form(template, variables, &refused))
}

/// Where somebody wanted to go who had to sign in first. Only pages of ours: browsers take `//elsewhere.example` and
/// `/\elsewhere.example` for other servers, and leave blanks out before they look.
fn wanted(page: &Page) -> String {
    let to = page.form.get("to").or_else(|| page.query.get("to")).unwrap_or("/");
    let is_own =
        to.starts_with('/') && !to.starts_with("//") && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { to.to_owned() } else { "/".to_owned() }
}
