//! The baselines: simple estimators that a useful one must beat.

use std::collections::{BTreeMap, HashMap};

use super::{Estimator, RowEstimate};
use crate::base::statistics::quantile;
use crate::mantile::LayerTable;
use crate::mantile::breakdown::LayerBreakdown;
use crate::mantile::recording::Recording;
use crate::predict::mapping;
use crate::predict::prediction::Outcome;
use crate::row::Row;
use crate::row::metric::{Metric, PerMetric};
use crate::row::property::Field;
use crate::rules::config::{self, Config};
use crate::rules::names::{BANDWIDTH_BOUND, GROUP_MEDIAN};

/// The fields that define the groups of [`group_median`].
const GROUPED_BY: [Field; 3] = [Field::GpuModel, Field::Framework, Field::Context];

/// Predicts each metric of a row as the median of the measurements of the other configurations with the same GPU,
/// framework and context.
///
/// Every measurement of the row's own configuration is left out, so that no row predicts itself. A row without other
/// configurations in its group has no prediction.
#[must_use]
pub fn group_median<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Estimator {
    let mut groups: BTreeMap<[String; 3], Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(GROUPED_BY.map(|field| field.of(row))).or_default().push(row);
    }
    let mut estimator = baseline(
        GROUP_MEDIAN,
        "the median of the other rows of the same GPU, framework and context",
    );
    for row in groups.values().flatten() {
        let group = &groups[&GROUPED_BY.map(|field| field.of(row))];
        let others = || group.iter().filter(|other| other.identity != row.identity);
        let metrics = PerMetric::from_fn(|metric| {
            let measured: Vec<f64> =
                others().filter_map(|other| other.measured.means[metric]).collect();
            (!measured.is_empty()).then(|| quantile(&measured, 0.5))
        });
        if metrics == PerMetric::default() {
            unpredicted(&mut estimator, "no other row of the same GPU, framework and context");
        } else {
            let derived = PerMetric::default();
            estimator.estimates.insert(row.name(), RowEstimate { metrics, derived, mode: None });
        }
    }
    estimator
}

/// Predicts TPOT as the time in which a decode step reads its weights and KV cache at peak memory bandwidth, without
/// compute, communication or kernel overhead.
///
/// This is the memory bound of the roofline model (Williams, Waterman and Patterson 2009, "Roofline: an insightful
/// visual performance model"), which limits decoding at small batches (Pope et al. 2022, "Efficiently scaling
/// transformer inference", section 2). TTFT is not predicted, because prefill is bound by compute. E2E and throughput
/// are derived as if the first token took as long as every other: E2E = TPOT × O.
///
/// Bytes and bandwidth come from Mantile's recorded answer to the row's request (the sum of `load_ms` over the layers
/// of [`LayerBreakdown`]), so the row's approximations apply: an H200 row reads at the H100's bandwidth, and 4-bit
/// weights on Hopper count as 8-bit weights. Some of those rows are measured faster than this bound.
#[must_use]
pub fn bandwidth_bound<'a>(
    predictions: impl IntoIterator<Item = (&'a Row, &'a Outcome)>,
    config: &Config,
    recording: &Recording,
) -> Estimator {
    let mut estimator = baseline(
        BANDWIDTH_BOUND,
        "a decode step's weights and KV cache at peak memory bandwidth; E2E = TPOT x O",
    );
    let layers = recording.layers();
    let mut known: HashMap<String, Result<f64, String>> = HashMap::new();
    for (row, outcome) in predictions {
        let step = match &layers {
            Ok(layers) => step_seconds((row, outcome), config, recording, layers, &mut known),
            Err(error) => Err(error.to_string()),
        };
        match step {
            Ok((step, concurrency)) => {
                let estimate = bound(step, row, concurrency, &config.sources);
                estimator.estimates.insert(row.name(), estimate);
            }
            Err(reason) => unpredicted(&mut estimator, &reason),
        }
    }
    estimator
}

/// The load time of a decode step, s, and the number of requests in flight that it is for (for a peak, the number in
/// Mantile's prediction). The error says why it is unknown. `known` caches the times by request.
fn step_seconds(
    (row, outcome): (&Row, &Outcome),
    config: &Config,
    recording: &Recording,
    layers: &LayerTable,
    known: &mut HashMap<String, Result<f64, String>>,
) -> Result<(f64, u32), String> {
    let Outcome::Predicted(estimate) = outcome else {
        return Err("Mantile does not predict it".to_owned());
    };
    let mapped = mapping::map(row, config).map_err(|unmapped| unmapped.reason)?;
    let key = mapped
        .questions(layers)
        .iter()
        .find(|question| question.concurrency == estimate.concurrency)
        .map(|question| question.request.key())
        .ok_or("its request has changed")?;
    let load = |key: &String| {
        let entry = recording.entries.get(key).ok_or("its request is not recorded")?;
        let breakdown = LayerBreakdown::parse(&entry.reply.text(), layers)?;
        let load: f64 = breakdown.decode.iter().map(|layer| layer.count * layer.load_ms).sum();
        if load > 0.0 { Ok(load / 1000.0) } else { Err("its step loads nothing".to_owned()) }
    };
    let load = known.entry(key).or_insert_with_key(load).clone()?;
    Ok((load, estimate.concurrency))
}

