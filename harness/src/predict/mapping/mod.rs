//! From a row to Mantile's request.
//!
//! `reconcile.toml` drives these rules:
//!
//! - The lengths are the row's nominal lengths times the provider's mean length ratio.
//! - The batch of both phases is the row's concurrency, divided among the workers where pools are separate.
//! - Prefill processes the whole prompt. Decode processes one token of each sequence, over the KV cache that a
//!   sequence has half-way through its output.
//! - Every layer that takes tensor parallelism gets the row's degree. Layers of experts get `expert_parallel` and
//!   TP / EP, because Mantile spreads a layer over `expert_parallel × tensor_parallel` packages.

mod recorded;
mod request;
mod row;
#[cfg(test)]
mod tests;

pub use recorded::Recorded;
pub use request::{CandidateRequest, requests};
pub use row::{Mapped, Unmapped, map};
