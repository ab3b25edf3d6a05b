//! The whole judgement of a model: every row's verdict and every check, for the suite, `run` and
//! `compare` alike.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::audit::{Finding, Severity};
use crate::base::error::Exit;
use crate::judge::check::{CheckSubject, SuiteCheck, today};
use crate::judge::compare::{Comparison, Coverage, join};
use crate::judge::model::Model;
use crate::judge::side_by_side::{SideBySide, side_by_side};
use crate::judge::verdict::{self, RowVerdict, Status};
use crate::mantile::recording::Recording;
use crate::predict::prediction::{Outcome, Prediction};
use crate::predict::rivals;
use crate::rules::config::Config;

/// A model judged.
#[derive(Debug)]
pub struct Evaluation {
    /// Each row with its prediction, in the order of the rows.
    pub comparisons: Vec<Comparison>,
    /// Each row's verdict, in the same order.
    pub verdicts: Vec<RowVerdict>,
    /// Each check's name with what it found.
    pub checks: Vec<(String, std::result::Result<(), String>)>,
    /// What the audit of the rows finds, where the whole model is judged.
    pub audit: Option<Vec<Finding>>,
    /// Mantile beside other estimators, where that was asked for.
    pub side_by_side: Vec<SideBySide>,
}

impl Evaluation {
    /// Judges the predictions of a model's rows.
    #[must_use]
    pub fn new(
        model: &Model,
        predictions: Vec<Prediction>,
        recording: &Recording,
        now: Timestamp,
    ) -> Self {
        let comparisons = join(model.rows.clone(), predictions).comparisons;
        let mut evaluation = Self::of_rows(model, comparisons, now);
        let Self { comparisons, verdicts, .. } = &evaluation;
        let found = OnceCell::new();
        let subject = CheckSubject { model, comparisons, verdicts, recording, now, audit: &found };
        evaluation.checks = SuiteCheck::all(&model.config)
            .into_iter()
            .map(|check| (check.name(&model.config), check.make(subject)))
            .collect();
        evaluation.audit = found.into_inner();
        evaluation
    }

    /// Judges rows alone, which may be a part of the model's: without the checks of a whole model.
    #[must_use]
    pub fn of_rows(model: &Model, comparisons: Vec<Comparison>, now: Timestamp) -> Self {
        let judge = |comparison| verdict::judge(comparison, model.rules(), today(now));
        let verdicts = comparisons.iter().map(judge).collect();
        Self { comparisons, verdicts, checks: Vec::new(), audit: None, side_by_side: Vec::new() }
    }

    /// Sets the estimators of these files beside Mantile, and the naive baselines; of them the
    /// bandwidth bound only with the accepted release's recording.
    #[must_use]
    pub fn beside<'a>(
        mut self,
        files: impl IntoIterator<Item = &'a rivals::EstimatorFile>,
        config: &Config,
        recording: Option<&Recording>,
    ) -> Self {
        let predictions: Vec<_> = self
            .comparisons
            .iter()
            .map(|comparison| (&comparison.row, &comparison.outcome))
            .collect();
        let estimators = rivals::all(files, &predictions, config, recording);
        self.side_by_side = estimators
            .into_iter()
            .map(|estimator| side_by_side(&self.comparisons, estimator))
            .collect();
        self
    }

    /// How many rows have each status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.status == status).count()
    }

    /// The rows that have a prediction.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        Coverage::of(&self.comparisons)
    }

    /// The rows, by their names, of which the audit finds that they cannot be what they say, accepted or not.
    #[must_use]
    pub fn impossible(&self) -> BTreeSet<&str> {
        let findings = self.audit.iter().flatten();
        let errors = findings.filter(|finding| finding.severity == Severity::Error);
        let names: BTreeSet<String> = self.comparisons.iter().map(|one| one.row.name()).collect();
        let subjects = errors.map(|finding| finding.subject.as_str());
        subjects.filter(|subject| names.contains(*subject)).collect()
    }

    /// The checks that failed.
    pub fn failed_checks(&self) -> impl Iterator<Item = (&str, &str)> {
        self.checks
            .iter()
            .filter_map(|(name, found)| Some((name.as_str(), found.as_ref().err()?.as_str())))
    }

    /// What a program that made this judgement exits with. A row without an answer outweighs one
    /// outside its band: what was not seen was not judged.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let unavailable = self
            .comparisons
            .iter()
            .any(|comparison| matches!(comparison.outcome, Outcome::Unavailable(_)));
        let failed = self.verdicts.iter().any(|verdict| verdict.status.fails());
        if unavailable {
            Exit::Unavailable
        } else if failed || self.failed_checks().next().is_some() {
            Exit::GateFailed
        } else {
            Exit::Inside
        }
    }
}
