//! `record`: records a live Mantile's answers, or compares them with the recording.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::args::{Format, RecordArgs, RecordMode};
use super::lines::print_lines;
use super::output::{note, progress};
use super::rows::pick;
use super::service::CONCURRENCY;
use crate::base::error::{Error, Exit, Place, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::judge::check::today;
use crate::judge::model::{self, Model};
use crate::mantile::recording::{self, DifferingAnswer, RecordedAnswer, RecordedReply};
use crate::mantile::recording::{Recording, RecordingPlan};
use crate::mantile::releases;
use crate::mantile::{Client, SystemMetricsRequest};
use crate::predict::mapping;
use crate::report::TextTable;
use crate::row::Row;

/// More differences than this are counted, not shown.
const MOST_SHOWN: usize = 10;

pub(super) async fn run(root: &Path, args: &RecordArgs) -> Result<Exit> {
    let release = &args.release;
    if release.is_empty() || release.contains(['/', '\\']) || release.starts_with('.') {
        return Err(Error::usage(format!(
            "`{release}` cannot be a release name, because it must be usable as a folder name"
        )));
    }
    if args.filter.is_some() && args.mode == RecordMode::Record {
        return Err(Error::usage(
            "--mode record always records all rows, and --where selects some",
        )
        .with_help("use --where with --mode record-missing or --mode diff"));
    }
    let model = model::load(root, &args.model)?;
    let picked = pick(model.rows.clone(), args.filter.as_ref())?;
    let client = Client::new(&args.api_url, args.patience.options())?;
    if args.mode == RecordMode::Diff {
        diff(root, args, &model, &picked, &client).await
    } else {
        record(root, args, &model, &picked, &client).await
    }
}

/// Asks for all requests, or for those that are not recorded, and writes the recording.
async fn record(
    root: &Path,
    args: &RecordArgs,
    model: &Model,
    picked: &[Row],
    client: &Client,
) -> Result<Exit> {
    let model_id = &model.config.model_id;
    let layers = client.layers(model_id).await?;
    let wanted = mapping::requests(&model.rows, &model.config, &layers);
    let wanted_now = mapping::requests(picked, &model.config, &layers);
    let earlier = recording::load_if_any(root, &args.release, model_id)?;
    let plan = match (&earlier, args.mode) {
        (Some(earlier), RecordMode::RecordMissing) => {
            RecordingPlan::ask_missing(earlier, &layers, wanted_now)?
        }
        _ => RecordingPlan::ask_all(wanted_now),
    };
    let asked = plan.requests.len();
    let unused = plan.kept.keys().filter(|key| !wanted.contains_key(*key)).count();
    let mut answers = plan.kept;
    answers.extend(ask(client, plan.requests).await?);
    let recording =
        recording::complete(client, root, &args.release, model_id, &wanted, answers).await?;
    save(root, &recording, &model.release)?;
    add_to_index(root, args)?;
    let changed = earlier.map_or(0, |earlier| recording.count_changed(&earlier));
    RecordedLine {
        answers: recording.entries.len(),
        asked,
        changed,
        recording: recording.path.display().to_string(),
        refused: recording.entries.values().filter(|entry| entry.reply.status != 200).count(),
        unused,
    }
    .print(args)?;
    Ok(Exit::Inside)
}

/// The counts of a recording: the line of the `--format json` document.
#[derive(Serialize)]
struct RecordedLine {
    answers: usize,
    asked: usize,
    changed: usize,
    recording: String,
    refused: usize,
    unused: usize,
}

impl RecordedLine {
    fn print(self, args: &RecordArgs) -> Result<()> {
        let Self { answers, asked, changed, refused, unused, .. } = self;
        let mut table =
            TextTable::of(&["recording"], &["answers", "asked", "refused", "unused", "changed"]);
        let counts = [answers, asked, refused, unused, changed].map(|count| count.to_string());
        table.line(std::iter::once(self.recording.clone()).chain(counts).collect());
        let text = format!(
            "{} holds {answers} answer{} ({asked} asked now, {refused} refusal{})",
            self.recording,
            plural(answers),
            plural(refused),
        );
        print_lines(args.format, &[self], &table, &text)?;
        if unused > 0 {
            note(&format!(
                "note: {unused} of the answers are used by no row; --mode record removes them"
            ));
        }
        if changed > 0 {
            note(&format!(
                "note: {changed} answer{} changed since release {} was last recorded",
                plural(changed),
                args.release
            ));
        }
        Ok(())
    }
}

/// Asks a live Mantile for all requests of a model's rows. The recording is not written.
pub(super) async fn ask_all(
    client: &Client,
    model: &Model,
    root: &Path,
    release: &str,
) -> Result<Recording> {
    let model_id = &model.config.model_id;
    let layers = client.layers(model_id).await?;
    let wanted = mapping::requests(&model.rows, &model.config, &layers);
    let answers = ask(client, wanted.values().cloned().collect()).await?;
    recording::complete(client, root, release, model_id, &wanted, answers).await
}

/// Asks for the answers to record, with a progress bar.
pub(super) async fn ask(
    client: &Client,
    requests: Vec<SystemMetricsRequest>,
) -> Result<BTreeMap<String, RecordedAnswer>> {
    let bar = progress("recording", requests.len());
    let answers = recording::ask(client, requests, CONCURRENCY, || bar.inc(1)).await?;
    bar.finish_and_clear();
    Ok(answers)
}

fn save(root: &Path, recording: &Recording, accepted: &str) -> Result<()> {
    for (release, error) in recording::save_among_others(root, recording, accepted)? {
        note(&format!("note: the recording of release {release} was not updated: {error}"));
    }
    Ok(())
}

/// Adds the release to the index if its date was given.
fn add_to_index(root: &Path, args: &RecordArgs) -> Result<()> {
    let index = releases::load(root)?;
    if index.releases.iter().any(|release| release.name == args.release) {
        return Ok(());
    }
    let Some(made) = args.made else {
        note(&format!(
            "note: {} does not list release {}; add it with --made <DATE>",
            index.path.display(),
            args.release
        ));
        return Ok(());
    };
    let text = file::read_text(&index.path)?;
    let added = releases::add(&text, &args.release, made, today(Timestamp::now()))
        .map_err(|error| Error::content(Place::file(&index.path), error.to_string()))?;
    file::replace(&index.path, added.as_bytes())
}

/// Asks for everything that is recorded, and shows the answers that differ.
async fn diff(
    root: &Path,
    args: &RecordArgs,
    model: &Model,
    picked: &[Row],
    client: &Client,
) -> Result<Exit> {
    let mut recording = recording::load(root, &args.release, &model.config.model_id)?;
    if args.filter.is_some() {
        let wanted = mapping::requests(picked, &model.config, &recording.layers()?);
        recording.entries.retain(|key, _| wanted.contains_key(key));
    }
    let mut differing = Vec::new();
    for (path, recorded) in &recording.pages {
        let live = RecordedReply::new(&client.get(path).await?);
        differing.extend(DifferingAnswer::between(&format!("GET {path}"), recorded, &live));
    }
    let requests = recording.entries.values().map(|entry| entry.request.clone()).collect();
    let live = ask(client, requests).await?;
    for (key, entry) in &recording.entries {
        let live = live.get(key).map(|live| &live.reply);
        differing.extend(live.and_then(|live| DifferingAnswer::between(key, &entry.reply, live)));
    }
    print_differing(args.format, &differing, &recording)?;
    Ok(if differing.is_empty() { Exit::Inside } else { Exit::GateFailed })
}

/// An answer that differs: a line of the `--format json` document.
#[derive(Serialize)]
struct DifferingLine<'a> {
    field: Option<&'a str>,
    fields: usize,
    live: Option<&'a str>,
    recorded: Option<&'a str>,
    request: &'a str,
}

fn print_differing(
    format: Format,
    differing: &[DifferingAnswer],
    recording: &Recording,
) -> Result<()> {
    let mut table = TextTable::of(&["request", "field", "recorded", "live"], &["fields"]);
    let mut document = Vec::new();
    for DifferingAnswer { request, field, recorded, live, fields } in differing {
        let words = [request, field, recorded, live].map(String::clone);
        table.line(words.into_iter().chain([fields.to_string()]).collect());
        let [field, recorded, live] =
            [field, recorded, live].map(|cell| Some(cell.as_str()).filter(|cell| !cell.is_empty()));
        document.push(DifferingLine { field, fields: *fields, live, recorded, request });
    }
    let mut text: Vec<String> =
        differing.iter().take(MOST_SHOWN).map(ToString::to_string).collect();
    if let Some(more @ 1..) = differing.len().checked_sub(MOST_SHOWN) {
        text.push(format!("{more} more answer{} differ; --format csv lists all", plural(more)));
    }
    text.push(format!(
        "{} of {} live answers differ from {}",
        differing.len(),
        recording.pages.len() + recording.entries.len(),
        recording.path.display()
    ));
    print_lines(format, &document, &table, &text.join("\n"))
}
