//! Settings: keys, lists, the allow list and the audit log, in a browser without scripts.

use people::users::BaseRole;
use serde_json::Value;
use testkit::{App, Browser, Shown, json};

use crate::support::{PASSWORD, SESSION, app, person, signed_in};

const KEYS: &str = "/settings/api-keys";

/// What stands between two texts of a page.
fn between(page: &Shown, before: &str, after: &str) -> String {
    let (_, rest) = page.text.split_once(before).unwrap_or_else(|| panic!("no {before} in {}", page.text));
    rest.split_once(after).expect("an end").0.to_owned()
}

/// Makes a key with these roles; the page that shows its token, and the token.
fn make_key(browser: &Browser, roles: &[&str]) -> (Shown, String) {
    browser.get("/settings/api-keys/new").expect(200);
    let roles = roles.iter().map(|role| ("role_names", *role));
    let fields: Vec<_> = [("name", "Backups")].into_iter().chain(roles).collect();
    let page = browser.submit("/settings/api-keys/new", &fields).expect(200);
    let token = between(&page, "<pre tabindex=\"0\"><code>", "</code>");
    (page, token)
}

fn status(app: &App, token: &str, path: &str) -> u16 {
    app.stranger().with_token(Some(token)).get(path).status
}

#[test]
fn a_key_s_token_is_shown_once_and_works_with_the_roles_that_were_ticked() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let (page, token) = make_key(&owner, &["viewer", "api_keys_manage"]);
    assert_eq!(status(&app, &token, "/v1/severities"), 200);
    assert_eq!(status(&app, &token, "/v1/api_keys"), 200);
    assert_eq!(status(&app, &token, "/v2/catalog_types"), 403);

    let key = between(&page, "href=\"/settings/api-keys/01", "\"");
    let key = format!("{KEYS}/01{key}");
    for path in [KEYS, &key, "/settings/api-keys/identifiers", "/settings/audit-log"] {
        assert!(!owner.get(path).expect(200).says(&token), "{path}");
    }
    let shown = owner.get(&key);
    assert!(shown.says("Sees incidents and settings that are not private") && shown.says("value=\"viewer\" checked"));
    assert!(shown.says("&quot;role_names&quot;: [\n    &quot;viewer&quot;,"), "{}", shown.text);
}

#[test]
fn a_key_is_changed_rotated_with_grace_and_deleted() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let (page, old) = make_key(&owner, &["viewer"]);
    let key = format!("{KEYS}/01{}", between(&page, "href=\"/settings/api-keys/01", "\""));

    owner.get(&key);
    let changed = owner.submit(&key, &[("name", "Copies"), ("role_names", "catalog_viewer")]);
    assert_eq!(changed.leads_to(), key);
    assert_eq!([status(&app, &old, "/v1/severities"), status(&app, &old, "/v2/catalog_types")], [403, 200]);

    owner.get(&key);
    let rotated = owner.submit(&format!("{key}/rotate"), &[("grace_period_minutes", "5")]).expect(200);
    assert!(rotated.says("works on for 5 minutes"));
    let new = between(&rotated, "<pre tabindex=\"0\"><code>", "</code>");
    assert_eq!([&old, &new].map(|token| status(&app, token, "/v2/catalog_types")), [200, 200]);
    app.clock.advance(std::time::Duration::from_secs(6 * 60));
    assert_eq!([&old, &new].map(|token| status(&app, token, "/v2/catalog_types")), [401, 200]);

    owner.get(&key);
    assert_eq!(owner.submit(&format!("{key}/delete"), &[]).leads_to(), KEYS);
    assert_eq!(status(&app, &new, "/v2/catalog_types"), 401);
}

#[test]
fn what_is_wrong_with_a_key_stands_beside_its_field_and_what_was_ticked_stays() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let team = app.team("Payments").to_string();
    owner.get("/settings/api-keys/new");
    let fields = [("name", "Backups"), ("role_names", "workflows_viewer"), ("team_ids", team.as_str())];
    let refused = owner.submit("/settings/api-keys/new", &fields).expect(422);
    assert!(refused.says("id=\"team_role_names-error\"") && refused.says("value=\"Backups\""), "{}", refused.text);
    assert!(refused.says("value=\"workflows_viewer\" checked") && refused.says(&format!("value=\"{team}\" checked")));
    assert!(!refused.says("value=\"viewer\" checked"), "a part of a ticked name is not ticked");
}

#[test]
fn nobody_is_offered_a_role_that_they_can_not_give() {
    let app = app();
    let administrator = signed_in(&app, "Adam", BaseRole::Administrator);
    let page = administrator.get("/settings/api-keys/new").expect(200);
    assert!(page.says("value=\"viewer\"") && !page.says("value=\"global_access\""));
    let fields = [("name", "Spy"), ("role_names", "global_access")];
    let refused = administrator.submit("/settings/api-keys/new", &fields).expect(422);
    assert!(refused.says("id=\"role_names-error\""));
}

