//! What every product's connection promises.

use serde_json::json;
use testkit::Fault;

use crate::support::{ATOMICWORK, CONNECTIONS, HYPHEN, Hub, RAVENNA};

#[test]
fn hy_2_without_a_key_nobody_is_asked_and_with_a_wrong_one_nothing_is_kept() {
    let hub = Hub::start();
    for key in [json!(null), json!(""), json!(" \t")] {
        let connection = json!({"product": "hyphen", "name": "acme", "api_key": key, "base_url": hub.api.url()});
        let refused = hub.admin.post(CONNECTIONS, json!({"connection": connection}));
        assert_eq!((refused.status, refused.problems()), (422, vec![("is_required", "connection.api_key")]));
    }
    assert!(hub.api.requests().is_empty(), "no network call");
    let run = hub.try_connect("hyphen", "acme", &format!("inc_{}", "0".repeat(64)));
    assert_eq!((run["state"].as_str(), run["error"]["status"].as_u64()), (Some("failed"), Some(401)));
    assert_eq!(run["error"]["code"], "invalid_api_key");
    assert!(hub.connections().is_empty());
    assert_eq!(hub.secrets(), 0, "the key is gone");
}

#[test]
fn hy_3_the_key_is_nowhere_but_in_the_vault() {
    let hub = Hub::start();
    let token = hub.app.token(HYPHEN);
    let mut answers = vec![hub.try_connect("hyphen", "one", &token), hub.try_connect("hyphen", "two", &token)];
    let sealed = hub.app.texts("select sealed from secrets");
    assert_eq!(sealed.len(), 2);
    assert_ne!(sealed[0], sealed[1], "the same key looks different each time");
    for path in [CONNECTIONS, "/hub/v1/runs", "/hub/v1/products", "/hub/v1/links"] {
        answers.push(hub.admin.get(path).expect(200));
    }
    hub.api.always_for("GET", Fault::Status(500));
    let path = format!("{CONNECTIONS}/{}/actions/test", answers[0]["connection_id"].as_str().unwrap());
    answers.push(hub.outcome(hub.admin.post(&path, json!({}))));
    assert!(answers.iter().all(|answer| !answer.to_string().contains(&token)));
}

#[test]
fn hy_5_the_dashboard_is_that_of_the_organisation_to_the_byte() {
    let hub = Hub::start();
    let shown = hub.admin.get(&hub.connect("hyphen", HYPHEN)).expect(200)["connection"]["config"].take();
    let identity = hub.admin.get("/v1/identity").expect(200);
    assert_eq!(shown["dashboardUrl"], identity["identity"]["dashboard_url"]);
}

#[test]
fn hy_10_a_connection_shows_what_was_learned_and_no_key() {
    let hub = Hub::start();
    let shown = hub.admin.get(&hub.connect("hyphen", HYPHEN)).expect(200)["connection"]["config"].take();
    let mut names: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["catalogServiceTypeId", "catalogTeamType", "catalogUserTypeId", "dashboardUrl", "organizationName", "secrets"]
    );
    assert_eq!(shown["secrets"], json!({"encryptedToken": "encrypted"}));
}

#[test]
fn hy_19_a_link_says_what_is_linked_to_what() {
    let hub = Hub::start();
    let connection = hub.connect("hyphen", HYPHEN);
    hub.output(&connection, "permission_group", json!({"entity_id": "platform", "entity_name": "Platform"}));
    let link = hub.admin.get("/hub/v1/links").expect(200)["links"][0].take();
    assert_eq!(link["type"], "permissionGroup");
    assert_eq!(link["entity"], json!({"id": "platform", "type": "team", "name": "Platform"}));
    assert_eq!(link["organizationIntegration"]["type"], "hyphen");
    assert_eq!(link["status"], "connected");
    hub.output(&connection, "permission_group", json!({"entity_id": "platform", "entity_name": "Platform"}));
    assert_eq!(hub.admin.get("/hub/v1/links").expect(200)["links"].as_array().unwrap().len(), 1, "linked once");
}

