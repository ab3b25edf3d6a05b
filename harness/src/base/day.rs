//! Days and times as they are written: `2026-01-02`, `2026-01-02T22:24:09Z`.

use jiff::Timestamp;
use jiff::civil::Date;

/// The day of a date or a time, which are written with the day first: days sort by time as text.
#[must_use]
pub fn day_of(date: &str) -> Option<&str> {
    date.get(..10)
}

/// True if a text is a day or a time.
#[must_use]
pub fn is_date(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok()
}

/// Reads a day; the error says how to write one.
pub fn parse_day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is not a day; write it as 2026-01-28"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_dates() {
        assert!(is_date("2026-01-02") && is_date("2026-01-02T22:24:09Z"));
        assert!(!is_date("soon") && !is_date("2026-02-31"));
        assert_eq!(day_of("2026-01-02T22:24:09Z"), Some("2026-01-02"));
        assert_eq!(day_of("2026"), None);
        assert!(parse_day("2026-13-01").unwrap_err().starts_with("`2026-13-01` is not a day"));
    }
}
