//! Mantile's recorded answers to the rows of an audit.

use std::collections::HashMap;

use crate::audit::AuditSubject;
use crate::mantile::LayerTable;
use crate::mantile::breakdown::LayerBreakdown;
use crate::mantile::datasheet;
use crate::mantile::recording::Recording;
use crate::predict::mapping::{self, Recorded};
use crate::predict::prediction::Estimate;
use crate::row::Row;
use crate::row::metric::PerMetric;
use crate::rules::config::Config;

/// The recorded answers to the audited rows and their peers, by the name of the row.
pub(in crate::audit) struct RecordedAnswers(HashMap<String, Result<RowAnswer, String>>);

/// The recorded answer to a row. For a peak it is the answer with the most requests.
pub(in crate::audit) struct RowAnswer {
    /// The metrics of the row as Mantile predicts them.
    pub(in crate::audit) predicted: PerMetric<f64>,
    /// Both phases by layer, at the peaks of the datasheet where there is one.
    pub(super) breakdown: LayerBreakdown,
    /// Memory of a GPU, GB.
    pub(super) capacity_gb: f64,
}

impl RecordedAnswers {
    /// Looks up the answers to all rows of an audit. Without a recording there are none.
    pub(in crate::audit) fn new(subject: AuditSubject<'_>) -> Self {
        let Some(recording) = subject.recording else { return Self(HashMap::new()) };
        let layers = recording.layers().map_err(|error| error.to_string());
        let answer = |row: &Row| match &layers {
            Ok(layers) => row_answer(row, subject.config, recording, layers),
            Err(error) => Err(error.clone()),
        };
        Self(subject.all().map(|row| (row.name(), answer(row))).collect())
    }

    /// The answer to a row, if there is one.
    pub(in crate::audit) fn get(&self, row: &Row) -> Option<&RowAnswer> {
        self.outcome(row)?.as_ref().ok()
    }

    /// The answer to a row, or why there is none; `None` without a recording.
    pub(super) fn outcome(&self, row: &Row) -> Option<&Result<RowAnswer, String>> {
        self.0.get(&row.name())
    }
}

pub(super) fn row_answer(
    row: &Row,
    config: &Config,
    recording: &Recording,
    layers: &LayerTable,
) -> Result<RowAnswer, String> {
    let mapped = mapping::map(row, config).map_err(|unmapped| unmapped.reason)?;
    let Recorded { question, answer, mut breakdown } = mapped.recorded(recording, layers)?;
    let estimate = Estimate::new(&answer, &row.identity, question.concurrency, mapped.lengths);
    let mut capacity_gb = answer.memory.hw_capacity_gb;
    if let Some(sheet) = datasheet::of(&row.identity.gpu_model) {
        let layers = breakdown.prefill.iter().chain(&breakdown.decode);
        let peaks = sheet.peaks(layers.map(|layer| layer.dtype.as_str()));
        breakdown = breakdown.on(&peaks)?;
        capacity_gb = sheet.capacity_gb;
    }
    Ok(RowAnswer { predicted: estimate.metrics, breakdown, capacity_gb })
}
