//! The regression suite: a trial per row, per check of a model, and per reviewed text.
//!
//! `harness/tests/regression` runs the trials with `libtest-mimic`.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::base::error::{Error, Result};
use crate::base::settings::Settings;
use crate::judge::check::{CheckSubject, SuiteCheck};
use crate::judge::compare::join;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::mantile::ClientOptions;
use crate::mantile::recording::{self, Recording};
use crate::predict::ask;
use crate::predict::mapping;
use crate::predict::prediction::Prediction;
use crate::predict::service::MantileService;
use crate::report::{Style, comparison_summary, failure_text, predictions_table};

/// A trial of the suite.
pub struct SuiteTrial {
    /// `<model>::<row>`, or `<model>::` and the name of a check or of a reviewed text.
    pub name: String,
    /// The reason for ignoring it, if Mantile has no counterpart of its row.
    pub ignored: Option<String>,
    test: Box<dyn FnOnce() -> Outcome + Send>,
}

/// Nothing, or the text that says what failed and what to do.
type Outcome = Result<(), String>;

impl SuiteTrial {
    /// Runs it, also if it is to be ignored. The error says what failed and what to do.
    pub fn run(self) -> Result<(), String> {
        (self.test)()
    }
}

/// Whether a text is the reviewed one of this name in this folder.
pub type TextReview = fn(folder: &Path, name: &str, text: &str) -> bool;

/// The trials of all models; with `exact` only the one of this name. Nothing is asked or replayed yet.
pub fn trials(
    settings: &Settings,
    exact: Option<&str>,
    review: TextReview,
) -> Result<Vec<SuiteTrial>> {
    let mut trials = Vec::new();
    for name in model::list(&settings.root)? {
        // A name begins with its model: one exact trial needs one model.
        if exact.is_none_or(|exact| exact.starts_with(&format!("{name}::"))) {
            let model = model::load(&settings.root, &name)?;
            let subject = Subject::new(model, settings.clone(), review);
            trials.extend(model_trials(&Arc::new(subject)));
        }
    }
    if let Some(exact) = exact {
        trials.retain(|trial| trial.name == exact);
    }
    if trials.is_empty() && exact.is_none() {
        return Err(Error::usage("there are no trials: nothing would be checked"));
    }
    Ok(trials)
}

fn model_trials(subject: &Arc<Subject>) -> Vec<SuiteTrial> {
    let Subject { model, .. } = &**subject;
    let trial = |name: String, test: fn(&Subject, usize) -> Outcome, index: usize| {
        let subject = Arc::clone(subject);
        let test = Box::new(move || test(&subject, index));
        SuiteTrial { name: format!("{}::{name}", model.name), ignored: None, test }
    };
    let mut trials = Vec::new();
    for (index, row) in model.rows.iter().enumerate() {
        let unmapped = mapping::map(row, &model.config).err();
        let ignored = unmapped.map(|unmapped| unmapped.reason);
        trials.push(SuiteTrial { ignored, ..trial(row.name(), check_row, index) });
    }
    for (index, check) in SuiteCheck::all(&model.config).into_iter().enumerate() {
        trials.push(trial(check.name(&model.config), check_model, index));
    }
    trials.push(trial("snapshot::predictions".to_owned(), review_predictions, 0));
    trials.push(trial("snapshot::comparison_summary".to_owned(), review_summary, 0));
    trials
}

/// Checks that a row is predicted, that its prediction makes sense, and that it lies in its bands.
fn check_row(subject: &Subject, index: usize) -> Outcome {
    let model = &subject.model;
    let row = vec![model.rows[index].clone()];
    let comparisons = join(row, vec![subject.prediction(index)?]).comparisons;
    let evaluation = Evaluation::of_rows(model, comparisons, subject.now);
    let (comparison, verdict) = (&evaluation.comparisons[0], &evaluation.verdicts[0]);
    if verdict.status.fails() || verdict.quantities.is_empty() {
        return Err(format!("\n{}\n", failure_text(comparison, verdict, model)));
    }
    Ok(())
}

