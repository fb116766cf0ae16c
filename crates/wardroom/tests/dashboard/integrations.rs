//! Integrations, in a browser without scripts: connected, tested, used and forgotten.

use people::users::BaseRole;
use testkit::{App, Browser, Shown};

use crate::support::{app, signed_in};

/// Connects Atomicwork to this very server's address with a key; where its run is.
fn connect(app: &App, browser: &Browser, token: &str) -> String {
    let path = "/integrations/atomicwork/connect";
    browser.get(path).expect(200);
    let fields = [
        ("connection.name", "Tickets"),
        ("where", "host"),
        ("connection.base_url", app.address.as_str()),
        ("connection.api_key", token),
    ];
    browser.submit(path, &fields).leads_to().to_owned()
}

/// The address in a page that begins so.
fn address(page: &Shown, start: &str) -> String {
    let (_, rest) = page.text.split_once(&format!("href=\"{start}")).unwrap_or_else(|| panic!("{}", page.text));
    format!("{start}{}", rest.split_once('"').expect("an end").0)
}

/// A server with an owner who has connected Atomicwork, and where the connection is.
fn connected() -> (App, Browser, String) {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let token = app.token(&["viewer", "incident_creator", "incident_editor"]);
    let run = connect(&app, &owner, &token);
    let waiting = owner.get(&run).expect(200);
    assert!(waiting.says(">waiting<") && waiting.says("It is under way") && waiting.says("data-live"));
    app.run_jobs();
    let over = owner.get(&run).expect(200);
    assert!(over.says(">succeeded<") && !over.says("data-live"));
    assert!(!over.says(&token));
    let connection = address(&over, "/integrations/connections/");
    (app, owner, connection)
}

#[test]
fn a_product_is_connected_and_tested() {
    let (app, owner, connection) = connected();
    let tiles = owner.get("/integrations").expect(200);
    assert!(tiles.says(">Tickets<") && tiles.says("App Store"));
    assert!(owner.get(&connection).expect(200).says(">connected<"));
    let run = owner.submit(&format!("{connection}/test"), &[]).leads_to().to_owned();
    app.run_jobs();
    assert!(owner.get(&run).says(">succeeded<"));
    assert!(owner.get("/integrations/runs").says("Test"));
    assert!(owner.get("/integrations/runs?state=failed").says("Nothing matches"));
}

#[test]
fn a_key_that_is_wrong_is_told_in_the_product_s_words_and_nothing_is_kept() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let run = connect(&app, &owner, "nonsense");
    app.run_jobs();
    let page = owner.get(&run).expect(200);
    assert!(page.says("Invalid Incident.io API key") && page.says("Try again") && !page.says("nonsense"));
    assert!(!owner.get("/integrations").says("Tickets"));
}

#[test]
fn what_is_wrong_with_a_connection_stands_beside_its_field_and_the_key_is_not_shown_again() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let path = "/integrations/atomicwork/connect";
    owner.get(path);
    let fields = [("connection.name", " "), ("where", "host"), ("connection.api_key", "s3cret")];
    let refused = owner.submit(path, &fields).expect(422);
    assert!(refused.says("id=\"connection.name-error\"") && !refused.says("s3cret"), "{}", refused.text);
    let refused = owner.submit(path, &[("connection.name", "Tickets"), ("where", "host")]).expect(422);
    assert!(refused.says("id=\"connection.api_key-error\"") && refused.says("value=\"Tickets\""));
}

#[test]
fn an_action_is_offered_as_a_form_that_knows_what_there_is_to_choose_from() {
    let (app, owner, connection) = connected();
    let form = format!("{connection}/actions/create_incident");
    assert!(owner.get(&form).expect(200).says("<input type=\"text\" id=\"input.severity_id\""), "an ID can be typed");
    app.run_jobs();
    let page = owner.get(&form).expect(200);
    let severity = page.option("Critical").expect("a severity to choose");

    let refused = owner.submit(&form, &[("input.name", "Sunk"), ("input.external_id", "many")]).expect(422);
    assert!(refused.says("id=\"input.external_id-error\"") && refused.says("value=\"Sunk\""), "{}", refused.text);
    let run = owner.submit(&form, &[("input.name", "Sunk"), ("input.severity_id", &severity)]).leads_to().to_owned();
    app.run_jobs();
    assert!(owner.get(&run).expect(200).says(">succeeded<"));
    assert!(owner.get("/incidents").says("Sunk"));
    owner.get(&format!("{connection}/actions/fly")).expect(404);
}

#[test]
fn a_connection_is_changed_and_forgotten() {
    let (app, owner, connection) = connected();
    let edit = format!("{connection}/edit");
    owner.get(&edit).expect(200);
    let run = owner.submit(&edit, &[("connection.name", "Desk"), ("where", "")]).leads_to().to_owned();
    app.run_jobs();
    assert!(owner.get(&run).says(">succeeded<"));
    assert!(owner.get(&connection).says("<h1>Desk</h1>"));
    assert_eq!(owner.submit(&format!("{connection}/disconnect"), &[]).leads_to(), "/integrations/atomicwork");
    owner.get(&connection).expect(404);
}

#[test]
fn a_rule_s_address_is_shown_once_and_what_is_wrong_with_its_steps_is_told_with_its_place() {
    let (_app, owner, _) = connected();
    let new = "/integrations/rules/new";
    owner.get(new).expect(200);
    let rule = |steps: &str| owner.submit(new, &[("rule.name", "Alarms"), ("rule.steps", steps)]);
    assert!(rule("[").expect(422).says("id=\"rule.steps-error\""));
    let unknown = r#"[{"name": "a", "connection": "nowhere", "action": "get_incident", "input": {"id": "1"}}]"#;
    let refused = rule(unknown).expect(422);
    assert!(refused.says("0.connection: there is no connection called nowhere"), "{}", refused.text);
    let made = rule(&unknown.replace("nowhere", "Tickets")).expect(200);
    let (_, rest) = made.text.split_once("/hub/v1/hooks/").expect("an address");
    let secret = &rest[..16];

    let list = owner.get("/integrations/rules").expect(200);
    let path = address(&list, "/integrations/rules/01");
    let page = owner.get(&path).expect(200);
    assert!(page.says("get_incident") && !page.says(secret) && !list.says(secret));
    let (_, steps) = page.text.split_once("rows=\"14\">\n").expect("its steps");
    let steps = steps.split_once("</textarea>").unwrap().0.replace("&quot;", "\"");
    let kept = [("rule.name", "Bells"), ("rule.steps", &*steps), ("rule.is_paused", "true")];
    owner.submit(&path, &kept).leads_to();
    let list = owner.get("/integrations/rules");
    assert!(list.says("Bells") && list.says(">paused<"));
    assert!(owner.get(&path).says("<option value=\"true\" selected>No: what arrives is left alone"), "it stays so");
    owner.submit(&format!("{path}/delete"), &[]).leads_to();
    assert!(owner.get("/integrations/rules").says("No rule so far"));
}

#[test]
fn responders_neither_see_integrations_nor_use_them() {
    let (app, _, connection) = connected();
    let responder = signed_in(&app, "Rita", BaseRole::Responder);
    assert!(!responder.get("/").says("href=\"/integrations\""));
    for path in ["/integrations", "/integrations/atomicwork/connect", "/integrations/rules/new", &connection] {
        responder.get(path).expect(403);
    }
    responder.get("/");
    for path in ["/test", "/disconnect", "/actions/create_incident"] {
        responder.submit(&format!("{connection}{path}"), &[]).expect(403);
    }
}
