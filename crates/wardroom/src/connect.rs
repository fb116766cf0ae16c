//! `wardroom connect`: products, and the keys they work with, on the database directly.

use std::io::{self, Write};
use std::path::PathBuf;

use ::connect::connections::{self, Connection, NewConnection, Target};
use ::connect::links::{self, Link, LinkBody};
use ::connect::products::connectors;
use ::connect::runs::{self, Run, RunBody, State, Task};
use base::Secret;
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use store::{Condition, Cx, Store};

use crate::api_args::{json_given, key_in, key_in_environment};
use crate::config::DataArgs;
use crate::open::{operator, store_for_command};
use crate::{Outcome, Told, print};

/// Connect products, and see how they are.
#[derive(Debug, Args)]
pub struct Connect {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the connections
    List {
        #[command(flatten)]
        data: DataArgs,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List the products that connect, and what each can do
    Products {
        /// Answer in JSON, with the schemas of what actions take and answer
        #[arg(long)]
        json: bool,
    },
    /// Connect a product: nothing is kept unless its key will do
    #[command(after_help = ADD_HELP)]
    Add(Add),
    /// Find out whether a connection still works
    Test {
        #[command(flatten)]
        of: Of,
    },
    /// Show a connection: everything but its key
    Show {
        #[command(flatten)]
        of: Of,
    },
    /// Have a connection do something
    #[command(after_help = RUN_HELP)]
    Run(RunAction),
    /// Forget a connection, its key and its links; what is in the API stays as it is
    Remove {
        #[command(flatten)]
        of: Of,
    },
}

const ADD_HELP: &str = "Examples:
  wardroom connect add hyphen --name acme --api-key-file hyphen.key
  wardroom connect add ravenna --name ours --this-server
  WARDROOM_API_KEY=… wardroom connect add nexla --name test --base-url https://incidents.example.com";

const RUN_HELP: &str = "Examples:
  wardroom connect run acme list_incidents
  wardroom connect run acme get_incident --input '{\"id\": \"INC-12\"}'
  wardroom connect run acme create_incident --input @incident.json";

/// Which connection.
#[derive(Debug, Args)]
struct Of {
    /// Its name or its ID
    name: String,
    #[command(flatten)]
    data: DataArgs,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Add {
    /// The product: hyphen, ravenna, nexla, atomicwork
    product: String,
    /// What the connection is called
    #[arg(long)]
    name: String,
    /// What there is to say about it
    #[arg(long, default_value = "")]
    description: String,
    /// Where the API is [default: https://api.incident.io]
    #[arg(long)]
    base_url: Option<String>,
    /// Connect to this very server, which makes a key for itself
    #[arg(long, conflicts_with_all = ["base_url", "api_key_file"])]
    this_server: bool,
    /// A file that holds the API key, or - for standard input; without one, WARDROOM_API_KEY holds it
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct RunAction {
    /// The connection: its name or its ID
    name: String,
    /// The action
    action: String,
    /// What the action is given: JSON, @FILE, or - for standard input
    #[arg(long, default_value = "{}")]
    input: String,
    #[command(flatten)]
    data: DataArgs,
    /// Answer in JSON, also when it fails
    #[arg(long)]
    json: bool,
}

impl Connect {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::List { data, json } => list(data, *json),
            Command::Products { json } => products(*json),
            Command::Add(add) => add.run(),
            Command::Test { of } => of.test(),
            Command::Show { of } => of.show(),
            Command::Run(run) => run.run(),
            Command::Remove { of } => of.remove(),
        }
    }
}

fn list(data: &DataArgs, as_json: bool) -> Outcome {
    let all = store_for_command(data)?.read(operator(), |cx| cx.list::<Connection>(Condition::everything(), "name"));
    let all = all.wait()?;
    if as_json {
        return print::json(&Json::from(all.iter().map(|connection| shown(connection)).collect::<Vec<_>>()));
    }
    let mut table = print::table(["NAME", "PRODUCT", "STATUS", "WHERE", "TESTED", "LAST ERROR"]);
    for connection in &all {
        let place = connection.base_url.as_deref().unwrap_or("this server");
        let (status, tested) = (connection.state.as_str(), connection.last_tested_at.to_string());
        let error = connection.last_error.as_deref().unwrap_or_default();
        table.add_row([&connection.name, &connection.product, status, place, &tested, error]);
    }
    println!("{table}");
    Ok(())
}

fn products(as_json: bool) -> Outcome {
    if as_json {
        let action = |action: &::connect::connector::Action| json!({"name": action.name, "about": action.about, "inputs": (action.inputs)(), "outputs": (action.outputs)()});
        let product = |connector: &dyn ::connect::connector::Connector| {
            let mut product = serde_json::to_value(connector.product()).unwrap_or_default();
            product["actions"] = connector.actions().iter().map(action).collect();
            product
        };
        return print::json(&connectors().map(product).collect::<Vec<_>>());
    }
    let mut out = io::stdout().lock();
    for connector in connectors() {
        let product = connector.product();
        writeln!(out, "{} ({}): {}", product.id, product.category, product.about)?;
        writeln!(out, "  key: {}", product.roles.join(", "))?;
        for action in connector.actions() {
            writeln!(out, "  {:<20} {}", action.name, action.about)?;
        }
    }
    Ok(())
}

impl Add {
    fn run(&self) -> Outcome {
        let target = match self.this_server {
            true => Target::ThisServer,
            false => Target::Host { base_url: self.base_url.clone(), key: self.key()? },
        };
        let new = NewConnection {
            name: self.name.clone(),
            description: self.description.clone(),
            target: Some(target),
            replaces: None,
        };
        let (store, product) = (store_for_command(&self.data)?, self.product.clone());
        let run = runs::perform_now(&store, operator(), move |cx| runs::connect(cx, &product, &new))?;
        told(&run, self.json, |_| format!("Connected {} ({}).", self.name, self.product))
    }

