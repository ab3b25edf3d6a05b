//! `record`: a live Mantile's answers kept, or held against what is kept.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::args::{Format, RecordArgs, RecordMode};
use super::output::{note, print_table, progress};
use super::rows::pick;
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::judge::model::{self, Model};
use crate::mantile::recording::{self, RecordedAnswer, RecordedReply, Recording, differences};
use crate::mantile::releases;
use crate::mantile::{Client, LayerTable, SystemMetricsRequest, layers_path};
use crate::predict::ask;
use crate::predict::mapping;
use crate::report::TextTable;
use crate::row::Row;
use crate::rules::config::Config;

/// Requests under way at once.
const CONCURRENCY: usize = 4;
/// More differences than this are counted, not shown.
const MOST_SHOWN: usize = 10;

pub(super) async fn run(root: &Path, args: &RecordArgs) -> Result<Exit> {
    if args.release.is_empty()
        || args.release.contains(['/', '\\'])
        || args.release.starts_with('.')
    {
        return Err(Error::usage(format!(
            "`{}` cannot be a release: it names a folder",
            args.release
        )));
    }
    if args.filter.is_some() && args.mode == RecordMode::Record {
        return Err(Error::usage("a recording is of all rows, and --where picks some")
            .with_help("with --where use --mode record-missing, or --mode diff"));
    }
    let model = model::load(root, &args.model)?;
    let picked = pick(model.rows.clone(), args.filter.as_ref())?;
    let client = Client::new(&args.api_url, args.patience.options())?;
    if args.mode == RecordMode::Diff {
        let mut recording = recording::load(root, &args.release, &model.config.model_id)?;
        if args.filter.is_some() {
            let wanted = wanted(&picked, &model.config, &recording.layers()?);
            recording.entries.retain(|key, _| wanted.contains_key(key));
        }
        return diff(&client, &recording, args.format).await;
    }
    let layers = client.layers(&model.config.model_id).await?;
    let wanted_now = wanted(&picked, &model.config, &layers);
    let wanted = wanted(&model.rows, &model.config, &layers);
    let path = recording::path(root, &args.release, &model.config.model_id);
    let old = if path.exists() {
        Some(recording::load(root, &args.release, &model.config.model_id)?)
    } else {
        None
    };
    let kept = match (&old, args.mode) {
        (Some(old), RecordMode::RecordMissing) => {
            if old.layers()? != layers {
                return Err(Error::usage(format!(
                    "the live service has other layers than {}",
                    path.display()
                ))
                .with_help("it is another release: record it under its own name"));
            }
            old.entries.clone()
        }
        _ => BTreeMap::new(),
    };
    let missing: Vec<SystemMetricsRequest> = wanted_now
        .iter()
        .filter(|(key, _)| !kept.contains_key(*key))
        .map(|(_, r)| r.clone())
        .collect();
    let asked = missing.len();
    let mut entries = kept;
    let unused = entries.keys().filter(|key| !wanted.contains_key(*key)).count();
    entries.extend(ask(&client, missing).await?);
    let recording = assemble(&client, &model, root, &args.release, &wanted, entries).await?;
    save(root, &recording, &model.release)?;
    index(root, args)?;
    let refused = recording.entries.values().filter(|entry| entry.reply.status != 200).count();
    let changed = old.as_ref().map_or(0, |old| changed(old, &recording));
    let path = recording.path.display().to_string();
    let answers = recording.entries.len();
    let figures = ["answers", "asked", "refused", "unused", "changed"];
    let mut table = TextTable::of(&["recording"], &figures);
    let counts = [answers, asked, refused, unused, changed].map(|count| count.to_string());
    table.line(std::iter::once(path.clone()).chain(counts).collect());
    let text = format!("{path}: {answers} answers, {asked} asked now, {refused} of them refusals");
    print_table(args.format, &table, &text)?;
    if unused > 0 {
        note(&format!("note: {unused} entries are no row's any more; --mode record drops them"));
    }
    if changed > 0 {
        note(&format!(
            "note: {changed} answers differ from what was recorded as release {} before",
            args.release
        ));
    }
    Ok(Exit::Inside)
}

/// How many answers differ from those to the same requests before.
fn changed(old: &Recording, new: &Recording) -> usize {
    let is_other = |key: &String, entry: &RecordedAnswer| {
        old.entries.get(key).is_some_and(|old| old.reply.digest != entry.reply.digest)
    };
    new.entries.iter().filter(|(key, entry)| is_other(key, entry)).count()
}

