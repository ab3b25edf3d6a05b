//! What moving parameters could do at best: fitted to the very rows, held out nowhere.

use std::collections::BTreeMap;

use serde::Serialize;

use super::errors::mape;
use super::{
    Aim, Conditions, FitMode, FittedSetting, Latencies, Load, Observation, ParameterKind,
    ParameterSpace,
};
use crate::mantile::hardware::Hardware;
use crate::row::metric::Metric;

/// What moving something could do at best, fitted to these rows and held out nowhere.
#[derive(Debug, Clone, Serialize)]
pub struct Reach {
    /// What is moved.
    #[serde(flatten)]
    pub moved: Moved,
    /// By metric what is best for it alone.
    pub best: BTreeMap<&'static str, Best>,
}

/// What is moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "moved", rename_all = "snake_case")]
pub enum Moved {
    /// Nothing: as Mantile answers.
    Nothing,
    /// The dtypes, to those that the layers have.
    OwnDtypes,
    /// Besides, a parameter, the others as they are.
    Parameter {
        /// Its name, with the unit.
        parameter: String,
        /// What it is now; `None` where Mantile's configuration has none.
        from: Option<f64>,
    },
    /// Besides, all parameters.
    AllParameters,
    /// Besides, weights that Mantile counts whole on every package, divided.
    AllAndDivided,
    /// Besides, serving terms that Mantile does not have.
    AllAndServing,
}

/// The best for a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Best {
    /// The value of the parameter, where another is better than what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// Whether that is at a bound.
    pub at_bound: bool,
    /// MAPE, percent.
    pub mape_percent: f64,
}

/// The metrics that parameters are to get right; throughputs follow from them.
const REACHED: [Metric; 3] = [Metric::Ttft, Metric::Tpot, Metric::E2eLatency];

/// What each parameter could do alone, then what all could do.
pub(super) fn reach(
    conditions: &Conditions<'_>,
    rows: &[&Observation],
    now: &Hardware,
) -> Result<Vec<Reach>, String> {
    let Conditions { sheet, dtypes, physics } = *conditions;
    let in_use: Vec<usize> = (0..dtypes.len()).collect();
    let space = ParameterSpace::new(sheet, dtypes, &in_use, false, physics)?;
    let today = FittedSetting::today(now, sheet, dtypes)?;
    let error = |predict: &dyn Fn(&Observation) -> Latencies, metric: Metric| {
        let predicted: Vec<_> = rows.iter().map(|&row| (row, predict(row))).collect();
        mape(&predicted, metric)
    };
    let fixed = |moved: Moved, predict: &dyn Fn(&Observation) -> Latencies| {
        let best = |metric: Metric| {
            let mape_percent = error(predict, metric)?;
            Some((metric.name(), Best { to: None, at_bound: false, mape_percent }))
        };
        Reach { moved, best: REACHED.into_iter().filter_map(best).collect() }
    };
    let mut lines = vec![
        fixed(Moved::Nothing, &|row| row.answered),
        fixed(Moved::OwnDtypes, &|row| today.predict(row)),
    ];
    for parameter in &space.parameters {
        let kind = parameter.kind;
        if !is_used(kind, rows) {
            continue;
        }
        let from = kind.of(now, dtypes);
        let best = |metric: Metric| {
            let mut setting = today.clone();
            let mut at = |log: f64| {
                setting.set(kind, log.exp());
                error(&|row| setting.predict(row), metric)
            };
            let mape_percent = at(today.get(kind).ln())?;
            let (lower, upper) = (parameter.lower.ln(), parameter.upper.ln());
            let (log, least) = least(lower, upper, |log| at(log).unwrap_or(f64::INFINITY));
            let best = if least < mape_percent {
                let at_bound = (log - lower).abs() < 1e-6 || (log - upper).abs() < 1e-6;
                Best { to: Some(log.exp()), at_bound, mape_percent: least }
            } else {
                Best { to: None, at_bound: false, mape_percent }
            };
            Some((metric.name(), best))
        };
        lines.push(Reach {
            moved: Moved::Parameter { parameter: kind.name(dtypes), from },
            best: REACHED.into_iter().filter_map(best).collect(),
        });
    }
    // A fit minimises another error than MAPE: of several settings the best counts, among them what there is.
    let fitted = |moved: Moved, mode: FitMode, load: Load| {
        let together = conditions.fit(rows, Aim { load, ..Aim::of(mode) })?.setting;
        let mut best = BTreeMap::new();
        for metric in REACHED {
            if !rows.iter().any(|row| row.row.measured.means[metric].is_some()) {
                continue;
            }
            let alone = conditions.fit(rows, Aim::only(mode, metric, load))?.setting;
            let mapes = [&today, &together, &alone].map(|setting| {
                error(&|row| setting.predict_with(row, load), metric).unwrap_or(f64::INFINITY)
            });
            let mape_percent = mapes.into_iter().fold(f64::INFINITY, f64::min);
            best.insert(metric.name(), Best { to: None, at_bound: false, mape_percent });
        }
        Ok::<Reach, String>(Reach { moved, best })
    };
    let mut all = fitted(Moved::AllParameters, FitMode::Alone, Load::Counted)?;
    // What one parameter reaches, all do.
    for (metric, best) in &mut all.best {
        let alone =
            lines.iter().skip(1).filter_map(|line| Some(line.best.get(metric)?.mape_percent));
        best.mape_percent = alone.fold(best.mape_percent, f64::min);
    }
    lines.push(all);
    let divided = |row: &&Observation| {
        row.decode.iter().any(|work| work.divided_load_bytes < work.load_bytes)
    };
    if rows.iter().any(divided) {
        lines.push(fitted(Moved::AllAndDivided, FitMode::Alone, Load::Divided)?);
    }
    if rows.iter().any(|row| row.has_parts()) {
        lines.push(fitted(Moved::AllAndServing, FitMode::WithCorrection, Load::Divided)?);
    }
    Ok(lines)
}

