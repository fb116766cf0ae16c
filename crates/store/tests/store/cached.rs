//! Cached views: in every transaction exactly what the database holds, and read again only when it changed.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base::Error;
use store::{Cached, Part, Store, Who};
use tokio::runtime::Builder;

use crate::bench::{Bench, Notes, note, work, write};

/// What the node's view says, in a transaction of its own.
fn seen(store: &Store) -> Vec<String> {
    work(store, |cx| Ok(cx.cached::<Notes>()?.0.clone())).unwrap()
}

#[test]
fn a_change_is_seen_at_once_in_its_own_transaction_and_on_every_node() {
    let bench = Bench::new(Part::default());
    let [here, there] = [bench.node(), bench.node()];
    assert_eq!((seen(&here), seen(&there)), (vec![], vec![]));
    let within = work(&here, |cx| {
        write(cx, "First")?;
        let one = cx.cached::<Notes>()?.0.clone();
        write(cx, "Second")?;
        Ok((one, cx.cached::<Notes>()?.0.clone()))
    });
    assert_eq!(within.unwrap(), (vec!["First".into()], vec!["First".into(), "Second".into()]));
    assert_eq!(
        (seen(&here), seen(&there)),
        (vec!["First".into(), "Second".into()], vec!["First".into(), "Second".into()])
    );

    let id = work(&there, |cx| write(cx, "Third")).unwrap();
    assert_eq!(seen(&here).len(), 3);
    let mut third = note(&there, id);
    third.text = "Changed".into();
    work(&here, move |cx| cx.save(&mut third.clone())).unwrap();
    assert_eq!(seen(&there)[2], "Changed");
    let changed = note(&there, id);
    work(&there, move |cx| cx.delete(&changed)).unwrap();
    assert_eq!(seen(&here), ["First", "Second"]);
}

#[test]
fn what_was_rolled_back_is_seen_by_nobody_else() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    for text in ["First", "Second"] {
        let refused = work(&store, |cx| {
            write(cx, "Gone")?;
            assert!(cx.cached::<Notes>()?.0.contains(&"Gone".to_owned()));
            Err::<(), _>(Error::not_found())
        });
        refused.unwrap_err();
        assert!(!seen(&store).contains(&"Gone".to_owned()));
        work(&store, move |cx| write(cx, text).map(drop)).unwrap();
    }
    assert_eq!(seen(&store), ["First", "Second"]);
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let bench = Bench::new(Part::default());
    let store = bench.node();
    let held = || store.read(Who::system(), |cx| cx.cached::<Notes>()).wait().unwrap();
    let first = held();
    assert!(Arc::ptr_eq(&first, &held()));
    work(&store, |cx| write(cx, "New").map(drop)).unwrap();
    assert!(!Arc::ptr_eq(&first, &held()));
    assert!(Arc::ptr_eq(&held(), &held()));
}

#[test]
fn a_view_is_never_at_odds_with_its_own_transaction() {
    let bench = Bench::new(Part::default());
    let nodes = [bench.node(), bench.node()];
    let agree = |store: &Store| {
        let both = store.read(Who::system(), |cx| Ok((cx.cached::<Notes>()?, Notes::load(cx)?)));
        let (held, stored) = both.wait().unwrap();
        assert_eq!(*held, stored);
        held.0.len()
    };
    thread::scope(|scope| {
        for (number, node) in nodes.iter().enumerate() {
            scope.spawn(move || {
                for n in 0..30 {
                    work(node, move |cx| write(cx, &format!("{number} {n}")).map(drop)).unwrap();
                }
            });
            scope.spawn(move || while agree(node) < 60 {});
        }
    });
}

#[test]
fn a_recent_view_is_never_behind_this_node_and_at_most_its_age_behind_others() {
    let bench = Bench::new(Part::default());
    let [here, there] = [bench.node(), bench.node()];
    let runtime = Builder::new_current_thread().build().unwrap();
    let recent = |store: &Store| runtime.block_on(store.recent::<Notes>(Duration::from_secs(1))).unwrap().0.len();
    assert_eq!((recent(&here), recent(&there)), (0, 0));
    work(&here, |cx| write(cx, "New").map(drop)).unwrap();
    assert_eq!(recent(&here), 1);
    assert_eq!(recent(&there), 0, "a second has not passed");
    bench.advance(1);
    assert_eq!(recent(&there), 1);
}