/// The row's metrics if every token takes a step of `tpot` seconds.
fn bound(tpot: f64, row: &Row, concurrency: u32, sources: &[config::SourceConfig]) -> RowEstimate {
    let mut given = PerMetric::default();
    given[Metric::Tpot] = Some(tpot);
    // Only for the metrics that are derived from it.
    given[Metric::Ttft] = Some(tpot);
    let mut estimate = RowEstimate::new(given, None, row, Some(concurrency), sources);
    estimate.metrics[Metric::Ttft] = None;
    estimate
}

fn baseline(name: &str, about: &str) -> Estimator {
    Estimator {
        entry: config::EstimatorConfig {
            name: name.to_owned(),
            about: about.to_owned(),
            ..config::EstimatorConfig::default()
        },
        path: None,
        estimates: BTreeMap::new(),
        unpredicted: BTreeMap::new(),
        unmeasured: Vec::new(),
    }
}

fn unpredicted(estimator: &mut Estimator, reason: &str) {
    *estimator.unpredicted.entry(reason.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::bare_row;

    fn row(name: &str, tpot: f64) -> Row {
        let mut row = bare_row(name);
        row.measured.means[Metric::Tpot] = Some(tpot);
        row
    }

    fn name(concurrency: usize) -> String {
        format!("b200::vllm::fp4::1024x1024::tp4_ep1::c{concurrency}")
    }

    fn tpot(estimator: &Estimator, row: &Row) -> Option<f64> {
        estimator.estimates.get(&row.name())?.metrics[Metric::Tpot]
    }

    #[test]
    fn a_row_alone_in_its_group_is_counted_as_not_predicted() {
        let other_context = row("b200::vllm::fp4::1024x8192::tp4_ep1::c1", 9.0);
        let other_engine = row("b200::trt::fp4::1024x1024::tp4_ep1::c1", 9.0);
        let mut again = row(&name(1), 9.0);
        again.provider = "q".to_owned();
        let rows = [row(&name(1), 1.0), again, other_context, other_engine];
        let estimator = group_median(&rows);
        assert!(estimator.estimates.is_empty(), "{:?}", estimator.estimates);
        assert_eq!(estimator.unpredicted.values().sum::<usize>(), 4);
    }

    #[test]
    fn a_metric_that_no_other_row_has_is_not_predicted() {
        let rows = [row(&name(1), 1.0), row(&name(2), 3.0), row(&name(4), 5.0)];
        let estimator = group_median(&rows);
        assert_eq!(tpot(&estimator, &rows[0]), Some(4.0));
        assert_eq!(tpot(&estimator, &rows[1]), Some(3.0));
        assert_eq!(estimator.estimates[&rows[0].name()].metrics[Metric::Ttft], None);
    }

    proptest! {
        #[test]
        fn a_rows_own_measurement_never_counts_and_half_of_the_others_are_on_each_side(
            tpots in proptest::collection::vec(1e-3..1.0, 2..40), changed in 1e-3..1.0,
            at in any::<prop::sample::Index>(),
        ) {
            let mut rows: Vec<Row> =
                tpots.iter().enumerate().map(|(i, &tpot)| row(&name(i + 1), tpot)).collect();
            let at = at.index(rows.len());
            let before = tpot(&group_median(&rows), &rows[at]).unwrap();
            rows[at].measured.means[Metric::Tpot] = Some(changed);
            let after = tpot(&group_median(&rows), &rows[at]).unwrap();
            prop_assert_eq!(before.to_bits(), after.to_bits());
            let mut others = tpots.clone();
            others.remove(at);
            let below = others.iter().filter(|&&other| other <= before).count();
            let above = others.iter().filter(|&&other| other >= before).count();
            prop_assert!(2 * below >= others.len() && 2 * above >= others.len());
        }
    }

    #[test]
    fn the_bound_counts_the_first_token_like_every_other_and_predicts_no_ttft() {
        let row = row("b200::vllm::fp4::1000x1000::tp4_ep1::c8", 1.0);
        let source = |ratio| config::SourceConfig {
            name: "p".to_owned(),
            file: String::new(),
            mean_length_ratio: ratio,
            approximations: vec![],
            extra_columns: vec![],
            artifact_models: vec![],
            api_model: None,
            peak_concurrencies: vec![],
        };
        let RowEstimate { metrics, derived, .. } = bound(0.01, &row, 8, &[source(0.9)]);
        assert_eq!((metrics[Metric::Tpot], metrics[Metric::Ttft]), (Some(0.01), None));
        let e2e = metrics[Metric::E2eLatency].unwrap();
        assert!((e2e - 0.01 * 900.0).abs() < 1e-12, "{e2e}");
        let output = metrics[Metric::OutputThroughput].unwrap();
        assert!((output - 8.0 / 0.01 / 4.0).abs() < 1e-9, "{output}");
        assert!(derived[Metric::E2eLatency] && !derived[Metric::Tpot] && !derived[Metric::Ttft]);
    }
}