#[test]
fn hy_14_what_a_team_is_linked_to_is_an_id_and_a_name() {
    let hub = Hub::start();
    let connection = hub.connect("hyphen", HYPHEN);
    let linked =
        hub.output(&connection, "permission_group", json!({"entity_id": "platform", "entity_name": "Platform"}));
    let config = linked["config"].as_object().unwrap();
    assert_eq!(config.keys().collect::<Vec<_>>(), ["teamId", "teamName"]);
    assert_eq!(config["teamName"], "Platform");
    let entry = format!("/v3/catalog_entries/{}", config["teamId"].as_str().unwrap());
    hub.admin.get(&entry).expect(200);
}

#[test]
fn hy_16_a_member_s_literal_is_their_entry_or_an_address_that_resolves_to_it() {
    let hub = Hub::start();
    let connection = hub.connect("hyphen", HYPHEN);
    hub.app.user("Ada");
    let linked =
        hub.output(&connection, "permission_group", json!({"entity_id": "platform", "entity_name": "Platform"}));
    let team = linked["config"]["teamId"].as_str().unwrap();
    let added = hub.output(&connection, "add_access", json!({"team_id": team, "member": "ada@acme.example"}));
    let literal = added["members"][0]["literal"].as_str().unwrap().to_owned();
    assert_eq!(hub.admin.get(&format!("/v3/catalog_entries/{literal}")).expect(200)["catalog_entry"]["name"], "Ada");
    // The other form, as a sync of somebody else's writes it.
    let entry = hub.admin.get(&format!("/v3/catalog_entries/{team}")).expect(200)["catalog_entry"].take();
    let attribute =
        hub.admin.get(&connection).expect(200)["connection"]["config"]["catalogTeamType"]["memberAttributeId"].take();
    let values = json!({attribute.as_str().unwrap(): {"array_value": [{"literal": "ada@acme.example"}]}});
    let body = json!({"name": entry["name"], "attribute_values": values, "update_attributes": [attribute]});
    hub.admin.put(&format!("/v3/catalog_entries/{team}"), body).expect(200);
    let teams = hub.admin.get("/v3/teams").expect(200)["teams"].take();
    let platform = teams.as_array().unwrap().iter().find(|team| team["name"] == "Platform").unwrap();
    assert_eq!(platform["members"][0]["email"], "ada@acme.example", "{platform:#}");
    let again = hub.output(&connection, "add_access", json!({"team_id": team, "member": literal}));
    assert_eq!(again["changed"], false, "both forms mean the same person");
}

#[test]
fn hy_21_disconnecting_forgets_the_key_and_leaves_the_catalog_alone() {
    let hub = Hub::start();
    let connection = hub.connect("hyphen", HYPHEN);
    let linked =
        hub.output(&connection, "permission_group", json!({"entity_id": "platform", "entity_name": "Platform"}));
    hub.admin.delete(&connection).expect(204);
    assert_eq!(hub.secrets(), 0);
    assert!(hub.connections().is_empty());
    assert!(hub.admin.get("/hub/v1/links").expect(200)["links"].as_array().unwrap().is_empty());
    let entry = format!("/v3/catalog_entries/{}", linked["config"]["teamId"].as_str().unwrap());
    assert_eq!(hub.admin.get(&entry).expect(200)["catalog_entry"]["name"], "Platform");
}

#[test]
fn rv_1_products_are_listed_with_what_they_need() {
    let hub = Hub::start();
    let products = hub.admin.get("/hub/v1/products").expect(200)["products"].take();
    let ravenna = products.as_array().unwrap().iter().find(|product| product["id"] == "ravenna").unwrap();
    assert_eq!(
        (ravenna["category"].as_str(), ravenna["status"].as_str()),
        (Some("Incident Management"), Some("not_connected"))
    );
    assert_eq!(ravenna["key_field"], "API Token");
    hub.connect("ravenna", RAVENNA);
    let ravenna = hub.admin.get("/hub/v1/products/ravenna").expect(200)["product"].take();
    assert_eq!((ravenna["status"].as_str(), &ravenna["connections"]), (Some("connected"), &json!(["ravenna"])));
    assert!(ravenna["actions"][0]["inputs"]["properties"]["email"].is_object());
}

