//! A database for one test, gone when the test is.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};
use store::Location;
use tempfile::TempDir;

const POSTGRES: &str = "WARDROOM_TEST_POSTGRES";

/// A database for one test.
pub struct Database {
    /// Where it is.
    pub location: Location,
    directory: Option<TempDir>,
}

impl Database {
    /// A fresh one, on PostgreSQL where that is asked for.
    pub fn fresh() -> Self {
        postgres_url().map_or_else(Self::sqlite, |url| Self::postgres(&url))
    }

    fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self { location: Location::Sqlite(directory.path().join("wardroom.db")), directory: Some(directory) }
    }

    fn postgres(url: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("wardroom_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::AcqRel));
        run(url, &format!("drop database if exists {name}"));
        run(url, &format!("create database {name}"));
        let (server, _) = url.rsplit_once('/').expect("the URL names a database");
        Self { location: Location::Postgres(format!("{server}/{name}")), directory: None }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let (Location::Postgres(own), Some(url), None) = (&self.location, postgres_url(), &self.directory) {
            let name = own.rsplit('/').next().unwrap_or_default();
            run(&url, &format!("drop database if exists {name} with (force)"));
        }
    }
}

fn run(url: &str, sql: &str) {
    let work = || {
        let mut client = Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{POSTGRES}: {error}"));
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    // The client blocks, which an async test may not.
    std::thread::scope(|scope| scope.spawn(work).join().expect("the database answers"));
}

fn postgres_url() -> Option<String> {
    env::var(POSTGRES).ok().filter(|url| !url.is_empty())
}

/// Whether there is a PostgreSQL to test on; says so where a test has to be skipped.
pub fn postgres_or_skip(test: &str) -> bool {
    let there = postgres_url().is_some();
    if !there {
        eprintln!("SKIPPED {test}: it needs PostgreSQL; set {POSTGRES} to its URL");
    }
    there
}
