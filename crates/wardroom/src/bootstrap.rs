//! The first API key.

use std::fs;
use std::path::Path;

use base::Result;
use people::api_keys::{ApiKey, Grant, Token};
use people::roles::ROLES;
use store::{Condition, Cx, Store};

use crate::Outcome;
use crate::config::Config;
use crate::open::operator;

/// Where there is no key yet, makes one with the token that a file brings along, or says how to make
/// one.
pub fn first_key(store: &Store, config: &Config) -> Outcome {
    let token = config.bootstrap_token_file.as_deref().map(read_token).transpose()?;
    let lacks_key = store
        .write(operator(), move |cx| {
            if has_keys(cx)? {
                return Ok(false);
            }
            if let Some(token) = &token {
                ApiKey::issue_with(cx, "Bootstrap", None, every_role(), token)?;
            }
            Ok(token.is_none())
        })
        .wait()?;
    if lacks_key {
        tracing::warn!(
            "there is no API key yet: make one with `wardroom keys create --name admin --role manage_settings …`, \
             or start with WARDROOM_BOOTSTRAP_TOKEN_FILE"
        );
    }
    Ok(())
}

/// Whether there are keys, decided by one node at a time.
fn has_keys(cx: &mut Cx<'_>) -> Result<bool> {
    cx.locked_row("select n from counters where name = $1", &store::values!["organisation"])?;
    cx.any::<ApiKey>(Condition::everything())
}

/// Every role there is.
pub fn every_role() -> Grant {
    Grant { roles: ROLES.iter().map(|role| role.name.to_owned()).collect(), ..Grant::default() }
}

fn read_token(path: &Path) -> Result<Token, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.trim().parse().map_err(|problem| format!("{}: {problem}", path.display()))
}
