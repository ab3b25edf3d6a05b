//! A group with its fits to all rows, and the proof of these.

use std::collections::BTreeSet;

use super::super::errors::{Predicted, errors};
use super::super::fit::{Aim, Fit};
use super::super::sensitivity::{
    Shift, condition_number, correlated, moved, parameters, without_tenths,
};
use super::super::verdict::verdict;
use super::super::{
    Conditions, FitGroup, FitMode, FittedSetting, HeldOut, Latencies, Load, Members, MetricErrors,
    Observation, ParameterSpace, Physics,
};
use super::folds::{Fold, hold_out, predictions};
use super::newest::Newest;
use super::{
    FoundParameters, LEAST_ROWS, LEAST_WORKLOADS, ModelJudgement, ModelProof, Proof, day, workloads,
};
use crate::base::text::plural;
use crate::mantile::datasheet;
use crate::mantile::hardware::{Hardware, Overlap};

/// A group with the fits to all its rows.
pub(super) struct GroupFit<'a> {
    pub group: &'a FitGroup,
    rows: &'a [&'a Observation],
    left_out: &'a [&'a Observation],
    conditions: Conditions<'a>,
    now: Option<Hardware>,
    /// Mantile's parameters today, for the dtypes that the layers really have.
    today: Option<FittedSetting>,
    alone: Fit,
    corrected: Option<Fit>,
}

/// Errors by what was held out, or the reason why they could not be measured.
type Measured = Result<MetricErrors, String>;

impl<'a> GroupFit<'a> {
    pub(super) fn new(
        group: &'a FitGroup,
        members: &'a Members<'a>,
        dtypes: &'a [String],
        physics: Physics,
        now: Option<Hardware>,
    ) -> Result<Self, String> {
        let Members { rows, left_out } = members;
        let sheet = datasheet::of(&group.gpu_model)
            .ok_or_else(|| format!("no datasheet of {} is known", group.gpu_model))?;
        let workloads = workloads(rows);
        if rows.len() < LEAST_ROWS || workloads < LEAST_WORKLOADS {
            return Err(format!(
                "it has {} row{} of {workloads} workload{}, and needs {LEAST_ROWS} of {LEAST_WORKLOADS}",
                rows.len(),
                plural(rows.len()),
                plural(workloads),
            ));
        }
        let conditions = Conditions { sheet, dtypes, physics };
        let today = now.as_ref().and_then(|now| FittedSetting::today(now, sheet, dtypes).ok());
        let alone = conditions.fit(rows, Aim::of(FitMode::Alone))?;
        let with_parts = rows.iter().filter(|row| row.has_parts()).count();
        let corrected = (with_parts >= LEAST_ROWS)
            .then(|| conditions.fit(rows, Aim::of(FitMode::WithCorrection)))
            .transpose()?;
        Ok(Self { group, rows, left_out, conditions, now, today, alone, corrected })
    }

    /// Proves both fits. `others` are the fits of other GPUs.
    pub(super) fn prove(&self, others: &[&Self]) -> Result<Proof, String> {
        let rows = self.rows;
        let newest = Newest::among(rows);
        let alone = self.found(&self.alone, FitMode::Alone, others, &newest)?;
        let corrected = self
            .corrected
            .as_ref()
            .map(|fit| self.found(fit, FitMode::WithCorrection, others, &newest))
            .transpose()?;
        let names: BTreeSet<&String> = rows.iter().map(|row| &row.model).collect();
        let days: BTreeSet<String> = rows.iter().filter_map(|row| day(row)).collect();
        let model = |name: &&String| ModelProof {
            model: (*name).clone(),
            rows: rows.iter().filter(|row| row.model == **name).count(),
            alone: self.judge(name, FitMode::Alone, &alone),
            corrected: corrected
                .as_ref()
                .map(|corrected| self.judge(name, FitMode::WithCorrection, corrected)),
        };
        Ok(Proof {
            group: self.group.clone(),
            rows: rows.len(),
            workloads: workloads(rows),
            models: names.iter().map(model).collect(),
            days: days.first().cloned().zip(days.last().cloned()),
            newest_since: newest.map(|newest| newest.since),
            left_out: self.left_out.len(),
            alone,
            corrected,
        })
    }

    /// Judges a fit by the held-out predictions of one model's rows.
    fn judge(&self, model: &str, mode: FitMode, found: &FoundParameters) -> ModelJudgement {
        let rows = self.rows.iter().filter(|row| row.model == model);
        let predicted: Vec<_> =
            rows.map(|&row| (row, found.held_out[&(row.model.clone(), row.row.name())])).collect();
        let today = self.today.as_ref();
        ModelJudgement {
            errors: errors(&predicted, today),
            verdict: verdict(&predicted, today, mode),
        }
    }

