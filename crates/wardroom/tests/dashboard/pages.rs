//! What holds for every page.

use people::users::BaseRole;

use crate::support::{app, declare, person, signed_in};

/// Pages to walk through; `{}` is an incident.
const PAGES: &[&str] = &[
    "/",
    "/me",
    "/incidents",
    "/incidents?status_category%5Bone_of%5D=live&severity%5Bone_of%5D=",
    "/incidents/new",
    "{}",
    "{}/update",
    "{}/edit",
    "{}/roles",
    "{}/fields",
    "{}/actions/new",
    "{}/follow-ups/new",
    "{}/attachments/new",
    "{}/members",
    "/catalog",
    "/catalog/types/new",
    "/teams",
    "/people",
    "/people?containing=ol",
    "/people/new",
    "/integrations",
    "/integrations/atomicwork",
    "/integrations/atomicwork/connect",
    "/integrations/runs",
    "/integrations/rules",
    "/integrations/rules/new",
    "/integrations/pipes",
    "/integrations/pipes/new",
    "/integrations/pipes/new?kind=write",
    "/settings",
    "/settings/api-keys",
    "/settings/api-keys/new",
    "/settings/api-keys/identifiers",
    "/settings/sign-in",
    "/settings/sign-in/new",
    "/settings/custom-roles",
    "/settings/custom-roles/new",
    "/settings/ip-allow-list",
    "/settings/audit-log",
    "/settings/severities",
    "/settings/severities/new",
    "/settings/statuses",
    "/settings/statuses/new",
    "/settings/incident-types",
    "/settings/roles",
    "/settings/roles/new",
    "/settings/custom-fields",
    "/settings/custom-fields/new",
];

#[test]
fn what_no_database_keeps_is_left_out_of_fields() {
    let app = app();
    let stranger = app.browser();
    stranger.send_form("/sign-in", &[("email", "a\0da@acme.example"), ("password", "\0")]).expect(422);
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    owner.get("/people?containing=ol%00ga").expect(200);
    owner.get("/settings/audit-log?target=%00").expect(200);
    let incident = declare(&owner, "Out\0age");
    assert!(owner.get(&incident).expect(200).says("Outage"));
}

#[test]
fn a_form_that_is_too_large_or_has_too_many_fields_is_refused_with_a_page() {
    let app = app();
    let (stranger, viewer) = (app.browser(), signed_in(&app, "Vera", BaseRole::Viewer));
    let long = "x".repeat(64 * 1024);
    assert!(stranger.send_form("/sign-in", &[("email", &long)]).expect(413).says("That is too much"));
    stranger.send_form("/sign-in", &[("email", &long[..64 * 1024 - "email=".len()])]).expect(422);
    let many = vec![("a", ""); 2_001];
    assert!(stranger.send_form("/sign-in", &many).expect(422).says("2000 fields at most"));
    viewer.get("/me").expect(200);
    assert!(viewer.submit("/me/password", &many).expect(422).says("2000 fields at most"));
    let refused = viewer.submit("/me/password", &[("current", &long), ("password", "a"), ("again", "a")]).expect(422);
    assert!(!refused.says("That is too much"), "who is signed in may say more");
}

#[test]
fn every_page_is_shown_to_an_owner_without_inline_scripts_or_styles() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let incident = declare(&owner, "Checkout is down");
    for path in PAGES.iter().map(|path| path.replace("{}", &incident)) {
        let page = owner.get(&path).expect(200);
        for inline in [" style=", "<style", " onclick=", " onload=", "<script>", "javascript:"] {
            assert!(!page.says(inline), "{path}: {inline}");
        }
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
        assert!(page.text.len() < 100_000, "{path}: {}", page.text.len());
    }
}

#[test]
fn where_there_is_no_page_people_are_told_so_and_programs_read_the_status() {
    let app = app();
    for browser in [app.browser(), signed_in(&app, "Olga", BaseRole::Owner)] {
        assert!(browser.get("/incident").expect(404).says("There is nothing here"));
    }
    let answer = app.stranger().get("/v9/incidents");
    assert_eq!((answer.status, answer.text.as_str()), (404, ""));
}

#[test]
fn whoever_loads_again_what_a_form_answered_is_led_to_the_page_above() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let vera = person(&app, "Vera", BaseRole::Viewer);
    let home = format!("/people/{vera}");
    owner.get(&home);
    assert!(owner.submit(&format!("{home}/link"), &[]).expect(200).says("/sign-in/link/"));
    assert_eq!(owner.get(&format!("{home}/link")).leads_to(), home);
    assert_eq!(owner.get("/me/second-factor/begin").leads_to(), "/me");
    assert_eq!(app.browser().get("/sign-out").leads_to(), "/");
}

