//! `estimate`: predicts rows. It saves predictions as they come, and continues where an earlier run was interrupted.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{EstimateArgs, Format};
use super::lines::print_lines;
use super::output::{note, predictions_path, progress};
use super::rows::{of_args, pick};
use super::service::start;
use crate::base::error::{Exit, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::judge::model;
use crate::predict::ask;
use crate::predict::mapping;
use crate::predict::prediction::{self, Outcome, Prediction};
use crate::predict::rivals;
use crate::predict::service::MantileService;
use crate::report::TextTable;
use crate::row::Row;

/// The number of new predictions after which the file is saved.
const SAVE_EVERY: usize = 10;

pub(super) async fn run(root: &Path, args: &EstimateArgs) -> Result<Exit> {
    let config = model::load_config(root, &args.rows.model)?;
    let rows = of_args(root, &args.rows, &config)?;
    let rows = pick(rows, args.select.filter.as_ref())?;
    let service = start(&args.service, root, &config).await?;
    if args.naive {
        return run_naive(root, args, &service, &rows).await;
    }
    let output = args.output.clone().unwrap_or_else(|| predictions_path(root, &args.rows.model));
    let mut saved = SavedPredictions { output, predictions: vec![None; rows.len()], unsaved: 0 };
    if !args.no_resume && saved.output.exists() {
        let resumed = saved.resume(&rows, &service)?;
        note(&format!(
            "{resumed} of {} rows are in {} already",
            rows.len(),
            saved.output.display()
        ));
    }
    let open: Vec<(usize, Row)> = rows
        .into_iter()
        .enumerate()
        .filter(|(index, _)| saved.predictions[*index].is_none())
        .collect();
    // Saved once before the first request, so that an output that cannot be written is an error at once.
    saved.save()?;
    let bar = progress("estimating", open.len());
    ask::predict_all(&service, open, args.service.asking.concurrency(), |index, prediction| {
        bar.inc(1);
        saved.add(index, prediction)
    })
    .await?;
    bar.finish_and_clear();
    saved.save()?;
    report(&saved, args.format)
}

/// Writes the predictions of the naive conversion as an estimator's file.
async fn run_naive(
    root: &Path,
    args: &EstimateArgs,
    service: &MantileService,
    rows: &[Row],
) -> Result<Exit> {
    let concurrency = args.service.asking.concurrency();
    let naive = rivals::ask_naively(service, rows, concurrency).await?;
    let output = args.output.clone().unwrap_or_else(|| {
        let folder = model::by_model(root).join(&args.rows.model);
        folder.join(format!("{}.csv", rivals::NAIVE_CONVERSION))
    });
    file::replace(&output, &rivals::write(&naive, rows))?;
    let refused: usize = naive.unpredicted.values().sum();
    let answered = naive.estimates.len();
    print_counts(args.format, &output, [("answered", answered), ("refused", refused)])?;
    Ok(Exit::Inside)
}

/// The predictions so far, and the file that they are saved to.
struct SavedPredictions {
    output: PathBuf,
    predictions: Vec<Option<Prediction>>,
    unsaved: usize,
}

impl SavedPredictions {
    /// Takes over the predictions that an earlier run saved for the same rows, and returns their number. A row is
    /// asked again if its measured figures have changed or its prediction is out of date.
    fn resume(&mut self, rows: &[Row], service: &MantileService) -> Result<usize> {
        let text = file::read_text(&self.output)?;
        let earlier = prediction::read(&self.output, &text)
            .map_err(|error| error.with_help("remove the file, or start again with --no-resume"))?;
        let mut earlier: HashMap<String, Prediction> =
            earlier.into_iter().map(|prediction| (prediction.row.name(), prediction)).collect();
        let mut resumed = 0;
        for (index, row) in rows.iter().enumerate() {
            let Some(prediction) = earlier.remove(&row.name()) else { continue };
            if prediction.row == *row && is_up_to_date(&prediction, service) {
                self.predictions[index] = Some(prediction);
                resumed += 1;
            }
        }
        Ok(resumed)
    }

    fn add(&mut self, index: usize, prediction: Prediction) -> Result<()> {
        self.predictions[index] = Some(prediction);
        self.unsaved += 1;
        if self.unsaved < SAVE_EVERY { Ok(()) } else { self.save() }
    }

    fn save(&mut self) -> Result<()> {
        self.unsaved = 0;
        file::replace(&self.output, &prediction::write(self.predictions.iter().flatten()))
    }
}

/// Whether a saved prediction is what asking again would give: the same service answered the same request, with
/// the same approximations and lengths.
fn is_up_to_date(prediction: &Prediction, service: &MantileService) -> bool {
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

fn report(saved: &SavedPredictions, format: Format) -> Result<Exit> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unanswered = Vec::new();
    for prediction in saved.predictions.iter().flatten() {
        *counts.entry(prediction.outcome.status()).or_default() += 1;
        if let Outcome::Unavailable(problem) = &prediction.outcome {
            unanswered.push((prediction.row.name(), problem));
        }
    }
    print_counts(format, &saved.output, counts)?;
    let Some((row, problem)) = unanswered.first() else { return Ok(Exit::Inside) };
    let count = unanswered.len();
    note(&format!(
        "error: no answer for {count} row{}, the first is {row}: {problem}",
        plural(count)
    ));
    note("  help: run it again; it asks only for what is missing");
    Ok(Exit::Unavailable)
}

/// The number of rows with a status: a line of the `--format json` document.
#[derive(Serialize)]
struct StatusLine<'a> {
    output: &'a str,
    rows: usize,
    status: &'a str,
}

/// Prints how many rows have each status, and the file that they were written to.
fn print_counts<'a>(
    format: Format,
    output: &Path,
    counts: impl IntoIterator<Item = (&'a str, usize)>,
) -> Result<()> {
    let output = output.display().to_string();
    let lines: Vec<StatusLine> = counts
        .into_iter()
        .map(|(status, rows)| StatusLine { output: &output, rows, status })
        .collect();
    let mut table = TextTable::of(&["output", "status"], &["rows"]);
    for StatusLine { output, rows, status } in &lines {
        table.line(vec![(*output).to_owned(), (*status).to_owned(), rows.to_string()]);
    }
    let rows: usize = lines.iter().map(|line| line.rows).sum();
    let counts: Vec<String> =
        lines.iter().map(|line| format!("{} {}", line.rows, line.status)).collect();
    let text = format!("{rows} row{}: {}; written to {output}", plural(rows), counts.join(", "));
    print_lines(format, &lines, &table, &text)
}
