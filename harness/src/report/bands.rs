//! Proposed bands compared with those that `reconcile.toml` has.

use std::fmt::Write as _;

use super::TextTable;
use crate::judge::propose::{BandChange, BandChangeKind};
use crate::row::group::Group;
use crate::rules::band::Interval;

/// How many lines of changed bands are shown. `--verbose` shows all.
const LINES_SHOWN: usize = 18;

/// A line per band, with its ends in columns of their own.
#[must_use]
pub fn bands_table(changes: &[BandChange<'_>]) -> TextTable {
    let mut table = TextTable::of(
        &["group", "metric", "change", "basis"],
        &["written_low", "written_high", "proposed_low", "proposed_high"],
    );
    let ends = |interval: Option<Interval>| {
        interval.map_or_else(Default::default, |ends| [ends.low.to_string(), ends.high.to_string()])
    };
    for change in changes {
        let words = [
            change.proposal.group.to_string(),
            change.metric.name().to_owned(),
            change.kind().name().to_owned(),
            change.proposal.basis.clone(),
        ];
        let figures = ends(change.written).into_iter().chain(ends(change.proposed));
        table.line(words.into_iter().chain(figures).collect());
    }
    table
}

/// The changed bands for a terminal, or with `is_verbose` all bands and their bases; the conclusion last. `dropped`
/// are the groups whose bands are not proposed any more.
#[must_use]
pub fn bands_text(changes: &[BandChange<'_>], dropped: &[&Group], is_verbose: bool) -> String {
    let is_shown = |change: &&BandChange<'_>| is_verbose || change.kind() != BandChangeKind::Same;
    let shown: Vec<&BandChange<'_>> = changes.iter().filter(is_shown).collect();
    let mut lines = band_lines(&shown, is_verbose);
    lines.extend(dropped.iter().map(|group| format!("{group}\n  not proposed any more")));
    if lines.len() > LINES_SHOWN && !is_verbose {
        let hidden = lines.len() - LINES_SHOWN;
        lines.truncate(LINES_SHOWN);
        lines.push(format!("and {hidden} more lines: --verbose"));
    }
    lines.push(conclusion(changes, dropped));
    lines.join("\n")
}

/// A table with a line per band, under a line per group.
fn band_lines(changes: &[&BandChange<'_>], is_verbose: bool) -> Vec<String> {
    if changes.is_empty() {
        return Vec::new();
    }
    let mut table = TextTable::of(&["  metric", "written", "proposed", ""], &[]);
    let words = |interval: Option<Interval>| {
        interval.map_or_else(|| "-".to_owned(), |interval| interval.to_string())
    };
    for change in changes {
        table.line(vec![
            format!("  {}", change.metric.name()),
            words(change.written),
            words(change.proposed),
            change.kind().name().to_owned(),
        ]);
    }
    let table = table.to_text();
    let mut bands = table.lines();
    let mut lines = vec![bands.next().unwrap_or_default().to_owned()];
    let mut last_group = String::new();
    for (change, band) in changes.iter().zip(bands) {
        let group = change.proposal.group.to_string();
        if group != last_group {
            lines.push(group.clone());
            if is_verbose {
                lines.push(format!("  {}", change.proposal.basis));
            }
            last_group = group;
        }
        lines.push(band.to_owned());
    }
    lines
}

/// How many bands change, and how.
fn conclusion(changes: &[BandChange<'_>], dropped: &[&Group]) -> String {
    let count = |kind| changes.iter().filter(|change| change.kind() == kind).count();
    let counts: Vec<String> = BandChangeKind::CHANGES
        .into_iter()
        .map(|kind| (kind, count(kind)))
        .filter(|(_, bands)| *bands > 0)
        .map(|(kind, bands)| format!("{bands} {}", kind.name()))
        .collect();
    let mut text = if counts.is_empty() {
        match changes.len() {
            1 => "the only band stays as it is".to_owned(),
            bands => format!("all {bands} bands stay as they are"),
        }
    } else {
        let moved = changes.len() - count(BandChangeKind::Same);
        let kinds = counts.join(", ");
        format!("bands that change: {moved} of {} ({kinds})", changes.len())
    };
    if !dropped.is_empty() {
        let _ = write!(text, "; groups that lose their bands: {}", dropped.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::propose::{BandProposalRule, propose};
    use crate::row::metric::PerMetric;
    use crate::testing::{comparison, model};

    fn text(bands: &str, is_verbose: bool) -> String {
        let config = model(bands, "").config;
        let rule =
            BandProposalRule { alpha: 0.1, by: vec![], noise_floor: PerMetric::from_fn(|_| 1.05) };
        let proposals = propose(&vec![comparison(1.2); 30], &rule);
        let changes = BandChange::all(&config.bands, &proposals);
        bands_text(&changes, &BandChange::dropped(&config.bands, &proposals), is_verbose)
    }

    #[test]
    fn only_what_changes_is_shown_unless_all_is_asked_for() {
        let same = "[[band]]\nwhere = 'all'\nratio.tpot = [0.833, 1.2]\n";
        assert_eq!(text(same, false), "the only band stays as it is");
        let all = "  metric  written       proposed\nall\n  split-conformal, alpha 0.1, 30 rows\n  \
            tpot    [0.833, 1.2]  [0.833, 1.2]  same\nthe only band stays as it is";
        assert_eq!(text(same, true), all);
        let narrow = "[[band]]\nwhere = 'gpu_model = b200'\nratio.tpot = [0.9, 1.1]\n\
            [[band]]\nwhere = 'all'\nratio.tpot = [0.9, 1.1]\n";
        let wider = "  metric  written     proposed\nall\n  tpot    [0.9, 1.1]  [0.833, 1.2]  WIDER\n\
            gpu_model=b200\n  not proposed any more\n\
            bands that change: 1 of 1 (1 WIDER); groups that lose their bands: 1";
        assert_eq!(text(narrow, false), wider);
    }
}