/// Everything of a model asked of a live Mantile, as the recording of a release that is not yet
/// written.
pub(super) async fn ask_all(
    client: &Client,
    model: &Model,
    root: &Path,
    release: &str,
) -> Result<Recording> {
    let layers = client.layers(&model.config.model_id).await?;
    let wanted = wanted(&model.rows, &model.config, &layers);
    let entries = ask(client, wanted.values().cloned().collect()).await?.into_iter().collect();
    assemble(client, model, root, release, &wanted, entries).await
}

/// A recording of these entries, with the pages that belong to it.
async fn assemble(
    client: &Client,
    model: &Model,
    root: &Path,
    release: &str,
    wanted: &BTreeMap<String, SystemMetricsRequest>,
    entries: BTreeMap<String, RecordedAnswer>,
) -> Result<Recording> {
    let now = Timestamp::now();
    Ok(Recording {
        path: recording::path(root, release, &model.config.model_id),
        release: release.to_owned(),
        model_id: model.config.model_id.clone(),
        recorded_at: now.round(jiff::Unit::Second).unwrap_or(now).to_string(),
        pages: pages(client, &model.config, wanted).await?,
        entries,
        shared: BTreeMap::new(),
    })
}

/// Writes the recording: the accepted release's whole, another's with what it shares only named.
///
/// Other releases may name entries of this one. They are made to hold those themselves first, so
/// that whenever this is cut off, every release still says what it said.
fn save(root: &Path, recording: &Recording, accepted: &str) -> Result<()> {
    let mut others = Vec::new();
    for release in recording::others(root, &recording.release, &recording.model_id)? {
        match recording::load(root, &release, &recording.model_id) {
            Ok(other) => others.push(other),
            // It may name entries that this recording has lost and is about to get back.
            Err(error) => note(&format!("note: release {release} is left as it is: {error}")),
        }
    }
    let names_this =
        |other: &&Recording| other.shared.values().any(|owner| *owner == recording.release);
    for other in others.iter().filter(names_this) {
        recording::save(other)?;
    }
    let shareable = if recording.release == accepted { &[][..] } else { &others };
    recording::save_sharing(recording, shareable)?;
    // What they still have in common is named again.
    for other in others.iter().filter(names_this) {
        recording::save_sharing(other, std::slice::from_ref(recording))?;
    }
    Ok(())
}

/// Adds the release to the index where its day was given.
fn index(root: &Path, args: &RecordArgs) -> Result<()> {
    let index = releases::load(root)?;
    if index.releases.iter().any(|release| release.name == args.release) {
        return Ok(());
    }
    let Some(made) = args.made else {
        note(&format!(
            "note: {} does not list release {}; --made <day> adds it",
            index.path.display(),
            args.release
        ));
        return Ok(());
    };
    let text = file::read_text(&index.path)?;
    let today = crate::judge::check::today(Timestamp::now());
    let added = releases::add(&text, &args.release, made, today).map_err(|error| {
        Error::content(crate::base::error::Place::file(&index.path), error.to_string())
    })?;
    file::replace(&index.path, added.as_bytes())
}

/// The distinct requests of the model's rows, by key.
pub(super) fn wanted(
    rows: &[Row],
    config: &Config,
    layers: &LayerTable,
) -> BTreeMap<String, SystemMetricsRequest> {
    let mapped = rows.iter().filter_map(|row| mapping::map(row, config).ok());
    mapped
        .flat_map(|mapped| mapped.questions(layers))
        .map(|question| (question.request.key(), question.request))
        .collect()
}

/// Asks for all of them, with the breakdown by layer. One without an answer ends the recording:
/// half a recording would replay as a whole one.
pub(super) async fn ask(
    client: &Client,
    requests: Vec<SystemMetricsRequest>,
) -> Result<Vec<(String, RecordedAnswer)>> {
    let bar = progress("recording", requests.len());
    let mut entries = Vec::with_capacity(requests.len());
    let work = |request: SystemMetricsRequest| {
        let client = client.clone();
        async move {
            let request = request.with_debug(true);
            let reply = client.system_metrics(&request).await;
            (request.with_debug(false), reply)
        }
    };
    ask::bounded(requests, CONCURRENCY, work, |(request, reply)| {
        bar.inc(1);
        let entry = RecordedAnswer { reply: RecordedReply::new(&reply?), request };
        entries.push((entry.request.key(), entry));
        Ok(())
    })
    .await?;
    bar.finish_and_clear();
    Ok(entries)
}

