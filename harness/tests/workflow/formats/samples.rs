//! The samples in `fixtures/samples/`, with the rows that they must give.

use mantile_reconcile::row::metric::Metric;

/// A sample of a format, and the rows that it must give.
pub(super) struct Format {
    pub(super) from: &'static str,
    pub(super) file: &'static str,
    /// The options with the facts that the file does not hold.
    pub(super) options: &'static str,
    pub(super) rows: &'static [Expected],
    /// A figure in the file, and the key or column that the error of a wrong one must name.
    pub(super) figure: (&'static str, &'static str),
    /// A key that a row needs, and words of the error when it is missing.
    pub(super) needed: (&'static str, &'static str),
}

/// A row that a sample must give.
pub(super) struct Expected {
    pub(super) identity: &'static str,
    /// Seconds; 0 where there is none.
    pub(super) ttft: f64,
    pub(super) tpot: f64,
    pub(super) e2e_latency: f64,
    /// Tokens/s/GPU; 0 where there is none.
    pub(super) throughput: f64,
    pub(super) output_throughput: f64,
    pub(super) derived: &'static [Metric],
    /// The mean lengths, if the file holds them.
    pub(super) lengths: Option<(f64, f64)>,
}

/// A row, written in one line.
const fn expected(
    identity: &'static str,
    [ttft, tpot, e2e_latency]: [f64; 3],
    [throughput, output_throughput]: [f64; 2],
    derived: &'static [Metric],
    lengths: Option<(f64, f64)>,
) -> Expected {
    Expected { identity, ttft, tpot, e2e_latency, throughput, output_throughput, derived, lengths }
}

/// AIPerf's row. Its JSON holds the nominal lengths, its table only the mean ones.
const fn aiperf(identity: &'static str) -> Expected {
    expected(
        identity,
        [0.13, 0.0082, 4.15],
        [469.0 * 2494.0 / 491.0, 469.0],
        &[Metric::Throughput],
        Some((2003.0, 491.0)),
    )
}

/// genai-perf's row, which its JSON and its table hold alike.
const GENAI_PERF: Expected = expected(
    "h100::vllm::fp8::500x256::tp2_ep1::c4",
    [0.07, 0.01016, 2.66],
    [192.0 * 756.0 / 256.0, 192.0],
    &[Metric::Throughput],
    Some((500.0, 256.0)),
);

const ENGINE: &str = "--gpu h100 --framework vllm --precision fp8 --tensor-parallel 2";

