//! The breakdown of an answer by layer, and Mantile's formula for the time of a phase.
//!
//! With `debug`, Mantile reports for each layer the times of compute, of loading weights and KV cache, and of
//! communication, and the overhead of its kernels. Mantile computes a layer's time from these
//! (`backend/layers/base.py`, `compute_metrics`, at release 72ff84e):
//!
//! - In prefill it is the largest of compute, load and communication.
//! - In decode it is the larger of compute and load, or their sum without `decode_load_overlap`; communication is
//!   then added, or overlapped with `decode_comms_overlap`.
//! - In both phases the kernels' overhead is added.
//!
//! The time of a phase is the sum over layers, each times its count.

mod layers;
mod parse;
mod phase;
mod work;

pub use layers::{LayerBreakdown, LayerTime};
pub use phase::RequestPhase;
pub use work::PackageWork;
