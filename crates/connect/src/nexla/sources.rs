//! What a pipe can read: the lists of the API, as data.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{Error, Problem, Problems, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::client::{ApiPath, Client, Listing, Trouble};

/// A list that a pipe can read.
#[derive(Debug, Serialize)]
pub struct SourceTemplate {
    /// Its name: `incidents`.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// Where it is.
    pub path: &'static str,
    /// The field that holds the rows.
    pub rows: &'static str,
    /// The parameters it has, without `[operator]`, page size and cursor aside.
    pub parameters: &'static [&'static str],
    /// Those of them that it needs.
    pub required: &'static [&'static str],
    /// How many rows its pages hold at most; `None` for a list in one piece.
    pub page_size: Option<u32>,
    /// The filter that leaves only what has changed since a day, if there is one.
    #[serde(skip)]
    changed_since: Option<&'static str>,
}

/// The template that stands for any list.
pub const ANY_LIST: &str = "list";

/// Every list with a name.
pub const SOURCES: &[SourceTemplate] = &[
    SourceTemplate {
        name: "incidents",
        about: "Incidents. Their list has a rate limit of its own: 60 requests a minute.",
        path: "/v2/incidents",
        rows: "incidents",
        parameters: &[
            "sort_by",
            "filter_mode",
            "status",
            "status_category",
            "created_at",
            "updated_at",
            "severity",
            "incident_type",
            "incident_role",
            "custom_field",
            "mode",
        ],
        required: &[],
        page_size: Some(500),
        changed_since: Some("updated_at[gte]"),
    },
    SourceTemplate {
        name: "alerts",
        about: "Alerts.",
        path: "/v2/alerts",
        rows: "alerts",
        parameters: &[
            "deduplication_key",
            "status",
            "alert_source",
            "alert_group_id",
            "created_at",
            "updated_at",
            "attributes",
            "has_notes",
            "tags",
            "include_maintenance_window",
        ],
        required: &[],
        page_size: Some(50),
        changed_since: Some("updated_at[gte]"),
    },
    SourceTemplate {
        name: "schedules",
        about: "On-call schedules.",
        path: "/v2/schedules",
        rows: "schedules",
        parameters: &[],
        required: &[],
        page_size: Some(250),
        changed_since: None,
    },
    SourceTemplate {
        name: "actions",
        about: "Actions of incidents.",
        path: "/v2/actions",
        rows: "actions",
        parameters: &["incident_id", "incident_mode"],
        required: &[],
        page_size: None,
        changed_since: None,
    },
    SourceTemplate {
        name: "follow_ups",
        about: "Follow-ups of incidents.",
        path: "/v2/follow_ups",
        rows: "follow_ups",
        parameters: &["incident_id", "incident_mode", "assignee_team_id"],
        required: &[],
        page_size: None,
        changed_since: None,
    },
    SourceTemplate {
        name: "teams",
        about: "Teams.",
        path: "/v3/teams",
        rows: "teams",
        parameters: &[],
        required: &[],
        page_size: Some(250),
        changed_since: None,
    },
    SourceTemplate {
        name: "users",
        about: "Users.",
        path: "/v2/users",
        rows: "users",
        parameters: &["email", "slack_user_id", "include_inactive"],
        required: &[],
        page_size: Some(250),
        changed_since: None,
    },
    SourceTemplate {
        name: "catalog_entries",
        about: "Entries of one type of the catalog.",
        path: "/v3/catalog_entries",
        rows: "catalog_entries",
        parameters: &["catalog_type_id", "identifier"],
        required: &["catalog_type_id"],
        page_size: Some(250),
        changed_since: None,
    },
];

base::words! {
    /// What of a list a run reads.
    pub enum Mode {
        /// Everything, each time.
        Full = "full",
        /// What is new or has changed since the last run.
        Incremental = "incremental",
    }
}

/// A source, as people write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Which list: `incidents`, `alerts`, `schedules`, `actions`, `follow_ups`, `teams`, `users`,
    /// `catalog_entries`, or `list` for any other, with its `path`.
    pub template: String,
    /// Its filters and other parameters, as the API names them: `{"status_category[one_of]": "live"}`.
    #[serde(default)]
    pub query: BTreeMap<String, OneOrMore>,
    /// Whether a run reads everything, or what is new or has changed.
    #[serde(default = "everything")]
    pub mode: Mode,
    /// For `list`: the path, which begins with a slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// For `list`: the field of the answer that holds the rows; the one that holds a list unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// For `list`: the field of a row that tells it from others; `id` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

