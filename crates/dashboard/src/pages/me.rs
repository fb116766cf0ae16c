//! What people see and change of their own account: password, second factor, sessions.

use base::{Error, Result, Secret};
use people::sign_in::second_factor::{self, Enrolment, Proof};
use people::sign_in::{How, Refusal, Session, passwords, providers, sessions};
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::{Value as Json, json};
use store::Cx;
use web::View;

use super::on_call::my_shifts;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/me" => show;
    POST "/me/password" => change_password;
    POST "/me/second-factor/begin" => begin_second_factor;
    POST "/me/second-factor/confirm" => confirm_second_factor;
    POST "/me/second-factor/off" => turn_second_factor_off;
    POST "/me/sessions/end-others" => end_other_sessions;
    POST "/me/sessions/{id}/end" => end_session;
}

fn show(page: &Page) -> Result<View> {
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let visitor = page.visitor()?;
    let (user, kept) = (visitor.user.id, visitor.session.id);
    let look = move |cx: &mut Cx<'_>| {
        let sessions: Vec<_> =
            sessions::of(cx, user)?.iter().map(|session| told(session, session.id == kept)).collect();
        Ok(json!({
            "sessions": sessions,
            "has_password": passwords::has_one(cx, user)?,
            "has_second_factor": second_factor::is_on(cx, user)?,
            "recovery_codes_left": second_factor::recovery_codes_left(cx, user)?,
            "identities": providers::of(cx, user)?,
        }))
    };
    let mut variables: Json = page.desk.store.read(visitor.who.clone(), look).wait()?;
    variables["shifts"] = my_shifts(page)?.into();
    variables["came_with_link"] = (visitor.session.how == How::Link).into();
    Ok(page.form("me.html", variables, refused))
}

fn told(session: &Session, is_this: bool) -> Json {
    json!({
        "id": session.id, "is_this": is_this, "how": session.how.as_str(), "address": session.origin.location,
        "browser": session.origin.user_agent, "created_at": session.created_at, "last_seen_at": session.last_seen_at,
    })
}

fn change_password(page: &Page) -> Result<View> {
    let (visitor, new) = (page.visitor()?, Secret::from(page.form.raw("password")));
    if page.form.raw("password") != page.form.raw("again") {
        return with(page, &Refused::field("again", "is not what stands in the field before"));
    }
    let current = page.form.get("current").map(|_| Secret::from(page.form.raw("current")));
    match passwords::change(&page.desk.store, visitor.who.clone(), &visitor.session, current.as_ref(), &new) {
        Ok(()) => Ok(page.done("/me", "Your password is changed; your other sessions have ended")),
        Err(refusal) => with(page, &refused_at("current", refusal)?),
    }
}

/// What to say beside the field that proves who somebody is.
fn refused_at(field: &str, refusal: Refusal) -> Result<Refused> {
    match refusal {
        Refusal::Failed(error) => Refused::try_of(error),
        Refusal::WrongCredentials => Ok(Refused::field(field, "is wrong")),
        refusal => Ok(Refused::field(field, refusal.to_string())),
    }
}

fn begin_second_factor(page: &Page) -> Result<View> {
    let visitor = page.visitor()?;
    let user = visitor.user.id;
    let enrolment = page.desk.store.write(visitor.who.clone(), move |cx| second_factor::begin(cx, user)).wait()?;
    show_enrolment(page, &enrolment, &Refused::default())
}

/// Shows the seed; it isn't kept where it could be shown again, so the form that confirms it can't be.
fn show_enrolment(page: &Page, enrolment: &Enrolment, refused: &Refused) -> Result<View> {
    let code = QrCode::new(enrolment.uri.reveal()).map_err(Error::internal)?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    let picture = picture.find("<svg").map(|start| picture[start..].to_owned());
    Ok(page.form("second_factor.html", json!({"picture": picture, "seed": enrolment.seed.reveal()}), refused))
}

fn confirm_second_factor(page: &Page) -> Result<View> {
    let visitor = page.visitor()?;
    let (user, code) = (visitor.user.id, page.form.text("code").to_owned());
    let confirmed =
        page.desk.store.write(visitor.who.clone(), move |cx| second_factor::confirm(cx, user, &code)).wait();
    match confirmed {
        Ok(codes) => {
            let codes: Vec<_> = codes.iter().map(Secret::reveal).collect();
            Ok(page.show("recovery_codes.html", json!({"codes": codes})))
        }
        Err(error) => Ok(page.form("second_factor.html", json!({}), &Refused::try_of(error)?)),
    }
}

fn turn_second_factor_off(page: &Page) -> Result<View> {
    let (visitor, code) = (page.visitor()?, page.form.text("code"));
    match second_factor::turn_off(&page.desk.store, visitor.who.clone(), visitor.user.id, Proof::Code(code)) {
        Ok(()) => Ok(page.done("/me", "The second factor is off")),
        Err(refusal) => with(page, &refused_at("code", refusal)?),
    }
}

fn end_session(page: &Page) -> Result<View> {
    let id = page.segment(0).parse().map_err(|_| Error::not_found())?;
    page.desk.store.write(page.visitor()?.who.clone(), move |cx| sessions::end(cx, id)).wait()?;
    Ok(page.done("/me", "The session has ended"))
}

fn end_other_sessions(page: &Page) -> Result<View> {
    let visitor = page.visitor()?;
    let (user, kept) = (visitor.user.id, visitor.session.id);
    let end = move |cx: &mut Cx<'_>| sessions::end_all_but(cx, user, Some(kept));
    let ended = page.desk.store.write(visitor.who.clone(), end).wait()?;
    Ok(page.done("/me", &format!("Other sessions that have ended: {ended}")))
}
