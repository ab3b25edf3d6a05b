//! Where the error comes from, before anything is fitted away.

use std::collections::BTreeMap;

use serde::Serialize;

use super::errors::pair;
use super::reach::{Reach, reach};
use super::{Conditions, FitGroup, LeftOut, Members, Observation, Physics};
use crate::base::statistics::{self, Interval95, Pair, clustered_mean, quantile, spearman};
use crate::mantile::breakdown::{LayerTime, RequestPhase};
use crate::mantile::datasheet;
use crate::mantile::hardware::Hardware;
use crate::row::Identity;
use crate::row::metric::Metric;

/// A group's errors taken apart.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// Whose they are.
    #[serde(flatten)]
    pub group: FitGroup,
    /// How many rows.
    pub rows: usize,
    /// How many are left out, by reason.
    pub left_out: BTreeMap<String, usize>,
    /// Each measured metric.
    pub metrics: Vec<MetricDiagnosis>,
    /// What the best value of each parameter would do, the others as they are.
    pub reach: Vec<Reach>,
}

/// The error of one metric taken apart.
#[derive(Debug, Clone, Serialize)]
pub struct MetricDiagnosis {
    /// The metric's name.
    pub metric: &'static str,
    /// How many rows.
    pub n: usize,
    /// MAPE, percent.
    pub mape_percent: f64,
    /// exp(mean ln(predicted / measured)); its interval draws workloads.
    pub bias: Interval95,
    /// What the error is on the whole …
    pub kind: ErrorKind,
    /// … by these.
    pub mean_abs_log_ratio: MeanLogs,
    /// The factor on predictions that leaves the least mean |ln(p / m)| …
    pub scale: f64,
    /// … and the MAPE with it, percent.
    pub scaled_mape_percent: f64,
    /// The constant that, added to predictions, leaves the least mean |ln(p / m)|, in the metric's unit, and
    /// the MAPE with it, percent; of latencies.
    pub constant: Option<(f64, f64)>,
    /// What measurement noise alone makes.
    pub noise: Noise,
    /// How predicted / measured goes with each term, the strongest first.
    pub patterns: Vec<Pattern>,
}

/// Mean |ln(p / m)|, which weighs half and double alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanLogs {
    /// As Mantile predicts.
    pub now: f64,
    /// With the factor that leaves least.
    pub scaled: f64,
    /// With the constant that leaves least; of latencies.
    pub moved: Option<f64>,
}

/// What an error is on the whole, judged by mean |ln(p / m)| less what noise makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// No more than noise.
    Noise,
    /// One factor takes away more than two thirds, and more than a constant does.
    Scale,
    /// One constant takes away more than two thirds, and more than a factor does.
    Constant,
    /// Neither does.
    Structural,
}

impl ErrorKind {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Scale => "scale",
            Self::Constant => "constant",
            Self::Structural => "structural",
        }
    }
}

/// The MAPE that a prediction in the middle of measurements has from their spread alone: half of
/// |ln(one / other)| of the same configuration, on the mean, percent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Noise {
    /// Of runs that one source repeated …
    pub within_percent: Option<f64>,
    /// … in so many rows.
    pub repeated_rows: usize,
    /// Of what two sources measured …
    pub between_percent: Option<f64>,
    /// … of so many configurations.
    pub shared_configurations: usize,
}

impl Noise {
    /// The larger of both as a mean |ln|, 0 where nothing is known.
    fn log(self) -> f64 {
        let [within, between] = [self.within_percent, self.between_percent];
        within.unwrap_or(0.0).max(between.unwrap_or(0.0)) / 100.0
    }
}

/// How predicted / measured goes with a property of the rows.
#[derive(Debug, Clone, Serialize)]
pub struct Pattern {
    /// The property.
    pub term: &'static str,
    /// Spearman's rank correlation with predicted / measured.
    pub spearman: f64,
    /// The median of predicted / measured in the third of the rows that have least of it …
    pub ratio_in_lowest_third: f64,
    /// … and in the third that have most.
    pub ratio_in_highest_third: f64,
}

/// Takes a group's errors apart. `now` are Mantile's parameters for it today; without them, or without a
/// datasheet, there is no [`Reach`].
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
    let own = left_out.into_iter().filter(|out| group.holds(&out.row.identity));
    let left_out = LeftOut::by_reason(own);
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
    let noise = noise(&measured_rows, metric);
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
    let mape = |pairs: &[Pair]| statistics::of(pairs).map(|found| found.mape_percent);
    let ratios: Vec<f64> = pairs.iter().map(|pair| pair.ratio()).collect();
    let mut patterns: Vec<Pattern> =
        TERMS.iter().filter_map(|term| pattern(&measured_rows, &ratios, term)).collect();
    patterns.sort_by(|a, b| b.spearman.abs().total_cmp(&a.spearman.abs()));
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
        patterns,
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

/// Pairs with their predictions changed.
fn changed(pairs: &[Pair], predicted: impl Fn(f64) -> f64) -> Vec<Pair> {
    pairs.iter().map(|pair| Pair { predicted: predicted(pair.predicted), ..*pair }).collect()
}

/// The factor that leaves the least mean |ln(p / m)|: 1 / the median ratio.
fn scale(pairs: &[Pair]) -> f64 {
    let logs: Vec<f64> = pairs.iter().map(|pair| pair.log_ratio()).collect();
    (-quantile(&logs, 0.5)).exp()
}

