//! Importing: once, twice, after changes by hand, and what is refused.

use testkit::json;

use crate::support::{Site, attribute_id};

const SERVICE: &str = "Custom[\"Service\"]";
const TIER: &str = "Custom[\"Tier\"]";

const CATALOG: &str = r#"
types:
  - name: Tier
    description: How much it matters
    ranked: true
    entries:
      - {external_id: gold, name: Gold, rank: 1}
      - {external_id: silver, name: Silver, rank: 2}
  - name: Service
    description: What runs
    icon: server
    color: cyan
    categories: [service]
    annotations: {managed-by: files}
    source_repo_url: https://git.example.com/catalog
    attributes:
      - {name: Tier, type: Tier}
      - {name: Needs, type: Service, array: true}
      - {name: Needed by, array: true, backlink: {type: Service, attribute: Needs}}
      - {name: Tiers of needs, type: Tier, array: true, path: [Needs, Tier]}
      - {name: Replicas, type: Number}
      - {name: Public, type: Bool}
      - {name: Labels, type: String, array: true}
    entries:
      - name: Card payments
        aliases: [cards]
        values: {Tier: gold, Needs: [ledger, accounts], Replicas: 3, Public: true, Labels: [eu, 1.5]}
      - name: Ledger
        values: {Tier: silver}
      - {name: Accounts, values: {Tier: gold}}
"#;

#[test]
fn a_first_import_makes_types_attributes_and_entries() {
    let site = Site::new();
    let said = site.import(&site.file("catalog.yaml", CATALOG), &[]);
    assert!(said.contains("Service (Custom[\"Service\"]): 3 to create\n  + the type"), "{said}");

    let service = site.type_called(SERVICE);
    assert_eq!(
        (&service["icon"], &service["color"], &service["categories"], &service["annotations"]),
        (&json!("server"), &json!("cyan"), &json!(["service"]), &json!({"managed-by": "files"}))
    );
    let payments = site.entry(SERVICE, "card-payments");
    assert_eq!((&payments["name"], &payments["aliases"]), (&json!("Card payments"), &json!(["cards"])));
    let labels = |attribute| site.labels(SERVICE, "card-payments", attribute);
    assert_eq!(labels("Tier"), ["Gold"]);
    assert_eq!(labels("Needs"), ["Ledger", "Accounts"]);
    assert_eq!(labels("Tiers of needs"), ["Silver", "Gold"]);
    assert_eq!((labels("Replicas"), labels("Public")), (vec!["3".into()], vec!["true".into()]));
    assert_eq!(labels("Labels"), ["eu", "1.5"]);
    let ledger = site.entry(SERVICE, "ledger")["id"].as_str().unwrap().to_owned();
    let ledger = site.admin.get(&format!("/v3/catalog_entries/{ledger}?expand=true")).expect(200);
    let needed_by = &ledger["catalog_entry"]["attribute_values"][attribute_id(&service, "Needed by")];
    assert_eq!(needed_by["array_value"][0]["label"], "Card payments");
    assert_eq!(site.entry(TIER, "silver")["rank"], 2);
}

