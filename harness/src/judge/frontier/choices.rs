//! The choices that the rows of a model offer.

use std::collections::{BTreeMap, BTreeSet};

use super::{FrontierCandidate, FrontierChoice, FrontierPoint};
use crate::judge::compare::Comparison;
use crate::predict::prediction::complete;
use crate::row::metric::{Metric, PerMetric};
use crate::rules::config::{self, SourceConfig};

/// The smallest number of configurations that counts as a choice.
const LEAST_CANDIDATES: usize = 4;

/// The choices that the rows of a model offer, sorted by label.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrontierChoices<'a> {
    /// The choices within one GPU and framework.
    pub within: Vec<FrontierChoice<'a>>,
    /// The choices across GPUs and frameworks, where there are several.
    pub across: Vec<FrontierChoice<'a>>,
    /// The number of configurations left out because their measurement is doubtful: the audit finds them
    /// impossible, or their throughput is derived from requests that mostly wait outside the engine, so that
    /// few of them produce tokens at a time.
    pub left_out: usize,
}

type Candidates<'a> = BTreeMap<String, Vec<FrontierCandidate<'a>>>;

/// The choices that the rows offer. A row counts if it is predicted and has both figures. `impossible` holds the
/// names of the rows that the audit finds impossible.
#[must_use]
pub fn choices<'a>(
    comparisons: &'a [Comparison],
    sources: &[SourceConfig],
    impossible: &BTreeSet<&str>,
) -> FrontierChoices<'a> {
    let mut within = Candidates::new();
    let mut across = Candidates::new();
    let mut left_out = 0;
    for comparison in comparisons {
        let Some((candidate, e2e)) = candidate(comparison, sources) else { continue };
        let row = candidate.row;
        let is_doubtful = candidate.is_derived && row.waits_outside(e2e);
        if is_doubtful || impossible.contains(row.name().as_str()) {
            left_out += 1;
            continue;
        }
        let identity = &row.identity;
        let workload =
            format!("{} / {} / {}", identity.precision, identity.context(), row.provider);
        let deployment = format!("{} / {} / {workload}", identity.gpu_model, identity.framework);
        within.entry(deployment).or_default().push(candidate.clone());
        across.entry(workload).or_default().push(candidate);
    }
    across.retain(|_, candidates| has_several_deployments(candidates));
    FrontierChoices { within: with_enough(within), across: with_enough(across), left_out }
}

fn has_several_deployments(candidates: &[FrontierCandidate<'_>]) -> bool {
    let deployment = |candidate: &FrontierCandidate<'_>| {
        let identity = &candidate.row.identity;
        (identity.gpu_model.clone(), identity.framework.clone())
    };
    candidates.iter().map(deployment).collect::<BTreeSet<_>>().len() > 1
}

/// The choices with at least [`LEAST_CANDIDATES`] configurations.
fn with_enough(candidates: Candidates<'_>) -> Vec<FrontierChoice<'_>> {
    let enough = candidates.into_iter().filter(|(_, group)| group.len() >= LEAST_CANDIDATES);
    enough.map(|(label, group)| FrontierChoice::new(label, group)).collect()
}

/// The candidate of a row, and its measured E2E latency in s; `None` if a figure is missing.
fn candidate<'a>(
    comparison: &'a Comparison,
    sources: &[SourceConfig],
) -> Option<(FrontierCandidate<'a>, f64)> {
    let row = &comparison.row;
    let requests = row.identity.concurrency.fixed()?;
    let source = config::source_named(sources, &row.provider)?;
    let lengths = row.lengths(source.mean_length_ratio);
    let full = |given| complete(given, &row.identity, Some(requests), lengths);
    let point = |metrics: PerMetric<Option<f64>>| {
        Some(FrontierPoint {
            interactivity: 1.0 / metrics[Metric::Tpot]?,
            throughput: metrics[Metric::Throughput]?,
        })
    };
    let measured = full(row.measured.means);
    let predicted = full(PerMetric::from_fn(|metric| match metric {
        Metric::Ttft | Metric::Tpot => comparison.pair(metric).map(|pair| pair.predicted),
        _ => None,
    }));
    let candidate = FrontierCandidate {
        row,
        measured: point(measured)?,
        is_derived: row.measured.means[Metric::Throughput].is_none()
            || row.measured.derived[Metric::Throughput],
        predicted: point(predicted)?,
    };
    Some((candidate, measured[Metric::E2eLatency]?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Concurrency;
    use crate::testing::{comparison, model};

    #[test]
    fn what_is_impossible_is_nothing_to_choose() {
        let rows: Vec<Comparison> = (1..=5)
            .map(|requests| {
                let mut comparison = comparison(1.0);
                comparison.row.measured.means[Metric::Ttft] = Some(0.5);
                comparison.row.identity.concurrency = Concurrency::Fixed(requests);
                comparison
            })
            .collect();
        let names: Vec<String> = rows.iter().map(|comparison| comparison.row.name()).collect();
        let sources = model("", "").config.sources;
        let candidates = |impossible: &[String]| -> Vec<usize> {
            let impossible = impossible.iter().map(String::as_str).collect();
            let found = choices(&rows, &sources, &impossible);
            assert_eq!(found.left_out, impossible.len());
            assert!(found.across.is_empty(), "of one GPU and framework");
            found.within.iter().map(|choice| choice.candidates.len()).collect()
        };
        assert_eq!(candidates(&[]), [5]);
        assert_eq!(candidates(&names[..1]), [4]);
        assert!(candidates(&names[..2]).is_empty(), "too few are left");

        // A first token that takes most of the time was waited for.
        let mut waiting = rows.clone();
        waiting[0].row.measured.means[Metric::Ttft] = Some(20.0);
        let found = choices(&waiting, &sources, &BTreeSet::new());
        assert_eq!((found.within[0].candidates.len(), found.left_out), (4, 1));
        assert!(found.within[0].is_derived(), "no throughput is measured");

        // Two frameworks: a choice within one, and one across both.
        let mut both = rows.clone();
        both[0].row.identity.framework = "trt".to_owned();
        let found = choices(&both, &sources, &BTreeSet::new());
        let sizes = |choices: &[FrontierChoice<'_>]| -> Vec<usize> {
            choices.iter().map(|choice| choice.candidates.len()).collect()
        };
        assert_eq!((sizes(&found.within), sizes(&found.across)), (vec![4], vec![5]));
    }
}
