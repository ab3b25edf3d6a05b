//! The identity of a row: the configuration that was measured, and its name in tests and reports.

use std::fmt;
use std::str::FromStr;

/// The configuration that was measured; two rows with the same identity measured the same one.
///
/// Displayed as `b200::vllm::fp4::1024x1024::tp4_ep1::c64`, which parses back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// GPU model in lower case, without runner suffixes: `b200`.
    pub gpu_model: String,
    /// Serving engine: `vllm`, `trt`, `dynamo-trt`.
    pub framework: String,
    /// Weight precision as published: `fp4`.
    pub precision: String,
    /// Nominal input length, tokens.
    pub input_seq_len: u32,
    /// Nominal output length, tokens.
    pub output_seq_len: u32,
    /// How the model is spread over GPUs.
    pub layout: Layout,
    /// The number of requests in flight.
    pub concurrency: Concurrency,
    /// The method of speculative decoding, or `none`.
    pub spec_decoding: String,
    /// Whether the GPUs are in more than one node.
    pub is_multinode: bool,
}

/// The number of requests in flight.
///
/// Displayed as `c64` or `peak`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concurrency {
    /// A fixed number: a closed loop, or a static batch.
    Fixed(u32),
    /// The number with the most throughput, which was not published: the row is the best that the
    /// configuration reaches, and an upper bound for any number.
    Peak,
}

impl Concurrency {
    /// The number of requests, where it is known.
    #[must_use]
    pub fn fixed(self) -> Option<u32> {
        match self {
            Self::Fixed(requests) => Some(requests),
            Self::Peak => None,
        }
    }
}

impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(requests) => write!(f, "c{requests}"),
            Self::Peak => write!(f, "peak"),
        }
    }
}

impl FromStr for Concurrency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "peak" => Ok(Self::Peak),
            _ => tagged(text, "c")
                .map(Self::Fixed)
                .ok_or_else(|| format!("`{text}` is neither c<number> nor peak")),
        }
    }
}

/// How the model is spread over GPUs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// One engine does prefill and decode.
    Aggregated(Parallelism),
    /// Separate GPU pools do prefill and decode.
    Disaggregated {
        /// The pool that fills the KV cache.
        prefill: Pool,
        /// The pool that produces tokens.
        decode: Pool,
    },
}

/// The parallelism of one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parallelism {
    /// GPUs that share each layer.
    pub tensor_parallel: u32,
    /// The ways in which the experts are split over those GPUs.
    pub expert_parallel: u32,
    /// Whether attention is data-parallel rather than tensor-parallel.
    pub dp_attention: bool,
    /// The stages into which the layers are split; 1 without pipeline parallelism.
    pub pipeline_parallel: u32,
    /// GPUs that share a prompt's tokens in prefill; 1 without context parallelism.
    pub prefill_context_parallel: u32,
    /// Those of the tensor-parallel GPUs that share the KV cache by tokens in decode; 1 without context
    /// parallelism.
    pub decode_context_parallel: u32,
}

impl Parallelism {
    /// Tensor and expert parallelism, and nothing else.
    #[must_use]
    pub fn new(tensor_parallel: u32, expert_parallel: u32) -> Self {
        Self {
            tensor_parallel,
            expert_parallel,
            dp_attention: false,
            pipeline_parallel: 1,
            prefill_context_parallel: 1,
            decode_context_parallel: 1,
        }
    }

    /// GPUs of one engine: tp × pp × pcp, as providers count them (decode context parallelism shares the GPUs
    /// of tensor parallelism).
    #[must_use]
    pub fn gpus(self) -> u32 {
        self.tensor_parallel
            .saturating_mul(self.pipeline_parallel)
            .saturating_mul(self.prefill_context_parallel)
    }
}

/// One side of a disaggregated deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pool {
    /// The parallelism of each worker.
    pub parallelism: Parallelism,
    /// Engines in the pool.
    pub workers: u32,
    /// GPUs in the pool.
    pub gpus: u32,
}

impl Identity {
    /// GPUs that serve the row, of all pools together.
    #[must_use]
    pub fn gpus(&self) -> u32 {
        match &self.layout {
            Layout::Aggregated(parallelism) => parallelism.gpus(),
            Layout::Disaggregated { prefill, decode } => prefill.gpus + decode.gpus,
        }
    }

    /// GPUs by which output throughput is divided: of a disaggregated row, providers count only the decode
    /// pool.
    #[must_use]
    pub fn output_gpus(&self) -> u32 {
        match &self.layout {
            Layout::Aggregated(parallelism) => parallelism.gpus(),
            Layout::Disaggregated { decode, .. } => decode.gpus,
        }
    }

    /// ISL and OSL as `1024x8192`.
    #[must_use]
    pub fn context(&self) -> String {
        format!("{}x{}", self.input_seq_len, self.output_seq_len)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}::{}::{}::{}::{}::{}",
            self.gpu_model,
            self.framework,
            self.precision,
            self.context(),
            self.layout,
            self.concurrency
        )?;
        if self.spec_decoding != "none" {
            write!(f, "::spec-{}", self.spec_decoding)?;
        }
        if self.is_multinode {
            write!(f, "::multinode")?;
        }
        Ok(())
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregated(parallelism) => write!(f, "{parallelism}"),
            Self::Disaggregated { prefill, decode } => {
                write!(f, "prefill-{prefill}+decode-{decode}")
            }
        }
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}w{}g_{}", self.workers, self.gpus, self.parallelism)
    }
}

impl fmt::Display for Parallelism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tp{}_ep{}", self.tensor_parallel, self.expert_parallel)?;
        for (tag, degree) in [
            ("pp", self.pipeline_parallel),
            ("pcp", self.prefill_context_parallel),
            ("dcp", self.decode_context_parallel),
        ] {
            if degree != 1 {
                write!(f, "_{tag}{degree}")?;
            }
        }
        if self.dp_attention { write!(f, "_dpa") } else { Ok(()) }
    }
}

