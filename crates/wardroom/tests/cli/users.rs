//! `users`: how people sign in, seen to at the command line.

use std::io::Write;
use std::process::Stdio;

use people::sign_in::{Refusal, SignedIn, second_factor, who, with_link, with_password};
use store::{Origin, Store};
use testkit::{Program, Value};
use web::{PathSegment, SecretStep};

use crate::{node, program};

const PASSWORD: &str = "kestrel-fog-anvil";

/// A program with Ada, and a node on its data.
struct Scene {
    program: Program,
    node: Store,
    /// Ada's ID.
    id: String,
    /// The link that was printed when she was added.
    link: String,
}

impl Scene {
    fn new() -> Self {
        let program = program();
        drop(program.serve(&[]));
        let ada = ["users", "add", "--name", "Ada Okafor", "--email", "Ada@acme.example", "--role", "owner"];
        let told = program.output(&[&ada[..], &["--link", "--public-url", "https://wardroom.example/"]].concat());
        let (user, link) = told.trim().split_once('\n').unwrap();
        let id = user.split_whitespace().next().unwrap().to_owned();
        Self { node: node(&program), program, id, link: link.to_owned() }
    }

    fn come(&self, link: &str) -> Result<SignedIn, Refusal> {
        let step = link.trim().strip_prefix("https://wardroom.example/sign-in/link/").expect("an address");
        with_link(&self.node, &SecretStep::from_segment(step).unwrap(), None, origin())
    }

    fn sign_in(&self, password: &str) -> Result<SignedIn, Refusal> {
        with_password(&self.node, "ada@acme.example", &password.into(), None, origin())
    }

