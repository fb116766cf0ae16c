//! What a product does with the API, as data: so that the command line, the dashboard and workflows can offer it
//! alike without knowing the product.

use std::sync::Arc;
use std::time::Duration;

use base::Result;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::Store;

use crate::client::{Client, Kind, Trouble};
use crate::locks;

/// A product that connects to the API.
pub trait Connector: Send + Sync {
    /// What it is, for people.
    fn product(&self) -> &'static Product;

    /// Asks the API whether the key will do, and learns what the product needs to know of the organisation. That
    /// is kept as the connection's configuration, under the names that the product itself uses.
    ///
    /// # Errors
    /// Why it won't do, in the product's own words where it has some.
    fn connect(&self, api: &Client) -> Result<Json, Trouble>;

    /// What it can do once it is connected.
    fn actions(&self) -> Vec<Action>;
}

/// What a product is, for people.
#[derive(Debug, Serialize)]
pub struct Product {
    /// Its name in commands and addresses: `hyphen`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Under which heading it is listed: `Incident Management`.
    pub category: &'static str,
    /// What it does with the API.
    pub about: &'static str,
    /// What it calls the API key.
    pub key_field: &'static str,
    /// The roles that its key needs: these and no more.
    pub roles: &'static [&'static str],
}

/// What an action works with. It runs outside any transaction, and may wait.
pub struct Context<'a> {
    /// The API, as the connection's key sees it.
    pub api: &'a Client,
    /// What [`Connector::connect`] learned.
    pub config: &'a Json,
    /// The data of the hub itself.
    pub store: &'a Store,
}

/// How long one waits for somebody else who changes the same thing.
const PATIENCE: Duration = Duration::from_secs(60);

impl Context<'_> {
    /// Does `work` while nobody else, on any node or command line of this hub, does work of the same name.
    pub fn exclusively<T>(&self, name: &str, work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
        let name = format!("{} {name}", self.api.base());
        let outcome = locks::in_turn(self.store, &name, PATIENCE, work).map_err(internal)?;
        outcome.unwrap_or_else(|| {
            Err(Trouble::new(Kind::NoAnswer, "somebody else has been changing the same for too long"))
        })
    }
}

/// Trouble of our own.
pub(crate) fn internal(error: base::Error) -> Trouble {
    tracing::error!(%error, "the hub failed");
    Trouble::new(Kind::NotSent, "something went wrong in the hub itself")
}

/// Something a product can do.
pub struct Action {
    /// Its name: `create_incident`.
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    /// The kind of link that it makes between something elsewhere and something here, if it does: its output is a
    /// [`Linked`] then.
    pub links: Option<&'static str>,
    /// Whether it may be begun again when it is not known how far it came.
    pub is_repeatable: bool,
    /// The JSON Schema of what it is given.
    pub inputs: fn() -> Json,
    /// The JSON Schema of what it answers.
    pub outputs: fn() -> Json,
    check: Check,
    perform: Perform,
}

type Check = Box<dyn Fn(&Json) -> Result<()> + Send + Sync>;
type Perform = Box<dyn Fn(&Context<'_>, &Json) -> Result<Json, Trouble> + Send + Sync>;

/// A link between something elsewhere and something here, as an action made it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Linked<C> {
    /// What is linked, elsewhere.
    pub entity: Entity,
    /// What it is linked to.
    pub config: C,
}

/// Something elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// Its ID there.
    pub id: String,
    /// What it is there: `team`, `app`, `member`.
    pub r#type: String,
    /// What it is called there.
    pub name: String,
}

impl Action {
    /// An action, from the function that does it.
    pub fn new<I, O>(
        name: &'static str,
        about: &'static str,
        perform: fn(&Context<'_>, I) -> Result<O, Trouble>,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
    {
        let reader = Arc::new(web::Reader::of::<I>());
        let checker = Arc::clone(&reader);
        Self {
            name,
            about,
            links: None,
            is_repeatable: true,
            inputs: schema::<I>,
            outputs: schema::<O>,
            check: Box::new(move |input| checker.read::<I>(input).map(drop)),
            perform: Box::new(move |context, input| {
                let input = reader.read::<I>(input).map_err(|error| unreadable(&error))?;
                let output = perform(context, input)?;
                serde_json::to_value(output).map_err(|error| internal(base::Error::internal(error)))
            }),
        }
    }

    /// The same for one that makes a link of this kind.
    #[must_use]
    pub fn linking(self, kind: &'static str) -> Self {
        Self { links: Some(kind), ..self }
    }

    /// The same for one whose input has rules that no schema says; `check` knows them, and asks nobody.
    #[must_use]
    pub fn checked<I: DeserializeOwned + JsonSchema + 'static>(self, check: fn(&I) -> Result<(), Trouble>) -> Self {
        let reader = web::Reader::of::<I>();
        let check = move |input: &Json| {
            check(&reader.read::<I>(input)?).map_err(|trouble| {
                let pointer = trouble.problems.first().map(|problem| problem.pointer.clone()).unwrap_or_default();
                let message = trouble.message.strip_prefix(&format!("{pointer}: ")).unwrap_or(&trouble.message);
                base::Error::invalid(pointer, message)
            })
        };
        Self { check: Box::new(check), ..self }
    }

    /// The same for one that must not be begun twice.
    #[must_use]
    pub fn once(self) -> Self {
        Self { is_repeatable: false, ..self }
    }

    /// Checks what it is to be given.
    ///
    /// # Errors
    /// All that is wrong with it, field by field.
    pub fn check(&self, input: &Json) -> Result<()> {
        (self.check)(input)
    }

    /// Does it.
    pub fn perform(&self, context: &Context<'_>, input: &Json) -> Result<Json, Trouble> {
        (self.perform)(context, input)
    }
}

/// What is wrong with an input, as trouble.
pub(crate) fn unreadable(error: &base::Error) -> Trouble {
    let problems = error.problems().iter().map(|problem| crate::client::Problem {
        code: problem.code.to_owned(),
        message: problem.message.clone(),
        pointer: problem.pointer.clone(),
        scope: None,
    });
    Trouble { problems: problems.collect(), ..Trouble::new(Kind::Invalid, error.to_string()) }
}

fn schema<T: JsonSchema>() -> Json {
    let settings = schemars::generate::SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    serde_json::to_value(settings.into_generator().into_root_schema_for::<T>()).unwrap_or_default()
}
