//! The counterparts of a row: rows of the same configuration, measured with any engine.

use std::collections::{BTreeMap, HashMap};

use crate::audit::curve::slowness;
use crate::base::statistics::quantile;
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Row};

/// The curve is not interpolated between concurrencies with a larger ratio than this.
const WIDEST_GAP: f64 = 4.0;

/// Rows by their configuration without the engine and the concurrency.
pub(super) struct Counterparts<'a>(HashMap<Identity, Vec<&'a Row>>);

impl<'a> Counterparts<'a> {
    pub(super) fn new(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut counterparts: HashMap<Identity, Vec<&Row>> = HashMap::new();
        for row in rows {
            counterparts.entry(Self::key(row)).or_default().push(row);
        }
        Self(counterparts)
    }

    fn key(row: &Row) -> Identity {
        let identity = row.identity.clone();
        Identity { framework: String::new(), concurrency: Concurrency::Peak, ..identity }
    }

    /// The slowness, ln, of the counterparts of a row that `counts` holds for: their median at the row's
    /// concurrency, or else the line between the nearest concurrencies on both sides, on log scales.
    pub(super) fn slowness(
        &self,
        row: &Row,
        metric: Metric,
        counts: impl Fn(&Row) -> bool,
    ) -> Option<f64> {
        let mut by_concurrency: BTreeMap<Concurrency, Vec<f64>> = BTreeMap::new();
        for other in self.0.get(&Self::key(row))? {
            if counts(other)
                && let Some(slowness) = slowness(other, metric)
            {
                by_concurrency.entry(other.identity.concurrency).or_default().push(slowness);
            }
        }
        let concurrency = row.identity.concurrency;
        if let Some(same) = by_concurrency.get(&concurrency) {
            return Some(quantile(same, 0.5));
        }
        let here = f64::from(concurrency.fixed()?).ln();
        let point = |(at, values): (&Concurrency, &Vec<f64>)| {
            Some((f64::from(at.fixed()?).ln(), quantile(values, 0.5)))
        };
        let (before, slow_before) = point(by_concurrency.range(..concurrency).next_back()?)?;
        let (after, slow_after) = point(by_concurrency.range(concurrency..).next()?)?;
        if after - before > WIDEST_GAP.ln() {
            return None;
        }
        Some(slow_before + (here - before) / (after - before) * (slow_after - slow_before))
    }
}
