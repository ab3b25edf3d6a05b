//! The trials of all models.

use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use libtest_mimic::{Arguments, Failed, Trial};
use mantile_reconcile::base::error::{Error, Result};
use mantile_reconcile::base::settings::Settings;
use mantile_reconcile::judge::check::SuiteCheck;
use mantile_reconcile::judge::evaluation::Evaluation;
use mantile_reconcile::judge::model::{self, Model};
use mantile_reconcile::mantile::ClientOptions;
use mantile_reconcile::mantile::recording::{self, Recording};
use mantile_reconcile::predict::ask;
use mantile_reconcile::predict::mapping;
use mantile_reconcile::predict::prediction::Prediction;
use mantile_reconcile::predict::service::MantileService;
use mantile_reconcile::report::{Style, comparison_summary, failure_text, predictions_table};
use tokio::runtime::Runtime;

/// The trials that these arguments may want. Nothing is asked or replayed yet.
pub(crate) fn trials(settings: &Settings, arguments: &Arguments) -> Result<Vec<Trial>> {
    let exact = arguments.filter.as_deref().filter(|_| arguments.exact);
    let mut trials = Vec::new();
    for name in model::list(&settings.root)? {
        // A name begins with its model: one exact trial needs one model.
        if exact.is_none_or(|wanted| wanted.starts_with(&format!("{name}::"))) {
            let subject =
                Arc::new(Subject::new(model::load(&settings.root, &name)?, settings.clone()));
            trials.extend(model_trials(&subject, arguments.list));
        }
    }
    if let Some(wanted) = exact {
        trials.retain(|trial| trial.name() == wanted);
    }
    if trials.is_empty() && exact.is_none() {
        return Err(Error::usage("no trials at all: nothing would be checked"));
    }
    Ok(trials)
}

fn model_trials(subject: &Arc<Subject>, listing: bool) -> Vec<Trial> {
    let Subject { model, .. } = &**subject;
    let trial = |name: String, test: fn(&Subject, usize) -> Result<(), Failed>, index: usize| {
        let subject = Arc::clone(subject);
        Trial::test(format!("{}::{name}", model.name), move || test(&subject, index))
    };
    let mut trials = Vec::new();
    for (index, row) in model.rows.iter().enumerate() {
        let mut row_trial = trial(row.name(), check_row, index);
        if let Err(unmapped) = mapping::map(row, &model.config) {
            row_trial = row_trial.with_ignored_flag(true);
            // A listing holds names alone, for programs to read.
            if !listing {
                row_trial = row_trial.with_kind(format!("unmapped: {}", unmapped.reason));
            }
        }
        trials.push(row_trial);
    }
    for (index, check) in SuiteCheck::all(&model.config).into_iter().enumerate() {
        trials.push(trial(check.name(&model.config), check_model, index));
    }
    trials.push(trial("snapshot::predictions".to_owned(), snapshot_predictions, 0));
    trials.push(trial("snapshot::comparison_summary".to_owned(), snapshot_summary, 0));
    trials
}

/// A row's prediction was made, is sane, and lies in its bands.
fn check_row(subject: &Subject, index: usize) -> Result<(), Failed> {
    let prediction = subject.prediction(index)?;
    let model = &subject.model;
    let row = vec![model.rows[index].clone()];
    let joined = mantile_reconcile::judge::compare::join(row, vec![prediction]);
    let evaluation = Evaluation::of_rows(model, joined.comparisons, subject.now);
    let (comparison, verdict) = (&evaluation.comparisons[0], &evaluation.verdicts[0]);
    if verdict.status.fails() || verdict.quantities.is_empty() {
        return Err(format!("\n{}\n", failure_text(comparison, verdict, model)).into());
    }
    Ok(())
}

/// A check of the whole model holds.
fn check_model(subject: &Subject, index: usize) -> Result<(), Failed> {
    let check = SuiteCheck::all(&subject.model.config)[index];
    let recording = subject.recording()?;
    let evaluation;
    let (comparisons, verdicts) = if check.needs_predictions() {
        evaluation = subject.evaluation()?;
        (&evaluation.comparisons[..], &evaluation.verdicts[..])
    } else {
        (&[][..], &[][..])
    };
    let model = &subject.model;
    let subject = mantile_reconcile::judge::check::CheckSubject {
        model,
        comparisons,
        verdicts,
        recording,
        audit: &OnceCell::new(),
        now: subject.now,
    };
    check.make(subject).map_err(Failed::from)
}

