//! Expressions as text: for files, where they parse back, and as one word.

use std::fmt;

use super::expression::{Bound, Filter, ValuePattern};
use super::token::{KEYWORDS, ends_word};

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Day(day) => f.write_str(day),
        }
    }
}

/// The expression, which parses back.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, filters: &[Self], word: &str| {
            for (index, filter) in filters.iter().enumerate() {
                let before = if index == 0 { "" } else { word };
                match filter {
                    Self::And(_) | Self::Or(_) => write!(f, "{before}({filter})")?,
                    _ => write!(f, "{before}{filter}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(all) => joined(f, all, " and "),
            Self::Or(any) => joined(f, any, " or "),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::In(property, values) => match &values[..] {
                [value] => write!(f, "{} = {}", property.name(), quoted(&value.text)),
                _ => {
                    let values: Vec<String> =
                        values.iter().map(|value| quoted(&value.text)).collect();
                    write!(f, "{} in ({})", property.name(), values.join(", "))
                }
            },
            Self::Order(property, order, bound) => {
                write!(f, "{} {} {bound}", property.name(), order.mark())
            }
        }
    }
}

/// A value as a bare word where possible, else in quotes.
fn quoted(value: &str) -> String {
    let keyword = KEYWORDS.contains(&value);
    if !keyword && !value.is_empty() && !value.contains(ends_word) {
        value.to_owned()
    } else if value.contains('\'') {
        format!("\"{value}\"")
    } else {
        format!("'{value}'")
    }
}

impl Filter {
    /// The condition as one word: `gpu_model=b200|b300,concurrency>=8`.
    #[must_use]
    pub fn compact(&self) -> String {
        let joined = |filters: &[Self], mark: &str| {
            let inside = |filter: &Self| match filter {
                Self::And(_) | Self::Or(_) => format!("({})", filter.compact()),
                _ => filter.compact(),
            };
            filters.iter().map(inside).collect::<Vec<_>>().join(mark)
        };
        match self {
            Self::And(all) => joined(all, ","),
            Self::Or(any) => joined(any, ";"),
            Self::Not(inner) => format!("!({})", inner.compact()),
            Self::In(property, values) => {
                let values: Vec<&str> =
                    values.iter().map(|ValuePattern { text, .. }| &**text).collect();
                format!("{}={}", property.name(), values.join("|"))
            }
            Self::Order(property, order, bound) => {
                format!("{}{}{bound}", property.name(), order.mark())
            }
        }
        .replace(char::is_whitespace, "_")
    }
}
