//! Where the error comes from, before anything is fitted away.

use serde::Serialize;

use super::fit::{Problem, minimise};
use super::proof::{Group, pair};
use super::{Conditions, Kind, Latencies, Mode, Observation, Physics, Setting, Space, residuals};
use crate::datasheet;
use crate::hardware::{Hardware, Overlap};
use crate::metric::Metric;
use crate::statistics::{self, Interval95, Pair, bias_interval, quantile, spearman};

/// A group's errors taken apart.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// Whose they are.
    #[serde(flatten)]
    pub group: Group,
    /// How many rows.
    pub rows: usize,
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
    /// exp(mean ln(predicted / measured)).
    pub bias: Interval95,
    /// The factor on predictions that makes the median ratio 1 …
    pub scale: f64,
    /// … and the MAPE that it leaves, percent.
    pub scaled_mape_percent: f64,
    /// Whether the factor takes away more than half of the MAPE: else the error is of structure.
    pub is_scale_error: bool,
    /// The constant that, added to predictions, takes the square of the relative error away best, in the
    /// metric's unit, and the MAPE that it leaves, percent; of latencies.
    pub constant: Option<(f64, f64)>,
    /// The MAPE that measurement noise alone makes, percent: half of what the same configuration measured
    /// twice differs by, on average; `None` where nothing was measured twice.
    pub noise_percent: Option<f64>,
    /// How many rows were measured twice or more.
    pub repeated_rows: usize,
    /// How predicted / measured goes with each term, the strongest first.
    pub patterns: Vec<Pattern>,
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

/// What a parameter could do alone.
#[derive(Debug, Clone, Serialize)]
pub struct Reach {
    /// What is moved.
    pub parameter: String,
    /// From where; `None` for all of them.
    pub from: Option<f64>,
    /// To where.
    pub to: Option<f64>,
    /// The MAPE of TTFT, TPOT and E2E then, percent.
    pub ttft_mape_percent: Option<f64>,
    /// See above.
    pub tpot_mape_percent: Option<f64>,
    /// See above.
    pub e2e_mape_percent: Option<f64>,
}

/// The [`Reach`] of all of Mantile's parameters together …
pub const ALL_PARAMETERS: &str = "all of them";
/// … and with the serving terms.
pub const AND_SERVING: &str = "all, and serving terms";

/// Takes a group's errors apart. `now` are Mantile's parameters for it today; without them, or without a
/// datasheet, there is no [`Reach`].
#[must_use]
pub fn explain(
    group: &Group,
    rows: &[&Observation],
    dtypes: &[String],
    now: Option<&Hardware>,
) -> Diagnosis {
    let metrics = Metric::ALL.into_iter().filter_map(|metric| diagnose(rows, metric)).collect();
    let reach = now
        .zip(datasheet::of(&group.gpu_model))
        .and_then(|(now, sheet)| {
            let conditions = Conditions { sheet, dtypes, physics: Physics::Bounded };
            reach(&conditions, rows, now).ok()
        })
        .unwrap_or_default();
    Diagnosis { group: group.clone(), rows: rows.len(), metrics, reach }
}

fn diagnose(rows: &[&Observation], metric: Metric) -> Option<MetricDiagnosis> {
    let mut measured_rows = Vec::new();
    let mut pairs = Vec::new();
    for &row in rows {
        if let Some(pair) = pair(row, row.answered, metric) {
            measured_rows.push(row);
            pairs.push(pair);
        }
    }
    let all = statistics::of(&pairs)?;
    let ratios: Vec<f64> = pairs.iter().map(|pair| pair.ratio()).collect();
    let scale = 1.0 / quantile(&ratios, 0.5);
    let scaled: Vec<Pair> =
        pairs.iter().map(|pair| Pair { predicted: pair.predicted * scale, ..*pair }).collect();
    let scaled_mape_percent = statistics::of(&scaled)?.mape_percent;
    let latency = !matches!(metric, Metric::Throughput | Metric::OutputThroughput);
    let constant = latency.then(|| constant(&pairs)).flatten();
    let repeated: Vec<f64> = measured_rows
        .iter()
        .map(|row| row.row.max_min_ratio(metric))
        .filter(|ratio| *ratio > 1.0)
        .collect();
    let noise = |ratios: &[f64]| {
        100.0 * ratios.iter().map(|ratio| ratio.ln() / 2.0).sum::<f64>() / ratios.len() as f64
    };
    let mut patterns: Vec<Pattern> =
        TERMS.iter().filter_map(|term| pattern(&measured_rows, &ratios, term)).collect();
    patterns.sort_by(|a, b| b.spearman.abs().total_cmp(&a.spearman.abs()));
    Some(MetricDiagnosis {
        metric: metric.name(),
        n: all.n,
        mape_percent: all.mape_percent,
        bias: bias_interval(&pairs),
        scale,
        scaled_mape_percent,
        constant,
        is_scale_error: scaled_mape_percent < 0.5 * all.mape_percent,
        noise_percent: (!repeated.is_empty()).then(|| noise(&repeated)),
        repeated_rows: repeated.len(),
        patterns,
    })
}

