//! The first `reconcile.toml` of a new model.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use super::known::{APPROXIMATIONS, KNOWN_GPUS, KnownGpu, PRECISIONS, UNMAPPED_GPUS};
use crate::mantile::{LayerTable, ListedHardware, ServiceFacts};

/// The text of the model's `reconcile.toml`, with one source of this name.
#[must_use]
pub fn reconcile_toml(facts: &ServiceFacts, source: &str) -> String {
    let mut explained: BTreeMap<&str, &str> = APPROXIMATIONS.into_iter().collect();
    let mut document = DocumentMut::new();
    add_head(&mut document, facts);
    document.insert("source", tables([source_table(facts, source)]));
    document.insert("gpu", tables(gpu_tables(&facts.hardware, &mut explained)));
    document.insert("features", Item::Table(features_table()));
    let mut approximations = spaced_table();
    for (name, explanation) in explained {
        approximations.insert(name, value(explanation));
    }
    document.insert("approximations", Item::Table(approximations));
    document.insert("noise_floor", Item::Table(noise_floor_table()));
    document.insert("band_rule", Item::Table(band_rule_table()));
    document.to_string()
}

/// The keys before the first table.
fn add_head(table: &mut Table, facts: &ServiceFacts) {
    table.insert("schema_version", value(1));
    comment(
        table,
        "schema_version",
        "How the rows of this folder are compared. The README describes every key.\n",
    );
    table.insert("model_id", value(&facts.model_id));
    table.insert("max_recording_age_days", value(450));
    table.insert("min_coverage_percent", value(0.0));
    comment(
        table,
        "min_coverage_percent",
        "Rows with a prediction, percent of all rows: raise it to what `run` shows.",
    );
    table.insert("expert_layer_classes", value(Array::from_iter(expert_classes(&facts.layers))));
}

/// The classes of the layers that hold experts. Norms take expert parallelism too, but hold no experts.
fn expert_classes(layers: &LayerTable) -> BTreeSet<&str> {
    layers
        .layers
        .iter()
        .filter(|layer| layer.class.contains("MoE") && layer.takes("expert_parallel"))
        .map(|layer| layer.class.as_str())
        .collect()
}

fn source_table(facts: &ServiceFacts, source: &str) -> Table {
    let mut table = spaced_table();
    table.insert("name", value(source));
    table.insert("file", value(format!("{source}.csv")));
    table.insert("artifact_models", value(Array::from_iter([&facts.published_name])));
    comment(
        &mut table,
        "artifact_models",
        "The model's names in the artifacts that `extract` reads.",
    );
    table.insert("mean_length_ratio", value(0.9));
    comment(
        &mut table,
        "mean_length_ratio",
        "Mean lengths over the nominal ones: 0.9 for InferenceMAX, 1.0 where lengths are exact.",
    );
    table.insert("approximations", value(Array::from_iter(["queueing"])));
    table
}

/// The tables of the GPUs that Mantile has, then of those that it lacks. The approximations that they need are
/// added to those explained.
fn gpu_tables(
    hardware: &[ListedHardware],
    explained: &mut BTreeMap<&'static str, &'static str>,
) -> Vec<Table> {
    let mut tables = Vec::new();
    for gpu in &KNOWN_GPUS {
        if let Some(hardware) = hardware.iter().find(|hardware| hardware.id == gpu.hardware_id) {
            tables.push(gpu_table(gpu, hardware, explained));
        }
    }
    for (model, reason) in UNMAPPED_GPUS {
        let mut table = spaced_table();
        table.insert("model", value(model));
        table.insert("unmapped", value(reason));
        tables.push(table);
    }
    tables
}

fn gpu_table(
    gpu: &KnownGpu,
    hardware: &ListedHardware,
    explained: &mut BTreeMap<&'static str, &'static str>,
) -> Table {
    let mut table = spaced_table();
    table.insert("model", value(gpu.model));
    table.insert("hardware_id", value(&hardware.id));
    if let Some((name, explanation)) = gpu.approximation {
        table.insert("approximation", value(name));
        explained.insert(name, explanation);
    }
    let mut precisions = Table::new();
    precisions.set_dotted(true);
    for (precision, choices) in PRECISIONS {
        let mut dtypes = choices.iter().filter(|(dtype, _)| hardware.dtypes.contains(*dtype));
        let Some(&(dtype, approximation)) = dtypes.next() else { continue };
        let mut mapping = InlineTable::new();
        mapping.insert("dtype", dtype.into());
        if let Some((name, explanation)) = approximation {
            mapping.insert("approximation", name.into());
            explained.insert(name, explanation);
        }
        precisions.insert(precision, value(mapping));
    }
    if !precisions.is_empty() {
        table.insert("precision", Item::Table(precisions));
    }
    table
}

fn features_table() -> Table {
    let mut table = spaced_table();
    table.decor_mut().set_prefix(
        "\n# Features that Mantile cannot express: predicted under a named approximation, or unmapped for a reason.\n",
    );
    for (feature, treatment, text) in [
        ("dp_attention", "approximation", "dp_attention_as_tp"),
        ("disaggregation", "approximation", "no_kv_transfer"),
        ("uneven_batch", "approximation", "fullest_worker"),
        ("spec_decoding", "unmapped", "Mantile has no speculative decoding"),
    ] {
        table.insert(feature, value(InlineTable::from_iter([(treatment, text)])));
    }
    table
}

fn noise_floor_table() -> Table {
    let mut table = spaced_table();
    table.decor_mut().set_prefix(
        "\n# The spread of repeated measurements of one configuration (largest / smallest). These are the\n\
         # figures of InferenceMAX's GPT-OSS-120B rows: replace them with the provider's own.\n",
    );
    for (metric, spread) in [
        ("throughput", 1.05),
        ("output_throughput", 1.05),
        ("ttft", 1.25),
        ("tpot", 1.05),
        ("e2e_latency", 1.05),
    ] {
        table.insert(metric, value(spread));
    }
    table
}

fn band_rule_table() -> Table {
    let mut table = spaced_table();
    table.decor_mut().set_prefix(
        "\n# The rule by which `bands` proposes; `bands --accept` writes the bands and gates below.\n",
    );
    table.insert("alpha", value(0.1));
    table.insert("by", value(Array::from_iter(["gpu_model", "framework"])));
    table
}

/// A table with an empty line before its header.
fn spaced_table() -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table
}

fn tables(tables: impl IntoIterator<Item = Table>) -> Item {
    Item::ArrayOfTables(ArrayOfTables::from_iter(tables))
}

/// Puts a comment before a key of the table.
fn comment(table: &mut Table, key: &str, text: &str) {
    if let Some(mut key) = table.key_mut(key) {
        key.leaf_decor_mut().set_prefix(format!("# {text}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mantile::{Layer, LayerTable};
    use crate::rules::scaffold::KNOWN_DEVIATIONS;

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
    fn the_scaffold_maps_each_gpu_and_precision_that_mantile_has() {
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
    fn a_gpu_whose_configuration_mantile_lacks_is_left_out() {
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
