//! The language that picks rows: `gpu_model = b200 and tensor_parallel >= 2 and not framework in (vllm, trt)`.
//!
//! ```text
//! expression = term { "or" term }            term = factor { "and" factor }
//! factor     = "not" factor | "(" expression ")" | field operator value
//!            | field ["not"] "in" "(" value { "," value } ")"
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
//! ```
//!
//! A value is a bare word or stands in quotes; `*` and `?` in it are wildcards for `=`, `!=` and `in`.
//! The orders compare numbers, of `benchmark_date` days, and are false where a row has none.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::Date;
use wildmatch::WildMatch;

use crate::base::text::nearest;
use crate::row::Row;
use crate::row::property::{Field, Property};

/// A condition on rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// A property equal to any of these patterns.
    In(Property, Vec<String>),
    /// A property in this order to a bound.
    Order(Property, Order, Bound),
}

/// What a property is ordered by.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A day, `2026-01-31`.
    Day(String),
}

impl Bound {
    /// How a property's value stands to it, if it can be ordered.
    fn compare(&self, value: &str) -> Option<Ordering> {
        match self {
            Self::Number(number) => value.parse::<f64>().ok()?.partial_cmp(number),
            // Days as they are written sort by time.
            Self::Day(day) => Some(value.get(..day.len())?.cmp(day)),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Day(day) => f.write_str(day),
        }
    }
}

/// How a property stands to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Order {
    /// As it is written.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
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
                [value] => write!(f, "{} = {}", property.name(), quoted(value)),
                _ => {
                    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                    write!(f, "{} in ({})", property.name(), values.join(", "))
                }
            },
            Self::Order(property, order, number) => {
                write!(f, "{} {} {number}", property.name(), order.mark())
            }
        }
    }
}

/// A value as a bare word where it can be one.
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

const KEYWORDS: [&str; 4] = ["and", "or", "not", "in"];

/// Whether a bare word ends before this.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || "(),=!<>'\"".contains(c)
}

impl Filter {
    /// Reads an expression; the error shows where it stops making sense.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, tokens: tokens(text)?, next: 0 };
        let filter = parser.expression()?;
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(parser.fault("expected `and`, `or` or the end")),
        }
    }

    /// The condition that a field has this value.
    #[must_use]
    pub fn is(field: Field, value: String) -> Self {
        Self::In(Property::Field(field), vec![value])
    }

    /// All of these together; `None` of none.
    #[must_use]
    pub fn all_of(mut filters: Vec<Self>) -> Option<Self> {
        match filters.len() {
            0 => None,
            1 => filters.pop(),
            _ => Some(Self::And(filters)),
        }
    }

    /// The distinct properties that it asks for.
    #[must_use]
    pub fn properties(&self) -> Vec<Property> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(filter) = open.pop() {
            match filter {
                Self::And(all) | Self::Or(all) => open.extend(all.iter().rev()),
                Self::Not(inner) => open.push(inner),
                Self::In(property, _) | Self::Order(property, ..) => {
                    if !found.contains(property) {
                        found.push(*property);
                    }
                }
            }
        }
        found
    }

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
            Self::In(property, values) => format!("{}={}", property.name(), values.join("|")),
            Self::Order(property, order, number) => {
                format!("{}{}{number}", property.name(), order.mark())
            }
        }
        .replace(char::is_whitespace, "_")
    }

    /// Whether the row is picked.
    #[must_use]
    pub fn picks(&self, row: &Row) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.picks(row)),
            Self::Or(any) => any.iter().any(|filter| filter.picks(row)),
            Self::Not(filter) => !filter.picks(row),
            Self::In(property, patterns) => property.of(row).is_some_and(|value| {
                patterns.iter().any(|pattern| WildMatch::new(pattern).matches(&value))
            }),
            Self::Order(property, order, bound) => {
                let stands = property.of(row).and_then(|value| bound.compare(&value));
                stands.is_some_and(|stands| match order {
                    Order::Less => stands.is_lt(),
                    Order::AtMost => stands.is_le(),
                    Order::Greater => stands.is_gt(),
                    Order::AtLeast => stands.is_ge(),
                })
            }
        }
    }
}

