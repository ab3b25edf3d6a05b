//! Evaluation: whether a row fulfils an expression. Nothing is allocated per row.

use std::cmp::Ordering;

use super::expression::{Bound, Filter, Order, ValuePattern};
use crate::base::day::day_of;
use crate::row::Row;
use crate::row::value::PropertyValue;

impl Filter {
    /// True if the row is picked.
    #[must_use]
    pub fn picks(&self, row: &Row) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.picks(row)),
            Self::Or(any) => any.iter().any(|filter| filter.picks(row)),
            Self::Not(filter) => !filter.picks(row),
            Self::In(property, patterns) => property.value(row).is_some_and(|value| {
                value.with_text(|text| patterns.iter().any(|pattern| pattern.matches(text)))
            }),
            Self::Order(property, order, bound) => {
                let ordering = property.value(row).and_then(|value| bound.compare(value));
                ordering.is_some_and(|ordering| order.allows(ordering))
            }
        }
    }
}

impl ValuePattern {
    fn matches(&self, text: &str) -> bool {
        match &self.wildcards {
            Some(wildcards) => wildcards.matches(text),
            None => self.text == text,
        }
    }
}

impl Bound {
    /// The ordering of a value relative to the bound; `None` of a value that is no number or day.
    fn compare(&self, value: PropertyValue<'_>) -> Option<Ordering> {
        match (self, value) {
            (Self::Number(number), value) => value.number()?.partial_cmp(number),
            (Self::Day(day), PropertyValue::Text(date)) => Some(day_of(date)?.cmp(day)),
            (Self::Day(_), _) => None,
        }
    }
}

impl Order {
    fn allows(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wildmatch::WildMatch;

    use super::*;
    use crate::row::identity_tests::any_identity;
    use crate::row::metric::Metric;
    use crate::row::property::Property;
    use crate::testing::{bare_row, comparison};

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
        let mut row = bare_row("b200::vllm::fp4::1024x1024::tp4_ep1::c64");
        let picks = |row: &Row, text: &str| Filter::parse(text).unwrap().picks(row);
        assert!(!picks(&row, "benchmark_date >= 2000-01-01"), "a row without a date");
        row.provenance.benchmark_date = Some("2026-01-02T22:24:09Z".to_owned());
        assert!(picks(&row, "benchmark_date >= 2026-01-02"));
        assert!(picks(&row, "benchmark_date <= 2026-01-02"));
        assert!(picks(&row, "benchmark_date < 2026-01-03 and benchmark_date > 2025-12-31"));
        assert!(!picks(&row, "benchmark_date < 2026-01-02"));
    }

    /// The same question, answered the straightforward way: every value becomes text, and every pattern is
    /// prepared where it is needed.
    fn picks_plainly(filter: &Filter, row: &Row) -> bool {
        let text = |property: &Property| property.value(row).map(|value| value.to_string());
        match filter {
            Filter::And(all) => all.iter().all(|filter| picks_plainly(filter, row)),
            Filter::Or(any) => any.iter().any(|filter| picks_plainly(filter, row)),
            Filter::Not(inner) => !picks_plainly(inner, row),
            Filter::In(property, patterns) => text(property).is_some_and(|value| {
                patterns.iter().any(|pattern| WildMatch::new(&pattern.text).matches(&value))
            }),
            Filter::Order(property, order, bound) => {
                let ordering = text(property).and_then(|value| match bound {
                    Bound::Number(number) => value.parse::<f64>().ok()?.partial_cmp(number),
                    Bound::Day(day) => Some(value.get(..day.len())?.cmp(day.as_str())),
                });
                ordering.is_some_and(|ordering| match order {
                    Order::Less => ordering == Ordering::Less,
                    Order::AtMost => ordering != Ordering::Greater,
                    Order::Greater => ordering == Ordering::Greater,
                    Order::AtLeast => ordering != Ordering::Less,
                })
            }
        }
    }

    prop_compose! {
        fn any_row()(
            identity in any_identity(), ttft in prop::option::of(1e-6..1e3), dated: bool, image: bool,
        ) -> Row {
            let mut row = bare_row("b200::vllm::fp4::1024x1024::tp4_ep1::c64");
            row.identity = identity;
            row.measured.means[Metric::Ttft] = ttft;
            row.provenance.run_id = "12".to_owned();
            row.provenance.benchmark_date = dated.then(|| "2026-01-02T22:24:09Z".to_owned());
            row.provenance.image = image.then(|| "registry/engine:v1".to_owned());
            row
        }
    }

    /// A condition on any property; some rows of [`any_row`] fulfil it and some do not.
    fn any_condition() -> impl Strategy<Value = String> {
        let properties: Vec<&str> = Property::all().map(Property::name).collect();
        let words =
            ["*", "?*", "1*", "*4", "1+4", "*+*", "*x*", "vllm", "[a]*", "fp4", "*e*", "none"];
        let words = [&words[..], &["mtp", "true", "false", "peak", "12", "p", "r*:v?"]].concat();
        let value = prop_oneof![
            prop::sample::select(words).prop_map(str::to_owned),
            (1u32..99).prop_map(|number| number.to_string()),
        ];
        let number = (1u32..9999).prop_map(|number| number.to_string());
        let days = vec!["2025-12-31", "2026-01-02", "2026-01-03"];
        let bounds = (number, prop::sample::select(days));
        (prop::sample::select(properties), "(=|!=|<|<=|>|>=)", value, bounds).prop_map(
            |(property, mark, value, (number, day))| {
                let compared = match (mark.contains(['<', '>']), property) {
                    (true, "benchmark_date") => day.to_owned(),
                    (true, _) => number,
                    (false, _) => value,
                };
                format!("{property} {mark} {compared}")
            },
        )
    }

    proptest! {
        #[test]
        fn the_prepared_evaluation_picks_what_the_straightforward_one_picks(
            row in any_row(), conditions in prop::collection::vec(any_condition(), 1..6),
            words in prop::collection::vec("(and|or|and not|or not)", 5),
        ) {
            let mut expression = conditions[0].clone();
            for (word, condition) in words.iter().zip(&conditions[1..]) {
                expression = format!("({expression}) {word} {condition}");
            }
            let filter = Filter::parse(&expression).unwrap();
            prop_assert_eq!(filter.picks(&row), picks_plainly(&filter, &row), "{}", expression);
        }

        #[test]
        fn not_turns_every_answer_around(tp in 1u32..16, order in "(<|<=|>|>=|=|!=)") {
            let expression = format!("tensor_parallel {order} {tp}");
            prop_assert_ne!(picks(&expression), picks(&format!("not {expression}")));
        }
    }
}
