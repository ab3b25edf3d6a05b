//! Bands and gates proposed from the data. A person accepts them.

mod band_change;
mod proposal;
mod rewrite;
mod rounding;

pub use band_change::{BandChange, BandChangeKind};
pub use proposal::{BandProposalRule, Proposal, propose};
pub use rewrite::rewrite;
pub(crate) use rounding::outwards;
