//! A new model's folder, as far as a live Mantile can fill it: how its layers, its hardware and its
//! dtypes meet the names that benchmarks use. What only a person knows is left to say, with a comment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::mantile::LayerTable;

/// What a live Mantile says of the model and of its hardware.
#[derive(Debug, Clone)]
pub struct ServiceFacts {
    /// Mantile's id of the model, which is the folder's name.
    pub model_id: String,
    /// The model's name elsewhere, such as `openai/gpt-oss-120b`.
    pub published_name: String,
    /// Its layers.
    pub layers: LayerTable,
    /// The hardware configurations, each with the dtypes that it computes in.
    pub hardware: Vec<ListedHardware>,
}

/// A hardware configuration of Mantile's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedHardware {
    /// Its id in requests.
    pub id: String,
    /// The dtypes that it computes in.
    pub dtypes: BTreeSet<String>,
}

/// A GPU as benchmarks name it, and the configuration of Mantile's that stands for it.
struct KnownGpu {
    model: &'static str,
    hardware_id: &'static str,
    /// The approximation, with its explanation, where the configuration is another GPU's.
    approximation: Option<(&'static str, &'static str)>,
}

/// A package of the NVL72 rack is one Blackwell GPU; Hopper GPUs differ in memory alone.
const KNOWN_GPUS: [KnownGpu; 5] = [
    KnownGpu { model: "b200", hardware_id: "nvidia_nvl72_rack", approximation: None },
    KnownGpu { model: "gb200", hardware_id: "nvidia_nvl72_rack", approximation: None },
    KnownGpu { model: "h100", hardware_id: "nvidia_h100_80gb", approximation: None },
    KnownGpu {
        model: "h200",
        hardware_id: "nvidia_h100_80gb",
        approximation: Some((
            "h200_as_h100",
            "Mantile has no H200; the H100 configuration stands in, with less memory bandwidth",
        )),
    },
    KnownGpu {
        model: "gh200",
        hardware_id: "nvidia_h100_80gb",
        approximation: Some((
            "gh200_as_h100",
            "Mantile has no GH200; the H100 configuration stands in, with less memory bandwidth",
        )),
    },
];

/// GPUs that benchmarks measure and that no configuration of Mantile's comes near.
const UNMAPPED_GPUS: [(&str, &str); 8] = [
    ("b300", "Mantile has no B300 hardware configuration"),
    ("gb300", "Mantile has no GB300 hardware configuration"),
    ("a100", "Mantile has no Ampere hardware configuration"),
    ("l40s", "Mantile has no Ada hardware configuration"),
    ("mi300x", "Mantile has no AMD hardware configuration"),
    ("mi325x", "Mantile has no AMD hardware configuration"),
    ("mi355x", "Mantile has no AMD hardware configuration"),
    ("mi250", "Mantile has no AMD hardware configuration"),
];

