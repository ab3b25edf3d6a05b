//! The parts that the documents for programs share.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::row::metric::PerMetric;

/// Values by the names of their metrics.
pub(super) type MetricMap<T> = BTreeMap<&'static str, T>;

/// The values that `make` makes, by the names of their metrics.
pub(super) fn metric_map<T, U>(values: &PerMetric<T>, make: impl Fn(&T) -> U) -> MetricMap<U> {
    values.iter().map(|(metric, value)| (metric.name(), make(value))).collect()
}

/// A document as JSON, with the keys of its objects sorted.
pub(super) fn to_value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("a document has string keys only")
}
