//! The name of an identity in tests and reports, such as `b200::vllm::fp4::1024x1024::tp4_ep1::c64`.

use std::fmt;
use std::str::FromStr;

use super::identity::{Concurrency, Identity};
use super::layout::{Layout, Parallelism, Pool};

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
