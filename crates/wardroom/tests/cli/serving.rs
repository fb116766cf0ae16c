//! `wardroom serve`: starting, logging, stopping.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use testkit::{Client, Value, json, postgres_or_skip};

use crate::{TOKEN, program, serve};

#[test]
fn the_master_key_is_made_once_and_for_its_owner_alone() {
    let program = program();
    let key = program.directory().join("secret.key");
    drop(program.serve(&[]));
    let made = std::fs::read_to_string(&key).unwrap();
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(made.trim().len(), 64);
    drop(program.serve(&[]));
    assert_eq!(std::fs::read_to_string(&key).unwrap(), made);
}

#[test]
fn without_a_key_the_start_says_how_to_make_one() {
    let server = program().serve(&[]);
    assert!(server.log().contains("wardroom keys create"), "{}", server.log());
}

#[test]
fn a_bootstrap_token_has_the_form_of_a_token_and_counts_only_where_there_is_no_key() {
    let program = program();
    let weak = program.file("weak", "secret");
    let refused = program.run(&["serve", "--bootstrap-token-file", &weak.display().to_string()]);
    assert!(!refused.succeeded && refused.err.contains("weak"), "{refused:?}");

    let (server, client) = serve(&program);
    client.get("/v1/identity").expect(200);
    drop(server);
    let other = TOKEN.replace('0', "9");
    let file = program.file("other", &other);
    let server = program.serve(&["--bootstrap-token-file", &file.display().to_string()]);
    assert_eq!(server.client(Some(&other)).get("/v1/identity").status, 401);
    server.client(Some(TOKEN)).get("/v1/identity").expect(200);
}

#[test]
fn settings_come_from_a_file_too_and_a_mistake_in_it_is_named() {
    let program = program();
    let file = program.file("wardroom.toml", "public_url = 'https://ops.acme.example'\norganisation = 'acme'\n");
    let token = program.file("token", TOKEN);
    let token = token.display().to_string();
    let server = program.serve(&["--config", &file.display().to_string(), "--bootstrap-token-file", &token]);
    let identity = server.client(Some(TOKEN)).get("/v1/identity").expect(200);
    assert_eq!(identity["identity"]["dashboard_url"], "https://ops.acme.example/acme");

    let file = program.file("wrong.toml", "database = 'postgres://ops:hunter2@db/x'\nlisten_on = 1\n");
    let said = program.run(&["serve", "--config", &file.display().to_string()]);
    assert!(!said.succeeded && said.err.contains("listen_on") && !said.err.contains("hunter2"), "{said:?}");
}

#[test]
fn every_request_is_one_line_of_json_in_the_log_that_never_has_a_token() {
    let program = program();
    let (mut server, client) = serve(&program);
    let answers = [
        client.get("/v1/severities"),
        client.get("/v1/severities/nonsense"),
        client.with_token(Some("x")).get("/v2/users"),
    ];
    server.terminate();
    server.wait();
    let log = server.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    for answer in &answers {
        let id = &answer.headers["x-request-id"];
        let about: Vec<_> = lines.iter().filter(|line| line["request_id"] == **id).collect();
        assert_eq!(about.len(), 1, "{log}");
        assert_eq!(about[0]["status"], answer.status);
    }
    assert!(!log.contains(&TOKEN[4..]), "{log}");
}

#[test]
fn health_and_metrics_answer_without_a_key() {
    let program = program();
    let (_server, client) = serve(&program);
    client.get("/v1/severities").expect(200);
    let stranger = client.with_token(None);
    assert_eq!((stranger.get("/health/live").status, stranger.get("/health/ready").status), (200, 200));
    let metrics = stranger.get("/metrics").text;
    assert!(metrics.contains("Severities V1#List"), "{metrics}");
}

#[test]
fn the_page_of_the_document_loads_nothing_from_elsewhere() {
    let program = program();
    let (_server, client) = serve(&program);
    let page = client.with_token(None).get("/docs").text;
    assert!(page.contains("openapiV3.json") || page.contains("/docs/"), "{page}");
    assert!(!page.contains("//cdn") && !page.contains("src=\"http"), "{page}");
}

#[test]
fn whoever_tells_it_to_stop_loses_no_request_that_it_has_accepted() {
    let program = program();
    let (mut server, client) = serve(&program);
    let severity = client.get("/v1/severities").expect(200)["severities"][0]["id"].clone();
    let (acknowledged, count) = (Mutex::new(HashSet::new()), AtomicUsize::new(0));
    let declare = |client: Client| {
        loop {
            let key = format!("key-{}", count.fetch_add(1, Ordering::Relaxed));
            let body = json!({"idempotency_key": key, "visibility": "public", "severity_id": severity, "name": key});
            let Ok(answer) = client.try_send("POST", "/v2/incidents", Some(body.to_string())) else { return };
            acknowledged.lock().unwrap().insert(answer.expect(200)["incident"]["reference"].clone());
        }
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| declare(client.clone()));
        }
        while count.load(Ordering::Relaxed) < 100 {
            thread::sleep(Duration::from_millis(5));
        }
        server.terminate();
        assert!(server.wait().success());
    });

    let (_server, client) = serve(&program);
    let (mut kept, mut after) = (HashSet::new(), String::new());
    loop {
        let page = client.get(&format!("/v2/incidents?page_size=500{after}")).expect(200);
        let incidents = page["incidents"].as_array().unwrap();
        kept.extend(incidents.iter().map(|incident| incident["reference"].clone()));
        match page["pagination_meta"]["after"].as_str() {
            Some(last) if !incidents.is_empty() => after = format!("&after={last}"),
            _ => break,
        }
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.is_subset(&kept));
    // What was accepted was answered: nothing is kept that nobody was told of.
    assert_eq!(kept.len(), acknowledged.len());
}

#[test]
fn nodes_that_start_together_on_an_empty_database_make_one_organisation() {
    if !postgres_or_skip("nodes_that_start_together_on_an_empty_database_make_one_organisation") {
        return;
    }
    let program = program();
    let token = program.file("token", TOKEN).display().to_string();
    let nodes: Vec<_> = thread::scope(|scope| {
        let start = || program.serve(&["--bootstrap-token-file", &token]);
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        starting.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let lists: Vec<_> = nodes.iter().map(|node| node.client(Some(TOKEN)).get("/v1/severities").expect(200)).collect();
    assert!(lists.windows(2).all(|pair| pair[0] == pair[1]));
    let names: Vec<_> = lists[0]["severities"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
    assert_eq!(program.output(&["keys", "list"]).lines().count(), 2);
}
