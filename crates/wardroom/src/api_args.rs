//! Which API a command asks, and as whom: the same flags for every command that asks one.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use base::{Secret, World};
use clap::Args;
use connect::client::{BaseUrl, Client, Kind, Trouble};
use connect::connections;
use serde_json::Value as Json;
use web::Egress;

use crate::config::DataArgs;
use crate::open::{operator, store_for_command};

/// The variables that may hold the key, where no file does.
const KEY_VARIABLES: [&str; 2] = ["WARDROOM_API_KEY", "INCIDENT_API_KEY"];

/// What keeps a command from asking.
type Setup<T> = Result<T, Box<dyn std::error::Error>>;

/// The API to ask. Each may stand before or after a subcommand, so clap can't require it.
#[derive(Debug, Args)]
#[command(next_help_heading = "The API to ask")]
pub struct ApiArgs {
    /// Where the API is: https://incidents.example.com
    #[arg(long, env = "WARDROOM_URL", global = true)]
    url: Option<BaseUrl>,
    /// A file that holds the API key; without one, WARDROOM_API_KEY holds it, or INCIDENT_API_KEY
    #[arg(long, env = "WARDROOM_API_KEY_FILE", value_name = "FILE", global = true)]
    api_key_file: Option<PathBuf>,
    /// A connection of the hub, in place of the address and the key: its name
    #[arg(long, value_name = "NAME", global = true)]
    connection: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// The same for the commands that also take the key itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "The API to ask")]
pub struct ApiAndKeyArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// The API key itself, which others on this machine can see then: better in WARDROOM_API_KEY
    #[arg(long, global = true)]
    api_key: Option<String>,
}

impl ApiArgs {
    /// The API, for up to `at_once` requests at the same time.
    pub fn client(&self, at_once: usize) -> Setup<Client> {
        self.client_with(None, at_once)
    }

    fn client_with(&self, key: Option<&str>, at_once: usize) -> Setup<Client> {
        if let Some(name) = self.connection.clone() {
            let store = store_for_command(&self.data)?;
            let found = store.read(operator(), move |cx| connections::named(cx, "--connection", &name)).wait()?;
            return Ok(connections::client_of(&store, &found)?);
        }
        let url = self.url.clone().ok_or("which server? Say so with --url, in WARDROOM_URL, or with --connection")?;
        let key = key.map_or_else(|| self.key(), |key| Ok(key.trim().into()))?;
        Ok(Client::new(url, key, World::system(), &Egress::everywhere(), at_once))
    }

    fn key(&self) -> Setup<Secret> {
        if let Some(path) = &self.api_key_file {
            return key_in(path);
        }
        key_in_environment()
            .ok_or_else(|| "an API key is needed: in WARDROOM_API_KEY, or in a file that --api-key-file names".into())
    }
}

/// The key that a file holds; `-` is standard input.
pub fn key_in(file: &Path) -> Setup<Secret> {
    let text = match file.as_os_str() == "-" {
        true => io::read_to_string(io::stdin())?,
        false => fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?,
    };
    Ok(text.trim().into())
}

/// The key that the environment holds, if it does.
pub fn key_in_environment() -> Option<Secret> {
    let key = KEY_VARIABLES.iter().find_map(|name| env::var(name).ok().filter(|key| !key.trim().is_empty()))?;
    Some(key.trim().into())
}

/// What the flag called `flag` gives: JSON, the JSON in @FILE, or that of standard input for -.
pub fn json_given(flag: &str, given: &str) -> Setup<Json> {
    let text = match given.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).map_err(|error| format!("{flag} {given}: {error}"))?,
        None if given == "-" => io::read_to_string(io::stdin())?,
        None => given.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| format!("{flag} is not JSON: {error}").into())
}

impl ApiAndKeyArgs {
    /// The API, for up to `at_once` requests at the same time.
    pub fn client(&self, at_once: usize) -> Setup<Client> {
        self.api.client_with(self.api_key.as_deref(), at_once)
    }
}

/// What trouble means to whoever wanted to `do_this`: "view schedules".
pub fn explained(trouble: Trouble, do_this: &str) -> String {
    match (trouble.kind, trouble.status) {
        (Kind::NoAnswer, None) => format!("the server can't be reached: {trouble}"),
        (Kind::InvalidKey, _) => {
            "the server does not accept this API key; `wardroom keys create --name me --role viewer` makes one".into()
        }
        (Kind::MissingScope, _) => format!("this API key may not {do_this}: {trouble}"),
        // Not the server's words.
        (_, None) => trouble.message,
        _ => format!("the server refused: {trouble}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_to_people() {
        let told = |kind, status, message: &str| {
            explained(Trouble { status, ..Trouble::new(kind, message) }, "view schedules")
        };
        assert_eq!(told(Kind::NoAnswer, None, "http://x: refused"), "the server can't be reached: http://x: refused");
        assert!(told(Kind::InvalidKey, Some(401), "x").contains("does not accept this API key"));
        let forbidden = told(Kind::MissingScope, Some(403), "no right");
        assert_eq!(forbidden, "this API key may not view schedules: no right");
        assert_eq!(told(Kind::Failing, Some(500), "oh"), "the server refused: oh");
        assert_eq!(told(Kind::NotFound, None, "there is no schedule \"x\""), "there is no schedule \"x\"");
    }
}