/// The pages that a client may ask for besides.
async fn pages(
    client: &Client,
    config: &Config,
    wanted: &BTreeMap<String, SystemMetricsRequest>,
) -> Result<BTreeMap<String, RecordedReply>> {
    let mut paths = vec![
        "/".to_owned(),
        "/models".to_owned(),
        "/hardware".to_owned(),
        format!("/models/{}", config.model_id),
        layers_path(&config.model_id),
    ];
    let hardware =
        wanted.values().map(|request| format!("/hardware/{}", request.decode_req.hardware_id));
    paths.extend(hardware);
    paths.sort();
    paths.dedup();
    let mut pages = BTreeMap::new();
    for path in paths {
        let reply = client.get(&path).await?;
        pages.insert(path, RecordedReply::new(&reply));
    }
    Ok(pages)
}

/// Asks for everything recorded and shows what differs.
async fn diff(client: &Client, recording: &Recording, format: Format) -> Result<Exit> {
    let mut found = Vec::new();
    for (path, recorded) in &recording.pages {
        let live = RecordedReply::new(&client.get(path).await?);
        found.extend(Differing::of(&format!("GET {path}"), recorded, &live));
    }
    let requests = recording.entries.values().map(|entry| entry.request.clone()).collect();
    let live: BTreeMap<String, RecordedAnswer> = ask(client, requests).await?.into_iter().collect();
    for (key, entry) in &recording.entries {
        if let Some(live) = live.get(key) {
            found.extend(Differing::of(key, &entry.reply, &live.reply));
        }
    }
    let mut table = TextTable::of(&["request", "field", "recorded", "live"], &["fields"]);
    for Differing { request, field, recorded, live, fields } in &found {
        table.line(vec![
            request.clone(),
            field.clone(),
            recorded.clone(),
            live.clone(),
            fields.to_string(),
        ]);
    }
    let mut lines: Vec<String> = found.iter().take(MOST_SHOWN).map(Differing::text).collect();
    if found.len() > MOST_SHOWN {
        lines.push(format!("and {} more answers differ", found.len() - MOST_SHOWN));
    }
    let total = recording.pages.len() + recording.entries.len();
    lines.push(format!(
        "{} of {total} live answers differ from {}",
        found.len(),
        recording.path.display()
    ));
    print_table(format, &table, &lines.join("\n"))?;
    Ok(if found.is_empty() { Exit::Inside } else { Exit::GateFailed })
}

/// A live answer that is not the recorded one.
struct Differing {
    /// The request's key, or the page.
    request: String,
    /// One that differs: a headline figure where that does, the status, or nothing where the recording was
    /// changed by hand.
    field: String,
    recorded: String,
    live: String,
    /// How many fields differ.
    fields: usize,
}

impl Differing {
    fn of(request: &str, recorded: &RecordedReply, live: &RecordedReply) -> Option<Self> {
        let request = request.to_owned();
        if recorded.digest == live.digest {
            return None;
        }
        if recorded.status != live.status {
            let [recorded, live] = [recorded, live].map(|reply| reply.status.to_string());
            return Some(Self { request, field: STATUS.to_owned(), recorded, live, fields: 1 });
        }
        let value =
            |reply: &RecordedReply| serde_json::from_str(reply.body.get()).unwrap_or_default();
        let differences = differences(&value(recorded), &value(live));
        // The headline figures first: a breakdown has hundreds of fields.
        let headline = differences
            .iter()
            .find(|difference| matches!(difference.path.as_str(), "tpot_ms" | "ttft_ms"))
            .or(differences.first());
        let (field, recorded, live) = headline.map_or_else(Default::default, |d| {
            (d.path.clone(), d.recorded.clone(), d.other.clone())
        });
        Some(Self { request, field, recorded, live, fields: differences.len() })
    }

    fn text(&self) -> String {
        let Self { request, field, recorded, live, fields } = self;
        match field.as_str() {
            "" => format!("{request}: the recording was changed by hand"),
            STATUS => format!("{request}: status {recorded} recorded, {live} live"),
            _ => format!(
                "{request}: {fields} fields differ, such as {field}: {recorded} recorded, {live} live"
            ),
        }
    }
}

/// Stands for the HTTP status among the fields of an answer.
const STATUS: &str = "HTTP status";
