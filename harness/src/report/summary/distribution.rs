//! The distribution of predicted / measured in a few characters.

use std::fmt::Write as _;

use super::errors::SHORT_TITLES;
use crate::base::statistics::Pair;
use crate::judge::compare::Comparison;
use crate::row::metric::Metric;

/// A line on what is shown and one with the distribution of each metric; nothing without a prediction.
pub(super) fn distributions(comparisons: &[Comparison]) -> String {
    let mut line = String::new();
    for (metric, title) in Metric::ALL.into_iter().zip(SHORT_TITLES) {
        let pairs = comparisons.iter().filter_map(|comparison| comparison.pair(metric));
        let ratios: Vec<f64> = pairs.map(Pair::ratio).collect();
        if !ratios.is_empty() {
            let _ = write!(line, "{title} {} ", sparkline(&ratios));
        }
    }
    if line.is_empty() {
        return line;
    }
    format!("rows by predicted / measured, from 1/4 (left) to 4 (right)\n{}\n", line.trim_end())
}

/// The number of ratios in each of nine steps from 1/4 to 4, equally wide on a logarithmic scale. The middle
/// step is around 1; the outer ones include everything beyond.
fn sparkline(ratios: &[f64]) -> String {
    const STEPS: usize = 9;
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut counts = [0usize; STEPS];
    for ratio in ratios {
        let share = 0.5 + 0.5 * ratio.ln() / 4f64.ln();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to the number of steps"
        )]
        let step = (share * STEPS as f64).floor().clamp(0.0, STEPS as f64 - 1.0) as usize;
        counts[step] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let height = |count: usize| match count {
        0 => ' ',
        _ => HEIGHTS[((HEIGHTS.len() - 1) * count).div_ceil(most)],
    };
    counts.into_iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_has_its_middle_at_one_and_its_ends_beyond_four() {
        assert_eq!(sparkline(&[1.0, 1.1, 0.9, 0.01, 99.0]), "▄   █   ▄");
        assert_eq!(sparkline(&[2.0]), "      █  ");
    }
}
