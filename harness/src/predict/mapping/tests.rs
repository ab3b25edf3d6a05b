//! The mapping of rows, and the requests of the mapped rows.

use proptest::prelude::*;

use super::map;
use crate::mantile::{Layer, LayerTable, PhaseRequest};
use crate::row::identity_tests::any_identity;
use crate::row::{Concurrency, Identity, Layout, Parallelism};
use crate::rules::config::{self, Config};
use crate::testing::bare_row as row;

const CONFIG: &str = "
    schema_version = 1
    model_id = 'm'
    min_coverage_percent = 90
    expert_layer_classes = ['MoELayer']
    source = [{ name = 'p', file = 'p.csv', mean_length_ratio = 0.9, approximations = ['queueing'] }]
    noise_floor = { throughput = 1, output_throughput = 1, ttft = 1, tpot = 1, e2e_latency = 1 }
    [[gpu]]
    model = 'b200'
    hardware_id = 'blackwell'
    precision.fp4 = { dtype = 'nvfp4', layer_class = { NormLayer = 'bf16' } }
    [[gpu]]
    model = 'h200'
    hardware_id = 'hopper'
    approximation = 'h200_as_h100'
    precision.fp4 = { dtype = 'nvfp8', approximation = 'fp4_as_fp8' }
    [[gpu]]
    model = 'mi355x'
    unmapped = 'no AMD'
    [features]
    dp_attention = { approximation = 'dpa' }
    disaggregation = { approximation = 'no_kv' }
    uneven_batch = { approximation = 'fullest' }
    spec_decoding = { unmapped = 'no speculation' }
    [approximations]
    queueing = ''
    h200_as_h100 = ''
    fp4_as_fp8 = ''
    dpa = ''
    no_kv = ''
    fullest = ''
";

fn config() -> Config {
    config::parse(std::path::Path::new("reconcile.toml"), CONFIG).unwrap()
}

fn layers() -> LayerTable {
    let layer = |name: &str, class: &str, takes: &[&str]| Layer {
        name: name.to_owned(),
        class: class.to_owned(),
        count: 1,
        available_parallelism: takes.iter().map(|&name| name.to_owned()).collect(),
    };
    LayerTable {
        layers: vec![
            layer("attention", "Attention", &["context_parallel", "tensor_parallel"]),
            layer("MoE", "MoELayer", &["context_parallel", "expert_parallel", "tensor_parallel"]),
            // Like Mantile's norm layer, this one takes expert_parallel although it has no experts.
            layer("norm", "NormLayer", &["expert_parallel", "tensor_parallel"]),
            layer("plain", "Plain", &[]),
        ],
    }
}

fn phases(name: &str) -> (PhaseRequest, PhaseRequest, Vec<String>) {
    let config = config();
    let row = row(name);
    let mapped = map(&row, &config).unwrap();
    let request = mapped.questions(&layers()).remove(0).request;
    (request.prefill_req, request.decode_req, mapped.approximations)
}

fn degrees(phase: &PhaseRequest, layer: &str) -> Vec<(String, u32)> {
    phase.layers[layer].parallelism.clone().into_iter().collect()
}

fn pairs(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected.iter().map(|&(name, degree)| (name.to_owned(), degree)).collect()
}

#[test]
fn lengths_are_the_mean_ones_and_decode_processes_one_token() {
    let (prefill, decode, approximations) = phases("b200::vllm::fp4::1024x8192::tp4_ep1::c64");
    assert_eq!((prefill.seq_len, prefill.context_len, prefill.batch_size), (922, None, 64));
    // 921.6 + 7372.8 / 2 = 4608
    assert_eq!((decode.seq_len, decode.context_len, decode.batch_size), (1, Some(4608), 64));
    assert_eq!(decode.hardware_id, "blackwell");
    assert_eq!(approximations, ["queueing"]);
}

#[test]
fn experts_share_the_packages_between_both_kinds_of_parallelism() {
    let (_, decode, _) = phases("b200::trt::fp4::1024x1024::tp4_ep2::c8");
    assert_eq!(degrees(&decode, "MoE"), pairs(&[("expert_parallel", 2), ("tensor_parallel", 2)]));
    assert_eq!(degrees(&decode, "attention"), pairs(&[("tensor_parallel", 4)]));
    assert_eq!(degrees(&decode, "norm"), pairs(&[("tensor_parallel", 4)]));
    assert_eq!(degrees(&decode, "plain"), pairs(&[]));
    assert_eq!(decode.layers["MoE"].dtype, "nvfp4");
    assert_eq!(decode.layers["norm"].dtype, "bf16");
}