/// A word with its byte offset. A quoted one is never a keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    offset: usize,
    text: String,
    quoted: bool,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let mut token = Token { offset, text: c.to_string(), quoted: false };
        match c {
            c if c.is_whitespace() => continue,
            '=' if chars.next_if(|(_, next)| *next == '=').is_some() => {
                return Err(caret(text, offset, "`==` is written `=`"));
            }
            '(' | ')' | ',' | '=' => {}
            '!' | '<' | '>' => {
                if chars.next_if(|(_, next)| *next == '=').is_some() {
                    token.text.push('=');
                } else if c == '!' {
                    return Err(caret(text, offset, "expected `!=`"));
                }
            }
            '\'' | '"' => {
                token.text.clear();
                token.quoted = true;
                loop {
                    match chars.next() {
                        Some((_, end)) if end == c => break,
                        Some((_, inside)) => token.text.push(inside),
                        None => return Err(caret(text, offset, "the quote is not closed")),
                    }
                }
            }
            _ => {
                while let Some((_, inside)) = chars.next_if(|(_, next)| !ends_word(*next)) {
                    token.text.push(inside);
                }
            }
        }
        for (mark, word) in [("&", "and"), ("&&", "and"), ("|", "or"), ("||", "or")] {
            if !token.quoted && token.text == mark {
                return Err(caret(text, offset, &format!("`{mark}` is written `{word}`")));
            }
        }
        tokens.push(token);
    }
    Ok(tokens)
}

