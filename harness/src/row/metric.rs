//! The five metrics on which measurement and prediction are compared, and the memory.

use std::ops::{Index, IndexMut};

/// A compared metric, always a mean over the requests of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// (input + output tokens) / s / GPU.
    Throughput,
    /// Output tokens / s / GPU; for a disaggregated row, per decode GPU.
    OutputThroughput,
    /// Time to first token, s.
    Ttft,
    /// Time per output token after the first, s.
    Tpot,
    /// End-to-end request latency, s.
    E2eLatency,
}

impl Metric {
    /// All five, in the order of every table and file.
    pub const ALL: [Self; 5] =
        [Self::Throughput, Self::OutputThroughput, Self::Ttft, Self::Tpot, Self::E2eLatency];

    /// The name in files, configuration and test names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::OutputThroughput => "output_throughput",
            Self::Ttft => "ttft",
            Self::Tpot => "tpot",
            Self::E2eLatency => "e2e_latency",
        }
    }

    /// The heading in tables for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Throughput => "tput/GPU",
            Self::OutputThroughput => "out tput/GPU",
            Self::Ttft => "TTFT",
            Self::Tpot => "TPOT",
            Self::E2eLatency => "E2E",
        }
    }

    /// The unit of its values.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Throughput | Self::OutputThroughput => "tokens/s/GPU",
            Self::Ttft | Self::Tpot | Self::E2eLatency => "s",
        }
    }

    /// The metrics for which `has` is true, without output throughput where there is total throughput: their
    /// errors are the same except for the noise of the lengths.
    pub fn distinct(has: impl Fn(Self) -> bool) -> Vec<Self> {
        let repeats = |metric| metric == Self::OutputThroughput && has(Self::Throughput);
        Self::ALL.into_iter().filter(|&metric| has(metric) && !repeats(metric)).collect()
    }

    /// The metric of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }
}

/// A quantity of a row that is judged: a metric, or the memory that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// A metric, judged by predicted / measured.
    Metric(Metric),
    /// The memory of a package, judged by needed / available. A row that was measured fits its hardware, so
    /// this has a fixed band, (0, 1].
    Memory,
}

impl Quantity {
    /// All of them, in the order of tables.
    pub fn all() -> impl Iterator<Item = Self> {
        Metric::ALL.into_iter().map(Self::Metric).chain([Self::Memory])
    }

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.name(),
            Self::Memory => "memory",
        }
    }

    /// The heading in tables for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.title(),
            Self::Memory => "memory",
        }
    }

    /// The unit of its two sides.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.unit(),
            Self::Memory => "GB",
        }
    }

    /// The quantity of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|quantity| quantity.name() == name)
    }
}

/// One value for each [`Metric`], indexed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerMetric<T>([T; 5]);

impl<T> PerMetric<T> {
    /// Makes each value from its metric.
    pub fn from_fn(mut make: impl FnMut(Metric) -> T) -> Self {
        Self(Metric::ALL.map(&mut make))
    }

    /// Each metric with its value, in table order.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, &T)> {
        Metric::ALL.into_iter().zip(&self.0)
    }
}

impl<T> Index<Metric> for PerMetric<T> {
    type Output = T;

    fn index(&self, metric: Metric) -> &T {
        &self.0[metric as usize]
    }
}

impl<T> IndexMut<Metric> for PerMetric<T> {
    fn index_mut(&mut self, metric: Metric) -> &mut T {
        &mut self.0[metric as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_a_metric_indexes_its_value() {
        let names = PerMetric::from_fn(Metric::name);
        for metric in Metric::ALL {
            assert_eq!(Metric::from_name(names[metric]), Some(metric));
        }
    }
}