#[test]
fn pools_have_their_own_parallelism_and_their_workers_share_the_requests() {
    let name = "b200::trt::fp4::8192x1024::prefill-3w3g_tp1_ep1+decode-2w8g_tp4_ep4_dpa::c64";
    let (prefill, decode, approximations) = phases(name);
    assert_eq!((prefill.batch_size, decode.batch_size), (22, 32));
    assert_eq!(degrees(&prefill, "attention"), pairs(&[("tensor_parallel", 1)]));
    assert_eq!(degrees(&decode, "MoE"), pairs(&[("expert_parallel", 4), ("tensor_parallel", 1)]));
    assert_eq!(approximations, ["dpa", "fullest", "no_kv", "queueing"]);
    let config = config();
    assert_eq!(map(&row(name), &config).unwrap().packages(), 4);
}

#[test]
fn approximations_come_from_gpu_precision_and_feature() {
    let (_, _, approximations) = phases("h200::vllm::fp4::1024x1024::tp2_ep1_dpa::c8");
    assert_eq!(approximations, ["dpa", "fp4_as_fp8", "h200_as_h100", "queueing"]);
}

#[test]
fn a_row_that_cannot_be_mapped_says_why() {
    let config = config();
    for (name, reason) in [
        ("mi355x::atom::fp4::1024x1024::tp1_ep1::c8", "no AMD"),
        ("b300::vllm::fp4::1024x1024::tp1_ep1::c8", "no gpu `b300` in reconcile.toml"),
        ("b200::vllm::fp8::1024x1024::tp1_ep1::c8", "no precision `fp8` for gpu `b200`"),
        (
            "b200::vllm::fp4::1024x1024::tp4_ep3::c8",
            "tensor_parallel 4 does not divide by expert_parallel 3",
        ),
        ("b200::vllm::fp4::1024x1024::tp4_ep1::c8::spec-mtp", "no speculation"),
    ] {
        assert_eq!(map(&row(name), &config).unwrap_err().reason, reason);
    }
}

proptest! {
    #[test]
    fn every_layer_is_spread_over_its_engines_packages(
        identity in any_identity(), tp_over_ep in 1u32..9,
    ) {
        // Make the identity one that maps: a known GPU, and TP a multiple of EP.
        let mut row = row("b200::vllm::fp4::1x1::tp1_ep1::c1");
        row.identity = Identity { gpu_model: "b200".to_owned(), precision: "fp4".to_owned(),
                                  spec_decoding: "none".to_owned(), ..identity };
        // Pipeline stages and context parallelism do not map.
        let concurrency = row.identity.concurrency.fixed().unwrap_or(64);
        row.identity.concurrency = Concurrency::Fixed(concurrency);
        let widen = |parallelism: &mut Parallelism| {
            let ep = parallelism.expert_parallel;
            let dp_attention = parallelism.dp_attention;
            *parallelism =
                Parallelism { dp_attention, ..Parallelism::new(ep * tp_over_ep, ep) };
        };
        match &mut row.identity.layout {
            Layout::Aggregated(parallelism) => widen(parallelism),
            Layout::Disaggregated { prefill, decode } => {
                widen(&mut prefill.parallelism);
                widen(&mut decode.parallelism);
            }
        }
        let config = config();
        let mapped = map(&row, &config).unwrap();
        let question = mapped.questions(&layers()).remove(0);
        let request = question.request;
        let spread = |phase: &PhaseRequest, layer: &str| -> u32 {
            phase.layers[layer].parallelism.values().product()
        };
        let widest = [&request.prefill_req, &request.decode_req].map(|phase| {
            prop_assert_eq!(spread(phase, "MoE"), spread(phase, "attention"));
            prop_assert!(phase.batch_size >= 1 && phase.seq_len >= 1);
            Ok(spread(phase, "MoE"))
        });
        let [prefill, decode] = widest;
        prop_assert_eq!(prefill?.max(decode?), mapped.packages());
        // No request is lost: the workers hold at least the concurrency between them.
        if let Layout::Disaggregated { decode, .. } = &row.identity.layout {
            prop_assert!(request.decode_req.batch_size * decode.workers >= concurrency);
            prop_assert!((request.decode_req.batch_size - 1) * decode.workers < concurrency);
        }
    }
}
