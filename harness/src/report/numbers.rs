//! Numbers in texts for people, without exponents. What programs read keeps every digit.

/// A number to four significant digits.
#[must_use]
pub fn figure(x: f64) -> String {
    figure_to(x, 4)
}

/// A number to so many significant digits; digits before the decimal point are never cut.
#[must_use]
pub fn figure_to(x: f64, digits: u8) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    format!("{x:.*}", decimals(x, digits))
}

/// A difference to three significant digits, with its sign.
pub(super) fn signed_figure(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x:+}");
    }
    format!("{x:+.*}", decimals(x, 3))
}

/// The decimals that show so many significant digits of a number.
fn decimals(x: f64, digits: u8) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 12")]
    let decimals = (f64::from(digits) - 1.0 - x.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    decimals
}

/// A number to three digits, of which at most three are decimals, as of a fitted parameter.
pub(super) fn short_figure(x: f64) -> String {
    if x >= 100.0 {
        format!("{x:.0}")
    } else if x >= 10.0 {
        format!("{x:.1}")
    } else if x >= 1.0 {
        format!("{x:.2}")
    } else {
        format!("{x:.3}")
    }
}

/// A ratio to two decimals, or to two significant digits if it is small.
#[must_use]
pub fn ratio_text(ratio: f64) -> String {
    if ratio >= 0.095 { format!("{ratio:.2}") } else { figure_to(ratio, 2) }
}

/// A percentage in four characters, as long as it is below 10,000.
pub(super) fn percent(x: f64) -> String {
    if x < 99.95 { format!("{x:.1}") } else { format!("{x:.0}") }
}

/// A skill in five characters, as long as it is above -1000.
pub(super) fn skill_text(skill: f64) -> String {
    if skill > -9.995 { format!("{skill:+.2}") } else { format!("{skill:+.0}") }
}

/// A bias in words: `47% too low`, or `3.0 times too high` from a factor of two.
pub(super) fn bias_words(bias: f64) -> String {
    let direction = if bias > 1.0 { "high" } else { "low" };
    let factor = bias.max(1.0 / bias);
    if factor < 2.0 {
        format!("{:.0}% too {direction}", 100.0 * (bias - 1.0).abs())
    } else {
        format!("{factor:.1} times too {direction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_four_digits_and_no_exponent() {
        let figures = [12345.6, 1.23456, 0.000_123_456, 0.0].map(figure);
        assert_eq!(figures, ["12346", "1.235", "0.0001235", "0"]);
    }

    #[test]
    fn differences_have_three_digits_and_a_sign() {
        let figures = [-1.3067, 26630.4, 9.6626e-5, 0.0].map(signed_figure);
        assert_eq!(figures, ["-1.31", "+26630", "+0.0000966", "+0"]);
    }
}