pub(super) const FORMATS: &[Format] = &[
    Format {
        from: "inferencex",
        file: "agg_70b_1k8k_fp8_vllm_tp4_conc16_h200-nb_1.json",
        options: "",
        rows: &[expected(
            "h200::vllm::fp8::1024x8192::tp4_ep1::c16",
            [0.125, 0.0142, 104.8],
            [310.5, 276.0],
            &[],
            None,
        )],
        figure: ("0.125", "mean_ttft"),
        needed: ("\"hw\"", "no hw"),
    },
    Format {
        from: "inferencemax",
        file: "agg_bmk.json",
        options: "",
        rows: &[
            expected(
                "b200::trt::fp4::1024x1024::tp4_ep4_dpa::c64",
                [0.2, 0.0048, 4.6],
                [6000.0, 3010.0],
                &[],
                None,
            ),
            expected(
                "gb200::dynamo-trt::fp4::8192x1024::prefill-3w3g_tp1_ep1+decode-1w4g_tp4_ep4_dpa::c96\
                 ::spec-mtp::multinode",
                [1.5, 0.0105, 11.2],
                [9000.0, 1800.0],
                &[],
                None,
            ),
        ],
        figure: ("", ""),
        needed: ("", ""),
    },
    Format {
        from: "inferencex",
        file: "inferencex_api.json",
        options: "",
        rows: &[expected(
            "h200::sglang::fp8::8192x1024::tp2_ep2::c32",
            [0.9, 0.0185, 17.9],
            [7000.0, 780.0],
            &[],
            None,
        )],
        figure: ("0.9,", "mean_ttft"),
        needed: ("\"conc\"", "no conc"),
    },
    Format {
        from: "vllm",
        file: "vllm.json",
        options: "--gpu h200 --precision fp4",
        rows: &[expected(
            "h200::vllm::fp4::920x930::tp2_ep1::c16",
            [0.095, 0.00825, 0.095 + 0.00825 * 929.0],
            [1850.0, 930.0],
            &[Metric::E2eLatency],
            Some((920.0, 930.0)),
        )],
        figure: ("95.0", "mean_ttft_ms"),
        needed: ("\"max_concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "sglang",
        file: "sglang.jsonl",
        options: "--gpu b200 --precision fp4 --tensor-parallel 4",
        rows: &[
            expected(
                "b200::sglang::fp4::2048x512::tp4_ep1::c8",
                [0.14, 0.01166, 6.1],
                [832.5, 166.5],
                &[],
                Some((2048.0, 512.0)),
            ),
            expected(
                "b200::sglang::fp4::2048x512::tp4_ep1::c16",
                [0.19, 0.01323, 6.95],
                [1462.5, 292.5],
                &[],
                Some((2048.0, 512.0)),
            ),
        ],
        figure: ("140.0", "mean_ttft_ms"),
        needed: ("\"max_concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "aiperf",
        file: "aiperf.json",
        options: ENGINE,
        rows: &[aiperf("h100::vllm::fp8::2048x512::tp2_ep1::c8")],
        figure: ("130.0", "time_to_first_token/avg"),
        needed: ("\"concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "aiperf",
        file: "aiperf.csv",
        options: "--gpu h100 --framework vllm --precision fp8 --tensor-parallel 2 --concurrency 8",
        rows: &[aiperf("h100::vllm::fp8::2003x491::tp2_ep1::c8")],
        figure: ("130.00", "avg"),
        needed: ("Metric,avg", "neither a JSON object nor a table that begins with `Metric,avg`"),
    },
    Format {
        from: "genai-perf",
        file: "genai_perf.json",
        options: ENGINE,
        rows: &[GENAI_PERF],
        figure: ("70.0", "time_to_first_token/avg"),
        needed: ("\"concurrency\"", "the concurrency is not in the file"),
    },
    Format {
        from: "genai-perf",
        file: "genai_perf.csv",
        options: "--gpu h100 --framework vllm --precision fp8 --tensor-parallel 2 --concurrency 4",
        rows: &[GENAI_PERF],
        figure: ("70.00", "avg"),
        needed: ("Metric,avg", "neither a JSON object nor a table that begins with `Metric,avg`"),
    },
    Format {
        from: "guidellm",
        file: "guidellm.json",
        options: ENGINE,
        // Its time_per_output_token_ms counts the first token: it is not TPOT.
        rows: &[expected(
            "h100::vllm::fp8::1000x501::tp2_ep1::c8",
            [0.25, 0.0125, 6.5],
            [900.6, 300.6],
            &[Metric::Throughput, Metric::OutputThroughput],
            Some((1000.0, 501.0)),
        )],
        figure: ("250.0", "benchmarks/0/metrics/time_to_first_token_ms/successful/mean"),
        needed: ("\"benchmarks\"", "no array `benchmarks`"),
    },
    Format {
        from: "trtllm-bench",
        file: "trtllm_bench.json",
        options: "--gpu b200",
        rows: &[expected(
            "b200::trt::fp4::2048x256::tp4_ep2::c32",
            [0.12, 0.007, 1.908],
            [9600.0, 1066.75],
            &[],
            Some((2048.0, 256.0)),
        )],
        figure: ("120.0", "streaming_metrics/avg_ttft_ms"),
        needed: ("\"tp_size\"", "the tensor parallelism is not in the file"),
    },
    Format {
        from: "llmperf",
        file: "llmperf_summary.json",
        options: ENGINE,
        // Seconds; its inter_token_latency_s counts the first token: TPOT follows from the latencies.
        rows: &[expected(
            "h100::vllm::fp8::550x150::tp2_ep1::c2",
            [0.2, 0.02, 3.18],
            [47.0 * 699.0 / 150.0, 47.0],
            &[Metric::Throughput, Metric::Tpot],
            Some((549.0, 150.0)),
        )],
        figure: ("0.2,", "results_ttft_s_mean"),
        needed: ("\"num_concurrent_requests\"", "the concurrency is not in the file"),
    },
    Format {
        from: "aiconfigurator",
        file: "aiconfigurator.csv",
        options: "",
        rows: &[expected(
            "b200::trt::fp4::1024x1024::tp2_ep2_dpa::c64",
            [0.2105, 0.00975, 0.0],
            [0.0, 0.0],
            &[],
            None,
        )],
        figure: ("210.5", "silicon_ttft_ms"),
        needed: ("attention_dp_size", "missing column attention_dp_size"),
    },
    Format {
        from: "argonne",
        file: "argonne.csv",
        options: "--precision fp16",
        rows: &[expected(
            "h100::vllm::fp16::256x256::tp2_ep1::c8",
            [0.0, 0.0, 1.6],
            [1280.0, 640.0],
            &[Metric::OutputThroughput],
            None,
        )],
        figure: ("2560.0", "Throughput"),
        needed: ("Batch Size", "missing column Batch Size"),
    },
    Format {
        from: "trtllm-docs",
        file: "trtllm_docs.csv",
        options: "",
        rows: &[expected(
            "h200::trt::fp8::500x2000::tp8_ep1::peak",
            [0.0, 0.0, 0.0],
            [0.0, 350.0],
            &[],
            None,
        )],
        figure: ("350.0", "output_throughput_per_gpu"),
        needed: ("gpu_model", "missing column gpu_model"),
    },
    Format {
        from: "nvidia-docs",
        file: "nim_docs.csv",
        options: "",
        rows: &[expected(
            "h100::nim-trtllm::fp8::4000x400::tp2_ep1::c10",
            [0.61, 0.0255, 0.0],
            [0.0, 151.5],
            &[],
            None,
        )],
        figure: ("151.5", "output_throughput_per_gpu"),
        needed: ("precision", "missing column precision"),
    },
];
