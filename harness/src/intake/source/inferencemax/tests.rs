//! One test per generation of the schema.

use std::path::Path;

use serde_json::{Value, json};

use super::{InferenceMax, gpu_model};
use crate::intake::source::{Artifact, Fate, GivenFacts, Reading, SkipReason, SourceReader as _};
use crate::row::metric::Metric;

#[test]
fn hw_loses_its_runner_and_keeps_its_gpu() {
    for (hw, gpu) in [
        ("b200-trt", "b200"),
        ("h200-trt", "h200"),
        ("h200-nb_1", "h200"),
        ("cluster:h100-dgxc", "h100"),
        ("gb200-multinode-slurm", "gb200"),
        ("mi355x-amds", "mi355x"),
        ("mi300x-amd_12", "mi300x"),
    ] {
        assert_eq!(gpu_model(hw), gpu);
    }
}

/// Figures alone, as the first generation had them.
fn figures() -> Value {
    json!({
        "hw": "h200-nb", "conc": 16, "model": "m/70b", "tput_per_gpu": 900.0, "mean_ttft": 0.2,
        "p99_ttft": 0.6, "std_ttft": 0.1, "mean_tpot": 0.01, "mean_intvty": 100.0,
        "mean_e2el": 9.4, "median_e2el": 9.3
    })
}

fn with(mut object: Value, mut more: Value) -> Value {
    let mut more = std::mem::take(more.as_object_mut().unwrap());
    object.as_object_mut().unwrap().append(&mut more);
    object
}

fn read_file(name: &str, content: &Value) -> Reading {
    let path = Path::new("run_7").join(name);
    let artifact = Artifact::new(&path, content.to_string());
    assert!(InferenceMax.recognises(&artifact), "{name}");
    let given = GivenFacts { provider: "p".to_owned(), ..GivenFacts::default() };
    InferenceMax.read(&artifact, &given).unwrap()
}

fn only(reading: &Reading) -> (&'static str, String) {
    assert_eq!(reading.rows.len(), 1, "{:?}", reading.warnings);
    let ((generation, fate), _) = reading.fates.iter().next().unwrap();
    assert_eq!(*fate, Fate::Taken);
    assert!(reading.unknown_keys.is_empty());
    (generation, reading.rows[0].identity.to_string())
}

fn identity_of(name: &str, content: &Value) -> (&'static str, String) {
    only(&read_file(name, content))
}

#[test]
fn generation_2025_08_has_its_identity_in_the_name() {
    let object = with(figures(), json!({ "tp": 4 }));
    let expected = ("2025-08", "h200::vllm::fp8::1024x1024::tp4_ep1::c16".to_owned());
    let name = "agg_70b_1k1k_vllm_fp8_tp4_conc16_h200-nb_1.json";
    assert_eq!(identity_of(name, &object), expected);
    let reading = read_file(name, &object);
    assert_eq!(reading.rows[0].provenance.run_id, "7");
    assert_eq!(reading.rows[0].measured.means[Metric::OutputThroughput], None);
    // Without framework in the name there is none to guess.
    let reading = read_file("agg_70b_1k1k_tp4_conc16_h200-nb_1.json", &object);
    assert_eq!(reading.rows.len(), 0);
    assert!(reading.warnings[0].ends_with("say it with --framework"), "{:?}", reading.warnings);
}

#[test]
fn generation_2025_09_names_framework_and_precision_and_mtp() {
    let object =
        with(figures(), json!({ "tp": 2, "framework": "trt", "precision": "fp4", "mtp": "mtp1" }));
    let name = "agg_70b_8k1k_fp4_trt_tp2_conc16_b200-nv_0.json";
    let (generation, identity) = identity_of(name, &object);
    assert_eq!(generation, "2025-09");
    assert_eq!(identity, "h200::trt::fp4::8192x1024::tp2_ep1::c16::spec-mtp");
}

