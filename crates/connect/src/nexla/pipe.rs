//! What a pipe is.

use base::{Error, Id, Problems, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Condition, Cx, Record, Stored, Value, values};

use super::destinations::{Delivery, Destination};
use super::files::{FileName, Reach};
use super::inputs::Records;
use super::outputs::Sink;
use super::run::Basis;
use super::schedule::Schedule;
use super::sources::{Mode, Reading, Source};
use super::{digest, job};
use crate::connections::{self, Connection};

/// A pipe, as people write it: `source` and `output`, or `input` and `destination`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its name, which no other pipe has.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The connection that it uses: its name, or its ID.
    #[schemars(length(min = 1))]
    pub connection: String,
    /// The list that it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Where the rows go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Where records come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
    /// What is done with each record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// When it runs by itself: a cron expression of five fields, `*/15 * * * *`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// By the clocks of which time zone: `Europe/Berlin`; UTC unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether it doesn't run by itself for now.
    #[serde(default)]
    pub paused: bool,
}

base::words! {
    /// The form that rows are written in.
    pub enum Format {
        /// JSON Lines: a row a line.
        Jsonl = "jsonl",
        /// Comma-separated values (RFC 4180), with a header.
        Csv = "csv",
        /// Apache Parquet.
        Parquet = "parquet",
        /// A table in SQLite or PostgreSQL.
        Table = "table",
    }
}

/// Where the rows of a list go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The form: `jsonl`, `csv`, `parquet` or `table`.
    pub format: Format,
    /// The file; for all but tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// For `csv`: the columns, as dotted fields of a row; those of the first page unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// For `table`: the SQLite file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqlite: Option<String>,
    /// For `table`: the environment variable that holds the URL of the PostgreSQL database. Its name begins with
    /// `WARDROOM_PIPE_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_env: Option<String>,
    /// For `table`: the file that holds the URL of the PostgreSQL database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<String>,
    /// For `table`: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

/// Where records come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The form: `jsonl` or `csv`.
    pub format: Format,
    /// The file.
    pub file: String,
    /// The field that tells a record from others. Unless given it is `id`, and what the record holds where it has
    /// no `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it is told what became of each record; the file with `.outcomes.jsonl` at its end unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<String>,
}

/// What a pipe does, understood.
pub(super) enum Flow {
    /// It reads a list.
    Ingest { reading: Reading, sink: Sink },
    /// It sends records.
    Deliver { records: Records, delivery: Delivery },
}

impl Definition {
    /// Reads what people wrote.
    ///
    /// # Errors
    /// All that is wrong with it, field by field.
    pub fn read(json: &Json, reach: Reach) -> Result<Self> {
        let definition: Self = web::Reader::of::<Self>().read(json)?;
        definition.check(reach)?;
        Ok(definition)
    }

    /// Checks all that can be known without asking anybody.
    ///
    /// # Errors
    /// All that is wrong with it, field by field.
    pub fn check(&self, reach: Reach) -> Result<()> {
        let mut problems = Problems::new();
        problems.keep(self.schedule())?;
        problems.keep(self.flow(reach))?;
        problems.finish()
    }

    /// When it runs by itself.
    pub fn schedule(&self) -> Result<Option<Schedule>> {
        let zone = self.time_zone.as_deref().unwrap_or("UTC");
        self.schedule.as_deref().map(|cron| Schedule::parse(cron, zone)).transpose()
    }

