//! Robust least squares within bounds.

use nalgebra::{DMatrix, DVector};

/// The problem: minimise over x with `lower` ≤ x ≤ `upper` the sum Σ ρ(rᵢ(x)) + Σ (σ (xⱼ − cⱼ) / sⱼ)², where ρ(r) =
/// 2 σ² (√(1 + (r / σ)²) − 1), which is r² for small r and grows like |r| beyond the scale σ, so that a few
/// outliers do not dominate the fit (the loss `soft_l1` of `SciPy`'s `least_squares`; Charbonnier et al. 1997,
/// "Deterministic edge-preserving regularization in computed imaging"). The second sum holds a parameter
/// that the rows say nothing about at its centre c: a distance of a whole spread s counts as one row with an error of σ.
#[derive(Debug)]
pub(super) struct Problem<'a, F: Fn(&[f64]) -> Vec<f64>> {
    pub residuals: F,
    pub lower: &'a [f64],
    pub upper: &'a [f64],
    pub center: &'a [f64],
    pub spread: &'a [f64],
}

/// The scale σ beyond which a residual counts less: an error of a tenth.
const SCALE: f64 = 0.1;
/// The step of ln x for the numerical derivative.
const STEP: f64 = 1e-6;
/// The largest number of iterations. Fits take few; reaching this would be a fault of the problem.
const MOST_ITERATIONS: usize = 200;

/// A minimum.
#[derive(Debug, Clone)]
pub(super) struct Minimum {
    /// The point.
    pub x: Vec<f64>,
    /// The value there.
    pub cost: f64,
    /// The information of the rows at the point, `JᵀWJ`, without that of the centres.
    pub information: DMatrix<f64>,
    /// The diagonal of the information of the centres.
    pub prior: DVector<f64>,
}

/// Finds the local minimum from `start` by the method of Levenberg and Marquardt on the free parameters, with each
/// step clamped to the bounds (Kanzow, Yamashita and Fukushima 2004, "Levenberg–Marquardt methods with
/// strong local convergence properties for solving nonlinear equations with convex constraints"). The
/// same problem and start give the same point.
pub(super) fn minimise<F: Fn(&[f64]) -> Vec<f64>>(
    problem: &Problem<'_, F>,
    start: &[f64],
) -> Minimum {
    let n = start.len();
    let mut x: Vec<f64> = start.to_vec();
    clamp(&mut x, problem);
    let mut residuals = (problem.residuals)(&x);
    let mut cost = total(problem, &x, &residuals);
    let prior = DVector::from_fn(n, |j, _| (SCALE / problem.spread[j]).powi(2));
    let mut damping = 1e-3;
    let (mut information, mut gradient) = linearise(problem, &x, &residuals, &prior);
    for _ in 0..MOST_ITERATIONS {
        let free = free(problem, &x, &gradient);
        let mut next = None;
        while damping < 1e12 {
            let Some(step) = step(&information, &prior, &gradient, &free, damping) else {
                damping *= 4.0;
                continue;
            };
            let mut tried = x.clone();
            for (&j, step) in free.iter().zip(step.iter()) {
                tried[j] -= step;
            }
            clamp(&mut tried, problem);
            let there = (problem.residuals)(&tried);
            let value = total(problem, &tried, &there);
            if value < cost {
                damping = (damping / 9.0).max(1e-12);
                next = Some((tried, there, value));
                break;
            }
            damping *= 4.0;
        }
        let Some((tried, there, value)) = next else { break };
        let gained = (cost - value) / cost.max(f64::MIN_POSITIVE);
        (x, residuals, cost) = (tried, there, value);
        (information, gradient) = linearise(problem, &x, &residuals, &prior);
        if gained < 1e-10 {
            break;
        }
        damping = damping.min(1e3);
    }
    Minimum { x, cost, information, prior }
}

/// The parameters that are not held at a bound: one at a bound stays there while the cost falls outwards.
fn free<F: Fn(&[f64]) -> Vec<f64>>(
    problem: &Problem<'_, F>,
    x: &[f64],
    gradient: &DVector<f64>,
) -> Vec<usize> {
    let is_free = |&j: &usize| {
        let is_held = (x[j] <= problem.lower[j] && gradient[j] > 0.0)
            || (x[j] >= problem.upper[j] && gradient[j] < 0.0);
        !is_held
    };
    (0..x.len()).filter(is_free).collect()
}

fn clamp<F: Fn(&[f64]) -> Vec<f64>>(x: &mut [f64], problem: &Problem<'_, F>) {
    for (j, x) in x.iter_mut().enumerate() {
        *x = x.clamp(problem.lower[j], problem.upper[j]);
    }
}

fn total<F: Fn(&[f64]) -> Vec<f64>>(problem: &Problem<'_, F>, x: &[f64], residuals: &[f64]) -> f64 {
    let loss = |r: &f64| 2.0 * SCALE * SCALE * ((1.0 + (r / SCALE).powi(2)).sqrt() - 1.0);
    let rows: f64 = residuals.iter().map(loss).sum();
    let off = |j: usize| SCALE * (x[j] - problem.center[j]) / problem.spread[j];
    rows + (0..x.len()).map(|j| off(j).powi(2)).sum::<f64>()
}

