//! Proposes bands and gates from the data; a person accepts them.

use std::fmt::Write as _;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use crate::base::statistics::{conformal_quantile, least_rows};
use crate::judge::compare::{Comparison, in_group, statistics};
use crate::row::Concurrency;
use crate::row::group::Group;
use crate::row::metric::{Metric, PerMetric};
use crate::row::property::Field;
use crate::rules::band::Interval;

/// What a proposal is made by.
#[derive(Debug, Clone)]
pub struct BandProposalRule {
    /// The share of rows that a band may leave out.
    pub alpha: f64,
    /// The fields that make the groups, from the coarsest; parents drop fields from the end.
    pub by: Vec<Field>,
    /// The ratio that repeated measurements lie apart, which no band undercuts.
    pub noise_floor: PerMetric<f64>,
}

/// The bands and gates proposed for one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The rows it is for.
    pub group: Group,
    /// The bands.
    pub ratio: PerMetric<Option<Interval>>,
    /// Where they come from, in words.
    pub basis: String,
    /// The gates on MAPE, percent.
    pub max_mape_percent: PerMetric<Option<f64>>,
    /// The gates on bias.
    pub bias: PerMetric<Option<Interval>>,
}

/// A gate on MAPE lies above today's by this share of it …
const MAPE_SLACK: f64 = 0.1;
/// … and at least by this many percentage points.
const MAPE_SLACK_POINTS: f64 = 1.0;
/// A gate on bias reaches from today's to none, and beyond both by this factor: coming nearer to the
/// measurement must never cross it.
const BIAS_SLACK: f64 = 1.1;

/// Proposes for each group of compared rows.
///
/// A band is `[exp(−q), exp(q)]` with q the split-conformal quantile of |ln(predicted / measured)|
/// in the group ([`conformal_quantile`]), never tighter than the noise floor, rounded outwards. A
/// group of peaks, which bound from above, gets `[0, exp(q)]` with q that of ln(predicted / measured).
/// A group with too few rows takes its parent's, and its basis says so.
#[must_use]
pub fn propose(comparisons: &[Comparison], rule: &BandProposalRule) -> Vec<Proposal> {
    let mut groups: Vec<Group> = comparisons
        .iter()
        .filter(|comparison| {
            Metric::ALL.into_iter().any(|metric| comparison.pair(metric).is_some())
        })
        .map(|comparison| Group::of(&rule.by, &comparison.row))
        .collect();
    groups.sort_by_key(ToString::to_string);
    groups.dedup();
    groups.into_iter().map(|group| propose_group(comparisons, rule, group)).collect()
}

