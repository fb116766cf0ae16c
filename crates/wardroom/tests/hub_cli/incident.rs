//! `wardroom incident`.

use testkit::Value;

use crate::support::{Site, ended};

#[test]
fn an_incident_is_created_looked_up_changed_and_listed() {
    let site = Site::new();
    let created = site.ask(&["incident", "create", "--name", "Checkout is slow", "--severity", "MAJOR"]);
    assert!(created.starts_with("INC-1 created: Checkout is slow\nhttp"), "{created}");
    let shown = site.ask(&["incident", "get", "INC-1"]);
    let rows: Vec<Vec<_>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(rows.contains(&vec!["Severity", "Major"]) && rows.contains(&vec!["Mode", "standard"]), "{shown}");

    let changed = ["incident", "update", "INC-1", "--status", "Fixing", "--severity", "critical", "--notify"];
    assert_eq!(site.ask(&changed).lines().next(), Some("INC-1 updated: Checkout is slow"));
    let now = site.json(&["incident", "get", "1", "--json"]);
    assert_eq!((&now["incident_status"]["name"], &now["severity"]["name"]), (&"Fixing".into(), &"Critical".into()));
    assert_eq!(now["name"], "Checkout is slow");

    let listed = site.ask(&["incident", "list", "--status-category", "live"]);
    let lines: Vec<_> = listed.lines().collect();
    assert!(lines[0].contains("REFERENCE") && lines[1].contains("INC-1") && lines.len() == 2, "{listed}");
    assert_eq!(site.ask(&["incident", "list", "--not-status-category", "live"]).lines().count(), 1);
}

#[test]
fn every_field_can_be_given() {
    let site = Site::new();
    let kind = site.json(&["api", "GET", "/v1/incident_types"])["incident_types"][0]["id"].as_str().unwrap().to_owned();
    let said = format!(
        "incident create --json --name Outage --summary All --severity Minor --status closed --type {kind} \
         --visibility private --mode retrospective --idempotency-key k --external-id 84 \
         --postmortem-url https://docs.example/84 --slack-channel C024BE91L"
    );
    let arguments: Vec<_> = said.split(' ').collect();
    let created = site.json(&arguments);
    let text = |pointer: &str| created.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let said = ["/name", "/summary", "/severity/name", "/incident_status/name", "/incident_type/id", "/visibility"];
    assert_eq!(said.map(text), ["Outage", "All", "Minor", "Closed", &kind, "private"]);
    let said = ["/mode", "/reference", "/postmortem_document_url", "/slack_channel_id"];
    assert_eq!(said.map(text), ["retrospective", "INC-84", "https://docs.example/84", "C024BE91L"]);
    assert_eq!(site.json(&arguments)["id"], created["id"], "the same key is the same incident");
}

#[test]
fn a_list_tells_how_it_goes_on() {
    let site = Site::new();
    (0..3).for_each(|_| drop(site.ask(&["incident", "create", "--severity", "minor", "--mode", "test"])));
    let first = site.run(&["incident", "list", "--mode", "test", "--page-size", "2"]);
    assert_eq!(first.out.lines().count(), 3);
    let after = first.err.split_whitespace().skip_while(|word| *word != "--after").nth(1).expect("how it goes on");
    let rest = site.run(&["incident", "list", "--mode", "test", "--page-size", "2", "--after", after]);
    assert_eq!((rest.out.lines().count(), rest.err.as_str()), (2, ""));
    let all = site.json(&["incident", "list", "--mode", "test", "--page-size", "2", "--all", "--json"]);
    assert_eq!(all["incidents"].as_array().unwrap().len(), 3);
    assert_eq!(site.json(&["incident", "list", "--json"])["pagination_meta"]["total_record_count"], 0);
}

#[test]
fn what_goes_wrong_is_told_to_a_person() {
    let site = Site::new();
    let refuse = |arguments: &[&str]| {
        let ended = site.run(&[&["incident"], arguments].concat());
        assert!(ended.status != 0 && ended.out.is_empty(), "{ended:?}");
        ended.err
    };
    let unknown = refuse(&["create", "--severity", "awful"]);
    assert_eq!(unknown, "wardroom: there is no severity \"awful\"; there are: Minor, Major, Critical\n");
    assert_eq!(refuse(&["get", "INC-7"]), "wardroom: the server refused: Resource not found\n");
    assert!(refuse(&["create", "--name", "Down"]).contains("severity_id"));
    assert!(refuse(&["list", "--status-category", "over"]).contains("triage"));
    let wrong = ended(site.command(&["incident", "get", "1"]).env("WARDROOM_API_KEY", "inc_wrong"));
    assert!(wrong.status == 1 && wrong.err.contains("does not accept this API key"), "{wrong:?}");
    assert!(!wrong.err.contains("inc_wrong"));
}
