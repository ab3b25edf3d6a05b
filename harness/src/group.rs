//! Groups of rows: what a `where` table in `reconcile.toml` selects, and how reports break down.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::row::{Identity, Layout};

/// A property of a row that groups are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// `b200`
    GpuModel,
    /// `vllm`
    Framework,
    /// `fp4`
    Precision,
    /// `4`; of a disaggregated row `1+4`, prefill + decode.
    TensorParallel,
    /// `1`; of a disaggregated row `1+4`, prefill + decode.
    ExpertParallel,
    /// ISL and OSL: `1024x8192`
    Context,
    /// `64`
    Concurrency,
    /// `true` or `false`: whether attention is data-parallel, in a disaggregated row's decode pool.
    DpAttention,
    /// `true` or `false`
    Disagg,
}

impl Field {
    /// The name in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GpuModel => "gpu_model",
            Self::Framework => "framework",
            Self::Precision => "precision",
            Self::TensorParallel => "tensor_parallel",
            Self::ExpertParallel => "expert_parallel",
            Self::Context => "context",
            Self::Concurrency => "concurrency",
            Self::DpAttention => "dp_attention",
            Self::Disagg => "disagg",
        }
    }

    /// The value of this property in a row.
    #[must_use]
    pub fn of(self, row: &Identity) -> String {
        let per_pool = |size: fn(&crate::row::Parallelism) -> u32| match &row.layout {
            Layout::Aggregated(parallelism) => size(parallelism).to_string(),
            Layout::Disaggregated { prefill, decode } => {
                format!("{}+{}", size(&prefill.parallelism), size(&decode.parallelism))
            }
        };
        match self {
            Self::GpuModel => row.gpu_model.clone(),
            Self::Framework => row.framework.clone(),
            Self::Precision => row.precision.clone(),
            Self::TensorParallel => per_pool(|p| p.tensor_parallel),
            Self::ExpertParallel => per_pool(|p| p.expert_parallel),
            Self::Context => row.context(),
            Self::Concurrency => row.concurrency.to_string(),
            Self::DpAttention => match &row.layout {
                Layout::Aggregated(parallelism) => parallelism.dp_attention.to_string(),
                Layout::Disaggregated { decode, .. } => decode.parallelism.dp_attention.to_string(),
            },
            Self::Disagg => matches!(row.layout, Layout::Disaggregated { .. }).to_string(),
        }
    }
}

/// A group: each field named must have one of its values. Without fields it is all rows.
///
/// Written `{ gpu_model = "b200", tensor_parallel = [4, 8] }`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(transparent)]
pub struct Group(BTreeMap<Field, Values>);

/// One value or several, of which any will do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
enum Values {
    One(Value),
    Any(Vec<Value>),
}

/// A value as TOML has it; compared as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Group {
    /// The group of rows that have exactly this value in each field.
    #[must_use]
    pub fn of(fields: &[Field], row: &Identity) -> Self {
        let value = |field: &Field| (*field, Values::One(Value::Text(field.of(row))));
        Self(fields.iter().map(value).collect())
    }

    /// How many fields it names: of two groups that hold a row, the one with more is more specific.
    #[must_use]
    pub fn specificity(&self) -> usize {
        self.0.len()
    }

    /// Whether the row is in the group.
    #[must_use]
    pub fn holds(&self, row: &Identity) -> bool {
        self.0.iter().all(|(field, values)| {
            let text = field.of(row);
            values.as_slice().iter().any(|value| value.to_string() == text)
        })
    }

    /// Whether some row could be in both groups: no field in both with values apart.
    #[must_use]
    pub fn may_overlap(&self, other: &Self) -> bool {
        self.0.iter().all(|(field, values)| {
            other.0.get(field).is_none_or(|others| {
                values.as_slice().iter().any(|value| {
                    others.as_slice().iter().any(|other| other.to_string() == value.to_string())
                })
            })
        })
    }

    /// The fields with their values as text.
    pub fn terms(&self) -> impl Iterator<Item = (Field, Vec<String>)> {
        self.0.iter().map(|(field, values)| {
            (*field, values.as_slice().iter().map(ToString::to_string).collect())
        })
    }
}

impl Values {
    fn as_slice(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Any(values) => values,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// `gpu_model=b200,tensor_parallel=4|8`, or `all`; no blanks, so that it fits a test name.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return write!(f, "all");
        }
        for (index, (field, values)) in self.terms().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}={}", field.name(), values.join("|"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(toml: &str) -> Group {
        toml::from_str(toml).unwrap()
    }

    fn row(name: &str) -> Identity {
        name.parse().unwrap()
    }

    #[test]
    fn a_group_holds_the_rows_whose_fields_all_fit() {
        let b200 = row("b200::vllm::fp4::1024x8192::tp4_ep1::c64");
        assert!(group("").holds(&b200));
        assert!(group("gpu_model = 'b200'\ntensor_parallel = [2, 4]").holds(&b200));
        assert!(!group("gpu_model = 'b200'\ntensor_parallel = 8").holds(&b200));
        assert!(group("context = '1024x8192'\ndp_attention = false").holds(&b200));
        let name =
            "gb200::dynamo-trt::fp4::8192x1024::prefill-2w2g_tp1_ep1+decode-1w4g_tp4_ep2_dpa::c9";
        assert!(
            group("tensor_parallel = '1+4'\ndisagg = true\ndp_attention = true").holds(&row(name))
        );
    }

    #[test]
    fn groups_overlap_unless_a_field_keeps_them_apart() {
        let b200 = group("gpu_model = 'b200'");
        assert!(b200.may_overlap(&group("framework = 'vllm'")));
        assert!(!b200.may_overlap(&group("gpu_model = ['h100', 'h200']")));
        assert!(b200.may_overlap(&group("")));
    }

    #[test]
    fn a_group_reads_as_one_word() {
        let group = group("tensor_parallel = [4, 8]\ngpu_model = 'b200'");
        assert_eq!(group.to_string(), "gpu_model=b200,tensor_parallel=4|8");
    }
}
