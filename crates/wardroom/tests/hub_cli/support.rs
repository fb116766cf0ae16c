//! A server, and commands that ask it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use testkit::{Client, Program, Running, Value};

pub const TOKEN: &str = "inc_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A server with a key that may do everything.
pub struct Site {
    program: Program,
    server: Running,
    pub admin: Client,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Site {
    pub fn new() -> Self {
        let program = Program::new(env!("CARGO_BIN_EXE_wardroom"));
        let token = program.file("bootstrap-token", TOKEN);
        let private = ["--private-addresses", "127.0.0.0/8"];
        let server = program.serve(&[&["--bootstrap-token-file", &token.display().to_string()], &private[..]].concat());
        let admin = server.client(Some(TOKEN));
        Self { program, server, admin }
    }

    /// A file with this content.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        self.program.file(name, content)
    }

    /// A command that is told nothing of any server.
    pub fn elsewhere(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command(arguments);
        command.env_remove("INCIDENT_API_KEY");
        command
    }

    /// A command that is told of this server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.elsewhere(arguments);
        command.env("WARDROOM_URL", &self.server.url).env("WARDROOM_API_KEY", TOKEN);
        command
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// A command on the server's database, which may connect to this machine.
    pub fn hub_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.elsewhere(arguments);
        command.env("WARDROOM_PRIVATE_ADDRESSES", "127.0.0.0/8");
        command
    }

    /// What such a command writes, which has to succeed.
    #[track_caller]
    pub fn hub(&self, arguments: &[&str]) -> String {
        succeeded(ended(&mut self.hub_command(arguments)))
    }

    /// The same with a file as its last argument.
    #[track_caller]
    pub fn hub_with(&self, arguments: &[&str], file: &Path) -> String {
        succeeded(ended(self.hub_command(arguments).arg(file)))
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Where its data is.
    pub fn directory(&self) -> &Path {
        self.program.directory()
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    /// Runs a command that has to succeed; returns what it wrote to standard output.
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status, 0, "{arguments:?}: {}", ended.err);
        ended.out
    }

    /// The same, read as JSON.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ask(arguments);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }
}

/// Runs a command to its end.
pub fn ended(command: &mut Command) -> Ended {
    of(command.output().unwrap())
}

/// Runs a command to its end, with this on its standard input.
pub fn ended_given(command: &mut Command, input: &str) -> Ended {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    of(child.wait_with_output().unwrap())
}

fn of(output: Output) -> Ended {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[track_caller]
fn succeeded(ended: Ended) -> String {
    assert_eq!(ended.status, 0, "{}", ended.err);
    ended.out
}
