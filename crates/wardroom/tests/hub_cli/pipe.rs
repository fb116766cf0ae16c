//! `wardroom pipe`: on the database of a server that runs.

use testkit::{Value, json};

use crate::support::{Site, TOKEN, ended};

const PIPES: &str = r#"
- name: severities
  description: How bad things can be
  connection: acme
  source: {template: list, path: /v1/severities}
  output: {format: csv, file: severities.csv, columns: [name, rank]}
  schedule: "0 6 * * 1-5"
  time_zone: Europe/Berlin
- name: load
  connection: acme
  input: {format: csv, file: in.csv, key: title}
  destination:
    template: create_incidents
    body: {name: "{{ row.title }}", visibility: public, severity_id: "{{ row.severity }}"}
"#;

/// A server, and a connection to it.
fn site() -> Site {
    let site = Site::new();
    let key = site.file("key", TOKEN);
    site.hub_with(&["connect", "add", "nexla", "--name", "acme", "--base-url", site.url(), "--api-key-file"], &key);
    site
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn pipes_are_added_tried_run_and_removed() {
    let site = site();
    let added = site.hub_with(&["pipe", "add"], &site.file("pipes.yaml", PIPES));
    assert_eq!(added.lines().count(), 2);
    let listed = site.hub(&["pipe", "list"]);
    assert!(listed.contains("How bad things can be") && listed.contains("destination"), "{listed}");
    let shown: Value = serde_json::from_str(&site.hub(&["pipe", "show", "severities"])).unwrap();
    assert_eq!(shown["source"]["path"], "/v1/severities");

    let sample = lines(&site.hub(&["pipe", "test", "severities", "--rows", "2", "--json"]));
    assert_eq!((sample.len(), sample[0]["name"].is_string()), (2, true));
    assert!(!site.directory().join("hub/severities.csv").exists());
    assert_eq!(site.hub(&["pipe", "run", "severities"]), "severities: succeeded, 3 read, 3 written\n");
    let written = std::fs::read_to_string(site.directory().join("hub/severities.csv")).unwrap();
    assert!(written.starts_with("name,rank,_rest\n") && written.lines().count() == 4, "{written}");
    let status: Value = serde_json::from_str(&site.hub(&["pipe", "status", "severities", "--json"])).unwrap();
    assert_eq!(status[0]["last_run"]["counts"]["written"], 3);
    assert!(status[0]["next_run"].is_string());
    assert!(site.hub(&["pipe", "status"]).contains("succeeded"));

    site.hub(&["pipe", "remove", "severities"]);
    let gone = ended(&mut site.hub_command(&["pipe", "run", "severities"]));
    assert_eq!((gone.status, gone.err.as_str()), (1, "wardroom: there is no pipe named severities\n"));
}

#[test]
fn a_run_that_leaves_records_undone_says_so_by_its_exit_status() {
    let site = site();
    site.hub_with(&["pipe", "add"], &site.file("pipes.yaml", PIPES));
    let severity = site.admin.get("/v1/severities").expect(200)["severities"][0]["id"].as_str().unwrap().to_owned();
    std::fs::create_dir_all(site.directory().join("hub")).unwrap();
    site.file("hub/in.csv", &format!("title,severity\nOne,{severity}\nTwo,nonsense\n"));
    let sample = lines(&site.hub(&["pipe", "test", "load", "--json"]));
    assert_eq!((&sample[0]["path"], &sample[0]["body"]["name"]), (&json!("/v2/incidents"), &json!("One")));
    assert_eq!(site.admin.get("/v2/incidents").expect(200)["incidents"], json!([]), "nothing is sent");

    let ran = ended(&mut site.hub_command(&["pipe", "run", "load", "--json"]));
    let run: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.status, &run["counts"]["written"], &run["counts"]["failed"]), (3, &json!(1), &json!(1)));
    let told = lines(&std::fs::read_to_string(site.directory().join("hub/in.csv.outcomes.jsonl")).unwrap());
    assert_eq!((&told[1]["line"], &told[1]["status"]), (&json!(3), &json!(422)));
    assert!(told[1]["error"].as_str().unwrap().starts_with("severity_id"), "{told:?}");
    site.file("hub/in.csv", &format!("title,severity\nOne,{severity}\nTwo,{severity}\n"));
    assert_eq!(site.hub(&["pipe", "run", "load"]), "load: succeeded, 2 read, 1 written, 1 known already\n");
}

#[test]
fn a_definition_that_makes_no_sense_is_refused_with_its_field_and_nothing_is_added() {
    let site = site();
    let wrong = PIPES.replace("template: create_incidents", "template: create_incident");
    let refused = ended(site.hub_command(&["pipe", "add"]).arg(site.file("pipes.yaml", &wrong)));
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains("destination.template: must be one of: create_incidents"), "{}", refused.err);
    assert_eq!(site.hub(&["pipe", "status", "--json"]), "[]\n");
    let stranger = PIPES.replace("acme", "nobody");
    let refused = ended(site.hub_command(&["pipe", "add"]).arg(site.file("pipes.yaml", &stranger)));
    assert!(refused.err.contains("connection: there is no connection called nobody"), "{}", refused.err);
}
