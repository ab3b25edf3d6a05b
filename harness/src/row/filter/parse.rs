//! The parser, which descends the grammar.

use jiff::civil::Date;

use super::expression::{Bound, Filter, Order, ValuePattern};
use super::token::{KEYWORDS, Token, caret, tokens};
use crate::row::property::Property;

impl Filter {
    /// Reads an expression; the error shows the place at which it stops making sense.
    ///
    /// ```
    /// use mantile_reconcile::row::filter::Filter;
    ///
    /// let filter = Filter::parse("gpu_model = b200 and not framework in (vllm, trt)")?;
    /// assert_eq!(filter.properties().len(), 2);
    ///
    /// let error = Filter::parse("tp >= 4").unwrap_err();
    /// assert!(error.contains("did you mean `tensor_parallel`?"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, tokens: tokens(text)?, next: 0 };
        let filter = parser.expression()?;
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(parser.fault("expected `and`, `or` or the end")),
        }
    }
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

    /// Takes the next token if it is this keyword or mark.
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
                Ok(Filter::Not(Box::new(Filter::In(property, self.patterns()?))))
            } else {
                Err(self.fault("expected `in` after `not`"))
            };
        }
        if self.takes("in") {
            return Ok(Filter::In(property, self.patterns()?));
        }
        if self.takes("=") {
            return Ok(Filter::In(property, vec![self.pattern()?]));
        }
        if self.takes("!=") {
            return Ok(Filter::Not(Box::new(Filter::In(property, vec![self.pattern()?]))));
        }
        for order in Order::ALL {
            if self.takes(order.mark()) {
                return Ok(Filter::Order(property, order, self.bound(property)?));
            }
        }
        Err(self.fault("expected =, !=, <, <=, >, >=, `in` or `not in`"))
    }

    fn property(&mut self) -> Result<Property, String> {
        let Some(token) = self.peek() else { return Err(self.fault("expected a field")) };
        let property = Property::from_name(&token.text).map_err(|message| self.fault(&message))?;
        self.next += 1;
        Ok(property)
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

    fn pattern(&mut self) -> Result<ValuePattern, String> {
        self.value().map(ValuePattern::new)
    }

    fn patterns(&mut self) -> Result<Vec<ValuePattern>, String> {
        if !self.takes("(") {
            return Err(self.fault("expected `(` after `in`"));
        }
        let mut patterns = vec![self.pattern()?];
        while self.takes(",") {
            patterns.push(self.pattern()?);
        }
        if self.takes(")") { Ok(patterns) } else { Err(self.fault("expected `,` or `)`")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn habits_of_other_languages_are_named() {
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
    fn a_mistake_is_shown_at_its_place() {
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
    }
}
