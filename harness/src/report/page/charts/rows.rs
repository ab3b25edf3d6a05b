//! The rows that charts are drawn from, and which of many are drawn.

use std::collections::BTreeMap;

use maud::Markup;

use super::super::series::Series;
use super::super::svg::row_mark;
use crate::base::statistics::Pair;
use crate::judge::compare::Comparison;
use crate::judge::evaluation::Evaluation;
use crate::judge::model::Model;
use crate::judge::verdict::QuantityVerdict;
use crate::row::metric::{Metric, Quantity};
use crate::rules::band::Interval;

/// A chart with more marks than this is thinned out.
pub(super) const MOST_MARKS: usize = 1000;
/// The number of rows farthest off that are drawn even so.
const FARTHEST: usize = 50;

/// The rows of a page, with what charts need of them.
#[derive(Clone, Copy)]
pub(crate) struct ChartRows<'a> {
    pub model: &'a Model,
    pub evaluation: &'a Evaluation,
    pub series: &'a Series,
}

/// A row that has both figures of a metric.
pub(super) struct ChartPoint<'a> {
    /// The row's number in the table.
    pub row: usize,
    pub comparison: &'a Comparison,
    pub pair: Pair,
}

impl<'a> ChartRows<'a> {
    /// The rows that have both figures of the metric.
    pub(super) fn points(self, metric: Metric) -> Vec<ChartPoint<'a>> {
        self.evaluation
            .comparisons
            .iter()
            .enumerate()
            .filter_map(|(row, comparison)| {
                Some(ChartPoint { row, comparison, pair: comparison.pair(metric)? })
            })
            .collect()
    }

    /// The mark of a row at these coordinates.
    pub(super) fn mark(self, point: &ChartPoint<'_>, x: f64, y: f64) -> Markup {
        let row = point.row;
        row_mark(self.series.group(row), &self.series.classes(row), row, (x, y), None)
    }

    /// The bands of the rows in each group, by the group's number.
    pub(super) fn bands(self, metric: Metric) -> BTreeMap<usize, Vec<Interval>> {
        let mut bands: BTreeMap<usize, Vec<Interval>> = BTreeMap::new();
        for (row, verdict) in self.evaluation.verdicts.iter().enumerate() {
            let is_metric = |judged: &&QuantityVerdict| judged.quantity == Quantity::Metric(metric);
            let judged = verdict.quantities.iter().find(is_metric);
            if let Some(band) = judged.and_then(|judged| judged.band) {
                bands.entry(self.series.group(row)).or_default().push(band.value);
            }
        }
        bands
    }
}

/// The indices of the marks to draw, and a sentence that says so. Of too many rows these are every n-th, and
/// those whose ratio is farthest from 1.
pub(super) fn thinned(ratios: &[f64]) -> (Vec<usize>, String) {
    let every = ratios.len().div_ceil(MOST_MARKS);
    if every < 2 {
        return ((0..ratios.len()).collect(), String::new());
    }
    let mut farthest: Vec<usize> = (0..ratios.len()).collect();
    farthest.sort_by(|&a, &b| ratios[b].ln().abs().total_cmp(&ratios[a].ln().abs()));
    farthest.truncate(FARTHEST);
    let mut drawn: Vec<usize> = (0..ratios.len()).step_by(every).chain(farthest).collect();
    drawn.sort_unstable();
    drawn.dedup();
    let rows = ratios.len();
    (drawn, format!(" Every {every}th of {rows} rows is drawn, and the {FARTHEST} farthest off."))
}
