//! A server with people and schedules.

use std::process::{Command, Output};

use testkit::{Client, Program, Running, Said, Value, json};

const TOKEN: &str = "inc_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A server with a key that may do everything.
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
        Self { program, server, admin }
    }

    /// Adds a user; returns their ID.
    pub fn user(&self, name: &str) -> String {
        let email = format!("{}@acme.example", name.to_lowercase());
        let added = self.program.output(&["users", "add", "--name", name, "--email", &email]);
        added.split_whitespace().next().unwrap().to_owned()
    }

    /// Makes a schedule in London; returns it.
    pub fn schedule(&self, name: &str, rotations: Value) -> Value {
        let schedule = json!({"name": name, "timezone": "Europe/London", "config": {"rotations": rotations}});
        self.admin.post("/v2/schedules", json!({"schedule": schedule})).expect(201)["schedule"].take()
    }

    /// Payments, with Ada and Bob in weekly turns from Monday 2 March 2026 at 09:00 on.
    pub fn payments(&self) -> Value {
        let users = [self.user("Ada"), self.user("Bob")];
        self.schedule("Payments", json!([rotation("Primary", &users, "2026-03-02T09:00:00Z")]))
    }

    /// Puts a user on call on the only layer of a schedule.
    pub fn override_with(&self, schedule: &Value, user: &str, start: &str, end: &str) {
        let rotation = &schedule["config"]["rotations"][0];
        let payload = json!({
            "schedule_id": schedule["id"], "rotation_id": rotation["id"], "layer_id": rotation["layers"][0]["id"],
            "user": {"id": user}, "start_at": start, "end_at": end,
        });
        self.admin.post("/v2/schedule_overrides", payload).expect(201);
    }

    /// `wardroom oncall`, on this server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.elsewhere(arguments);
        command.env("WARDROOM_URL", &self.server.url).env("WARDROOM_API_KEY", TOKEN);
        command
    }

    /// `wardroom oncall`, told nothing of any server.
    pub fn elsewhere(&self, arguments: &[&str]) -> Command {
        self.program.command(&[&["oncall"], arguments].concat())
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// Runs `wardroom oncall`, which has to succeed; returns what it wrote.
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> String {
        let said = said(self.command(arguments).output().unwrap());
        assert!(said.succeeded, "{arguments:?}: {}", said.err);
        said.out
    }

    /// Runs `wardroom oncall`, which has to fail; returns what it wrote to standard error.
    #[track_caller]
    pub fn refuse(&self, arguments: &[&str]) -> String {
        refused(&mut self.command(arguments))
    }
}

/// Runs a command that has to fail; returns what it wrote to standard error.
#[track_caller]
pub fn refused(command: &mut Command) -> String {
    let said = said(command.output().unwrap());
    assert!(!said.succeeded && said.out.is_empty(), "{said:?}");
    said.err
}

fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

/// A rotation of weekly turns.
pub fn rotation(name: &str, users: &[String], start: &str) -> Value {
    let users: Vec<_> = users.iter().map(|id| json!({"id": id})).collect();
    json!({
        "name": name, "handover_start_at": start, "users": users,
        "handovers": [{"interval": 1, "interval_type": "weekly"}],
    })
}