    fn found(
        &self,
        fit: &Fit,
        mode: FitMode,
        others: &[&Self],
        newest: &Result<Newest<'a>, String>,
    ) -> Result<FoundParameters, String> {
        let Self { rows, conditions, .. } = self;
        let by_workload = hold_out(conditions, rows, mode, |row| format!("{:?}", row.workload()))?;
        let counted = predictions(&by_workload, Load::Counted);
        let divided = predictions(&by_workload, Load::Divided);
        let differs = counted.iter().zip(&divided).any(|(counted, divided)| counted.1 != divided.1);
        let mut without = without_tenths(conditions, rows, Aim::of(mode))?;
        without.extend(by_workload.into_iter().map(|Fold { setting, .. }| setting));
        let Shift { ranges, tpot_percent } = moved(fit, &without, rows);
        let dtypes = conditions.dtypes;
        Ok(FoundParameters {
            setting: fit.setting.clone(),
            parameters: parameters(fit, dtypes, self.now.as_ref(), &ranges),
            condition_number: condition_number(fit),
            correlated: correlated(fit, dtypes),
            errors: vec![
                (HeldOut::Nothing, Ok(self.errors(&predict(&fit.setting, rows)))),
                (HeldOut::Workload, Ok(self.errors(&counted))),
                (HeldOut::Context, self.context_out(mode)),
                (HeldOut::Model, self.model_out(mode)),
                (HeldOut::Gpu, self.gpu_out(mode, others)),
                (HeldOut::Newest, self.newest_out(mode, newest)),
            ],
            if_divided: differs.then(|| self.errors(&divided)),
            left_out: self.errors(&predict(&fit.setting, self.left_out)),
            held_out: counted
                .iter()
                .map(|(row, latencies)| ((row.model.clone(), row.row.name()), *latencies))
                .collect(),
            moved_percent: tpot_percent,
        })
    }

    fn errors(&self, predicted: &Predicted<'_>) -> MetricErrors {
        errors(predicted, self.today.as_ref())
    }

    fn context_out(&self, mode: FitMode) -> Measured {
        let context = |row: &Observation| {
            let identity = &row.row.identity;
            format!("{}/{}", identity.input_seq_len, identity.output_seq_len)
        };
        self.errors_by_key(mode, context, "contexts")
    }

    fn model_out(&self, mode: FitMode) -> Measured {
        self.errors_by_key(mode, |row| row.model.clone(), "models")
    }

    /// The errors with the rows of each key held out in turn.
    fn errors_by_key(
        &self,
        mode: FitMode,
        key: impl Fn(&Observation) -> String + Sync,
        keys_title: &str,
    ) -> Measured {
        let keys: BTreeSet<String> = self.rows.iter().map(|row| key(row)).collect();
        if keys.len() < 2 {
            return Err(format!("this needs rows of two {keys_title}"));
        }
        let folds = hold_out(&self.conditions, self.rows, mode, key)?;
        Ok(self.errors(&predictions(&folds, Load::Counted)))
    }

    fn gpu_out(&self, mode: FitMode, others: &[&Self]) -> Measured {
        let setting = self.transferred(mode, others)?;
        Ok(self.errors(&predict(&setting, self.rows)))
    }

    fn newest_out(&self, mode: FitMode, newest: &Result<Newest<'a>, String>) -> Measured {
        let Newest { new, old, .. } = newest.as_ref().map_err(Clone::clone)?;
        let fit = self.conditions.fit(old, Aim::of(mode))?;
        Ok(self.errors(&predict(&fit.setting, new)))
    }

    /// The setting transferred from other GPUs' fits: those with the same framework, or else all of them.
    fn transferred(&self, mode: FitMode, others: &[&Self]) -> Result<FittedSetting, String> {
        let same: Vec<&&Self> =
            others.iter().filter(|other| other.group.framework == self.group.framework).collect();
        let from = if same.is_empty() { others.iter().collect() } else { same };
        let fits: Vec<&Fit> = from.iter().filter_map(|other| other.fit_of(mode)).collect();
        let space = &self.fit_of(mode).ok_or("the group has no such fit")?.space;
        if fits.is_empty() {
            return Err("no other GPU is calibrated".to_owned());
        }
        let points: Vec<(&ParameterSpace, &[f64])> =
            fits.iter().map(|fit| (&fit.space, &fit.minimum.x[..])).collect();
        // The most frequent overlap; of equally frequent ones, the plainest.
        let count = |overlap: &Overlap| fits.iter().filter(|fit| fit.overlap == *overlap).count();
        let overlap = Overlap::ALL.into_iter().rev().max_by_key(count).unwrap_or_default();
        Ok(space.setting(&space.transferred(&points), overlap))
    }

    fn fit_of(&self, mode: FitMode) -> Option<&Fit> {
        match mode {
            FitMode::Alone => Some(&self.alone),
            FitMode::WithCorrection => self.corrected.as_ref(),
        }
    }
}

fn predict<'a>(
    setting: &FittedSetting,
    rows: &[&'a Observation],
) -> Vec<(&'a Observation, Latencies)> {
    rows.iter().map(|&row| (row, setting.predict(row))).collect()
}
