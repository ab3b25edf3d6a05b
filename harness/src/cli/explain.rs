//! `explain`: everything about one row.

use std::path::Path;

use jiff::Timestamp;

use super::args::{ExplainArgs, Format};
use super::output::{fenced, print_as};
use super::service::{CONCURRENCY, predict};
use crate::base::error::{Error, Exit, Result};
use crate::base::text::nearest;
use crate::judge::compare::join;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::mantile::breakdown::LayerBreakdown;
use crate::mantile::recording;
use crate::predict::mapping::{self, CandidateRequest, Mapped};
use crate::predict::service::MantileService;
use crate::report::{Explanation, explain, explanation_json, quantities_table};

pub(super) async fn run(root: &Path, args: &ExplainArgs) -> Result<Exit> {
    let (name, row_name) = args.row.split_once("::").ok_or_else(|| {
        Error::usage(format!("`{}` is not <model>::<row>", args.row)).with_help(NAMES)
    })?;
    let model = model::load(root, name)?;
    let index = find(&model, row_name)?;
    let mapped = mapping::map(&model.rows[index], &model.config).map_err(|unmapped| {
        Error::usage(format!("{} is unmapped: {}", args.row, unmapped.reason))
    })?;
    let options = args.patience.options();
    let service =
        MantileService::start(args.api_url.as_deref(), options, root, &model.config).await?;
    let predictions = predict(&model, &service, CONCURRENCY).await?;
    // A peak row has several candidate requests; the explained one gave the prediction.
    let candidates = mapped.questions(&service.layers).into_iter();
    let chosen = predictions[index].request_key.as_deref();
    let CandidateRequest { request, concurrency } = candidates
        .clone()
        .find(|candidate| Some(candidate.request.key().as_str()) == chosen)
        .or(candidates.clone().next())
        .ok_or_else(|| Error::usage(format!("{} asks nothing", args.row)))?;
    let reply = service.client.system_metrics(&request.clone().with_debug(true)).await?;
    let breakdown = LayerBreakdown::parse(&reply.body, &service.layers);
    let against = match &args.against {
        None => None,
        Some(release) => Some((
            release.clone(),
            recorded_times(root, release, &model.config.model_id, &mapped, concurrency)?,
        )),
    };
    let comparisons = join(model.rows.clone(), predictions).comparisons;
    let evaluation = Evaluation::of_rows(&model, comparisons, Timestamp::now());
    print_explanation(
        args,
        &Explanation {
            model: &model,
            comparison: &evaluation.comparisons[index],
            verdict: &evaluation.verdicts[index],
            request: &request,
            breakdown,
            against,
            comparisons: &evaluation.comparisons,
        },
    )?;
    Ok(Exit::Inside)
}

/// The times by layer that a release has recorded for a row, or why it has none.
fn recorded_times(
    root: &Path,
    release: &str,
    model_id: &str,
    mapped: &Mapped<'_>,
    concurrency: u32,
) -> Result<Result<LayerBreakdown, String>> {
    let recording = recording::load(root, release, model_id)?;
    let layers = recording.layers()?;
    let body = mapped
        .questions(&layers)
        .into_iter()
        .find(|candidate| candidate.concurrency == concurrency)
        .and_then(|candidate| recording.entries.get(&candidate.request.key()))
        .map(|entry| entry.reply.text());
    let body = body.ok_or_else(|| "the row is not recorded".to_owned());
    Ok(body.and_then(|body| LayerBreakdown::parse(&body, &layers)))
}

fn print_explanation(args: &ExplainArgs, explanation: &Explanation<'_>) -> Result<()> {
    print_as(
        args.format,
        &match args.format {
            Format::Text => explain(explanation),
            Format::Markdown => fenced(&explain(explanation)),
            Format::Csv => quantities_table(&args.row, explanation.verdict).to_csv(),
            Format::Json => explanation_json(explanation).to_string(),
        },
    )
}

/// The help for a name that is no row's.
const NAMES: &str =
    "a row's name is the name of its test; list them: cargo test --test regression -- --list";

/// The index of the row with this name.
fn find(model: &Model, row_name: &str) -> Result<usize> {
    let names: Vec<String> = model.rows.iter().map(crate::row::Row::name).collect();
    names.iter().position(|name| name == row_name).ok_or_else(|| {
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = Error::usage(format!("no row `{row_name}` in {}", model.name));
        match nearest(row_name, &known) {
            Some(near) => error.with_help(format!("did you mean {}::{near}?", model.name)),
            None => error.with_help(NAMES),
        }
    })
}