/// The constant that leaves the least mean |ln(p / m)|, with predictions above 0. It lies between the
/// largest and the smallest error, and is sought among these.
fn constant(pairs: &[Pair]) -> f64 {
    let left = |constant: f64| {
        let changed = changed(pairs, |predicted| predicted + constant);
        if changed.iter().all(|pair| pair.predicted > 0.0) {
            mean_log(&changed)
        } else {
            f64::INFINITY
        }
    };
    let candidates = pairs.iter().map(|pair| -pair.abs_error()).chain([0.0]);
    candidates.min_by(|a, b| left(*a).total_cmp(&left(*b))).unwrap_or(0.0)
}

fn noise(rows: &[&Observation], metric: Metric) -> Noise {
    let percent = |spreads: &[f64]| {
        let mean = spreads.iter().sum::<f64>() / spreads.len() as f64;
        (!spreads.is_empty()).then_some(100.0 * mean / 2.0)
    };
    let within: Vec<f64> = rows
        .iter()
        .filter(|row| row.row.repeatability.is_some())
        .map(|row| row.row.max_min_ratio(metric).ln())
        .collect();
    let mut shared: BTreeMap<(&str, &Identity), Vec<f64>> = BTreeMap::new();
    for row in rows {
        let key = (row.model.as_str(), &row.row.identity);
        shared.entry(key).or_default().extend(row.row.measured.means[metric]);
    }
    let between: Vec<f64> = shared
        .into_values()
        .filter(|measured| measured.len() > 1)
        .map(|measured| (quantile(&measured, 1.0) / quantile(&measured, 0.0)).ln())
        .collect();
    Noise {
        within_percent: percent(&within),
        repeated_rows: within.len(),
        between_percent: percent(&between),
        shared_configurations: between.len(),
    }
}

/// A property of a row that its error may go with.
struct Term {
    name: &'static str,
    of: fn(&Observation) -> f64,
}

/// A part's share of the decode step's time, as Mantile counts it.
fn of_step(row: &Observation, part: fn(&LayerTime) -> f64) -> f64 {
    row.breakdown.share(RequestPhase::Decode, part)
}

const TERMS: [Term; 9] = [
    Term { name: "load share", of: |row| of_step(row, |layer| layer.load_ms) },
    Term { name: "compute share", of: |row| of_step(row, |layer| layer.compute_ms) },
    Term { name: "communication share", of: |row| of_step(row, |layer| layer.communication_ms) },
    Term { name: "kernel share", of: |row| of_step(row, |layer| layer.overhead_ms) },
    Term { name: "concurrency", of: |row| f64::from(row.concurrency) },
    Term { name: "input length", of: |row| row.lengths.input },
    Term { name: "output length", of: |row| row.lengths.output },
    Term { name: "GPUs", of: |row| f64::from(row.row.identity.gpus()) },
    Term { name: "TPOT itself", of: |row| row.answered.tpot },
];

fn pattern(rows: &[&Observation], ratios: &[f64], term: &Term) -> Option<Pattern> {
    let values: Vec<f64> = rows.iter().map(|row| (term.of)(row)).collect();
    let correlation = spearman(&values, ratios)?;
    let (low, high) = (quantile(&values, 1.0 / 3.0), quantile(&values, 2.0 / 3.0));
    let third = |within: &dyn Fn(f64) -> bool| {
        let inside: Vec<f64> = values
            .iter()
            .zip(ratios)
            .filter(|(value, _)| within(**value))
            .map(|(_, r)| *r)
            .collect();
        (!inside.is_empty()).then(|| quantile(&inside, 0.5))
    };
    Some(Pattern {
        term: term.name,
        spearman: correlation,
        ratio_in_lowest_third: third(&|value| value <= low)?,
        ratio_in_highest_third: third(&|value| value >= high)?,
    })
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use proptest::prelude::*;

    use super::super::Observations;
    use super::super::observation::tests::observations;
    use super::*;

    #[test]
    fn a_constant_that_was_taken_away_is_found_again() {
        let pairs = [0.1, 0.5, 3.0].map(|m| Pair { measured: m, predicted: m - 0.02 });
        let found = constant(&pairs);
        assert_relative_eq!(found, 0.02, epsilon = 1e-12);
        assert!(mean_log(&changed(&pairs, |predicted| predicted + found)) < 1e-9);
    }

    proptest! {
        #[test]
        fn no_other_factor_leaves_less_and_a_constant_none_more_than_nothing(
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
    fn a_missing_constant_is_told_from_a_factor() {
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
    fn a_scale_error_is_told_from_a_structural_one() {
        let of = |row: &crate::row::Row| {
            let few = matches!(row.identity.concurrency.fixed(), Some(4 | 16 | 64));
            few && row.identity.gpu_model == "h100" && row.provider == "inferencemax"
        };
        let mut found = observations("openai_GPT-OSS-120B", of, |_| ());
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
        assert!(diagnosis.reach.is_empty(), "Mantile's parameters are not known");

        // Off by more the more requests there are.
        for row in &mut found.rows {
            let factor = f64::from(row.concurrency).sqrt() / 4.0;
            row.row.measured.means[Metric::Tpot] = Some(row.answered.tpot * factor);
        }
        let structural = tpot(&explain(&found).metrics);
        assert_eq!(structural.kind, ErrorKind::Structural);
        let pattern = structural.patterns.iter().find(|one| one.term == "concurrency").unwrap();
        assert!(pattern.spearman < -0.9, "{pattern:?}");
        assert!(
            pattern.ratio_in_lowest_third > 1.5 * pattern.ratio_in_highest_third,
            "{pattern:?}"
        );
    }
}
