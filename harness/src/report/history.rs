//! The error of each release, in their order: did the estimator get better?

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::summary::SHORT_TITLES;
use super::{Align, TextTable};
use crate::judge::compare::{Comparison, GroupBreakdown, Slice};
use crate::mantile::releases::Release;
use crate::row::metric::Metric;

/// A release with its errors.
#[derive(Debug)]
pub struct ReleaseErrors {
    /// The release.
    pub release: Release,
    /// Each GPU and framework with a prediction, then all rows.
    pub slices: Vec<Slice>,
}

/// The longest bar, characters.
const BAR_WIDTH: usize = 40;

impl ReleaseErrors {
    /// The errors of a release's predictions.
    #[must_use]
    pub fn new(release: Release, comparisons: &[Comparison]) -> Self {
        let mut slices = GroupBreakdown::GPU_FRAMEWORK.predicted_slices(comparisons);
        slices.push(Slice::all(comparisons));
        Self { release, slices }
    }
}

/// A table of MAPE by release, group and metric, and a bar for each release and metric. A metric that no
/// release has a figure of is left out of both.
#[must_use]
pub fn history_text(model: &str, accepted: &str, history: &[ReleaseErrors]) -> String {
    let all_rows = |errors: &ReleaseErrors, metric: Metric| {
        errors.slices.last().and_then(|all| all.statistics[metric]).map(|s| s.mape_percent)
    };
    let mut metrics = Metric::ALL.to_vec();
    metrics.retain(|&metric| history.iter().any(|errors| all_rows(errors, metric).is_some()));
    if metrics.is_empty() {
        return format!("{model}: no recorded release predicts a measured metric");
    }
    let mut text = format!("{model}: MAPE in % of each release\n\n");
    let mut columns = vec![("release", Align::Left), ("made", Align::Left), ("group", Align::Left)];
    columns.push(("n", Align::Right));
    let short = Metric::ALL.into_iter().zip(SHORT_TITLES);
    let short = short.filter(|(metric, _)| metrics.contains(metric));
    columns.extend(short.map(|(_, title)| (title, Align::Right)));
    let mut table = TextTable::new(&columns).dense();
    for ReleaseErrors { release, slices } in history {
        for (index, slice) in slices.iter().enumerate() {
            let mark = if release.name == accepted { "*" } else { "" };
            let once = |text: String| if index == 0 { text } else { String::new() };
            let mut line =
                vec![once(format!("{}{mark}", release.name)), once(release.made.clone())];
            line.push(slice.label.clone());
            line.push(format!("{}/{}", slice.coverage.predicted, slice.coverage.rows));
            for &metric in &metrics {
                line.push(
                    slice.statistics[metric]
                        .map_or_else(|| "-".to_owned(), |s| format!("{:.1}", s.mape_percent)),
                );
            }
            table.line(line);
        }
    }
    let _ = writeln!(text, "{}\n* accepted\n", table.to_text());
    let width = history.iter().map(|errors| errors.release.name.len()).max().unwrap_or(0).max(10);
    for metric in metrics {
        let mapes = history.iter().filter_map(|errors| all_rows(errors, metric));
        let largest = mapes.fold(0.0, f64::max);
        let _ = writeln!(text, "{} of all rows", metric.title());
        for errors in history {
            let Some(value) = all_rows(errors, metric) else { continue };
            let _ = writeln!(
                text,
                "  {:<width$} {} {value:.1}",
                errors.release.name,
                bar(value, largest)
            );
        }
    }
    text.trim_end().to_owned()
}

/// A bar whose length is the value's share of the largest, to an eighth of a character.
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

/// The history for programs.
#[must_use]
pub fn history_json(model: &str, accepted: &str, history: &[ReleaseErrors]) -> Value {
    let releases: Vec<Value> = history
        .iter()
        .map(|ReleaseErrors { release, slices }| {
            let groups: Vec<Value> = slices
                .iter()
                .map(|slice| {
                    let metrics =
                        slice.statistics.iter().map(|(m, s)| (m.name().to_owned(), json!(s)));
                    let metrics: serde_json::Map<String, Value> = metrics.collect();
                    json!({ "group": slice.label, "coverage": slice.coverage, "metrics": metrics })
                })
                .collect();
            json!({ "release": release.name, "made": release.made, "groups": groups })
        })
        .collect();
    json!({ "schema_version": 1, "model": model, "accepted": accepted, "releases": releases })
}
