//! Events: whoever subscribed hears of each that was committed, in order, and of no other.

use base::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use store::jobs::run_due;
use store::{After, Event, Job, JobKind, Part, Store, Subscriber, Waits, values};

use crate::bench::{Bench, notes, rows, say, work};

/// Something was said.
#[derive(Serialize)]
struct Said {
    what: String,
}

impl Event for Said {
    const KIND: &'static str = "said";
}

/// Nobody subscribes to this.
#[derive(Serialize)]
struct Muttered;

impl Event for Muttered {
    const KIND: &'static str = "muttered";
}

fn bench() -> Bench {
    const EARS: &[JobKind] = &[
        JobKind { name: "good ear", run: hear, attempts: 3, every: None, waits: Waits::Never },
        JobKind {
            name: "bad ear",
            run: |_, _| Err(Error::internal("pardon?")),
            attempts: 3,
            every: None,
            waits: Waits::Never,
        },
    ];
    const SUBSCRIBERS: &[Subscriber] =
        &[Subscriber { event: "said", job: "bad ear" }, Subscriber { event: "said", job: "good ear" }];
    Bench::new(Part { jobs: EARS, subscribers: SUBSCRIBERS, ..Part::default() })
}

/// Notes what was said.
fn hear(store: &Store, job: &Job) -> Result<After> {
    let id = job.payload["event"].as_str().unwrap_or_default().to_owned();
    let body = work(store, move |cx| {
        let row = cx.row("select body from outbox where id = $1", &values![&id])?.ok_or_else(Error::not_found)?;
        serde_json::from_str::<Value>(row.text(0)?).map_err(Error::internal)
    })?;
    say(store, body["what"].as_str().unwrap_or_default().into()).map(|()| After::Done)
}

fn run_all(store: &Store) {
    while run_due(store).unwrap() > 0 {}
}

#[test]
fn an_event_is_heard_if_and_only_if_its_transaction_committed() {
    let bench = bench();
    let store = bench.node();
    for (what, commits) in [("one", true), ("two", false), ("three", true)] {
        let announced = work(&store, move |cx| {
            cx.emit(&Said { what: what.into() })?;
            cx.emit(&Muttered)?;
            if commits { Ok(()) } else { Err(Error::not_found()) }
        });
        assert_eq!(announced.is_ok(), commits);
    }
    assert_eq!((rows(&store, "outbox"), rows(&store, "jobs")), (4, 4), "the unheard are kept, and wait for nobody");
    run_all(&store);
    assert_eq!(notes(&store), ["one", "three"]);
}

#[test]
fn events_are_heard_in_the_order_they_were_announced_in() {
    let bench = bench();
    let store = bench.node();
    let all: Vec<_> = (0..60).map(|n| format!("{n:02}")).collect();
    for some in all.chunks(7) {
        let some = some.to_vec();
        work(&store, move |cx| some.iter().try_for_each(|what| cx.emit(&Said { what: what.clone() }))).unwrap();
    }
    run_all(&store);
    assert_eq!(notes(&store), all);
}

#[test]
fn whoever_fails_to_hear_keeps_nobody_else_from_hearing() {
    let bench = bench();
    let store = bench.node();
    work(&store, |cx| cx.emit(&Said { what: "loud".into() })).unwrap();
    for _ in 0..5 {
        run_all(&store);
        bench.advance(60);
    }
    assert_eq!(notes(&store), ["loud"]);
    let left = work(&store, |cx| {
        let row =
            cx.row("select kind, attempts from jobs where state = 'failed'", &[])?.ok_or_else(Error::not_found)?;
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
    });
    assert_eq!(left.unwrap(), ("bad ear".into(), 3));
}
