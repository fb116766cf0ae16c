//! The finished program: what its commands and its server promise to whoever runs it.

mod commands;
mod demo;
mod serving;
mod vault;

use std::time::Duration;

use testkit::{Client, Program, Running};

const TOKEN: &str = "inc_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_wardroom"))
}

/// A server with a key that may do everything.
fn serve(program: &Program) -> (Running, Client) {
    let file = program.file("bootstrap-token", TOKEN);
    let server = program.serve(&["--bootstrap-token-file", &file.display().to_string()]);
    let client = server.client(Some(TOKEN));
    (server, client)
}

/// The first word that is a token.
fn token_in(text: &str) -> String {
    let found = text.split_whitespace().find(|word| word.starts_with("inc_"));
    found.unwrap_or_else(|| panic!("no token in {text}")).to_owned()
}

/// What another process changed is seen within a second.
#[track_caller]
fn within_a_second(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..50 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("after a second still not: {what}");
}
