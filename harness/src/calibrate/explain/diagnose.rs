//! Diagnoses the errors of a group.

use std::collections::BTreeMap;

use super::pattern::patterns;
use super::reach::reach;
use super::{Diagnosis, ErrorKind, MeanLogs, MetricDiagnosis, Noise};
use crate::base::statistics::{self, Interval95, Pair, clustered_mean, quantile};
use crate::calibrate::errors::pair;
use crate::calibrate::{Conditions, FitGroup, LeftOut, Members, Observation, Physics};
use crate::mantile::datasheet;
use crate::mantile::hardware::Hardware;
use crate::row::metric::Metric;

/// Diagnoses a group's errors. `now` are Mantile's parameters for the group today; without them, or without a
/// datasheet, the diagnosis has no [`Reach`](super::Reach).
#[must_use]
pub fn explain<'a>(
    group: &FitGroup,
    members: &Members<'_>,
    left_out: impl IntoIterator<Item = &'a LeftOut>,
    dtypes: &[String],
    now: Option<&Hardware>,
) -> Diagnosis {
    let rows = &members.rows[..];
    let metrics = Metric::ALL.into_iter().filter_map(|metric| diagnose(rows, metric)).collect();
    let reach = now
        .zip(datasheet::of(&group.gpu_model))
        .and_then(|(now, sheet)| {
            let conditions = Conditions { sheet, dtypes, physics: Physics::Bounded };
            reach(&conditions, rows, now).ok()
        })
        .unwrap_or_default();
    let left_out = left_out.into_iter().filter(|out| group.holds(&out.row.identity));
    let left_out = LeftOut::by_reason(left_out);
    Diagnosis { group: group.clone(), rows: rows.len(), left_out, metrics, reach }
}

fn diagnose(rows: &[&Observation], metric: Metric) -> Option<MetricDiagnosis> {
    let mut measured_rows = Vec::new();
    let mut pairs = Vec::new();
    let mut workloads = BTreeMap::new();
    let mut clusters = Vec::new();
    for &row in rows {
        if let Some(pair) = pair(row, row.answered, metric) {
            measured_rows.push(row);
            pairs.push(pair);
            let next = workloads.len();
            clusters.push(*workloads.entry(row.workload()).or_insert(next));
        }
    }
    let all = statistics::of(&pairs)?;
    let logs: Vec<f64> = pairs.iter().map(|pair| pair.log_ratio()).collect();
    let Interval95 { estimate, low, high } = clustered_mean(&logs, &clusters);
    let noise = Noise::of(&measured_rows, metric);
    let latency = !matches!(metric, Metric::Throughput | Metric::OutputThroughput);
    let scale = scale(&pairs);
    let scaled = changed(&pairs, |predicted| predicted * scale);
    let constant = latency.then(|| constant(&pairs));
    let moved = constant.map(|constant| changed(&pairs, |predicted| predicted + constant));
    let mean_abs_log_ratio = MeanLogs {
        now: mean_log(&pairs),
        scaled: mean_log(&scaled),
        moved: moved.as_deref().map(mean_log),
    };
    let mape = |pairs: &[Pair]| statistics::of(pairs).map(|errors| errors.mape_percent);
    let ratios: Vec<f64> = pairs.iter().map(|pair| pair.ratio()).collect();
    Some(MetricDiagnosis {
        metric: metric.name(),
        n: all.n,
        mape_percent: all.mape_percent,
        bias: Interval95 { estimate: estimate.exp(), low: low.exp(), high: high.exp() },
        kind: kind(mean_abs_log_ratio, noise),
        mean_abs_log_ratio,
        scale,
        scaled_mape_percent: mape(&scaled)?,
        constant: constant.zip(moved.as_deref().and_then(mape)),
        noise,
        patterns: patterns(&measured_rows, &ratios),
    })
}

fn kind(MeanLogs { now, scaled, moved }: MeanLogs, noise: Noise) -> ErrorKind {
    let beyond_noise = |mean: f64| (mean - noise.log()).max(0.0);
    let moved = moved.unwrap_or(f64::INFINITY);
    if beyond_noise(now) <= 0.0 {
        ErrorKind::Noise
    } else if beyond_noise(scaled.min(moved)) >= beyond_noise(now) / 3.0 {
        ErrorKind::Structural
    } else if scaled <= moved {
        ErrorKind::Scale
    } else {
        ErrorKind::Constant
    }
}

/// Mean |ln(p / m)|.
fn mean_log(pairs: &[Pair]) -> f64 {
    pairs.iter().map(|pair| pair.log_ratio().abs()).sum::<f64>() / pairs.len() as f64
}

/// The pairs with their predictions changed.
fn changed(pairs: &[Pair], predicted: impl Fn(f64) -> f64) -> Vec<Pair> {
    pairs.iter().map(|pair| Pair { predicted: predicted(pair.predicted), ..*pair }).collect()
}

/// The factor that leaves the least mean |ln(p / m)|: 1 / the median ratio.
fn scale(pairs: &[Pair]) -> f64 {
    let logs: Vec<f64> = pairs.iter().map(|pair| pair.log_ratio()).collect();
    (-quantile(&logs, 0.5)).exp()
}

