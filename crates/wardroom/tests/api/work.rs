//! Actions and follow-ups: what is to be done during and after an incident, in all three versions.

use std::time::Duration;

use people::users::User;
use testkit::{Answer, Value, json};

use crate::acme::Acme;
use crate::support::{assert_invalid, text, texts, with};

/// Actions or follow-ups: where they are in the third version, what one is called, and a sound one.
struct Kind {
    path: &'static str,
    one: &'static str,
    many: &'static str,
}

const ACTIONS: Kind = Kind { path: "/v3/actions", one: "action", many: "actions" };
const FOLLOW_UPS: Kind = Kind { path: "/v3/follow_ups", one: "follow_up", many: "follow_ups" };
const BOTH: [Kind; 2] = [ACTIONS, FOLLOW_UPS];

impl Kind {
    fn v2(&self) -> String {
        self.path.replace("v3", "v2")
    }

    fn body(&self, changes: Value) -> Value {
        let plain = match self.one {
            "action" => json!({"description": "Restart *it*"}),
            _ => json!({"title": "Restart *it*"}),
        };
        with(plain, changes)
    }

    #[track_caller]
    fn create(&self, acme: &Acme, incident: &str, changes: Value) -> Value {
        acme.app.clock.advance(Duration::from_secs(1));
        let body = self.body(with(json!({"incident_id": incident}), changes));
        acme.admin.post(self.path, body).expect(201)[self.one].take()
    }

    fn update(&self, acme: &Acme, item: &Value, changes: Value) -> Answer {
        let body = self.body(with(json!({"status": "outstanding"}), changes));
        acme.admin.put(&self.at(item), body)
    }

    fn at(&self, item: &Value) -> String {
        format!("{}/{}", self.path, text(item, "/id"))
    }

    #[track_caller]
    fn listed(&self, acme: &Acme, query: &str) -> Vec<String> {
        let ids = |path: &str| texts(&acme.admin.get(&format!("{path}?{query}")).expect(200)[self.many], "/id");
        let listed = ids(self.path);
        assert_eq!(ids(&self.v2()), listed, "both versions list the same");
        listed
    }
}

#[test]
fn all_versions_show_one_action() {
    let acme = Acme::start();
    let (incident, ada) = (acme.incident(json!({})), acme.app.user("Ada"));
    let action = ACTIONS.create(&acme, &incident, json!({"assignee_id": ada}));
    let expected = json!({
        "id": action["id"], "incident_id": incident, "description": "Restart *it*", "status": "outstanding",
        "assignee": action["assignee"], "creator": action["creator"],
        "created_at": "2026-03-02T09:00:02.000000Z", "updated_at": "2026-03-02T09:00:02.000000Z",
    });
    assert_eq!(action, expected);
    assert_eq!(action["assignee"]["id"], json!(ada));
    let in_v1 = with(expected.clone(), json!({"follow_up": false, "creator": null}));
    for (version, expected) in [("v1", in_v1), ("v2", expected.clone()), ("v3", expected)] {
        let path = format!("/{version}/actions");
        assert_eq!(acme.admin.get(&path).expect(200)["actions"], json!([expected]));
        let shown = acme.admin.get(&format!("{path}/{}", text(&action, "/id"))).expect(200);
        assert_eq!(shown["action"], expected);
    }
}

