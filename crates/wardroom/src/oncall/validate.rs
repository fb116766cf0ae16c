//! `wardroom oncall validate`: whether somebody is on call, for scripts: the exit status says so.

use std::io::{self, Write};

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::find::find;
use super::model::{Schedule, Shift, User};
use super::when::{When, now, time};
use super::{explained, schedules};
use crate::remote::Remote;
use crate::{Outcome, Told};

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

/// How somebody stands to a schedule at a moment.
#[derive(Debug, Serialize)]
struct Standing {
    /// Whether they are on call: by what finally holds, overrides included.
    on_call: bool,
    /// Whether they take turns in any rotation.
    member: bool,
    at: Timestamp,
    #[serde(skip)]
    zone: TimeZone,
    schedule_id: String,
    schedule_name: String,
    user: User,
    /// The shift that they are on call by.
    shift: Option<Shift>,
    /// Who else is on call.
    others: Vec<Shift>,
}

impl Validate {
    /// Runs it.
    pub fn run(&self, remote: &Remote, at: Option<When>) -> Outcome {
        let standing = self.standing(remote, at).map_err(|error| {
            eprintln!("wardroom: {error}");
            Told(UNKNOWN)
        })?;
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut out, &standing).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{}", standing.sentence())?;
        }
        if standing.on_call { Ok(()) } else { Err(Told(NOT_ON_CALL).into()) }
    }

    fn standing(&self, remote: &Remote, at: Option<When>) -> Result<Standing, Box<dyn std::error::Error>> {
        let all = schedules(remote)?;
        let schedule = find(&all, &self.schedule)?;
        let zone = schedule.zone()?;
        let at = at.map(|at| at.moment(&zone)).transpose()?.unwrap_or_else(now);
        let user = remote.user(&self.email).map_err(explained)?;
        let user = user.ok_or_else(|| format!("there is no user with the address {}", self.email))?;
        let shifts = remote.shifts(&schedule.id, at..at + SignedDuration::from_secs(1)).map_err(explained)?;
        Ok(Standing::of(schedule, zone, user, at, shifts))
    }
}

impl Standing {
    fn of(schedule: &Schedule, zone: TimeZone, user: User, at: Timestamp, mut shifts: Vec<Shift>) -> Self {
        shifts.retain(|shift| shift.covers(at));
        let (own, others): (Vec<_>, Vec<_>) =
            shifts.into_iter().partition(|shift| shift.user.as_ref().is_some_and(|there| there.id == user.id));
        Self {
            on_call: !own.is_empty(),
            member: schedule.config.rotations.iter().flat_map(|rotation| &rotation.users).any(|one| one.id == user.id),
            at,
            zone,
            schedule_id: schedule.id.clone(),
            schedule_name: schedule.name.clone(),
            user,
            shift: own.into_iter().next(),
            others,
        }
    }

    /// What is to be said of it: `Ada is on call for Payments until …`.
    fn sentence(&self) -> String {
        let (name, schedule) = (&self.user.name, &self.schedule_name);
        let until = |shift: &Shift| format!("until {}", time(shift.end_at, self.at, &self.zone));
        if let Some(shift) = &self.shift {
            return format!("{name} is on call for {schedule} {}", until(shift));
        }
        let member = if self.member { "takes turns in" } else { "is not in" };
        let instead: Vec<_> =
            self.others.iter().map(|shift| format!("{} is, {}", shift.name(), until(shift))).collect();
        let instead = if instead.is_empty() { "nobody is".to_owned() } else { instead.join("; ") };
        format!("{name} {member} {schedule}, and is not on call: {instead}")
    }
}