/// Makes a check of the whole model.
fn check_model(subject: &Subject, index: usize) -> Outcome {
    let check = SuiteCheck::all(&subject.model.config)[index];
    let evaluation = if check.needs_predictions() { Some(subject.evaluation()?) } else { None };
    let (comparisons, verdicts) = match &evaluation {
        Some(evaluation) => (&evaluation.comparisons[..], &evaluation.verdicts[..]),
        None => (&[][..], &[][..]),
    };
    check.make(CheckSubject {
        model: &subject.model,
        comparisons,
        verdicts,
        recording: subject.recording()?,
        audit: &OnceCell::new(),
        now: subject.now,
    })
}

fn review_predictions(subject: &Subject, _: usize) -> Outcome {
    review(subject, "predictions", &predictions_table(&subject.evaluation()?.comparisons))
}

fn review_summary(subject: &Subject, _: usize) -> Outcome {
    let model = &subject.model;
    let recording = Some(subject.recording()?);
    let evaluation =
        subject.evaluation()?.compared_with(&model.estimators, &model.config, recording);
    review(subject, "comparison_summary", &comparison_summary(model, &evaluation, Style::Text))
}

/// Checks that a text is the reviewed one under `snapshots/`.
fn review(subject: &Subject, name: &str, text: &str) -> Outcome {
    let name = format!("{}__{name}", subject.model.name);
    // An empty path is this folder, and cannot be made absolute.
    let root = std::path::absolute(&subject.settings.root)
        .or_else(|_| std::env::current_dir())
        .map_err(|error| error.to_string())?;
    if (subject.review)(&root.join("snapshots"), &name, text) {
        return Ok(());
    }
    Err(format!(
        "the text differs from the reviewed {} (the difference is printed above)\n\
         look at it and accept or reject it: cargo insta review",
        Path::new("snapshots").join(format!("{name}.snap")).display()
    ))
}

/// A model under test. What its trials share is made when the first of them needs it.
struct Subject {
    model: Model,
    settings: Settings,
    review: TextReview,
    now: Timestamp,
    recording: OnceLock<Result<Recording, String>>,
    service: OnceLock<Result<MantileService, String>>,
    predictions: Vec<OnceLock<Prediction>>,
}

impl Subject {
    fn new(model: Model, settings: Settings, review: TextReview) -> Self {
        let predictions = model.rows.iter().map(|_| OnceLock::new()).collect();
        let (recording, service) = (OnceLock::new(), OnceLock::new());
        let now = Timestamp::now();
        Self { model, settings, review, now, recording, service, predictions }
    }

    fn recording(&self) -> Result<&Recording, String> {
        let load = || {
            let model_id = &self.model.config.model_id;
            recording::load(&self.settings.root, &self.model.release, model_id)
                .map_err(|error| error.to_string())
        };
        self.recording.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// The service that answers: a live Mantile if the environment names one, else the recording.
    fn service(&self) -> Result<&MantileService, String> {
        let start = || {
            let config = &self.model.config;
            let service = match &self.settings.api_url {
                Some(url) => {
                    runtime().block_on(MantileService::live(url, ClientOptions::default(), config))
                }
                None => {
                    runtime().block_on(MantileService::replayed(self.recording()?.clone(), config))
                }
            };
            service.map_err(|error| error.to_string())
        };
        self.service.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// A row's prediction, which is asked for once.
    fn prediction(&self, index: usize) -> Result<Prediction, String> {
        let service = self.service()?;
        let row = &self.model.rows[index];
        let predict = || runtime().block_on(ask::predict(service, row));
        Ok(self.predictions[index].get_or_init(predict).clone())
    }

    /// All rows with their verdicts.
    fn evaluation(&self) -> Result<Evaluation, String> {
        let predictions: Result<Vec<Prediction>, String> =
            (0..self.model.rows.len()).map(|index| self.prediction(index)).collect();
        let comparisons = join(self.model.rows.clone(), predictions?).comparisons;
        Ok(Evaluation::of_rows(&self.model, comparisons, self.now))
    }
}

/// The one asynchronous runtime of the process.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("an asynchronous runtime"))
}
