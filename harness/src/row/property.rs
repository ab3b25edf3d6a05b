//! The properties of a row: what groups are made of, and everything that the filter language can ask for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::base::text::neighbours;
use crate::row::metric::Metric;
use crate::row::value::PropertyValue;
use crate::row::{Concurrency, Identity, Layout, Parallelism, Row};

/// A property of a row that groups are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The publisher, by the name of the source.
    Provider,
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
    /// `64`, or `peak`
    Concurrency,
    /// `true` or `false`: whether attention is data-parallel; of a disaggregated row, in its decode pool.
    DpAttention,
    /// `true` or `false`
    Disagg,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Provider,
        Self::GpuModel,
        Self::Framework,
        Self::Precision,
        Self::TensorParallel,
        Self::ExpertParallel,
        Self::Context,
        Self::Concurrency,
        Self::DpAttention,
        Self::Disagg,
    ];

    /// The name in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
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

    /// The value of this property in a row, as text.
    #[must_use]
    pub fn of(self, row: &Row) -> String {
        self.value(row).to_string()
    }

    /// The value of this property in a row.
    #[must_use]
    pub fn value(self, row: &Row) -> PropertyValue<'_> {
        let Row { provider, identity, .. } = row;
        match self {
            Self::Provider => PropertyValue::Text(provider),
            Self::GpuModel => PropertyValue::Text(&identity.gpu_model),
            Self::Framework => PropertyValue::Text(&identity.framework),
            Self::Precision => PropertyValue::Text(&identity.precision),
            Self::TensorParallel => degree(identity, |parallelism| parallelism.tensor_parallel),
            Self::ExpertParallel => degree(identity, |parallelism| parallelism.expert_parallel),
            Self::Context => {
                PropertyValue::Pair(identity.input_seq_len, 'x', identity.output_seq_len)
            }
            Self::Concurrency => match identity.concurrency {
                Concurrency::Fixed(requests) => PropertyValue::Whole(requests),
                Concurrency::Peak => PropertyValue::Text("peak"),
            },
            Self::DpAttention => PropertyValue::flag(match &identity.layout {
                Layout::Aggregated(parallelism) => parallelism.dp_attention,
                Layout::Disaggregated { decode, .. } => decode.parallelism.dp_attention,
            }),
            Self::Disagg => {
                PropertyValue::flag(matches!(identity.layout, Layout::Disaggregated { .. }))
            }
        }
    }
}

/// A degree of parallelism: one number, or one per pool.
fn degree(identity: &Identity, degree: fn(&Parallelism) -> u32) -> PropertyValue<'_> {
    match &identity.layout {
        Layout::Aggregated(parallelism) => PropertyValue::Whole(degree(parallelism)),
        Layout::Disaggregated { prefill, decode } => {
            PropertyValue::Pair(degree(&prefill.parallelism), '+', degree(&decode.parallelism))
        }
    }
}

/// A property of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// A property that groups are made of, too.
    Field(Field),
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

/// The properties that are not a [`Field`] and not measured.
const OTHERS: [Property; 8] = [
    Property::InputSeqLen,
    Property::OutputSeqLen,
    Property::Gpus,
    Property::SpecDecoding,
    Property::IsMultinode,
    Property::RunId,
    Property::BenchmarkDate,
    Property::Image,
];

/// Words that people write for properties, with the names of these.
const ALIASES: [(&str, &str); 22] = [
    ("gpu", "gpu_model"),
    ("hardware", "gpu_model"),
    ("model", "gpu_model"),
    ("num_gpus", "gpus"),
    ("engine", "framework"),
    ("backend", "framework"),
    ("dtype", "precision"),
    ("quantization", "precision"),
    ("tp", "tensor_parallel"),
    ("ep", "expert_parallel"),
    ("dp", "dp_attention"),
    ("dpa", "dp_attention"),
    ("isl", "input_seq_len"),
    ("osl", "output_seq_len"),
    ("conc", "concurrency"),
    ("users", "concurrency"),
    ("batch_size", "concurrency"),
    ("multinode", "is_multinode"),
    ("source", "provider"),
    ("date", "benchmark_date"),
    ("tput", "throughput"),
    ("latency", "e2e_latency"),
];

