//! Incidents, declared and worked on in a browser without scripts.

use people::users::BaseRole;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use testkit::{Browser, json};

use crate::support::{PASSWORD, app, crew, declare, person, sign_in, signed_in};

#[test]
fn an_incident_is_declared_once_however_often_its_form_is_sent() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let page = browser.get("/incidents/new").expect(200);
    let (key, severity) = (page.hidden("idempotency_key").unwrap(), page.option("Minor").unwrap());
    let name = "Checkout is down";
    let fields = [("idempotency_key", &*key), ("name", name), ("severity_id", &severity), ("visibility", "public")];
    let first = browser.submit("/incidents/new", &fields);
    assert_eq!(browser.submit("/incidents/new", &fields).leads_to(), first.leads_to());
    let page = browser.get(first.leads_to()).expect(200);
    assert!(page.says("Checkout is down") && page.says("INC-1 is declared"));
    assert!(!browser.get(first.leads_to()).says("is declared</p>"), "it is told once");
}

#[test]
fn what_is_wrong_stands_beside_its_field_and_what_was_typed_stays() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    browser.get("/incidents/new");
    let fields = [
        ("idempotency_key", "k"),
        ("summary", "Nobody can pay"),
        ("severity_id", "nonsense"),
        ("visibility", "public"),
    ];
    let refused = browser.submit("/incidents/new", &fields).expect(422);
    assert!(refused.says("id=\"severity_id-error\""), "{}", refused.text);
    assert!(refused.says("Nobody can pay"));
    assert_eq!(refused.hidden("idempotency_key").unwrap(), "k");
}

#[test]
fn scripts_in_what_people_write_are_shown_as_they_were_typed() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let script = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>";
    let incident = declare(&browser, script);
    browser.get(&incident);
    browser.submit(&format!("{incident}/update"), &[("idempotency_key", "u"), ("message", script)]).leads_to();
    browser.submit(&format!("{incident}/actions/new"), &[("description", script)]).leads_to();
    for path in [incident.as_str(), "/", "/incidents"] {
        let page = browser.get(path).expect(200);
        assert!(page.says("&lt;script&gt;alert") && !page.says("<script>") && !page.says("<img"), "{path}");
    }
}

#[test]
fn an_attachment_that_is_a_script_is_no_link() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    browser.get(&incident);
    browser.submit(&format!("{incident}/attachments/new"), &[("resource.url", "javascript:alert(1)")]);
    assert!(!browser.get(&incident).says("href=\"javascript"));
}

#[test]
fn an_incident_is_worked_on_from_its_first_update_to_its_last_follow_up() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    let at = |path: &str| format!("{incident}/{path}");
    let edit = browser.get(&at("edit")).expect(200);
    assert!(edit.says("value=\"Checkout is down\""));
    browser
        .submit(&at("edit"), &[("incident.name", "Checkout is slow"), ("incident.summary", "Since noon")])
        .leads_to();
    browser.submit(&at("update"), &[("idempotency_key", "1"), ("message", "Rolled back")]).leads_to();
    browser.submit(&at("actions/new"), &[("description", "Call the bank")]).leads_to();
    browser.submit(&at("follow-ups/new"), &[("title", "Test the rollback")]).leads_to();
    browser
        .submit(&at("attachments/new"), &[("resource.url", "https://graphs.example/1"), ("resource.title", "Graph")])
        .leads_to();
    let page = browser.get(&incident).expect(200);
    for told in [
        "Checkout is slow",
        "Since noon",
        "Rolled back",
        "Call the bank",
        "Test the rollback",
        "https://graphs.example/1",
    ] {
        assert!(page.says(told), "{told}");
    }
    for kind in ["/actions/", "/follow-ups/"] {
        let mut paths = page.text.split("action=\"").filter_map(|rest| Some(rest.split_once('"')?.0));
        let path = paths.find(|path| path.contains(kind)).unwrap();
        browser.submit(path, &[("status", "completed")]).leads_to();
    }
    assert_eq!(browser.get(&incident).text.matches("Reopen").count(), 2);
}

#[test]
fn an_empty_update_is_refused_beside_its_field() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    browser.get(&incident);
    assert!(
        browser
            .submit(&format!("{incident}/update"), &[("idempotency_key", "1")])
            .expect(422)
            .says("id=\"message-error\"")
    );
}