fn everything() -> Mode {
    Mode::Full
}

/// A value of a parameter, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl OneOrMore {
    fn iter(&self) -> impl Iterator<Item = &String> {
        match self {
            Self::One(one) => std::slice::from_ref(one).iter(),
            Self::More(more) => more.iter(),
        }
    }
}

/// A source that has been understood.
#[derive(Clone, Debug)]
pub struct Reading {
    path: ApiPath,
    rows: String,
    page_size: Option<u32>,
    changed_since: Option<&'static str>,
    /// The field that tells a row from others.
    pub id: String,
    /// What a run reads.
    pub mode: Mode,
}

/// How far back an incremental run reads beyond the begin of the one before: clocks differ, and a day begins
/// at another moment in each time zone.
const MARGIN: Duration = Duration::from_secs(12 * 3600);

impl Source {
    /// Understands it.
    ///
    /// # Errors
    /// All that is wrong with it, field by field.
    pub fn reading(&self) -> Result<Reading> {
        match SOURCES.iter().find(|known| known.name == self.template) {
            Some(template) => self.of_template(template),
            None if self.template == ANY_LIST => self.of_any_list(),
            None => {
                let names: Vec<_> = SOURCES.iter().map(|known| known.name).chain([ANY_LIST]).collect();
                Err(Error::invalid("template", format!("must be one of: {}", names.join(", "))))
            }
        }
    }

    fn of_template(&self, template: &SourceTemplate) -> Result<Reading> {
        let mut problems = Problems::new();
        for (name, given) in [("path", &self.path), ("rows", &self.rows), ("id", &self.id)] {
            problems.check(given.is_none(), name, "is for the template `list` alone");
        }
        for name in template.required.iter().filter(|name| !self.query.contains_key(**name)) {
            problems.push(
                Problem::new("is_required", format!("{} needs {name}", template.name)).at(format!("query.{name}")),
            );
        }
        for name in self.query.keys().filter(|name| *name != PAGE_SIZE) {
            let is_known = template.parameters.contains(&name.split('[').next().unwrap_or_default());
            let known = template.parameters.join(", ");
            let message = format!("{} has no such parameter; it has: {known}", template.name);
            problems.check(is_known, &format!("query.{name}"), &message);
        }
        let page_size = problems.keep(self.page_size(template.page_size))?.flatten();
        problems.finish()?;
        let path: ApiPath = template.path.parse().map_err(Error::internal)?;
        Ok(Reading {
            path: self.with_query(path),
            rows: template.rows.to_owned(),
            page_size,
            changed_since: template.changed_since.filter(|filter| !self.query.contains_key(*filter)),
            id: "id".to_owned(),
            mode: self.mode,
        })
    }

    fn of_any_list(&self) -> Result<Reading> {
        let path = self.path.as_deref().ok_or_else(|| Error::required("path"))?;
        let path: ApiPath = path.parse().map_err(|problem: &str| Error::invalid("path", problem))?;
        if self.query.contains_key("after") {
            return Err(Error::invalid("query.after", "is what the pipe itself counts by"));
        }
        Ok(Reading {
            path: self.with_query(path),
            rows: self.rows.clone().unwrap_or_default(),
            page_size: self.page_size(Some(u32::MAX))?.filter(|_| self.query.contains_key(PAGE_SIZE)),
            changed_since: None,
            id: self.id.clone().unwrap_or_else(|| "id".to_owned()),
            mode: self.mode,
        })
    }

    /// The size of its pages: as given, and at most `most`.
    fn page_size(&self, most: Option<u32>) -> Result<Option<u32>> {
        let pointer = format!("query.{PAGE_SIZE}");
        match (self.query.get(PAGE_SIZE), most) {
            (None, most) => Ok(most),
            (Some(_), None) => Err(Error::invalid(pointer, "this list comes in one piece")),
            (Some(OneOrMore::One(given)), Some(most)) => match given.parse() {
                Ok(size) if (1..=most).contains(&size) => Ok(Some(size)),
                _ => Err(Error::invalid(pointer, format!("must be a number from 1 to {most}"))),
            },
            (Some(OneOrMore::More(_)), _) => Err(Error::invalid(pointer, "must be one number")),
        }
    }

