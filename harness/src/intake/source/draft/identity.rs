//! The identity of a drafted row, from the file's facts and the given ones.

use super::super::GivenFacts;
use super::super::json_fields::whole;
use super::row_draft::Draft;
use super::settle::Settlement;
use crate::base::error::{Place, Result};
use crate::row::{Concurrency, Identity, Layout, Parallelism};

impl Draft {
    /// The identity of the row. Everything that is missing is named in one error.
    pub(super) fn identity(&self, place: &Place, given: &GivenFacts) -> Result<Identity> {
        let mut settle = Settlement::new(place);
        let names = (
            settle.name("GPU", "--gpu", self.gpu.as_deref(), given.gpu.as_deref())?,
            settle.name(
                "framework",
                "--framework",
                self.framework.as_deref(),
                given.framework.as_deref(),
            )?,
            settle.name(
                "precision",
                "--precision",
                self.precision.as_deref(),
                given.precision.as_deref(),
            )?,
        );
        let degrees = self.degrees(&mut settle, given)?;
        let load = self.load(&mut settle, given)?;
        let (
            (Some(gpu_model), Some(framework), Some(precision)),
            Some(parallelism),
            Some((input_seq_len, output_seq_len, concurrency)),
        ) = (names, degrees, load)
        else {
            return Err(settle.missing());
        };
        Ok(Identity {
            gpu_model,
            framework,
            precision,
            input_seq_len,
            output_seq_len,
            layout: Layout::Aggregated(parallelism),
            concurrency: Concurrency::Fixed(concurrency),
            spec_decoding: "none".to_owned(),
            is_multinode: false,
        })
    }

    /// The degrees of parallelism. Experts are not spread unless it is said.
    fn degrees(
        &self,
        settle: &mut Settlement<'_>,
        given: &GivenFacts,
    ) -> Result<Option<Parallelism>> {
        let tensor_parallel = settle.value(
            "tensor parallelism",
            "--tensor-parallel",
            self.tensor_parallel,
            given.tensor_parallel,
        )?;
        let unspread = self.expert_parallel.is_none().then_some(1);
        let expert_parallel = settle.value(
            "expert parallelism",
            "--expert-parallel",
            self.expert_parallel,
            given.expert_parallel.or(unspread),
        )?;
        Ok(tensor_parallel.zip(expert_parallel).map(|(tp, ep)| Parallelism {
            dp_attention: given.dp_attention.unwrap_or(false),
            pipeline_parallel: self.pipeline_parallel.unwrap_or(1),
            ..Parallelism::new(tp, ep)
        }))
    }

    /// The input length, output length and concurrency. A file with exact mean lengths need not give the
    /// nominal ones.
    fn load(
        &self,
        settle: &mut Settlement<'_>,
        given: &GivenFacts,
    ) -> Result<Option<(u32, u32, u32)>> {
        let nominal = |in_file: Option<u32>, given: Option<u32>, mean: Option<f64>| {
            if in_file.is_none() { given.or_else(|| mean.and_then(whole)) } else { given }
        };
        let input = nominal(self.input_seq_len, given.input_seq_len, self.mean_input_tokens);
        let output = nominal(self.output_seq_len, given.output_seq_len, self.mean_output_tokens);
        let input = settle.value("input length", "--input-seq-len", self.input_seq_len, input)?;
        let output =
            settle.value("output length", "--output-seq-len", self.output_seq_len, output)?;
        let concurrency =
            settle.value("concurrency", "--concurrency", self.concurrency, given.concurrency)?;
        Ok(input
            .zip(output)
            .zip(concurrency)
            .map(|((input, output), requests)| (input, output, requests)))
    }
}
