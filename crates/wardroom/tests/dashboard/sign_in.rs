//! Signing in and out, and the account that one is signed in to.

use std::time::Duration;

use people::sign_in::Turns;
use people::users::BaseRole;

use crate::support::{PASSWORD, SESSION, app, app_in, authenticator, email, link_for, person, sign_in, signed_in};

#[test]
fn who_is_not_signed_in_is_asked_to_and_comes_back_to_where_they_wanted() {
    let app = app();
    person(&app, "Ada", BaseRole::Responder);
    let browser = app.browser();
    assert_eq!(browser.get("/incidents?sort_by=x").leads_to(), "/sign-in?to=%2Fincidents%3Fsort_by%3Dx");
    let writing = app.browser().sending("referer", "https://wardroom.example/incidents/new?x=1");
    assert_eq!(writing.submit("/incidents/new", &[]).leads_to(), "/sign-in?to=%2Fincidents%2Fnew%3Fx%3D1");
    assert_eq!(browser.submit("/incidents/new", &[]).leads_to(), "/sign-in?to=%2F");
    let page = browser.get("/sign-in?to=%2Fincidents%3Fsort_by%3Dx").expect(200);
    let to = page.hidden("to").unwrap();
    let signed_in = browser.submit("/sign-in", &[("to", &to), ("email", &email("Ada")), ("password", PASSWORD)]);
    assert_eq!(signed_in.leads_to(), "/incidents?sort_by=x");
    let cookie = &signed_in.set_cookies[0];
    for word in ["HttpOnly", "Secure", "SameSite=Lax"] {
        assert!(cookie.contains(word), "{cookie}");
    }
}

#[test]
fn signing_in_leads_to_no_other_server() {
    let app = app();
    person(&app, "Ada", BaseRole::Responder);
    for elsewhere in
        ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
    {
        let fields = [("to", elsewhere), ("email", &*email("Ada")), ("password", PASSWORD)];
        assert_eq!(app.browser().send_form("/sign-in", &fields).leads_to(), "/", "{elsewhere}");
    }
}

#[test]
fn a_wrong_password_is_told_at_the_form_which_keeps_the_address_and_never_the_password() {
    let app = app();
    person(&app, "Ada", BaseRole::Responder);
    let browser = app.browser();
    let refused = sign_in(&browser, "Ada", "wrong horse battery").expect(422);
    assert!(refused.says("The e-mail address or the password is wrong"));
    assert!(refused.says("ada@acme.example") && !refused.says("wrong horse"));
    assert_eq!(browser.cookie(SESSION), None);
    assert_eq!(sign_in(&browser, "Nobody", PASSWORD).expect(422).text.replace("nobody", "ada"), refused.text);
}

#[test]
fn who_guesses_is_locked_out_and_told_until_when() {
    let app = app();
    person(&app, "Ada", BaseRole::Responder);
    let browser = app.browser();
    for _ in 0..10 {
        sign_in(&browser, "Ada", "wrong horse battery").expect(422);
    }
    let refused = sign_in(&browser, "Ada", PASSWORD).expect(422);
    assert!(refused.says("Too many attempts have failed") && refused.says("Try again after"));
    app.clock.advance(Duration::from_secs(16 * 60));
    assert_eq!(sign_in(&browser, "Ada", PASSWORD).leads_to(), "/");
}

#[test]
fn a_link_is_used_up_by_its_button_alone_and_leads_to_setting_a_password() {
    let app = app();
    let id = person(&app, "Ada", BaseRole::Responder);
    let (path, browser) = (link_for(&app, id), app.browser());
    for _ in 0..2 {
        browser.get(&path).expect(200);
        assert_eq!(browser.cookie(SESSION), None);
    }
    assert_eq!(browser.submit(&path, &[]).leads_to(), "/me#password");
    browser.get("/me").expect(200);
    let set = browser
        .submit("/me/password", &[("password", "another horse altogether"), ("again", "another horse altogether")]);
    assert_eq!(set.leads_to(), "/me");
    let other = app.browser();
    assert!(other.submit(&path, &[]).expect(422).says("has been used or has expired"));
    assert_eq!(sign_in(&other, "Ada", "another horse altogether").leads_to(), "/");
}