    fn key(&self) -> Result<Secret, Box<dyn std::error::Error>> {
        match &self.api_key_file {
            Some(path) => key_in(path),
            // Without any, it is said that there has to be one.
            None => Ok(key_in_environment().unwrap_or_else(|| "".into())),
        }
    }
}

impl Of {
    fn open(&self) -> Result<(Store, Connection), Box<dyn std::error::Error>> {
        let store = store_for_command(&self.data)?;
        let connection = find(&store, &self.name)?;
        Ok((store, connection))
    }

    fn test(&self) -> Outcome {
        let (store, connection) = self.open()?;
        let run = runs::perform_now(&store, operator(), move |cx| runs::start(cx, &connection, Task::Test))?;
        told(&run, self.json, |_| format!("{} works.", self.name))
    }

    fn show(&self) -> Outcome {
        let (_, connection) = self.open()?;
        print::json(&shown(&connection))
    }

    fn remove(&self) -> Outcome {
        let (store, connection) = self.open()?;
        let id = connection.id;
        let remove = move |cx: &mut Cx<'_>| {
            let connection = cx.get(id)?;
            Connection::disconnect(cx, &connection)
        };
        store.write(operator(), remove).wait()?;
        eprintln!("Disconnected {} ({}).", connection.name, connection.product);
        Ok(())
    }
}

impl RunAction {
    fn run(&self) -> Outcome {
        let input = json_given("--input", &self.input)?;
        let store = store_for_command(&self.data)?;
        let run = act(&store, &self.name, &self.action, input)?;
        told(&run, self.json, |output| serde_json::to_string_pretty(output).unwrap_or_default())
    }
}

/// The connection of this name.
pub fn find(store: &Store, name: &str) -> base::Result<Connection> {
    let name = name.to_owned();
    store.read(operator(), move |cx| Ok(connections::named(cx, "connection", &name)?.into_inner())).wait()
}

/// Has the connection of this name do something, and waits for what comes of it.
fn act(store: &Store, name: &str, action: &str, input: Json) -> base::Result<Run> {
    let (connection, action) = (find(store, name)?, action.to_owned());
    let task = Task::Act { action, input };
    runs::perform_now(store, operator(), move |cx| runs::start(cx, &connection, task.clone()))
}

/// What an action answers.
pub fn output_of(store: &Store, name: &str, action: &str, input: Json) -> Result<Json, Box<dyn std::error::Error>> {
    let run = act(store, name, action, input)?;
    match run.error {
        Some(error) => Err(error.message.into()),
        None => Ok(run.output.unwrap_or_default()),
    }
}

/// The links of the connection of this name, as they are shown.
pub fn links_of(store: &Store, name: &str) -> Result<Vec<Json>, Box<dyn std::error::Error>> {
    let id = find(store, name)?.id;
    let read = move |cx: &mut Cx<'_>| {
        let links = cx.list::<Link>(links::of(id), "id")?;
        links.iter().map(|link| LinkBody::of(cx, link)).collect::<base::Result<Vec<_>>>()
    };
    let links = store.read(operator(), read).wait()?;
    Ok(links.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

/// Says what came of a run: in words, or all of it in JSON. It fails if the run did.
fn told(run: &Run, as_json: bool, words: impl FnOnce(&Json) -> String) -> Outcome {
    let has_succeeded = run.state == State::Succeeded;
    if as_json {
        print::json(&serde_json::to_value(RunBody::of(run))?)?;
        return if has_succeeded { Ok(()) } else { Err(Told(1).into()) };
    }
    match &run.error {
        Some(error) => Err(error.message.clone().into()),
        None => {
            println!("{}", words(run.output.as_ref().unwrap_or(&Json::Null)));
            Ok(())
        }
    }
}

fn shown(connection: &Connection) -> Json {
    serde_json::to_value(connections::ConnectionBody::of(connection)).unwrap_or_default()
}