#[test]
fn all_versions_show_one_follow_up_and_the_first_calls_it_an_action() {
    let acme = Acme::start();
    let incident = acme.incident(json!({}));
    let (ada, team) = (acme.app.user("Ada"), acme.app.team("Platform"));
    let choices = acme.app.texts("select id from follow_up_choices order by kind, rank"); // three categories first
    let details = json!({
        "assignee_id": ada, "assignee_team_id": team, "description": " As *it* came\n", "labels": ["b", "a", "b"],
        "follow_up_category_id": choices[1], "follow_up_priority_option_id": choices[3],
    });
    let follow_up = FOLLOW_UPS.create(&acme, &incident, details);
    let expected = json!({
        "id": follow_up["id"], "incident_id": incident, "title": "Restart *it*", "status": "outstanding",
        "description": " As *it* came\n", "labels": ["b", "a", "b"], "assignee_team": {"id": team, "name": "Platform"},
        "assignee": follow_up["assignee"], "creator": follow_up["creator"],
        "created_at": "2026-03-02T09:00:02.000000Z", "updated_at": "2026-03-02T09:00:02.000000Z",
        "category": {"id": choices[1], "name": "Detect", "description": "Tells us sooner.", "rank": 2},
        "priority": {"id": choices[3], "name": "Urgent", "description": "Before anything else.", "rank": 1},
    });
    assert_eq!(follow_up, expected);
    let in_v1 = json!({
        "title": null, "labels": null, "assignee_team": null, "category": null, "priority": null, "creator": null,
        "description": "Restart *it*", "follow_up": true,
    });
    for (path, name, expected) in [
        ("/v1/actions", "action", with(expected.clone(), in_v1)),
        ("/v2/follow_ups", "follow_up", with(expected.clone(), json!({"category": null}))),
        ("/v3/follow_ups", "follow_up", expected),
    ] {
        assert_eq!(acme.admin.get(path).expect(200)[format!("{name}s")], json!([expected]));
        let shown = acme.admin.get(&format!("{path}/{}", text(&follow_up, "/id"))).expect(200);
        assert_eq!(shown[name], expected);
    }
}

#[test]
fn it_is_completed_when_it_is_first_said_to_be_and_until_it_is_taken_back() {
    let acme = Acme::start();
    let incident = acme.incident(json!({}));
    for kind in BOTH {
        let item = kind.create(&acme, &incident, json!({}));
        let completed = |status: &str| {
            acme.app.clock.advance(Duration::from_secs(60));
            let updated = kind.update(&acme, &item, json!({"status": status})).expect(200)[kind.one].take();
            assert_eq!(updated["status"], status);
            assert!(text(&updated, "/updated_at") > text(&item, "/updated_at"));
            updated["completed_at"].as_str().map(str::to_owned)
        };
        let first = completed("completed");
        assert!(first.is_some());
        assert_eq!(completed("completed"), first);
        assert_eq!(completed("not_doing"), None);
        assert_eq!(completed("outstanding"), None);
        assert!(completed("completed") > first);
    }
}

#[test]
fn a_put_replaces_so_what_is_left_out_is_cleared() {
    let acme = Acme::start();
    let (incident, ada, team) = (acme.incident(json!({})), acme.app.user("Ada"), acme.app.team("Platform"));
    let details = json!({"assignee_id": ada, "assignee_team_id": team, "labels": ["a"], "description": "More"});
    let follow_up = FOLLOW_UPS.create(&acme, &incident, details);
    let cleared = FOLLOW_UPS.update(&acme, &follow_up, json!({"title": "Less"})).expect(200);
    let nothing = json!({"assignee": null, "assignee_team": null, "description": null, "updated_at": null});
    let expected = with(with(follow_up, nothing.clone()), json!({"title": "Less", "labels": []}));
    assert_eq!(with(cleared["follow_up"].clone(), json!({"updated_at": null})), expected);

    let action = ACTIONS.create(&acme, &incident, json!({"assignee_id": ada}));
    let cleared = ACTIONS.update(&acme, &action, json!({})).expect(200);
    assert_eq!(cleared["action"].get("assignee"), None);
}

#[test]
fn what_is_deleted_is_gone_in_every_version() {
    let acme = Acme::start();
    let incident = acme.incident(json!({}));
    for kind in BOTH {
        for versions in [["v2", "v3"], ["v3", "v2"]] {
            let item = kind.create(&acme, &incident, json!({}));
            let [here, there] = versions.map(|version| kind.at(&item).replace("v3", version));
            acme.admin.delete(&here).expect(204);
            for gone in [&here, &there, &format!("/v1/actions/{}", text(&item, "/id"))] {
                acme.admin.get(gone).expect(404);
            }
            acme.admin.delete(&there).expect(404);
            kind.update(&acme, &item, json!({})).expect(404);
        }
        assert_eq!(kind.listed(&acme, ""), Vec::<String>::new());
    }
    assert_eq!(acme.admin.get("/v1/actions").expect(200)["actions"], json!([]));
}

