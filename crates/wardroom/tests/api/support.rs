//! What the tests share.

use std::time::Duration;

use testkit::{Answer, Value};

/// `base` with the fields of `changes` in place of its own; null takes a field away.
pub fn with(mut base: Value, changes: Value) -> Value {
    let fields = base.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => drop(fields.remove(name)),
            value => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    base
}

/// The text at `pointer`: `/api_key/id`.
#[track_caller]
pub fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} in {value}")).to_owned()
}

/// The texts that each of a list's items has at `pointer`.
#[track_caller]
pub fn texts(list: &Value, pointer: &str) -> Vec<String> {
    list.as_array().unwrap_or_else(|| panic!("{list} is no list")).iter().map(|item| text(item, pointer)).collect()
}

/// Refused with 422 for these reasons: code and pointer.
#[track_caller]
pub fn assert_invalid(answer: &Answer, problems: &[(&str, &str)]) {
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.body["type"], "validation_error");
    assert_eq!(answer.problems(), problems, "{}", answer.text);
}

/// Refused with 403 because this scope is missing.
#[track_caller]
pub fn assert_lacks(answer: &Answer, scope: &str) {
    assert_eq!(answer.status, 403, "{}", answer.text);
    let error = &answer.body["errors"][0];
    assert_eq!(
        (error["code"].as_str(), error["metadata"]["scope"].as_str()),
        (Some("missing_required_scope"), Some(scope))
    );
}

/// Asks again and again until there is an answer; for what happens behind a request's back.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("in ten seconds not: {what}");
}

/// A route's path with IDs in place of its parameters; the last of them, where there are too few.
pub fn filled(path: &str, ids: &str) -> String {
    let last = ids.rsplit('/').next().unwrap_or_default();
    let mut ids = ids.split('/').chain(std::iter::repeat(last));
    let fill = |step| if str::starts_with(step, '{') { ids.next().unwrap_or_default() } else { step };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}
