//! The rows cut into groups, each with its errors.

use std::collections::BTreeMap;

use super::{Comparison, Coverage, statistics};
use crate::base::statistics::Statistics;
use crate::row::metric::PerMetric;
use crate::row::property::Field;

/// The rows of a breakdown that share a value, with their errors.
#[derive(Debug, Clone)]
pub struct Slice {
    /// The value: `b200`, or `b200 / vllm` for a breakdown by two fields.
    pub label: String,
    /// The coverage of the rows.
    pub coverage: Coverage,
    /// The error statistics per metric.
    pub statistics: PerMetric<Option<Statistics>>,
}

/// A way to cut the rows into groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBreakdown {
    /// By the combination of the values of these fields.
    Fields(&'static [Field]),
    /// By the set of approximations that the prediction makes.
    Approximations,
}

impl Slice {
    /// The slice of all rows, labelled `all`.
    #[must_use]
    pub fn all(comparisons: &[Comparison]) -> Self {
        Self {
            label: "all".to_owned(),
            coverage: Coverage::of(comparisons),
            statistics: PerMetric::from_fn(|metric| statistics(comparisons, metric)),
        }
    }
}

impl GroupBreakdown {
    /// The breakdown by GPU and framework, which most tables show.
    pub const GPU_FRAMEWORK: Self = Self::Fields(&[Field::GpuModel, Field::Framework]);

    /// The breakdowns of every report.
    pub const ALL: [Self; 8] = [
        Self::Fields(&[Field::GpuModel]),
        Self::Fields(&[Field::Framework]),
        Self::GPU_FRAMEWORK,
        Self::Fields(&[Field::Precision]),
        Self::Fields(&[Field::TensorParallel]),
        Self::Fields(&[Field::Context]),
        Self::Fields(&[Field::Concurrency]),
        Self::Approximations,
    ];

    /// The names of the fields, such as `gpu_model / framework`.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Fields(fields) => {
                fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(" / ")
            }
            Self::Approximations => "approximations".to_owned(),
        }
    }

    /// The label of the group that a row belongs to.
    #[must_use]
    pub fn label(self, comparison: &Comparison) -> String {
        match self {
            Self::Fields(fields) => {
                let values = fields.iter().map(|field| field.of(&comparison.row));
                values.collect::<Vec<_>>().join(" / ")
            }
            Self::Approximations => comparison.approximation_set(),
        }
    }

    /// The groups with at least one predicted row, in the order of [`Self::slices`].
    #[must_use]
    pub fn predicted_slices(self, comparisons: &[Comparison]) -> Vec<Slice> {
        let mut slices = self.slices(comparisons);
        slices.retain(|slice| slice.coverage.predicted > 0);
        slices
    }

    /// The groups with their statistics, sorted by label; numbers sort numerically.
    #[must_use]
    pub fn slices(self, comparisons: &[Comparison]) -> Vec<Slice> {
        let mut groups: BTreeMap<(Option<u64>, String), Vec<&Comparison>> = BTreeMap::new();
        for comparison in comparisons {
            let label = self.label(comparison);
            groups.entry((label.parse().ok(), label)).or_default().push(comparison);
        }
        groups
            .into_iter()
            .map(|((_, label), members)| Slice {
                label,
                coverage: Coverage::of(members.iter().copied()),
                statistics: PerMetric::from_fn(|metric| {
                    statistics(members.iter().copied(), metric)
                }),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Concurrency;
    use crate::testing::comparison;

    #[test]
    fn rows_group_by_the_set_of_their_approximations() {
        let mut approximated = comparison(1.0);
        approximated.approximations = vec!["a".to_owned(), "b".to_owned()];
        let slices = GroupBreakdown::Approximations.slices(&[approximated, comparison(1.0)]);
        let labels: Vec<&str> = slices.iter().map(|slice| slice.label.as_str()).collect();
        assert_eq!(labels, ["a+b", "none"]);
    }

    #[test]
    fn breakdowns_partition_the_rows_and_count_in_numeric_order() {
        let comparisons: Vec<Comparison> = [64, 8, 8, 128]
            .into_iter()
            .map(|concurrency| {
                let mut comparison = comparison(2.0);
                comparison.row.identity.concurrency = Concurrency::Fixed(concurrency);
                comparison
            })
            .collect();
        for breakdown in GroupBreakdown::ALL {
            let rows: usize =
                breakdown.slices(&comparisons).iter().map(|slice| slice.coverage.rows).sum();
            assert_eq!(rows, 4, "{}", breakdown.title());
        }
        let slices = GroupBreakdown::Fields(&[Field::Concurrency]).slices(&comparisons);
        let labels: Vec<&str> = slices.iter().map(|slice| slice.label.as_str()).collect();
        assert_eq!(labels, ["8", "64", "128"]);
    }
}