    fn with_query(&self, path: ApiPath) -> ApiPath {
        let given = self.query.iter().filter(|(name, _)| *name != PAGE_SIZE);
        let values = given.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        values.fold(path, |path, (name, value)| path.with(name, value))
    }
}

const PAGE_SIZE: &str = "page_size";

impl Reading {
    /// The list; of what has changed since `since`, as far as the server can tell.
    pub fn listing(&self, since: Option<Time>) -> Listing {
        self.sized(since, self.page_size)
    }

    fn sized(&self, since: Option<Time>, page_size: Option<u32>) -> Listing {
        let mut path = self.path.clone();
        if let (Some(filter), Some(since)) = (self.changed_since, since) {
            // A day is what every host understands.
            path = path.with(filter, &(since - MARGIN).to_string()[..10]);
        }
        if let Some(size) = page_size {
            path = path.with(PAGE_SIZE, &size.to_string());
        }
        Listing { path, rows: self.rows.clone() }
    }

    /// The first rows, at most `most`.
    pub fn sample(&self, api: &Client, most: usize) -> Result<Vec<Json>, Trouble> {
        let wanted = u32::try_from(most).unwrap_or(u32::MAX).max(1);
        let mut rows = Vec::new();
        for page in api.pages(self.sized(None, self.page_size.map(|size| size.min(wanted))), None) {
            rows.extend(page?.rows);
            if rows.len() >= most {
                break;
            }
        }
        rows.truncate(most);
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(json: Json) -> Source {
        serde_json::from_value(json).unwrap()
    }

    fn pointers(json: Json) -> Vec<String> {
        let error = source(json).reading().unwrap_err();
        error.problems().iter().map(|problem| problem.pointer.clone()).collect()
    }

    #[test]
    fn a_source_asks_for_pages_as_large_as_the_list_allows() {
        let path = |json| source(json).reading().unwrap().listing(None).path.to_string();
        assert_eq!(path(json!({"template": "alerts"})), "/v2/alerts?page_size=50");
        assert_eq!(path(json!({"template": "actions"})), "/v2/actions");
        let live = json!({"template": "incidents", "query": {"status_category[one_of]": ["live", "triage"]}});
        let category = "status_category%5Bone_of%5D";
        assert_eq!(path(live), format!("/v2/incidents?{category}=live&{category}=triage&page_size=500"));
        assert_eq!(path(json!({"template": "list", "path": "/v1/severities"})), "/v1/severities");
        let sized = json!({"template": "list", "path": "/v2/escalations", "query": {"page_size": "50"}});
        assert_eq!(path(sized), "/v2/escalations?page_size=50");
    }

    #[test]
    fn a_parameter_that_is_unknown_or_missing_is_told_with_its_field() {
        assert_eq!(pointers(json!({"template": "catalog_entries"})), ["query.catalog_type_id"]);
        let wrong = json!({"template": "alerts", "path": "/x", "query": {"colour": "red", "page_size": "51"}});
        assert_eq!(pointers(wrong), ["path", "query.colour", "query.page_size"]);
        assert_eq!(pointers(json!({"template": "everything"})), ["template"]);
        assert_eq!(pointers(json!({"template": "list"})), ["path"]);
        assert_eq!(pointers(json!({"template": "list", "path": "https://elsewhere.example/"})), ["path"]);
    }

    #[test]
    fn the_server_narrows_what_is_read_by_a_day_that_is_surely_early_enough() {
        let reading = source(json!({"template": "incidents", "mode": "incremental"})).reading().unwrap();
        let listing = reading.listing("2026-03-02T09:00:00Z".parse().ok());
        assert_eq!(listing.path.as_str(), "/v2/incidents?updated_at%5Bgte%5D=2026-03-01&page_size=500");
        let own = json!({"template": "incidents", "query": {"updated_at[gte]": "2026-01-01"}});
        let listing = source(own).reading().unwrap().listing("2026-03-02T09:00:00Z".parse().ok());
        assert_eq!(listing.path.as_str(), "/v2/incidents?updated_at%5Bgte%5D=2026-01-01&page_size=500");
    }
}
