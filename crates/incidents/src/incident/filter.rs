//! The filters of lists of incidents.

use base::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Condition, Cx, containing};
use web::{Between, Filter, Filters};

use super::fields::{find_entry, key};
use super::record::Mode;
use crate::settings::Settings;
use crate::settings::custom_fields::{CustomField, FieldType};
use crate::settings::statuses::Category;

base::words! {
    /// How filters combine.
    pub(super) enum FilterMode {
        /// All have to hold.
        All = "all",
        /// One has to hold.
        Any = "any",
    }
}

/// What can be asked for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(super) struct Wanted {
    /// How the filters combine; the mode's always has to hold.
    filter_mode: Option<FilterMode>,
    /// By status: `one_of`, `not_in`.
    status: Option<Filter>,
    /// By the status' category (`active` is another word for `live`): `one_of`, `not_in`.
    status_category: Option<Filter>,
    /// By when it was declared: `gte`, `lte`, `date_range`.
    created_at: Option<Filter>,
    /// By when it last changed: `gte`, `lte`, `date_range`.
    updated_at: Option<Filter>,
    /// By severity: `one_of`, `not_in`, `gte`, `lte`.
    severity: Option<Filter>,
    /// By type: `one_of`, `not_in`.
    incident_type: Option<Filter>,
    /// By who holds a role: `one_of`, `not_in`, `is_blank`, `is_set`.
    incident_role: Option<Filters>,
    /// By a custom field's values: `one_of`, `not_in`, `is_blank`, `is_set`; numbers also `gte`, `lte`.
    custom_field: Option<Filters>,
    /// By mode: `one_of`. Test and tutorial incidents are left out unless asked for.
    mode: Option<Filter>,
}

/// A condition, and whether it speaks only of what the tallies count by.
pub(super) struct Selection {
    pub condition: Condition,
    pub is_tallied: bool,
}

impl Wanted {
    /// The condition this means.
    pub fn select(&self, cx: &mut Cx<'_>, settings: &Settings) -> Result<Selection> {
        let mut conditions = Vec::new();
        let mut add =
            |condition: Option<Result<Condition>>| condition.transpose().map(|found| conditions.extend(found));
        add(self.status.as_ref().map(|filter| members("status", "status_id", filter)))?;
        add(self.status_category.as_ref().map(|filter| categories(filter, settings)))?;
        let is_tallied =
            [&self.created_at, &self.updated_at, &self.severity, &self.incident_type].iter().all(|f| f.is_none())
                && self.incident_role.is_none()
                && self.custom_field.is_none();
        add(self.created_at.as_ref().map(|filter| Between::condition("created_at", "created_at", filter)))?;
        add(self.updated_at.as_ref().map(|filter| Between::condition("updated_at", "updated_at", filter)))?;
        add(self.severity.as_ref().map(|filter| severities(filter, settings)))?;
        add(self.incident_type.as_ref().map(|filter| members("incident_type", "type_id", filter)))?;
        for (role, filter) in self.incident_role.iter().flatten() {
            add(Some(holders(role, filter, settings)))?;
        }
        for (field, filter) in self.custom_field.iter().flatten() {
            add(Some(values_of(cx, field, filter, settings)))?;
        }
        let asked = match self.filter_mode {
            Some(FilterMode::Any) if !conditions.is_empty() => Condition::any(conditions),
            _ => Condition::all(conditions),
        };
        Ok(Selection { condition: self.modes()?.and(asked), is_tallied })
    }

    fn modes(&self) -> Result<Condition> {
        let Some(filter) = &self.mode else { return Ok(real_modes()) };
        let mut modes = Vec::new();
        for (operator, values) in filter {
            if operator != "one_of" {
                return Err(unknown("mode", operator, "one_of"));
            }
            for value in values {
                let mode: Mode = value.parse().map_err(|problem| Error::invalid("mode.one_of", problem))?;
                modes.push(mode.as_str());
            }
        }
        Ok(Condition::one_of("mode", modes))
    }
}

/// Incidents that lists show when they are not asked for others.
pub(super) fn real_modes() -> Condition {
    Condition::one_of("mode", Mode::REAL.map(Mode::as_str))
}

/// Incidents that have this text in their names, in whatever case, or for a reference.
pub(super) fn found_by(text: &str) -> Condition {
    let pattern = containing(&text.to_lowercase());
    let named = Condition::new("name like ? escape '\\'", [pattern.into()])
        .within("id in (select incident_id from incident_names where ", ")");
    let numbered = number_of(text).map(|number| Condition::equal("number", number));
    Condition::any([Some(named), numbered].into_iter().flatten())
}

/// The number of a reference: 12 for `INC-12`, and for what people write instead.
fn number_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let reference = text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("INC-"));
    text[reference.map_or(0, str::len)..].parse().ok()
}

fn unknown(filter: &str, operator: &str, known: &str) -> Error {
    Error::invalid(format!("{filter}.{operator}"), format!("is not an operator of this filter: use {known}"))
}

fn members(name: &str, column: &str, filter: &Filter) -> Result<Condition> {
    let one = |(operator, values): (&String, &Vec<String>)| match operator.as_str() {
        "one_of" => Ok(Condition::one_of(column, values)),
        "not_in" => Ok(Condition::one_of(column, values).negated()),
        _ => Err(unknown(name, operator, "one_of or not_in")),
    };
    Ok(Condition::all(filter.iter().map(one).collect::<Result<Vec<_>>>()?))
}

