//! Golden files: what was stored once can be read for ever, and never changes its form by accident.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use store::Record;

/// A crate's golden files: for each kind of record `tests/golden/KIND.json`, a list of records as they are
/// stored. The last one is of today's form and has every field; those before it are of other forms, among
/// them older ones, which stay when a field is added.
pub struct Goldens {
    root: PathBuf,
    checked: BTreeSet<String>,
}

impl Goldens {
    /// Those of the crate at `root`: `env!("CARGO_MANIFEST_DIR")`.
    pub fn of(root: &str) -> Self {
        Self { root: root.into(), checked: BTreeSet::new() }
    }

    /// Reads what is stored of `R`, and stores it again.
    pub fn check<R: Record>(&mut self) {
        self.checked.insert(R::KIND.into());
        let path = self.root.join(format!("tests/golden/{}.json", R::KIND));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let golden: Vec<Value> = serde_json::from_str(&text).expect("a list");
        let again = |stored: &Value| {
            let record: R = serde_json::from_value(stored.clone())
                .unwrap_or_else(|error| panic!("a {} can't be read any more: {error}: {stored}", R::KIND));
            serde_json::to_value(record).expect("JSON")
        };
        for stored in &golden {
            assert!(contains(&again(stored), stored), "{} becomes {}", stored, again(stored));
        }
        let last = golden.last().expect("an example");
        assert_eq!(again(last), *last, "the stored form of a {} has changed", R::KIND);
        let left_out: Vec<_> = last.as_object().into_iter().flatten().filter(|(_, value)| is_empty(value)).collect();
        assert!(left_out.is_empty(), "the last {} leaves out {left_out:?}", R::KIND);
    }

    /// Checks that no kind of record in the crate's sources has been forgotten.
    pub fn finish(self) {
        let mut kinds = BTreeSet::new();
        collect_kinds(&self.root.join("src"), &mut kinds);
        assert_eq!(self.checked, kinds);
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Whether everything in `part` is in `whole`, which may have more fields.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| contains(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        _ => whole == part,
    }
}

fn collect_kinds(directory: &Path, kinds: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).expect("sources") {
        let path = entry.expect("sources").path();
        if path.is_dir() {
            collect_kinds(&path, kinds);
            continue;
        }
        let source = fs::read_to_string(path).expect("a source");
        for record in source.split("impl Record for ").skip(1) {
            let kind = record.split("const KIND: &'static str = \"").nth(1).and_then(|rest| rest.split('"').next());
            kinds.insert(kind.expect("a kind").into());
        }
    }
}
