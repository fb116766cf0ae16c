//! The finished program: what its commands and its server promise to whoever runs it.

mod commands;
mod demo;
mod serving;
mod users;
mod vault;

use std::path::PathBuf;
use std::time::Duration;

use base::World;
use store::vault::MasterKeys;
use store::{Site, Store};
use testkit::{Client, Program, Running};

const TOKEN: &str = "inc_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_wardroom"))
}

fn key_file(program: &Program) -> PathBuf {
    program.directory().join("secret.key")
}

/// A node that runs on the program's data, in the test's own process.
fn node(program: &Program) -> Store {
    let world = World::system().with(MasterKeys::at(key_file(program)));
    let site = Site { organisation: "acme".into(), public_url: "https://wardroom.example".into() };
    let parts = web::assemble(wardroom::features(), &web::Settings::default()).unwrap().parts;
    Store::open(&program.location(), world, site, &parts, &mut |_, _, _| {}).unwrap()
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
