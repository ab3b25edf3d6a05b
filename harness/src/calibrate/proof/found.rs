//! The result of a calibration with its held-out errors.

use std::collections::BTreeMap;

use super::super::sensitivity::ParameterFound;
use super::super::verdict::NotBetter;
use super::super::{FittedSetting, Latencies, MetricErrors};
use crate::rules::calibration::{FitGroup, FitMode, HeldOut};

/// A group's calibration with its proof.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The group.
    pub group: FitGroup,
    /// The number of rows that were fitted.
    pub rows: usize,
    /// The number of workloads (model, ISL, OSL, tensor parallelism) that the rows belong to.
    pub workloads: usize,
    /// The models, sorted, each judged by its own rows.
    pub models: Vec<ModelProof>,
    /// The first and the last day on which rows were measured, where the sources say.
    pub days: Option<(String, String)>,
    /// The first day of the newest rows, or the reason why none could be held out.
    pub newest_since: Result<String, String>,
    /// The number of rows that are left out of the fit, although Mantile is asked for them.
    pub left_out: usize,
    /// The fit of Mantile's own parameters.
    pub alone: FoundParameters,
    /// The fit with the serving terms, where enough rows measure TTFT and TPOT.
    pub corrected: Option<FoundParameters>,
}

/// A calibration judged by the rows of one model.
#[derive(Debug, Clone)]
pub struct ModelProof {
    /// The model, as Mantile names it.
    pub model: String,
    /// The number of the model's rows.
    pub rows: usize,
    /// The judgement of the parameters alone. The model's rows ask for these parameters only if they are better.
    pub alone: ModelJudgement,
    /// The judgement of the parameters with the serving terms.
    pub corrected: Option<ModelJudgement>,
}

/// The judgement of predictions of held-out workloads.
#[derive(Debug, Clone)]
pub struct ModelJudgement {
    /// The errors on held-out workloads.
    pub errors: MetricErrors,
    /// How they are significantly better than Mantile's, in words, or why they are not.
    pub verdict: Result<String, NotBetter>,
}

/// The parameters that a fit found, with their held-out errors.
#[derive(Debug, Clone)]
pub struct FoundParameters {
    /// The setting fitted to all rows.
    pub setting: FittedSetting,
    /// Each parameter with its bounds and sensitivity.
    pub parameters: Vec<ParameterFound>,
    /// The condition number of the fit's information matrix, over the logarithms of the parameters that are
    /// identifiable and not at a bound. It is large where a combination of parameters is barely identifiable.
    pub condition_number: Option<f64>,
    /// The nearly collinear pairs of parameters: names and correlation, larger than 0.9 in size.
    pub correlated: Vec<(String, String, f64)>,
    /// The errors by what was held out, or the reason why they could not be measured.
    pub errors: Vec<(HeldOut, Result<MetricErrors, String>)>,
    /// The errors on held-out workloads if Mantile divided the weights that it counts whole; `None` where it
    /// counts no weights whole.
    pub if_divided: Option<MetricErrors>,
    /// The errors on the rows that are left out of the fit, although Mantile is asked for them.
    pub left_out: MetricErrors,
    /// The prediction of each row by a fit to the other workloads, by model and row name.
    pub held_out: BTreeMap<(String, String), Latencies>,
    /// The largest mean change of the predicted TPOTs when one of ten random tenths of the rows, or one
    /// workload, is left out of the fit, percent.
    pub moved_percent: f64,
}

impl FoundParameters {
    /// The errors under a kind of proof, where they could be measured.
    #[must_use]
    pub fn errors(&self, held_out: HeldOut) -> Option<&MetricErrors> {
        let (_, errors) = self.errors.iter().find(|(kind, _)| *kind == held_out)?;
        errors.as_ref().ok()
    }
}

impl Proof {
    /// Whether a fit is better for the rows of any model.
    #[must_use]
    pub fn improves(&self, mode: FitMode) -> bool {
        self.models.iter().any(|model| model.improves(mode))
    }

    /// Whether a fit is better for the rows of this model.
    #[must_use]
    pub fn improves_for(&self, model: &str, mode: FitMode) -> bool {
        self.models.iter().any(|proof| proof.model == model && proof.improves(mode))
    }

    /// The names of the models.
    #[must_use]
    pub fn model_names(&self) -> Vec<String> {
        self.models.iter().map(|proof| proof.model.clone()).collect()
    }

    /// The result of a fit.
    #[must_use]
    pub fn found(&self, mode: FitMode) -> Option<&FoundParameters> {
        match mode {
            FitMode::Alone => Some(&self.alone),
            FitMode::WithCorrection => self.corrected.as_ref(),
        }
    }
}

impl ModelProof {
    /// The judgement of a fit by the model's rows.
    #[must_use]
    pub fn judged(&self, mode: FitMode) -> Option<&ModelJudgement> {
        match mode {
            FitMode::Alone => Some(&self.alone),
            FitMode::WithCorrection => self.corrected.as_ref(),
        }
    }

    fn improves(&self, mode: FitMode) -> bool {
        self.judged(mode).is_some_and(|judged| judged.verdict.is_ok())
    }
}
