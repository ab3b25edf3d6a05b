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
//! The orders compare numbers, and are false where a row has none.

use wildmatch::WildMatch;

use crate::group::Field;
use crate::metric::Metric;
use crate::row::Row;
use crate::table::nearest;

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
    /// A property in this order to a number.
    Order(Property, Order, f64),
}

/// How a property stands to a number.
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

/// A property of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// One that groups are made of, too.
    Field(Field),
    /// Who published it.
    Provider,
    /// Nominal input length, tokens.
    InputSeqLen,
    /// Nominal output length, tokens.
    OutputSeqLen,
    /// GPUs of all pools.
    Gpus,
    /// `none`, `mtp`
    SpecDecoding,
    /// `true` or `false`
    IsMultinode,
    /// The provider's id of the run.
    RunId,
    /// When the run was made, as published.
    BenchmarkDate,
    /// The container image.
    Image,
    /// A measured mean, in its unit.
    Measured(Metric),
}

impl Property {
    /// All of them, by name.
    fn all() -> Vec<(&'static str, Self)> {
        let fields = [
            Field::GpuModel,
            Field::Framework,
            Field::Precision,
            Field::TensorParallel,
            Field::ExpertParallel,
            Field::Context,
            Field::Concurrency,
            Field::DpAttention,
            Field::Disagg,
        ];
        let mut all: Vec<_> =
            fields.into_iter().map(|field| (field.name(), Self::Field(field))).collect();
        all.extend([
            ("provider", Self::Provider),
            ("input_seq_len", Self::InputSeqLen),
            ("output_seq_len", Self::OutputSeqLen),
            ("gpus", Self::Gpus),
            ("spec_decoding", Self::SpecDecoding),
            ("is_multinode", Self::IsMultinode),
            ("run_id", Self::RunId),
            ("benchmark_date", Self::BenchmarkDate),
            ("image", Self::Image),
        ]);
        all.extend(Metric::ALL.into_iter().map(|metric| (metric.name(), Self::Measured(metric))));
        all
    }

    /// The value as text; `None` where the row has none.
    fn of(self, row: &Row) -> Option<String> {
        let identity = &row.identity;
        match self {
            Self::Field(field) => Some(field.of(identity)),
            Self::Provider => Some(row.provider.clone()),
            Self::InputSeqLen => Some(identity.input_seq_len.to_string()),
            Self::OutputSeqLen => Some(identity.output_seq_len.to_string()),
            Self::Gpus => Some(identity.gpus().to_string()),
            Self::SpecDecoding => Some(identity.spec_decoding.clone()),
            Self::IsMultinode => Some(identity.is_multinode.to_string()),
            Self::RunId => Some(row.provenance.run_id.clone()),
            Self::BenchmarkDate => row.provenance.benchmark_date.clone(),
            Self::Image => row.provenance.image.clone(),
            Self::Measured(metric) => row.measured.means[metric].map(|value| value.to_string()),
        }
    }
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
            Self::Order(property, order, number) => {
                let value = property.of(row).and_then(|value| value.parse::<f64>().ok());
                value.is_some_and(|value| match order {
                    Order::Less => value < *number,
                    Order::AtMost => value <= *number,
                    Order::Greater => value > *number,
                    Order::AtLeast => value >= *number,
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
                let ends = |c: char| c.is_whitespace() || "(),=!<>'\"".contains(c);
                while let Some((_, inside)) = chars.next_if(|(_, next)| !ends(*next)) {
                    token.text.push(inside);
                }
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
                let fault = self.fault("expected a number");
                let number = self.value()?.parse().map_err(|_| fault)?;
                return Ok(Filter::Order(property, order, number));
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

    fn value(&mut self) -> Result<String, String> {
        let is_value = |token: &&Token| {
            let keyword = ["and", "or", "not", "in"].contains(&token.text.as_str());
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
    use crate::verdict::tests::comparison;

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
        fn not_turns_every_answer_around(tp in 1u32..16, order in "(<|<=|>|>=|=|!=)") {
            let expression = format!("tensor_parallel {order} {tp}");
            prop_assert_ne!(picks(&expression), picks(&format!("not {expression}")));
        }
    }
}
