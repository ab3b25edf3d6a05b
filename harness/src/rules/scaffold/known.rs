//! The names that benchmarks use for GPUs and precisions, and their counterparts in Mantile.

/// The name and the explanation of an approximation.
pub(super) type Approximation = (&'static str, &'static str);

/// A GPU as benchmarks name it, and the hardware configuration that Mantile has for it.
pub(super) struct KnownGpu {
    pub(super) model: &'static str,
    pub(super) hardware_id: &'static str,
    /// Set where the configuration is that of another GPU.
    pub(super) approximation: Option<Approximation>,
}

/// A package of the NVL72 rack is one Blackwell GPU. Hopper GPUs differ only in their memory.
pub(super) const KNOWN_GPUS: [KnownGpu; 5] = [
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

/// GPUs that benchmarks measure and for which Mantile has no similar configuration, with the reason.
pub(super) const UNMAPPED_GPUS: [(&str, &str); 8] = [
    ("b300", "Mantile has no B300 hardware configuration"),
    ("gb300", "Mantile has no GB300 hardware configuration"),
    ("a100", "Mantile has no Ampere hardware configuration"),
    ("l40s", "Mantile has no Ada hardware configuration"),
    ("mi300x", "Mantile has no AMD hardware configuration"),
    ("mi325x", "Mantile has no AMD hardware configuration"),
    ("mi355x", "Mantile has no AMD hardware configuration"),
    ("mi250", "Mantile has no AMD hardware configuration"),
];

/// One of Mantile's dtypes, with the approximation where it is only the nearest dtype.
pub(super) type DtypeChoice = (&'static str, Option<Approximation>);

/// The dtypes for each published precision, the best first.
pub(super) const PRECISIONS: [(&str, &[DtypeChoice]); 4] = [
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

/// The approximations of the scaffold's features and sources.
pub(super) const APPROXIMATIONS: [Approximation; 4] = [
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
