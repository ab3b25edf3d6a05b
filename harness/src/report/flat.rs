//! Reports as flat tables with one figure or finding per line: CSV for spreadsheets, Markdown for pages.

use super::{Calibrated, ReleaseErrors, TextTable};
use crate::audit::Finding;
use crate::base::statistics::{Interval95, Statistics};
use crate::calibrate::Diagnosis;
use crate::judge::compare::{GroupBreakdown, Slice};
use crate::judge::evaluation::Evaluation;
use crate::judge::gate::ReleaseGate;
use crate::judge::verdict::RowVerdict;
use crate::row::metric::Metric;
use crate::rules::audit_check::AcceptedFinding;
use crate::rules::calibration::FitMode;

fn add(table: &mut TextTable, words: &[&str], figures: impl IntoIterator<Item = String>) {
    let words = words.iter().map(|word| (*word).to_owned());
    table.line(words.chain(figures).collect());
}

/// A number to six significant digits; empty if there is none.
fn number(value: impl Into<Option<f64>>) -> String {
    let Some(value) = value.into() else { return String::new() };
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// The ends of an interval.
fn ends(interval: Option<Interval95>) -> [String; 2] {
    [number(interval.map(|i| i.low)), number(interval.map(|i| i.high))]
}

/// The errors of models: per metric of all rows, and per metric of each group of each breakdown.
#[must_use]
pub fn errors_table<'a>(models: impl IntoIterator<Item = (&'a str, &'a Evaluation)>) -> TextTable {
    let mut table = TextTable::of(
        &["model", "by", "group", "metric"],
        &[
            "n",
            "mape_percent",
            "median_ape_percent",
            "rmse",
            "bias",
            "symmetric_accuracy",
            "p90_abs_log_ratio",
            "spearman",
        ],
    );
    for (model, evaluation) in models {
        let comparisons = &evaluation.comparisons;
        let all = ("all".to_owned(), vec![Slice::all(comparisons)]);
        let groups = GroupBreakdown::ALL.map(|by| (by.title(), by.slices(comparisons)));
        for (by, slices) in std::iter::once(all).chain(groups) {
            for slice in slices {
                for (metric, statistics) in slice.statistics.iter() {
                    let Some(statistics) = statistics else { continue };
                    let words = [model, &by, &slice.label, metric.name()];
                    add(&mut table, &words, figures(statistics));
                }
            }
        }
    }
    table
}

fn figures(statistics: &Statistics) -> [String; 8] {
    [
        statistics.n.to_string(),
        number(statistics.mape_percent),
        number(statistics.median_ape_percent),
        number(statistics.rmse),
        number(statistics.bias),
        number(statistics.symmetric_accuracy),
        number(statistics.p90_abs_log_ratio),
        number(statistics.spearman),
    ]
}

/// The errors of releases, by group and metric.
#[must_use]
pub fn history_table<'a>(
    models: impl IntoIterator<Item = (&'a str, &'a [ReleaseErrors])>,
) -> TextTable {
    let mut table = TextTable::of(
        &["model", "release", "made", "group", "metric"],
        &["n", "mape_percent", "bias"],
    );
    for (model, history) in models {
        for ReleaseErrors { release, slices } in history {
            for slice in slices {
                for (metric, statistics) in slice.statistics.iter() {
                    let Some(statistics) = statistics else { continue };
                    let words = [model, &release.name, &release.made, &slice.label, metric.name()];
                    let Statistics { n, mape_percent, bias, .. } = *statistics;
                    let figures = [n.to_string(), number(mape_percent), number(bias)];
                    add(&mut table, &words, figures);
                }
            }
        }
    }
    table
}

/// The findings of an audit.
#[must_use]
pub fn audit_table(findings: &[Finding], accepted: &[AcceptedFinding]) -> TextTable {
    let columns = ["severity", "check", "row", "finding", "accepted"];
    let mut table = TextTable::of(&columns, &["factor"]);
    for finding in findings {
        let reason = finding.accepted(accepted).map_or("", |entry| &entry.reason);
        let words = [
            finding.severity.word(),
            finding.check.name(),
            &finding.subject,
            &finding.message,
            reason,
        ];
        let factor = number(finding.factor);
        add(&mut table, &words, [factor]);
    }
    table
}

