//! `wardroom incident`: incidents, by the public API alone.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use connect::atomicwork::{
    Category, CreateIncident, Incidents, List, ListIncidents, Mode, UpdateIncident, Visibility, create, find, get,
    list, update,
};
use connect::client::{Client, Trouble};
use serde_json::Value as Json;

use crate::api_args::{ApiArgs, explained};
use crate::{Outcome, print};

/// Create, look up, change and list incidents.
#[derive(Debug, Args)]
pub struct Incident {
    #[command(subcommand)]
    command: Command,
    /// Print what the API answers, in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create an incident
    Create(Create),
    /// Look an incident up
    Get {
        /// Its ID, its number or its reference: INC-123
        id: String,
    },
    /// Change an incident; what is not said stays
    Update(Update),
    /// List incidents, newest first
    List(Which),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wardroom incident create --name 'Checkout is slow' --severity major
  wardroom incident create --name 'Disk full' --severity minor --idempotency-key alert-4711
  wardroom incident create --name 'Outage of 3 May' --severity critical --mode retrospective --status closed")]
struct Create {
    #[command(flatten)]
    about: About,
    /// The status that it begins in: its name, or its ID
    #[arg(long)]
    status: Option<String>,
    /// Its type: the name, or the ID
    #[arg(long)]
    r#type: Option<String>,
    /// Who may see it: public or private
    #[arg(long, default_value_t = Visibility::Public)]
    visibility: Visibility,
    /// What it is for: standard, retrospective, test or tutorial
    #[arg(long, default_value_t = Mode::Standard)]
    mode: Mode,
    /// A second incident with the same key is the first one
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Retrospective: the number of its reference, 123 for INC-123
    #[arg(long, value_name = "NUMBER")]
    external_id: Option<i64>,
    /// Retrospective: where its post-mortem is
    #[arg(long, value_name = "URL")]
    postmortem_url: Option<String>,
    /// Retrospective: the ID of the Slack channel that it was handled in
    #[arg(long, value_name = "ID")]
    slack_channel: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wardroom incident update INC-12 --severity critical --notify
  wardroom incident update INC-12 --status closed --summary 'The disk was full.'")]
struct Update {
    /// Its ID, its number or its reference: INC-123
    id: String,
    #[command(flatten)]
    about: About,
    /// The status to move it to: its name, or its ID
    #[arg(long)]
    status: Option<String>,
    /// Tell its Slack channel
    #[arg(long)]
    notify: bool,
}

/// What an incident is about.
#[derive(Debug, Args)]
struct About {
    /// What is wrong, in a line
    #[arg(long)]
    name: Option<String>,
    /// What is wrong, in detail
    #[arg(long)]
    summary: Option<String>,
    /// How bad it is: the name of a severity, or its ID
    #[arg(long)]
    severity: Option<String>,
}

/// Which incidents. Each filter can be repeated.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wardroom incident list --status-category live --status-category paused
  wardroom incident list --severity critical --all --json")]
struct Which {
    /// Only those whose status is of this category: triage, live, learning, paused, closed, declined, canceled, merged
    #[arg(long, value_name = "CATEGORY")]
    status_category: Vec<Category>,
    /// Only those whose status is not of this category
    #[arg(long, value_name = "CATEGORY")]
    not_status_category: Vec<Category>,
    /// Only those of this mode; standard and retrospective when absent
    #[arg(long)]
    mode: Vec<Mode>,
    /// Only those of this severity: its name, or its ID
    #[arg(long)]
    severity: Vec<String>,
    /// Only those in this status: its name, or its ID
    #[arg(long)]
    status: Vec<String>,
    /// Only those of this type: its name, or its ID
    #[arg(long)]
    r#type: Vec<String>,
    /// How many at once: 25, and 500 with --all
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u16).range(1..=500))]
    page_size: Option<u16>,
    /// Only those that come after the one with this ID
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// All of them, not only the first page
    #[arg(long)]
    all: bool,
}

