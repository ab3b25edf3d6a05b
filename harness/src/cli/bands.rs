//! `bands`: bands and gates proposed from the data, shown against what is written, and accepted.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;

use super::args::BandsArgs;
use super::estimate::start;
use super::output::{note, print};
use super::run::predict;
use crate::config::{self, BandRule, Config};
use crate::error::{Error, Exit, Place, Result};
use crate::evaluation::Evaluation;
use crate::folder::{self, Model};
use crate::metric::{Metric, PerMetric};
use crate::prediction::Outcome;
use crate::propose::{Proposal, Rule, propose, rewrite};
use crate::report::{Align, TextTable, deviations_toml};
use crate::{compare, file};

pub(super) async fn run(root: &Path, args: &BandsArgs) -> Result<Exit> {
    let model = folder::load(root, &args.model)?;
    let service = start(&args.service, root, &model.config).await?;
    let predictions = predict(&model, &service, args.service.asking.concurrency()).await?;
    let unanswered = predictions.iter().find_map(|prediction| match &prediction.outcome {
        Outcome::Unavailable(problem) => Some(format!("{}: {problem}", prediction.row.name())),
        _ => None,
    });
    if let Some(problem) = unanswered {
        return Err(Error::unavailable(format!("no proposal from a part of the rows; {problem}")));
    }
    let comparisons = compare::join(model.rows.clone(), predictions).comparisons;
    if args.deviations {
        let evaluation = Evaluation::of_rows(&model, comparisons, Timestamp::now());
        print(&deviations_toml(&evaluation))?;
        return Ok(Exit::Inside);
    }
    let BandRule { alpha, by } = model.config.band_rule.clone();
    let rule = Rule {
        alpha: args.alpha.unwrap_or(alpha),
        by: args.by.clone().unwrap_or(by),
        noise_floor: model.config.noise_floor,
    };
    let proposals = propose(&comparisons, &rule);
    print(&against_written(&model, &proposals))?;
    if args.accept {
        accept(&model.config, &proposals)?;
        note(&format!(
            "written to {}; look at the difference before you commit it",
            model.config.path.display()
        ));
    } else {
        note("nothing is written; --accept writes it");
    }
    Ok(Exit::Inside)
}

/// Writes the proposal, unless the program itself could not read the result.
fn accept(config: &Config, proposals: &[Proposal]) -> Result<()> {
    let text = file::read_text(&config.path)?;
    let rewritten = rewrite(&text, proposals)
        .map_err(|error| Error::content(Place::file(&config.path), error.to_string()))?;
    config::parse(&config.path, &rewritten)?;
    file::replace(&config.path, rewritten.as_bytes())
}

/// Each proposed band beside the one that is written for the same group.
fn against_written(model: &Model, proposals: &[Proposal]) -> String {
    let mut table = TextTable::new(&[
        ("group", Align::Left),
        ("metric", Align::Left),
        ("written", Align::Left),
        ("proposed", Align::Left),
        ("", Align::Left),
    ]);
    for proposal in proposals {
        let written = model
            .config
            .bands
            .iter()
            .find(|band| band.group.to_string() == proposal.group.to_string());
        let written = written.map_or_else(PerMetric::default, |band| band.ratio);
        for metric in Metric::ALL {
            let (old, new) = (written[metric].map(|w| w.value), proposal.ratio[metric]);
            let change = match (old, new) {
                (None, None) => continue,
                (None, Some(_)) => "new",
                (Some(_), None) => "gone",
                (Some(old), Some(new)) if old == new => "same",
                (Some(old), Some(new)) if new.high / new.low > old.high / old.low => "WIDER",
                _ => "tighter",
            };
            let text = |interval: Option<crate::band::Interval>| {
                interval.map_or_else(|| "-".to_owned(), |interval| interval.to_string())
            };
            table.line(vec![
                proposal.group.to_string(),
                metric.name().to_owned(),
                text(old),
                text(new),
                change.to_owned(),
            ]);
        }
    }
    let mut text = table.to_text();
    for proposal in proposals {
        let _ = write!(text, "\n{}: {}", proposal.group, proposal.basis);
    }
    for band in &model.config.bands {
        if !proposals.iter().any(|proposal| proposal.group.to_string() == band.group.to_string()) {
            let _ = write!(text, "\n{}: written, and not proposed: --accept drops it", band.group);
        }
    }
    text
}
