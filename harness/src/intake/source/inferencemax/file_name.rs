//! The facts in the name of a configuration's file, which older generations hold nowhere else. The workflow of
//! the sweep composed the name as
//!
//! ```text
//! {model}_{isl}k{osl}k_{precision}_{framework}_tp{T}[_ep{E}_dpa_{bool}]_conc{C}[_specdecode_{S}]_{runner}
//! {…}_tp{T}[-pp{P}-dcp{D}-pcp{Q}]-ep{E}-dpa{bool}_disagg-{bool}_spec-{S}_conc{C}_{runner}
//! ```
//!
//! with `agg_` or `results_` in front.

use serde_json::Value;

use super::schema::{Flag, ResultObject};

/// The facts about a result in the name of its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FileName {
    model: Option<String>,
    isl: Option<u32>,
    osl: Option<u32>,
    framework: Option<String>,
    precision: Option<String>,
    tp: Option<u32>,
    ep: Option<u32>,
    dp_attention: Option<bool>,
    conc: Option<u32>,
    spec_decoding: Option<String>,
}

impl FileName {
    /// Reads a file's name without its extension. Facts that it does not hold stay empty.
    pub(super) fn parse(stem: &str) -> Self {
        let name = stem.strip_prefix("agg_").or(stem.strip_prefix("results_")).unwrap_or(stem);
        let mut parsed = Self::default();
        let mut parts = name.split('_').peekable();
        let mut before_context = Vec::new();
        while let Some(part) = parts.next() {
            if part.starts_with("prefill-") || part.starts_with("decode-") {
                // The results of several nodes hold their pools themselves.
            } else if let Some((isl, osl)) = context(part).filter(|_| parsed.isl.is_none()) {
                (parsed.isl, parsed.osl) = (Some(isl), Some(osl));
                parsed.model = Some(before_context.join("_"));
            } else if parsed.isl.is_none() {
                before_context.push(part);
            } else if part == "dpa" {
                parsed.dp_attention = parts.next().and_then(|flag| flag.parse().ok());
            } else if part == "specdecode" {
                parsed.spec_decoding = parts.next().map(str::to_owned);
            } else if let Some(method) = part.strip_prefix("spec-") {
                parsed.spec_decoding = Some(method.to_owned());
            } else if let Some(conc) = number(part, "conc") {
                // The rest of the name is that of the runner.
                parsed.conc = Some(conc);
                if parts.peek() != Some(&"specdecode") {
                    break;
                }
            } else if part.split('-').any(|degree| number(degree, "tp").is_some()) {
                for degree in part.split('-') {
                    parsed.tp = parsed.tp.or(number(degree, "tp"));
                    parsed.ep = parsed.ep.or(number(degree, "ep"));
                    let flag = degree.strip_prefix("dpa").and_then(|flag| flag.parse().ok());
                    parsed.dp_attention = parsed.dp_attention.or(flag);
                }
            } else if let Some(ep) = number(part, "ep") {
                parsed.ep = Some(ep);
            } else if PRECISIONS.contains(&part) {
                parsed.precision = Some(part.to_owned());
            } else if parsed.tp.is_none() && parsed.framework.is_none() {
                parsed.framework = Some(part.to_owned());
            }
        }
        parsed
    }

    /// Fills in what older generations left to the name. Facts that both hold must agree.
    pub(super) fn complete(&self, object: &mut ResultObject) -> Result<(), String> {
        settle("isl", &mut object.isl, self.isl.as_ref())?;
        settle("osl", &mut object.osl, self.osl.as_ref())?;
        settle("tp", &mut object.tp, self.tp.as_ref())?;
        settle("ep", &mut object.ep, self.ep.as_ref())?;
        settle("conc", &mut object.conc, self.conc.as_ref())?;
        settle("framework", &mut object.framework, self.framework.as_ref())?;
        settle("precision", &mut object.precision, self.precision.as_ref())?;
        if let Some(named) = self.dp_attention {
            let mut in_result =
                object.dp_attention.as_ref().map(|flag| Flag::get(Some(flag))).transpose()?;
            settle("dp_attention", &mut in_result, Some(&named))?;
            object.dp_attention = Some(Flag::Bool(named));
        }
        if object.infmax_model_prefix.is_none() {
            object.infmax_model_prefix.clone_from(&self.model);
        }
        let off = [Value::Null, Value::Bool(false), "off".into(), "false".into(), "".into()];
        let mtp = object.mtp.as_ref().is_some_and(|mtp| !off.contains(mtp));
        let mut method = object.spec_decoding.take().filter(|method| !method.is_empty());
        settle("spec_decoding", &mut method, self.spec_decoding.as_ref())?;
        object.spec_decoding = method.or(mtp.then(|| "mtp".to_owned()));
        Ok(())
    }
}

/// Takes the fact from the name where the result does not hold it; two that differ are an error.
fn settle<T: PartialEq + Clone + std::fmt::Display>(
    key: &str,
    in_result: &mut Option<T>,
    named: Option<&T>,
) -> Result<(), String> {
    match (in_result.as_ref(), named) {
        (Some(value), Some(named)) if value != named => {
            Err(format!("{key} is {value}, and {named} in the file's name"))
        }
        (None, Some(named)) => {
            *in_result = Some(named.clone());
            Ok(())
        }
        _ => Ok(()),
    }
}

const PRECISIONS: [&str; 6] = ["fp4", "fp8", "fp16", "bf16", "int4", "int8"];

/// The nominal lengths of `1k8k`, in tokens: 1024 and 8192.
fn context(part: &str) -> Option<(u32, u32)> {
    let (isl, osl) = part.strip_suffix('k')?.split_once('k')?;
    let tokens = |thousands: &str| thousands.parse::<u32>().ok()?.checked_mul(1024);
    Some((tokens(isl)?, tokens(osl)?))
}

/// The number that follows a tag: 4 for the tag `tp` in `tp4`.
fn number(text: &str, tag: &str) -> Option<u32> {
    text.strip_prefix(tag)?.parse().ok()
}
