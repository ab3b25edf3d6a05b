//! `gate`: a candidate release compared with the accepted one and with measurement.

use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;

use super::accept::{accept, check_request};
use super::args::{Format, GateArgs};
use super::output::{note, print_as};
use super::service::predict;
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::judge::gate::ReleaseGate;
use crate::judge::model::{self, Model};
use crate::mantile::recording;
use crate::mantile::releases;
use crate::predict::prediction::{Outcome, Prediction};
use crate::predict::service::MantileService;
use crate::report::{
    gate_annotations, gate_conclusion, gate_details, gate_json, gate_junit, gate_page, gate_table,
};

/// The models with their gates.
type Gates = [(Model, ReleaseGate)];

pub(super) async fn run(root: &Path, args: &GateArgs) -> Result<Exit> {
    let models = model::named(root, &args.models)?;
    let release = if args.accept { Some(check_request(root, args, &models)?) } else { None };
    let mut gates: Vec<(Model, ReleaseGate)> = Vec::new();
    for name in &models {
        let mut model = model::load(root, name)?;
        if let Some(baseline) = &args.baseline {
            model.release.clone_from(baseline);
        }
        let gate = gate_model(root, &model, args).await?;
        gates.push((model, gate));
    }
    write_files(args, &gates)?;
    print_as(args.format, &document(args, &gates))?;
    if let Some(release) = release
        && accept(root, args, release, &gates).await?
    {
        return Ok(Exit::Inside);
    }
    Ok(exit(&gates))
}

/// The result in the format that is asked for.
fn document(args: &GateArgs, gates: &Gates) -> String {
    let candidate = args.candidate.as_str();
    match args.format {
        Format::Text => text(args, gates),
        Format::Markdown => {
            let page = |(model, gate): &(Model, ReleaseGate)| gate_page(model, gate, candidate);
            gates.iter().map(page).collect::<Vec<_>>().join("\n\n")
        }
        Format::Csv => {
            gate_table(gates.iter().map(|(model, gate)| (&model.name[..], gate))).to_csv()
        }
        Format::Json => {
            let documents = gates.iter().map(|(model, gate)| gate_json(model, gate, candidate));
            documents.collect::<serde_json::Value>().to_string()
        }
    }
}

/// The decisions, after the details if `--verbose` asks for them.
fn text(args: &GateArgs, gates: &Gates) -> String {
    let conclusion = gate_conclusion(gates, &args.candidate);
    if !args.verbose {
        return format!("{conclusion}\nTables, rows and gates: --verbose.");
    }
    let details = gates.iter().map(|(model, gate)| gate_details(model, gate, &args.candidate));
    details.chain([conclusion]).collect::<Vec<_>>().join("\n\n")
}

/// The exit code: a candidate that did not answer is unavailable; any other candidate that blocks failed the gate.
fn exit(gates: &Gates) -> Exit {
    let is_unanswered = |gate: &ReleaseGate| {
        gate.rows.iter().any(|row| matches!(row.candidate.outcome, Outcome::Unavailable(_)))
    };
    if gates.iter().any(|(_, gate)| is_unanswered(gate)) {
        Exit::Unavailable
    } else if gates.iter().any(|(_, gate)| gate.decision.blocks()) {
        Exit::GateFailed
    } else {
        Exit::Inside
    }
}

async fn gate_model(root: &Path, model: &Model, args: &GateArgs) -> Result<ReleaseGate> {
    let recording = recording::load(root, &model.release, &model.config.model_id)?;
    let baseline = MantileService::replayed(recording.clone(), &model.config).await?;
    let baseline = predict(model, &baseline, args.asking.concurrency()).await?;
    // A row without an answer in the baseline would look like one that the candidate gained.
    if let Some(missing) =
        baseline.iter().find(|row| matches!(row.outcome, Outcome::Unavailable(_)))
    {
        let problem = missing.outcome.problem().unwrap_or_default();
        return Err(Error::unavailable(format!(
            "the baseline does not answer {}: {problem}",
            missing.row.name()
        )));
    }
    let candidate = ask_candidate(root, model, args).await?;
    Ok(ReleaseGate::new(model, baseline, candidate, &recording, Timestamp::now()))
}

/// The candidate's predictions: from a live service if the candidate is a URL, otherwise from a recorded release.
async fn ask_candidate(root: &Path, model: &Model, args: &GateArgs) -> Result<Vec<Prediction>> {
    let service = if args.is_live() {
        MantileService::live(&args.candidate, args.asking.patience.options(), &model.config).await?
    } else {
        let index = releases::load(root)?;
        let known: Vec<&str> = index.releases.iter().map(|release| release.name.as_str()).collect();
        if !known.contains(&args.candidate.as_str()) {
            return Err(Error::usage(format!(
                "`{}` is neither a URL nor a recorded release",
                args.candidate
            ))
            .with_help(format!("the releases are: {}", known.join(", "))));
        }
        let recording = recording::load(root, &args.candidate, &model.config.model_id)?;
        MantileService::replayed(recording, &model.config).await?
    };
    predict(model, &service, args.asking.concurrency()).await
}

/// Writes the files and annotations for CI services.
fn write_files(args: &GateArgs, gates: &Gates) -> Result<()> {
    if let Some(path) = &args.junit {
        write_junit(path, gates)?;
    }
    if let Some(path) = &args.summary {
        append_summary(path, args, gates)?;
    }
    if args.annotations {
        for (model, gate) in gates {
            for line in gate_annotations(model, gate) {
                note(&line);
            }
        }
    }
    Ok(())
}

fn write_junit(path: &Path, gates: &Gates) -> Result<()> {
    let mut report = quick_junit::Report::new("mantile-reconcile gate");
    for (model, gate) in gates {
        report.add_test_suite(gate_junit(model, gate));
    }
    let text = report
        .to_string()
        .map_err(|error| Error::io("write", path, std::io::Error::other(error.to_string())))?;
    file::replace(path, text.as_bytes())
}

/// Appends the pages of the models.
fn append_summary(path: &Path, args: &GateArgs, gates: &Gates) -> Result<()> {
    let pages: String = gates
        .iter()
        .map(|(model, gate)| gate_page(model, gate, &args.candidate) + "\n\n")
        .collect();
    let append = || {
        std::fs::File::options().append(true).create(true).open(path)?.write_all(pages.as_bytes())
    };
    append().map_err(|source| Error::io("write", path, source))
}
