//! `history`: the errors of each recorded release.

use std::path::Path;

use super::args::{Format, HistoryArgs};
use super::output::{note, print_as};
use super::rows::load_picked;
use super::service::replay;
use crate::base::error::{Exit, Result};
use crate::judge::compare::{Comparison, join};
use crate::judge::model::{self, Model};
use crate::mantile::recording;
use crate::mantile::releases::{self, Releases};
use crate::report::{
    ReleaseErrors, history_conclusion, history_details, history_json, history_table,
};

pub(super) async fn run(root: &Path, args: &HistoryArgs) -> Result<Exit> {
    let models = model::named(root, &args.models)?;
    let index = releases::load(root)?;
    let mut histories = Vec::new();
    for (name, model) in load_picked(root, &models, args.select.filter.as_ref(), model::load)? {
        histories.push((name, errors(root, &model?, &index, None).await?));
    }
    let accepted = &index.accepted;
    let table = || history_table(histories.iter().map(|(name, history)| (*name, &history[..])));
    print_as(
        args.format,
        &match args.format {
            Format::Text => text(&histories, accepted, args.verbose),
            Format::Markdown => table().to_markdown(),
            Format::Csv => table().to_csv(),
            Format::Json => {
                let documents =
                    histories.iter().map(|(name, history)| history_json(name, accepted, history));
                documents.collect::<serde_json::Value>().to_string()
            }
        },
    )?;
    Ok(Exit::Inside)
}

/// The conclusion, after the details if `verbose` asks for them.
fn text(histories: &[(&str, Vec<ReleaseErrors>)], accepted: &str, verbose: bool) -> String {
    let conclusion = history_conclusion(histories, accepted);
    if !verbose {
        return format!("{conclusion}\nEvery release and group: --verbose.");
    }
    let details = histories.iter().map(|(name, history)| history_details(name, accepted, history));
    details.chain([conclusion]).collect::<Vec<_>>().join("\n\n")
}

/// The errors of each release that the model has a recording of, with a note for each of the others. The
/// predictions of the model's own release may be `known`.
pub(super) async fn errors(
    root: &Path,
    model: &Model,
    index: &Releases,
    known: Option<&[Comparison]>,
) -> Result<Vec<ReleaseErrors>> {
    let mut history = Vec::new();
    for release in &index.releases {
        let name = &model.name;
        if !recording::path(root, &release.name, name).exists() {
            note(&format!("note: there is no recording of {name} by release {}", release.name));
            continue;
        }
        if let Some(comparisons) = known.filter(|_| release.name == model.release) {
            history.push(ReleaseErrors::new(release.clone(), comparisons));
            continue;
        }
        let recording = recording::load(root, &release.name, name)?;
        let predictions = replay(model, recording).await?;
        let comparisons = join(model.rows.clone(), predictions).comparisons;
        history.push(ReleaseErrors::new(release.clone(), &comparisons));
    }
    Ok(history)
}
