//! A running server.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base::{Id, World};
use people::KeyGate;
use people::api_keys::{ApiKey, Grant};
use people::roles::ROLES;
use people::teams::Team;
use people::users::{BaseRole, User};
use store::jobs::run_due;
use store::vault::{MasterKey, MasterKeys};
use store::{Cx, Site, Store, Who};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use web::{Assembly, Egress, Feature, Gate, Limits, PageRoute, Server, Settings};

use crate::browser::Browser;
use crate::client::Client;
use crate::database::Database;
use crate::world::{CountedEntropy, FakeClock};

/// What makes pages over the operations of a server.
pub type Pages = fn(Store, Arc<Assembly>, &Settings) -> Vec<PageRoute>;

/// How an [`App`] differs from the ordinary one.
#[derive(Default)]
pub struct Options {
    /// Rate limits; none unless given.
    pub limits: Option<Limits>,
    /// Who may come in; whoever has an API key unless given.
    pub gate: Option<Box<dyn Gate>>,
    /// Proxies that are trusted.
    pub trusted_proxies: Vec<String>,
    /// Makes the pages that it shows to people; none unless given.
    pub pages: Option<Pages>,
    /// Puts services into its world.
    pub outside: Option<Box<dyn FnOnce(World) -> World>>,
}

/// A running server, stopped when dropped.
pub struct App {
    /// Its clock, shared by all nodes.
    pub clock: FakeClock,
    /// Its data.
    pub store: Store,
    /// Its address.
    pub address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // Last, so that it goes when nobody uses it any more.
    database: Arc<Database>,
    nodes: u64,
}

impl App {
    /// Starts one with these features.
    pub fn start(features: fn() -> Vec<Feature>) -> Self {
        Self::with(features, Options::default())
    }

    /// Starts one that differs.
    pub fn with(features: fn() -> Vec<Feature>, options: Options) -> Self {
        Self::node(features, options, Arc::new(Database::fresh()), FakeClock::default(), 1)
    }

    /// Starts another node on the same database.
    pub fn another(&mut self, features: fn() -> Vec<Feature>, options: Options) -> Self {
        self.nodes += 1;
        Self::node(features, options, Arc::clone(&self.database), self.clock.clone(), self.nodes)
    }

    fn node(
        features: fn() -> Vec<Feature>,
        options: Options,
        database: Arc<Database>,
        clock: FakeClock,
        node: u64,
    ) -> Self {
        let settings = Settings {
            limits: options.limits,
            trusted_proxies: options.trusted_proxies.iter().map(|net| net.parse().expect("a network")).collect(),
            public_url: "https://wardroom.example".into(),
            // Jobs run when a test says so: nobody waits for them.
            patience: Duration::ZERO,
            ..Settings::default()
        };
        let assembly = Arc::new(web::assemble(features(), &settings).expect("features fit together"));
        // All nodes have the same.
        let master = MasterKey::new(&World::new(clock.clone(), CountedEntropy::new(0)));
        let world = World::new(clock.clone(), CountedEntropy::new(node)).with(MasterKeys::fixed(master));
        // The servers that tests talk to are on this machine.
        let world = world.with(Egress::allowing(["127.0.0.0/8".parse().expect("a network")]));
        let world = match options.outside {
            Some(outside) => outside(world),
            None => world,
        };
        let site = Site { organisation: "acme".into(), public_url: settings.public_url.clone() };
        let store = Store::open(&database.location, world, site, &assembly.parts, &mut |_, _, _| {}).expect("a store");
        let gate = options.gate.unwrap_or_else(|| Box::new(KeyGate::default()));
        let pages = options.pages.map(|pages| pages(store.clone(), Arc::clone(&assembly), &settings));
        let server = Server::new(store.clone(), gate, settings).with_pages(pages.unwrap_or_default());
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let serve = async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
            let until_stopped = async { drop(stopped.await) };
            server.serve(assembly.routes.clone(), listener, until_stopped).await.expect("serves");
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let thread = std::thread::spawn(move || runtime.block_on(serve));
        let address = told.recv_timeout(Duration::from_secs(10)).expect("the server listens");
        Self {
            clock,
            store,
            address: format!("http://{address}"),
            stop: Some(stop),
            thread: Some(thread),
            database,
            nodes: node,
        }
    }

    /// Does something on the database directly, as the operator may.
    pub fn write<T: Send + 'static>(&self, work: impl FnMut(&mut Cx<'_>) -> base::Result<T> + Send + 'static) -> T {
        self.store.write(Who::system(), work).wait().expect("the work succeeds")
    }

    /// Runs the jobs that are due, and those that they leave behind.
    pub fn run_jobs(&self) {
        while run_due(&self.store).expect("jobs can be claimed") > 0 {}
    }

    /// The first column, which is text, of the rows that `sql` answers.
    pub fn texts(&self, sql: &'static str) -> Vec<String> {
        self.write(move |cx| cx.rows(sql, &[])?.iter().map(|row| row.text(0).map(str::to_owned)).collect())
    }

    /// Adds a team.
    pub fn team(&self, name: &str) -> Id<Team> {
        let name = name.to_owned();
        self.write(move |cx| catalog::teams::add(cx, &name, &[]))
    }

    /// Adds somebody who responds to incidents; the address is the name at `acme.example`.
    pub fn user(&self, name: &str) -> Id<User> {
        let name = name.to_owned();
        let email = format!("{}@acme.example", name.to_lowercase().replace(' ', "."));
        self.write(move |cx| User::add(cx, &name, &email, BaseRole::Responder)).id
    }

    /// A client without a token.
    pub fn stranger(&self) -> Client {
        Client::new(&self.address, None)
    }

    /// A client with a key that has these account-level roles.
    pub fn client(&self, roles: &[&str]) -> Client {
        Client::new(&self.address, Some(&self.token(roles)))
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.address)
    }

    /// The token of a new key that has these account-level roles.
    pub fn token(&self, roles: &[&str]) -> String {
        self.token_with(Grant { roles: roles.iter().map(|role| (*role).to_owned()).collect(), ..Grant::default() })
    }

    fn token_with(&self, grant: Grant) -> String {
        self.write(move |cx| ApiKey::issue(cx, "Test", None, grant.clone())).1.reveal().to_owned()
    }

    /// A client with a key that has every role.
    pub fn admin(&self) -> Client {
        self.client(&ROLES.iter().map(|role| role.name).collect::<Vec<_>>())
    }

    /// A client with a key that is given this.
    pub fn client_with(&self, grant: Grant) -> Client {
        Client::new(&self.address, Some(&self.token_with(grant)))
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic in it has failed the test already
        }
    }
}
