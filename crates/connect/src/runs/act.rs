//! Having a connection do something, and what follows from that for the connection.

use base::{Error, Id, Result, Time};
use serde_json::{Map, Value as Json, json};
use store::vault::Sealed;
use store::{Cx, Store, Who};

use crate::client::{Client, Kind, Problem, Trouble};
use crate::connections::{self, Connection};
use crate::connector::{Action, Connector, Context, internal};
use crate::links::Link;
use crate::products::connector;

/// What a connection is to do.
pub(crate) struct Order<'a> {
    /// The action's name.
    pub action: &'a str,
    /// What it is given.
    pub input: &'a Json,
    /// By what the API knows it again.
    pub key: &'a str,
    /// Whether somebody who was lost has begun it already.
    pub is_begun: bool,
}

/// What came of it.
#[derive(Clone)]
pub(crate) struct Acted {
    /// What was asked, if anything was.
    pub asked: Option<Asked>,
    /// What it answered.
    pub outcome: Result<Json, Trouble>,
}

/// A connection with the key that it had when it was asked: what came of that says nothing of another key.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    connection: Id<Connection>,
    secret: Id<Sealed>,
}

impl Acted {
    /// What did not come to anything.
    pub fn not(trouble: Trouble) -> Self {
        Self { asked: None, outcome: Err(trouble) }
    }
}

pub(crate) fn gone() -> Trouble {
    Trouble::new(Kind::NotSent, "the connection is gone")
}

pub(crate) fn lost() -> Trouble {
    Trouble::new(Kind::NoAnswer, "whoever did this was lost: it isn't known how far it came")
}

/// Has a connection do something, once for each key. What has begun before is begun again only if it may be.
pub(crate) fn act(store: &Store, connection: Id<Connection>, order: &Order<'_>, until: Time) -> Acted {
    ask(store, connection, until, |connection, api| {
        let connector = connector(&connection.product).map_err(internal)?;
        let action = action_of(connector, order.action).map_err(internal)?;
        if order.is_begun && !action.is_repeatable {
            return Err(lost());
        }
        let context = Context { api, config: &connection.config, store };
        action.perform(&context, &keyed(&action, order.input, order.key))
    })
}

/// Finds out whether a connection still works, and what its product knows by it.
pub(crate) fn test(store: &Store, connection: Id<Connection>, until: Time) -> Acted {
    ask(store, connection, until, |connection, api| connector(&connection.product).map_err(internal)?.connect(api))
}

fn ask(
    store: &Store,
    id: Id<Connection>,
    until: Time,
    work: impl FnOnce(&Connection, &Client) -> Result<Json, Trouble>,
) -> Acted {
    let connection = match store.read(Who::system(), move |cx| cx.find(id)).wait() {
        Ok(Some(connection)) => connection,
        Ok(None) => return Acted::not(gone()),
        Err(error) => return Acted::not(internal(error)),
    };
    let asked = Some(Asked { connection: id, secret: connection.secret });
    let outcome = connections::client_of(store, &connection).and_then(|api| work(&connection, &api.until(until)));
    Acted { asked, outcome }
}

/// The input with a key by which the API knows the request again, where the action takes one and none is given.
fn keyed(action: &Action, input: &Json, key: &str) -> Json {
    let mut input = input.clone();
    let takes_one = (action.inputs)().pointer("/properties/idempotency_key").is_some();
    let lacks_one = |fields: &Map<String, Json>| fields.get("idempotency_key").is_none_or(Json::is_null);
    if let Some(fields) = input.as_object_mut().filter(|fields| takes_one && lacks_one(fields)) {
        fields.insert("idempotency_key".into(), key.into());
    }
    input
}

/// The action of this name, or a problem that points at it.
pub(crate) fn action_of(connector: &dyn Connector, name: &str) -> Result<Action> {
    let found = connector.actions().into_iter().find(|action| action.name == name);
    found.ok_or_else(|| Error::invalid("action", format!("{} has no action {name}", connector.product().name)))
}

/// Keeps what follows from an action: the link that it made, and how its connection is.
pub(crate) fn settle(cx: &mut Cx<'_>, acted: &Acted, action: &str) -> Result<Option<Id<Link>>> {
    let Some(asked) = acted.asked else { return Ok(None) };
    let Some(mut connection) = cx.find::<Connection>(asked.connection)? else { return Ok(None) };
    let state = match &acted.outcome {
        Ok(_) => Some((connections::State::Connected, None)),
        Err(trouble) if trouble.kind == Kind::InvalidKey => {
            Some((connections::State::Failing, Some(trouble.message.clone())))
        }
        Err(_) => None,
    };
    if let Some((state, error)) = state
        && connection.secret == asked.secret
        && connection.state != state
    {
        (connection.state, connection.last_error) = (state, error);
        cx.advance(&mut connection)?;
    }
    match (&acted.outcome, action_of(connector(&connection.product)?, action)?.links) {
        (Ok(output), Some(kind)) => Link::keep(cx, connection.id, kind, output).map(Some),
        _ => Ok(None),
    }
}

/// Keeps what a test has found out, unless the connection has got another key since.
pub(crate) fn settle_test(cx: &mut Cx<'_>, acted: &Acted) -> Result<Result<Json, Trouble>> {
    let Some(asked) = acted.asked else { return Ok(acted.outcome.clone()) };
    let Some(mut connection) = cx.find::<Connection>(asked.connection)? else { return Ok(Err(gone())) };
    if connection.secret != asked.secret {
        return Ok(Err(Trouble::new(Kind::NotSent, "the connection was changed while it was tested: test it again")));
    }
    connection.last_tested_at = cx.now();
    match &acted.outcome {
        Ok(config) => {
            (connection.state, connection.last_error) = (connections::State::Connected, None);
            connection.config = config.clone();
        }
        Err(trouble) => {
            connection.state = connections::State::Failing;
            connection.last_error = Some(trouble.message.clone());
        }
    }
    cx.advance(&mut connection)?;
    Ok(acted.outcome.clone())
}

/// What is kept of an answer, at most, in bytes.
const LONGEST_OUTPUT: usize = 1024 * 1024;

/// An outcome as it can be kept: a database takes no NUL in a text, and no text of any length.
pub(crate) fn storable(outcome: Result<Json, Trouble>) -> Result<Json, Trouble> {
    match outcome {
        Ok(output) => {
            let length = output.to_string().len();
            if length > LONGEST_OUTPUT {
                return Ok(json!({"omitted": format!("the answer has {length} bytes: more than is kept")}));
            }
            Ok(without_nul(output))
        }
        Err(trouble) => {
            let clean = |text: String| text.replace('\0', "\u{fffd}");
            let problem = |problem: Problem| Problem {
                code: clean(problem.code),
                message: clean(problem.message),
                pointer: clean(problem.pointer),
                scope: problem.scope.map(clean),
            };
            let problems = trouble.problems.into_iter().map(problem).collect();
            Err(Trouble { message: clean(trouble.message), problems, ..trouble })
        }
    }
}

fn without_nul(json: Json) -> Json {
    let clean = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
    match json {
        Json::String(text) => Json::String(clean(text)),
        Json::Array(items) => items.into_iter().map(without_nul).collect(),
        Json::Object(fields) => fields.into_iter().map(|(name, value)| (clean(name), without_nul(value))).collect(),
        plain => plain,
    }
}
