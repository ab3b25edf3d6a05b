//! The summary of a diagnosis: one line per group for the kinds of errors, one for what parameters could reach.

use std::fmt::Write as _;

use super::MOST_GROUPS;
use super::figures::dash;
use crate::calibrate::{Diagnosis, Moved};
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;

const LEGEND: &str = "\
MAPE in %, and the kind of the error: one factor removes most of a \"scale\"
error, one constant most of a \"constant\" error, neither of a \"structural\" one.
";

const REACH_LEGEND: &str = "\
The best MAPE, in-sample: \"all\" with all of Mantile's parameters fitted,
\"serving\" with serving terms fitted as well.
";

/// The kinds of errors of every group, and the best errors that parameters could reach.
#[must_use]
pub fn diagnosis_summary(groups: &[Diagnosis]) -> String {
    let mut text = format!("{LEGEND}\n{}", kinds_table(groups));
    if groups.len() > MOST_GROUPS {
        let _ = write!(text, "\n... and {} more groups", groups.len() - MOST_GROUPS);
    }
    if groups.iter().any(|diagnosis| !diagnosis.reach.is_empty()) {
        let _ = write!(text, "\n\n{REACH_LEGEND}\n{}", reach_table(groups));
    }
    text
}

fn kinds_table(groups: &[Diagnosis]) -> String {
    let metrics = [Metric::Tpot, Metric::Ttft, Metric::E2eLatency];
    let mut columns = vec![("group", Align::Left), ("rows", Align::Right)];
    for metric in metrics {
        columns.extend([(metric.title(), Align::Right), ("kind", Align::Left)]);
    }
    let mut table = TextTable::new(&columns).dense();
    for Diagnosis { group, rows, metrics: found, .. } in groups.iter().take(MOST_GROUPS) {
        let mut line = vec![group.to_string(), rows.to_string()];
        for metric in metrics {
            let found = found.iter().find(|found| found.metric == metric.name());
            line.push(found.map_or_else(dash, |found| format!("{:.1}", found.mape_percent)));
            line.push(found.map_or_else(String::new, |found| found.kind.name().to_owned()));
        }
        table.line(line);
    }
    table.to_text()
}

fn reach_table(groups: &[Diagnosis]) -> String {
    const MOVED: [(&str, Moved); 2] =
        [("all", Moved::AllParameters), ("serving", Moved::AllAndServing)];
    let metrics = [Metric::Tpot, Metric::Ttft, Metric::E2eLatency];
    let mut columns = vec![("group", Align::Left)];
    for metric in metrics {
        columns.push((metric.title(), Align::Right));
        columns.extend(MOVED.map(|(title, _)| (title, Align::Right)));
    }
    let mut table = TextTable::new(&columns).dense();
    for Diagnosis { group, reach, .. } in groups.iter().take(MOST_GROUPS) {
        let mape = |moved: &Moved, metric: Metric| {
            let reached = reach.iter().find(|reached| reached.moved == *moved)?;
            Some(format!("{:.1}", reached.best.get(metric.name())?.mape_percent))
        };
        let mut line = vec![group.to_string()];
        for metric in metrics {
            line.push(mape(&Moved::Nothing, metric).unwrap_or_else(dash));
            line.extend(MOVED.map(|(_, moved)| mape(&moved, metric).unwrap_or_else(dash)));
        }
        table.line(line);
    }
    table.to_text()
}
