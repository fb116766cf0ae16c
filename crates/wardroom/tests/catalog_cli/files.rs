//! What stands in files, and what is said of those that are wrong.

use crate::support::Site;

const SERVICE: &str = "Custom[\"Service\"]";

#[test]
fn a_directory_is_read_whole_and_each_file_once() {
    let site = Site::new();
    site.file("a.yaml", "include: ['teams/*.yml', b.json]\ntypes:\n  - {name: Service}\n");
    site.file("b.json", r#"{"entries": [{"type": "Service", "name": "From JSON", "external_id": "json"}]}"#);
    site.file(
        "teams/one.yml",
        "entries:\n  - {type: Service, name: One}\n---\nentries:\n  - {type: Service, name: Two}\n",
    );
    site.file("teams/deeper/three.yaml", "entries:\n  - {type: 'Custom[\"Service\"]', name: Three}\n");
    site.file("notes.txt", "not for us");
    site.file(".hidden/four.yaml", "nonsense");
    site.import(&site.files(), &[]);
    let mut names: Vec<_> =
        site.entries(SERVICE).iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["From JSON", "One", "Three", "Two"]);
}

#[test]
fn a_file_brings_what_it_includes() {
    let site = Site::new();
    let main = site.file("main.yaml", "include: ['more/**/*.yaml']\n");
    site.file("more/types.yaml", "include: [../main.yaml]\ntypes:\n  - {name: Service}\n");
    site.file("more/deep/entries.yaml", "entries:\n  - {type: Service, name: One}\n");
    site.import(&main, &[]);
    assert_eq!(site.entries(SERVICE).len(), 1);

    let main = site.file("main.yaml", "include: ['nothing/*.yaml']\n");
    assert!(site.refuse(&main).contains("main.yaml: include \"nothing/*.yaml\": no file matches"));
    let main = site.file("main.yaml", "include: ['more/[']\n");
    assert!(site.refuse(&main).contains("include \"more/[\""));
}

#[test]
fn texts_stay_as_they_are_written() {
    let site = Site::new();
    let values = r#"{A: [yes, "1.10", 007, 1_000, "", "null", 2024-01-02, 12, 1.5, true], B: ~, C: "", D: 'x: y'}"#;
    let attributes = "[{name: A, type: String, array: true}, {name: B, type: String}, {name: C, type: String}, {name: D, type: Text}]";
    let file = site.file(
        "catalog.yaml",
        &format!("types:\n  - name: Service\n    attributes: {attributes}\n    entries:\n      - {{name: 12, external_id: 0012, values: {values}}}\n"),
    );
    site.import(&file, &[]);
    let labels = |attribute| site.labels(SERVICE, "0012", attribute);
    assert_eq!(labels("A"), ["yes", "1.10", "007", "1_000", "", "null", "2024-01-02", "12", "1.5", "true"]);
    assert_eq!((labels("B"), labels("C"), labels("D")), (vec![], vec![], vec!["x: y".into()]));
    let writes = site.writes();
    site.import(&file, &[]);
    assert_eq!(site.writes(), writes);
}

#[test]
fn a_file_that_is_wrong_is_named_with_the_place_and_changes_nothing() {
    let site = Site::new();
    let writes = site.writes();
    let types = |rest: &str| format!("types:\n  - name: Service\n{rest}");
    for (content, told) in [
        ("types: [\n", &["catalog.yaml: ", "line"][..]),
        ("type: []\n", &["catalog.yaml: ", "line 1", "type"]),
        (&types("    colour: blue\n"), &["line 3", "colour"]),
        (&types("    color: mauve\n"), &["line 3", "mauve", "violet"]),
        (&types("    categories: [nonsense]\n"), &["line 3", "nonsense", "issue-tracker"]),
        (&types("    attributes:\n      - {name: A, type: String, mode: manual}\n"), &["line 4", "dashboard"]),
        (&types("    attributes:\n      - {name: A}\n"), &["Service attribute A: the type is missing"]),
        (
            &types("    attributes:\n      - {name: A, type: Nowhere}\n"),
            &["Service attribute A: there is no type Nowhere"],
        ),
        (&types("    attributes:\n      - {name: A, type: String, path: [B]}\n"), &["has no attribute B"]),
        (
            &types("    attributes:\n      - {name: A, type: Service, backlink: {attribute: B}}\n"),
            &["has no attribute B"],
        ),
        (&types("    attributes: [{name: A, type: String}, {name: A, type: Text}]\n"), &["A: stands there twice"]),
        (
            &types("    entries:\n      - {name: One, values: {Nothing: 1}}\n"),
            &["Service one Nothing: the type has no such"],
        ),
        (&types("    entries:\n      - {name: One, values: {A: {B: 1}}}\n"), &["line 4", "a text, a number"]),
        (&types("    entries: [{name: One}, {name: one}]\n"), &["Service one: ", "has an entry with this external ID"]),
        (&types("    entries: [{name: '?!'}]\n"), &["give it one"]),
        (&types("  - name: Service\n"), &["stands in", "already"]),
        ("entries: [{name: One}]\n", &["One: an entry that stands outside a type says its type"]),
        ("entries: [{name: One, type: Nowhere}]\n", &["there is no type Nowhere"]),
        ("entries: [{name: One, type: User}]\n", &["User is one of the server's own"]),
        ("types: [{name: 日本}]\n", &["give it one"]),
    ] {
        let path = site.file("catalog.yaml", content);
        let said = site.refuse(&path);
        for part in told.iter().chain(&["catalog.yaml"]) {
            assert!(said.contains(part), "{content}: no {part:?} in {said}");
        }
    }
    let list = types(
        "    attributes: [{name: A, type: String}, {name: B, type: Service, backlink: {attribute: C}}, {name: C, type: Service}]\n    entries: [{name: One, values: {A: [x, y], B: one}}]\n",
    );
    let said = site.refuse(&site.file("catalog.yaml", &list));
    assert!(said.contains("one A: holds one value, not a list") && said.contains("one B: is derived"), "{said}");
    let said = site.refuse(&site.file("bad.json", "{\"types\": [{\"name\": \"A\",\n \"nonsense\": 1}]}"));
    assert!(said.contains("bad.json: unknown field `nonsense`") && said.contains("line 2"), "{said}");
    assert!(site.refuse(&site.files().join("none.yaml")).contains("none.yaml"));
    std::fs::create_dir(site.files().join("empty")).unwrap();
    assert!(site.refuse(&site.files().join("empty")).contains("no *.yaml"));
    assert_eq!(site.writes(), writes);
}
