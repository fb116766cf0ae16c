//! Jobs: what waits is done once, again when it failed or its node was lost, and not for ever.

use std::thread::{self, Scope};
use std::time::Duration;

use base::{Error, Result};
use store::jobs::{run_due, tally};
use store::{After, Job, JobKind, Runner, Store, Waits};

use crate::bench::{Bench, eventually, notes, rows, say, work};

const ATTEMPTS: i64 = 4;

const fn kind(name: &'static str, run: fn(&Store, &Job) -> Result<After>) -> JobKind {
    JobKind { name, run, attempts: ATTEMPTS, every: None, waits: Waits::Never }
}

/// Notes what the job is to do, and which time it is tried.
fn note_try(store: &Store, job: &Job) -> Result<()> {
    say(store, format!("{} {}", job.payload.as_str().unwrap_or_default(), job.attempts))
}

const KINDS: &[JobKind] = &[
    kind("sound", |store, job| note_try(store, job).map(|()| After::Done)),
    kind("failing", |store, job| note_try(store, job).and(Err(Error::internal("no luck")))),
    kind("panicking", |store, job| note_try(store, job).map(|()| panic!("no luck"))),
    kind("lucky at third", |store, job| {
        note_try(store, job)?;
        if job.attempts < 3 { Err(Error::internal("no luck")) } else { Ok(After::Done) }
    }),
    kind("twofold", |store, job| {
        let part = rows(store, "notes") + 1;
        say(store, format!("part {part}, try {}", job.attempts))?;
        Ok(if part == 1 { After::At(store.world().now() + Duration::from_secs(60)) } else { After::Done })
    }),
];

/// Leaves a job that is due in so many seconds.
fn leave(store: &Store, kind: &'static str, payload: &'static str, seconds: u64) {
    work(store, move |cx| cx.enqueue(kind, &payload, cx.now() + Duration::from_secs(seconds))).unwrap();
}

/// How many jobs of the test's kinds are in a state, with their last errors.
fn jobs(store: &Store, state: &'static str) -> Vec<Option<String>> {
    let sql = "select last_error from jobs where state = $1 and kind not like 'store.%' order by id";
    work(store, move |cx| cx.rows(sql, &[state.into()])?.iter().map(|row| row.get(0)).collect()).unwrap()
}

#[test]
fn a_job_runs_once_when_it_is_due_and_not_before() {
    let bench = Bench::with_jobs(KINDS);
    let store = bench.node();
    leave(&store, "sound", "now", 0);
    leave(&store, "sound", "later", 60);
    assert_eq!((run_due(&store).unwrap(), run_due(&store).unwrap()), (1, 0));
    bench.advance(59);
    assert_eq!(run_due(&store).unwrap(), 0);
    bench.advance(1);
    assert_eq!(run_due(&store).unwrap(), 1);
    assert_eq!(notes(&store), ["now 1", "later 1"]);
    assert_eq!((jobs(&store, "done").len(), jobs(&store, "waiting").len()), (2, 0));
}

#[test]
fn nodes_share_what_is_due_and_each_job_runs_on_one_of_them() {
    let bench = Bench::with_jobs(KINDS);
    let nodes = [bench.node(), bench.node(), bench.node()];
    for _ in 0..60 {
        work(&nodes[0], |cx| {
            let name = cx.next_number("job")?.to_string();
            cx.enqueue("sound", &name, cx.now())
        })
        .unwrap();
    }
    let ran: usize = thread::scope(|scope| {
        let running = nodes.each_ref().map(|node| {
            scope.spawn(|| std::iter::from_fn(|| Some(run_due(node).unwrap()).filter(|ran| *ran > 0)).sum::<usize>())
        });
        running.map(|node| node.join().unwrap()).iter().sum()
    });
    assert_eq!((ran, notes(&nodes[0]).len()), (60, 60));
    assert!(notes(&nodes[0]).iter().all(|note| note.ends_with(" 1")));
}