#[test]
fn nobody_gets_work_who_is_not_there() {
    let acme = Acme::start();
    let (incident, gone) = (acme.incident(json!({})), acme.app.user("Gone"));
    acme.app.write(move |cx| User::deactivate(cx, gone).map(drop));
    for kind in BOTH {
        let item = kind.create(&acme, &incident, json!({"assignee_id": ""}));
        assert_eq!(item.get("assignee"), None, "an empty ID names nobody");
        for nobody in [json!(gone), json!("nobody"), json!("01FCNDV6P870EA6S7TK1DSYDG0")] {
            let assigned = kind.update(&acme, &item, json!({"assignee_id": nobody}));
            assert_invalid(&assigned, &[("invalid_value", "assignee_id")]);
        }
    }
}

#[test]
fn what_is_wrong_with_a_follow_up_is_told_all_at_once() {
    let acme = Acme::start();
    let incident = acme.incident(json!({}));
    let category = acme.app.texts("select id from follow_up_choices order by kind, rank").remove(0);
    let wrong = json!({
        "title": " ", "assignee_id": "nobody", "assignee_team_id": "none", "follow_up_category_id": "none",
        "follow_up_priority_option_id": category, "incident_id": incident,
    });
    let problems = [
        ("is_required", "title"),
        ("invalid_value", "assignee_id"),
        ("invalid_value", "assignee_team_id"),
        ("invalid_value", "follow_up_priority_option_id"),
        ("invalid_value", "follow_up_category_id"),
    ];
    assert_invalid(&acme.admin.post(FOLLOW_UPS.path, wrong), &problems);
    let blank = json!({"description": " ", "incident_id": incident});
    assert_invalid(&acme.admin.post(ACTIONS.path, blank), &[("is_required", "description")]);
    for kind in BOTH {
        let item = kind.create(&acme, &incident, json!({}));
        let deleted = kind.update(&acme, &item, json!({"status": "deleted"}));
        assert_invalid(&deleted, &[("invalid_value", "status")]);
        let unknown = kind.body(json!({"incident_id": "01FCNDV6P870EA6S7TK1DSYDG0"}));
        acme.admin.post(kind.path, unknown).expect(404);
    }
}

#[test]
fn lists_are_of_one_incident_or_of_all_real_ones() {
    let acme = Acme::start();
    let [real, test] = [json!({}), json!({"mode": "test"})].map(|changes| acme.incident(changes));
    for kind in BOTH {
        let [ours, theirs] = [&real, &test].map(|incident| text(&kind.create(&acme, incident, json!({})), "/id"));
        let found = |query: String| kind.listed(&acme, &query);
        assert_eq!(found(String::new()), [ours.as_str()]);
        assert_eq!(found("incident_mode=test".into()), [theirs.as_str()]);
        assert_eq!(found(format!("incident_id={test}")), [theirs.as_str()]);
        assert_eq!(found(format!("incident_id={real}&incident_mode=test")), Vec::<String>::new());
        assert_eq!(found("incident_id=01FCNDV6P870EA6S7TK1DSYDG0".into()), Vec::<String>::new());
    }
    let in_v1 = |query: &str| {
        let shown = acme.admin.get(&format!("/v1/actions?{query}")).expect(200);
        shown["actions"].as_array().unwrap().iter().map(|row| row["follow_up"] == true).collect::<Vec<_>>()
    };
    assert_eq!(in_v1(""), [false, true], "oldest first");
    assert_eq!((in_v1("is_follow_up=true"), in_v1("is_follow_up=false")), (vec![true], vec![false]));
    assert_eq!(in_v1("incident_mode=test&is_follow_up=true"), [true]);
}

#[test]
fn the_third_version_lists_in_pages_and_by_time() {
    let acme = Acme::start();
    let incident = acme.incident(json!({}));
    for kind in BOTH {
        let ids: Vec<_> = (0..5).map(|_| text(&kind.create(&acme, &incident, json!({})), "/id")).collect();
        let page = |query: &str| {
            let body = acme.admin.get(&format!("{}?{query}", kind.path)).expect(200);
            (texts(&body[kind.many], "/id"), body["pagination_meta"].get("after").cloned())
        };
        assert_eq!(page("page_size=3"), (ids[..3].to_vec(), Some(json!(ids[2]))));
        acme.admin.delete(&format!("{}/{}", kind.path, ids[2])).expect(204);
        assert_eq!(page(&format!("page_size=3&after={}", ids[2])), (ids[3..].to_vec(), None));
        let third = acme.admin.get(&format!("{}/{}", kind.path, ids[3])).expect(200);
        let created_at = text(&third[kind.one], "/created_at");
        assert_eq!(page(&format!("created_at[gte]={created_at}")).0, ids[3..]);
        assert_eq!(page(&format!("updated_at[lte]={created_at}")).0, [&ids[..2], &ids[3..4]].concat());
        for (query, pointer) in [("page_size=251", "page_size"), ("created_at[like]=x", "created_at.like")] {
            let answer = acme.admin.get(&format!("{}?{query}", kind.path));
            assert_invalid(&answer, &[("invalid_value", pointer)]);
        }
    }
}

