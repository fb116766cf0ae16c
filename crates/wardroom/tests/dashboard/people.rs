//! People, looked after in a browser without scripts.

use people::api_keys::{ApiKey, Grant};
use people::custom_roles::{CustomRole, Draft};
use people::sign_in::{self, with_password};
use people::users::{BaseRole, User, find_by_email};
use store::{Cx, Origin, Who};

use crate::support::{PASSWORD, app, crew, email, person, sign_in as try_to_sign_in, signed_in};

#[test]
fn somebody_is_added_with_a_link_that_is_shown_once_and_lets_them_in() {
    let app = app();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    browser.get("/people/new").expect(200);
    let fields = [("name", "Nina"), ("email", "nina@acme.example"), ("role", "responder")];
    let page = browser.submit("/people/new", &fields).expect(200);
    let (_, rest) = page.text.split_once("https://wardroom.example/sign-in/link/").unwrap();
    let link = format!("/sign-in/link/{}", rest.split(['<', '"']).next().unwrap());
    let nina = app.browser();
    nina.get(&link).expect(200);
    assert_eq!(nina.submit(&link, &[]).leads_to(), "/me#password");
    let list = browser.get("/people?containing=NINA%40").expect(200);
    assert!(list.says("nina@acme.example") && !list.says("olga@acme.example") && !list.says("/sign-in/link/"));
    let again = browser.submit("/people/new", &fields).expect(422);
    assert!(again.says("id=\"email-error\"") && again.says("value=\"Nina\""), "{}", again.text);
}

#[test]
fn roles_are_changed_by_those_who_hold_them_and_owners_are_made_by_owners() {
    let app = app();
    let ada = person(&app, "Ada", BaseRole::Responder);
    let (owner, admin) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Alan", BaseRole::Administrator));
    let payroll = Draft { name: "Payroll".into(), description: None, roles: vec!["pay_reports_viewer".into()] };
    let role = app.write(move |cx| CustomRole::add(cx, &payroll)).id.to_string();
    let (home, path) = (format!("/people/{ada}"), format!("/people/{ada}/roles"));
    let page = admin.get(&home).expect(200);
    assert!(page.says("Payroll") && !page.says("value=\"owner\""), "what can't be given is not offered");
    admin.submit(&path, &[("role", "owner")]).expect(403);
    assert_eq!(admin.submit(&path, &[("role", "viewer"), ("custom_role_ids", &role)]).leads_to(), home);
    let page = admin.get(&home).expect(200);
    assert!(
        page.says("<span class=\"badge calm\">Viewer</span>") && page.says("<span class=\"badge \">Payroll</span>")
    );
    owner.get(&home);
    owner.submit(&path, &[("role", "owner")]).leads_to();
    let page = admin.get(&home).expect(200);
    assert!(page.says("may do more than you") && !page.says("/deactivate"));
    for action in ["roles", "link", "unlock", "deactivate", "sessions/end", "second-factor/reset"] {
        admin.submit(&format!("{home}/{action}"), &[("role", "viewer")]).expect(403);
    }
    let fields = [("name", "Eve"), ("email", "eve@acme.example"), ("role", "owner")];
    admin.submit("/people/new", &fields).expect(403);
}

#[test]
fn who_is_deactivated_is_signed_out_and_their_keys_live_on_and_are_listed() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let browser = signed_in(&app, "Ada", BaseRole::Administrator);
    let id = browser.get("/people?containing=ada%40").expect(200);
    let (_, rest) = id.text.split_once("class=\"first\"").unwrap();
    let home = rest.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let (name, address) = ("Ada".to_owned(), email("Ada"));
    let give = move |cx: &mut Cx<'_>| {
        let user = find_by_email(cx, &address)?.unwrap().into_inner();
        sign_in::who(cx, &user, Origin::default())
    };
    let ada = app.store.read(Who::system(), give).wait().unwrap();
    let grant = Grant { roles: vec!["viewer".into()], ..Grant::default() };
    let issue = move |cx: &mut Cx<'_>| ApiKey::give(cx, &format!("Robot of {name}"), None, grant.clone());
    let (_, token) = app.store.write(ada, issue).wait().unwrap();
    let page = owner.get(&home).expect(200);
    assert!(page.says("Robot of Ada") && page.says("go on working"));
    assert_eq!(owner.submit(&format!("{home}/deactivate"), &[]).leads_to(), home);
    assert!(browser.get("/").leads_to().starts_with("/sign-in"));
    try_to_sign_in(&browser, "Ada", PASSWORD).expect(422);
    let robot = app.stranger().with_token(Some(token.reveal()));
    robot.get("/v1/severities").expect(200);
    assert!(owner.get(&home).expect(200).says("Robot of Ada"));
    owner.submit(&format!("{home}/reactivate"), &[]).leads_to();
    assert_eq!(try_to_sign_in(&browser, "Ada", PASSWORD).leads_to(), "/");
}

#[test]
fn nobody_deactivates_themselves() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let list = owner.get("/people").expect(200);
    let (_, rest) = list.text.split_once("href=\"/people/01").unwrap();
    let home = format!("/people/01{}", rest.split_once('"').unwrap().0);
    assert!(!owner.get(&home).expect(200).says("/deactivate"));
    owner.submit(&format!("{home}/deactivate"), &[]).expect(403);
    owner.get("/").expect(200);
}

