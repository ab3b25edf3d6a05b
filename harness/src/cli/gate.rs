//! `gate`: a candidate release held against the accepted one and against measurement.

use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;

use super::accept::accept;
use super::args::{Format, GateArgs};
use super::output::{note, print_as};
use super::service::predict;
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::judge::gate::{Decision, ReleaseGate};
use crate::judge::model::{self, Model};
use crate::mantile::recording;
use crate::mantile::releases;
use crate::predict::prediction::{Outcome, Prediction};
use crate::predict::service::MantileService;
use crate::report::{Style, gate_annotations, gate_json, gate_junit, gate_summary, gate_table};

pub(super) async fn run(root: &Path, args: &GateArgs) -> Result<Exit> {
    let models = model::named(root, &args.models)?;
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
    let candidate = args.candidate.as_str();
    let summary = |style: Style| {
        let of_gate =
            |(model, gate): &(Model, ReleaseGate)| gate_summary(model, gate, candidate, style);
        gates.iter().map(of_gate).collect::<Vec<_>>().join("\n\n")
    };
    print_as(
        args.format,
        &match args.format {
            Format::Text => summary(Style::Terminal),
            Format::Markdown => summary(Style::Markdown),
            Format::Csv => {
                gate_table(gates.iter().map(|(model, gate)| (&model.name[..], gate))).to_csv()
            }
            Format::Json => {
                let of_gate =
                    |(model, gate): &(Model, ReleaseGate)| gate_json(model, gate, candidate);
                gates.iter().map(of_gate).collect::<serde_json::Value>().to_string()
            }
        },
    )?;
    if args.accept && accept(root, args, &gates).await? {
        return Ok(Exit::Inside);
    }
    Ok(exit(&gates))
}

/// A candidate that gave no answer is unavailable; any other that blocks has failed the gate.
fn exit(gates: &[(Model, ReleaseGate)]) -> Exit {
    let unanswered = |gate: &ReleaseGate| {
        gate.rows.iter().any(|row| matches!(row.candidate.outcome, Outcome::Unavailable(_)))
    };
    if gates.iter().any(|(_, gate)| unanswered(gate)) {
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
    // A row that the baseline does not answer would pass for one that the candidate gained.
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

/// The candidate's predictions: live where it is a URL, else a recorded release.
async fn ask_candidate(root: &Path, model: &Model, args: &GateArgs) -> Result<Vec<Prediction>> {
    let service = if args.candidate.contains("://") {
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

/// Writes what CI services read.
fn write_files(args: &GateArgs, gates: &[(Model, ReleaseGate)]) -> Result<()> {
    if let Some(path) = &args.junit {
        let mut report = quick_junit::Report::new("mantile-reconcile gate");
        for (model, gate) in gates {
            report.add_test_suite(gate_junit(model, gate));
        }
        let text = report
            .to_string()
            .map_err(|error| Error::io("write", path, std::io::Error::other(error.to_string())))?;
        file::replace(path, text.as_bytes())?;
    }
    if let Some(path) = &args.summary {
        let mut text = String::new();
        for (model, gate) in gates {
            text.push_str(&gate_summary(model, gate, &args.candidate, Style::Markdown));
            text.push_str("\n\n");
        }
        let append = || {
            std::fs::File::options()
                .append(true)
                .create(true)
                .open(path)?
                .write_all(text.as_bytes())
        };
        append().map_err(|source| Error::io("write", path, source))?;
    }
    if args.annotations {
        for (model, gate) in gates {
            for line in gate_annotations(model, gate) {
                note(&line);
            }
        }
    }
    let blocked = gates.iter().filter(|(_, gate)| gate.decision > Decision::Changed).count();
    if blocked > 0 && gates.len() > 1 {
        note(&format!("{blocked} of {} models block", gates.len()));
    }
    Ok(())
}