#[test]
fn the_list_s_address_is_its_filter() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    declare(&browser, "Checkout is down");
    assert!(browser.get("/incidents?status_category%5Bone_of%5D=live").expect(200).says("Checkout is down"));
    let closed = browser.get("/incidents?status_category%5Bone_of%5D=closed").expect(200);
    assert!(closed.says("Nothing matches") && !closed.says("Checkout is down"));
    browser.get("/incidents?status_category%5Bone_of%5D=nonsense").expect(422);
}

#[test]
fn an_incident_is_found_by_a_part_of_its_name_or_by_its_reference() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let (checkout, cafe, odd) =
        (declare(&browser, "Checkout is down"), declare(&browser, "CAFÉ orders"), declare(&browser, "100%_done \\o/"));
    let finds = |text: &str| {
        let text = utf8_percent_encode(text, NON_ALPHANUMERIC);
        let page = browser.get(&format!("/incidents?q={text}")).expect(200);
        [&checkout, &cafe, &odd].map(|incident| page.says(&format!("href=\"{incident}\"")))
    };
    for (text, found) in [
        ("checkOUT", [true, false, false]),
        ("out is", [true, false, false]),
        ("café", [false, true, false]),
        ("o", [true, true, true]),
        ("%", [false, false, true]),
        ("_", [false, false, true]),
        ("\\", [false, false, true]),
        ("INC-2", [false, true, false]),
        ("inc-2", [false, true, false]),
        ("3", [false, false, true]),
        ("INC-12", [false; 3]),
        ("é", [false, true, false]),
        ("'", [false; 3]),
    ] {
        assert_eq!(finds(text), found, "{text}");
    }
    browser.get(&format!("{checkout}/edit"));
    let renamed = [("incident.name", "Tills are down"), ("incident.summary", "")];
    browser.submit(&format!("{checkout}/edit"), &renamed).leads_to();
    assert_eq!((finds("checkout")[0], finds("TILLS")[0]), (false, true), "by what it is called now");
}

#[test]
fn a_search_stays_in_the_address_with_the_filters_and_from_page_to_page() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    for number in 0..27 {
        declare(&browser, &format!("Till {number}"));
    }
    declare(&browser, "Lamp");
    let first = browser.get("/incidents?q=till&status_category%5Bone_of%5D=live").expect(200);
    assert!(first.says("<small>27</small>") && first.says("value=\"till\"") && !first.says("Lamp"));
    assert!(first.says("q=till&amp;status_category%5Bone_of%5D=closed"), "{}", first.text);
    let (_, rest) =
        first.text.split_once("rel=\"next\"").map(|(before, _)| before.rsplit_once("href=\"").unwrap()).unwrap();
    let next = browser.get(&rest.split_once('"').unwrap().0.replace("&amp;", "&")).expect(200);
    assert!(next.says("Till 0") && next.says("Till 1<") && !next.says("Till 2<"));
    let closed = browser.get("/incidents?q=till&status_category%5Bone_of%5D=closed").expect(200);
    assert!(closed.says("No incident has till in its name"));
}

#[test]
fn the_search_finds_no_private_incident_of_others_and_clients_have_none() {
    let app = app();
    let (owner, viewer) = (signed_in(&app, "Olga", BaseRole::Owner), signed_in(&app, "Vera", BaseRole::Viewer));
    let page = owner.get("/incidents/new").expect(200);
    let (key, severity) = (page.hidden("idempotency_key").unwrap(), page.option("Minor").unwrap());
    let fields = [("idempotency_key", &*key), ("name", "Leak"), ("severity_id", &severity), ("visibility", "private")];
    let incident = owner.submit("/incidents/new", &fields).leads_to().to_owned();
    assert!(owner.get("/incidents?q=leak").says(&incident));
    for text in ["leak", "INC-1"] {
        let page = viewer.get(&format!("/incidents?q={text}")).expect(200);
        assert!(!page.says("Leak") && page.says("<small>0</small>"));
    }
    declare(&owner, "Till");
    let listed = app.admin().get("/v2/incidents?q=nothing").expect(200);
    assert!(!listed["incidents"].as_array().unwrap().is_empty(), "a parameter that the API doesn't have is left alone");
}

