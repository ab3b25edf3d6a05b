//! The section on rows: where they are from, and which are not predicted.

use crate::base::text::plural;
use crate::judge::compare::Comparison;
use crate::report::summary::{coverage_text, dataset};

/// The sources of the rows, the coverage, the reasons for missing predictions, and the number of peaks.
pub(super) fn rows(comparisons: &[Comparison]) -> String {
    let coverage = coverage_text(comparisons) + &peaks(comparisons);
    format!("{}\n\n{}", dataset(comparisons), with_bullets(&coverage))
}

/// The first line, and those that follow it as a list.
fn with_bullets(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let rest: Vec<String> = lines.map(|line| format!("- {}", line.trim())).collect();
    if rest.is_empty() { first } else { format!("{first}\n\n{}", rest.join("\n")) }
}

/// Describes peak rows, which were measured at whichever number of requests was best.
fn peaks(comparisons: &[Comparison]) -> String {
    let is_peak = |comparison: &&Comparison| comparison.row.identity.concurrency.fixed().is_none();
    match comparisons.iter().filter(is_peak).count() {
        0 => String::new(),
        rows => format!(
            "\n{rows} row{} of peak throughput, the best over an unpublished range of concurrency: an upper bound, so \
             predictions may be far below it",
            plural(rows)
        ),
    }
}
