//! Opening the database, as every command does it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base::World;
use connect::connections::Paces;
use connect::nexla::engine::Directory;
use indicatif::{ProgressBar, ProgressStyle};
use store::vault::MasterKeys;
use store::{Location, Part, Site, Store};
use web::Egress;

use crate::config::{Config, DataArgs, ServerArgs};
use crate::own;

/// A bar for a person who waits, on standard error; nothing where that is no terminal.
pub fn progress_bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<28} {wide_bar} {pos}/{len}").expect("the template is sound");
    ProgressBar::new(length as u64).with_style(style)
}

/// Opens the database that `config` names. The master keys come along, and are read when they are needed; so do the
/// addresses that the hub may reach, and the place of its files.
pub fn store(config: &Config, world: World, site: Site, parts: &[Part]) -> Result<Store, Box<dyn std::error::Error>> {
    make_private_directory(&config.data_dir)?;
    let world = world
        .with(MasterKeys::at(&config.secret_key_file))
        .with(Egress::allowing(config.private_addresses.iter().copied()))
        .with(Paces::default())
        .with(Directory(config.data_dir.join("hub")));
    open(&config.database, world, site, parts)
}

fn open(location: &Location, world: World, site: Site, parts: &[Part]) -> Result<Store, Box<dyn std::error::Error>> {
    let mut bar = None;
    let mut progress = |done: usize, of: usize, name: &str| {
        let bar = bar.get_or_insert_with(|| progress_bar(of));
        bar.set_message(format!("migrating: {name}"));
        bar.set_position(done as u64);
    };
    let store = Store::open(location, world, site, parts, &mut progress)
        .map_err(|error| format!("{} can't be opened: {error}", location.describe()))?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(store)
}

/// The store as the commands beside `serve` use it, while a server runs or not.
pub fn store_for_command(data: &DataArgs) -> Result<Store, Box<dyn std::error::Error>> {
    let config = Config::load(data, &ServerArgs::default())?;
    let site =
        Site { organisation: config.organisation.clone(), public_url: config.public_url.clone().unwrap_or_default() };
    let parts = crate::assembly(&web::Settings::default())?.parts;
    store(&config, World::system().with(own::server(config.listen)), site, &parts)
}

/// On whose behalf a command acts.
pub fn operator() -> store::Who {
    let mut who = store::Who::system();
    who.origin.location = "command line".into();
    who.origin.user_agent = concat!("wardroom/", env!("CARGO_PKG_VERSION")).into();
    who
}

fn make_private_directory(path: &Path) -> std::io::Result<()> {
    if !path.exists() {
        fs::create_dir_all(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