/// `JᵀWJ` of the rows, and half the gradient of the whole cost.
fn linearise<F: Fn(&[f64]) -> Vec<f64>>(
    problem: &Problem<'_, F>,
    x: &[f64],
    residuals: &[f64],
    prior: &DVector<f64>,
) -> (DMatrix<f64>, DVector<f64>) {
    let (rows, n) = (residuals.len(), x.len());
    let mut jacobian = DMatrix::zeros(rows, n);
    for j in 0..n {
        let mut moved = x.to_vec();
        // Inwards, so that a bound is not stepped over.
        let step = if x[j] + STEP > problem.upper[j] { -STEP } else { STEP };
        moved[j] += step;
        for (i, (there, here)) in (problem.residuals)(&moved).iter().zip(residuals).enumerate() {
            jacobian[(i, j)] = (there - here) / step;
        }
    }
    let mut gradient = DVector::zeros(n);
    let mut information = DMatrix::zeros(n, n);
    for (i, r) in residuals.iter().enumerate() {
        let weight = 1.0 / (1.0 + (r / SCALE).powi(2)).sqrt();
        for j in 0..n {
            let weighted = weight * jacobian[(i, j)];
            gradient[j] += weighted * r;
            for k in 0..=j {
                information[(j, k)] += weighted * jacobian[(i, k)];
            }
        }
    }
    for j in 0..n {
        gradient[j] += prior[j] * (x[j] - problem.center[j]);
        for k in 0..j {
            information[(k, j)] = information[(j, k)];
        }
    }
    (information, gradient)
}

fn step(
    information: &DMatrix<f64>,
    prior: &DVector<f64>,
    gradient: &DVector<f64>,
    free: &[usize],
    damping: f64,
) -> Option<DVector<f64>> {
    let matrix = DMatrix::from_fn(free.len(), free.len(), |a, b| {
        let (j, k) = (free[a], free[b]);
        let here = information[(j, k)];
        if j == k { (here + prior[j]) * (1.0 + damping) } else { here }
    });
    let right = DVector::from_fn(free.len(), |a, _| gradient[free[a]]);
    Some(matrix.cholesky()?.solve(&right))
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;

    fn fit(data: &[(f64, f64)], lower: &[f64], upper: &[f64]) -> Minimum {
        // y = exp(a) + exp(b) t, in relative error.
        let residuals = |x: &[f64]| {
            data.iter().map(|(t, y)| (x[0].exp() + x[1].exp() * t).ln() - y.ln()).collect()
        };
        let (center, spread) = (&[0.0, 0.0], &[1e3, 1e3]);
        minimise(&Problem { residuals, lower, upper, center, spread }, &[0.0, 0.0])
    }

    proptest! {
        #[test]
        fn exact_data_recover_their_parameters(a in -2.0..2.0, b in -2.0..2.0) {
            let data: Vec<(f64, f64)> =
                (1..9).map(|t| f64::from(t) * 0.5).map(|t| (t, f64::exp(a) + f64::exp(b) * t)).collect();
            let found = fit(&data, &[-9.0, -9.0], &[9.0, 9.0]);
            prop_assert!((found.x[0] - a).abs() < 1e-3 && (found.x[1] - b).abs() < 1e-3, "{:?}", found.x);
        }

        #[test]
        fn bounds_hold(a in -2.0..2.0, b in -2.0..2.0, upper in -1.0..1.0) {
            let data: Vec<(f64, f64)> =
                (1..9).map(f64::from).map(|t| (t, f64::exp(a) + f64::exp(b) * t)).collect();
            let found = fit(&data, &[-9.0, -9.0], &[upper, upper]);
            prop_assert!(found.x.iter().all(|x| *x <= upper));
        }
    }

    #[test]
    fn one_outlier_among_many_rows_barely_moves_the_fit() {
        let mut data: Vec<(f64, f64)> =
            (1..30).map(f64::from).map(|t| (t, 1.0 + 2.0 * t)).collect();
        data[14].1 *= 10.0;
        let found = fit(&data, &[-9.0, -9.0], &[9.0, 9.0]);
        assert_relative_eq!(found.x[1].exp(), 2.0, max_relative = 0.05);
    }

    #[test]
    fn a_parameter_without_information_stays_at_its_centre() {
        let residuals = |x: &[f64]| vec![x[0] - 1.0];
        let problem = Problem {
            residuals,
            lower: &[-9.0, -9.0],
            upper: &[9.0, 9.0],
            center: &[0.0, 0.7],
            spread: &[100.0, 1.0],
        };
        let found = minimise(&problem, &[0.0, 0.0]);
        assert_relative_eq!(found.x[1], 0.7, epsilon = 1e-6);
        assert_relative_eq!(found.x[0], 1.0, epsilon = 1e-3);
        assert!(found.information[(1, 1)].abs() < 1e-12);
    }
}
