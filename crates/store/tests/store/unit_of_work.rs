//! Units of work: each is done whole or not at all, whoever else is at it.

use std::sync::mpsc;
use std::thread;

use base::{Error, ErrorKind};
use serde::Serialize;
use store::audit::entries;
use store::{Event, Migration, Part, Who};

use crate::bench::{Bench, NOTES, note, notes, rows, work, write};

#[derive(Serialize)]
struct Noticed;

impl Event for Noticed {
    const KIND: &'static str = "noticed";
}

#[test]
fn what_fails_or_panics_is_rolled_back_alone_and_its_neighbours_are_kept() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    let (open, opened) = mpsc::channel::<()>();
    // The first holds the writer until the others have queued up behind it.
    let first = store.write(Who::system(), move |cx| {
        let _ = opened.recv();
        write(cx, "first").map(drop)
    });
    let queued: Vec<_> = (0..40)
        .map(|n| {
            let one = move |cx: &mut store::Cx<'_>| {
                write(cx, &format!("{n:02}"))?;
                match n % 4 {
                    1 => Err(Error::invalid("text", "is odd")),
                    2 => panic!("{n} is even and nothing more"),
                    3 => write(cx, &format!("{n:02}")).map(drop), // there is one that says so
                    _ => Ok(()),
                }
            };
            store.write(Who::system(), one)
        })
        .collect();
    drop(open);
    first.wait().unwrap();
    for (n, pending) in queued.into_iter().enumerate() {
        let kind = pending.wait().map_err(|error| error.kind().clone());
        let expected = [Ok(()), Err(ErrorKind::Invalid), Err(ErrorKind::Internal), Err(ErrorKind::Conflict)];
        assert_eq!(kind, expected[n % 4], "{n}");
    }
    let mut kept = notes(&store);
    kept.sort();
    let multiples_of_four = (0..40).step_by(4).map(|n| format!("{n:02}"));
    assert_eq!(kept, multiples_of_four.chain(["first".into()]).collect::<Vec<_>>());
    work(&store, |cx| write(cx, "after").map(drop)).unwrap();
}

#[test]
fn nothing_is_left_of_what_was_rolled_back() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    let before = ["notes", "audit_log", "outbox", "jobs", "idempotency_keys"].map(|table| rows(&store, table));
    let refused = work(&store, |cx| {
        let id = write(cx, "Gone")?;
        cx.emit(&Noticed)?;
        cx.enqueue("some job", &(), cx.now())?;
        assert_eq!(cx.next_number("notes")?, 1);
        assert_eq!(cx.claim_key("note", "key", id)?, id);
        Err::<(), _>(Error::not_found())
    });
    assert_eq!(*refused.unwrap_err().kind(), ErrorKind::NotFound);
    let after = ["notes", "audit_log", "outbox", "jobs", "idempotency_keys"].map(|table| rows(&store, table));
    assert_eq!(before, after);
    assert_eq!(work(&store, |cx| cx.next_number("notes")).unwrap(), 1, "the number was given back");
}

#[test]
fn what_loses_a_race_runs_again_until_it_has_won() {
    let bench = Bench::new(Part::default());
    let nodes = [bench.node(), bench.node()];
    let id = work(&nodes[0], |cx| write(cx, "Counted")).unwrap();
    thread::scope(|scope| {
        for node in nodes.iter().cycle().take(6) {
            scope.spawn(|| {
                for _ in 0..5 {
                    let count = move |cx: &mut store::Cx<'_>| {
                        let mut note = cx.get(id)?;
                        note.count += 1;
                        cx.save(&mut note)
                    };
                    work(node, count).unwrap();
                }
            });
        }
    });
    let counted = note(&nodes[0], id);
    assert_eq!((counted.count, counted.version()), (30, 31));
}

