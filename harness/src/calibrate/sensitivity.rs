//! The sensitivity of a fit: which parameters the rows identify, and how far the fit moves with the rows.

use nalgebra::DMatrix;
use serde::Serialize;

use super::fit::{Aim, Fit};
use super::{Conditions, FittedSetting, Observation, Parameter};
use crate::base::parallel;
use crate::mantile::hardware::Hardware;

/// A fitted parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterFound {
    /// The name with its unit.
    pub name: String,
    /// The fitted value.
    pub value: f64,
    /// The value in Mantile's configuration today; `None` if the configuration does not have it.
    pub before: Option<f64>,
    /// The lower bound of the fit.
    pub lower: f64,
    /// The upper bound of the fit.
    pub upper: f64,
    /// Whether the fit ended at a bound.
    pub at_bound: bool,
    /// Whether the parameter is identifiable from the rows; otherwise it stays near where the fit started.
    #[serde(rename = "told")]
    pub is_identifiable: bool,
    /// The smallest and the largest value in fits that leave rows out: one of ten random tenths, or one
    /// workload.
    pub without_rows: (f64, f64),
}

/// The effect of leaving rows out.
#[derive(Debug, Clone)]
pub(super) struct Shift {
    /// The range of each parameter.
    pub ranges: Vec<(f64, f64)>,
    /// The largest change of the predicted TPOTs over the fits: mean |ln(p / p of all rows)|, percent.
    pub tpot_percent: f64,
}

/// The number of parts, each of which is left out once.
const PARTS: usize = 10;
/// Parameters are nearly collinear if their correlation exceeds this.
const CORRELATED: f64 = 0.9;
/// A parameter is identifiable if the rows reduce its standard deviation below this share of the prior's.
const IDENTIFIABLE: f64 = 0.5;

/// The settings of ten fits, each of which leaves out another random tenth of the rows.
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

/// The distance of fits without some of the rows from the fit to all rows.
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

/// Each parameter with its bounds and sensitivity. `ranges` are those of [`Shift`].
pub(super) fn parameters(
    fit: &Fit,
    dtypes: &[String],
    now: Option<&Hardware>,
    ranges: &[(f64, f64)],
) -> Vec<ParameterFound> {
    let identifiable = identifiable(fit);
    let parameter_at = |index: usize| {
        let parameter = &fit.space.parameters[index];
        ParameterFound {
            name: parameter.kind.name(dtypes),
            value: fit.minimum.x[index].exp(),
            before: now.and_then(|now| parameter.kind.value_in(now, dtypes)),
            lower: parameter.lower,
            upper: parameter.upper,
            at_bound: at_bound(fit, index),
            is_identifiable: identifiable[index],
            without_rows: ranges[index],
        }
    };
    (0..fit.minimum.x.len()).map(parameter_at).collect()
}

/// The pairs of nearly collinear parameters: names and correlation.
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

/// The condition number of the rows' information on the logarithms of the free parameters: the largest over
/// the smallest eigenvalue.
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

/// Whether each parameter is identifiable: whether its standard deviation, with all other parameters free as
/// well, is well below that of the prior. A parameter that another one can make up for is not identifiable.
pub(super) fn identifiable(fit: &Fit) -> Vec<bool> {
    let is_identifiable = |index: usize| {
        // Parameters at a bound are held there, except the one in question.
        let others = (0..fit.minimum.x.len()).filter(|&j| j != index && !at_bound(fit, j));
        let indices: Vec<usize> = std::iter::once(index).chain(others).collect();
        let variance = covariance(fit, &indices).map(|covariance| covariance[(0, 0)]);
        variance.is_some_and(|variance| {
            variance * fit.minimum.prior[index] < IDENTIFIABLE * IDENTIFIABLE
        })
    };
    (0..fit.minimum.x.len()).map(is_identifiable).collect()
}

/// The parameters that are identifiable and not at a bound.
fn free(fit: &Fit) -> Vec<usize> {
    let identifiable = identifiable(fit);
    (0..fit.minimum.x.len()).filter(|&index| !at_bound(fit, index) && identifiable[index]).collect()
}

/// The covariance of the logarithms of some parameters by rows and prior, with the others held.
fn covariance(fit: &Fit, indices: &[usize]) -> Option<DMatrix<f64>> {
    let prior = &fit.minimum.prior;
    let information = DMatrix::from_fn(indices.len(), indices.len(), |a, b| {
        let (j, k) = (indices[a], indices[b]);
        fit.minimum.information[(j, k)] + if j == k { prior[j] } else { 0.0 }
    });
    information.try_inverse()
}
