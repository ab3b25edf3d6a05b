//! The section on what calibration achieves: errors of the fits, in sample and held out.

use super::PAGE_WIDTH;
use crate::report::text_table::wrapped;
use crate::report::{Align, TextTable};
use crate::row::metric::Metric;
use crate::rules::calibration::{CalibrationFile, FitMode};

/// The table of `calibration.toml`'s errors; `None` where it has none.
pub(super) fn calibrated(file: &CalibrationFile) -> Option<String> {
    let mut table = TextTable::new(&[
        ("group", Align::Left),
        ("fit", Align::Left),
        ("metric", Align::Left),
        ("rows", Align::Right),
        ("before", Align::Right),
        ("own dtypes", Align::Right),
        ("in sample", Align::Right),
        ("held out", Align::Right),
        ("change", Align::Right),
        ("context out", Align::Right),
    ]);
    let dash = || "-".to_owned();
    let tenth = |value: f64| format!("{value:.1}");
    // Output throughput has the same error as the total.
    let mut errors = file.errors();
    errors.retain(|errors| errors.metric != Metric::OutputThroughput);
    for errors in &errors {
        let [low, high] = errors.change;
        let fit = match errors.mode {
            FitMode::Alone => "alone",
            FitMode::WithCorrection => "corrected",
        };
        table.line(vec![
            errors.group.to_string(),
            fit.to_owned(),
            errors.metric.title().to_owned(),
            errors.rows.to_string(),
            tenth(errors.before),
            errors.own_dtypes.map_or_else(dash, tenth),
            tenth(errors.in_sample),
            tenth(errors.held_out),
            format!("{low:+.1} to {high:+.1}"),
            errors.context_out.map_or_else(dash, tenth),
        ]);
    }
    let introduction = wrapped(
        "MAPE by `calibration.toml`. *alone* is Mantile with fitted parameters; *corrected* adds serving terms. *own \
         dtypes* is Mantile today with the dtypes that its layers really have. *held out* leaves out each workload (ISL, \
         OSL, TP) in turn, and *change* is the 95% interval of the change from *before*, in percentage points; \
         *context out* leaves out each context in turn.",
        "",
        "",
        PAGE_WIDTH,
    );
    (!errors.is_empty()).then(|| format!("{introduction}\n\n{}", table.to_markdown()))
}
