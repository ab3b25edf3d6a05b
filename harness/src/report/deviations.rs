//! Entries for `known_deviations.toml`, for a person to give reasons to.

use std::fmt::Write as _;

use crate::judge::evaluation::Evaluation;
use crate::judge::verdict::Standing;

/// The rows outside their bands that no entry excuses, with bounds: each ratio with a tenth to spare
/// on either side. Reason and expiry are left empty, and an empty one is refused when read.
#[must_use]
pub fn deviations_toml(evaluation: &Evaluation) -> String {
    let mut text = String::from("[[deviation]]\nreason = \"\"\nexpires = \"\"\n[deviation.rows]\n");
    let before = text.len();
    for (comparison, verdict) in evaluation.comparisons.iter().zip(&evaluation.verdicts) {
        let outside = verdict.outside().filter(|judged| judged.standing == Standing::Outside);
        let bounds: Vec<String> = outside
            .map(|judged| {
                let ratio = judged.pair.ratio();
                format!("{} = [{:.3}, {:.3}]", judged.quantity.name(), ratio / SPARE, ratio * SPARE)
            })
            .collect();
        if !bounds.is_empty() {
            let _ = writeln!(text, "\"{}\" = {{ {} }}", comparison.row.name(), bounds.join(", "));
        }
    }
    if text.len() == before { String::from("# no row is outside its band") } else { text }
}

/// The factor that a listed ratio may still move by.
const SPARE: f64 = 1.1;
