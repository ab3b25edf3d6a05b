//! The gate on a release: what changed in the predictions (drift), what that did to their accuracy, and whether
//! the release may ship.

mod accuracy;
mod decision;
mod group_change;
mod release_gate;

pub use accuracy::Accuracy;
pub use decision::Decision;
pub use group_change::{GroupChange, MetricChange};
pub use release_gate::{FailedCheck, ReleaseGate, RowChange};
