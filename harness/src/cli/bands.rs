//! `bands`: bands and gates proposed from the data, shown against what is written, and accepted.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;

use super::args::BandsArgs;
use super::output::{note, print, print_table};
use super::service::{predict, start};
use crate::base::error::{Error, Exit, Place, Result};
use crate::base::file;
use crate::judge::compare;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::{self, Model};
use crate::judge::propose::{BandProposalRule, Proposal, propose, rewrite};
use crate::predict::prediction::Outcome;
use crate::report::{TextTable, deviations_toml};
use crate::row::metric::Metric;
use crate::rules::band::{Band, Interval};
use crate::rules::config::{self, BandRule, Config};

pub(super) async fn run(root: &Path, args: &BandsArgs) -> Result<Exit> {
    let model = model::load(root, &args.model)?;
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
    let rule = BandProposalRule {
        alpha: args.alpha.unwrap_or(alpha),
        by: args.by.clone().unwrap_or(by),
        noise_floor: model.config.noise_floor,
    };
    let proposals = propose(&comparisons, &rule);
    let against = Against::all(&model, &proposals);
    print_table(args.format, &flat(&against), &text(&model, &against))?;
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
struct Against<'a> {
    proposal: &'a Proposal,
    metric: Metric,
    written: Option<Interval>,
    proposed: Option<Interval>,
}

impl Against<'_> {
    fn all<'a>(model: &Model, proposals: &'a [Proposal]) -> Vec<Against<'a>> {
        let written = |proposal: &Proposal, metric: Metric| {
            let same = |band: &&Band| band.group.to_string() == proposal.group.to_string();
            model.config.bands.iter().find(same)?.ratio[metric].map(|written| written.value)
        };
        let all = proposals.iter().flat_map(|proposal| {
            Metric::ALL.into_iter().map(move |metric| Against {
                proposal,
                metric,
                written: written(proposal, metric),
                proposed: proposal.ratio[metric],
            })
        });
        all.filter(|one| one.written.is_some() || one.proposed.is_some()).collect()
    }

    fn change(&self) -> &'static str {
        match (self.written, self.proposed) {
            (None, _) => "new",
            (Some(_), None) => "gone",
            (Some(old), Some(new)) if old == new => "same",
            (Some(old), Some(new)) if new.high / new.low > old.high / old.low => "WIDER",
            _ => "tighter",
        }
    }
}

/// A line a band, with its ends apart.
fn flat(all: &[Against<'_>]) -> TextTable {
    let mut table = TextTable::of(
        &["group", "metric", "change", "basis"],
        &["written_low", "written_high", "proposed_low", "proposed_high"],
    );
    let ends = |interval: Option<Interval>| {
        interval.map_or_else(Default::default, |i| [i.low.to_string(), i.high.to_string()])
    };
    for one in all {
        let words = [
            one.proposal.group.to_string(),
            one.metric.name().to_owned(),
            one.change().to_owned(),
            one.proposal.basis.clone(),
        ];
        table.line(words.into_iter().chain(ends(one.written)).chain(ends(one.proposed)).collect());
    }
    table
}

/// The same for a terminal, under each group and what its bands are made of.
fn text(model: &Model, all: &[Against<'_>]) -> String {
    let mut table = TextTable::of(&["  metric", "written", "proposed", ""], &[]);
    let words = |interval: Option<Interval>| {
        interval.map_or_else(|| "-".to_owned(), |interval| interval.to_string())
    };
    for one in all {
        table.line(vec![
            format!("  {}", one.metric.name()),
            words(one.written),
            words(one.proposed),
            one.change().to_owned(),
        ]);
    }
    let table = table.to_text();
    let mut lines = table.lines();
    let mut text = lines.next().unwrap_or_default().to_owned();
    let mut last = String::new();
    for (one, line) in all.iter().zip(lines) {
        let group = one.proposal.group.to_string();
        if group != last {
            let _ = write!(text, "\n{group}\n  {}", one.proposal.basis);
            last = group;
        }
        let _ = write!(text, "\n{line}");
    }
    for band in &model.config.bands {
        if !all.iter().any(|one| one.proposal.group.to_string() == band.group.to_string()) {
            let _ =
                write!(text, "\n{}\n  written, and not proposed: --accept drops it", band.group);
        }
    }
    text
}
