//! Exporting: what is written can be imported, here and elsewhere.

use testkit::json;

use crate::support::{Site, attribute_id};

const SERVICE: &str = "Custom[\"Service\"]";

const CATALOG: &str = r#"
types:
  - name: Tier
    ranked: true
    use_name_as_identifier: true
    entries:
      - {name: Gold, rank: 1}
      - {name: "No: 1", external_id: "007", rank: 2}
  - name: Service
    description: "What runs\n  in two lines"
    annotations: {by: files}
    attributes:
      - {name: Tier, type: Tier}
      - {name: Needs, type: Service, array: true}
      - {name: Needed by, type: Service, array: true, backlink: {attribute: Needs}}
      - {name: Tiers of needs, type: Tier, array: true, path: [Needs, Tier]}
      - {name: Note, type: Text, mode: dashboard}
      - {name: Labels, type: String, array: true}
      - {name: Owner, type: Team}
      - {name: Lead, type: User}
    entries:
      - name: Card payments
        aliases: [cards]
        values:
          Tier: gold
          Needs: [ledger, nobody]
          Note: "many lines:\n- one\n\n# not a comment\n"
          Labels: ["true", "1.10", "null", "~", " spaced ", "é – ü", "- x", "a: b", "'q'", "yes"]
          Owner: payments
      - {name: Ledger, values: {Tier: "007"}}
entries:
  - {type: Team, name: Payments}
"#;

#[test]
fn importing_what_was_exported_changes_nothing() {
    let site = Site::new();
    site.import(&site.file("catalog.yaml", CATALOG), &[]);
    let team = site.type_called("Team")["id"].clone();
    for _ in 0..2 {
        let by_hand = json!({"catalog_type_id": team, "name": "By hand", "attribute_values": {}});
        site.admin.post("/v3/catalog_entries", by_hand).expect(201);
    }

    let writes = site.writes();
    for format in ["yaml", "json"] {
        let path = site.files().join(format!("export.{format}"));
        let said = site.catalog(&["export", "--format", format, "--output", &path.display().to_string()]);
        assert!(said.succeeded && said.out.is_empty(), "{said:?}");
        let said = site.import(&path, &["--prune"]);
        assert!(said.ends_with("Nothing to change.\n"), "{said}{}", std::fs::read_to_string(&path).unwrap());
    }
    assert_eq!(site.writes(), writes);
}

#[test]
fn what_was_exported_makes_the_same_catalog_elsewhere() {
    let (here, there) = (Site::new(), Site::new());
    here.import(&here.file("catalog.yaml", CATALOG), &[]);
    let exported = here.catalog(&["export"]).out;
    there.import(&there.file("catalog.yaml", &exported), &[]);
    assert_eq!(there.catalog(&["export"]).out, exported);
    for attribute in ["Tier", "Needs", "Tiers of needs", "Note", "Labels", "Owner"] {
        let labels = |site: &Site| site.labels(SERVICE, "card-payments", attribute);
        assert_eq!(labels(&here), labels(&there));
        assert!(!labels(&here).is_empty());
    }
}

#[test]
fn a_reference_that_is_an_id_is_written_so_that_it_finds_its_entry_elsewhere() {
    let site = Site::new();
    site.import(&site.file("catalog.yaml", CATALOG), &[]);
    site.add_user("Ada Okafor", "ada@acme.example");
    let (service, ada) = (site.type_called(SERVICE), site.entries("User").pop().unwrap());
    let (needs, lead) = (attribute_id(&service, "Needs"), attribute_id(&service, "Lead"));
    let (payments, ledger) = (site.entry(SERVICE, "card-payments"), site.entry(SERVICE, "ledger"));
    let path = format!("/v3/catalog_entries/{}", payments["id"].as_str().unwrap());
    let by_id = json!({
        "name": "Card payments", "external_id": "card-payments", "update_attributes": [needs, lead],
        "attribute_values": {
            needs: {"array_value": [{"literal": ledger["id"]}]},
            lead: {"value": {"literal": ada["id"]}},
        },
    });
    site.admin.put(&path, by_id).expect(200);
    let said = site.catalog(&["export", "--type", "Service", "--format", "json"]);
    let document: testkit::Value = serde_json::from_str(&said.out).unwrap();
    let values = &document["types"][0]["entries"][0]["values"];
    assert_eq!((&values["Needs"], &values["Lead"]), (&json!(["ledger"]), &json!("ada@acme.example")));
    assert_eq!(document["types"].as_array().unwrap().len(), 1);
}

#[test]
fn only_what_can_be_imported_is_exported() {
    let site = Site::new();
    let said = site.catalog(&["export"]);
    assert!(said.succeeded && !said.out.contains("Schedule"), "{said:?}");
    let said = site.catalog(&["export", "--type", "User"]);
    assert!(!said.succeeded && said.err.contains("User is one of the server's own"), "{said:?}");
    assert!(!site.catalog(&["export", "--type", "Nowhere"]).succeeded);
}