/// The constant c of least Σ ((p + c) / m − 1)², which is Σ (1 − p / m) / m over Σ 1 / m², and the MAPE with it.
fn constant(pairs: &[Pair]) -> Option<(f64, f64)> {
    let above: f64 = pairs.iter().map(|pair| (1.0 - pair.ratio()) / pair.measured).sum();
    let below: f64 = pairs.iter().map(|pair| pair.measured.powi(-2)).sum();
    let constant = above / below;
    let moved = |pair: &Pair| Pair { predicted: pair.predicted + constant, ..*pair };
    let moved: Vec<Pair> = pairs.iter().map(moved).collect();
    Some((constant, statistics::of(&moved)?.mape_percent))
}

/// A property of a row that its error may go with.
struct Term {
    name: &'static str,
    of: fn(&Observation) -> f64,
}

/// Shares are of the decode step's time, as Mantile counts it.
const TERMS: [Term; 9] = [
    Term { name: "load share", of: |row| row.breakdown.decode_share(|layer| layer.load_ms) },
    Term { name: "compute share", of: |row| row.breakdown.decode_share(|layer| layer.compute_ms) },
    Term {
        name: "communication share",
        of: |row| row.breakdown.decode_share(|layer| layer.communication_ms),
    },
    Term { name: "kernel share", of: |row| row.breakdown.decode_share(|layer| layer.overhead_ms) },
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

/// What each parameter could do alone, then what all could do: fitted to these rows, held out nowhere, so
/// that it is the most that a calibration can come to.
fn reach(
    conditions: &Conditions<'_>,
    rows: &[&Observation],
    now: &Hardware,
) -> Result<Vec<Reach>, String> {
    let dtypes: Vec<usize> = (0..conditions.dtypes.len()).collect();
    let space =
        Space::new(conditions.sheet, conditions.dtypes, &dtypes, false, conditions.physics)?;
    let here: Vec<f64> = space
        .parameters
        .iter()
        .map(|parameter| {
            let value = parameter.kind.of(now, conditions.dtypes);
            // A dtype that Mantile's configuration lacks starts at its peak.
            value.unwrap_or(parameter.upper).ln()
        })
        .collect();
    let mape = |predict: &dyn Fn(&Observation) -> Latencies, metric: Metric| {
        let pairs: Vec<Pair> =
            rows.iter().filter_map(|row| pair(row, predict(row), metric)).collect();
        statistics::of(&pairs).map(|statistics| statistics.mape_percent)
    };
    let line = |parameter: String, from, to, predict: &dyn Fn(&Observation) -> Latencies| Reach {
        parameter,
        from,
        to,
        ttft_mape_percent: mape(predict, Metric::Ttft),
        tpot_mape_percent: mape(predict, Metric::Tpot),
        e2e_mape_percent: mape(predict, Metric::E2eLatency),
    };
    let at = |setting: Setting| move |row: &Observation| setting.predict(row);
    let mut lines = vec![
        line("as Mantile answers".to_owned(), None, None, &|row| row.answered),
        line(
            "with the layers' own dtypes".to_owned(),
            None,
            None,
            &at(space.setting(&here, now.overlap)),
        ),
    ];
    for (index, parameter) in space.parameters.iter().enumerate() {
        if !is_used(parameter.kind, rows) {
            continue;
        }
        // The others are held where they are by bounds that leave no room.
        let (mut lower, mut upper) = (here.clone(), here.clone());
        (lower[index], upper[index]) = (parameter.lower.ln(), parameter.upper.ln());
        let spread = space.logarithms(|parameter| parameter.spread);
        let problem = Problem {
            residuals: |x: &[f64]| residuals(rows, &space.setting(x, now.overlap)),
            lower: &lower,
            upper: &upper,
            center: &here,
            spread: &spread,
        };
        let point = minimise(&problem, &here).x;
        let name = parameter.kind.name(conditions.dtypes);
        let (from, to) = (Some(here[index].exp()), Some(point[index].exp()));
        lines.push(line(name, from, to, &at(space.setting(&point, now.overlap))));
    }
    let alone = conditions.fit(rows, Mode::Alone, &Overlap::ALL)?.setting;
    lines.push(line(ALL_PARAMETERS.to_owned(), None, None, &at(alone)));
    if rows.iter().any(|row| row.has_parts()) {
        let corrected = conditions.fit(rows, Mode::WithCorrection, &Overlap::ALL)?.setting;
        lines.push(line(AND_SERVING.to_owned(), None, None, &at(corrected)));
    }
    Ok(lines)
}

/// Whether any row has work that a parameter is of.
fn is_used(kind: Kind, rows: &[&Observation]) -> bool {
    let any = |has: &dyn Fn(&super::Work) -> bool| {
        rows.iter().any(|row| row.prefill.iter().chain(&row.decode).any(has))
    };
    match kind {
        Kind::Compute(dtype) => any(&|work| work.dtype == dtype),
        Kind::Interconnect | Kind::InterconnectLatency => {
            any(&|work| work.communication_bytes > 0.0)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::super::observation::tests::observations;
    use super::*;

    #[test]
    fn a_constant_that_was_taken_away_is_found_again() {
        let pair = |measured: f64| Pair { measured, predicted: measured - 0.02 };
        let (found, left) = constant(&[pair(0.1), pair(0.5), pair(3.0)]).unwrap();
        assert_relative_eq!(found, 0.02, epsilon = 1e-12);
        assert!(left < 1e-9);
    }

    #[test]
    fn a_scale_error_is_told_from_a_structural_one() {
        let of = |row: &crate::row::Row| {
            let few = matches!(row.identity.concurrency.fixed(), Some(4 | 16 | 64));
            few && row.identity.gpu_model == "h100" && row.provider == "inferencemax"
        };
        let mut found = observations("openai_GPT-OSS-120B", of, |_| ());
        let group = Group { gpu_model: "h100".to_owned(), framework: None };
        for row in &mut found.rows {
            row.row.measured.means[Metric::Tpot] = Some(row.answered.tpot * 1.5);
        }
        let tpot = |found: &[MetricDiagnosis]| {
            found.iter().find(|found| found.metric == "tpot").unwrap().clone()
        };
        let rows: Vec<&Observation> = found.rows.iter().collect();
        let diagnosis = explain(&group, &rows, &found.dtypes, None);
        let scaled = tpot(&diagnosis.metrics);
        assert!(scaled.is_scale_error && scaled.scaled_mape_percent < 1e-6);
        assert_relative_eq!(scaled.bias.estimate, 1.0 / 1.5, max_relative = 1e-9);
        assert!(diagnosis.reach.is_empty(), "Mantile's parameters are not known");

        // Off by more the more requests there are.
        for row in &mut found.rows {
            let factor = f64::from(row.concurrency).sqrt() / 4.0;
            row.row.measured.means[Metric::Tpot] = Some(row.answered.tpot * factor);
        }
        let rows: Vec<&Observation> = found.rows.iter().collect();
        let structural = tpot(&explain(&group, &rows, &found.dtypes, None).metrics);
        assert!(!structural.is_scale_error, "{structural:?}");
        let pattern = structural.patterns.iter().find(|one| one.term == "concurrency").unwrap();
        assert!(pattern.spearman < -0.9, "{pattern:?}");
        assert!(
            pattern.ratio_in_lowest_third > 1.5 * pattern.ratio_in_highest_third,
            "{pattern:?}"
        );
    }
}
