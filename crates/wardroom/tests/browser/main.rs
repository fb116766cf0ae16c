//! What a person does in a browser, in Chromium, against the demo. The tests themselves are scripts of Playwright's; they
//! leave pictures of every page in `target/screenshots`.

use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Program, Running};

/// Where the scripts and what they need lie.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser");
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/screenshots");

#[test]
fn people_do_in_a_browser_what_they_came_for() {
    let runner = Path::new(HERE).join("node_modules/@playwright/test/cli.js");
    let Some(chromium) = chromium().filter(|_| runner.exists()) else {
        return eprintln!("SKIPPED the browser: it needs Chromium, Node and `npm ci` in crates/wardroom/tests/browser");
    };
    if std::env::var_os("WARDROOM_TEST_POSTGRES").is_some() {
        return eprintln!("SKIPPED the browser on PostgreSQL: the demo has a database of its own");
    }
    let program = Program::new(env!("CARGO_BIN_EXE_wardroom"));
    let demo = Running::start(&mut program.command(&["demo", "--listen", "127.0.0.1:0"]));
    let link = std::iter::from_fn(|| demo.next_line()).find(|line| line.contains("/sign-in/link/"));
    drop(std::fs::remove_dir_all(PICTURES)); // those of pages that there are no more
    let tests = Command::new("node")
        .arg(runner)
        .arg("test")
        .current_dir(HERE)
        .env("WARDROOM_TEST_URL", &demo.url)
        .env("WARDROOM_TEST_LINK", link.expect("the demo says how to get in").trim())
        .env("WARDROOM_TEST_CHROMIUM", chromium)
        .env("WARDROOM_TEST_OUTPUT", PICTURES)
        .status();
    assert!(tests.expect("node runs").success(), "{}", demo.log());
    assert!(demo.log().contains("a page was refused"), "what people may not do is logged");
}

/// The browser's program, where there is one.
fn chromium() -> Option<PathBuf> {
    let places = std::env::var_os("PATH").unwrap_or_default();
    let programs = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&places).flat_map(|place| programs.map(|name| place.join(name))).find(|path| path.exists())
}
