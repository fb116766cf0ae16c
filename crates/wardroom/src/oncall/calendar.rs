//! `wardroom oncall calendar`: the weeks to come, in the terminal.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use connect::client::Client;
use connect::schedules;
use terminal_size::{Width, terminal_size};

use super::chart::{Chart, Style};
use super::find::find;
use super::when::{When, now};
use super::{every_schedule, explained, zone};
use crate::Outcome;

/// How wide a drawing is that is not on a terminal.
const WIDTH: usize = 80;

/// Draw the weeks to come.
#[derive(Debug, Args)]
pub struct Calendar {
    /// The schedule: its ID, or its name or how that begins
    #[arg(value_name = "SCHEDULE")]
    of: String,
    /// How many weeks to draw, from this Monday on
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=53))]
    weeks: u16,
}

impl Calendar {
    /// Runs it.
    pub fn run(&self, api: &Client, at: Option<When>) -> Outcome {
        let all = every_schedule(api)?;
        let schedule = find(&all, &self.of)?;
        let zone = zone(schedule)?;
        let at = at.map(|at| at.moment(&zone)).transpose()?.unwrap_or_else(now);
        let (style, width) = look();
        let chart = Chart::new(schedule, zone, at, self.weeks, style)?;
        let shifts = schedules::shifts(api, &schedule.id, chart.window()?).map_err(explained)?;
        io::stdout().lock().write_all(chart.draw(&shifts, width)?.as_bytes())?;
        Ok(())
    }
}

/// How to draw where the output goes to.
fn look() -> (Style, usize) {
    let is_terminal = io::stdout().is_terminal();
    let without_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let style = if is_terminal && !without_colour { Style::Coloured } else { Style::Plain };
    let width = terminal_size().filter(|_| is_terminal).map_or(WIDTH, |(Width(width), _)| width.into());
    (style, width)
}
