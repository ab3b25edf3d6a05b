//! The size of a model's page and the time to write it, by its number of rows: `cargo bench --bench pages`.
//!
//! The rows are those of GPT-OSS-120B with their recorded predictions and answers, repeated at other numbers of
//! requests until there are enough. Each time is compared with that of judging the same rows in the same minute,
//! because a time alone says more about the machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mantile_reconcile::base::error::Result;
use mantile_reconcile::judge::compare::{Comparison, join};
use mantile_reconcile::judge::evaluation::Evaluation;
use mantile_reconcile::judge::model::{self, Model};
use mantile_reconcile::mantile::recording;
use mantile_reconcile::predict::ask;
use mantile_reconcile::predict::mapping;
use mantile_reconcile::predict::mapping::Recorded;
use mantile_reconcile::predict::prediction::Prediction;
use mantile_reconcile::predict::service::MantileService;
use mantile_reconcile::report::page::{PageSubject, page};
use mantile_reconcile::row::Concurrency;

const MODEL: &str = "openai_GPT-OSS-120B";
const SIZES: [usize; 3] = [300, 616, 5000];
/// The number of repetitions, of which the median counts.
const TIMES: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let model = model::load(root, MODEL)?;
    let recording = recording::load(root, &model.release, MODEL)?;
    let layers = recording.layers()?;
    let service = MantileService::replayed(recording.clone(), &model.config).await?;
    let rows = model.rows.iter().cloned().enumerate().collect();
    let mut predictions: Vec<(usize, Prediction)> = Vec::new();
    ask::predict_all(&service, rows, 4, |index, prediction| {
        predictions.push((index, prediction));
        Ok(())
    })
    .await?;
    predictions.sort_by_key(|(index, _)| *index);
    let predictions = predictions.into_iter().map(|(_, prediction)| prediction).collect();
    let comparisons = join(model.rows.clone(), predictions).comparisons;
    let recorded: Vec<Option<Recorded>> = comparisons
        .iter()
        .map(|comparison| {
            let mapped = mapping::map(&comparison.row, &model.config).ok()?;
            mapped.recorded(&recording, &layers).ok()
        })
        .collect();
    let folder = std::env::var_os("PAGES").map(PathBuf::from);
    println!("{:>6} {:>8} {:>10} {:>10} {:>7}", "rows", "MB", "page, ms", "judge, ms", "ratio");
    for size in SIZES {
        measure(
            &model,
            &repeated(&comparisons, size),
            &repeated(&recorded, size),
            folder.as_deref(),
        )?;
    }
    Ok(())
}

/// The items, repeated up to a number.
fn repeated<T: Clone>(items: &[T], size: usize) -> Vec<T> {
    items.iter().cycle().take(size).cloned().collect()
}

fn measure(
    model: &Model,
    comparisons: &[Comparison],
    recorded: &[Option<Recorded>],
    folder: Option<&Path>,
) -> Result<()> {
    let mut comparisons = comparisons.to_vec();
    // Every row needs a name of its own.
    for (index, comparison) in comparisons.iter_mut().enumerate() {
        let round = u32::try_from(index / model.rows.len()).unwrap_or(u32::MAX);
        if let Concurrency::Fixed(requests) = &mut comparison.row.identity.concurrency {
            *requests += round;
        }
    }
    let judge = || Evaluation::of_rows(model, comparisons.clone(), Timestamp::UNIX_EPOCH);
    let evaluation = judge();
    let origin = "Mantile, its recorded answers repeated";
    let subject = PageSubject { model, origin, evaluation: &evaluation, recorded, history: &[] };
    let text = page(subject);
    let [judged, written] = [median(|| drop(judge())), median(|| drop(page(subject)))];
    println!(
        "{:>6} {:>8.2} {:>10.1} {:>10.1} {:>7.2}",
        comparisons.len(),
        text.len() as f64 / 1e6,
        1e3 * written.as_secs_f64(),
        1e3 * judged.as_secs_f64(),
        written.as_secs_f64() / judged.as_secs_f64()
    );
    if let Some(folder) = folder {
        let path = folder.join(format!("{}_rows.html", comparisons.len()));
        mantile_reconcile::base::file::replace(&path, text.as_bytes())?;
    }
    Ok(())
}

fn median(work: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[TIMES / 2]
}