fn propose_group(comparisons: &[Comparison], rule: &BandProposalRule, group: Group) -> Proposal {
    let sample = in_group(comparisons, &group).next().expect("a group is made from a row").clone();
    let own_rows = in_group(comparisons, &group).count();
    let peak = in_group(comparisons, &group).all(is_peak);
    let mut remarks: Vec<(String, Vec<&str>)> = Vec::new();
    let mut remark =
        |text: String, metric: Metric| match remarks.iter_mut().find(|(known, _)| *known == text) {
            Some((_, metrics)) => metrics.push(metric.name()),
            None => remarks.push((text, vec![metric.name()])),
        };
    let mut proposal = Proposal {
        ratio: PerMetric::default(),
        basis: String::new(),
        max_mape_percent: PerMetric::default(),
        bias: PerMetric::default(),
        group,
    };
    for metric in Metric::ALL {
        let Some(today) = statistics(in_group(comparisons, &proposal.group), metric) else {
            continue;
        };
        let slack = (today.mape_percent * MAPE_SLACK).max(MAPE_SLACK_POINTS);
        proposal.max_mape_percent[metric] = Some(round_up(today.mape_percent + slack, 10.0));
        proposal.bias[metric] =
            Some(outwards(today.bias.min(1.0) / BIAS_SLACK, today.bias.max(1.0) * BIAS_SLACK));
        // The group itself, then its ancestors up to all rows.
        let quantile = (0..=rule.by.len()).rev().find_map(|fields| {
            let ancestor = Group::of(&rule.by[..fields], &sample.row);
            let scores: Vec<f64> = in_group(comparisons, &ancestor)
                .filter(|comparison| is_peak(comparison) == peak)
                .filter_map(|comparison| {
                    let log_ratio = comparison.pair(metric)?.log_ratio();
                    Some(if peak { log_ratio } else { log_ratio.abs() })
                })
                .collect();
            Some((conformal_quantile(&scores, rule.alpha)?, ancestor, scores.len()))
        });
        let Some((quantile, from, rows)) = quantile else {
            let least = least_rows(rule.alpha);
            remark(format!("without a band, which needs {least} rows at this alpha"), metric);
            continue;
        };
        if from != proposal.group {
            remark(format!("from {from} ({rows} rows; {} here)", today.n), metric);
        }
        let floor = rule.noise_floor[metric];
        if quantile.exp() < floor {
            remark("at the noise floor".to_owned(), metric);
        }
        let factor = quantile.exp().max(floor);
        let low = if peak { 0.0 } else { 1.0 / factor };
        proposal.ratio[metric] = Some(outwards(low, factor));
    }
    let one_sided = if peak { ", upper end alone" } else { "" };
    proposal.basis = format!("split-conformal, alpha {}, {own_rows} rows{one_sided}", rule.alpha);
    for (text, metrics) in remarks {
        let metrics =
            if metrics.len() == Metric::ALL.len() { "all".to_owned() } else { metrics.join(", ") };
        let _ = write!(proposal.basis, "; {metrics} {text}");
    }
    proposal
}

fn is_peak(comparison: &Comparison) -> bool {
    comparison.row.identity.concurrency == Concurrency::Peak
}

/// Rounds to three significant digits, away from the middle.
pub(crate) fn outwards(low: f64, high: f64) -> Interval {
    let scale = |x: f64| 10f64.powf(2.0 - x.log10().floor());
    let round = |x: f64, to: fn(f64) -> f64| {
        if x <= 0.0 {
            return 0.0;
        }
        let scale = scale(x);
        // Through text, so that 0.57 is written 0.57.
        format!("{:.6}", to(x * scale) / scale).parse().unwrap_or(x)
    };
    Interval { low: round(low, f64::floor), high: round(high, f64::ceil) }
}

fn round_up(x: f64, scale: f64) -> f64 {
    (x * scale).ceil() / scale
}

/// Puts the proposals into the text of a `reconcile.toml`, in place of its bands and gates; all
/// else, comments included, stays.
pub fn rewrite(text: &str, proposals: &[Proposal]) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let mut bands = ArrayOfTables::new();
    let mut gates = ArrayOfTables::new();
    for proposal in proposals {
        if proposal.ratio.iter().any(|(_, interval)| interval.is_some()) {
            let mut band = Table::new();
            band["where"] = value(proposal.group.expression());
            band["basis"] = value(&proposal.basis);
            band["ratio"] = metric_table(&proposal.ratio, |interval| interval_value(*interval));
            bands.push(band);
        }
        let mut gate = Table::new();
        gate["where"] = value(proposal.group.expression());
        gate["max_mape_percent"] =
            metric_table(&proposal.max_mape_percent, |limit| (*limit).into());
        gate["bias"] = metric_table(&proposal.bias, |interval| interval_value(*interval));
        gates.push(gate);
    }
    for (name, tables) in [("band", bands), ("gate", gates)] {
        if tables.is_empty() {
            document.remove(name);
        } else {
            document[name] = Item::ArrayOfTables(tables);
        }
    }
    Ok(document.to_string())
}

/// The metrics as dotted keys: `ratio.tpot = […]`, a line each.
fn metric_table<T>(values: &PerMetric<Option<T>>, write: impl Fn(&T) -> toml_edit::Value) -> Item {
    let mut table = Table::new();
    table.set_dotted(true);
    for (metric, entry) in values.iter() {
        if let Some(entry) = entry {
            table[metric.name()] = value(write(entry));
        }
    }
    Item::Table(table)
}