#[test]
fn every_form_carries_the_token_and_is_refused_without_it_or_with_another_s() {
    let app = app();
    let (owner, other) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Otto", BaseRole::Owner));
    let foreign = other.get("/").hidden("csrf").unwrap();
    let incident = declare(&owner, "Checkout is down");
    for path in PAGES.iter().map(|path| path.replace("{}", &incident)) {
        let page = owner.get(&path).expect(200);
        let forms = page.text.matches("method=\"post\"").count();
        assert_eq!(page.text.matches("name=\"csrf\"").count(), forms, "{path}");
    }
    for fields in [vec![], vec![("csrf", "")], vec![("csrf", &*foreign)]] {
        let refused = owner.send_form(&format!("{incident}/update"), &[fields, vec![("message", "Hm")]].concat());
        assert!(refused.expect(403).says("comes from elsewhere"));
    }
    assert!(!owner.get(&incident).says("Hm"));
}

#[test]
fn a_viewer_sees_no_button_that_they_may_not_press_and_is_refused_when_they_send_its_form() {
    let app = app();
    let (owner, viewer) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Vera", BaseRole::Viewer));
    let incident = declare(&owner, "Checkout is down");
    let page = viewer.get(&incident).expect(200);
    assert!(page.says("Checkout is down"));
    assert_eq!(page.text.matches("method=\"post\"").count(), 1, "to sign out");
    assert!(!viewer.get("/").says("/incidents/new"));
    for path in ["update", "edit", "roles", "fields", "actions/new", "follow-ups/new", "attachments/new", "members"] {
        let path = format!("{incident}/{path}");
        assert!(!page.says(&path), "{path}");
        viewer.get(&path).expect(403);
        let fields = [
            ("message", "x"),
            ("idempotency_key", "x"),
            ("incident.name", "x"),
            ("description", "x"),
            ("title", "x"),
            ("resource.url", "https://a.example"),
            ("user_id", "01M7ZHS6T8CZR8F5W4GQMTY8AC"),
        ];
        viewer.submit(&path, &fields).expect(403);
    }
    viewer.submit("/incidents/new", &[("name", "x"), ("visibility", "public"), ("idempotency_key", "x")]).expect(403);
    assert!(!owner.get("/incidents").says(">x<"));
}

#[test]
fn what_is_not_there_is_told_on_a_page() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    assert!(owner.get("/incidents/4711").expect(404).says("There is nothing here"));
}

#[test]
fn assets_are_kept_for_ever_by_browsers_and_change_their_names_with_their_content() {
    let app = app();
    let page = app.browser().get("/sign-in").expect(200);
    let (_, rest) = page.text.split_once("<link rel=\"stylesheet\" href=\"").unwrap();
    let style = app.stranger().get(rest.split_once('"').unwrap().0);
    assert_eq!((style.status, &*style.headers["content-type"]), (200, "text/css; charset=utf-8"));
    assert!(style.headers["cache-control"].contains("immutable"));
    assert_eq!(app.stranger().get("/assets/app.css").status, 404);
}

#[test]
fn the_help_lists_every_key_and_where_it_leads_is_there_for_whoever_sees_it() {
    let app = app();
    let (owner, viewer) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Vera", BaseRole::Viewer));
    let shortcuts = |page: &testkit::Shown| -> Vec<(String, String)> {
        let found = page.text.split("data-keys=\"").skip(1).map(|rest| {
            let (keys, rest) = rest.split_once('"').unwrap();
            let (_, does) = rest.split_once("data-does=\"").unwrap();
            (keys.to_owned(), does.split_once('"').unwrap().0.to_owned())
        });
        found.collect()
    };
    let all = shortcuts(&owner.get("/").expect(200));
    let mut keys: Vec<_> = all.iter().map(|(keys, _)| keys).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), all.len()), (12, 12), "no keys do two things: {all:?}");
    let fewer = shortcuts(&viewer.get("/").expect(200));
    assert!(fewer.len() < all.len() && fewer.iter().all(|(keys, _)| keys != "n"), "{fewer:?}");
    for (browser, shortcuts) in [(&owner, all), (&viewer, fewer)] {
        for path in shortcuts.iter().filter_map(|(_, does)| does.strip_prefix("go ")) {
            browser.get(path).expect(200);
        }
    }
    assert!(owner.get("/incidents").says("data-search"));
}
