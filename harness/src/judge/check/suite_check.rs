//! The list of checks: their names, what they need, and how each is made.

use std::cell::OnceCell;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{audit, coverage, deviations, estimator, gate, recording};
use crate::audit::{AuditSubject, Finding};
use crate::judge::compare::Comparison;
use crate::judge::model::Model;
use crate::judge::verdict::RowVerdict;
use crate::mantile::recording::Recording;
use crate::row::metric::Metric;
use crate::rules::config::Config;

/// A check of a whole model; each is one trial of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuiteCheck {
    /// A gate on the errors of a group: its index in the configuration, and the metric.
    Gate(usize, Metric),
    /// Enough rows have a prediction.
    Coverage,
    /// The audit finds no error that is not accepted, and every accepted finding still exists.
    Audit,
    /// Another estimator predicts measured rows only: its index in the configuration.
    Estimator(usize),
    /// The request of every mapped row is recorded.
    RecordingComplete,
    /// Every recorded request belongs to a row.
    RecordingUsed,
    /// The recording is not older than `max_recording_age_days`.
    RecordingFresh,
    /// No recorded answer was changed by hand.
    RecordingIntact,
    /// Every known deviation is still outside its band.
    DeviationsAlive,
    /// No known deviation has expired.
    DeviationsUnexpired,
}

/// The inputs of the checks.
#[derive(Debug, Clone, Copy)]
pub struct CheckSubject<'a> {
    /// The model with its rows.
    pub model: &'a Model,
    /// Every row with its prediction.
    pub comparisons: &'a [Comparison],
    /// The verdict of every row, in the same order.
    pub verdicts: &'a [RowVerdict],
    /// The recording of the accepted release.
    pub recording: &'a Recording,
    /// The current time.
    pub now: Timestamp,
    /// The findings of the audit, made when first asked for.
    pub audit: &'a OnceCell<Vec<Finding>>,
}

impl<'a> CheckSubject<'a> {
    /// The findings of the audit of the rows.
    pub(super) fn findings(self) -> &'a [Finding] {
        let Self { model, recording, .. } = self;
        let (rows, config, recording) = (&model.rows[..], &model.config, Some(recording));
        self.audit.get_or_init(|| {
            crate::audit::audit(AuditSubject { rows, peers: &[], config, recording })
        })
    }
}

impl SuiteCheck {
    /// All checks of a model, in the order in which reports list them.
    #[must_use]
    pub fn all(config: &Config) -> Vec<Self> {
        let gates = config.gates.iter().enumerate().flat_map(|(index, gate)| {
            Metric::ALL
                .into_iter()
                .filter(|&metric| {
                    gate.max_mape_percent[metric].is_some() || gate.bias[metric].is_some()
                })
                .map(move |metric| Self::Gate(index, metric))
        });
        gates
            .chain([Self::Coverage, Self::Audit])
            .chain((0..config.estimators.len()).map(Self::Estimator))
            .chain([
                Self::RecordingComplete,
                Self::RecordingUsed,
                Self::RecordingFresh,
                Self::RecordingIntact,
                Self::DeviationsAlive,
                Self::DeviationsUnexpired,
            ])
            .collect()
    }

    /// The name within the model: `gate::tpot::gpu_model=b200`.
    #[must_use]
    pub fn name(self, config: &Config) -> String {
        match self {
            Self::Gate(index, metric) => {
                format!("gate::{}::{}", metric.name(), config.gates[index].group)
            }
            Self::Coverage => "coverage".to_owned(),
            Self::Audit => "audit".to_owned(),
            Self::Estimator(index) => format!("estimator::{}", config.estimators[index].name),
            Self::RecordingComplete => "recording::complete".to_owned(),
            Self::RecordingUsed => "recording::used".to_owned(),
            Self::RecordingFresh => "recording::fresh".to_owned(),
            Self::RecordingIntact => "recording::intact".to_owned(),
            Self::DeviationsAlive => "known_deviations::alive".to_owned(),
            Self::DeviationsUnexpired => "known_deviations::unexpired".to_owned(),
        }
    }

    /// Whether the check needs the predictions of the rows.
    #[must_use]
    pub fn needs_predictions(self) -> bool {
        matches!(self, Self::Gate(..) | Self::Coverage | Self::DeviationsAlive)
    }

    /// Whether a release can pass or fail the check by its predictions. The recording is the baseline's, and a
    /// known deviation that no longer deviates is good news for a candidate.
    #[must_use]
    pub fn judges_predictions(self) -> bool {
        matches!(self, Self::Gate(..) | Self::Coverage)
    }

    /// Makes the check. The error says what is wrong, where the limit is written, and what to do.
    pub fn make(self, subject: CheckSubject<'_>) -> Result<(), String> {
        match self {
            Self::Gate(index, metric) => gate::check(subject, index, metric),
            Self::Coverage => coverage::check(subject),
            Self::Audit => audit::check(subject),
            Self::Estimator(index) => estimator::check(subject.model, index),
            Self::RecordingComplete => recording::complete(subject),
            Self::RecordingUsed => recording::used(subject),
            Self::RecordingFresh => recording::fresh(subject),
            Self::RecordingIntact => recording::intact(subject.recording),
            Self::DeviationsAlive => deviations::alive(subject),
            Self::DeviationsUnexpired => deviations::unexpired(subject.model, today(subject.now)),
        }
    }
}

/// The current day in UTC. Known deviations expire by it.
#[must_use]
pub fn today(now: Timestamp) -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(now).date()
}