    /// `users password`, with this on standard input; what it says to standard error and whether it succeeded.
    fn set_password(&self, typed: &str) -> (bool, String) {
        let mut command = self.program.command(&["users", "password", "ada@acme.example"]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = piped.spawn().unwrap();
        process.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(output.stdout.is_empty());
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    }

    fn actions(&self) -> Vec<String> {
        let export = self.program.output(&["audit", "export"]);
        let entries = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        entries.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
    }
}

fn origin() -> Origin {
    Origin { location: "192.0.2.1".into(), user_agent: "Firefox".into() }
}

#[test]
fn a_link_is_printed_that_signs_in_once() {
    let scene = Scene::new();
    assert_eq!(scene.come(&scene.link).unwrap().user.id.to_string(), scene.id);
    assert!(matches!(scene.come(&scene.link), Err(Refusal::LinkSpent)));
    for named in ["ADA@acme.example", &scene.id] {
        let link = scene.program.output(&["users", "link", named, "--public-url", "https://wardroom.example"]);
        scene.come(&link).unwrap();
    }
}

#[test]
fn a_link_needs_to_know_where_the_server_is() {
    let scene = Scene::new();
    let said = scene.program.run(&["users", "link", "ada@acme.example"]);
    assert!(!said.succeeded && said.out.is_empty() && said.err.contains("--public-url"), "{said:?}");
    let new = ["users", "add", "--name", "Bob", "--email", "bob@acme.example", "--link"];
    assert!(!scene.program.run(&new).succeeded);
    assert!(!scene.program.output(&["users", "list"]).contains("Bob"), "nobody is added by half");
    let file = scene.program.file("wardroom.toml", "public_url = \"https://wardroom.example\"");
    let config = file.display().to_string();
    scene.come(&scene.program.output(&["users", "link", "ada@acme.example", "--config", &config])).unwrap();
}

#[test]
fn a_password_is_read_from_standard_input_and_never_told() {
    let scene = Scene::new();
    let (succeeded, told) = scene.set_password("heron\n");
    assert!(!succeeded && told.contains("at least 12") && !told.contains("heron"), "{told}");
    let (succeeded, told) = scene.set_password(&format!("{PASSWORD}\r\n"));
    assert!(succeeded && told.contains("Ada Okafor") && !told.contains(PASSWORD), "{told}");
    scene.sign_in(PASSWORD).unwrap();
    assert!(!scene.program.output(&["audit", "export"]).contains(PASSWORD));
}

#[test]
fn sessions_are_listed_and_ended() {
    let scene = Scene::new();
    scene.come(&scene.link).unwrap();
    let list = || scene.program.output(&["users", "sessions", "ada@acme.example"]);
    assert!(list().contains("192.0.2.1") && list().contains("Firefox") && list().contains("link"), "{}", list());
    scene.program.output(&["users", "sign-out", "ada@acme.example"]);
    assert!(!list().contains("Firefox"));
    let actions = scene.actions();
    let last: Vec<_> = actions.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(last, ["user.signed_out", "user.signed_in"]);
}

#[test]
fn an_account_that_was_guessed_at_is_unlocked() {
    let scene = Scene::new();
    scene.set_password(PASSWORD);
    let elsewhere = |n: usize, password: &str| {
        let from = Origin { location: format!("198.51.100.{n}"), ..origin() };
        with_password(&scene.node, "ada@acme.example", &password.into(), None, from)
    };
    assert!((0..10).all(|n| matches!(elsewhere(n, "wrong-wrong-wrong"), Err(Refusal::WrongCredentials))));
    assert!(matches!(elsewhere(10, PASSWORD), Err(Refusal::TooManyFailures { .. })));
    scene.program.output(&["users", "unlock", "ada@acme.example"]);
    elsewhere(10, PASSWORD).unwrap();
}

#[test]
fn a_second_factor_that_was_lost_is_reset() {
    let scene = Scene::new();
    let ada = scene.come(&scene.link).unwrap().user;
    let (id, by) = (ada.id, scene.node.read(store::Who::system(), move |cx| who(cx, &ada, origin())).wait().unwrap());
    // As if a code had confirmed it.
    let enrol = move |cx: &mut store::Cx<'_>| {
        second_factor::begin(cx, id)?;
        cx.run("update second_factors set last_period = 0", &[])
    };
    scene.node.write(by, enrol).wait().unwrap();
    scene.set_password(PASSWORD);
    assert!(matches!(scene.sign_in(PASSWORD), Err(Refusal::NeedsSecondFactor)));
    scene.program.output(&["users", "reset-second-factor", "ada@acme.example"]);
    scene.sign_in(PASSWORD).unwrap();
}

#[test]
fn a_role_is_changed_and_a_user_who_is_deactivated_is_signed_out() {
    let scene = Scene::new();
    let refused = scene.program.run(&["users", "role", "ada@acme.example", "viewer"]);
    assert!(!refused.succeeded && refused.err.contains("this is the last owner"), "{refused:?}");
    scene.program.output(&["users", "add", "--name", "Otto", "--email", "otto@acme.example", "--role", "owner"]);
    scene.program.output(&["users", "role", "ada@acme.example", "viewer"]);
    assert!(scene.program.output(&["users", "list"]).contains("viewer"));
    assert!(!scene.program.run(&["users", "role", "ada@acme.example", "king"]).succeeded);
    scene.come(&scene.link).unwrap();
    scene.program.output(&["users", "deactivate", "ada@acme.example"]);
    assert!(!scene.program.output(&["users", "sessions", &scene.id]).contains("Firefox"));
}

#[test]
fn a_user_who_does_not_exist_is_told() {
    let program = program();
    for arguments in [
        &["users", "sessions", "bob@acme.example"][..],
        &["users", "unlock", "bob@acme.example"],
        &["users", "password", "bob@acme.example"],
        &["users", "deactivate", "01FCNDV6P870EA6S7TK1DSYDG0"],
    ] {
        let said = program.run(arguments);
        assert!(!said.succeeded && said.err.contains(arguments[2]), "{arguments:?}: {said:?}");
    }
}
