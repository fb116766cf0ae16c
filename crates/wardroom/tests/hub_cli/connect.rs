//! `wardroom connect`, `wardroom hyphen` and `--connection`: on the database of a server that runs.

use std::fs;
use std::path::Path;

use testkit::json;

use crate::support::{Site, TOKEN, ended};

/// A server, and commands on its database that may reach it.
fn site() -> Site {
    Site::new()
}

#[test]
fn a_product_is_connected_tested_shown_and_removed() {
    let site = site();
    let key = site.file("key", TOKEN);
    let add = ["connect", "add", "atomicwork", "--name", "work", "--base-url", site.url(), "--api-key-file"];
    let refused = ended(site.elsewhere(&add).arg(&key).env("WARDROOM_PRIVATE_ADDRESSES", "10.0.0.0/8"));
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains("private address"), "{}", refused.err);
    assert_eq!(site.hub(&["connect", "list", "--json"]), "[]\n", "nothing is kept");
    let added = site.hub_with(&add, &key);
    assert_eq!(added, "Connected work (atomicwork).\n");
    assert_eq!(site.hub(&["connect", "test", "work"]), "work works.\n");
    let listed = site.hub(&["connect", "list"]);
    assert!(listed.contains("work") && listed.contains("connected") && listed.contains(site.url()), "{listed}");
    let shown: testkit::Value = serde_json::from_str(&site.hub(&["connect", "show", "work"])).unwrap();
    assert_eq!(
        (&shown["product"], &shown["config"]["secrets"]),
        (&json!("atomicwork"), &json!({"encryptedToken": "encrypted"}))
    );
    let lists = site.hub(&["connect", "run", "work", "list_options", "--input", r#"{"list": "severity"}"#]);
    assert!(lists.contains("Critical") || lists.contains("label"), "{lists}");
    let wrong = ended(&mut site.hub_command(&["connect", "run", "work", "get_incident", "--input", "{}"]));
    assert!(wrong.status == 1 && wrong.err.contains("id is required"), "{}", wrong.err);
    // The same key, for every command that asks an API.
    let direct = site.hub(&["api", "GET", "/v1/severities", "--connection", "work"]);
    assert!(direct.contains("severities"), "{direct}");
    site.hub(&["connect", "remove", "work"]);
    assert_eq!(site.hub(&["connect", "list", "--json"]), "[]\n");
}

#[test]
fn a_connection_to_this_server_needs_no_key_and_leaves_none_behind() {
    let site = site();
    let connection = json!({"product": "ravenna", "name": "ours", "this_server": true});
    let run = site.admin.post("/hub/v1/connections", json!({"connection": connection})).expect(200)["run"].take();
    assert_eq!(run["state"], "succeeded", "{run:#}");
    let keys = || site.admin.get("/v1/api_keys").expect(200)["api_keys"].as_array().unwrap().clone();
    let made = keys().into_iter().find(|key| key["name"] == "ours (Ravenna)").expect("its key");
    let roles: Vec<_> =
        made["roles"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(roles, ["viewer", "schedules_reader"]);
    let path = format!("/hub/v1/connections/{}", run["connection_id"].as_str().unwrap());
    let tested = site.admin.post(&format!("{path}/actions/test"), json!({})).expect(200)["run"].take();
    assert_eq!(tested["state"], "succeeded", "{tested:#}");
    site.admin.delete(&path).expect(204);
    assert!(!keys().iter().any(|key| key["name"] == "ours (Ravenna)"), "its key is gone with it");
}

#[test]
fn hyphen_s_commands_link_and_keep_in_step() {
    let site = site();
    let key = site.file("key", TOKEN);
    site.hub_with(&["connect", "add", "hyphen", "--name", "hyphen", "--base-url", site.url(), "--api-key-file"], &key);
    site.hub(&["users", "add", "--name", "Ada", "--email", "ada@acme.example"]);
    let linked = site.hub(&["hyphen", "link-team", "--entity-id", "t1", "--entity-name", "Platform"]);
    let team = linked.split("teamId ").nth(1).and_then(|rest| rest.split(',').next()).expect("an ID").to_owned();
    let added = site.hub(&["hyphen", "add-member", "--team-id", &team, "--member", "ada@acme.example"]);
    assert_eq!(added, "ada@acme.example is in the team now. Its members: Ada\n");
    assert!(site.hub(&["hyphen", "links"]).contains("team Platform (t1)"));
    let removed = site.hub(&["hyphen", "remove-member", "--team-id", &team, "--member", "ada@acme.example"]);
    assert_eq!(removed, "ada@acme.example is out of the team now. Its members: nobody\n");
    let verified = ended(&mut site.hub_command(&["hyphen", "verify"]));
    assert!(verified.out.contains("dashboardUrl"), "{}", verified.out);
}

#[test]
fn hy_3_a_known_key_is_in_no_file_no_log_and_no_answer() {
    let site = site();
    let made = site.admin.post(
        "/v1/api_keys",
        json!({
            "name": "Known", "role_names": ["viewer"], "team_ids": [], "team_role_names": [],
        }),
    );
    let token = made.expect(201)["token"].as_str().unwrap().to_owned();
    let connection = json!({"product": "nexla", "name": "known", "api_key": token, "base_url": site.url()});
    let mut said =
        vec![site.admin.post("/hub/v1/connections", json!({"connection": connection})).expect(200).to_string()];
    for path in ["/hub/v1/connections", "/hub/v1/runs", "/hub/v1/products", "/metrics", "/docs"] {
        said.push(site.admin.get(path).text);
    }
    said.push(site.hub(&["connect", "show", "known"]));
    said.push(site.hub(&[
        "connect",
        "run",
        "known",
        "sample",
        "--json",
        "--input",
        r#"{"source": {"template": "users"}}"#,
    ]));
    said.push(site.hub(&["audit", "export"]));
    said.push(site.hub(&["vault", "status"]));
    said.push(site.log());
    assert!(said.iter().all(|text| !text.contains(&token[4..])));
    let mut files = 0;
    search(site.directory(), &mut |path, content| {
        files += 1;
        assert!(!content.windows(token.len() - 4).any(|window| window == &token.as_bytes()[4..]), "{}", path.display());
    });
    assert!(files >= 2, "the key file at least, and the database where it is one");
}

fn search(directory: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { search(&path, look) } else { look(&path, &fs::read(&path).unwrap()) }
    }
}