#[test]
fn summaries_and_updates_are_markdown_within_the_page_s_own_outline() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    browser.get(&incident);
    let summary = "# What\n\nNobody can **pay**: see https://graphs.example/1\nSince noon";
    let fields = [("incident.name", "Checkout is down"), ("incident.summary", summary)];
    browser.submit(&format!("{incident}/edit"), &fields).leads_to();
    browser.submit(&format!("{incident}/update"), &[("idempotency_key", "1"), ("message", "- a\n- b")]).leads_to();
    let page = browser.get(&incident).expect(200);
    assert!(page.says("<strong>pay</strong>") && page.says("<li>a</li>") && page.says("<h3>What</h3>"));
    assert!(page.says("<a href=\"https://graphs.example/1\" rel=\"noopener nofollow ugc\">"), "{}", page.text);
    assert!(page.says("<br />\nSince noon") && page.text.matches("<h1").count() == 1);
    let edit = browser.get(&format!("{incident}/edit")).expect(200);
    assert!(edit.says("Nobody can **pay**"), "it is edited as it was typed");
}

#[test]
fn the_members_of_a_private_incident_stand_on_its_page_and_are_changed_there() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let (ada, bob) = (signed_in(&app, "Ada", BaseRole::Responder), signed_in(&app, "Bob", BaseRole::Responder));
    assert!(!owner.get(&declare(&owner, "Public")).says("Who may see it"));
    let page = ada.get("/incidents/new").expect(200);
    let (key, severity) = (page.hidden("idempotency_key").unwrap(), page.option("Minor").unwrap());
    let fields = [("idempotency_key", &*key), ("name", "Leak"), ("severity_id", &severity), ("visibility", "private")];
    let incident = ada.submit("/incidents/new", &fields).leads_to().to_owned();
    let members = |page: &testkit::Shown| {
        let (_, rest) = page.text.split_once("id=\"members\"").expect("the members");
        ["Ada", "Bob"].map(|name| rest.split("</section>").next().unwrap().contains(&format!("<span>{name}</span>")))
    };
    assert_eq!(members(&ada.get(&incident).expect(200)), [true, false]);
    bob.get(&incident).expect(404);

    let path = format!("{incident}/members");
    let id = owner.get(&path).expect(200).option("Bob").unwrap();
    assert_eq!(owner.submit(&path, &[("user_id", &id)]).leads_to(), incident);
    assert_eq!(members(&owner.get(&incident).expect(200)), [true, true]);
    assert_eq!(members(&bob.get(&incident).expect(200)), [true, true], "whoever sees it sees who else does");
    owner.get(&incident);
    owner.submit(&path, &[("user_id", &id), ("change", "revoke")]).leads_to();
    assert_eq!(members(&owner.get(&incident).expect(200)), [true, false]);
    bob.get(&incident).expect(404);
}

#[test]
fn only_roles_that_the_form_changed_are_assigned_and_whoever_holds_one_is_among_many_people_too() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    let crew = crew(&app);
    let zoe = person(&app, "Zoe", BaseRole::Responder).to_string();
    let admin = app.admin();
    let made = admin.get("/v2/incident_roles").expect(200);
    let lead = made["incident_roles"].as_array().unwrap().iter().find(|role| role["role_type"] == "lead").unwrap();
    let lead = lead["id"].as_str().unwrap();
    let scribe = json!({"name": "Scribe", "shortform": "scribe", "description": "Writes", "instructions": "Write", "required": false});
    let scribe =
        admin.post("/v2/incident_roles", scribe).expect(201)["incident_role"]["id"].as_str().unwrap().to_owned();
    let path = format!("{incident}/roles");
    let [lead_field, scribe_field] = [lead, &scribe].map(|role| format!("role.{role}"));
    let [lead_was, scribe_was] = [&lead_field, &scribe_field].map(|field| format!("was.{field}"));

    let before = browser.get(&path).expect(200);
    assert_eq!(before.hidden(&lead_was).as_deref(), Some(""));
    browser.submit(&path, &[(&lead_field, &zoe), (&lead_was, ""), (&scribe_field, ""), (&scribe_was, "")]).leads_to();
    let form = browser.get(&path).expect(200);
    assert!(form.says(&format!("<option value=\"{zoe}\" selected>Zoe</option>")), "{}", form.text);
    assert!(form.says("name=\"search.people\"") && form.option("Sailor 250").is_none());
    assert_eq!(form.hidden(&lead_was), Some(zoe.clone()));

    let typed = [("find", "people"), ("search.people", "SAILOR250@"), (&*lead_field, &*zoe), (&*lead_was, &*zoe)];
    let found = browser.submit(&path, &typed).expect(200);
    assert_eq!(found.option("Sailor 250"), Some(crew[250].to_string()));
    assert!(found.says(&format!("<option value=\"{zoe}\" selected>Zoe</option>")), "she stays chosen");
    assert!(found.option("Sailor 249").is_none());

    // The form was shown before Zoe had the lead.
    let sailor = crew[250].to_string();
    browser
        .submit(&path, &[(&lead_field, ""), (&lead_was, ""), (&scribe_field, &sailor), (&scribe_was, "")])
        .leads_to();
    let page = browser.get(&incident).expect(200);
    assert!(page.says("<span>Zoe</span>") && page.says("<span>Sailor 250</span>"), "{}", page.text);
    browser.submit(&path, &[(&lead_field, ""), (&lead_was, &zoe)]).leads_to();
    assert!(!browser.get(&incident).says("<span>Zoe</span>"), "who held it is let go on purpose");
}

