//! Groups of rows: what a `where` table in `reconcile.toml` selects, and how reports break down.

use std::fmt;

use serde::Deserialize;

use crate::row::Row;
use crate::row::filter::Filter;
use crate::row::property::{Field, Property};

/// A group of rows: those that an expression of the filter language picks, or all.
///
/// It is written as `"gpu_model = b200 and tensor_parallel in (4, 8)"` or `"all"`. The expression must not ask
/// for measured figures: a row's group must not depend on its result.
///
/// ```
/// use mantile_reconcile::row::group::Group;
///
/// let group = Group::try_from("gpu_model = b200 and tensor_parallel in (4, 8)".to_owned())?;
/// assert_eq!(group.to_string(), "gpu_model=b200,tensor_parallel=4|8");
/// assert_eq!(group.specificity(), 2);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Group(Option<Filter>);

/// The group of all rows.
const ALL: &str = "all";

impl Group {
    /// The group of the rows that have the same values as this row in each of the fields.
    #[must_use]
    pub fn of(fields: &[Field], row: &Row) -> Self {
        Self(Filter::all_of(fields.iter().map(|&field| Filter::is(field, field.of(row))).collect()))
    }

    /// The number of properties that it names: of two groups that hold a row, the one with more is more
    /// specific.
    #[must_use]
    pub fn specificity(&self) -> usize {
        self.properties().len()
    }

    /// True if the row is in the group.
    #[must_use]
    pub fn holds(&self, row: &Row) -> bool {
        self.0.as_ref().is_none_or(|filter| filter.picks(row))
    }

    /// The distinct properties that it names.
    #[must_use]
    pub fn properties(&self) -> Vec<Property> {
        self.0.as_ref().map(Filter::properties).unwrap_or_default()
    }

    /// The expression; `None` of the group of all rows.
    #[must_use]
    pub fn filter(&self) -> Option<&Filter> {
        self.0.as_ref()
    }

    /// The group as files write it, which parses back.
    #[must_use]
    pub fn expression(&self) -> String {
        self.0.as_ref().map_or_else(|| ALL.to_owned(), ToString::to_string)
    }
}

impl TryFrom<String> for Group {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim() == ALL {
            return Ok(Self::default());
        }
        let filter = Filter::parse(&text)?;
        match filter.properties().into_iter().find(|property| property.is_measured()) {
            Some(property) => Err(format!(
                "a group cannot depend on `{}`, which is measured: {text}",
                property.name()
            )),
            None => Ok(Self(Some(filter))),
        }
    }
}

/// `gpu_model=b200,tensor_parallel=4|8`, or `all`; no blanks, so that it fits a test name.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => write!(f, "{ALL}"),
            Some(filter) => write!(f, "{}", filter.compact()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bare_row as row;

    fn group(text: &str) -> Group {
        Group::try_from(text.to_owned()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_group_holds_the_rows_that_its_expression_picks() {
        let b200 = row("b200::vllm::fp4::1024x8192::tp4_ep1::c64");
        assert!(group("all").holds(&b200));
        assert!(group("gpu_model = b200 and tensor_parallel in (2, 4)").holds(&b200));
        assert!(!group("gpu_model = b200 and tensor_parallel = 8").holds(&b200));
        assert!(group("context = 1024x8192 and dp_attention = false").holds(&b200));
        assert!(group("provider = p and concurrency >= 64").holds(&b200));
        let name =
            "gb200::dynamo-trt::fp4::8192x1024::prefill-2w2g_tp1_ep1+decode-1w4g_tp4_ep2_dpa::c9";
        let expression = "tensor_parallel = 1+4 and disagg = true and dp_attention = true";
        assert!(group(expression).holds(&row(name)));
    }

    #[test]
    fn a_group_is_shown_as_one_word_and_written_as_an_expression() {
        let group = group("gpu_model = b200 and tensor_parallel in (4, 8) and concurrency >= 8");
        assert_eq!(group.to_string(), "gpu_model=b200,tensor_parallel=4|8,concurrency>=8");
        assert_eq!(Group::try_from(group.expression()), Ok(group));
        assert_eq!(Group::default().expression(), "all");
    }

    #[test]
    fn a_group_is_made_from_the_values_of_a_row() {
        let b200 = row("b200::vllm::fp4::1024x8192::tp4_ep1::c64");
        let group = Group::of(&[Field::GpuModel, Field::Context], &b200);
        assert_eq!(group.expression(), "gpu_model = b200 and context = 1024x8192");
        assert_eq!(group.specificity(), 2);
        assert_eq!(Group::of(&[], &b200), Group::default());
    }

    #[test]
    fn a_group_cannot_depend_on_a_measured_figure() {
        let error = Group::try_from("gpu_model = b200 and ttft < 1".to_owned()).unwrap_err();
        assert!(error.contains("cannot depend on `ttft`"), "{error}");
    }
}
