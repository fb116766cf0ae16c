//! What goes into a statement and what comes out.

use base::{Error, Id, Result, Time};

/// One parameter or column, in the few types both databases share. JSON is text here.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL's null.
    Null,
    /// A truth value; SQLite stores it as 0 or 1.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text, JSON, an ID or a [`Time`].
    Text(String),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}
impl From<Time> for Value {
    fn from(value: Time) -> Self {
        Self::Text(value.to_string())
    }
}
impl<T: ?Sized> From<Id<T>> for Value {
    fn from(value: Id<T>) -> Self {
        Self::Text(value.to_string())
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The column at `index` as a `T`. A mismatch is a mistake in our SQL, hence internal.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T> {
        let value = self.0.get(index).ok_or_else(|| Error::internal(format!("no column {index}")))?;
        T::from_value(value).ok_or_else(|| Error::internal(format!("column {index} is {value:?}")))
    }

    /// The column at `index` as text, borrowed.
    pub fn text(&self, index: usize) -> Result<&str> {
        match self.0.get(index) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(Error::internal(format!("column {index} is {other:?}, not text"))),
        }
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// The value, or `None` when it is of another type.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            Value::Int(value) => Some(*value != 0),
            _ => None,
        }
    }
}
impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Int(value) = value { Some(*value) } else { None }
    }
}
impl FromValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Real(value) => Some(*value),
            // SQLite stores a whole double in an integer's form.
            Value::Int(value) => Some(*value as f64),
            _ => None,
        }
    }
}
impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(value) = value { Some(value.clone()) } else { None }
    }
}
impl FromValue for Time {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(value) = value { value.parse().ok() } else { None }
    }
}
impl<T: ?Sized> FromValue for Id<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(value) = value { value.parse().ok() } else { None }
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

/// The parameters of a statement, each converted into a [`Value`].
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}
