//! Judging a row by bands and known deviations.

use jiff::civil::Date;

use super::{QuantityVerdict, RowVerdict, Standing, Status};
use crate::base::statistics::Pair;
use crate::judge::compare::Comparison;
use crate::predict::prediction::Outcome;
use crate::row::metric::{Metric, Quantity};
use crate::row::{Concurrency, Row};
use crate::rules::Rules;
use crate::rules::band::{Interval, WrittenAt, most_specific};

/// The band of [`Quantity::Memory`]: the need is at most the capacity.
const FITS: Interval = Interval { low: 0.0, high: 1.0 };

/// Judges a row by the bands and known deviations that a model's files hold, as of `today`.
///
/// ```
/// use std::path::Path;
///
/// use mantile_reconcile::judge::verdict::Status;
/// use mantile_reconcile::judge::{compare, model, verdict};
///
/// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
/// let model = model::load(root, "openai_GPT-OSS-120B")?;
/// let joined = compare::join(model.rows.clone(), Vec::new());
/// let today = jiff::civil::date(2026, 1, 28);
/// let verdict = verdict::judge(&joined.comparisons[0], model.rules(), today);
/// assert_eq!(verdict.status, Status::NotPredicted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn judge(comparison: &Comparison, rules: Rules<'_>, today: Date) -> RowVerdict {
    let without_prediction =
        |status, problem| RowVerdict { status, quantities: Vec::new(), problem: Some(problem) };
    let estimate = match &comparison.outcome {
        Outcome::Predicted(estimate) => estimate,
        Outcome::Unmapped(reason) => return without_prediction(Status::Unmapped, reason.clone()),
        other => {
            let problem = format!("{}: {}", other.status(), other.problem().unwrap_or_default());
            return without_prediction(Status::NotPredicted, problem);
        }
    };
    let row = &comparison.row;
    let mut quantities = Vec::new();
    for metric in Metric::ALL {
        if let Some(pair) = comparison.pair(metric) {
            let band = most_specific(&rules.config.bands, row, metric);
            let band = band.map(|(_, WrittenAt { value, line })| WrittenAt {
                value: band_of_row(value, row, metric),
                line,
            });
            quantities.push(judge_quantity(
                row,
                Quantity::Metric(metric),
                pair,
                band,
                rules,
                today,
            ));
        }
    }
    // The batch of a peak is chosen by the prediction, so no measurement shows that it fits.
    if row.identity.concurrency != Concurrency::Peak {
        let memory =
            Pair { measured: estimate.hw_capacity_gb, predicted: estimate.memory_per_package_gb };
        let fits = Some(WrittenAt { value: FITS, line: 0 });
        quantities.push(judge_quantity(row, Quantity::Memory, memory, fits, rules, today));
    }

    let any = |standing| quantities.iter().any(|judged| judged.standing == standing);
    let status = if any(Standing::Outside) || any(Standing::NoBand) {
        Status::Outside
    } else if any(Standing::Known) {
        Status::KnownDeviation
    } else {
        Status::Inside
    };
    RowVerdict { status, quantities, problem: None }
}

/// The band of a group as it applies to one of its rows. It is at least as wide as the difference of repeated
/// measurements of the row, and has no lower end for a peak, which is an upper bound on what may be predicted.
#[must_use]
pub fn band_of_row(band: Interval, row: &Row, metric: Metric) -> Interval {
    let noise = Interval::within(row.max_min_ratio(metric));
    let low = match row.identity.concurrency {
        Concurrency::Fixed(_) => band.low.min(noise.low),
        Concurrency::Peak => 0.0,
    };
    Interval { low, high: band.high.max(noise.high) }
}