    pub(super) fn flow(&self, reach: Reach) -> Result<Flow> {
        let mut problems = Problems::new();
        let flow = match (&self.source, &self.output, &self.input, &self.destination) {
            (Some(source), Some(output), None, None) => {
                let reading = problems.keep(source.reading().map_err(|error| error.within("source")))?;
                let sink = problems.keep(output.sink(reach).map_err(|error| error.within("output")))?;
                reading.zip(sink).map(|(reading, sink)| Flow::Ingest { reading, sink })
            }
            (None, None, Some(input), Some(destination)) => {
                let records = problems.keep(input.records(reach).map_err(|error| error.within("input")))?;
                let delivery = problems.keep(destination.delivery().map_err(|error| error.within("destination")))?;
                records.zip(delivery).map(|(records, delivery)| Flow::Deliver { records, delivery })
            }
            (Some(_), None, ..) => return Err(Error::required("output")),
            (None, None, Some(_), None) => return Err(Error::required("destination")),
            (None, None, None, Some(_)) => return Err(Error::required("input")),
            (None, None, None, None) => return Err(Error::required("source")),
            _ => {
                let message = "a pipe has either a source and an output, or an input and a destination";
                return Err(Error::invalid("source", message));
            }
        };
        problems.finish()?;
        flow.ok_or_else(|| Error::internal("a pipe without problems has been understood"))
    }
}

impl Input {
    fn records(&self, reach: Reach) -> Result<Records> {
        let mut problems = Problems::new();
        let is_readable = matches!(self.format, Format::Jsonl | Format::Csv);
        problems.check(is_readable, "format", "must be jsonl or csv");
        let outcomes = self.outcomes.clone().unwrap_or_else(|| format!("{}.outcomes.jsonl", self.file));
        let file = problems.keep(file_name("file", &self.file, reach))?;
        let outcomes = problems.keep(file_name("outcomes", &outcomes, reach))?;
        problems.check(file.is_none() || file != outcomes, "outcomes", "must not be the input itself");
        problems.finish()?;
        let records = file.zip(outcomes).map(|(file, outcomes)| Records {
            is_csv: self.format == Format::Csv,
            file,
            key: self.key.clone(),
            outcomes,
        });
        records.ok_or_else(|| Error::internal("an input without problems has been understood"))
    }
}

/// The name of a file that the field at `pointer` gives.
pub(super) fn file_name(pointer: &str, text: &str, reach: Reach) -> Result<FileName> {
    FileName::parse(text, reach).map_err(|problem| Error::invalid(pointer, problem))
}

/// A digest of what `parts` hold.
fn digest_of(parts: &impl Serialize) -> Result<String> {
    Ok(digest(&[&serde_json::to_string(parts).map_err(Error::internal)?]))
}

/// A pipe, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pipe {
    /// Which one.
    pub id: Id<Pipe>,
    /// What it does.
    pub definition: Definition,
    /// The connection that it uses, whatever that is called by now.
    pub connection_id: Id<Connection>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

impl Record for Pipe {
    const TABLE: &'static str = "hub_pipes";
    const COLUMNS: &'static [&'static str] = &["name"];
    const KIND: &'static str = "hub_pipe";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.definition.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![&self.definition.name].into()
    }
}

impl Pipe {
    /// Makes a pipe. No other may have its name.
    pub fn add(cx: &mut Cx<'_>, definition: Definition) -> Result<Self> {
        Self::expect_free(cx, &definition.name)?;
        let connection_id = connections::named(cx, "connection", &definition.connection)?.id;
        let pipe = Self { id: cx.new_id(), definition, connection_id, created_at: cx.now(), updated_at: cx.now() };
        cx.insert(&pipe)?;
        job::set_due(cx, &pipe)?;
        Ok(pipe)
    }

    /// Has `pipe` do something else from now on. No other may have its name.
    pub fn change(cx: &mut Cx<'_>, pipe: &mut Stored<Self>, definition: Definition) -> Result<()> {
        if definition.name != pipe.definition.name {
            Self::expect_free(cx, &definition.name)?;
        }
        let connection_id = connections::named(cx, "connection", &definition.connection)?.id;
        if (connection_id, &definition) == (pipe.connection_id, &pipe.definition) {
            return Ok(());
        }
        (pipe.definition, pipe.connection_id, pipe.updated_at) = (definition, connection_id, cx.now());
        cx.save(pipe)?;
        job::set_due(cx, pipe)
    }

