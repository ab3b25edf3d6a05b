//! Where two JSON values differ, field by field.

use std::collections::BTreeMap;

use serde_json::Value;

/// A field that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, with dots between names.
    pub path: String,
    /// What the recording has, `nothing` without the field.
    pub recorded: String,
    /// What the other side has, `nothing` without the field.
    pub other: String,
}

/// The fields in which two values differ, sorted by path. Numbers must be the same to the last bit:
/// a release's answers are deterministic.
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

/// Every leaf of a value by its path.
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
    let mut found = BTreeMap::new();
    walk("", value, &mut found);
    found
}
