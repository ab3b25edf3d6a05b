//! The proposed bands and gates of each group.

use std::fmt::Write as _;

use super::rounding::{outwards, round_up};
use crate::base::statistics::{conformal_quantile, least_rows};
use crate::judge::compare::{Comparison, in_group, statistics};
use crate::row::Concurrency;
use crate::row::group::Group;
use crate::row::metric::{Metric, PerMetric};
use crate::row::property::Field;
use crate::rules::band::Interval;

/// The rule that proposals are made by.
#[derive(Debug, Clone)]
pub struct BandProposalRule {
    /// The share of rows that may lie outside a band.
    pub alpha: f64,
    /// The fields that define the groups, the coarsest first. The parent of a group drops the last field.
    pub by: Vec<Field>,
    /// The factor by which repeated measurements differ. No band is tighter.
    pub noise_floor: PerMetric<f64>,
}

/// The bands and gates proposed for one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The rows that the proposal applies to.
    pub group: Group,
    /// The bands on predicted / measured.
    pub ratio: PerMetric<Option<Interval>>,
    /// The origin of the bands, in words.
    pub basis: String,
    /// The limits of the gates on the MAPE, percent.
    pub max_mape_percent: PerMetric<Option<f64>>,
    /// The intervals of the gates on the bias.
    pub bias: PerMetric<Option<Interval>>,
}

/// The share of today's MAPE by which a gate lies above it …
const MAPE_SLACK: f64 = 0.1;
/// … and the least distance, percentage points.
const MAPE_SLACK_POINTS: f64 = 1.0;
/// The factor by which the interval of a gate on the bias exceeds the range from today's bias to 1. A release whose
/// bias comes nearer to 1 must never fail the gate.
const BIAS_SLACK: f64 = 1.1;

/// Proposes bands and gates for each group of compared rows.
///
/// A band is `[exp(−q), exp(q)]`, where q is the split-conformal quantile of |ln(predicted / measured)| in the
/// group ([`conformal_quantile`]). It is never tighter than the noise floor, and it is rounded outwards. Peaks are
/// an upper bound on what may be predicted, so a group of peaks gets `[0, exp(q)]` with the quantile of
/// ln(predicted / measured). A group with too few rows takes the band of its parent, and its basis says so.
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

/// The remarks on the bands of a group, each with the metrics that it applies to.
#[derive(Default)]
struct Remarks(Vec<(String, Vec<&'static str>)>);

impl Remarks {
    fn add(&mut self, text: String, metric: Metric) {
        match self.0.iter_mut().find(|(known, _)| *known == text) {
            Some((_, metrics)) => metrics.push(metric.name()),
            None => self.0.push((text, vec![metric.name()])),
        }
    }

    /// The remarks, each after a semicolon.
    fn text(&self) -> String {
        let mut text = String::new();
        for (remark, metrics) in &self.0 {
            let is_of_all = metrics.len() == Metric::ALL.len();
            let metrics = if is_of_all { "all".to_owned() } else { metrics.join(", ") };
            let _ = write!(text, "; {metrics} {remark}");
        }
        text
    }
}

fn propose_group(comparisons: &[Comparison], rule: &BandProposalRule, group: Group) -> Proposal {
    let members: Vec<&Comparison> = in_group(comparisons, &group).collect();
    let is_of_peaks = members.iter().all(|comparison| is_peak(comparison));
    let mut remarks = Remarks::default();
    let mut proposal = Proposal {
        ratio: PerMetric::default(),
        basis: String::new(),
        max_mape_percent: PerMetric::default(),
        bias: PerMetric::default(),
        group,
    };
    for metric in Metric::ALL {
        let Some(today) = statistics(members.iter().copied(), metric) else { continue };
        let slack = (today.mape_percent * MAPE_SLACK).max(MAPE_SLACK_POINTS);
        proposal.max_mape_percent[metric] = Some(round_up(today.mape_percent + slack, 10.0));
        proposal.bias[metric] =
            Some(outwards(today.bias.min(1.0) / BIAS_SLACK, today.bias.max(1.0) * BIAS_SLACK));
        let Some(found) = quantile(comparisons, rule, members[0], metric, is_of_peaks) else {
            let least = least_rows(rule.alpha);
            remarks.add(format!("without a band, which needs {least} rows at this alpha"), metric);
            continue;
        };
        if found.group != proposal.group {
            let text = format!("from {} ({} rows; {} here)", found.group, found.rows, today.n);
            remarks.add(text, metric);
        }
        let floor = rule.noise_floor[metric];
        if found.log_ratio.exp() < floor {
            remarks.add("at the noise floor".to_owned(), metric);
        }
        let factor = found.log_ratio.exp().max(floor);
        let low = if is_of_peaks { 0.0 } else { 1.0 / factor };
        proposal.ratio[metric] = Some(outwards(low, factor));
    }
    let one_sided = if is_of_peaks { ", upper end alone" } else { "" };
    proposal.basis = format!(
        "split-conformal, alpha {}, {} rows{one_sided}{}",
        rule.alpha,
        members.len(),
        remarks.text()
    );
    proposal
}

/// A quantile of ln(predicted / measured), with the group whose rows gave it.
struct GroupQuantile {
    log_ratio: f64,
    group: Group,
    rows: usize,
}

/// The conformal quantile in the most specific group of the sample that has enough rows: its own group, or else
/// the nearest ancestor.
fn quantile(
    comparisons: &[Comparison],
    rule: &BandProposalRule,
    sample: &Comparison,
    metric: Metric,
    is_of_peaks: bool,
) -> Option<GroupQuantile> {
    (0..=rule.by.len()).rev().find_map(|fields| {
        let group = Group::of(&rule.by[..fields], &sample.row);
        let scores: Vec<f64> = in_group(comparisons, &group)
            .filter(|comparison| is_peak(comparison) == is_of_peaks)
            .filter_map(|comparison| {
                let log_ratio = comparison.pair(metric)?.log_ratio();
                Some(if is_of_peaks { log_ratio } else { log_ratio.abs() })
            })
            .collect();
        let log_ratio = conformal_quantile(&scores, rule.alpha)?;
        Some(GroupQuantile { log_ratio, group, rows: scores.len() })
    })
}

fn is_peak(comparison: &Comparison) -> bool {
    comparison.row.identity.concurrency == Concurrency::Peak
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judge::propose::rewrite;
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

    /// The proposed TPOT band of the group whose name contains `group`.
    fn tpot(proposals: &[Proposal], group: &str) -> Interval {
        let proposal = proposals.iter().find(|proposal| proposal.group.to_string().contains(group));
        proposal.unwrap().ratio[Metric::Tpot].unwrap()
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