/// The constant that leaves the least mean |ln(p / m)| and keeps all predictions above 0. The candidates are the
/// errors of the pairs, and 0.
fn constant(pairs: &[Pair]) -> f64 {
    let mean_log_with = |constant: f64| {
        let changed = changed(pairs, |predicted| predicted + constant);
        if changed.iter().all(|pair| pair.predicted > 0.0) {
            mean_log(&changed)
        } else {
            f64::INFINITY
        }
    };
    let candidates = pairs.iter().map(|pair| -pair.abs_error()).chain([0.0]);
    candidates.min_by(|a, b| mean_log_with(*a).total_cmp(&mean_log_with(*b))).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use proptest::prelude::*;

    use super::*;
    use crate::calibrate::Observations;
    use crate::calibrate::observe::tests::observations;

    #[test]
    fn a_constant_that_was_taken_away_is_recovered() {
        let pairs = [0.1, 0.5, 3.0].map(|m| Pair { measured: m, predicted: m - 0.02 });
        let found = constant(&pairs);
        assert_relative_eq!(found, 0.02, epsilon = 1e-12);
        assert!(mean_log(&changed(&pairs, |predicted| predicted + found)) < 1e-9);
    }

    proptest! {
        #[test]
        fn no_other_factor_leaves_less_and_a_constant_never_leaves_more(
            values in proptest::collection::vec((0.1..9.0, 0.1..9.0), 1..20), factor in 0.1..9.0,
        ) {
            let pairs: Vec<Pair> =
                values.iter().map(|&(measured, predicted)| Pair { measured, predicted }).collect();
            let best = scale(&pairs);
            let left = |by: f64| mean_log(&changed(&pairs, |predicted| predicted * by));
            prop_assert!(left(best) <= left(factor) + 1e-9);
            let added = constant(&pairs);
            prop_assert!(mean_log(&changed(&pairs, |predicted| predicted + added)) <= mean_log(&pairs) + 1e-12);
        }
    }

    #[test]
    fn a_reciprocal_has_the_same_kind_of_error() {
        let kind_of = |reciprocal: bool, noise: f64| {
            let pair = |log: f64| {
                let predicted = if reciprocal { (-log).exp() } else { log.exp() };
                Pair { measured: 1.0, predicted }
            };
            let noise = Noise { between_percent: Some(noise), ..Noise::default() };
            kind(MeanLogs { moved: None, ..logs_of(&[0.9, 1.1, 1.3, 1.0].map(pair)) }, noise)
        };
        assert_eq!(kind_of(false, 0.0), ErrorKind::Scale);
        assert_eq!(kind_of(true, 0.0), ErrorKind::Scale);
        assert_eq!(kind_of(true, 120.0), ErrorKind::Noise);
    }

    #[test]
    fn a_missing_constant_is_distinguished_from_a_factor() {
        let pairs = [0.1, 0.5, 3.0].map(|m| Pair { measured: m + 0.2, predicted: m });
        assert_eq!(kind(logs_of(&pairs), Noise::default()), ErrorKind::Constant);
        let pairs = [0.1, 0.5, 3.0].map(|m| Pair { measured: m, predicted: m * (1.0 + 10.0 * m) });
        assert_eq!(kind(logs_of(&pairs), Noise::default()), ErrorKind::Structural);
    }

    fn logs_of(pairs: &[Pair]) -> MeanLogs {
        let (factor, added) = (scale(pairs), constant(pairs));
        MeanLogs {
            now: mean_log(pairs),
            scaled: mean_log(&changed(pairs, |predicted| predicted * factor)),
            moved: Some(mean_log(&changed(pairs, |predicted| predicted + added))),
        }
    }

    #[test]
    fn a_scale_error_is_distinguished_from_a_structural_one() {
        let is_wanted = |row: &crate::row::Row| {
            let few = matches!(row.identity.concurrency.fixed(), Some(4 | 16 | 64));
            few && row.identity.gpu_model == "h100" && row.provider == "inferencemax"
        };
        let mut found = observations("openai_GPT-OSS-120B", is_wanted, |_| ());
        let group = FitGroup { gpu_model: "h100".to_owned(), framework: None };
        let explain = |found: &Observations| {
            let rows = found.rows.iter().collect();
            let members = Members { rows, left_out: vec![] };
            explain(&group, &members, &found.left_out, &found.dtypes, None)
        };
        for row in &mut found.rows {
            row.row.measured.means[Metric::Tpot] = Some(row.answered.tpot * 1.5);
        }
        let tpot = |found: &[MetricDiagnosis]| {
            found.iter().find(|found| found.metric == "tpot").unwrap().clone()
        };
        let diagnosis = explain(&found);
        let scaled = tpot(&diagnosis.metrics);
        assert_eq!(scaled.kind, ErrorKind::Scale);
        assert!(scaled.scaled_mape_percent < 1e-6);
        assert_relative_eq!(scaled.scale, 1.5, max_relative = 1e-9);
        assert_relative_eq!(scaled.bias.estimate, 1.0 / 1.5, max_relative = 1e-9);
        assert!(diagnosis.reach.is_empty(), "Mantile's parameters are unknown");

        // The error grows with the number of requests.
        for row in &mut found.rows {
            let factor = f64::from(row.concurrency).sqrt() / 4.0;
            row.row.measured.means[Metric::Tpot] = Some(row.answered.tpot * factor);
        }
        let structural = tpot(&explain(&found).metrics);
        assert_eq!(structural.kind, ErrorKind::Structural);
        let pattern =
            structural.patterns.iter().find(|pattern| pattern.term == "concurrency").unwrap();
        assert!(pattern.spearman < -0.9, "{pattern:?}");
        assert!(
            pattern.ratio_in_lowest_third > 1.5 * pattern.ratio_in_highest_third,
            "{pattern:?}"
        );
    }
}
