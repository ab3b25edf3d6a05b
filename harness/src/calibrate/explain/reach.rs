//! The least errors that moving parameters can reach, fitted to the very rows and not held out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::errors::mape;
use super::super::fit::Aim;
use super::super::{
    Conditions, FitMode, FittedSetting, Latencies, Load, Observation, Parameter, ParameterKind,
    ParameterSpace, Work,
};
use super::golden_section::least;
use crate::mantile::hardware::Hardware;
use crate::row::metric::Metric;

/// The least errors that some parameters can reach, fitted to the very rows and not held out.
#[derive(Debug, Clone, Serialize)]
pub struct Reach {
    /// The parameters that are moved.
    #[serde(flatten)]
    pub moved: Moved,
    /// The best for each metric alone, by the metric's name.
    pub best: BTreeMap<&'static str, Best>,
}

/// The parameters that are moved. All but `Nothing` include the layers' own dtypes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "moved", rename_all = "snake_case")]
pub enum Moved {
    /// None: Mantile's recorded answers.
    Nothing,
    /// The dtypes, to those that the layers really have.
    OwnDtypes,
    /// One parameter, with the others as they are.
    Parameter {
        /// The name, with the unit.
        parameter: String,
        /// The value today; `None` if Mantile's configuration does not have it.
        from: Option<f64>,
    },
    /// All parameters.
    AllParameters,
    /// All parameters, with the weights divided that Mantile counts whole on every package.
    AllAndDivided,
    /// All parameters, and the serving terms, which Mantile does not have.
    AllAndServing,
}

/// The best that can be reached in one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Best {
    /// The best value of the parameter; `None` where no other value is better than today's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// Whether the best value is at a bound.
    pub at_bound: bool,
    /// MAPE, percent.
    pub mape_percent: f64,
}

/// The metrics that parameters are to get right; throughputs follow from them.
const REACHED: [Metric; 3] = [Metric::Ttft, Metric::Tpot, Metric::E2eLatency];

/// The least errors that each parameter can reach alone, then those that all can reach together.
pub(super) fn reach(
    conditions: &Conditions<'_>,
    rows: &[&Observation],
    now: &Hardware,
) -> Result<Vec<Reach>, String> {
    let Conditions { sheet, dtypes, physics } = *conditions;
    let all_dtypes: Vec<usize> = (0..dtypes.len()).collect();
    let space = ParameterSpace::new(sheet, dtypes, &all_dtypes, false, physics)?;
    let today = FittedSetting::today(now, sheet, dtypes)?;
    let group = GroupReach { conditions, rows, now, today };
    let mut reached = vec![
        group.fixed(Moved::Nothing, |row| row.answered),
        group.fixed(Moved::OwnDtypes, |row| group.today.predict(row)),
    ];
    let used = space.parameters.iter().filter(|parameter| is_used(parameter.kind, rows));
    reached.extend(used.map(|parameter| group.parameter(parameter)));
    let mut all = group.fitted(Moved::AllParameters, FitMode::Alone, Load::Counted)?;
    // All parameters together reach at least what one of them reaches.
    for (metric, best) in &mut all.best {
        let alone =
            reached.iter().skip(1).filter_map(|line| Some(line.best.get(metric)?.mape_percent));
        best.mape_percent = alone.fold(best.mape_percent, f64::min);
    }
    reached.push(all);
    let is_divided = |row: &&Observation| {
        row.decode.iter().any(|work| work.divided_load_bytes < work.load_bytes)
    };
    if rows.iter().any(is_divided) {
        reached.push(group.fitted(Moved::AllAndDivided, FitMode::Alone, Load::Divided)?);
    }
    if rows.iter().any(|row| row.has_parts()) {
        let serving = group.fitted(Moved::AllAndServing, FitMode::WithCorrection, Load::Divided)?;
        reached.push(serving);
    }
    Ok(reached)
}

/// A group's rows with Mantile's parameters today.
struct GroupReach<'a> {
    conditions: &'a Conditions<'a>,
    rows: &'a [&'a Observation],
    now: &'a Hardware,
    today: FittedSetting,
}

impl GroupReach<'_> {
    /// The MAPE of predictions in a metric, percent; `None` where it was not measured.
    fn mape(&self, metric: Metric, predict: impl Fn(&Observation) -> Latencies) -> Option<f64> {
        let predicted: Vec<_> = self.rows.iter().map(|&row| (row, predict(row))).collect();
        mape(&predicted, metric)
    }

    /// The errors of predictions at which nothing is sought.
    fn fixed(&self, moved: Moved, predict: impl Fn(&Observation) -> Latencies) -> Reach {
        let best = |metric: Metric| {
            let mape_percent = self.mape(metric, &predict)?;
            Some((metric.name(), Best { to: None, at_bound: false, mape_percent }))
        };
        Reach { moved, best: REACHED.into_iter().filter_map(best).collect() }
    }

    /// The least errors that one parameter can reach, with the others as they are.
    fn parameter(&self, parameter: &Parameter) -> Reach {
        let dtypes = self.conditions.dtypes;
        let best = |metric: Metric| Some((metric.name(), self.best_value(parameter, metric)?));
        Reach {
            moved: Moved::Parameter {
                parameter: parameter.kind.name(dtypes),
                from: parameter.kind.value_in(self.now, dtypes),
            },
            best: REACHED.into_iter().filter_map(best).collect(),
        }
    }

    fn best_value(&self, parameter: &Parameter, metric: Metric) -> Option<Best> {
        let mut setting = self.today.clone();
        let mut mape_at = |log: f64| {
            setting.set(parameter.kind, log.exp());
            self.mape(metric, |row| setting.predict(row))
        };
        let mape_percent = mape_at(self.today.get(parameter.kind).ln())?;
        let (lower, upper) = (parameter.lower.ln(), parameter.upper.ln());
        let (log, least) = least(lower, upper, |log| mape_at(log).unwrap_or(f64::INFINITY));
        Some(if least < mape_percent {
            let at_bound = (log - lower).abs() < 1e-6 || (log - upper).abs() < 1e-6;
            Best { to: Some(log.exp()), at_bound, mape_percent: least }
        } else {
            Best { to: None, at_bound: false, mape_percent }
        })
    }

    /// The least errors that a fit can reach. It minimises another error than MAPE, so that the best of several settings
    /// counts, including today's.
    fn fitted(&self, moved: Moved, mode: FitMode, load: Load) -> Result<Reach, String> {
        let Self { conditions, rows, today, .. } = self;
        let together = conditions.fit(rows, Aim { load, ..Aim::of(mode) })?.setting;
        let mut best = BTreeMap::new();
        for metric in REACHED {
            if !rows.iter().any(|row| row.row.measured.means[metric].is_some()) {
                continue;
            }
            let alone = conditions.fit(rows, Aim::only(mode, metric, load))?.setting;
            let mapes = [today, &together, &alone].map(|setting| {
                self.mape(metric, |row| setting.predict_with(row, load)).unwrap_or(f64::INFINITY)
            });
            let mape_percent = mapes.into_iter().fold(f64::INFINITY, f64::min);
            best.insert(metric.name(), Best { to: None, at_bound: false, mape_percent });
        }
        Ok(Reach { moved, best })
    }
}

/// Whether any row has work that depends on a parameter.
fn is_used(kind: ParameterKind, rows: &[&Observation]) -> bool {
    let any = |has: &dyn Fn(&Work) -> bool| {
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