#[test]
fn a_failing_job_backs_off_and_is_given_up_in_the_end_but_stays_to_be_seen() {
    for (kind, told) in [("failing", "no luck"), ("panicking", "panicked: no luck")] {
        let bench = Bench::with_jobs(KINDS);
        let store = bench.node();
        leave(&store, kind, "x", 0);
        leave(&store, "sound", "another", 0);
        assert_eq!(run_due(&store).unwrap(), 2);
        for seconds in [1, 2, 4] {
            bench.advance(seconds - 1);
            assert_eq!(run_due(&store).unwrap(), 0, "{kind}");
            bench.advance(1);
            assert_eq!(run_due(&store).unwrap(), 1, "{kind}");
        }
        bench.advance(24 * 3600);
        run_due(&store).unwrap();
        let mut ran = notes(&store);
        ran.sort();
        assert_eq!(ran, ["another 1", "x 1", "x 2", "x 3", "x 4"]);
        let failed = jobs(&store, "failed");
        assert!(failed.len() == 1 && failed[0].as_ref().is_some_and(|error| error.contains(told)), "{failed:?}");
        let counted = work(&store, |cx| tally(cx)).unwrap();
        assert!(counted.contains(&("failed".into(), 1)), "{counted:?}");
    }
}

#[test]
fn a_job_that_succeeds_after_all_is_done_and_tells_of_no_error() {
    let bench = Bench::with_jobs(KINDS);
    let store = bench.node();
    leave(&store, "lucky at third", "x", 0);
    for _ in 0..4 {
        run_due(&store).unwrap();
        bench.advance(3600);
    }
    assert_eq!(notes(&store), ["x 1", "x 2", "x 3"]);
    assert_eq!(jobs(&store, "done"), [None]);
}

/// What a node runs that is lost while it works: it says nothing until it is woken, and then that it failed.
const LOST: &[JobKind] = &[kind("sound", |store, _| {
    eventually("it wakes", || notes(store).contains(&"wake".to_owned()));
    Err(Error::internal("too late"))
})];

/// Has `node` claim the one job and get lost.
fn lose<'s>(scope: &'s Scope<'s, '_>, node: &'s Store) {
    let claims = || {
        let row = work(node, |cx| cx.row("select attempts from jobs where kind = 'sound'", &[]));
        row.unwrap().unwrap().get::<i64>(0).unwrap()
    };
    let before = claims();
    scope.spawn(|| run_due(node).unwrap());
    eventually("the job is claimed", || claims() > before);
}

#[test]
fn a_job_of_a_lost_node_runs_again_when_its_lease_has_run_out() {
    let bench = Bench::with_jobs(KINDS);
    let (lost, store) = (bench.node_that_runs(LOST), bench.node());
    leave(&store, "sound", "x", 0);
    thread::scope(|scope| {
        lose(scope, &lost);
        bench.advance(300);
        assert_eq!(run_due(&store).unwrap(), 0, "the lease still holds");
        bench.advance(1);
        assert_eq!(run_due(&store).unwrap(), 1);
        say(&store, "wake".into()).unwrap();
    });
    assert_eq!(notes(&store), ["x 2", "wake"]);
    assert_eq!(jobs(&store, "done"), [None], "what the lost one says in the end does not count");
}

#[test]
fn a_job_that_takes_its_node_along_each_time_is_given_up_too() {
    let bench = Bench::with_jobs(KINDS);
    let (lost, store) = (bench.node_that_runs(LOST), bench.node());
    leave(&store, "sound", "x", 0);
    thread::scope(|scope| {
        for _ in 0..ATTEMPTS {
            lose(scope, &lost);
            bench.advance(301);
        }
        run_due(&store).unwrap();
        assert_eq!(jobs(&store, "failed").len(), 1);
        say(&store, "wake".into()).unwrap();
    });
    assert_eq!(notes(&store), ["wake"], "nobody tried it any more");
}

#[test]
fn a_job_waits_for_a_node_that_knows_its_kind() {
    let bench = Bench::with_jobs(KINDS);
    let (older, store) = (bench.node_that_runs(&[]), bench.node());
    leave(&store, "sound", "x", 0);
    for _ in 0..2 * ATTEMPTS {
        run_due(&older).unwrap();
        bench.advance(301);
    }
    run_due(&store).unwrap();
    assert_eq!(notes(&store), ["x 1"]);
}

#[test]
fn a_job_may_go_on_later_and_is_then_tried_afresh() {
    let bench = Bench::with_jobs(KINDS);
    let store = bench.node();
    leave(&store, "twofold", "x", 0);
    run_due(&store).unwrap();
    bench.advance(59);
    assert_eq!(run_due(&store).unwrap(), 0);
    bench.advance(1);
    assert_eq!(run_due(&store).unwrap(), 1);
    assert_eq!(notes(&store), ["part 1, try 1", "part 2, try 1"]);
    assert_eq!(jobs(&store, "done").len(), 1);
}

