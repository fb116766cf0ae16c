//! `keys`, `users`, `audit` and `openapi`, beside a server that runs.

use testkit::{Value, json};

use crate::{program, serve, token_in, within_a_second};

#[test]
fn a_key_made_at_the_command_line_works_at_once_and_a_revoked_one_stops() {
    let program = program();
    let (_server, admin) = serve(&program);
    let arguments = ["keys", "create", "--name", "CI", "--role", "viewer", "--role", "api_keys_manage"];
    let token = token_in(&program.output(&arguments));
    let key = admin.with_token(Some(&token));
    within_a_second("the key works", || key.get("/v1/identity").status == 200);
    let identity = key.get("/v1/identity").expect(200);
    assert_eq!(identity["identity"]["name"], "CI");

    let list = program.output(&["keys", "list"]);
    let line = list.lines().find(|line| line.contains("CI")).expect("the list has it");
    assert!(line.contains("viewer api_keys_manage") && !list.contains(&token), "{list}");

    let id = line.split_whitespace().next().unwrap();
    program.output(&["keys", "revoke", id]);
    within_a_second("the key is refused", || key.get("/v1/identity").status == 401);
    assert!(!program.output(&["keys", "list"]).contains(id));
}

#[test]
fn keys_refuse_what_does_not_exist_and_say_so() {
    let program = program();
    for (arguments, told) in [
        (&["keys", "create", "--name", "X", "--role", "king"][..], "king"),
        (&["keys", "create", "--name", "X", "--team", "nonsense", "--team-role", "viewer"], "nonsense"),
        (&["keys", "revoke", "01FCNDV6P870EA6S7TK1DSYDG0"], "01FCNDV6P870EA6S7TK1DSYDG0"),
    ] {
        let said = program.run(arguments);
        assert!(!said.succeeded && said.out.is_empty(), "{said:?}");
        assert!(said.err.contains(told), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn users_are_added_listed_and_deactivated() {
    let program = program();
    let (_server, admin) = serve(&program);
    let added =
        program.output(&["users", "add", "--name", "Ada Okafor", "--email", "Ada@acme.example", "--role", "owner"]);
    let id = added.split_whitespace().next().unwrap().to_owned();
    let path = format!("/v2/users/{id}");
    let user = admin.get(&path).expect(200);
    assert_eq!((&user["user"]["name"], &user["user"]["email"]), (&json!("Ada Okafor"), &json!("Ada@acme.example")));
    assert!(program.output(&["users", "list"]).contains("Ada Okafor"));

    let twice = program.run(&["users", "add", "--name", "Other", "--email", "ada@ACME.example"]);
    assert!(!twice.succeeded && twice.err.contains("ada@ACME.example"), "{twice:?}");

    let refused = program.run(&["users", "deactivate", &id]);
    assert!(!refused.succeeded && refused.err.contains("this is the last owner"), "{refused:?}");
    program.output(&["users", "add", "--name", "Otto", "--email", "otto@acme.example", "--role", "owner"]);
    program.output(&["users", "deactivate", &id]);
    let listed = admin.get("/v2/users").expect(200);
    assert!(listed["users"].as_array().unwrap().iter().all(|user| user["id"] != id), "{listed}");
}

#[test]
fn the_audit_log_is_exported_from_a_moment_on_in_either_form() {
    let program = program();
    let (_server, admin) = serve(&program);
    let severity = json!({"name": "Blocker", "description": "Nobody can work"});
    admin.post("/v1/severities", severity).expect(201);

    let export = program.output(&["audit", "export"]);
    let entries: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = entries.last().unwrap();
    assert_eq!((&last["action"], &last["actor"]["type"]), (&json!("severity.created"), &json!("api_key")));
    assert!(!export.contains(crate::TOKEN));

    let since = last["occurred_at"].as_str().unwrap();
    let csv = program.output(&["audit", "export", "--since", since, "--format", "csv"]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let actions: Vec<_> = rows.records().map(|row| row.unwrap()[2].to_owned()).collect();
    assert_eq!(actions, ["severity.created"]);
    assert_eq!(program.output(&["audit", "export", "--since", "2999-01-01"]), "");
    assert!(!program.run(&["audit", "export", "--since", "yesterday"]).succeeded);
}

#[test]
fn the_document_that_is_printed_is_the_one_that_is_served() {
    let program = program();
    let (_server, admin) = serve(&program);
    let printed: Value = serde_json::from_str(&program.output(&["openapi"])).unwrap();
    let served = admin.with_token(None).get("/v1/openapiV3.json").expect(200);
    assert_eq!(printed["paths"], served["paths"]);
    assert_eq!(printed["components"], served["components"]);
}
