//! The vault: what is sealed can be neither read nor changed without the master key, and is never lost.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use base::{ErrorKind, Id, Result, Secret, World};
use store::vault::{MasterKey, MasterKeys, Sealed, Status, rotate, status};
use store::{Cx, Location, Part, Store, Who, values};
use tempfile::TempDir;
use testkit::postgres_or_skip;

use crate::bench::{Bench, eventually, rows, work};

/// A database, and beside it a file with master keys.
struct Vault {
    bench: Bench,
    directory: TempDir,
}

impl Vault {
    fn new() -> Self {
        let vault = Self { bench: Bench::new(Part::default()), directory: tempfile::tempdir().unwrap() };
        vault.keep(&[master()]);
        vault
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("secret.key")
    }

    /// Puts these keys into the file, in place of what is there.
    fn keep(&self, keys: &[MasterKey]) {
        let lines: Vec<_> = keys.iter().map(|key| key.digits().to_string()).collect();
        fs::write(self.file(), lines.join("\n")).unwrap();
    }

    fn node(&self) -> Store {
        self.bench.node_with(|world| world.with(MasterKeys::at(self.file())))
    }
}

fn master() -> MasterKey {
    MasterKey::new(&World::system())
}

fn seal(store: &Store, text: &str) -> Id<Sealed> {
    let secret = Secret::from(text);
    work(store, move |cx| cx.seal(&secret)).unwrap()
}

fn unseal(store: &Store, id: Id<Sealed>) -> Result<String> {
    store.read(Who::system(), move |cx| Ok(cx.unseal(id)?.reveal().to_owned())).wait()
}

/// What the log is told of a secret that can't be unsealed; its caller is told nothing.
#[track_caller]
fn refusal(store: &Store, id: Id<Sealed>) -> String {
    let error = unseal(store, id).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Internal);
    error.cause().unwrap().to_owned()
}

fn turn(store: &Store) {
    work(store, |cx| rotate(cx, &mut |_| {})).unwrap();
}

fn vault(store: &Store) -> Status {
    work(store, |cx| status(cx)).unwrap()
}

fn run(store: &Store, sql: &'static str) {
    work(store, move |cx| cx.run(sql, &[])).unwrap();
}

fn sealed(store: &Store) -> BTreeSet<String> {
    let sql = "select sealed from secrets";
    work(store, |cx| cx.rows(sql, &[])?.iter().map(|row| row.get(0)).collect()).unwrap()
}

#[test]
fn a_secret_comes_back_as_it_was_on_any_node_until_it_is_forgotten() {
    let vault = Vault::new();
    let nodes = [vault.node(), vault.node()];
    for text in ["hunter2", "", "ключ\n🔑", &"long".repeat(10_000)] {
        let id = seal(&nodes[0], text);
        assert_eq!(unseal(&nodes[1], id).unwrap(), text);
        work(&nodes[1], move |cx| cx.forget(id)).unwrap();
        assert!(refusal(&nodes[0], id).contains(&format!("no secret {id}")));
    }
    assert_eq!(rows(&nodes[0], "secrets"), 0);
}

#[test]
fn the_same_secret_never_looks_the_same() {
    let vault = Vault::new();
    let store = vault.node();
    for _ in 0..20 {
        seal(&store, "hunter2");
    }
    let texts = sealed(&store);
    let nonces: BTreeSet<_> = texts.iter().map(|text| &text[..48]).collect();
    assert_eq!((texts.len(), nonces.len()), (20, 20));
}

#[test]
fn whatever_is_changed_in_the_database_is_noticed() {
    let vault = Vault::new();
    let store = vault.node();
    let id = seal(&store, "hunter2");
    for (table, column) in [("secrets", "sealed"), ("vault_keys", "wrapped")] {
        let select = format!("select {column} from {table}");
        let sound: String = work(&store, move |cx| cx.row(&select, &[])?.unwrap().get(0)).unwrap();
        let put = |text: String| {
            let update = format!("update {table} set {column} = $1");
            work(&store, move |cx| cx.run(&update, &values![&text])).unwrap();
        };
        for at in 0..sound.len() {
            let flipped = format!("{:x}", u8::from_str_radix(&sound[at..=at], 16).unwrap() ^ 1);
            put([&sound[..at], &flipped, &sound[at + 1..]].concat());
            assert!(refusal(&store, id).contains("changed or damaged"), "{column}, digit {at}");
        }
        for other in ["", "00", "no digits", &sound[..sound.len() - 2], &format!("{sound}00")] {
            put(other.to_owned());
            assert!(refusal(&store, id).contains("changed or damaged"), "{column}: {other}");
        }
        put(sound);
        assert_eq!(unseal(&store, id).unwrap(), "hunter2");
    }
    run(&store, "update vault_keys set master = '0011223344556677'");
    assert!(refusal(&store, id).contains("0011223344556677"));
}