#[test]
fn rv_2_a_blank_token_is_refused() {
    let hub = Hub::start();
    let connection = json!({"product": "ravenna", "name": "x", "api_key": " ", "base_url": hub.api.url()});
    let refused = hub.admin.post(CONNECTIONS, json!({"connection": connection}));
    assert_eq!(refused.problems(), [("is_required", "connection.api_key")]);
}

#[test]
fn rv_5_a_connection_stays_and_can_be_made_again() {
    let hub = Hub::start();
    let connection = hub.connect("ravenna", RAVENNA);
    assert_eq!(hub.admin.get(&connection).expect(200)["connection"]["status"], "connected");
    hub.api.always_for("GET", Fault::Status(503));
    let failed = hub.outcome(hub.admin.post(&format!("{connection}/actions/test"), json!({})));
    assert_eq!(failed["state"], "failed");
    let shown = hub.admin.get(&connection).expect(200)["connection"].take();
    assert_eq!(shown["status"], "failing");
    assert!(shown["last_error"].is_string());
    hub.api.heal();
    let worked = hub.outcome(hub.admin.post(&format!("{connection}/actions/test"), json!({})));
    assert_eq!(worked["state"], "succeeded");
    assert_eq!(hub.admin.get(&connection).expect(200)["connection"]["status"], "connected");
    hub.admin.delete(&connection).expect(204);
    hub.connect("ravenna", RAVENNA);
}

#[test]
fn nx_1_a_credential_has_a_name_and_perhaps_a_description() {
    let hub = Hub::start();
    let token = hub.app.token(&["viewer"]);
    let credential =
        json!({"product": "nexla", "api_key": token, "base_url": hub.api.url(), "description": "Read only"});
    let nameless = hub.admin.post(CONNECTIONS, json!({"connection": credential}));
    assert_eq!(nameless.problems(), [("is_required", "connection.name")]);
    let mut named = credential.clone();
    named["name"] = json!("prod");
    let run = hub.outcome(hub.admin.post(CONNECTIONS, json!({"connection": named})));
    let path = format!("{CONNECTIONS}/{}", run["connection_id"].as_str().unwrap());
    let shown = hub.admin.get(&path).expect(200)["connection"].take();
    assert_eq!((shown["name"].as_str(), shown["description"].as_str()), (Some("prod"), Some("Read only")));
    let again = hub.admin.post(CONNECTIONS, json!({"connection": named}));
    assert_eq!(again.problems(), [("invalid_value", "connection.name")]);

    let renamed = json!({"connection": {"name": "live"}});
    assert_eq!(hub.outcome(hub.admin.put(&path, renamed))["state"], "succeeded");
    let shown = hub.admin.get(&path).expect(200)["connection"].take();
    assert_eq!((shown["name"].as_str(), shown["description"].as_str()), (Some("live"), Some("")));
    assert_eq!(hub.secrets(), 1, "the key has stayed");
    let wrong = json!({"connection": {"name": "live", "api_key": "inc_wrong", "base_url": hub.api.url()}});
    assert_eq!(hub.outcome(hub.admin.put(&path, wrong))["state"], "failed");
    let worked = hub.outcome(hub.admin.post(&format!("{path}/actions/test"), json!({})));
    assert_eq!(worked["state"], "succeeded", "the key before it has stayed");
    hub.admin.delete(&path).expect(204);
}

#[test]
fn rv_11_and_nx_2_a_key_is_not_shown_once_it_is_saved() {
    let hub = Hub::start();
    for product in ["ravenna", "nexla"] {
        let token = hub.app.token(RAVENNA);
        let run = hub.try_connect(product, product, &token);
        let path = format!("{CONNECTIONS}/{}", run["connection_id"].as_str().unwrap());
        for shown in [run, hub.admin.get(&path).expect(200), hub.admin.get(CONNECTIONS).expect(200)] {
            assert!(!shown.to_string().contains(&token[4..]), "{shown:#}");
        }
    }
}

#[test]
fn nx_3_every_request_carries_the_key() {
    let hub = Hub::start();
    let token = hub.app.token(RAVENNA);
    hub.try_connect("ravenna", "ravenna", &token);
    let requests = hub.api.requests();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|seen| seen.headers["authorization"] == format!("Bearer {token}")));
}

