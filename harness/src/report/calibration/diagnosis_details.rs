//! The details of a diagnosis: every metric of every group, and what parameters could reach.

use std::fmt::Write as _;

use super::METRICS;
use super::figures::{dash, reasons, wrapped};
use crate::base::statistics::Interval95;
use crate::base::text::plural;
use crate::calibrate::{
    Diagnosis, ErrorKind, MeanLogs, MetricDiagnosis, Moved, Noise, Pattern, Reach,
};
use crate::report::numbers::short_figure as figure;
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;

const LEGEND: &str = "\
An error is a scale error if one factor removes more than two thirds of the part
that noise does not explain, and a missing constant if one constant does;
otherwise it is structural. E2E is computed from TTFT and TPOT where it was not
published. p/m is predicted / measured. Properties of the rows that p/m depends
on come with their rank correlation, and with the median p/m in the third of the
rows where the property is smallest, and where it is largest.

";

/// The details of every group's diagnosis.
#[must_use]
pub fn diagnosis_details(groups: &[Diagnosis]) -> String {
    let mut text = String::from(LEGEND);
    for Diagnosis { group, rows, left_out, metrics, reach } in groups {
        let _ = writeln!(text, "{group}: {rows} row{}\n", plural(*rows));
        for metric in METRICS {
            let found = metrics.iter().find(|found| found.metric == metric.name());
            text.push_str(&found.map_or_else(String::new, metric_text));
        }
        if !reach.is_empty() {
            let _ = writeln!(text, "{}\n", reach_text(reach));
        }
        if !left_out.is_empty() {
            let _ = writeln!(text, "Rows that are left out:\n{}", reasons(left_out));
        }
    }
    text.trim_end().to_owned()
}

fn metric_text(metric: &MetricDiagnosis) -> String {
    let MetricDiagnosis { n, mape_percent, bias, scale, scaled_mape_percent, .. } = metric;
    let Interval95 { estimate, low, high } = bias;
    let title = Metric::from_name(metric.metric).map_or(metric.metric, Metric::title);
    let kind = match metric.kind {
        ErrorKind::Noise => "explained by noise",
        ErrorKind::Scale => "a scale error",
        ErrorKind::Constant => "a missing constant",
        ErrorKind::Structural => "structural",
    };
    let MeanLogs { now, scaled, moved } = metric.mean_abs_log_ratio;
    let mut text = format!(
        "{title}: MAPE {mape_percent:.1}%, bias {estimate:.2} ({low:.2} to {high:.2}), {n} row{}: \
         {kind}\n  mean |ln(p/m)| is {now:.2}; a factor of {scale:.2} leaves {scaled:.2} \
         (MAPE {scaled_mape_percent:.1}%)",
        plural(*n)
    );
    if let Some(((constant, mape), moved)) = metric.constant.zip(moved) {
        let constant = if constant.abs() < 0.1 {
            format!("{:+.1} ms", 1e3 * constant)
        } else {
            format!("{constant:+.2} s")
        };
        let _ = write!(text, ",\n  a constant of {constant} leaves {moved:.2} (MAPE {mape:.1}%)");
    }
    text.push('\n');
    let _ = writeln!(text, "  {}", wrapped(&noise_text(metric.noise), "    "));
    let is_strong = |pattern: &&Pattern| pattern.spearman.abs() > WEAK;
    for pattern in metric.patterns.iter().take(STRONGEST).filter(is_strong) {
        let _ = writeln!(
            text,
            "  with {}: rank {:+.2}; p/m {:.2} (low third), {:.2} (high third)",
            pattern.term,
            pattern.spearman,
            pattern.ratio_in_lowest_third,
            pattern.ratio_in_highest_third
        );
    }
    text.push('\n');
    text
}

fn noise_text(noise: Noise) -> String {
    let Noise { within_percent, repeated_rows, between_percent, shared_configurations } = noise;
    let within = within_percent.map(|percent| {
        format!("{percent:.1}% ({repeated_rows} repeated row{})", plural(repeated_rows))
    });
    let between = between_percent.map(|percent| {
        let plural = plural(shared_configurations);
        format!("{percent:.1}% between sources ({shared_configurations} configuration{plural})")
    });
    let known: Vec<String> = within.into_iter().chain(between).collect();
    if known.is_empty() {
        "nothing was measured twice, so that the noise is unknown".to_owned()
    } else {
        format!("noise alone explains a MAPE of {}", known.join(", "))
    }
}

/// The number of patterns that are shown.
const STRONGEST: usize = 3;
/// Weaker patterns, by their rank correlation, are not shown.
const WEAK: f64 = 0.3;

/// The metrics in the columns of what parameters could reach.
const REACHED: [Metric; 3] = [Metric::Ttft, Metric::Tpot, Metric::E2eLatency];

fn reach_text(reach: &[Reach]) -> String {
    let mut columns = vec![("best MAPE by metric", Align::Left), ("now", Align::Right)];
    for metric in REACHED {
        columns.extend([(metric.title(), Align::Right), ("at", Align::Right)]);
    }
    let mut table = TextTable::new(&columns).dense();
    for line in reach {
        let from = match &line.moved {
            Moved::Parameter { from, .. } => from.map_or_else(dash, figure),
            _ => String::new(),
        };
        let mut cells = vec![moved_words(&line.moved), from];
        for metric in REACHED {
            let best = line.best.get(metric.name());
            cells.push(best.map_or_else(dash, |best| format!("{:.1}", best.mape_percent)));
            let to = best.and_then(|best| Some((best.to?, best.at_bound)));
            cells.push(to.map_or_else(String::new, |(to, at_bound)| {
                format!("{}{}", figure(to), if at_bound { "*" } else { "" })
            }));
        }
        table.line(cells);
    }
    format!(
        "{}\n* at a bound; \"at\" is blank where no value is better than the one now",
        table.to_text()
    )
}

/// The parameters that are moved, in words.
fn moved_words(moved: &Moved) -> String {
    match moved {
        Moved::Nothing => "as Mantile answers",
        Moved::OwnDtypes => "the layers' own dtypes",
        Moved::Parameter { parameter, .. } => parameter,
        Moved::AllParameters => "all parameters",
        Moved::AllAndDivided => "all, weights divided",
        Moved::AllAndServing => "all, and serving terms",
    }
    .to_owned()
}
