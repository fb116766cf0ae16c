//! `wardroom oncall`: who is on call, by the public API alone.
//!
//! | module     | what it is                                                        |
//! |------------|-------------------------------------------------------------------|
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
mod validate;
mod when;
mod who;

use clap::{Args, Subcommand};
use connect::client::{Client, Trouble};
use connect::schedules::{self, Schedule};
use jiff::tz::TimeZone;

use self::when::When;
use crate::Outcome;
use crate::api_args::{self, ApiAndKeyArgs};

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
    api: ApiAndKeyArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw the weeks to come
    Calendar(calendar::Calendar),
    /// Say whether somebody is on call: exit status 0 if they are, 1 if not, 2 if that can't be told
    Validate(validate::Validate),
}

impl OnCall {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let api = self.api.client(1)?;
        match &self.command {
            None => self.who.run(&api, self.at),
            Some(Command::Calendar(_)) if self.who.says_something() => {
                Err("--schedule, --watch and --every don't go with calendar: it is `wardroom oncall calendar SCHEDULE`"
                    .into())
            }
            Some(Command::Validate(validate)) => validate.run(&api, self.at),
            Some(Command::Calendar(calendar)) => calendar.run(&api, self.at),
        }
    }
}

/// Every schedule, by name.
fn every_schedule(api: &Client) -> Result<Vec<Schedule>, Box<dyn std::error::Error>> {
    let mut found = schedules::all(api).map_err(explained)?;
    if found.is_empty() {
        return Err("there are no schedules yet".into());
    }
    found.sort_by_cached_key(|schedule| (schedule.name.to_lowercase(), schedule.id.clone()));
    Ok(found)
}

/// What trouble means to whoever asked who is on call.
fn explained(trouble: Trouble) -> String {
    api_args::explained(trouble, "view schedules")
}

/// The time zone of a schedule.
fn zone(schedule: &Schedule) -> Result<TimeZone, String> {
    let unknown = || format!("{} has a time zone that is not known here: {}", schedule.name, schedule.timezone);
    ::oncall::rota::zone(&schedule.timezone).ok_or_else(unknown)
}
