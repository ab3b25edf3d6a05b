//! The section on the groups and rows with the largest errors.

use std::fmt::Write as _;

use crate::judge::compare::{Comparison, GroupBreakdown, ranked, step_metric};
use crate::report::bias::LEAST_ROWS;
use crate::report::numbers::percent;
use crate::report::ratio_text;
use crate::row::metric::Metric;
use crate::row::property::Field;

/// The number of rows that are named.
const WORST_ROWS: usize = 5;

/// The worst group for each metric, then the rows that are farthest off.
pub(super) fn worst(comparisons: &[Comparison]) -> String {
    let groups = worst_groups(comparisons);
    let groups = if groups.is_empty() {
        format!("No combination of GPU, framework and context has {LEAST_ROWS} or more rows.")
    } else {
        format!("By GPU, framework and context:\n\n{}", groups.join("\n"))
    };
    match worst_rows(comparisons) {
        None => groups,
        Some(rows) => format!("{groups}\n\n{rows}"),
    }
}

/// For each metric the group with the largest MAPE.
fn worst_groups(comparisons: &[Comparison]) -> Vec<String> {
    let breakdown = GroupBreakdown::Fields(&[Field::GpuModel, Field::Framework, Field::Context]);
    let slices = breakdown.slices(comparisons);
    let worst = |metric: Metric| {
        let (errors, label) = slices
            .iter()
            .filter_map(|slice| Some((slice.statistics[metric]?, &slice.label)))
            .filter(|(errors, _)| errors.n >= LEAST_ROWS)
            .max_by(|a, b| a.0.mape_percent.total_cmp(&b.0.mape_percent))?;
        Some(format!(
            "- {}: {label}, MAPE {}%, bias {:.2} over {} rows.",
            metric.title(),
            percent(errors.mape_percent),
            errors.bias,
            errors.n
        ))
    };
    Metric::ALL.into_iter().filter_map(worst).collect()
}

/// The rows whose TPOT, or the nearest metric to it, is farthest off by the ratio.
fn worst_rows(comparisons: &[Comparison]) -> Option<String> {
    let metric = step_metric(comparisons)?;
    let mut rows = ranked(comparisons, metric);
    rows.sort_by(|a, b| b.1.log_ratio().abs().total_cmp(&a.1.log_ratio().abs()));
    let mut text = format!("The rows with the largest relative error of {}:\n", metric.title());
    for (comparison, pair) in rows.iter().take(WORST_ROWS) {
        let ratio = ratio_text(pair.ratio());
        let _ = write!(text, "\n- `{}`: predicted / measured {ratio}", comparison.row.name());
    }
    Some(text)
}
