//! The history for a terminal.

use std::fmt::Write as _;

use super::ReleaseErrors;
use crate::report::summary::SHORT_TITLES;
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;

/// The length of the longest bar, characters.
const BAR_WIDTH: usize = 40;

/// The placeholder of a missing figure in a table.
const MISSING: &str = "-";

/// The MAPE over all rows of several models, in the first release, in the release before the accepted one, and in
/// the accepted one.
#[must_use]
pub fn history_conclusion(histories: &[(&str, Vec<ReleaseErrors>)], accepted: &str) -> String {
    let marked = format!("{accepted}*");
    let mut table =
        TextTable::of(&["model", "metric"], &["first", "previous", &marked, "change"]).dense();
    let mut unpredicted = String::new();
    for (model, history) in histories {
        let metrics = predicted_metrics(history);
        if metrics.is_empty() {
            let _ =
                write!(unpredicted, "\n{model}: no recorded release predicts a measured metric");
        }
        let position = history.iter().position(|errors| errors.release.name == accepted);
        for (metric, title) in metrics {
            let mape = |index: usize| Some(history.get(index)?.over_all_rows(metric)?.mape_percent);
            let first = mape(0);
            let previous = position.and_then(|position| mape(position.checked_sub(1)?));
            let now = position.and_then(mape);
            let change = first.zip(now).map(|(first, now)| format!("{:+.1}", now - first));
            let mut line = vec![(*model).to_owned(), title.to_owned()];
            line.extend([first, previous, now].map(figure));
            line.push(change.unwrap_or_else(|| MISSING.to_owned()));
            table.line(line);
        }
    }
    format!(
        "MAPE in % over the rows that each release predicts; * is the accepted one\n\n{}{unpredicted}\n\n\
         The change is in percentage points, from the first release to the accepted one.",
        table.to_text()
    )
}

fn figure(mape_percent: Option<f64>) -> String {
    mape_percent.map_or_else(|| MISSING.to_owned(), |mape| format!("{mape:.1}"))
}

/// The metrics that a release predicts of some row, with their short titles.
fn predicted_metrics(history: &[ReleaseErrors]) -> Vec<(Metric, &'static str)> {
    let mut metrics: Vec<_> = Metric::ALL.into_iter().zip(SHORT_TITLES).collect();
    metrics
        .retain(|(metric, _)| history.iter().any(|errors| errors.over_all_rows(*metric).is_some()));
    metrics
}

/// The MAPE of each release by group, and a bar for each release and metric. A metric that no release predicts is
/// left out.
#[must_use]
pub fn history_details(model: &str, accepted: &str, history: &[ReleaseErrors]) -> String {
    let metrics = predicted_metrics(history);
    if metrics.is_empty() {
        return format!("{model}: no recorded release predicts a measured metric");
    }
    let mut text = format!("{model}: MAPE in % of each release; * is the accepted one\n\n");
    let _ = writeln!(text, "{}\n", releases_table(accepted, history, &metrics).to_text());
    for (metric, _) in metrics {
        text.push_str(&bars(metric, history));
    }
    text.trim_end().to_owned()
}

/// A line per release and group.
fn releases_table(
    accepted: &str,
    history: &[ReleaseErrors],
    metrics: &[(Metric, &'static str)],
) -> TextTable {
    let mut columns = vec![("release", Align::Left), ("made", Align::Left), ("group", Align::Left)];
    columns.push(("n", Align::Right));
    columns.extend(metrics.iter().map(|(_, title)| (*title, Align::Right)));
    let mut table = TextTable::new(&columns).dense();
    for ReleaseErrors { release, slices } in history {
        let mark = if release.name == accepted { "*" } else { "" };
        for (index, slice) in slices.iter().enumerate() {
            let mut line = if index == 0 {
                vec![format!("{}{mark}", release.name), release.made.clone()]
            } else {
                vec![String::new(), String::new()]
            };
            line.push(slice.label.clone());
            line.push(format!("{}/{}", slice.coverage.predicted, slice.coverage.rows));
            line.extend(metrics.iter().map(|(metric, _)| {
                figure(slice.statistics[*metric].as_ref().map(|errors| errors.mape_percent))
            }));
            table.line(line);
        }
    }
    table
}

/// The MAPE of a metric over all rows, a bar per release.
fn bars(metric: Metric, history: &[ReleaseErrors]) -> String {
    let width = history.iter().map(|errors| errors.release.name.len()).max().unwrap_or(0).max(10);
    let mapes: Vec<(&str, f64)> = history
        .iter()
        .filter_map(|errors| {
            Some((errors.release.name.as_str(), errors.over_all_rows(metric)?.mape_percent))
        })
        .collect();
    let largest = mapes.iter().map(|(_, mape)| *mape).fold(0.0, f64::max);
    let mut text = format!("{} of all rows\n", metric.title());
    for (release, mape) in mapes {
        let _ = writeln!(text, "  {release:<width$} {} {mape:.1}", bar(mape, largest));
    }
    text
}

/// A bar whose length is proportional to the value, in steps of an eighth of a character.
fn bar(value: f64, largest: f64) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    if largest <= 0.0 {
        return String::new();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 8 × the width"
    )]
    let eighths = (8.0 * BAR_WIDTH as f64 * value / largest).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}
