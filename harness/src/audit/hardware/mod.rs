//! Checks of rows against the hardware: nothing is faster than its memory and its arithmetic.
//!
//! This is the roofline model (Williams, Waterman and Patterson 2009), with the bytes and FLOPs from Mantile's
//! recorded answer to the row's request and the peaks of the GPU's datasheet ([`crate::mantile::datasheet`]),
//! or else Mantile's peaks. A decode step reads the weights once, and the KV cache of its sequences, at no
//! more than the peak memory bandwidth, and a token costs its FLOPs at no more than the peak rate. Mantile's
//! counts are turned into a bound that holds for every engine:
//!
//! - Each GPU reads at least its share of a layer's weights, parameters / GPUs. Mantile's own count is larger
//!   where weights are replicated, and for feed-forward layers, which it does not divide by the tensor
//!   parallelism.
//! - Experts are read to the extent to which Mantile expects tokens to go to them, uniformly.
//! - Only the requests past their first token are in a decode step. On average they are the share
//!   TPOT (O − 1) / (TTFT + TPOT (O − 1)) of the requests in flight.
//! - The scales of weights in 4 bits are left out.
//! - The FLOPs of attention are left out of a prompt, so that a token of the prompt costs as much as a
//!   generated one.

mod answers;
mod bounds;
mod check;
mod step;

pub(super) use answers::RecordedAnswers;
pub(super) use check::check;