fn interval_value(interval: Interval) -> toml_edit::Value {
    [interval.low, interval.high].into_iter().collect::<Array>().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::comparison;

    fn rule(alpha: f64) -> BandProposalRule {
        BandProposalRule {
            alpha,
            by: vec![Field::GpuModel, Field::Framework],
            noise_floor: PerMetric::from_fn(|_| 1.05),
        }
    }

    fn rows(framework: &str, ratios: impl IntoIterator<Item = f64>) -> Vec<Comparison> {
        let make = |ratio| {
            let mut comparison = comparison(ratio);
            comparison.row.identity.framework = framework.to_owned();
            comparison
        };
        ratios.into_iter().map(make).collect()
    }

    fn tpot(proposals: &[Proposal], group: &str) -> Interval {
        let found = proposals.iter().find(|proposal| proposal.group.to_string().contains(group));
        found.unwrap().ratio[Metric::Tpot].unwrap()
    }

    #[test]
    fn a_small_group_takes_its_parents_band_and_says_so() {
        let mut all = rows("vllm", (1..=9).map(|i| 1.0 + 0.1 * f64::from(i)));
        all.extend(rows("trt", [1.01]));
        let proposals = propose(&all, &rule(0.1));
        assert_eq!(tpot(&proposals, "vllm"), Interval { low: 0.526, high: 1.9 });
        assert_eq!(tpot(&proposals, "trt"), Interval { low: 0.526, high: 1.9 });
        let basis = &proposals.iter().find(|p| p.group.to_string().contains("trt")).unwrap().basis;
        assert!(basis.contains("tpot from gpu_model=b200 (10 rows; 1 here)"), "{basis}");
    }

    #[test]
    fn no_band_undercuts_the_noise_floor() {
        let proposals = propose(&rows("vllm", [1.001; 30]), &rule(0.1));
        assert_eq!(tpot(&proposals, "vllm"), Interval { low: 0.952, high: 1.05 });
        assert!(proposals[0].basis.contains("tpot at the noise floor"));
    }

    #[test]
    fn rewriting_keeps_comments_and_reads_back() {
        let text = "# by hand\nmodel_id = 'm' # kept\n\n[[band]]\nwhere = 'all'\nratio.tpot = [0.1, 9.0]\n";
        let proposals = propose(&rows("vllm", [1.2; 30]), &rule(0.1));
        let written = rewrite(text, &proposals).unwrap();
        insta::assert_snapshot!(written, @r#"
        # by hand
        model_id = 'm' # kept

        [[band]]
        where = "gpu_model = b200 and framework = vllm"
        basis = "split-conformal, alpha 0.1, 30 rows"
        ratio.tpot = [0.833, 1.2]

        [[gate]]
        where = "gpu_model = b200 and framework = vllm"
        max_mape_percent.tpot = 22.0
        bias.tpot = [0.909, 1.32]
        "#);
        assert_eq!(rewrite(&written, &proposals).unwrap(), written);
    }

    #[test]
    fn too_few_rows_give_no_band_and_say_how_many_are_needed() {
        let proposals = propose(&rows("vllm", [1.0, 1.1, 0.9]), &rule(0.1));
        assert!(proposals[0].basis.contains("which needs 9 rows at this alpha"), "{proposals:?}");
        let written = rewrite("", &proposals).unwrap();
        assert!(!written.contains("[[band]]") && written.contains("[[gate]]"), "{written}");
        assert_eq!(least_rows(0.05), 19);
    }

    proptest! {
        #[test]
        fn a_proposed_band_holds_at_least_the_promised_share_of_its_rows(
            ratios in proptest::collection::vec(0.1..10.0, 19..80),
        ) {
            let comparisons = rows("vllm", ratios);
            let band = tpot(&propose(&comparisons, &rule(0.05)), "vllm");
            let ratio = |c: &Comparison| c.pair(Metric::Tpot).unwrap().ratio();
            let inside = comparisons.iter().filter(|c| band.holds(ratio(c))).count();
            prop_assert!(inside as f64 >= 0.95 * comparisons.len() as f64);
        }
    }
}
