//! `estimate`: rows to predictions, saved as they come and taken up where a run was cut off.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::args::{EstimateArgs, Format};
use super::output::{note, predictions_path, print_table, progress};
use super::rows::{of_args, pick};
use super::service::start;
use crate::base::error::{Exit, Result};
use crate::base::file;
use crate::judge::model;
use crate::predict::ask;
use crate::predict::mapping;
use crate::predict::prediction::{self, Outcome, Prediction};
use crate::predict::rivals;
use crate::predict::service::MantileService;
use crate::report::TextTable;
use crate::row::Row;

/// The predictions are saved each time that this many more have come.
const SAVE_EVERY: usize = 10;

pub(super) async fn run(root: &Path, args: &EstimateArgs) -> Result<Exit> {
    let config = model::load_config(root, &args.rows.model)?;
    let rows = of_args(root, &args.rows, &config)?;
    let rows = pick(rows, args.select.filter.as_ref())?;
    let service = start(&args.service, root, &config).await?;
    if args.naive {
        return naively(root, args, &service, &rows).await;
    }
    let output = args.output.clone().unwrap_or_else(|| predictions_path(root, &args.rows.model));
    let mut done = Saved { output, predictions: vec![None; rows.len()], unsaved: 0 };
    if !args.no_resume && done.output.exists() {
        let taken = done.resume(&rows, &service)?;
        note(&format!("{taken} of {} rows are in {} already", rows.len(), done.output.display()));
    }
    let open: Vec<(usize, Row)> = rows
        .into_iter()
        .enumerate()
        .filter(|(index, _)| done.predictions[*index].is_none())
        .collect();
    // Written once before anything is asked: an output that cannot be written is told at once.
    done.save()?;
    let bar = progress("estimating", open.len());
    ask::predict_all(&service, open, args.service.asking.concurrency(), |index, prediction| {
        bar.inc(1);
        done.take(index, prediction)
    })
    .await?;
    bar.finish_and_clear();
    done.save()?;
    report(&done, args.format)
}

/// The naive conversion's predictions, as an estimator's file.
async fn naively(
    root: &Path,
    args: &EstimateArgs,
    service: &MantileService,
    rows: &[Row],
) -> Result<Exit> {
    let concurrency = args.service.asking.concurrency();
    let found = rivals::ask_naively(service, rows, concurrency).await?;
    let output = args.output.clone().unwrap_or_else(|| {
        let folder = model::by_model(root).join(&args.rows.model);
        folder.join(format!("{}.csv", rivals::NAIVE_CONVERSION))
    });
    file::replace(&output, &rivals::write(&found, rows))?;
    let refused: usize = found.unpredicted.values().sum();
    let answered = found.estimates.len();
    print_counts(args.format, &output, [("answered", answered), ("refused", refused)])?;
    Ok(Exit::Inside)
}

/// The predictions so far, and the file that they are saved to.
struct Saved {
    output: PathBuf,
    predictions: Vec<Option<Prediction>>,
    unsaved: usize,
}

impl Saved {
    /// Takes over what an earlier run saved for the same rows. A row whose measured figures have
    /// changed, or whose prediction no longer holds, is asked again.
    fn resume(&mut self, rows: &[Row], service: &MantileService) -> Result<usize> {
        let text = file::read_text(&self.output)?;
        let saved = prediction::read(&self.output, &text)
            .map_err(|error| error.with_help("remove the file, or start over with --no-resume"))?;
        let mut saved: HashMap<String, Prediction> =
            saved.into_iter().map(|prediction| (prediction.row.name(), prediction)).collect();
        let mut taken = 0;
        for (index, row) in rows.iter().enumerate() {
            let Some(prediction) = saved.remove(&row.name()) else { continue };
            if prediction.row == *row && still_holds(&prediction, service) {
                self.predictions[index] = Some(prediction);
                taken += 1;
            }
        }
        Ok(taken)
    }

    fn take(&mut self, index: usize, prediction: Prediction) -> Result<()> {
        self.predictions[index] = Some(prediction);
        self.unsaved += 1;
        if self.unsaved < SAVE_EVERY { Ok(()) } else { self.save() }
    }

    fn save(&mut self) -> Result<()> {
        self.unsaved = 0;
        file::replace(&self.output, &prediction::write(self.predictions.iter().flatten()))
    }
}

/// Whether asking again would give the same prediction: the same service would be asked the same,
/// under the same approximations and lengths, and it did answer.
fn still_holds(prediction: &Prediction, service: &MantileService) -> bool {
    let row = &prediction.row;
    let Ok(mapped) = mapping::map(row, &service.config) else { return false };
    let answered = match &prediction.outcome {
        Outcome::Predicted(estimate) | Outcome::Insane(estimate, _) => {
            estimate.is_for(&row.identity, mapped.lengths)
        }
        Outcome::Refused(_) => true,
        Outcome::Unavailable(_) | Outcome::Unmapped(_) => false,
    };
    answered
        && prediction.answered_by.as_deref() == Some(&service.origin)
        && prediction.approximations == mapped.approximations
        && prediction.request_key.as_ref().is_some_and(|key| {
            mapped.questions(&service.layers).iter().any(|asked| asked.request.key() == *key)
        })
}

fn report(done: &Saved, format: Format) -> Result<Exit> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for prediction in done.predictions.iter().flatten() {
        *counts.entry(prediction.outcome.status()).or_default() += 1;
    }
    print_counts(format, &done.output, counts)?;
    let problem =
        done.predictions.iter().flatten().find_map(|prediction| match &prediction.outcome {
            Outcome::Unavailable(problem) => Some((prediction.row.name(), problem)),
            _ => None,
        });
    let Some((row, problem)) = problem else { return Ok(Exit::Inside) };
    note(&format!("error: rows without an answer, first {row}: {problem}"));
    note("  help: run it again; it asks only for what is missing");
    Ok(Exit::Unavailable)
}

/// How many rows of a file came out how.
fn print_counts<'a>(
    format: Format,
    output: &Path,
    counts: impl IntoIterator<Item = (&'a str, usize)>,
) -> Result<()> {
    let mut table = TextTable::of(&["output", "status"], &["rows"]);
    let mut words = Vec::new();
    let output = output.display().to_string();
    for (status, rows) in counts {
        table.line(vec![output.clone(), status.to_owned(), rows.to_string()]);
        words.push(format!("{rows} {status}"));
    }
    print_table(format, &table, &format!("{output}: {}", words.join(", ")))
}