#[test]
fn severities_are_added_ranked_changed_and_deleted() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let list = "/settings/severities";
    owner.get("/settings/severities/new").expect(200);
    let refused = owner.submit("/settings/severities/new", &[("name", "Worst"), ("rank", "high")]).expect(422);
    assert!(refused.says("id=\"rank-error\"") && refused.says("value=\"high\""));
    assert_eq!(owner.submit("/settings/severities/new", &[("name", "Worst"), ("rank", "9")]).leads_to(), list);
    let page = owner.get(list).expect(200);
    assert!(page.says("Worst is there") && page.says("rank 9"));
    let (before, _) = page.text.split_once("\">Worst</a>").unwrap();
    let path = before.rsplit_once("href=\"").unwrap().1.to_owned();

    assert!(owner.get(&path).expect(200).says("value=\"9\""));
    assert_eq!(
        owner.submit(&path, &[("name", "Dire"), ("description", "All is lost"), ("rank", "9")]).leads_to(),
        list
    );
    assert!(owner.get(list).says("All is lost"));
    assert_eq!(owner.submit(&format!("{path}/delete"), &[]).leads_to(), list);
    assert!(!owner.get(list).says(">Dire<"));
}

#[test]
fn a_custom_field_is_made_with_its_options() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    owner.get("/settings/custom-fields/new").expect(200);
    let fields = [("name", "Region"), ("description", "Where?"), ("field_type", "single_select")];
    let made = owner.submit("/settings/custom-fields/new", &fields);
    let field = made.leads_to().strip_suffix("#options").unwrap().to_owned();
    assert!(owner.get(&field).expect(200).says("add the first option"));
    let new = format!("{field}/options/new");
    owner.get(&new).expect(200);
    assert!(owner.submit(&new, &[("value", "")]).expect(422).says("id=\"value-error\""));
    owner.submit(&new, &[("value", "Europe")]).leads_to();
    let page = owner.get(&field);
    let option = format!("{field}/options/01{}", between(&page, &format!("href=\"{field}/options/01"), "\""));
    owner.get(&option).expect(200);
    owner.submit(&option, &[("value", "Africa"), ("sort_key", "5")]).leads_to();
    assert!(owner.get(&field).says(">Africa<"));
    owner.submit(&format!("{option}/delete"), &[]).leads_to();
    assert!(!owner.get(&field).says(">Africa<"));
}

#[test]
fn what_the_platform_keeps_itself_is_not_offered_for_change() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let page = owner.get("/settings/statuses").expect(200);
    let rows: Vec<_> = page.text.split("<tr>").filter(|row| row.contains("always there")).collect();
    assert!(rows.iter().any(|row| row.contains("Triage")) && rows.iter().all(|row| !row.contains("/delete")));
    owner.get("/settings/incident-types").expect(200);
    owner.get("/settings/incident-types/new").expect(404);
    owner.get("/settings/nonsense").expect(404);
}

#[test]
fn nobody_locks_themselves_out() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let place = "/settings/ip-allow-list";
    let set = |list: &str, enabled: &str| {
        let version = owner.get(place).expect(200).hidden("version").unwrap();
        owner.submit(place, &[("version", &version), ("enabled", enabled), ("allowlist", list)])
    };
    let refused = set("203.0.113.0/24 Office", "true").expect(422);
    assert!(refused.says("id=\"allowlist-error\"") && refused.says("lock you out"));
    assert!(refused.says("203.0.113.0/24 Office"), "what was typed stays");
    assert!(set("127.0.0.1\nnonsense", "true").expect(422).says("entry 2 is neither an IP address"));
    set("203.0.113.0/24 Office\n127.0.0.1", "true").leads_to();
    let set = owner.get(place).expect(200);
    assert!(set.says("203.0.113.0/24 Office\n127.0.0.1") && set.says("<option value=\"true\" selected>"));
    let stale = [("version", "0"), ("enabled", "false"), ("allowlist", "")];
    assert!(owner.submit(place, &stale).expect(422).says("has changed since"));
}

