//! What is promised to people who sign in, and to those who look after them.

mod guessing;
mod links;
mod roles;
mod second_factor;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use base::{Secret, World};
use people::sign_in::passwords::{self, Cost};
use people::sign_in::{Refusal, Session, SignedIn, sessions as kept_sessions, who, with_password};
use people::users::{BaseRole, User};
use store::audit::{Entry, entries};
use store::jobs::run_due;
use store::vault::{MasterKey, MasterKeys};
use store::{Cx, Origin, Site, Store, Who};
use testkit::{CountedEntropy, Database, FakeClock};

const PASSWORD: &str = "kestrel-fog-anvil";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// An organisation with Ada, an owner who has a password.
struct Scene {
    store: Store,
    clock: FakeClock,
    ada: User,
    master: MasterKey,
    // Last, so that it goes when nobody uses it any more.
    database: Arc<Database>,
}

impl Scene {
    fn new() -> Self {
        let (database, clock) = (Arc::new(Database::fresh()), FakeClock::default());
        let master = MasterKey::new(&World::new(clock.clone(), CountedEntropy::new(9)));
        let store = node(&database, &clock, &master, 1);
        let ada = store.write(Who::system(), |cx| User::add(cx, "Ada Okafor", "Ada@acme.example", BaseRole::Owner));
        let scene = Self { ada: ada.wait().unwrap(), store, clock, master, database };
        scene.set_password(&scene.ada);
        scene
    }

    /// Another node on the same database.
    fn another(&self) -> Store {
        node(&self.database, &self.clock, &self.master, 2)
    }

    fn user(&self, name: &str, role: BaseRole) -> User {
        let (name, email) = (name.to_owned(), format!("{}@acme.example", name.to_lowercase()));
        self.write(move |cx| User::add(cx, &name, &email, role))
    }

    fn set_password(&self, user: &User) {
        passwords::set(&self.store, Who::system(), user.id, &PASSWORD.into(), None).unwrap();
    }

    /// Ada tries.
    fn try_with(&self, password: &str, code: Option<&str>) -> Result<SignedIn, Refusal> {
        with_password(&self.store, "ada@ACME.example", &password.into(), code, from("192.0.2.1"))
    }

    /// Ada signs in.
    fn sign_in(&self) -> SignedIn {
        self.try_with(PASSWORD, None).unwrap()
    }

    fn find(&self, token: &Secret) -> Option<(Session, User)> {
        kept_sessions::find(&self.store, token).unwrap()
    }

    fn who(&self, user: &User) -> Who {
        let user = user.clone();
        self.write(move |cx| who(cx, &user, from("192.0.2.1")))
    }

    fn write<T: Send + 'static>(&self, work: impl FnMut(&mut Cx<'_>) -> base::Result<T> + Send + 'static) -> T {
        self.store.write(Who::system(), work).wait().unwrap()
    }

    /// The same on behalf of somebody.
    fn write_as<T: Send + 'static>(
        &self,
        user: &User,
        work: impl FnMut(&mut Cx<'_>) -> base::Result<T> + Send + 'static,
    ) -> base::Result<T> {
        self.store.write(self.who(user), work).wait()
    }

    /// The audit log, from the latest `n` entries on.
    fn audit(&self, n: usize) -> Vec<Entry> {
        let mut all = self.write(|cx| entries(cx, "2026-01-01T00:00:00Z".parse().unwrap(), None, 10_000));
        all.split_off(all.len() - n)
    }

    fn last_action(&self) -> String {
        self.audit(1).remove(0).action
    }

    /// Removes what is removed every hour.
    fn clean(&self) {
        self.write(|cx| cx.enqueue("people.housekeeping", &(), cx.now()));
        run_due(&self.store).unwrap();
    }

    /// How many rows a table has.
    fn rows(&self, table: &'static str) -> i64 {
        self.write(move |cx| cx.row(&format!("select count(*) from {table}"), &[])?.unwrap().get(0))
    }
}

fn node(database: &Database, clock: &FakeClock, master: &MasterKey, seed: u64) -> Store {
    let world = World::new(clock.clone(), CountedEntropy::new(seed))
        .with(MasterKeys::fixed(master.clone()))
        .with(Cost { memory: 8, passes: 1 });
    let site = Site { organisation: "acme".into(), public_url: "https://wardroom.example".into() };
    Store::open(&database.location, world, site, &[people::feature().part], &mut |_, _, _| {}).unwrap()
}

fn from(address: &str) -> Origin {
    Origin { location: address.into(), user_agent: "Firefox".into() }
}