#[test]
fn follow_ups_are_found_by_their_team() {
    let acme = Acme::start();
    let (incident, team) = (acme.incident(json!({})), acme.app.team("Platform"));
    FOLLOW_UPS.create(&acme, &incident, json!({}));
    let ours = FOLLOW_UPS.create(&acme, &incident, json!({"assignee_team_id": team}));
    assert_eq!(FOLLOW_UPS.listed(&acme, &format!("assignee_team_id={team}")), [text(&ours, "/id")]);
}

#[test]
fn an_issue_stands_for_one_thing_until_that_is_deleted() {
    let acme = Acme::start();
    let incident = acme.incident(json!({}));
    let [first, second] = [(); 2].map(|()| FOLLOW_UPS.create(&acme, &incident, json!({})));
    let issue =
        |number: u32| json!({"provider": "jira", "url": format!("https://acme.atlassian.net/browse/OPS-{number}")});
    let connect = |follow_up: &Value, version: &str, issue: Value| {
        let path = FOLLOW_UPS.at(follow_up).replace("v3", version);
        acme.admin.post(&format!("{path}/actions/connect_external_issue"), issue)
    };
    let connected = connect(&first, "v2", issue(1)).expect(200);
    let reference = json!({
        "issue_name": "OPS-1", "issue_permalink": "https://acme.atlassian.net/browse/OPS-1", "provider": "jira",
    });
    assert_eq!(connected["follow_up"]["external_issue_reference"], reference);
    let in_v1 = acme.admin.get(&format!("/v1/actions/{}", text(&first, "/id"))).expect(200);
    assert_eq!(in_v1["action"]["external_issue_reference"], reference);

    assert_invalid(&connect(&first, "v3", issue(2)), &[("invalid_value", "url")]);
    assert_invalid(&connect(&second, "v3", issue(1)), &[("invalid_value", "url")]);
    let its_id = acme.app.texts("select id from external_issues").remove(0);
    let taken = FOLLOW_UPS.body(json!({"incident_id": incident, "external_issue_reference_id": its_id}));
    let pointer = "external_issue_reference_id";
    assert_invalid(&acme.admin.post(FOLLOW_UPS.path, taken), &[("invalid_value", pointer)]);
    let of_incident = with(issue(1), json!({"issue_template_id": "x"}));
    let path = format!("/v2/incidents/{incident}/actions/connect_external_issue");
    assert_invalid(&acme.admin.post(&path, of_incident), &[("invalid_value", "url")]);

    acme.admin.delete(&FOLLOW_UPS.at(&first)).expect(204);
    connect(&second, "v3", issue(1)).expect(200);
}

#[test]
fn a_follow_up_made_from_a_link_is_called_like_the_issue_and_the_lead_has_it() {
    let acme = Acme::start();
    let ada = acme.app.user("Ada");
    let lead = json!([{"incident_role_id": acme.role("Incident Lead"), "assignee": {"id": ada}}]);
    let incident = acme.incident(json!({"incident_role_assignments": lead}));
    let from_link = |url: &str| {
        acme.admin.post("/v3/follow_ups/actions/create_from_link", json!({"incident_id": incident, "url": url}))
    };
    let made = from_link("https://github.com/acme/web/issues/84").expect(201);
    assert_eq!((&made["follow_up"]["title"], &made["follow_up"]["assignee"]["id"]), (&json!("web#84"), &json!(ada)));
    assert_eq!(made["follow_up"]["external_issue_reference"]["provider"], "github");
    for bad in ["https://github.com/acme/web/issues/84", "https://acme.example/1", "github.com/acme/web/issues/85"] {
        assert_invalid(&from_link(bad), &[("invalid_value", "url")]);
    }
    assert_eq!(FOLLOW_UPS.listed(&acme, "").len(), 1);
}