#[test]
fn the_audit_log_is_found_through_and_taken_along() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    owner.get("/settings/severities/new");
    owner.submit("/settings/severities/new", &[("name", "100% gone_x")]).leads_to();
    app.clock.advance(std::time::Duration::from_secs(48 * 3600));
    let owner = signed_in(&app, "Otto", BaseRole::Owner);

    let log = |filters: &str| owner.get(&format!("/settings/audit-log?{filters}")).expect(200);
    assert!(log("").says("<code>severity.created</code>"));
    for found in ["actor=oLG", "action=severity.", "target=100%25%20gone_", "from=2026-03-02&to=2026-03-02&actor=Olga"]
    {
        let page = log(found);
        assert!(page.says("100% gone_x"), "{found}");
        assert!(!page.says("data-label=\"Who\"><span>Otto"), "{found}");
    }
    for none in ["actor=nobody", "target=100%25_gone", "to=2026-03-01", "from=2026-03-03&target=gone"] {
        assert!(log(none).says("Nothing matches"), "{none}");
    }
    let refused = owner.get("/settings/audit-log?from=yesterday").expect(422);
    assert!(refused.says("From: is not a date"), "{}", refused.text);

    let file = |format: &str| owner.get(&format!("/settings/audit-log/export?target=gone&format={format}")).expect(200);
    let lines: Vec<Value> = file("jsonl").text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["action"].as_str().unwrap()).collect::<Vec<_>>(), ["severity.created"]);
    assert!(file("csv").text.starts_with("id,occurred_at,action,"));
    owner.get("/settings/audit-log/export?format=exe").expect(422);
}

#[test]
fn the_audit_log_goes_on_page_after_page_without_a_gap() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let mut path = "/settings/audit-log?action=incident_status.".to_owned();
    owner.get("/settings/statuses/new");
    for number in 0..60 {
        let name = format!("Stage {number:02}");
        owner
            .submit("/settings/statuses/new", &[("name", &name), ("category", "live"), ("description", "")])
            .leads_to();
    }
    let mut seen = Vec::new();
    loop {
        let page = owner.get(&path).expect(200);
        let rows = page.text.split("data-label=\"To what\">").skip(1);
        seen.extend(rows.filter_map(|row| row.split_once(">Stage ")?.1.get(..2)?.parse::<u32>().ok()));
        let Some((before, _)) = page.text.split_once("\" rel=\"next\"") else { break };
        path = before.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&");
    }
    assert_eq!(seen, (0..60).rev().collect::<Vec<_>>());
}

#[test]
fn the_audit_log_tells_nothing_of_private_incidents_but_their_references() {
    let app = app();
    let (api, admin) = (app.admin(), signed_in(&app, "Adam", BaseRole::Administrator));
    let severity = api.get("/v1/severities").expect(200)["severities"][0]["id"].clone();
    let declare = |visibility: &str, secret: &str| {
        let body = json!({
            "idempotency_key": secret, "name": secret, "summary": secret, "visibility": visibility,
            "severity_id": severity,
        });
        let id = api.post("/v2/incidents", body).expect(200)["incident"]["id"].clone();
        for (path, body) in [
            ("/v2/incident_updates", json!({"idempotency_key": secret, "message": secret, "to_severity_id": severity})),
            ("/v3/actions", json!({"description": secret})),
            ("/v3/follow_ups", json!({"title": secret})),
            (
                "/v1/incident_attachments",
                json!({"resource": {
                    "resource_type": "arbitrary_url", "url": "https://acme.example", "title": secret,
                }}),
            ),
        ] {
            let mut body = body;
            body["incident_id"] = id.clone();
            let made = api.post(path, body);
            assert!(made.status < 300, "{path}: {}", made.text);
        }
        let rename = json!({"incident": {"name": format!("{secret} again")}, "notify_incident_channel": false});
        api.post(&format!("/v2/incidents/{}/actions/edit", id.as_str().unwrap()), rename).expect(200);
        let document = json!({"title": secret, "content": secret});
        let import = format!("/v2/incidents/{}/actions/import_postmortem_document", id.as_str().unwrap());
        assert!(api.post(&import, document).status < 300);
    };
    declare("private", "Wiretap");
    declare("public", "Outage");
    for path in ["", "/export?format=csv", "/export?format=jsonl"] {
        let told = admin.get(&format!("/settings/audit-log{path}")).expect(200);
        assert!(!told.says("Wiretap") && told.says("INC-1") && told.says("INC-2 Outage"), "{}", told.text);
    }
    assert!(admin.get("/settings/audit-log?target=wiretap").expect(200).says("Nothing matches"));
    for kind in ["incident", "incident_update", "action", "follow_up", "incident_attachment", "postmortem_document"] {
        let told = admin.get(&format!("/settings/audit-log?action={kind}.created")).expect(200);
        assert!(told.says("Outage") && told.says(">INC-1<"), "{kind}: {}", told.text);
    }
}

