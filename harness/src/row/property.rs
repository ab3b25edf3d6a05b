//! The properties of a row: what groups are made of, and everything that the filter language can ask for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::row::metric::Metric;
use crate::row::{Layout, Row};

/// A property of a row that groups are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Who published it, by the name of the source.
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
    /// `true` or `false`: whether attention is data-parallel, in a disaggregated row's decode pool.
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

    /// The value of this property in a row.
    #[must_use]
    pub fn of(self, row: &Row) -> String {
        let Row { provider, identity: row, .. } = row;
        let per_pool = |size: fn(&crate::row::Parallelism) -> u32| match &row.layout {
            Layout::Aggregated(parallelism) => size(parallelism).to_string(),
            Layout::Disaggregated { prefill, decode } => {
                format!("{}+{}", size(&prefill.parallelism), size(&decode.parallelism))
            }
        };
        match self {
            Self::Provider => provider.clone(),
            Self::GpuModel => row.gpu_model.clone(),
            Self::Framework => row.framework.clone(),
            Self::Precision => row.precision.clone(),
            Self::TensorParallel => per_pool(|p| p.tensor_parallel),
            Self::ExpertParallel => per_pool(|p| p.expert_parallel),
            Self::Context => row.context(),
            Self::Concurrency => {
                row.concurrency.fixed().map_or_else(|| "peak".to_owned(), |c| c.to_string())
            }
            Self::DpAttention => match &row.layout {
                Layout::Aggregated(parallelism) => parallelism.dp_attention.to_string(),
                Layout::Disaggregated { decode, .. } => decode.parallelism.dp_attention.to_string(),
            },
            Self::Disagg => matches!(row.layout, Layout::Disaggregated { .. }).to_string(),
        }
    }
}

/// A property of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// One that groups are made of, too.
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

impl Property {
    /// All of them, by name.
    pub(super) fn all() -> Vec<(&'static str, Self)> {
        let mut all: Vec<_> =
            Field::ALL.into_iter().map(|field| (field.name(), Self::Field(field))).collect();
        all.extend([
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

    /// Its name in expressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::all()
            .into_iter()
            .find_map(|(name, property)| (property == self).then_some(name))
            .expect("all properties have names")
    }

    /// Whether it is how the row came out, not what it is.
    #[must_use]
    pub fn is_measured(self) -> bool {
        matches!(self, Self::Measured(_))
    }

    /// The values that rows have of it, each once, sorted.
    #[must_use]
    pub fn values(self, rows: &[Row]) -> BTreeSet<String> {
        rows.iter().filter_map(|row| self.of(row)).collect()
    }

    /// The value as text; `None` where the row has none.
    #[must_use]
    pub fn of(self, row: &Row) -> Option<String> {
        let identity = &row.identity;
        match self {
            Self::Field(field) => Some(field.of(row)),
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