#[test]
fn a_change_of_what_has_changed_since_is_refused() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    let id = work(&store, |cx| write(cx, "First")).unwrap();
    let stale = note(&store, id);
    let say = move |text: &'static str, from: &store::Stored<crate::bench::Note>| {
        let mut note = from.clone();
        note.text = text.into();
        move |cx: &mut store::Cx<'_>| cx.save(&mut note.clone())
    };
    work(&store, say("Second", &stale)).unwrap();
    let remove = stale.clone();
    for refused in [work(&store, say("Third", &stale)), work(&store, move |cx| cx.delete(&remove))] {
        assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert_eq!(notes(&store), ["Second"]);
}

#[test]
fn what_only_reads_cannot_write() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    for wants in [store::Wants::Read, store::Wants::Glance] {
        store.work(wants, Who::system(), |cx| write(cx, "Sneaked in")).wait().unwrap_err();
    }
    assert_eq!(notes(&store), Vec::<String>::new());
}

#[test]
fn numbers_have_no_gaps_and_a_key_stands_for_one_thing_on_all_nodes() {
    let bench = Bench::new(Part::default());
    let nodes = [bench.node(), bench.node()];
    let draw = |node: &store::Store, fails: bool| {
        work(node, move |cx| {
            let number = cx.next_number("drawn")?;
            let candidate = cx.new_id::<()>();
            let claimed = cx.claim_key("drawn", "the same", candidate)?;
            if fails { Err(Error::not_found()) } else { Ok((number, claimed)) }
        })
    };
    let (mut numbers, mut claimed): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let drawing = nodes.iter().cycle().take(6).map(|node| {
            scope.spawn(move || {
                let all = (0..20).map(|n| draw(node, n % 5 == 1));
                all.filter_map(Result::ok).collect::<Vec<_>>()
            })
        });
        let drawing: Vec<_> = drawing.collect();
        drawing.into_iter().flat_map(|drawn| drawn.join().unwrap()).unzip()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=96).collect::<Vec<_>>());
    claimed.dedup();
    assert_eq!(claimed.len(), 1);
}

#[test]
fn a_counter_is_raised_and_never_lowered() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    let raised = work(&store, |cx| {
        cx.count_from("notes", 41)?;
        cx.count_from("notes", 7)?;
        cx.next_number("notes")
    });
    assert_eq!(raised.unwrap(), 42);
}

#[test]
fn every_change_of_a_record_is_in_the_audit_log_in_order() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    let (since, before) = (store.world().now(), rows(&store, "audit_log"));
    work(&store, |cx| {
        let id = write(cx, "Kept")?;
        let mut note = cx.get(id)?;
        cx.save(&mut note)?;
        cx.save_as("read aloud", &mut note)?;
        cx.delete(&note)
    })
    .unwrap();
    let log = work(&store, move |cx| entries(cx, since, None, 100)).unwrap().split_off(before.try_into().unwrap());
    let told: Vec<_> = log.iter().map(|entry| (entry.action.as_str(), entry.targets[0].name.as_str())).collect();
    let actions = ["note.created", "note.updated", "note.read aloud", "note.deleted"];
    assert_eq!(told, actions.map(|action| (action, "Kept")));
    let second = log[1].clone();
    let rest = work(&store, move |cx| entries(cx, since, Some((second.occurred_at, second.id)), 1)).unwrap();
    assert_eq!(rest[0].action, "note.read aloud", "a page goes on after the last entry seen");
}

#[test]
fn a_database_gets_a_later_step_with_a_lower_number_too() {
    const LATER: Migration = Migration { version: 999, name: "later", sql: "create table later (id text primary key)" };
    let bench = Bench::new(Part::default());
    let before = bench.node();
    work(&before, |cx| write(cx, "Kept")).unwrap();
    let after = bench.open(Part { migrations: &[NOTES, LATER], ..Part::default() }, |world| world);
    assert_eq!((rows(&after, "later"), notes(&after)), (0, vec!["Kept".to_owned()]));
}
