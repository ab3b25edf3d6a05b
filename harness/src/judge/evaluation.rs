//! The evaluation of a model: the verdict on every row and the result of every check. The suite, `run` and `compare`
//! share it.

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

/// A model with its verdicts and check results.
#[derive(Debug)]
pub struct Evaluation {
    /// The rows with their predictions, in the order of the model's rows.
    pub comparisons: Vec<Comparison>,
    /// The verdicts on the rows, in the same order.
    pub verdicts: Vec<RowVerdict>,
    /// The name of each check with its result: passed, or what is wrong. In the order of [`SuiteCheck::all`].
    pub checks: Vec<(String, std::result::Result<(), String>)>,
    /// The findings of the audit, if the whole model is judged.
    pub audit: Option<Vec<Finding>>,
    /// The comparisons of Mantile with other estimators, if asked for.
    pub side_by_side: Vec<SideBySide>,
}

impl Evaluation {
    /// Judges the predictions of all rows of a model, and makes the checks.
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
        let findings = OnceCell::new();
        let subject =
            CheckSubject { model, comparisons, verdicts, recording, now, audit: &findings };
        evaluation.checks = SuiteCheck::all(&model.config)
            .into_iter()
            .map(|check| (check.name(&model.config), check.make(subject)))
            .collect();
        evaluation.audit = findings.into_inner();
        evaluation
    }

    /// Judges rows, which may be some of the model's, without the checks of a whole model.
    #[must_use]
    pub fn of_rows(model: &Model, comparisons: Vec<Comparison>, now: Timestamp) -> Self {
        let judge = |comparison| verdict::judge(comparison, model.rules(), today(now));
        let verdicts = comparisons.iter().map(judge).collect();
        Self { comparisons, verdicts, checks: Vec::new(), audit: None, side_by_side: Vec::new() }
    }

    /// Adds the comparisons of Mantile with the estimators of these files and with the naive baselines. The
    /// bandwidth bound needs the recording of the accepted release.
    #[must_use]
    pub fn compared_with<'a>(
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

    /// The number of rows with this status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.status == status).count()
    }

    /// The coverage of the rows.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        Coverage::of(&self.comparisons)
    }

    /// The names of the rows with an audit error, accepted or not.
    #[must_use]
    pub fn impossible(&self) -> BTreeSet<&str> {
        let findings = self.audit.iter().flatten();
        let errors = findings.filter(|finding| finding.severity == Severity::Error);
        let names: BTreeSet<String> =
            self.comparisons.iter().map(|comparison| comparison.row.name()).collect();
        let subjects = errors.map(|finding| finding.subject.as_str());
        subjects.filter(|subject| names.contains(*subject)).collect()
    }

    /// The names and failures of the checks that failed.
    pub fn failed_checks(&self) -> impl Iterator<Item = (&str, &str)> {
        self.checks
            .iter()
            .filter_map(|(name, result)| Some((name.as_str(), result.as_ref().err()?.as_str())))
    }

    /// The exit code of a verb that made this evaluation. A missing answer outweighs a row outside its band, because
    /// a row without an answer was not judged.
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