#[test]
fn what_is_sealed_is_of_no_use_in_another_row() {
    let vault = Vault::new();
    let store = vault.node();
    let (one, two) = (seal(&store, "one"), seal(&store, "two"));
    let swap = move |cx: &mut Cx<'_>| {
        let [first, second] = [one, two].map(|id| cx.row("select sealed from secrets where id = $1", &values![id]));
        for (id, other) in [(one, second), (two, first)] {
            let sealed = other?.unwrap().get::<String>(0)?;
            cx.run("update secrets set sealed = $2 where id = $1", &values![id, sealed])?;
        }
        Ok(())
    };
    work(&store, swap).unwrap();
    for id in [one, two] {
        assert!(refusal(&store, id).contains("changed or damaged"));
    }
    // A data key under another name is none either.
    let copy = "insert into vault_keys (id, wrapped, master, created_at) \
                select '01FCNDV6P870EA6S7TK1DSYDG0', wrapped, master, created_at from vault_keys";
    run(&store, copy);
    run(&store, "update secrets set key_id = '01FCNDV6P870EA6S7TK1DSYDG0'");
    assert!(refusal(&store, one).contains("data key 01FCNDV6P870EA6S7TK1DSYDG0"));
}

#[test]
fn without_the_master_key_nothing_is_unsealed_and_without_any_nothing_is_sealed() {
    let vault = Vault::new();
    let id = seal(&vault.node(), "hunter2");
    let (right, wrong) = (self::vault(&vault.node()).key.unwrap().master, master());
    let stranger = vault.bench.node_with(|world| world.with(MasterKeys::fixed(wrong)));
    assert!(refusal(&stranger, id).contains(&right));

    let closed = vault.bench.node();
    assert!(refusal(&closed, id).contains("no master keys"));
    let error = work(&closed, |cx| cx.seal(&"more".into())).unwrap_err();
    assert!(error.cause().unwrap().contains("no master keys"));

    fs::remove_file(vault.file()).unwrap();
    assert!(refusal(&vault.node(), id).contains("secret.key"));
}

#[test]
fn a_master_key_shows_its_fingerprint_alone() {
    let key = master();
    let keys = format!("{:?}", MasterKeys::fixed(key.clone()));
    assert!(keys.contains(key.fingerprint()) && !keys.contains(&key.digits()[..8]), "{keys}");
    assert!(key.fingerprint().len() == 16 && !key.digits().contains(key.fingerprint()));
}

#[test]
fn a_rotation_seals_every_secret_anew_and_leaves_one_key() {
    let vault = Vault::new();
    let store = vault.node();
    let ids =
        work(&store, |cx| (0..1_201).map(|n| cx.seal(&n.to_string().into())).collect::<Result<Vec<_>>>()).unwrap();
    let (before, texts) = (self::vault(&store), sealed(&store));
    vault.bench.advance(60);
    let counted = work(&store, |cx| {
        let mut counted = Vec::new();
        rotate(cx, &mut |done| counted.push(done))?;
        Ok(counted)
    });
    assert_eq!(counted.unwrap(), [500, 1_000, 1_201]);

    let after = self::vault(&store);
    let (old, new) = (before.key.unwrap(), after.key.unwrap());
    assert!(new.id != old.id && new.since > old.since && new.master == old.master);
    assert_eq!((after.secrets, rows(&store, "vault_keys")), (1_201, 1));
    assert!(texts.is_disjoint(&sealed(&store)));
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(unseal(&store, id).unwrap(), n.to_string());
    }
}

#[test]
fn a_running_node_follows_the_master_keys_in_the_file() {
    let vault = Vault::new();
    let (running, other) = (vault.node(), vault.node());
    let id = seal(&running, "hunter2");
    let (old, new) = (fs::read_to_string(vault.file()).unwrap(), master());
    fs::write(vault.file(), format!("{}\n{old}\n", *new.digits())).unwrap();
    assert_eq!(unseal(&running, id).unwrap(), "hunter2");
    turn(&other);
    assert_eq!(self::vault(&other).key.unwrap().master, new.fingerprint());
    vault.keep(&[new]);
    assert_eq!(unseal(&running, id).unwrap(), "hunter2");
    assert_eq!(unseal(&other, seal(&running, "more")).unwrap(), "more");
}

