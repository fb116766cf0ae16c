//! `wardroom oncall`: who is on call now, or at another time.

use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use clap::Args;
use connect::client::Client;
use connect::schedules::{self, Schedule};
use jiff::{SignedDuration, Timestamp};

use super::duty::{Duty, changes, duties};
use super::find::find;
use super::when::{When, full, now};
use super::{every_schedule, explained, zone};
use crate::Outcome;

/// How far ahead is looked for who is next: first so many days, and where that finds nobody, more.
const AHEAD: [i64; 2] = [8, 91];

/// Who is on call.
#[derive(Debug, Args)]
pub struct Who {
    /// Only this schedule: its ID, or its name or how that begins
    #[arg(long)]
    schedule: Option<String>,
    /// Go on until interrupted: redraw on a terminal, otherwise print a line a change
    #[arg(long)]
    watch: bool,
    /// How many seconds to wait before looking again [default: 30]
    #[arg(long, value_name = "SECONDS", requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    every: Option<u64>,
}

impl Who {
    /// Whether it was asked for anything.
    pub fn says_something(&self) -> bool {
        self.schedule.is_some() || self.watch || self.every.is_some()
    }

    /// Runs it.
    pub fn run(&self, api: &Client, at: Option<When>) -> Outcome {
        if self.watch {
            return if at.is_none() {
                self.watch(api)
            } else {
                Err("--watch looks at now: --at does not go with it".into())
            };
        }
        let duties = self.look(api, at)?;
        let mut out = io::stdout().lock();
        out.write_all(report(&duties, at.is_some()).as_bytes())?;
        Ok(())
    }

    fn watch(&self, api: &Client) -> Outcome {
        let every = Duration::from_secs(self.every.unwrap_or(30));
        let mut known = self.look(api, None)?;
        let mut out = io::stdout().lock();
        let redraws = out.is_terminal();
        if !redraws {
            out.write_all(report(&known, false).as_bytes())?;
        }
        loop {
            if redraws {
                // From the upper left corner, and nothing of before below.
                write!(out, "\x1b[H\x1b[J{}", report(&known, true))?;
            }
            out.flush()?;
            thread::sleep(every);
            match self.look(api, None) {
                Ok(seen) if redraws => known = seen,
                Ok(seen) => {
                    for change in changes(&known, &seen) {
                        writeln!(out, "{}  {}", full(&change.moment()), change.sentence())?;
                    }
                    known = seen;
                }
                // It may be back soon; until then what was known is all there is.
                Err(error) => eprintln!("wardroom: {error}"),
            }
        }
    }

    /// How things stand.
    fn look(&self, api: &Client, at: Option<When>) -> Result<Vec<Duty>, Box<dyn std::error::Error>> {
        let all = every_schedule(api)?;
        let wanted = match &self.schedule {
            Some(wanted) => vec![find(&all, wanted)?],
            None => all.iter().collect(),
        };
        let (now, mut found) = (now(), Vec::new());
        for schedule in wanted {
            let zone = zone(schedule)?;
            let at = at.map(|at| at.moment(&zone)).transpose()?.unwrap_or(now);
            found.extend(look_at(api, schedule, at)?);
        }
        Ok(found)
    }
}

fn look_at(api: &Client, schedule: &Schedule, at: Timestamp) -> Result<Vec<Duty>, String> {
    let (zone, mut found) = (zone(schedule)?, Vec::new());
    for days in AHEAD {
        let end = at.saturating_add(SignedDuration::from_hours(24 * days)).map_err(|error| error.to_string())?;
        let shifts = schedules::shifts(api, &schedule.id, at..end).map_err(explained)?;
        found = duties(schedule, &zone, at, &shifts);
        if found.iter().all(Duty::knows_next) {
            break;
        }
    }
    Ok(found)
}

/// All of it, a line each, and if it is asked for under which time that is.
fn report(duties: &[Duty], with_times: bool) -> String {
    let (mut text, mut last) = (String::new(), String::new());
    for duty in duties {
        let heading = format!("{}:\n", full(&duty.moment()));
        if with_times && heading != last {
            text += &heading;
            last = heading;
        }
        text += &duty.sentence();
        text.push('\n');
    }
    text
}
