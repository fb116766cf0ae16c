//! `wardroom oncall`: who is on call, by the public API alone.
//!
//! | module     | what it is                                                        |
//! |------------|-------------------------------------------------------------------|
//! | `model`    | schedules and shifts as the API has them                            |
//! | `remote`   | asking the server                                                   |
//! | `find`     | which schedule a person means (pure)                                |
//! | `when`     | reading and wording times (pure)                                    |
//! | `duty`     | who is on call at a moment, in words (pure)                         |
//! | `who`      | the command that says so                                            |
//! | `validate` | the command that says whether somebody is on call                   |
//! | `chart`    | the weeks to come as a drawing (pure)                               |
//! | `calendar` | the command that draws them                                         |

mod calendar;
mod chart;
mod duty;
mod find;
mod model;
mod remote;
mod validate;
mod when;
mod who;

use clap::{Args, Subcommand};

use self::model::Schedule;
use self::when::When;
use crate::Outcome;
use crate::remote::{Refusal, Remote};

/// Say who is on call.
#[derive(Debug, Args)]
pub struct OnCall {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    who: who::Who,
    /// At another time than now: 2026-03-29T02:30:00Z, or 2026-03-29 02:30 by the schedule's clock
    #[arg(long, global = true, value_name = "TIME")]
    at: Option<When>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw the weeks to come
    Calendar(calendar::Calendar),
    /// Say whether somebody is on call: exit status 0 if they are, 1 if not, 2 if that can't be told
    Validate(validate::Validate),
}

/// The server to ask. Either may stand before or after the subcommand, so clap can't require it.
#[derive(Debug, Args)]
struct ServerArgs {
    /// Where the API is: https://incidents.example.com
    #[arg(long, env = "WARDROOM_URL", global = true)]
    url: Option<String>,
    /// An API key that may view schedules
    #[arg(long, env = "WARDROOM_API_KEY", hide_env_values = true, global = true)]
    api_key: Option<String>,
}

impl ServerArgs {
    fn remote(&self) -> Result<Remote, &'static str> {
        let url = self.url.as_deref().ok_or("which server? Say so with --url, or in WARDROOM_URL")?;
        let key =
            self.api_key.as_deref().ok_or("an API key is needed: give it with --api-key, or in WARDROOM_API_KEY")?;
        Ok(Remote::new(url, key, 1).impatient())
    }
}

impl OnCall {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let remote = self.server.remote()?;
        match &self.command {
            None => self.who.run(&remote, self.at),
            Some(Command::Calendar(_)) if self.who.says_something() => {
                Err("--schedule, --watch and --every don't go with calendar: it is `wardroom oncall calendar SCHEDULE`"
                    .into())
            }
            Some(Command::Validate(validate)) => validate.run(&remote, self.at),
            Some(Command::Calendar(calendar)) => calendar.run(&remote, self.at),
        }
    }
}

/// Every schedule, by name.
fn schedules(remote: &Remote) -> Result<Vec<Schedule>, Box<dyn std::error::Error>> {
    let mut schedules = remote.schedules().map_err(explained)?;
    if schedules.is_empty() {
        return Err("there are no schedules yet".into());
    }
    schedules.sort_by_cached_key(|schedule| (schedule.name.to_lowercase(), schedule.id.clone()));
    Ok(schedules)
}

/// What a refusal means to whoever asked who is on call.
fn explained(refusal: Refusal) -> String {
    match refusal.status {
        None => format!("the server can't be reached: {refusal}"),
        Some(401) => {
            "the server does not accept this API key; `wardroom keys create --name me --role viewer` makes one".into()
        }
        Some(403) => format!("this API key may not view schedules: {refusal}"),
        Some(_) => format!("the server refused: {refusal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_to_people() {
        let told = |status, message: &str| explained(Refusal { status, message: message.into() });
        assert_eq!(told(None, "http://x: refused"), "the server can't be reached: http://x: refused");
        assert!(told(Some(401), "x").contains("does not accept this API key"));
        assert_eq!(told(Some(403), "no right"), "this API key may not view schedules: no right");
        assert_eq!(told(Some(500), "oh"), "the server refused: oh");
    }
}
