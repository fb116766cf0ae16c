//! What can be configured: a flag wins over an environment variable, that over the file, and that
//! over the default.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use oncall::sync::Mirror;
use serde::Deserialize;
use store::Location;
use web::Limits;

/// Where the data is: the same for every command.
#[derive(Clone, Debug, Default, Args)]
pub struct DataArgs {
    /// Where the database and the master key are kept [default: ./wardroom-data]
    #[arg(long, env = "WARDROOM_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The database: postgres://… [default: a SQLite file in the data directory]
    #[arg(long, env = "WARDROOM_DATABASE_URL", hide_env_values = true)]
    pub database: Option<String>,
    /// The file with the master key; the server makes it when absent [default: secret.key in the data directory]
    #[arg(long, env = "WARDROOM_SECRET_KEY_FILE")]
    pub secret_key_file: Option<PathBuf>,
    /// Private addresses that connections of the hub may lead to: 10.0.0.0/8,127.0.0.1/32 [default: none]
    #[arg(long, env = "WARDROOM_PRIVATE_ADDRESSES", value_delimiter = ',', value_name = "NETWORK")]
    pub private_addresses: Vec<ipnet::IpNet>,
    /// A TOML file with any of these settings
    #[arg(long, env = "WARDROOM_CONFIG")]
    pub config: Option<PathBuf>,
}

/// How the server behaves.
#[derive(Clone, Debug, Default, Args)]
pub struct ServerArgs {
    /// The address to listen on [default: 127.0.0.1:7010]
    #[arg(long, env = "WARDROOM_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Where people and clients find this server [default: the address it listens on]
    #[arg(long, env = "WARDROOM_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// The organisation's short name, as it stands in addresses [default: wardroom]
    #[arg(long, env = "WARDROOM_ORGANISATION")]
    pub organisation: Option<String>,
    /// A file with the token of the first API key; ignored when there are keys
    #[arg(long, env = "WARDROOM_BOOTSTRAP_TOKEN_FILE")]
    pub bootstrap_token_file: Option<PathBuf>,
    /// Whom to tell who is on call: file:DIRECTORY, or https://…
    #[arg(long, env = "WARDROOM_MIRROR", hide_env_values = true)]
    pub mirror: Option<String>,
    /// Whether requests are limited [default: on]
    #[arg(long, env = "WARDROOM_RATE_LIMIT")]
    pub rate_limit: Option<Switch>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    data_dir: Option<PathBuf>,
    database: Option<String>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    organisation: Option<String>,
    secret_key_file: Option<PathBuf>,
    bootstrap_token_file: Option<PathBuf>,
    mirror: Option<String>,
    rate_limit: Option<Switch>,
    rate_limits: RateLimits,
    trusted_proxies: Vec<ipnet::IpNet>,
    outgoing_addresses: Vec<ipnet::IpNet>,
    private_addresses: Vec<ipnet::IpNet>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RateLimits {
    per_key: Option<u64>,
    operations: HashMap<String, u64>,
}

/// Everything, decided.
#[derive(Debug)]
pub struct Config {
    /// Where the master key is kept, and the database unless it is elsewhere.
    pub data_dir: PathBuf,
    /// Where the database is.
    pub database: Location,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Where people and clients find this server, if that was said.
    pub public_url: Option<String>,
    /// The organisation's short name.
    pub organisation: String,
    /// The file with the master keys.
    pub secret_key_file: PathBuf,
    /// The file with the first key's token.
    pub bootstrap_token_file: Option<PathBuf>,
    /// Whom to tell who is on call, if anybody.
    pub mirror: Option<Mirror>,
    /// The rate limits; `None` for none.
    pub limits: Option<Limits>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The addresses that this server's own requests come from.
    pub outgoing: Vec<ipnet::IpNet>,
    /// Private addresses that connections of the hub may lead to.
    pub private_addresses: Vec<ipnet::IpNet>,
}

impl Config {
    /// Decides every setting.
    pub fn load(data: &DataArgs, server: &ServerArgs) -> Result<Self, Box<dyn std::error::Error>> {
        let file = data.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let data_dir = data.data_dir.clone().or(file.data_dir).unwrap_or_else(|| "wardroom-data".into());
        let database = match data.database.clone().or(file.database) {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => Location::Postgres(url),
            Some(_) => return Err("the database is a postgres:// URL, or a SQLite file in the data directory".into()),
            None => Location::Sqlite(data_dir.join("wardroom.db")),
        };
        let limits = match server.rate_limit.or(file.rate_limit).unwrap_or(Switch::On) {
            Switch::Off => None,
            Switch::On => Some(Limits {
                per_key: file.rate_limits.per_key.unwrap_or(Limits::default().per_key),
                operations: file.rate_limits.operations,
            }),
        };
        let organisation = server.organisation.clone().or(file.organisation).unwrap_or_else(|| "wardroom".into());
        let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if organisation.is_empty() || !organisation.chars().all(is_slug) {
            return Err("the organisation's short name has lower-case letters, digits and hyphens only".into());
        }
        let mirror = server.mirror.clone().or(file.mirror).map(|place| Mirror::at(&place)).transpose()?;
        let public_url = server.public_url.clone().or(file.public_url);
        Ok(Self {
            database,
            listen: server.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7010))),
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            organisation,
            secret_key_file: (data.secret_key_file.clone().or(file.secret_key_file))
                .unwrap_or_else(|| data_dir.join("secret.key")),
            bootstrap_token_file: server.bootstrap_token_file.clone().or(file.bootstrap_token_file),
            mirror,
            limits,
            trusted_proxies: file.trusted_proxies,
            outgoing: file.outgoing_addresses,
            private_addresses: if data.private_addresses.is_empty() {
                file.private_addresses
            } else {
                data.private_addresses.clone()
            },
            data_dir,
        })
    }
}

fn read(path: &Path) -> Result<File, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    // The message quotes the line, which may hold a password: only the place is told.
    toml::from_str(&text).map_err(|error| format!("{}: {}", path.display(), error.message()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str, data: DataArgs, server: &ServerArgs) -> Config {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("wardroom.toml");
        fs::write(&path, toml).unwrap();
        Config::load(&DataArgs { config: Some(path), ..data }, server).unwrap()
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let toml = "listen = '127.0.0.1:1'\ndata_dir = '/srv/a'\nrate_limit = 'off'\ntrusted_proxies = ['10.0.0.0/8']";
        let config = load(toml, DataArgs::default(), &ServerArgs::default());
        assert_eq!(config.listen.port(), 1);
        assert!(config.limits.is_none());
        assert_eq!(config.secret_key_file, Path::new("/srv/a/secret.key"));

        let server =
            ServerArgs { rate_limit: Some(Switch::On), listen: "127.0.0.1:2".parse().ok(), ..ServerArgs::default() };
        let config = load(toml, DataArgs { data_dir: Some("/srv/b".into()), ..DataArgs::default() }, &server);
        assert_eq!((config.listen.port(), config.data_dir.as_path()), (2, Path::new("/srv/b")));
        assert_eq!(config.limits.map(|limits| limits.per_key), Some(1_200));
    }

    #[test]
    fn limits_can_be_set_by_operation() {
        let toml = "[rate_limits]\nper_key = 6000\noperations = { 'Incidents V2#List' = 600 }";
        let limits = load(toml, DataArgs::default(), &ServerArgs::default()).limits.unwrap();
        assert_eq!((limits.per_key, limits.operations["Incidents V2#List"]), (6_000, 600));
    }
}
