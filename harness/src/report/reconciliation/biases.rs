//! The section on systematic biases.

use super::PAGE_WIDTH;
use crate::judge::compare::{Comparison, distinct};
use crate::report::bias::{GroupBias, LEAST_BIAS, LEAST_ROWS, peaks_note, significant_biases};
use crate::report::text_table::wrapped;
use crate::row::metric::Metric;

/// The rule for a significant bias, then each, the largest first.
pub(super) fn biases(comparisons: &[Comparison]) -> String {
    let mut rule = format!(
        "Biases by GPU and framework that have {LEAST_ROWS} or more rows, are {:.0}% or larger, and whose 95% interval \
         over workloads (lengths and width) excludes 1.",
        100.0 * (LEAST_BIAS - 1.0)
    );
    if distinct(comparisons).contains(&Metric::Throughput) {
        rule.push_str(" Output throughput has the same error as total throughput and is left out.");
    }
    rule.push_str(peaks_note(comparisons));
    let rule = wrapped(&rule, "", "", PAGE_WIDTH);
    let lines: Vec<String> = significant_biases(comparisons)
        .iter()
        .map(GroupBias::sentence)
        .map(|sentence| format!("- {sentence}"))
        .collect();
    if lines.is_empty() {
        return format!("{rule}\n\nThere are none.");
    }
    format!("{rule}\n\n{}", lines.join("\n"))
}
