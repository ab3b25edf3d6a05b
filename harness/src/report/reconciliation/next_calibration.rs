//! The section on what to calibrate next: how far each parameter could bring the error down.

use std::fmt::Write as _;

use super::PAGE_WIDTH;
use crate::calibrate::{Best, Diagnosis, Moved, Reach};
use crate::report::numbers::percent;
use crate::report::numbers::short_figure as figure;
use crate::report::text_table::wrapped;
use crate::row::metric::Metric;

/// How far calibration could bring down the error of a GPU and framework, in sample.
pub(super) struct CalibrationPotential {
    pub group: String,
    /// TPOT, or E2E where no row has TPOT.
    pub metric: Metric,
    /// The MAPE now, percent.
    pub now_percent: f64,
    /// The MAPE with the dtypes that the layers have, percent.
    own_dtypes_percent: f64,
    /// The parameter that could do most alone; `None` where none improves.
    pub best: Option<BestParameter>,
    /// What several parameters could do together: in words, and the MAPE in percent.
    together: Vec<(&'static str, f64)>,
}

/// The parameter that could reduce the error most on its own.
pub(super) struct BestParameter {
    name: String,
    from: Option<f64>,
    to: f64,
    /// Whether the best value is at the end of the parameter's range.
    pub at_bound: bool,
    /// The MAPE with that value, percent.
    pub mape_percent: f64,
}

impl BestParameter {
    /// The change in words: "`kernel_overhead_us` from 10.0 to 6.88".
    pub(super) fn change(&self) -> String {
        let from = self.from.map_or_else(String::new, |from| format!(" from {}", figure(from)));
        format!("`{}`{from} to {}", self.name, figure(self.to))
    }
}

impl CalibrationPotential {
    /// The potential by a diagnosis; `None` where neither TPOT nor E2E is measured.
    pub(super) fn of(diagnosis: &Diagnosis) -> Option<Self> {
        let Diagnosis { group, reach, .. } = diagnosis;
        let metric = [Metric::Tpot, Metric::E2eLatency]
            .into_iter()
            .find(|metric| reach.iter().any(|attempt| attempt.best.contains_key(metric.name())))?;
        let error = |attempt: &Reach| attempt.best.get(metric.name()).copied();
        let mape = |moved: &Moved| {
            let attempt = reach.iter().find(|attempt| attempt.moved == *moved)?;
            Some(error(attempt)?.mape_percent)
        };
        let now_percent = mape(&Moved::Nothing)?;
        let own_dtypes_percent = mape(&Moved::OwnDtypes).unwrap_or(now_percent);
        let parameters = reach.iter().filter_map(|attempt| match &attempt.moved {
            Moved::Parameter { parameter, from } => {
                let Best { to, at_bound, mape_percent } = error(attempt)?;
                Some((mape_percent, parameter, *from, to, at_bound))
            }
            _ => None,
        });
        let best = parameters
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(mape_percent, ..)| *mape_percent < own_dtypes_percent)
            .and_then(|(mape_percent, name, from, to, at_bound)| {
                Some(BestParameter { name: name.clone(), from, to: to?, at_bound, mape_percent })
            });
        let together = [
            (Moved::AllParameters, "all of Mantile's parameters together"),
            (Moved::AllAndDivided, "also dividing the weights that it counts whole on each GPU"),
            (Moved::AllAndServing, "adding serving terms"),
        ];
        let together = together
            .into_iter()
            .filter_map(|(moved, words)| Some((words, mape(&moved)?)))
            .collect();
        let group = group.to_string();
        Some(Self { group, metric, now_percent, own_dtypes_percent, best, together })
    }

    /// The potential as a sentence.
    fn sentence(&self) -> String {
        let (now, own) = (percent(self.now_percent), percent(self.own_dtypes_percent));
        let mut sentence = format!("{}: the MAPE of {} is {now}%", self.group, self.metric.title());
        if own != now {
            let _ = write!(sentence, ", or {own}% with the layers' own dtypes");
        }
        let mut steps: Vec<String> = self
            .best
            .iter()
            .map(|best| {
                let bound = if best.at_bound { " (the end of its range)" } else { "" };
                format!("{}{bound} alone gives {}%", best.change(), percent(best.mape_percent))
            })
            .collect();
        let together = self.together.iter();
        steps.extend(together.map(|(words, mape)| format!("{words}, {}%", percent(*mape))));
        if !steps.is_empty() {
            let _ = write!(sentence, ". {}", steps.join("; "));
        }
        sentence + "."
    }
}

/// For each group the parameter that could do most, and what all could do.
pub(super) fn next_calibration(potentials: &[CalibrationPotential]) -> String {
    if potentials.is_empty() {
        return wrapped(
            "Nothing can be recommended: no GPU and framework has enough rows for a fit. `mantile-reconcile calibrate \
             --explain` gives the reason for each.",
            "",
            "",
            PAGE_WIDTH,
        );
    }
    let introduction = wrapped(
        "The lowest MAPE that was found on the rows that `mantile-reconcile calibrate` fits to. These are not all \
         measured rows, and the errors are in sample: `calibrate` tests a fit on rows that are held out. A value at the \
         end of its range is not a recommendation; it says that something else is wrong.",
        "",
        "",
        PAGE_WIDTH,
    );
    let lines: Vec<String> =
        potentials.iter().map(|potential| format!("- {}", potential.sentence())).collect();
    format!("{introduction}\n\n{}", lines.join("\n"))
}
