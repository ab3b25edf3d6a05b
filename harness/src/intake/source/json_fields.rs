//! The keys of a JSON object, read with their types.

use serde_json::Value;

use crate::base::error::{Error, Place, Result};

/// A JSON object that is read key by key, with its place for errors.
#[derive(Clone, Copy)]
pub(super) struct JsonFields<'a> {
    pub value: &'a Value,
    /// The place of the object; its column is the JSON pointer to an object inside the file.
    pub place: &'a Place,
}

impl<'a> JsonFields<'a> {
    /// The value at a JSON pointer, `/a/b`; `None` where it is absent or null.
    pub(super) fn get(self, pointer: &str) -> Option<&'a Value> {
        self.value.pointer(pointer).filter(|value| !value.is_null())
    }

    /// A number.
    pub(super) fn number(self, pointer: &str) -> Result<Option<f64>> {
        self.get(pointer)
            .map(|value| value.as_f64().ok_or_else(|| self.wrong(pointer, value, "a number")))
            .transpose()
    }

    /// A whole number above 0, written as a number or as text.
    pub(super) fn count(self, pointer: &str) -> Result<Option<u32>> {
        let read = |value: &Value| {
            let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
            whole(number).filter(|whole| (f64::from(*whole) - number).abs() < 1e-9)
        };
        self.get(pointer)
            .map(|value| read(value).ok_or_else(|| self.wrong(pointer, value, "a count above 0")))
            .transpose()
    }

    /// A text.
    pub(super) fn text(self, pointer: &str) -> Result<Option<&'a str>> {
        self.get(pointer)
            .map(|value| value.as_str().ok_or_else(|| self.wrong(pointer, value, "text")))
            .transpose()
    }

    /// An error at a JSON pointer.
    pub(super) fn error(self, pointer: &str, message: impl Into<String>) -> Error {
        let within = self.place.column.as_deref().unwrap_or_default();
        Error::content(self.place.clone().in_column(format!("{within}{pointer}")), message)
    }

    fn wrong(self, pointer: &str, value: &Value, wanted: &str) -> Error {
        let mut shown = value.to_string();
        if shown.len() > 40 {
            shown = format!("{}…", shown.chars().take(40).collect::<String>());
        }
        self.error(pointer, format!("{shown} is not {wanted}"))
    }
}

/// A number of requests and what happened to them: "1 request failed".
pub(super) fn requests(count: f64, happened: &str) -> String {
    let noun = if (count - 1.0).abs() < f64::EPSILON { "request" } else { "requests" };
    format!("{count} {noun} {happened}")
}

/// Converts milliseconds to seconds.
pub(super) fn ms(value: Option<f64>) -> Option<f64> {
    value.map(|value| value / 1000.0)
}

/// The nearest whole number, if it is at least 1.
pub(super) fn whole(number: f64) -> Option<u32> {
    let rounded = number.round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    (rounded >= 1.0 && rounded <= f64::from(u32::MAX)).then_some(rounded as u32)
}
