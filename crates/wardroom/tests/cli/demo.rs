//! `wardroom demo`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::Command;

use testkit::{Running, Value};

use crate::{program, token_in};

#[test]
fn the_demo_shows_an_organisation_and_leaves_nothing_behind() {
    let program = program();
    let temporary = tempfile::tempdir().unwrap();
    let mut command = program.command(&["demo", "--listen", "127.0.0.1:0"]);
    let mut demo = Running::start(command.env_remove("WARDROOM_DATABASE_URL").env("TMPDIR", temporary.path()));
    let mut lines = Vec::new();
    while lines.iter().filter(|line: &&String| line.trim_start().starts_with("curl ")).count() < 3 {
        lines.push(demo.next_line().expect("three lines to try"));
    }

    let client = demo.client(Some(&token_in(&lines.join("\n"))));
    let users = client.get("/v2/users?page_size=100").expect(200);
    assert_eq!(users["users"].as_array().unwrap().len(), 10);
    let incidents = client.get("/v2/incidents?page_size=100").expect(200);
    let incidents = incidents["incidents"].as_array().unwrap();
    let states: HashSet<_> =
        incidents.iter().map(|incident| incident["incident_status"]["category"].as_str().unwrap()).collect();
    assert!(states.len() >= 3, "{states:?}");
    assert!(incidents.iter().any(|incident| !incident["custom_field_entries"].as_array().unwrap().is_empty()));
    assert!(incidents.iter().any(|incident| incident["name"] == "Labels print blank in the roastery"), "by a ticket");

    let connections = client.get("/hub/v1/connections").expect(200);
    let connections = connections["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 4);
    assert!(connections.iter().all(|connection| connection["status"] == "connected"), "{connections:#?}");
    assert_eq!(client.get("/hub/v1/pipes").expect(200)["pipes"].as_array().unwrap().len(), 2);
    assert_eq!(client.get("/v1/cover_requests").expect(200)["cover_requests"].as_array().unwrap().len(), 1);

    if Command::new("curl").arg("--version").output().is_ok() {
        for line in lines.iter().map(|line| line.trim()).filter(|line| line.starts_with("curl ")) {
            let output = Command::new("sh").args(["-c", line]).output().unwrap();
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{line}"));
            assert!(answer.get("errors").is_none(), "{line}: {answer}");
        }
    } else {
        eprintln!("SKIPPED the demo's lines: they need curl");
    }

    let left = || -> Vec<PathBuf> {
        std::fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    assert_eq!(left().len(), 1);
    demo.terminate();
    assert!(demo.wait().success());
    assert_eq!(left(), Vec::<PathBuf>::new());
}
