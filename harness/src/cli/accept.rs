//! `gate --accept`: the candidate becomes the accepted release, as one change of several files.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::args::GateArgs;
use super::calibrate::{diagnose_model, written};
use super::output::note;
use super::record;
use crate::base::error::{Error, Place, Result};
use crate::base::file;
use crate::base::transaction;
use crate::judge::accept::{add_deviations, note_loosening, remove_dead, tighten};
use crate::judge::check::today;
use crate::judge::compare::Comparison;
use crate::judge::drift::Drift;
use crate::judge::evaluation::Evaluation;
use crate::judge::gate::{Decision, ReleaseGate};
use crate::judge::model;
use crate::judge::model::Model;
use crate::judge::propose::{BandProposalRule, propose, rewrite};
use crate::judge::verdict::{RowVerdict, Standing};
use crate::mantile::Client;
use crate::mantile::recording::{self, Recording};
use crate::mantile::releases;
use crate::report::{
    RECONCILIATION_SUMMARY, Style, comparison_summary, predictions_table, reconciliation_summary,
    snapshot_file,
};
use crate::row::Row;
use crate::row::metric::Quantity;
use crate::rules::band::Interval;
use crate::rules::config;
use crate::rules::deviation;

/// Makes the candidate the accepted release, unless the gate blocks it. Tells whether it did.
pub(super) async fn accept(
    root: &Path,
    args: &GateArgs,
    gates: &[(Model, ReleaseGate)],
) -> Result<bool> {
    let live = args.candidate.contains("://");
    let release = match (&args.release, live) {
        (Some(release), true) => release.as_str(),
        (None, false) => args.candidate.as_str(),
        (None, true) => {
            return Err(Error::usage("a live candidate has no name")
                .with_help("name the release with --release, such as its commit"));
        }
        (Some(_), false) => {
            return Err(Error::usage("--release names a live candidate; this one has a name"));
        }
    };
    let all = model::list(root)?;
    if gates.len() < all.len() {
        return Err(Error::usage("a release is accepted for all models or for none")
            .with_help("leave out --model"));
    }
    let worst = gates.iter().map(|(_, gate)| gate.decision).max().unwrap_or(Decision::Broken);
    if worst == Decision::Broken || (worst.blocks() && args.loosen.is_none()) {
        note(&format!("not accepted: {}", worst.name()));
        if worst == Decision::Regressed {
            note(
                "  help: if the change is wanted, --loosen <reason> accepts it and writes the reason down",
            );
        }
        return Ok(false);
    }
    let day = today(Timestamp::now());
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for (model, gate) in gates {
        let recording = if live {
            let client = Client::new(&args.candidate, args.asking.patience.options())?;
            record::ask_all(&client, model, root, release).await?
        } else {
            recording::load(root, release, &model.name)?
        };
        files.extend(recordings(root, model, &recording)?);
        files.extend(model_files(model, gate, &recording, args.loosen.as_deref(), day)?);
    }
    files.push(index(root, release, args.made.unwrap_or(day), day)?);
    let changed: Vec<(PathBuf, Vec<u8>)> = files
        .into_iter()
        .filter(|(path, content)| std::fs::read(root.join(path)).ok().as_deref() != Some(content))
        .collect();
    transaction::replace_all(root, &changed)?;
    note(&format!("accepted {release}; look at the difference and commit it as one change:"));
    for (path, _) in &changed {
        note(&format!("  {}", path.display()));
    }
    Ok(true)
}

/// The candidate's recording whole, and the release accepted until now by what it does not share.
fn recordings(
    root: &Path,
    model: &Model,
    candidate: &Recording,
) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let path = |release: &str| recording::path(Path::new(""), release, &model.name);
    let mut whole = candidate.clone();
    whole.shared.clear();
    let mut files = vec![(path(&candidate.release), recording::to_text(&whole, &[]).into_bytes())];
    let old = releases::load(root)?.accepted;
    if old != candidate.release && recording::path(root, &old, &model.name).exists() {
        let old = recording::load(root, &old, &model.name)?;
        let text = recording::to_text(&old, std::slice::from_ref(&whole));
        files.push((path(&old.release), text.into_bytes()));
    }
    Ok(files)
}

