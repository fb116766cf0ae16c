//! `wardroom pipe`: pipes between the API and files or databases, on the database directly.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use connect::client::Patience;
use connect::nexla::engine::{Engine, Options};
use connect::nexla::files::Reach;
use connect::nexla::pipe::{Definition, Pipe};
use connect::nexla::{Counts, Failure, Run, State};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value as Json, json};
use store::{Cx, Store};

use crate::config::DataArgs;
use crate::open::{operator, store_for_command};
use crate::{Outcome, Told, print};

/// How long a slice of a run takes.
const SLICE: Duration = Duration::from_secs(30);
/// How long one waits for somebody else who runs the pipe: longer than a dead run is taken to live.
const PATIENCE: Duration = Duration::from_secs(30);
/// The exit status where the run came to its end and not every record was done.
const NOT_ALL_DONE: u8 = 3;

/// Move rows between the API and files or databases.
#[derive(Debug, Args)]
pub struct Pipes {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add the pipes that a file defines (YAML or JSON: one, or a list), or change those of the same name
    Add {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List all pipes
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Show how a pipe is defined
    Show {
        /// The pipe's name
        name: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Remove a pipe; its files stay
    Remove {
        /// The pipe's name
        name: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Run a pipe, or go on with its last run where that stopped
    Run(RunPipe),
    /// Show the first rows that a pipe would read, or what it would send; nothing is kept, nothing is sent
    Test(Test),
    /// Say how pipes are doing
    Status {
        /// The pipe's name; all pipes unless given
        name: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Args)]
struct RunPipe {
    /// The pipe's name
    name: String,
    /// Stop after half a minute; the next run goes on
    #[arg(long)]
    slice: bool,
    /// Send records again of which nobody knows what became of them
    #[arg(long)]
    retry_unknown: bool,
    /// Say as JSON what the run did
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Args)]
struct Test {
    /// The pipe's name
    name: String,
    /// How many rows
    #[arg(long, default_value_t = 10)]
    rows: usize,
    /// As JSON in one line each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
}

impl Pipes {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Add { file, data } => add(file, data),
            Command::List { json, data } => list(*json, data),
            Command::Show { name, data } => show(name, data),
            Command::Remove { name, data } => remove(name, data),
            Command::Run(run) => run.run(),
            Command::Test(test) => test.run(),
            Command::Status { name, json, data } => status(name.as_deref(), *json, data),
        }
    }
}

fn add(file: &Path, data: &DataArgs) -> Outcome {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let read: Json = serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let written = match read {
        Json::Array(list) => list,
        one => vec![one],
    };
    let read = |one| Definition::read(one, Reach::Anywhere).map_err(|error| format!("{}: {error}", file.display()));
    let definitions = written.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let put = move |cx: &mut Cx<'_>| {
        definitions.iter().map(|definition| Pipe::put(cx, definition.clone())).collect::<base::Result<Vec<_>>>()
    };
    for pipe in store_for_command(data)?.write(operator(), put).wait()? {
        println!("{} {}", pipe.id, pipe.definition.name);
    }
    Ok(())
}

/// The pipe of this name.
fn named(store: &Store, name: &str) -> Result<Pipe, Box<dyn std::error::Error>> {
    let wanted = name.to_owned();
    let pipe = store.read(operator(), move |cx| Pipe::named(cx, &wanted)).wait()?;
    Ok(pipe.ok_or_else(|| format!("there is no pipe named {name}"))?.into_inner())
}

fn list(as_json: bool, data: &DataArgs) -> Outcome {
    let pipes = store_for_command(data)?.read(operator(), Pipe::all).wait()?;
    if as_json {
        let definitions: Vec<_> = pipes.iter().map(|pipe| &pipe.definition).collect();
        return print::json(&definitions);
    }
    let mut table = print::table(["NAME", "CONNECTION", "KIND", "SCHEDULE", "DESCRIPTION"]);
    for Pipe { definition, .. } in pipes {
        let kind = if definition.source.is_some() { "source" } else { "destination" };
        let schedule = match (&definition.schedule, definition.paused) {
            (Some(schedule), false) => schedule.clone(),
            (Some(schedule), true) => format!("{schedule} (paused)"),
            (None, _) => "-".into(),
        };
        table.add_row([definition.name, definition.connection, kind.into(), schedule, definition.description]);
    }
    println!("{table}");
    Ok(())
}

fn show(name: &str, data: &DataArgs) -> Outcome {
    print::json(&named(&store_for_command(data)?, name)?.definition)
}

