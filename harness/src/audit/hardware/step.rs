//! The least times that a decode step takes on one GPU.

use crate::mantile::breakdown::LayerTime;

/// The parts of a decode step on one GPU at its peaks.
pub(super) struct DecodeStep {
    /// Reading the weights that every step reads, s.
    pub(super) weights: f64,
    /// Reading the experts that `batch` sequences need, s.
    pub(super) experts: f64,
    /// Reading the KV cache of one sequence, s.
    pub(super) kv_per_sequence: f64,
    /// The arithmetic of one token, s × GPUs.
    pub(super) token: f64,
    /// Sequences in the step.
    pub(super) batch: f64,
    /// Memory bandwidth, bytes/s.
    pub(super) bandwidth: f64,
}

impl DecodeStep {
    /// The step of these layers, with weights of `precision`.
    pub(super) fn new(layers: &[LayerTime], precision: &str) -> Self {
        let bytes_per_weight = bytes_per_weight(precision);
        let mut step = Self {
            weights: 0.0,
            experts: 0.0,
            kv_per_sequence: 0.0,
            token: 0.0,
            batch: 1.0,
            bandwidth: 1.0,
        };
        for LayerTime { count, compute_ms, package, .. } in layers {
            // Mantile may have been asked for a larger dtype than the row's, or counts the scales.
            let scale =
                bytes_per_weight.map_or(1.0, |bytes| (bytes / package.dtype_bytes).min(1.0));
            let seconds = |bytes: f64| count * scale * bytes / package.bandwidth_bytes_per_s;
            if package.weight_bytes_read < 0.999 * package.weight_bytes {
                step.experts += seconds(package.weight_bytes_read);
            } else {
                // Where the number of parameters is unknown: as if each GPU's count were the whole layer.
                let layer_bytes = package
                    .parameters
                    .map_or(package.weight_bytes, |number| number * package.dtype_bytes);
                let share = layer_bytes / package.count;
                step.weights += seconds(package.weight_bytes_read.min(share));
            }
            step.kv_per_sequence += seconds(package.kv_bytes) / package.batch_size;
            step.token += count * compute_ms / 1000.0 * package.count / package.batch_size;
            step.batch = package.batch_size;
            step.bandwidth = package.bandwidth_bytes_per_s;
        }
        step
    }
}

/// Bytes per weight by the name of a precision: 1 for `fp8`, 0.5 for `mxfp4`.
fn bytes_per_weight(precision: &str) -> Option<f64> {
    let bits = precision.trim_start_matches(|c: char| !c.is_ascii_digit());
    let bits = bits.parse::<u8>().ok().filter(|bits| matches!(bits, 4 | 6 | 8 | 16))?;
    Some(f64::from(bits) / 8.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bits_are_half_a_byte() {
        assert_eq!(bytes_per_weight("mxfp4"), Some(0.5));
        assert_eq!(bytes_per_weight("bf16"), Some(2.0));
        assert_eq!(bytes_per_weight("fp32"), None);
        assert_eq!(bytes_per_weight("int"), None);
    }
}