/// The model's configuration, known deviations and snapshots after acceptance.
fn model_files(
    model: &Model,
    gate: &ReleaseGate,
    recording: &Recording,
    loosen: Option<&str>,
    day: Date,
) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let release = recording.release.as_str();
    let in_root = Path::new("by_model").join(&model.name);
    let comparisons: Vec<Comparison> = gate.rows.iter().map(|row| row.candidate.clone()).collect();
    let config::BandRule { alpha, by } = model.config.band_rule.clone();
    let proposals = propose(
        &comparisons,
        &BandProposalRule { alpha, by, noise_floor: model.config.noise_floor },
    );
    let text = file::read_text(&model.config.path)?;
    let fault = |error: toml_edit::TomlError| {
        Error::content(Place::file(&model.config.path), error.to_string())
    };
    let config_text = match loosen {
        Some(reason) => {
            rewrite(&text, &proposals).and_then(|text| note_loosening(&text, release, day, reason))
        }
        None => tighten(&text, &model.config, &comparisons, &proposals),
    };
    let config_text = config_text.map_err(fault)?;
    let mut accepted = model.clone();
    release.clone_into(&mut accepted.release);
    accepted.config = model::read_config(&model.config.path, &config_text)?;

    let mut files = vec![(in_root.join("reconcile.toml"), config_text.into_bytes())];
    let evaluation = Evaluation::of_rows(&accepted, comparisons.clone(), Timestamp::now());
    let deviations_path = &model.deviations.path;
    if deviations_path.exists() || loosen.is_some() {
        let text = if deviations_path.exists() {
            file::read_text(deviations_path)?
        } else {
            "schema_version = 1\n".to_owned()
        };
        let verdicts = evaluation.comparisons.iter().map(|c| &c.row).zip(&evaluation.verdicts);
        let judged: Vec<(&Row, &RowVerdict)> = verdicts.collect();
        let text = remove_dead(&text, &judged).and_then(|text| match loosen {
            Some(reason) => {
                let expires = day.saturating_add(jiff::Span::new().days(LOOSENED_DAYS));
                add_deviations(&text, &outside(&evaluation), reason, expires)
            }
            None => Ok(text),
        });
        let text =
            text.map_err(|error| Error::content(Place::file(deviations_path), error.to_string()))?;
        accepted.deviations = deviation::parse(deviations_path, &text)?;
        files.push((in_root.join("known_deviations.toml"), text.into_bytes()));
    }
    let evaluation = Evaluation::of_rows(&accepted, steady(gate), Timestamp::now()).beside(
        &accepted.estimators,
        &accepted.config,
        Some(recording),
    );
    for (name, text) in [
        ("predictions", predictions_table(&evaluation.comparisons)),
        ("comparison_summary", comparison_summary(&accepted, &evaluation, Style::Text)),
    ] {
        let path = Path::new("snapshots").join(format!("{}__{name}.snap", model.name));
        files.push((path, snapshot_file(&text).into_bytes()));
    }
    let path = model.config.path.with_file_name(RECONCILIATION_SUMMARY);
    if path.exists() {
        let old = file::read_text(&path)?;
        let diagnoses = diagnose_model(&accepted, recording)?;
        let calibration = path.parent().map_or(Ok(None), written)?;
        let text = reconciliation_summary(
            &accepted,
            &evaluation,
            &diagnoses,
            calibration.as_ref(),
            Some(&old),
        );
        files.push((in_root.join(RECONCILIATION_SUMMARY), text.into_bytes()));
    }
    Ok(files)
}

/// A row that a loosening leaves outside is a known deviation for this long.
const LOOSENED_DAYS: i64 = 180;

/// What lies outside, with a bound that leaves a tenth to spare on either side.
fn outside(evaluation: &Evaluation) -> Vec<(String, Quantity, Interval)> {
    let mut found = Vec::new();
    for (comparison, verdict) in evaluation.comparisons.iter().zip(&evaluation.verdicts) {
        for judged in verdict.outside().filter(|judged| judged.standing == Standing::Outside) {
            let ratio = judged.pair.ratio();
            let bound = crate::judge::propose::outwards(ratio / 1.1, ratio * 1.1);
            found.push((comparison.row.name(), judged.quantity, bound));
        }
    }
    found
}

/// The candidate's rows for the snapshots: one that moved within the tolerance keeps its old figures,
/// so that no reviewed line changes for nothing.
fn steady(gate: &ReleaseGate) -> Vec<Comparison> {
    let keep = |row: &crate::judge::gate::RowChange| {
        let mut comparison = row.candidate.clone();
        if row.drift == Drift::WithinTolerance {
            comparison.outcome = row.old_outcome.clone();
        }
        comparison
    };
    gate.rows.iter().map(keep).collect()
}

/// The index with the release listed and accepted.
fn index(root: &Path, release: &str, made: Date, day: Date) -> Result<(PathBuf, Vec<u8>)> {
    let index = releases::load(root)?;
    let text = file::read_text(&index.path)?;
    let text = releases::add(&text, release, made, day)
        .and_then(|text| releases::accept(&text, release))
        .map_err(|error| Error::content(Place::file(&index.path), error.to_string()))?;
    Ok((releases::path(Path::new("")), text.into_bytes()))
}