impl Property {
    /// All of them, in the order in which errors list them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let fields = Field::ALL.into_iter().map(Self::Field);
        fields.chain(OTHERS).chain(Metric::ALL.into_iter().map(Self::Measured))
    }

    /// The property of this name; the error suggests what may be meant.
    pub fn from_name(name: &str) -> Result<Self, String> {
        Self::all().find(|property| property.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::all().map(Self::name).collect();
            let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
            let meant = match alias {
                Some((_, meant)) => vec![*meant],
                None => neighbours(&name.to_ascii_lowercase(), &names),
            };
            if meant.is_empty() {
                return format!("`{name}` is not a field; the fields are {}", names.join(", "));
            }
            let meant: Vec<String> = meant.iter().map(|name| format!("`{name}`")).collect();
            format!("`{name}` is not a field; did you mean {}?", meant.join(" or "))
        })
    }

    /// Its name in expressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Field(field) => field.name(),
            Self::InputSeqLen => "input_seq_len",
            Self::OutputSeqLen => "output_seq_len",
            Self::Gpus => "gpus",
            Self::SpecDecoding => "spec_decoding",
            Self::IsMultinode => "is_multinode",
            Self::RunId => "run_id",
            Self::BenchmarkDate => "benchmark_date",
            Self::Image => "image",
            Self::Measured(metric) => metric.name(),
        }
    }

    /// True if it is a measured result, not a part of the configuration.
    #[must_use]
    pub fn is_measured(self) -> bool {
        matches!(self, Self::Measured(_))
    }

    /// The distinct values that rows have, sorted as text.
    #[must_use]
    pub fn values(self, rows: &[Row]) -> BTreeSet<String> {
        rows.iter().filter_map(|row| self.value(row)).map(|value| value.to_string()).collect()
    }

    /// The value in a row; `None` where the row has none.
    #[must_use]
    pub fn value(self, row: &Row) -> Option<PropertyValue<'_>> {
        let Row { identity, provenance, .. } = row;
        match self {
            Self::Field(field) => Some(field.value(row)),
            Self::InputSeqLen => Some(PropertyValue::Whole(identity.input_seq_len)),
            Self::OutputSeqLen => Some(PropertyValue::Whole(identity.output_seq_len)),
            Self::Gpus => Some(PropertyValue::Whole(identity.gpus())),
            Self::SpecDecoding => Some(PropertyValue::Text(&identity.spec_decoding)),
            Self::IsMultinode => Some(PropertyValue::flag(identity.is_multinode)),
            Self::RunId => Some(PropertyValue::Text(&provenance.run_id)),
            Self::BenchmarkDate => provenance.benchmark_date.as_deref().map(PropertyValue::Text),
            Self::Image => provenance.image.as_deref().map(PropertyValue::Text),
            Self::Measured(metric) => row.measured.means[metric].map(PropertyValue::Figure),
        }
    }
}

/// The most values of a property that are listed.
const MOST_VALUES: usize = 12;

/// The values that rows have in some properties: `gpu_model b200, h100; framework vllm`.
#[must_use]
pub fn list_values(properties: &[Property], rows: &[Row]) -> String {
    let list = |property: &Property| {
        let values: Vec<String> = property.values(rows).into_iter().collect();
        let shown = &values[..values.len().min(MOST_VALUES)];
        let more = if values.len() > shown.len() { ", …" } else { "" };
        match shown {
            [] => format!("no {}", property.name()),
            shown => format!("{} {}{more}", property.name(), shown.join(", ")),
        }
    };
    properties.iter().map(list).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_found_by_its_name() {
        for property in Property::all() {
            assert_eq!(Property::from_name(property.name()), Ok(property));
        }
    }

    #[test]
    fn a_mistaken_name_suggests_what_it_may_mean() {
        let names: Vec<&str> = Property::all().map(Property::name).collect();
        for (alias, name) in ALIASES {
            assert!(names.contains(&name) && !names.contains(&alias), "{alias}");
        }
        for (name, meant) in [
            ("gpu", "`gpu_model`"),
            ("TP", "`tensor_parallel`"),
            ("conc", "`concurrency`"),
            ("e2e", "`e2e_latency`"),
            ("output", "`output_seq_len` or `output_throughput`"),
            ("framwork", "`framework`"),
        ] {
            let error = Property::from_name(name).unwrap_err();
            assert_eq!(error, format!("`{name}` is not a field; did you mean {meant}?"));
        }
        let error = Property::from_name("colour").unwrap_err();
        assert!(error.contains("the fields are provider, gpu_model"), "{error}");
    }
}
