//! The CSV of the two tools: a table of statistics, a blank line, and a table of metrics with a single value.

use super::super::Artifact;
use super::statistics::{MEAN, OUTPUT_RATE, Statistics, divisor, metric, statistic};
use crate::base::error::{Error, Place, Result};

/// Reads the statistics of both tables.
pub(super) fn read(artifact: &Artifact) -> Result<Statistics> {
    let mut statistics = Statistics::default();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(artifact.text.as_bytes());
    let mut header: Vec<String> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| artifact.error(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let place = Place::line(&artifact.path, line);
        if record.get(0) == Some("Metric") {
            header = record.iter().map(str::to_owned).collect();
        } else {
            read_metric(&header, &record, &place, &mut statistics)?;
        }
    }
    // The second table holds this line, so a file without it was cut short.
    if statistics.get(OUTPUT_RATE, MEAN).is_none() {
        return Err(artifact
            .error("no line `Output Token Throughput (tokens/sec)`")
            .with_help("the file may be cut short: make or fetch it again"));
    }
    Ok(statistics)
}

/// Reads the line of a metric, `Time To First Token (ms),118.40,…`.
fn read_metric(
    header: &[String],
    record: &csv::StringRecord,
    place: &Place,
    statistics: &mut Statistics,
) -> Result<()> {
    let error = |message: String| Error::content(place.clone(), message);
    let Some(name) = record.get(0) else { return Ok(()) };
    if record.len() != header.len() {
        return Err(error(format!("{} cells where the header has {}", record.len(), header.len())));
    }
    let (title, unit) = match name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")) {
        Some((title, unit)) => (title, Some(unit)),
        None => (name, None),
    };
    let Some(metric) = metric(&title.to_lowercase().replace(' ', "_")) else { return Ok(()) };
    let unit = unit.ok_or_else(|| error(format!("`{name}` is not <metric> (<unit>)")))?;
    let divisor = divisor(unit).ok_or_else(|| error(format!("unknown unit `{unit}`")))?;
    for (column, cell) in header.iter().zip(record.iter()).skip(1) {
        let Some(statistic) = statistic(column) else { continue };
        // genai-perf groups thousands.
        let number = cell.replace(',', "").parse().ok().filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| {
            let place = place.clone().in_column(column.as_str());
            Error::content(place, format!("`{cell}` is not a number"))
        })?;
        statistics.insert(metric, statistic, number / divisor);
    }
    Ok(())
}