/// Reads an identity from its name; the error names the part that does not fit.
impl FromStr for Identity {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let parts: Vec<&str> = name.split("::").collect();
        let [gpu_model, framework, precision, context, layout, concurrency, rest @ ..] = &parts[..]
        else {
            return Err(format!("`{name}` has fewer than six parts joined by ::"));
        };
        let (input, output) = context
            .split_once('x')
            .and_then(|(input, output)| Some((input.parse().ok()?, output.parse().ok()?)))
            .ok_or_else(|| format!("`{context}` is not <ISL>x<OSL>"))?;
        let mut identity = Self {
            gpu_model: (*gpu_model).to_owned(),
            framework: (*framework).to_owned(),
            precision: (*precision).to_owned(),
            input_seq_len: input,
            output_seq_len: output,
            layout: layout.parse()?,
            concurrency: concurrency.parse()?,
            spec_decoding: "none".to_owned(),
            is_multinode: false,
        };
        for part in rest {
            match (part.strip_prefix("spec-"), *part) {
                (Some(method), _) => method.clone_into(&mut identity.spec_decoding),
                (None, "multinode") => identity.is_multinode = true,
                (None, other) => {
                    return Err(format!("`{other}` is not a known part of a row's name"));
                }
            }
        }
        Ok(identity)
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(pools) = text.strip_prefix("prefill-") else {
            return parallelism(text).map(Self::Aggregated);
        };
        let (prefill, decode) =
            pools.split_once("+decode-").ok_or_else(|| format!("`{text}` has no decode pool"))?;
        Ok(Self::Disaggregated { prefill: pool(prefill)?, decode: pool(decode)? })
    }
}

fn pool(text: &str) -> Result<Pool, String> {
    let parse = || {
        let (counts, rest) = text.split_once('_')?;
        let (workers, gpus) = counts.strip_suffix('g')?.split_once('w')?;
        Some((workers.parse().ok()?, gpus.parse().ok()?, rest))
    };
    let (workers, gpus, rest) =
        parse().ok_or_else(|| format!("`{text}` is not <workers>w<gpus>g_tp<n>_ep<n>"))?;
    Ok(Pool { parallelism: parallelism(rest)?, workers, gpus })
}

fn parallelism(text: &str) -> Result<Parallelism, String> {
    let read = || {
        let mut parts = text.split('_');
        let mut parallelism =
            Parallelism::new(tagged(parts.next()?, "tp")?, tagged(parts.next()?, "ep")?);
        for part in parts {
            if part == "dpa" {
                parallelism.dp_attention = true;
            } else if let Some(degree) = tagged(part, "pp") {
                parallelism.pipeline_parallel = degree;
            } else if let Some(degree) = tagged(part, "pcp") {
                parallelism.prefill_context_parallel = degree;
            } else {
                parallelism.decode_context_parallel = tagged(part, "dcp")?;
            }
        }
        Some(parallelism)
    };
    read().ok_or_else(|| {
        format!(
            "`{text}` is not tp<n>_ep<n>, with _pp<n>, _pcp<n>, _dcp<n> and _dpa for pipeline, context \
             and data parallelism"
        )
    })
}

/// The number after a tag: 4 for `tp4` and the tag `tp`.
fn tagged(text: &str, tag: &str) -> Option<u32> {
    text.strip_prefix(tag)?.parse().ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn any_parallelism()(
            tp in 1u32..64, ep in 1u32..64, dp_attention: bool, pp in 1u32..3, pcp in 1u32..3,
            dcp in 1u32..3,
        ) -> Parallelism {
            Parallelism {
                dp_attention,
                pipeline_parallel: pp,
                prefill_context_parallel: pcp,
                decode_context_parallel: dcp,
                ..Parallelism::new(tp, ep)
            }
        }
    }

    prop_compose! {
        fn any_pool()(parallelism in any_parallelism(), workers in 1u32..9, gpus in 1u32..99) -> Pool {
            Pool { parallelism, workers, gpus }
        }
    }

    fn any_layout() -> impl Strategy<Value = Layout> {
        prop_oneof![
            any_parallelism().prop_map(Layout::Aggregated),
            (any_pool(), any_pool())
                .prop_map(|(prefill, decode)| Layout::Disaggregated { prefill, decode }),
        ]
    }

    prop_compose! {
        pub(crate) fn any_identity()(
            gpu_model in "[a-z0-9]{2,8}",
            framework in "[a-z][a-z0-9-]{1,9}",
            precision in "(fp4|fp8|bf16)",
            input_seq_len in 1u32..200_000,
            output_seq_len in 1u32..200_000,
            layout in any_layout(),
            concurrency in prop_oneof![(1u32..9999).prop_map(Concurrency::Fixed), Just(Concurrency::Peak)],
            spec_decoding in "(none|mtp)",
            is_multinode: bool,
        ) -> Identity {
            Identity { gpu_model, framework, precision, input_seq_len, output_seq_len, layout,
                       concurrency, spec_decoding, is_multinode }
        }
    }

    proptest! {
        #[test]
        fn a_name_parses_back_to_its_identity(identity in any_identity()) {
            prop_assert_eq!(identity.to_string().parse::<Identity>(), Ok(identity));
        }
    }

    #[test]
    fn an_error_names_the_part_that_does_not_parse() {
        let error = "b200::vllm::fp4::1024x1024::tp4::c64".parse::<Identity>().unwrap_err();
        assert!(error.starts_with("`tp4` is not tp<n>_ep<n>"), "{error}");
    }
}
