//! The check that the MAPE and the bias of a group stay within the limits of a gate.

use crate::base::statistics::{Pair, Statistics};
use crate::base::text::plural;
use crate::judge::check::CheckSubject;
use crate::judge::compare::{Comparison, in_group, statistics};
use crate::row::metric::Metric;
use crate::rules::config::GroupGate;

/// How many of the rows with the largest errors a failure lists.
const WORST_SHOWN: usize = 3;

/// Checks a metric of the gate at `index`.
pub(super) fn check(subject: CheckSubject<'_>, index: usize, metric: Metric) -> Result<(), String> {
    let gate = &subject.model.config.gates[index];
    let Some(errors) = statistics(in_group(subject.comparisons, &gate.group), metric) else {
        return Err(format!(
            "no row of {} has both a measured and a predicted {}, so the gate checks nothing",
            gate.group,
            metric.name()
        ));
    };
    let mut lines = faults(subject, gate, metric, &errors);
    if lines.is_empty() {
        return Ok(());
    }
    lines.push("the rows with the largest errors:".to_owned());
    lines.extend(worst_rows(subject, gate, metric));
    Err(lines.join("\n"))
}

/// A sentence for each limit that the errors exceed.
fn faults(
    subject: CheckSubject<'_>,
    gate: &GroupGate,
    metric: Metric,
    errors: &Statistics,
) -> Vec<String> {
    let path = subject.model.config.path.display();
    let rows =
        format!("of {} over {} row{} of {}", metric.name(), errors.n, plural(errors.n), gate.group);
    let mut faults = Vec::new();
    if let Some(limit) = gate.max_mape_percent[metric]
        && errors.mape_percent > limit.value
    {
        faults.push(format!(
            "the MAPE {rows} is {:.2}%, above the limit of {}% at {path}:{}",
            errors.mape_percent, limit.value, limit.line
        ));
    }
    if let Some(interval) = gate.bias[metric]
        && !interval.value.holds(errors.bias)
    {
        faults.push(format!(
            "the bias {rows} is {:.4}, outside the interval {} at {path}:{}",
            errors.bias, interval.value, interval.line
        ));
    }
    faults
}

/// The rows with the largest ratio of predicted to measured or of measured to predicted.
fn worst_rows(subject: CheckSubject<'_>, gate: &GroupGate, metric: Metric) -> Vec<String> {
    let mut worst: Vec<_> = in_group(subject.comparisons, &gate.group)
        .filter_map(|comparison| Some((comparison, comparison.pair(metric)?)))
        .collect();
    worst.sort_by(|(_, a), (_, b)| b.log_ratio().abs().total_cmp(&a.log_ratio().abs()));
    let line = |(comparison, pair): &(&Comparison, Pair)| {
        format!("    {:+8.1}%  {}", pair.pct_error(), comparison.row.name())
    };
    worst.iter().take(WORST_SHOWN).map(line).collect()
}
