//! `wardroom users`: the people of the organisation, on the database directly.

use base::Id;
use clap::{Args, Subcommand};
use comfy_table::Table;
use people::users::{BaseRole, User};
use store::Condition;

use crate::Outcome;
use crate::config::DataArgs;
use crate::open::{operator, store_for_command};

/// Add, list and deactivate users.
#[derive(Debug, Args)]
pub struct Users {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a user, and print their ID
    Add {
        /// What they are called
        #[arg(long)]
        name: String,
        /// Their e-mail address
        #[arg(long)]
        email: String,
        /// What they may do: viewer, responder, administrator or owner
        #[arg(long, default_value = "responder")]
        role: BaseRole,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List all users
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Deactivate a user; their API keys go on working
    Deactivate {
        /// The user's ID
        id: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

impl Users {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Add { name, email, role, data } => add(name.clone(), email.clone(), *role, data),
            Command::List { data } => list(data),
            Command::Deactivate { id, data } => deactivate(id, data),
        }
    }
}

fn add(name: String, email: String, role: BaseRole, data: &DataArgs) -> Outcome {
    let add = move |cx: &mut store::Cx<'_>| User::add(cx, &name, &email, role);
    let user = store_for_command(data)?.write(operator(), add).wait()?;
    println!("{} {} <{}>", user.id, user.name, user.email.unwrap_or_default());
    Ok(())
}

fn list(data: &DataArgs) -> Outcome {
    let users =
        store_for_command(data)?.read(operator(), |cx| cx.list::<User>(Condition::everything(), "id")).wait()?;
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["ID", "NAME", "E-MAIL", "ROLE", "ACTIVE"]);
    for user in users {
        let active = if user.active { "yes" } else { "no" };
        let email = user.email.clone().unwrap_or_default();
        table.add_row([&user.id.to_string(), &user.name, &email, user.role.as_str(), active]);
    }
    println!("{table}");
    Ok(())
}

fn deactivate(id: &str, data: &DataArgs) -> Outcome {
    let id: Id<User> = id.parse().map_err(|problem| format!("{id} {problem}"))?;
    let user = store_for_command(data)?.write(operator(), move |cx| User::deactivate(cx, id)).wait()?;
    eprintln!("Deactivated {} ({id}).", user.name);
    Ok(())
}