#[test]
fn whoever_is_given_work_is_found_among_many_people() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let incident = declare(&owner, "Checkout is down");
    let sailor = crew(&app)[250].to_string();
    for (form, field, with) in [
        ("actions/new", "assignee_id", ("description", "Roll it back")),
        ("follow-ups/new", "assignee_id", ("title", "Learn")),
        ("members", "user_id", ("change", "grant")),
    ] {
        let path = format!("{incident}/{form}");
        assert!(owner.get(&path).expect(200).option("Sailor 250").is_none());
        let find = |text: &str| owner.submit(&path, &[with, ("find", "people"), ("search.people", text)]).expect(200);
        assert_eq!(find("lor 250").option("Sailor 250").as_ref(), Some(&sailor), "{form}");
        assert!(find("%").says("Nobody has that in their name or address"), "it is searched for as it is typed");
        assert!(find("sailor").says("There are more"));
        let chosen = [with, ("find", "people"), ("search.people", "olga"), (field, &sailor)];
        let chosen = owner.submit(&path, &chosen).expect(200);
        assert!(chosen.says(&format!("<option value=\"{sailor}\" selected>")), "whoever is chosen stays so");
    }
    let action = [("description", "Roll it back"), ("assignee_id", &*sailor)];
    owner.submit(&format!("{incident}/actions/new"), &action).leads_to();
    assert!(owner.get(&incident).says("Sailor 250"));
}

#[test]
fn home_shows_what_somebody_has_still_to_do_however_much_there_is_and_however_old() {
    let app = app();
    let browser = signed_in(&app, "Ada", BaseRole::Responder);
    let incident = declare(&browser, "Checkout is down");
    let admin = app.admin();
    let ada = admin.get("/v2/users?email=ada@acme.example").expect(200)["users"][0]["id"].take();
    let id = incident.trim_start_matches("/incidents/");
    let own = json!({"incident_id": id, "description": "Own action", "assignee_id": ada});
    let own = admin.post("/v3/actions", own).expect(201)["action"].take();
    app.clock.advance(std::time::Duration::from_secs(90 * 86_400));
    for number in 0..250 {
        let other = json!({"incident_id": id, "description": format!("Action {number:03}")});
        admin.post("/v3/actions", other).expect(201);
        let update =
            json!({"incident_id": id, "message": format!("Update {number:03}"), "idempotency_key": number.to_string()});
        admin.post("/v2/incident_updates", update).expect(201);
    }
    let late = json!({"incident_id": id, "title": "Own follow-up", "assignee_id": ada});
    admin.post("/v3/follow_ups", late).expect(201);
    admin.post("/v3/actions", json!({"incident_id": id, "description": "Late action", "assignee_id": ada})).expect(201);

    let (browser, owner) = (app.browser(), signed_in(&app, "Olga", BaseRole::Owner));
    sign_in(&browser, "Ada", PASSWORD).leads_to();
    let home = browser.get("/").expect(200);
    for told in ["Own action", "Late action", "Own follow-up"] {
        assert!(home.says(told), "{told}");
    }
    assert!(!home.says("Action 000") && !owner.get("/").says("Own action"));
    let page = browser.get(&incident).expect(200);
    for told in ["Own action", "Action 249", "Late action", "Update 000", "Update 249"] {
        assert!(page.says(told), "{told}");
    }
    let action = format!("{incident}/actions/{}", own["id"].as_str().unwrap());
    browser.submit(&action, &[("status", "completed")]).leads_to();
    assert!(!browser.get("/").says("Own action"), "it is done");
    browser.get(&incident);
    browser.submit(&action, &[("status", "outstanding")]).leads_to();
    assert!(browser.get("/").says("Own action"), "it is to be done again");
    admin
        .put(
            &format!("/v3/actions/{}", own["id"].as_str().unwrap()),
            json!({"description": "Own action", "status": "outstanding"}),
        )
        .expect(200);
    assert!(!browser.get("/").says("Own action"), "it is nobody's");
}

