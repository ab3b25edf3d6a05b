//! The differences between two JSON values, field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A field whose values differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The path to the field, with dots between names.
    pub path: String,
    /// The recorded value as JSON; `nothing` where the recording lacks the field.
    pub recorded: String,
    /// The other side's value as JSON; `nothing` where that side lacks the field.
    pub other: String,
}

/// The fields in which two values differ, sorted by path. Numbers are compared exactly, because a release's
/// answers are deterministic.
#[must_use]
pub fn differences(recorded: &Value, other: &Value) -> Vec<Difference> {
    let (recorded, other) = (leaves(recorded), leaves(other));
    let mut paths: Vec<&String> = recorded.keys().chain(other.keys()).collect();
    paths.sort();
    paths.dedup();
    let text = |side: &BTreeMap<String, String>, path| {
        side.get(path).cloned().unwrap_or_else(|| "nothing".to_owned())
    };
    paths
        .into_iter()
        .filter(|path| recorded.get(*path) != other.get(*path))
        .map(|path| Difference {
            path: path.clone(),
            recorded: text(&recorded, path),
            other: text(&other, path),
        })
        .collect()
}

/// The leaves of a value by their paths.
fn leaves(value: &Value) -> BTreeMap<String, String> {
    fn walk(path: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
        let below =
            |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    walk(&below(name), value, leaves);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(&below(&index.to_string()), item, leaves);
                }
            }
            leaf => {
                leaves.insert(path.to_owned(), leaf.to_string());
            }
        }
    }
    let mut by_path = BTreeMap::new();
    walk("", value, &mut by_path);
    by_path
}
