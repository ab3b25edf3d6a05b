//! A configuration as a point, and the frontier of several.

/// The two figures of merit of a configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrontierPoint {
    /// 1 / TPOT, tokens/s/user.
    pub interactivity: f64,
    /// Input and output tokens together, tokens/s/GPU.
    pub throughput: f64,
}

impl FrontierPoint {
    /// Whether another point is at least as good at both figures and better at one.
    pub(super) fn is_dominated_by(self, other: Self) -> bool {
        other.interactivity >= self.interactivity
            && other.throughput >= self.throughput
            && other != self
    }
}

/// The indices of the points that no other point dominates, by falling interactivity.
#[must_use]
pub fn frontier(points: &[FrontierPoint]) -> Vec<usize> {
    let mut undominated: Vec<usize> = (0..points.len())
        .filter(|&index| !points.iter().any(|other| points[index].is_dominated_by(*other)))
        .collect();
    undominated.sort_by(|&a, &b| points[b].interactivity.total_cmp(&points[a].interactivity));
    undominated
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judge::frontier::testing::any_points;

    proptest! {
        #[test]
        fn no_point_of_a_frontier_is_dominated_and_every_other_is(points in any_points()) {
            let undominated = frontier(&points);
            prop_assert!(!undominated.is_empty());
            for (index, point) in points.iter().enumerate() {
                let dominated = points.iter().any(|other| point.is_dominated_by(*other));
                prop_assert_eq!(undominated.contains(&index), !dominated);
            }
            let throughputs: Vec<f64> = undominated.iter().map(|&index| points[index].throughput).collect();
            prop_assert!(throughputs.is_sorted());
        }
    }
}
