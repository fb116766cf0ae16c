//! Which rows, and how many at a time.

use base::AnyId;

use crate::record::Stored;
use crate::value::Value;

/// The pattern of `like … escape '\\'` for whatever holds `text`.
pub fn containing(text: &str) -> String {
    let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}

/// A condition on rows: SQL with a `?` for each parameter.
#[derive(Clone, Debug)]
pub struct Condition {
    sql: String,
    parameters: Vec<Value>,
}

impl Condition {
    /// `sql` with its parameters.
    pub fn new(sql: &str, parameters: impl IntoIterator<Item = Value>) -> Self {
        Self { sql: sql.into(), parameters: parameters.into_iter().collect() }
    }

    /// Every row.
    pub fn everything() -> Self {
        Self::new("true", [])
    }

    /// No row.
    pub fn nothing() -> Self {
        Self::new("false", [])
    }

    /// Rows whose `column` has this value.
    pub fn equal(column: &str, value: impl Into<Value>) -> Self {
        Self::new(&format!("{column} = ?"), [value.into()])
    }

    /// Rows whose `column` has one of these values.
    pub fn one_of<V: Into<Value>>(column: &str, values: impl IntoIterator<Item = V>) -> Self {
        let parameters: Vec<Value> = values.into_iter().map(Into::into).collect();
        match parameters.len() {
            0 => Self::nothing(),
            n => Self::new(&format!("{column} in (?{})", ", ?".repeat(n - 1)), parameters),
        }
    }

    /// The same condition inside a larger one: `before`, the condition, `after`.
    pub fn within(self, before: &str, after: &str) -> Self {
        Self { sql: format!("{before}{}{after}", self.sql), parameters: self.parameters }
    }

    /// The same rows, in this order. For [`Tx::select`](crate::Tx::select) alone.
    pub fn ordered_by(self, columns: &str) -> Self {
        self.within("", &format!(" order by {columns}"))
    }

    /// Rows that meet both.
    pub fn and(self, other: Self) -> Self {
        Self::all([self, other])
    }

    /// Rows that meet it and whose `column` has the value that a request asks for, if it asks for one: an empty
    /// text asks for none.
    pub fn and_wanted(self, column: &str, wanted: Option<String>) -> Self {
        match wanted.filter(|text| !text.is_empty()) {
            Some(text) => self.and(Self::equal(column, text)),
            None => self,
        }
    }

    /// Rows that don't meet it; where the condition is null, they don't meet it either.
    pub fn negated(self) -> Self {
        Self { sql: format!("not coalesce({}, false)", self.sql), parameters: self.parameters }
    }

    /// Rows that meet every condition.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(conditions, " and ").unwrap_or_else(Self::everything)
    }

    /// Rows that meet at least one condition.
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(conditions, " or ").unwrap_or_else(Self::nothing)
    }

    fn joined(conditions: impl IntoIterator<Item = Self>, word: &str) -> Option<Self> {
        let mut conditions = conditions.into_iter();
        let mut joined = conditions.next()?;
        let mut several = false;
        for condition in conditions {
            several = true;
            joined.sql.push_str(word);
            joined.sql.push_str(&condition.sql);
            joined.parameters.extend(condition.parameters);
        }
        if several {
            joined.sql = format!("({})", joined.sql);
        }
        Some(joined)
    }

    /// The SQL with its parameters numbered.
    pub(crate) fn into_sql(self) -> (String, Vec<Value>) {
        let mut sql = String::with_capacity(self.sql.len() + self.parameters.len());
        let mut number = 0;
        for character in self.sql.chars() {
            match character {
                '?' => {
                    number += 1;
                    sql.push_str(&format!("${number}"));
                }
                other => sql.push(other),
            }
        }
        (sql, self.parameters)
    }
}

/// Which page: how many rows, and after which row.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// At most this many rows.
    pub size: usize,
    /// The last row that was seen; it may have been deleted since.
    pub after: Option<AnyId>,
}

/// The order of a page's rows. IDs sort by the moment they were made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first.
    Backward,
}

impl Direction {
    pub(crate) fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Forward => (">", "asc"),
            Self::Backward => ("<", "desc"),
        }
    }
}

/// A page of rows.
#[derive(Debug)]
pub struct Slice<R> {
    /// The rows.
    pub rows: Vec<Stored<R>>,
    /// Where the next page starts; `None` on the last page.
    pub after: Option<AnyId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values;

    #[test]
    fn conditions_combine_and_number_their_parameters() {
        let condition = Condition::equal("mode", "test")
            .and(Condition::any([Condition::one_of("status_id", ["a", "b"]), Condition::new("n > ?", values![3])]))
            .and(Condition::one_of::<&str>("type_id", []).negated());
        let (sql, parameters) = condition.into_sql();
        assert_eq!(sql, "((mode = $1 and (status_id in ($2, $3) or n > $4)) and not coalesce(false, false))");
        assert_eq!(parameters, values!["test", "a", "b", 3]);
    }

    #[test]
    fn without_conditions_all_is_everything_and_any_is_nothing() {
        assert_eq!(Condition::all([]).into_sql().0, "true");
        assert_eq!(Condition::any([]).into_sql().0, "false");
    }
}