fn remove(name: &str, data: &DataArgs) -> Outcome {
    let wanted = name.to_owned();
    let remove = move |cx: &mut Cx<'_>| match Pipe::named(cx, &wanted)? {
        Some(pipe) => cx.delete(&pipe).map(|()| true),
        None => Ok(false),
    };
    if !store_for_command(data)?.write(operator(), remove).wait()? {
        return Err(format!("there is no pipe named {name}").into());
    }
    eprintln!("Removed {name}.");
    Ok(())
}

/// What a pipe runs with while somebody watches.
fn engine<'s>(store: &'s Store, pipe: &Pipe) -> Result<Engine<'s>, Failure> {
    let engine = Engine::of(store, pipe)?;
    Ok(Engine { api: engine.api.patient(Patience::LONG_RUN), ..engine })
}

impl RunPipe {
    fn run(&self) -> Outcome {
        let store = store_for_command(&self.data)?;
        let pipe = named(&store, &self.name)?;
        let engine = engine(&store, &pipe)?;
        let options = Options { retry_unknown: self.retry_unknown, patience: PATIENCE };
        let (bar, world) = (bar(), store.world());
        let until = self.slice.then(|| world.now() + SLICE);
        let mut watch = |run: &Run| {
            bar.set_length(run.total.unwrap_or(run.counts.read));
            bar.set_position(run.counts.read);
            bar.set_message(told(&run.counts));
            until.is_none_or(|until| world.now() < until)
        };
        let run = engine.run(pipe.id, options, &mut watch)?;
        bar.finish_and_clear();
        if self.json {
            println!("{}", json!(run));
        } else {
            println!("{}: {}, {}", self.name, run.state, told(&run.counts));
        }
        match run {
            Run { error: Some(error), .. } => Err(format!("{}: {error}", self.name).into()),
            Run { counts: Counts { failed: 0, unknown: 0, .. }, .. } => Ok(()),
            _ => Err(Told(NOT_ALL_DONE).into()),
        }
    }
}

fn told(counts: &Counts) -> String {
    let parts = [
        (counts.read, "read"),
        (counts.written, "written"),
        (counts.skipped, "known already"),
        (counts.failed, "failed"),
        (counts.unknown, "unknown"),
    ];
    let told = parts.iter().filter(|(count, what)| *count > 0 || matches!(*what, "read" | "written"));
    told.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

/// A bar for a person who waits, on standard error; nothing where that is no terminal.
fn bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {elapsed} {wide_msg} {per_sec}").expect("the template is sound");
    ProgressBar::no_length().with_style(style)
}

impl Test {
    fn run(&self) -> Outcome {
        let store = store_for_command(&self.data)?;
        let pipe = named(&store, &self.name)?;
        let mut out = std::io::stdout().lock();
        for row in engine(&store, &pipe)?.preview(&pipe, self.rows)? {
            let text = if self.json { row.to_string() } else { serde_json::to_string_pretty(&row)? };
            writeln!(out, "{text}")?;
        }
        Ok(())
    }
}

fn status(name: Option<&str>, as_json: bool, data: &DataArgs) -> Outcome {
    let wanted = name.map(str::to_owned);
    let read = move |cx: &mut Cx<'_>| {
        let pipes = Pipe::all(cx)?.into_iter();
        let pipes = pipes.filter(|pipe| wanted.as_ref().is_none_or(|wanted| *wanted == pipe.definition.name));
        let now = cx.now();
        pipes.map(|pipe| Ok((Run::last(cx, pipe.id, 1)?.pop(), pipe.next_run(now)?, pipe))).collect()
    };
    let found: Vec<_> = store_for_command(data)?.read(operator(), read).wait()?;
    if let (Some(name), true) = (name, found.is_empty()) {
        return Err(format!("there is no pipe named {name}").into());
    }
    if as_json {
        let pipe = |(run, next, pipe): &(Option<Run>, Option<base::Time>, Pipe)| json!({"name": pipe.definition.name, "last_run": run, "next_run": next});
        println!("{}", json!(found.iter().map(pipe).collect::<Vec<_>>()));
        return Ok(());
    }
    let mut table = print::table(["NAME", "LAST RUN", "STATE", "ROWS", "NEXT RUN", "ERROR"]);
    for (run, next, pipe) in found {
        let state = run.as_ref().map_or("-", |run| State::as_str(run.state));
        let cell = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let started = cell(run.as_ref().map(|run| run.started_at.to_string()));
        let rows = cell(run.as_ref().map(|run| told(&run.counts)));
        let next = cell(next.map(|next| next.to_string()));
        let error = cell(run.and_then(|run| run.error));
        table.add_row([pipe.definition.name, started, state.into(), rows, next, error]);
    }
    println!("{table}");
    Ok(())
}