/// Where a function of one variable is least, and the value there: the best of points that are spread
/// evenly, and then by golden sections between its neighbours (Kiefer 1953, "Sequential minimax search for
/// a maximum").
pub(super) fn least(lower: f64, upper: f64, mut of: impl FnMut(f64) -> f64) -> (f64, f64) {
    const POINTS: u8 = 24;
    const SECTIONS: usize = 24;
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let width = (upper - lower) / f64::from(POINTS);
    let mut best = (lower, of(lower));
    for point in 1..=POINTS {
        let x = if point == POINTS { upper } else { lower + width * f64::from(point) };
        let value = of(x);
        if value < best.1 {
            best = (x, value);
        }
    }
    let (mut low, mut high) = ((best.0 - width).max(lower), (best.0 + width).min(upper));
    for _ in 0..SECTIONS {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        let (at_left, at_right) = (of(left), of(right));
        let (x, value) = if at_left <= at_right { (left, at_left) } else { (right, at_right) };
        if value < best.1 {
            best = (x, value);
        }
        if at_left <= at_right {
            high = right;
        } else {
            low = left;
        }
    }
    best
}

/// Whether any row has work that a parameter is of.
fn is_used(kind: ParameterKind, rows: &[&Observation]) -> bool {
    let any = |has: &dyn Fn(&super::Work) -> bool| {
        rows.iter().any(|row| row.prefill.iter().chain(&row.decode).any(has))
    };
    match kind {
        ParameterKind::Compute(dtype) => any(&|work| work.dtype == dtype),
        ParameterKind::Interconnect | ParameterKind::InterconnectLatency => {
            any(&|work| work.communication_bytes > 0.0)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_least_is_found(at in -3.0f64..3.0) {
            let (x, value) = least(-2.0, 2.0, |x: f64| (x - at).abs());
            prop_assert!((x - at.clamp(-2.0, 2.0)).abs() < 1e-4, "{x}");
            prop_assert!((value - (x - at).abs()).abs() < 1e-12);
        }
    }
}
