//! Draft entries for `known_deviations.toml`. A person adds the reasons.

use std::fmt::Write as _;

use crate::judge::accept::{DEVIATION_SPARE, unexcused};
use crate::judge::evaluation::Evaluation;

/// An entry for the rows outside their bands that no known deviation excuses, each with a bound around its ratio.
/// Its reason and its expiry are empty, and the program refuses to read it until a person fills them in.
#[must_use]
pub fn deviations_toml(evaluation: &Evaluation) -> String {
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for (comparison, judged) in unexcused(evaluation) {
        let (name, ratio) = (comparison.row.name(), judged.pair.ratio());
        let (low, high) = (ratio / DEVIATION_SPARE, ratio * DEVIATION_SPARE);
        let bound = format!("{} = [{low:.3}, {high:.3}]", judged.quantity.name());
        match rows.last_mut().filter(|(last, _)| *last == name) {
            Some((_, bounds)) => bounds.push(bound),
            None => rows.push((name, vec![bound])),
        }
    }
    if rows.is_empty() {
        return "# no row is outside its band".to_owned();
    }
    let mut text = String::from("[[deviation]]\nreason = \"\"\nexpires = \"\"\n[deviation.rows]\n");
    for (name, bounds) in rows {
        let _ = writeln!(text, "\"{name}\" = {{ {} }}", bounds.join(", "));
    }
    text
}