#[test]
fn responders_and_viewers_see_the_lists_and_nothing_else() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let viewer = signed_in(&app, "Vera", BaseRole::Viewer);
    let (_, token) = make_key(&owner, &["viewer"]);
    let page = viewer.get("/settings").expect(200);
    assert!(page.says("Severities") && !page.says("API keys") && !page.says("Audit log"));
    for path in [KEYS, "/settings/api-keys/new", "/settings/ip-allow-list", "/settings/audit-log"] {
        viewer.get(path).expect(403);
    }
    for path in ["/settings/audit-log/export?format=csv", "/settings/severities/new", "/settings/api-keys/identifiers"]
    {
        viewer.get(path).expect(403);
    }
    let list = viewer.get("/settings/severities").expect(200);
    assert!(!list.says("/settings/severities/"));
    viewer.submit("/settings/severities/new", &[("name", "x"), ("description", "")]).expect(403);
    viewer.submit("/settings/api-keys/new", &[("name", "x")]).expect(403);
    viewer.submit("/settings/ip-allow-list", &[("version", "0"), ("enabled", "false")]).expect(403);
    assert_eq!(status(&app, &token, "/v1/severities"), 200);
}

#[test]
fn the_allow_list_keeps_people_out_as_it_does_programs() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let session = owner.cookie(SESSION).unwrap();
    let elsewhere = app.browser().at("192.0.2.7");
    let style = between(&elsewhere.get("/sign-in").expect(200), "rel=\"stylesheet\" href=\"", "\"");
    let place = "/settings/ip-allow-list";
    let set = |enabled| {
        let version = owner.get(place).expect(200).hidden("version").unwrap();
        let fields = [("version", version.as_str()), ("enabled", enabled), ("allowlist", "127.0.0.1")];
        owner.submit(place, &fields).leads_to();
    };
    set("true");
    for path in ["/sign-in", "/sign-in/link/0123", "/", "/settings", "/nothing"] {
        let refused = elsewhere.get(path).expect(403);
        assert!(
            refused.says("requests from 192.0.2.7 are not allowed") && !refused.says("name=\"password\""),
            "{path}"
        );
    }
    elsewhere.send_form("/sign-in", &[("email", "olga@acme.example"), ("password", PASSWORD)]).expect(403);
    elsewhere.keep(SESSION, &session);
    elsewhere.get("/").expect(403);
    assert_eq!(elsewhere.get(&style).expect(200).status, 200, "the refusal is drawn all the same");
    owner.get("/").expect(200);
    set("false");
    elsewhere.get("/").expect(200);
}

#[test]
fn a_custom_role_is_made_given_changed_and_deleted_once_nobody_has_it() {
    let app = app();
    let vera = person(&app, "Vera", BaseRole::Viewer);
    let (admin, responder) =
        (signed_in(&app, "Alan", BaseRole::Administrator), signed_in(&app, "Rita", BaseRole::Responder));
    let page = admin.get("/settings/custom-roles/new").expect(200);
    assert!(
        page.says("value=\"catalog_editor\"") && !page.says("value=\"global_access\""),
        "what can't be given is not offered"
    );
    admin.submit("/settings/custom-roles/new", &[("name", "Support"), ("role_names", "catalog_editor")]).leads_to();
    let page = admin.get("/settings/custom-roles").expect(200);
    let path = page.text.split("href=\"").find(|rest| rest.starts_with("/settings/custom-roles/01")).unwrap();
    let path = path.split('"').next().unwrap().to_owned();
    let role = path.rsplit('/').next().unwrap();
    assert!(page.says("Changes catalog types and entries"));

    admin.get(&format!("/people/{vera}"));
    admin.submit(&format!("/people/{vera}/roles"), &[("role", "viewer"), ("custom_role_ids", role)]).leads_to();
    let shown = admin.get(&path).expect(200);
    assert!(shown.says("Vera"));
    let version = shown.hidden("version").unwrap();
    let fields = [
        ("version", &*version),
        ("name", "Support"),
        ("role_names", "catalog_editor"),
        ("role_names", "global_access"),
    ];
    assert!(admin.submit(&path, &fields).expect(422).says("which this role grants"));
    admin.submit(&path, &[("version", &*version), ("name", "Helpers"), ("role_names", "catalog_viewer")]).leads_to();
    assert!(admin.submit(&path, &[("version", &*version), ("name", "Others")]).expect(422).says("changed"));
    assert!(admin.submit(&format!("{path}/delete"), &[]).expect(422).says("Vera has this role"));
    admin.get(&format!("/people/{vera}"));
    admin.submit(&format!("/people/{vera}/roles"), &[("role", "viewer")]).leads_to();
    admin.submit(&format!("{path}/delete"), &[]).leads_to();

    responder.get("/settings/custom-roles").expect(403);
    responder.get("/");
    responder.submit("/settings/custom-roles/new", &[("name", "Mine"), ("role_names", "viewer")]).expect(403);
}
