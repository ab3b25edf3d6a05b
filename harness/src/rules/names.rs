//! The names of estimators: those that the program reserves, and the rule for the others.

use crate::base::text::is_identifier;

/// The estimator under test.
pub const MANTILE: &str = "mantile";
/// The baseline that predicts the median of other measurements.
pub const GROUP_MEDIAN: &str = "group_median";
/// The baseline that predicts the time to read the weights and the KV cache.
pub const BANDWIDTH_BOUND: &str = "bandwidth_bound";

/// Checks that an estimator whose predictions come from a file may have this name. The error says why not.
pub fn check_estimator(name: &str) -> Result<(), String> {
    if !is_identifier(name) {
        return Err(format!(
            "the estimator's name `{name}` is not made of letters, digits, _ and -"
        ));
    }
    if [MANTILE, GROUP_MEDIAN, BANDWIDTH_BOUND].contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("the estimator's name `{name}` is taken"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_mantile_and_the_baselines_are_taken() {
        assert_eq!(check_estimator("aiconfigurator"), Ok(()));
        for name in ["", "a b", "Mantile", GROUP_MEDIAN, BANDWIDTH_BOUND] {
            assert!(check_estimator(name).is_err(), "{name}");
        }
    }
}
