//! What the rows tell of each parameter: where a fit ended, and how far it moves with the rows.

use nalgebra::DMatrix;
use serde::Serialize;

use super::{Aim, Conditions, Fit, FittedSetting, Observation, Parameter};
use crate::base::parallel;
use crate::mantile::hardware::Hardware;

/// A fitted parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterFound {
    /// With its unit.
    pub name: String,
    /// Fitted.
    pub value: f64,
    /// As Mantile's configuration has it now; `None` where it has none.
    pub before: Option<f64>,
    /// Between which it was sought.
    pub lower: f64,
    /// See `lower`.
    pub upper: f64,
    /// Whether it ended at one of these.
    pub at_bound: bool,
    /// Whether the rows say anything of it; else it is where its fit started.
    pub told: bool,
    /// The least and most that it came to in fits that leave rows out: one of ten random tenths, or one
    /// workload.
    pub without_rows: (f64, f64),
}

/// What leaving rows out does.
#[derive(Debug, Clone)]
pub(super) struct Shift {
    /// The range of each parameter.
    pub ranges: Vec<(f64, f64)>,
    /// How far predictions of TPOT move at most: of the fits the largest mean |ln(p / p of all)|, percent.
    pub tpot_percent: f64,
}

/// Fits that leave a part of the rows out.
const PARTS: usize = 10;
/// A correlation that is told.
const CORRELATED: f64 = 0.9;
/// Rows tell of a parameter when they bring its standard deviation below this share of what was assumed.
const TOLD: f64 = 0.5;

/// What fits come to that each leave one of ten random tenths of the rows out.
pub(super) fn without_tenths(
    conditions: &Conditions<'_>,
    rows: &[&Observation],
    aim: Aim,
) -> Result<Vec<FittedSetting>, String> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_cached_key(|&index| (&rows[index].model, rows[index].row.name()));
    fastrand::Rng::with_seed(0x7465_6e74_6873).shuffle(&mut order);
    let parts: Vec<usize> = (0..PARTS).collect();
    let fits = parallel::map(&parts, |&part| {
        let kept = order.iter().enumerate().filter(|(place, _)| place % PARTS != part);
        let rest: Vec<&Observation> = kept.map(|(_, &index)| rows[index]).collect();
        conditions.fit(&rest, aim)
    });
    fits.into_iter().map(|fit| fit.map(|fit| fit.setting)).collect()
}

/// How far fits without some of the rows are from that to all.
pub(super) fn moved(fit: &Fit, without: &[FittedSetting], rows: &[&Observation]) -> Shift {
    let range = |parameter: &Parameter| {
        let all = fit.setting.get(parameter.kind);
        let values = without.iter().map(|setting| setting.get(parameter.kind));
        values.fold((all, all), |(low, high), value| (low.min(value), high.max(value)))
    };
    let tpot_percent = without.iter().map(|setting| {
        let moves = rows
            .iter()
            .map(|row| (setting.predict(row).tpot / fit.setting.predict(row).tpot).ln().abs());
        100.0 * moves.sum::<f64>() / rows.len() as f64
    });
    Shift {
        ranges: fit.space.parameters.iter().map(range).collect(),
        tpot_percent: tpot_percent.fold(0.0, f64::max),
    }
}

/// Each parameter with what is known of it.
pub(super) fn parameters(
    fit: &Fit,
    dtypes: &[String],
    now: Option<&Hardware>,
    ranges: &[(f64, f64)],
) -> Vec<ParameterFound> {
    let told = told(fit);
    let of = |index: usize| {
        let parameter = &fit.space.parameters[index];
        ParameterFound {
            name: parameter.kind.name(dtypes),
            value: fit.minimum.x[index].exp(),
            before: now.and_then(|now| parameter.kind.of(now, dtypes)),
            lower: parameter.lower,
            upper: parameter.upper,
            at_bound: at_bound(fit, index),
            told: told[index],
            without_rows: ranges[index],
        }
    };
    (0..fit.minimum.x.len()).map(of).collect()
}

/// Pairs of parameters that rows hardly tell apart: names and correlation.
pub(super) fn correlated(fit: &Fit, dtypes: &[String]) -> Vec<(String, String, f64)> {
    let free = free(fit);
    let Some(covariance) = covariance(fit, &free) else { return Vec::new() };
    let name = |a: usize| fit.space.parameters[free[a]].kind.name(dtypes);
    let mut pairs = Vec::new();
    for a in 0..free.len() {
        for b in 0..a {
            let scale = (covariance[(a, a)] * covariance[(b, b)]).sqrt();
            let correlation = covariance[(a, b)] / scale;
            if correlation.abs() > CORRELATED {
                pairs.push((name(b), name(a), correlation));
            }
        }
    }
    pairs
}

/// The largest over the smallest eigenvalue of the rows' information on the free parameters' logarithms.
pub(super) fn condition_number(fit: &Fit) -> Option<f64> {
    let free = free(fit);
    if free.is_empty() {
        return None;
    }
    let information = &fit.minimum.information;
    let matrix = DMatrix::from_fn(free.len(), free.len(), |a, b| information[(free[a], free[b])]);
    let eigenvalues = matrix.symmetric_eigenvalues();
    let (low, high) = (eigenvalues.min(), eigenvalues.max());
    (low > 0.0).then(|| high / low)
}

/// Whether a parameter ended at a bound.
fn at_bound(fit: &Fit, index: usize) -> bool {
    let parameter = &fit.space.parameters[index];
    let x = fit.minimum.x[index];
    (x - parameter.lower.ln()).abs() < 1e-6 || (x - parameter.upper.ln()).abs() < 1e-6
}

/// Of each parameter, whether rows tell of it: whether with all others free, too, its standard deviation is
/// well below that of the prior. What hides behind another parameter is not told.
pub(super) fn told(fit: &Fit) -> Vec<bool> {
    let is_told = |index: usize| {
        // What is at a bound is held there, but for the one that is asked of.
        let others = (0..fit.minimum.x.len()).filter(|&j| j != index && !at_bound(fit, j));
        let of: Vec<usize> = std::iter::once(index).chain(others).collect();
        let variance = covariance(fit, &of).map(|covariance| covariance[(0, 0)]);
        variance.is_some_and(|variance| variance * fit.minimum.prior[index] < TOLD * TOLD)
    };
    (0..fit.minimum.x.len()).map(is_told).collect()
}

/// The parameters that are not at a bound and that the rows tell something of.
fn free(fit: &Fit) -> Vec<usize> {
    let told = told(fit);
    (0..fit.minimum.x.len()).filter(|&index| !at_bound(fit, index) && told[index]).collect()
}

/// The covariance of these parameters' logarithms by rows and prior, the others held.
fn covariance(fit: &Fit, of: &[usize]) -> Option<DMatrix<f64>> {
    let prior = &fit.minimum.prior;
    let information = DMatrix::from_fn(of.len(), of.len(), |a, b| {
        let (j, k) = (of[a], of[b]);
        fit.minimum.information[(j, k)] + if j == k { prior[j] } else { 0.0 }
    });
    information.try_inverse()
}
