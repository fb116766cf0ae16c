//! `wardroom api`: any operation of the API, from a shell.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use connect::atomicwork::{CallApi, Method, Parameter, Response, call};
use connect::client::{ApiPath, Client, Kind, Listing, Trouble};
use serde_json::Value as Json;

use crate::api_args::{ApiArgs, explained, json_given};
use crate::{Outcome, Told};

/// The exit status where the server refused.
const REFUSED: u8 = 1;
/// The exit status where there is no answer.
const UNANSWERED: u8 = 2;

/// Call any operation of the API: exit status 0 for a 2xx, 1 for any other answer, 2 for none.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wardroom api GET /v1/severities
  wardroom api GET /v2/incidents --query 'status_category[one_of]=live' --all
  wardroom api POST /v2/schedules --data @schedule.json
  echo '{\"name\": \"Gold\"}' | wardroom api POST /v1/severities --data -")]
pub struct Api {
    /// GET, POST, PUT, PATCH or DELETE
    #[arg(value_parser = method)]
    method: Method,
    /// The path within the API: /v1/severities
    path: ApiPath,
    /// The body: JSON, or @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
    /// A parameter of the query; can be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = |text: &str| parameter(text, '='))]
    query: Vec<Parameter>,
    /// A header; can be repeated
    #[arg(long, value_name = "NAME:VALUE", value_parser = |text: &str| parameter(text, ':'))]
    header: Vec<Parameter>,
    /// Print the status and the headers too, before the body
    #[arg(long)]
    include: bool,
    /// Follow the pages of a list, and print its rows, a line each
    #[arg(long, conflicts_with_all = ["include", "data", "header"])]
    all: bool,
    #[command(flatten)]
    api: ApiArgs,
}

fn method(text: &str) -> Result<Method, &'static str> {
    text.to_uppercase().parse()
}

fn parameter(text: &str, between: char) -> Result<Parameter, String> {
    let (name, value) = text.split_once(between).ok_or(format!("is a name and a value with {between} between them"))?;
    Ok(Parameter { name: name.trim().to_owned(), value: value.trim().to_owned() })
}

impl Api {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let prepared = self.api.client(1).and_then(|api| Ok((api, self.call()?)));
        let (api, asked) = prepared.map_err(|error| {
            eprintln!("wardroom: {error}");
            Told(UNANSWERED)
        })?;
        if self.all { self.print_rows(&api) } else { self.print_answer(&api, &asked) }
    }

    fn call(&self) -> Result<CallApi, Box<dyn std::error::Error>> {
        if self.all && self.method != Method::Get {
            return Err("--all reads a list: it goes with GET".into());
        }
        Ok(CallApi {
            method: self.method,
            path: self.path.to_string(),
            query: self.query.clone(),
            headers: self.header.clone(),
            body: self.body()?,
        })
    }

    fn print_answer(&self, api: &Client, asked: &CallApi) -> Outcome {
        let response = call(api, asked).map_err(told)?;
        let mut out = io::stdout().lock();
        if self.include {
            write_head(&mut out, &response)?;
        }
        write_body(&mut out, &response)?;
        if (200..300).contains(&response.status) { Ok(()) } else { Err(Told(REFUSED).into()) }
    }

    fn print_rows(&self, api: &Client) -> Outcome {
        let path = self.query.iter().fold(self.path.clone(), |path, one| path.with(&one.name, &one.value));
        let mut out = io::stdout().lock();
        for page in api.pages::<Json>(Listing { path, rows: String::new() }, None) {
            for row in page.map_err(told)?.rows {
                writeln!(out, "{row}")?;
            }
        }
        Ok(())
    }

    fn body(&self) -> Result<Option<Json>, Box<dyn std::error::Error>> {
        self.data.as_deref().map(|data| json_given("--data", data)).transpose()
    }
}

/// Tells a person of trouble; what is left is the exit status.
fn told(trouble: Trouble) -> Told {
    let status = if trouble.status.is_some() && trouble.kind != Kind::NoAnswer { REFUSED } else { UNANSWERED };
    eprintln!("wardroom: {}", explained(trouble, "do this"));
    Told(status)
}

fn write_head(out: &mut impl Write, response: &Response) -> io::Result<()> {
    writeln!(out, "{}", response.status)?;
    for (name, value) in &response.headers {
        writeln!(out, "{name}: {value}")?;
    }
    writeln!(out)
}

/// The body as it came; where a person reads it, in a form to be read.
fn write_body(out: &mut impl Write, response: &Response) -> io::Result<()> {
    match response.json.as_ref().filter(|_| io::stdout().is_terminal()) {
        Some(json) => {
            serde_json::to_writer_pretty(&mut *out, json)?;
            writeln!(out)
        }
        None => out.write_all(response.body.as_bytes()),
    }
}