#[test]
fn aw_1_whoever_may_not_manage_the_hub_can_not_connect() {
    let hub = Hub::start();
    let token = hub.app.token(ATOMICWORK);
    let connection = json!({"product": "atomicwork", "name": "x", "api_key": token, "base_url": hub.api.url()});
    for roles in [&["viewer"][..], &["secrets_use"], ATOMICWORK] {
        let refused = hub.app.client(roles).post(CONNECTIONS, json!({"connection": connection}));
        assert_eq!((refused.status, refused.problems()), (403, vec![("missing_required_scope", "")]), "{roles:?}");
    }
    hub.app.client(&["manage_settings"]).post(CONNECTIONS, json!({"connection": connection})).expect(202);
}

#[test]
fn aw_2_each_product_works_with_exactly_the_roles_that_it_names() {
    let hub = Hub::start();
    for product in hub.admin.get("/hub/v1/products").expect(200)["products"].as_array().unwrap() {
        let roles: Vec<_> =
            product["role_names"].as_array().unwrap().iter().map(|role| role.as_str().unwrap()).collect();
        hub.connect(product["id"].as_str().unwrap(), &roles);
    }
}

#[test]
fn aw_4_there_is_a_connection_once_the_test_was_good() {
    let hub = Hub::start();
    hub.api.always_for("GET", Fault::Status(500));
    let run = hub.try_connect("atomicwork", "work", &hub.app.token(ATOMICWORK));
    assert_eq!(run["state"], "failed");
    assert!(hub.connections().is_empty());
    hub.api.heal();
    assert_eq!(hub.try_connect("atomicwork", "work", &hub.app.token(ATOMICWORK))["state"], "succeeded");
    assert_eq!(hub.connections()[0]["status"], "connected");
}

#[test]
fn a_key_never_leaves_for_another_host() {
    let hub = Hub::start();
    let token = hub.app.token(ATOMICWORK);
    for base_url in ["ftp://x.example", "https://ada:secret@x.example", "http://x.example/../y", "x.example"] {
        let connection = json!({"product": "atomicwork", "name": "x", "api_key": token, "base_url": base_url});
        let refused = hub.admin.post(CONNECTIONS, json!({"connection": connection}));
        assert_eq!(refused.problems(), [("invalid_value", "connection.base_url")], "{base_url}");
        assert!(!refused.text.contains("secret"));
    }
    hub.api.always_for("GET", Fault::Redirect("http://127.0.0.1:1/".into()));
    let run = hub.try_connect("atomicwork", "work", &token);
    assert_eq!(run["error"]["code"], "not_sent");
    let connection =
        json!({"product": "atomicwork", "name": "x", "api_key": token, "base_url": "http://10.0.0.1:7010"});
    let run = hub.outcome(hub.admin.post(CONNECTIONS, json!({"connection": connection})));
    assert_eq!(run["error"]["code"], "not_sent", "a private address that the operator has not allowed");
    assert!(run["error"]["message"].as_str().unwrap().contains("private address"), "{run:#}");
}

#[test]
fn an_action_is_checked_before_anybody_is_asked_and_its_outcome_stays_visible() {
    let hub = Hub::start();
    let connection = hub.connect("atomicwork", ATOMICWORK);
    hub.api.forget();
    let wrong = hub.admin.post(&format!("{connection}/actions/get_incident"), json!({"input": {}}));
    assert_eq!(wrong.problems(), [("is_required", "input.id")]);
    let unknown = hub.admin.post(&format!("{connection}/actions/levitate"), json!({}));
    assert_eq!(unknown.problems(), [("invalid_value", "action")]);
    assert!(hub.api.requests().is_empty());
    hub.act(&connection, "get_incident", json!({"id": "INC-99"}));
    let runs = hub.admin.get("/hub/v1/runs").expect(200)["runs"].take();
    assert_eq!((&runs[0]["action"], &runs[0]["state"]), (&json!("get_incident"), &json!("failed")));
    assert_eq!(runs[0]["error"]["status"], 404);
    assert_eq!(runs[0]["input"], json!({"id": "INC-99"}));
}
