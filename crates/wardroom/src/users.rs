//! `wardroom users`: the people of the organisation and how they sign in, on the database directly.

use std::io::stdin;

use base::{Result, Secret};
use clap::{Args, Subcommand};
use people::sign_in::{LINK_LASTS, link, passwords, second_factor, sessions, unlock};
use people::users::{BaseRole, User, find_by_email};
use store::{Condition, Cx, Tx};

use crate::config::{Config, DataArgs, ServerArgs};
use crate::open::{operator, store_for_command};
use crate::{Outcome, print};

/// Add, list and deactivate users, and see to how they sign in.
#[derive(Debug, Args)]
pub struct Users {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a user, and print their ID
    Add(Add),
    /// List all users
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Deactivate a user, and sign them out; their API keys go on working
    Deactivate(Whom),
    /// Say what a user may do
    Role {
        #[command(flatten)]
        whom: Whom,
        /// Viewer, responder, administrator or owner
        role: BaseRole,
    },
    /// Print a link that signs a user in, once, within a day
    Link {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        site: SiteArgs,
    },
    /// Set a user's password to what standard input says, and sign them out
    Password(Whom),
    /// List where a user is signed in
    Sessions(Whom),
    /// Sign a user out everywhere
    SignOut(Whom),
    /// Let a user try again at once after too many failures
    Unlock(Whom),
    /// Turn the second factor off for a user who has lost it
    ResetSecondFactor(Whom),
}

#[derive(Debug, Args)]
struct Add {
    /// What they are called
    #[arg(long)]
    name: String,
    /// Their e-mail address
    #[arg(long)]
    email: String,
    /// What they may do: viewer, responder, administrator or owner
    #[arg(long, default_value = "responder")]
    role: BaseRole,
    /// Print a link too that signs them in, once, within a day
    #[arg(long)]
    link: bool,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    data: DataArgs,
}

/// Which user, and where the data is.
#[derive(Debug, Args)]
struct Whom {
    /// The user's e-mail address or ID
    user: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Args)]
struct SiteArgs {
    /// Where people find the server
    #[arg(long, env = "WARDROOM_PUBLIC_URL")]
    public_url: Option<String>,
}

impl Users {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Add(new) => add(new),
            Command::List { data } => list(data),
            Command::Deactivate(whom) => deactivate(whom),
            Command::Role { whom, role } => change_role(whom, *role),
            Command::Link { whom, site } => print_link(whom, site),
            Command::Password(whom) => set_password(whom),
            Command::Sessions(whom) => list_sessions(whom),
            Command::SignOut(whom) => sign_out(whom),
            Command::Unlock(whom) => let_try_again(whom),
            Command::ResetSecondFactor(whom) => reset_second_factor(whom),
        }
    }
}

impl Whom {
    /// Does `work` on the user, whose name it returns with what comes of it.
    fn work<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Cx<'_>, &User) -> Result<T> + Send + 'static,
    ) -> Result<(String, T), Box<dyn std::error::Error>> {
        let named = self.user.clone();
        let on_user = move |cx: &mut Cx<'_>| {
            let Some(user) = find(cx, &named)? else { return Ok(None) };
            work(cx, &user).map(|made| Some((user.name, made)))
        };
        let found = store_for_command(&self.data)?.write(operator(), on_user).wait()?;
        Ok(found.ok_or_else(|| self.unknown())?)
    }

    fn unknown(&self) -> String {
        format!("there is no user {}", self.user)
    }
}

/// The user with this e-mail address or ID.
fn find(tx: &mut Tx<'_>, named: &str) -> Result<Option<User>> {
    let found = match named.parse() {
        Ok(id) => tx.find::<User>(id)?,
        Err(_) => find_by_email(tx, named)?,
    };
    Ok(found.map(|user| user.into_inner()))
}

impl SiteArgs {
    /// Where the page for a link is.
    fn link_address(&self, data: &DataArgs) -> Result<String, Box<dyn std::error::Error>> {
        let server = ServerArgs { public_url: self.public_url.clone(), ..ServerArgs::default() };
        let missing = "a link needs to know where people find the server: give --public-url, or WARDROOM_PUBLIC_URL, or \
                       public_url in the configuration file";
        let public_url = Config::load(data, &server)?.public_url.ok_or(missing)?;
        Ok(format!("{public_url}/sign-in/link"))
    }
}

