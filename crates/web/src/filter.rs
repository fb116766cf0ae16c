//! Filters of lists, as they stand in a query: `severity[gte]=…`.

use std::collections::BTreeMap;

use base::{Error, Result, Time};
use store::Condition;

/// Operators with their values: `{"one_of": ["a", "b"]}`.
pub type Filter = BTreeMap<String, Vec<String>>;

/// A filter for each of several things, by ID.
pub type Filters = BTreeMap<String, Filter>;

/// A filter on a moment: `gte`, `lte` (a date or timestamp each) and `date_range`
/// (`2024-12-02~2024-12-08`, both days included).
pub struct Between;

impl Between {
    /// The condition on `column` that `filter` means; `name` is the parameter's.
    pub fn condition(name: &str, column: &str, filter: &Filter) -> Result<Condition> {
        let mut conditions = Vec::new();
        for (operator, values) in filter {
            let pointer = format!("{name}.{operator}");
            for value in values {
                conditions.push(one(column, operator, value).map_err(|problem| Error::invalid(&pointer, problem))?);
            }
        }
        Ok(Condition::all(conditions))
    }

    /// The condition that several filters mean together; each is named like its column.
    pub fn conditions(filters: &[(&str, &Option<Filter>)]) -> Result<Condition> {
        let given = filters.iter().filter_map(|(name, filter)| Some((name, filter.as_ref()?)));
        Ok(Condition::all(given.map(|(name, filter)| Self::condition(name, name, filter)).collect::<Result<Vec<_>>>()?))
    }
}

fn one(column: &str, operator: &str, value: &str) -> Result<Condition, &'static str> {
    let from = |text: &str| {
        Ok::<_, &str>(Condition::new(&format!("{column} >= ?"), [Time::from_moment_or_date(text)?.into()]))
    };
    let to = |text: &str| Ok::<_, &str>(Condition::new(&format!("{column} <= ?"), [last_instant(text)?.into()]));
    match operator {
        "gte" => from(value),
        "lte" => to(value),
        "date_range" => {
            let (first, last) = value.split_once('~').ok_or("must be two dates with ~ between them")?;
            Ok(from(first)?.and(to(last)?))
        }
        _ => Err("is not an operator of a time: use gte, lte or date_range"),
    }
}

/// A date alone includes its whole day.
fn last_instant(text: &str) -> Result<Time, &'static str> {
    text.parse()
        .or_else(|_| format!("{text}T23:59:59.999999Z").parse())
        .map_err(|_| "is neither a date nor a timestamp")
}
