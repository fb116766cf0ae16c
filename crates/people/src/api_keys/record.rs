//! What is stored of an API key.

use std::fmt;
use std::str::FromStr;

use base::{Access, Actor, Id, Result, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Cx, Record, Stored, Tx, values};

use super::rules;
use crate::roles::scopes_of;
use crate::teams::Team;

/// A token: `inc_` and 64 hexadecimal digits. Whoever has it is let in, so it is shown once and
/// never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    const PREFIX: &'static str = "inc_";
    const DIGITS: usize = 64;

    /// A token nobody can guess.
    pub fn new(cx: &Cx<'_>) -> Self {
        let digits = hex::encode(cx.world().secret::<32>());
        Self(format!("{}{digits}", Self::PREFIX))
    }

    /// The token itself, for the one time it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl FromStr for Token {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(Self::PREFIX).unwrap_or_default();
        let sound =
            digits.len() == Self::DIGITS && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        sound.then(|| Self(text.into())).ok_or("a token is inc_ and 64 hexadecimal digits in lower case")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The hash of a token. Tokens are 256 random bits, so one round of SHA-256 is enough.
pub(crate) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// A token as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptToken {
    /// Its hash.
    pub hash: String,
    /// When it stops working, once it has been rotated out.
    #[serde(default)]
    pub expires_at: Option<Time>,
}

/// What a key is given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grant {
    /// The names of its account-level roles.
    pub roles: Vec<String>,
    /// The teams its team-level roles apply to.
    pub team_ids: Vec<Id<Team>>,
    /// The names of its team-level roles.
    pub team_roles: Vec<String>,
}

impl Grant {
    /// What a key with these roles may do.
    pub fn access(&self) -> Access {
        Access {
            account: scopes_of(self.roles.iter().map(String::as_str)),
            team: scopes_of(self.team_roles.iter().map(String::as_str)),
            teams: self.team_ids.iter().map(|id| id.cast()).collect(),
            ..Access::default()
        }
    }
}

/// An API key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKey {
    /// Which one.
    pub id: Id<ApiKey>,
    /// What it is called.
    pub name: String,
    /// Notes about it.
    #[serde(default)]
    pub comments: Option<String>,
    /// What it is given.
    pub grant: Grant,
    /// Its tokens: the current one, and those rotated out that still work.
    pub tokens: Vec<KeptToken>,
    /// Who made it.
    pub creator: Actor,
    /// When it was made.
    pub created_at: Time,
    /// When its current token was made.
    pub token_last_issued_at: Time,
}

impl Record for ApiKey {
    const TABLE: &'static str = "api_keys";
    const KIND: &'static str = "api_key";
    const EPOCH: Option<&'static str> = Some("api_keys");

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

impl ApiKey {
    /// Makes a key with a new token.
    pub fn issue(cx: &mut Cx<'_>, name: &str, comments: Option<String>, grant: Grant) -> Result<(Self, Token)> {
        let token = Token::new(cx);
        Self::issue_with(cx, name, comments, grant, &token).map(|key| (key, token))
    }

    /// Makes a key for a caller who holds all that it is given, if there is room for one more.
    pub fn give(cx: &mut Cx<'_>, name: &str, comments: Option<String>, grant: Grant) -> Result<(Self, Token)> {
        rules::check_grant(cx, &grant)?;
        rules::check_room(cx)?;
        Self::issue(cx, name, comments, grant)
    }

    /// Makes a key whose token is already known to whoever will use it.
    pub fn issue_with(
        cx: &mut Cx<'_>,
        name: &str,
        comments: Option<String>,
        grant: Grant,
        token: &Token,
    ) -> Result<Self> {
        let key = Self {
            id: cx.new_id(),
            name: name.into(),
            comments,
            grant,
            tokens: vec![KeptToken { hash: token.hash(), expires_at: None }],
            creator: cx.actor().clone(),
            created_at: cx.now(),
            token_last_issued_at: cx.now(),
        };
        cx.insert(&key)?;
        link_teams(cx, &key)?;
        Ok(key)
    }

    /// Stores what has changed about the key.
    pub fn change(cx: &mut Cx<'_>, key: &mut Stored<Self>) -> Result<()> {
        cx.save(key)?;
        cx.run("delete from api_key_teams where api_key_id = $1", &values![key.id])?;
        link_teams(cx, key)
    }

    /// Gives the key a new token; the present one works on until `until`.
    pub fn rotate(cx: &mut Cx<'_>, key: &mut Stored<Self>, until: Time) -> Result<Token> {
        let (token, now) = (Token::new(cx), cx.now());
        for kept in &mut key.tokens {
            kept.expires_at = Some(kept.expires_at.map_or(until, |earlier| earlier.min(until)));
        }
        key.tokens.retain(|kept| kept.expires_at.is_some_and(|end| end > now));
        key.tokens.push(KeptToken { hash: token.hash(), expires_at: None });
        key.token_last_issued_at = now;
        cx.save_as("rotated", key)?;
        Ok(token)
    }
}

/// Writes down which teams the key belongs to, for lists.
fn link_teams(cx: &mut Cx<'_>, key: &ApiKey) -> Result<()> {
    for team in &key.grant.team_ids {
        cx.run("insert into api_key_teams (api_key_id, team_id) values ($1, $2)", &values![key.id, *team])?;
    }
    Ok(())
}

/// Notes that the key was used at `moment`.
pub fn note_use(tx: &mut Tx<'_>, key: Id<ApiKey>, moment: Time) -> Result<()> {
    // Selected from the keys, so that one which has just been deleted is passed over.
    let sql = "insert into api_key_uses (api_key_id, last_used_at) select id, $2 from api_keys where id = $1 \
               on conflict (api_key_id) do update set last_used_at = excluded.last_used_at \
               where api_key_uses.last_used_at < excluded.last_used_at";
    tx.run(sql, &values![key, moment]).map(drop)
}

/// When the key was last used, to the minute.
pub(crate) fn last_used_at(tx: &mut Tx<'_>, key: Id<ApiKey>) -> Result<Option<Time>> {
    let row = tx.row("select last_used_at from api_key_uses where api_key_id = $1", &values![key])?;
    row.map(|row| row.get(0)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_form_and_never_prints() {
        let text = format!("inc_{}", "0123456789abcdef".repeat(4));
        let token: Token = text.parse().unwrap();
        assert_eq!(token.reveal(), text);
        assert!(!format!("{token:?}").contains("0123"));
        assert_eq!(token.hash().len(), 64);
        for bad in ["", "inc_", &text[..67], &text.to_uppercase(), &format!("{text}0"), &text.replace("inc_", "key_")] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }
}