#[test]
fn generation_2025_10_gives_output_throughput_alone_or_in_an_aggregate() {
    let object = with(
        figures(),
        json!({
            "tp": 2, "framework": "trt", "precision": "fp4", "output_tput_per_gpu": 450.0,
            "input_tput_per_gpu": 450.0
        }),
    );
    let expected = ("2025-10", "h200::trt::fp4::1024x8192::tp2_ep1::c16".to_owned());
    let name = "agg_70b_1k8k_fp4_trt_tp2_conc16_h200-nv_0.json";
    assert_eq!(identity_of(name, &object), expected);
    // An artifact's name is its file's without `agg_`.
    assert_eq!(identity_of("70b_1k8k_fp4_trt_tp2_conc16_h200-nb_1.json", &object), expected);
    let reading = read_file("agg_70b_1k8k.json", &json!([object]));
    assert_eq!(only(&reading), expected);
    assert_eq!(reading.rows[0].measured.means[Metric::OutputThroughput], Some(450.0));
}

#[test]
fn generation_2025_11_has_experts_and_attention() {
    let object = with(
        figures(),
        json!({
            "tp": 4, "ep": 4, "dp_attention": "true", "framework": "trt", "precision": "fp4",
            "isl": 1024, "osl": 1024
        }),
    );
    let expected = ("2025-11", "h200::trt::fp4::1024x1024::tp4_ep4_dpa::c16".to_owned());
    let name = "agg_gptoss_1k1k_fp4_trt_tp4_ep4_dpa_true_conc16_h200-nv_0.json";
    assert_eq!(identity_of(name, &object), expected);
    let mut old = object;
    for key in ["isl", "osl", "ep", "dp_attention"] {
        old.as_object_mut().unwrap().remove(key);
    }
    let old = with(old, json!({ "disagg": false }));
    assert_eq!(identity_of(name, &old), expected, "from the name alone");
    let name = "agg_gptoss_1k1k_fp4_trt_tp4_ep4_dpa_true_conc16_specdecode_mtp_h200-nv_0.json";
    assert!(identity_of(name, &old).1.ends_with("c16::spec-mtp"));
    let name = "agg_gptoss_1k1k_fp4_trt_tp4-ep4-dpatrue_disagg-false_spec-none_conc16_h200.json";
    assert_eq!(identity_of(name, &old), expected);
    let contradiction = read_file("agg_70b_1k1k_fp4_trt_tp8_conc16_h200.json", &old);
    assert!(contradiction.warnings[0].contains("tp is 4, and 8 in the file's name"));
}

/// A result of several nodes, two pools.
fn pools() -> Value {
    with(
        figures(),
        json!({
            "hw": "gb200", "framework": "dynamo-trt", "precision": "fp4", "isl": 8192,
            "osl": 1024, "image": "engine:1", "infmax_model_prefix": "70b",
            "spec_decoding": "none", "is_multinode": true, "disagg": true, "prefill_tp": 1,
            "prefill_ep": 1, "prefill_dp_attention": "false", "prefill_num_workers": 2,
            "num_prefill_gpu": 2, "decode_tp": 4, "decode_ep": 4,
            "decode_dp_attention": "true", "decode_num_workers": 1, "num_decode_gpu": 4
        }),
    )
}

#[test]
fn generation_2025_12_has_pools() {
    let pooled = "gb200::dynamo-trt::fp4::8192x1024::\
                  prefill-2w2g_tp1_ep1+decode-1w4g_tp4_ep4_dpa::c16::multinode";
    let expected = ("2025-12", pooled.to_owned());
    assert_eq!(identity_of("agg_bmk.json", &json!([pools()])), expected);
    let name = "agg_70b_8k1k_fp4_dynamo-trt_prefill-tp1-pp1-ep1-dpfalse-nw2_\
                decode-tp4-pp1-ep4-dptrue-nw1_disagg-true_spec-none_conc16x32_gb200.json";
    assert_eq!(identity_of(name, &pools()), expected);
    // Several nodes with one engine are called prefill, and zeros decode.
    let one = with(
        pools(),
        json!({
            "disagg": false, "prefill_tp": 16, "prefill_num_workers": 1, "num_prefill_gpu": 16,
            "decode_tp": 0, "decode_ep": 0, "decode_num_workers": 0, "num_decode_gpu": 0
        }),
    );
    let (_, identity) = identity_of("agg_bmk.json", &json!([one]));
    assert_eq!(identity, "gb200::dynamo-trt::fp4::8192x1024::tp16_ep1::c16::multinode");
}

