//! What a connection is made of, before it is known whether that will do. Nothing of it is kept when it won't.

use base::{AnyId, Error, Id, Problem, Problems, Result, Secret};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::vault::Sealed;
use store::{Condition, Cx};

use super::record::{Connection, State};
use crate::client::{BaseUrl, Kind, Trouble};
use crate::connector::Connector;
use crate::own::OwnServer;

/// Where the API is unless it is said.
const HOSTED: &str = "https://api.incident.io";

/// Where the API is, and with which key it is asked.
#[derive(Clone, Debug)]
pub enum Target {
    /// At another host; at the hosted one where none is named.
    Host {
        /// Its address.
        base_url: Option<String>,
        /// The key to it.
        key: Secret,
    },
    /// This very server: it makes a key for itself.
    ThisServer,
}

/// What somebody wants to connect.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// What it is to be called.
    pub name: String,
    /// What there is to say about it.
    pub description: String,
    /// Where it leads; `None` for a connection that is there and leads where it does.
    pub target: Option<Target>,
    /// The connection that it replaces, if there is one.
    pub replaces: Option<Id<Connection>>,
}

/// The same, with its key in the vault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    name: String,
    description: String,
    pub(super) base_url: Option<String>,
    pub(super) secret: Id<Sealed>,
    own_key: Option<AnyId>,
    replaces: Option<Id<Connection>>,
    /// The key that the connection had which it replaces.
    #[serde(default)]
    before: Option<Id<Sealed>>,
}

/// The longest name of a connection, in characters.
const LONGEST_NAME: usize = 100;

impl Draft {
    /// A draft of `new`, if it can be at all: nothing is asked yet.
    pub fn new(cx: &mut Cx<'_>, connector: &dyn Connector, new: &NewConnection) -> Result<Self> {
        let mut problems = Problems::new();
        problems.check(!new.name.trim().is_empty(), "name", "must not be blank");
        problems.check(new.name.chars().count() <= LONGEST_NAME, "name", "has 100 characters at most");
        problems.check(!is_taken(cx, new.name.trim(), new.replaces)?, "name", "another connection is called so");
        let before = match new.replaces {
            Some(id) => Some(cx.get(id)?),
            None => None,
        };
        let place = problems.keep(place(cx, connector, new, before.as_deref()))?;
        problems.finish()?;
        let (base_url, secret, own_key) = place.ok_or_else(Error::not_found)?;
        Ok(Self {
            name: new.name.trim().into(),
            description: new.description.clone(),
            base_url,
            secret,
            own_key,
            replaces: new.replaces,
            before: before.map(|before| before.secret),
        })
    }

    /// Makes it a connection, now that it is known to work; or says what has come between.
    pub(crate) fn keep(&self, cx: &mut Cx<'_>, product: &str, config: Json) -> Result<Result<Id<Connection>, Trouble>> {
        if is_taken(cx, &self.name, self.replaces)? {
            return Ok(Err(Trouble::new(Kind::NotSent, "another connection has been called so meanwhile")));
        }
        let Some(replaces) = self.replaces else { return self.insert(cx, product, config).map(Ok) };
        let Some(mut connection) = cx.find::<Connection>(replaces)? else {
            return Ok(Err(Trouble::new(Kind::NotSent, "the connection is gone")));
        };
        if Some(connection.secret) != self.before {
            return Ok(Err(Trouble::new(Kind::NotSent, "somebody else has changed the connection meanwhile")));
        }
        if self.has_new_key() {
            drop_key(cx, connection.secret, connection.own_key)?;
        }
        let now = cx.now();
        connection.name.clone_from(&self.name);
        connection.description.clone_from(&self.description);
        connection.base_url.clone_from(&self.base_url);
        (connection.secret, connection.own_key) = (self.secret, self.own_key);
        connection.config = config;
        (connection.state, connection.last_error) = (State::Connected, None);
        (connection.last_tested_at, connection.updated_at) = (now, now);
        cx.save(&mut connection)?;
        Ok(Ok(connection.id))
    }

    fn insert(&self, cx: &mut Cx<'_>, product: &str, config: Json) -> Result<Id<Connection>> {
        let now = cx.now();
        let connection = Connection {
            id: cx.new_id(),
            product: product.into(),
            name: self.name.clone(),
            description: self.description.clone(),
            base_url: self.base_url.clone(),
            secret: self.secret,
            own_key: self.own_key,
            config,
            state: State::Connected,
            last_error: None,
            last_tested_at: now,
            creator: cx.actor().clone(),
            created_at: now,
            updated_at: now,
        };
        cx.insert(&connection)?;
        Ok(connection.id)
    }

    /// Forgets it, since it won't do.
    pub(crate) fn discard(&self, cx: &mut Cx<'_>) -> Result<()> {
        if self.has_new_key() { drop_key(cx, self.secret, self.own_key) } else { Ok(()) }
    }

    fn has_new_key(&self) -> bool {
        self.before != Some(self.secret)
    }
}

/// Whether another connection than the one that is replaced is called so.
fn is_taken(cx: &mut Cx<'_>, name: &str, replaces: Option<Id<Connection>>) -> Result<bool> {
    let same = cx.list::<Connection>(Condition::equal("name", name), "id")?;
    Ok(same.iter().any(|other| Some(other.id) != replaces))
}

/// Forgets a key; one of this server's own stops working.
pub(super) fn drop_key(cx: &mut Cx<'_>, secret: Id<Sealed>, own_key: Option<AnyId>) -> Result<()> {
    cx.forget(secret)?;
    if let (Some(key), Some(own)) = (own_key, cx.world().service::<OwnServer>().cloned()) {
        (own.revoke)(cx, key)?;
    }
    Ok(())
}

type Place = (Option<String>, Id<Sealed>, Option<AnyId>);

/// Where it leads, and its key in the vault.
fn place(
    cx: &mut Cx<'_>,
    connector: &dyn Connector,
    new: &NewConnection,
    before: Option<&Connection>,
) -> Result<Place> {
    match (&new.target, before) {
        (None, Some(before)) => Ok((before.base_url.clone(), before.secret, before.own_key)),
        (None, None) => Err(Error::required("api_key")),
        (Some(Target::Host { base_url, key }), _) => {
            let base: BaseUrl = (base_url.as_deref().unwrap_or(HOSTED).parse())
                .map_err(|problem| Error::invalid("base_url", problem))?;
            check_key(key)?;
            let secret = cx.seal(&Secret::from(key.reveal().trim()))?;
            Ok((Some(base.to_string()), secret, None))
        }
        (Some(Target::ThisServer), _) => {
            let own = cx.world().service::<OwnServer>().cloned();
            let own = own.ok_or_else(|| Error::invalid("this_server", "there is no server here to connect to"))?;
            let product = connector.product();
            let name = format!("{} ({})", new.name.trim(), product.name);
            let (key, token) = (own.issue)(cx, &name, product.roles)?;
            Ok((None, cx.seal(&token)?, Some(key)))
        }
    }
}

/// Refuses what can't be a key, before anybody is asked.
fn check_key(key: &Secret) -> Result<()> {
    let key = key.reveal().trim();
    let problem = |message| Err(Error::of_problems(vec![Problem::new("is_required", message).at("api_key")]));
    if key.is_empty() {
        return problem("api_key is null: no valid API key available");
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("api_key", "an API key has letters, digits and signs only, without spaces"));
    }
    Ok(())
}