fn judge_quantity(
    row: &Row,
    quantity: Quantity,
    pair: Pair,
    band: Option<WrittenAt<Interval>>,
    rules: Rules<'_>,
    today: Date,
) -> QuantityVerdict {
    let deviation = rules.deviations.of(row, quantity).cloned();
    let excused = deviation
        .as_ref()
        .is_some_and(|known| known.expires >= today && known.bound.value.holds(pair.ratio()));
    let standing = match band {
        None => Standing::NoBand,
        Some(band) if band.value.holds(pair.ratio()) => Standing::Inside,
        Some(_) if excused => Standing::Known,
        Some(_) => Standing::Outside,
    };
    QuantityVerdict { quantity, pair, band, deviation, standing }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::row::Repeatability;
    use crate::testing::{NAME, comparison, model};

    const BAND: &str = "[[band]]\nwhere = 'all'\nratio.tpot = [0.5, 2.0]\n";

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn status(ratio: f64, bands: &str, deviations: &str) -> Status {
        judge(&comparison(ratio), model(bands, deviations).rules(), day("2026-06-01")).status
    }

    #[test]
    fn a_measured_metric_without_a_band_does_not_pass() {
        assert_eq!(status(1.0, BAND, ""), Status::Inside);
        assert_eq!(status(1.0, "", ""), Status::Outside);
        assert_eq!(status(1.0, &BAND.replace("tpot", "ttft"), ""), Status::Outside);
    }

    #[test]
    fn a_row_that_repeats_badly_has_a_wider_band() {
        let mut comparison = comparison(2.4);
        let mut status = |tpot_max_min_ratio| {
            comparison.row.repeatability = Some(Repeatability {
                repeats: 2,
                throughput_max_min_ratio: 9.0,
                ttft_max_min_ratio: 9.0,
                tpot_max_min_ratio,
                e2e_latency_max_min_ratio: 9.0,
            });
            judge(&comparison, model(BAND, "").rules(), day("2026-06-01")).status
        };
        assert_eq!(status(2.3), Status::Outside);
        assert_eq!(status(2.5), Status::Inside);
    }

    #[test]
    fn a_peak_is_an_upper_bound_only() {
        let status = |ratio| {
            let mut comparison = comparison(ratio);
            comparison.row.identity.concurrency = Concurrency::Peak;
            judge(&comparison, model(BAND, "").rules(), day("2026-06-01")).status
        };
        assert_eq!(status(0.1), Status::Inside);
        assert_eq!(status(2.1), Status::Outside);
    }

    #[test]
    fn a_known_deviation_excuses_within_its_bound_until_it_expires() {
        let known = |expires| {
            format!(
                "[[deviation]]\nrows.'p::{NAME}' = {{ tpot = [2.0, 3.0] }}\nreason = 'x'\nexpires = '{expires}'\n"
            )
        };
        assert_eq!(status(2.5, BAND, ""), Status::Outside);
        assert_eq!(status(2.5, BAND, &known("2026-06-01")), Status::KnownDeviation);
        assert_eq!(status(3.5, BAND, &known("2026-06-01")), Status::Outside);
        assert_eq!(status(2.5, BAND, &known("2026-05-31")), Status::Outside);
    }

    #[test]
    fn a_row_without_a_prediction_fails_and_an_unmapped_one_does_not() {
        let judged = |outcome| {
            let comparison = Comparison { outcome, ..comparison(1.0) };
            judge(&comparison, model(BAND, "").rules(), day("2026-06-01")).status
        };
        assert!(judged(Outcome::Refused("status 500".to_owned())).fails());
        assert!(judged(Outcome::Unavailable("gone".to_owned())).fails());
        assert_eq!(judged(Outcome::Unmapped("no AMD".to_owned())), Status::Unmapped);
        assert!(!Status::Unmapped.fails());
    }

    #[test]
    fn a_row_that_does_not_fit_into_its_memory_is_outside() {
        let mut comparison = comparison(1.0);
        if let Outcome::Predicted(estimate) = &mut comparison.outcome {
            estimate.memory_per_package_gb = 120.0;
        }
        let judge = |deviations: &str| {
            judge(&comparison, model(BAND, deviations).rules(), day("2026-06-01")).status
        };
        assert_eq!(judge(""), Status::Outside);
        let known = format!(
            "[[deviation]]\nrows.'p::{NAME}' = {{ memory = [1.0, 1.6] }}\nreason = 'x'\nexpires = '2026-07-01'\n"
        );
        assert_eq!(judge(&known), Status::KnownDeviation);
    }

    proptest! {
        #[test]
        fn a_row_is_inside_exactly_when_its_ratio_is(ratio in 0.01..100.0) {
            let inside = status(ratio, BAND, "") == Status::Inside;
            let pair = comparison(ratio).pair(Metric::Tpot).unwrap();
            prop_assert_eq!(inside, (0.5..=2.0).contains(&pair.ratio()));
        }
    }
}
