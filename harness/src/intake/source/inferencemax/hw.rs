//! The GPU model in the key `hw`, which names a pool of runners.

/// Endings of `hw` that belong to the pool of runners, not to the GPU.
const RUNNER_SUFFIXES: [&str; 13] = [
    "-trt",
    "-multinode-slurm",
    "-multinode",
    "-disagg",
    "-amds",
    "-amd",
    "-nvd",
    "-dgxc",
    "-nb",
    "-nvs",
    "-nv",
    "-cw",
    "-slurm",
];

/// The GPU model in `hw`: `h200-nb_1` and `cluster:h200-dgxc` are both `h200`.
#[must_use]
pub fn gpu_model(hw: &str) -> String {
    let mut name = hw.rsplit(':').next().unwrap_or(hw).to_ascii_lowercase();
    loop {
        let shorter =
            RUNNER_SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).or_else(|| {
                let (head, tail) = name.rsplit_once('_')?;
                tail.bytes().all(|byte| byte.is_ascii_digit()).then_some(head)
            });
        match shorter {
            Some(shorter) if !shorter.is_empty() => name = shorter.to_owned(),
            _ => return name,
        }
    }
}