#[test]
fn a_second_import_writes_nothing() {
    let site = Site::new();
    let file = site.file("catalog.yaml", CATALOG);
    site.import(&file, &[]);
    let writes = site.writes();
    let said = site.import(&file, &["--prune"]);
    assert_eq!(site.writes(), writes, "{said}");
    assert!(said.contains("3 unchanged") && said.ends_with("Nothing to change.\n"), "{said}");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_nothing() {
    let site = Site::new();
    let file = site.file("catalog.yaml", CATALOG);
    let writes = site.writes();
    let said = site.import(&file, &["--dry-run"]);
    assert_eq!(site.writes(), writes);
    assert!(said.contains("+ card-payments (Card payments)") && said.contains("a dry run"), "{said}");

    site.import(&file, &[]);
    let writes = site.writes();
    let changed = CATALOG.replace("Replicas: 3", "Replicas: 4").replace("What runs", "What we run");
    let said = site.import(&site.file("catalog.yaml", &changed), &["--dry-run"]);
    assert_eq!(site.writes(), writes);
    assert!(said.contains("~ the type: description \"What runs\" → \"What we run\""), "{said}");
    assert!(said.contains("~ card-payments: Replicas \"3\" → \"4\""), "{said}");
}

#[test]
fn what_the_files_change_changes_and_nothing_else() {
    let site = Site::new();
    site.import(&site.file("catalog.yaml", CATALOG), &[]);
    let (before, ledger) = (site.type_called(SERVICE), site.entry(SERVICE, "ledger"));
    let changed = CATALOG
        .replace("aliases: [cards]", "aliases: [cards, card]")
        .replace("Tier: gold, Needs: [ledger, accounts], Replicas: 3", "Tier: silver, Needs: [ledger]")
        .replace("{name: Public, type: Bool}", "{name: Public, type: Bool}\n      - {name: Runbook, type: String}");
    let said = site.import(&site.file("catalog.yaml", &changed), &[]);
    assert!(said.contains("1 to update, 2 unchanged") && said.contains("+ attribute Runbook"), "{said}");

    let after = site.type_called(SERVICE);
    for name in ["Tier", "Needs", "Needed by", "Tiers of needs", "Labels"] {
        assert_eq!(attribute_id(&before, name), attribute_id(&after, name));
    }
    assert_eq!(site.entry(SERVICE, "card-payments")["aliases"], json!(["cards", "card"]));
    let labels = |attribute| site.labels(SERVICE, "card-payments", attribute);
    assert_eq!((labels("Tier"), labels("Needs")), (vec!["Silver".into()], vec!["Ledger".into()]));
    assert_eq!((labels("Replicas"), labels("Labels")), (vec![], vec!["eu".into(), "1.5".into()]));
    assert_eq!(site.entry(SERVICE, "ledger"), ledger);
}

#[test]
fn types_and_entries_that_the_files_do_not_have_go_only_when_pruned() {
    let site = Site::new();
    site.import(&site.file("catalog.yaml", CATALOG), &[]);
    let other = json!({"name": "Other", "description": ""});
    site.admin.post("/v3/catalog_types", other).expect(201);
    let tiers = "entries:\n  - {type: Tier, external_id: bronze, name: Bronze}\n";
    site.import(&site.file("tiers.yaml", tiers), &["--prune"]);
    assert_eq!(site.entries(TIER).len(), 3, "a file that only adds entries archives none");
    std::fs::remove_file(site.files().join("tiers.yaml")).unwrap();

    let less = CATALOG
        .replace("      - {name: Accounts, values: {Tier: gold}}\n", "")
        .replace("      - {name: Labels, type: String, array: true}\n", "")
        .replace(", Labels: [eu, 1.5]", "");
    let file = site.file("catalog.yaml", &less);
    let writes = site.writes();
    assert!(site.import(&file, &[]).ends_with("Nothing to change.\n"));
    assert_eq!(site.writes(), writes);

    let said = site.import(&file, &["--prune"]);
    assert!(said.contains("- accounts (Accounts)") && said.contains("- attribute Labels"), "{said}");
    assert_eq!((site.entries(SERVICE).len(), site.entries(TIER).len()), (2, 2));
    let attributes = site.type_called(SERVICE)["schema"]["attributes"].as_array().unwrap().len();
    assert_eq!(attributes, 6);
    site.type_called("Custom[\"Other\"]");

    site.import(&site.file("catalog.yaml", CATALOG), &[]);
    assert_eq!(site.labels(SERVICE, "card-payments", "Needs"), ["Ledger", "Accounts"], "it is revived");
}

#[test]
fn a_type_whose_entries_are_not_in_the_files_keeps_them_when_pruned() {
    let site = Site::new();
    site.import(&site.file("catalog.yaml", CATALOG), &[]);
    let tier = "types:\n  - {name: Tier, description: How much}\n";
    site.import(&site.file("catalog.yaml", tier), &["--prune"]);
    assert_eq!(site.entries(TIER).len(), 2);
    assert_eq!(site.type_called(TIER)["description"], "How much");
    assert_eq!(site.type_called(TIER)["ranked"], true, "what the file does not say stays");
    site.import(&site.file("catalog.yaml", "types:\n  - {name: Tier, entries: []}\n"), &["--prune"]);
    assert_eq!(site.entries(TIER).len(), 0);
}

#[test]
fn what_people_set_by_hand_survives() {
    let site = Site::new();
    let file = site.file(
        "catalog.yaml",
        "
types:
  - name: Service
    attributes:
      - {name: Tier, type: String}
      - {name: Note, type: String, mode: dashboard}
    entries:
      - {name: Ledger, values: {Tier: gold, Note: to be written}}
",
    );
    site.import(&file, &[]);
    let service = site.type_called(SERVICE);
    let (mut schema, id) = (service["schema"].clone(), service["id"].as_str().unwrap());
    let owner = json!({"id": "owner", "name": "Owner", "type": "String", "array": false, "mode": "api"});
    schema["attributes"].as_array_mut().unwrap().push(owner);
    site.admin.post(&format!("/v3/catalog_types/{id}/actions/update_schema"), schema).expect(200);

    let ledger = site.entry(SERVICE, "ledger");
    let (note, path) =
        (attribute_id(&service, "Note"), format!("/v3/catalog_entries/{}", ledger["id"].as_str().unwrap()));
    let by_hand = json!({
        "name": "Ledger", "external_id": "ledger", "aliases": ["books"], "update_attributes": [note, "owner"],
        "attribute_values": {note: {"value": {"literal": "Mind the gap"}}, "owner": {"value": {"literal": "Ada"}}},
    });
    site.admin.put(&path, by_hand).expect(200);

    let writes = site.writes();
    site.import(&file, &[]);
    assert_eq!(site.writes(), writes, "there is nothing to do");
    let silver = std::fs::read_to_string(&file).unwrap().replace("gold", "silver");
    site.import(&site.file("catalog.yaml", &silver), &[]);
    let labels = |attribute| site.labels(SERVICE, "ledger", attribute);
    assert_eq!((labels("Tier"), labels("Note")), (vec!["silver".into()], vec!["Mind the gap".into()]));
    assert_eq!(labels("Owner"), ["Ada"]);
    assert_eq!(site.entry(SERVICE, "ledger")["aliases"], json!(["books"]));
}

#[test]
fn types_that_point_at_each_other_are_imported_in_one_go() {
    let site = Site::new();
    let file = site.file(
        "catalog.yaml",
        "
types:
  - name: Department
    attributes:
      - {name: Head, type: Person}
      - {name: Colleagues of the head, type: Person, array: true, path: [Head, Works in, Staff]}
      - {name: Staff, array: true, backlink: {type: Person, attribute: Works in}}
    entries:
      - {name: Sales, values: {Head: ada}}
  - name: Person
    attributes:
      - {name: Works in, type: Department}
      - {name: Staff of the department, type: Person, array: true, path: [Works in, Staff]}
    entries:
      - {name: Ada, values: {Works in: sales}}
      - {name: Bob, values: {Works in: sales}}
",
    );
    site.import(&file, &[]);
    assert_eq!(site.labels("Custom[\"Department\"]", "sales", "Head"), ["Ada"]);
    let person = site.entry("Custom[\"Person\"]", "bob")["id"].as_str().unwrap().to_owned();
    let bob = site.admin.get(&format!("/v3/catalog_entries/{person}?expand=true")).expect(200);
    let staff = attribute_id(&site.type_called("Custom[\"Person\"]"), "Staff of the department");
    assert_eq!(bob["catalog_entry"]["attribute_values"][staff]["array_value"].as_array().unwrap().len(), 2);
    let writes = site.writes();
    site.import(&file, &["--prune"]);
    assert_eq!(site.writes(), writes);
}

#[test]
fn an_entry_made_by_hand_is_taken_over_by_its_name() {
    let site = Site::new();
    let team = site.type_called("Team")["id"].clone();
    let by_hand = json!({"catalog_type_id": team, "name": "Payments", "attribute_values": {}});
    let id = site.admin.post("/v3/catalog_entries", by_hand).expect(201)["catalog_entry"]["id"].take();
    let file =
        site.file("catalog.yaml", "entries:\n  - {type: Team, name: Payments}\n  - {type: Team, name: Search}\n");
    let said = site.import(&file, &[]);
    assert!(said.contains("1 to create, 1 to update"), "{said}");
    assert_eq!(site.entry("Team", "payments")["id"], id);
}

#[test]
fn references_that_are_ids_are_compared_by_what_they_mean() {
    let site = Site::new();
    let file = site.file("catalog.yaml", CATALOG);
    site.import(&file, &[]);
    let (service, ledger, gold) =
        (site.type_called(SERVICE), site.entry(SERVICE, "ledger"), site.entry(TIER, "silver"));
    let tier = attribute_id(&service, "Tier");
    let path = format!("/v3/catalog_entries/{}", ledger["id"].as_str().unwrap());
    let same = json!({
        "name": "Ledger", "external_id": "ledger", "update_attributes": [tier],
        "attribute_values": {tier: {"value": {"literal": gold["id"]}}},
    });
    site.admin.put(&path, same).expect(200);
    let writes = site.writes();
    site.import(&file, &[]);
    assert_eq!(site.writes(), writes);
}

#[test]
fn an_entry_that_is_refused_is_named_and_stops_no_other() {
    let site = Site::new();
    let broken =
        CATALOG.replace("{name: Accounts, values: {Tier: gold}}", "{name: Accounts, values: {Replicas: many}}");
    let path = site.file("catalog.yaml", &broken);
    let said = site.refuse(&path);
    assert!(said.contains(&format!("{}: Service accounts: ", path.display())), "{said}");
    assert!(said.contains("\"many\" is not a number") && said.contains("entries not written: 1"), "{said}");
    assert_eq!(site.entries(SERVICE).len(), 2);

    site.import(&site.file("catalog.yaml", CATALOG), &[]);
    let broken = CATALOG
        .replace("{name: Accounts, values: {Tier: gold}}", "{name: Accounts, values: {Replicas: many}}")
        .replace("values: {Tier: silver}", "values: {Tier: silver, Replicas: 2}");
    let said = site.refuse(&site.file("catalog.yaml", &broken));
    assert!(said.contains("accounts") && !said.contains("ledger"), "{said}");
    assert_eq!(site.labels(SERVICE, "ledger", "Replicas"), ["2"]);
    assert_eq!(site.labels(SERVICE, "accounts", "Tier"), ["Gold"]);
}

#[test]
fn many_entries_are_changed_by_few_requests() {
    let site = Site::new();
    let catalog = |tier: &str| {
        let entries: String =
            (0..600).map(|n| format!("      - {{name: Service {n}, values: {{Tier: {tier}}}}}\n")).collect();
        format!("types:\n  - name: Service\n    attributes: [{{name: Tier, type: String}}]\n    entries:\n{entries}")
    };
    site.import(&site.file("catalog.yaml", &catalog("gold")), &[]);
    let said = site.import(&site.file("catalog.yaml", &catalog("silver")), &["--show", "2"]);
    assert!(said.contains("600 to update") && said.contains("… and 598 more"), "{said}");
    assert!(site.entries(SERVICE).iter().all(|entry| entry.to_string().contains("silver")));
}

#[test]
fn a_key_that_may_not_is_told_so() {
    let site = Site::new();
    let file = site.file("catalog.yaml", CATALOG).display().to_string();
    let said = site.catalog(&["import", &file, "--api-key", "inc_nonsense"]);
    assert!(!said.succeeded && said.err.contains("token is not valid"), "{said:?}");
    let help = site.catalog(&["import", "--help"]).out;
    assert!(help.contains("WARDROOM_API_KEY") && !help.contains("inc_00112233"), "{help}");
}