/// The message over the expression with a caret under the place.
fn caret(text: &str, offset: usize, message: &str) -> String {
    let column = text[..offset].chars().count();
    format!("{message}\n  {text}\n  {}^", " ".repeat(column))
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    /// Takes the next token when it is this keyword or mark.
    fn takes(&mut self, word: &str) -> bool {
        let taken = self.peek().is_some_and(|token| !token.quoted && token.text == word);
        self.next += usize::from(taken);
        taken
    }

    fn fault(&self, message: &str) -> String {
        caret(self.text, self.peek().map_or(self.text.len(), |token| token.offset), message)
    }

    fn expression(&mut self) -> Result<Filter, String> {
        let mut terms = vec![self.term()?];
        while self.takes("or") {
            terms.push(self.term()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Filter::Or(terms) })
    }

    fn term(&mut self) -> Result<Filter, String> {
        let mut factors = vec![self.factor()?];
        while self.takes("and") {
            factors.push(self.factor()?);
        }
        Ok(if factors.len() == 1 { factors.remove(0) } else { Filter::And(factors) })
    }

    fn factor(&mut self) -> Result<Filter, String> {
        if self.takes("not") {
            return Ok(Filter::Not(Box::new(self.factor()?)));
        }
        if self.takes("(") {
            let inside = self.expression()?;
            return if self.takes(")") { Ok(inside) } else { Err(self.fault("expected `)`")) };
        }
        let property = self.property()?;
        if self.takes("not") {
            return if self.takes("in") {
                Ok(Filter::Not(Box::new(Filter::In(property, self.values()?))))
            } else {
                Err(self.fault("expected `in` after `not`"))
            };
        }
        if self.takes("in") {
            return Ok(Filter::In(property, self.values()?));
        }
        if self.takes("=") {
            return Ok(Filter::In(property, vec![self.value()?]));
        }
        if self.takes("!=") {
            return Ok(Filter::Not(Box::new(Filter::In(property, vec![self.value()?]))));
        }
        let orders = [
            ("<=", Order::AtMost),
            (">=", Order::AtLeast),
            ("<", Order::Less),
            (">", Order::Greater),
        ];
        for (mark, order) in orders {
            if self.takes(mark) {
                return Ok(Filter::Order(property, order, self.bound(property)?));
            }
        }
        Err(self.fault("expected =, !=, <, <=, >, >=, `in` or `not in`"))
    }

    fn property(&mut self) -> Result<Property, String> {
        let all = Property::all();
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let Some(token) = self.peek() else { return Err(self.fault("expected a field")) };
        match all.iter().find(|(name, _)| *name == token.text) {
            Some((_, property)) => {
                self.next += 1;
                Ok(*property)
            }
            None => Err(self.fault(&match nearest(&token.text, &names) {
                Some(near) => format!("`{}` is not a field; did you mean `{near}`?", token.text),
                None => {
                    format!("`{}` is not a field; the fields are {}", token.text, names.join(", "))
                }
            })),
        }
    }

    fn bound(&mut self, property: Property) -> Result<Bound, String> {
        if property == Property::BenchmarkDate {
            let fault = self.fault("expected a day, such as 2026-01-31");
            let day = self.value()?;
            return match day.parse::<Date>() {
                Ok(date) if date.to_string() == day => Ok(Bound::Day(day)),
                _ => Err(fault),
            };
        }
        let fault = self.fault("expected a number");
        self.value()?.parse().map(Bound::Number).map_err(|_| fault)
    }

    fn value(&mut self) -> Result<String, String> {
        let is_value = |token: &&Token| {
            let keyword = KEYWORDS.contains(&token.text.as_str());
            let mark = token.text.starts_with(['(', ')', ',', '=', '!', '<', '>']);
            token.quoted || !(keyword || mark)
        };
        match self.peek().filter(is_value).cloned() {
            Some(token) => {
                self.next += 1;
                Ok(token.text)
            }
            None => Err(self.fault("expected a value")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        if !self.takes("(") {
            return Err(self.fault("expected `(` after `in`"));
        }
        let mut values = vec![self.value()?];
        while self.takes(",") {
            values.push(self.value()?);
        }
        if self.takes(")") { Ok(values) } else { Err(self.fault("expected `,` or `)`")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::comparison;

    /// A B200 row of vLLM: TP 4, concurrency 8, TPOT 10 ms.
    fn picks(expression: &str) -> bool {
        Filter::parse(expression)
            .unwrap_or_else(|error| panic!("{error}"))
            .picks(&comparison(1.0).row)
    }

    #[test]
    fn conditions_hold_as_they_read() {
        for holds in [
            "gpu_model = b200",
            "gpu_model = b2*",
            "gpu_model = 'b?00'",
            "gpu_model != h100 and framework in (vllm, trt)",
            "tensor_parallel >= 2 and tensor_parallel < 8",
            "not disagg = true",
            "framework not in (trt, sglang)",
            "gpu_model = h100 or gpu_model = b200 and concurrency = 8",
            "(gpu_model = h100 or gpu_model = b200) and tpot <= 0.01",
            "context = 1000x1000",
            "gpus = 4",
        ] {
            assert!(picks(holds), "{holds}");
        }
        for fails in [
            "gpu_model = b20",
            "gpu_model = h100 or gpu_model = b200 and concurrency = 9",
            "(gpu_model = h100 or gpu_model = b200) and concurrency = 9",
            "ttft < 100",
            "image = *",
            "not (gpu_model = b200)",
        ] {
            assert!(!picks(fails), "{fails}");
        }
    }

    #[test]
    fn days_are_ordered() {
        let mut row = crate::testing::bare_row("b200::vllm::fp4::1024x1024::tp4_ep1::c64");
        let picks = |row: &Row, text: &str| Filter::parse(text).unwrap().picks(row);
        assert!(!picks(&row, "benchmark_date >= 2000-01-01"), "a row without a date");
        row.provenance.benchmark_date = Some("2026-01-02T22:24:09Z".to_owned());
        assert!(picks(&row, "benchmark_date >= 2026-01-02"));
        assert!(picks(&row, "benchmark_date <= 2026-01-02"));
        assert!(picks(&row, "benchmark_date < 2026-01-03 and benchmark_date > 2025-12-31"));
        assert!(!picks(&row, "benchmark_date < 2026-01-02"));
    }

    #[test]
    fn habits_of_other_languages_are_told() {
        for (text, words) in [
            ("gpu_model == b200", "`==` is written `=`"),
            ("gpus > 1 && gpus < 8", "`&&` is written `and`"),
            ("gpus = 1 | gpus = 8", "`|` is written `or`"),
            ("benchmark_date > 3", "expected a day, such as 2026-01-31"),
            ("benchmark_date > 2026-02-31", "expected a day, such as 2026-01-31"),
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }

    #[test]
    fn a_slip_is_shown_where_it_is() {
        let error = |text: &str| Filter::parse(text).unwrap_err();
        insta::assert_snapshot!(error("gpu_model = b200 and framwork = vllm"), @"
        `framwork` is not a field; did you mean `framework`?
          gpu_model = b200 and framwork = vllm
                               ^
        ");
        insta::assert_snapshot!(error("tensor_parallel > many"), @"
        expected a number
          tensor_parallel > many
                            ^
        ");
        insta::assert_snapshot!(error("gpu_model = b200 framework = vllm"), @"
        expected `and`, `or` or the end
          gpu_model = b200 framework = vllm
                           ^
        ");
        for broken in [
            "",
            "gpu_model",
            "gpu_model =",
            "gpu_model in b200",
            "(gpu_model = a",
            "x = 'y",
            "a ! b",
        ] {
            assert!(error(broken).contains('^'), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = Filter::parse(&text);
        }

        #[test]
        fn an_expression_reads_back_to_itself(
            value in "[a-z0-9'. ]{1,8}", number in 0u32..99, order in "(<|<=|>|>=)",
        ) {
            let text = format!(
                "(gpu_model = b200 or not framework in (vllm, \"{value}\")) and gpus {order} {number}"
            );
            let filter = Filter::parse(&text).unwrap();
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }

        #[test]
        fn not_turns_every_answer_around(tp in 1u32..16, order in "(<|<=|>|>=|=|!=)") {
            let expression = format!("tensor_parallel {order} {tp}");
            prop_assert_ne!(picks(&expression), picks(&format!("not {expression}")));
        }
    }
}