#[test]
fn a_second_factor_is_turned_on_with_a_code_and_asked_for_from_then_on() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    browser.get("/me").expect(200);
    let begun = browser.submit("/me/second-factor/begin", &[]).expect(200);
    let seed = begun.text.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>")).unwrap().0.to_owned();
    assert!(begun.says("<svg"));
    assert!(browser.submit("/me/second-factor/confirm", &[("code", "000000")]).expect(422).says("aria-invalid"));
    let code = authenticator(&app, &seed);
    let codes = browser.submit("/me/second-factor/confirm", &[("code", &code)]).expect(200);
    let recovery = codes.text.split_once("<li><code>").and_then(|(_, rest)| rest.split_once("</code>")).unwrap().0;

    let other = app.browser();
    let asked = sign_in(&other, "Ada", PASSWORD).expect(422);
    assert!(asked.says("name=\"code\"") && asked.says("hx-preserve") && !asked.says(PASSWORD));
    let fields = |code| [("email", "ada@acme.example".to_owned()), ("password", PASSWORD.into()), ("code", code)];
    let send = |code: &str| {
        let fields = fields(code.to_owned());
        other.submit("/sign-in", &fields.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    assert!(send("000000").expect(422).says("The code is wrong, or has been used already"));
    assert_eq!(send(recovery).leads_to(), "/");
}

#[test]
fn who_signs_out_is_out_and_sessions_can_be_ended_from_elsewhere() {
    let app = app();
    let (here, there) = (signed_in(&app, "Ada", BaseRole::Responder), app.browser());
    sign_in(&there, "Ada", PASSWORD).leads_to();
    here.get("/me").expect(200);
    assert_eq!(here.submit("/me/sessions/end-others", &[]).leads_to(), "/me");
    assert!(here.get("/me").expect(200).says("Other sessions that have ended: 1"));
    assert_eq!(there.get("/").leads_to(), "/sign-in?to=%2F");
    let token = here.cookie(SESSION).unwrap();
    assert_eq!(here.submit("/sign-out", &[]).leads_to(), "/sign-in");
    here.keep(SESSION, &token);
    assert_eq!(here.get("/").leads_to(), "/sign-in?to=%2F");
}

#[test]
fn a_session_does_not_outlive_signing_in_again_with_a_token_that_somebody_planted() {
    let app = app();
    person(&app, "Ada", BaseRole::Responder);
    let browser = app.browser();
    browser.keep(SESSION, "planted");
    sign_in(&browser, "Ada", PASSWORD).leads_to();
    assert_ne!(browser.cookie(SESSION).unwrap(), "planted");
}

#[test]
fn a_cookie_that_a_neighbour_in_the_domain_has_planted_is_none() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let token = browser.cookie(SESSION).unwrap();
    let victim = app.browser();
    victim.keep("wardroom_session", &token);
    victim.get("/").leads_to();
    for cookie in
        browser.get("/sign-in").set_cookies.iter().chain(&sign_in(&app.browser(), "Ada", PASSWORD).set_cookies)
    {
        assert!(
            cookie.starts_with("__Host-") && cookie.contains("; Path=/;") && cookie.contains("; Secure"),
            "{cookie}"
        );
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[test]
fn nobody_is_signed_in_by_the_form_of_another_site() {
    let app = app();
    person(&app, "Ada", BaseRole::Responder);
    let send = |headers: &[(&str, &str)]| {
        let browser = headers.iter().fold(app.browser(), |browser, (name, value)| browser.sending(name, value));
        browser.send_form("/sign-in", &[("email", &email("Ada")), ("password", PASSWORD)])
    };
    for elsewhere in [
        "https://evil.example",
        "https://wardroom.example.evil.example",
        "https:",
        "https://wardroom",
        "null",
        "https://",
    ] {
        send(&[("origin", elsewhere)]).expect(403);
    }
    send(&[("sec-fetch-site", "same-site"), ("origin", "https://wardroom.example")]).expect(403);
    send(&[("sec-fetch-site", "cross-site")]).expect(403);
    send(&[("origin", "https://wardroom.example")]).leads_to();
    send(&[("sec-fetch-site", "same-origin")]).leads_to();
    let inside = [("host", "wardroom.internal:7010"), ("origin", "http://wardroom.internal:7010")];
    send(&inside).leads_to();
}

#[test]
fn who_signs_in_while_too_many_do_is_asked_to_come_back_and_has_not_failed() {
    let turns = Turns::new(1, 0);
    let theirs = turns.clone();
    let app = app_in(|world| world.with(theirs));
    person(&app, "Ada", BaseRole::Responder);
    let others = turns.take().unwrap();
    let browser = app.browser();
    for _ in 0..10 {
        let refused = sign_in(&browser, "Ada", PASSWORD).expect(503);
        assert!(refused.says("Too many people sign in at this moment") && !refused.says(PASSWORD));
        assert_eq!(refused.retry_after, Some(5));
    }
    drop(others);
    assert_eq!(sign_in(&browser, "Ada", PASSWORD).leads_to(), "/");
}