/// The errors of calibrations by what was held out and by metric.
#[must_use]
pub fn calibration_table(groups: &[Calibrated]) -> TextTable {
    let mut table = TextTable::of(
        &["gpu_model", "framework", "fit", "held_out", "metric"],
        &[
            "n",
            "workloads",
            "mape_percent_before",
            "mape_percent_own_dtypes",
            "mape_percent",
            "change",
            "change_low",
            "change_high",
        ],
    );
    for (group, result) in groups {
        let Ok(proof) = result else { continue };
        for mode in FitMode::ALL {
            let fit = match mode {
                FitMode::Alone => "alone",
                FitMode::WithCorrection => "with_correction",
            };
            let by_kind = proof.found(mode).into_iter().flat_map(|parameters| &parameters.errors);
            for (held_out, errors) in by_kind {
                for (metric, errors) in errors.iter().flatten() {
                    let framework = group.framework.as_deref().unwrap_or_default();
                    let words = [&group.gpu_model, framework, fit, held_out.name(), metric];
                    let [low, high] = ends(Some(errors.change));
                    let figures = [
                        errors.n.to_string(),
                        errors.workloads.to_string(),
                        number(errors.before.estimate),
                        number(errors.own_dtypes.map(|own| own.estimate)),
                        number(errors.after.estimate),
                        number(errors.change.estimate),
                        low,
                        high,
                    ];
                    add(&mut table, &words, figures);
                }
            }
        }
    }
    table
}

/// The parts of the errors that a diagnosis found, by metric.
#[must_use]
pub fn diagnosis_table(groups: &[Diagnosis]) -> TextTable {
    let mut table = TextTable::of(
        &["gpu_model", "framework", "metric", "kind"],
        &[
            "n",
            "mape_percent",
            "bias",
            "bias_low",
            "bias_high",
            "scale",
            "mape_percent_scaled",
            "constant",
            "mape_percent_with_constant",
            "noise_percent_within",
            "noise_percent_between",
        ],
    );
    for Diagnosis { group, metrics, .. } in groups {
        for diagnosis in metrics {
            let framework = group.framework.as_deref().unwrap_or_default();
            let words = [&group.gpu_model, framework, diagnosis.metric, diagnosis.kind.name()];
            let [low, high] = ends(Some(diagnosis.bias));
            let figures = [
                diagnosis.n.to_string(),
                number(diagnosis.mape_percent),
                number(diagnosis.bias.estimate),
                low,
                high,
                number(diagnosis.scale),
                number(diagnosis.scaled_mape_percent),
                number(diagnosis.constant.map(|(constant, _)| constant)),
                number(diagnosis.constant.map(|(_, left)| left)),
                number(diagnosis.noise.within_percent),
                number(diagnosis.noise.between_percent),
            ];
            add(&mut table, &words, figures);
        }
    }
    table
}

/// The errors of groups before and after a release.
#[must_use]
pub fn gate_table<'a>(gates: impl IntoIterator<Item = (&'a str, &'a ReleaseGate)>) -> TextTable {
    let mut table = TextTable::of(
        &["model", "decision", "group", "metric"],
        &[
            "n",
            "mape_percent_before",
            "mape_percent",
            "change",
            "change_low",
            "change_high",
            "bias_before",
            "bias",
        ],
    );
    for (model, gate) in gates {
        for group in &gate.groups {
            for metric in Metric::ALL {
                let Some(change) = &group.metrics[metric] else { continue };
                let words = [model, gate.decision.name(), &group.label, metric.name()];
                let [before, after] = change.mape_percent.map(number);
                let [low, high] = ends(Some(change.mape_change));
                let [bias_before, bias] = change.bias.map(number);
                let moved = number(change.mape_change.estimate);
                let n = change.n.to_string();
                let figures = [n, before, after, moved, low, high, bias_before, bias];
                add(&mut table, &words, figures);
            }
        }
    }
    table
}

/// The quantities of a row with their bands.
#[must_use]
pub fn quantities_table(row: &str, verdict: &RowVerdict) -> TextTable {
    let mut table = TextTable::of(
        &["row", "quantity", "unit", "standing"],
        &["measured", "predicted", "ratio", "band_low", "band_high", "band_line"],
    );
    for judged in &verdict.quantities {
        let quantity = judged.quantity;
        let words = [row, quantity.name(), quantity.unit(), judged.standing.name()];
        let band = judged.band.as_ref();
        let figures = [
            number(judged.pair.measured),
            number(judged.pair.predicted),
            number(judged.pair.ratio()),
            number(band.map(|band| band.value.low)),
            number(band.map(|band| band.value.high)),
            band.filter(|band| band.line > 0).map(|band| band.line.to_string()).unwrap_or_default(),
        ];
        add(&mut table, &words, figures);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_six_digits_and_a_missing_one_is_empty() {
        let texts = [number(0.123_456_789), number(1_234.567_89), number(None), number(2.0)];
        assert_eq!(texts, ["0.123457", "1234.57", "", "2"]);
    }

    #[test]
    fn a_table_is_csv_that_a_reader_takes() {
        let mut table = TextTable::of(&["row"], &["x"]);
        table.line(vec!["a \"b\", c".to_owned(), "1".to_owned()]);
        assert_eq!(table.to_csv(), "row,x\n\"a \"\"b\"\", c\",1");
    }
}
