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
use crate::judge::accept::{Acceptance, AcceptedModel, ModelTexts, accept_model};
use crate::judge::check::today;
use crate::judge::evaluation::Evaluation;
use crate::judge::gate::{Decision, ReleaseGate};
use crate::judge::model::{self, Model};
use crate::mantile::Client;
use crate::mantile::recording::{self, Recording};
use crate::mantile::releases;
use crate::report::{
    RECONCILIATION_SUMMARY, Style, comparison_summary, predictions_table, reconciliation_summary,
    snapshot_file,
};

/// The files of an acceptance: each one's path in the project and its new content.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// Checks, before any request is sent, that the arguments can be accepted. Returns the name of the release.
pub(super) fn check_request<'a>(
    root: &Path,
    args: &'a GateArgs,
    models: &[String],
) -> Result<&'a str> {
    let release = match (&args.release, args.is_live()) {
        (Some(release), true) => release.as_str(),
        (None, false) => args.candidate.as_str(),
        (None, true) => {
            return Err(Error::usage("a live candidate cannot be accepted without a name")
                .with_help("name the release with --release, such as its commit"));
        }
        (Some(_), false) => {
            return Err(Error::usage("--release names a live candidate only")
                .with_help("leave it out; a recorded release has a name"));
        }
    };
    if models.len() < model::list(root)?.len() {
        return Err(Error::usage("a release is accepted for all models or for none")
            .with_help("leave out --model"));
    }
    Ok(release)
}

/// Makes the candidate the accepted release, unless the gate blocks it. Returns whether it did.
pub(super) async fn accept(
    root: &Path,
    args: &GateArgs,
    release: &str,
    gates: &[(Model, ReleaseGate)],
) -> Result<bool> {
    let worst = gates.iter().map(|(_, gate)| gate.decision).max().unwrap_or(Decision::Broken);
    if worst == Decision::Broken || (worst.blocks() && args.loosen.is_none()) {
        note(&format!("not accepted: {}", worst.name()));
        if worst == Decision::Regressed {
            note("  help: to accept a wanted change, give the reason with --loosen <reason>");
        }
        return Ok(false);
    }
    let acceptance = Acceptance { release, loosen: args.loosen.as_deref(), now: Timestamp::now() };
    let mut files = Files::new();
    for (model, gate) in gates {
        let recording = if args.is_live() {
            let client = Client::new(&args.candidate, args.asking.patience.options())?;
            record::ask_all(&client, model, root, release).await?
        } else {
            recording::load(root, release, &model.name)?
        };
        files.extend(recordings(root, model, &recording)?);
        let accepted = accept_model(model, gate, &texts(model)?, acceptance)?;
        files.extend(model_files(accepted, &recording, acceptance.now)?);
    }
    let day = today(acceptance.now);
    files.push(index(root, release, args.made.unwrap_or(day), day)?);
    files.retain(|(path, content)| {
        std::fs::read(root.join(path)).ok().as_deref() != Some(content.as_slice())
    });
    transaction::replace_all(root, &files)?;
    note(&format!("accepted {release}; review these files and commit them as one change:"));
    for (path, _) in &files {
        note(&format!("  {}", path.display()));
    }
    Ok(true)
}

/// The texts of the files that acceptance changes.
fn texts(model: &Model) -> Result<ModelTexts> {
    let deviations = &model.deviations.path;
    Ok(ModelTexts {
        config: file::read_text(&model.config.path)?,
        deviations: deviations.exists().then(|| file::read_text(deviations)).transpose()?,
    })
}

/// The recording of the candidate, and that of the release accepted until now. The candidate's holds every answer;
/// the other only those that differ.
fn recordings(root: &Path, model: &Model, candidate: &Recording) -> Result<Files> {
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

/// The configuration, known deviations, snapshots and summary of an accepted model.
fn model_files(accepted: AcceptedModel, recording: &Recording, now: Timestamp) -> Result<Files> {
    let AcceptedModel { model, texts, comparisons } = accepted;
    let in_root = Path::new("by_model").join(&model.name);
    let mut files = vec![(in_root.join("reconcile.toml"), texts.config.into_bytes())];
    if let Some(text) = texts.deviations {
        files.push((in_root.join("known_deviations.toml"), text.into_bytes()));
    }
    let evaluation = Evaluation::of_rows(&model, comparisons, now).compared_with(
        &model.estimators,
        &model.config,
        Some(recording),
    );
    for (name, text) in [
        ("predictions", predictions_table(&evaluation.comparisons)),
        ("comparison_summary", comparison_summary(&model, &evaluation, Style::Text)),
    ] {
        let path = Path::new("snapshots").join(format!("{}__{name}.snap", model.name));
        files.push((path, snapshot_file(&text).into_bytes()));
    }
    let path = model.config.path.with_file_name(RECONCILIATION_SUMMARY);
    if path.exists() {
        let old = file::read_text(&path)?;
        let diagnoses = diagnose_model(&model, recording)?;
        let calibration = path.parent().map_or(Ok(None), written)?;
        let text = reconciliation_summary(
            &model,
            &evaluation,
            &diagnoses,
            calibration.as_ref(),
            Some(&old),
        );
        files.push((in_root.join(RECONCILIATION_SUMMARY), text.into_bytes()));
    }
    Ok(files)
}

/// The index of releases with the release listed and accepted.
fn index(root: &Path, release: &str, made: Date, day: Date) -> Result<(PathBuf, Vec<u8>)> {
    let index = releases::load(root)?;
    let text = file::read_text(&index.path)?;
    let text = releases::add(&text, release, made, day)
        .and_then(|text| releases::accept(&text, release))
        .map_err(|error| Error::content(Place::file(&index.path), error.to_string()))?;
    Ok((releases::path(Path::new("")), text.into_bytes()))
}
