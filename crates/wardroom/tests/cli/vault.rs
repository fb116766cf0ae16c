//! The master key and `wardroom vault`: what is sealed stays readable, and whoever lacks the key is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base::{Id, World};
use store::vault::{MasterKey, Sealed, read_master_keys};
use store::{Store, Who};
use testkit::{Program, Said, Value};

use crate::{key_file, node, program, serve, within_a_second};

fn seal(node: &Store) -> Id<Sealed> {
    node.write(Who::system(), |cx| cx.seal(&"hunter2".into())).wait().unwrap()
}

#[track_caller]
fn assert_unseals(node: &Store, id: Id<Sealed>) {
    let text = node.read(Who::system(), move |cx| Ok(cx.unseal(id)?.reveal().to_owned())).wait();
    assert_eq!(text.unwrap(), "hunter2");
}

/// A program whose vault keeps a secret.
fn with_secret() -> (Program, Store, Id<Sealed>) {
    let program = program();
    drop(program.serve(&[]));
    let node = node(&program);
    let id = seal(&node);
    (program, node, id)
}

fn status(program: &Program) -> Value {
    serde_json::from_str(&program.output(&["vault", "status", "--json"])).unwrap()
}

fn fingerprints(file: &Path) -> Vec<String> {
    read_master_keys(file).unwrap().iter().map(|key| key.fingerprint().to_owned()).collect()
}

/// The start fails, and tells all of this and no key.
#[track_caller]
fn assert_refused(program: &Program, told: &[&str], digits: &str) {
    let Said { succeeded, out, err } = program.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(!succeeded && !out.contains("listening"), "it starts");
    assert!(told.iter().all(|told| err.contains(told)), "{err}");
    assert!(!err.contains(&digits[..8]), "{err}");
}

#[test]
fn a_master_key_that_is_missing_or_wrong_is_told_at_the_start() {
    let (program, _, _) = with_secret();
    let file = key_file(&program);
    let (right, digits) = (fingerprints(&file).remove(0), fs::read_to_string(&file).unwrap());

    fs::remove_file(&file).unwrap();
    assert_refused(&program, &["secret.key", "missing", &right], &digits);
    assert!(!file.exists(), "no other is made");
    let said = program.run(&["vault", "rotate"]);
    assert!(!said.succeeded && said.err.contains(&right), "{said:?}");

    let wrong = MasterKey::new(&World::system());
    fs::write(&file, &*wrong.digits()).unwrap();
    assert_refused(&program, &["secret.key", &right, wrong.fingerprint()], &wrong.digits());

    fs::write(&file, format!("{}\n{digits}", *wrong.digits())).unwrap();
    drop(program.serve(&[]));
}

#[test]
fn a_line_of_the_file_that_is_no_key_is_told_by_its_number() {
    let program = program();
    let sound = MasterKey::new(&World::system()).digits();
    for wrong in ["abcdef0123456789", &sound.replace(&sound[..1], "x"), &format!("{}00", *sound)] {
        program.file("secret.key", &format!("{}\n{wrong}\n", *sound));
        assert_refused(&program, &["secret.key", "line 2"], wrong);
    }
    program.file("secret.key", "");
    assert_refused(&program, &["secret.key", "no master key"], "no digits");
}

#[test]
fn a_key_file_that_others_can_read_is_warned_of() {
    let program = program();
    assert!(!program.serve(&[]).log().contains("chmod"));
    fs::set_permissions(key_file(&program), fs::Permissions::from_mode(0o640)).unwrap();
    let server = program.serve(&[]);
    within_a_second("it warns", || server.log().contains("chmod") && server.log().contains("secret.key"));
}

#[test]
fn a_key_file_that_is_lost_before_anything_was_sealed_is_made_again() {
    let program = program();
    drop(program.serve(&[]));
    fs::remove_file(key_file(&program)).unwrap();
    drop(program.serve(&[]));
    assert_eq!(fingerprints(&key_file(&program)).len(), 1);
}

#[test]
fn the_status_tells_of_the_secrets_and_of_the_keys() {
    let program = program();
    assert_eq!(status(&program), serde_json::json!({"secrets": 0, "data_key": null}));
    drop(program.serve(&[]));
    seal(&node(&program));
    let (told, master) = (status(&program), fingerprints(&key_file(&program)).remove(0));
    assert_eq!((&told["secrets"], &told["data_key"]["master_key"]), (&1.into(), &master.clone().into()));
    let table = program.output(&["vault", "status"]);
    assert!(table.contains(told["data_key"]["id"].as_str().unwrap()) && table.contains(&master), "{table}");
}

#[test]
fn both_keys_are_rotated_while_a_server_runs() {
    let (program, running, id) = with_secret();
    let (_server, client) = serve(&program);
    let (file, before) = (key_file(&program), status(&program));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();

    program.output(&["vault", "rotate"]);
    let turned = status(&program);
    assert_ne!(turned["data_key"]["id"], before["data_key"]["id"]);
    assert_eq!(turned["data_key"]["master_key"], before["data_key"]["master_key"]);
    assert_unseals(&running, id);

    program.output(&["vault", "rotate", "--master"]);
    let renewed = status(&program);
    assert_ne!(renewed["data_key"]["master_key"], before["data_key"]["master_key"]);
    assert_eq!(fingerprints(&file), [renewed["data_key"]["master_key"].as_str().unwrap()]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o400);
    assert_unseals(&running, id);
    assert_unseals(&running, seal(&running));
    client.get("/v1/severities").expect(200);
    drop(program.serve(&[]));
}

#[test]
fn a_rotation_of_the_master_key_that_broke_off_anywhere_can_be_begun_again() {
    let (program, running, id) = with_secret();
    let file = key_file(&program);
    let finish = |before: &str| {
        drop(program.serve(&[]));
        assert_unseals(&running, id);
        program.output(&["vault", "rotate", "--master"]);
        let master = status(&program)["data_key"]["master_key"].as_str().unwrap().to_owned();
        assert!(fingerprints(&file) == [&*master] && master != before);
        assert_unseals(&running, id);
        assert_unseals(&node(&program), id);
        master
    };
    // The new key is in the file, and nothing uses it yet.
    let (old, unused) = (fs::read_to_string(&file).unwrap(), MasterKey::new(&World::system()));
    let first = fingerprints(&file).remove(0);
    fs::write(&file, format!("{}\n{old}", *unused.digits())).unwrap();
    let second = finish(&first);
    // It is in use, and the one before is still in the file.
    fs::write(&file, format!("{}{old}", fs::read_to_string(&file).unwrap())).unwrap();
    let third = finish(&second);
    // A file that was written beside it and never took its place.
    program.file(".tmpAbCdEf", "0123");
    finish(&third);
}

#[test]
fn the_key_file_may_be_elsewhere_for_every_command() {
    let program = program();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("master");
    let path = file.display().to_string();
    drop(program.serve(&["--secret-key-file", &path]));
    program.output(&["vault", "rotate", "--master", "--secret-key-file", &path]);
    assert_eq!(fingerprints(&file), [status(&program)["data_key"]["master_key"].as_str().unwrap()]);
    assert!(!key_file(&program).exists());
}
