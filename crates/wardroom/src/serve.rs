//! `wardroom serve`.

use std::future::Future;
use std::io::Write;
use std::sync::Arc;

use base::World;
use clap::Args;
use dashboard::Desk;
use people::KeyGate;
use store::{Runner, Site, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use web::{Assembly, Server, Settings};

use crate::Outcome;
use crate::config::{Config, DataArgs, ServerArgs};
use crate::{bootstrap, key_file, logging, open, own};

/// Serve the API until told to stop.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl Serve {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        logging::start("info");
        let config = Config::load(&self.data, &self.server)?;
        runtime()?.block_on(async {
            let node = Node::open(&config, World::system()).await?;
            tokio::task::block_in_place(|| bootstrap::first_key(&node.store, &config))?;
            tracing::info!(address = node.address, database = config.database.describe(), "listening");
            writeln!(std::io::stdout(), "listening on {}", node.address)?;
            node.serve().await
        })
    }
}

/// The runtime that requests are answered on.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// One server, ready to serve.
pub struct Node {
    /// Where it listens.
    pub address: String,
    /// Its data.
    pub store: Store,
    assembly: Arc<Assembly>,
    settings: Settings,
    listener: TcpListener,
}

impl Node {
    /// Binds the address and opens the database.
    pub async fn open(config: &Config, world: World) -> Result<Self, Box<dyn std::error::Error>> {
        let world = match &config.mirror {
            Some(mirror) => world.with(mirror.clone()),
            None => world,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(|error| format!("{}: {error}", config.listen))?;
        let address = format!("http://{}", listener.local_addr()?);
        let world = world.with(own::server(listener.local_addr()?));
        let settings = Settings {
            limits: config.limits.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            outgoing: config.outgoing.clone(),
            public_url: config.public_url.clone().unwrap_or_else(|| address.clone()),
            ..Settings::default()
        };
        let assembly = Arc::new(crate::assembly(&settings)?);
        let site = Site { organisation: config.organisation.clone(), public_url: settings.public_url.clone() };
        let store = tokio::task::block_in_place(|| {
            let store = open::store(config, world, site, &assembly.parts)?;
            key_file::unlock(&config.secret_key_file, &store)?;
            Ok::<_, Box<dyn std::error::Error>>(store)
        })?;
        Ok(Self { address, store, assembly, settings, listener })
    }

    /// Serves until the process is told to stop.
    pub async fn serve(self) -> Outcome {
        let jobs = tokio::task::block_in_place(|| Runner::start(&self.store))?;
        let desk = Desk::new(self.store.clone(), Arc::clone(&self.assembly), &self.settings);
        let server = Server::new(self.store, Box::new(KeyGate::default()), self.settings);
        let server = server.with_pages(dashboard::pages(desk));
        server.serve(self.assembly.routes.clone(), self.listener, told_to_stop()?).await?;
        tracing::info!("stopped");
        tokio::task::block_in_place(|| drop(jobs));
        Ok(())
    }
}

/// Resolves when the process is told to stop: SIGTERM, or Ctrl-C.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}
