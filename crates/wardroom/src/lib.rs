//! The command line: what is configured, which features there are, and what each command does.

mod api;
mod api_args;
mod audit;
mod bootstrap;
mod catalog;
mod completions;
mod config;
mod connect;
mod demo;
mod hyphen;
mod incident;
mod key_file;
mod keys;
mod logging;
mod oncall;
mod open;
mod own;
mod pipe;
mod print;
mod serve;
mod users;
mod vault;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use web::{Assembly, Feature, Settings};

/// Run your own incident response.
#[derive(Debug, Parser)]
#[command(name = "wardroom", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until told to stop.
    Serve(serve::Serve),
    /// Serve a throw-away organisation with sample data.
    Demo(demo::Demo),
    /// Create, list and revoke API keys.
    Keys(keys::Keys),
    /// Add, list and deactivate users, and see to how they sign in.
    Users(users::Users),
    /// Read the audit log.
    Audit(audit::Audit),
    /// Say how the vault stands, and change its keys.
    Vault(vault::Vault),
    /// Keep the catalog in files: import it, export it.
    Catalog(catalog::Catalog),
    /// Say who is on call, and draw the weeks to come.
    Oncall(oncall::OnCall),
    /// Connect products, and see how they are.
    Connect(connect::Connect),
    /// Link Hyphen's teams, members and apps to the catalog, and keep teams in step.
    Hyphen(hyphen::Hyphen),
    /// Move rows between the API and files or databases.
    Pipe(pipe::Pipes),
    /// Create, look up, change and list incidents.
    Incident(incident::Incident),
    /// Call any operation of the API.
    Api(api::Api),
    /// Print the OpenAPI document.
    Openapi,
    /// Print what makes a shell complete commands.
    Completions(completions::Completions),
}

/// Every feature, each after those it stands on.
pub fn features() -> Vec<Feature> {
    vec![people::feature(), ::catalog::feature(), ::oncall::feature(), incidents::feature(), ::connect::feature()]
}

/// What the features make together.
fn assembly(settings: &Settings) -> base::Result<Assembly> {
    web::assemble(features(), settings)
}

/// A command's outcome; the error is for a person.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// An outcome that the command has told of itself: only its exit status is left to give.
#[derive(Debug)]
struct Told(u8);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit status {}", self.0)
    }
}

impl std::error::Error for Told {}

/// Runs the command line.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Demo(demo) => demo.run(),
        Command::Keys(keys) => keys.run(),
        Command::Users(users) => users.run(),
        Command::Audit(audit) => audit.run(),
        Command::Vault(vault) => vault.run(),
        Command::Catalog(catalog) => catalog.run(),
        Command::Oncall(oncall) => oncall.run(),
        Command::Connect(connect) => connect.run(),
        Command::Hyphen(hyphen) => hyphen.run(),
        Command::Pipe(pipe) => pipe.run(),
        Command::Incident(incident) => incident.run(),
        Command::Api(api) => api.run(),
        Command::Openapi => openapi(),
        Command::Completions(completions) => completions.run(Cli::command()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that went away (`| head`) is no failure.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(Told(status)) = error.downcast_ref() {
                return ExitCode::from(*status);
            }
            eprintln!("{}: {error}", Cli::command().get_name());
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn openapi() -> Outcome {
    let document: serde_json::Value = serde_json::from_str(&assembly(&Settings::default())?.document)?;
    print::json(&document)
}
