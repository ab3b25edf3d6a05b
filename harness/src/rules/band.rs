//! Bands: the interval that predicted / measured must fall in, per metric and group.

use serde::Deserialize;
use toml::Spanned;

use crate::row::Row;
use crate::row::group::Group;
use crate::row::metric::{Metric, PerMetric};

/// An interval of ratios, both ends inside.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "(f64, f64)")]
pub struct Interval {
    /// The smallest ratio inside.
    pub low: f64,
    /// The largest ratio inside.
    pub high: f64,
}

impl Interval {
    /// Whether the ratio lies inside; NaN never does.
    #[must_use]
    pub fn holds(self, ratio: f64) -> bool {
        (self.low..=self.high).contains(&ratio)
    }

    /// The interval `1/factor ..= factor`.
    #[must_use]
    pub fn within(factor: f64) -> Self {
        Self { low: 1.0 / factor, high: factor }
    }

    /// Why it is not an interval of ratios, if it is not.
    #[must_use]
    pub fn fault(self) -> Option<String> {
        let finite = self.low.is_finite() && self.high.is_finite();
        if !finite || self.low < 0.0 || self.high == 0.0 {
            Some(format!(
                "{self} is not an interval of ratios: both ends are finite and not below 0"
            ))
        } else if self.low > self.high {
            Some(format!("{self} is empty: write the smaller end first"))
        } else {
            None
        }
    }
}

impl From<(f64, f64)> for Interval {
    fn from((low, high): (f64, f64)) -> Self {
        Self { low, high }
    }
}

impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}, {}]", self.low, self.high)
    }
}

/// One optional value a metric, as TOML tables have it, each with its place in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricTable<T> {
    throughput: Option<Spanned<T>>,
    output_throughput: Option<Spanned<T>>,
    ttft: Option<Spanned<T>>,
    tpot: Option<Spanned<T>>,
    e2e_latency: Option<Spanned<T>>,
}

impl<T> Default for MetricTable<T> {
    fn default() -> Self {
        Self {
            throughput: None,
            output_throughput: None,
            ttft: None,
            tpot: None,
            e2e_latency: None,
        }
    }
}

/// A value and the line of the file that it is written on, from 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrittenAt<T> {
    /// The value.
    pub value: T,
    /// Its line.
    pub line: usize,
}

impl<T: Copy> MetricTable<T> {
    /// The values with their lines in `text`, which the table was read from.
    #[must_use]
    pub fn with_lines(&self, text: &str) -> PerMetric<Option<WrittenAt<T>>> {
        PerMetric::from_fn(|metric| {
            let value = match metric {
                Metric::Throughput => &self.throughput,
                Metric::OutputThroughput => &self.output_throughput,
                Metric::Ttft => &self.ttft,
                Metric::Tpot => &self.tpot,
                Metric::E2eLatency => &self.e2e_latency,
            };
            let value = value.as_ref()?;
            let line = text[..value.span().start].matches('\n').count() + 1;
            Some(WrittenAt { value: *value.get_ref(), line })
        })
    }
}

/// The bands of one group.
#[derive(Debug, Clone)]
pub struct Band {
    /// The rows it is for.
    pub group: Group,
    /// The interval a metric, where there is one.
    pub ratio: PerMetric<Option<WrittenAt<Interval>>>,
    /// Where the numbers come from, in words.
    pub basis: String,
}

/// The band that holds for this row and metric: of the groups that hold the row, the most specific
/// that has an interval for the metric.
///
/// Two of equal rank cannot both hold a row: the folder is refused when it is read.
#[must_use]
pub fn most_specific<'a>(
    bands: &'a [Band],
    row: &Row,
    metric: Metric,
) -> Option<(&'a Band, WrittenAt<Interval>)> {
    bands
        .iter()
        .filter(|band| band.group.holds(row))
        .filter_map(|band| Some((band, band.ratio[metric]?)))
        .max_by_key(|(band, _)| band.group.specificity())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bare_row;

    fn band(group: &str, high: f64) -> Band {
        let mut ratio = PerMetric::default();
        ratio[Metric::Tpot] = Some(WrittenAt { value: Interval::within(high), line: 1 });
        Band { group: group.to_owned().try_into().unwrap(), ratio, basis: String::new() }
    }

    #[test]
    fn the_band_with_the_most_fields_wins() {
        let bands = [
            band("all", 9.0),
            band("gpu_model = b200 and framework = vllm", 2.0),
            band("gpu_model = b200", 3.0),
        ];
        let high = |name: &str, metric| {
            most_specific(&bands, &bare_row(name), metric).map(|(_, written)| written.value.high)
        };
        assert_eq!(high("b200::vllm::fp4::1x1::tp1_ep1::c1", Metric::Tpot), Some(2.0));
        assert_eq!(high("b200::trt::fp4::1x1::tp1_ep1::c1", Metric::Tpot), Some(3.0));
        assert_eq!(high("h100::trt::fp4::1x1::tp1_ep1::c1", Metric::Tpot), Some(9.0));
        assert_eq!(high("h100::trt::fp4::1x1::tp1_ep1::c1", Metric::Ttft), None);
    }

    #[test]
    fn an_interval_that_cannot_hold_a_ratio_is_at_fault() {
        assert!(Interval { low: -0.1, high: 1.0 }.fault().is_some());
        assert!(Interval { low: 0.0, high: 1.0 }.fault().is_none(), "open below");
        assert!(Interval { low: 2.0, high: 1.0 }.fault().is_some());
        assert!(Interval { low: 0.5, high: f64::INFINITY }.fault().is_some());
        assert!(Interval::within(1.3).fault().is_none());
        assert!(Interval { low: 2.0, high: 2.0 }.fault().is_none(), "one ratio is an interval");
        assert_eq!(Interval::within(4.0), Interval { low: 0.25, high: 4.0 });
        assert!(!Interval::within(1.3).holds(f64::NAN));
    }
}
