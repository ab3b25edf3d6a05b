//! A model as it is after acceptance, with the texts of its files.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{DEVIATION_SPARE, add_deviations, note_loosening, remove_dead, tighten, unexcused};
use crate::base::error::{Error, Place, Result};
use crate::judge::check::today;
use crate::judge::compare::Comparison;
use crate::judge::drift::Drift;
use crate::judge::evaluation::Evaluation;
use crate::judge::gate::{ReleaseGate, RowChange};
use crate::judge::model::Model;
use crate::judge::propose::{BandProposalRule, outwards, propose, rewrite};
use crate::judge::verdict::RowVerdict;
use crate::row::Row;
use crate::row::metric::Quantity;
use crate::rules::band::Interval;
use crate::rules::config::{self, BandRule, Config};
use crate::rules::deviation;

/// How long a row that a loosening leaves outside is a known deviation, days.
const LOOSENED_DAYS: i64 = 180;

/// The release that is accepted, and how.
#[derive(Debug, Clone, Copy)]
pub struct Acceptance<'a> {
    /// The name of the release.
    pub release: &'a str,
    /// The reason for loosening bands and gates; without one they only tighten.
    pub loosen: Option<&'a str>,
    /// The current time.
    pub now: Timestamp,
}

/// The texts of a model's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelTexts {
    /// The text of `reconcile.toml`.
    pub config: String,
    /// The text of `known_deviations.toml`; `None` if there is no such file.
    pub deviations: Option<String>,
}

/// A model after acceptance.
#[derive(Debug, Clone)]
pub struct AcceptedModel {
    /// The model with its new release, bands, gates and known deviations.
    pub model: Model,
    /// The new texts of its files.
    pub texts: ModelTexts,
    /// The candidate's predictions for the snapshots. A prediction that moved within the tolerance keeps its old
    /// figures, so that no reviewed line changes without a reason.
    pub comparisons: Vec<Comparison>,
}

/// Applies the acceptance of a release to a model.
pub fn accept_model(
    model: &Model,
    gate: &ReleaseGate,
    texts: &ModelTexts,
    acceptance: Acceptance<'_>,
) -> Result<AcceptedModel> {
    let candidate: Vec<Comparison> = gate.rows.iter().map(|row| row.candidate.clone()).collect();
    let mut accepted = model.clone();
    acceptance.release.clone_into(&mut accepted.release);
    let config_text = accepted_config(model, &texts.config, &candidate, acceptance)?;
    // Acceptance changes bands and gates only, so the calibrated GPUs stay.
    accepted.config = Config {
        gpus: model.config.gpus.clone(),
        ..config::parse(&model.config.path, &config_text)?
    };
    let deviations_text = accepted_deviations(&accepted, candidate, texts, acceptance)?;
    if let Some(text) = &deviations_text {
        accepted.deviations = deviation::parse(&model.deviations.path, text)?;
    }
    Ok(AcceptedModel {
        model: accepted,
        texts: ModelTexts { config: config_text, deviations: deviations_text },
        comparisons: gate.rows.iter().map(steady).collect(),
    })
}

/// The text of `reconcile.toml` with tighter bands and gates, or with the proposed ones for a loosening.
fn accepted_config(
    model: &Model,
    text: &str,
    candidate: &[Comparison],
    Acceptance { release, loosen, now }: Acceptance<'_>,
) -> Result<String> {
    let BandRule { alpha, by } = model.config.band_rule.clone();
    let rule = BandProposalRule { alpha, by, noise_floor: model.config.noise_floor };
    let proposals = propose(candidate, &rule);
    let written = match loosen {
        Some(reason) => rewrite(text, &proposals)
            .and_then(|text| note_loosening(&text, release, today(now), reason)),
        None => tighten(text, &model.config, candidate, &proposals),
    };
    written.map_err(|error| Error::content(Place::file(&model.config.path), error.to_string()))
}

/// The text of `known_deviations.toml` without dead entries, and after a loosening with the rows that it leaves
/// outside; `None` if there is no such file and none is needed.
fn accepted_deviations(
    accepted: &Model,
    candidate: Vec<Comparison>,
    texts: &ModelTexts,
    Acceptance { loosen, now, .. }: Acceptance<'_>,
) -> Result<Option<String>> {
    let text = match (&texts.deviations, loosen) {
        (Some(text), _) => text.as_str(),
        (None, Some(_)) => "schema_version = 1\n",
        (None, None) => return Ok(None),
    };
    let evaluation = Evaluation::of_rows(accepted, candidate, now);
    let rows = evaluation.comparisons.iter().map(|comparison| &comparison.row);
    let judged: Vec<(&Row, &RowVerdict)> = rows.zip(&evaluation.verdicts).collect();
    let written = remove_dead(text, &judged).and_then(|text| match loosen {
        Some(reason) => add_deviations(&text, &bounds(&evaluation), reason, expiry(today(now))),
        None => Ok(text),
    });
    let path = &accepted.deviations.path;
    let text = written.map_err(|error| Error::content(Place::file(path), error.to_string()))?;
    Ok(Some(text))
}

fn expiry(today: Date) -> Date {
    today.saturating_add(jiff::Span::new().days(LOOSENED_DAYS))
}

/// The quantities that no known deviation excuses, each with a bound around its ratio.
fn bounds(evaluation: &Evaluation) -> Vec<(String, Quantity, Interval)> {
    unexcused(evaluation)
        .map(|(comparison, judged)| {
            let ratio = judged.pair.ratio();
            let bound = outwards(ratio / DEVIATION_SPARE, ratio * DEVIATION_SPARE);
            (comparison.row.name(), judged.quantity, bound)
        })
        .collect()
}

/// The candidate's row, with the old prediction if that moved within the tolerance.
fn steady(row: &RowChange) -> Comparison {
    let mut comparison = row.candidate.clone();
    if row.drift == Drift::WithinTolerance {
        comparison.outcome = row.old_outcome.clone();
    }
    comparison
}
