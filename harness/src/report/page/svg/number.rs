//! Numbers in few characters, for labels and coordinates.

/// A value in few characters: `0.02`, `350`, `12k`.
pub(crate) fn brief(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        x if x >= 1e6 => format!("{}M", rounded(value / 1e6, 1)),
        x if x >= 1e4 => format!("{}k", rounded(value / 1e3, 1)),
        x if x >= 100.0 => rounded(value, 0),
        x if x >= 1.0 => rounded(value, 2),
        x if x >= 1e-4 => rounded(value, 4),
        _ => format!("{value:.0e}"),
    }
}

/// A coordinate, to a hundredth of a pixel.
pub(crate) fn px(value: f64) -> String {
    rounded(value, 2)
}

/// A value with at most this many decimals, without trailing zeros.
pub(super) fn rounded(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        let labels = [0.0, 0.005, 0.02, 2.5, 350.0, 12_500.0, 2e6].map(brief);
        assert_eq!(labels, ["0", "0.005", "0.02", "2.5", "350", "12.5k", "2M"]);
    }
}
