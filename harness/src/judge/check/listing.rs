//! A failure that lists the first of many faults.

/// The longest list that a failure prints.
const MOST_SHOWN: usize = 10;

/// Passes if there are no items. Otherwise fails with the heading and the first [`MOST_SHOWN`] items.
pub(super) fn none_of<T>(
    items: &[T],
    show: impl Fn(&T) -> String,
    heading: impl FnOnce() -> String,
) -> Result<(), String> {
    if items.is_empty() {
        return Ok(());
    }
    let mut lines = vec![heading()];
    lines.extend(items.iter().take(MOST_SHOWN).map(|item| format!("    {}", show(item))));
    if items.len() > MOST_SHOWN {
        lines.push(format!("    and {} more", items.len() - MOST_SHOWN));
    }
    Err(lines.join("\n"))
}
