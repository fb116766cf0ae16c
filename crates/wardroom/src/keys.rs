//! `wardroom keys`: API keys, on the database directly. It is the operator who asks, so any role can
//! be given, also the one that manages keys.

use base::Id;
use clap::{Args, Subcommand};
use people::api_keys::{ApiKey, Grant};
use store::Condition;

use crate::config::DataArgs;
use crate::open::{operator, store_for_command};
use crate::{Outcome, print};

/// Create, list and revoke API keys.
#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a key, and print its token: the only time it is shown
    Create(Create),
    /// List all keys
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Revoke a key: its token stops working at once
    Revoke {
        /// The key's ID
        id: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Clone, Debug, Args)]
struct Create {
    /// What the key is called
    #[arg(long)]
    name: String,
    /// A role that applies everywhere; can be repeated
    #[arg(long = "role")]
    roles: Vec<String>,
    /// The ID of a team that the team roles apply to; can be repeated
    #[arg(long = "team")]
    teams: Vec<String>,
    /// A role that applies to what the teams own; can be repeated
    #[arg(long = "team-role")]
    team_roles: Vec<String>,
    #[command(flatten)]
    data: DataArgs,
}

impl Keys {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Create(create) => create.run(),
            Command::List { data } => list(data),
            Command::Revoke { id, data } => revoke(id, data),
        }
    }
}

impl Create {
    fn run(&self) -> Outcome {
        let parse = |id: &String| id.parse().map_err(|problem| format!("--team {id} {problem}"));
        let grant = Grant {
            roles: self.roles.clone(),
            team_ids: self.teams.iter().map(parse).collect::<Result<_, _>>()?,
            team_roles: self.team_roles.clone(),
        };
        let (name, store) = (self.name.clone(), store_for_command(&self.data)?);
        let issue = move |cx: &mut store::Cx<'_>| {
            grant.check(cx)?;
            ApiKey::issue(cx, &name, None, grant.clone())
        };
        let (key, token) = store.write(operator(), issue).wait()?;
        eprintln!("Created {} ({}). This token is shown only now:", key.name, key.id);
        println!("{}", token.reveal());
        Ok(())
    }
}

fn list(data: &DataArgs) -> Outcome {
    let keys =
        store_for_command(data)?.read(operator(), |cx| cx.list::<ApiKey>(Condition::everything(), "id")).wait()?;
    let mut table = print::table(["ID", "NAME", "ROLES", "TEAM ROLES", "CREATED"]);
    for key in keys {
        let created = key.created_at.to_string();
        let (roles, team_roles) = (key.grant.roles.join(" "), key.grant.team_roles.join(" "));
        table.add_row([key.id.to_string(), key.name.clone(), roles, team_roles, created]);
    }
    println!("{table}");
    Ok(())
}

fn revoke(id: &str, data: &DataArgs) -> Outcome {
    let id: Id<ApiKey> = id.parse().map_err(|problem| format!("{id} {problem}"))?;
    let revoke = move |cx: &mut store::Cx<'_>| {
        let key = cx.find(id)?.ok_or_else(|| base::Error::invalid("id", format!("there is no key {id}")))?;
        cx.delete(&key)?;
        Ok(key.name.clone())
    };
    let name = store_for_command(data)?.write(operator(), revoke).wait()?;
    eprintln!("Revoked {name} ({id}).");
    Ok(())
}