fn snapshot_predictions(subject: &Subject, _: usize) -> Result<(), Failed> {
    snapshot(subject, "predictions", &predictions_table(&subject.evaluation()?.comparisons))
}

fn snapshot_summary(subject: &Subject, _: usize) -> Result<(), Failed> {
    let model = &subject.model;
    let evaluation =
        subject.evaluation()?.beside(&model.estimators, &model.config, Some(subject.recording()?));
    let summary = comparison_summary(model, &evaluation, Style::Text);
    snapshot(subject, "comparison_summary", &summary)
}

/// The text is the reviewed one under `snapshots/`.
fn snapshot(subject: &Subject, name: &str, text: &str) -> Result<(), Failed> {
    let name = format!("{}__{name}", subject.model.name);
    let root = std::path::absolute(&subject.settings.root).or_else(|_| std::env::current_dir())?;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root.join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let asserted = settings
        .bind(|| catch_unwind(AssertUnwindSafe(|| insta::assert_snapshot!(name.as_str(), text))));
    asserted.map_err(|_| {
        let path = Path::new("snapshots").join(format!("{name}.snap"));
        Failed::from(format!(
            "the text differs from the reviewed {} (the difference is printed above)\n\
             look at it and accept or reject it: cargo insta review",
            path.display()
        ))
    })
}

/// A model under test: what its trials share, made when the first of them asks.
struct Subject {
    model: Model,
    settings: Settings,
    now: Timestamp,
    recording: OnceLock<Result<Recording, String>>,
    service: OnceLock<Result<MantileService, String>>,
    predictions: Vec<OnceLock<Prediction>>,
}

impl Subject {
    fn new(model: Model, settings: Settings) -> Self {
        let predictions = model.rows.iter().map(|_| OnceLock::new()).collect();
        let (recording, service) = (OnceLock::new(), OnceLock::new());
        Self { model, settings, now: Timestamp::now(), recording, service, predictions }
    }

    fn recording(&self) -> Result<&Recording, Failed> {
        let config = &self.model.config;
        let load = || {
            recording::load(&self.settings.root, &self.model.release, &config.model_id)
                .map_err(|error| error.to_string())
        };
        self.recording.get_or_init(load).as_ref().map_err(Failed::from)
    }

    /// The Mantile that answers: live where the environment names one, else the recording.
    fn service(&self) -> Result<&MantileService, Failed> {
        let start = || {
            let config = &self.model.config;
            let service = match &self.settings.api_url {
                Some(url) => {
                    runtime().block_on(MantileService::live(url, ClientOptions::default(), config))
                }
                None => {
                    let recording = self
                        .recording()
                        .map_err(|failed| failed.message().unwrap_or_default().to_owned())?;
                    runtime().block_on(MantileService::replayed(recording.clone(), config))
                }
            };
            service.map_err(|error| error.to_string())
        };
        self.service.get_or_init(start).as_ref().map_err(Failed::from)
    }

    /// A row's prediction, asked for once.
    fn prediction(&self, index: usize) -> Result<Prediction, Failed> {
        let service = self.service()?;
        let row = &self.model.rows[index];
        let predict = || runtime().block_on(ask::predict(service, row));
        Ok(self.predictions[index].get_or_init(predict).clone())
    }

    /// All rows with their verdicts.
    fn evaluation(&self) -> Result<Evaluation, Failed> {
        let predictions: Result<Vec<Prediction>, Failed> =
            (0..self.model.rows.len()).map(|index| self.prediction(index)).collect();
        let joined = mantile_reconcile::judge::compare::join(self.model.rows.clone(), predictions?);
        Ok(Evaluation::of_rows(&self.model, joined.comparisons, self.now))
    }
}

/// The one asynchronous runtime of the process.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("an asynchronous runtime"))
}
