//! `comparison_report.csv`: a line per row with measured and predicted values.

use crate::base::statistics::Pair;
use crate::judge::compare::Comparison;
use crate::judge::verdict::RowVerdict;
use crate::row;
use crate::row::metric::Metric;

/// The report of comparisons with their verdicts, in the given order.
#[must_use]
pub fn comparison_report(comparisons: &[Comparison], verdicts: &[RowVerdict]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let lines = std::iter::once(header()).chain(comparisons.iter().zip(verdicts).map(cells));
    for line in lines {
        writer.write_record(line).expect("writing to memory with equal lengths cannot fail");
    }
    writer.into_inner().expect("writing to memory cannot fail")
}

fn header() -> Vec<String> {
    let mut line: Vec<String> = row::identity_columns().map(str::to_owned).collect();
    for metric in Metric::ALL {
        let name = metric.name();
        line.push(format!("actual_{name}"));
        line.push(format!("predicted_{name}"));
        line.push(format!("{name}_abs_error"));
        line.push(format!("{name}_pct_error"));
    }
    line.extend(
        ["verdict", "outside", "approximations", "error_message", "provider"].map(str::to_owned),
    );
    line
}

fn cells((comparison, verdict): (&Comparison, &RowVerdict)) -> Vec<String> {
    let row = &comparison.row;
    let mut line = row::identity_cells(&row.identity);
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for metric in Metric::ALL {
        let pair = comparison.pair(metric);
        line.push(text(row.measured.means[metric]));
        line.push(text(comparison.outcome.estimate().map(|estimate| estimate.metrics[metric])));
        line.push(text(pair.map(Pair::abs_error)));
        line.push(text(pair.map(Pair::pct_error)));
    }
    let outside: Vec<&str> = verdict.outside().map(|judged| judged.quantity.name()).collect();
    line.extend([
        verdict.status.name().to_owned(),
        outside.join(";"),
        comparison.approximations.join(";"),
        comparison.outcome.problem().unwrap_or_default().to_owned(),
        row.provider.clone(),
    ]);
    line
}