#[test]
fn nothing_is_wrapped_with_a_master_key_that_has_left_the_file() {
    let vault = Vault::new();
    let running = vault.node();
    seal(&running, "hunter2");
    run(&running, "delete from secrets");
    run(&running, "delete from vault_keys");
    let new = master();
    vault.keep(std::slice::from_ref(&new));
    seal(&running, "hunter2");
    assert_eq!(self::vault(&running).key.unwrap().master, new.fingerprint());
}

#[test]
fn nodes_that_seal_the_first_secrets_together_make_one_data_key() {
    let vault = Vault::new();
    let nodes: Vec<_> = (0..4).map(|_| vault.node()).collect();
    thread::scope(|scope| {
        for node in &nodes {
            scope.spawn(|| seal(node, "hunter2"));
        }
    });
    assert_eq!((rows(&nodes[0], "vault_keys"), rows(&nodes[0], "secrets")), (1, 4));
}

#[test]
fn no_secret_is_lost_that_is_sealed_while_keys_are_rotated() {
    let vault = Vault::new();
    let (nodes, turning) = ([vault.node(), vault.node()], vault.node());
    let kept: Vec<_> = thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let seal_some = |node: &Store, tell: mpsc::Sender<()>| -> Vec<_> {
            let seal_next = |n: usize| {
                let id = seal(node, &n.to_string());
                if n.is_multiple_of(8) {
                    tell.send(()).unwrap();
                }
                (id, n.to_string())
            };
            (0..40).map(seal_next).collect()
        };
        let start = |node| {
            let tell = tell.clone();
            scope.spawn(move || seal_some(node, tell))
        };
        let sealing: Vec<_> = nodes.iter().cycle().take(4).map(start).collect();
        drop(tell);
        told.iter().for_each(|()| turn(&turning));
        sealing.into_iter().flat_map(|sealing| sealing.join().unwrap()).collect()
    });
    assert_eq!((kept.len(), rows(&turning, "vault_keys")), (160, 1));
    for (id, text) in kept {
        assert_eq!(unseal(&turning, id).unwrap(), text);
    }
}

#[test]
fn a_rotation_waits_for_whoever_is_sealing() {
    if !postgres_or_skip("a_rotation_waits_for_whoever_is_sealing") {
        return;
    }
    let vault = Vault::new();
    let (sealing, turning, looking) = (vault.node(), vault.node(), vault.node());
    seal(&sealing, "first");
    let (sealed, is_sealed) = mpsc::channel();
    let is_turned = AtomicBool::new(false);
    let waits = || {
        let sql = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        work(&looking, move |cx| cx.row(sql, &[])).unwrap().is_some()
    };
    let id = thread::scope(|scope| {
        let (go_on, may_go_on) = mpsc::channel();
        let sealing = sealing.write(Who::system(), move |cx| {
            let id = cx.seal(&"second".into())?;
            sealed.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(id)
        });
        is_sealed.recv().unwrap();
        scope.spawn(|| {
            turn(&turning);
            is_turned.store(true, Ordering::Release);
        });
        eventually("the rotation waits", || waits() || is_turned.load(Ordering::Acquire));
        assert!(!is_turned.load(Ordering::Acquire), "it went past a secret that was being sealed");
        go_on.send(()).unwrap();
        sealing.wait().unwrap()
    });
    assert_eq!(unseal(&looking, id).unwrap(), "second");
    assert_eq!(rows(&looking, "vault_keys"), 1);
}

#[test]
fn neither_the_database_nor_its_files_ever_hold_the_text() {
    let vault = Vault::new();
    let store = vault.node();
    let text = "correct horse battery staple";
    let id = seal(&store, text);
    let key = fs::read_to_string(vault.file()).unwrap();
    turn(&store);
    assert_eq!(unseal(&store, id).unwrap(), text);
    let digits = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let Location::Sqlite(path) = store.location() else {
        assert!(sealed(&store).iter().all(|sealed| !sealed.contains(&digits(text))));
        return;
    };
    let files: Vec<_> = files_beside(path).collect();
    assert!(files.iter().any(|(path, bytes)| path.to_string_lossy().ends_with("-wal") && !bytes.is_empty()));
    for (path, bytes) in files {
        for telling in [text, &digits(text), key.trim()] {
            let found = bytes.windows(telling.len()).any(|window| window == telling.as_bytes());
            assert!(!found, "{} holds {telling}", path.display());
        }
    }
}

fn files_beside(path: &Path) -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    let files = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read(path).unwrap()))
}
