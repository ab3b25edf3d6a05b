//! The section on other estimators: their errors and Mantile's on the same rows.

use super::PAGE_WIDTH;
use crate::base::statistics::{self, Interval95, Pair};
use crate::judge::evaluation::Evaluation;
use crate::predict::rivals::Estimator;
use crate::report::bias::LEAST_ROWS;
use crate::report::numbers::percent;
use crate::report::text_table::wrapped;
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;

/// Each estimator compared with Mantile, then all on the rows that each predicts; `None` without an estimator.
pub(super) fn rivals(evaluation: &Evaluation) -> Option<String> {
    let mut table = TextTable::of(
        &["estimator", "metric"],
        &["rows", "its MAPE", "Mantile's", "Mantile's skill"],
    );
    let mut is_empty = true;
    for side in &evaluation.side_by_side {
        for (metric, errors) in side.overall.iter() {
            let Some(errors) = errors else { continue };
            is_empty = false;
            let skill = |Interval95 { estimate, low, high }: Interval95| {
                format!("{estimate:+.2} ({low:+.2} to {high:+.2})")
            };
            table.line(vec![
                side.estimator.entry.name.clone(),
                metric.title().to_owned(),
                errors.other.n.to_string(),
                percent(errors.other.mape_percent),
                percent(errors.mantile.mape_percent),
                errors.skill.map_or_else(|| "-".to_owned(), skill),
            ]);
        }
    }
    if is_empty {
        return None;
    }
    let introduction = wrapped(
        "On the rows that both predict. Skill is 1 - mean |ln(p/m)| of Mantile / mean |ln(p/m)| of the other estimator: \
         above 0, Mantile is nearer to the measurements.",
        "",
        "",
        PAGE_WIDTH,
    );
    let shared = shared_rows(evaluation).map_or_else(String::new, |shared| format!("\n\n{shared}"));
    Some(format!("{introduction}\n\n{}{shared}", table.to_markdown()))
}

/// The errors of all estimators that have a file, on the rows that each of them predicts.
fn shared_rows(evaluation: &Evaluation) -> Option<String> {
    let estimators: Vec<&Estimator> = evaluation
        .side_by_side
        .iter()
        .map(|side| &side.estimator)
        .filter(|estimator| estimator.path.is_some())
        .collect();
    if estimators.len() < 2 {
        return None;
    }
    let names = estimators.iter().map(|estimator| estimator.entry.name.as_str());
    let mut columns = vec![("metric", Align::Left), ("rows", Align::Right)];
    columns.extend(std::iter::once("Mantile").chain(names).map(|name| (name, Align::Right)));
    let mut table = TextTable::new(&columns);
    let mut is_empty = true;
    for metric in Metric::ALL {
        let pairs = shared_pairs(evaluation, &estimators, metric);
        let rows = pairs[0].len();
        if rows < LEAST_ROWS {
            continue;
        }
        is_empty = false;
        let mut line = vec![metric.title().to_owned(), rows.to_string()];
        let errors = pairs.iter().filter_map(|pairs| statistics::of(pairs));
        line.extend(errors.map(|errors| percent(errors.mape_percent)));
        table.line(line);
    }
    (!is_empty)
        .then(|| format!("MAPE on the rows that all of them predict:\n\n{}", table.to_markdown()))
}

/// The pairs of Mantile, then of each estimator, on the rows that all of them predict.
fn shared_pairs(
    evaluation: &Evaluation,
    estimators: &[&Estimator],
    metric: Metric,
) -> Vec<Vec<Pair>> {
    let mut pairs: Vec<Vec<Pair>> = vec![Vec::new(); estimators.len() + 1];
    for comparison in &evaluation.comparisons {
        let others = estimators.iter().map(|other| other.pair(&comparison.row, metric));
        let all: Option<Vec<Pair>> =
            std::iter::once(comparison.pair(metric)).chain(others).collect();
        for (pairs, pair) in pairs.iter_mut().zip(all.into_iter().flatten()) {
            pairs.push(pair);
        }
    }
    pairs
}
