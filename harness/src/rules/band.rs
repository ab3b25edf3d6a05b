//! Accuracy bands: the interval that predicted / measured must lie in, per group of rows and metric.

use serde::Deserialize;
use toml::Spanned;

use crate::row::Row;
use crate::row::group::Group;
use crate::row::metric::{Metric, PerMetric};
use crate::rules::toml_text::{Fault, line_of};

/// A closed interval of ratios.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "(f64, f64)")]
pub struct Interval {
    /// The smallest ratio inside.
    pub low: f64,
    /// The largest ratio inside.
    pub high: f64,
}

impl Interval {
    /// Whether the ratio lies inside. NaN never does.
    #[must_use]
    pub fn holds(self, ratio: f64) -> bool {
        (self.low..=self.high).contains(&ratio)
    }

    /// The interval `1/factor ..= factor`.
    #[must_use]
    pub fn within(factor: f64) -> Self {
        Self { low: 1.0 / factor, high: factor }
    }

    /// Whether it is an interval of ratios: finite, not negative and not empty.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.fault().is_none()
    }

    /// What is wrong with it, if anything.
    pub(super) fn fault(self) -> Option<Fault> {
        let finite = self.low.is_finite() && self.high.is_finite();
        if !finite || self.low < 0.0 || self.high == 0.0 {
            Some(Fault::new(
                format!("{self} is not an interval of ratios"),
                "write two finite numbers, the lower one at least 0 and the upper one above 0",
            ))
        } else if self.low > self.high {
            Some(Fault::new(format!("the interval {self} is empty"), "write the smaller end first"))
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

/// A TOML table with an optional value per metric.
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

/// A value with the line of the file that it stands on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrittenAt<T> {
    /// The value.
    pub value: T,
    /// The line, from 1.
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
            let line = line_of(text, value.span().start);
            Some(WrittenAt { value: *value.get_ref(), line })
        })
    }
}

/// The bands of one group.
#[derive(Debug, Clone)]
pub struct Band {
    /// The rows that it applies to.
    pub group: Group,
    /// The interval per metric, with `None` where the metric has no band.
    pub ratio: PerMetric<Option<WrittenAt<Interval>>>,
    /// How the interval was found, in words.
    pub basis: String,
}

/// The band for this row and metric: that of the most specific group with the row and an interval for the
/// metric.
///
/// Two groups of equal rank never share a row, because such a file is refused when it is read.
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
    fn an_interval_that_cannot_hold_a_ratio_is_invalid() {
        assert!(!Interval { low: -0.1, high: 1.0 }.is_valid());
        assert!(Interval { low: 0.0, high: 1.0 }.is_valid(), "a band without a lower end");
        assert!(!Interval { low: 2.0, high: 1.0 }.is_valid());
        assert!(!Interval { low: 0.5, high: f64::INFINITY }.is_valid());
        assert!(Interval::within(1.3).is_valid());
        assert!(Interval { low: 2.0, high: 2.0 }.is_valid(), "a single ratio");
        assert_eq!(Interval::within(4.0), Interval { low: 0.25, high: 4.0 });
        assert!(!Interval::within(1.3).holds(f64::NAN));
    }
}
