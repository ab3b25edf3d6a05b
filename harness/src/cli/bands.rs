//! `bands`: bands and gates proposed from the data, compared with those in use, and accepted.

use std::path::Path;

use jiff::Timestamp;

use super::args::BandsArgs;
use super::output::{note, print, print_table};
use super::service::{predict, start};
use crate::base::error::{Error, Exit, Place, Result};
use crate::base::file;
use crate::base::text::plural;
use crate::judge::compare::{self, Comparison};
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::judge::propose::{BandChange, BandProposalRule, Proposal, propose, rewrite};
use crate::predict::prediction::Outcome;
use crate::report::{bands_table, bands_text, deviations_toml};
use crate::rules::config::{self, BandRule};

pub(super) async fn run(root: &Path, args: &BandsArgs) -> Result<Exit> {
    let model = model::load(root, &args.model)?;
    let comparisons = compare_all(root, &model, args).await?;
    if args.deviations {
        let evaluation = Evaluation::of_rows(&model, comparisons, Timestamp::now());
        print(&deviations_toml(&evaluation))?;
        return Ok(Exit::Inside);
    }
    let BandRule { alpha, by } = model.config.band_rule.clone();
    let rule = BandProposalRule {
        alpha: args.alpha.unwrap_or(alpha),
        by: args.by.clone().unwrap_or(by),
        noise_floor: model.config.noise_floor,
    };
    let proposals = propose(&comparisons, &rule);
    let bands = &model.config.bands;
    let changes = BandChange::all(bands, &proposals);
    let text = bands_text(&changes, &BandChange::dropped(bands, &proposals), args.verbose);
    print_table(args.format, &bands_table(&changes), &text)?;
    write(&model, &proposals, args.accept)?;
    Ok(Exit::Inside)
}

/// Every row of the model with its prediction. A missing answer is an error, because a proposal from some of the rows
/// would not fit the others.
async fn compare_all(root: &Path, model: &Model, args: &BandsArgs) -> Result<Vec<Comparison>> {
    let service = start(&args.service, root, &model.config).await?;
    let predictions = predict(model, &service, args.service.asking.concurrency()).await?;
    let unanswered = predictions.iter().find_map(|prediction| match &prediction.outcome {
        Outcome::Unavailable(problem) => Some(format!("{}: {problem}", prediction.row.name())),
        _ => None,
    });
    if let Some(problem) = unanswered {
        let message = format!("bands are proposed from all rows, and one has no answer; {problem}");
        return Err(Error::unavailable(message));
    }
    Ok(compare::join(model.rows.clone(), predictions).comparisons)
}

/// Writes the proposals if they are accepted, and reports what was or would be written. A result that the program
/// could not read is not written.
fn write(model: &Model, proposals: &[Proposal], is_accepted: bool) -> Result<()> {
    let path = &model.config.path;
    let text = file::read_text(path)?;
    let rewritten = rewrite(&text, proposals)
        .map_err(|error| Error::content(Place::file(path), error.to_string()))?;
    if rewritten == text {
        note(&format!("{} already has these bands and gates", path.display()));
        return Ok(());
    }
    if !is_accepted {
        note(&format!("nothing was written; --accept writes the proposal to {}", path.display()));
        return Ok(());
    }
    let config = config::parse(path, &rewritten)?;
    file::replace(path, rewritten.as_bytes())?;
    let (bands, gates) = (config.bands.len(), config.gates.len());
    note(&format!(
        "wrote the bands of {bands} group{} and the gates of {gates} to {}; review the difference before you \
         commit it",
        plural(bands),
        path.display()
    ));
    Ok(())
}
