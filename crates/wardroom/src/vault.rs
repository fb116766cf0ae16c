//! `wardroom vault`: the keys that secrets are sealed under.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;
use store::vault::{self, MasterKey, Status, read_master_keys};
use store::{Cx, Store};

use crate::config::{Config, DataArgs, ServerArgs};
use crate::open::{operator, progress_bar, store_for_command};
use crate::{Outcome, key_file};

/// Say how the vault stands, and change its keys.
#[derive(Debug, Args)]
pub struct Vault {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say how many secrets there are, and which keys they are sealed with
    Status {
        /// Say it as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Seal every secret anew under a new data key; servers go on working
    Rotate {
        /// Make a new master key too, and remove those before it from the file
        #[arg(long)]
        master: bool,
        #[command(flatten)]
        data: DataArgs,
    },
}

impl Vault {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Status { json, data } => print_status(*json, data),
            Command::Rotate { master, data } => rotate_keys(*master, data),
        }
    }
}

fn rotate_keys(with_master: bool, data: &DataArgs) -> Outcome {
    let store = store_for_command(data)?;
    let file = Config::load(data, &ServerArgs::default())?.secret_key_file;
    key_file::unlock(&file, &store)?;
    let status = if with_master { rotate_master(&store, &file)? } else { rotate(&store)? };
    eprintln!("Secrets sealed anew: {}.", status.secrets);
    Ok(())
}

fn print_status(as_json: bool, data: &DataArgs) -> Outcome {
    let Status { secrets, key } = status(&store_for_command(data)?)?;
    if as_json {
        let key = key.map(|key| json!({"id": key.id, "since": key.since, "master_key": key.master}));
        println!("{}", json!({"secrets": secrets, "data_key": key}));
        return Ok(());
    }
    println!("secrets     {secrets}");
    match key {
        Some(key) => println!("data key    {} since {}\nmaster key  {}", key.id, key.since, key.master),
        None => println!("data key    none yet"),
    }
    Ok(())
}

fn status(store: &Store) -> base::Result<Status> {
    store.read(operator(), |cx| vault::status(cx)).wait()
}

/// Seals every secret anew, under a data key that the first master key wraps.
fn rotate(store: &Store) -> base::Result<Status> {
    let bar = progress_bar(usize::try_from(status(store)?.secrets).unwrap_or_default()).with_message("sealing anew");
    let told = bar.clone();
    let rotate = move |cx: &mut Cx<'_>| {
        vault::rotate(cx, &mut |done| told.set_position(done as u64))?;
        vault::status(cx)
    };
    let status = store.write(operator(), rotate).wait();
    bar.finish_and_clear();
    status
}

/// The same with a new master key. The file has both until nothing needs the one before, so that it goes
/// on, or can be begun again, wherever it breaks off.
fn rotate_master(store: &Store, file: &Path) -> Result<Status, Box<dyn std::error::Error>> {
    let _alone = key_file::lock(file)?;
    let mut keys = read_master_keys(file)?;
    keys.insert(0, MasterKey::new(store.world()));
    key_file::replace(file, &keys)?;
    let status = rotate(store)?;
    let needed = status.key.as_ref().map(|key| key.master.as_str());
    keys.retain(|key| Some(key.fingerprint()) == needed);
    key_file::replace(file, &keys)?;
    Ok(status)
}
