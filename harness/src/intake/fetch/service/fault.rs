//! The faults of a single try.

use jiff::Timestamp;

use crate::base::error::Error;

/// The reason why a try gave no answer.
#[derive(Debug)]
pub(super) enum TryFault {
    /// The fault may pass, but not before this time, where the service names one.
    Passing(String, Option<Timestamp>),
    /// Another try would fail, too.
    Final(Error),
}

impl TryFault {
    pub(super) fn passing(message: impl Into<String>) -> Self {
        Self::Passing(message.into(), None)
    }
}
