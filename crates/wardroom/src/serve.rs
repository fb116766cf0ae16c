//! `wardroom serve`.

use std::future::Future;
use std::io::Write;

use base::World;
use clap::Args;
use people::KeyGate;
use store::{Runner, Site, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use web::{Server, Settings};

use crate::Outcome;
use crate::config::{Config, DataArgs, ServerArgs};
use crate::{bootstrap, logging, open};

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
            let world = World::system();
            let listening = listen(&config, world.clone(), |store| {
                open::ensure_master_key(&config.secret_key_file, &world)?;
                bootstrap::first_key(store, &config)
            });
            let (address, serving) = listening.await?;
            tracing::info!(%address, database = config.database.describe(), "listening");
            writeln!(std::io::stdout(), "listening on {address}")?;
            serving.await
        })
    }
}

/// The runtime that requests are answered on.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Binds the address, opens the database, lets `prepare` put something in, and answers with the
/// server's own address and what serves until it is told to stop.
pub async fn listen(
    config: &Config,
    world: World,
    prepare: impl FnOnce(&Store) -> Outcome,
) -> Result<(String, impl Future<Output = Outcome>), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(config.listen).await.map_err(|error| format!("{}: {error}", config.listen))?;
    let address = format!("http://{}", listener.local_addr()?);
    let settings = Settings {
        limits: config.limits.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        outgoing: config.outgoing.clone(),
        public_url: config.public_url.clone().unwrap_or_else(|| address.clone()),
    };
    let assembly = crate::assembly(&settings)?;
    let site = Site { organisation: config.organisation.clone(), public_url: settings.public_url.clone() };
    let store = tokio::task::block_in_place(|| {
        let store = open::store(config, world, site, &assembly.parts)?;
        prepare(&store)?;
        Ok::<_, Box<dyn std::error::Error>>(store)
    })?;
    let jobs = tokio::task::block_in_place(|| Runner::start(&store))?;
    let server = Server::new(store, KeyGate::default(), settings);
    let stop = told_to_stop()?;
    let serving = async move {
        server.serve(assembly.routes, listener, stop).await?;
        tracing::info!("stopped");
        tokio::task::block_in_place(|| drop(jobs));
        Ok(())
    };
    Ok((address, serving))
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
