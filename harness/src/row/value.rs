//! The value of a property, which is read from a row without allocating.

use std::fmt::{self, Write as _};

/// The value of a property, borrowed from its row. It is displayed as filters and reports write it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PropertyValue<'row> {
    /// `b200`
    Text(&'row str),
    /// `64`
    Whole(u32),
    /// Two numbers joined by a character: `1024x8192`, `1+4`
    Pair(u32, char, u32),
    /// `0.0125`
    Figure(f64),
}

impl PropertyValue<'_> {
    /// `true` or `false`.
    #[must_use]
    pub fn flag(flag: bool) -> Self {
        Self::Text(if flag { "true" } else { "false" })
    }

    /// The number that it is or that its text writes; `None` of anything else.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Whole(number) => Some(number.into()),
            Self::Pair(..) => None,
            Self::Figure(figure) => Some(figure),
        }
    }

    /// Passes the value on as text, which stands on the stack where it does not stand in the row.
    pub fn with_text<T>(self, read: impl FnOnce(&str) -> T) -> T {
        if let Self::Text(text) = self {
            return read(text);
        }
        let mut buffer = Buffer { bytes: [0; LONGEST], length: 0 };
        write!(buffer, "{self}").expect("every number fits the buffer");
        read(buffer.text())
    }
}

impl fmt::Display for PropertyValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Pair(first, mark, second) => write!(f, "{first}{mark}{second}"),
            Self::Figure(figure) => write!(f, "{figure}"),
        }
    }
}

/// The longest number in bytes: 2⁻¹⁰⁷⁴ and its neighbours, written without an exponent, have a sign, `0.`, 323
/// zeros and at most 17 digits.
const LONGEST: usize = 344;

/// A text on the stack.
struct Buffer {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Buffer {
    fn text(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).expect("only whole texts are written")
    }
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = PropertyValue<'static>> {
        prop_oneof![
            any::<u32>().prop_map(PropertyValue::Whole),
            (any::<u32>(), any::<u32>()).prop_map(|(a, b)| PropertyValue::Pair(a, 'x', b)),
            any::<f64>().prop_map(PropertyValue::Figure),
            any::<u64>().prop_map(|bits| PropertyValue::Figure(f64::from_bits(bits))),
            prop::sample::select(vec!["", "b200", "12", "1e3", "inf"])
                .prop_map(PropertyValue::Text),
        ]
    }

    proptest! {
        #[test]
        fn its_text_and_its_number_agree_with_what_is_displayed(value in any_value()) {
            let text = value.to_string();
            prop_assert!(value.with_text(|shown| shown == text));
            let number: Option<f64> = text.parse().ok();
            let is_nan = number.is_some_and(f64::is_nan);
            prop_assert!(value.number() == number || is_nan && value.number().unwrap().is_nan());
        }
    }
}