impl Incident {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let api = self.api.client(1)?;
        match &self.command {
            Command::Create(wanted) => {
                self.tell("created", &wanted.send(&api).map_err(|t| told(t, "create incidents"))?)
            }
            Command::Update(wanted) => {
                self.tell("updated", &wanted.send(&api).map_err(|t| told(t, "change incidents"))?)
            }
            Command::Get { id } => self.show(&get(&api, id).map_err(|t| told(t, "view incidents"))?),
            Command::List(which) => self.list(&which.find(&api).map_err(|t| told(t, "view incidents"))?),
        }
    }

    /// Says what became of an incident.
    fn tell(&self, what: &str, incident: &Json) -> Outcome {
        if self.json {
            return print::json(incident);
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{} {what}: {}", text(incident, "/reference"), text(incident, "/name"))?;
        writeln!(out, "{}", text(incident, "/permalink"))?;
        Ok(())
    }

    fn show(&self, incident: &Json) -> Outcome {
        if self.json {
            return print::json(incident);
        }
        let mut table = print::plain_table();
        for (label, pointer) in ROWS {
            let value = text(incident, pointer);
            if !value.is_empty() {
                table.add_row([label, value]);
            }
        }
        writeln!(io::stdout(), "{table}")?;
        Ok(())
    }

    fn list(&self, found: &Incidents) -> Outcome {
        if self.json {
            return print::json(found);
        }
        let mut table = print::table(COLUMNS.map(|(label, _)| label));
        for incident in &found.incidents {
            table.add_row(COLUMNS.map(|(_, pointer)| text(incident, pointer)));
        }
        writeln!(io::stdout(), "{table}")?;
        if let Some(after) = &found.pagination_meta.after {
            eprintln!("There are more: --after {after} shows the next ones, --all shows all.");
        }
        Ok(())
    }
}

/// What a person sees of an incident.
const ROWS: [(&str, &str); 12] = [
    ("Reference", "/reference"),
    ("Name", "/name"),
    ("Status", "/incident_status/name"),
    ("Severity", "/severity/name"),
    ("Type", "/incident_type/name"),
    ("Mode", "/mode"),
    ("Visibility", "/visibility"),
    ("Created", "/created_at"),
    ("Updated", "/updated_at"),
    ("Summary", "/summary"),
    ("Link", "/permalink"),
    ("ID", "/id"),
];

/// What a person sees of each of several.
const COLUMNS: [(&str, &str); 5] = [
    ("REFERENCE", "/reference"),
    ("STATUS", "/incident_status/name"),
    ("SEVERITY", "/severity/name"),
    ("CREATED", "/created_at"),
    ("NAME", "/name"),
];

impl Create {
    fn send(&self, api: &Client) -> Result<Json, Trouble> {
        let input = CreateIncident {
            idempotency_key: self.idempotency_key.clone(),
            name: self.about.name.clone(),
            summary: self.about.summary.clone(),
            visibility: Some(self.visibility),
            severity_id: id(api, List::Severity, self.about.severity.as_deref())?,
            mode: Some(self.mode),
            incident_status_id: id(api, List::Status, self.status.as_deref())?,
            incident_type_id: id(api, List::Type, self.r#type.as_deref())?,
            external_id: self.external_id,
            postmortem_document_url: self.postmortem_url.clone(),
            slack_channel_id: self.slack_channel.clone(),
        };
        create(api, &input)
    }
}

impl Update {
    fn send(&self, api: &Client) -> Result<Json, Trouble> {
        let input = UpdateIncident {
            id: self.id.clone(),
            name: self.about.name.clone(),
            summary: self.about.summary.clone(),
            severity_id: id(api, List::Severity, self.about.severity.as_deref())?,
            incident_status_id: id(api, List::Status, self.status.as_deref())?,
            notify_incident_channel: self.notify,
        };
        update(api, &input)
    }
}

impl Which {
    fn find(&self, api: &Client) -> Result<Incidents, Trouble> {
        let input = ListIncidents {
            status_category: self.status_category.clone(),
            status_category_not_in: self.not_status_category.clone(),
            mode: self.mode.clone(),
            severity_id: ids(api, List::Severity, &self.severity)?,
            incident_status_id: ids(api, List::Status, &self.status)?,
            incident_type_id: ids(api, List::Type, &self.r#type)?,
            page_size: self.page_size,
            after: self.after.clone(),
            all: self.all,
        };
        list(api, &input)
    }
}

fn id(api: &Client, list: List, wanted: Option<&str>) -> Result<Option<String>, Trouble> {
    wanted.map(|wanted| find(api, list, wanted)).transpose()
}

fn ids(api: &Client, list: List, wanted: &[String]) -> Result<Vec<String>, Trouble> {
    wanted.iter().map(|wanted| find(api, list, wanted)).collect()
}

fn told(trouble: Trouble, do_this: &str) -> Box<dyn std::error::Error> {
    explained(trouble, do_this).into()
}

fn text<'j>(incident: &'j Json, pointer: &str) -> &'j str {
    incident.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}