#[test]
fn generation_2026_03_adds_percentiles() {
    let object = with(pools(), json!({ "p90_ttft": 0.4, "p99.9_ttft": 0.7, "p99.9_itl": 0.1 }));
    let reading = read_file("agg_bmk.json", &json!([object]));
    assert_eq!(only(&reading).0, "2026-03");
    let measured = &reading.rows[0].measured;
    assert_eq!((measured.p90_ttft, measured.p99_9_ttft), (Some(0.4), Some(0.7)));
}

#[test]
fn generation_2026_05_adds_power_and_agents() {
    let object = with(pools(), json!({ "avg_power_w": 700.0, "joules_per_output_token": 2.0 }));
    let reading = read_file("agg_bmk.json", &json!([object]));
    assert_eq!(only(&reading).0, "2026-05");
    let measured = &reading.rows[0].measured;
    assert_eq!(measured.average_power_watts_per_gpu, Some(700.0));
    assert_eq!(measured.joules_per_output_token, None, "of one pool or of all?");
    let agent = json!({
        "hw": "cluster:h100-dgxc", "conc": 4, "model": "m", "framework": "sglang",
        "scenario_type": "agentic-coding", "request_metrics": { "latency": {} }
    });
    let reading = read_file("agg_bmk.json", &json!([agent]));
    let fate = Fate::Skipped(SkipReason::AgenticScenario);
    assert_eq!(reading.fates.count(&("2026-05", fate)), 1);
}

#[test]
fn generation_2026_07_adds_stages_and_context_parallelism() {
    let object = with(
        figures(),
        json!({
            "hw": "cluster:h200-dgxc", "framework": "vllm", "precision": "fp8", "isl": 1024,
            "osl": 1024, "tp": 4, "ep": 1, "pp": 2, "pcp_size": 2, "dcp_size": 4,
            "dp_attention": "false", "disagg": false, "is_multinode": false
        }),
    );
    let reading = read_file("agg_bmk.json", &json!([object]));
    let (generation, identity) = only(&reading);
    assert_eq!(generation, "2026-07");
    assert_eq!(identity, "h200::vllm::fp8::1024x1024::tp4_ep1_pp2_pcp2_dcp4::c16");
    assert_eq!(reading.rows[0].identity.gpus(), 16);
    let mixed = with(pools(), json!({ "prefill_hw": "h200-nb", "decode_hw": "b200" }));
    let (_, identity) = identity_of("agg_bmk.json", &json!([mixed]));
    assert!(identity.starts_with("h200+b200::"), "{identity}");
}

#[test]
fn generation_2026_08_says_what_its_energy_is_of() {
    let object = with(
        pools(),
        json!({
            "recipe_fingerprint": "abc", "power_metric_schema_version": 2, "power_valid": 1,
            "avg_power_w": 700.0, "joules_per_output_token": 2.0
        }),
    );
    let reading = read_file("agg_bmk.json", &json!([object.clone()]));
    assert_eq!(only(&reading).0, "2026-08");
    assert_eq!(reading.rows[0].measured.joules_per_output_token, Some(2.0));
    let reading = read_file("agg_bmk.json", &json!([with(object, json!({ "power_valid": 0 }))]));
    assert_eq!(reading.rows[0].measured.joules_per_output_token, None);
}

#[test]
fn keys_of_tomorrow_are_counted_and_named() {
    let object = with(pools(), json!({ "a_key_of_tomorrow": [1, 2] }));
    let reading = read_file("agg_bmk.json", &json!([object.clone(), object]));
    assert_eq!(reading.unknown_keys.count(&"a_key_of_tomorrow".to_owned()), 2);
}