    fn expect_free(cx: &mut Cx<'_>, name: &str) -> Result<()> {
        match Self::named(cx, name)? {
            Some(_) => Err(Error::invalid("name", format!("there is a pipe named {name} already"))),
            None => Ok(()),
        }
    }

    /// Makes a pipe, or changes the one that has its name.
    pub fn put(cx: &mut Cx<'_>, definition: Definition) -> Result<Self> {
        let Some(mut pipe) = Self::named(cx, &definition.name)? else { return Self::add(cx, definition) };
        Self::change(cx, &mut pipe, definition)?;
        Ok(pipe.into_inner())
    }

    /// The pipe of this name.
    pub fn named(cx: &mut Cx<'_>, name: &str) -> Result<Option<Stored<Self>>> {
        Ok(cx.list(Condition::equal("name", name), "id")?.pop())
    }

    /// All pipes, by name.
    pub fn all(cx: &mut Cx<'_>) -> Result<Vec<Self>> {
        let pipes = cx.list(Condition::everything(), "name")?;
        Ok(pipes.into_iter().map(Stored::into_inner).collect())
    }

    /// What runs of the same pipe have in common as long as it isn't changed.
    pub(super) fn basis(&self, flow: &Flow) -> Result<Basis> {
        let Definition { source, output, input, destination, .. } = &self.definition;
        let whole = digest_of(&(self.connection_id, source, output, input, destination))?;
        let Flow::Ingest { reading, .. } = flow else { return Ok(Basis { whole, ..Basis::default() }) };
        // The columns of a file are those that it began with.
        let output = output.clone().map(|output| Output { columns: None, ..output });
        let rows = digest_of(&(self.connection_id, &output, &reading.id))?;
        Ok(Basis { whole, rows, output: digest_of(&output)?, is_full: reading.mode == Mode::Full })
    }

    /// When it runs next by itself, after `after`.
    pub fn next_run(&self, after: Time) -> Result<Option<Time>> {
        if self.definition.paused {
            return Ok(None);
        }
        Ok(self.definition.schedule()?.and_then(|schedule| schedule.next_run(after)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(json: Json) -> Vec<String> {
        let error = Definition::read(&json, Reach::Within).unwrap_err();
        error.problems().iter().map(|problem| problem.pointer.clone()).collect()
    }

    #[test]
    fn what_is_wrong_with_a_definition_is_told_with_its_field() {
        let pipe = |more: Json| {
            let mut pipe = json!({"name": "a", "connection": "acme"});
            pipe.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            pipe
        };
        let source = json!({"template": "teams"});
        assert_eq!(problems(json!({})), ["name", "connection"]);
        assert_eq!(problems(pipe(json!({}))), ["source"]);
        assert_eq!(problems(pipe(json!({"source": source}))), ["output"]);
        assert_eq!(problems(pipe(json!({"source": source, "output": {"format": "jsonl"}}))), ["output.file"]);
        let outside = json!({"source": source, "output": {"format": "csv", "file": "../x"}, "schedule": "often"});
        assert_eq!(problems(pipe(outside)), ["schedule", "output.file"]);
        let inline = json!({"source": source, "output": {"format": "table", "url": "postgres://a:b@c/d"}});
        let error = Definition::read(&pipe(inline), Reach::Anywhere).unwrap_err();
        assert!(!error.to_string().contains("a:b"), "{error}");
        let both =
            json!({"source": source, "output": {"format": "jsonl", "file": "x"}, "destination": {"template": "call"}});
        assert_eq!(problems(pipe(both)), ["source"]);
        let itself = json!({"format": "jsonl", "file": "a/in.jsonl", "outcomes": "a/.//in.jsonl"});
        let itself = json!({"input": itself, "destination": {"template": "create_incidents"}});
        assert_eq!(problems(pipe(itself)), ["input.outcomes"]);
    }
}
