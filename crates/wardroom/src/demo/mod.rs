//! `wardroom demo`: the whole product on one's own machine, with an organisation that looks real.
//!
//! The organisation's history is lived through, not made up: every person does through the API's own
//! operations what they did, at the moment they did it, on a clock that is turned back.

mod hub;
mod play;
mod story;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use base::{Id, SystemEntropy, World};
use clap::Args;
use incidents::settings::severities::Severity;
use people::api_keys::{ApiKey, Token};
use people::sign_in::{LINK_LASTS, link};
use people::users::{BaseRole, User};
use store::{Condition, Cx};
use web::SecretStep;

use crate::bootstrap::every_role;
use crate::config::{Config, DataArgs, ServerArgs, Switch};
use crate::open::operator;
use crate::serve::{Node, runtime};
use crate::{Outcome, logging};

/// Where the servers are that somebody may want to try things out with: on the same machine.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// Serve a throw-away organisation with sample data.
#[derive(Debug, Args)]
pub struct Demo {
    /// The address to listen on
    #[arg(long, env = "WARDROOM_LISTEN", default_value = "127.0.0.1:7010")]
    listen: SocketAddr,
}

impl Demo {
    /// Runs it until it is told to stop, and leaves nothing behind.
    pub fn run(&self) -> Outcome {
        logging::start("warn");
        let directory = tempfile::Builder::new().prefix("wardroom-demo-").tempdir()?;
        let data = DataArgs {
            data_dir: Some(directory.path().to_owned()),
            private_addresses: LOOPBACK.iter().map(|network| network.parse()).collect::<Result<_, _>>()?,
            ..DataArgs::default()
        };
        let server = ServerArgs {
            listen: Some(self.listen),
            organisation: Some(story::ORGANISATION.into()),
            rate_limit: Some(Switch::On),
            ..ServerArgs::default()
        };
        let config = Config::load(&data, &server)?;
        let clock = Arc::new(play::Clock::default());
        let world = World::new(play::Shared(Arc::clone(&clock)), SystemEntropy);
        runtime()?.block_on(async {
            let node = Node::open(&config, world).await?;
            // The past is over before the server's own jobs begin, which know no clock that is turned back.
            let stage = tokio::task::block_in_place(|| play::play(&node.store, &clock))?;
            let address = node.address.clone();
            let opening =
                tokio::task::spawn_blocking(move || open(&stage, &address).map_err(|error| error.to_string()));
            tokio::try_join!(node.serve(), async { Ok(opening.await??) }).map(drop)
        })
    }
}

/// Connects the hub to its own server, which serves by now, and lets the visitor in.
fn open(stage: &play::Stage, address: &str) -> Outcome {
    hub::connect(stage)?;
    Ok(welcome(address, &stage.store.write(operator(), open_the_doors).wait()?)?)
}

/// What a visitor needs.
struct Doors {
    /// The token of a key with every role.
    token: Token,
    /// What signs them in as an owner.
    link: SecretStep,
    /// A severity for what they declare.
    severity: Id<Severity>,
}

fn open_the_doors(cx: &mut Cx<'_>) -> base::Result<Doors> {
    let (_, token) = ApiKey::issue(cx, "Demo", None, every_role())?;
    let severities = cx.list::<Severity>(Condition::everything(), "rank")?;
    let users = cx.list::<User>(Condition::everything(), "id")?;
    let owner = users.iter().find(|user| user.role == BaseRole::Owner).ok_or_else(base::Error::not_found)?;
    let link = link(cx, owner.id, LINK_LASTS)?;
    Ok(Doors { token, link, severity: severities.first().ok_or_else(base::Error::not_found)?.id })
}

fn welcome(address: &str, doors: &Doors) -> std::io::Result<()> {
    let Doors { token, link, severity } = doors;
    let token = token.reveal();
    writeln!(
        std::io::stdout(),
        "\
listening on {address}

This is {organisation}, an organisation that exists until you press Ctrl-C.
Sign in to its dashboard, once, as somebody who owns it:

  {address}/sign-in/link/{link}

The API is described at {address}/docs. Its key, with every role, is:

  {token}

Try these:

  # What is going on?
  curl -s -g -H 'Authorization: Bearer {token}' '{address}/v2/incidents?status_category[one_of]=live'

  # Declare an incident.
  curl -s -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' '{address}/v2/incidents' -d '{{\"idempotency_key\": \"my-first\", \"visibility\": \"public\", \"mode\": \"test\", \"name\": \"Trying things out\", \"severity_id\": \"{severity}\"}}'

  # Who is on call?
  curl -s -H 'Authorization: Bearer {token}' '{address}/v2/schedules'
",
        organisation = story::ORGANISATION_NAME,
        link = link.reveal(),
    )
}
