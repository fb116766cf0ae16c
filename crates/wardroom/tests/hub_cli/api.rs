//! `wardroom api`.

use testkit::{Value, json};

use crate::support::{Site, TOKEN, ended, ended_given};

#[test]
fn a_body_is_printed_as_it_came_and_the_exit_status_says_how_it_went() {
    let site = Site::new();
    assert_eq!(site.ask(&["api", "GET", "/v1/severities"]), site.admin.get("/v1/severities").text);
    assert_eq!(site.ask(&["api", "get", "/v1/severities"]), site.admin.get("/v1/severities").text);

    let refused = site.run(&["api", "POST", "/v2/incidents", "--data", "{}"]);
    assert_eq!((refused.status, refused.err.as_str()), (1, ""));
    let body: Value = serde_json::from_str(&refused.out).unwrap();
    assert_eq!(body["type"], "validation_error");
    let nowhere = site.run(&["api", "PATCH", "/v2/incidents", "--data", "{}"]);
    assert_eq!((nowhere.status, nowhere.out.as_str()), (1, ""));

    let gone = site.run(&["api", "GET", "/v1/severities", "--url", "http://127.0.0.1:1"]);
    assert!(gone.status == 2 && gone.err.contains("can't be reached: http://127.0.0.1:1"), "{gone:?}");
}

#[test]
fn a_body_comes_from_the_command_line_a_file_or_standard_input() {
    let site = Site::new();
    let severity = |name: &str| json!({"name": name, "description": "d"}).to_string();
    let file = format!("@{}", site.file("severity.json", &severity("File")).display());
    assert_eq!(site.run(&["api", "POST", "/v1/severities", "--data", &severity("Line")]).status, 0);
    assert_eq!(site.run(&["api", "POST", "/v1/severities", "--data", &file]).status, 0);
    let mut piped = site.command(&["api", "POST", "/v1/severities", "--data", "-"]);
    assert_eq!(ended_given(&mut piped, &severity("Piped")).status, 0);
    let names = site.admin.get("/v1/severities").text;
    assert!(["Line", "File", "Piped"].iter().all(|name| names.contains(name)), "{names}");

    for data in ["{", "@nowhere.json"] {
        let refused = site.run(&["api", "POST", "/v1/severities", "--data", data]);
        assert!(refused.status == 2 && refused.err.contains("--data"), "{refused:?}");
    }
}

#[test]
fn a_query_and_headers_are_sent_and_the_head_is_shown_if_asked_for() {
    let site = Site::new();
    let modes = ["--query", "mode[one_of]=test", "--query", "mode[one_of]=tutorial"];
    let found = site.json(&[&["api", "GET", "/v2/incidents"], &modes[..]].concat());
    assert_eq!(found["pagination_meta"]["total_record_count"], 0);
    let asked = ["api", "GET", "/v1/severities", "--header", "X-Incident-User: nobody", "--include"];
    let (head, body) = {
        let out = site.run(&asked).out;
        let (head, body) = out.split_once("\n\n").expect("a head and a body");
        (head.to_owned(), body.to_owned())
    };
    assert!(head.contains("\ncontent-type: application/json"), "{head}");
    assert!(serde_json::from_str::<Value>(&body).is_ok(), "{body}");
    for wrong in [["--query", "mode"], ["--header", "Accept"], ["--header", "Authorization: Bearer x"]] {
        let refused = site.run(&[&["api", "GET", "/v1/severities"], &wrong[..]].concat());
        assert_eq!((refused.status, refused.out.as_str()), (2, ""), "{wrong:?}");
    }
}

#[test]
fn all_pages_are_followed_a_row_a_line() {
    let site = Site::new();
    let names: Vec<_> = (0..7).map(|n| format!("Schedule {n}")).collect();
    for name in &names {
        let schedule = json!({"schedule": {"name": name, "timezone": "UTC", "config": {"rotations": []}}});
        site.admin.post("/v2/schedules", schedule).expect(201);
    }
    let rows = site.ask(&["api", "GET", "/v2/schedules", "--query", "page_size=3", "--all"]);
    let mut found: Vec<String> = rows
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap()["name"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, names);
    assert_eq!(site.run(&["api", "GET", "/v1/identity", "--all"]).status, 2, "there is no list");
    assert_eq!(site.run(&["api", "GET", "/v2/schedules", "--query", "page_size=x", "--all"]).status, 1);
    assert_eq!(site.run(&["api", "DELETE", "/v2/schedules", "--all"]).status, 2);
}

#[test]
fn the_key_comes_from_a_file_or_the_environment_and_goes_nowhere_else() {
    let site = Site::new();
    let file = site.file("key", &format!("{TOKEN}\n")).display().to_string();
    let asked = ["api", "GET", "/v1/identity", "--url", site.url()];
    let with = |name: &str, value: &str| ended(site.elsewhere(&asked).env(name, value)).status;
    assert_eq!(with("WARDROOM_API_KEY", TOKEN), 0);
    assert_eq!(with("INCIDENT_API_KEY", TOKEN), 0);
    assert_eq!(with("WARDROOM_API_KEY_FILE", &file), 0);
    assert_eq!(ended(&mut site.elsewhere(&[&asked[..], &["--api-key-file", &file]].concat())).status, 0);
    assert_eq!(with("WARDROOM_API_KEY", "inc_wrong"), 1);

    let keyless = ended(&mut site.elsewhere(&asked));
    assert!(keyless.status == 2 && keyless.err.contains("WARDROOM_API_KEY"), "{keyless:?}");
    let nowhere = ended(site.elsewhere(&asked[..3]).env("WARDROOM_API_KEY", TOKEN));
    assert!(nowhere.status == 2 && nowhere.err.contains("WARDROOM_URL"), "{nowhere:?}");
    let missing = ended(&mut site.elsewhere(&[&asked[..], &["--api-key-file", "/nowhere"]].concat()));
    assert!(missing.status == 2 && missing.err.contains("/nowhere"), "{missing:?}");

    for command in ["api", "incident", "oncall", "catalog import"] {
        let help = site.ask(&[&command.split(' ').collect::<Vec<_>>()[..], &["--help"]].concat());
        assert!(help.contains("WARDROOM_API_KEY") && !help.contains("00112233"), "{help}");
    }
    assert_eq!(site.run(&["api", "GET", "/v1/x", "--api-key", TOKEN]).status, 2, "others would see it");
    for path in ["https://evil.example/v1", "//evil.example/v1", "/v1/../x", "v1/severities"] {
        assert_eq!(site.run(&["api", "GET", path]).status, 2, "{path}");
    }
}