fn add(new: &Add) -> Outcome {
    let address = new.link.then(|| new.site.link_address(&new.data)).transpose()?;
    let (name, email, role, with_link) = (new.name.clone(), new.email.clone(), new.role, new.link);
    let add = move |cx: &mut Cx<'_>| {
        let user = User::add(cx, &name, &email, role)?;
        let step = with_link.then(|| link(cx, user.id, LINK_LASTS)).transpose()?;
        Ok((user, step))
    };
    let (user, step) = store_for_command(&new.data)?.write(operator(), add).wait()?;
    println!("{} {} <{}>", user.id, user.name, user.email.unwrap_or_default());
    if let (Some(address), Some(step)) = (address, step) {
        println!("{address}/{}", step.reveal());
    }
    Ok(())
}

fn list(data: &DataArgs) -> Outcome {
    let users =
        store_for_command(data)?.read(operator(), |cx| cx.list::<User>(Condition::everything(), "id")).wait()?;
    let mut table = print::table(["ID", "NAME", "E-MAIL", "ROLE", "ACTIVE"]);
    for user in users {
        let active = if user.active { "yes" } else { "no" };
        let email = user.email.clone().unwrap_or_default();
        table.add_row([&user.id.to_string(), &user.name, &email, user.role.as_str(), active]);
    }
    println!("{table}");
    Ok(())
}

fn deactivate(whom: &Whom) -> Outcome {
    let (name, user) = whom.work(|cx, user| User::deactivate(cx, user.id))?;
    eprintln!("Deactivated {name} ({}).", user.id);
    Ok(())
}

fn change_role(whom: &Whom, role: BaseRole) -> Outcome {
    let change =
        move |cx: &mut Cx<'_>, user: &User| User::change_roles(cx, user.id, role, user.custom_roles.clone()).map(drop);
    let (name, ()) = whom.work(change)?;
    eprintln!("{name} has the role {role} now.");
    Ok(())
}

fn print_link(whom: &Whom, site: &SiteArgs) -> Outcome {
    let address = site.link_address(&whom.data)?;
    let make = |cx: &mut Cx<'_>, user: &User| Ok((link(cx, user.id, LINK_LASTS)?, cx.now() + LINK_LASTS));
    let (name, (step, until)) = whom.work(make)?;
    println!("{address}/{}", step.reveal());
    eprintln!("It signs {name} in once, until {until}.");
    Ok(())
}

fn set_password(whom: &Whom) -> Outcome {
    let store = store_for_command(&whom.data)?;
    let named = whom.user.clone();
    let user = store.read(operator(), move |cx| find(cx, &named)).wait()?.ok_or_else(|| whom.unknown())?;
    passwords::set(&store, operator(), user.id, &read_password()?, None)?;
    eprintln!("{} has another password now, and is signed out.", user.name);
    Ok(())
}

/// The first line of standard input.
fn read_password() -> std::io::Result<Secret> {
    let mut text = String::new();
    stdin().read_line(&mut text)?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text.into())
}

fn list_sessions(whom: &Whom) -> Outcome {
    let (_, sessions) = whom.work(|cx, user| sessions::of(cx, user.id))?;
    let mut table = print::table(["SIGNED IN", "WITH", "LAST SEEN", "UNTIL", "FROM", "BROWSER"]);
    for session in sessions {
        table.add_row([
            &session.created_at.to_string(),
            session.how.as_str(),
            &session.last_seen_at.to_string(),
            &session.expires_at().to_string(),
            &session.origin.location,
            &session.origin.user_agent,
        ]);
    }
    println!("{table}");
    Ok(())
}

fn sign_out(whom: &Whom) -> Outcome {
    let (name, ended) = whom.work(|cx, user| sessions::end_all_but(cx, user.id, None))?;
    eprintln!("Signed {name} out; sessions ended: {ended}.");
    Ok(())
}

fn let_try_again(whom: &Whom) -> Outcome {
    let (name, ()) = whom.work(|cx, user| unlock(cx, user.id))?;
    eprintln!("{name} can try again.");
    Ok(())
}

fn reset_second_factor(whom: &Whom) -> Outcome {
    let (name, ()) = whom.work(|cx, user| second_factor::reset(cx, user.id))?;
    eprintln!("{name} has no second factor any more.");
    Ok(())
}
