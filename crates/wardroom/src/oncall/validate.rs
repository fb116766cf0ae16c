//! `wardroom oncall validate`: whether somebody is on call, for scripts: the exit status says so.

use std::io::{self, Write};

use clap::Args;
use connect::client::Client;
use connect::ravenna::{self, Standing};
use connect::schedules::{Shift, User};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::find::find;
use super::when::{When, now, time};
use super::{every_schedule, explained, zone};
use crate::{Outcome, Told, print};

/// The exit status where somebody is not on call.
const NOT_ON_CALL: u8 = 1;
/// The exit status where that can't be told.
const UNKNOWN: u8 = 2;

/// Say whether somebody is on call: exit status 0 if they are, 1 if not, 2 if that can't be told
#[derive(Debug, Args)]
pub struct Validate {
    /// The schedule: its ID, or its name or how that begins
    #[arg(long, value_name = "SCHEDULE", id = "of")]
    schedule: String,
    /// The e-mail address of the person
    #[arg(long)]
    email: String,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Validate {
    /// Runs it.
    pub fn run(&self, api: &Client, at: Option<When>) -> Outcome {
        let (standing, zone) = self.standing(api, at).map_err(|error| {
            eprintln!("wardroom: {error}");
            Told(UNKNOWN)
        })?;
        if self.json {
            print::json(&Answer::from(&standing))?;
        } else {
            writeln!(io::stdout(), "{}", sentence(&standing, &zone))?;
        }
        if standing.on_call { Ok(()) } else { Err(Told(NOT_ON_CALL).into()) }
    }

    fn standing(&self, api: &Client, at: Option<When>) -> Result<(Standing, TimeZone), Box<dyn std::error::Error>> {
        let all = every_schedule(api)?;
        let schedule = find(&all, &self.schedule)?;
        let zone = zone(schedule)?;
        let at = at.map(|at| at.moment(&zone)).transpose()?.unwrap_or_else(now);
        let standing = ravenna::standing(api, schedule, &self.email, at).map_err(explained)?;
        Ok((standing, zone))
    }
}

/// A standing as scripts read it.
#[derive(Serialize)]
struct Answer<'s> {
    on_call: bool,
    member: bool,
    at: Timestamp,
    schedule_id: &'s str,
    schedule_name: &'s str,
    user: &'s User,
    shift: Option<&'s Shift>,
    others: &'s [Shift],
}

impl<'s> From<&'s Standing> for Answer<'s> {
    fn from(standing: &'s Standing) -> Self {
        Self {
            on_call: standing.on_call,
            member: standing.member,
            at: standing.at,
            schedule_id: &standing.schedule.id,
            schedule_name: &standing.schedule.name,
            user: &standing.user,
            shift: standing.shift.as_ref(),
            others: &standing.on_call_now,
        }
    }
}

/// What is to be said of it: `Ada is on call for Payments until …`.
fn sentence(standing: &Standing, zone: &TimeZone) -> String {
    let (name, schedule) = (&standing.user.name, &standing.schedule.name);
    let until = |shift: &Shift| format!("until {}", time(shift.end_at, standing.at, zone));
    if let Some(shift) = &standing.shift {
        return format!("{name} is on call for {schedule} {}", until(shift));
    }
    let member = if standing.member { "takes turns in" } else { "is not in" };
    let instead: Vec<_> =
        standing.on_call_now.iter().map(|shift| format!("{} is, {}", shift.name(), until(shift))).collect();
    let instead = if instead.is_empty() { "nobody is".to_owned() } else { instead.join("; ") };
    format!("{name} {member} {schedule}, and is not on call: {instead}")
}