const EVERY: u64 = 600;
const RECURRING: &[JobKind] = &[
    recurring("tick", |store, job| count(store, job).map(|()| After::Done)),
    recurring("tock", |store, job| count(store, job).and(Err(Error::internal("no luck")))),
];

const fn recurring(name: &'static str, run: fn(&Store, &Job) -> Result<After>) -> JobKind {
    JobKind { every: Some(Duration::from_secs(EVERY)), ..kind(name, run) }
}

fn count(store: &Store, job: &Job) -> Result<()> {
    let kind = job.kind.clone();
    work(store, move |cx| cx.next_number(&kind).map(drop))
}

#[test]
fn a_recurring_job_is_there_once_and_recurs_for_ever_also_when_it_fails() {
    let bench = Bench::with_jobs(RECURRING);
    let nodes = [bench.node(), bench.node()];
    for node in nodes.iter().chain(&nodes) {
        drop(Runner::start(node).unwrap());
    }
    let run = || while nodes.iter().any(|node| run_due(node).unwrap() > 0) {};
    let counted = || {
        let sql = "select n from counters where name in ('tick', 'tock') order by name";
        work(&nodes[0], |cx| cx.rows(sql, &[])?.iter().map(|row| row.get(0)).collect::<Result<Vec<i64>>>()).unwrap()
    };
    run();
    assert_eq!((counted(), jobs(&nodes[0], "waiting").len()), (vec![1, 1], 2));
    bench.advance(EVERY - 1);
    run();
    assert_eq!(counted(), [1, 2], "what failed is tried again sooner");
    bench.advance(1);
    run();
    assert_eq!(counted()[0], 2);
    for _ in 0..20 {
        bench.advance(EVERY);
        run();
    }
    assert_eq!((counted()[0], jobs(&nodes[0], "waiting").len()), (22, 2));
    assert!(counted()[1] > 20);
}

#[test]
fn a_runner_hears_of_a_due_job_by_itself_and_outlives_one_that_panics() {
    let bench = Bench::with_jobs(KINDS);
    let store = bench.node();
    let runner = Runner::start(&store).unwrap();
    for (kind, payload) in [("panicking", "a"), ("sound", "b"), ("panicking", "c"), ("sound", "d")] {
        leave(&store, kind, payload, 0);
        eventually("it runs", || notes(&store).contains(&format!("{payload} 1")));
    }
    drop(runner);
    leave(&store, "sound", "e", 0);
    assert!(!notes(&store).contains(&"e 1".to_owned()), "nobody runs it now");
}

/// One kind that waits for others until it is told that it need not, and one that doesn't.
const PATIENT: &[JobKind] = &[
    JobKind {
        waits: Waits::Long,
        ..kind("patient", |store, _| {
            eventually("an answer comes", || notes(store).contains(&"answer".to_owned()));
            Ok(After::Done)
        })
    },
    kind("sound", |store, job| note_try(store, job).map(|()| After::Done)),
];

#[test]
fn a_job_that_waits_for_others_delays_none_that_does_not() {
    let bench = Bench::with_jobs(PATIENT);
    let store = bench.node();
    let runner = Runner::start(&store).unwrap();
    leave(&store, "patient", "", 0);
    leave(&store, "sound", "x", 0);
    eventually("it runs", || notes(&store).contains(&"x 1".to_owned()));
    eventually("it alone is done", || jobs(&store, "waiting").len() == 1);
    say(&store, "answer".to_owned()).unwrap();
    eventually("it is done", || jobs(&store, "waiting").is_empty());
    drop(runner);
}

#[test]
fn what_only_tells_of_the_past_is_kept_for_30_days() {
    let bench = Bench::with_jobs(KINDS);
    let store = bench.node();
    drop(Runner::start(&store).unwrap());
    leave(&store, "sound", "x", 0);
    leave(&store, "failing", "y", 0);
    for _ in 0..ATTEMPTS {
        run_due(&store).unwrap();
        bench.advance(60);
    }
    let finished = || (jobs(&store, "done").len(), jobs(&store, "failed").len());
    for (days, left) in [(29, (1, 1)), (2, (0, 0))] {
        bench.advance(days * 24 * 3600);
        run_due(&store).unwrap();
        assert_eq!(finished(), left);
    }
}
