//! A server, and files to import.

use std::path::{Path, PathBuf};

use testkit::{Client, Program, Running, Said, Value};

const TOKEN: &str = "inc_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A server with a key that may do everything, and a directory for files.
pub struct Site {
    program: Program,
    server: Running,
    pub admin: Client,
}

impl Site {
    pub fn new() -> Self {
        let program = Program::new(env!("CARGO_BIN_EXE_wardroom"));
        let token = program.file("bootstrap-token", TOKEN);
        let server = program.serve(&["--bootstrap-token-file", &token.display().to_string()]);
        let admin = server.client(Some(TOKEN));
        std::fs::create_dir(program.directory().join("files")).unwrap();
        Self { program, server, admin }
    }

    /// Where the files are.
    pub fn files(&self) -> PathBuf {
        self.program.directory().join("files")
    }

    /// A file among them.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.files().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Adds a user.
    pub fn add_user(&self, name: &str, email: &str) {
        self.program.output(&["users", "add", "--name", name, "--email", email]);
    }

    /// Runs `wardroom catalog`.
    pub fn catalog(&self, arguments: &[&str]) -> Said {
        let mut command = self.program.command(&[&["catalog"], arguments].concat());
        command.env("WARDROOM_URL", &self.server.url).env("WARDROOM_API_KEY", TOKEN);
        let output = command.output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Said { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Imports `path`, which has to succeed; returns what was said.
    #[track_caller]
    pub fn import(&self, path: &Path, arguments: &[&str]) -> String {
        let said = self.catalog(&[&["import", &path.display().to_string()], arguments].concat());
        assert!(said.succeeded, "{}{}", said.out, said.err);
        said.out
    }

    /// Imports `path`, which has to fail; returns what was said to standard error.
    #[track_caller]
    pub fn refuse(&self, path: &Path) -> String {
        let said = self.catalog(&["import", &path.display().to_string()]);
        assert!(!said.succeeded, "{}", said.out);
        said.err
    }

    /// How many changes the server has seen.
    pub fn writes(&self) -> usize {
        self.program.output(&["audit", "export"]).lines().count()
    }

    /// The type that attributes call so.
    #[track_caller]
    pub fn type_called(&self, type_name: &str) -> Value {
        let types = self.admin.get("/v3/catalog_types").expect(200)["catalog_types"].take();
        let found = types.as_array().unwrap().iter().find(|known| known["type_name"] == type_name);
        found.unwrap_or_else(|| panic!("no {type_name} in {types}")).clone()
    }

    /// The entries of a type.
    #[track_caller]
    pub fn entries(&self, type_name: &str) -> Vec<Value> {
        let id = self.type_called(type_name)["id"].as_str().unwrap().to_owned();
        let mut answer = self.admin.get(&format!("/v3/catalog_entries?catalog_type_id={id}&page_size=250")).expect(200);
        serde_json::from_value(answer["catalog_entries"].take()).unwrap()
    }

    /// The entry with this external ID.
    #[track_caller]
    pub fn entry(&self, type_name: &str, external_id: &str) -> Value {
        let entries = self.entries(type_name);
        let found = entries.iter().find(|entry| entry["external_id"] == external_id);
        found.unwrap_or_else(|| panic!("no {external_id} in {entries:?}")).clone()
    }

    /// The labels that an attribute of an entry has.
    #[track_caller]
    pub fn labels(&self, type_name: &str, external_id: &str, attribute: &str) -> Vec<String> {
        let id = attribute_id(&self.type_called(type_name), attribute);
        let entry = self.entry(type_name, external_id);
        let binding = &entry["attribute_values"][id];
        let one = binding.get("value").into_iter();
        let several = binding.get("array_value").and_then(Value::as_array).into_iter().flatten();
        one.chain(several).map(|value| value["label"].as_str().unwrap().to_owned()).collect()
    }
}

/// The ID of an attribute of a type.
#[track_caller]
pub fn attribute_id(of: &Value, name: &str) -> String {
    let attributes = of["schema"]["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {attributes:?}"))["id"].as_str().unwrap().to_owned()
}