/// A dtype of Mantile's, and what it glosses over, by name and explanation, where it is only the nearest.
type Choice = (&'static str, Option<(&'static str, &'static str)>);

/// The dtypes that a published precision can become, the best first.
const PRECISIONS: [(&str, &[Choice]); 4] = [
    (
        "fp4",
        &[
            ("nvfp4", None),
            (
                "nvfp8",
                Some((
                    "hopper_fp4_as_fp8",
                    "Hopper has no fp4 units; nvfp8 is the nearest dtype that Mantile has for it",
                )),
            ),
        ],
    ),
    (
        "fp8",
        &[
            ("nvfp8", None),
            (
                "bf16",
                Some(("fp8_as_bf16", "bf16 is the nearest dtype that Mantile has for the GPU")),
            ),
        ],
    ),
    ("bf16", &[("bf16", None)]),
    ("fp16", &[("bf16", None)]),
];

/// What the scaffold's features and sources are called, and why each is one.
const APPROXIMATIONS: [(&str, &str); 4] = [
    (
        "queueing",
        "the benchmark starts all requests at once and keeps them in flight; Mantile times one prefill \
         of the whole batch and no waiting",
    ),
    ("dp_attention_as_tp", "attention is data-parallel; Mantile only knows it tensor-parallel"),
    (
        "no_kv_transfer",
        "prefill and decode run on separate pools; Mantile moves no KV cache between them",
    ),
    (
        "fullest_worker",
        "concurrency does not divide by the workers; the fullest worker's batch is predicted",
    ),
];

const FEATURES: &str = "
# What Mantile cannot express: predicted under a named approximation, or unmapped for a reason.
[features]
dp_attention = { approximation = \"dp_attention_as_tp\" }
disaggregation = { approximation = \"no_kv_transfer\" }
uneven_batch = { approximation = \"fullest_worker\" }
spec_decoding = { unmapped = \"Mantile has no speculative decoding\" }

[approximations]
";

const RULES: &str = "
# How far the same configuration measured twice lies apart (largest / smallest). These are the
# figures of InferenceMAX's GPT-OSS-120B rows: put the provider's own here.
[noise_floor]
throughput = 1.05
output_throughput = 1.05
ttft = 1.25
tpot = 1.05
e2e_latency = 1.05

# How `bands` proposes; `bands --accept` writes the bands and gates below.
[band_rule]
alpha = 0.1
by = [\"gpu_model\", \"framework\"]
";

/// The text of the model's `reconcile.toml`, with one source of this name.
#[must_use]
pub fn reconcile_toml(facts: &ServiceFacts, source: &str) -> String {
    let ServiceFacts { model_id, published_name, layers, hardware } = facts;
    let experts: BTreeSet<&str> = layers
        .layers
        .iter()
        // Norms take the degree too, and hold no experts.
        .filter(|layer| layer.class.contains("MoE") && layer.takes("expert_parallel"))
        .map(|layer| layer.class.as_str())
        .collect();
    let experts: Vec<String> = experts.into_iter().map(quoted).collect();
    let mut text = format!(
        "# What the rows of this folder are compared by. The README describes every key.\n\n\
         schema_version = 1\nmodel_id = {}\nmax_recording_age_days = 450\n\
         # Rows with a prediction, percent of all rows: raise it to what `run` shows.\n\
         min_coverage_percent = 0.0\nexpert_layer_classes = [{}]\n\n\
         [[source]]\nname = {}\nfile = {}\n\
         # The model's names in the artifacts that `extract` reads.\n\
         artifact_models = [{}]\n\
         # Mean lengths over the nominal ones: 0.9 for InferenceMAX, 1.0 where lengths are exact.\n\
         mean_length_ratio = 0.9\napproximations = [\"queueing\"]\n",
        quoted(model_id),
        experts.join(", "),
        quoted(source),
        quoted(&format!("{source}.csv")),
        quoted(published_name),
    );
    let mut explained: BTreeMap<&str, &str> = APPROXIMATIONS.into_iter().collect();
    for gpu in &KNOWN_GPUS {
        if let Some(hardware) = hardware.iter().find(|hw| hw.id == gpu.hardware_id) {
            text.push_str(&gpu_table(gpu, hardware, &mut explained));
        }
    }
    for (model, reason) in UNMAPPED_GPUS {
        let _ =
            write!(text, "\n[[gpu]]\nmodel = {}\nunmapped = {}\n", quoted(model), quoted(reason));
    }
    text.push_str(FEATURES);
    for (name, why) in explained {
        let _ = writeln!(text, "{name} = {}", quoted(why));
    }
    text + RULES
}

/// The table of a GPU that a configuration of Mantile's stands for; the approximations that this makes
/// are added to those explained.
fn gpu_table(
    gpu: &KnownGpu,
    hardware: &ListedHardware,
    explained: &mut BTreeMap<&'static str, &'static str>,
) -> String {
    let mut text = format!(
        "\n[[gpu]]\nmodel = {}\nhardware_id = {}\n",
        quoted(gpu.model),
        quoted(&hardware.id)
    );
    if let Some((name, why)) = gpu.approximation {
        let _ = writeln!(text, "approximation = {}", quoted(name));
        explained.insert(name, why);
    }
    for (precision, choices) in PRECISIONS {
        let mut dtypes = choices.iter().filter(|(dtype, _)| hardware.dtypes.contains(*dtype));
        let Some((dtype, approximation)) = dtypes.next() else { continue };
        let _ = write!(text, "precision.{precision} = {{ dtype = {}", quoted(dtype));
        if let Some((name, why)) = approximation {
            let _ = write!(text, ", approximation = {}", quoted(name));
            explained.insert(name, why);
        }
        text.push_str(" }\n");
    }
    text
}

/// The text of the model's `README.md`, to be completed.
#[must_use]
pub fn readme(facts: &ServiceFacts, source: &str) -> String {
    let layers = facts.layers.layers.iter();
    let layers: Vec<String> =
        layers.map(|layer| format!("{} × {} ({})", layer.count, layer.name, layer.class)).collect();
    format!(
        "# {name}\n\n`{name}`, in Mantile `{id}`: {layers}.\n\n## Rows\n\n\
         | file | provider | rows | measured | licence |\n|---|---|---:|---|---|\n\
         | `{source}.csv` | (who published it, with an address) | | | |\n\n\
         ## How the rows were measured\n\n(Load, lengths, what the latencies are over.)\n\n\
         ## How Mantile is asked\n\n(Which approximations are in force and what they cost.)\n",
        name = facts.published_name,
        id = facts.model_id,
        layers = layers.join(", "),
    )
}

/// The text of an empty `known_deviations.toml`.
pub const KNOWN_DEVIATIONS: &str = "# Rows allowed outside their bands, each with a reason, a bound and an expiry date.\n\n\
     schema_version = 1\n";

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mantile::Layer;

    fn facts() -> ServiceFacts {
        let layer = |name: &str, class: &str| Layer {
            name: name.to_owned(),
            class: class.to_owned(),
            count: 4,
            available_parallelism: vec!["expert_parallel".to_owned(), "tensor_parallel".to_owned()],
        };
        let hardware = |id: &str, dtypes: &[&str]| ListedHardware {
            id: id.to_owned(),
            dtypes: dtypes.iter().map(|&dtype| dtype.to_owned()).collect(),
        };
        ServiceFacts {
            model_id: "org_m".to_owned(),
            published_name: "org/m".to_owned(),
            layers: LayerTable {
                layers: vec![layer("norm", "NormLayer"), layer("MoE", "MoELayer")],
            },
            hardware: vec![
                hardware("nvidia_h100_80gb", &["bf16", "nvfp8", "int8"]),
                hardware("nvidia_nvl72_rack", &["bf16", "nvfp8", "nvfp4"]),
            ],
        }
    }

    #[test]
    fn the_scaffold_is_a_configuration_that_maps_what_mantile_has() {
        let text = reconcile_toml(&facts(), "inferencemax");
        let path = std::path::Path::new("reconcile.toml");
        let config =
            crate::rules::config::parse(path, &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(config.expert_layer_classes, ["MoELayer"]);
        let gpu = |model: &str| config.gpus.iter().find(|gpu| gpu.model == model).unwrap();
        let dtype = |model: &str, precision: &str| {
            let precision = &gpu(model).precision[precision];
            (precision.dtype.clone(), precision.approximation.clone())
        };
        assert_eq!(dtype("b200", "fp4"), ("nvfp4".to_owned(), None));
        let as_fp8 = Some("hopper_fp4_as_fp8".to_owned());
        assert_eq!(dtype("h200", "fp4"), ("nvfp8".to_owned(), as_fp8));
        assert_eq!(dtype("h100", "fp16"), ("bf16".to_owned(), None));
        assert_eq!(gpu("h200").approximation.as_deref(), Some("h200_as_h100"));
        assert!(gpu("mi355x").unmapped.as_deref().unwrap().contains("AMD"));
        crate::rules::deviation::parse(path, KNOWN_DEVIATIONS).unwrap();
    }

    #[test]
    fn a_mantile_without_a_configuration_maps_no_gpu_to_it() {
        let mut facts = facts();
        facts.hardware.remove(0);
        facts.layers.layers.pop();
        let text = reconcile_toml(&facts, "own");
        let config = crate::rules::config::parse(std::path::Path::new("r.toml"), &text).unwrap();
        assert!(config.gpus.iter().all(|gpu| gpu.model != "h100" && gpu.model != "h200"));
        assert!(config.expert_layer_classes.is_empty());
        assert_eq!(config.sources[0].file, "own.csv");
    }
}
