//! The documents of a calibration and of a diagnosis, for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Calibrated;
use crate::calibrate::{
    Diagnosis, FoundParameters, MetricErrors, ModelJudgement, ModelProof, ParameterFound, Proof,
};
use crate::mantile::hardware::Overlap;
use crate::rules::calibration::{FitGroup, FitMode};

/// The version of both documents.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct CalibrationDocument<'a> {
    schema_version: u32,
    groups: Vec<GroupDocument<'a>>,
    left_out: &'a BTreeMap<String, usize>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum GroupDocument<'a> {
    Calibrated(Box<ProofDocument<'a>>),
    NotCalibrated {
        #[serde(flatten)]
        group: &'a FitGroup,
        not_calibrated: &'a str,
    },
}

#[derive(Serialize)]
struct ProofDocument<'a> {
    #[serde(flatten)]
    group: &'a FitGroup,
    hardware_id: String,
    rows: usize,
    workloads: usize,
    days: &'a Option<(String, String)>,
    newest_since: Option<&'a str>,
    improves: bool,
    models: Vec<ModelDocument<'a>>,
    alone: FitDocument<'a>,
    with_correction: Option<FitDocument<'a>>,
}

#[derive(Serialize)]
struct ModelDocument<'a> {
    model: &'a str,
    rows: usize,
    alone: JudgementDocument<'a>,
    with_correction: Option<JudgementDocument<'a>>,
}

#[derive(Serialize)]
struct JudgementDocument<'a> {
    is_better: bool,
    better: Option<&'a str>,
    not_written: Option<&'a str>,
    mape_percent: &'a MetricErrors,
}

#[derive(Serialize)]
struct FitDocument<'a> {
    parameters: &'a [ParameterFound],
    overlap: Overlap,
    condition_number: Option<f64>,
    correlated: Vec<CorrelatedDocument<'a>>,
    mape_percent: BTreeMap<&'static str, ErrorsDocument<'a>>,
    tpot_moved_percent: f64,
}

#[derive(Serialize)]
struct CorrelatedDocument<'a> {
    parameters: [&'a str; 2],
    correlation: f64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ErrorsDocument<'a> {
    Measured(Option<&'a MetricErrors>),
    NotMeasured { not_had: &'a str },
}

#[derive(Serialize)]
struct DiagnosisDocument<'a> {
    schema_version: u32,
    groups: &'a [Diagnosis],
}

/// The document of a calibration. Its keys are in alphabetical order.
#[must_use]
pub fn calibration_json(groups: &[Calibrated], left_out: &BTreeMap<String, usize>) -> Value {
    let groups = groups.iter().map(|(group, result)| match result {
        Ok(proof) => GroupDocument::Calibrated(Box::new(ProofDocument::of(proof))),
        Err(reason) => GroupDocument::NotCalibrated { group, not_calibrated: reason },
    });
    let groups = groups.collect();
    in_order(&CalibrationDocument { schema_version: SCHEMA_VERSION, groups, left_out })
}

/// The document of a diagnosis. Its keys are in alphabetical order.
#[must_use]
pub fn diagnosis_json(groups: &[Diagnosis]) -> Value {
    in_order(&DiagnosisDocument { schema_version: SCHEMA_VERSION, groups })
}

fn in_order(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("keys are strings")
}

impl<'a> ProofDocument<'a> {
    fn of(proof: &'a Proof) -> Self {
        Self {
            group: &proof.group,
            hardware_id: proof.hardware_id(),
            rows: proof.rows,
            workloads: proof.workloads,
            days: &proof.days,
            newest_since: proof.newest_since.as_deref().ok(),
            improves: proof.improves(FitMode::Alone),
            models: proof.models.iter().map(ModelDocument::of).collect(),
            alone: FitDocument::of(&proof.alone),
            with_correction: proof.corrected.as_ref().map(FitDocument::of),
        }
    }
}

impl<'a> ModelDocument<'a> {
    fn of(model: &'a ModelProof) -> Self {
        Self {
            model: &model.model,
            rows: model.rows,
            alone: JudgementDocument::of(&model.alone),
            with_correction: model.corrected.as_ref().map(JudgementDocument::of),
        }
    }
}

impl<'a> JudgementDocument<'a> {
    fn of(judgement: &'a ModelJudgement) -> Self {
        let verdict = judgement.verdict.as_ref();
        Self {
            is_better: verdict.is_ok(),
            better: verdict.ok().map(String::as_str),
            not_written: verdict.err().map(|not_better| not_better.reason.as_str()),
            mape_percent: &judgement.errors,
        }
    }
}

impl<'a> FitDocument<'a> {
    fn of(found: &'a FoundParameters) -> Self {
        let mut mape_percent: BTreeMap<&str, ErrorsDocument<'_>> = BTreeMap::new();
        for (held_out, errors) in &found.errors {
            let errors = match errors {
                Ok(errors) => ErrorsDocument::Measured(Some(errors)),
                Err(reason) => ErrorsDocument::NotMeasured { not_had: reason },
            };
            mape_percent.insert(held_out.name(), errors);
        }
        let if_divided = ErrorsDocument::Measured(found.if_divided.as_ref());
        mape_percent.insert("workload_out_if_divided", if_divided);
        mape_percent.insert("left_out", ErrorsDocument::Measured(Some(&found.left_out)));
        let correlated = found.correlated.iter().map(|(first, second, correlation)| {
            CorrelatedDocument { parameters: [first, second], correlation: *correlation }
        });
        Self {
            parameters: &found.parameters,
            overlap: found.setting.hardware.overlap,
            condition_number: found.condition_number,
            correlated: correlated.collect(),
            mape_percent,
            tpot_moved_percent: found.moved_percent,
        }
    }
}