#[test]
fn who_is_locked_out_gets_in_again_and_who_is_signed_in_is_signed_out() {
    let app = app();
    let ada = person(&app, "Ada", BaseRole::Responder);
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let home = format!("/people/{ada}");
    owner.get(&home).expect(200);
    let elsewhere = Origin { location: "192.0.2.1".into(), ..Origin::default() };
    for _ in 0..10 {
        with_password(&app.store, &email("Ada"), &"a guess".into(), None, elsewhere.clone()).unwrap_err();
    }
    let browser = app.browser();
    assert!(try_to_sign_in(&browser, "Ada", PASSWORD).says("Too many attempts"));
    owner.submit(&format!("{home}/unlock"), &[]).leads_to();
    assert_eq!(try_to_sign_in(&browser, "Ada", PASSWORD).leads_to(), "/");
    owner.submit(&format!("{home}/sessions/end"), &[]).leads_to();
    assert!(browser.get("/").leads_to().starts_with("/sign-in"));
    owner.submit(&format!("{home}/second-factor/reset"), &[]).leads_to();
}

#[test]
fn a_viewer_sees_who_there_is_and_nothing_of_how_they_get_in() {
    let app = app();
    let ada = person(&app, "Ada", BaseRole::Responder);
    let viewer = signed_in(&app, "Vera", BaseRole::Viewer);
    let list = viewer.get("/people").expect(200);
    assert!(list.says("Ada") && !list.says("Last seen") && !list.says("/people/new"));
    let page = viewer.get(&format!("/people/{ada}")).expect(200);
    assert!(page.says("Responder") && !page.says("Signing in"));
    assert_eq!(page.text.matches("method=\"post\"").count(), 1, "to sign out");
    viewer.get("/people/new").expect(403);
    viewer.submit("/people/new", &[("name", "Eve"), ("email", "eve@acme.example"), ("role", "viewer")]).expect(403);
    for action in ["roles", "link", "unlock", "deactivate", "reactivate", "sessions/end", "second-factor/reset"] {
        viewer.submit(&format!("/people/{ada}/{action}"), &[("role", "viewer")]).expect(403);
    }
}

#[test]
fn the_last_owner_stays_one() {
    let app = app();
    let olga = person(&app, "Olga", BaseRole::Owner);
    let owner = app.browser();
    try_to_sign_in(&owner, "Olga", PASSWORD).leads_to();
    let home = format!("/people/{olga}");
    let roles = format!("{home}/roles");
    owner.get(&home);
    let refused = owner.submit(&roles, &[("role", "administrator")]).expect(422);
    assert!(refused.says("id=\"role-error\"") && refused.says("this is the last owner"), "{}", refused.text);
    let gone = app.store.write(Who::system(), move |cx| User::deactivate(cx, olga).map(drop)).wait();
    assert!(gone.unwrap_err().to_string().contains("this is the last owner"));

    let otto = person(&app, "Otto", BaseRole::Owner);
    app.write(move |cx| User::deactivate(cx, otto).map(drop));
    owner.submit(&roles, &[("role", "viewer")]).expect(422);
    app.write(move |cx| User::reactivate(cx, otto).map(drop));
    owner.submit(&roles, &[("role", "viewer")]).leads_to();
}

#[test]
fn nobody_makes_themselves_a_sign_in_link_and_with_it_a_new_password() {
    let app = app();
    for role in [BaseRole::Viewer, BaseRole::Administrator, BaseRole::Owner] {
        let name = format!("Ada-{role}");
        let id = person(&app, &name, role);
        let browser = app.browser();
        try_to_sign_in(&browser, &name, PASSWORD).leads_to();
        let home = format!("/people/{id}");
        let refused = browser.submit(&format!("{home}/link"), &[]).expect(403);
        assert!(!refused.says("/sign-in/link/"), "{role}");
    }
}

#[test]
fn a_search_for_people_goes_on_from_page_to_page() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    crew(&app);
    let first = owner.get("/people?containing=SAILOR").expect(200);
    assert_eq!(first.text.matches("@sea.example").count(), 50);
    assert!(first.says("Sailor 049") && !first.says("olga@"));
    let (_, rest) = first.text.split_once("<a class=\"button quiet\" href=\"/people?containing=SAILOR&").unwrap();
    let next = rest.split('"').next().unwrap().trim_start_matches("amp;").replace("&amp;", "&");
    let second = owner.get(&format!("/people?containing=SAILOR&{next}")).expect(200);
    assert!(second.says("Sailor 050") && second.says("Sailor 099") && !second.says("Sailor 049"));
    let umlaut = [("name", "Ärmel_Ohr"), ("email", "o@acme.example"), ("role", "viewer")];
    owner.submit("/people/new", &umlaut).expect(200);
    for text in ["%C3%84RMEL", "l_o", "O@ACME"] {
        let found = owner.get(&format!("/people?containing={text}")).expect(200);
        assert!(found.says("o@acme.example") && !found.says("@sea.example"), "{text}");
    }
}
