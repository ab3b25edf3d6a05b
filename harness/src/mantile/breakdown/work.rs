//! The work of one package in a layer.

/// The work of one package (a GPU) in one layer and phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PackageWork {
    /// The number of packages that the layer is spread over.
    pub count: f64,
    /// The peak memory bandwidth, bytes/s.
    pub bandwidth_bytes_per_s: f64,
    /// The weights that it holds, bytes.
    pub weight_bytes: f64,
    /// The weights that it reads in the phase, bytes; of the experts, only those that tokens go to.
    pub weight_bytes_read: f64,
    /// The KV cache that it reads or writes, bytes.
    pub kv_bytes: f64,
    /// The compute, FLOP.
    pub flops: f64,
    /// The data that it exchanges with the other packages, bytes.
    pub communication_bytes: f64,
    /// The number of kernels that it starts.
    pub kernels: f64,
    /// The number of weights in the whole layer, which Mantile does not report for every model.
    pub parameters: Option<f64>,
    /// Bytes per weight.
    pub dtype_bytes: f64,
    /// The number of sequences that are processed.
    pub batch_size: f64,
}