#[test]
fn an_edit_sends_what_was_changed_and_tells_of_what_others_changed_meanwhile() {
    let app = app();
    let [ada, bob] = ["Ada", "Bob"].map(|name| signed_in(&app, name, BaseRole::Responder));
    let incident = declare(&ada, "Checkout is down");
    let path = format!("{incident}/edit");
    let form = ada.get(&path).expect(200);
    let (name_was, summary_was) = ("was.incident.name", "was.incident.summary");
    assert_eq!(form.hidden(name_was).as_deref(), Some("Checkout is down"));
    let send = |browser: &Browser, name: &str, summary: &str, was: (&str, &str)| {
        browser.get(&incident);
        let fields = [("incident.name", name), ("incident.summary", summary), (name_was, was.0), (summary_was, was.1)];
        browser.submit(&path, &fields)
    };
    let was = ("Checkout is down", "");
    send(&bob, "Checkout is slow", "", was).leads_to();
    send(&ada, "Checkout is down", "Since\r\nnoon", was).leads_to();
    let page = ada.get(&incident).expect(200);
    assert!(page.says("<h1>Checkout is slow</h1>") && page.says("noon"), "neither undoes the other");

    let refused = send(&ada, "Checkout crawls", "", was).expect(422);
    assert!(refused.says("id=\"incident.name-error\"") && !refused.says("id=\"incident.summary-error\""));
    assert!(refused.says("changed it to “Checkout is slow”") && refused.says("value=\"Checkout crawls\""));
    assert!(ada.get(&incident).says("<h1>Checkout is slow</h1>"), "nothing is undone");
    let again = (&*refused.hidden(name_was).unwrap(), &*refused.hidden(summary_was).unwrap());
    assert_eq!(again, ("Checkout is slow", ""));
    send(&ada, "Checkout crawls", "", again).leads_to();
    let page = ada.get(&incident).expect(200);
    assert!(page.says("<h1>Checkout crawls</h1>") && page.says("noon"), "whoever has seen it may change it");

    send(&ada, "Checkout crawls", "Since\nnoon", ("Checkout crawls", "Since\r\nnoon")).leads_to();
    assert!(ada.get(&incident).says("Nothing was changed"), "how lines end is no change");
    let same = send(&bob, "Checkout crawls", "", ("Checkout is slow", ""));
    assert_eq!(same.leads_to(), incident, "whoever wants the same has no quarrel");
}

#[test]
fn a_list_tells_how_many_incidents_somebody_may_see_without_counting_the_public_ones() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let [ada, bob] = ["Ada", "Bob"].map(|name| signed_in(&app, name, BaseRole::Responder));
    declare(&owner, "Checkout is down");
    declare(&owner, "Search is slow");
    let page = ada.get("/incidents/new").expect(200);
    let (key, severity) = (page.hidden("idempotency_key").unwrap(), page.option("Minor").unwrap());
    let fields = [("idempotency_key", &*key), ("name", "Leak"), ("severity_id", &severity), ("visibility", "private")];
    ada.submit("/incidents/new", &fields).leads_to();
    let tells = |browser: &Browser, total: u32| browser.get("/incidents").says(&format!("<small>{total}</small></h1>"));
    assert!(tells(&owner, 3) && tells(&ada, 3) && tells(&bob, 2));
    app.write(|cx| cx.run("update incident_tallies set n = n + 100000 where private = $1", &[false.into()]).map(drop));
    assert!(tells(&owner, 100_003) && tells(&ada, 100_003) && tells(&bob, 100_002));
}