/// Categories as the statuses that belong to them.
fn categories(filter: &Filter, settings: &Settings) -> Result<Condition> {
    let mut by_status = Filter::new();
    for (operator, words) in filter {
        let ids = by_status.entry(operator.clone()).or_default();
        for word in words {
            let word = if word == "active" { "live" } else { word };
            let category: Category =
                word.parse().map_err(|problem| Error::invalid(format!("status_category.{operator}"), problem))?;
            let matching = settings.statuses.iter().filter(|status| status.category == category);
            ids.extend(matching.map(|status| status.id.to_string()));
        }
    }
    members("status_category", "status_id", &by_status)
}

/// Severities, and ranks as the severities that have them.
fn severities(filter: &Filter, settings: &Settings) -> Result<Condition> {
    let mut conditions = Vec::new();
    for (operator, ids) in filter {
        let condition = match operator.as_str() {
            "one_of" => Condition::one_of("severity_id", ids),
            "not_in" => Condition::one_of("severity_id", ids).negated(),
            "gte" | "lte" => {
                let mut ranks = Vec::new();
                for id in ids {
                    ranks.push(settings.severities.named(&format!("severity.{operator}"), id)?.rank);
                }
                let fits = |rank: i64| {
                    ranks.iter().all(|bound| if operator == "gte" { rank >= *bound } else { rank <= *bound })
                };
                let fitting = settings.severities.iter().filter(|severity| fits(severity.rank));
                Condition::one_of("severity_id", fitting.map(|severity| severity.id))
            }
            _ => return Err(unknown("severity", operator, "one_of, not_in, gte or lte")),
        };
        conditions.push(condition);
    }
    Ok(Condition::all(conditions))
}

/// Rows of a link table that belong to an incident of the list.
fn linked(table: &str, key: &str, id: &str, rest: Condition) -> Condition {
    let rows = Condition::equal(key, id).and(rest);
    rows.within(&format!("id in (select incident_id from {table} where "), ")")
}

/// The conditions that fields and roles share: some value, or none.
fn link_condition(
    (filter, table, key, column): (&str, &str, &str, &str),
    id: &str,
    (operator, values): (&str, &[String]),
) -> Result<Condition> {
    let has = |condition| linked(table, key, id, condition);
    let wanted = |yes: bool| if yes { has(Condition::everything()) } else { has(Condition::everything()).negated() };
    let truth = || match values {
        [only] if only == "true" => Ok(true),
        [only] if only == "false" => Ok(false),
        _ => Err(Error::invalid(format!("{filter}.{id}.{operator}"), "must be true or false")),
    };
    match operator {
        "one_of" => Ok(has(Condition::one_of(column, values))),
        "not_in" => Ok(has(Condition::one_of(column, values)).negated()),
        "is_set" => truth().map(wanted),
        "is_blank" => truth().map(|blank| wanted(!blank)),
        _ => Err(unknown(&format!("{filter}.{id}"), operator, "one_of, not_in, is_set or is_blank")),
    }
}

fn holders(role: &str, filter: &Filter, settings: &Settings) -> Result<Condition> {
    settings.roles.named("incident_role", role)?;
    let place = ("incident_role", "incident_role_holders", "role_id", "user_id");
    let each = filter.iter().map(|(operator, values)| link_condition(place, role, (operator, values)));
    Ok(Condition::all(each.collect::<Result<Vec<_>>>()?))
}

fn values_of(cx: &mut Cx<'_>, field: &str, filter: &Filter, settings: &Settings) -> Result<Condition> {
    let known = settings.fields.named("custom_field", field)?;
    let filter = &by_key(cx, known, filter)?;
    let place = ("custom_field", "incident_field_values", "field_id", "value");
    let each = filter.iter().map(|(operator, values)| match operator.as_str() {
        "gte" | "lte" if known.field_type == FieldType::Numeric => number(field, operator, values),
        _ => link_condition(place, field, (operator, values)),
    });
    Ok(Condition::all(each.collect::<Result<Vec<_>>>()?))
}

/// The filter with what is compared in place of its values: catalog entries by their IDs, whatever they are
/// named by. What finds no entry stays as it is, and matches nothing.
fn by_key(cx: &mut Cx<'_>, field: &CustomField, filter: &Filter) -> Result<Filter> {
    let mut by_key = filter.clone();
    let compared = by_key.iter_mut().filter(|(operator, _)| matches!(operator.as_str(), "one_of" | "not_in"));
    for value in compared.flat_map(|(_, values)| values) {
        *value = match field.catalog_type_id.as_ref().and_then(|_| find_entry(cx, field, value).transpose()) {
            Some(entry) => entry?.id.to_string(),
            None => key(std::mem::take(value)),
        };
    }
    Ok(by_key)
}

fn number(field: &str, operator: &str, values: &[String]) -> Result<Condition> {
    let sign = if operator == "gte" { ">=" } else { "<=" };
    let mut conditions = Vec::new();
    for value in values {
        let number: f64 =
            value.parse().map_err(|_| Error::invalid(format!("custom_field.{field}.{operator}"), "is not a number"))?;
        conditions.push(Condition::new(&format!("cast(value as double precision) {sign} ?"), [number.into()]));
    }
    Ok(linked("incident_field_values", "field_id", field, Condition::all(conditions)))
}
