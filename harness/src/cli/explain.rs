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
use crate::predict::mapping;
use crate::predict::mapping::CandidateRequest;
use crate::predict::service::MantileService;
use crate::report::{Explanation, explain, explanation_json, quantities_table};

pub(super) async fn run(root: &Path, args: &ExplainArgs) -> Result<Exit> {
    let (name, row_name) = args.row.split_once("::").ok_or_else(|| {
        Error::usage(format!("`{}` is not <model>::<row>", args.row))
            .with_help("a row's name is its test's name: cargo test --test regression -- --list")
    })?;
    let model = model::load(root, name)?;
    let index = find(&model, row_name)?;
    let row = &model.rows[index];
    let mapped = mapping::map(row, &model.config).map_err(|unmapped| {
        Error::usage(format!("{} is unmapped: {}", args.row, unmapped.reason))
    })?;
    let options = args.patience.options();
    let service =
        MantileService::start(args.api_url.as_deref(), options, root, &model.config).await?;
    let predictions = predict(&model, &service, CONCURRENCY).await?;
    // Of a peak's questions, the one whose answer is the prediction.
    let asked = mapped.questions(&service.layers).into_iter();
    let chosen = predictions[index].request_key.as_deref();
    let CandidateRequest { request, concurrency } = asked
        .clone()
        .find(|question| Some(question.request.key().as_str()) == chosen)
        .or(asked.clone().next())
        .ok_or_else(|| Error::usage(format!("{} asks nothing", args.row)))?;
    let reply = service.client.system_metrics(&request.clone().with_debug(true)).await?;
    let breakdown = LayerBreakdown::parse(&reply.body, &service.layers);

    let against = match &args.against {
        None => None,
        Some(release) => {
            let recording = recording::load(root, release, &model.config.model_id)?;
            let layers = recording.layers()?;
            let mut there = mapped.questions(&layers).into_iter();
            let body = there
                .find(|question| question.concurrency == concurrency)
                .and_then(|question| recording.entries.get(&question.request.key()))
                .map(|entry| entry.reply.text());
            let times = body.ok_or_else(|| "the row is not recorded".to_owned());
            Some((release.clone(), times.and_then(|body| LayerBreakdown::parse(&body, &layers))))
        }
    };
    let comparisons = join(model.rows.clone(), predictions).comparisons;
    let evaluation = Evaluation::of_rows(&model, comparisons, Timestamp::now());
    let explanation = Explanation {
        model: &model,
        comparison: &evaluation.comparisons[index],
        verdict: &evaluation.verdicts[index],
        request: &request,
        breakdown,
        against,
        comparisons: &evaluation.comparisons,
    };
    let table = || quantities_table(&args.row, explanation.verdict);
    print_as(
        args.format,
        &match args.format {
            Format::Text => explain(&explanation),
            Format::Markdown => fenced(&explain(&explanation)),
            Format::Csv => table().to_csv(),
            Format::Json => explanation_json(&explanation).to_string(),
        },
    )?;
    Ok(Exit::Inside)
}

fn find(model: &Model, row_name: &str) -> Result<usize> {
    let names: Vec<String> = model.rows.iter().map(crate::row::Row::name).collect();
    names.iter().position(|name| name == row_name).ok_or_else(|| {
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = Error::usage(format!("no row `{row_name}` in {}", model.name));
        match nearest(row_name, &known) {
            Some(near) => error.with_help(format!("did you mean {}::{near}?", model.name)),
            None => error.with_help(
                "a row's name is its test's name: cargo test --test regression -- --list",
            ),
        }
    })
}
