//! Figures and words that several of these reports write.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::text_table;

/// The words that begin a verdict, which a terminal shows in colour.
pub(super) fn verdict_words(is_better: bool) -> &'static str {
    if is_better { "=> significantly better across workloads" } else { "=> not written" }
}

/// The legend of the mark on errors that got worse, which a terminal shows in colour.
pub(super) const WORSE_LEGEND: &str = "! worse than before";

/// The mark in a table where there is no figure.
pub(super) fn dash() -> String {
    "-".to_owned()
}

/// Words in lines that fit a terminal, also where they are indented; all lines but the first begin with
/// `indent`.
pub(super) fn wrapped(words: &str, indent: &str) -> String {
    const WIDTH: usize = 78;
    text_table::wrapped(words, "", indent, WIDTH)
}

/// A change in percentage points, with one decimal unless it is large.
pub(super) fn signed(change: f64) -> String {
    if change.abs() < 99.95 { format!("{change:+.1}") } else { format!("{change:+.0}") }
}

/// Two significant digits of a large number: 170, 3200.
pub(super) fn rough(number: f64) -> String {
    format!("{number:.1e}").parse::<f64>().unwrap_or(number).to_string()
}

/// The numbers of rows that are left out, one reason per line.
pub(super) fn reasons(left_out: &BTreeMap<String, usize>) -> String {
    left_out.iter().fold(String::new(), |mut text, (reason, rows)| {
        let _ = writeln!(text, "  {rows:>4}  {reason}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_number_is_written_in_full() {
        assert_eq!([171.3, 3249.0, 1.67].map(rough), ["170", "3200", "1.7"]);
    }
}
